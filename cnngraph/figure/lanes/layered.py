"""What is not series-parallel, in columns: the layered layout (Sugiyama, Tagawa & Toda 1981).

Which column a node stands in, and in which order, is `ranked`; the heights come by moving every place as near to its
neighbours as the ones above and below it allow. What is too wide for a row is cut between two columns, and a tensor
that is taken behind the cut has a letter there.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import fsum

from cnngraph.figure.lanes.boxes import Box
from cnngraph.figure.lanes.curves import shortened, turn
from cnngraph.figure.lanes.heights import Columns, Place
from cnngraph.figure.lanes.letters import Letter, Onward
from cnngraph.figure.lanes.part import Measure, Part, into
from cnngraph.figure.lanes.ranked import Ranked
from cnngraph.figure.lanes.row import Row
from cnngraph.figure.scene import Curve, Item, Line, Move, Path, Primitive
from cnngraph.figure.shapes import arrowhead
from cnngraph.flow import Link

_GUTTER, _NARROW = 4.5, 2.8
"""Ems between columns, at most, and in rows that a part was cut into."""


@dataclass(frozen=True)
class Layered:
    """Nodes in columns; every line leads to the right."""

    measure: Measure
    source: str
    """The unit before it; empty at the start of a network, and where letters bring all there is."""
    source_inset: float
    nodes: tuple[Part, ...]
    links: tuple[Link, ...]
    closes_in: bool = True
    """Whether all leads to the last node, in a column of its own on the axis."""
    given: tuple[int, ...] = ()
    """The column of each node, where that is settled: in a row that a larger part was cut into."""
    trunk: float = 0.0
    """Points before it, to what it leaves, where a frame begins or ends there."""

    @property
    def first(self) -> str:
        return self.nodes[0].first

    @property
    def last(self) -> str:
        return self.nodes[-1].last

    @property
    def layers(self) -> tuple[str, ...]:
        return tuple([name for node in self.nodes for name in node.layers])

    @property
    def opens(self) -> bool:
        return True

    @property
    def closes(self) -> bool:
        return False

    @property
    def forks(self) -> bool:
        return True

    @property
    def left(self) -> float:
        return 0.0

    @property
    def right(self) -> float:
        return (self.widths[-1] - self.nodes[-1].width) / 2 + self.nodes[-1].right if self.closes_in else 0.0

    @property
    def top(self) -> float:
        return self.up

    # Columns -----------------------------------------------------------------------------------------

    @cached_property
    def ranked(self) -> Ranked:
        return Ranked(len(self.nodes), self.links, self.closes_in, self.given)

    @property
    def columns(self) -> list[int]:
        return self.ranked.columns

    @cached_property
    def widths(self) -> list[float]:
        found = [0.0] * (max(self.columns) + 1)
        for node, column in zip(self.nodes, self.columns, strict=True):
            found[column] = max(found[column], node.width)
        return found

    @cached_property
    def least(self) -> float:
        """Its width with the narrowest gutters."""
        return fsum(self.widths) + self.measure.gap * (len(self.widths) - (not self.source))

    @property
    def paths(self) -> list[list[Place]]:
        return self.ranked.paths

    @property
    def order(self) -> list[list[Place]]:
        return self.ranked.order

    # Heights -----------------------------------------------------------------------------------------

    @property
    def between(self) -> float:
        return (0.5 if self.measure.down else 0.9) * self.measure.em

    @cached_property
    def sizes(self) -> dict[Place, tuple[float, float]]:
        """How far each place reaches above its axis, and below."""
        line = 0.6 * self.measure.em, 0.6 * self.measure.em
        nodes = [(node.up, node.down) for node in self.nodes]
        return {place: line if place.passes else nodes[place.node] for column in self.order for place in column}

    @cached_property
    def heights(self) -> dict[Place, float]:
        """Of each place's axis below that of the whole."""
        led = frozenset(path[0] for path in self.paths if len(path) == 1 or (path[0].passes and path[0].node < 0))
        fixed = frozenset([Place(len(self.nodes) - 1, self.columns[-1], False)] if self.closes_in else [])
        columns = Columns(self.order, self.ranked.steps, self.sizes, self.between, led, fixed)
        found = columns.heights()
        if not self.source and not fixed:
            # Nothing ties it to the axis: it lies around it.
            ends = [(y - self.sizes[place][0], y + self.sizes[place][1]) for place, y in found.items()]
            middle = (min(top for top, _ in ends) + max(bottom for _, bottom in ends)) / 2
            return {place: y - middle for place, y in found.items()}
        return found

    @cached_property
    def gutters(self) -> list[float]:
        """The room before each column: wider where lines turn far."""
        spans = [0.0] * len(self.widths)
        for path in self.paths:
            if path[0].passes or len(path) == 1:
                spans[0] = max(spans[0], abs(self.heights[path[0]]))
        for here, there in self.ranked.steps:
            spans[there.column] = max(spans[there.column], abs(self.heights[here] - self.heights[there]))
        em = self.measure.em
        found = [
            max(self.measure.gap, min(0.22 * span + 1.2 * em, (_NARROW if self.given else _GUTTER) * em))
            for span in spans
        ]
        return [found[0] if self.source else 0.0, *found[1:]]

    @cached_property
    def width(self) -> float:
        return fsum(self.widths) + fsum(self.gutters)

    @cached_property
    def up(self) -> float:
        return max([0.0, *(self.sizes[place][0] - y for place, y in self.heights.items())])

    @cached_property
    def down(self) -> float:
        return max([0.0, *(self.sizes[place][1] + y for place, y in self.heights.items())])

    def draw(self, x: float, axis: float) -> Iterator[Item]:
        lefts = [x + self.gutters[0]]
        for width, gutter in zip(self.widths, self.gutters[1:], strict=False):
            lefts.append(lefts[-1] + width + gutter)
        for column, left, width in zip(self.order, lefts, self.widths, strict=True):
            for place in column:
                if not place.passes:
                    part = self.nodes[place.node]
                    yield from part.draw(left + (width - part.width) / 2, axis + self.heights[place])
        ports = self._ports()
        for number, link in enumerate(self.links):
            if link.source is not None or self.source:
                yield self._link(number, link, ports[number], lefts, x, axis)

    def _ports(self) -> list[float]:
        """For each link how far below the axis of its target it ends: side by side, in the order of where it comes
        from."""
        found = [0.0] * len(self.links)
        into_node: dict[int, list[int]] = {}
        for number, link in enumerate(self.links):
            into_node.setdefault(link.target, []).append(number)
        for target, numbers in into_node.items():
            room = _port_room(self.nodes[target])
            heights = {n: self.heights[self.paths[n][-2]] if len(self.paths[n]) > 1 else 0.0 for n in numbers}
            pitch = min(0.9 * self.measure.em, 1.6 * room / len(numbers))
            for rank, number in enumerate(sorted(numbers, key=lambda n: (heights[n], n))):
                found[number] = (rank - (len(numbers) - 1) / 2) * pitch
        return found

    def _link(self, number: int, link: Link, port: float, lefts: Sequence[float], x: float, axis: float) -> Item:
        """Turns in the gutters only, and runs straight through the columns."""
        target = self.nodes[link.target]
        path = self.paths[number]
        if link.source is None:
            # What is written beside the way out lies where its lines would turn.
            at, name = (x if self.measure.down else x - self.source_inset, axis), self.source
            start = (x - self.trunk - self.source_inset, axis)
            drawn: list[Move | Line | Curve] = [Move(start)]
            if at != start:
                drawn.append(Line(at))
        else:
            source, place = self.nodes[link.source], path[0]
            y, right = axis + self.heights[place], lefts[place.column] + self.widths[place.column]
            out = right - (self.widths[place.column] - source.width) / 2 - source.right
            at, name = (right, y), source.last
            drawn = [Move((out, y)), Line(at)]
            path = path[1:]
        for place in path[:-1]:
            y = axis + self.heights[place]
            drawn += turn(at, (lefts[place.column], y))
            at = (lefts[place.column] + self.widths[place.column], y)
            drawn.append(Line(at))
        column, width = path[-1].column, self.widths[path[-1].column]
        y = axis + self.heights[path[-1]] + port
        tip = (lefts[column] + (width - target.width) / 2 + target.left, y)
        drawn += [*turn(at, (lefts[column] - self.measure.straight, y)), Line(tip)]
        line, head = self.measure.line, self.measure.head
        primitives: tuple[Primitive, ...]
        if target.opens:
            primitives = (Path(tuple(drawn), line),)
        else:
            begins = lefts[column] - self.measure.straight
            drawn[-1] = Line((tip[0] - 0.8 * head, y)) if tip[0] - 0.8 * head > begins else drawn[-1]
            if drawn[-1].to == tip:
                drawn = [*drawn[:-2], shortened(drawn[-2], 0.8 * head - (tip[0] - begins))]
            primitives = (Path(tuple(drawn), line), arrowhead(tip, (1.0, 0.0), head, line.color))
        return into(name, target, primitives)


