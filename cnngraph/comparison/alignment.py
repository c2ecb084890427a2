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
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from cnngraph.comparison.changes import FOLLOWERS, argument_changes
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
_MOST_CELLS = 1_000_000
"""Where networks differ so much that more had to be looked at, the best alignment within the band is taken."""
_LARGE = 1_000
"""Units from which on what is the same at the ends is taken to be so by the look of it."""
_ROUNDS = 4
_APART = 8
"""What a pair costs for each neighbour that is none; more than for what they are called."""


def align(one: Side, other: Side) -> Pairs:
    """The pairs of units of *one* and *other*."""
    costs = _Costs(one, other)
    rows = range(len(one.units)), range(len(other.units))
    tried = [_in_row(costs, *rows)]
    if tried[0].cost and (one.walked, other.walked) != (tuple(rows[0]), tuple(rows[1])):
        tried.append(_in_row(costs, one.walked, other.walked))
    pairs = _settled(one, other, min(tried, key=lambda each: each.cost).pairs)
    back = _settled(other, one, {b: a for a, b in pairs.items()})
    return {a: b for b, a in back.items()}


def _settled(one: Side, other: Side, pairs: Pairs) -> Pairs:
    """*pairs*, but where something was put in between a layer and the last that follow it, as a block before a dropout:
    these make a unit with the last of what is new, and so would be no reason for the layer to have another partner than
    who takes what it takes."""
    found, taken = dict(pairs), set(pairs.values())
    for a, b in pairs.items():
        mine = [found.get(source, -1) for source in one.inputs[a]]
        if not mine or -1 in mine or mine == [*other.inputs[b]]:
            continue
        for near, _ in other.consumers[mine[0]]:
            same = near not in taken and mine == [*other.inputs[near]]
            if same and _gave_away(one.units[a], other.units[near], other.units[b]):
                found[a] = near
                taken = taken - {b} | {near}
                break
    return found


def _gave_away(before: Unit, after: Unit, last: Unit) -> bool:
    """Whether *after* is *before* without the last that follow it, none of which has weights, and *last* has them."""
    behind = before.layers[len(after.layers) :]
    moved = [layer.kind for layer in behind]
    return (
        bool(moved)
        and not any(layer.params for layer in behind)
        and moved == [layer.kind for layer in last.layers[1:]][-len(moved) :]
        and type(before.lead.kind) is type(after.lead.kind)
        and {change.field for change in argument_changes(before, after)} == {FOLLOWERS}
        and bool(before.shares) == bool(after.shares)
    )


class _Aligned(NamedTuple):
    pairs: Pairs
    cost: int


def _in_row(costs: _Costs, ones: Sequence[int], others: Sequence[int]) -> _Aligned:
    """The best alignment in which pairs do not cross in these orders, and what moved. What neighbours are partners is
    known from one alignment for the next."""
    inner, fixed = _trimmed(ones, others, costs.names_alike)
    if len(inner[0]) > _LARGE:
        # Names are counted by numbers: behind what was put in there is no layer that is called as before.
        inner, more = _trimmed(*inner, costs.looks_alike)
        fixed |= more
    best: _Aligned | None = None
    for _ in range(_ROUNDS):
        cost = costs.between(best.pairs if best is not None else None)
        found = {**fixed, **_path(*inner, cost, _ALONE * _MAIN)}
        costs.add_moved(found)
        aligned = _Aligned(found, costs.total(found))
        if best is not None and aligned.cost >= best.cost:
            break
        best = aligned
        if not costs.has_choice(found):
            break
    assert best is not None
    return best


def _trimmed(
    ones: Sequence[int], others: Sequence[int], alike: Callable[[int, int], bool]
) -> tuple[tuple[Sequence[int], Sequence[int]], Pairs]:
    """What lies between the ends that are *alike*, and these as pairs."""
    most = min(len(ones), len(others))
    head = next((at for at in range(most) if not alike(ones[at], others[at])), most)
    most -= head
    tail = next((at for at in range(most) if not alike(ones[-1 - at], others[-1 - at])), most)
    pairs = dict(zip(ones[:head], others[:head], strict=True))
    pairs |= dict(zip(ones[len(ones) - tail :], others[len(others) - tail :], strict=True))
    return (ones[head : len(ones) - tail], others[head : len(others) - tail]), pairs


