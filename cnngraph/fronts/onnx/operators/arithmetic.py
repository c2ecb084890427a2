"""Activations, and numbers added, multiplied and so on: with one another, or with constants."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import zip_longest

import numpy as np

from cnngraph.fronts.onnx.constants import Constant, Unknown
from cnngraph.fronts.onnx.trace import Step, Value, operator
from cnngraph.fronts.onnx.views import Factor, View, alike, upright
from cnngraph.layers.activation import (
    Abs,
    Clip,
    Elu,
    Gelu,
    HSigmoid,
    HSwish,
    Leaky,
    LogSoftmax,
    Mish,
    Power,
    PRelu,
    Relu,
    Relu6,
    Selu,
    Sigmoid,
    Softmax,
    Softplus,
    SplitSoftmax,
    Square,
    Swish,
    Tanh,
)
from cnngraph.layers.dense import Flatten, Unflatten
from cnngraph.layers.join import Add, Max, Min, Mul, Sub
from cnngraph.layers.kind import Kind
from cnngraph.layers.normalization import BatchNorm
from cnngraph.layers.scaling import Eca, Plus, Scale, Shift, Times
from cnngraph.volume import Dim, as_int
from cnngraph.weights.readers.entry import Array

_PARAMETER = re.compile(r"(?!.*_default$)([A-Za-z_]+|\w+(\.\w+)+)")
_PLAIN: dict[str, type[Kind]] = {
    "Relu": Relu,
    "Sigmoid": Sigmoid,
    "Tanh": Tanh,
    "Softplus": Softplus,
    "Abs": Abs,
    "HardSwish": HSwish,
    "Mish": Mish,
}


@operator(*_PLAIN)
def plain(step: Step, x: Value) -> Value:
    return _each(step, _PLAIN[step.node.op](), x)


@operator("LeakyRelu")
def leaky_relu(step: Step, x: Value, *, alpha: float = 0.01) -> Value:
    return _each(step, Leaky(slope=_short(alpha)), x)


@operator("Elu")
def elu(step: Step, x: Value, *, alpha: float = 1.0) -> Value:
    return _each(step, Elu(alpha=_short(alpha)), x)


@operator("Celu")
def celu(step: Step, x: Value, *, alpha: float = 1.0) -> Value:
    if alpha != 1.0:
        raise Unknown(f"a Celu of alpha {alpha:g}")
    return _each(step, Elu(), x)


@operator("Selu")
def selu(step: Step, x: Value, *, alpha: float = 1.6732632423543772, gamma: float = 1.0507009873554805) -> Value:
    if abs(alpha - 1.6732632) > 1e-5 or abs(gamma - 1.050701) > 1e-5:
        raise Unknown(f"a Selu of alpha {alpha:g} and gamma {gamma:g}")
    return _each(step, Selu(), x)


@operator("Gelu")
def gelu(step: Step, x: Value, *, approximate: str = "none") -> Value:
    return _each(step, Gelu(approximate=approximate == "tanh"), x)


@operator("Swish", "cnngraph.Swish")
def swish(step: Step, x: Value, *, alpha: float = 1.0) -> Value:
    if alpha != 1.0:
        raise Unknown(f"a Swish of alpha {alpha:g}")
    return _each(step, Swish(), x)


@operator("HardSigmoid")
def hard_sigmoid(step: Step, x: Value, *, alpha: float = 0.2, beta: float = 0.5) -> Value:
    slope = 1 / 6 if math.isclose(alpha, 1 / 6, rel_tol=1e-3) else _short(alpha)
    return _each(step, HSigmoid(slope=slope, shift=_short(beta)), x)


@operator("PRelu")
def prelu(step: Step, x: Value, slope: Value) -> Value:
    """One slope for all, or one for each channel."""
    view, slopes = step.view(x), step.constant(slope)
    if slopes.size == 1:
        return step.layer(PRelu(shared=True), view, like=view, weights={"weight": _flat(slopes)})
    view = step.by_channel(view)
    return step.layer(PRelu(), view, like=view, weights={"weight": _per_channel(view, slopes)})


@operator("cnngraph.NegatedPRelu")
def negated_prelu(step: Step, x: Value, slope: Value) -> Value:
    """As `patterns` found one: what is below 0 times a slope, written out with the slope's sign changed."""
    return prelu(step, x, step.constant(slope).made(np.negative))