def sliced(layered: Layered, begin: float, room: float, marks: Iterator[str]) -> list[Layered]:
    """*layered* in rows that are at most *room* wide, the first *begin*, as far as its nodes are; a tensor that is
    taken in another row has the next of *marks* where it leaves and where it comes in, or an arrow, where it is the one
    that goes on in the next row."""
    cuts = _cuts(layered, begin, room)
    row_of = [bisect_right(cuts, column) for column in layered.columns]
    taken: dict[int | None, set[int]] = {}
    """For each tensor that is taken in rows behind its own, in which."""
    for link in layered.links:
        from_row = 0 if link.source is None else row_of[link.source]
        if (link.source is not None or layered.source) and row_of[link.target] != from_row:
            taken.setdefault(link.source, set()).add(row_of[link.target])
    passing = [0] * len(cuts)
    """How many tensors go on behind each row."""
    for source, takers in taken.items():
        for row in range(0 if source is None else row_of[source], max(takers)):
            passing[row] += 1
    leaves = {
        source: "" if _is_alone(source, takers, row_of, passing) else next(marks) for source, takers in taken.items()
    }
    rows = [_Sheet(layered, leaves, row) for row in range(len(cuts) + 1)]
    incoming: list[list[Link]] = [[] for _ in layered.nodes]
    for link in layered.links:
        incoming[link.target].append(link)
    for link in layered.links:
        rows[row_of[link.target]].expect(link.source, layered.columns[link.target])
    for node, row in enumerate(row_of):
        rows[row].add(node, incoming[node])
    return [sheet.layered(closes=sheet is rows[-1]) for sheet in rows]


