"""Protobuf's text format, as ``.prototxt`` files are written in it: fields ``name: value`` and ``name { … }``.

https://protobuf.dev/reference/protobuf/textformat-spec. A colon in front of a brace may be there or not, ``<`` and
``>`` are braces, fields may be parted by ``,`` or ``;``, and ``#`` begins a comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import isfinite
from typing import Any

from cnngraph.fronts.mistake import MAX_FIELDS, mistake, too_long
from cnngraph.source import Source, Span

MAX_DEPTH = 100
"""Messages in one another."""

_SKIP = r"(?:[\s;,]++|\#[^\n]*+)*+"
_BLANK = r"(?:\s++|\#[^\n]*+)*+"
_STRING = r"""(?:"(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+')"""
_WORD = r"[-+]?[\w.][\w.+-]*+"
_FIELD = re.compile(
    rf"""{_SKIP}(?:
        ([A-Za-z_]\w*+){_BLANK}(?:
            :{_BLANK}(?:({_STRING}(?:{_BLANK}{_STRING})*+)|({_WORD})|([{{<])|(\[(?:{_STRING}|[^\]"'\#]|\#[^\n]*+)*+\]))
          | ([{{<])
        )
      | ([}}>])
      | (\Z)
      | (.)
    )""",
    re.VERBOSE | re.DOTALL,
)
_NAME, _TEXT, _PLAIN, _OPEN, _LIST, _BARE_OPEN, _CLOSE, _END, _OTHER = range(1, 10)
_ITEM = re.compile(rf"{_SKIP}(?:({_STRING})|({_WORD})|(\Z)|(.))", re.DOTALL)
_PART = re.compile(rf"{_BLANK}({_STRING})", re.DOTALL)
_ESCAPE = re.compile(r"\\([0-7]{1,3}|.)", re.DOTALL)
_WHOLE = re.compile(r"[+-]?\d{1,18}")
_HEX = re.compile(r"[+-]?0[xX][0-9a-fA-F]{1,15}")
_NUMBER = re.compile(r"([+-]?(?:\d{1,40}\.?\d{0,60}|\.\d{1,60})(?:[eE][+-]?\d{1,4})?)[fF]?")


class Message:
    """The fields of one message, by name, each as often as it stands there."""

    __slots__ = ("_fields", "_source", "start")

    def __init__(self, source: Source, start: int) -> None:
        self._source = source
        self.start = start
        self._fields: list[Any] = []
        """Name, value and place of each, one behind the other: for the hundreds of thousands that a file may have, a
        list or a tuple each would take longer than all the rest."""

    def add(self, name: str, value: str | Message, start: int) -> None:
        self._fields += name, value, start

    def empty(self) -> Message:
        """A message without fields, at the same place."""
        return Message(self._source, self.start)

    def fields(self) -> Iterator[tuple[str, str | Message, int]]:
        """Name, value and place of each."""
        for at in range(0, len(self._fields), 3):
            yield self._fields[at], self._fields[at + 1], self._fields[at + 2]

    def _found(self, name: str) -> Iterator[tuple[str | Message, int]]:
        """Values and places."""
        fields = self._fields
        for at in range(0, len(fields), 3):
            if fields[at] == name:
                yield fields[at + 1], fields[at + 2]

    def __contains__(self, name: str) -> bool:
        return any(True for _ in self._found(name))

    def place(self, *names: str) -> Span:
        """Of the first field there is of *names*; else of where the message begins."""
        starts = (start for name in names for _, start in self._found(name))
        return _span(self._source, next(starts, self.start))

    def values(self, name: str) -> list[str | Message]:
        """All under *name*, texts or messages."""
        return [value for value, _ in self._found(name)]

    def messages(self, *names: str) -> list[Message]:
        """Those under *names*, in the order of the text."""
        found: list[tuple[int, Message]] = []
        for name in names:
            for value, start in self._found(name):
                if isinstance(value, str):
                    raise mistake("E0115", f"`{name}` is a message", _span(self._source, start), f"{name} {{ … }}")
                found.append((start, value))
        if len(names) > 1:
            found.sort(key=lambda each: each[0])
        return [value for _, value in found]

    def message(self, name: str) -> Message:
        """The one under *name*, the last of several; an empty one where there is none."""
        found = self.messages(name)
        return found[-1] if found else Message(self._source, self.start)

    def texts(self, name: str) -> list[str]:
        found = []
        for value, start in self._found(name):
            if not isinstance(value, str):
                raise mistake("E0115", f"`{name}` is a value, not a message", _span(self._source, start))
            found.append(value)
        return found

    def text(self, name: str, default: str = "") -> str:
        found = self.texts(name)
        return found[-1] if found else default

    def flag(self, name: str, default: bool) -> bool:
        value = self.text(name)
        if not value:
            return default
        if value.lower() not in _FLAGS:
            raise mistake("E0115", f"`{name}` is true or false", self.place(name))
        return _FLAGS[value.lower()]

    def wholes(self, name: str) -> list[int]:
        return [self._whole(name, value) for value in self.texts(name)]

    def whole(self, name: str, default: int) -> int:
        value = self.text(name)
        return self._whole(name, value) if value else default

    def count(self, name: str, default: int) -> int:
        """A whole number of at least 1."""
        number = self.whole(name, default)
        if number < 1:
            raise mistake("E0208", f"`{name}` is a whole number of at least 1, not {number}", self.place(name))
        return number

    def numbers(self, name: str) -> list[float]:
        return [self._number(name, value) for value in self.texts(name)]

    def number(self, name: str, default: float) -> float:
        value = self.text(name)
        return self._number(name, value) if value else default

    def _whole(self, name: str, value: str) -> int:
        if _WHOLE.fullmatch(value):
            return int(value)
        if _HEX.fullmatch(value):
            return int(value, 16)
        raise mistake("E0115", f"`{name}` is a whole number", self.place(name))

    def _number(self, name: str, value: str) -> float:
        match = _NUMBER.fullmatch(value)
        if match is None or not isfinite(number := float(match.group(1))):
            raise mistake("E0115", f"`{name}` is a number", self.place(name))
        return number


_FLAGS = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}


