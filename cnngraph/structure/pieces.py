"""A network in the pieces that a text is made of: steps in rows, joins with a row for each branch, uses of blocks.

`rows` makes them of the shape of the graph (`cnngraph.flow`): a fork and the unit that closes it are one piece, and
what leaves a row by the way, for an output or to be taken by name further on, is marked on the piece that makes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from cnngraph.flow import Chain, Exit, Fork, Side, Tangle, flow, meeting
from cnngraph.layers.window import Windowed
from cnngraph.network import Layer
from cnngraph.spec.names import follows, part
from cnngraph.spec.writing.steps import is_shortcut
from cnngraph.structure.nesting import untangled
from cnngraph.structure.paddings import without
from cnngraph.units import Unit, Units, tied
from cnngraph.volume import as_int

SHORTCUT = "shortcut"
"""The block that every spec has."""


@dataclass(eq=False, slots=True)
class Step:
    """What one step of a text makes; it takes what flows, and maybe tensors by name."""

    unit: Unit
    leaks: bool = False
    """Whether something else than what follows in its row takes what it makes."""


@dataclass(eq=False, slots=True)
class Way:
    """A branch of a join."""

    row: Row
    is_skip: bool = False
    is_shortcut: bool = False
    """Whether its only unit is what the block `shortcut` makes."""
    begins: int | None = None
    """For a branch that does not begin at the fork a number of the tensor that it begins with."""


@dataclass(eq=False, slots=True)
class Joint:
    """Branches of what flows, and the unit that joins them."""

    ways: list[Way]
    unit: Unit
    """The join alone."""
    leaks: bool = False


@dataclass(eq=False, slots=True)
class Knot:
    """What no branches can say: rows that begin and end with tensors that have names."""

    rows: list[Row]
    links: list[list[int | None]]
    """For each row the rows whose tensors its first unit takes; None for what flows in."""
    leaks: bool = False


@dataclass(eq=False, slots=True)
class Use:
    """A use of the block *name*."""

    name: str
    row: Row
    leaks: bool = False
    is_tower: bool = False
    """Whether it shares the weights of other uses."""


Piece = Step | Joint | Knot | Use
Row = list[Piece]


@dataclass(slots=True)
class Rows:
    """All of a network."""

    main: Row = field(default_factory=list)
    sides: list[Row] = field(default_factory=list)
    """What leads to outputs of its own, or to none, in the order in which it leaves."""

    def units(self) -> Iterator[Unit]:
        for row in (self.main, *self.sides):
            yield from units_of(row)


def rows(whole: Units) -> Rows:
    """The pieces of a network."""
    found = Rows()
    found.main = _Maker(found, whole).row(flow(whole))
    return found


class _Maker:
    def __init__(self, found: Rows, whole: Units) -> None:
        self.found = found
        self.network = whole.network
        self.leads = {layer.name: layer.name for layer in whole.network.layers}
        """For each layer the one that begins its step."""
        self.leads |= {layer.name: step[0].name for unit in whole.units for step in _said(unit) for layer in step}
        part(self.leads, whole.network)

    def steps(self, unit: Unit) -> list[Step]:
        """The steps that a text says a unit in."""
        said = [list(layers) for _, layers in groupby(unit.layers, lambda layer: self.leads[layer.name])]
        if len(said) == 1:
            return [Step(unit)]
        before = [unit.inputs, *((layers[0].name,) for layers in said)]
        return [
            Step(Unit(tuple(layers), taken, tied(layers, self.network)))
            for layers, taken in zip(said, before, strict=False)
        ]

    def row(self, chain: Chain) -> Row:
        made: Row = []
        fork: Fork | None = None
        for element in untangled(chain):
            match element:
                case Unit() if fork is not None:
                    made += self.join(fork, element, made)
                    fork = None
                case Unit():
                    made += self.steps(element)
                case Fork():
                    fork = element
                case Tangle():
                    made.append(self.knot(element))
                case Side(chains):
                    if made:
                        made[-1].leaks = True
                    for inner in chains:
                        side: Row = []
                        self.found.sides.append(side)  # before those that leave it
                        side += self.row(inner)
                case Exit():
                    pass
                case _:
                    raise TypeError(element)
        assert fork is None, "a fork is closed by the unit behind it"
        return made

    def join(self, fork: Fork, unit: Unit, made: Row) -> Row:
        """The pieces of a fork behind those *made* so far, and what closes it.

        A join with branches; where one goes far, this and a join that takes up by name what passes it by, as in a
        U-Net; and where a way forks again on its way to the join, what no branches can say.
        """
        if any(branch.chain and isinstance(branch.chain[-1], Fork) for branch in fork.branches):
            return [self.knot(meeting(fork, unit))]
        join, *behind = self.steps(unit)
        ways = [Way(self.row(branch.chain)) for branch in fork.branches]
        far = [way for way in ways if goes_far(way.row, unit)]
        is_join = join.unit.lead.kind.family == "join"
        if not is_join or (len(far) == 1 and len(ways) == 2 and sum(len(w.row) for w in ways if w is not far[0]) < 3):
            for before in made[-1:]:
                before.leaks = True
            inside = [way.row for way in sorted(ways, key=lambda way: way not in far) if way.row]
            for row in inside[:-1]:
                row[-1].leaks = True
            return [*(piece for row in inside for piece in row), join, *behind]
        find_skips(ways, unit)
        return [Joint(ways, join.unit), *behind]

    def knot(self, tangle: Tangle) -> Knot:
        sources: list[list[int | None]] = [[] for _ in tangle.nodes]
        for link in tangle.links:
            sources[link.target].append(link.source)
        order = in_order(sources)
        place: dict[int | None, int | None] = {None: None, **{number: at for at, number in enumerate(order)}}
        made = [self.row(tangle.nodes[number]) for number in order]
        return _absorbed(made, [[place[source] for source in sources[number]] for number in order])


def _said(unit: Unit) -> list[list[Layer]]:
    """The layers of *unit* as steps can have them."""
    said: list[list[Layer]] = []
    for layer in unit.layers:
        if said and follows(layer, said[-1]):
            said[-1].append(layer)
        else:
            said.append([layer])
    return said


def _absorbed(rows: list[Row], links: list[list[int | None]]) -> Knot:
    """A knot in which each row that one join alone takes is a branch of that, behind what others take from it; what has
    a join of its own and then goes on is none."""
    taken = Counter(source for each in links for source in each)
    inside: set[int] = set()
    for row, sources in zip(rows, links, strict=True):
        first = row[0] if row else None
        if len(sources) < 2 or not isinstance(first, Step) or first.unit.lead.kind.family != "join":
            continue
        ways = []
        for source in sources:
            if source is None or taken[source] > 1:
                ways.append(Way([], begins=-1 if source is None else source))
                continue
            cut = max([at + 1 for at, piece in enumerate(rows[source]) if piece.leaks], default=0)
            if len(links[source]) > 1 and weighted(rows[source][max(cut, 1) :]):
                cut = len(rows[source])
            if cut:
                ways.append(Way(rows[source][cut:], begins=source))
                del rows[source][cut:]
                continue
            (begins,) = links[source] if len(links[source]) == 1 else (None,)
            starts = len(links[source]) == 1
            ways.append(Way(rows[source], begins=(-1 if begins is None else begins) if starts else None))
            inside.add(source)
        row[0] = Joint(ways, first.unit)
    kept = [number for number in range(len(rows)) if number not in inside]
    place: dict[int | None, int | None] = {None: None, **{number: at for at, number in enumerate(kept)}}
    return Knot(
        [rows[number] for number in kept],
        [[place[source] for source in links[number] if source not in inside] for number in kept],
    )


def in_order(sources: Sequence[Sequence[int | None]]) -> list[int]:
    """Rows, of which each takes from *sources*, in an order in which those that several others take up come first, and
    each of the others stands right before one that it leads to."""
    taken = Counter(source for each in sources for source in set(each))
    ends = [number for number in range(len(sources)) if not taken[number]]
    several = [number for number in _behind(sources, ends) if taken[number] > 1]
    return _behind(sources, [*several, *ends])


def _behind(sources: Sequence[Sequence[int | None]], ends: Sequence[int]) -> list[int]:
    """What leads to *ends*, and these, each behind its *sources*, the first of them first."""
    done: dict[int, None] = {}
    waiting = list(ends)[::-1]
    while waiting:
        missing = [source for source in sources[waiting[-1]] if source is not None and source not in done]
        if missing:
            waiting += missing[::-1]
        else:
            done.setdefault(waiting.pop())
    return list(done)


def units_of(pieces: Sequence[Piece]) -> Iterator[Unit]:
    """All units in *pieces*, in the order of the text."""
    stack = list(pieces)[::-1]
    while stack:
        piece = stack.pop()
        match piece:
            case Step(unit):
                yield unit
            case Joint(ways, unit):
                stack.append(Step(unit))
                stack += [inner for way in reversed(ways) for inner in reversed(way.row)]
            case Knot(inside):
                stack += [inner for row in reversed(inside) for inner in reversed(row)]
            case Use(_, row):
                stack += row[::-1]


def taken(pieces: Sequence[Piece]) -> list[str]:
    """The tensors that *pieces* take from elsewhere, each once, in the order of the text and of what is joined."""
    found: dict[str, None] = {}
    stack: list[Piece | str] = [*reversed(pieces)]
    while stack:
        match stack.pop():
            case str(name):
                found[name] = None
            case Step(unit):
                found |= dict.fromkeys(unit.lead.inputs)
            case Joint(ways, unit):
                ends = {last(way.row[-1]).layers[-1].name: way.row for way in ways if way.row}
                for name in reversed(unit.lead.inputs):
                    stack += ends[name][::-1] if name in ends else [name]
            case Knot() | Use() as piece:
                stack += [inner for row in reversed(insides(piece)) for inner in reversed(row)]
    made = {layer.name for unit in units_of(pieces) for layer in unit.layers}
    return [name for name in found if name not in made]


def every_row(found: Rows) -> Iterator[Row]:
    """All rows, those inside before those around them."""
    order: list[Row] = []
    stack = [found.main, *found.sides]
    while stack:
        row = stack.pop()
        order.append(row)
        for piece in row:
            if not isinstance(piece, Step):
                stack += insides(piece)
    yield from reversed(order)


def last(piece: Piece) -> Unit:
    """The unit that makes what *piece* gives on."""
    while True:
        match piece:
            case Step(unit) | Joint(_, unit):
                return unit
            case Knot(inside):
                piece = inside[-1][-1]
            case Use(_, row):
                piece = row[-1]


def open_rows(found: Rows) -> list[Row]:
    """The rows that are in no use of a block."""
    made = []
    stack = [found.main, *found.sides]
    while stack:
        row = stack.pop()
        made.append(row)
        for piece in row:
            if not isinstance(piece, Use):
                stack += insides(piece)
    return made


def rows_in_text(found: Rows) -> list[tuple[Row, bool]]:
    """The rows that a text has: of each block those of one use, the longest; and whether it is a block's own."""
    bodies: dict[str, Row] = {}
    for row in every_row(found):
        for piece in row:
            if isinstance(piece, Use) and len(piece.row) > len(bodies.get(piece.name, ())):
                bodies[piece.name] = piece.row
    made = [(row, False) for row in open_rows(found)]
    for body in bodies.values():
        made.append((body, True))
        stack = list(body)
        while stack:
            piece = stack.pop()
            if not isinstance(piece, Use):
                made += [(row, False) for row in insides(piece)]
                stack += [inner for row in insides(piece) for inner in row]
    return made


