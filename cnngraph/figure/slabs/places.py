"""Where things by resolution stand, and how the lines between them run.

Things are placed in topological order, each as far left as what it takes allows; so everything right of a row's end is
free, and a line from row to row runs straight down or up there. Within a row a line runs on the axis, or, over what
stands between, on a lane above it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile
from math import pow, sqrt

from cnngraph.figure.scene import Point
from cnngraph.figure.sharing import FONT as LETTER
from cnngraph.figure.slabs.nodes import Edge, Node, Nodes
from cnngraph.figure.slabs.resolution import pixels
from cnngraph.figure.text import ascent, descent
from cnngraph.figure.text import width as text_width
from cnngraph.figure.tracks import levels as heights
from cnngraph.network import Output
from cnngraph.volume import caption

_LEAST_HIGH, _LEAST_THICK = 1.1, 0.45
"""Ems that a front face is high and wide at least."""
_POWER = 0.62
"""A side of n pixels is drawn n to this power long, so that 7 stays visible beside 224."""
_SLANT = 0.3
"""How far the depth runs, of the length that it stands for."""
_THICKEST, _THIN = 2.6, 0.8
"""Ems of the volume with the most channels, beyond what any is thick; and where there is no room for that."""
_VECTOR = 3.4, 1.3
"""Ems that a vector is high and wide."""
_POOL = 0.55
"""Ems that a pool is thick."""
BALL = 0.62
"""Ems: the radius of a join."""
_GAP, _TURN, _LANE = 1.4, 0.7, 0.7
"""Ems: between things that a line joins, between a line that turns and what it leads to, and from lane to lane."""
_TAP = 0.55
"""Ems from a thing and its words to where lines leave the axis behind it."""
_NAMED = 2
"""Lanes that a line takes with a name at its end."""
_LETTER_AIR = 0.25
"""Ems between a letter and a line that leaves beside it."""
_ROW = 0.5
"""Ems between rows."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Lengths in points that all things of a figure share."""

    em: float
    side: float
    """Of the largest map."""
    largest: int
    most: int
    """Channels of the deepest."""
    thin: bool = False
    """Whether what is deep is no thicker than its words need, nearly."""

    def long(self, size: int) -> float:
        return max(_LEAST_HIGH * self.em, self.side * pow(size / self.largest, _POWER))

    def thick(self, channels: int, words: float) -> float:
        share = sqrt(channels / self.most)
        return max(words + 0.3 * self.em, (_LEAST_THICK + (_THIN if self.thin else _THICKEST) * share) * self.em)


@dataclass(slots=True)
class Spot:
    """A thing at its place; its axis is its row's."""

    node: Node
    words: str
    """Its channels; none for a pool, which makes as many as it takes."""
    letter: str
    """That of its weights, where others have them, too."""
    thick: float
    high: float
    depth: float
    x: float = 0.0
    group: int = 0
    """Counted through; things side by side are one."""
    tap: float | None = None
    """How far right of it lines to lanes leave from the axis: where one comes down onto it, one that left above would
    go on from that."""

    @property
    def row(self) -> int:
        return self.node.row

    @property
    def is_ball(self) -> bool:
        return self.node.is_join

    @property
    def right(self) -> float:
        return self.x + self.thick + self.depth

    @property
    def middle(self) -> float:
        return self.x + self.thick / 2

    @property
    def out(self) -> float:
        """Where a line on the axis leaves it."""
        return self.x + self.thick + self.depth / 2

    @property
    def top(self) -> Point:
        """Where a line leaves or enters it above, its height as offset from the axis."""
        return self.middle + self.depth, -self.up

    @property
    def leave(self) -> Point:
        """Where a line to a lane leaves it, as `top`."""
        return self.top if self.tap is None else (self.right + self.tap, 0.0)

    @property
    def up(self) -> float:
        return self.high / 2 + self.depth


@dataclass(slots=True)
class Line:
    """An edge as it runs; `points` are set when the rows have places."""

    edge: Edge
    lane: int = 0
    """Above the row of its source, or of its target where it enters from above; 0 on the axis."""
    x: float = 0.0
    """Where it goes from row to row."""
    points: tuple[Point, ...] = ()
    glued: bool = False


