"""Means and largest numbers along axes."""

from __future__ import annotations

from dataclasses import replace

from cnngraph.fronts.onnx.constants import Unknown
from cnngraph.fronts.onnx.trace import Step, Value, operator
from cnngraph.fronts.onnx.views import Factor, View, upright
from cnngraph.layers.join import Add
from cnngraph.layers.kind import Kind
from cnngraph.layers.pooling import AvgPool, MaxPool
from cnngraph.layers.rearrange import Slice
from cnngraph.volume import as_int


@operator("ReduceMean")
def reduce_mean(
    step: Step, x: Value, axes: Value | None = None, *, axes_: list[int] | None = None, keepdims: int = 1,
    noop_with_empty_axes: int = 0,
) -> Value:  # fmt: skip
    return _reduced(step, AvgPool(everything=True), x, axes, axes_, keepdims)


@operator("ReduceMax")
def reduce_max(
    step: Step, x: Value, axes: Value | None = None, *, axes_: list[int] | None = None, keepdims: int = 1,
    noop_with_empty_axes: int = 0,
) -> Value:  # fmt: skip
    return _reduced(step, MaxPool(everything=True), x, axes, axes_, keepdims)


@operator("ReduceSum")
def reduce_sum(
    step: Step, x: Value, axes: Value | None = None, *, axes_: list[int] | None = None, keepdims: int = 1,
    noop_with_empty_axes: int = 0,
) -> Value:  # fmt: skip
    """Of parts of the channels: those are added."""
    view = step.view(x)
    over = step.constant(axes).ints if axes is not None else axes_
    if over is None or len(over) != 1:
        raise Unknown("ReduceSum over several axes")
    at = over[0] % view.rank
    parts = _parts(step, view, at)
    made = step.layer(Add(), *parts, like=parts[0])
    left = [() if n == at else axis for n, axis in enumerate(view.axes)]
    whole = (Factor("C", made.volume.channels),)
    turned = tuple(whole if axis and axis[0].of == "C" else axis for axis in left)
    return replace(made, axes=tuple(axis for n, axis in enumerate(turned) if keepdims or n != at))


def _parts(step: Step, view: View, at: int) -> list[View]:
    """The parts of the channels that run along the axis *at*."""
    axis, channels = view.axes[at], view.volume.channels
    if len(axis) != 1 or axis[0].of != "C" or axis[0].size * axis[0].stride != channels:
        raise Unknown("ReduceSum over an axis that is no parts of the channels")
    count, each = as_int(axis[0].size), as_int(axis[0].stride)
    if (stacked := step.trace.stacks.get(view.layer)) is not None and len(stacked) == count:
        return stacked
    plain = View(view.layer, view.volume, upright(view.volume, view.batch))
    return [step.layer(Slice(start=n * each, stop=(n + 1) * each), plain) for n in range(count)]


def _reduced(step: Step, kind: Kind, x: Value, axes: Value | None, given: list[int] | None, keeps: int) -> View:
    """Over height and width, all of them."""
    view = step.view(x)
    over = step.constant(axes).ints if axes is not None else given
    if over is None:
        raise Unknown(f"{step.node.op} over all axes")
    gone = {n % view.rank for n in over}
    wanted = {each for axis in upright(view.volume, 1)[2:] for each in axis} if view.volume.is_map else set()
    if {each for n in gone for each in view.axes[n]} != wanted or not view.volume.is_map:
        raise Unknown(f"{step.node.op} over other axes than height and width")
    made = step.layer(kind, view, like=view) if wanted else view
    axes_left = [() if n in gone else axis for n, axis in enumerate(made.axes)]
    return replace(made, axes=tuple(axis for n, axis in enumerate(axes_left) if keeps or n not in gone))
