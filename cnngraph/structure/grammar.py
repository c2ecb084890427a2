"""What repeats, as uses of blocks.

First joins: one whose like occurs again is what a person calls a block, with what always stands in front of it or
behind it. A residual whose skip vanishes, where the stride or the channels change, is the same block: its branch occurs
without the join. Then runs of pieces, by how many lines they save. At last a block that the text would use in one place
only is none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cnngraph.layers.window import Windowed
from cnngraph.structure.keys import Keys
from cnngraph.structure.names import Namer
from cnngraph.structure.pieces import (
    Joint,
    Knot,
    Piece,
    Row,
    Rows,
    Step,
    Use,
    every_row,
    insides,
    is_sealed,
    last,
    units_of,
)

LONGEST = 6
"""How many pieces a run may have."""
MOST = 6
"""Parameters of a block that a person can use."""
_GATED = 2
"""Parameters that a gate adds: how wide it is, and whether it is there."""
_SHORTEST = 2
"""Pieces of a residual of which the first does not widen."""
_ROUNDS = 8
"""How deep blocks of runs lie in one another at most."""
_MOST_TENSORS = 4
"""How many tensors a block takes, what flows among them."""


def find_blocks(found: Rows, scopes: Mapping[str, str]) -> None:
    """Puts uses of blocks into the rows in place of what repeats."""
    finder = _Finder(found, scopes)
    finder.joints()
    finder.residuals()
    finder.runs()
    finder.drop_needless()
    Namer(found).rename()


@dataclass(slots=True)
class _Place:
    """Pieces of a row from *start* to *end*."""

    row: Row
    start: int
    end: int

    @property
    def pieces(self) -> Row:
        return self.row[self.start : self.end]


@dataclass(slots=True)
class _Run:
    """A run of pieces that may become a block."""

    length: int
    first: tuple[int, int]
    """The row where it stands first, by its number, and where in that."""
    last: tuple[int, int] = (-1, 0)
    times: int = 0
    begins: int = 0
    """How often it begins with what makes the map smaller."""

    @property
    def saving(self) -> float:
        """How many lines a block of it saves."""
        return (self.times - 1) * (self.length - 1) - 3 - 0.2 * self.times

    @property
    def rank(self) -> tuple[float, bool, tuple[int, int]]:
        """What saves most lines comes first, then what begins where a stage does."""
        return -self.saving, not self.begins, self.first


class _Finder:
    def __init__(self, found: Rows, scopes: Mapping[str, str]) -> None:
        self.found = found
        self.scopes = scopes
        self.keys = Keys()
        self.made = 0
        self._reduces: dict[int, bool] = {}
        """Whether each piece makes a map smaller."""
        self.takers: dict[str, list[str]] = {}
        """For each layer the units that take what it makes; none for one that is given back."""
        for unit in found.units():
            for name in unit.lead.inputs:
                self.takers.setdefault(name, []).append(unit.name)

    def fits(self, uses: Sequence[Row], most: int = MOST) -> bool:
        """Whether a block of these pieces has at most so many parameters."""
        columns = zip(*map(self.keys.numbers_in, uses), strict=True)
        return len({column for column in columns if len(set(column)) > 1}) <= most

    def new_name(self) -> str:
        self.made += 1
        return f"\0{self.made}"

    def replace(self, named: Iterable[tuple[str, list[_Place]]]) -> None:
        """Makes uses of blocks of their places, none of which overlap."""
        by_row: dict[int, list[tuple[_Place, str]]] = {}
        for name, places in named:
            for place in places:
                by_row.setdefault(id(place.row), []).append((place, name))
        for inside in by_row.values():
            for place, name in sorted(inside, key=lambda each: -each[0].start):
                pieces = place.pieces
                place.row[place.start : place.end] = [Use(name, pieces, leaks=pieces[-1].leaks)]

    # Joins -------------------------------------------------------------------------------------

    def joints(self) -> None:
        """Blocks of joins, those that are inside of others first."""
        tried: set[int] = set()
        while by_key := self.joints_by_key(tried):
            lowest = min(height for height, _ in by_key)
            claimed: set[tuple[int, int]] = set()
            named: list[tuple[str, list[_Place]]] = []
            for (height, key), alike in by_key.items():
                if height > lowest:
                    continue
                tried.add(key)
                places = self.block_of(alike, claimed) if len(alike) > 1 else []
                if places:
                    claimed |= {(id(place.row), at) for place in places for at in range(place.start, place.end)}
                    named.append((self.new_name(), places))
            self.replace(named)
            for name, _ in named:
                _unify_shortcuts(self.uses(name))

    def joints_by_key(self, tried: set[int]) -> dict[tuple[int, int], list[_Place]]:
        """The places of all joins that are not in a block yet, by how deep joins lie in them and what is alike."""
        heights: dict[int, int] = {}
        found: dict[tuple[int, int], list[_Place]] = {}
        for row in every_row(self.found):
            height = 0
            for at, piece in enumerate(row):
                inner = max([heights[id(each)] for each in insides(piece)], default=0)
                if _may_be_block(piece):
                    key = self.keys.piece(piece)
                    if key not in tried:
                        found.setdefault((inner, key), []).append(_Place(row, at, at + 1))
                height = max(height, inner + (not isinstance(piece, Step)))
            heights[id(row)] = height
        return found

    def block_of(self, alike: list[_Place], claimed: set[tuple[int, int]]) -> list[_Place]:
        """What a block of like joins is to hold; nothing where it would need too many parameters."""
        for places in (self.extended(alike), alike):
            free = all((id(p.row), at) not in claimed for p in places for at in range(p.start, p.end))
            if free and self.fits([place.pieces for place in places]):
                return places
        return []

    # Residuals ---------------------------------------------------------------------------------

    def residuals(self) -> None:
        """One block of residuals that differ in whether there is a gate, a first layer that widens, or a skip."""
        places = self.residual_places()
        alike: dict[tuple[int, ...], list[_Place]] = {}
        for place in places:
            alike.setdefault(self.without_gates(_body(place.pieces)), []).append(place)
        names: dict[tuple[int, ...], str] = {}
        for key, inside in alike.items():
            uses = [place.pieces[0] for place in inside]
            known = next((piece.name for piece in uses if isinstance(piece, Use)), "")
            if (known or len(inside) > 1) and self.fits([_ungated(_body([piece])) for piece in uses], MOST - _GATED):
                names[key] = known or self.new_name()
        short = {key[1:]: name for key, name in names.items() if len(key) > _SHORTEST}
        for key, inside in alike.items():
            name = names.get(key) or short.get(key, "")
            for place in inside if name else ():
                (piece,) = place.pieces
                if isinstance(piece, Use):
                    piece.name = name
                else:
                    place.row[place.start : place.end] = [Use(name, [piece], leaks=piece.leaks)]
        for name in names.values():
            uses_now = self.uses(name)
            _unify_shortcuts(uses_now)
            bodies: set[tuple[int, ...]] = set()
            for body in (_body(use.row) for use in uses_now):
                keys = tuple(map(self.keys.piece, body))
                bodies |= {keys, keys[1:]} if len(_ungated(body)) > _SHORTEST else {keys}
            self.replace([(name, self.bare(sorted(bodies, key=lambda each: (-len(each), each))))])

    def residual_places(self) -> list[_Place]:
        """Residuals that are blocks of their own, and those that are in no block."""
        found = []
        for row in self.open_rows():
            for at, piece in enumerate(row):
                if _body([piece]) and is_sealed(piece):
                    found.append(_Place(row, at, at + 1))
        return found

    def without_gates(self, body: Row) -> tuple[int, ...]:
        return tuple(map(self.keys.piece, _ungated(body)))

    def extended(self, alike: list[_Place]) -> list[_Place]:
        """*alike* with what follows all of them and has no filters, such as an activation; and with the layer with
        filters that stands in front of all, else with the one that stands behind all."""
        places = alike
        if any(isinstance(piece, Joint) and piece.unit.lead.kind.word == "mul" for piece in alike[0].pieces):
            return alike  # a gate
        while (wider := self.wider(places, 0, 1, weighted=False)) is not None:
            places = wider
        return self.wider(places, 1, 0, weighted=True) or self.wider(places, 0, 1, weighted=True) or places

    def wider(self, places: list[_Place], before: int, behind: int, weighted: bool) -> list[_Place] | None:
        """*places* with one more piece, if all have the same there, and it can belong to them."""
        found = [_Place(place.row, place.start - before, place.end + behind) for place in places]
        if any(place.start < 0 or place.end > len(place.row) for place in found):
            return None
        added = [place.pieces[0 if before else -1] for place in found]
        for piece in added:
            if not isinstance(piece, Step) or piece.unit.weighted != weighted or len(piece.unit.inputs) != 1:
                return None
        alike = len({self.keys.piece(piece) for piece in added}) == 1
        apart = all(one.row is not other.row or one.end <= other.start for one, other in pairwise(found))
        if not alike or not apart or any(map(self.reduces, added)) or not all(map(self.is_contained, found)):
            return None
        return found

    def is_contained(self, place: _Place) -> bool:
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

    def bare(self, bodies: Sequence[tuple[int, ...]]) -> list[_Place]:
        """Where pieces with these keys stand without a join, the longest first."""
        found = []
        for row in self.open_rows():
            keys = [self.keys.piece(piece) for piece in row]
            at = 0
            while at < len(row):
                for body in bodies:
                    place = _Place(row, at, at + len(body))
                    if tuple(keys[at : place.end]) == body and self.is_contained(place):
                        found.append(place)
                        at = place.end - 1
                        break
                at += 1
        return found

    def open_rows(self) -> list[Row]:
        """The rows that are in no use of a block."""
        found = []
        stack = [self.found.main, *self.found.sides]
        while stack:
            row = stack.pop()
            found.append(row)
            for piece in row:
                if not isinstance(piece, Use):
                    stack += insides(piece)
        return found

    # Runs --------------------------------------------------------------------------------------

    def runs(self) -> None:
        """Blocks of runs of pieces: time and again of those that save most lines and have nothing in common."""
        refused: set[tuple[int, ...]] = set()
        for _ in range(_ROUNDS):
            counted = {run: about for run, about in self.count_runs(refused).items() if about.saving > 0}
            if not counted:
                return
            used: set[int] = set()
            chosen: dict[tuple[int, ...], list[_Place]] = {}
            for run in sorted(counted, key=lambda run: counted[run].rank):
                if used.isdisjoint(run):
                    chosen[run] = []
                    used.update(run)
            self.find_places(chosen)
            named = []
            for run, found in chosen.items():
                if len(found) > 1 and self.fits([place.pieces for place in found]):
                    named.append((self.new_name(), found))
                else:
                    refused.add(run)
            self.replace(named)

    def count_runs(self, refused: set[tuple[int, ...]]) -> dict[tuple[int, ...], _Run]:
        """The runs that a person might call by one name, and how often they stand in the text."""
        found: dict[tuple[int, ...], _Run] = {}
        for number, (row, is_body) in enumerate(self.rows_in_text()):
            keys = [self.keys.piece(piece) for piece in row]
            for start in range(len(row)):
                for end in range(start + 2, min(start + LONGEST, len(row)) + 1):
                    run = tuple(keys[start:end])
                    whole = is_body and len(run) == len(row)
                    if whole or run in refused or not self.is_run(row, keys, start, end):
                        continue
                    if not self.is_contained(_Place(row, start, end)):
                        continue
                    counted = found.setdefault(run, _Run(len(run), (number, start)))
                    if counted.last[0] != number or counted.last[1] + len(run) <= start:
                        counted.last = number, start
                        counted.times += 1
                        counted.begins += self.reduces(row[start])
        return found

    def rows_in_text(self) -> list[tuple[Row, bool]]:
        """The rows that a text has: of each block those of one use, the longest; and whether it is a block's own."""
        bodies: dict[str, Row] = {}
        for row in every_row(self.found):
            for piece in row:
                if isinstance(piece, Use) and len(piece.row) > len(bodies.get(piece.name, ())):
                    bodies[piece.name] = piece.row
        found = [(row, False) for row in self.open_rows()]
        for body in bodies.values():
            found.append((body, True))
            stack = list(body)
            while stack:
                piece = stack.pop()
                if not isinstance(piece, Use):
                    found += [(row, False) for row in insides(piece)]
                    stack += [inner for row in insides(piece) for inner in row]
        return found

    def find_places(self, runs: Mapping[tuple[int, ...], list[_Place]]) -> None:
        """Adds to each of *runs*, which have no piece in common, where it stands."""
        lengths = sorted({len(run) for run in runs})
        bodies = {id(piece.row) for row in every_row(self.found) for piece in row if isinstance(piece, Use)}
        for row in every_row(self.found):
            keys = [self.keys.piece(piece) for piece in row]
            at = 0
            while at < len(row):
                for length in lengths:
                    run = tuple(keys[at : at + length])
                    place = _Place(row, at, at + length)
                    whole = id(row) in bodies and length == len(row)
                    if run in runs and not whole and self.is_run(row, keys, at, place.end) and self.is_contained(place):
                        runs[run].append(place)
                        at += length - 1
                        break
                at += 1

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

    def is_run(self, row: Row, keys: Sequence[int], start: int, end: int) -> bool:
        """Whether a person might call the pieces from *start* to *end* by one name: not all alike, a row of like ones
        is not cut, and what makes the map smaller stands where a stage begins, or, a pool, where it ends."""
        inside = row[start:end]
        if len(set(keys[start:end])) == 1:
            return False
        if (start and keys[start - 1] == keys[start]) or (end < len(row) and keys[end - 1] == keys[end]):
            return False
        return not _has_repetition(keys[start:end]) and self.is_stretch(inside)

    def is_stretch(self, inside: Row) -> bool:
        first = inside[0]
        if isinstance(first, Step) and len(first.unit.inputs) != 1:
            return False
        is_stage = False
        for at, piece in enumerate(inside):
            if not (isinstance(piece, Use) or is_sealed(piece)):
                return False
            if at and self.reduces(piece):
                is_pool = isinstance(piece, Step) and not piece.unit.weighted
                if is_stage or (at < len(inside) - 1 if is_pool else at > 1):
                    return False
            is_stage |= not isinstance(piece, Step)
        return True

    # What is used once --------------------------------------------------------------------------

    def drop_needless(self) -> None:
        """Puts back what is in blocks that the text would use in one place only."""
        while True:
            places = self.places_in_text()
            needless = {name for name, count in places.items() if count < 2}
            if not needless:
                return
            for row in list(every_row(self.found)):
                at = 0
                while at < len(row):
                    piece = row[at]
                    if isinstance(piece, Use) and piece.name in needless:
                        row[at : at + 1] = piece.row
                    else:
                        at += 1

    def places_in_text(self) -> Counter[str]:
        """How often the text says each block: within another block as often as one use of that does."""
        inside: dict[str, Counter[str]] = {}
        stack: list[tuple[str, Row]] = [("", row) for row in (self.found.main, *self.found.sides)]
        top: Counter[str] = Counter()
        while stack:
            name, row = stack.pop()
            count: Counter[str] = Counter()
            rows = [row]
            while rows:
                for piece in rows.pop():
                    if isinstance(piece, Use):
                        count[piece.name] += 1
                        stack.append((piece.name, piece.row))
                    else:
                        rows += insides(piece)
            if name:
                inside[name] = inside.get(name, Counter()) | count
            else:
                top += count
        for count in inside.values():
            top += count
        return top


