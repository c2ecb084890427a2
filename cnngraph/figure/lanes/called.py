"""Blocks that stand open and have a label: a frame around what is drawn of one, with the label in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


def ranges(drawn: Sequence[Sequence[str]], called: Sequence[Called]) -> Iterator[tuple[Called, int, int]]:
    """Which of *called* are just what is drawn from one stop of a line to another; *drawn* are names of the layers of
    each stop."""
    owner = {name: number for number, names in enumerate(drawn) for name in names}
    for each in called:
        stops = {owner[name] for name in each.needed if name in owner}
        if not stops or any(name not in owner for name in each.needed):
            continue
        first, last = min(stops), max(stops)
        if all(each.layers.issuperset(names) for names in drawn[first : last + 1]):
            yield each, first, last


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
        return lines_of(self.called.label, self._room + _ROUNDING)

    @property
    def top(self) -> float:
        """From the axis to where other things may be."""
        return self.up + PAD * self.measure.em + len(self.lines) * self.measure.leading

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
        frame = Path((*head, over, *tail, under), Stroke(self.called.color, 0.09 * em))
        words = left + max(0.0, self.taken) + _INDENT * em
        first = top + _AIR * em + ascent("serif", em)
        said = (
            Text(words, first + number * self.measure.leading, line, em, "serif", fill=theme.ink)
            for number, line in enumerate(self.lines)
        )
        name = f"called-{self.called.path}-{self.first}"
        return Group(name, "decoration", (frame, *said), layers=self.layers)
