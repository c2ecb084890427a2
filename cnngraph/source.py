"""Where a piece of text came from: sources, and spans inside them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple


class Source:
    """A text with the name it was read under (a path, ``<stdin>``, ``<prelude>``)."""

    def __init__(self, name: str, text: str, beside: Callable[[str], bytes | None] | None = None) -> None:
        self.name = name
        self.text = text
        self.beside = beside
        """Gives other files by their paths from its folder, None for one that there is not; None where that folder is
        one of the file system's."""

    @cached_property
    def _line_starts(self) -> list[int]:
        starts, at = [0], self.text.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = self.text.find("\n", at + 1)
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of *offset*, both counted from 1, the column in code points."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of line *number* (from 1), without its end."""
        start = self._line_starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : len(self.text) if end < 0 else end].rstrip("\r")


class Span(NamedTuple):
    """The half-open range ``start:end`` of code points in *source*."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    @property
    def line(self) -> int:
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        return self.source.position(self.start)[1]

    def to(self, other: Span) -> Span:
        """From the start of this span to the end of *other*."""
        return Span(self.source, self.start, other.end)