def _has_repetition(keys: Sequence[int]) -> bool:
    """Whether some of *keys*, unlike ones, follow on themselves: they are what is called by a name."""
    return any(
        keys[at : at + size] == keys[at + size : at + 2 * size]
        for size in range(2, len(keys) // 2 + 1)
        for at in range(len(keys) - 2 * size + 1)
    )


def _may_be_block(piece: Piece) -> bool:
    """Whether a block of *piece* would be one: a tangle, or a join of branches, few of which begin elsewhere."""
    if isinstance(piece, Joint):
        begins = [way.begins for way in piece.ways if way.begins is not None]
        full = [way for way in piece.ways if way.row]
        if begins and (len(full) < 2 or len(set(begins)) > _MOST_TENSORS):
            return False
    return isinstance(piece, Joint | Knot) and is_sealed(piece)


def _body(pieces: Row) -> Row:
    """The branch beside the skip, if *pieces* are a sum of just these, or a block of that."""
    while len(pieces) == 1 and isinstance(pieces[0], Use):
        pieces = pieces[0].row
    if len(pieces) != 1 or not isinstance(pieces[0], Joint):
        return []
    joint = pieces[0]
    full = [way for way in joint.ways if way.row and not way.is_skip]
    is_sum = joint.unit.lead.kind.word == "add" and len(joint.unit.layers) == 1
    has_skip = any(way.is_skip for way in joint.ways)
    return full[0].row if is_sum and has_skip and len(joint.ways) == 2 and len(full[0].row) > 1 else []


def _ungated(body: Row) -> Row:
    """*body* without the gates in it."""
    return [piece for piece in body if not _is_gate(piece)]


def _is_gate(piece: Piece) -> bool:
    """Whether *piece* multiplies what flows by what comes of it."""
    if isinstance(piece, Use):
        return len(piece.row) == 1 and _is_gate(piece.row[0])
    is_product = isinstance(piece, Joint) and piece.unit.lead.kind.word == "mul"
    return isinstance(piece, Joint) and is_product and any(way.is_skip for way in piece.ways)


def _unify_shortcuts(uses: list[Use]) -> None:
    """Identities beside shortcuts are shortcuts that need no layer."""
    joints = [piece for use in uses for piece in use.row if isinstance(piece, Joint)]
    skips = [way for joint in joints for way in joint.ways if way.is_skip]
    projected = [way for way in skips if way.row]
    fits = bool(projected) and all(way.is_shortcut for way in projected)
    for way in skips:
        way.is_shortcut = fits
