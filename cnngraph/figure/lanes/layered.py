"""What is not series-parallel, in columns: the small layered layout (Sugiyama, Tagawa & Toda 1981).

Units, and the parts on ways between them, stand in the column of their longest way from the start; a way that
passes columns by has a free place in each. The order within a column is settled by barycentres.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import fsum
from typing import ClassVar

from cnngraph.figure.lanes.curves import turn
from cnngraph.figure.lanes.part import Measure, Part, Plain, edge
from cnngraph.figure.scene import Curve, Item, Line, Move, Path
from cnngraph.figure.shapes import arrowhead

_SWEEPS = 8


@dataclass(frozen=True, slots=True)
class Link:
    """A line between two nodes, by their numbers; None for what is before and behind all of them."""

    source: int | None
    target: int | None


@dataclass(frozen=True)
class _Place:
    """A node in its column, or the free place of a link that passes."""

    node: int | None
    column: int


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a place is."""

    left: float
    """Of its column, as *right*."""
    right: float
    begin: float
    """Where a line meets what stands there, and *end* where one leaves it."""
    end: float
    y: float


@dataclass(frozen=True)
class Layered(Plain):
    """What is not series-parallel, in columns (Sugiyama, Tagawa & Toda 1981): every line leads to the right."""

    measure: Measure
    source: str
    """The unit before it."""
    source_inset: float
    target: str
    """The unit behind it."""
    join: Part | None
    nodes: tuple[Part, ...]
    links: tuple[Link, ...]
    turns: ClassVar[bool] = True

    @property
    def first(self) -> str:
        return self.nodes[0].first

    @property
    def last(self) -> str:
        return self.source

    @property
    def opens(self) -> bool:
        return True

    @property
    def top(self) -> float:
        return self.up

    @property
    def gutter(self) -> float:
        return 3.4 * self.measure.em

    @cached_property
    def columns(self) -> list[int]:
        """Of each node: the length of its longest way from the start."""
        found = [0] * len(self.nodes)
        out: dict[int, list[int]] = {}
        waits = [0] * len(self.nodes)
        for link in self.links:
            if link.source is not None and link.target is not None:
                out.setdefault(link.source, []).append(link.target)
                waits[link.target] += 1
        ready = [node for node, count in enumerate(waits) if not count]
        while ready:
            node = ready.pop()
            for target in out.get(node, ()):
                found[target] = max(found[target], found[node] + 1)
                waits[target] -= 1
                if not waits[target]:
                    ready.append(target)
        return found

    @cached_property
    def paths(self) -> list[list[_Place]]:
        """For each link the places it goes through, its ends among them."""
        last = max(self.columns)
        found = []
        for link in self.links:
            start = -1 if link.source is None else self.columns[link.source]
            stop = last + 1 if link.target is None else self.columns[link.target]
            inner = [_Place(None, column) for column in range(start + 1, stop)]
            ends = [[] if node is None else [self.node_places[node]] for node in (link.source, link.target)]
            found.append([*ends[0], *inner, *ends[1]])
        return found

    @cached_property
    def node_places(self) -> list[_Place]:
        return [_Place(number, column) for number, column in enumerate(self.columns)]

    @cached_property
    def order(self) -> list[list[_Place]]:
        """The places of each column from top to bottom."""
        columns: list[list[_Place]] = [[] for _ in range(max(self.columns) + 1)]
        seen: set[int] = set()
        for place in (place for path in self.paths for place in path):
            if id(place) not in seen:
                seen.add(id(place))
                columns[place.column].append(place)
        before: dict[int, list[_Place]] = {}
        after: dict[int, list[_Place]] = {}
        for path in self.paths:
            for here, there in pairwise(path):
                after.setdefault(id(here), []).append(there)
                before.setdefault(id(there), []).append(here)
        for sweep in range(_SWEEPS):
            neighbours = before if sweep % 2 == 0 else after
            for column in columns if sweep % 2 == 0 else columns[::-1]:
                ranks = {id(place): rank for line in columns for rank, place in enumerate(line)}
                column.sort(key=lambda place: _mean([ranks[id(near)] for near in neighbours.get(id(place), [place])]))
        return columns

    def _height(self, place: _Place) -> float:
        if place.node is None:
            return 1.2 * self.measure.em
        part = self.nodes[place.node]
        return part.up + part.down

    @property
    def between(self) -> float:
        return 0.9 * self.measure.em

    @cached_property
    def heights(self) -> list[float]:
        return [fsum(map(self._height, column)) + self.between * (len(column) - 1) for column in self.order]

    @cached_property
    def widths(self) -> list[float]:
        return [
            max((self.nodes[p.node].width for p in column if p.node is not None), default=0.0) for column in self.order
        ]

    @property
    def width(self) -> float:
        return fsum(self.widths) + self.gutter * (len(self.widths) + 1)

    @property
    def up(self) -> float:
        return max(self.heights) / 2

    @property
    def down(self) -> float:
        return max(self.heights) / 2

    def draw(self, x: float, axis: float) -> Iterator[Item]:
        spots: dict[int, _Spot] = {}
        left = x + self.gutter
        for column, width, height in zip(self.order, self.widths, self.heights, strict=True):
            y = axis - height / 2
            for place in column:
                if place.node is None:
                    spots[id(place)] = _Spot(left, left + width, left, left + width, y + self._height(place) / 2)
                else:
                    part = self.nodes[place.node]
                    begin = left + (width - part.width) / 2
                    inner = begin + part.left, begin + part.width - part.right
                    spots[id(place)] = _Spot(left, left + width, *inner, y + part.up)
                    yield from part.draw(begin, y + part.up)
                y += self._height(place) + self.between
            left += width + self.gutter
        for link, path in zip(self.links, self.paths, strict=True):
            yield self._link(link, path, spots, x, axis)

    def _link(self, link: Link, path: Sequence[_Place], spots: dict[int, _Spot], x: float, axis: float) -> Item:
        """Turns in the gutters only, and runs straight through the columns."""
        stops = [spots[id(place)] for place in path]
        source, target = (None if node is None else self.nodes[node] for node in (link.source, link.target))
        at = (x - self.source_inset, axis)
        steps: list[Move | Line | Curve] = [Move(at)]
        if source is not None:
            first = stops.pop(0)
            at = (first.right, first.y)
            steps = [Move((first.end, first.y)), Line(at)]
        for number, stop in enumerate(stops):
            steps += turn(at, (stop.left, stop.y))
            at = (stop.right, stop.y)
            ends = target is not None and number == len(stops) - 1
            steps.append(Line((stop.begin, stop.y)) if ends else Line(at))
        if target is None:
            inset = self.join.left if self.join else 0.0
            steps += turn(at, (x + self.width + inset, axis))
        line, head = self.measure.line, self.measure.head
        drawn = Path(tuple(steps), line)
        names = (source.last if source else self.source, target.first if target else self.target)
        if target is not None and target.opens:
            return edge(*names, (drawn,))
        return edge(*names, (drawn, arrowhead(steps[-1].to, (1.0, 0.0), head, line.color)))


def _mean(numbers: Sequence[int]) -> float:
    return fsum(numbers) / len(numbers)
