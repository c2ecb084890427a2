"""Offsets in a text as the editor counts them: lines from 0, and in a line units of the encoding agreed upon."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from lsprotocol.types import Position, PositionEncodingKind, Range

from cnngraph.source import Span


class Positions:
    """Of one text. UTF-16 unless client and server agree on another encoding, as the protocol wants it."""

    def __init__(self, text: str, encoding: str = PositionEncodingKind.Utf16) -> None:
        self.lines = text.split("\n")
        self.starts = list(accumulate((len(line) + 1 for line in self.lines), initial=0))[:-1]
        self.encoding = encoding

    def position(self, offset: int) -> Position:
        number = bisect_right(self.starts, offset) - 1
        return Position(number, self._units(self.lines[number][: offset - self.starts[number]]))

    def range(self, span: Span) -> Range:
        return Range(self.position(span.start), self.position(span.end))

    def offset(self, position: Position) -> int:
        """The offset nearest to *position*, which may lie beyond its line or the text."""
        if position.line >= len(self.lines):
            return self.starts[-1] + len(self.lines[-1])
        line = self.lines[position.line].removesuffix("\r")
        if line.isascii() or self.encoding == PositionEncodingKind.Utf32:
            return self.starts[position.line] + min(position.character, len(line))
        units = accumulate(map(self._units, line), initial=0)
        return self.starts[position.line] + sum(1 for each in units if 0 < each <= position.character)

    def _units(self, text: str) -> int:
        if text.isascii() or self.encoding == PositionEncodingKind.Utf32:
            return len(text)
        if self.encoding == PositionEncodingKind.Utf8:
            return len(text.encode("utf-8", "surrogatepass"))
        return len(text.encode("utf-16-le", "surrogatepass")) // 2
