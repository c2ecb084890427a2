"""Which unit of one network is which of another: the pairs that leave the fewest changes.

A unit that has no partner is a change, and so is a pair whose arguments differ; a pair that only has other volumes is
none, as these follow from what was changed before it. Only units that begin with a layer of one kind can be a pair.
Units stand in a row, in which pairs do not cross (Needleman & Wunsch 1970, "A general method applicable to the search
for similarities", within a band as in Ukkonen 1985, "Algorithms for approximate string matching"). Two rows are tried,
the order of the layers and the one in which they are met from the outputs back; at last what moved to another place of
the row, with the same neighbours in the graph, is found by these.

Of alignments with as many changes the one is taken in which more pairs have the same neighbours, names and volumes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from cnngraph.comparison.changes import argument_changes
from cnngraph.comparison.side import Side
from cnngraph.network import Layer
from cnngraph.units import Unit

Pairs = dict[int, int]
"""For units of the one network, by number, those of the other."""

_ALONE, _CHANGED, _MOST_CHANGED = 4, 4, 7
"""What a unit without a partner costs, a pair with one change, and a pair with many: never as much as two units without
partners."""
_REWIRED = 2
"""What a pair costs that takes another tensor."""
_MAIN = 1 << 24
"""Times as much as any number of what only decides between alignments that cost the same."""
_BAND = 32
_MOST_CELLS = 6_000_000
"""Where networks differ so much that more had to be looked at, the best alignment within the band is taken."""
_ROUNDS = 4


def align(one: Side, other: Side) -> Pairs:
    """The pairs of units of *one* and *other*."""
    costs = _Costs(one, other)
    rows = range(len(one.units)), range(len(other.units))
    tried = [_in_row(costs, *rows)]
    if tried[0].cost and (one.walked, other.walked) != (tuple(rows[0]), tuple(rows[1])):
        tried.append(_in_row(costs, one.walked, other.walked))
    return min(tried, key=lambda each: each.cost).pairs


class _Aligned(NamedTuple):
    pairs: Pairs
    cost: int


def _in_row(costs: _Costs, ones: Sequence[int], others: Sequence[int]) -> _Aligned:
    """The best alignment in which pairs do not cross in these orders, and what moved. What neighbours are partners is
    known from one alignment for the next."""
    head = costs.alike(zip(ones, others, strict=False))
    tail = costs.alike(zip(reversed(ones[head:]), reversed(others[head:]), strict=False))
    inner = ones[head : len(ones) - tail], others[head : len(others) - tail]
    fixed = dict(zip(ones[:head], others[:head], strict=True))
    fixed |= dict(zip(ones[len(ones) - tail :], others[len(others) - tail :], strict=True))
    best: _Aligned | None = None
    known: Pairs = {}
    for _ in range(_ROUNDS):
        found = {**fixed, **_path(*inner, costs.between(known, one_way=not known), _ALONE * _MAIN)}
        costs.add_moved(found)
        aligned = _Aligned(found, costs.total(found))
        if best is not None and aligned.cost >= best.cost:
            break
        best, known = aligned, found
    assert best is not None
    return best


class _Costs:
    """What it costs to take two units for one."""

    def __init__(self, one: Side, other: Side) -> None:
        self.one, self.other = one, other
        self.known: dict[tuple[int, int], int | None] = {}
        numbers: dict[object, int] = {}
        self.keys = tuple(
            [numbers.setdefault(_key(unit), len(numbers)) for unit in each.units] for each in (one, other)
        )
        """Equal for units that do the same with volumes of the same size."""
        self.roles = tuple([_role(unit.name) for unit in each.units] for each in (one, other))

    def main(self, a: int, b: int) -> int | None:
        """None for what can be no pair."""
        key = self.keys[0][a], self.keys[1][b]
        if key[0] == key[1]:
            return 0
        if key not in self.known:
            self.known[key] = _main(self.one.units[a], self.other.units[b])
        return self.known[key]

    def minor(self, a: int, b: int) -> int:
        """What decides between alignments that have as many changes."""
        one, other = self.one.units[a], self.other.units[b]
        cost = int(self.keys[0][a] != self.keys[1][b])
        if one.name != other.name:
            cost += 1 + (self.roles[0][a] != self.roles[1][b])
        return cost + 2 * (one.output != other.output)

    def alike(self, pairs: Iterable[tuple[int, int]]) -> int:
        """How many of *pairs*, from the first on, are the same under the same names."""
        count = 0
        for a, b in pairs:
            if self.keys[0][a] != self.keys[1][b] or self.one.units[a].name != self.other.units[b].name:
                break
            count += 1
        return count

    def between(self, known: Mapping[int, int], *, one_way: bool) -> Callable[[int, int], int | None]:
        """The cost of a pair; unless *one_way* with its neighbours, as far as they are *known*."""

        def cost(a: int, b: int) -> int | None:
            main = self.main(a, b)
            if main is None:
                return None
            return main * _MAIN + 8 * (0 if one_way else self.apart(a, b, known)) + self.minor(a, b)

        return cost

    def apart(self, a: int, b: int, known: Mapping[int, int]) -> int:
        """How many neighbours of the two are not *known* to be pairs."""
        one, other = self.one, self.other
        mine = [known.get(source, -1) for source in one.inputs[a]]
        theirs = other.inputs[b]
        users = {(known.get(user, -1), at) for user, at in one.consumers[a]}
        return _unlike(mine, theirs) + len(users ^ set(other.consumers[b]))

    def total(self, pairs: Mapping[int, int]) -> int:
        alone = len(self.one.units) + len(self.other.units) - 2 * len(pairs)
        cost = alone * _ALONE * _MAIN
        for a, b in pairs.items():
            main = self.main(a, b)
            assert main is not None
            mine = [pairs.get(source) for source in self.one.inputs[a]]
            rewired = None not in mine and _unlike(mine, self.other.inputs[b])
            cost += (main + _REWIRED * bool(rewired)) * _MAIN + 8 * self.apart(a, b, pairs) + self.minor(a, b)
        return cost

    def add_moved(self, pairs: Pairs) -> None:
        """Adds to *pairs* what is the same and takes the same, or is taken by the same, at another place of the row;
        and what takes the same and is taken by the same, if it can be a pair."""
        one, other = self.one, self.other
        free = [b for b in range(len(other.units)) if b not in set(pairs.values())]
        alone = [a for a in range(len(one.units)) if a not in pairs]
        by_lead: dict[type, list[int]] = {}
        for b in free:
            by_lead.setdefault(type(other.units[b].lead.kind), []).append(b)
        grew = True
        while grew and alone:
            grew = False
            for a in list(alone):
                waiting = by_lead.get(type(one.units[a].lead.kind), [])
                mine = tuple([pairs.get(source, -1) for source in one.inputs[a]])
                users = {(pairs.get(user, -1), at) for user, at in one.consumers[a]}
                for b in waiting:
                    takes = bool(mine) and mine == other.inputs[b]
                    gives = bool(users) and users == set(other.consumers[b])
                    same = self.keys[0][a] == self.keys[1][b]
                    if (same and (takes or gives)) or (takes and gives and self.main(a, b) is not None):
                        pairs[a] = b
                        waiting.remove(b)
                        alone.remove(a)
                        grew = True
                        break


def _unlike(mine: Sequence[object], theirs: Sequence[object]) -> int:
    return sum(a != b for a, b in zip(mine, theirs, strict=False)) + abs(len(mine) - len(theirs))


def _key(unit: Unit) -> object:
    layers = tuple([(layer.kind, _said(layer)) for layer in unit.layers])
    return layers, unit.lead.input_volumes, unit.output, bool(unit.shares)


def _said(layer: Layer) -> tuple[object, ...]:
    return tuple([(each.name, each.arguments, each.named) for each in layer.annotations])


def _role(name: str) -> str:
    """A name without its numbers."""
    return re.sub(r"\d+", "", name)


def _main(one: Unit, other: Unit) -> int | None:
    if type(one.lead.kind) is not type(other.lead.kind):
        return None
    count = len(argument_changes(one, other)) + (bool(one.shares) != bool(other.shares))
    return min(_CHANGED + count - 1, _MOST_CHANGED) if count else 0


# In a row ------------------------------------------------------------------------------------

_PAIR, _LEFT, _UP = 0, 1, 2


def _path(
    ones: Sequence[int], others: Sequence[int], cost: Callable[[int, int], int | None], alone: int
) -> dict[int, int]:
    """The cheapest pairs of *ones* and *others* that do not cross; *alone* is what one without a partner costs."""
    if not ones or not others:
        return {}
    skew, band = abs(len(ones) - len(others)), _BAND
    while True:
        pairs, total = _banded(ones, others, cost, alone, band)
        # Whatever leaves the band has more without partners than this.
        least = alone * (skew + 2 * (band + 1))
        whole = band >= max(len(ones), len(others))
        if total < least or whole or 4 * len(ones) * (2 * band + skew) > _MOST_CELLS:
            return pairs
        band *= 4


def _banded(
    ones: Sequence[int], others: Sequence[int], cost: Callable[[int, int], int | None], alone: int, band: int
) -> tuple[dict[int, int], int]:
    rows, columns = len(ones), len(others)
    low, high = min(0, columns - rows) - band, max(0, columns - rows) + band
    far = alone * (rows + columns + 1)
    before = [column * alone for column in range(min(columns, high) + 1)]
    first = 0
    """The column that *before* begins with."""
    steps: list[tuple[int, bytearray]] = []
    for row in range(1, rows + 1):
        start, stop = max(0, row + low), min(columns, row + high)
        costs: list[int] = []
        taken = bytearray()
        left = far
        for column in range(start, stop + 1):
            at = column - first
            best = before[at] + alone if 0 <= at < len(before) else far
            step = _UP
            if left + alone < best:
                best, step = left + alone, _LEFT
            if column and 0 <= at - 1 < len(before) and before[at - 1] <= best:
                pair = cost(ones[row - 1], others[column - 1])
                if pair is not None and before[at - 1] + pair <= best:
                    best, step = before[at - 1] + pair, _PAIR
            costs.append(best)
            taken.append(step)
            left = best
        steps.append((start, taken))
        before, first = costs, start
    pairs: dict[int, int] = {}
    row, column = rows, columns
    while row and column:
        start, taken = steps[row - 1]
        step = taken[column - start]
        if step == _PAIR:
            pairs[ones[row - 1]] = others[column - 1]
        row, column = row - (step != _LEFT), column - (step != _UP)
    return pairs, before[columns - first]
