"""Convolutions and pools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from cnngraph.fronts.onnx.constants import Constant, Unknown
from cnngraph.fronts.onnx.trace import Step, Value, operator
from cnngraph.fronts.onnx.views import Border, View, upright
from cnngraph.fronts.padding import pooling
from cnngraph.layers.convolution import Conv, DwConv, UpConv
from cnngraph.layers.pooling import AvgPool, MaxPool
from cnngraph.layers.resize import Unpool
from cnngraph.layers.values import VALID, Padding, Pair
from cnngraph.layers.window import Slide
from cnngraph.volume import as_int

Ints = Sequence[int] | None


@operator("Conv")
def conv(
    step: Step,
    x: Value,
    w: Value,
    b: Value | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Ints = None,
    group: int = 1,
    kernel_shape: Ints = None,
    pads: Ints = None,
    strides: Ints = None,
) -> Value:
    """A kernel has the shape (channels made, channels of a group, height, width)."""
    kernel, line = _kernel(step.constant(w)), step.constant(w).shape
    view, sides = _pictures(step, x, pads, auto_pad, len(line) - 2)
    made, seen, high, wide = kernel.shape
    channels = as_int(view.volume.channels)
    if seen * group != channels or made % group:
        raise Unknown(f"a kernel for {seen * group} channels on {channels}")
    how: dict[str, Any] = {
        "window": (high, wide),
        "stride": _pair(strides, len(line) - 2),
        "padding": sides,
        "dilation": _pair(dilations, len(line) - 2),
        "bias": b is not None,
    }
    kind: Conv | DwConv
    if group == channels and group > 1 and seen == 1:
        kind = DwConv(multiplier=made // group, **how)
    else:
        kind = Conv(channels=made, groups=group, **how)
    weights = {"weight": kernel, **({} if b is None else {"bias": _row(step.constant(b), made)})}
    return _back(step.layer(kind, view, weights=weights), len(line) - 2)


@operator("ConvTranspose")
def conv_transpose(
    step: Step,
    x: Value,
    w: Value,
    b: Value | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Ints = None,
    group: int = 1,
    kernel_shape: Ints = None,
    output_padding: Ints = None,
    output_shape: Ints = None,
    pads: Ints = None,
    strides: Ints = None,
) -> Value:
    """A kernel has the shape (channels taken, channels made of a group, height, width)."""
    if auto_pad not in ("NOTSET", "VALID") or output_shape:
        raise Unknown(f"a transposed convolution with auto_pad={auto_pad} or an output_shape")
    kernel = step.constant(w)
    if len(kernel.shape) != 4:
        raise Unknown(f"a transposed convolution over {len(kernel.shape) - 2} axes")
    view = step.map(x)
    taken, made, high, wide = kernel.shape
    if taken != view.volume.channels:
        raise Unknown(f"a kernel for {taken} channels on {view.volume.channels}")
    down, across = _pair(output_padding) if output_padding else (0, 0)
    further = max(down, across)
    kind = UpConv(
        channels=made * group, window=(high, wide), stride=_pair(strides), padding=_padding(pads or (0, 0, 0, 0)),
        dilation=_pair(dilations), groups=group, output_padding=further, bias=b is not None,
    )  # fmt: skip
    weights = {"weight": kernel, **({} if b is None else {"bias": _row(step.constant(b), made * group)})}
    found = step.layer(kind, view, weights=weights)
    # Rows and columns that are more at the end are computed like all others: those of the wrong way are cut off.
    return found if down == across else replace(found, border=Border((0, 0, down - further, across - further)))


@operator("MaxPool")
def max_pool(
    step: Step,
    x: Value,
    *,
    kernel_shape: Ints = None,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: Ints = None,
    pads: Ints = None,
    storage_order: int = 0,
    strides: Ints = None,
) -> Value:
    """The padding is less than all numbers."""
    if kernel_shape is None:
        raise Unknown("a max pool without a window")
    gaps = _pair(dilations, len(kernel_shape))
    covered = [gap * (size - 1) + 1 for gap, size in zip(gaps, kernel_shape, strict=False)]
    if (
        isinstance(x, View)
        and x.border is not None
        and not (
            (_least(x.border) or (not x.border.value and step.trace.is_never_below(x.layer)))
            and _is_within(x.border, covered)
        )
    ):
        x = step.view(x)
    view, sides = _pictures(step, x, pads, auto_pad, len(kernel_shape))
    window, stride = _pair(kernel_shape, len(kernel_shape)), _pair(strides, len(kernel_shape))
    ceil = bool(ceil_mode)
    if gaps == (1, 1):
        sides, ceil = _said(view, window, stride, sides, ceil)
    kind = MaxPool(window=window, stride=stride, padding=sides, dilation=gaps, ceil=ceil)
    if len(step.node.outputs) > 1 and step.node.outputs[1]:
        step.trace.places[step.node.outputs[1]] = view, kind
    elif gaps == (1, 1) and _is_all(view, window, sides):
        kind = MaxPool(everything=True)
    return _back(step.layer(kind, view), len(kernel_shape))


@operator("MaxUnpool")
def max_unpool(
    step: Step, x: Value, places: Value | None, output_shape: Value | None = None, *,
    kernel_shape: Ints = None, pads: Ints = None, strides: Ints = None,
) -> Value:  # fmt: skip
    """Back into the tensor that was pooled, by windows that lie side by side."""
    found = step.trace.places.get(step.node.inputs[1])
    if found is None or kernel_shape is None:
        raise Unknown("numbers put back to places that no pool found")
    pooled, kind = found
    window = _pair(kernel_shape)
    if (kind.window, kind.stride, kind.padding, kind.gaps) != (window, window, VALID, (1, 1)):
        raise Unknown("numbers put back from windows that do not lie side by side")
    if _pair(strides) != window or any(pads or ()):
        raise Unknown("numbers put back into other windows than they were taken from")
    return step.layer(Unpool(window=window), step.map(x), pooled)


@operator("AveragePool")
def average_pool(
    step: Step,
    x: Value,
    *,
    kernel_shape: Ints = None,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    count_include_pad: int = 0,
    dilations: Ints = None,
    pads: Ints = None,
    strides: Ints = None,
) -> Value:
    """A window of 1x1 in steps of 1 changes nothing."""
    if kernel_shape is None or any(each != 1 for each in dilations or ()):
        raise Unknown("an average pool whose window has gaps")
    counts = bool(count_include_pad)
    if isinstance(x, View) and x.border is not None:
        is_padded = any(pads or ())
        if (is_padded and not counts) or ceil_mode or not _is_within(x.border, kernel_shape, pads):
            x = step.view(x)
    counts |= isinstance(x, View) and x.border is not None
    view, sides = _pictures(step, x, pads, auto_pad, len(kernel_shape))
    window, stride = _pair(kernel_shape, len(kernel_shape)), _pair(strides, len(kernel_shape))
    if (window, stride) == ((1, 1), (1, 1)) and sides == VALID:
        return _back(view, len(kernel_shape))
    ceil = bool(ceil_mode)
    if _is_all(view, window, sides):
        return _back(step.layer(AvgPool(everything=True), view), len(kernel_shape))
    if not counts:
        sides, ceil = _said(view, window, stride, sides, ceil)
    kind = AvgPool(window=window, stride=stride, padding=sides, ceil=ceil, count_pad=counts and sides != VALID)
    return _back(step.layer(kind, view), len(kernel_shape))


@operator("GlobalAveragePool")
def global_average_pool(step: Step, x: Value) -> Value:
    return _global(step, x, AvgPool(everything=True))


@operator("GlobalMaxPool")
def global_max_pool(step: Step, x: Value) -> Value:
    return _global(step, x, MaxPool(everything=True))


def _global(step: Step, x: Value, kind: AvgPool | MaxPool) -> Value:
    view = step.view(x)
    if view.rank == 3:
        return _back(step.layer(kind, _upright(step, view)), 1)
    view = step.map(view)
    return view if view.volume.dims[:2] == (1, 1) else step.layer(kind, view)


def _is_all(view: View, window: Pair, sides: Padding) -> bool:
    """Whether a window is the whole map, as exporters write a pool over everything where they know its size."""
    return sides == VALID and window == view.volume.dims[:2] != (1, 1)


def _kernel(kernel: Constant) -> Constant:
    """One over a line as one over a picture that is one pixel wide."""
    if len(kernel.shape) == 4:
        return kernel
    if len(kernel.shape) != 3:
        raise Unknown(f"a convolution over {len(kernel.shape) - 2} axes")
    shape = (*kernel.shape, 1)
    return kernel.made(lambda array: array.reshape(shape), shape)


def _row(values: Constant, size: int) -> Constant:
    """One number a channel, in any rank."""
    if values.size != size:
        raise Unknown(f"{values.size} numbers for {size} channels")
    return values if values.shape == (size,) else values.made(lambda array: array.reshape(-1), (size,))


def _pair(given: Ints, axes: int = 2) -> tuple[int, int]:
    if not given:
        return 1, 1
    if len(given) == 1 and axes == 1:
        return given[0], 1
    if len(given) != 2:
        raise Unknown(f"windows over {len(given)} axes")
    return given[0], given[1]


def _pictures(step: Step, x: Value, pads: Ints, auto_pad: str, axes: int) -> tuple[View, Padding]:
    """The volume that windows slide over, and the padding around it: the operator's, and a border that was to be put on
    before."""
    if axes == 1:
        view = step.view(x)
        before, after = pads or (0, 0)
        if auto_pad not in ("NOTSET", "VALID"):
            raise Unknown(f"auto_pad={auto_pad} on a line")
        return _upright(step, view), _padding((before, 0, after, 0))
    border: Border | None = None
    if isinstance(x, View) and x.border is not None and _joins(x.border) and auto_pad in ("NOTSET", "VALID"):
        border, x = x.border, replace(x, border=None)
    view = step.map(x)
    if auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        return view, Padding("same_upper" if auto_pad == "SAME_UPPER" else "same_lower")
    sides = list(pads or (0, 0, 0, 0))
    if len(sides) != 4:
        raise Unknown(f"padding of {len(sides)} sides")
    if border is not None:
        sides = [one + other for one, other in zip(sides, border.sides, strict=True)]
    return view, _padding(sides)


def _joins(border: Border) -> bool:
    return (
        border.filling == "zeros" and all(side >= 0 for side in border.sides) and (not border.value or _least(border))
    )


def _is_within(border: Border, window: Sequence[int], pads: Ints = None) -> bool:
    """Whether *border*, with *pads*, is less than a *window*, so that none sees nothing else."""
    sides = [one + other for one, other in zip(border.sides, pads or (0, 0, 0, 0), strict=False)]
    return all(side < size for side, size in zip(sides, (*window, *window), strict=False))


def _least(border: Border) -> bool:
    """Whether no number of a picture is below the border's."""
    return border.filling == "zeros" and border.value <= float(np.finfo(np.float16).min)


