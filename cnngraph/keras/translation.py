"""What a layer is in Keras, from what it is in PyTorch: channels last, and a border that is uneven a layer of its own.

A rule for each module of PyTorch's and each piece of `cnngraph.torch`; a layer for which there is none, or which Keras
has in part, is refused. Whether both compute the same is tested by numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from cnngraph.code.solving import Word
from cnngraph.layers.code import Call, Code, Value, module, unless
from cnngraph.network import Layer
from cnngraph.torch.signatures import signatures as in_torch
from cnngraph.volume import Free

Amounts = tuple[int, int, int, int]
"""Of a border: top, left, bottom, right."""
_STARTS = {"xavier": "glorot_normal", "zeros": "zeros", "he_normal": "he_normal"}
"""Keras's initializers by the words of `@init`."""
_INEXACT = 12
"""Digits of 1 - momentum."""


class Unfit(Exception):
    """What Keras does not have; the text says what."""


@dataclass(frozen=True)
class Given:
    """A layer, and what it is in PyTorch."""

    layer: Layer
    code: Code
    frozen: bool

    @cached_property
    def arguments(self) -> Mapping[str, object]:
        """Of the module, all."""
        return {**in_torch()[self.code.module], **dict(self.code.arguments)}

    def pair(self, name: str) -> tuple[int, int]:
        value = self.arguments[name]
        if isinstance(value, tuple):
            down, across = value
            return int(down), int(across)
        assert isinstance(value, int)
        return value, value

    def whole(self, name: str) -> int:
        value = self.arguments[name]
        assert isinstance(value, int)
        return value

    def number(self, name: str) -> float:
        value = self.arguments[name]
        assert isinstance(value, int | float)
        return float(value)

    @property
    def is_map(self) -> bool:
        return self.layer.input_volumes[0].is_map

    def size(self, axis: int) -> int | None:
        """Of the input along *axis*; None for a free one."""
        size = self.layer.input_volumes[0].dims[axis]
        return None if isinstance(size, Free) else size

    def sizes(self, number: int = 0) -> tuple[int, int]:
        """Height and width of an input; raises `Unfit` where they are free."""
        height, width = self.layer.input_volumes[number].dims[:2]
        if isinstance(height, Free) or isinstance(width, Free):
            raise Unfit("it asks for a known height and width")
        return height, width

    @property
    def made(self) -> tuple[int, int]:
        """Height and width of the output; raises `Unfit` where they are free."""
        height, width = self.layer.output.dims[:2]
        if isinstance(height, Free) or isinstance(width, Free):
            raise Unfit("it asks for a known height and width")
        return height, width

    def learned(self, *initializers: str) -> dict[str, Value]:
        """How weights start, for each of the *initializers*, and whether they are trained."""
        said = next((each for each in self.layer.annotations if each.name == "init" and each.arguments), None)
        start = _STARTS[str(said.arguments[0]) if said else "he_normal"]
        return {**dict.fromkeys(initializers, start), **unless(True, trainable=not self.frozen)}


_ALWAYS = {
    "+": Code(function="+"),
    "-": Code(function="-"),
    "*": Code(function="*"),
    "torch.maximum": Code(function="ops.maximum"),
    "torch.minimum": Code(function="ops.minimum"),
    "torch.cat": Code(function="ops.concatenate"),
    "Abs": module("ops.abs"),
    "Square": module("ops.square"),
    "ChannelMaxPool": module("ops.max", axis=-1, keepdims=True),
    "ChannelAvgPool": module("ops.mean", axis=-1, keepdims=True),
    "nn.Flatten": module("layers.Flatten"),
}
_RULES: dict[str, Callable[[Given], Code]] = {}


def rule(*names: str) -> Callable[[Callable[[Given], Code]], Callable[[Given], Code]]:
    """Marks the rule for modules of PyTorch's or pieces, or for functions of several tensors."""

    def marked(function: Callable[[Given], Code]) -> Callable[[Given], Code]:
        _RULES.update(dict.fromkeys(names, function))
        return function

    return marked


def translated(layer: Layer, code: Code, frozen: bool) -> Code:
    """What *layer* is in Keras, which is *code* in PyTorch; its weights are not trained where they are *frozen*. Raises
    `Unfit`."""
    name = code.module or code.function
    if name in _ALWAYS:
        return _ALWAYS[name]
    if name not in _RULES:
        raise Unfit("there is no such layer in it")
    return _RULES[name](Given(layer, code, frozen))


