"""Where blocks are looked for: the rows of a network, and what is asked of the pieces in them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import gcd

from cnngraph.layers.window import Windowed
from cnngraph.spec.writing.formulas import CHANNELS
from cnngraph.structure.keys import Keys
from cnngraph.structure.pieces import Joint, Piece, Row, Rows, Step, Use, every_row, last, open_rows, units_of
from cnngraph.volume import Dim

MOST = 6
"""Parameters of a block that a person can use."""

Numbers = tuple[tuple[str, str], ...]
"""What stands in the words of pieces, with its keywords."""


@dataclass(slots=True)
class Place:
    """Pieces of a row from *start* to *end*."""

    row: Row
    start: int
    end: int

    @property
    def pieces(self) -> Row:
        return self.row[self.start : self.end]


class Places:
    """The rows of a network as blocks are found in them."""

    def __init__(self, found: Rows, scopes: Mapping[str, str], given_back: Collection[str]) -> None:
        self.found = found
        self.given_back = given_back
        self.keys = Keys()
        self.made = 0
        self._scopes = scopes
        self._reduces: dict[int, bool] = {}
        """Whether each piece makes a map smaller."""
        self._scope_of: dict[int, tuple[str, ...] | None] = {}
        self.takers: dict[str, list[str]] = {}
        """For each layer the units that take what it makes; none for one that is given back."""
        for unit in found.units():
            for name in unit.lead.inputs:
                self.takers.setdefault(name, []).append(unit.name)

    def fits(self, uses: Iterable[Row], most: int = MOST) -> bool:
        """Whether a block of these pieces has at most so many parameters."""
        return are_few(
            ((next(units_of(row)).lead.input_volumes[0].channels, tuple(self.keys.numbers_in(row))) for row in uses),
            most,
        )

    def new_name(self) -> str:
        self.made += 1
        return f"\0{self.made}"

    def replace(self, named: Iterable[tuple[str, list[Place]]], *, is_tower: bool = False) -> None:
        """Makes uses of blocks of their places, none of which overlap."""
        by_row: dict[int, list[tuple[Place, str]]] = {}
        for name, places in named:
            for place in places:
                by_row.setdefault(id(place.row), []).append((place, name))
        for inside in by_row.values():
            for place, name in sorted(inside, key=lambda each: -each[0].start):
                pieces = place.pieces
                place.row[place.start : place.end] = [Use(name, pieces, pieces[-1].leaks, is_tower)]

    def is_contained(self, place: Place) -> bool:
        """Whether all that is made in a place, but what it makes itself, is taken in it."""
        pieces = place.pieces
        if not any(piece.leaks for piece in pieces[:-1]):
            return True
        inside = {unit.name for unit in units_of(pieces)}
        taken = (
            name for piece in pieces[:-1] if piece.leaks for name in self.takers.get(last(piece).layers[-1].name, [""])
        )
        return all(name in inside for name in taken)

    def uses(self, name: str) -> list[Use]:
        return [
            piece for row in every_row(self.found) for piece in row if isinstance(piece, Use) and piece.name == name
        ]

    def open_rows(self) -> list[Row]:
        """The rows that are in no use of a block."""
        return open_rows(self.found)

    def reduces(self, piece: Piece) -> bool:
        """Whether *piece* makes a map smaller, as what begins a stage does."""
        if id(piece) not in self._reduces:
            self._reduces[id(piece)] = self._makes_smaller(piece)
        return self._reduces[id(piece)]

    def _makes_smaller(self, piece: Piece) -> bool:
        match piece:
            case Step(unit):
                kind = unit.lead.kind
                slide = kind.sliding if isinstance(kind, Windowed) and not kind.spreads else None
                return slide is not None and max(slide.stride) > 1
            case Joint(ways):
                return any(self.reduces(inner) for inner in max([way.row for way in ways], key=len))
            case Use(_, row):
                return any(map(self.reduces, row))
        return False

    def is_scope(self, place: Place) -> bool | None:
        """Whether the source of the network has the pieces, and not what stands beside them, in a scope of its own;
        None where it does not say."""
        scope = self.scope(place.pieces)
        if scope is None:
            return None
        beside = [*place.row[max(place.start - 1, 0) : place.start], *place.row[place.end : place.end + 1]]
        return bool(scope) and all((self.scope([piece]) or ())[: len(scope)] != scope for piece in beside)

    def scope(self, pieces: Sequence[Piece]) -> tuple[str, ...] | None:
        """The scope that all *pieces* are in; None where nothing is known of any."""
        known = [scope for piece in pieces if (scope := self._scope(piece)) is not None]
        return _common(known) if known else None

    def _scope(self, piece: Piece) -> tuple[str, ...] | None:
        if id(piece) not in self._scope_of:
            layers = [layer.name for unit in units_of([piece]) for layer in unit.layers]
            known = [tuple(self._scopes[name].split(".")) for name in layers if name in self._scopes]
            self._scope_of[id(piece)] = _common(known) if known else None
        return self._scope_of[id(piece)]


def are_few(uses: Iterable[tuple[Dim, Numbers]], most: int) -> bool:
    """Whether a block has at most so many parameters with these channels that flow in and these numbers."""
    flowing, numbers = zip(*dict.fromkeys(uses), strict=True)
    if len({len(each) for each in numbers}) > 1:
        return False
    known = _direction(tuple(map(str, flowing)))
    varying = set()
    for column in zip(*numbers, strict=True):
        values = tuple(value for _, value in column)
        if len(set(values)) > 1:
            is_channels = column[0][0] in CHANNELS
            varying.add(("c", _direction(values)) if is_channels else (column[0][0], values))
    return len(varying - {("c", known)}) <= most


def _direction(values: tuple[str, ...]) -> tuple[str, ...]:
    """Equal for numbers of which some are a multiple of the others."""
    if not all(value.isdecimal() for value in values):
        return values
    common = gcd(*map(int, values))
    return tuple(str(int(value) // common) for value in values)


def _common(scopes: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    low, high = min(scopes), max(scopes)
    same = 0
    while same < min(len(low), len(high)) and low[same] == high[same]:
        same += 1
    return low[:same]
