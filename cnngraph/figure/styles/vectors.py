"""Two vectors as columns of circles, every circle of the one joined to every circle of the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import fsum

from cnngraph.figure.scene import Circle, Group, Item, Line, Move, Path, Primitive, Stroke, Text
from cnngraph.figure.styles.bodies import Column, Measure
from cnngraph.figure.text import ascent, descent
from cnngraph.figure.text import width as text_width

_GAP, _AIR = 9.0, 0.9
"""Ems: between the columns, and between their captions."""


@dataclass(frozen=True, slots=True)
class Vector:
    """How a vector is called in the figure, and its length."""

    id: str
    title: str
    units: int


@dataclass(frozen=True, slots=True)
class Weights:
    """How the weights between two vectors are called."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Columns:
    """A body with its own captions: both lengths, and between them the size of the weights."""

    measure: Measure
    source: Vector
    made: Vector
    weights: Weights

    @property
    def _columns(self) -> tuple[Column, Column]:
        most = max(self.source.units, self.made.units)
        left, right = (Column.of(self.measure, str(each.units), each.units, most) for each in (self.source, self.made))
        return left, right

    @property
    def _caption(self) -> str:
        return f"{self.made.units}×{self.source.units} weights"

    @property
    def _gap(self) -> float:
        """Between the columns: enough for the captions, all three on one baseline."""
        middle, em = text_width(self._caption, "serif", self.measure.em), self.measure.em
        needs = [middle + 2 * _AIR * em + column.caption_width - column.width for column in self._columns]
        return max(_GAP * em, *needs)

    @property
    def _overhang(self) -> float:
        """How far the captions reach beyond the columns, on each side."""
        return max(0.0, *((column.caption_width - column.width) / 2 for column in self._columns))

    @property
    def width(self) -> float:
        return fsum(column.width for column in self._columns) + self._gap + 2 * self._overhang

    @property
    def _baseline(self) -> float:
        return max(column.height for column in self._columns) + 0.4 * self.measure.em + ascent("serif", self.measure.em)

    @property
    def height(self) -> float:
        return self._baseline + descent("serif", self.measure.em)

    def draw(self, x: float, y: float) -> tuple[Item, ...]:
        """The first output is marked, and what it is the sum of."""
        left, right = self._columns
        axis = y + max(left.height, right.height) / 2
        x += self._overhang
        at = x + left.width + self._gap
        em, theme, baseline = self.measure.em, self.measure.theme, y + self._baseline
        source, made = left.draw(x, axis, baseline), list(right.draw(at, axis, baseline))
        first = next(number for number, item in enumerate(made) if isinstance(item, Circle))
        marked = made[first]
        assert isinstance(marked, Circle)
        made[first] = marked._replace(fill=theme.filter.front)
        caption = Text(x + left.width + self._gap / 2, baseline, self._caption, em, "serif", "middle", fill=theme.ink)
        return (
            Group(self.weights.id, "decoration", (*self._lines(source, tuple(made)), caption), self.weights.title),
            Group(self.source.id, "layer", source, self.source.title, layers=(self.source.id,)),
            Group(self.made.id, "layer", tuple(made), self.made.title, layers=(self.made.id,)),
        )

    def _lines(self, source: tuple[Primitive, ...], made: tuple[Primitive, ...]) -> Iterator[Path]:
        """From every circle drawn to every one, those to the first output last and in ink."""
        em, theme = self.measure.em, self.measure.theme
        faint, strong = Stroke(theme.faint, 0.035 * em), Stroke(theme.ink, 0.08 * em)
        begins, ends = _units(source), _units(made)
        for number, end in reversed(list(enumerate(ends))):
            for begin in begins:
                steps = Move((begin.x + begin.radius, begin.y)), Line((end.x - end.radius, end.y))
                yield Path(steps, faint if number else strong)


def _units(column: tuple[Primitive, ...]) -> list[Circle]:
    """The circles that stand for units, without the dots of the ellipsis."""
    circles = [item for item in column if isinstance(item, Circle)]
    largest = max(circle.radius for circle in circles)
    return [circle for circle in circles if circle.radius == largest]
