"""From one order of a tensor's numbers to another, in Reshape and Transpose: as few as there can be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cnngraph.fronts.onnx.views import Axis, Factor, extent
from cnngraph.volume import Dim

Axes = tuple[Axis, ...]


@dataclass(frozen=True, slots=True)
class Reshape:
    """Other sizes of as many numbers in the same order."""

    before: tuple[Dim, ...]
    after: tuple[Dim, ...]

    def shape(self) -> tuple[int, ...] | None:
        """*after* as the operator takes it, with 0 for a free size that stays where it is and -1 for one that does
        not; None where two do not."""
        shape = []
        for at, size in enumerate(self.after):
            if isinstance(size, int):
                shape.append(size)
            else:
                shape.append(0 if at < len(self.before) and self.before[at] == size else -1)
        return None if shape.count(-1) > 1 else tuple(shape)


@dataclass(frozen=True, slots=True)
class Transpose:
    """Other places for the axes."""

    order: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """A step, and how the tensor lies behind it."""

    step: Reshape | Transpose
    axes: Axes

    @property
    def sizes(self) -> tuple[Dim, ...]:
        """Of the tensor behind it."""
        return sizes(self.axes)


def stages(one: Axes, other: Axes) -> list[Stage] | None:
    """What makes of a tensor that lies as *one* the same as *other*; None where these are not of the same numbers."""
    if one == other:
        return []
    if (order := _matched(one, other)) is not None:
        return [Stage(Transpose(order), other)]
    cut = _cut(one, other)
    if cut is None:
        return None
    one_parts, other_parts = cut
    row, wanted = _row(one_parts), _row(other_parts)
    if row == wanted:
        return [Stage(Reshape(sizes(one), sizes(other)), other)]
    ways = [_apart(tuple((each,) for each in row), one, other, wanted)]
    if (whole := _order(one_parts, wanted)) is not None:
        ways.append(_turned(one, whole, other))
    if (whole := _order(other_parts, row)) is not None:
        before = tuple(other[n] for n in whole)
        back = tuple(whole.index(n) for n in range(len(whole)))
        ways.append([Stage(Reshape(sizes(one), sizes(before)), before), Stage(Transpose(back), other)])
    return min(ways, key=len)


def _apart(apart: Axes, one: Axes, other: Axes, wanted: Sequence[Factor]) -> list[Stage]:
    """By way of a tensor that has every part *apart*."""
    found = [] if sizes(apart) == sizes(one) else [Stage(Reshape(sizes(one), sizes(apart)), apart)]
    order = [apart.index((each,)) for each in wanted]
    return found + _turned(apart, order, other)


def _turned(axes: Axes, order: Sequence[int], other: Axes) -> list[Stage]:
    turned = tuple(axes[n] for n in order)
    found = [Stage(Transpose(tuple(order)), turned)]
    if sizes(turned) != sizes(other):
        found.append(Stage(Reshape(sizes(turned), sizes(other)), other))
    return found


def _matched(one: Axes, other: Axes) -> tuple[int, ...] | None:
    """Which axis of *one* each of *other* is; None where they have others."""
    left = list(range(len(one)))
    order = []
    for axis in other:
        at = next((n for n in left if one[n] == axis), None)
        if at is None:
            return None
        left.remove(at)
        order.append(at)
    return None if left else tuple(order)


def _order(parts: Sequence[Sequence[Factor]], wanted: Sequence[Factor]) -> list[int] | None:
    """How whole axes made of *parts* come after one another as *wanted*, those of one place in front; None where one
    is not together there."""
    starts = {axis[0]: n for n, axis in enumerate(parts) if axis}
    order = [n for n, axis in enumerate(parts) if not axis]
    at = 0
    while at < len(wanted):
        n = starts.get(wanted[at])
        if n is None or list(wanted[at : at + len(parts[n])]) != list(parts[n]):
            return None
        order.append(n)
        at += len(parts[n])
    return order


def _cut(one: Axes, other: Axes) -> tuple[list[list[Factor]], list[list[Factor]]] | None:
    """Both with their factors cut so that they have the same; None where they cannot be."""
    if _row(one) == _row(other):
        return [list(axis) for axis in one], [list(axis) for axis in other]
    ends: dict[str, set[int]] = {}
    for each in (*_row(one), *_row(other)):
        if isinstance(each.size, int) and isinstance(each.stride, int):
            ends.setdefault(each.of, set()).update((each.stride, each.stride * each.size))
    found = []
    for axes in (one, other):
        parts = []
        for axis in axes:
            part: list[Factor] = []
            for each in axis:
                pieces = _pieces(each, ends)
                if pieces is None:
                    return None
                part += pieces
            parts.append(part)
        found.append(parts)
    if len(set(_row(found[0]))) != len(_row(found[0])) or set(_row(found[0])) != set(_row(found[1])):
        return None
    return found[0], found[1]


def _pieces(factor: Factor, ends: dict[str, set[int]]) -> list[Factor] | None:
    """*factor* cut at *ends*, outermost first; None where they do not divide one another."""
    if not (isinstance(factor.size, int) and isinstance(factor.stride, int)):
        return [factor]
    stop = factor.stride * factor.size
    cuts = sorted(end for end in ends[factor.of] if factor.stride <= end <= stop)
    pieces = []
    for start, end in pairwise(cuts):
        if end % start:
            return None
        pieces.append(Factor(factor.of, end // start, start))
    return pieces[::-1]


def _row(axes: Iterable[Iterable[Factor]]) -> list[Factor]:
    return [factor for axis in axes for factor in axis]


def sizes(axes: Axes) -> tuple[Dim, ...]:
    """Of a tensor that lies so."""
    return tuple(map(extent, axes))
