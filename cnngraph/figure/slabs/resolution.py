"""In which row a unit stands: how many pixels of the input one of its places stands for."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from cnngraph.units import Unit, Units
from cnngraph.volume import Dim, Volume

_FREE = 3840
"""Pixels that a free size is taken to have: it can be halved eight times."""


def resolutions(whole: Units) -> Mapping[str, int]:
    """The row of every unit, by its name: 0 for the finest maps, vectors in the last.

    A size counts by what strides make of it, not by the pixels that a convolution without padding cuts off. What goes
    over a single place or a vector and comes back to maps, such as the gate of squeeze and excitation, stands in the
    row that it comes from.
    """
    scales = strides(whole)
    maps = {unit.name for unit in whole.units if not _is_point(unit.output)}
    returning: set[str] = set()
    for unit in reversed(whole.units):
        if any(name in maps or name in returning for name in whole.consumers[unit.name]):
            returning.add(unit.name)
    for unit in whole.units:
        if unit.name not in maps and unit.name in returning and unit.inputs:
            before = next((name for name in unit.inputs if scales[name] is not None), None)
            scales[unit.name] = scales[before] if before else scales[unit.name]
    rows = {scale: row for row, scale in enumerate(sorted({scale for scale in scales.values() if scale is not None}))}
    return {name: len(rows) if scale is None else rows[scale] for name, scale in scales.items()}


def strides(whole: Units) -> dict[str, Fraction | None]:
    """Pixels of an input that one place of every unit stands for, by its name; None for a vector, which has no
    places."""
    found: dict[str, Fraction | None] = {}
    for unit in whole.units:
        found[unit.name] = _scale(unit, whole, found)
    return found


def _scale(unit: Unit, whole: Units, scales: Mapping[str, Fraction | None]) -> Fraction | None:
    """Pixels of an input that one place of *unit* stands for; None for a vector, which has no places."""
    if not unit.output.is_map:
        return None
    found: list[Fraction] = []
    for name in unit.inputs:
        scale, volume = scales[name], whole.by_name[name].output
        if scale is None:
            continue
        ratio = _ratio(volume, unit.output)
        if ratio == 1:
            return scale
        found.append(scale * ratio)
    return found[0] if found else Fraction(1)


def _ratio(before: Volume, after: Volume) -> Fraction:
    """How many times as high the one is, in whole numbers: more often than not a stride and a border cut off."""
    one, other = pixels(before.height), pixels(after.height)
    return Fraction(round(one / other)) if one >= other else Fraction(1, round(other / one))


def pixels(size: Dim) -> int:
    """*size*, or a number for a free one: those that hang together have numbers that do."""
    if isinstance(size, int):
        return size
    try:
        return max(1, size.at({size.name: _FREE}))
    except KeyError:  # a sum or product of two
        return _FREE


def _is_point(volume: Volume) -> bool:
    return not volume.is_map or (volume.height, volume.width) == (1, 1)
