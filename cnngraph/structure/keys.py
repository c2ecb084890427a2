"""What is alike: equal numbers for pieces that a text says with the same words, whatever the numbers in them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from functools import cache

from cnngraph.layers.kind import Kind
from cnngraph.layers.window import Windowed
from cnngraph.spec.writing.phrases import Step as Words
from cnngraph.spec.writing.phrases import holes, skeleton
from cnngraph.spec.writing.steps import step
from cnngraph.structure.pieces import Joint, Knot, Piece, Row, Step, Use, insides, last
from cnngraph.units import Unit


@cache
def _words(kinds: tuple[Kind, ...]) -> tuple[Words, Hashable]:
    """The words of a step, and what is equal for steps that differ in numbers only; a window of one pixel is no number:
    such a layer does another work."""
    words = step(kinds)
    lead = kinds[0]
    is_point = isinstance(lead, Windowed) and lead.sliding is not None and lead.sliding.window == (1, 1)
    return words, (skeleton(words), is_point)


def holders(unit: Unit) -> tuple[str, ...]:
    """The layers whose weights *unit* has."""
    return tuple(layer.shares or layer.name for layer in unit.layers if layer.kind.parameters(layer.input_volumes))


class Keys:
    """Numbers for pieces; rows that are changed are asked for again. *by_weights* what does the same with the same
    weights is alike, else what shares them is like nothing."""

    def __init__(self, *, by_weights: bool = False) -> None:
        self._by_weights = by_weights
        self._free: set[str] = set()
        self._numbers: dict[Hashable, int] = {}
        self._units: dict[str, int] = {}
        self._values: dict[str, list[tuple[str, str]]] = {}

    def number(self, key: Hashable) -> int:
        return self._numbers.setdefault(key, len(self._numbers))

    def unit(self, unit: Unit) -> int:
        if unit.name not in self._units:
            said = _words(tuple([layer.kind for layer in unit.layers]))[1]
            alone = not unit.inputs or any(layer.annotations for layer in unit.layers)
            if self._by_weights:
                weights: Hashable = holders(unit), tuple([layer.kind for layer in unit.layers])
            else:
                weights = None
                alone |= unit.tied != "" and unit.name not in self._free
            self._units[unit.name] = self.number((unit.name if alone else said, len(unit.inputs), weights))
        return self._units[unit.name]

    def free(self, units: Iterable[str]) -> None:
        """Lets units be like others although they share weights: a block does as a whole that they are in."""
        self._free.update(units)

    def piece(self, piece: Piece) -> int:
        match piece:
            case Step(unit):
                return self.unit(unit)
            case Joint(ways, unit):
                inside = tuple(-1 if way.is_skip else self.row(way.row) for way in ways)
                begins = [way.begins for way in ways]
                first = tuple(begins.index(each) for each in begins)
                return self.number(("joint", self.unit(unit), inside, first))
            case Knot(rows, links):
                inside = tuple(self.row(row) for row in rows)
                return self.number(("knot", inside, tuple(map(tuple, links))))
            case Use(name, is_tower=is_tower):
                return self.number(("use", name, last(piece).name if is_tower else ""))

    def row(self, row: Row) -> int:
        """Equal for rows that say the same, blocks as often as they like."""
        return self.number(tuple(self.piece(piece) for piece in _once(row)))

    def numbers_in(self, row: Row) -> list[tuple[str, str]]:
        """What stands in the holes of the words of *row*, but on skips, with their keywords; once of a block that
        follows on itself."""
        found: list[tuple[str, str]] = []
        stack: list[Piece] = _once(row)[::-1]
        while stack:
            piece = stack.pop()
            match piece:
                case Step(unit):
                    found += self._values_of(unit)
                case Joint(ways, unit):
                    stack.append(Step(unit))
                    stack += [inner for way in reversed(ways) if not way.is_skip for inner in reversed(_once(way.row))]
                case _:
                    stack += [inner for inside in reversed(insides(piece)) for inner in reversed(_once(inside))]
        return found

    def windows_in(self, row: Row) -> tuple[str, ...]:
        return tuple(value for keyword, value in self.numbers_in(row) if keyword == "f")

    def _values_of(self, unit: Unit) -> list[tuple[str, str]]:
        if unit.name not in self._values:
            words = _words(tuple([layer.kind for layer in unit.layers]))[0]
            self._values[unit.name] = [(hole.keyword, hole.value) for hole in holes(words)]
        return self._values[unit.name]


def _once(row: Row) -> Row:
    """*row* with a block that follows on itself once."""
    return [
        piece
        for at, piece in enumerate(row)
        if not (isinstance(piece, Use) and at and isinstance(before := row[at - 1], Use) and before.name == piece.name)
    ]
