"""The shape of a network's graph: chains, forks whose branches meet again, and what is neither.

The series-parallel decomposition (Valdes, Tarjan & Lawler 1982), by reductions: a unit with one way in
and one way out becomes part of the way, two ways between the same units become a fork, and a way that ends in an
output becomes a side of where it leaves. Of a network that is series-parallel nothing else is left; what is left of
others stays a `Tangle`. Nearly linear: a way is only ever joined to a longer one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import NamedTuple

from cnngraph.network import Network, Output
from cnngraph.units import Unit, Units

_SOURCE = ""
"""Before all inputs; no layer has such a name."""
_PORT = "\1"
"""What the names of ports begin with; those of layers do not."""


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
class Exit:
    """Where a way ends in an output; a network's only output needs none but for a label."""

    output: Output


@dataclass(frozen=True, slots=True)
class Side:
    """Ways that leave the chain and end in outputs of their own, such as auxiliary classifiers: each ends in an `Exit`.

    At the start of a network, ways that have nothing to do with the rest.
    """

    chains: tuple[Chain, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """A tensor that goes from one node of a tangle to another."""

    source: int | None
    """Index of the node it leaves; None: the element before the tangle."""
    target: int
    is_skip: bool = False


@dataclass(frozen=True, slots=True)
class Tangle:
    """A part that is not series-parallel: chains, in topological order, and the tensors that go from the end of one to
    the beginning of another. The last of them is where it closes: what is in the tangle leads there or to an
    output."""

    nodes: tuple[Chain, ...]
    links: tuple[Link, ...]
    """For each node in the order in which it takes them."""

    def last(self, node: int) -> Unit:
        """The unit whose tensor leaves a node."""
        chain = self.nodes[node]
        while True:
            element = next(element for element in reversed(chain) if not isinstance(element, Side))
            match element:
                case Unit():
                    return element
                case Boxed(_, inside):
                    return inside[-1]
                case Port(unit):
                    return unit
            chain = insides(element)[-1]


@dataclass(frozen=True, slots=True)
class Repeat:
    """Equal stretches, one after the other."""

    stretches: tuple[Chain, ...]


@dataclass(frozen=True, slots=True)
class Boxed:
    """All of one use of a block, as one thing."""

    path: str
    """A key of `Network.blocks`."""
    units: tuple[Unit, ...]
    """In topological order; the last makes what the block gives back."""
    inputs: tuple[str, ...]
    """Names of the units outside whose tensors it takes, in order."""
    has_ports: bool = False
    """Whether a `Port` behind it stands for each tensor that it gives on, and not it itself for the last."""


@dataclass(frozen=True, slots=True)
class Port:
    """One of several tensors that a block gives on, behind its `Boxed`; the layers are in that."""

    unit: Unit
    """What makes it."""
    place: int
    """Which unit of its block that is."""


Element = Unit | Fork | Exit | Side | Tangle | Repeat | Boxed | Port
Chain = tuple[Element, ...]


def units_of(chain: Iterable[Element]) -> Iterator[Unit]:
    """All units in *chain*, in order, down to every branch."""
    stack: list[Element] = list(chain)[::-1]
    while stack:
        element = stack.pop()
        match element:
            case Unit():
                yield element
            case Boxed():
                yield from element.units
            case _:
                stack += [inner for inside in reversed(insides(element)) for inner in reversed(inside)]


def things(chain: Chain) -> Iterator[Unit | Boxed]:
    """What of *chain* is drawn, in order; of what repeats, once."""
    stack: list[Element] = list(reversed(chain))
    while stack:
        match element := stack.pop():
            case Unit() | Boxed():
                yield element
            case Repeat(stretches):
                stack += reversed(stretches[0])
            case _:
                stack += [inner for inside in reversed(insides(element)) for inner in reversed(inside)]


def id_of(thing: Unit | Boxed) -> str:
    """What nothing else in a figure is called."""
    return f"{thing.path}." if isinstance(thing, Boxed) else thing.name


def insides(element: Element) -> tuple[Chain, ...]:
    """The chains that *element* is made of."""
    match element:
        case Fork(branches):
            return tuple([branch.chain for branch in branches])
        case Side(chains) | Repeat(chains) | Tangle(chains):
            return chains
    return ()


def flow(whole: Units, depth: int | None = None, *, ports: bool = False) -> Chain:
    """The decomposition of a network; the blocks that lie *depth* blocks deep are one thing each, and of those that
    cannot be, the blocks within: all there is inside is one unit, or an inner tensor is used elsewhere, for which there
    are no *ports*."""
    return _Reduction(whole, {} if depth is None else _shut(whole, depth, ports)).chain()


def _shut(whole: Units, depth: int, ports: bool) -> dict[str, str]:
    """The block as whose part each unit is drawn, of units that are."""
    network = whole.network
    lines = {unit.name: _line(unit.lead.block, network) for unit in whole.units}
    users: dict[str, list[str]] = {unit.name: [] for unit in whole.units}
    for name, taken in whole.drawn.items():
        for source in taken:
            users[source].append(name)
    outputs = {whole.of_layer[output.layer] for output in network.outputs}
    place = {unit.name: number for number, unit in enumerate(whole.units)}
    found: dict[str, str] = {}
    waiting = list(whole.units)
    while waiting:
        members: dict[str, list[Unit]] = {}
        for unit in waiting:
            if depth < len(lines[unit.name]):
                members.setdefault(lines[unit.name][depth], []).append(unit)
        waiting = []
        for path, inside in members.items():
            names = {unit.name for unit in inside}
            leaving = [n for n in names if n in outputs or any(user not in names for user in users[n])]
            if len(inside) > 1 and (leaving == [inside[-1].name] or (ports and _stand_together(inside, place))):
                found.update(dict.fromkeys(names, path))
            else:
                waiting += inside
        depth += 1
    return found


def _stand_together(inside: Sequence[Unit], place: Mapping[str, int]) -> bool:
    """Whether nothing that leads from one of these to another lies between them."""
    return place[inside[-1].name] - place[inside[0].name] == len(inside) - 1


def _line(path: str, network: Network) -> list[str]:
    """The blocks around *path*, the outermost first, and itself."""
    line = []
    while path:
        line.append(path)
        path = network.blocks[path].parent
    return line[::-1]


@dataclass(slots=True, eq=False)
class _Edge:
    """A way from one node to another, with what has been reduced into it."""

    source: str
    target: str
    port: int
    """Which input of the target it is; the first of those that it is."""
    is_skip: bool
    chain: deque[Element] = field(default_factory=deque)
    ports: tuple[int, ...] = ()
    """Which input each branch is, of a way that is nothing but a fork."""

    @property
    def branch(self) -> Branch:
        return Branch(tuple(self.chain), self.is_skip)


class _Reduction:
    def __init__(self, whole: Units, shut: dict[str, str]) -> None:
        self.nodes = _nodes(whole, shut)
        self.sides: dict[str, list[Chain]] = {}
        """What leaves each node for outputs, and is reduced."""
        outputs = whole.network.outputs
        self.ends = {f"\0{number}": output for number, output in enumerate(outputs)}
        """No layer has such a name."""
        self.order = [_SOURCE, *self.nodes, *self.ends]
        self.into: dict[str, dict[_Edge, None]] = {name: {} for name in self.order}
        self.out: dict[str, dict[_Edge, None]] = {name: {} for name in self.order}
        box = {unit.name: name for name, node in self.nodes.items() for unit in units_of((node,))}
        of = box | {node.unit.name: name for name, node in self.nodes.items() if isinstance(node, Port)}
        depths = {_SOURCE: 0}
        for name, node in self.nodes.items():
            match node:
                case Unit():
                    taken = [of[source] for source in whole.drawn[name]] or [_SOURCE]
                case Boxed():
                    taken = [of[source] for source in node.inputs] or [_SOURCE]
                case Port():
                    taken = [box[node.unit.name]]
            skips = node.lead.skips if isinstance(node, Unit) else ()
            for port, source in enumerate(taken):
                self.add(_Edge(source, name, port, port in skips))
            depths[name] = 1 + max([depths[source] for source in taken])
        for name, output in self.ends.items():
            source = of[whole.of_layer[output.layer]]
            self.add(_Edge(source, name, 0, False))
            depths[name] = depths[source]
        self.shallow = sorted(self.ends, key=lambda name: depths[name])
        self.main = max(self.ends, key=lambda name: depths[name])
        """The output that the chain ends in: the one with most before it."""

    def add(self, edge: _Edge) -> None:
        self.into[edge.target][edge] = None
        self.out[edge.source][edge] = None

    def remove(self, edge: _Edge) -> None:
        del self.into[edge.target][edge]
        del self.out[edge.source][edge]

    def chain(self) -> Chain:
        self.reduce(self.order)
        while freed := self.put_aside():
            self.reduce(freed)
        return tuple(self.rest())

    def reduce(self, names: Iterable[str]) -> None:
        """The series and parallel reductions, from the nodes *names* on."""
        waiting = dict.fromkeys(names)
        while waiting:
            name = next(iter(waiting))
            del waiting[name]
            freed = self.merge(name)
            if name in self.nodes and len(self.into[name]) == len(self.out[name]) == 1:
                freed.append(self.absorb(name))
            waiting.update(dict.fromkeys(freed))

    def put_aside(self) -> list[str]:
        """Makes sides of the ways to outputs that leave a node which others leave too; gives back these nodes."""
        freed = []
        for name in self.shallow:
            if name == self.main or not self.into[name]:
                continue
            (edge,) = self.into[name]
            if len(self.out[edge.source]) > 1:
                self.remove(edge)
                self.sides.setdefault(edge.source, []).append((*edge.chain, Exit(self.ends[name])))
                freed.append(edge.source)
        return freed

    def elements(self, name: str) -> tuple[Element, ...]:
        """A node, and what leaves it for outputs."""
        if name in self.ends:
            return (Exit(self.ends[name]),) if len(self.ends) > 1 or self.ends[name].label else ()
        node = () if name == _SOURCE else (self.nodes[name],)
        return (*node, Side(tuple(self.sides[name]))) if name in self.sides else node

    def absorb(self, name: str) -> str:
        """The series reduction; gives back the node that the longer way enters."""
        (before,), (after,) = self.into[name], self.out[name]
        self.remove(before)
        self.remove(after)
        if len(before.chain) >= len(after.chain):
            chain = before.chain
            chain.extend(self.elements(name))
            chain.extend(after.chain)
        else:
            chain = after.chain
            chain.extendleft(reversed(self.elements(name)))
            chain.extendleft(reversed(before.chain))
        self.add(_Edge(before.source, after.target, after.port, after.is_skip, chain))
        return after.target

    def merge(self, name: str) -> list[str]:
        """The parallel reduction of the ways into *name*; gives back the nodes it may have freed."""
        by_source: dict[str, list[_Edge]] = {}
        for edge in self.into[name]:
            by_source.setdefault(edge.source, []).append(edge)
        freed = []
        for source, edges in by_source.items():
            if len(edges) < 2:
                continue
            for edge in edges:
                self.remove(edge)
            ways = sorted([way for edge in edges for way in _branches(edge)], key=lambda way: way[0])
            ports, branches = zip(*ways, strict=True)
            self.add(_Edge(source, name, ports[0], False, deque([Fork(branches)]), ports))
            freed.append(source)
        return freed

    def rest(self) -> Iterator[Element]:
        """What is left, from the source to the main output: a way, or ways and tangles between cut vertices."""
        yield from self.elements(_SOURCE)
        left = self.left()
        index = {name: number for number, name in enumerate(left)}
        reach = start = 0
        for number, name in enumerate(left):
            if number and reach <= number:
                yield from self.part(left[start : number + 1])
                start = number
            reach = max([reach, *(index[edge.target] for edge in self.out[name])])

    def left(self) -> list[str]:
        """What is left, in topological order: what leads to other outputs only comes as early as it can, and the main
        output last."""
        leading = {self.main}
        for name in reversed(self.order):
            if any(edge.target in leading for edge in self.out[name]):
                leading.add(name)
        number = {name: place for place, name in enumerate(self.order)}
        waits = {name: len(self.into[name]) for name in self.order}
        ready, found = [(True, 0)], []
        while ready:
            name = self.order[heappop(ready)[1]]
            found.append(name)
            for edge in self.out[name]:
                waits[edge.target] -= 1
                if not waits[edge.target]:
                    heappush(ready, (edge.target in leading, number[edge.target]))
        return found

    def part(self, names: list[str]) -> Iterator[Element]:
        """From one cut vertex, without it, to the next."""
        if len(names) > 2:
            closing = self.elements(names[-1])
            yield _Web().between(self, names, closing[:1])
            yield from closing[1:]
            return
        (edge,) = self.out[names[0]]
        yield from edge.chain
        yield from self.elements(names[1])


def meeting(fork: Fork, join: Element) -> Tangle:
    """*fork* and where its ways meet as a tangle in which every way has a link of its own to there, also those of forks
    within that end there as well."""
    web = _Web()
    ends = web.meeting([(None, branch) for branch in fork.branches])
    web.add((join,), ends)
    return web.tangle


def untied(chain: Iterable[Element], opened: Callable[[Repeat], bool]) -> Tangle:
    """*chain* as a tangle in which every unit is a node of its own, and every block and repetition that is one thing;
    repetitions that are to be *opened* are not."""
    web = _Web()
    web.untie(chain, [_End(None)], opened)
    return web.tangle


class _End(NamedTuple):
    """What leads to a node."""

    source: int | None
    is_skip: bool = False


class _Web:
    """A tangle as it is made."""

    def __init__(self) -> None:
        self.nodes: list[Chain] = []
        self.links: list[Link] = []

    @property
    def tangle(self) -> Tangle:
        return Tangle(tuple(self.nodes), tuple(self.links))

    def add(self, chain: Chain, ends: Iterable[_End]) -> int:
        self.nodes.append(chain)
        number = len(self.nodes) - 1
        self.links += [Link(end.source, number, end.is_skip) for end in ends]
        return number

    def meeting(self, branches: Iterable[tuple[int | None, Branch]]) -> list[_End]:
        """What leads to where ways meet, each from the node that it leaves; a way that ends in a fork has several."""
        ways, found = list(branches)[::-1], []
        while ways:
            at, way = ways.pop()
            fork = way.chain[-1] if way.chain and isinstance(way.chain[-1], Fork) else None
            chain = way.chain[:-1] if fork else way.chain
            if chain:
                at = self.add(chain, [_End(at)])
            if fork:
                ways += [(at, inner) for inner in reversed(fork.branches)]
            else:
                found.append(_End(at, way.is_skip))
        return found

    def between(self, reduction: _Reduction, names: list[str], closing: Chain) -> Tangle:
        """What is left of a network from one cut vertex, without it, to the next, which is drawn as *closing*. A node
        that one way leads to is drawn with that way; ways into others are nodes of their own."""
        first, *others = names
        number: dict[str, int | None] = {first: None}
        for name in others:
            edges = sorted(reduction.into[name], key=lambda edge: edge.port)
            chain = closing if name == names[-1] else reduction.elements(name)
            if len(edges) == 1:
                chain, ends = (*edges[0].chain, *chain), [_End(number[edges[0].source])]
            else:
                ends = self.meeting([(number[edge.source], edge.branch) for edge in edges])
            number[name] = self.add(chain, ends)
        return self.tangle

    def untie(self, chain: Iterable[Element], ends: list[_End], opened: Callable[[Repeat], bool]) -> list[_End]:
        """Adds what is in *chain*, which *ends* lead to; gives back what leads on from there."""
        for element in chain:
            match element:
                case Fork(branches):
                    (before,) = ends
                    ends = []
                    for branch in branches:
                        inside = self.untie(branch.chain, [before], opened)
                        ends += [_End(end.source, branch.is_skip or end.is_skip) for end in inside]
                case Tangle(nodes, links):
                    leaving: dict[int | None, list[_End]] = {None: ends}
                    led: list[list[_End]] = [[] for _ in nodes]
                    for link in links:
                        led[link.target].append(_End(link.source, link.is_skip))
                    for number, node in enumerate(nodes):
                        entering = [
                            _End(end.source, end.is_skip or way.is_skip)
                            for way in led[number]
                            for end in leaving[way.source]
                        ]
                        leaving[number] = self.untie(node, entering, opened)
                    ends = leaving[len(nodes) - 1]
                case Side(chains):
                    for side in chains:
                        self.untie(side, ends, opened)
                case Repeat(stretches) if opened(element):
                    for stretch in stretches:
                        ends = self.untie(stretch, ends, opened)
                case Unit() if element.idle and len(ends) == 1:
                    pass  # It has no place of its own.
                case _:
                    ends = [_End(self.add((element,), ends))]
        return ends


def _nodes(whole: Units, shut: Mapping[str, str]) -> dict[str, Unit | Boxed | Port]:
    """What is drawn, by the name of the unit that makes what it gives on, in topological order."""
    inside: dict[str, list[Unit]] = {}
    leaving = {whole.of_layer[output.layer] for output in whole.network.outputs}
    for unit in whole.units:
        leaving |= {name for name in whole.drawn[unit.name] if shut.get(name) != shut.get(unit.name)}
        if unit.name in shut:
            inside.setdefault(shut[unit.name], []).append(unit)
    found: dict[str, Unit | Boxed | Port] = {}
    for unit in whole.units:
        path = shut.get(unit.name)
        if path is None:
            found[unit.name] = unit
        elif unit is (members := inside[path])[-1]:
            names = {member.name for member in members}
            inputs = dict.fromkeys(name for member in members for name in whole.drawn[member.name] if name not in names)
            places = [place for place, member in enumerate(members) if member.name in leaving]
            has_ports = places != [len(members) - 1]
            found[unit.name] = Boxed(path, tuple(members), tuple(inputs), has_ports)
            if has_ports:
                found |= {f"{_PORT}{members[place].name}": Port(members[place], place) for place in places}
    return found


def _branches(edge: _Edge) -> list[tuple[int, Branch]]:
    """The branches of a way that is nothing but a fork, else the way as one; each with the input that it is."""
    if len(edge.chain) == 1 and isinstance(edge.chain[0], Fork):
        return list(zip(edge.ports, edge.chain[0].branches, strict=True))
    return [(edge.port, edge.branch)]
