"""What repeats, as uses of blocks.

First joins: one whose like occurs again is what a person calls a block, with what always stands in front of it or
behind it. A residual whose skip vanishes, where the stride or the channels change, is the same block: its branch occurs
without the join. Then runs of pieces, by how many lines they save. At last a block that the text would use in one place
only is none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from cnngraph.layers.window import Windowed
from cnngraph.structure.keys import Keys
from cnngraph.structure.names import Namer
from cnngraph.structure.params import fits
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


def find_blocks(found: Rows, scopes: Mapping[str, str]) -> None:
    """Puts uses of blocks into the rows in place of what repeats."""
    finder = _Finder(found, scopes)
    finder.joints()
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


class _Finder:
    def __init__(self, found: Rows, scopes: Mapping[str, str]) -> None:
        self.found = found
        self.scopes = scopes
        self.keys = Keys()
        self.made = 0
        self.takers: dict[str, list[str]] = {}
        """For each unit those that take what it makes; for one that is given back none."""
        for unit in found.units():
            for name in unit.inputs:
                self.takers.setdefault(name, []).append(unit.name)

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
                self.unify(name, self.uses(name))

    def joints_by_key(self, tried: set[int]) -> dict[tuple[int, int], list[_Place]]:
        """The places of all joins that are not in a block yet, by how deep joins lie in them and what is alike."""
        heights: dict[int, int] = {}
        found: dict[tuple[int, int], list[_Place]] = {}
        for row in every_row(self.found):
            height = 0
            for at, piece in enumerate(row):
                inner = max([heights[id(each)] for each in insides(piece)], default=0)
                if isinstance(piece, Joint | Knot) and is_sealed(piece):
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
            if free and fits([place.pieces for place in places]):
                return places
        return []

    def unify(self, name: str, uses: list[Use]) -> None:
        """Uses of the block that differ in what is on their skip, and where there is none."""
        _unify_shortcuts(uses)
        if body := _without_skip(uses[0].row):
            self.replace([(name, self.bare(body))])

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
        if not alike or not apart or any(map(_reduces, added)) or not all(map(self.is_contained, found)):
            return None
        return found

    def is_contained(self, place: _Place) -> bool:
        """Whether all that is made in a place, but what it makes itself, is taken in it."""
        pieces = place.pieces
        if not any(piece.leaks for piece in pieces[:-1]):
            return True
        inside = {unit.name for unit in units_of(pieces)}
        taken = (name for piece in pieces[:-1] if piece.leaks for name in self.takers.get(last(piece).name, [""]))
        return all(name in inside for name in taken)

    def uses(self, name: str) -> list[Use]:
        return [
            piece for row in every_row(self.found) for piece in row if isinstance(piece, Use) and piece.name == name
        ]

    def bare(self, body: Row) -> list[_Place]:
        """Where *body* stands without a join, or without its first piece, which widens."""
        wanted = [self.keys.piece(piece) for piece in body]
        found = []
        for row in self.open_rows():
            keys = [self.keys.piece(piece) for piece in row]
            at = 0
            while at < len(row):
                for short in (wanted, wanted[1:]) if len(wanted) > 2 else (wanted,):
                    end = at + len(short)
                    if keys[at:end] == short and self.is_contained(_Place(row, at, end)):
                        found.append(_Place(row, at, end))
                        at = end - 1
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
        """Blocks of runs of pieces, each time of the one that saves most lines."""
        refused: set[tuple[int, ...]] = set()
        while True:
            counted = self.count_runs(refused)
            best = max(counted.items(), key=lambda item: (_saving(item[1], item[0]), -item[1][0][0]), default=None)
            if best is None or _saving(best[1], best[0]) <= 0:
                return
            places = self.places_of(best[0])
            if len(places) < 2 or not fits([place.pieces for place in places]):
                refused.add(best[0])
                continue
            self.replace([(self.new_name(), places)])

    def count_runs(self, refused: set[tuple[int, ...]]) -> dict[tuple[int, ...], list[tuple[int, int]]]:
        """For each run the places that do not overlap: the number of the row and where in it."""
        found: dict[tuple[int, ...], list[tuple[int, int]]] = {}
        for number, (row, is_body) in enumerate(self.rows_in_text()):
            keys = [self.keys.piece(piece) for piece in row]
            for start in range(len(row)):
                for end in range(start + 2, min(start + LONGEST, len(row)) + 1):
                    run = tuple(keys[start:end])
                    whole = is_body and len(run) == len(row)
                    if whole or run in refused or not _is_run(row, keys, start, end):
                        continue
                    if not self.is_contained(_Place(row, start, end)):
                        continue
                    places = found.setdefault(run, [])
                    if not places or places[-1][0] != number or places[-1][1] + len(run) <= start:
                        places.append((number, start))
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

    def places_of(self, run: tuple[int, ...]) -> list[_Place]:
        found = []
        bodies = {id(piece.row) for row in every_row(self.found) for piece in row if isinstance(piece, Use)}
        for row in every_row(self.found):
            if id(row) in bodies and len(row) == len(run):
                continue
            keys = [self.keys.piece(piece) for piece in row]
            at = 0
            while at + len(run) <= len(row):
                end = at + len(run)
                place = _Place(row, at, end)
                if tuple(keys[at:end]) == run and _is_run(row, keys, at, end) and self.is_contained(place):
                    found.append(place)
                    at = end
                else:
                    at += 1
        return found

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


def _reduces(piece: Piece) -> bool:
    """Whether *piece* makes a map smaller, as what begins a stage does."""
    while isinstance(piece, Use):
        if any(map(_reduces, piece.row[1:])):
            return True
        piece = piece.row[0]
    if isinstance(piece, Knot):
        return False
    if isinstance(piece, Joint):
        return any(_reduces(inner) for inner in max([way.row for way in piece.ways], key=len))
    kind = piece.unit.lead.kind
    slide = kind.sliding if isinstance(kind, Windowed) and not kind.spreads else None
    return slide is not None and max(slide.stride) > 1


def _is_run(row: Row, keys: list[int], start: int, end: int) -> bool:
    """Whether a person might call the pieces from *start* to *end* by one name: not all alike, a row of like ones is
    not cut, and what makes the map smaller stands where a stage begins, or, a pool, where it ends."""
    inside = row[start:end]
    if len(set(keys[start:end])) == 1:
        return False
    if (start and keys[start - 1] == keys[start]) or (end < len(row) and keys[end - 1] == keys[end]):
        return False
    first = inside[0]
    if isinstance(first, Step) and len(first.unit.inputs) != 1:
        return False
    is_stage = False
    for at, piece in enumerate(inside):
        if not (isinstance(piece, Use) or is_sealed(piece)):
            return False
        if _reduces(piece) and at:
            is_pool = isinstance(piece, Step) and not piece.unit.weighted
            if is_stage or (at < len(inside) - 1 if is_pool else at > 1):
                return False
        is_stage |= not isinstance(piece, Step)
    return True


def _saving(places: list[tuple[int, int]], run: tuple[int, ...]) -> float:
    """How many lines a block of the pieces *run* saves."""
    return (len(places) - 1) * (len(run) - 1) - 3 - 0.2 * len(places)


def _without_skip(pieces: Row) -> Row:
    """The branch beside the skip, if *pieces* are a sum of just these."""
    if len(pieces) != 1 or not isinstance(pieces[0], Joint):
        return []
    joint = pieces[0]
    full = [way for way in joint.ways if way.row and not way.is_skip]
    is_sum = joint.unit.lead.kind.word == "add" and len(joint.unit.layers) == 1
    return full[0].row if is_sum and len(joint.ways) == 2 and len(full) == 1 and len(full[0].row) > 1 else []


def _unify_shortcuts(uses: list[Use]) -> None:
    """Identities beside shortcuts are shortcuts that need no layer."""
    joints = [piece for use in uses for piece in use.row if isinstance(piece, Joint)]
    skips = [way for joint in joints for way in joint.ways if way.is_skip]
    projected = [way for way in skips if way.row]
    fits = bool(projected) and all(way.is_shortcut for way in projected)
    for way in skips:
        way.is_shortcut = fits