@operator("Clip")
def clip(
    step: Step, x: Value, low: Value | None = None, high: Value | None = None, *,
    min: float | None = None, max: float | None = None,
) -> Value:  # fmt: skip
    least = min if low is None else step.constant(low).number
    most = max if high is None else step.constant(high).number
    least = None if least is not None and least <= -1e30 else least
    most = None if most is not None and most >= 1e30 else most
    if (least, most) == (None, None):
        return x
    if least == 0 and most in (None, 6):
        return _each(step, Relu() if most is None else Relu6(), x)
    lo, hi = (None if each is None else _short(each) for each in (least, most))
    return _each(step, Clip(lo=lo, hi=hi), x)


@operator("Softmax", "LogSoftmax")
def softmax(step: Step, x: Value, *, axis: int | None = None) -> Value:
    """Over the channels, and over all that follows up to opset 12, where the axis is 1 unless said."""
    view = step.view(x)
    if axis is None:
        axis = -1 if step.opset >= 13 else 1
    axis %= view.rank
    along, channels = view.axes[axis], view.volume.channels
    is_part = len(along) == 1 and along[0].of == "C" and along[0].size * along[0].stride == channels != along[0].size
    if is_part and step.opset >= 13 and step.node.op == "Softmax":
        return step.layer(SplitSoftmax(n=as_int(along[0].size)), view, like=view)
    if channels == 1 and along != () and along == _pixels(view):
        return _over_pixels(step, view, axis)
    if along != (() if channels == 1 else (Factor("C", channels),)):
        raise Unknown("a Softmax along another axis than the channels")
    if step.opset < 13 and any(axis != () for axis in view.axes[axis + 1 :]):
        raise Unknown("a Softmax over the whole picture")
    if view.volume.is_map and view.rank == 2:
        view = step.vector(view)
    return step.layer(_softmax(step), view, like=view)


def _softmax(step: Step) -> Kind:
    return Softmax() if step.node.op == "Softmax" else LogSoftmax()


def _pixels(view: View) -> tuple[Factor, ...]:
    """All of a picture's, row by row."""
    return tuple(each for axis in upright(view.volume, 1)[2:] for each in axis)


def _over_pixels(step: Step, view: View, axis: int) -> View:
    """Over all pixels of a picture of one channel: that of a vector."""
    flat = step.layer(Flatten(), view, is_aside=True)
    made = step.layer(_softmax(step), flat)
    whole = (Factor("C", made.volume.channels),)
    return replace(made, axes=tuple(whole if n == axis else own for n, own in enumerate(view.axes)))


@operator("Neg")
def negative(step: Step, x: Value) -> Value:
    return _each(step, Times(by=-1.0), x)


@operator("Pow")
def power(step: Step, x: Value, exponent: Value) -> Value:
    number = step.constant(exponent).number
    if number is None:
        raise Unknown("powers of each number by itself")
    if number == 1:
        return x
    return _each(step, Square() if number == 2 else Power(p=_short(number)), x)


@operator("Sqrt")
def root(step: Step, x: Value) -> Value:
    return _each(step, Power(p=0.5), x)


@operator("Reciprocal")
def reciprocal(step: Step, x: Value) -> Value:
    return _each(step, Power(p=-1.0), x)


@operator("Add", "Sum")
def add(step: Step, *terms: Value) -> Value:
    found = terms[0]
    views = [term for term in terms if isinstance(term, View)]
    if len(views) > 2 and len(views) == len(terms):
        return _joined(step, _as_large(step, *views), Add(), Add(spread=True))
    for term in terms[1:]:
        found = _sum(step, found, term)
    return found


def _sum(step: Step, one: Value, other: Value) -> Value:
    if isinstance(one, Constant):
        one, other = other, one
    if isinstance(other, Constant):
        return _plus(step, step.view(one), other)
    return _joined(step, _as_large(step, one, other), Add(), Add(spread=True))


def _plus(step: Step, view: View, constant: Constant) -> View:
    if constant.size == 1:
        if _is_learned(step, constant):
            return step.layer(Plus(by=None), view, like=view, weights={"bias": _flat(constant)})
        value = constant.number
        assert value is not None
        return view if value == 0 else step.layer(Plus(by=_short(value)), view, like=view)
    view = step.by_channel(view)
    if not _spreads(view, constant):
        raise Unknown("a picture of constants added")
    return step.layer(Shift(), view, like=view, weights={"bias": _per_channel(view, constant)})


