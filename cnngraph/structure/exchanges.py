"""Blocks that several tensors flow through side by side, as the streams of a high-resolution network do and the levels
of a pyramid that is refined again and again: parts of tangles whose like occurs again.

What is looked for is grown: from pieces that are alike to the alike ones that they take from and lead to, up to where
the copies would meet, or differ.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import chain

from cnngraph.structure.pieces import Knot, Row, Step, Use, goes_on, in_order, is_sealed, last, taken, units_of
from cnngraph.structure.places import MOST, Numbers, Places, are_few
from cnngraph.volume import Dim

_ROUNDS = 3
"""How far around a piece is looked to tell it from others that are said alike."""


@dataclass(slots=True)
class _Node:
    """Pieces of a row that stay together: one, or a block time and again, with the activations behind it."""

    pieces: Row
    key: int
    numbers: Numbers
    takes: list[int] = field(default_factory=list)
    """For each tensor that it takes the node that makes it; -1 for what no node makes at its end."""
    leads: list[tuple[int, int]] = field(default_factory=list)
    """The nodes that take what it makes, and as which of their tensors."""
    names: list[str] = field(default_factory=list)
    """The tensors that it takes."""

    @property
    def gathers(self) -> bool:
        """Whether it is a block of several tensors."""
        return isinstance(self.pieces[0], Use) and len(set(self.names)) > 1


_Copies = list[list[int]]
"""For each copy its nodes, in one order for all."""


def exchanges(there: Places) -> None:
    """Blocks of what repeats in tangles and has several ends."""
    for row in there.open_rows():
        for at, piece in enumerate(row):
            while isinstance(piece, Knot) and (tied := _Tangle(there, piece).with_blocks()) is not None:
                row[at] = piece = tied


class _Tangle:
    def __init__(self, there: Places, knot: Knot) -> None:
        self.there = there
        keys = there.keys
        self.nodes = [
            _Node(pieces, keys.row(pieces), tuple(keys.numbers_in(pieces)))
            for row in knot.rows
            for pieces in _together(row)
        ]
        self.sealed = [all(map(is_sealed, node.pieces)) for node in self.nodes]
        """Of each node, whether nothing that is made inside is taken from outside."""
        self.holder = {unit.name: at for at, node in enumerate(self.nodes) for unit in units_of(node.pieces)}
        """For each unit its node."""
        maker = {last(node.pieces[-1]).layers[-1].name: at for at, node in enumerate(self.nodes)}
        for at, node in enumerate(self.nodes):
            node.names = taken(node.pieces)
            node.takes = [maker.get(name, -1) for name in node.names]
            for port, source in enumerate(node.takes):
                if source >= 0:
                    self.nodes[source].leads.append((at, port))

    def with_blocks(self) -> Knot | None:
        """The tangle with uses of the blocks that are found in it, if there are any."""
        blocks: list[_Copies] = []
        used: set[int] = set()
        for copies in self._found():
            nodes = {node for copy in copies for node in copy}
            if used.isdisjoint(nodes) and self._is_ordered([*blocks, copies]):
                blocks.append(copies)
                used |= nodes
        return self._tied(blocks, used) if blocks else None

    def _found(self) -> list[_Copies]:
        """What occurs again: first blocks with what always stands in front of the tensors that they take, the most
        frequent first, then what has several ends, that first which saves most lines."""
        ranked: list[tuple[bool, int, float, int, _Copies]] = []
        seen: set[tuple[int, ...]] = set()
        for seeds in self._seeds():
            if seeds in seen:
                continue
            copies = self._grown(seeds)
            seen |= {tuple(column) for column in zip(*copies, strict=True)}
            if (saving := self._saving(copies)) > 0:
                is_one = len(self._ends(copies)) == 1
                ranked.append((not is_one, -len(copies) if is_one else 0, -saving, len(ranked), copies))
        return [copies for *_, copies in sorted(ranked, key=lambda each: each[:4])]

    def _seeds(self) -> Iterator[tuple[int, ...]]:
        """Nodes that are alike, first those that are so with all around them, or all that leads to them."""
        alone = [node.key for node in self.nodes]
        colourings = [alone]
        for is_all in (False, True):
            colours = alone
            for _ in range(_ROUNDS):
                colours = self._with_neighbours(colours, is_all)
                colourings.append(colours)
        for colours in reversed(colourings):
            alike: dict[int, list[int]] = {}
            for at, colour in enumerate(colours):
                alike.setdefault(colour, []).append(at)
            yield from (tuple(inside) for inside in alike.values() if len(inside) > 1)

    def _with_neighbours(self, colours: Sequence[int], is_all: bool) -> list[int]:
        """Numbers that tell nodes apart by their *colours* and those of what they take from, if *is_all* also of what
        they lead to."""
        numbers: dict[object, int] = {}
        return [
            numbers.setdefault(
                (
                    colours[at],
                    tuple(-1 if source < 0 else colours[source] for source in node.takes),
                    tuple(sorted((colours[target], port) for target, port in node.leads)) if is_all else (),
                ),
                len(numbers),
            )
            for at, node in enumerate(self.nodes)
        ]

    def _grown(self, seeds: Sequence[int]) -> _Copies:
        """Copies around *seeds*: with what these take, as long as it is alike in all, and with what takes that."""
        copies = [[seed] for seed in seeds]
        owned = set(seeds)
        upward = downward = 0
        while downward < len(copies[0]):
            if upward < len(copies[0]):
                beside = [
                    [self.nodes[copy[upward]].takes[port] for copy in copies] for port in self._ports(copies, upward)
                ]
                upward += 1
            else:
                beside = list(self._takers(copies, downward, owned))
                downward += 1
            for column in beside:
                is_new = min(column) >= 0 and owned.isdisjoint(column) and len(set(column)) == len(column)
                if is_new and len({self.nodes[node].key for node in column}) == 1:
                    owned.update(column)
                    for copy, node in zip(copies, column, strict=True):
                        copy.append(node)
        return copies

    def _ports(self, copies: _Copies, at: int) -> range:
        return range(min(len(self.nodes[copy[at]].takes) for copy in copies))

    def _takers(self, copies: _Copies, at: int, owned: set[int]) -> Iterator[list[int]]:
        """What takes the tensors of the nodes at *at*, where all copies have one of a sort."""
        found: list[dict[tuple[int, int], list[int]]] = []
        for copy in copies:
            sorts: dict[tuple[int, int], list[int]] = {}
            for target, port in self.nodes[copy[at]].leads:
                if target not in owned:
                    sorts.setdefault((self.nodes[target].key, port), []).append(target)
            found.append(sorts)
        for sort in found[0]:
            columns = [sorts.get(sort, []) for sorts in found]
            if all(len(targets) == 1 for targets in columns):
                yield [target for (target,) in columns]

    def _saving(self, copies: _Copies) -> float:
        """How many lines a block of these saves; nothing or less where it would be none."""
        patterns = {self._pattern(copy) for copy in copies}
        gathers = any(self.nodes[node].gathers for node in copies[0])
        if len(patterns) > 1 or not (gathers or len(self._ends(copies)) > 1):
            return 0
        if not all(self.sealed[node] for copy in copies for node in copy):
            return 0
        (pattern,) = patterns
        tensors = 1 + max([source for node in pattern for source in node if source >= 0], default=0)
        lines = len(self._rows(copies))
        saving = (len(copies) - 1) * (lines - 1) - 3 - 0.2 * len(copies)
        fits = saving > 0 and tensors <= MOST and are_few(map(self._said, copies), MOST + 1 - tensors)
        return saving if fits else 0

    def _said(self, copy: Sequence[int]) -> tuple[Dim, Numbers]:
        """The channels that flow into *copy*, and the numbers in it."""
        flowing = next(units_of(self.nodes[copy[0]].pieces)).lead.input_volumes[0].channels
        return flowing, tuple(chain.from_iterable(self.nodes[node].numbers for node in copy))

    def _ends(self, copies: _Copies) -> list[int]:
        """The nodes of a copy, by their numbers in it, of which something outside takes what they make."""
        inside = [set(copy) for copy in copies]
        return [
            at
            for at in range(len(copies[0]))
            if any(self._is_taken_outside(copy[at], own) for copy, own in zip(copies, inside, strict=True))
        ]

    def _pattern(self, copy: list[int]) -> tuple[tuple[int, ...], ...]:
        """What each node of *copy* takes: below zero nodes of the copy, else by number what comes from outside."""
        place = {node: -1 - at for at, node in enumerate(copy)}
        outside: dict[str, int] = {}
        return tuple(
            tuple(
                place[source] if source in place else outside.setdefault(name, len(outside))
                for name, source in zip(self.nodes[node].names, self.nodes[node].takes, strict=True)
            )
            for node in copy
        )

    def _is_taken_outside(self, node: int, inside: Collection[int]) -> bool:
        made = last(self.nodes[node].pieces[-1]).layers[-1].name
        takers = self.there.takers.get(made, ())
        return made in self.there.given_back or any(self.holder.get(taker) not in inside for taker in takers)

    def _rows(self, copies: _Copies) -> list[list[int]]:
        """The nodes of a copy, by their numbers in it, in rows: each flows into the next, and nowhere else, in all."""
        place = {node: at for at, node in enumerate(copies[0])}
        follows: dict[int, int] = {}
        for at, node in enumerate(copies[0]):
            sources = [place[source] for source in self.nodes[node].takes if source in place]
            is_alone = len(sources) == len(self.nodes[node].takes) == 1
            if is_alone and all(self._flows(copy[sources[0]]) for copy in copies):
                follows[sources[0]] = at
        rows = []
        for at in sorted(set(range(len(place))) - set(follows.values())):
            rows.append([at])
            while rows[-1][-1] in follows:
                rows[-1].append(follows[rows[-1][-1]])
        return rows

    def _flows(self, node: int) -> bool:
        """Whether only one other takes what *node* makes."""
        return len(self.nodes[node].leads) == 1 and not self._is_taken_outside(node, {self.nodes[node].leads[0][0]})

    def _is_ordered(self, blocks: list[_Copies]) -> bool:
        """Whether none of the *blocks* would have to stand before itself."""
        part = {
            node: (number, at)
            for number, copies in enumerate(blocks)
            for at, copy in enumerate(copies)
            for node in copy
        }
        graph: dict[object, set[object]] = {}
        for at, node in enumerate(self.nodes):
            own: object = part.get(at, at)
            graph.setdefault(own, set()).update(part.get(source, source) for source in node.takes if source >= 0)
            graph[own].discard(own)
        try:
            TopologicalSorter(graph).prepare()
        except CycleError:
            return False
        return True

    def _tied(self, blocks: list[_Copies], used: set[int]) -> Knot:
        """The tangle with uses of *blocks* as rows, which have the nodes in *used*."""
        loose = [at for at in range(len(self.nodes)) if at not in used]
        made: list[tuple[Row, list[int]]] = [
            (self._row(loose, row), [loose[at] for at in row]) for row in self._rows([loose])
        ]
        for copies in blocks:
            name, rows = self.there.new_name(), self._rows(copies)
            for copy in copies:
                inner = self._knot([(self._row(copy, row), [copy[at] for at in row]) for row in rows])
                made.append(([Use(name, [inner], leaks=True)], copy))
        return self._knot(made)

    def _row(self, copy: Sequence[int], row: Sequence[int]) -> Row:
        return [piece for at in row for piece in self.nodes[copy[at]].pieces]

    def _knot(self, made: Sequence[tuple[Row, Sequence[int]]]) -> Knot:
        """A tangle of rows, each with its nodes."""
        inside = {node: at for at, (_, nodes) in enumerate(made) for node in nodes}
        links: list[list[int | None]] = []
        for at, (row, nodes) in enumerate(made):
            sources = [inside.get(source) for node in nodes for source in self.nodes[node].takes]
            links.append([source for source in sources if source != at])
            row[-1].leaks |= self._is_taken_outside(nodes[-1], set(inside))
        order = in_order(links)
        place: dict[int | None, int | None] = {None: None, **{number: at for at, number in enumerate(order)}}
        return Knot(
            [made[number][0] for number in order], [[place[source] for source in links[number]] for number in order]
        )


def _together(row: Row) -> Iterator[Row]:
    """*row* in what stays together."""
    made: Row = []
    for piece in row:
        repeats = (
            isinstance(piece, Use) and isinstance(made[-1], Use) and piece.name == made[-1].name if made else False
        )
        if made and not made[-1].leaks and (repeats or (isinstance(piece, Step) and goes_on(piece))):
            made.append(piece)
            continue
        if made:
            yield made
        made = [piece]
    if made:
        yield made
