"""Blocks of pieces that stand one behind the other again and again, by how many lines they save."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cnngraph.structure.pieces import Piece, Row, Step, Use, every_row, goes_on, is_pointwise, is_sealed, rows_in_text
from cnngraph.structure.places import MOST, Place, Places

LONGEST = 6
"""How many pieces a run may have."""
_ROUNDS = 8
"""How deep blocks of runs lie in one another at most."""
_FEWEST = 3
"""Uses of a block that holds other blocks."""


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
    has_blocks: bool = False
    scopes: int = 0
    """How much more often it is a scope than not."""

    @property
    def saving(self) -> float:
        """How many lines a block of it saves."""
        if self.has_blocks and self.times < _FEWEST:
            return 0  # too few to tell a stage from what happens to be alike
        return (self.times - 1) * (self.length - 1) - 3 - 0.2 * self.times

    @property
    def rank(self) -> tuple[float, int, bool, tuple[int, int]]:
        """What saves most lines comes first; of what saves as many what the source has in a scope of its own, for not
        every exporter says that, and then what begins where a stage does."""
        return -self.saving, -self.scopes, not self.begins, self.first


def runs(there: Places) -> None:
    """Blocks of runs of pieces: time and again of those that save most lines and have nothing in common."""
    refused: set[tuple[int, ...]] = set()
    for _ in range(_ROUNDS):
        counted = {run: about for run, about in _count_runs(there, refused).items() if about.saving > 0}
        if not counted:
            return
        used: set[int] = set()
        chosen: dict[tuple[int, ...], list[Place]] = {}
        for run in sorted(counted, key=lambda run: counted[run].rank):
            if used.isdisjoint(run):
                chosen[run] = []
                used.update(run)
        _find_places(there, chosen)
        named = []
        for run, found in chosen.items():
            if len(found) > 1 and there.fits([place.pieces for place in found], min(MOST, len(run) + 1)):
                named.append((there.new_name(), found))
            else:
                refused.add(run)
        there.replace(named)


def _count_runs(there: Places, refused: set[tuple[int, ...]]) -> dict[tuple[int, ...], _Run]:
    """The runs that a person might call by one name, and how often they stand in the text."""
    found: dict[tuple[int, ...], _Run] = {}
    for number, (row, is_body) in enumerate(rows_in_text(there.found)):
        keys = [there.keys.piece(piece) for piece in row]
        for start in range(len(row)):
            for end in range(start + 2, min(start + LONGEST, len(row)) + 1):
                run = tuple(keys[start:end])
                whole = is_body and len(run) == len(row)
                if whole or run in refused or not _is_run(there, row, keys, start, end):
                    continue
                if not there.is_contained(Place(row, start, end)):
                    continue
                has_blocks = not all(isinstance(piece, Step) for piece in row[start:end])
                counted = found.setdefault(run, _Run(len(run), (number, start), has_blocks=has_blocks))
                if counted.last[0] != number or counted.last[1] + len(run) <= start:
                    counted.last = number, start
                    counted.times += 1
                    counted.begins += there.reduces(row[start])
                    is_scope = there.is_scope(Place(row, start, end))
                    counted.scopes += 0 if is_scope is None else 1 if is_scope else -1
    return found


def _find_places(there: Places, runs: Mapping[tuple[int, ...], list[Place]]) -> None:
    """Adds to each of *runs*, which have no piece in common, where it stands."""
    lengths = sorted({len(run) for run in runs})
    bodies = {id(piece.row) for row in every_row(there.found) for piece in row if isinstance(piece, Use)}
    for row in every_row(there.found):
        keys = [there.keys.piece(piece) for piece in row]
        at = 0
        while at < len(row):
            for length in lengths:
                run = tuple(keys[at : at + length])
                place = Place(row, at, at + length)
                whole = id(row) in bodies and length == len(row)
                if run in runs and not whole and _is_run(there, row, keys, at, place.end) and there.is_contained(place):
                    runs[run].append(place)
                    at += length - 1
                    break
            at += 1


def _is_run(there: Places, row: Row, keys: Sequence[int], start: int, end: int) -> bool:
    """Whether a person might call the pieces from *start* to *end* by one name: not all alike, a row of like ones
    is not cut, nor half of a separable convolution taken, and what makes the map smaller stands where a stage begins,
    or, a pool, where it ends."""
    inside = row[start:end]
    if len(set(keys[start:end])) == 1:
        return False
    if (start and keys[start - 1] == keys[start]) or (end < len(row) and keys[end - 1] == keys[end]):
        return False
    if end < len(row) and (goes_on(row[end]) or (_is_depthwise(row[end - 1]) and is_pointwise(row[end]))):
        return False
    is_whole = len(inside) == len(row)
    return (is_whole or not _has_repetition(keys[start:end])) and _is_stretch(there, inside)


def _is_depthwise(piece: Piece) -> bool:
    """Whether *piece* is half of a separable convolution."""
    return isinstance(piece, Step) and piece.unit.lead.kind.word == "dwconv"


def _is_stretch(there: Places, inside: Row) -> bool:
    first = inside[0]
    if isinstance(first, Step) and (len(first.unit.inputs) != 1 or goes_on(first)):
        return False
    if all(isinstance(piece, Step) and not piece.unit.weighted for piece in inside):
        return False
    is_stage = False
    for at, piece in enumerate(inside):
        if not (isinstance(piece, Use) or is_sealed(piece)):
            return False
        if at and there.reduces(piece):
            is_pool = isinstance(piece, Step) and not piece.unit.weighted
            if is_stage or (at < len(inside) - 1 if is_pool else at > 1):
                return False
        is_stage |= not isinstance(piece, Step)
    return True


def _has_repetition(keys: Sequence[int]) -> bool:
    """Whether some of *keys*, unlike ones, follow on themselves: they are what is called by a name."""
    return any(
        keys[at : at + size] == keys[at + size : at + 2 * size]
        for size in range(2, len(keys) // 2 + 1)
        for at in range(len(keys) - 2 * size + 1)
    )