def parse(source: Source) -> Message:
    """The message that *source* is. Raises `CnngraphError` for what is none."""
    text = source.text
    message = whole = Message(source, 0)
    outer: list[tuple[Message, str, int]] = []
    for number, match in enumerate(_FIELD.finditer(text)):
        kind = match.lastindex
        if number > MAX_FIELDS:
            raise too_long(Span(source, match.start(), match.start()))
        if kind == _PLAIN:
            message.add(match[_NAME], match[_PLAIN], match.start(_NAME))
        elif kind in (_OPEN, _BARE_OPEN):
            start = match.start(_NAME)
            if len(outer) >= MAX_DEPTH:
                raise mistake("E0505", f"messages are {MAX_DEPTH} deep in one another", _span(source, start))
            inner = Message(source, start)
            message.add(match[_NAME], inner, start)
            outer.append((message, match[kind], start))
            message = inner
        elif kind == _CLOSE:
            here = Span(source, match.start(kind), match.end(kind))
            if not outer:
                raise mistake("E0115", f"`{match[kind]}` closes nothing", here)
            message, opening, start = outer.pop()
            if _PAIRS[opening] != match[kind]:
                raise mistake("E0115", f"`{opening}` is closed by `{match[kind]}`", here)
        elif kind == _TEXT:
            message.add(match[_NAME], _unquoted(match[_TEXT]), match.start(_NAME))
        elif kind == _LIST:
            for item in _items(source, match):
                message.add(match[_NAME], item, match.start(_NAME))
        elif kind == _OTHER:
            here = Span(source, match.start(kind), match.end(kind))
            raise mistake("E0115", "this is no field", here, "a field is  name: value  or  name { … }")
    if outer:
        raise mistake("E0115", "this message is not closed", _span(source, outer[-1][2]), "there is no `}` for it")
    return whole


_PAIRS = {"{": "}", "<": ">"}


def _unquoted(text: str) -> str:
    """Texts in quotation marks as one text."""
    if "\\" not in text and text.find(text[0], 1) == len(text) - 1:
        return text[1:-1]
    return "".join(_ESCAPE.sub(_escaped, part.group(1)[1:-1]) for part in _PART.finditer(text))


_OCTAL = "01234567"


def _escaped(match: re.Match[str]) -> str:
    """What stands behind a backslash: the number of a character, or one itself."""
    said = match[1]
    return chr(int(said, 8)) if said[0] in _OCTAL else {"n": "\n", "t": "\t"}.get(said, said)


def _items(source: Source, match: re.Match[str]) -> Iterator[str]:
    """What stands in a list."""
    inside = match[_LIST][1:-1]
    for item in _ITEM.finditer(inside):
        if item.lastindex == 4:
            at = match.start(_LIST) + 1 + item.start(4)
            raise mistake("E0115", "a list here is of values", Span(source, at, at + 1))
        if item.lastindex in (1, 2):
            yield _unquoted(item[1]) if item.lastindex == 1 else item[2]


def _span(source: Source, start: int) -> Span:
    """The field that begins at *start*, or behind the blanks there; of a message its name and its brace."""
    match = _FIELD.match(source.text, start)
    if match is None or match.lastindex == _END:
        return Span(source, start, start)
    return Span(source, match.start(_NAME) if match[_NAME] else start, match.end())
