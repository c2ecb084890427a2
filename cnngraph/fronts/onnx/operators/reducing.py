"""Means and largest numbers along axes."""

from __future__ import annotations

from dataclasses import replace

from cnngraph.fronts.onnx.constants import Unknown
from cnngraph.fronts.onnx.trace import Step, Value, operator
from cnngraph.fronts.onnx.views import View, upright
from cnngraph.layers.kind import Kind
from cnngraph.layers.pooling import AvgPool, MaxPool


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
