"""Less of a network at a time: equal stretches of a chain once, with how often, and blocks as one thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import groupby

from cnngraph.flow import Boxed, Branch, Chain, Element, Fork, Repeat, Side, Tangle, units_of
from cnngraph.network import Network
from cnngraph.repetition import repetition
from cnngraph.units import Unit


def same_work(unit: Unit) -> Hashable:
    """Equal for units that do the same and make the same: one is drawn as the other."""
    return tuple(layer.kind for layer in unit.layers), unit.output, unit.lead.skips


def folded(chain: Chain, network: Network, sameness: Callable[[Unit], Hashable] = same_work) -> Chain:
    """*chain* with equal neighbours as `Repeat`, and so in every branch; *sameness* says which units are equal.

    A fork and the unit that closes it are never parted. A stretch begins where a block of the spec
    begins, if it can; else as early as can be. A boxed block is equal to one of its name with the same layers.
    """
    return _Folder(sameness, network).folded(chain)[0]


def boxed(chain: Chain, network: Network, depth: int = 0) -> Chain:
    """*chain* with the blocks that lie *depth* blocks deep as `Boxed`.

    Only stretches that are all of a block, and of more than one unit: a block whose inner tensors are used
    elsewhere stays open.
    """
    sizes = Counter(_ancestor(unit.lead.block, network, depth) for unit in units_of(chain))
    return _boxed(chain, network, depth, sizes)


def _boxed(chain: Chain, network: Network, depth: int, sizes: Counter[str | None]) -> Chain:
    found: list[Element] = []
    for path, group in groupby(_pieces(chain), lambda piece: _common(chain, piece, network, depth)):
        elements = [chain[index] for piece in group for index in piece]
        if path is not None and 1 < sum(1 for _ in units_of(tuple(elements))) == sizes[path]:
            found.append(Boxed(path, tuple(elements)))
        else:
            found += [_boxed_inside(element, network, depth, sizes) for element in elements]
    return tuple(found)


def _boxed_inside(element: Element, network: Network, depth: int, sizes: Counter[str | None]) -> Element:
    match element:
        case Fork(branches):
            return Fork(tuple(Branch(_boxed(b.chain, network, depth, sizes), b.is_skip) for b in branches))
        case Side(branches):
            return Side(tuple(Branch(_boxed(b.chain, network, depth, sizes), b.is_skip) for b in branches))
        case _:
            return element


def _common(chain: Chain, piece: range, network: Network, depth: int) -> str | None:
    """The block *depth* deep that all of *piece* is in."""
    inside = units_of(chain[piece.start : piece.stop])
    paths = {_ancestor(unit.lead.block, network, depth) for unit in inside}
    return paths.pop() if len(paths) == 1 else None


def _ancestor(path: str, network: Network, depth: int) -> str | None:
    """The block around *path* that lies within *depth* others; None when it is not so deep."""
    line = []
    while path:
        line.append(path)
        path = network.blocks[path].parent
    return line[-1 - depth] if depth < len(line) else None


class _Folder:
    def __init__(self, sameness: Callable[[Unit], Hashable], network: Network) -> None:
        self.sameness = sameness
        self.blocks = network.blocks
        self.numbers: dict[Hashable, int] = {}
        """A number for everything seen, so that large things are as quick to compare as small ones."""

    def folded(self, chain: Chain) -> tuple[Chain, int]:
        """And a number that is equal for equal chains."""
        inside = [self.inside(element) for element in chain]
        pieces = list(_pieces(chain))
        keys = [self.number(tuple(inside[index][1] for index in piece)) for piece in pieces]
        begins = _block_begins(chain, pieces)
        found: list[Element] = []
        at = 0
        while at < len(pieces):
            skipped, period, times = _aligned(keys, begins, at)
            if times == 1:
                skipped, period = 1, 0
            found += [inside[index][0] for piece in pieces[at : at + skipped] for index in piece]
            at += skipped
            if period:
                starts = range(at, at + period * times, period)
                stretches = (pieces[start : start + period] for start in starts)
                found.append(Repeat(tuple(tuple(inside[i][0] for piece in s for i in piece) for s in stretches)))
                at += period * times
        return tuple(found), self.number(("chain", *keys))

    def number(self, key: Hashable) -> int:
        return self.numbers.setdefault(key, len(self.numbers))

    def inside(self, element: Element) -> tuple[Element, int]:
        match element:
            case Unit():
                return element, self.number(("unit", self.sameness(element)))
            case Fork(branches):
                made, keys = self.branches(branches)
                return Fork(made), self.number(("fork", *keys))
            case Side(branches):
                made, keys = self.branches(branches)
                return Side(made), self.number(("side", *keys))
            case Boxed(path, chain):
                kinds = (tuple(layer.kind for layer in unit.layers) for unit in units_of(chain))
                return element, self.number(("boxed", self.blocks[path].name, *kinds))
            case Tangle() | Repeat():
                return element, self.number(id(element))

    def branches(self, branches: tuple[Branch, ...]) -> tuple[tuple[Branch, ...], list[tuple[int, bool]]]:
        inside = [(self.folded(branch.chain), branch.is_skip) for branch in branches]
        made = tuple(Branch(chain, is_skip) for (chain, _), is_skip in inside)
        return made, [(key, is_skip) for (_, key), is_skip in inside]


def _pieces(chain: Chain) -> Iterator[range]:
    """Indices of what stays together: an element, or a fork and the unit that closes it."""
    at = 0
    while at < len(chain):
        end = at + (2 if isinstance(chain[at], Fork | Tangle) and at + 1 < len(chain) else 1)
        yield range(at, end)
        at = end


def _block_begins(chain: Chain, pieces: Sequence[range]) -> list[bool]:
    """For each piece whether it begins a block, or follows on one."""
    blocks = [[unit.lead.block for unit in units_of(chain[piece.start : piece.stop])] for piece in pieces]
    return [
        not here or not before or here[0] != before[-1] for before, here in zip([[""], *blocks], blocks, strict=False)
    ]


def _aligned(keys: Sequence[int], begins: Sequence[bool], at: int) -> tuple[int, int, int]:
    """How many pieces to pass over, and the period and number of the repetition that follows."""
    period, times = repetition(keys, at)
    if not begins[at]:
        for shift in range(1, period):
            if begins[at + shift] and repetition(keys, at + shift) == (period, times):
                return shift, period, times
    return 0, period, times