@operator("Sub")
def subtract(step: Step, one: Value, other: Value) -> Value:
    if isinstance(one, Constant):
        view = step.view(other)
        return _plus(step, _negated(step, view), one)
    if isinstance(other, Constant):
        return _plus(step, step.view(one), other.made(np.negative))
    first, second = _as_large(step, one, other)
    if len(first.volume.dims) == len(second.volume.dims) and first.volume != second.volume:
        return _joined(step, [first, _negated(step, second)], Add(), Add(spread=True))
    return _joined(step, [first, second], Sub(), None)


def _negated(step: Step, view: View) -> View:
    return step.layer(Times(by=-1.0), view, like=view)


@operator("Mul")
def multiply(step: Step, one: Value, other: Value) -> Value:
    if isinstance(one, Constant):
        one, other = other, one
    if isinstance(other, Constant):
        return _times(step, step.view(one), other)
    view, behind = _as_large(step, one, other)
    if (view.layer, view.axes) == (behind.layer, behind.axes):
        return _each(step, Square(), view)
    return _joined(step, [view, behind], Mul(), Mul(spread=True))


@operator("Div")
def divide(step: Step, one: Value, other: Value) -> Value:
    if isinstance(one, Constant):
        return multiply(step, reciprocal(step, other), one)
    if not isinstance(other, Constant):
        return multiply(step, one, reciprocal(step, other))

    def inverted(array: Array) -> Array:
        return np.reciprocal(array.astype(np.float32))

    return _times(step, step.view(one), other.made(inverted))


def _times(step: Step, view: View, constant: Constant) -> View:
    if constant.size == 1:
        if _is_learned(step, constant):
            return step.layer(Times(by=None), view, like=view, weights={"weight": _flat(constant)})
        value = constant.number
        assert value is not None
        return view if value == 1 else step.layer(Times(by=_short(value)), view, like=view)
    view = step.by_channel(view)
    if not _spreads(view, constant):
        raise Unknown("a picture times one of constants")
    return step.layer(Scale(), view, like=view, weights={"weight": _per_channel(view, constant)})


@operator("cnngraph.Affine")
def affine(step: Step, x: Value, weight: Value, bias: Value) -> Value:
    """Each channel times a number, plus a number."""
    view = step.by_channel(x)
    given = {name: _per_channel(view, step.constant(each)) for name, each in (("weight", weight), ("bias", bias))}
    return step.layer(Scale(bias=True), view, like=view, weights=given)


@operator("cnngraph.Normalized")
def normalized(step: Step, x: Value, mean: Value, weight: Value, bias: Value) -> Value:
    """A batch normalization whose exporter made one number a channel of the variance and γ: here the variance is 1."""
    view, kind = step.by_channel(x), BatchNorm()
    given = {"weight": weight, "bias": bias, "running_mean": mean}
    weights = {name: _per_channel(view, step.constant(each)) for name, each in given.items()}
    variance = Constant.of(np.full(weights["weight"].size, 1.0 - kind.eps, np.float32))
    return step.layer(kind, view, like=view, weights={**weights, "running_var": variance})


@operator("cnngraph.ChannelAttention")
def channel_attention(step: Step, x: Value, kernel: Value) -> Value:
    """As `patterns` found one (ECA)."""
    view, taps = step.map(x), step.constant(kernel)
    shape = (1, 1, 1, taps.size)
    weight = taps.made(lambda array: array.reshape(shape), shape)
    return step.layer(Eca(k=taps.size), view, weights={"weight": weight})


@operator("Max", "Min")
def largest(step: Step, *terms: Value) -> Value:
    """Of tensors, or of one and a number."""
    is_max = step.node.op == "Max"
    if len(terms) == 2 and isinstance(terms[0], Constant):
        terms = terms[::-1]
    if len(terms) == 2 and isinstance(terms[1], Constant):
        return clip(step, terms[0], *((terms[1], None) if is_max else (None, terms[1])))
    if any(isinstance(term, Constant) for term in terms):
        raise Unknown(f"{step.node.op} of tensors and constants")
    views = [step.view(term) for term in terms]
    return views[0] if len(views) == 1 else _joined(step, views, Max() if is_max else Min(), None)


# Parts ---------------------------------------------------------------------------------------


def _each(step: Step, kind: Kind, x: Value) -> View:
    """A layer that changes every number by itself."""
    view = step.view(x)
    return step.layer(kind, view, like=view)


