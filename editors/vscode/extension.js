// Starts `cnngraph lsp`, and shows the figure of the spec at hand beside its text.
"use strict";

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

const PAUSE = 300; // milliseconds without a keystroke after which the figure is drawn again

let client;
let panel;
let shown; // the document whose figure the panel shows
let last; // the figure drawn last, and its document
let waiting;

async function activate(context) {
  const command = vscode.workspace.getConfiguration("cnngraph").get("command");
  client = new LanguageClient(
    "cnngraph",
    "cnngraph",
    { command, args: ["lsp"] },
    { documentSelector: [{ language: "cnngraph" }] },
  );
  context.subscriptions.push(
    vscode.commands.registerCommand("cnngraph.openFigure", openFigure),
    vscode.workspace.onDidChangeTextDocument(({ document }) => {
      if (panel && document === shown) {
        clearTimeout(waiting);
        waiting = setTimeout(draw, PAUSE);
      }
    }),
  );
  try {
    await client.start();
  } catch {
    vscode.window.showErrorMessage(
      `\`${command} lsp\` does not start. Is it there?  pip install "cnngraph[lsp]"  or set cnngraph.command`,
    );
  }
}

function openFigure() {
  const editor = vscode.window.activeTextEditor;
  if (!editor || editor.document.languageId !== "cnngraph") {
    return;
  }
  shown = editor.document;
  if (!panel) {
    const beside = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
    panel = vscode.window.createWebviewPanel("cnngraph.figure", "Figure", beside);
    panel.onDidDispose(() => (panel = undefined));
  }
  return draw();
}

// A spec with mistakes has no figure: the last one stays, with what is wrong above it.
async function draw() {
  const document = shown;
  let remark = "";
  try {
    const svg = await client.sendRequest("workspace/executeCommand", {
      command: "cnngraph.showFigure",
      arguments: [document.uri.toString()],
    });
    last = { document, svg: svg.slice(svg.indexOf("<svg")) };
  } catch (error) {
    remark = error.message;
  }
  if (!panel || document !== shown) {
    return;
  }
  panel.title = `Figure: ${vscode.workspace.asRelativePath(document.uri)}`;
  panel.webview.html = page(last?.document === document ? last.svg : "", remark);
}

function page(svg, remark) {
  const escaped = remark.replace(/[&<>]/g, (char) => `&#${char.charCodeAt(0)};`);
  return `<!doctype html>
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:">
<style>body { background: white; color: #b00020 } svg { max-width: 100%; height: auto }</style>
<p>${escaped}</p>
${svg}`;
}

function deactivate() {
  return client?.stop();
}

module.exports = { activate, deactivate };
