"""What of a network is drawn as one thing, and the lines between these things.

1. What does nothing when the network runs is part of what is before it.
2. An innermost block of the spec becomes one thing, and a fork with the join that closes it, where none of it is in a
   row below what it makes.
3. What only leads to a join in another row, or cuts a piece out, becomes the line that leads there.
4. Equal neighbours are there once, with how often, and so are equal stretches over several rows; at last those
   neighbours too that do the same with more channels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property, reduce
from operator import or_

from cnngraph.flow import Chain, Repeat, flow, units_of
from cnngraph.fold import Weights, evenly, folded, same_work, tie
from cnngraph.network import Network, Output
from cnngraph.units import Unit, Units, owners

_LONGEST = 3
"""Units that a line may stand for."""


class Detail(IntEnum):
    """How much of a network has a place of its own."""

    SUMMED = 0
    """Of neighbours that do the same one."""
    FOLDED = 1
    """Of equal neighbours one."""
    BLOCKS = 2
    """Every block."""
    OPEN = 3
    """Every unit, also in blocks, if those are a way with a shortcut: several ways side by side have no place here."""


@dataclass(frozen=True)
class Node:
    """One thing that is drawn."""

    units: tuple[Unit, ...]
    """In topological order; the last makes its volume."""
    row: int
    times: int = 1
    label: str = ""
    """What its author calls it: the one unit, or the use of a block that it is."""

    @property
    def first(self) -> Unit:
        return self.units[0]

    @cached_property
    def last(self) -> Unit:
        """What makes its volume: a flatten behind it moves no number."""
        return next((unit for unit in reversed(self.units) if not unit.idle), self.units[-1])

    @cached_property
    def does(self) -> Unit | None:
        """The one unit that does something; None where there are several."""
        found = [unit for unit in self.units if not unit.idle]
        return found[0] if len(found) == 1 else None if found else self.first

    def called(self, network: Network) -> str:
        """What its units are called together: as the definition of the block of *network* that they are in; empty where
        that is none."""
        block = block_of(self.units[: len(self.units) // self.times])
        return network.blocks[block].name.rpartition(".")[2].replace("_", " ") if block else ""

    @property
    def turns(self) -> list[tuple[Unit, ...]]:
        """The units of each thing that it stands for."""
        count = len(self.units) // self.times
        return [self.units[start : start + count] for start in range(0, len(self.units), count)]

    @property
    def is_join(self) -> bool:
        return self.does is not None and self.does.lead.kind.family == "join"

    @cached_property
    def is_pool(self) -> bool:
        """Whether it is a pool with a window."""
        kind = self.does.does.kind if self.does is not None else None
        return kind is not None and kind.family == "pool" and kind.caption().window is not None


@dataclass(frozen=True, slots=True)
class Edge:
    """A tensor on its way from one node to another, by their numbers, through *through*."""

    source: int
    target: int
    through: tuple[Unit, ...] = ()


@dataclass(frozen=True, slots=True)
class Stretch:
    """Things that follow one another again and again, and are there once."""

    first: int
    last: int
    """Their numbers: from the one to the other."""
    times: int
    layers: tuple[str, ...]
    """Of all of them, time after time."""


@dataclass(frozen=True)
class Nodes:
    """In topological order."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    """For each node in the order in which it takes them."""
    outputs: tuple[tuple[int, Output], ...]
    """The nodes whose volumes are given back, and as what."""
    stretches: tuple[Stretch, ...] = ()

    @cached_property
    def shortcuts(self) -> frozenset[tuple[int, int]]:
        """The ends of the edges that pass something by: another way leads from the one to the other, too."""
        before: list[int] = []
        """All that a node comes of, a bit for each."""
        sources: list[list[int]] = [[] for _ in self.nodes]
        for edge in self.edges:
            sources[edge.target].append(edge.source)
        found: set[tuple[int, int]] = set()
        for number, taken in enumerate(sources):
            farther = reduce(or_, (before[source] for source in taken), 0)
            found.update((source, number) for source in taken if farther >> source & 1)
            before.append(reduce(or_, (1 << source for source in taken), farther))
        return frozenset(found)

    @property
    def rises(self) -> bool:
        """Whether a line leads from a row to one above it."""
        return any(map(self._rise, self.edges))

    def _rise(self, edge: Edge) -> bool:
        source, target = self.nodes[edge.source], self.nodes[edge.target]
        return source.last.output.is_map and source.row > target.row

    @cached_property
    def falls(self) -> bool:
        """Whether nothing rises, and all outputs are of one row."""
        return not self.rises and len({self.nodes[number].row for number, _ in self.outputs}) == 1

    @property
    def arranged(self) -> Nodes:
        """The same in one row where all of it falls. Of several inputs each has a row for what comes of it alone, and
        between these stands what comes of several: in one row, or as here, by resolution, where something rises."""
        inputs = [number for number, node in enumerate(self.nodes) if not node.first.lead.inputs]
        comes_of: list[set[int]] = [{number} if number in inputs else set() for number in range(len(self.nodes))]
        for edge in self.edges:
            comes_of[edge.target] |= comes_of[edge.source]
        alone = [found.copy().pop() if len(found) == 1 else None for found in comes_of]
        towers = [number for number in inputs if self.falls or alone.count(number) > 1]
        risen = {alone[edge.target] for edge in self.edges if self._rise(edge)}
        if not self.falls and (len(towers) < 2 or not risen.isdisjoint(towers)):
            return self
        middle, deep = len(towers) // 2, 1 + max(node.row for node in self.nodes)
        wanted = [
            middle + (0 if self.falls else node.row) if of not in towers
            else at if (at := towers.index(of)) < middle
            else at + deep
            for node, of in zip(self.nodes, alone, strict=True)
        ]  # fmt: skip
        rank = {row: at for at, row in enumerate(sorted(set(wanted)))}
        return replace(
            self, nodes=tuple(replace(node, row=rank[row]) for node, row in zip(self.nodes, wanted, strict=True))
        )


def nodes(whole: Units, rows: Mapping[str, int], detail: Detail) -> Nodes:
    """What of *whole* is drawn, where its units stand in *rows*."""
    graph = _Graph(whole, rows, list(_repeats(whole, rows)) if detail <= Detail.FOLDED else [])
    if detail is not Detail.OPEN or graph.splits:
        graph.shut()
        for name in list(graph.members):
            graph.close(name)
    for name in list(graph.members):
        if name in graph.members:
            graph.absorb(name)
    found = graph.nodes()
    if detail > Detail.FOLDED:
        return found
    sameness = same_work if detail is Detail.FOLDED else same_words
    return evenly(lambda apart: _folded(found, lambda unit: (sameness(unit), tie(unit, apart))), weights)


def weights(found: Nodes) -> Weights:
    """Whose weights each of *found* has, by the name of its first unit."""
    return {node.first.name: [owners(turn) for turn in node.turns] for node in found.nodes}


class _Graph:
    """Things by the name of the unit that makes their volume."""

    def __init__(self, whole: Units, rows: Mapping[str, int], repeats: Sequence[Repeat]) -> None:
        self.whole = whole
        self.repeats = repeats
        self.rows = rows
        self.order = {unit.name: number for number, unit in enumerate(whole.units)}
        self.members: dict[str, list[Unit]] = {}
        self.inputs: dict[str, list[str]] = {}
        self.users: dict[str, list[str]] = {}
        self.through: dict[tuple[str, str], tuple[Unit, ...]] = {}
        self.stands_for: dict[str, str] = {}
        self.outputs = {whole.of_layer[output.layer] for output in whole.network.outputs}
        left_out: set[str] = set()
        for first, *others in (repeat.stretches for repeat in repeats):
            ends = [_names(stretch)[-1] for stretch in (first, *others)]
            self.stands_for.update(dict.fromkeys(ends[1:], ends[0]))
            left_out.update(name for stretch in others for name in _names(stretch))
        for unit in whole.units:
            if unit.name in left_out:
                continue
            taken = [self.stands_for.get(name, name) for name in whole.drawn[unit.name]]
            taken = list(dict.fromkeys(taken))
            if unit.idle and len(taken) == 1 and unit.output.is_map <= self.members[taken[0]][0].output.is_map:
                self.stands_for[unit.name] = taken[0]
                self.members[taken[0]].append(unit)
                if unit.name in self.outputs:
                    self.outputs.add(taken[0])
                continue
            self.members[unit.name] = [unit]
            self.inputs[unit.name] = taken
            self.users[unit.name] = []
            for name in taken:
                self.users[name].append(unit.name)

    def _is_way(self, name: str) -> bool:
        """Whether a tensor only passes through it."""
        alone = len(self.inputs[name]) == len(self.users[name]) == 1 and name not in self.outputs
        return alone and not any(unit.label for unit in self.members[name])

    @property
    def splits(self) -> bool:
        """Whether there is a fork within a row of which several branches do something."""
        forks = ((name, self._fork(name)) for name in self.members)
        return any(fork is not None and fork[0] not in self.inputs[name] for name, fork in forks)

    def _fork(self, join: str) -> tuple[str, list[str]] | None:
        """What *join* comes from by several ways, and all that lies on them; None where that is more than one thing, or
        some of it is in a row below its own."""
        if len(self.inputs[join]) < 2:
            return None
        ends, inside = set(), []
        for name in self.inputs[join]:
            while self._is_way(name) and self.rows[name] <= self.rows[join]:
                inside.append(name)
                (name,) = self.inputs[name]
            ends.add(name)
        return (ends.pop(), inside) if len(ends) == 1 else None

    def close(self, join: str) -> None:
        """Makes *join* one thing with all that lies on the ways from the one thing that it comes from."""
        if (fork := self._fork(join)) is not None:
            self._become_one(fork[0], fork[1], join)

    def shut(self) -> None:
        """Makes one thing of each block that takes one tensor and gives one: of the innermost, and of what has layers
        of its own around one of them, such as a gate."""
        blocks: dict[str, list[str]] = {}
        for name, units in self.members.items():
            path = units[0].lead.block
            while path:
                blocks.setdefault(path, []).append(name)
                path = path.rpartition(".")[0]
        for block in sorted(blocks, key=lambda path: -path.count(".")):
            names = [name for name in blocks[block] if name in self.members]
            paths = [self.members[name][0].lead.block for name in names for _ in self.members[name]]
            inner = Counter(path for path in paths if path != block)
            if len(names) > 1 and block in paths and sum(count > 1 for count in inner.values()) < 2:
                self._shut(names)

    def _shut(self, names: Sequence[str]) -> None:
        inside, last = set(names), names[-1]
        entries = {taken for name in names for taken in self.inputs[name] if taken not in inside}
        left = {name for name in names if not inside.issuperset(self.users[name]) or name in self.outputs}
        if len(entries) == 1 and left <= {last} and all(self.rows[name] <= self.rows[last] for name in names):
            self._become_one(entries.pop(), names[:-1], last)

    def _become_one(self, source: str, inside: Sequence[str], join: str) -> None:
        """Of all that is *inside* and *join*, which it leads to from *source*."""
        for name in inside:
            self.members[join] += self.members.pop(name)
            del self.inputs[name], self.users[name]
        self.members[join].sort(key=lambda unit: self.order[unit.name])
        self.users[source] = [*(name for name in self.users[source] if name not in inside and name != join), join]
        self.inputs[join] = [source]

    def absorb(self, join: str) -> None:
        """Makes lines of what only leads to *join*."""
        unit = self.members[join][-1]
        if len(self.inputs[join]) < 2 or unit.lead.kind.family != "join":
            return
        for number, name in enumerate(self.inputs[join]):
            way = self._way(name)
            if not way:
                continue
            (source,) = self.inputs[way[-1]]
            if source in self.inputs[join]:
                continue  # two lines between the same two things could not be told apart
            self.inputs[join][number] = source
            self.users[source] = [join if user == way[-1] else user for user in self.users[source]]
            self.through[source, join] = tuple(unit for each in reversed(way) for unit in self.members[each])
            for each in way:
                del self.members[each], self.inputs[each], self.users[each]

    def _way(self, name: str) -> list[str]:
        """What can be a line from *name* backwards: a piece cut out; or what changes the resolution, with convolutions
        of one place before it up to where the way leaves another."""
        found: list[str] = []
        if not self.members[name][0].output.is_map:
            return found
        turned, most = 0, 0
        length = 0
        while self._is_way(name):
            (before,) = self.inputs[name]
            units = self.members[name]
            if any(unit.tied for unit in units):
                break  # a line has no place for the letter of its weights
            length += len(units)
            kind, turn = units[-1].does.kind, self.rows[name] - self.rows[before]
            if length > _LONGEST or any(len(unit.inputs) > 1 for unit in units if not unit.does.kind.measures_second):
                break
            if not turn and not kind.cuts and kind.caption().window not in ((1, 1), None):
                break
            if turn * turned < 0:
                break
            turned = turned or turn
            found.append(name)
            if turn or kind.cuts:
                most = len(found)
            name = before
        is_fork = len(self.users[name]) > 1
        if most and is_fork:
            return found
        convs = [each for each in found[:most] if self.members[each][0].lead.kind.family == "conv"]
        # Several convolutions down, which nothing else is taken past, are a path of their own.
        return [] if len(convs) > 1 and turned > 0 else found[:most]

    def nodes(self) -> Nodes:
        names = sorted(self.members, key=self.order.__getitem__)
        number = {name: at for at, name in enumerate(names)}
        made = tuple(self._node(tuple(self.members[name]), self.rows[name]) for name in names)
        edges = tuple(
            Edge(number[source], number[name], self.through.get((source, name), ()))
            for name in names
            for source in self.inputs[name]
        )
        given = ((self.whole.of_layer[output.layer], output) for output in self.whole.network.outputs)
        outputs = tuple((number[self.stands_for.get(unit, unit)], output) for unit, output in given)
        owner = {unit.name: at for at, node in enumerate(made) for unit in node.units}
        return Nodes(made, edges, outputs, tuple(self._stretch(repeat, owner) for repeat in self.repeats))

    def _node(self, units: tuple[Unit, ...], row: int) -> Node:
        node = Node(units, row)
        if node.does is not None:
            return replace(node, label=node.does.label)
        path = block_of(units)
        return replace(node, label=self.whole.network.blocks[path].label) if path else node

    def _stretch(self, repeat: Repeat, owner: Mapping[str, int]) -> Stretch:
        inside = [owner[name] for name in _names(repeat.stretches[0]) if name in owner]
        layers = [name for stretch in repeat.stretches for unit in units_of(stretch) for name in unit.names]
        return Stretch(min(inside), max(inside), len(repeat.stretches), tuple(layers))


def _repeats(whole: Units, rows: Mapping[str, int]) -> Iterator[Repeat]:
    """Equal stretches over several rows."""
    for element in folded(flow(whole), whole.network):
        if isinstance(element, Repeat) and len({rows[name] for name in _names(element.stretches[0])}) > 1:
            yield element


def _names(chain: Chain) -> list[str]:
    return [unit.name for unit in units_of(chain)]


def _folded(found: Nodes, sameness: Callable[[Unit], Hashable]) -> Nodes:
    """*found* with neighbours in one row once whose units are equal by *sameness*."""
    users: dict[int, list[int]] = {}
    before: dict[int, list[Edge]] = {}
    for edge in found.edges:
        users.setdefault(edge.source, []).append(edge.target)
        before.setdefault(edge.target, []).append(edge)
    given = {number for number, _ in found.outputs}
    into = list(range(len(found.nodes)))
    made: dict[int, Node] = {}
    for number, node in enumerate(found.nodes):
        made[number] = node
        edges = before.get(number, [])
        if len(edges) != 1 or edges[0].through:
            continue
        source = edges[0].source
        earlier = into[source]
        if users[source] == [number] and source not in given and _same(made[earlier], node, sameness):
            made[earlier] = replace(
                made[earlier], units=(*made[earlier].units, *node.units), times=made[earlier].times + 1
            )
            into[number] = earlier
            del made[number]
    numbers = {old: new for new, old in enumerate(made)}
    left = (edge for edge in found.edges if edge.target in numbers)
    edges = [replace(edge, source=numbers[into[edge.source]], target=numbers[edge.target]) for edge in left]
    outputs = tuple((numbers[into[number]], output) for number, output in found.outputs)
    stretches = tuple(
        replace(each, first=numbers[into[each.first]], last=numbers[into[each.last]]) for each in found.stretches
    )
    return Nodes(tuple(made.values()), tuple(edges), outputs, stretches)


def _same(one: Node, other: Node, sameness: Callable[[Unit], Hashable]) -> bool:
    """Whether *other* does what *one*, or each of those that it stands for, does."""
    first = one.units[: len(one.units) // one.times]
    alike = (one.row, one.label) == (other.row, other.label)
    return alike and list(map(sameness, first)) == list(map(sameness, other.units))


def block_of(units: Sequence[Unit]) -> str:
    """The path of the block that all *units* are in, and one of them in no other; empty where there is none."""
    paths = [unit.lead.block for unit in units]
    block = min(paths, key=len)
    return block if all(path == block or path.startswith(f"{block}.") for path in paths) else ""


def same_words(unit: Unit) -> Hashable:
    """Equal for units that do the same, however many channels they make of how many."""
    captions = [(layer.kind.word, layer.kind.caption()) for layer in unit.layers]
    said = ((word, caption.window, caption.stride, caption.padding, caption.details) for word, caption in captions)
    return tuple(said), unit.labels
