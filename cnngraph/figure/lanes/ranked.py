"""The columns that nodes stand in, and their order from top to bottom, of a graph that is not series-parallel.

Nodes stand in the column of their longest way from the start; a tensor that passes columns by has a free place in each,
whoever takes it. The order within a column is settled by barycentres (Sugiyama, Tagawa & Toda 1981). Neither hangs on
how large anything is.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import fsum

from cnngraph.figure.lanes.heights import Place
from cnngraph.flow import Link

_SWEEPS = 8


@dataclass(frozen=True)
class Ranked:
    """*count* nodes in topological order, and what is joined to what."""

    count: int
    links: tuple[Link, ...]
    closes_in: bool = True
    """Whether all leads to the last node, in a column of its own."""
    given: tuple[int, ...] = ()
    """The column of each node, where that is settled."""

    @cached_property
    def columns(self) -> list[int]:
        """Of each node: the length of its longest way from the start; what nothing leads to stands before who takes
        it first."""
        if self.given:
            return list(self.given)
        found = [0] * self.count
        led = [False] * self.count
        for link in self.links:
            led[link.target] = True
            if link.source is not None:
                assert link.source < link.target, "nodes are in topological order"
        for link in sorted(self.links, key=lambda link: link.target):
            if link.source is not None:
                found[link.target] = max(found[link.target], found[link.source] + 1)
        takers: dict[int, int] = {}
        for link in self.links:
            if link.source is not None and not led[link.source]:
                takers[link.source] = min(takers.get(link.source, self.count), found[link.target])
        for node, taker in takers.items():
            found[node] = taker - 1
        if self.closes_in and len(found) > 1:
            found[-1] = max(found[-1], 1 + max(found[:-1]))
        return found

    @cached_property
    def paths(self) -> list[list[Place]]:
        """For each link the places it goes through, its ends among them."""
        found = []
        for link in self.links:
            source, stop = -1 if link.source is None else link.source, self.columns[link.target]
            start = -1 if link.source is None else self.columns[source]
            begin = [] if link.source is None else [Place(source, start, False)]
            inner = [Place(source, column, True) for column in range(start + 1, stop)]
            found.append([*begin, *inner, Place(link.target, stop, False)])
        return found

    @cached_property
    def steps(self) -> list[tuple[Place, Place]]:
        """From a place to one in the next column: each that there is, once."""
        return list(dict.fromkeys(step for path in self.paths for step in pairwise(path)))

    @cached_property
    def order(self) -> list[list[Place]]:
        """The places of each column from top to bottom: of the orders that the sweeps come by, the one with fewest
        crossings."""
        nodes = [Place(number, column, False) for number, column in enumerate(self.columns)]
        places = list(dict.fromkeys([*(place for path in self.paths for place in path), *nodes]))
        number = {place: at for at, place in enumerate(places)}
        columns: list[list[int]] = [[] for _ in range(max(self.columns) + 1)]
        for at, place in enumerate(places):
            columns[place.column].append(at)
        before: list[list[int]] = [[] for _ in places]
        after: list[list[int]] = [[] for _ in places]
        steps: list[list[tuple[int, int]]] = [[] for _ in columns]
        for here, there in self.steps:
            source, target = number[here], number[there]
            after[source].append(target)
            before[target].append(source)
            steps[here.column].append((source, target))
        ranks = [0] * len(places)
        for column in columns:
            _rank(column, ranks)
        best, fewest = [list(column) for column in columns], _crossings(steps, ranks)
        for sweep in range(_SWEEPS):
            if not fewest:
                break
            neighbours = before if sweep % 2 == 0 else after
            for column in columns if sweep % 2 == 0 else columns[::-1]:
                middles = {at: _mean([ranks[near] for near in neighbours[at] or [at]]) for at in column}
                column.sort(key=middles.__getitem__)
                _rank(column, ranks)
            if (count := _crossings(steps, ranks)) < fewest:
                best, fewest = [list(column) for column in columns], count
        return [[places[at] for at in column] for column in best]


def _rank(column: Sequence[int], ranks: list[int]) -> None:
    for rank, at in enumerate(column):
        ranks[at] = rank


def _crossings(steps: Sequence[Sequence[tuple[int, int]]], ranks: Sequence[int]) -> int:
    """How many pairs of lines cross between neighbouring columns; *steps* are the lines from each of them on."""
    found = 0
    for between in steps:
        seen: list[int] = []
        for _, end in sorted([(ranks[source], ranks[target]) for source, target in between]):
            found += len(seen) - bisect_right(seen, end)
            insort(seen, end)
    return found


def _mean(numbers: Sequence[int]) -> float:
    return fsum(numbers) / len(numbers)
