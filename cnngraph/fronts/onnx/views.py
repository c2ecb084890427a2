"""How a tensor of an ONNX graph lies over a volume: which of its axes are the volume's height, width and channels.

Reshape and Transpose split, merge and turn tensors, and change no number. Such a tensor is a `View` of a layer's
volume: along each of its axes a row of factors, outermost first. As ``(N, C, H, W)`` a volume is seen as it lies; with
the channels in two factors that changed places it is a shuffle; with factors of the channels beside height and width it
is larger.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Literal

from cnngraph.volume import Dim, Free, Volume

Of = Literal["N", "C", "H", "W"]


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor of an axis of the volume: of *size* places, each *stride* of the axis's own apart."""

    of: Of
    size: Dim
    stride: Dim = 1


Axis = tuple[Factor, ...]
"""What runs along one axis of a tensor, outermost first; empty for an axis of size 1."""


_ORDERS = ((0, 1, 2, 3), (0, 3, 1, 2))
"""Of the axes of a picture: as it lies, and where its channels stand last."""


@dataclass(frozen=True, slots=True)
class Border:
    """What is to be put around height and width, which a window behind it may have as its padding."""

    sides: tuple[int, int, int, int]
    """Top, left, bottom, right; less than 0 for what is cut off."""
    filling: str = "zeros"
    value: float = 0.0


@dataclass(frozen=True, slots=True)
class View:
    """A tensor as a view of what the layer *layer* makes."""

    layer: str
    volume: Volume
    axes: tuple[Axis, ...]
    border: Border | None = None
    """Not put on yet; only around a picture, upright or turned."""
    spread: tuple[Dim, ...] = ()
    """The sizes to which axes of size 1 are to be repeated, where that is not done yet: what is joined with a tensor as
    large need not be."""

    @property
    def sizes(self) -> tuple[Dim, ...]:
        return tuple(map(extent, self.axes))

    @property
    def bordered_sizes(self) -> tuple[Dim, ...]:
        """With what is to be put around it, and repeated as it is to be."""
        if self.border is None:
            return self.spread or self.sizes
        top, left, bottom, right = self.border.sides
        order = self.to_upright()
        assert order is not None
        batch, channels, height, width = self.turned(order).sizes
        sizes = (batch, channels, height + (top + bottom), width + (left + right))
        return tuple(sizes[order.index(n)] for n in range(4))

    @property
    def rank(self) -> int:
        return len(self.axes)

    def over(self, layer: str, volume: Volume) -> View:
        """The same view of another layer, whose volume is as large, or has other channels and all of them along one
        axis here."""
        axes = tuple(tuple(filter(None, (self._as_in(volume, each) for each in axis))) for axis in self.axes)
        return View(layer, volume, axes)

    def _as_in(self, volume: Volume, factor: Factor) -> Factor | None:
        if factor.of != "C" or factor.size != self.volume.channels or factor.stride != 1:
            return factor
        return None if volume.channels == 1 else replace(factor, size=volume.channels)

    def where(self, wanted: Factor) -> int | None:
        """The axis along which *wanted* runs and nothing else; None when there is none."""
        return next((n for n, axis in enumerate(self.axes) if axis == (wanted,)), None)

    @property
    def is_upright(self) -> bool:
        """Whether it is the volume as ONNX's operators on pictures take it: N, C, H, W."""
        is_done = self.border is None and not self.spread
        return self.volume.is_map and is_done and self.axes == upright(self.volume, self.batch)

    @property
    def is_flat(self) -> bool:
        """Whether it is N vectors."""
        return not self.volume.is_map and self.axes == upright(self.volume, self.batch)

    @property
    def batch(self) -> Dim:
        """How many there are of the volume."""
        return next((each.size for axis in self.axes for each in axis if each.of == "N"), 1)

    def to_upright(self) -> list[int] | None:
        """The order of its axes in which it is the volume as it lies, its border aside; None when there is none."""
        plain = replace(self, border=None)
        return next((list(order) for order in _ORDERS if self.rank == 4 and plain.turned(order).is_upright), None)

    def turned(self, order: Sequence[int]) -> View:
        return replace(self, axes=tuple(self.axes[n] for n in order))


