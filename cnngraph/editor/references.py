"""Where a name is given and used, in one file and in those that use it; and giving it another name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from lsprotocol import types as lsp

from cnngraph.editor.document import Document, shipped_path
from cnngraph.editor.mistakes import location
from cnngraph.editor.names import Name, Written
from cnngraph.elaborate.prelude import PRELUDE
from cnngraph.layers import KINDS
from cnngraph.spec import syntax as s
from cnngraph.spec.lexer import RESERVED

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Refused(Exception):
    """Why a name cannot be changed, for the user."""


def definition(document: Document, position: lsp.Position) -> lsp.Location | None:
    """Where the name at *position* is given; of a used file its beginning."""
    offset = document.positions.offset(position)
    for item in document.parsed.file.items:
        if isinstance(item, s.Use) and item.path.span.start <= offset <= item.path.span.end:
            return _beginning(document, item)
    written = document.names.at(offset)
    if written is None:
        return None
    node = written.name.node
    if isinstance(node, s.Use):
        return _beginning(document, node)
    return location(document, written.name.span)


def references(
    document: Document, position: lsp.Position, others: Iterable[Document], *, declaration: bool
) -> list[lsp.Location]:
    """Everywhere in *document* and *others* that the name at *position* stands."""
    at = document.names.at(document.positions.offset(position))
    if at is None:
        return []
    return [
        lsp.Location(each.uri, each.positions.range(written.span))
        for each, written in _everywhere(at.name, [document, *others])
        if declaration or written.span != written.name.span
    ]


def rename(document: Document, position: lsp.Position, text: str, others: Iterable[Document]) -> lsp.WorkspaceEdit:
    """The edits that call the name at *position* *text*; raises `Refused`."""
    renamable(document, position)
    written = document.names.at(document.positions.offset(position))
    assert written is not None
    name = written.name
    if not _NAME.fullmatch(text):
        raise Refused(f"`{text}` is no name: letters, digits and _, and no digit first")
    if text in RESERVED:
        raise Refused(f"`{text}` is a word of the language")
    if name.sort == "block" and text in KINDS:
        raise Refused(f"`{text}` is a layer's word")
    if name.home and text != name.text and (other := name.home.find(text, "tensor", "value", "block")):
        raise Refused(f"the name `{text}` is given at line {other.span.line}")
    changes: dict[str, list[lsp.TextEdit]] = {}
    for each, place in _everywhere(name, [document, *others]):
        changes.setdefault(each.uri, []).append(lsp.TextEdit(each.positions.range(place.span), text))
    return lsp.WorkspaceEdit(changes)


def renamable(document: Document, position: lsp.Position) -> lsp.Range:
    """Where the name at *position* stands; raises `Refused` when it cannot be changed."""
    written = document.names.at(document.positions.offset(position))
    if written is None:
        raise Refused("there is no name here that could be changed")
    name = written.name
    if isinstance(name.node, s.Input) and name.node.name is None:
        raise Refused("an input without a name is called `image`: write a name on its line first")
    if name.span.source is not document.source and _is_ours(name):
        raise Refused(f"`{name.text}` comes with cnngraph")
    return document.positions.range(written.span)


def _is_ours(name: Name) -> bool:
    """Whether *name* is given in the prelude or in a network that ships."""
    file = name.span.source.name
    return file == PRELUDE or shipped_path(Path(file).name) == Path(file)


def _beginning(document: Document, item: s.Use) -> lsp.Location | None:
    path = document.path(item)
    start = lsp.Position(0, 0)
    return lsp.Location(path.resolve().as_uri(), lsp.Range(start, start)) if path else None


def _place(name: Name) -> tuple[Path, int]:
    """What tells a name from all others, however often its file is read."""
    return Path(name.span.source.name).resolve(), name.span.start


def _everywhere(name: Name, documents: Iterable[Document]) -> Iterator[tuple[Document, Written]]:
    place = _place(name)
    for document in documents:
        for written in document.names.written:
            if written.name is name or (written.name.text.endswith(name.text) and _place(written.name) == place):
                yield document, written
