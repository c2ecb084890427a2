"""Boxes on lanes: the layout of the blocks style.

A part is measured first, then placed on the axis it is given: nothing overlaps by construction, in time
linear in the number of parts. Branches of a fork lie on lanes one under the other; what passes the work by
runs above it as an arc. Connectors turn inside the gutters beside a fork and then run straight.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import ClassVar, Protocol

from cnngraph.figure.scene import (
    Circle,
    Color,
    Curve,
    Group,
    Item,
    Line,
    Move,
    Path,
    Point,
    Primitive,
    Rect,
    Stroke,
    Text,
)
from cnngraph.figure.shapes import arrowhead, cuboid
from cnngraph.figure.text import ascent, descent
from cnngraph.figure.text import width as text_width
from cnngraph.figure.theme import Theme


@dataclass(frozen=True, slots=True)
class Measure:
    """Lengths in points that all parts of a figure share."""

    em: float
    box: float
    """Width of a box."""
    theme: Theme

    @property
    def gap(self) -> float:
        """Between two parts."""
        return 2.2 * self.em

    @property
    def line(self) -> Stroke:
        return Stroke(self.theme.ink, 0.085 * self.em)

    @property
    def dashed(self) -> Stroke:
        return Stroke(self.theme.ink, 0.085 * self.em, (0.3 * self.em, 0.22 * self.em))

    @property
    def head(self) -> float:
        return 0.62 * self.em

    @property
    def leading(self) -> float:
        return 1.22 * self.em


class Part(Protocol):
    """Something with a way in on the left and a way out on the right, both on its axis."""

    @property
    def first(self) -> str:
        """Name of the unit that the way in enters."""
        ...

    @property
    def last(self) -> str:
        """Name of the unit that the way out leaves."""
        ...

    @property
    def turns(self) -> bool:
        """Whether it begins and ends with gutters of its own, for lines that turn."""
        ...

    @property
    def width(self) -> float: ...
    @property
    def up(self) -> float:
        """How far it reaches above the axis."""
        ...

    @property
    def down(self) -> float: ...
    def draw(self, x: float, axis: float) -> Iterator[Item]:
        """With its left border at *x*."""
        ...


@dataclass(frozen=True)
class Box:
    """A unit, or a block by its name: words in a box, and below it what it makes."""

    turns: ClassVar[bool] = False
    measure: Measure
    first: str
    last: str
    lines: tuple[str, ...]
    caption: str
    fill: Color
    title: str
    times: int = 1
    name: str = ""
    """Below the caption, when names are wanted."""

    @property
    def caption_width(self) -> float:
        return max(text_width(line, "serif", self.measure.em) for line in (self.caption, self.name))

    @cached_property
    def width(self) -> float:
        return max(self.measure.box, self.caption_width)

    @cached_property
    def height(self) -> float:
        return len(self.lines) * self.measure.leading + 0.9 * self.measure.em

    @cached_property
    def up(self) -> float:
        return max(self.height, self.least) / 2 + (self._badge if self.times > 1 else 0.0)

    @property
    def least(self) -> float:
        """The height of a box of two lines: boxes of one line are as high."""
        return 2 * self.measure.leading + 0.9 * self.measure.em

    @property
    def _badge(self) -> float:
        return 1.35 * self.measure.em

    @cached_property
    def down(self) -> float:
        em = self.measure.em
        caption = 0.3 * em + ascent("serif", em) + descent("serif", em) if self.caption else 0.0
        return max(self.height, self.least) / 2 + caption + (self.measure.leading if self.name else 0.0)

    def draw(self, x: float, axis: float) -> Iterator[Item]:
        em, theme = self.measure.em, self.measure.theme
        height = max(self.height, self.least)
        left, top = x + (self.width - self.measure.box) / 2, axis - height / 2
        middle = x + self.width / 2
        drawn: list[Primitive] = [Rect(left, top, self.measure.box, height, self.fill, Stroke(theme.edge, 0.06 * em))]
        first = axis - (len(self.lines) - 1) / 2 * self.measure.leading + (ascent("serif", em) - 0.1 * em) / 2
        drawn += [
            Text(middle, first + index * self.measure.leading, line, em, "serif", "middle", fill=theme.on_box)
            for index, line in enumerate(self.lines)
        ]
        if self.times > 1:
            drawn.append(
                Text(left + self.measure.box, top - 0.35 * em, f"×{self.times}", em, "serif", "end", fill=theme.ink)
            )
        if self.caption:
            baseline = axis + height / 2 + 0.3 * em + ascent("serif", em)
            drawn.append(Text(middle, baseline, self.caption, em, "serif", "middle", fill=theme.ink))
            if self.name:
                below = baseline + self.measure.leading
                drawn.append(Text(middle, below, self.name, em, "serif-italic", "middle", fill=theme.ink))
        yield Group(self.first, "layer", tuple(drawn), self.title)

    @property
    def inset(self) -> float:
        """From the part's border to the box's."""
        return (self.width - self.measure.box) / 2


@dataclass(frozen=True)
class Sign:
    """A join that is a sign in a circle: ``+`` or ``×``."""

    turns: ClassVar[bool] = False
    measure: Measure
    first: str
    sign: str
    title: str

    @property
    def last(self) -> str:
        return self.first

    @property
    def radius(self) -> float:
        return 0.75 * self.measure.em

    @property
    def width(self) -> float:
        return 2 * self.radius

    @property
    def up(self) -> float:
        return self.radius

    @property
    def down(self) -> float:
        return self.radius

    @property
    def inset(self) -> float:
        return 0.0

    def draw(self, x: float, axis: float) -> Iterator[Item]:
        stroke, r = self.measure.line, self.radius
        middle, arm = x + r, 0.55 * r
        turns = (0.0, math.pi / 2) if self.sign == "+" else (math.pi / 4, 3 * math.pi / 4)
        arms = (
            Path(
                (
                    Move((middle - arm * math.cos(turn), axis - arm * math.sin(turn))),
                    Line((middle + arm * math.cos(turn), axis + arm * math.sin(turn))),
                ),
                stroke,
            )
            for turn in turns
        )
        yield Group(self.first, "layer", (Circle(middle, axis, r, self.measure.theme.paper, stroke), *arms), self.title)


@dataclass(frozen=True)
class Row:
    """Parts one after the other."""

    turns: ClassVar[bool] = False
    measure: Measure
    parts: tuple[Part, ...]

    @property
    def first(self) -> str:
        return self.parts[0].first

    @property
    def last(self) -> str:
        return self.parts[-1].last

    @cached_property
    def width(self) -> float:
        gaps = sum(_gap(before, after, self.measure) for before, after in pairwise(self.parts))
        return sum(part.width for part in self.parts) + gaps

    @cached_property
    def up(self) -> float:
        return max(part.up for part in self.parts)

    @cached_property
    def down(self) -> float:
        return max(part.down for part in self.parts)

    def draw(self, x: float, axis: float) -> Iterator[Item]:
        before: Part | None = None
        for part in self.parts:
            if before is not None:
                gap = _gap(before, part, self.measure)
                if gap:
                    line = straight(before, part, x, x + gap, axis, self.measure)
                    yield Group(line.id, "decoration", line.items) if isinstance(part, Stacked) else line
                x += gap
            yield from part.draw(x, axis)
            before, x = part, x + part.width


def _gap(before: Part, after: Part, measure: Measure) -> float:
    """What has gutters of its own needs none."""
    return 0.0 if before.turns or after.turns else measure.gap


def border(part: Part, *, right: bool) -> float:
    """From the part's bounding box inwards to where a connector ends."""
    match part:
        case Row(parts=parts):
            return border(parts[-1] if right else parts[0], right=right)
        case Box() | Sign() | Stacked():
            return part.inset
        case Tapped(inside=inside):
            return border(inside, right=right)
        case Landed(join=join):
            return border(join, right=right) + (0.0 if right else part.lead)
    return 0.0


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
        at = x + self.width - border(self.inside, right=True) + 0.7 * em
        for index, letter in enumerate(self.letters):
            y = axis - self.rise - index * 2.2 * em
            foot = axis if index == 0 else y + 2.2 * em - letter_radius(self.measure)
            stem = Path((Move((at, foot)), Line((at, y + letter_radius(self.measure)))), line)
            dot = (Circle(at, axis, 0.16 * em, line.color),) if index == 0 else ()
            yield Group(f"leaves-{letter}", "decoration", (*dot, stem, *lettered(at, y, letter, self.measure)))