def alike(one: View, other: View, but: int | None = None) -> bool:
    """Whether the two lie alike, but for the axis *but*: where a size is free they may turn out to."""
    if one.rank != other.rank:
        return False
    for n, (here, there) in enumerate(zip(one.axes, other.axes, strict=True)):
        if n == but or here == there:
            continue
        if [each.of for each in here] != [each.of for each in there] or len(here) != 1:
            return False
        if not (isinstance(here[0].size, Free) or isinstance(there[0].size, Free)):
            return False
        if (here[0].size, there[0].size) != (_whole(one, here[0]), _whole(other, there[0])):
            return False
    return True


def _whole(view: View, factor: Factor) -> Dim:
    """The size of the volume's axis that *factor* is of."""
    volume = view.volume
    return {"N": view.batch, "C": volume.channels, "H": volume.height, "W": volume.width}[factor.of]


def upright(volume: Volume, batch: Dim) -> tuple[Axis, ...]:
    """A volume as ``(N, C, H, W)``, a vector as ``(N, C)``."""
    dims: list[tuple[Of, Dim]] = [("N", batch), ("C", volume.channels)]
    if volume.is_map:
        dims += [("H", volume.height), ("W", volume.width)]
    return tuple(() if size == 1 else (Factor(of, size),) for of, size in dims)


def extent(axis: Axis) -> Dim:
    """How long an axis is."""
    size: Dim = 1
    for each in axis:
        size = each.size if size == 1 else size * each.size
    return size


def merged(factors: Iterable[Factor]) -> Axis:
    """*factors* with those together that follow one another in the volume too."""
    found: list[Factor] = []
    for each in factors:
        if found and found[-1].of == each.of and found[-1].stride == each.stride * each.size:
            found[-1] = Factor(each.of, found[-1].size * each.size, each.stride)
        else:
            found.append(each)
    return tuple(found)


def reshaped(axes: Sequence[Axis], sizes: Sequence[Dim]) -> tuple[Axis, ...] | None:
    """*axes* seen with other *sizes*, one of which may be -1; None when they cannot be cut so."""
    left = [factor for axis in axes for factor in axis]
    if -1 in sizes:
        at = list(sizes).index(-1)
        before = _taken(left, sizes[:at])
        if before is None:
            return None
        turned = [replace(each) for each in reversed(left)]
        behind = _taken(turned, list(reversed(sizes[at + 1 :])), last_first=True)
        if behind is None:
            return None
        return (*before, merged(reversed(turned)), *reversed(behind))
    found = _taken(left, sizes)
    return None if found is None or left else tuple(found)


def _taken(left: list[Factor], sizes: Sequence[Dim], last_first: bool = False) -> list[Axis] | None:
    """Takes axes of *sizes* from the front of *left*, whose factors lie outermost first, or *last_first*."""
    found: list[Axis] = []
    for size in sizes:
        axis: list[Factor] = []
        while size != 1:
            if not left:
                return None
            first = left[0]
            if (more := quotient(size, first.size)) is not None:
                axis.append(left.pop(0))
                size = more
            elif (rest := quotient(first.size, size)) is not None:
                outer, inner = Factor(first.of, size, first.stride * rest), Factor(first.of, rest, first.stride)
                if last_first:
                    outer, inner = Factor(first.of, size, first.stride), Factor(first.of, rest, first.stride * size)
                axis.append(outer)
                left[0] = inner
                size = 1
            else:
                return None
        found.append(merged(reversed(axis) if last_first else axis))
    return found


def quotient(one: Dim, other: Dim) -> Dim | None:
    """How many times *other* goes into *one*, where that is a whole number and known."""
    if one == other:
        return 1
    if isinstance(one, int) and isinstance(other, int):
        return one // other if other > 0 and one % other == 0 else None
    if isinstance(one, Free) and isinstance(other, int):
        return one // other if one.scale % other == 0 and one.offset % other == 0 else None
    if isinstance(one, Free) and isinstance(other, Free) and one.atom == other.atom and not one.offset:
        return one.scale // other.scale if not other.offset and one.scale % other.scale == 0 else None
    return None


def known(sizes: Iterable[Dim]) -> int | None:
    """The product of *sizes* when none of them is free."""
    found = list(sizes)
    return prod(each for each in found if isinstance(each, int)) if all(isinstance(e, int) for e in found) else None
