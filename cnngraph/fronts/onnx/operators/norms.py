"""Normalizations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cnngraph.fronts.onnx.constants import Constant, Unknown
from cnngraph.fronts.onnx.trace import Step, Value, operator
from cnngraph.fronts.onnx.views import Factor, upright
from cnngraph.layers.activation import per_channel
from cnngraph.layers.normalization import BatchNorm, Grn, GroupNorm, InstanceNorm, L2Norm, LayerNorm, Lrn, RmsNorm
from cnngraph.volume import as_int
from cnngraph.weights.readers.entry import Array


@operator("BatchNormalization", "cnngraph.BatchNormalization")
def batch_normalization(
    step: Step, x: Value, scale: Value, bias: Value, mean: Value, variance: Value,
    by: Value | None = None, plus: Value | None = None, *,
    epsilon: float = 1e-5, momentum: float = 0.9, spatial: int = 1, training_mode: int = 0, is_test: int = 1,
) -> Value:  # fmt: skip
    """With a number for each channel to multiply by and to add behind it, where `patterns` found such."""
    view = step.by_channel(x)
    if view.axes[1:2] != (upright(view.volume, 1)[1],):
        raise Unknown("a batch normalization along another axis than the channels")
    if not spatial:
        raise Unknown("a batch normalization of each place by itself")
    given = [_flat(step.constant(each)) for each in (scale, bias, mean, variance)]
    if by is not None:
        given[0] = _combined(given[0], _flat(step.constant(by)), times=True)
        given[1] = _combined(given[1], _flat(step.constant(by)), times=True)
    if plus is not None:
        given[1] = _combined(given[1], _flat(step.constant(plus)), times=False)
    names = ("weight", "bias", "running_mean", "running_var")
    kind = BatchNorm(eps=_short(epsilon))
    return step.layer(kind, view, like=view, weights=dict(zip(names, given, strict=True)))


@operator("InstanceNormalization", "cnngraph.InstanceNormalization")
def instance_normalization(
    step: Step, x: Value, scale: Value, bias: Value, by: Value | None = None, plus: Value | None = None, *,
    epsilon: float = 1e-5,
) -> Value:  # fmt: skip
    """Of channels; or of groups of channels, seen as ``(N, groups, the rest)``."""
    view = step.by_channel(x)
    weight, shift = _flat(step.constant(scale)), _flat(step.constant(bias))
    if view.is_upright:
        return step.layer(InstanceNorm(eps=_short(epsilon)), view, weights={"weight": weight, "bias": shift})
    volume = view.volume
    own = upright(volume, view.batch)
    rest = tuple(each for axis in view.axes[2:] for each in axis)
    groups = view.axes[1]
    if not volume.is_map or view.axes[0] != own[0] or len(groups) > 1:
        raise Unknown("an instance normalization of a tensor that is no picture")
    count = as_int(groups[0].size) if groups else 1
    each = as_int(volume.channels) // count
    inner = (Factor("C", each),) if each > 1 else ()
    outer = (Factor("C", count, each),) if count > 1 else ()
    if groups != outer or rest != (*inner, *own[2], *own[3]):
        raise Unknown("an instance normalization of groups that are no channels")
    for constant, value in ((weight, 1.0), (shift, 0.0)):
        if not np.all(constant.array == value):
            raise Unknown("an instance normalization of groups with numbers of its own")
    channels = as_int(volume.channels)
    given = {
        "weight": Constant.of(np.full(channels, weight.array[0] if weight.size else 1.0, np.float32)),
        "bias": Constant.of(np.zeros(channels, np.float32)),
    }
    return step.layer(GroupNorm(g=count, eps=_short(epsilon)), view, like=view, weights=given)


@operator("cnngraph.GroupNormalization")
def group_normalization_found(
    step: Step, x: Value, weight: Value, bias: Value | None = None, *, num_groups: int, epsilon: float
) -> Value:
    """As `patterns` found one, maybe without β."""
    if bias is None:
        bias = Constant.of(np.zeros(as_int(step.map(x).volume.channels), np.float32))
    return _group(step, x, weight, bias, num_groups, epsilon)


@operator("GroupNormalization")
def group_normalization(
    step: Step, x: Value, scale: Value, bias: Value, *, num_groups: int, epsilon: float = 1e-5, stash_type: int = 1
) -> Value:
    """Up to opset 20 with a number for each group, then one for each channel."""
    return _group(step, x, scale, bias, num_groups, epsilon)


def _group(step: Step, x: Value, scale: Value, bias: Value, groups: int, epsilon: float) -> Value:
    view = step.map(x)
    channels = as_int(view.volume.channels)
    given = {}
    for name, value in (("weight", scale), ("bias", bias)):
        numbers = _flat(step.constant(value))
        if numbers.size == groups and groups != channels:
            numbers = numbers.made(lambda array: np.repeat(array, channels // groups), (channels,))
        given[name] = numbers
    return step.layer(GroupNorm(g=groups, eps=_short(epsilon)), view, weights=given)


@operator("LayerNormalization", "cnngraph.LayerNormalization")
def layer_normalization(
    step: Step, x: Value, scale: Value, bias: Value | None = None, *,
    axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1,
) -> Value:  # fmt: skip
    """Over the channels, which stand last, or over the axis that `patterns` found."""
    view = step.view(x)
    at = axis % view.rank
    is_over_more = step.node.op == "LayerNormalization" and any(each != () for each in view.axes[at + 1 :])
    if view.axes[at] != (Factor("C", view.volume.channels),) or is_over_more:
        raise Unknown("a layer normalization over other axes than the channels")
    if view.volume.is_map and view.rank == 2:
        view = step.vector(view)
    weight = _flat(step.constant(scale))
    shift = Constant.of(np.zeros(weight.size, np.float32)) if bias is None else _flat(step.constant(bias))
    return step.layer(LayerNorm(eps=_short(epsilon)), view, like=view, weights={"weight": weight, "bias": shift})


@operator("cnngraph.Standardised")
def standardised(step: Step, x: Value, *, axes: list[int], epsilon: float) -> Value:
    """As `patterns` found one, without γ and β: of each channel, or of all at each place."""
    view = step.view(x)
    over = {each for n in axes for each in view.axes[n % view.rank]}
    channels, *places = (set(axis) for axis in upright(view.volume, view.batch)[1:])
    if places and over == set().union(*places):
        return step.layer(InstanceNorm(eps=_short(epsilon), affine=False), view, like=view)
    if over != channels:
        raise Unknown("a normalization over other axes than the channels, or height and width")
    count = as_int(view.volume.channels)
    given = {"weight": Constant.of(np.ones(count, np.float32)), "bias": Constant.of(np.zeros(count, np.float32))}
    return step.layer(LayerNorm(eps=_short(epsilon)), view, like=view, weights=given)


@operator("cnngraph.RMSNormalization", "RMSNormalization", "SimplifiedLayerNormalization")
def rms_normalization(
    step: Step, x: Value, scale: Value | None = None, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1
) -> Value:
    """Over the channels; with γ of 1 where `patterns` found it without."""
    view = step.view(x)
    channels = as_int(view.volume.channels)
    at = axis % view.rank
    is_over_more = not step.node.op.startswith("cnngraph.") and any(each != () for each in view.axes[at + 1 :])
    if view.axes[at] != (Factor("C", channels),) or is_over_more:
        raise Unknown("a normalization over other axes than the channels")
    weight = Constant.of(np.ones(channels, np.float32)) if scale is None else step.constant(scale)
    if weight.size != channels:
        raise Unknown(f"{weight.size} numbers for {channels} channels")
    shape = per_channel(view.volume)
    weights = {"weight": weight.made(lambda array: array.reshape(shape), shape)}
    return step.layer(RmsNorm(eps=_short(epsilon)), view, like=view, weights=weights)


@operator("cnngraph.UnitVectors")
def unit_vectors(step: Step, x: Value, *, axis: int, epsilon: float) -> Value:
    """As `patterns` found them."""
    view = step.view(x)
    if view.axes[axis % view.rank] != (Factor("C", view.volume.channels),):
        raise Unknown("vectors of length 1 along another axis than the channels")
    if view.volume.is_map and view.rank == 2:
        view = step.vector(view)
    return step.layer(L2Norm(eps=_short(epsilon)), view, like=view)


@operator("LpNormalization")
def lp_normalization(step: Step, x: Value, *, axis: int = -1, p: int = 2) -> Value:
    if p != 2:
        raise Unknown(f"vectors whose length is of p = {p}")
    return unit_vectors(step, x, axis=axis, epsilon=L2Norm().eps)


@operator("LRN")
def lrn(step: Step, x: Value, *, alpha: float = 1e-4, beta: float = 0.75, bias: float = 1.0, size: int) -> Value:
    kind = Lrn(n=size, alpha=_short(alpha), beta=_short(beta), k=_short(bias))
    return step.layer(kind, step.map(x))


@operator("cnngraph.GlobalResponseNorm")
def grn(step: Step, x: Value, weight: Value, bias: Value, *, epsilon: float) -> Value:
    """As `patterns` found one (ConvNeXt V2)."""
    view = step.view(x)
    channels = as_int(view.volume.channels)
    given = {}
    for name, value in (("weight", weight), ("bias", bias)):
        numbers = step.constant(value)
        if numbers.size != channels:
            raise Unknown(f"{numbers.size} numbers for {channels} channels")
        given[name] = numbers.made(lambda array: array.reshape(channels, 1, 1), (channels, 1, 1))
    return step.layer(Grn(eps=_short(epsilon)), view, like=view, weights=given)


def _combined(one: Constant, other: Constant, times: bool) -> Constant:
    if one.shape != other.shape and other.size != 1:
        raise Unknown(f"{other.size} numbers for {one.size} channels")

    def get() -> Array:
        return one.get() * other.get() if times else one.get() + other.get()

    return replace(one, get=get)


def _flat(constant: Constant) -> Constant:
    return constant.made(lambda array: array.reshape(-1), (constant.size,))


def _short(value: float) -> float:
    return float(str(np.float32(value)))
