"""Means, sums and largest numbers along axes."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from cnngraph.fronts.onnx.constants import Unknown
from cnngraph.fronts.onnx.trace import Step, Value, operator
from cnngraph.fronts.onnx.views import Factor, View, upright
from cnngraph.layers.join import Add, Max
from cnngraph.layers.kind import Kind
from cnngraph.layers.pooling import AvgPool, MaxPool
from cnngraph.layers.rearrange import Slice
from cnngraph.layers.scaling import Times
from cnngraph.volume import Dim, as_int


@operator("ReduceMean")
def reduce_mean(
    step: Step, x: Value, axes: Value | None = None, *, axes_: list[int] | None = None, keepdims: int = 1,
    noop_with_empty_axes: int = 0,
) -> Value:  # fmt: skip
    return _reduced(step, AvgPool, x, axes, axes_, keepdims)


@operator("ReduceMax")
def reduce_max(
    step: Step, x: Value, axes: Value | None = None, *, axes_: list[int] | None = None, keepdims: int = 1,
    noop_with_empty_axes: int = 0,
) -> Value:  # fmt: skip
    return _reduced(step, MaxPool, x, axes, axes_, keepdims)


@operator("ReduceSum")
def reduce_sum(
    step: Step, x: Value, axes: Value | None = None, *, axes_: list[int] | None = None, keepdims: int = 1,
    noop_with_empty_axes: int = 0,
) -> Value:  # fmt: skip
    """Of parts of the channels: those are added. Else the mean, times how many there are."""
    view = step.view(x)
    over = step.constant(axes).ints if axes is not None else axes_
    if over is None:
        raise Unknown("ReduceSum over all axes")
    if len(over) == 1 and _are_parts(view, over[0] % view.rank):
        return _joined(step, Add(), view, over[0] % view.rank, keepdims)
    count = prod(_known(step, view.sizes[n % view.rank]) for n in over)
    mean = _reduced(step, AvgPool, view, axes, axes_, keepdims)
    return mean if count == 1 else step.layer(Times(by=float(count)), mean, like=mean)


def _joined(step: Step, kind: Kind, view: View, at: int, keepdims: int) -> View:
    """The parts of the channels along the axis *at* joined by *kind*."""
    parts = _parts(step, view, at)
    made = step.layer(kind, *parts, like=parts[0])
    left = [() if n == at else axis for n, axis in enumerate(view.axes)]
    whole = (Factor("C", made.volume.channels),)
    turned = tuple(whole if axis and axis[0].of == "C" else axis for axis in left)
    return replace(made, axes=tuple(axis for n, axis in enumerate(turned) if keepdims or n != at))


def _are_parts(view: View, at: int) -> bool:
    """Whether parts of the channels run along the axis *at*."""
    axis, channels = view.axes[at], view.volume.channels
    if len(axis) != 1 or axis[0].of != "C":
        return False
    return axis[0].size * axis[0].stride == channels != axis[0].size


def _parts(step: Step, view: View, at: int) -> list[View]:
    """The parts of the channels that run along the axis *at*."""
    (axis,) = view.axes[at]
    count, each = as_int(axis.size), as_int(axis.stride)
    if (stacked := step.trace.stacks.get(view.layer)) is not None and len(stacked) == count:
        return stacked
    plain = View(view.layer, view.volume, upright(view.volume, view.batch))
    return [step.layer(Slice(start=n * each, stop=(n + 1) * each), plain) for n in range(count)]


def _reduced(
    step: Step, kind: type[AvgPool | MaxPool], x: Value, axes: Value | None, given: list[int] | None, keeps: int
) -> View:
    """Over all of height and width, or over one of them: a window as high or as wide as the picture. Of parts of the
    channels: those are joined."""
    view = step.view(x)
    over = step.constant(axes).ints if axes is not None else given
    if over is None:
        raise Unknown(f"{step.node.op} over all axes")
    if len(over) == 1 and _are_parts(view, at := over[0] % view.rank):
        if kind is MaxPool:
            return _joined(step, Max(), view, at, keeps)
        total = _joined(step, Add(), view, at, keeps)
        return step.layer(Times(by=1 / as_int(view.axes[at][0].size)), total, like=total)
    gone = {n % view.rank for n in over}
    made = view
    if found := {each for n in gone for each in view.axes[n]}:
        if not view.volume.is_map:
            raise Unknown(f"{step.node.op} of a vector")
        _, channels, rows, columns = (set(axis) for axis in upright(view.volume, view.batch))
        if found == channels:
            made = step.layer(kind(over_channels=True), view, like=view)
        elif found == rows | columns:
            made = step.layer(kind(everything=True), view, like=view)
        elif found in (rows, columns):
            high, wide = (_known(step, size) if found == own else 1
                          for size, own in zip(view.volume.dims[:2], (rows, columns), strict=True))  # fmt: skip
            made = step.layer(kind(window=(high, wide)), view, like=view)
        else:
            raise Unknown(f"{step.node.op} over axes that are no height, width or channels")
    axes_left = [() if n in gone else axis for n, axis in enumerate(made.axes)]
    return replace(made, axes=tuple(axis for n, axis in enumerate(axes_left) if keeps or n not in gone))


def _known(step: Step, size: Dim) -> int:
    if not isinstance(size, int):
        raise Unknown(f"{step.node.op} over an axis that is free")
    return size
