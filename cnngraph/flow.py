"""The shape of a network's graph: chains, forks whose branches meet again, and what is neither.

The series-parallel decomposition (Valdes, Tarjan & Lawler 1982), by reductions: a unit with one way in
and one way out becomes part of the way, two ways between the same units become a fork. Of a network
that is series-parallel nothing else is left; what is left of others stays a `Tangle`. Nearly linear:
a way is only ever joined to a longer one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from cnngraph.units import Unit, Units

_SOURCE, _SINK = "", "\0"
"""Before all inputs, and behind all outputs; no layer has such a name."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One way through a fork; no elements when the tensor passes unchanged."""

    chain: Chain
    is_skip: bool = False
    """Written as a ``skip``."""


@dataclass(frozen=True, slots=True)
class Fork:
    """Ways from the element before it to the unit after it, in the order in which that unit takes them.

    At the start of a network its branches begin with the inputs.
    """

    branches: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """Ways that leave the chain and end in outputs of their own, such as auxiliary classifiers."""

    branches: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """A way within a tangle."""

    source: int | None
    """Index of the unit it leaves; None: the element before the tangle."""
    target: int | None
    """Index of the unit it enters; None: the unit after the tangle."""
    branch: Branch


@dataclass(frozen=True, slots=True)
class Tangle:
    """A part that is not series-parallel: units, in topological order, and the ways between them."""

    units: tuple[Unit, ...]
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """Equal stretches, one after the other."""

    stretches: tuple[Chain, ...]


@dataclass(frozen=True, slots=True)
class Boxed:
    """All of one use of a block, as one thing."""

    path: str
    """A key of `Network.blocks`."""
    chain: Chain


Element = Unit | Fork | Side | Tangle | Repeat | Boxed
Chain = tuple[Element, ...]


def units_of(chain: Chain) -> Iterator[Unit]:
    """All units in *chain*, in order, down to every branch."""
    stack: list[Element] = list(reversed(chain))
    while stack:
        element = stack.pop()
        match element:
            case Unit():
                yield element
            case Fork(branches) | Side(branches):
                stack += [inner for branch in reversed(branches) for inner in reversed(branch.chain)]
            case Repeat(stretches):
                stack += [inner for stretch in reversed(stretches) for inner in reversed(stretch)]
            case Boxed(_, inside):
                stack += reversed(inside)
            case Tangle(units, ways):
                yield from units
                stack += [inner for way in reversed(ways) for inner in reversed(way.branch.chain)]


def flow(whole: Units) -> Chain:
    """The decomposition of a network."""
    reduction = _Reduction(whole)
    reduction.run()
    return _inlined(tuple(reduction.rest()))


@dataclass(slots=True, eq=False)
class _Edge:
    """A way from one unit to another, with what has been reduced into it."""

    source: str
    target: str
    port: int
    """Which input of the target it is."""
    is_skip: bool
    chain: deque[Element] = field(default_factory=deque)

    @property
    def branch(self) -> Branch:
        return Branch(tuple(self.chain), self.is_skip)


class _Reduction:
    def __init__(self, whole: Units) -> None:
        self.units = whole.by_name
        self.order = [_SOURCE, *self.units, _SINK]
        self.into: dict[str, dict[_Edge, None]] = {name: {} for name in self.order}
        self.out: dict[str, dict[_Edge, None]] = {name: {} for name in self.order}
        for unit in whole.units:
            taken = unit.inputs[:1] if unit.lead.kind.measures_second else unit.inputs
            for port, name in enumerate(taken or (_SOURCE,)):
                self.add(_Edge(name, unit.name, port, port in unit.lead.skips))
        outputs = [whole.of_layer[output.layer] for output in whole.network.outputs]
        for port, name in enumerate(dict.fromkeys([*outputs, *(n for n in self.units if not self.out[n])])):
            self.add(_Edge(name, _SINK, port, False))

    def add(self, edge: _Edge) -> None:
        self.into[edge.target][edge] = None
        self.out[edge.source][edge] = None

    def remove(self, edge: _Edge) -> None:
        del self.into[edge.target][edge]
        del self.out[edge.source][edge]

    def run(self) -> None:
        waiting = dict.fromkeys(self.order)
        while waiting:
            name = next(iter(waiting))
            del waiting[name]
            freed = self.merge(name)
            if name in self.units and len(self.into[name]) == len(self.out[name]) == 1:
                freed.append(self.absorb(name))
            waiting.update(dict.fromkeys(freed))

    def absorb(self, name: str) -> str:
        """The series reduction; gives back the unit that the longer way enters."""
        (before,), (after,) = self.into[name], self.out[name]
        self.remove(before)
        self.remove(after)
        if len(before.chain) >= len(after.chain):
            chain = before.chain
            chain.append(self.units[name])
            chain.extend(after.chain)
        else:
            chain = after.chain
            chain.appendleft(self.units[name])
            chain.extendleft(reversed(before.chain))
        self.add(_Edge(before.source, after.target, after.port, after.is_skip, chain))
        return after.target

    def merge(self, name: str) -> list[str]:
        """The parallel reduction of the ways into *name*; gives back the units it may have freed."""
        by_source: dict[str, list[_Edge]] = {}
        for edge in self.into[name]:
            by_source.setdefault(edge.source, []).append(edge)
        freed = []
        for source, edges in by_source.items():
            if len(edges) < 2:
                continue
            edges.sort(key=lambda edge: edge.port)
            for edge in edges:
                self.remove(edge)
            fork = Fork(tuple(branch for edge in edges for branch in _branches(edge)))
            self.add(_Edge(source, name, edges[0].port, False, deque([fork])))
            freed.append(source)
        return freed

    def rest(self) -> Iterator[Element]:
        """What is left, from the source to the sink: a way, or ways and tangles between cut vertices."""
        left = [name for name in self.order if self.into[name] or self.out[name]]
        index = {name: number for number, name in enumerate(left)}
        reach = start = 0
        for number, name in enumerate(left):
            if number and reach <= number:
                yield from self.part(left[start : number + 1])
                if name in self.units:
                    yield self.units[name]
                start = number
            reach = max([reach, *(index[edge.target] for edge in self.out[name])])

    def part(self, names: list[str]) -> Iterator[Element]:
        """From one cut vertex to the next, without them."""
        first, *inner, _last = names
        if not inner:
            (edge,) = self.out[first]
            yield from edge.chain
            return
        place = {name: number for number, name in enumerate(inner)}
        ways = [
            Way(place.get(edge.source), place.get(edge.target), edge.branch)
            for name in (first, *inner)
            for edge in sorted(self.out[name], key=lambda edge: (place.get(edge.target, len(place)), edge.port))
        ]
        yield Tangle(tuple(self.units[name] for name in inner), tuple(ways))


def _branches(edge: _Edge) -> tuple[Branch, ...]:
    """The branches of a way that is nothing but a fork; else the way as one."""
    if len(edge.chain) == 1 and isinstance(edge.chain[0], Fork):
        return edge.chain[0].branches
    return (edge.branch,)


def _inlined(chain: Chain) -> Chain:
    """With what follows on a fork that never closes, in the same chain: its longest branch goes on, the
    others are sides."""
    found: list[Element] = []
    while chain and isinstance(chain[-1], Fork) and len(chain) > 1:
        branches = chain[-1].branches
        sizes = [sum(1 for _ in units_of(branch.chain)) for branch in branches]
        main = sizes.index(max(sizes))
        found += [*chain[:-1], Side(tuple(branch for number, branch in enumerate(branches) if number != main))]
        chain = branches[main].chain
    return (*found, *chain)
