"""Blocks of joins: one whose like occurs again is what a person calls a block, with what always stands in front of it
or behind it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from cnngraph.layers.kind import Kind
from cnngraph.structure.pieces import (
    Joint,
    Knot,
    Piece,
    Step,
    Use,
    Way,
    every_row,
    insides,
    is_pointwise,
    is_sealed,
    last,
)
from cnngraph.structure.places import Place, Places

_MOST_TENSORS = 4
"""How many tensors a block takes, what flows among them."""


def joints(there: Places) -> None:
    """Blocks of joins, those that are inside of others first."""
    tried: set[int] = set()
    while by_key := _joints_by_key(there, tried):
        lowest = min(height for height, _ in by_key)
        claimed: set[tuple[int, int]] = set()
        named: list[tuple[str, list[Place]]] = []
        for (height, key), alike in by_key.items():
            if height > lowest:
                continue
            tried.add(key)
            for places in _blocks_of(there, alike, claimed):
                claimed |= {(id(place.row), at) for place in places for at in range(place.start, place.end)}
                named.append((there.new_name(), places))
        there.replace(named)
        for name, _ in named:
            unify_shortcuts(there.uses(name))


def _joints_by_key(there: Places, tried: set[int]) -> dict[tuple[int, int], list[Place]]:
    """The places of all joins that are not in a block yet, by how deep joins lie in them and what is alike."""
    heights: dict[int, int] = {}
    found: dict[tuple[int, int], list[Place]] = {}
    for row in every_row(there.found):
        height = 0
        for at, piece in enumerate(row):
            if isinstance(piece, Step):
                continue
            inner = max([heights[id(each)] for each in insides(piece)], default=0)
            if _may_be_block(piece):
                key = there.keys.piece(piece)
                if key not in tried:
                    found.setdefault((inner, key), []).append(Place(row, at, at + 1))
            height = max(height, inner + 1)
        heights[id(row)] = height
    return found


def _blocks_of(there: Places, alike: list[Place], claimed: set[tuple[int, int]]) -> Iterator[list[Place]]:
    """What blocks of like joins are to hold; where one would need too many parameters there is one for those with the
    same windows."""
    if len(alike) > 1 and (places := _block_of(there, alike, claimed)):
        yield places
        return
    by_windows: dict[tuple[str, ...], list[Place]] = {}
    for place in alike:
        by_windows.setdefault(there.keys.windows_in(place.pieces), []).append(place)
    for inside in by_windows.values():
        if 1 < len(inside) < len(alike) and (places := _block_of(there, inside, claimed)):
            yield places


def _block_of(there: Places, alike: list[Place], claimed: set[tuple[int, int]]) -> list[Place]:
    """What a block of like joins is to hold; nothing where it would need too many parameters."""
    for places in (_extended(there, alike), alike):
        free = all((id(p.row), at) not in claimed for p in places for at in range(p.start, p.end))
        if free and there.fits([place.pieces for place in places]):
            return places
    return []


def _extended(there: Places, alike: list[Place]) -> list[Place]:
    """*alike* with what follows all of them and has no filters, such as an activation; and with the layer with
    filters that stands in front of all, else with the one that stands behind all and what belongs to that. What is put
    together there has both where the one behind is of one pixel: it makes one volume of it."""
    places = alike
    if any(isinstance(piece, Joint) and piece.unit.lead.kind.word == "mul" for piece in alike[0].pieces):
        return alike  # a gate
    is_residual = any(isinstance(piece, Joint) and any(way.is_skip for way in piece.ways) for piece in alike[0].pieces)
    is_stack = last(alike[0].pieces[-1]).lead.kind.word == "concat"
    while (wider := _wider(there, places, 0, 1, weighted=False)) is not None:
        added = wider[0].pieces[-1]
        if is_residual and isinstance(added, Step) and added.unit.lead.kind.family == "norm":
            return places  # it belongs to what comes behind a sum
        places = wider
    begun = _wider(there, places, 1, 0, weighted=True)
    ended = _wider(there, begun or places, 0, 1, weighted=True)
    if ended is None or (begun is not None and not (is_stack and is_pointwise(ended[0].pieces[-1]))):
        return begun or places
    while (wider := _wider(there, ended, 0, 1, weighted=False)) is not None:
        ended = wider
    return ended


def _wider(there: Places, places: list[Place], before: int, behind: int, weighted: bool) -> list[Place] | None:
    """*places* with one more piece, if all have the same there, and it can belong to them."""
    found = [Place(place.row, place.start - before, place.end + behind) for place in places]
    if any(place.start < 0 or place.end > len(place.row) for place in found):
        return None
    added = [place.pieces[0 if before else -1] for place in found]
    for piece in added:
        if not isinstance(piece, Step) or piece.unit.weighted != weighted or len(piece.unit.inputs) != 1:
            return None
        if behind and piece.unit.lead.kind.word == "dwconv":
            return None  # it belongs to the pointwise convolution behind it
    alike = len({there.keys.piece(piece) for piece in added}) == 1
    apart = all(one.row is not other.row or one.end <= other.start for one, other in pairwise(found))
    if not alike or not apart or any(map(there.reduces, added)) or not all(map(there.is_contained, found)):
        return None
    return found


def _may_be_block(piece: Piece) -> bool:
    """Whether a block of *piece* would be one: a tangle, or a join of branches, few of which begin elsewhere."""
    if isinstance(piece, Joint):
        begins = [way.begins for way in piece.ways if way.begins is not None]
        full = [way for way in piece.ways if way.row]
        if begins and (len(full) < 2 or len(set(begins)) > _MOST_TENSORS):
            return False
    return isinstance(piece, Joint | Knot) and is_sealed(piece)


def unify_shortcuts(uses: list[Use]) -> None:
    """Identities beside shortcuts are shortcuts that need no layer."""
    skips: dict[Kind, list[Way]] = {}
    for joint in (piece for use in uses for piece in use.row if isinstance(piece, Joint)):
        skips.setdefault(joint.unit.lead.kind, []).extend(way for way in joint.ways if way.is_skip)
    for alike in skips.values():
        projected = [way for way in alike if way.row]
        fits = bool(projected) and all(way.is_shortcut for way in projected)
        for way in alike:
            way.is_shortcut = fits
