"""Pieces to a network: its layers in the order of the text, with the names, units, blocks and skips that the text
gives them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from cnngraph.assembly import Assembly
from cnngraph.layers.kind import Kind
from cnngraph.layers.values import Padding
from cnngraph.network import Network, Output
from cnngraph.spec.lexer import RESERVED
from cnngraph.spec.names import is_name
from cnngraph.structure.paddings import is_point, padded
from cnngraph.structure.pieces import SHORTCUT, Joint, Knot, Piece, Row, Rows, Step, Use, last
from cnngraph.structure.splits import PART, splits
from cnngraph.units import Unit


def assembled(
    source: Network, found: Rows, outputs: Iterable[Output], points: Mapping[str, Padding]
) -> tuple[Network, dict[str, str]]:
    """The network with these *outputs*, and for each layer of *source* what it is called now. *points* are the paddings
    that windows of one pixel have of the words in it."""
    made = _Assembling(source, points)
    for row in (found.main, *found.sides):
        made.row(row, _Place())
    for said in made.with_splits():
        made.unit(said)
    return made.network(outputs), made.names


@dataclass(frozen=True, slots=True)
class _Place:
    """Where layers are put: the file or a use of a block."""

    path: str = ""
    on_shortcut: bool = False
    is_shortcut: bool = False
    """Whether it is the block that every spec has."""
    counts: Counter[str] = field(default_factory=Counter)

    def on_skip(self) -> _Place:
        return replace(self, on_shortcut=True)


@dataclass(frozen=True, slots=True)
class _Said:
    """A unit where it stands in the text."""

    unit: Unit
    at: _Place
    skips: tuple[int, ...]
    is_named: bool
    """Whether a text takes its tensor up by its name."""
    word: str
    """What its name is, but for the number."""


class _Assembling:
    def __init__(self, source: Network, points: Mapping[str, Padding]) -> None:
        self.points = points
        self.kinds: dict[Kind, Kind] = {}
        self.source = source
        self.assembly = Assembly(max_nodes=len(source))
        self.given_back = {output.layer for output in source.outputs}
        self.said: list[_Said] = []
        self.heads: dict[str, str] = {}
        """For each unit that begins a branch of a join that join."""
        self.ends: set[str] = set()
        """Units at the ends of rows in tangles."""
        self.names: dict[str, str] = {}
        self.uses: dict[str, str] = {}
        """For each layer that a block ends with the use of that, the outermost."""
        self.last = ""
        """The layer made last."""
        self.holds: dict[str, str] = {}
        """For each layer whose weights others use the first of these here, which has them."""
        for layer in source.inputs:
            kept = self.assembly.input(
                layer.name, layer.output, span=layer.span, origin=layer.origin, annotations=layer.annotations
            )
            self.names[layer.name] = kept.name

    def network(self, outputs: Iterable[Output]) -> Network:
        source = self.source
        outputs = list(outputs)
        for output in outputs:
            layer = self.names[output.layer]
            step = self.assembly.get(layer)
            is_said = len(outputs) > 1 or layer != self.last
            called = self.uses.get(output.layer, step.unit if step else layer) if is_said else layer
            is_own = output.name != output.layer or (output.origin == output.name and is_name(output.name))
            name = output.name if is_own else called
            self.assembly.output(name, layer, output.origin)
        return self.assembly.network(source.name, title=source.title, file=source.file, annotations=source.annotations)

    def row(self, row: Iterable[Piece], at: _Place) -> None:
        stack: list[tuple[Piece, _Place, tuple[int, ...]]] = [(piece, at, ()) for piece in [*row][::-1]]
        while stack:
            piece, at, skips = stack.pop()
            match piece:
                case Step(unit, leaks):
                    if unit.lead.inputs:
                        is_named = leaks or unit.name in self.ends or unit.layers[-1].name in self.given_back
                        self.said.append(_Said(unit, at, skips, is_named, unit.lead.kind.word))
                case Joint(ways, unit, leaks):
                    stack.append((Step(unit, leaks), at, tuple(n for n, way in enumerate(ways) if way.is_skip)))
                    for way in reversed(ways):
                        if way.row and isinstance(head := way.row[0], Step):
                            self.heads[head.unit.name] = unit.name
                        inside = at.on_skip() if way.is_skip and way.row else at
                        branch: Row = [Use(SHORTCUT, way.row)] if way.is_shortcut else way.row
                        stack += [(each, inside, ()) for each in reversed(branch)]
                case Knot(rows, sources):
                    taken = Counter(source for each in sources for source in set(each))
                    for number, inner in enumerate(rows):
                        # What only the next row takes, and takes alone, flows on.
                        flows = taken[number] == 1 and sources[number + 1 : number + 2] == [[number]]
                        if inner and not flows:
                            self.ends.add(last(inner[-1]).name)
                    stack += [(each, at, ()) for inner in reversed(rows) for each in reversed(inner)]
                case Use(name, inner):
                    inside = self.block(name, at)
                    if inner:
                        self.uses.setdefault(last(piece).layers[-1].name, inside.path)
                    stack += [(each, inside, ()) for each in reversed(inner)]

    def pointed(self, kind: Kind) -> Kind:
        """*kind* with the padding of its word, where that is a window of one pixel."""
        padding = self.points.get(kind.word)
        if padding is None:
            return kind
        if kind not in self.kinds:
            self.kinds[kind] = padded(kind, padding) if is_point(kind) else kind
        return self.kinds[kind]

    def block(self, name: str, at: _Place) -> _Place:
        path = self.given(name, at)
        self.assembly.block(path, name, at.path)
        return _Place(path, on_shortcut=at.on_shortcut, is_shortcut=name == SHORTCUT)

    def given(self, word: str, at: _Place, is_taken: bool = False) -> str:
        """The name that the language gives; of a tensor that *is_taken* by name one that can be a label."""
        prefix = f"{at.path}." if at.path else ""
        while True:
            at.counts[word] += 1
            number = at.counts[word]
            name = f"{prefix}{word}{number}"
            if is_taken and f"{word}{number}" in RESERVED:
                at.counts[word] -= 1
                while (name := f"{prefix}{word}_{number}") in self.assembly:
                    number += 1
            if name not in self.assembly:
                return name

    def with_splits(self) -> list[_Said]:
        """What is said, with the parts of splits beside the first of them. Those that only begin the branches of a join
        are no split, and none is one that is not in all uses of its block."""
        said: list[list[_Said]] = [[each] for each in self.said]
        for numbers in self.in_all_uses(self.found_splits()):
            whole = [replace(self.said[number], word=PART, is_named=True) for number in numbers]
            for number in numbers:
                said[number] = []
            said[min(numbers)] = whole
        return [each for inside in said for each in inside]

    def found_splits(self) -> Iterator[tuple[int, ...]]:
        """The parts of each split, as numbers of what is said."""
        place = {each.unit.name: number for number, each in enumerate(self.said) if len(each.unit.layers) == 1}
        for parts in splits(self.source):
            numbers = tuple(place[name] for name in parts if name in place)
            whole = [self.said[number] for number in numbers]
            joins = {self.heads.get(name) for name in parts}
            are_branches = len(joins) == 1 and None not in joins and not any(each.is_named for each in whole)
            if (
                len(whole) == len(parts)
                and not are_branches
                and len({(each.at.path, each.at.on_shortcut) for each in whole}) == 1
            ):
                yield numbers

    def in_all_uses(self, candidates: Iterable[tuple[int, ...]]) -> Iterator[tuple[int, ...]]:
        """Those of *candidates* whose like all uses of a block have."""
        inside: dict[str, list[int]] = {}
        for number, each in enumerate(self.said):
            inside.setdefault(each.at.path, []).append(number)
        local = {number: at for numbers in inside.values() for at, number in enumerate(numbers)}
        block = {path: use.name for path, use in self.assembly.blocks.items()}
        uses = Counter(block.get(path, "") for path in inside)
        alike: dict[tuple[str, tuple[int, ...]], list[tuple[int, ...]]] = {}
        for numbers in candidates:
            key = block.get(self.said[numbers[0]].at.path, ""), tuple(local[number] for number in numbers)
            alike.setdefault(key, []).append(numbers)
        for (name, _), found in alike.items():
            if len(found) == uses[name]:
                yield from found

    def unit(self, said: _Said) -> None:
        """The layers of a step."""
        unit, at, skips = said.unit, said.at, said.skips
        lead = unit.lead
        name = self.given(said.word, at, said.is_named)
        for layer in unit.layers:
            called = name if layer is lead else f"{name}.{layer.kind.word}"
            owner = layer.shares or layer.name
            self.names[layer.name] = called
            self.assembly.add(
                called,
                layer.kind if at.is_shortcut else self.pointed(layer.kind),
                [self.names[each] for each in layer.inputs],
                unit=name,
                block=at.path,
                skips=skips if layer is lead else (),
                on_shortcut=at.on_shortcut,
                span=layer.span,
                annotations=layer.annotations,
                origin=layer.origin,
                shares=self.holds.get(owner, ""),
            )
            self.holds.setdefault(owner, called)
            self.last = called