def _as_large(step: Step, *terms: Value) -> list[View]:
    """Tensors to be joined number by number: one that is to be repeated until it is as large as another is left as it
    is, for the join to spread."""
    if not any(isinstance(term, View) and term.spread for term in terms):
        return [step.view(term) for term in terms]
    views = [replace(term, spread=()) if isinstance(term, View) and term.spread else step.view(term) for term in terms]
    wanted = [term.bordered_sizes for term in terms if isinstance(term, View)]
    if _largest(view.sizes for view in views) == _largest(wanted):
        return views
    return [step.view(term) for term in terms]


def _largest(sizes: Iterable[tuple[Dim, ...]]) -> list[Dim]:
    """Along each axis, the last first, the size of what comes of tensors of *sizes*."""
    found = zip_longest(*(each[::-1] for each in sizes), fillvalue=1)
    return [next((size for size in along if size != 1), 1) for along in found]


def _joined(step: Step, views: list[View], kind: Kind, spread: Kind | None) -> View:
    """*views* joined number by number; by *spread* where some are spread over the first."""
    rank = max(view.rank for view in views)
    views = [replace(view, axes=((),) * (rank - view.rank) + view.axes) for view in views]
    views = [_as_picture(step, view, views) for view in views]
    if all(alike(view, views[0]) and view.volume.channels == views[0].volume.channels for view in views):
        return step.trace.joined(step, views, kind)
    whole = tuple(reversed(_largest(view.sizes for view in views)))
    if spread is not None and all(view.sizes != whole for view in views):
        # None is as large as all together: the one that has the channels is made so.
        first = max(views, key=lambda view: view.volume.channels != 1)
        made = step.view(replace(first, spread=whole))
        return _joined(step, [made if view is first else view for view in views], kind, spread)
    large = max(views, key=lambda view: sum(axis != () for axis in view.axes))
    for view in views:
        if any(axis not in (whole, ()) for axis, whole in zip(view.axes, large.axes, strict=True)):
            settled = [step.trace.settled(each, step) for each in views]
            if settled != views:
                return _joined(step, settled, kind, spread)
            raise Unknown(f"{step.node.op} of tensors that lie differently")
    if spread is None or not large.volume.is_map:
        raise Unknown(f"{step.node.op} of unlike tensors")
    others = [view for view in views if view is not large]
    if isinstance(kind, Mul) and all(view.volume.dims == (1, 1, large.volume.channels) for view in others):
        spread = kind
    return step.layer(spread, large, *others, like=large)


def _as_picture(step: Step, view: View, among: list[View]) -> View:
    """A vector beside pictures as one pixel, if its numbers lie along their channels."""
    pictures = [other for other in among if other.volume.is_map]
    if view.volume.is_map or not pictures:
        return view
    own = Factor("C", view.volume.channels)
    at = view.where(own)
    if at is None or pictures[0].where(Factor("C", pictures[0].volume.channels)) != at:
        raise Unknown(f"{step.node.op} of a picture and a vector that does not lie along its channels")
    return step.layer(Unflatten(), view, like=view, is_aside=True)


def _channel_axis(view: View) -> int | None:
    return view.where(Factor("C", view.volume.channels))


def _spreads(view: View, constant: Constant) -> bool:
    """Whether *constant* has one number for each channel of *view*."""
    at = _channel_axis(view)
    if at is None:
        return False
    sizes = (1,) * (view.rank - len(constant.shape)) + constant.shape
    return len(sizes) == view.rank and all(
        size == (view.volume.channels if n == at else 1) for n, size in enumerate(sizes)
    )


def _per_channel(view: View, constant: Constant) -> Constant:
    """One number for each channel of *view*. Raises `Unknown`."""
    if constant.size != view.volume.channels or not _spreads(view, constant):
        raise Unknown(f"numbers of shape {constant.shape} for {view.volume.channels} channels")
    return _flat(constant)


def _flat(constant: Constant) -> Constant:
    return constant.made(lambda array: array.reshape(-1), (constant.size,))


def _is_learned(step: Step, constant: Constant) -> bool:
    """Whether its name is that of a parameter: a path in a module, or a word; what exporters call constants has a
    number in it, or is the first of those that are called so with one, or ends as PyTorch's operators do."""
    is_numbered = f"{constant.name}_1" in step.trace.values
    return not is_numbered and _PARAMETER.fullmatch(constant.name) is not None


def _short(value: float) -> float:
    """A number out of a float32 as it was written: 0.1 and not 0.10000000149."""
    return float(str(np.float32(value))) if value else 0.0
