"""One block for sums that differ in a way: the normalization beside convolutions that is only there where the map stays
as it is, as before re-parametrization (RepVGG, Ding et al. 2021)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cnngraph.structure.joins import unify_shortcuts
from cnngraph.structure.pieces import Joint, Row, Step, Use, Way, every_row
from cnngraph.structure.places import MOST, Places

_COMMON = 2
"""Ways that two sums have to have in common."""


@dataclass(frozen=True, slots=True)
class _Sum:
    """What a block that is a sum holds."""

    ways: tuple[int, ...]
    """By what is alike."""
    may_go: tuple[bool, ...]
    """Whether each is so short that it may be there or not."""
    rest: tuple[int, ...]
    """What is behind the sum."""


def ways(there: Places) -> None:
    """Gives a block that has fewer of the ways of another the other's name."""
    uses: dict[str, list[Use]] = {}
    for row in every_row(there.found):
        for piece in row:
            if isinstance(piece, Use):
                uses.setdefault(piece.name, []).append(piece)
    sums = {name: found for name, alike in uses.items() if (found := _sum(there, alike[0].row)) is not None}
    for fewer in sorted(sums, key=lambda name: len(sums[name].ways)):
        for more in sorted(sums, key=lambda name: len(sums[name].ways)):
            kept = _kept(sums[more], sums[fewer]) if more != fewer else None
            if kept is None:
                continue
            rows = [_common(use.row, kept) for use in uses[more]] + [_common(use.row) for use in uses[fewer]]
            if there.fits(rows, MOST - 1):
                for use in uses[fewer]:
                    use.name = more
                uses[more] += uses.pop(fewer)
                del sums[fewer]
                unify_shortcuts(uses[more])
                break


def _sum(there: Places, row: Row) -> _Sum | None:
    if not isinstance(row[0], Joint) or not row[0].unit.lead.kind.adds_up:
        return None
    if any(way.begins is not None for way in row[0].ways):
        return None
    found = row[0].ways
    keys = tuple(-1 if way.is_skip else there.keys.row(way.row) for way in found)
    may_go = tuple(way.is_skip or _is_short(way) for way in found)
    return _Sum(keys, may_go, tuple(map(there.keys.piece, row[1:])))


def _is_short(way: Way) -> bool:
    return len(way.row) == 1 and isinstance(way.row[0], Step)


def _kept(more: _Sum, fewer: _Sum) -> list[int] | None:
    """Which ways of *more* are those of *fewer*; None where it has others, or lacks some that cannot be left out."""
    if more.rest != fewer.rest or len(more.ways) <= len(fewer.ways) or len(fewer.ways) < _COMMON:
        return None
    kept: list[int] = []
    for at, way in enumerate(more.ways):
        if len(kept) < len(fewer.ways) and way == fewer.ways[len(kept)]:
            kept.append(at)
        elif not more.may_go[at]:
            return None
    return kept if len(kept) == len(fewer.ways) else None


def _common(row: Row, kept: Sequence[int] | None = None) -> Row:
    """What is in *row*, of its sum only the ways *kept*, or all."""
    joint = row[0]
    assert isinstance(joint, Joint)
    found = joint.ways if kept is None else [joint.ways[at] for at in kept]
    return [*(piece for way in found if not way.is_skip for piece in way.row), *row[1:]]
