"""The text of a darknet ``.cfg``: sections of ``key=value`` lines, as `parse_network_cfg` and `read_option` take them.

Blanks count nowhere, lines that begin with ``#`` or ``;`` are comments, and of two equal keys the first holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import isfinite

from cnngraph.fronts.mistake import MAX_FIELDS, Notes, mistake, too_long
from cnngraph.source import Source, Span

_LINE = re.compile(r"[^\n]+")
_HEADER = re.compile(r"\[([^\[\]]*)\]")
_WHOLE = re.compile(r"[+-]?\d{1,9}(?!\d)")
_NUMBER = re.compile(r"[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,3})?")
_COMMENT = re.compile("[#;]")
MAX_LISTED = 10_000
"""Numbers in one list."""


class Section:
    """One section: its options, which stand on the lines behind its name."""

    __slots__ = ("_options", "_source", "_start", "index", "name")

    def __init__(self, name: str, index: int, source: Source, start: int) -> None:
        self.name = name
        """``convolutional``"""
        self.index = index
        """Of its layer, counted from 0 as darknet counts them; -1 of the first section."""
        self._source = source
        self._start = start
        self._options: dict[str, tuple[str, int, int]] = {}

    @property
    def span(self) -> Span:
        """Its name's."""
        return Span(self._source, self._start, self._source.text.index("]", self._start) + 1)

    def add(self, key: str, value: str, start: int, end: int) -> None:
        self._options.setdefault(key, (value, start, end))

    def __contains__(self, key: str) -> bool:
        return key in self._options

    def place(self, *keys: str) -> Span:
        """Of the first of the options *keys* that is given; of the section where none is."""
        for key in keys:
            if key in self._options:
                _, start, end = self._options[key]
                return _bare(self._source, start, end)
        return self.span

    def text(self, key: str, default: str) -> str:
        found = self._options.get(key)
        return _COMMENT.split(found[0], maxsplit=1)[0] if found else default

    def whole(self, key: str, default: int) -> int:
        """The whole number that the option begins with, as C's atoi reads it."""
        if key not in self._options:
            return default
        match = _WHOLE.match(self._options[key][0])
        if match is None:
            raise mistake("E0115", f"`{key}` is a whole number", self.place(key))
        return int(match.group())

    def count(self, key: str, default: int) -> int:
        """A whole number of at least 1."""
        number = self.whole(key, default)
        if number < 1:
            raise mistake("E0208", f"`{key}` is a whole number of at least 1, not {number}", self.place(key))
        return number

    def number(self, key: str, default: float) -> float:
        if key not in self._options:
            return default
        match = _NUMBER.match(self._options[key][0])
        if match is None or not isfinite(number := float(match.group())):
            raise mistake("E0115", f"`{key}` is a number", self.place(key))
        return number

    def wholes(self, key: str) -> list[int]:
        """A list of whole numbers; empty where there is none."""
        parts = self.text(key, "").rstrip(",").split(",", MAX_LISTED)
        if parts == [""]:
            return []
        if len(parts) > MAX_LISTED or not all(map(_WHOLE.match, parts)):
            raise mistake("E0115", f"`{key}` is a list of whole numbers", self.place(key))
        return [int(_WHOLE.match(part).group()) for part in parts]  # type: ignore[union-attr]


def sections(source: Source, notes: Notes) -> Iterator[Section]:
    """The sections of *source*, the first of them ``[net]``. Raises `CnngraphError` for what is none."""
    current: Section | None = None
    index = -1
    for number, match in enumerate(_LINE.finditer(source.text)):
        if number > MAX_FIELDS:
            raise too_long(Span(source, match.start(), match.start()))
        line = "".join(match.group().split())
        if not line or line[0] in "#;\ufeff\0":
            continue
        if line[0] == "[":
            header = _HEADER.match(line)
            span = _bare(source, match.start(), match.end())
            if header is None or "]" not in span.text:
                raise mistake("E0115", "the name of a section ends in `]`", span)
            if current is not None:
                yield current
            elif header.group(1) not in ("net", "network"):
                raise mistake("E0115", f"the first section is [{header.group(1)}]", span, "a .cfg begins with [net]")
            current = Section(header.group(1), index, source, span.start)
            index += 1
            continue
        key, equals, value = line.partition("=")
        if current is None:
            raise mistake("E0115", "this stands before the first section", _bare(source, match.start(), match.end()),
                          "a .cfg begins with [net]")  # fmt: skip
        if not equals or not value:
            notes.add("a line that is not key=value", "it says nothing", _bare(source, match.start(), match.end()))
            continue
        current.add(key, value, match.start(), match.end())
    if current is None:
        raise mistake("E0115", "there is no section in this file", Span(source, 0, 0), "a .cfg begins with [net]")
    yield current


def _bare(source: Source, start: int, end: int) -> Span:
    """A stretch without the blanks about it."""
    text = source.text[start:end]
    return Span(source, start + len(text) - len(text.lstrip()), end - len(text) + len(text.rstrip()))
