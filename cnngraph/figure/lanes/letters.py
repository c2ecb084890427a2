"""Tensors that go on in another row: a letter where they leave, and the same where they come in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from cnngraph.figure.lanes.circled import letter_radius, lettered
from cnngraph.figure.lanes.curves import corner
from cnngraph.figure.lanes.part import Even, Measure, Part, Plain
from cnngraph.figure.scene import (
    Circle,
    Group,
    Item,
    Line,
    Move,
    Path,
    Primitive,
    edge,
)
from cnngraph.figure.shapes import arrowhead

_LETTER_AIR = 0.3
"""Ems on each side of a letter above a way out."""


@dataclass(frozen=True)
class Letter(Plain):
    """A letter on its own: where a tensor goes on in another row, or comes from one."""

    measure: Measure
    mark: str
    last: str
    """The unit that makes the tensor."""
    row: int
    """In which it stands: a letter can come in in several."""
    layers: ClassVar[tuple[str, ...]] = ()
    opens: ClassVar[bool] = True
    forks: ClassVar[bool] = True

    @staticmethod
    def span(measure: Measure) -> float:
        """What is kept free for one."""
        return 2 * letter_radius(measure, "AA")

    @property
    def first(self) -> str:
        return f"{self.mark}-{self.row}"

    @property
    def width(self) -> float:
        return 2 * letter_radius(self.measure, self.mark)

    @property
    def up(self) -> float:
        return letter_radius(self.measure, self.mark)

    @property
    def down(self) -> float:
        return letter_radius(self.measure, self.mark)

    @property
    def top(self) -> float:
        return self.up

    def draw(self, x: float, axis: float) -> Iterator[Item]:
        drawn = lettered(x + letter_radius(self.measure, self.mark), axis, self.mark, self.measure)
        yield Group(f"letter-{self.mark}-{self.row}", "decoration", drawn)


@dataclass(frozen=True)
class Onward(Even):
    """What goes on in the next row, or comes from the one before, and nothing else does: an arrow without a letter."""

    measure: Measure
    last: str
    """The unit that makes the tensor."""
    comes: bool
    layers: ClassVar[tuple[str, ...]] = ()
    opens: ClassVar[bool] = True
    forks: ClassVar[bool] = True

    @property
    def first(self) -> str:
        return f"{'to' if self.comes else 'after'}-{self.last}"

    @property
    def width(self) -> float:
        return self.measure.gap

    @property
    def up(self) -> float:
        return self.measure.head / 2

    def draw(self, x: float, axis: float) -> Iterator[Item]:
        head, tip = self.measure.head, (x + self.width, axis)
        end = tip if self.comes else (tip[0] - 0.8 * head, axis)
        drawn: tuple[Primitive, ...] = (Path((Move((x, axis)), Line(end)), self.measure.line),)
        if not self.comes:
            drawn += (arrowhead(tip, (1.0, 0.0), head, self.measure.theme.ink),)
        yield Group(self.first, "decoration", drawn)


@dataclass(frozen=True)
class Tapped:
    """A part behind which tensors leave for other rows: a letter for each stands above the way out."""

    measure: Measure
    inside: Part
    letters: tuple[str, ...]
    room: float = 0.0
    """Behind it, where what follows begins with lines that turn."""

    @property
    def first(self) -> str:
        return self.inside.first

    @property
    def last(self) -> str:
        return self.inside.last

    @property
    def layers(self) -> tuple[str, ...]:
        return self.inside.layers

    @property
    def opens(self) -> bool:
        return self.inside.opens

    @property
    def closes(self) -> bool:
        return self.inside.closes

    @property
    def forks(self) -> bool:
        return self.inside.forks

    @property
    def left(self) -> float:
        return self.inside.left

    @property
    def right(self) -> float:
        return 0.0 if self.room else self.inside.right + self._spare

    @property
    def top(self) -> float:
        return self.inside.top

    @property
    def width(self) -> float:
        return self.inside.width + self.room + self._spare

    @property
    def _spare(self) -> float:
        """What large letters take beyond the gap in which they stand."""
        return max(0.0, 2 * (self.radius + _LETTER_AIR * self.measure.em) - self.measure.gap)

    @property
    def radius(self) -> float:
        return max(letter_radius(self.measure, letter) for letter in self.letters)

    @property
    def pitch(self) -> float:
        return 2 * self.radius + 0.6 * self.measure.em

    @property
    def rise(self) -> float:
        """From the axis to the lowest letter's middle."""
        return 1.8 * self.measure.em + self.radius

    @property
    def up(self) -> float:
        return max(self.inside.up, self.rise + (len(self.letters) - 1) * self.pitch + self.radius)

    @property
    def down(self) -> float:
        return self.inside.down

    def draw(self, x: float, axis: float) -> Iterator[Item]:
        yield from self.inside.draw(x, axis)
        em, line = self.measure.em, self.measure.line
        out = x + self.inside.width - self.inside.right
        if self.room:
            trunk = Path((Move((out, axis)), Line((x + self.width, axis))), line)
            yield Group(f"behind-{self.last}", "decoration", (trunk,))
        at = out + (self.measure.gap + self._spare) / 2
        for index, letter in enumerate(self.letters):
            y = axis - self.rise - index * self.pitch
            foot = axis if index == 0 else y + self.pitch - self.radius
            stem = Path((Move((at, foot)), Line((at, y + self.radius))), line)
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
    def layers(self) -> tuple[str, ...]:
        return (*(name for way in self.ways if way for name in way.layers), *self.join.layers)

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
        return max(0.0, (widest + 4.4 * em if widest else 2.4 * em) - self._landing)

    @property
    def _landing(self) -> float:
        """From the join's border to where lines come down onto it."""
        return (self.join.left + self.join.width - self.join.right) / 2

    @cached_property
    def width(self) -> float:
        return self.lead + self.join.width

    @property
    def radius(self) -> float:
        return max(letter_radius(self.measure, letter) for letter in self.letters)

    @cached_property
    def levels(self) -> list[float]:
        found, top = [], self.join.up + 1.5 * self.measure.em
        for way in self.ways:
            down = way.down if way else self.radius
            found.append(top + down)
            top = found[-1] + (way.up if way else self.radius) + 0.6 * self.measure.em
        return found

    @cached_property
    def up(self) -> float:
        return self.levels[-1] + max(self.ways[-1].up if self.ways[-1] else 0.0, self.radius)

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
            landing = left + self._landing + (index - (count - 1) / 2) * 0.8 * em
            bend = 0.6 * em
            line = measure.line
            fall = (
                Line((landing - bend, y)),
                corner((landing - bend, y), (landing, y), (landing, y + bend)),
                Line((landing, floor - 0.8 * measure.head)),
            )
            head = arrowhead((landing, floor), (0.0, 1.0), measure.head, line.color)
            if way is None:
                at = landing - 1.6 * em - self.radius
                start = Move((at + self.radius, y))
                yield edge(
                    self.sources[index],
                    self.join.first,
                    (Path((start, *fall), line), head, *lettered(at, y, letter, measure)),
                )
                continue
            begin = landing - 1.2 * em - way.width
            into = begin + way.left
            at = begin - 1.4 * em - self.radius
            tip = arrowhead((into, y), (1.0, 0.0), measure.head, line.color)
            steps = (Move((at + self.radius, y)), Line((into - 0.8 * measure.head, y)))
            yield edge(self.sources[index], way.first, (Path(steps, line), tip, *lettered(at, y, letter, measure)))
            yield from way.draw(begin, y)
            out = Move((begin + way.width - way.right, y))
            yield edge(way.last, self.join.first, (Path((out, *fall), line), head))