# Borders -----------------------------------------------------------------------------------------


def _one(pair: tuple[int, int]) -> Value:
    return pair[0] if pair[0] == pair[1] else pair


def _around(amounts: Amounts) -> Value:
    """As Keras's layers take them: a number, two, or two pairs."""
    top, left, bottom, right = amounts
    if (top, left) == (bottom, right):
        return _one((top, left))
    return ((top, bottom), (left, right))


def _pairs(amounts: Amounts) -> Value:
    top, left, bottom, right = amounts
    return ((top, bottom), (left, right))


def _bordered(made: Code, name: str, amounts: Amounts) -> Code:
    """*made* behind a border that *name* makes."""
    if not any(amounts):
        return made
    padding = _around(amounts) if name.startswith("layers.") else _pairs(amounts)
    return made.between(Call(name, (("padding", padding),)), made.after)


def _same(size: int, stride: int, covered: int) -> tuple[int, int]:
    """TensorFlow's `same`, before and after."""
    total = max(0, (-(-size // stride) - 1) * stride + covered - size)
    return total // 2, total - total // 2


def _border(given: Given, padding: str = "padding") -> tuple[Amounts | None, Amounts]:
    """The border that Keras's `same` makes, where PyTorch's code asks for that, and the one that is asked for."""
    before = given.code.before
    if before is None:
        down, across = given.pair(padding)
        return None, (down, across, down, across)
    said = dict(before.arguments)
    if before.function == "pad_same":
        if not said.get("lower"):
            return (0, 0, 0, 0), (0, 0, 0, 0)
        stride, window, spacing = given.pair("stride"), given.pair("kernel_size"), given.pair("dilation")
        covered = [d * (k - 1) + 1 for k, d in zip(window, spacing, strict=True)]
        (top, bottom), (left, right) = (
            _same(size, stride[axis], covered[axis])[::-1] for axis, size in enumerate(given.sizes())
        )
        return None, (top, left, bottom, right)
    assert isinstance(said["pad"], tuple)
    left, right, top, bottom = map(int, said["pad"])  # type: ignore[arg-type]
    return None, (top, left, bottom, right)


def _keeps(amounts: Amounts, stride: tuple[int, int], covered: tuple[int, int]) -> bool:
    """Whether Keras's `same` makes the border for any size."""
    top, left, bottom, right = amounts
    pairs = ((top, bottom), (left, right))
    wanted = [((extent - 1) // 2, extent // 2) for extent in covered]
    return stride == (1, 1) and list(pairs) == wanted


def _windowed(given: Given, name: str, sizes: dict[str, Value], more: dict[str, Value]) -> Code:
    """A convolution, with its border in a word or in front."""
    window, stride, spacing = given.pair("kernel_size"), given.pair("stride"), given.pair("dilation")
    if stride != (1, 1) and spacing != (1, 1):
        raise Unfit("a window that is spaced does not stride in it")
    covered = (spacing[0] * (window[0] - 1) + 1, spacing[1] * (window[1] - 1) + 1)
    same, amounts = _border(given)
    is_same = same is not None or (any(amounts) and _keeps(amounts, stride, covered))
    made = module(
        name, **sizes, kernel_size=_one(window), **unless(1, strides=_one(stride)),
        **({"padding": "same"} if is_same else {}), **unless(1, dilation_rate=_one(spacing)), **more,
    )  # fmt: skip
    return made if is_same else _bordered(made, "layers.ZeroPadding2D", amounts)


# Layers with weights -----------------------------------------------------------------------------


@rule("nn.Conv2d")
def _conv(given: Given) -> Code:
    inputs, outputs, groups = given.whole("in_channels"), given.whole("out_channels"), given.whole("groups")
    bias = unless(True, use_bias=bool(given.arguments["bias"]))
    down, across = given.pair("stride")
    if groups == inputs > 1 and down == across:
        more = unless(1, depth_multiplier=outputs // inputs) | bias | given.learned("depthwise_initializer")
        return _windowed(given, "layers.DepthwiseConv2D", {}, more)
    more = unless(1, groups=groups) | bias | given.learned("kernel_initializer")
    return _windowed(given, "layers.Conv2D", {"filters": outputs}, more)


@rule("SepConv")
def _separable(given: Given) -> Code:
    stride = given.pair("stride")
    if stride[0] != stride[1]:
        raise Unfit("it strides alike down and across there")
    more = unless(1, depth_multiplier=given.whole("multiplier")) | unless(True, use_bias=bool(given.arguments["bias"]))
    more |= given.learned("depthwise_initializer", "pointwise_initializer")
    return _windowed(given, "layers.SeparableConv2D", {"filters": given.whole("out_channels")}, more)


@rule("nn.ConvTranspose2d")
def _transposed(given: Given) -> Code:
    if given.whole("groups") > 1:
        raise Unfit("it has no groups there")
    window, stride, spacing = given.pair("kernel_size"), given.pair("stride"), given.pair("dilation")
    if stride != (1, 1) and spacing != (1, 1):
        raise Unfit("a window that is spaced does not stride in it")
    down, across = given.pair("padding")
    top, left, bottom, right = down, across, down, across
    if given.code.after is not None:
        cut = dict(given.code.after.arguments)["pad"]
        assert isinstance(cut, tuple)
        left, right, top, bottom = (-int(each) for each in cut)  # type: ignore[arg-type]
    added = given.pair("output_padding")
    # Keras makes n * s of a window that is smaller than its stride.
    lacking = [max(0, s - d * (k - 1) - 1) for k, s, d in zip(window, stride, spacing, strict=True)]
    bottom, right = bottom + lacking[0] - added[0], right + lacking[1] - added[1]
    if min(top, left, bottom, right) < 0:
        raise Unfit("it adds nothing behind the last window there")
    made = module(
        "layers.Conv2DTranspose", filters=given.whole("out_channels"), kernel_size=_one(window),
        **unless(1, strides=_one(stride)), **unless(1, dilation_rate=_one(spacing)),
        **unless(True, use_bias=bool(given.arguments["bias"])), **given.learned("kernel_initializer"),
    )  # fmt: skip
    amounts = (top, left, bottom, right)
    return made.between(None, Call("layers.Cropping2D", (("cropping", _around(amounts)),)) if any(amounts) else None)


@rule("nn.Linear")
def _dense(given: Given) -> Code:
    bias = unless(True, use_bias=bool(given.arguments["bias"]))
    return module("layers.Dense", units=given.whole("out_features"), **bias, **given.learned("kernel_initializer"))


@rule("nn.BatchNorm2d", "nn.BatchNorm1d")
def _batch_norm(given: Given) -> Code:
    momentum = round(1 - given.number("momentum"), _INEXACT)
    learned = given.learned() | _affine(given)
    return module("layers.BatchNormalization", momentum=momentum, epsilon=given.number("eps"), **learned)


def _affine(given: Given) -> dict[str, Value]:
    affine = bool(given.arguments["affine"])
    return unless(True, center=affine, scale=affine)


@rule("nn.InstanceNorm2d")
def _instance_norm(given: Given) -> Code:
    how = given.learned() | _affine(given)
    return module("layers.GroupNormalization", groups=-1, epsilon=given.number("eps"), **how)


@rule("nn.GroupNorm")
def _group_norm(given: Given) -> Code:
    groups = unless(32, groups=given.whole("num_groups"))
    return module("layers.GroupNormalization", **groups, epsilon=given.number("eps"), **given.learned())


@rule("nn.LayerNorm", "ChannelNorm")
def _layer_norm(given: Given) -> Code:
    return module("layers.LayerNormalization", epsilon=given.number("eps"), **given.learned())


@rule("nn.PReLU")
def _prelu(given: Given) -> Code:
    is_shared, learned = given.whole("num_parameters") == 1, given.learned()
    axes = ((1, 2, 3) if given.is_map else (1,)) if is_shared else (1, 2) if given.is_map else None
    start: dict[str, object] = {"alpha_initializer": Word("keras.initializers.Constant(0.25)")}
    shared: dict[str, Value] = {} if axes is None else {"shared_axes": axes}
    return Code("layers.PReLU", (*start.items(), *shared.items(), *learned.items()))  # type: ignore[arg-type]


@rule("Scale")
def _scale(given: Given) -> Code:
    if not given.is_map:
        raise Unfit("it has one for the channels of a map, and this is a vector")
    bias = unless(True, use_bias=bool(given.arguments["bias"]))
    learned = given.learned() | {"depthwise_initializer": "ones"}
    return module("layers.DepthwiseConv2D", kernel_size=1, **bias, **learned)


@rule("RootMeanSquareNorm")
def _rms_norm(given: Given) -> Code:
    return module("layers.RMSNormalization", **unless(1e-6, epsilon=given.number("eps")), **given.learned())


@rule("L2Norm")
def _l2_norm(given: Given) -> Code:
    return module("ops.normalize", **unless(1e-12, epsilon=given.number("eps")))


@rule("GlobalResponseNorm")
def _response_norm(given: Given) -> Code:
    return module("global_response_norm", **unless(1e-6, eps=given.number("eps")))


@rule("ChannelAttention")
def _attention(given: Given) -> Code:
    return module("channel_attention", size=given.whole("size"))


# Pools -------------------------------------------------------------------------------------------


def _overhang(given: Given, amounts: Amounts) -> tuple[int, int]:
    """How far the last window reaches beyond the border, down and across."""
    if not given.arguments["ceil_mode"]:
        return 0, 0
    window, stride = given.pair("kernel_size"), _stride(given)
    found = []
    for axis, (size, count) in enumerate(zip(given.sizes(), given.made, strict=True)):
        reached = (count - 1) * stride[axis] + window[axis]
        found.append(max(0, reached - size - amounts[axis] - amounts[axis + 2]))
    return found[0], found[1]


def _stride(given: Given) -> tuple[int, int]:
    return given.pair("kernel_size" if given.arguments["stride"] is None else "stride")


def _is_same(given: Given, amounts: Amounts) -> bool:
    """Whether Keras's `same` makes this border of a pool."""
    window, stride = given.pair("kernel_size"), _stride(given)
    if _keeps(amounts, stride, window):
        return True
    sizes = given.size(0), given.size(1)
    return all(
        size is not None and _same(size, stride[axis], window[axis]) == (amounts[axis], amounts[axis + 2])
        for axis, size in enumerate(sizes)
    )


def _pool(given: Given, name: str, **more: Value) -> Code:
    window, stride = given.pair("kernel_size"), _stride(given)
    return module(name, pool_size=_one(window), **({} if stride == window else {"strides": _one(stride)}), **more)


@rule("nn.MaxPool2d")
def _max_pool(given: Given) -> Code:
    if given.pair("dilation") != (1, 1):
        raise Unfit("its windows are not spaced there")
    own, (top, left, bottom, right) = _border(given)
    if own is not None:
        return _pool(given, "layers.MaxPooling2D", padding="same")
    down, across = _overhang(given, (top, left, bottom, right))
    amounts = (top, left, bottom + down, right + across)
    if any(amounts) and _is_same(given, amounts):
        return _pool(given, "layers.MaxPooling2D", padding="same")
    return _bordered(_pool(given, "layers.MaxPooling2D"), "pad_least", amounts)


@rule("nn.AvgPool2d")
def _avg_pool(given: Given) -> Code:
    down, across = given.pair("padding")
    return _means(given, (down, across, down, across), _overhang(given, (down, across, down, across)))


@rule("AvgPool")
def _uneven_avg_pool(given: Given) -> Code:
    if given.arguments["ceil_mode"]:
        raise Unfit("it asks for a known height and width")
    padding = given.arguments["padding"]
    assert isinstance(padding, tuple)
    left, right, top, bottom = padding
    return _means(given, (top, left, bottom, right), given.pair("beyond"))


@rule("SameAvgPool")
def _same_avg_pool(given: Given) -> Code:
    if given.arguments["lower"] or given.arguments["count_include_pad"]:
        raise Unfit("it asks for a known height and width")
    return _pool(given, "layers.AveragePooling2D", padding="same")


def _means(given: Given, amounts: Amounts, beyond: tuple[int, int]) -> Code:
    counted = bool(given.arguments["count_include_pad"]) and any(amounts)
    if not any(beyond) and (counted or not any(amounts)):
        return _bordered(_pool(given, "layers.AveragePooling2D"), "layers.ZeroPadding2D", amounts)
    whole = (amounts[0], amounts[1], amounts[2] + beyond[0], amounts[3] + beyond[1])
    if not counted and _is_same(given, whole):
        return _pool(given, "layers.AveragePooling2D", padding="same")
    more: dict[str, Value] = {**unless(False, counted=counted), **unless((0, 0), beyond=beyond)}
    strides = _one(_stride(given))
    return module(
        "avg_pool", pool_size=_one(given.pair("kernel_size")), strides=strides, padding=_pairs(amounts), **more
    )


@rule("nn.AdaptiveMaxPool2d", "nn.AdaptiveAvgPool2d")
def _adaptive(given: Given) -> Code:
    sort = "Max" if "Max" in given.code.module else "Average"
    if given.pair("output_size") == (1, 1):
        return module(f"layers.Global{sort}Pooling2D", keepdims=True)
    pairs = list(zip(given.sizes(), given.pair("output_size"), strict=True))
    if all(size % count == 0 for size, count in pairs):
        window = pairs[0][0] // pairs[0][1], pairs[1][0] // pairs[1][1]
        return module(f"layers.{sort}Pooling2D", pool_size=_one(window))
    return module(f"layers.Adaptive{sort}Pooling2D", output_size=_one(given.pair("output_size")))


# Activations and numbers -------------------------------------------------------------------------

_ACTIVATIONS = {
    "nn.ReLU": "relu", "nn.ReLU6": "relu6", "nn.SELU": "selu", "nn.SiLU": "silu", "nn.Hardswish": "hard_silu",
    "nn.Hardsigmoid": "hard_sigmoid", "nn.Mish": "mish", "nn.Sigmoid": "sigmoid", "nn.Tanh": "tanh",
    "nn.Softplus": "softplus", "nn.Softmax": "softmax", "nn.LogSoftmax": "log_softmax",
}  # fmt: skip
FUNCTIONS = {
    f"ops.{name}": name
    for name in ("relu", "relu6", "selu", "silu", "hard_silu", "hard_sigmoid", "sigmoid", "tanh", "softplus")
}
"""Functions that are an activation without more ado, by the word that Keras's layers have for it."""


@rule(*_ACTIVATIONS)
def _activation(given: Given) -> Code:
    word = _ACTIVATIONS[given.code.module]
    function = f"ops.{word}" if f"ops.{word}" in FUNCTIONS and given.code.function else ""
    return module("layers.Activation", function, activation=word)


@rule("nn.GELU")
def _gelu(given: Given) -> Code:
    if given.arguments["approximate"] == "none":
        return module("layers.Activation", activation="gelu")
    return module("gelu_by_tanh")


@rule("nn.LeakyReLU")
def _leaky(given: Given) -> Code:
    return module("layers.LeakyReLU", **unless(0.3, negative_slope=given.number("negative_slope")))


@rule("nn.ELU")
def _elu(given: Given) -> Code:
    return module("layers.ELU", **unless(1.0, alpha=given.number("alpha")))


@rule("HardSigmoid")
def _hard_sigmoid(given: Given) -> Code:
    return module("hard_sigmoid", slope=given.number("slope"), shift=given.number("shift"))


@rule("SplitSoftmax")
def _split_softmax(given: Given) -> Code:
    if given.is_map:
        given.sizes()
    return module("split_softmax", parts=given.whole("parts"))


@rule("Clip")
def _clip(given: Given) -> Code:
    low, high = given.arguments["low"], given.arguments["high"]
    if low is None:
        return module("at_most", high=given.number("high"))
    if high is None:
        return module("at_least", low=given.number("low"))
    return module("ops.clip", x_min=given.number("low"), x_max=given.number("high"))


@rule("Power")
def _power(given: Given) -> Code:
    return module("ops.power", x2=given.number("exponent"))


@rule("TimesNumber")
def _times(given: Given) -> Code:
    return module("layers.Rescaling", scale=given.number("number"))


@rule("PlusNumber")
def _plus(given: Given) -> Code:
    return module("layers.Rescaling", scale=1.0, offset=given.number("number"))


@rule("nn.LocalResponseNorm", "LocalResponseNormEven")
def _lrn(given: Given) -> Code:
    more = {**unless(1e-4, alpha=given.number("alpha")), **unless(0.75, beta=given.number("beta"))}
    return module("local_response_norm", size=given.whole("size"), **more, **unless(1.0, k=given.number("k")))


@rule("nn.Dropout")
def _dropout(given: Given) -> Code:
    return module("layers.Dropout", rate=given.number("p"))


# Shapes ------------------------------------------------------------------------------------------


@rule("nn.Unflatten")
def _unflatten(given: Given) -> Code:
    return Code("layers.Reshape", (("target_shape", (*given.made, int(str(given.layer.output.channels)))),))


@rule("nn.ZeroPad2d", "nn.ConstantPad2d", "nn.ReflectionPad2d")
def _pad(given: Given) -> Code:
    padding = given.arguments["padding"]
    assert isinstance(padding, tuple)
    left, right, top, bottom = padding
    if "Zero" in given.code.module:
        return module("layers.ZeroPadding2D", padding=_around((top, left, bottom, right)))
    pairs = _pairs((top, left, bottom, right))
    if "Constant" in given.code.module:
        return module("pad", padding=pairs, value=given.number("value"))
    return module("pad", padding=pairs, mode="reflect")


@rule("Crop")
def _crop(given: Given) -> Code:
    top, left, bottom, right = (given.whole(side) for side in ("top", "left", "bottom", "right"))
    return module("layers.Cropping2D", cropping=_around((top, left, bottom, right)))


@rule("crop")
def _crop_as(given: Given) -> Code:
    given.sizes(), given.sizes(1)
    return Code(function="crop")


@rule("Slice")
def _slice(given: Given) -> Code:
    return module("channels", start=given.whole("start"), stop=given.whole("stop"))


@rule("Widen")
def _widen(given: Given) -> Code:
    return module("widen", more=given.whole("more"), **unless(1, stride=_one(given.pair("stride"))))


@rule("nn.ChannelShuffle")
def _shuffle(given: Given) -> Code:
    given.sizes()
    return module("channel_shuffle", groups=given.whole("groups"))


@rule("nn.PixelUnshuffle")
def _unshuffle(given: Given) -> Code:
    given.sizes()
    return module("pixel_unshuffle", n=given.whole("downscale_factor"))


@rule("Reorg")
def _reorg(given: Given) -> Code:
    given.sizes()
    way = "by_column" if given.arguments["by_column"] else "by_pixel"
    return module("pixel_unshuffle", n=given.whole("n"), **{way: True})


@rule("ReorgAsDarknet")
def _reorg_as_darknet(given: Given) -> Code:
    given.sizes()
    return module("reorg_as_darknet", n=given.whole("n"))


@rule("nn.PixelShuffle")
def _pixel_shuffle(given: Given) -> Code:
    given.sizes()
    return module("pixel_shuffle", n=given.whole("upscale_factor"))


@rule("Unreorg")
def _unreorg(given: Given) -> Code:
    given.sizes()
    return module("pixel_shuffle", n=given.whole("n"), by_pixel=True)


@rule("nn.Upsample", "Resize")
def _upsample(given: Given) -> Code:
    if given.arguments["align_corners"]:
        raise Unfit("it blends as if pixels were squares there: leave align_corners out")
    mode = str(given.arguments["mode"])
    if mode == "bicubic":
        raise Unfit(_CUBIC)
    blend = unless("nearest", interpolation=mode)
    factor = given.arguments["scale_factor"]
    factors = factor if isinstance(factor, tuple) else (factor, factor)
    if all(isinstance(each, int) for each in factors):
        return module("layers.UpSampling2D", size=_one(factors), **blend)
    ratios = list(zip(given.made, given.sizes(), strict=True))
    if factor is not None and any(made != size * each for (made, size), each in zip(ratios, factors, strict=True)):
        raise Unfit("the size that it makes is not the factor's")
    if all(made % size == 0 for made, size in ratios):
        times = ratios[0][0] // ratios[0][1], ratios[1][0] // ratios[1][1]
        return module("layers.UpSampling2D", size=_one(times), **blend)
    if mode == "nearest":
        raise Unfit("which pixels it copies is another matter there, unless the size is a multiple")
    return module("resize", size=given.made, **blend)


_CUBIC = "its cubic curve is another one there, of a = -0.5"


@rule("resize_as")
def _resize_as(given: Given) -> Code:
    said = dict(given.code.options)
    if said.get("align_corners"):
        raise Unfit("it blends as if pixels were squares there: leave align_corners out")
    if said.get("mode") == "bicubic":
        raise Unfit(_CUBIC)
    ratios = zip(given.made, given.sizes(), strict=True)
    if said.get("mode", "nearest") == "nearest" and any(made % size for made, size in ratios):
        raise Unfit("which pixels it copies is another matter there, unless the size is a multiple")
    blend = unless("nearest", interpolation=said.get("mode", "nearest"))
    return Code(function="resize_as", options=tuple(blend.items()))
