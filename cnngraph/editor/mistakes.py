"""Mistakes and warnings as an editor shows them, and the fixes they offer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from lsprotocol import types as lsp

from cnngraph.diagnostics import Diagnostic, Severity
from cnngraph.editor.document import Document, shipped_path
from cnngraph.editor.positions import Positions
from cnngraph.shipped import PACKAGE
from cnngraph.source import Source, Span
from cnngraph.spec import syntax as s

_PAGES = PACKAGE / "diagnostics" / "pages"


def diagnostics(document: Document) -> list[lsp.Diagnostic]:
    """All that is to be said of *document*; what lies in a file it uses stands at its `use`."""
    return [_diagnostic(document, each) for each in document.diagnostics]


def code_actions(document: Document, range: lsp.Range) -> list[lsp.CodeAction]:
    """The fixes of what is wrong in *range*."""
    range_of = document.positions.range
    first, last = document.positions.offset(range.start), document.positions.offset(range.end)
    return [
        lsp.CodeAction(
            f"{each.code}: {each.fix.about}",
            kind=lsp.CodeActionKind.QuickFix,
            diagnostics=[_diagnostic(document, each)],
            is_preferred=True,
            edit=lsp.WorkspaceEdit({document.uri: [lsp.TextEdit(range_of(each.fix.span), each.fix.replacement)]}),
        )
        for each in document.diagnostics
        if each.label and each.fix and each.fix.span.source is document.source
        if each.label.span.start <= last and first <= max(each.label.span.end, each.fix.span.end)
    ]


def location(document: Document, span: Span) -> lsp.Location | None:
    """Where *span* is, in *document* or in a file that it uses; None when that is no file."""
    if span.source is document.source:
        return lsp.Location(document.uri, document.positions.range(span))
    path = _path(span.source)
    if path is None:
        return None
    return lsp.Location(path.as_uri(), Positions(span.source.text, document.positions.encoding).range(span))


def _path(source: Source) -> Path | None:
    if source.name.startswith("<"):
        return None
    path = Path(source.name).resolve()
    return path if os.path.isfile(path) else shipped_path(source.name)


def _diagnostic(document: Document, found: Diagnostic) -> lsp.Diagnostic:
    span = found.label.span if found.label else Span(document.source, 0, 0)
    related = list(_related(document, found))
    if span.source is not document.source:
        span = _use_of(document, span.source)
    return lsp.Diagnostic(
        document.positions.range(span),
        "\n".join(found.texts),
        severity=lsp.DiagnosticSeverity.Error if found.severity is Severity.ERROR else lsp.DiagnosticSeverity.Warning,
        code=found.code,
        code_description=lsp.CodeDescription((_PAGES / f"{found.code}.md").as_uri()),
        source="cnngraph",
        related_information=related or None,
    )


def _related(document: Document, found: Diagnostic) -> Iterator[lsp.DiagnosticRelatedInformation]:
    labels = list(found.secondary)
    if found.label and found.label.span.source is not document.source:
        labels.insert(0, found.label)
    for label in labels:
        if (place := location(document, label.span)) is not None:
            yield lsp.DiagnosticRelatedInformation(place, label.text or "here")


def _use_of(document: Document, source: Source) -> Span:
    """The path of the `use` by which *source* comes into *document*, else the beginning of the text."""
    for item in document.parsed.file.items:
        if isinstance(item, s.Use) and (path := document.path(item)) and path == _path(source):
            return item.path.span
    return Span(document.source, 0, 0)
