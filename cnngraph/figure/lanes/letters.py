"""Tensors that go on in another row: a letter where they leave, and the same where they come in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from cnngraph.figure.lanes.curves import corner
from cnngraph.figure.lanes.part import Measure, Part, Plain, edge
from cnngraph.figure.scene import (
    Circle,
    Group,
    Item,
    Line,
    Move,
    Path,
    Primitive,
    Text,
)
from cnngraph.figure.shapes import arrowhead
from cnngraph.figure.text import ascent


@dataclass(frozen=True)
class Tapped:
    """A part behind which tensors leave for other rows: a letter for each stands above the way out."""

    turns: ClassVar[bool] = False
    measure: Measure
    inside: Part
    letters: tuple[str, ...]

    @property
    def first(self) -> str:
        return self.inside.first

    @property
    def last(self) -> str:
        return self.inside.last

    @property
    def opens(self) -> bool:
        return self.inside.opens

    @property
    def left(self) -> float:
        return self.inside.left

    @property
    def right(self) -> float:
        return self.inside.right

    @property
    def top(self) -> float:
        return self.inside.top

    @property
    def width(self) -> float:
        return self.inside.width

    @property
    def rise(self) -> float:
        """From the axis to the lowest letter's middle."""
        return 2.6 * self.measure.em

    @property
    def up(self) -> float:
        return max(
            self.inside.up, self.rise + (len(self.letters) - 1) * 2.2 * self.measure.em + letter_radius(self.measure)
        )

    @property
    def down(self) -> float:
        return self.inside.down

    def draw(self, x: float, axis: float) -> Iterator[Item]:
        yield from self.inside.draw(x, axis)
        em, line = self.measure.em, self.measure.line
        at = x + self.width - self.inside.right + 0.7 * em
        for index, letter in enumerate(self.letters):
            y = axis - self.rise - index * 2.2 * em
            foot = axis if index == 0 else y + 2.2 * em - letter_radius(self.measure)
            stem = Path((Move((at, foot)), Line((at, y + letter_radius(self.measure)))), line)
            dot = (Circle(at, axis, 0.16 * em, line.color),) if index == 0 else ()
            yield Group(f"leaves-{letter}", "decoration", (*dot, stem, *lettered(at, y, letter, self.measure)))


@dataclass(frozen=True)
class Landed(Plain):
    """A join into which tensors come from other rows: each from its letter, through what lies on its way."""

    measure: Measure
    join: Part
    sources: tuple[str, ...]
    letters: tuple[str, ...]
    ways: tuple[Part | None, ...]

    @property
    def first(self) -> str:
        return self.join.first

    @property
    def last(self) -> str:
        return self.join.last

    @property
    def left(self) -> float:
        return self.lead + self.join.left

    @property
    def right(self) -> float:
        return self.join.right

    @property
    def top(self) -> float:
        return self.join.top

    @cached_property
    def lead(self) -> float:
        """How far what comes from other rows reaches to the left of the join."""
        em = self.measure.em
        widest = max((way.width for way in self.ways if way), default=0.0)
        return max(0.0, (widest + 4.4 * em if widest else 2.4 * em) - self.join.width / 2)

    @cached_property
    def width(self) -> float:
        return self.lead + self.join.width

    @cached_property
    def levels(self) -> list[float]:
        found, top = [], self.join.up + 1.5 * self.measure.em
        for way in self.ways:
            down = way.down if way else letter_radius(self.measure)
            found.append(top + down)
            top = found[-1] + (way.up if way else letter_radius(self.measure)) + 0.6 * self.measure.em
        return found

    @cached_property
    def up(self) -> float:
        return self.levels[-1] + max(self.ways[-1].up if self.ways[-1] else 0.0, letter_radius(self.measure))

    @property
    def down(self) -> float:
        return self.join.down

    def draw(self, x: float, axis: float) -> Iterator[Item]:
        measure, em = self.measure, self.measure.em
        left = x + self.lead
        yield from self.join.draw(left, axis)
        count = len(self.ways)
        floor = axis - self.join.top
        for index, (letter, way, level) in enumerate(zip(self.letters, self.ways, self.levels, strict=True)):
            y = axis - level
            landing = left + self.join.width / 2 + (index - (count - 1) / 2) * 0.8 * em
            bend = 0.6 * em
            line = measure.line
            fall = (
                Line((landing - bend, y)),
                corner((landing - bend, y), (landing, y), (landing, y + bend)),
                Line((landing, floor - 0.8 * measure.head)),
            )
            head = arrowhead((landing, floor), (0.0, 1.0), measure.head, line.color)
            if way is None:
                at = landing - 1.6 * em - letter_radius(measure)
                start = Move((at + letter_radius(measure), y))
                yield edge(
                    self.sources[index],
                    self.join.first,
                    (Path((start, *fall), line), head, *lettered(at, y, letter, measure)),
                )
                continue
            begin = landing - 1.2 * em - way.width
            into = begin + way.left
            at = begin - 1.4 * em - letter_radius(measure)
            tip = arrowhead((into, y), (1.0, 0.0), measure.head, line.color)
            steps = (Move((at + letter_radius(measure), y)), Line((into - 0.8 * measure.head, y)))
            yield edge(self.sources[index], way.first, (Path(steps, line), tip, *lettered(at, y, letter, measure)))
            yield from way.draw(begin, y)
            out = Move((begin + way.width - way.right, y))
            yield edge(way.last, self.join.first, (Path((out, *fall), line), head))


def letter_radius(measure: Measure) -> float:
    """Points, of the circle around a letter."""
    return 0.8 * measure.em


def lettered(x: float, y: float, letter: str, measure: Measure) -> tuple[Primitive, ...]:
    """A letter in a circle: the same one stands where the line goes on."""
    em = measure.em
    baseline = y + (ascent("serif", em) - 0.1 * em) / 2
    return (
        Circle(x, y, letter_radius(measure), measure.theme.paper, measure.line),
        Text(x, baseline, letter, em, "serif", "middle", fill=measure.theme.ink),
    )
