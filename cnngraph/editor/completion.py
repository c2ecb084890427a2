"""What can be written next. It is told from the tokens before the cursor, for the line is not finished yet."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from pathlib import Path

from lsprotocol import types as lsp

from cnngraph.editor.document import Document
from cnngraph.editor.hints import volumes
from cnngraph.editor.hover import about_argument, about_kind
from cnngraph.editor.names import SIZES, Area, Name
from cnngraph.elaborate.annotations import KNOWN
from cnngraph.elaborate.values import FUNCTIONS, SELECT
from cnngraph.layers import ACTIVATIONS, KINDS, NORMS, Kind
from cnngraph.look import KEYS
from cnngraph.shipped import names
from cnngraph.source import Span
from cnngraph.spec import syntax as s
from cnngraph.spec.lexer import Token
from cnngraph.text import specs_below

_ITEM = lsp.CompletionItemKind
_TOP = {
    "net": "the network's name and title",
    "input": "a volume that comes from outside",
    "param": "a value that can be set from outside",
    "let": "a name for a value",
    "default": "what holds for all steps of a word below",
    "block": "a piece of network with parameters",
    "output": "the tensors given back",
    "use": "blocks of another file",
    "from": "start at a named tensor",
}
_AGAIN = "what a line with a label does, with its weights"
_INSIDE = {word: _TOP[word] for word in ("let", "default", "from")}
_OPENS = {"{": "}", "[": "]", "(": ")"}
_BEGINS = frozenset({"newline", "->", "|", "[", "{", ":", "]", "}"})
"""Tokens behind which a stage begins, unless a bracket says otherwise."""


def completions(document: Document, position: lsp.Position) -> list[lsp.CompletionItem]:
    """In the order in which they are worth having."""
    offset = document.positions.offset(position)
    found = list(_items(document, offset))
    for number, item in enumerate(found):
        item.sort_text = f"{number:04}"
    return found


def _items(document: Document, offset: int) -> Iterator[lsp.CompletionItem]:
    tokens = document.tokens[: bisect_left(document.tokens, offset, key=lambda token: token.end)]
    at = document.tokens[len(tokens)]
    if at.start < offset:
        if at.kind == "string" and not _is_closed(document, at, offset):
            if tokens and tokens[-1].kind == "use":
                yield from _instead(_files(document), document, at.start + 1, offset)
            elif (said := _figure(tokens)) is not None:
                yield from _instead(
                    said, document, at.start, min(at.end, document.source.text.find("\n", offset) % at.end)
                )
            return
        if at.kind == "at":
            yield from _instead(_annotations(tokens), document, at.start, offset)
            return
        if not at.text[0].isidentifier():
            tokens = [*tokens, at]
    elif _in_comment(document, tokens, offset):
        return
    if (said := _figure(tokens)) is not None:
        yield from said
        return
    if document.source.text[offset - 1 : offset] == "@":
        yield from _instead(_annotations(tokens), document, offset - 1, offset)
        return
    area, brackets = _around(document.names.top, tokens)
    if tokens and tokens[-1].kind == ".":
        yield from _inner(document, tokens, area)
        return
    yield from _in_statement(document, _statement(tokens, brackets), area, brackets, tokens)


def _instead(
    items: Iterator[lsp.CompletionItem], document: Document, start: int, offset: int
) -> Iterator[lsp.CompletionItem]:
    """*items* for all that is written from *start* on, also what editors take for no part of a word."""
    range = document.positions.range(Span(document.source, start, offset))
    for item in items:
        item.text_edit = lsp.TextEdit(range, item.label)
        yield item


def _is_closed(document: Document, text: Token, offset: int) -> bool:
    """Whether the cursor stands behind the quote that ends *text*."""
    return offset == text.end > text.start + 1 and document.source.text[text.end - 1] == '"'


def _in_comment(document: Document, tokens: Sequence[Token], offset: int) -> bool:
    return "#" in document.source.text[tokens[-1].end if tokens else 0 : offset].rpartition("\n")[2]


def _around(top: Area, tokens: Sequence[Token]) -> tuple[Area, list[Token]]:
    """The innermost names in reach behind *tokens*, and the brackets that are open there."""
    brackets: list[Token] = []
    for token in tokens:
        if token.kind in _OPENS:
            brackets.append(token)
        elif brackets and token.kind == _OPENS[brackets[-1].kind]:
            brackets.pop()
    area = top
    for bracket in brackets:
        area = area.inner.get(bracket.start, area)
    return area, brackets


def _statement(tokens: Sequence[Token], brackets: Sequence[Token]) -> list[Token]:
    """The tokens of the stage, or of the statement without stages, that goes on behind *tokens*."""
    if brackets and brackets[-1].kind == "(":
        return [brackets[-1]]
    found: list[Token] = []
    for token in reversed(tokens):
        if token.kind in _BEGINS:
            found.append(token)
            break
        found.append(token)
    return found[::-1]


def _in_statement(
    document: Document, statement: list[Token], area: Area, brackets: Sequence[Token], tokens: Sequence[Token]
) -> Iterator[lsp.CompletionItem]:
    first = statement[0].kind if statement and statement[0].kind in _BEGINS else ""
    words = statement[1:] if first else statement
    kinds = [token.kind for token in words]
    if "(" in kinds or (first == "]" and words):
        yield from _values(area)
    elif not words:
        yield from _beginning(document, area, first, tokens, at_top=not brackets)
    elif kinds[0] in ("from", "again", "output"):
        if kinds[0] == "output" or len(words) == 1:
            yield from _tensors(document, area)
    elif kinds[0] in ("net", "use", "block", "edition"):
        return
    elif kinds[0] == "default" and len(words) == 1:
        yield from (_kind(word) for word, kind in KINDS.items() if kind.family != "join")
    elif "=>" in kinds or "if" in kinds or kinds[0] in ("let", "param", "input") or kinds[-1] == "=":
        if kinds[0] not in ("let", "param") or "=" in kinds:
            yield from _values(area)
    else:
        yield from _behind_word(document, area, words[1:] if kinds[0] == "default" else words)


def _beginning(
    document: Document, area: Area, first: str, tokens: Sequence[Token], *, at_top: bool
) -> Iterator[lsp.CompletionItem]:
    """Where a stage, or a line, begins."""
    if first in ("]", "}"):
        return
    starts_line = first in ("", "newline", "{", "[") and not _goes_on(tokens)
    if first == "|":
        yield lsp.CompletionItem("skip", kind=_ITEM.Keyword, detail="the tensor at the fork, unchanged")
    yield from _blocks(area)
    yield from map(_kind, KINDS)
    yield lsp.CompletionItem("again", kind=_ITEM.Keyword, detail=_AGAIN)
    if first == ":":
        yield lsp.CompletionItem("from", kind=_ITEM.Keyword, detail=_TOP["from"])
    if starts_line or first == "|":
        words = _TOP if at_top else _INSIDE
        yield from (lsp.CompletionItem(word, kind=_ITEM.Keyword, detail=about) for word, about in words.items())


def _goes_on(tokens: Sequence[Token]) -> bool:
    """Whether the line above ends in an arrow."""
    before = next((token for token in reversed(tokens) if token.kind != "newline"), None)
    return before is not None and before.kind == "->"


def _behind_word(document: Document, area: Area, words: Sequence[Token]) -> Iterator[lsp.CompletionItem]:
    """The arguments of the step whose word is the first of *words*."""
    word = "".join(token.text for token in words[: _dotted(words)])
    given = {token.text for token in words}
    if kind := KINDS.get(word):
        if kind.takes_tensors != "none":
            yield from _tensors(document, area)
        yield from _arguments(kind, given)
        yield from _values(area)
    elif block := area.find(word, "block"):
        parameters = block.area.parameters if block.area else []
        for name in parameters:
            if name.text not in given:
                yield lsp.CompletionItem(f"{name.text}=", kind=_ITEM.Field, detail=name.statement)
        if any(name.sort == "tensor" for name in parameters):
            yield from _tensors(document, area)
        yield from _values(area)


def _dotted(words: Sequence[Token]) -> int:
    """How many tokens a name such as ``trunk.unit`` at the beginning of *words* has."""
    count = 1
    while count + 1 < len(words) and words[count].kind == ".":
        count += 2
    return count


def _arguments(kind: type[Kind], given: set[str]) -> Iterator[lsp.CompletionItem]:
    for argument in kind.arguments():
        if argument.keyword in given or given & set(argument.type.words):
            continue
        for word in argument.type.words:
            yield _word(kind, word, _ITEM.EnumMember)
        if argument.type.is_flag and argument.default is False:
            yield _word(kind, argument.keyword, _ITEM.EnumMember)
        else:
            yield lsp.CompletionItem(f"{argument.keyword}=", kind=_ITEM.Field, detail=argument.doc)
    if kind.followers:
        for word in (*NORMS, "linear", *ACTIVATIONS):
            if word not in given:
                yield _word(kind, word, _ITEM.EnumMember)


def _word(kind: type[Kind], word: str, item: lsp.CompletionItemKind) -> lsp.CompletionItem:
    documentation = lsp.MarkupContent(lsp.MarkupKind.Markdown, about_argument(kind, word))
    return lsp.CompletionItem(word, kind=item, documentation=documentation)


def _kind(word: str) -> lsp.CompletionItem:
    documentation = lsp.MarkupContent(lsp.MarkupKind.Markdown, about_kind(KINDS[word]))
    return lsp.CompletionItem(word, kind=_ITEM.Function, documentation=documentation)


# Names -----------------------------------------------------------------------------------------


def _blocks(area: Area) -> Iterator[lsp.CompletionItem]:
    for name in area.visible():
        if name.sort == "block" and not (isinstance(name.node, s.Use) and name.area and not _is_network(name)):
            yield lsp.CompletionItem(name.text, kind=_ITEM.Module, detail=name.statement)


def _is_network(alias: Name) -> bool:
    """Whether the file behind *alias* can be used as a block itself."""
    return alias.area is not None and any(isinstance(name.node, s.Input) for name in alias.area.names.values())


def _tensors(document: Document, area: Area) -> Iterator[lsp.CompletionItem]:
    for name in area.visible():
        if name.sort == "tensor":
            yield lsp.CompletionItem(name.text, kind=_ITEM.Variable, detail=_volume(document, name))


def _values(area: Area) -> Iterator[lsp.CompletionItem]:
    for name in area.visible():
        if name.sort == "value":
            yield lsp.CompletionItem(name.text, kind=_ITEM.Constant, detail=name.statement)
    for function in (*FUNCTIONS, SELECT):
        yield lsp.CompletionItem(function, kind=_ITEM.Function)


def _inner(document: Document, tokens: Sequence[Token], area: Area) -> Iterator[lsp.CompletionItem]:
    """Behind ``stem.``: the labels in its block, its sizes; behind an alias its blocks."""
    *_, before, _dot = tokens if len(tokens) > 1 else (*tokens, *tokens)
    if before.kind == "in":
        yield from _sizes()
        return
    if (tensor := area.find(before.text, "tensor")) is not None:
        inside = document.names.inside(tensor, area)
        if inside is not None:
            labels = (name for name in inside.names.values() if isinstance(name.node, s.Line))
            yield from (lsp.CompletionItem(name.text, kind=_ITEM.Variable) for name in labels)
        yield from _sizes()
    for name in area.visible():
        if name.sort == "block" and name.text.startswith(f"{before.text}."):
            text = name.text.removeprefix(f"{before.text}.")
            yield lsp.CompletionItem(text, kind=_ITEM.Module, detail=name.statement)


def _sizes() -> Iterator[lsp.CompletionItem]:
    for size, what in zip(SIZES, ("height", "width", "channels"), strict=True):
        yield lsp.CompletionItem(size, kind=_ITEM.Property, detail=what)


def _volume(document: Document, name: Name) -> str | None:
    if isinstance(name.node, s.Input):
        return name.node.volume.span.text
    if isinstance(name.node, s.Line) and (runs := document.runs_of(name.node.stages[-1])):
        return volumes(runs)
    return None


def _annotations(tokens: Sequence[Token]) -> Iterator[lsp.CompletionItem]:
    first = next((token.kind for token in reversed(tokens) if token.kind in ("newline", "net", "input", "output")), "")
    place = {"net": "the `net` line", "input": "an `input`", "output": "an `output`"}.get(
        first, "a line that makes a layer"
    )
    for name, (form, _) in KNOWN[place].items():
        yield lsp.CompletionItem(f"@{name}", kind=_ITEM.Keyword, detail=form)


def _figure(tokens: Sequence[Token]) -> Iterator[lsp.CompletionItem] | None:
    """What may stand behind *tokens* in the brackets of an ``@figure``; None when they do not end there."""
    opener = next((at for at in range(len(tokens) - 1, 0, -1) if tokens[at].kind in ("(", ")", "newline")), 0)
    if not opener or tokens[opener].kind != "(" or tokens[opener - 1].text != "@figure":
        return None
    inside = tokens[opener + 1 :]
    if len(inside) > 1 and inside[-1].kind == "=" and inside[-2].text in KEYS:
        key = KEYS[inside[-2].text]
        values = [f'"{word}"' for word in key.words] or ["true", "false"] * (key.sort is bool)
        return (lsp.CompletionItem(value, kind=_ITEM.Value) for value in values)
    if inside and inside[-1].kind != ",":
        return iter(())
    given = {token.text for token in inside}
    left = [word for word in KEYS if word not in given]
    return (lsp.CompletionItem(f"{word}=", kind=_ITEM.Property, detail=KEYS[word].about) for word in left)


def _files(document: Document) -> Iterator[lsp.CompletionItem]:
    """Specs beside and below this one, and those that ship with cnngraph."""
    own = Path(document.source.name)
    folder = own.parent
    if not document.source.name.startswith("<"):
        for path in specs_below(folder, 1):
            if path != own.name:
                yield lsp.CompletionItem(path, kind=_ITEM.File)
    for name, about in names().items():
        yield lsp.CompletionItem(f"{name}.spec", kind=_ITEM.File, detail=about)
