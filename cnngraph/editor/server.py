"""The server itself: what the protocol asks, handed on to the modules that answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from cnngraph import __version__
from cnngraph.diagnostics import CnngraphError
from cnngraph.editor import mistakes, references
from cnngraph.editor.completion import completions
from cnngraph.editor.document import Document
from cnngraph.editor.figure import figure
from cnngraph.editor.formatting import formatting
from cnngraph.editor.hints import inlay_hints
from cnngraph.editor.hover import hover
from cnngraph.editor.outline import document_symbols
from cnngraph.editor.protocol import UNREADABLE, Protocol
from cnngraph.editor.references import Refused
from cnngraph.spec import syntax as s
from cnngraph.text import read_text, specs_below

PAUSE = 0.1
"""Seconds without a keystroke after which mistakes are looked for."""
MOST_LOOKED_AT = 100_000
"""Files and folders of a workspace among which its specs are looked for."""
MAX_FILES = 1000
"""How many specs of a workspace are searched for a name."""


class Server(LanguageServer):
    """Holds the open documents, each in its latest version."""

    def __init__(self) -> None:
        # Whole texts, not changes: specs are short, and editors differ on what ends a line.
        super().__init__(
            "cnngraph", __version__, text_document_sync_kind=lsp.TextDocumentSyncKind.Full, protocol_cls=Protocol
        )
        self.open: dict[str, Document] = {}
        self._waiting: dict[str, asyncio.TimerHandle] = {}

    def report_server_error(self, error: Exception, source: Any) -> None:
        """A message that cannot be read is the client's affair, anything else is shown."""
        if isinstance(error, UNREADABLE):
            assert isinstance(self.protocol, Protocol)
            self.protocol.refuse(None, lsp.ErrorCodes.ParseError, str(error))
        else:
            super().report_server_error(error, source)

    def put(self, uri: str, text: str) -> None:
        self.open[uri] = Document(uri, text, self.workspace.position_encoding or lsp.PositionEncodingKind.Utf16)

    def document(self, uri: str) -> Document:
        """The document; raises `JsonRpcInvalidParams` for one that is not open."""
        if uri not in self.open:
            raise JsonRpcInvalidParams(f"{uri} is not open")
        return self.open[uri]

    def check_soon(self, uri: str, after: float = PAUSE) -> None:
        """Send the mistakes of the document when nothing was typed for a while."""
        if uri in self._waiting:
            self._waiting.pop(uri).cancel()
        self._waiting[uri] = asyncio.get_running_loop().call_later(after, self._check, uri)

    def _check(self, uri: str) -> None:
        self._waiting.pop(uri, None)
        if (document := self.open.get(uri)) is not None:
            self.publish(uri, mistakes.diagnostics(document))

    def publish(self, uri: str, found: list[lsp.Diagnostic]) -> None:
        self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, found))

    def others(self, document: Document) -> Iterator[Document]:
        """The other specs of the workspace, as far as they are open as they are in the editor."""
        yield from (each for each in self.open.values() if each is not document)
        opened = {Path(each.source.name).resolve() for each in self.open.values()}
        folders = [to_fs_path(folder.uri) for folder in self.workspace.folders.values()]
        paths = (
            Path(folder, path) for folder in folders if folder for path in specs_below(Path(folder), 20, MOST_LOOKED_AT)
        )
        for path in islice(paths, MAX_FILES):
            if path.is_file() and path.resolve() not in opened:
                with suppress(CnngraphError):
                    yield Document(path.as_uri(), read_text(path, str(path)), document.positions.encoding)


def server() -> Server:
    """A server that knows what it can do and waits to be started."""
    made = Server()
    _synchronise(made)
    _answer(made)
    return made


