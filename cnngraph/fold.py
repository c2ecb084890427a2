"""Less of a network at a time: equal stretches of a chain once, with how often."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple, TypeVar

from cnngraph.flow import (
    Boxed,
    Branch,
    Chain,
    Element,
    Exit,
    Fork,
    Port,
    Repeat,
    Side,
    Tangle,
    id_of,
    insides,
    things,
    units_of,
)
from cnngraph.network import Network
from cnngraph.repetition import repetition_of_blocks
from cnngraph.units import Owners, Unit, owners

Drawn = TypeVar("Drawn")

_SEVERAL = 3
"""Modules from which on they are a pattern."""


def same_work(unit: Unit) -> Hashable:
    """Equal for units that do the same, make the same and are called the same: one is drawn as the other, if that says
    nothing false of weights."""
    lead, said = unit.lead, unit.labels + tuple(unit.lead.said.items())
    return tuple(layer.kind for layer in unit.layers), unit.output, lead.skips, said


def folded(chain: Chain, network: Network, sameness: Callable[[Unit], Hashable] = same_work) -> Chain:
    """*chain* with equal neighbours as `Repeat`, and so in every branch; *sameness* says which units are equal.

    A fork and the unit that closes it are never parted, and nothing from which an output leaves is equal to anything.
    A stretch begins where a block of the spec begins, if it can; else as early as can be. A boxed block is equal to one
    of its name with the same layers. What is in a block with a label is folded within that, and all of it is equal to
    what is in another block with this label. Weights that are used several times are folded wherever they are used, or
    nowhere.
    """
    if not network.shared:
        return _Folder(sameness, network, ()).folded(chain)[0]
    return evenly(lambda apart: _Folder(sameness, network, apart).folded(chain)[0], weights)


Weights = Mapping[str, Sequence[Owners]]
"""Whose weights what is drawn has, by its name; of what is there once, those of each that it stands for."""


def weights(chain: Chain) -> Weights:
    """Those of what is drawn of *chain*."""
    alike = _standing(chain)
    return {
        id_of(thing): [owners(turn) for turn in zip(*(alike[unit.name] for unit in units_of((thing,))), strict=True)]
        for thing in things(chain)
    }


def together(turns: Sequence[Owners]) -> Owners:
    """Whose weights all *turns* of a thing have: once, where each has the same, as a step that is done again has."""
    if not all(turns):
        return ()
    return turns[0] if len(set(turns)) == 1 else tuple(owner for turn in turns for owner in turn)


def evenly(fold: Callable[[Collection[str]], Drawn], weights: Callable[[Drawn], Weights]) -> Drawn:
    """What *fold* makes where the owners of weights that it is given have to stand apart: the fewest with which what
    is drawn has all of the *weights* that something else has, or none. A letter says which."""
    apart: set[str] = set()
    while True:
        drawn = fold(apart)
        said = [(together(turns), len(set(turns)) > 1) for turns in weights(drawn).values()]
        uses: dict[str, set[Owners]] = {}
        for whole, _ in said:
            for owner in whole:
                uses.setdefault(owner, set()).add(whole)
        torn = {owner for whole, are_several in said if are_several for owner in whole if len(uses[owner]) > 1}
        if torn <= apart:
            return drawn
        apart |= torn


def tie(unit: Unit, apart: Collection[str]) -> Hashable:
    """Equal for units that can be one as far as their weights go: the first use of some is none with the others, and
    what stands *apart* is one with its own kind alone."""
    return unit.tied != "", unit.shares != "", unit.tied if unit.tied in apart else ""


def _standing(chain: Chain) -> dict[str, list[Unit]]:
    """By the name of each unit that is drawn of *chain* all that it stands for."""
    stands_for: dict[str, str] = {}
    stack = list(chain)
    while stack:
        element = stack.pop()
        if isinstance(element, Repeat):
            first, *others = element.stretches
            for stretch in others:
                pairs = zip(units_of(stretch), units_of(first), strict=True)
                stands_for.update((unit.name, shown.name) for unit, shown in pairs)
            stack += first
        else:
            stack += [inner for inside in insides(element) for inner in inside]
    found: dict[str, list[Unit]] = {}
    for unit in units_of(chain):
        name = unit.name
        while name in stands_for:
            name = stands_for[name]
        found.setdefault(name, []).append(unit)
    return found


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
    folder = _Folder(sameness, network, None, labels=False)
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
    def __init__(
        self, sameness: Callable[[Unit], Hashable], network: Network, apart: Collection[str] | None, labels: bool = True
    ) -> None:
        self.sameness = sameness
        self.apart = apart
        """Owners of weights that stand apart; None where weights do not matter."""
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

    def tie(self, unit: Unit) -> Hashable:
        return None if self.apart is None else tie(unit, self.apart)

    def number(self, key: Hashable) -> int:
        return self.numbers.setdefault(key, len(self.numbers))

    def inside(self, element: Element, around: str = "") -> tuple[Element, int]:
        match element:
            case Unit():
                labels = (self.blocks[path].label for path in self.line(element, around))
                return element, self.number(("unit", self.sameness(element), self.tie(element), *labels))
            case Fork(branches):
                inside = [(self.folded(branch.chain, around), branch.is_skip) for branch in branches]
                made = tuple(Branch(chain, is_skip) for (chain, _), is_skip in inside)
                return Fork(made), self.number(("fork", *((key, is_skip) for (_, key), is_skip in inside)))
            case Boxed(path, units, has_ports=has_ports):
                kinds = ((tuple(layer.kind for layer in unit.layers), self.tie(unit)) for unit in units)
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
