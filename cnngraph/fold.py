"""Less of a network at a time: equal stretches of a chain once, with how often."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from cnngraph.flow import Boxed, Branch, Chain, Element, Exit, Fork, Port, Repeat, Side, Tangle, insides, units_of
from cnngraph.network import Network
from cnngraph.repetition import repetition_of_blocks
from cnngraph.units import Unit

_SEVERAL = 3
"""Modules from which on they are a pattern."""


def same_work(unit: Unit) -> Hashable:
    """Equal for units that do the same, make the same and are called the same: one is drawn as the other."""
    lead, said = unit.lead, unit.labels + tuple(unit.lead.said.items())
    return tuple(layer.kind for layer in unit.layers), unit.output, lead.skips, unit.bond, said


def folded(chain: Chain, network: Network, sameness: Callable[[Unit], Hashable] = same_work) -> Chain:
    """*chain* with equal neighbours as `Repeat`, and so in every branch; *sameness* says which units are equal.

    A fork and the unit that closes it are never parted, and nothing from which an output leaves is equal to anything.
    A stretch begins where a block of the spec begins, if it can; else as early as can be. A boxed block is equal to one
    of its name with the same layers. What is in a block with a label is folded within that, and all of it is equal to
    what is in another block with this label.
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
    folder = _Folder(sameness, network, labels=False)
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
    def __init__(self, sameness: Callable[[Unit], Hashable], network: Network, labels: bool = True) -> None:
        self.sameness = sameness
        self.blocks = network.blocks
        self.labels = labels and any(block.label for block in network.blocks.values())
        """Whether blocks that are called otherwise are told apart."""
        self.numbers: dict[Hashable, int] = {}
        """A number for everything seen, so that large things are as quick to compare as small ones."""

    def folded(self, chain: Chain, around: str = "") -> tuple[Chain, int]:
        """And a number that is equal for equal chains; *chain* is within the block *around*, whose label is known."""
        pieces, made = [], []
        for called, run in groupby(_pieces(chain), lambda piece: self.called(chain[piece.start : piece.stop], around)):
            if called:
                ranges = list(run)
                whole = range(ranges[0].start, ranges[-1].stop)
                inner, key = self.folded(chain[whole.start : whole.stop], called)
                pieces.append(whole)
                made.append((inner, self.number(("called", self.blocks[called].label, key))))
                continue
            for piece in run:
                inside = [self.inside(chain[index], around) for index in piece]
                pieces.append(piece)
                made.append((tuple([element for element, _ in inside]), self.number(tuple([key for _, key in inside]))))
        keys = [key for _, key in made]
        begins = _block_begins(chain, pieces)
        found: list[Element] = []
        at = 0
        while at < len(pieces):
            skipped, period, times = repetition_of_blocks(keys, begins, at)
            if times == 1:
                skipped, period = 1, 0
            found += [element for inner, _ in made[at : at + skipped] for element in inner]
            at += skipped
            if period:
                stretches = (made[start : start + period] for start in range(at, at + period * times, period))
                found.append(Repeat(tuple(tuple(e for inner, _ in stretch for e in inner) for stretch in stretches)))
                at += period * times
        return tuple(found), self.number(("chain", *keys))

    def called(self, elements: Iterable[Element], around: str) -> str:
        """The outermost block with a label that all of *elements* are in, within the block *around*; empty for none."""
        if not self.labels:
            return ""
        found = {next(iter(self.line(unit, around)), "") for unit in units_of(elements)}
        return found.pop() if len(found) == 1 else ""

    def line(self, unit: Unit, around: str) -> list[str]:
        """The blocks with labels that *unit* is in, the outermost first, within the block *around*."""
        found, path = [], unit.lead.block if self.labels else around
        while path != around:
            found += [path] if self.blocks[path].label else []
            path = self.blocks[path].parent
        return found[::-1]

    def number(self, key: Hashable) -> int:
        return self.numbers.setdefault(key, len(self.numbers))

    def inside(self, element: Element, around: str = "") -> tuple[Element, int]:
        match element:
            case Unit():
                labels = (self.blocks[path].label for path in self.line(element, around))
                return element, self.number(("unit", self.sameness(element), *labels))
            case Fork(branches):
                inside = [(self.folded(branch.chain, around), branch.is_skip) for branch in branches]
                made = tuple(Branch(chain, is_skip) for (chain, _), is_skip in inside)
                return Fork(made), self.number(("fork", *((key, is_skip) for (_, key), is_skip in inside)))
            case Boxed(path, units, has_ports=has_ports):
                kinds = ((tuple(layer.kind for layer in unit.layers), unit.bond) for unit in units)
                return element, self.number(
                    ("boxed", self.blocks[path].name, self.blocks[path].label, has_ports, *kinds)
                )
            case Port(unit, place):
                return element, self.number(("port", unit.output, place))
            case Tangle(nodes, links):
                nets = [self.folded(chain, around) for chain in nodes]
                return Tangle(tuple(chain for chain, _ in nets), links), self.number(
                    ("tangle", links, *(key for _, key in nets))
                )
            case Side(chains):
                return Side(tuple(self.folded(chain, around)[0] for chain in chains)), self.number(id(element))
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
