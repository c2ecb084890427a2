"""What every layer kind computes, written from its definition, window by window: slow, and plain to see.

Arrays are (N, C, H, W) or (N, length). Nothing here comes from how the package checks or exports.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from cnngraph.layers.kind import Kind
from cnngraph.network import Network

Array = np.ndarray[Any, np.dtype[Any]]
Weights = Mapping[str, Array]
RULES: dict[str, Callable[..., Array]] = {}
"""By a kind's word: a function of the kind, its weights by their own names, and its inputs."""


def rule(*words: str) -> Callable[[Callable[..., Array]], Callable[..., Array]]:
    def add(function: Callable[..., Array]) -> Callable[..., Array]:
        RULES.update(dict.fromkeys(words, function))
        return function

    return add


def evaluate(network: Network, weights: Weights, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Every layer's tensor in float64."""
    found = {name: array.astype(np.float64) for name, array in inputs.items()}
    for layer in network.layers:
        if layer.inputs:
            own = {name: weights[f"{layer.name}.{name}"].astype(np.float64) for name in layer.parameters}
            found[layer.name] = RULES[layer.kind.word](layer.kind, own, *(found[name] for name in layer.inputs))
    return found


# Windows -------------------------------------------------------------------------------------


def _border(kind: Any, axis: int, size: int) -> tuple[int, int]:
    """Padding before and after; `same_upper` and `same_lower` are TensorFlow's SAME: ⌈n/s⌉ positions."""
    extent, stride = _extent(kind, axis), _stride(kind)[axis]
    match kind.padding.mode:
        case "valid":
            return 0, 0
        case "same":
            return extent // 2, extent // 2
        case "given":
            top, left, bottom, right = kind.padding.amounts
            return ((top, bottom), (left, right))[axis]
    total = max((math.ceil(size / stride) - 1) * stride + extent - size, 0)
    half = total // 2
    return (half, total - half) if kind.padding.mode == "same_upper" else (total - half, half)


def _extent(kind: Any, axis: int) -> int:
    dilation: tuple[int, int] = getattr(kind, "dilation", (1, 1))
    return int((kind.window[axis] - 1) * dilation[axis] + 1)


def _stride(kind: Any) -> tuple[int, int]:
    return kind.stride or kind.window  # type: ignore[no-any-return]


def _starts(kind: Any, axis: int, size: int) -> list[int]:
    """Where windows begin, counted from the input's first row; a border of b lets them begin at -b.

    With `ceil` one more may reach beyond the border, if it begins on the input or before it (PyTorch).
    """
    before, after = _border(kind, axis, size)
    extent, starts, at = _extent(kind, axis), [], -before
    while at + extent <= size + after:
        starts.append(at)
        at += _stride(kind)[axis]
    reaches = at - _stride(kind)[axis] + extent
    if getattr(kind, "ceil", False) and reaches < size + after and at < size:
        starts.append(at)
    return starts


def _taps(kind: Any, axis: int, start: int, size: int) -> Iterator[tuple[int, int]]:
    """(place in the window, place in the input) of those taps that are on the input."""
    dilation: tuple[int, int] = getattr(kind, "dilation", (1, 1))
    for tap in range(kind.window[axis]):
        at = start + tap * dilation[axis]
        if 0 <= at < size:
            yield tap, at


def _windows(kind: Any, x: Array) -> Iterator[tuple[int, int, list[tuple[int, int]], list[tuple[int, int]]]]:
    """Place in the output, and the taps along both axes."""
    height, width = x.shape[2:]
    for i, top in enumerate(_starts(kind, 0, height)):
        for j, left in enumerate(_starts(kind, 1, width)):
            yield i, j, list(_taps(kind, 0, top, height)), list(_taps(kind, 1, left, width))


def _empty(kind: Any, x: Array, channels: int) -> Array:
    return np.zeros((len(x), channels, len(_starts(kind, 0, x.shape[2])), len(_starts(kind, 1, x.shape[3]))))


def _convolution(kind: Any, own: Weights, x: Array, groups: int) -> Array:
    weight = own["weight"]
    made, each = len(weight), len(weight) // groups
    y = _empty(kind, x, made)
    for i, j, rows, columns in _windows(kind, x):
        for c in range(made):
            first = c // each * weight.shape[1]
            for (u, at), (v, across) in ((row, column) for row in rows for column in columns):
                y[:, c, i, j] += x[:, first : first + weight.shape[1], at, across] @ weight[c, :, u, v]
    return y + (own["bias"][:, None, None] if "bias" in own else 0)


@rule("conv")
def conv(kind: Any, own: Weights, x: Array) -> Array:
    return _convolution(kind, own, x, kind.groups)


@rule("dwconv")
def dwconv(kind: Any, own: Weights, x: Array) -> Array:
    return _convolution(kind, own, x, x.shape[1])


@rule("sepconv")
def sepconv(kind: Any, own: Weights, x: Array) -> Array:
    filtered = _convolution(kind, {"weight": own["depthwise.weight"]}, x, x.shape[1])
    y: Array = np.einsum("nchw,dc->ndhw", filtered, own["pointwise.weight"][:, :, 0, 0])
    return y + (own["pointwise.bias"][:, None, None] if "pointwise.bias" in own else 0)


@rule("upconv")
def upconv(kind: Any, own: Weights, x: Array) -> Array:
    """Every number of the input writes its window into the output; then the border is cut off.

    Under TensorFlow's padding the output has n·s rows, whatever the window."""
    weight, (n, channels, height, width) = own["weight"], x.shape
    each = weight.shape[1]
    per_group = channels // kind.groups
    (sy, sx), (dy, dx) = kind.stride, kind.dilation
    full = np.zeros((n, each * kind.groups, (height - 1) * sy + _extent(kind, 0), (width - 1) * sx + _extent(kind, 1)))
    for c, i, j, u, v in np.ndindex(channels, height, width, *kind.window):
        first = c // per_group * each
        full[:, first : first + each, i * sy + u * dy, j * sx + v * dx] += np.outer(x[:, c, i, j], weight[c, :, u, v])
    if kind.padding.mode in ("same_upper", "same_lower"):
        cut = [max(_extent(kind, axis) - kind.stride[axis], 0) for axis in (0, 1)]
        less = [each // 2 for each in cut]
        rest = [whole - part for whole, part in zip(cut, less, strict=True)]
        (top, left), (bottom, right) = (less, rest) if kind.padding.mode == "same_upper" else (rest, less)
    else:
        (top, bottom), (left, right) = _border(kind, 0, height), _border(kind, 1, width)
    more = [kind.output_padding] * 2
    if kind.padding.mode in ("same_upper", "same_lower"):
        more = [each + max(size * s - full.shape[2 + axis], 0)
                for axis, (each, size, s) in enumerate(zip(more, (height, width), (sy, sx), strict=True))]  # fmt: skip
    full = np.pad(full, ((0, 0), (0, 0), (0, more[0]), (0, more[1])))
    y = full[:, :, top : full.shape[2] - bottom, left : full.shape[3] - right]
    return y + (own["bias"][:, None, None] if "bias" in own else 0)


def _adaptive(kind: Any, x: Array, function: Callable[..., Array]) -> Array:
    """PyTorch's cells: from ⌊i·n/m⌋ to ⌈(i+1)·n/m⌉."""
    (height, width), (rows, columns) = x.shape[2:], kind.to
    y = np.zeros((*x.shape[:2], rows, columns))
    for i, j in np.ndindex(rows, columns):
        top, bottom = math.floor(i * height / rows), math.ceil((i + 1) * height / rows)
        left, right = math.floor(j * width / columns), math.ceil((j + 1) * width / columns)
        y[:, :, i, j] = function(x[:, :, top:bottom, left:right], axis=(2, 3))
    return y


@rule("maxpool")
def maxpool(kind: Any, own: Weights, x: Array) -> Array:
    if kind.over_channels:
        return np.asarray(np.max([x[:, c : c + 1] for c in range(x.shape[1])], axis=0))
    if kind.everything:
        return np.asarray(x.max(axis=(2, 3), keepdims=True))
    if kind.to:
        return _adaptive(kind, x, np.max)
    y = _empty(kind, x, x.shape[1])
    for i, j, rows, columns in _windows(kind, x):
        y[:, :, i, j] = np.max([x[:, :, at, across] for _, at in rows for _, across in columns], axis=0)
    return y


@rule("avgpool")
def avgpool(kind: Any, own: Weights, x: Array) -> Array:
    if kind.over_channels:
        return np.asarray(sum(x[:, c : c + 1] for c in range(x.shape[1])) / x.shape[1])
    if kind.everything:
        return np.asarray(x.mean(axis=(2, 3), keepdims=True))
    if kind.to:
        return _adaptive(kind, x, np.mean)
    y = _empty(kind, x, x.shape[1])
    limits = [
        (-_border(kind, axis, size)[0], size + _border(kind, axis, size)[1]) for axis, size in enumerate(x.shape[2:])
    ]
    for i, j, rows, columns in _windows(kind, x):
        count = len(rows) * len(columns)
        if kind.count_pad:
            count = 1
            for axis, index in enumerate((i, j)):
                start = _starts(kind, axis, x.shape[2 + axis])[index]
                count *= sum(limits[axis][0] <= start + tap < limits[axis][1] for tap in range(kind.window[axis]))
        y[:, :, i, j] = np.sum([x[:, :, at, across] for _, at in rows for _, across in columns], axis=0) / count
    return y


# Vectors, activations, normalizations --------------------------------------------------------


@rule("fc")
def fc(kind: Any, own: Weights, x: Array) -> Array:
    return np.asarray(x @ own["weight"].T + own.get("bias", 0))


@rule("flatten")
def flatten(kind: Any, own: Weights, x: Array) -> Array:
    return np.stack([np.array([image[index] for index in np.ndindex(image.shape)]) for image in x])


@rule("unflatten")
def unflatten(kind: Any, own: Weights, x: Array) -> Array:
    """Number by number: a channel's first row, its second, …; then the next channel's."""
    height, width, channels = kind.volume or (1, 1, x.shape[1])
    y = np.empty((len(x), channels, height, width))
    for c, i, j in np.ndindex(channels, height, width):
        y[:, c, i, j] = x[:, c * height * width + i * width + j]
    return y


@rule("dropout")
def dropout(kind: Any, own: Weights, x: Array) -> Array:
    return x


def _each(function: Callable[[float, Any], float]) -> Callable[..., Array]:
    """A rule from a function of one number and the kind."""
    return lambda kind, own, x: np.vectorize(lambda number: function(number, kind), otypes=[float])(x)


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def _gelu(x: float, kind: Any) -> float:
    if kind.approximate:
        return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return x * 0.5 * (1 + math.erf(x / math.sqrt(2)))


def _clip(x: float, kind: Any) -> float:
    if kind.lo is not None and x < kind.lo:
        return float(kind.lo)
    return float(kind.hi) if kind.hi is not None and x > kind.hi else x


RULES |= {
    "relu": _each(lambda x, _: max(0.0, x)),
    "relu6": _each(lambda x, _: min(max(0.0, x), 6.0)),
    "leaky": _each(lambda x, kind: x if x > 0 else kind.slope * x),
    "elu": _each(lambda x, kind: x if x > 0 else kind.alpha * (math.exp(x) - 1)),
    "selu": _each(lambda x, _: 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * (math.exp(x) - 1))),
    "abs": _each(lambda x, _: x if x > 0 else -x),
    "square": _each(lambda x, _: x**2),
    "power": _each(lambda x, kind: x**kind.p),
    "clip": _each(_clip),
    "gelu": _each(_gelu),
    "swish": _each(lambda x, _: x * _sigmoid(x)),
    "hswish": _each(lambda x, _: x * min(max(x + 3, 0.0), 6.0) / 6),
    "hsigmoid": _each(lambda x, kind: min(max(x * kind.slope + kind.shift, 0.0), 1.0)),
    "mish": _each(lambda x, _: x * math.tanh(math.log(1 + math.exp(x)))),
    "sigmoid": _each(lambda x, _: _sigmoid(x)),
    "tanh": _each(lambda x, _: math.tanh(x)),
    "softplus": _each(lambda x, _: math.log(1 + math.exp(x))),
}


def _per_channel(numbers: Array, x: Array) -> Array:
    return numbers.reshape(-1, 1, 1) if x.ndim == 4 else numbers


@rule("prelu")
def prelu(kind: Any, own: Weights, x: Array) -> Array:
    slopes = np.repeat(own["weight"], x.shape[1]) if kind.shared else own["weight"]
    return np.where(x > 0, x, _per_channel(slopes.reshape(-1), x) * x)


@rule("scale")
def scale(kind: Any, own: Weights, x: Array) -> Array:
    y = _per_channel(own["weight"].reshape(-1), x) * x
    return y + _per_channel(own["bias"].reshape(-1), x) if kind.bias else y


@rule("shift")
def shift(kind: Any, own: Weights, x: Array) -> Array:
    return np.stack([x[:, c] + each for c, each in enumerate(own["bias"].reshape(-1))], axis=1)


@rule("times")
def times(kind: Any, own: Weights, x: Array) -> Array:
    return np.asarray(x * (float(own["weight"][0]) if kind.by is None else kind.by))


@rule("plus")
def plus(kind: Any, own: Weights, x: Array) -> Array:
    return np.asarray(x + (float(own["bias"][0]) if kind.by is None else kind.by))


@rule("softmax")
def softmax(kind: Any, own: Weights, x: Array) -> Array:
    powers = np.exp(x)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


@rule("splitsoftmax")
def splitsoftmax(kind: Any, own: Weights, x: Array) -> Array:
    each = x.shape[1] // kind.n
    made = np.empty_like(x)
    for channel in range(each):
        powers = np.exp([x[:, part * each + channel] for part in range(kind.n)])
        for part in range(kind.n):
            made[:, part * each + channel] = powers[part] / sum(powers)
    return made


@rule("logsoftmax")
def logsoftmax(kind: Any, own: Weights, x: Array) -> Array:
    return np.log(softmax(kind, own, x))


@rule("bn")
def bn(kind: Any, own: Weights, x: Array) -> Array:
    mean, var = (_per_channel(own[name], x) for name in ("running_mean", "running_var"))
    y = (x - mean) / np.sqrt(var + kind.eps)
    return np.asarray(y * _per_channel(own["weight"], x) + _per_channel(own["bias"], x) if kind.affine else y)


@rule("instancenorm")
def instancenorm(kind: Any, own: Weights, x: Array) -> Array:
    y = np.empty_like(x)
    for n, picture in enumerate(x):
        for c, plane in enumerate(picture):
            deviation = math.sqrt(((plane - plane.mean()) ** 2).mean() + kind.eps)
            y[n, c] = (plane - plane.mean()) / deviation
            if kind.affine:
                y[n, c] = y[n, c] * own["weight"][c] + own["bias"][c]
    return y


@rule("groupnorm")
def groupnorm(kind: Any, own: Weights, x: Array) -> Array:
    y, each = np.empty_like(x), x.shape[1] // kind.g
    for n, first in np.ndindex(len(x), kind.g):
        group = slice(first * each, (first + 1) * each)
        part = x[n, group]
        deviation = math.sqrt(((part - part.mean()) ** 2).mean() + kind.eps)
        y[n, group] = (part - part.mean()) / deviation
        for c in range(first * each, (first + 1) * each):
            y[n, c] = y[n, c] * own["weight"][c] + own["bias"][c]
    return y


@rule("grn")
def grn(kind: Any, own: Weights, x: Array) -> Array:
    """Woo et al. 2023, algorithm 1."""
    y = np.empty_like(x)
    for n, picture in enumerate(x):
        norms = [math.sqrt((plane**2).sum()) for plane in picture]
        divisor = sum(norms) / len(norms) + kind.eps
        for c, plane in enumerate(picture):
            y[n, c] = own["weight"].flat[c] * (plane * norms[c] / divisor) + own["bias"].flat[c] + plane
    return y


@rule("eca")
def eca(kind: Any, own: Weights, x: Array) -> Array:
    """Wang et al. 2020, equation 6."""
    y = np.empty_like(x)
    channels, weights = x.shape[1], own["weight"].reshape(-1)
    for n, c in np.ndindex(len(x), channels):
        seen = [(tap, c + tap - kind.k // 2) for tap in range(kind.k) if 0 <= c + tap - kind.k // 2 < channels]
        y[n, c] = x[n, c] * _sigmoid(float(sum(weights[tap] * x[n, at].mean() for tap, at in seen)))
    return y


@rule("layernorm")
def layernorm(kind: Any, own: Weights, x: Array) -> Array:
    mean, var = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)
    standard = (x - mean) / np.sqrt(var + kind.eps)
    return np.asarray(standard * _per_channel(own["weight"], x) + _per_channel(own["bias"], x))


@rule("rmsnorm")
def rmsnorm(kind: Any, own: Weights, x: Array) -> Array:
    """Zhang & Sennrich 2019, equation 4."""
    mean = sum(x[:, c] ** 2 for c in range(x.shape[1])) / x.shape[1]
    return np.stack(
        [own["weight"].flat[c] * x[:, c] / np.sqrt(mean + kind.eps) for c in range(x.shape[1])], axis=1
    )  # fmt: skip


@rule("l2norm")
def l2norm(kind: Any, own: Weights, x: Array) -> Array:
    length = np.maximum(np.sqrt(sum(x[:, c] ** 2 for c in range(x.shape[1]))), kind.eps)
    return np.stack([x[:, c] / length for c in range(x.shape[1])], axis=1)


@rule("lrn")
def lrn(kind: Any, own: Weights, x: Array) -> Array:
    """ONNX LRN: of n channels around c, ⌊(n-1)/2⌋ lie below and ⌈(n-1)/2⌉ above."""
    y = np.empty_like(x)
    for c in range(x.shape[1]):
        low, high = max(0, c - (kind.n - 1) // 2), min(x.shape[1], c + math.ceil((kind.n - 1) / 2) + 1)
        y[:, c] = x[:, c] / (kind.k + kind.alpha / kind.n * (x[:, low:high] ** 2).sum(axis=1)) ** kind.beta
    return y


# Joins, and what moves numbers ---------------------------------------------------------------


def _repeated(x: Array, like: Array) -> Array:
    """With the one row, column or channel as often as *like* has some."""
    for axis in (1, 2, 3)[: like.ndim - 1]:
        x = x if x.shape[axis] == like.shape[axis] else np.repeat(x, like.shape[axis], axis)
    return x


@rule("add")
def add(kind: Kind, own: Weights, *xs: Array) -> Array:
    return np.asarray(np.sum([_repeated(x, xs[0]) for x in xs], axis=0))


@rule("sub")
def sub(kind: Kind, own: Weights, first: Array, *others: Array) -> Array:
    y = first.copy()
    for other in others:
        y -= other
    return y


@rule("max")
def maximum(kind: Kind, own: Weights, *xs: Array) -> Array:
    return np.asarray(np.max(xs, axis=0))


@rule("min")
def minimum(kind: Kind, own: Weights, *xs: Array) -> Array:
    return np.asarray(np.minimum.reduce(xs))


@rule("mul")
def mul(kind: Kind, own: Weights, *xs: Array) -> Array:
    y = np.ones(np.broadcast_shapes(*(x.shape for x in xs)))
    for x in xs:
        y = y * x
    return y


@rule("concat")
def concat(kind: Kind, own: Weights, *xs: Array) -> Array:
    return np.concatenate(xs, axis=1)


def _keys(t: float, a: float = -0.75) -> float:
    """Keys 1981, equation 4, with a for -1/2."""
    t = abs(t)
    if t <= 1:
        return (a + 2) * t**3 - (a + 3) * t**2 + 1
    return a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a if t < 2 else 0.0


@rule("upsample")
def upsample(kind: Any, own: Weights, x: Array, like: Array | None = None) -> Array:
    """Pixel i of n made of m: ⌊i·m/n⌋; blended at (i + 0.5)·m/n - 0.5, or i·(m - 1)/(n - 1); edges repeated."""
    if like is not None:
        made = like.shape[2:]
        steps = [Fraction(size, many) for size, many in zip(x.shape[2:], made, strict=True)]
    elif kind.to:
        made = kind.to
        steps = [Fraction(size, many) for size, many in zip(x.shape[2:], made, strict=True)]
    else:
        factors = kind.n if isinstance(kind.n, tuple) else (kind.n, kind.n)
        made = tuple(math.floor(size * factor) for size, factor in zip(x.shape[2:], factors, strict=True))
        steps = [1 / Fraction(factor) for factor in factors]

    def along(x: Array, axis: int, made: int, step: Fraction) -> Array:
        size = x.shape[axis]
        lines = []
        for i in range(made):
            if kind.mode == "nearest":
                lines.append(x.take(min(math.floor(i * step), size - 1), axis))
                continue
            at = i * Fraction(size - 1, max(made - 1, 1)) if kind.align_corners else (i + Fraction(1, 2)) * step - 0.5
            if kind.mode == "bicubic":
                near = range(math.floor(at) - 1, math.floor(at) + 3)
                lines.append(sum(_keys(float(at) - k) * x.take(min(max(k, 0), size - 1), axis) for k in near))
                continue
            at = min(max(float(at), 0.0), size - 1.0)
            low = int(at)
            high = min(low + 1, size - 1)
            lines.append(x.take(low, axis) * (1 - at + low) + x.take(high, axis) * (at - low))
        return np.stack(lines, axis)

    return along(along(x, 2, made[0], steps[0]), 3, made[1], steps[1])


@rule("reorg")
def reorg(kind: Any, own: Weights, x: Array) -> Array:
    """Space to depth, number by number. Darknet's is its own loops (src/blas.c, reorg_cpu with forward = 0)."""
    n, (many, channels, height, width) = kind.n, x.shape
    y = np.empty((many, channels * n * n, height // n, width // n))
    if kind.order != "as_darknet":
        for c, i, j in np.ndindex(channels, height, width):
            square = i % n * n + j % n
            made = square * channels + c if kind.order == "by_pixel" else c * n * n + square
            if kind.order == "by_column":
                made = (j % n * n + i % n) * channels + c
            y[:, made, i // n, j // n] = x[:, c, i, j]
        return y
    for picture, out in zip(x.reshape(many, -1), y.reshape(many, -1), strict=True):
        for k, j, i in np.ndindex(channels, height, width):
            c2, offset = k % (channels // (n * n)), k // (channels // (n * n))
            w2, h2 = i * n + offset % n, j * n + offset // n
            out[i + width * (j + height * k)] = picture[w2 + width * n * (h2 + height * n * c2)]
    return y


@rule("unreorg")
def unreorg(kind: Any, own: Weights, x: Array) -> Array:
    """ONNX DepthToSpace: with C channels made, pixel (a, b) is channel (a·n + b)·C + c, or c·n² + a·n + b."""
    n, (many, channels, height, width) = kind.n, x.shape
    each = channels // (n * n)
    y = np.empty((many, each, height * n, width * n))
    for c, i, j in np.ndindex(*y.shape[1:]):
        square = i % n * n + j % n
        y[:, c, i, j] = x[:, square * each + c if kind.order == "by_pixel" else c * n * n + square, i // n, j // n]
    return y


@rule("widen")
def widen(kind: Any, own: Weights, x: Array) -> Array:
    y = np.zeros(
        (len(x), kind.channels, *(math.ceil(size / s) for size, s in zip(x.shape[2:], kind.stride, strict=True)))
    )
    y[:, : x.shape[1]] = x[:, :, :: kind.stride[0], :: kind.stride[1]]
    return y


@rule("pad")
def pad(kind: Any, own: Weights, x: Array) -> Array:
    """A place before the first, or behind the last, has the value, or what the place has that its rule leads to."""
    top, left, bottom, right = kind.n.amounts
    height, width = x.shape[2:]

    def source(at: int, size: int) -> int:
        match kind.filling:
            case "reflect":
                return -at if at < 0 else 2 * (size - 1) - at if at >= size else at
            case "replicate":
                return min(max(at, 0), size - 1)
            case "circular":
                return at % size
        return at

    y = np.full((*x.shape[:2], top + height + bottom, left + width + right), float(kind.value))
    for i, j in np.ndindex(*y.shape[2:]):
        row, column = source(i - top, height), source(j - left, width)
        if 0 <= row < height and 0 <= column < width:
            y[:, :, i, j] = x[:, :, row, column]
    return y


@rule("unpool")
def unpool(kind: Any, own: Weights, x: Array, whole: Array) -> Array:
    """Each number where the first of the largest of its window is."""
    (down, across), made = kind.window, np.zeros_like(whole)
    for batch, channel, row, column in np.ndindex(x.shape):
        window = whole[batch, channel, row * down :, column * across :][:down, :across]
        at, beside = np.unravel_index(window.argmax(), window.shape)
        made[batch, channel, row * down + at, column * across + beside] = x[batch, channel, row, column]
    return made


@rule("crop")
def crop(kind: Any, own: Weights, x: Array, like: Array | None = None) -> Array:
    if like is None:
        top, left, bottom, right = kind.n.amounts
        return x[:, :, top : x.shape[2] - bottom, left : x.shape[3] - right]
    top, left = (x.shape[2] - like.shape[2]) // 2, (x.shape[3] - like.shape[3]) // 2
    return x[:, :, top : top + like.shape[2], left : left + like.shape[3]]


@rule("slice")
def slice_(kind: Any, own: Weights, x: Array) -> Array:
    return x[:, kind.start : kind.stop]


@rule("shuffle")
def shuffle(kind: Any, own: Weights, x: Array) -> Array:
    piles = np.split(x, kind.g, axis=1)
    return np.stack([pile[:, c] for c in range(piles[0].shape[1]) for pile in piles], axis=1)
