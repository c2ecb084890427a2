"""What a file consists of, for an editor's outline: its params, inputs, blocks, named tensors and outputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsprotocol import types as lsp

from cnngraph.editor.document import Document
from cnngraph.source import Span
from cnngraph.spec import syntax as s

_KIND = lsp.SymbolKind


def document_symbols(document: Document) -> list[lsp.DocumentSymbol]:
    return list(_symbols(document, document.parsed.file.items))


def _symbols(document: Document, body: Sequence[object]) -> Iterator[lsp.DocumentSymbol]:
    range_of = document.positions.range
    for part in body:
        match part:
            case s.Net(name=text, title=title):
                yield lsp.DocumentSymbol(text, _KIND.Module, range_of(part.span), range_of(part.span), title)
            case s.Param(name=name):
                yield _symbol(document, name, _KIND.Property, part.span)
            case s.Let(name=name):
                yield _symbol(document, name, _KIND.Constant, part.span)
            case s.Input(name=name):
                range = range_of(name.span if name else part.span)
                yield lsp.DocumentSymbol(
                    part.called, _KIND.Interface, range_of(part.span), range, part.volume.span.text
                )
            case s.BlockDef(name=name, body=inner):
                whole = part.span.to(inner[-1].span) if inner else part.span
                children = list(_symbols(document, inner))
                parameters = ", ".join(param.span.text for param in part.params)
                yield _symbol(document, name, _KIND.Class, whole, f"({parameters})", children)
            case s.Line(labels=labels, stages=stages):
                inner_symbols = list(_symbols(document, stages))
                for label in labels:
                    yield _symbol(document, label, _KIND.Variable, part.span, children=inner_symbols)
                if not labels:
                    yield from inner_symbols
            case s.Repeat(body=inner) | s.Branch(body=inner):
                yield from _symbols(document, inner)
            case s.Joined(branches=branches):
                yield from _symbols(document, branches)


def _symbol(
    document: Document,
    name: s.Ref,
    kind: lsp.SymbolKind,
    whole: Span,
    detail: str = "",
    children: Sequence[lsp.DocumentSymbol] = (),
) -> lsp.DocumentSymbol:
    range_of = document.positions.range
    return lsp.DocumentSymbol(
        name.names[0], kind, range_of(whole), range_of(name.span), detail or None, children=list(children)
    )