def insides(piece: Piece) -> list[Row]:
    """The rows that *piece* is made of."""
    match piece:
        case Step():
            return []
        case Joint(ways):
            return [way.row for way in ways]
        case Knot(inside):
            return inside
        case Use(_, row):
            return [row]


def weighted(pieces: Sequence[Piece]) -> int:
    """How many of its units have filters: how deep people call it."""
    return sum(unit.weighted for unit in units_of(pieces))


# Skips -------------------------------------------------------------------------------------------


def goes_far(row: Row, unit: Unit) -> bool:
    """Whether *row* makes its map smaller than it is at its end: what passes it by is taken up again by name, as in a
    U-Net; a gate may do so, and a chain with one layer with filters that is added to something."""
    if unit.lead.kind.word == "mul" or not row or not next(units_of(row)).inputs:
        return False
    is_short = weighted(row) < 2 and all(isinstance(piece, Step) and not piece.leaks for piece in row)
    if is_short and unit.lead.kind.adds_up:
        return False
    made = [last(piece).output for piece in row]
    at_ends = made[-1].dims[:-1], next(units_of(row)).lead.input_volumes[0].dims[:-1]
    for volume in made[:-1]:
        sizes = volume.dims[:-1]
        if not sizes or not at_ends[0]:
            continue
        if all(isinstance(size, int) for size in (*sizes, *at_ends[0])):
            if as_int(sizes[0]) < as_int(at_ends[0][0]):
                return True
        elif sizes not in at_ends:
            return True
    return False


