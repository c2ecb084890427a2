"""What repeats, as uses of blocks.

First joins: one whose like occurs again is what a person calls a block, with what always stands in front of it or
behind it. A residual whose skip vanishes, where the stride or the channels change, is the same block: its branch occurs
without the join. Then runs of pieces, by how many lines they save. At last a block that the text would use in one place
only is none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from cnngraph.structure.keys import Keys
from cnngraph.structure.names import Namer
from cnngraph.structure.params import fits
from cnngraph.structure.pieces import Joint, Knot, Piece, Row, Rows, Step, Use, every_row, insides, is_sealed

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

    def new_name(self) -> str:
        self.made += 1
        return f"\0{self.made}"

    def replace(self, places: list[_Place], name: str) -> None:
        """Makes uses of the block *name* of *places*, which do not overlap."""
        by_row: dict[int, list[_Place]] = {}
        for place in places:
            by_row.setdefault(id(place.row), []).append(place)
        for inside in by_row.values():
            for place in sorted(inside, key=lambda each: -each.start):
                pieces = place.pieces
                place.row[place.start : place.end] = [Use(name, pieces, leaks=pieces[-1].leaks)]

    # Joins -------------------------------------------------------------------------------------

    def joints(self) -> None:
        """Blocks of joins, those that are inside of others first."""
        tried: set[int] = set()
        while True:
            places = self.joints_by_key(tried)
            if not places:
                return
            lowest = min(height for height, _ in places)
            for (height, key), alike in places.items():
                if height > lowest:
                    continue
                tried.add(key)
                if len(alike) > 1:
                    self.joint(alike)

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

    def joint(self, alike: list[_Place]) -> None:
        places = self.extended(alike)
        if not fits([place.pieces for place in places]):
            places = alike
            if not fits([place.pieces for place in places]):
                return
        name = self.new_name()
        body = _without_skip(places[0].pieces)
        self.replace(places, name)
        _unify_shortcuts([place for place in self.uses(name)])
        if body:
            self.replace(self.bare(body), name)

    def extended(self, alike: list[_Place]) -> list[_Place]:
        """*alike* with what stands in front of all of them, else with what stands behind all."""
        before = {self.neighbour(place, -1) for place in alike}
        if len(before) == 1 and None not in before:
            return [_Place(place.row, place.start - 1, place.end) for place in alike]
        behind = {self.neighbour(place, 1) for place in alike}
        if len(behind) == 1 and None not in behind:
            return [_Place(place.row, place.start, place.end + 1) for place in alike]
        return alike

    def neighbour(self, place: _Place, way: int) -> int | None:
        """What a block could begin with in front of *place*, or end with behind it."""
        at = place.start - 1 if way < 0 else place.end
        if not 0 <= at < len(place.row):
            return None
        piece = place.row[at]
        if not isinstance(piece, Step) or len(piece.unit.inputs) != 1:
            return None
        before = place.row[at - 1] if way > 0 else piece
        if before.leaks or _reduces(piece):
            return None
        return self.keys.piece(piece)

    def uses(self, name: str) -> list[Use]:
        return [
            piece
            for row in every_row(self.found)
            for piece in row
            if isinstance(piece, Use) and piece.name == name
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
                    if keys[at:end] == short and not any(piece.leaks for piece in row[at : end - 1]):
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
            self.replace(places, self.new_name())

    def count_runs(self, refused: set[tuple[int, ...]]) -> dict[tuple[int, ...], list[tuple[int, int]]]:
        """For each run the places that do not overlap: the number of the row and where in it."""
        found: dict[tuple[int, ...], list[tuple[int, int]]] = {}
        for number, (row, is_body) in enumerate(self.rows_in_text()):
            keys = [self.keys.piece(piece) for piece in row]
            for start in range(len(row)):
                for end in range(start + 2, min(start + LONGEST, len(row)) + 1):
                    if end - 2 >= start and row[end - 2].leaks:
                        break
                    run = tuple(keys[start:end])
                    whole = is_body and len(run) == len(row)
                    if whole or run in refused or not _is_run(row, keys, start, end):
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
                if tuple(keys[at:end]) == run and _is_run(row, keys, at, end):
                    if not any(piece.leaks for piece in row[at : end - 1]):
                        found.append(_Place(row, at, end))
                        at = end
                        continue
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
    if not isinstance(piece, Step):
        return False
    (taken,), made = piece.unit.lead.input_volumes[:1], piece.unit.output
    return piece.unit.lead.kind.family == "pool" or taken.dims[:-1] != made.dims[:-1]


def _is_run(row: Row, keys: list[int], start: int, end: int) -> bool:
    """Whether a person might call the pieces from *start* to *end* by one name: not all alike, a row of like ones is
    not cut, and what makes the map smaller stands at the beginning or the end."""
    inside = row[start:end]
    if len(set(keys[start:end])) == 1:
        return False
    if start and keys[start - 1] == keys[start] or end < len(row) and keys[end - 1] == keys[end]:
        return False
    if any(not isinstance(piece, Use) and not is_sealed(piece) for piece in inside):
        return False
    if any(isinstance(piece, Step) and not piece.unit.lead.inputs for piece in inside):
        return False
    if any(_reduces(piece) for piece in inside[2:-1]):
        return False
    return not any(isinstance(piece, Step) and len(piece.unit.inputs) > 1 for piece in inside[:1])


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
    if projected and all(way.is_shortcut for way in projected):
        for way in skips:
            way.is_shortcut = True
