"""Parts one after the other, and those that repeat in a frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, groupby
from math import fsum, inf
from typing import ClassVar, NamedTuple

from cnngraph.figure.lanes.boxes import Stacked
from cnngraph.figure.lanes.called import PAD, Bracket, Frame, Within
from cnngraph.figure.lanes.part import Measure, Part, into, straight
from cnngraph.figure.lanes.split import Split
from cnngraph.figure.scene import (
    Circle,
    Group,
    Item,
    Line,
    Move,
    Path,
    Primitive,
    Rect,
    Stroke,
    Text,
)
from cnngraph.figure.shapes import arrowhead
from cnngraph.figure.text import ascent
from cnngraph.figure.text import width as text_width

_TAP = 0.35
"""Where in the gap behind a part the ways to outputs leave; in a longer one than usual as far from the part."""
_INDENT, _AIR, _AIR_DOWN = 1.6, 1.8, 0.8
"""Ems: from there to what lies below, and between what lies below and what is above it, or on its left."""


class Stop(NamedTuple):
    """A part of a row."""

    part: Part
    below: tuple[Part, ...] = ()
    """What leaves the row behind it, and ends in outputs."""
    within: tuple[Within, ...] = ()
    """The blocks with frames that it is in, the outermost first."""
    under: tuple[Within, ...] = ()
    """Those in which it is with a bracket below the row."""
    before: float = 0.0
    """Points that the frames which begin with it take on its left, with the air before them."""
    behind: float = 0.0
    air: float = 0.0

    @property
    def width(self) -> float:
        return self.before + self.part.width + self.behind


class Spot(NamedTuple):
    """What lies on the axis of a row."""

    layers: tuple[str, ...]
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class _Hung:
    """A way to an output below a row."""

    source: int
    """Behind which stop it leaves, at *tap*."""
    tap: float
    part: Part
    lane: int


@dataclass(frozen=True)
class Row:
    """Parts one after the other; the ways to outputs lie below them."""

    measure: Measure
    stops: tuple[Stop, ...]

    @classmethod
    def of(cls, measure: Measure, parts: Sequence[Part]) -> Row:
        return cls(measure, tuple([Stop(part) for part in parts]))

    @property
    def first(self) -> str:
        return self.stops[0].part.first

    @property
    def last(self) -> str:
        return self.stops[-1].part.last

    @property
    def opens(self) -> bool:
        return self.stops[0].part.opens

    @property
    def closes(self) -> bool:
        return self.stops[-1].part.closes

    @property
    def forks(self) -> bool:
        return self.stops[0].part.forks

    @property
    def layers(self) -> tuple[str, ...]:
        return tuple([name for stop in self.stops for part in (stop.part, *stop.below) for name in part.layers])

    @property
    def left(self) -> float:
        return self.stops[0].before + self.stops[0].part.left

    @property
    def right(self) -> float:
        inset = 0.0 if self.stops[-1].below else self.stops[-1].part.right + self.stops[-1].behind
        return self.width - self._reach + inset

    @property
    def top(self) -> float:
        return self.up

    @cached_property
    def _gaps(self) -> list[float]:
        """The room behind each stop."""
        after = [*(stop.part for stop in self.stops[1:]), None]
        return [gap_behind(stop, part, self.measure) for stop, part in zip(self.stops, after, strict=True)]

    @cached_property
    def _reach(self) -> float:
        """The length of the row itself."""
        return fsum(stop.width for stop in self.stops) + fsum(self._gaps)

    @cached_property
    def _hung(self) -> list[_Hung]:
        """What lies below, from right to left: each in the highest lane that is free where it lies, and below what
        leaves with it. So no line down to a lane passes through another."""
        found: list[_Hung] = []
        free: list[float] = []
        x = self._reach
        for number in reversed(range(len(self.stops))):
            stop, gap = self.stops[number], self._gaps[number]
            x -= gap
            tap, lane = x + _TAP * min(gap, self.measure.gap), 0
            for part in stop.below:
                begin = tap + _INDENT * self.measure.em
                while lane < len(free) and begin + part.width + self.measure.em > free[lane]:
                    lane += 1
                free[: lane + 1] = [tap - self.measure.em] * (lane + 1)
                found.append(_Hung(number, tap, part, lane))
                lane += 1
            x -= stop.width
        return found

    @cached_property
    def frames(self) -> list[Frame]:
        """Around what is in blocks with labels, the outer first."""
        starts, pad = self._starts, PAD * self.measure.em
        found: list[tuple[range, Frame]] = []
        for level in reversed(range(max(len(stop.within) for stop in self.stops))):
            paths = [stop.within[level].called.path if len(stop.within) > level else "" for stop in self.stops]
            for path, numbers in groupby(range(len(paths)), paths.__getitem__):
                if not path:
                    continue
                inside = list(numbers)
                first, last = self.stops[inside[0]], self.stops[inside[-1]]
                over = range(inside[0], inside[-1] + 1)
                inner = [frame for stops, frame in found if stops.start in over]
                begins, ends = first.within[level].begins, last.within[level].ends
                # Frames around it may begin and end with the same stops.
                around = [each for each in first.within[:level] if each.begins]
                beyond = [each for each in last.within[:level] if each.ends]
                at = [number for number, (stops, _) in enumerate(found) if stops.start in over]
                found.insert(min(at, default=len(found)), (over, Frame(
                    self.measure, first.within[level].called, begins, ends,
                    left=starts[over.start] + first.air + pad * len(around),
                    right=starts[inside[-1]] + last.width - pad * len(beyond),
                    up=max([self.stops[number].part.up for number in over] + [frame.top for frame in inner]),
                    down=max([self.stops[number].part.down for number in over] + [frame.bottom for frame in inner]),
                    taken=self._taken(over.start) - first.air - pad * len(around), first=first.part.first,
                    layers=tuple([name for number in over for name in self.stops[number].part.layers]),
                )))  # fmt: skip
        return [frame for _, frame in found]

    @cached_property
    def _starts(self) -> list[float]:
        """Where each stop begins."""
        return list(accumulate(
            (stop.width + gap for stop, gap in zip(self.stops[:-1], self._gaps, strict=False)), initial=0.0
        ))  # fmt: skip

    def spots(self, x: float) -> Iterator[Spot]:
        """What lies on the axis of the row, which begins at *x*: a lane too, where there is one and nothing stands on
        the arcs over it."""
        for stop, start in zip(self.stops, self._starts, strict=True):
            part, left = stop.part, x + start + stop.before
            if isinstance(part, Split) and len(part.lanes) == 1 and not any(arc.part for arc in part.arcs):
                inner = part.lanes[0].part
                left += part.begins + part.inner - (inner.width if inner else 0.0)
                if isinstance(inner, Row):
                    yield from inner.spots(left)
                elif inner is not None:
                    yield Spot(inner.layers, left, left + inner.width)
            elif part.layers:
                yield Spot(part.layers, left, left + part.width)

    @cached_property
    def brackets(self) -> list[tuple[Bracket, float]]:
        """Below the row, and how far below what is in it: each where there is room, the shorter above."""
        under = {way.called.path: way.called for stop in self.stops for way in stop.under}
        spots, found = list(self.spots(0.0)) if under else [], []
        for called in under.values():
            ways = [way for stop in self.stops for way in stop.under if way.called is called]
            there = [spot for spot in spots if not called.needed.isdisjoint(spot.layers)]
            names = tuple([name for spot in there for name in spot.layers])
            if there:
                found.append(Bracket(
                    self.measure, called, ways[0].begins, ways[-1].ends, there[0].left, there[-1].right, self.width,
                    names[0], names,
                ))  # fmt: skip
        placed: list[tuple[Bracket, float]] = []
        for each in sorted(found, key=lambda each: each.right - each.left):
            left, right = each.span
            over = [top + other.deep for other, top in placed if other.span[0] < right and left < other.span[1]]
            placed.append((each, max(over, default=0.0)))
        return placed

    def _taken(self, number: int) -> float:
        """How far behind the left border of a stop arcs come down onto it."""
        before = self.stops[number - 1].part if number else None
        return before.lead + before.landing if isinstance(before, Split) and before.arcs else 0.0

    @cached_property
    def _lanes(self) -> list[float]:
        """The axis of each lane below, from the row's own."""
        above = max([stop.part.down for stop in self.stops] + [frame.bottom for frame in self.frames])
        air = (_AIR_DOWN if self.measure.down else _AIR) * self.measure.em
        found: list[float] = []
        for lane in range(1 + max((hung.lane for hung in self._hung), default=-1)):
            inside = [hung.part for hung in self._hung if hung.lane == lane]
            found.append(above + air + max(part.up for part in inside))
            above = found[-1] + max(part.down for part in inside)
        return found

    @cached_property
    def width(self) -> float:
        return max([self._reach, *(hung.tap + _INDENT * self.measure.em + hung.part.width for hung in self._hung)])

    @cached_property
    def up(self) -> float:
        return max([stop.part.up for stop in self.stops] + [frame.top for frame in self.frames])

    @cached_property
    def down(self) -> float:
        return self._bottom + max([0.0, *(top + bracket.deep for bracket, top in self.brackets)])

    @cached_property
    def _bottom(self) -> float:
        """Without what stands below."""
        inside = [stop.part.down for stop in self.stops] + [frame.bottom for frame in self.frames]
        return max(inside + [self._lanes[hung.lane] + hung.part.down for hung in self._hung])

    def draw(self, x: float, axis: float) -> Iterator[Item]:
        left = x
        for frame in self.frames:
            yield frame.draw(x, axis)
        for bracket, top in self.brackets:
            yield bracket.draw(x, axis + self._bottom + top)
        for number, (stop, gap) in enumerate(zip(self.stops, self._gaps, strict=True)):
            yield from stop.part.draw(x + stop.before, axis)
            x += stop.width
            if gap:
                after = self.stops[number + 1] if number + 1 < len(self.stops) else None
                yield self._onwards(stop, after, x, x + gap, axis)
            x += gap
        for hung in self._hung:
            yield from self._below(hung, left, axis)

    def _onwards(self, stop: Stop, after: Stop | None, x: float, end: float, axis: float) -> Item:
        start = x - stop.behind - stop.part.right
        if after is not None and not after.part.opens:
            line = straight(stop.part, after.part, start, end + after.before + after.part.left, axis, self.measure)
            return Group(line.id, "decoration", line.items) if isinstance(after.part, Stacked) else line
        trunk = Path((Move((start, axis)), Line((end, axis))), self.measure.line)
        return Group(f"behind-{stop.part.last}", "decoration", (trunk,))

    def _below(self, hung: _Hung, left: float, axis: float) -> Iterator[Item]:
        """Down from a dot in the gap, and into what lies below."""
        measure, part = self.measure, hung.part
        tap, y = left + hung.tap, axis + self._lanes[hung.lane]
        begin = tap + _INDENT * measure.em
        tip = begin + part.left
        stop = tip if part.opens else tip - 0.8 * measure.head
        drawn: tuple[Primitive, ...] = (
            Circle(tap, axis, 0.16 * measure.em, measure.theme.ink),
            Path((Move((tap, axis)), Line((tap, y)), Line((stop, y))), measure.line),
        )
        if not part.opens:
            drawn += (arrowhead((tip, y), (1.0, 0.0), measure.head, measure.theme.ink),)
        yield into(self.stops[hung.source].part.last, part, drawn)
        yield from part.draw(begin, y)


