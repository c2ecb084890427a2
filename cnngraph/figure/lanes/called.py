"""Blocks that stand open and have a label: a frame around what is drawn of one, with the label in it; or below what is
drawn of it on the way a bracket, where a frame would be around other things."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from cnngraph.figure.colors import Color
from cnngraph.figure.lanes.curves import corner
from cnngraph.figure.lanes.part import Measure
from cnngraph.figure.scene import Curve, Group, Line, Move, Path, Stroke, Text
from cnngraph.figure.text import ascent
from cnngraph.figure.text import width as text_width
from cnngraph.figure.words import lines_of, pieces

PAD, _OUT = 1.0, 0.3
"""Ems from what is in a frame to what is around it, and of these from the frame on."""
_CORNER, _INDENT, _AIR = 0.6, 0.6, 0.4
"""Ems: the radius of a frame's corners, what is left free beside its words, and above them."""
_BELOW, _HOOK = 0.5, 0.5
"""Ems from a row to the bracket below it, and how long its ends are."""
_ROUNDING = 1e-6
"""Ems."""


@dataclass(frozen=True)
class Called:
    """A block with a label that is not one box."""

    path: str
    label: str
    color: Color
    needed: frozenset[str]
    """Names of the layers that are drawn of it."""
    layers: frozenset[str]
    """Of all that are in it."""


class Within(NamedTuple):
    """That a stop of a row is in a block."""

    called: Called
    begins: bool
    """Whether the block begins with it."""
    ends: bool


def stretch(drawn: Sequence[Sequence[str]], called: Called) -> tuple[int, int] | None:
    """From which to which of *drawn*, names of layers by what they are drawn as, all is of *called*, and nothing of it
    elsewhere."""
    owner = {name: number for number, names in enumerate(drawn) for name in names}
    if not owner.keys() >= called.needed:
        return None
    at = {owner[name] for name in called.needed}
    first, last = min(at), max(at)
    return (first, last) if all(called.layers.issuperset(names) for names in drawn[first : last + 1]) else None