def _depth(row: Row) -> int:
    """How many layers with filters lie behind one another in *row*."""
    found = 0
    for piece in row:
        match piece:
            case Step(unit):
                found += unit.weighted
            case Joint(ways):
                found += max([_depth(way.row) for way in ways])
            case Knot() | Use():
                found += weighted([piece])
    return found


def find_skips(ways: list[Way], unit: Unit) -> None:
    """Marks the branches of a join that are skips: the one that is empty; else, of two that are added, the projection
    of what flows, which is less deep than the other and does no more than fit a volume to another."""
    empty = [way for way in ways if not way.row]
    if len(empty) == 1:
        empty[0].is_skip = len(ways) > 1
    elif not empty and len(ways) == 2 and unit.lead.kind.word == "add":
        short, long = sorted(ways, key=lambda way: _depth(way.row))
        short.is_skip = _projects(short.row) and _depth(short.row) < _depth(long.row)
        if short.is_skip:
            short.is_shortcut = is_prelude(short.row)


def _projects(row: Row) -> bool:
    layers = [layer for piece in row if isinstance(piece, Step) for layer in piece.unit.layers]
    return (
        all(isinstance(piece, Step) and len(piece.unit.inputs) == 1 for piece in row)
        and all(layer.kind.projects or layer.kind.family == "pool" or layer.kind.idle for layer in layers)
        and weighted(row) == 1
    )