def _is_alone(source: int | None, takers: set[int], row_of: Sequence[int], passing: Sequence[int]) -> bool:
    """Whether the tensor of *source* is the one that goes on behind its row, and only in the next."""
    row = 0 if source is None else row_of[source]
    return passing[row] == 1 and takers == {row + 1}


class _Sheet:
    """A row of what was cut."""

    def __init__(self, whole: Layered, leaves: dict[int | None, str], row: int) -> None:
        self.whole, self.leaves, self.row = whole, leaves, row
        self.nodes: list[Part] = []
        self.columns: list[int] = []
        self.links: list[Link] = []
        self.first: dict[int | None, int] = {}
        """The column in which each tensor is taken first."""
        self.numbers: dict[int | None, int | None] = {}
        """Of what the row has, by its number in the whole: a node, or the letter that stands for its tensor."""
        if row == 0 and whole.source:
            self.numbers[None] = None
            self.leave(None, 0)

    def expect(self, source: int | None, column: int) -> None:
        self.first[source] = min(column, self.first.get(source, column))

    def append(self, part: Part, column: int) -> int:
        self.nodes.append(part)
        self.columns.append(column)
        return len(self.nodes) - 1

    def letter(self, source: int | None, *, comes: bool) -> Letter | Onward:
        """For the tensor of *source*, which leaves the row or comes in: an arrow, where it has no letter."""
        name = self.whole.source if source is None else self.whole.nodes[source].last
        if not self.leaves[source]:
            return Onward(self.whole.measure, name, comes)
        return Letter(self.whole.measure, self.leaves[source], name, self.row)

    def leave(self, source: int | None, column: int) -> None:
        """A letter in *column* for the tensor of *source*, if it is taken in another row."""
        if source in self.leaves:
            self.links.append(Link(self.numbers[source], self.append(self.letter(source, comes=False), column)))

    def add(self, node: int, incoming: Sequence[Link]) -> None:
        column = self.whole.columns[node]
        for link in incoming:
            if link.source not in self.numbers and link.source in self.leaves:
                self.numbers[link.source] = self.append(
                    self.letter(link.source, comes=True), self.first[link.source] - 1
                )
        number = self.numbers[node] = self.append(self.whole.nodes[node], column)
        for link in incoming:
            if link.source in self.numbers:
                self.links.append(Link(self.numbers[link.source], number, link.is_skip))
        self.leave(node, column + 1)

    def layered(self, *, closes: bool) -> Layered:
        whole, source = self.whole, self.whole.source if self.row == 0 else ""
        inset = whole.source_inset if self.row == 0 else 0.0
        begin = min(self.columns)
        columns = tuple([column - begin for column in self.columns])
        nodes, links, closes = tuple(self.nodes), tuple(self.links), closes and whole.closes_in
        return Layered(whole.measure, source, inset, nodes, links, closes, columns)


def _cuts(layered: Layered, begin: float, room: float) -> list[int]:
    """The columns with which rows begin, but the first: rows as full as can be, cut where few tensors pass."""
    em = layered.measure.em
    passing = [0] * (len(layered.widths) + 1)
    ends: dict[int | None, int] = {}
    for link in layered.links:
        ends[link.source] = max(ends.get(link.source, 0), layered.columns[link.target])
    for source, end in ends.items():
        start = 0 if source is None else layered.columns[source] + 1
        if end >= start:
            passing[start] += 1
            passing[end + 1] -= 1
    for column in range(1, len(passing)):
        passing[column] += passing[column - 1]
    letters = 2 * (Letter.span(layered.measure) + _NARROW * em)
    cuts: list[int] = []
    start, free = 0, begin
    while True:
        used, stop = letters, start
        while stop < len(layered.widths) and (used <= free or stop == start):
            used += layered.widths[stop] + (_NARROW * em if stop > start else 0.0)
            if used > free and stop > start:
                break
            stop += 1
        if stop == len(layered.widths):
            return cuts
        least = start + max(1, round(0.6 * (stop - start)))
        start = min(range(least, stop + 1), key=lambda column: (passing[column], -column))
        cuts.append(start)
        free = room


def _port_room(part: Part) -> float:
    """How far above and below its axis lines may end at *part*."""
    while isinstance(part, Row):
        part = part.stops[0].part
    return part.top if isinstance(part, Box) else 0.0