class _Costs:
    """What it costs to take two units for one."""

    def __init__(self, one: Side, other: Side) -> None:
        self.one, self.other = one, other
        sides = one, other
        keys, looks, numbers = _Numbers(), _Numbers(), _Numbers()
        self.keys = tuple([keys[_key(unit)] for unit in each.units] for each in sides)
        """Equal for units that do the same with volumes of the same size."""
        self.looks = tuple([looks[_key(unit), _role(unit.name)] for unit in each.units] for each in sides)
        """Equal for those whose names, too, differ in numbers only."""
        self.names = tuple([numbers[unit.name] for unit in each.units] for each in sides)
        self.users = tuple([frozenset(each) for each in side.consumers] for side in sides)
        self._main: dict[tuple[int, int], int | None] = {}
        self._own: dict[tuple[int, int], int | None] = {}

    def main(self, a: int, b: int) -> int | None:
        """None for what can be no pair."""
        key = self.keys[0][a], self.keys[1][b]
        if key[0] == key[1]:
            return 0
        if key not in self._main:
            self._main[key] = _main(self.one.units[a], self.other.units[b])
        return self._main[key]

    def own(self, a: int, b: int) -> int | None:
        """The cost of a pair without its neighbours."""
        key = self.looks[0][a], self.looks[1][b]
        if key not in self._own:
            one, other = self.one.units[a], self.other.units[b]
            main = self.main(a, b)
            # What decides between alignments that have as many changes.
            minor = (self.keys[0][a] != self.keys[1][b]) + (_role(one.name) != _role(other.name))
            self._own[key] = None if main is None else main * _MAIN + minor + 2 * (one.output != other.output)
        cost = self._own[key]
        return None if cost is None else cost + (self.names[0][a] != self.names[1][b])

    def names_alike(self, a: int, b: int) -> bool:
        """Whether the two are the same under the same names."""
        return self.keys[0][a] == self.keys[1][b] and self.names[0][a] == self.names[1][b]

    def looks_alike(self, a: int, b: int) -> bool:
        """Whether they are the same under names that differ in numbers only."""
        return self.looks[0][a] == self.looks[1][b]

    def between(self, known: Mapping[int, int] | None) -> Callable[[int, int], int | None]:
        """The cost of a pair, with its neighbours as far as they are *known*."""
        if known is None:
            return self.own
        apart = self.apart(known)

        def cost(a: int, b: int) -> int | None:
            own = self.own(a, b)
            return None if own is None else own + _APART * apart(a, b)

        return cost

    def apart(self, known: Mapping[int, int]) -> Callable[[int, int], int]:
        """How many neighbours of two units are not *known* to be pairs."""
        inputs = [tuple([known.get(source, -1) for source in taken]) for taken in self.one.inputs]
        users = [frozenset([(known.get(user, -1), at) for user, at in each]) for each in self.one.consumers]

        def count(a: int, b: int) -> int:
            mine, theirs = inputs[a], self.other.inputs[b]
            unlike = 0 if mine == theirs else _unlike(mine, theirs)
            return unlike if users[a] == self.users[1][b] else unlike + len(users[a] ^ self.users[1][b])

        return count

    def has_choice(self, pairs: Mapping[int, int]) -> bool:
        """Whether a pair has neighbours that are none: then other pairs might cost the same, and have."""
        apart = self.apart(pairs)
        return any(apart(a, b) for a, b in pairs.items())

    def total(self, pairs: Mapping[int, int]) -> int:
        alone = len(self.one.units) + len(self.other.units) - 2 * len(pairs)
        total, cost, partners = alone * _ALONE * _MAIN, self.between(pairs), set(pairs.values())
        for a, b in pairs.items():
            own = cost(a, b)
            assert own is not None
            mine = [pairs.get(source) for source in self.one.inputs[a]]
            theirs = self.other.inputs[b]
            # What was put between is paid for, and so is what was there.
            rewired = None not in mine and partners.issuperset(theirs) and _unlike(mine, theirs)
            total += own + _REWIRED * _MAIN * bool(rewired)
        return total

    def add_moved(self, pairs: Pairs) -> None:
        """Adds to *pairs* what is the same and takes the same, or is taken by the same, at another place of the row;
        and what takes the same and is taken by the same, if it can be a pair."""
        one, other = self.one, self.other
        taken = set(pairs.values())
        waiting = deque(a for a in range(len(one.units)) if a not in pairs)
        while waiting:
            a = waiting.popleft()
            if a in pairs:
                continue
            mine = tuple([pairs.get(source, -1) for source in one.inputs[a]])
            users = frozenset([(pairs.get(user, -1), at) for user, at in one.consumers[a]])
            near = [b for source in mine if source >= 0 for b, _ in other.consumers[source]]
            near += [other.inputs[user][at] for user, at in users if user >= 0 and at < len(other.inputs[user])]
            for b in sorted(set(near) - taken):
                takes = bool(mine) and mine == other.inputs[b]
                gives = bool(users) and users == self.users[1][b]
                same = self.keys[0][a] == self.keys[1][b]
                if (same and (takes or gives)) or (takes and gives and self.main(a, b) is not None):
                    pairs[a] = b
                    taken.add(b)
                    waiting += [*one.inputs[a], *(user for user, _ in one.consumers[a])]
                    break


class _Numbers(dict[object, int]):
    """A number for each thing, the same for equal ones."""

    def __missing__(self, thing: object) -> int:
        self[thing] = len(self)
        return self[thing]


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
