"""An editor for tests: pygls' own client on a server in a process of its own, asked one thing after the other."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

T = TypeVar("T")
SECONDS = 20


class Editor:
    def __init__(self, runner: asyncio.Runner, client: LanguageClient, folder: Path) -> None:
        self.runner = runner
        self.client = client
        self.folder = folder
        self.published: dict[str, list[lsp.Diagnostic]] = {}
        self.versions: dict[str, int] = {}

    def wait(self, answer: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(asyncio.wait_for(answer, SECONDS))

    def open(self, text: str, name: str = "a.spec") -> File:
        """A file with *text*, open in the editor. ``^`` in it marks the cursor."""
        file = File(self, (self.folder / name).as_uri(), text)
        item = lsp.TextDocumentItem(file.uri, "cnngraph", 0, file.text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        return file

    def send(self, method: str, params: object) -> Any:
        return self.wait(self.client.protocol.send_request_async(method, params))


class File:
    def __init__(self, editor: Editor, uri: str, text: str) -> None:
        self.editor = editor
        self.uri = uri
        self.version = 0
        self.cursor = lsp.Position(0, 0)
        self.text = self._marked(text)
        self.id = lsp.TextDocumentIdentifier(uri)

    def _marked(self, text: str) -> str:
        """*text* without the mark of the cursor, which is noted in units of UTF-16."""
        before, mark, after = text.partition("^")
        if mark:
            line = before.rpartition("\n")[2]
            self.cursor = lsp.Position(before.count("\n"), len(line.encode("utf-16-le")) // 2)
        return before + after

    def write(self, text: str) -> None:
        """All of the text is now *text*."""
        self.text = self._marked(text)
        self.version += 1
        self.editor.client.text_document_did_change(
            lsp.DidChangeTextDocumentParams(
                lsp.VersionedTextDocumentIdentifier(self.version, self.uri),
                [lsp.TextDocumentContentChangeWholeDocument(self.text)],
            )
        )

    def close(self) -> None:
        self.editor.client.text_document_did_close(lsp.DidCloseTextDocumentParams(self.id))

    def mistakes(self) -> list[lsp.Diagnostic]:
        """What the server sends about the file next."""

        async def sent() -> list[lsp.Diagnostic]:
            while self.uri not in self.editor.published:
                await asyncio.sleep(0.005)
            return self.editor.published.pop(self.uri)

        return self.editor.wait(sent())

    def ask(self, method: str, **more: Any) -> Any:
        """The answer about the file, at the cursor where the method takes a place."""
        return self.editor.send(method, _PARAMS[method](self, more))

    def at(self, range: lsp.Range) -> str:
        """The text in *range*, for texts within the Basic Multilingual Plane."""
        lines = self.text.split("\n")[range.start.line : range.end.line + 1]
        lines[-1] = lines[-1][: range.end.character]
        lines[0] = lines[0][range.start.character :]
        return "\n".join(lines)

    def changed(self, edits: list[lsp.TextEdit]) -> str:
        """The text after *edits* in single lines."""
        lines = self.text.split("\n")
        for edit in sorted(edits, key=lambda edit: (edit.range.start.line, edit.range.start.character), reverse=True):
            number, start, end = edit.range.start.line, edit.range.start.character, edit.range.end.character
            lines[number] = lines[number][:start] + edit.new_text + lines[number][end:]
        return "\n".join(lines)


WHOLE = lsp.Range(lsp.Position(0, 0), lsp.Position(100_000, 0))
_PARAMS: dict[str, Any] = {
    lsp.TEXT_DOCUMENT_HOVER: lambda file, more: lsp.HoverParams(file.id, file.cursor),
    lsp.TEXT_DOCUMENT_COMPLETION: lambda file, more: lsp.CompletionParams(file.id, file.cursor),
    lsp.TEXT_DOCUMENT_DEFINITION: lambda file, more: lsp.DefinitionParams(file.id, file.cursor),
    lsp.TEXT_DOCUMENT_PREPARE_RENAME: lambda file, more: lsp.PrepareRenameParams(file.id, file.cursor),
    lsp.TEXT_DOCUMENT_RENAME: lambda file, more: lsp.RenameParams(file.id, file.cursor, more["to"]),
    lsp.TEXT_DOCUMENT_REFERENCES: lambda file, more: lsp.ReferenceParams(
        lsp.ReferenceContext(more.get("declaration", True)), file.id, file.cursor
    ),
    lsp.TEXT_DOCUMENT_INLAY_HINT: lambda file, more: lsp.InlayHintParams(file.id, WHOLE),
    lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL: lambda file, more: lsp.DocumentSymbolParams(file.id),
    lsp.TEXT_DOCUMENT_FORMATTING: lambda file, more: lsp.DocumentFormattingParams(
        file.id, lsp.FormattingOptions(tab_size=4, insert_spaces=True)
    ),
    lsp.TEXT_DOCUMENT_CODE_ACTION: lambda file, more: lsp.CodeActionParams(
        file.id, lsp.Range(file.cursor, file.cursor), lsp.CodeActionContext([])
    ),
}


@contextmanager
def editor(folder: Path, *command: str, encodings: list[str] | None = None) -> Iterator[Editor]:
    """An editor with *folder* as its workspace; the server, `cnngraph lsp` or Python's *command*, ends with it."""
    with asyncio.Runner() as runner:
        client = LanguageClient("tests", "0")
        made = Editor(runner, client, folder)

        def published(params: lsp.PublishDiagnosticsParams) -> None:
            made.published[params.uri] = list(params.diagnostics)

        client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(published)
        made.wait(client.start_io(sys.executable, *(command or ("-m", "cnngraph", "lsp"))))
        capabilities = lsp.ClientCapabilities(general=lsp.GeneralClientCapabilities(position_encodings=encodings))
        workspace = lsp.WorkspaceFolder(folder.as_uri(), folder.name)
        made.wait(client.initialize_async(lsp.InitializeParams(capabilities, workspace_folders=[workspace])))
        client.initialized(lsp.InitializedParams())
        yield made
        made.wait(client.shutdown_async(None))
        client.exit(None)
        made.wait(client.stop())  # type: ignore[no-untyped-call]
