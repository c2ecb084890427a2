"""Less of a network at a time: equal stretches of a chain once, with how often."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from cnngraph.flow import Boxed, Branch, Chain, Element, Exit, Fork, Port, Repeat, Side, Tangle, insides, units_of
from cnngraph.network import Network
from cnngraph.repetition import repetition_of_blocks
from cnngraph.units import Unit

_SEVERAL = 3
"""Modules from which on they are a pattern."""


def same_work(unit: Unit) -> Hashable:
    """Equal for units that do the same, make the same and are called the same: one is drawn as the other."""
    return tuple(layer.kind for layer in unit.layers), unit.output, unit.lead.skips, unit.bond, unit.labels


def folded(chain: Chain, network: Network, sameness: Callable[[Unit], Hashable] = same_work) -> Chain:
    """*chain* with equal neighbours as `Repeat`, and so in every branch; *sameness* says which units are equal.

    A fork and the unit that closes it are never parted, and nothing from which an output leaves is equal to anything.
    A stretch begins where a block of the spec begins, if it can; else as early as can be. A boxed block is equal to one
    of its name with the same layers.
    """
    return _Folder(sameness, network).folded(chain)[0]


class Module(NamedTuple):
    """A fork between the unit that it leaves and the one that it meets in."""

    source: Unit
    fork: Fork
    join: Unit

    @property
    def units(self) -> tuple[Unit, ...]:
        """Without the one that it leaves."""
        return (*units_of((self.fork,)), self.join)


def alike(chain: Chain, network: Network, sameness: Callable[[Unit], Hashable]) -> list[Module]:
    """The modules of *chain*, or within its branches, that are equal, three of them at least: of what repeats so, the
    one that most units belong to. *sameness* says which units are equal."""
    folder = _Folder(sameness, network)
    found: dict[Hashable, list[Module]] = {}
    chains = [chain]
    while chains:
        elements = chains.pop()
        chains += [inner for element in reversed(elements) for inner in reversed(insides(element))]
        line = [element for element in elements if not isinstance(element, Side)]
        for before, (fork, join) in zip(line, pairwise(line[1:]), strict=False):
            if isinstance(before, Unit) and isinstance(fork, Fork) and isinstance(join, Unit):
                key = folder.inside(fork)[1], join.lead.kind.word
                found.setdefault(key, []).append(Module(before, fork, join))
    several = [modules for modules in found.values() if len(modules) >= _SEVERAL]
    return max(several, key=lambda modules: len(modules) * len(modules[0].units), default=[])


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
            skipped, period, times = repetition_of_blocks(keys, begins, at)
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
                inside = [(self.folded(branch.chain), branch.is_skip) for branch in branches]
                made = tuple(Branch(chain, is_skip) for (chain, _), is_skip in inside)
                return Fork(made), self.number(("fork", *((key, is_skip) for (_, key), is_skip in inside)))
            case Boxed(path, units):
                kinds = ((tuple(layer.kind for layer in unit.layers), unit.bond) for unit in units)
                return element, self.number(("boxed", self.blocks[path].name, self.blocks[path].label, *kinds))
            case Port(unit, place):
                return element, self.number(("port", unit.output, place))
            case Tangle(nodes, links):
                nets = [self.folded(chain) for chain in nodes]
                return Tangle(tuple(chain for chain, _ in nets), links), self.number(
                    ("tangle", links, *(key for _, key in nets))
                )
            case Side(chains):
                return Side(tuple(self.folded(chain)[0] for chain in chains)), self.number(id(element))
            case Exit() | Repeat():
                return element, self.number(id(element))


def _pieces(chain: Chain) -> Iterator[range]:
    """Indices of what stays together: an element, or a fork and the unit that closes it."""
    at = 0
    while at < len(chain):
        end = at + (2 if isinstance(chain[at], Fork) and at + 1 < len(chain) else 1)
        yield range(at, end)
        at = end


def _block_begins(chain: Chain, pieces: Sequence[range]) -> list[bool]:
    """For each piece whether it begins a block, or follows on one."""
    blocks = [[unit.lead.block for unit in units_of(chain[piece.start : piece.stop])] for piece in pieces]
    return [
        not here or not before or here[0] != before[-1] for before, here in zip([[""], *blocks], blocks, strict=False)
    ]