def _synchronise(ls: Server) -> None:
    @ls.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: lsp.DidOpenTextDocumentParams) -> None:
        ls.put(params.text_document.uri, params.text_document.text)
        ls.check_soon(params.text_document.uri, 0)

    @ls.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: lsp.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        ls.put(uri, ls.workspace.get_text_document(uri).source)
        ls.check_soon(uri)

    @ls.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: lsp.DidSaveTextDocumentParams) -> None:
        """A file that is used is read as it was saved: those that use one are read again."""
        for uri, document in ls.open.items():
            if any(isinstance(item, s.Use) for item in document.parsed.file.items):
                ls.put(uri, document.source.text)
                ls.check_soon(uri, 0)
        workspace = ls.client_capabilities.workspace
        if workspace and workspace.inlay_hint and workspace.inlay_hint.refresh_support:
            ls.workspace_inlay_hint_refresh(None)

    @ls.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: lsp.DidCloseTextDocumentParams) -> None:
        ls.open.pop(params.text_document.uri, None)
        ls.publish(params.text_document.uri, [])


def _answer(ls: Server) -> None:
    @ls.feature(lsp.TEXT_DOCUMENT_INLAY_HINT)
    def hints(params: lsp.InlayHintParams) -> list[lsp.InlayHint]:
        return inlay_hints(ls.document(params.text_document.uri), params.range)

    @ls.feature(lsp.TEXT_DOCUMENT_HOVER)
    def hovered(params: lsp.HoverParams) -> lsp.Hover | None:
        return hover(ls.document(params.text_document.uri), params.position)

    @ls.feature(lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=[".", "@", '"']))
    def completed(params: lsp.CompletionParams) -> list[lsp.CompletionItem]:
        return completions(ls.document(params.text_document.uri), params.position)

    @ls.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    def defined(params: lsp.DefinitionParams) -> lsp.Location | None:
        return references.definition(ls.document(params.text_document.uri), params.position)

    @ls.feature(lsp.TEXT_DOCUMENT_REFERENCES)
    def referred(params: lsp.ReferenceParams) -> list[lsp.Location]:
        document = ls.document(params.text_document.uri)
        declaration = params.context.include_declaration
        return references.references(document, params.position, ls.others(document), declaration=declaration)

    @ls.feature(lsp.TEXT_DOCUMENT_PREPARE_RENAME)
    def renamable(params: lsp.PrepareRenameParams) -> lsp.Range:
        with _refusing():
            return references.renamable(ls.document(params.text_document.uri), params.position)

    @ls.feature(lsp.TEXT_DOCUMENT_RENAME, lsp.RenameOptions(prepare_provider=True))
    def renamed(params: lsp.RenameParams) -> lsp.WorkspaceEdit:
        document = ls.document(params.text_document.uri)
        with _refusing():
            return references.rename(document, params.position, params.new_name, ls.others(document))

    @ls.feature(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def symbols(params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
        return document_symbols(ls.document(params.text_document.uri))

    @ls.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, lsp.CodeActionOptions([lsp.CodeActionKind.QuickFix]))
    def actions(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        return mistakes.code_actions(ls.document(params.text_document.uri), params.range)

    @ls.feature(lsp.TEXT_DOCUMENT_FORMATTING)
    def formatted(params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit]:
        return formatting(ls.document(params.text_document.uri))

    @ls.command("cnngraph.showFigure")
    def show_figure(uri: str) -> str:
        """The figure as SVG."""
        with _refusing():
            return figure(ls.document(uri))


@contextmanager
def _refusing() -> Iterator[None]:
    """What cannot be done is an answer with one message."""
    try:
        yield
    except Refused as error:
        raise JsonRpcException(str(error), lsp.LSPErrorCodes.RequestFailed) from None
    except CnngraphError as error:
        messages = "; ".join(f"{each.code}: {each.message}" for each in error.diagnostics)
        raise JsonRpcException(messages, lsp.LSPErrorCodes.RequestFailed) from None


def _is_bug(record: logging.LogRecord) -> bool:
    """Whether a line of the log is not about an answer that only said no."""
    return not (record.exc_info and isinstance(record.exc_info[1], JsonRpcException))


def serve() -> None:
    """Answer on standard input and output until the editor hangs up."""
    logging.getLogger("pygls.protocol.json_rpc").addFilter(_is_bug)
    server().start_io()