@dataclass(frozen=True)
class Landed:
    """A join into which tensors come from other rows: each from its letter, through what lies on its way."""

    turns: ClassVar[bool] = False
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
        floor = axis - (self.join.radius if isinstance(self.join, Sign) else _box_up(self.join))
        for index, (letter, way, level) in enumerate(zip(self.letters, self.ways, self.levels, strict=True)):
            y = axis - level
            landing = left + self.join.width / 2 + (index - (count - 1) / 2) * 0.8 * em
            bend = 0.6 * em
            line = measure.line
            fall = (
                Line((landing - bend, y)),
                _corner((landing - bend, y), (landing, y), (landing, y + bend)),
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
            into = begin + border(way, right=False)
            at = begin - 1.4 * em - letter_radius(measure)
            tip = arrowhead((into, y), (1.0, 0.0), measure.head, line.color)
            steps = (Move((at + letter_radius(measure), y)), Line((into - 0.8 * measure.head, y)))
            yield edge(self.sources[index], way.first, (Path(steps, line), tip, *lettered(at, y, letter, measure)))
            yield from way.draw(begin, y)
            out = Move((begin + way.width - border(way, right=True), y))
            yield edge(way.last, self.join.first, (Path((out, *fall), line), head))


@dataclass(frozen=True)
class Stacked:
    """A volume of several branches: a cuboid with a segment for each, and how many channels it has."""

    turns: ClassVar[bool] = False
    measure: Measure
    first: str
    height: int
    across: int
    """H and W of the volume."""
    channels: tuple[int, ...]
    """Of each branch, in the order in which they are stacked."""

    @property
    def last(self) -> str:
        return self.first

    @property
    def side(self) -> tuple[float, float]:
        """The front face; its longer side is always as long."""
        longest = 4.2 * self.measure.em
        return longest * self.across / max(self.height, self.across), longest * self.height / max(
            self.height, self.across
        )

    @cached_property
    def depths(self) -> list[float]:
        """How far each segment runs back, at 45°: in proportion, and with room for its number."""
        total = sum(self.channels)
        free = 7.0 * self.measure.em
        return [max(1.25 * self.measure.em, free * count / total) for count in self.channels]

    @property
    def inset(self) -> float:
        return 0.0

    @property
    def width(self) -> float:
        words = text_width(str(self.channels[-1]), "serif", self.measure.em)
        return self.side[0] + sum(self.depths) + 0.4 * self.measure.em + words

    @property
    def up(self) -> float:
        return self.side[1] / 2 + sum(self.depths)

    @property
    def down(self) -> float:
        return self.side[1] / 2 + 1.5 * self.measure.em

    def draw(self, x: float, axis: float) -> Iterator[Item]:
        """From the back to the front, so that nearer segments cover farther ones."""
        em, theme = self.measure.em, self.measure.theme
        wide, high = self.side
        top = axis - high / 2
        edge_line = Stroke(theme.edge, 0.05 * em)
        offsets = [0.0]
        for depth in self.depths:
            offsets.append(offsets[-1] + depth)
        drawn: list[Primitive] = []
        for number in reversed(range(len(self.channels))):
            near, deep = offsets[number], self.depths[number]
            faces = theme.branches[number % len(theme.branches)]
            drawn += cuboid(x + near, top - near - deep, wide, high, deep, faces, edge_line)
        for number, count in enumerate(self.channels):
            middle = offsets[number] + self.depths[number] / 2
            spot = x + wide + middle + 0.35 * em, top + high - middle + 0.75 * em
            drawn.append(Text(*spot, str(count), em, "serif", fill=theme.ink))
        drawn.append(
            Text(x + wide / 2, top + high + 1.05 * em, str(self.across), em, "serif", "middle", fill=theme.ink)
        )
        yield Group(
            f"{self.first}-stacked", "decoration", tuple(drawn), f"{' + '.join(map(str, self.channels))} channels"
        )


def letter_radius(measure: Measure) -> float:
    return 0.8 * measure.em


def lettered(x: float, y: float, letter: str, measure: Measure) -> tuple[Primitive, ...]:
    """A letter in a circle: the same one stands where the line goes on."""
    em = measure.em
    baseline = y + (ascent("serif", em) - 0.1 * em) / 2
    return (
        Circle(x, y, letter_radius(measure), measure.theme.paper, measure.line),
        Text(x, baseline, letter, em, "serif", "middle", fill=measure.theme.ink),
    )


def begins_with_split(part: Part) -> bool:
    return part.turns or (isinstance(part, Row) and begins_with_split(part.parts[0]))


def straight(before: Part, after: Part, x: float, end: float, axis: float, measure: Measure) -> Group:
    tip = end + border(after, right=False)
    start = x - border(before, right=True)
    drawn = (
        Path((Move((start, axis)), Line((tip - 0.8 * measure.head, axis))), measure.line),
        arrowhead((tip, axis), (1.0, 0.0), measure.head, measure.theme.ink),
    )
    return edge(before.last, after.first, drawn)


def edge(source: str, target: str, drawn: Sequence[Primitive], title: str = "") -> Group:
    return Group(f"{source}--{target}", "edge", tuple(drawn), title, (("src", source), ("dst", target)))


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


@dataclass(frozen=True)
class Split:
    """A fork with its branches, up to the border of what they meet in.

    Lanes lie one under the other in the order of the spec; skips are arcs above them, the inner first.
    """

    turns: ClassVar[bool] = True
    measure: Measure
    source: str
    """The unit before it; empty at the start of a network, where lanes begin with inputs."""
    source_inset: float
    join: Part | None
    """What the branches meet in, for the arrowheads' place; it is drawn by who holds both."""
    target: str
    lanes: tuple[Lane, ...]
    arcs: tuple[Lane, ...]

    @property
    def first(self) -> str:
        return self.lanes[0].part.first if self.lanes and self.lanes[0].part else self.target

    @property
    def last(self) -> str:
        return self.source

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
        before = self.gutter if self.source else 0.0
        after = self.gutter if self.target else 0.0
        return before + self.inner + after

    @property
    def between(self) -> float:
        return 0.9 * self.measure.em

    @cached_property
    def _heights(self) -> float:
        return sum(_up(lane) + _down(lane) for lane in self.lanes) + self.between * max(0, len(self.lanes) - 1)

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
        found, top = [], max(self.lane_up, self.join.up if self.join else 0.0)
        for arc in self.arcs:
            down = _down(arc) if arc.part else 0.0
            found.append(top + self.between + down)
            top = found[-1] + (_up(arc) if arc.part else 0.35 * self.measure.em)
        return found

    @cached_property
    def up(self) -> float:
        if not self.arcs:
            return self.lane_up
        top = self.arcs[-1]
        return self.levels[-1] + (_up(top) if top.part else 0.35 * self.measure.em)

    @cached_property
    def down(self) -> float:
        return self.lane_down

    def draw(self, x: float, axis: float) -> Iterator[Item]:
        left = x + (self.gutter if self.source else 0.0)
        right = left + self.inner
        end = x + self.width
        y = axis - self.lane_up
        for index, lane in enumerate(self.lanes):
            y += _up(lane)
            at = axis if len(self.lanes) == 1 else y
            yield from self._lane(lane, index, x, left, right, end, axis, at)
            y += _down(lane) + self.between
        for index, (arc, level) in enumerate(zip(self.arcs, self.levels, strict=True)):
            yield from self._arc(arc, index, x, left, right, end, axis, axis - level)

    def _lane(
        self, lane: Lane, index: int, x: float, left: float, right: float, end: float, axis: float, y: float
    ) -> Iterator[Item]:
        """Right-aligned, so that what meets in the join stands in one column."""
        part = lane.part
        line = self.measure.line
        start = (x - self.source_inset, axis)
        tip = (end + (border(self.join, right=False) if self.join else 0.0), axis + self._fan(index))
        if part is None:
            steps = _bend(start, (left, y), right, tip)
            if self.source and self.target:
                yield edge(self.source, self.target, self._headed(steps, line), "identity")
            return
        begin = right - part.width
        if self.source:
            into = begin + border(part, right=False)
            steps = (Move(start), *turn(start, (left, y)), Line((into, y)))
            headed = (Path(steps, line),) if begins_with_split(part) else self._headed(steps, line)
            yield edge(self.source, part.first, headed)
        yield from part.draw(begin, y)
        if self.target:
            out = (right - border(part, right=True), y)
            steps = (Move(out), Line((right, y)), *turn((right, y), tip))
            yield edge(part.last, self.target, self._headed(steps, line))

    def _headed(self, steps: Sequence[Move | Line | Curve], line: Stroke) -> tuple[Primitive, ...]:
        tip = steps[-1].to
        shortened = (*steps[:-1], _short(steps[-1], 0.8 * self.measure.head))
        return (Path(shortened, line), arrowhead(tip, (1.0, 0.0), self.measure.head, line.color))

    def _fan(self, index: int) -> float:
        """How far below the axis lane *index* meets the join, so that heads stand side by side."""
        if self.join is None or isinstance(self.join, Sign):
            return 0.0
        count = len(self.lanes)
        pitch = min(0.9 * self.measure.em, 1.6 * _box_up(self.join) / count)
        return (index - (count - 1) / 2) * pitch

    def _arc(
        self, arc: Lane, index: int, x: float, left: float, right: float, end: float, axis: float, y: float
    ) -> Iterator[Item]:
        """Up from a dot behind the source, along, and down onto the join."""
        measure = self.measure
        em, count = measure.em, len(self.arcs)
        tap = x + (0.42 - 0.2 * index / max(1, count)) * self.gutter
        landing = end - 0.3 * self.gutter
        floor = axis
        if self.join is not None:
            landing = end + self.join.width / 2 + (index - (count - 1) / 2) * 0.6 * em
            floor = axis - (self.join.radius if isinstance(self.join, Sign) else _box_up(self.join))
        line = measure.dashed if arc.projects else measure.line
        dot = Circle(tap, axis, 0.16 * em, line.color)
        bend = min(0.7 * em, abs(axis - y) / 3)
        rise = (Move((tap, axis)), Line((tap, y + bend)), _corner((tap, y + bend), (tap, y), (tap + bend, y)))
        fall = (
            Line((landing - bend, y)),
            _corner((landing - bend, y), (landing, y), (landing, y + bend)),
            Line((landing, floor - 0.8 * measure.head)),
        )
        head = arrowhead((landing, floor), (0.0, 1.0), measure.head, line.color)
        if arc.part is None:
            yield edge(self.source, self.target, (dot, Path((*rise, *fall), line), head), "identity shortcut")
            return
        part = arc.part
        begin = (tap + landing - part.width) / 2
        into = begin + border(part, right=False)
        tip = arrowhead((into, y), (1.0, 0.0), measure.head, line.color)
        yield edge(self.source, part.first, (dot, Path((*rise, Line((into - 0.8 * measure.head, y))), line), tip))
        yield from part.draw(begin, y)
        out = begin + part.width - border(part, right=True)
        yield edge(part.last, self.target, (Path((Move((out, y)), *fall), line), head))


def _box_up(part: Part) -> float:
    return max(part.height, part.least) / 2 if isinstance(part, Box) else part.up


def _up(lane: Lane) -> float:
    return lane.part.up if lane.part else 0.0


def _down(lane: Lane) -> float:
    return lane.part.down if lane.part else 0.0


def turn(start: Point, stop: Point) -> tuple[Line | Curve, ...]:
    """From one height to another, level at both ends."""
    if abs(start[1] - stop[1]) < 0.01:
        return (Line(stop),)
    middle = (start[0] + stop[0]) / 2
    return (Curve((middle, start[1]), (middle, stop[1]), stop),)


def _bend(start: Point, level: Point, right: float, stop: Point) -> tuple[Move | Line | Curve, ...]:
    return (Move(start), *turn(start, level), Line((right, level[1])), *turn((right, level[1]), stop))


def _corner(start: Point, corner: Point, stop: Point) -> Curve:
    """A quarter turn."""
    share = 0.5523
    return Curve(
        (start[0] + share * (corner[0] - start[0]), start[1] + share * (corner[1] - start[1])),
        (stop[0] + share * (corner[0] - stop[0]), stop[1] + share * (corner[1] - stop[1])),
        stop,
    )


def _short(step: Move | Line | Curve, by: float) -> Move | Line | Curve:
    """A last step that ends *by* before its end: the arrowhead covers the rest."""
    x, y = step.to
    match step:
        case Curve(control1, control2):
            return Curve(control1, control2, (x - by, y))
        case Line():
            return Line((x - by, y))
        case Move():
            return step


@dataclass(frozen=True)
class Framed:
    """Parts that repeat, in a frame with how often."""

    turns: ClassVar[bool] = False
    measure: Measure
    inside: Part
    last: str
    times: int

    @property
    def first(self) -> str:
        return self.inside.first

    @property
    def pad(self) -> float:
        return 0.8 * self.measure.em

    @cached_property
    def width(self) -> float:
        return self.inside.width + 2 * self.lead

    @property
    def lead(self) -> float:
        """From the frame to what is inside, with an arrow on the way."""
        return 1.5 * self.measure.em

    @cached_property
    def up(self) -> float:
        return self.inside.up + self.pad + 1.4 * self.measure.em

    @cached_property
    def down(self) -> float:
        return self.inside.down + self.pad

    def draw(self, x: float, axis: float) -> Iterator[Item]:
        em, theme = self.measure.em, self.measure.theme
        top, bottom = axis - self.inside.up - self.pad, axis + self.inside.down + self.pad
        frame = Rect(x, top, self.width, bottom - top, None, Stroke(theme.faint, 0.06 * em, (0.12 * em, 0.2 * em)))
        words = Text(x + self.width, top - 0.4 * em, f"×{self.times}", em, "serif", "end", fill=theme.ink)
        yield Group(f"repeat-{self.first}", "decoration", (frame, words), f"{self.times} times")
        left, right = x + self.lead, x + self.width - self.lead
        line = self.measure.line
        into: tuple[Primitive, ...]
        if not begins_with_split(self.inside):
            tip = left + border(self.inside, right=False)
            into = (
                Path((Move((x, axis)), Line((tip - 0.8 * self.measure.head, axis))), line),
                arrowhead((tip, axis), (1.0, 0.0), self.measure.head, line.color),
            )
        else:
            into = (Path((Move((x, axis)), Line((left, axis))), line),)
        yield Group(f"into-{self.first}", "decoration", into)
        yield from self.inside.draw(left, axis)
        out = (Path((Move((right - border(self.inside, right=True), axis)), Line((x + self.width, axis))), line),)
        yield Group(f"out-of-{self.inside.last}", "decoration", out)