def is_prelude(row: Row) -> bool:
    """Whether *row* is what the block makes that every spec has."""
    if len(row) != 1 or not isinstance(row[0], Step):
        return False
    layers = row[0].unit.layers
    if row[0].unit.tied or any(layer.annotations for layer in layers):
        return False
    return is_shortcut([without(layer.kind) for layer in layers], layers[0].input_volumes[0])


def goes_on(piece: Piece) -> bool:
    """Whether *piece* belongs to what is in front of it, as an activation does, or what is learned to scale it by."""
    return isinstance(piece, Step) and (
        piece.unit.lead.kind.family == "activation" or piece.unit.lead.kind.word in ("times", "plus", "scale", "shift")
    )


def is_pointwise(piece: Piece) -> bool:
    """Whether *piece* is a convolution of single pixels, whatever is said of its padding."""
    kind = piece.unit.lead.kind if isinstance(piece, Step) else None
    return isinstance(kind, Windowed) and kind.projects and kind.sliding is not None and kind.sliding.window == (1, 1)


def is_sealed(piece: Piece) -> bool:
    """Whether nothing that is made inside is taken from outside, but what it makes itself."""
    stack = [inner for row in insides(piece) for inner in row]
    while stack:
        inner = stack.pop()
        if inner.leaks:
            return False
        if not isinstance(inner, Step):
            stack += [each for row in insides(inner) for each in row]
    return True
