"""How high things in columns lie: as near to what they are joined to as those above and below them allow, and so that
lines run straight where they can."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import fsum, inf
from typing import NamedTuple

_SWEEPS = 8
_STRAIGHT = 8.0
"""How much more a line is kept straight where it passes columns by than where it meets a node."""


class Place(NamedTuple):
    """A node in its column; or, in a column that its tensor passes by, a free place. The tensor from before all has
    number -1."""

    node: int
    column: int
    passes: bool


@dataclass(frozen=True)
class Columns:
    """What stands where, and what is joined to what."""

    order: Sequence[Sequence[Place]]
    """Of each column from top to bottom."""
    steps: Sequence[tuple[Place, Place]]
    """From a place to one in the next column."""
    sizes: dict[Place, tuple[float, float]]
    """How far each reaches above its axis, and below."""
    between: float
    """The least room between two in a column."""
    led: frozenset[Place]
    """Places that a line from the axis leads to."""
    fixed: frozenset[Place]
    """Places on the axis, each alone in its column."""

    def heights(self) -> dict[Place, float]:
        """Of each place's axis below that of the whole."""
        found = self._stacked()
        for sweep in range(_SWEEPS):
            forward = sweep % 2 == 0
            near = self._before if forward else self._after
            for column in self.order if forward else self.order[::-1]:
                if column[0] in self.fixed:
                    found[column[0]] = 0.0
                    continue
                wanted, weights = [], []
                for place in column:
                    pulls = [(found[other], _weight(other, place)) for other in near.get(place, ())]
                    if place in self.led:
                        pulls.append((0.0, 1.0))
                    total = fsum(weight for _, weight in pulls)
                    aim = fsum(y * weight for y, weight in pulls) / total if pulls else found[place]
                    wanted.append(aim - self._offsets[place])
                    weights.append(total or 0.1)
                for place, y in zip(column, rising(wanted, weights), strict=True):
                    found[place] = y + self._offsets[place]
        for _ in range(2):
            for run in self._runs():
                self._straighten(run, found)
        return found

    @cached_property
    def _before(self) -> dict[Place, list[Place]]:
        found: dict[Place, list[Place]] = {}
        for here, there in self.steps:
            found.setdefault(there, []).append(here)
        return found

    @cached_property
    def _after(self) -> dict[Place, list[Place]]:
        found: dict[Place, list[Place]] = {}
        for here, there in self.steps:
            found.setdefault(here, []).append(there)
        return found

    @cached_property
    def _offsets(self) -> dict[Place, float]:
        """Of each place from the first of its column, if all stand as near as they may."""
        found = {}
        for column in self.order:
            offset = 0.0
            for number, place in enumerate(column):
                if number:
                    offset += self._room(column[number - 1], place)
                found[place] = offset
        return found

    def _room(self, upper: Place, lower: Place) -> float:
        """The least from axis to axis."""
        return self.sizes[upper][1] + self.between + self.sizes[lower][0]

    def _stacked(self) -> dict[Place, float]:
        """Every column about the axis."""
        found = {}
        for column in self.order:
            top = -self.sizes[column[0]][0]
            bottom = self._offsets[column[-1]] + self.sizes[column[-1]][1]
            found.update({place: self._offsets[place] - (top + bottom) / 2 for place in column})
        return found

    def _runs(self) -> Iterator[list[Place]]:
        """Places through which a line would run straight: where nothing else comes in or leaves, or a line passes."""
        follows = {
            here: there
            for here, there in self.steps
            if (here.passes and there.passes) or (len(self._after[here]) == 1 and len(self._before[there]) == 1)
        }
        inner = set(follows.values())
        for column in self.order:
            for place in column:
                if place in follows and place not in inner:
                    run = [place]
                    while run[-1] in follows:
                        run.append(follows[run[-1]])
                    yield run

    def _straighten(self, run: Sequence[Place], found: dict[Place, float]) -> None:
        """Puts the places of *run* at one height, or, where others leave no room for that, at as few as will do."""
        start, low, high = 0, -inf, inf
        for number, place in enumerate([*run, None]):
            if place is not None:
                least, most = self._free(place, found)
                if max(low, least) <= min(high, most):
                    low, high = max(low, least), min(high, most)
                    continue
            part = run[start:number]
            middle = fsum(found[each] for each in part) / len(part)
            found.update(dict.fromkeys(part, min(max(middle, low), high)))
            if place is not None:
                start, (low, high) = number, (least, most)

    def _free(self, place: Place, found: dict[Place, float]) -> tuple[float, float]:
        """Between which heights *place* may lie, as its neighbours do."""
        if place in self.fixed:
            return 0.0, 0.0
        above, below = self._neighbours.get(place, (None, None))
        least = -inf if above is None else found[above] + self._room(above, place)
        most = inf if below is None else found[below] - self._room(place, below)
        # What stands as near as it may has no room, and not less than none by rounding.
        return min(least, found[place]), max(most, found[place])

    @cached_property
    def _neighbours(self) -> dict[Place, tuple[Place | None, Place | None]]:
        found: dict[Place, tuple[Place | None, Place | None]] = {}
        for column in self.order:
            padded = [None, *column, None]
            for (above, place), (_, below) in zip(pairwise(padded), pairwise(padded[1:]), strict=False):
                if place is not None:
                    found[place] = above, below
        return found


def _weight(here: Place, there: Place) -> float:
    return (_STRAIGHT if here.passes else 1.0) * (_STRAIGHT if there.passes else 1.0)


def rising(wanted: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The numbers nearest to *wanted* of which none is below the one before it, by weighted squares: neighbours that
    are not in order are given their mean (pool adjacent violators; Ayer et al. 1955)."""
    pools: list[tuple[float, float, int]] = []
    for value, weight in zip(wanted, weights, strict=True):
        count = 1
        while pools and pools[-1][0] >= value:
            other, others, more = pools.pop()
            value = (value * weight + other * others) / (weight + others)
            weight, count = weight + others, count + more
        pools.append((value, weight, count))
    return [value for value, _, count in pools for _ in range(count)]