def gap_behind(stop: Stop, after: Part | None, measure: Measure) -> float:
    """Between a stop and *after*: what has gutters of its own needs none, but where ways to outputs leave."""
    joined = after is None or stop.part.closes or after.opens
    if after is not None and stop.below and measure.across < inf:
        # What lies below ends before the next way to an output leaves, so that they need no lanes beside each other.
        longest = max(part.width for part in stop.below)
        return max(measure.gap, longest + (_INDENT + 2) * measure.em - after.width)
    return 0.0 if joined and not stop.below else measure.gap


@dataclass(frozen=True)
class Framed:
    """Parts that repeat, in a frame with how often."""

    measure: Measure
    inside: Row
    last: str
    times: int
    layers: tuple[str, ...]
    """Names of all that it stands for, those of the stretch that is drawn among them."""
    opens: ClassVar[bool] = False
    closes: ClassVar[bool] = False
    left: ClassVar[float] = 0.0
    right: ClassVar[float] = 0.0

    @property
    def first(self) -> str:
        return self.inside.first

    @property
    def forks(self) -> bool:
        return self.inside.forks

    @property
    def top(self) -> float:
        return self.up

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

    @property
    def _words(self) -> str:
        return f"×{self.times}"

    @cached_property
    def up(self) -> float:
        return self.inside.up + self.pad + (0.0 if self.measure.down else 1.4 * self.measure.em)

    @cached_property
    def down(self) -> float:
        beside = 0.4 * self.measure.em + text_width(self._words, "serif", self.measure.em)
        return self.inside.down + self.pad + (beside if self.measure.down else 0.0)

    def draw(self, x: float, axis: float) -> Iterator[Item]:
        em, theme = self.measure.em, self.measure.theme
        top, bottom = axis - self.inside.up - self.pad, axis + self.inside.down + self.pad
        frame = Rect(x, top, self.width, bottom - top, None, Stroke(theme.faint, 0.06 * em, (0.12 * em, 0.2 * em)))
        if self.measure.down:
            words = Text(bottom + 0.4 * em, x + ascent("serif", em), self._words, em, "serif", fill=theme.ink)
        else:
            words = Text(x + self.width, top - 0.4 * em, self._words, em, "serif", "end", fill=theme.ink)
        framed = (frame, *self.measure.upright((words,)))
        about = f"{self.times} times"
        data = (("times", str(self.times)),)
        left, right = x + self.lead, x + self.width - self.lead
        inside = tuple(self.inside.draw(left, axis))
        within = _frames(inside)
        # Its groups are told from those of a frame in it that begins, or ends, with the same.
        mark = f"-{within + 1}" if within else ""
        yield Group(f"repeat-{self.layers[0]}{mark}", "decoration", framed, about, data, self.layers)
        line = self.measure.line
        drawn: tuple[Primitive, ...]
        if not self.inside.opens:
            tip = left + self.inside.left
            drawn = (
                Path((Move((x, axis)), Line((tip - 0.8 * self.measure.head, axis))), line),
                arrowhead((tip, axis), (1.0, 0.0), self.measure.head, line.color),
            )
        else:
            drawn = (Path((Move((x, axis)), Line((left + self.inside.left, axis))), line),)
        yield Group(f"into-{self.first}{mark}", "decoration", drawn)
        yield from inside
        out = (Path((Move((right - self.inside.right, axis)), Line((x + self.width, axis))), line),)
        yield Group(f"out-of-{self.inside.last}{mark}", "decoration", out)


def _frames(items: Iterable[Item]) -> int:
    """How many frames are drawn in *items*."""
    groups = [item for item in items if isinstance(item, Group)]
    return sum(("times" in dict(group.data)) + _frames(group.items) for group in groups)