@dataclass(slots=True)
class Row:
    """Things on one axis."""

    spots: list[int] = field(default_factory=list)
    end: float = 0.0
    """Where what stands in it ends so far."""
    worded: float = 0.0
    """Where words right of its joins end."""
    barred: float = 0.0
    """Up to where lines pass through it."""
    lanes: int = 0
    axis: float = 0.0


class Places:
    """The things of a figure, from (0, 0) on."""

    def __init__(self, found: Nodes, scale: Scale, letters: Mapping[str, str]) -> None:
        self.found, self.scale, self.em = found, scale, scale.em
        self.letters = letters
        """Those for weights, by the names of first units."""
        self.spots = [self._spot(node) for node in found.nodes]
        self.rows = [Row() for _ in range(1 + max(spot.row for spot in self.spots))]
        self.lines = [Line(edge) for edge in found.edges]
        self.into: list[list[Line]] = [[] for _ in self.spots]
        self.out: list[list[Line]] = [[] for _ in self.spots]
        for line in self.lines:
            self.into[line.edge.target].append(line)
            self.out[line.edge.source].append(line)
        self.sizes: dict[int, str] = {}
        """What is written below a group: the size of its maps."""
        self.outlets: list[tuple[int, Output, int]] = []
        """Outputs: the thing, as what it is given back, and the lane that its line takes."""
        self._tap()
        for number in range(len(self.spots)):
            self._place(number)
        self.width = max(row.end for row in self.rows)
        self._lanes()
        self._high()
        self.brackets = [(self.spots[each.first].x, self._end(each.first, each.last), each) for each in found.stretches]
        """What is there once: from where to where, and what."""
        if self.brackets:
            self.height += (0.8 + ascent("serif", self.em)) * self.em
        self._route()

    def _spot(self, node: Node) -> Spot:
        em, volume = self.em, node.last.output
        words, letter = str(volume.channels), self.letters.get(node.first.name, "")
        if node.is_join:
            sign = node.last.lead.kind.caption().sign
            words = node.label if sign else f"{node.label} {words}".lstrip()
            return Spot(node, words, letter, 2 * BALL * em, 2 * BALL * em, 0.0)
        wide = text_width(words, "serif", em)
        # The letter stands left of where a line leaves above.
        least = 2 * (text_width(letter, LETTER, em) + _LETTER_AIR * em) if letter else 0.0
        if not volume.is_map:
            return Spot(node, words, letter, max(_VECTOR[1] * em, wide + 0.3 * em, least), _VECTOR[0] * em, 0.0)
        if node.is_pool:
            words, thick = "", _POOL * em
        else:
            thick = max(least, self.scale.thick(pixels(volume.channels), wide))
        high, across = self.scale.long(pixels(volume.height)), self.scale.long(pixels(volume.width))
        return Spot(node, words, letter, thick, high, _SLANT * across)

    def _tap(self) -> None:
        """Finds what lines come down onto and lines to lanes leave."""
        last: dict[int, int] = {}
        after: dict[int, int] = {}
        for number, spot in enumerate(self.spots):
            if spot.row in last:
                after[last[spot.row]] = number
            last[spot.row] = number
        over = {id(line) for line in self.lines if after.get(line.edge.source, line.edge.target) < line.edge.target}
        rise = {line.edge.source for line in self.lines if id(line) in over} | {each for each, _ in self.found.outputs}
        for number in rise:
            spot = self.spots[number]
            rows = [(id(line) in over, self.spots[line.edge.source].row) for line in self.into[number]]
            if any(lifted if row == spot.row else spot.is_ball and row < spot.row for lifted, row in rows):
                words = text_width(spot.words, "serif", self.em) + 0.4 * self.em if spot.is_ball and spot.words else 0.0
                spot.tap = words + _TAP * self.em

    # From left to right -----------------------------------------------------------------------

    def _place(self, number: int) -> None:
        spot, em = self.spots[number], self.em
        row = self.rows[spot.row]
        if self._is_glued(number):
            before = self.spots[row.spots[-1]]
            spot.x, spot.group = before.x + before.thick, before.group
            self.into[number][0].glued = True
        else:
            spot.group = number
            spot.x = self._free(number)
        for line in self.into[number]:
            source = self.spots[line.edge.source]
            if source.row != spot.row:
                line.x = spot.middle if spot.is_ball else spot.x - _TURN * em
                for passed in self._passed(source, spot):
                    passed.barred = max(passed.barred, line.x + 0.6 * em)
        row.spots.append(number)
        if spot.is_ball and spot.words:
            row.worded = spot.right + 0.4 * em + text_width(spot.words, "serif", em)
        row.end = max(row.end, spot.right + (spot.tap or 0.0), self._said(spot) + 0.4 * em)

    def _free(self, number: int) -> float:
        """Where its left end can be."""
        spot, em = self.spots[number], self.em
        row = self.rows[spot.row]
        x = max(row.end + (_GAP * em if row.spots else 0.0), row.barred)
        for line in self.into[number]:
            source = self.spots[line.edge.source]
            if source.row == spot.row:
                x = max(x, source.right + self._gap(source))
                continue
            reach = spot.thick / 2 if spot.is_ball else -_TURN * em
            ends = [source.right + (self._gap(source) if spot.is_ball else _TURN * em)]
            passed = self._passed(source, spot)
            ends += [max(each.end + 0.5 * em, each.worded + 0.3 * em, each.barred) for each in passed]
            x = max(x, max(ends) - reach)
        return x

    def _gap(self, source: Spot) -> float:
        is_named = source.is_ball and bool(source.words)
        words = text_width(source.words, "serif", self.em) + 0.9 * self.em if is_named else 0.0
        return max(_GAP * self.em, words + 0.3 * self.em)

    def _passed(self, source: Spot, target: Spot) -> list[Row]:
        """The row of *source* and those that a line from there passes on its way."""
        one, other = source.row, target.row
        return self.rows[one:other] if one < other else self.rows[other + 1 : one + 1]

    def _is_glued(self, number: int) -> bool:
        """Whether it stands right beside what it takes, and no line between."""
        spot = self.spots[number]
        row, into = self.rows[spot.row], self.into[number]
        if len(into) != 1 or spot.is_ball or spot.node.label or not row.spots or row.spots[-1] != into[0].edge.source:
            return False
        before = self.spots[row.spots[-1]]
        here = [line for line in self.out[row.spots[-1]] if self.spots[line.edge.target].row == spot.row]
        plain = before.node.first.lead.inputs and before.node.last.output.is_map
        plain = plain and not before.is_ball and before.tap is None
        if not plain or len(here) > 1 or row.barred > before.right or not spot.node.last.output.is_map:
            return False
        if before.node.is_pool and before.group != row.spots[-1]:
            return False  # the pool is the end of what it stands beside
        return spot.node.is_pool or pixels(before.node.last.output.height) < 1.6 * pixels(spot.node.last.output.height)

    def _said(self, spot: Spot) -> float:
        """Where the words below its group end."""
        first = self.spots[spot.group]
        called = f"{first.node.label} " if first.node.label and not first.is_ball else ""
        volumes = first.node.last.output, spot.node.last.output
        if spot.is_ball or not all(volume.is_map for volume in volumes):
            return max(spot.x + spot.thick, first.x + text_width(called, "serif", self.em))
        if spot.node.is_pool and spot is not first:
            return first.x + text_width(called + self.sizes[spot.group], "serif", self.em)
        sizes = list(dict.fromkeys((caption(volume.height), caption(volume.width)) for volume in volumes))
        if len(sizes) > 1 and all(one == other for one, other in sizes):
            said = " → ".join(size[0] for size in sizes)
        else:
            said = " → ".join("×".join(size) for size in sizes)
        self.sizes[spot.group] = said
        return first.x + text_width(called + said, "serif", self.em)

    # From top to bottom -----------------------------------------------------------------------

    def _between(self, row: Row, start: float, end: float, but: Sequence[int]) -> bool:
        """Whether something stands on the axis of *row* between *start* and *end*."""
        first = bisect_right(row.spots, start, key=lambda number: self.spots[number].middle)
        found = takewhile(lambda number: self.spots[number].middle < end, islice(row.spots, first, None))
        return any(number not in but for number in found)

    def _lanes(self) -> None:
        """Gives a lane to every line that cannot run on the axis."""
        arcs: dict[int, list[tuple[Line, float, float]]] = {}
        for line in self.lines:
            source, target = self.spots[line.edge.source], self.spots[line.edge.target]
            row = self.rows[source.row]
            same = source.row == target.row
            end = target.x if same else line.x
            if line.glued or not self._between(row, source.x + source.thick, end, (line.edge.source, line.edge.target)):
                continue
            arcs.setdefault(source.row, []).append((line, source.leave[0], target.top[0] if same else line.x))
        for number, found in arcs.items():
            places = sorted({x for _, *ends in found for x in ends})
            rank = {x: at for at, x in enumerate(places)}
            spans = [(rank[min(ends)], rank[max(ends)]) for _, *ends in found]
            for (line, *_), height in zip(found, heights(spans), strict=True):
                line.lane = height
            self.rows[number].lanes = max(line.lane for line, *_ in found)
        if len(self.found.outputs) > 1 or any(output.label for _, output in self.found.outputs):
            taken: dict[int, int] = {}
            for number, output in self.found.outputs:
                row = self.rows[self.spots[number].row]
                at = self.spots[number].row
                on_axis = at not in taken and row.spots[-1] == number and row.barred <= self.spots[number].right
                taken.setdefault(at, 0)
                if not on_axis:
                    row.lanes += _NAMED
                self.outlets.append((number, output, 0 if on_axis else row.lanes))

    def _high(self) -> None:
        y, em = 0.0, self.em
        for row in self.rows:
            spots = [self.spots[number] for number in row.spots]
            if not spots:
                continue
            row.axis = y + self._up(row) + row.lanes * _LANE * em + (0.3 * em if row.lanes else 0.0)
            lines = 2 * (ascent("serif", em) + descent("serif", em)) + 0.5 * em
            y = row.axis + max(spot.high / 2 for spot in spots) + lines + _ROW * em
        self.height = y - _ROW * em

    @property
    def badge(self) -> float:
        """What a line of words above a thing takes."""
        return ascent("serif", self.em) + 0.3 * self.em

    def _up(self, row: Row) -> float:
        """How high things reach in *row* with what stands above them: how often they are there, over it a letter."""
        spots = [self.spots[number] for number in row.spots]
        lines = max((spot.node.times > 1) + (spot.letter != "") for spot in spots)
        return max(spot.up for spot in spots) + lines * self.badge

    def group_up(self, spot: Spot) -> float:
        """How high what stands side by side with *spot* reaches."""
        row = self.rows[spot.row]
        return max(each.up for each in map(self.spots.__getitem__, row.spots) if each.group == spot.group)

    def lane(self, row: Row, number: int) -> float:
        """How high the lane of *number* runs."""
        return row.axis - self._up(row) - (0.3 + _LANE * (number - 1) + 0.3) * self.em

    def _end(self, first: int, last: int) -> float:
        return max(spot.right for spot in self.spots[first : last + 1])

    def _route(self) -> None:
        for line in self.lines:
            source, target = self.spots[line.edge.source], self.spots[line.edge.target]
            here, there = self.rows[source.row], self.rows[target.row]
            if line.glued:
                top = here.axis - min(source.high, target.high) / 2
                line.points = (target.x, top), (target.x, here.axis + min(source.high, target.high) / 2)
                continue
            if line.lane:
                level = self.lane(here, line.lane)
                start: tuple[Point, ...] = self.rise(line.edge.source, level)
            else:
                level = here.axis
                start = ((source.out, level),)
            if here is there:
                x, y = target.top
                end: tuple[Point, ...] = ((x, level), (x, there.axis + y)) if line.lane else ((target.x, level),)
            elif target.is_ball:
                side = 1 if source.row > target.row else -1
                end = ((line.x, level), (line.x, there.axis + side * target.high / 2))
            else:
                end = ((line.x, level), (line.x, there.axis), (target.x, there.axis))
            line.points = (*start, *end)

    def rise(self, number: int, level: float) -> tuple[Point, ...]:
        """How a line leaves a thing for a lane at *level*: above, or from the axis behind it."""
        spot = self.spots[number]
        axis = self.rows[spot.row].axis
        x, y = spot.leave
        up = (x, axis + y), (x, level)
        return up if spot.tap is None or self.on_axis(number) else ((spot.out, axis), *up)

    def on_axis(self, number: int) -> bool:
        """Whether a line leaves it on the axis, from which others then leave."""
        if any(source == number and not lane for source, _, lane in self.outlets):
            return True
        return any(not line.lane and not line.glued for line in self.out[number])
