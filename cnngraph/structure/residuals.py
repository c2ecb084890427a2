"""One block for residuals that differ in whether there is a gate, a first layer that widens, or a skip: where the
stride or the channels change, the branch of a residual stands without the join."""

from __future__ import annotations

from collections.abc import Sequence

from cnngraph.structure.joins import unify_shortcuts
from cnngraph.structure.pieces import Joint, Piece, Row, Use, is_sealed
from cnngraph.structure.places import MOST, Place, Places

_GATED = 2
"""Parameters that a gate adds: how wide it is, and whether it is there."""
_SHORTEST = 2
"""Pieces of a residual of which the first does not widen."""


def residuals(there: Places) -> None:
    """One block of residuals that differ in whether there is a gate, a first layer that widens, or a skip."""
    places = _residual_places(there)
    alike: dict[tuple[int, ...], list[Place]] = {}
    for place in places:
        alike.setdefault(_without_gates(there, _body(place.pieces)), []).append(place)
    names: dict[tuple[int, ...], str] = {}
    for key, inside in alike.items():
        uses = [place.pieces[0] for place in inside]
        known = next((piece.name for piece in uses if isinstance(piece, Use)), "")
        if (known or len(inside) > 1) and there.fits([_ungated(_body([piece])) for piece in uses], MOST - _GATED):
            names[key] = known or there.new_name()
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
        uses_now = there.uses(name)
        unify_shortcuts(uses_now)
        bodies: set[tuple[int, ...]] = set()
        widens = any(len(_ungated(_body(use.row))) > _SHORTEST for use in uses_now)
        for body in (_body(use.row) for use in uses_now):
            keys = tuple(map(there.keys.piece, body))
            bodies |= {keys, keys[1:]} if len(_ungated(body)) > _SHORTEST else {keys}
        ordered = sorted(bodies, key=lambda each: (-len(each), each))
        there.replace([(name, _bare(there, ordered, must_reduce=not widens))])


def _residual_places(there: Places) -> list[Place]:
    """Residuals that are blocks of their own, and those that are in no block."""
    found = []
    for row in there.open_rows():
        for at, piece in enumerate(row):
            if _body([piece]) and is_sealed(piece):
                found.append(Place(row, at, at + 1))
    return found


def _without_gates(there: Places, body: Row) -> tuple[int, ...]:
    return tuple(map(there.keys.piece, _ungated(body)))


def _bare(there: Places, bodies: Sequence[tuple[int, ...]], must_reduce: bool) -> list[Place]:
    """Where pieces with these keys stand without a join, the longest first. Two convolutions stand anywhere: these are
    a residual without its skip only if they *must_reduce* the map, and do so at once."""
    found = []
    for row in there.open_rows():
        keys = [there.keys.piece(piece) for piece in row]
        at = 0
        while at < len(row):
            for body in bodies:
                place = Place(row, at, at + len(body))
                if tuple(keys[at : place.end]) != body or (must_reduce and not there.reduces(row[at])):
                    continue
                if there.is_contained(place):
                    found.append(place)
                    at = place.end - 1
                    break
            at += 1
    return found


def _body(pieces: Row) -> Row:
    """The branch beside the skip, if *pieces* are a sum of just these, or a block of that."""
    while len(pieces) == 1 and isinstance(pieces[0], Use):
        pieces = pieces[0].row
    if len(pieces) != 1 or not isinstance(pieces[0], Joint):
        return []
    joint = pieces[0]
    full = [way for way in joint.ways if way.row and not way.is_skip]
    is_sum = joint.unit.lead.kind.adds_up and len(joint.unit.layers) == 1
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
