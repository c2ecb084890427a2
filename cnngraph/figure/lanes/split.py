"""A fork: branches on lanes, and what passes them by as arcs above."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import fsum
from typing import ClassVar

from cnngraph.figure.lanes.boxes import Sign
from cnngraph.figure.lanes.curves import bent, corner, shortened, turn
from cnngraph.figure.lanes.part import Measure, Part, Plain, into
from cnngraph.figure.scene import (
    Circle,
    Curve,
    Item,
    Line,
    Move,
    Path,
    Primitive,
    Stroke,
    edge,
)
from cnngraph.figure.shapes import arrowhead


@dataclass(frozen=True, slots=True)
class Lane:
    """One branch of a fork."""

    part: Part | None
    """None when the tensor passes unchanged."""
    is_skip: bool
    number: int
    """Which input of the join it is."""
    projects: bool = False
    """Whether there are weights on it: as an arc it is dashed."""
    is_said: bool = False
    """Whether there will be words on it, for which an arc leaves room."""


@dataclass(frozen=True)
class Split(Plain):
    """A fork with its branches, up to the border of what they meet in.

    Lanes lie one under the other in the order of the spec; skips are arcs above them, the inner first.
    """

    opens: ClassVar[bool] = True
    closes: ClassVar[bool] = True
    forks: ClassVar[bool] = True
    measure: Measure
    source: str
    """The unit before it; empty at the start of a network, where lanes begin with inputs."""
    source_inset: float
    join: Part | None
    """What the branches meet in, for the arrowheads' place; it is drawn by who holds both."""
    target: str
    lanes: tuple[Lane, ...]
    arcs: tuple[Lane, ...]
    lead: float = 0.0
    """Behind it, to the border of what the branches meet in, where that has a frame around it."""
    roof: float = 0.0
    """How far above the axis that frame reaches."""
    trunk: float = 0.0
    """Before it, to what it leaves, where a frame begins or ends there."""

    @property
    def landing(self) -> float:
        """How far behind the join's border the last arc comes down onto it."""
        if self.join is None:
            return 0.0
        return (self.join.left + self.join.width - self.join.right) / 2 + (len(self.arcs) - 1) * 0.3 * self.measure.em

    @property
    def layers(self) -> tuple[str, ...]:
        return tuple([name for lane in (*self.arcs, *self.lanes) if lane.part for name in lane.part.layers])

    @property
    def first(self) -> str:
        return self.lanes[0].part.first if self.lanes and self.lanes[0].part else self.target

    @property
    def last(self) -> str:
        return self.source

    @property
    def top(self) -> float:
        return self.up

    @cached_property
    def gutter(self) -> float:
        """Room on each side to turn in: wider where lanes are far apart."""
        spread = (self.lane_up + self.lane_down) if len(self.lanes) > 1 else 0.0
        return max(self.measure.gap, min(0.22 * spread + 1.2 * self.measure.em, 4.5 * self.measure.em))

    @cached_property
    def inner(self) -> float:
        """Width of the widest lane."""
        widths = [lane.part.width for lane in (*self.lanes, *self.arcs) if lane.part]
        return max(widths, default=0.0)

    @cached_property
    def width(self) -> float:
        after = self.gutter if self.target else 0.0
        return self.begins + self.inner + after

    @property
    def between(self) -> float:
        return (0.5 if self.measure.down else 0.9) * self.measure.em

    @cached_property
    def _heights(self) -> float:
        return fsum(_up(lane) + _down(lane) for lane in self.lanes) + self.between * max(0, len(self.lanes) - 1)

    @cached_property
    def lane_up(self) -> float:
        """How far the lanes reach above the axis: one lane lies on it, several around it."""
        return _up(self.lanes[0]) if len(self.lanes) == 1 else self._heights / 2

    @cached_property
    def lane_down(self) -> float:
        return _down(self.lanes[0]) if len(self.lanes) == 1 else self._heights / 2

    @cached_property
    def levels(self) -> list[float]:
        """How far above the axis each arc runs."""
        found, top = [], max(self.lane_up, self.join.up if self.join else 0.0, self.roof)
        air = (1.3 if self.measure.down else 0.9) * self.measure.em
        for arc in self.arcs:
            down = _down(arc) if arc.part else 0.0
            found.append(top + air + down)
            top = found[-1] + self._over(arc)
        return found

    def _over(self, arc: Lane) -> float:
        """How much an arc takes above its level."""
        if arc.part is not None:
            return arc.part.up
        return self.measure.leading if arc.is_said else 0.35 * self.measure.em

    @cached_property
    def up(self) -> float:
        if not self.arcs:
            return self.lane_up
        return self.levels[-1] + self._over(self.arcs[-1])

    @cached_property
    def down(self) -> float:
        return self.lane_down

    @property
    def begins(self) -> float:
        """Where its lanes may begin."""
        return self.gutter if self.source else 0.0

    def draw(self, x: float, axis: float) -> Iterator[Item]:
        left = x + self.begins
        right = left + self.inner
        end = x + self.width
        y = axis - self.lane_up
        for index, lane in enumerate(self.lanes):
            y += _up(lane)
            at = axis if len(self.lanes) == 1 else y
            yield from self._lane(lane, index, x, left, right, end, axis, at)
            y += _down(lane) + self.between
        for index, (arc, level) in enumerate(zip(self.arcs, self.levels, strict=True)):
            yield from self._arc(arc, index, x, end, axis, axis - level)

    def _lane(
        self, lane: Lane, index: int, x: float, left: float, right: float, end: float, axis: float, y: float
    ) -> Iterator[Item]:
        """Right-aligned, so that what meets in the join stands in one column."""
        part = lane.part
        line = self.measure.line
        start = (x - self.trunk - self.source_inset, axis)
        tip = (end + self.lead + (self.join.left if self.join else 0.0), axis + self._fan(index))
        # What is written beside the way out lies where its lines would turn.
        knee = (x if self.measure.down else x - self.source_inset, axis)
        begun = (Line(knee),) if knee != start else ()
        before = (tip[0] - self.measure.straight, tip[1])
        entry = (Line(tip),) if self.measure.straight else ()
        if part is None:
            steps = (Move(start), *begun, *bent(knee, (left, y), right, before)[1:], *entry)
            if self.source and self.target:
                yield edge(self.source, self.target, self._headed(steps, line), "identity")
            return
        begin = right - part.width
        if self.source:
            level = (left - self.measure.straight, y)
            steps = (Move(start), *begun, *turn(knee, level), Line((begin + part.left, y)))
            headed = (Path(steps, line),) if part.opens else self._headed(steps, line)
            yield into(self.source, part, headed)
        yield from part.draw(begin, y)
        if self.target:
            out = (right - part.right, y)
            steps = (Move(out), Line((right, y)), *turn((right, y), before), *entry)
            yield edge(part.last, self.target, self._headed(steps, line))

    def _headed(self, steps: Sequence[Move | Line | Curve], line: Stroke) -> tuple[Primitive, ...]:
        tip = steps[-1].to
        drawn = (*steps[:-1], shortened(steps[-1], 0.8 * self.measure.head))
        return (Path(drawn, line), arrowhead(tip, (1.0, 0.0), self.measure.head, line.color))

    def _fan(self, index: int) -> float:
        """How far below the axis lane *index* meets the join, so that heads stand side by side."""
        if self.join is None or isinstance(self.join, Sign):
            return 0.0
        count = len(self.lanes)
        pitch = min(0.9 * self.measure.em, 1.6 * self.join.top / count)
        return (index - (count - 1) / 2) * pitch

    def _arc(self, arc: Lane, index: int, x: float, end: float, axis: float, y: float) -> Iterator[Item]:
        """Up from a dot behind the source, along, and down onto the join."""
        measure = self.measure
        em, count = measure.em, len(self.arcs)
        tap = x + (0.42 - 0.2 * index / max(1, count)) * self.gutter
        landing = end - 0.3 * self.gutter
        floor = axis
        if self.join is not None:
            landing = end + self.lead + self.landing - (count - 1 - index) * 0.6 * em
            floor = axis - self.join.top
        line = measure.dashed if arc.projects else measure.line
        dot = Circle(tap, axis, 0.16 * em, line.color)
        bend = min(0.7 * em, abs(axis - y) / 3)
        rise = (Move((tap, axis)), Line((tap, y + bend)), corner((tap, y + bend), (tap, y), (tap + bend, y)))
        fall = (
            Line((landing - bend, y)),
            corner((landing - bend, y), (landing, y), (landing, y + bend)),
            Line((landing, floor - 0.8 * measure.head)),
        )
        head = arrowhead((landing, floor), (0.0, 1.0), measure.head, line.color)
        if arc.part is None:
            yield edge(self.source, self.target, (dot, Path((*rise, *fall), line), head), "identity shortcut")
            return
        part = arc.part
        begin = (tap + landing - part.width) / 2
        tip = begin + part.left
        line_in = Path((*rise, Line((tip if part.opens else tip - 0.8 * measure.head, y))), line)
        heads = () if part.opens else (arrowhead((tip, y), (1.0, 0.0), measure.head, line.color),)
        yield into(self.source, part, (dot, line_in, *heads))
        yield from part.draw(begin, y)
        out = begin + part.width - part.right
        yield edge(part.last, self.target, (Path((Move((out, y)), *fall), line), head))


def _up(lane: Lane) -> float:
    return lane.part.up if lane.part else 0.0


def _down(lane: Lane) -> float:
    return lane.part.down if lane.part else 0.0