def _said(view: View, window: Pair, stride: Pair, sides: Padding, ceil: bool) -> tuple[Padding, bool]:
    """The padding of a pool for which what is beyond the map counts for nothing, as a spec would say it: `ceil` where
    there is no more to it."""
    volume = view.volume
    if sides.mode not in ("valid", "given") or not isinstance(volume.height, int) or not isinstance(volume.width, int):
        return sides, ceil
    slide = Slide(window, stride, sides, ceil=ceil)
    windows = slide.size(0, volume.height), slide.size(1, volume.width)
    before = sides.amounts[0], sides.amounts[1]
    assert isinstance(windows[0], int)
    assert isinstance(windows[1], int)
    return pooling((volume.height, volume.width), window, stride, before, (windows[0], windows[1]))


def _padding(sides: Sequence[int]) -> Padding:
    top, left, bottom, right = sides
    return Padding("given", (top, left, bottom, right)) if any(sides) else VALID


def _upright(step: Step, view: View) -> View:
    """A line ``(N, C, L)`` as a picture that is one pixel wide."""
    if view.rank != 3:
        raise Unknown(f"a window on a tensor of rank {view.rank}")
    return step.map(replace(view, axes=(*view.axes, ())))


def _back(view: View, axes: int) -> View:
    """A picture one pixel wide as a line."""
    if axes != 1:
        return view
    return replace(view, axes=upright(view.volume, view.batch)[:3])
