"""Blocks of what is used again with the same weights, as the towers of a Siamese network are and the heads of a
detector on the levels of its pyramid: a text says each later one in one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from cnngraph.structure.keys import Keys, holders
from cnngraph.structure.pieces import Piece, every_row, goes_on, taken, units_of
from cnngraph.structure.places import Place, Places


def towers(there: Places) -> None:
    """Blocks of the longest stretches of one tensor that are used again as a whole."""
    keys = Keys(by_weights=True)
    shared = Counter(owner for unit in there.found.units() if unit.tied for owner in holders(unit))
    if not shared:
        return
    found: dict[int, list[list[Place]]] = {}
    claimed: set[str] = set()
    for alike in _alike(there, keys):
        places = _longest(keys, alike)
        units = [unit for place in places for unit in units_of(place.pieces)]
        is_whole = all(shared[owner] == len(places) for unit in units for owner in holders(unit))
        if not is_whole or len(units) == len(places) or not claimed.isdisjoint(unit.name for unit in units):
            continue
        if all(len(taken(place.pieces)) == 1 for place in places):
            claimed.update(unit.name for unit in units)
            there.keys.free(unit.name for unit in units)
            found.setdefault(there.keys.row(places[0].pieces), []).append(places)
    named = []
    for groups in found.values():
        name = there.new_name()
        fit = there.fits([place.pieces for places in groups for place in places])
        named += [(name if fit else there.new_name(), places) for places in groups]
    there.replace(named, is_tower=True)


def _alike(there: Places, keys: Keys) -> Iterator[list[Place]]:
    """Where pieces with the same weights stand, those of outer rows first."""
    found: dict[int, list[Place]] = {}
    for row in reversed(list(every_row(there.found))):
        for at, piece in enumerate(row):
            if any(unit.tied for unit in units_of([piece])):
                found.setdefault(keys.piece(piece), []).append(Place(row, at, at + 1))
    for places in found.values():
        if len(places) > 1:
            yield places


def _longest(keys: Keys, places: Sequence[Place]) -> list[Place]:
    """*places* with what stands behind all of them and in front of all, as long as it is the same, with the same
    weights or without any."""
    made = [Place(place.row, place.start, place.end) for place in places]
    inside = {id(piece) for place in made for piece in place.pieces}
    while added := _beside(keys, [place.row[place.end : place.end + 1] for place in made], inside):
        inside |= added
        for place in made:
            place.end += 1
    while added := _beside(keys, [place.row[max(place.start - 1, 0) : place.start] for place in made], inside):
        if any(goes_on(place.row[place.start - 1]) or place.row[place.start - 1].leaks for place in made):
            break
        inside |= added
        for place in made:
            place.start -= 1
    return made


def _beside(keys: Keys, beside: Sequence[Sequence[Piece]], inside: set[int]) -> set[int]:
    """The pieces *beside* all places, if they are the same, and none is *inside* of these."""
    pieces = [piece for each in beside for piece in each]
    if len(pieces) < len(beside) or any(id(piece) in inside for piece in pieces):
        return set()
    if len({id(piece) for piece in pieces}) < len(pieces) or len({keys.piece(piece) for piece in pieces}) > 1:
        return set()
    units = [unit for piece in pieces for unit in units_of([piece])]
    has_own = any(holders(unit) and not unit.tied for unit in units)
    return set() if has_own or not all(unit.inputs for unit in units) else {id(piece) for piece in pieces}
