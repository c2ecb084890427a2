"""How high things in columns lie: as near to what they are joined to as those above and below them allow, and so that
lines run straight where they can."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
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
        return dict(zip(self._places, self._settled(), strict=True))

    def _settled(self) -> list[float]:
        """The same, by number: the sweeps come by each place many times."""
        found, offsets = self._stacked(), self._offsets
        fixed = {self._number[place] for place in self.fixed}
        ahead, back = self._pulls(forward=True), self._pulls(forward=False)
        for sweep in range(_SWEEPS):
            forward = sweep % 2 == 0
            pulls, totals = ahead if forward else back
            for column in self._columns if forward else self._columns[::-1]:
                if column.start in fixed:
                    found[column.start] = 0.0
                    continue
                wanted, weights = [], []
                for place in column:
                    total = totals[place]
                    aim = (
                        fsum([found[other] * weight for other, weight in pulls[place]]) / total
                        if total
                        else found[place]
                    )
                    wanted.append(aim - offsets[place])
                    weights.append(total or 0.1)
                for place, y in zip(column, rising(wanted, weights), strict=True):
                    found[place] = y + offsets[place]
        for _ in range(2):
            for run in self._runs:
                self._straighten(run, found, fixed)
        return found

    # Places by number ----------------------------------------------------------------------------------

    @cached_property
    def _places(self) -> list[Place]:
        """Column by column, from top to bottom."""
        return [place for column in self.order for place in column]

    @cached_property
    def _number(self) -> dict[Place, int]:
        return {place: number for number, place in enumerate(self._places)}

    @cached_property
    def _columns(self) -> list[range]:
        ends = list(accumulate((len(column) for column in self.order), initial=0))
        return [range(start, stop) for start, stop in pairwise(ends)]

    @cached_property
    def _reach(self) -> list[tuple[float, float]]:
        """How far each place reaches above its axis, and below."""
        return [self.sizes[place] for place in self._places]

    @cached_property
    def _steps(self) -> list[tuple[int, int, float]]:
        """The steps, and how much each is to be kept straight."""
        number = self._number
        return [(number[here], number[there], _weight(here, there)) for here, there in self.steps]

    def _pulls(self, *, forward: bool) -> tuple[list[list[tuple[int, float]]], list[float]]:
        """What draws each place from the column before it, or from the one behind, and how much in all. A place that
        the axis leads to is drawn to that, too."""
        pulls: list[list[tuple[int, float]]] = [[] for _ in self._places]
        for here, there, weight in self._steps:
            if forward:
                pulls[there].append((here, weight))
            else:
                pulls[here].append((there, weight))
        totals = [fsum([weight for _, weight in pull]) for pull in pulls]
        for place in self.led:
            totals[self._number[place]] += 1.0
        return pulls, totals

    @cached_property
    def _offsets(self) -> list[float]:
        """Of each place from the first of its column, if all stand as near as they may."""
        found: list[float] = []
        for column in self._columns:
            offset = 0.0
            for place in column:
                if place > column.start:
                    offset += self._room(place - 1)
                found.append(offset)
        return found

    def _room(self, upper: int) -> float:
        """The least from the axis of a place to that of the one below it."""
        return self._reach[upper][1] + self.between + self._reach[upper + 1][0]

    def _stacked(self) -> list[float]:
        """Every column about the axis."""
        found: list[float] = []
        for column in self._columns:
            top = -self._reach[column.start][0]
            bottom = self._offsets[column[-1]] + self._reach[column[-1]][1]
            found += [self._offsets[place] - (top + bottom) / 2 for place in column]
        return found

    @cached_property
    def _runs(self) -> list[list[int]]:
        """Places through which a line would run straight: where nothing else comes in or leaves, or a line passes."""
        ways_in, ways_out = [0] * len(self._places), [0] * len(self._places)
        for here, there, _ in self._steps:
            ways_out[here] += 1
            ways_in[there] += 1
        passes = [place.passes for place in self._places]
        follows = {
            here: there
            for here, there, _ in self._steps
            if (passes[here] and passes[there]) or (ways_out[here] == 1 and ways_in[there] == 1)
        }
        inner = set(follows.values())
        found = []
        for place in range(len(self._places)):
            if place in follows and place not in inner:
                run = [place]
                while run[-1] in follows:
                    run.append(follows[run[-1]])
                found.append(run)
        return found

    def _straighten(self, run: Sequence[int], found: list[float], fixed: Collection[int]) -> None:
        """Puts the places of *run* at one height, or, where others leave no room for that, at as few as will do."""
        start, low, high = 0, -inf, inf
        for number, place in enumerate([*run, None]):
            if place is not None:
                least, most = self._free(place, found, fixed)
                if max(low, least) <= min(high, most):
                    low, high = max(low, least), min(high, most)
                    continue
            part = run[start:number]
            middle = min(max(fsum([found[each] for each in part]) / len(part), low), high)
            for each in part:
                found[each] = middle
            if place is not None:
                start, (low, high) = number, (least, most)

    def _free(self, place: int, found: Sequence[float], fixed: Collection[int]) -> tuple[float, float]:
        """Between which heights *place* may lie, as its neighbours do."""
        if place in fixed:
            return 0.0, 0.0
        first, last = self._ends[place]
        least = -inf if first else found[place - 1] + self._room(place - 1)
        most = inf if last else found[place + 1] - self._room(place)
        # What stands as near as it may has no room, and not less than none by rounding.
        return min(least, found[place]), max(most, found[place])

    @cached_property
    def _ends(self) -> list[tuple[bool, bool]]:
        """Whether each place is the uppermost of its column, and the lowest."""
        return [(place == column.start, place == column.stop - 1) for column in self._columns for place in column]


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