@dataclass(frozen=True)
class Frame:
    """What is drawn of a `Called` in a row: around some of its stops, open where the block goes on in another row."""

    measure: Measure
    called: Called
    begins: bool
    ends: bool
    left: float
    right: float
    up: float
    """How far what is in it reaches above the axis."""
    down: float
    taken: float
    """How far from its left border lines come down into it: there are no words."""
    first: str
    """What it begins with in the row."""
    layers: tuple[str, ...]

    @property
    def _room(self) -> float:
        """Ems that a line of its words may take."""
        beside = 2 * (_OUT + _INDENT)
        return (self.right - self.left - max(0.0, self.taken)) / self.measure.em - beside

    @property
    def lacks(self) -> float:
        """Points that it is shorter than a line of its words is at least."""
        longest = max(text_width(piece, "serif", 1.0) for piece in pieces(self.called.label))
        return max(0.0, self.measure.em * (longest + _ROUNDING - self._room))

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Its words: all where the block begins, and once more where it goes on, if there is room."""
        if not self.begins and self.lacks > 0:
            return ()
        return lines_of(self.called.label, room=self._room + _ROUNDING)

    @property
    def top(self) -> float:
        """From the axis to where other things may be."""
        return self.up + PAD * self.measure.em + len(self.lines) * self.measure.apart(self.lines)

    @property
    def bottom(self) -> float:
        return self.down + PAD * self.measure.em

    def draw(self, x: float, axis: float) -> Group:
        """In a row that begins at *x*."""
        em, theme, out, bend = self.measure.em, self.measure.theme, _OUT * self.measure.em, _CORNER * self.measure.em
        left = x + self.left + (out if self.begins else 0.0)
        right = x + self.right - (out if self.ends else 0.0)
        top, bottom = axis - self.top + out, axis + self.bottom - out
        head: list[Move | Line | Curve] = [Move((left, top))]
        tail: list[Move | Line | Curve] = [Move((right, bottom))]
        if self.begins:
            head = [
                Move((left + bend, bottom)),
                corner((left + bend, bottom), (left, bottom), (left, bottom - bend)),
                Line((left, top + bend)),
                corner((left, top + bend), (left, top), (left + bend, top)),
            ]
        if self.ends:
            tail = [
                corner((right - bend, top), (right, top), (right, top + bend)),
                Line((right, bottom - bend)),
                corner((right, bottom - bend), (right, bottom), (right - bend, bottom)),
            ]
        over, under = Line((right - bend * self.ends, top)), Line((left + bend * self.begins, bottom))
        frame = Path((*head, over, *tail, under), Stroke(self.called.color, 0.07 * em))
        words = left + max(0.0, self.taken) + _INDENT * em
        first, leading = top + _AIR * em + ascent("serif", em), self.measure.apart(self.lines)
        said = (
            Text(words, first + number * leading, line, em, "serif", fill=theme.ink)
            for number, line in enumerate(self.lines)
        )
        name = f"called-{self.called.path}-{self.first}"
        return Group(name, "decoration", (frame, *said), layers=self.layers)


@dataclass(frozen=True)
class Bracket:
    """The same below a row, from *left* to *right*."""

    measure: Measure
    called: Called
    begins: bool
    ends: bool
    left: float
    right: float
    room: float
    """Points that the row is long."""
    first: str
    layers: tuple[str, ...]

    @cached_property
    def lines(self) -> tuple[str, ...]:
        if self.measure.down:
            return lines_of(self.called.label)
        em = self.measure.em
        longest = max(text_width(piece, "serif", em) for piece in pieces(self.called.label))
        return lines_of(self.called.label, room=min(max(self.right - self.left, longest), self.room) / em + _ROUNDING)

    @property
    def _longest(self) -> float:
        return max(text_width(line, "serif", self.measure.em) for line in self.lines)

    @property
    def span(self) -> tuple[float, float]:
        """From where to where it takes the room below the row."""
        long = len(self.lines) * self.measure.apart(self.lines) if self.measure.down else self._longest
        start = max(0.0, min((self.left + self.right - long) / 2, self.room - long))
        return min(self.left, start), max(self.right, start + long)

    @property
    def deep(self) -> float:
        em = self.measure.em
        return (_BELOW + _HOOK + _AIR) * em + (
            self._longest if self.measure.down else len(self.lines) * self.measure.apart(self.lines)
        )

    def draw(self, x: float, y: float) -> Group:
        """In a row that begins at *x* and, with the brackets above, ends at *y*."""
        em, leading, ink = self.measure.em, self.measure.apart(self.lines), self.measure.theme.ink
        left, right, top = x + self.left, x + self.right, y + _BELOW * em
        deep = top + _HOOK * em
        head = (Move((left, top)), Line((left, deep))) if self.begins else (Move((left, deep)),)
        tail = (Line((right, deep)), Line((right, top))) if self.ends else (Line((right, deep)),)
        bracket = Path((*head, *tail), Stroke(self.called.color, 0.07 * em))
        start, stop = self.span
        middle = x + max(min((self.left + self.right) / 2, stop - self._longest / 2), start + self._longest / 2)
        words: list[Text] = []
        for number, line in enumerate(self.lines):
            if self.measure.down:
                middle = x + (self.left + self.right) / 2 + (number - (len(self.lines) - 1) / 2) * leading
                words.append(Text(deep + _AIR * em, middle + ascent("serif", em) / 2, line, em, "serif", fill=ink))
            else:
                baseline = deep + _AIR * em + ascent("serif", em) + number * leading
                words.append(Text(middle, baseline, line, em, "serif", "middle", fill=ink))
        name = f"called-{self.called.path}-{self.first}"
        return Group(name, "decoration", (bracket, *self.measure.upright(words)), layers=self.layers)
