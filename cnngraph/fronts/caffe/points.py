"""Caffe's layers that take one blob, number by number or vector by vector: activations, normalizations, scales, fully
connected ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cnngraph.fronts.caffe.composed import within_channel
from cnngraph.fronts.caffe.layer import Layer
from cnngraph.fronts.caffe.net import Net
from cnngraph.layers.activation import (
    Abs,
    Clip,
    Elu,
    HSwish,
    Leaky,
    Mish,
    Power,
    PRelu,
    Relu,
    Relu6,
    Sigmoid,
    Softplus,
    Square,
    Swish,
    Tanh,
)
from cnngraph.layers.dense import Dropout, Fc, Flatten, Unflatten
from cnngraph.layers.kind import Kind
from cnngraph.layers.normalization import BatchNorm, L2Norm, Lrn
from cnngraph.layers.rearrange import Shuffle
from cnngraph.layers.scaling import Plus, Scale, Shift, Times
from cnngraph.volume import as_int

Made = str | None


def plain(kind: Callable[[], Kind]) -> Callable[[Net, Layer, Sequence[str]], Made]:
    """A layer that is *kind*, whatever its options."""

    def added(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
        return net.add(layer, kind(), inputs[:1])

    return added


def relu(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """Below zero the numbers times `negative_slope`."""
    slope = layer.options("relu_param").number("negative_slope", 0.0)
    return net.add(layer, Leaky(slope=slope) if slope else Relu(), inputs[:1])


def prelu(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """A slope for each channel, or one for all."""
    shared = layer.options("prelu_param").flag("channel_shared", False)
    return net.add(layer, PRelu(shared=shared), inputs[:1], blobs={"weight": 0})


def elu(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """``alpha * (exp(x) - 1)`` below zero."""
    return net.add(layer, Elu(alpha=layer.options("elu_param").number("alpha", 1.0)), inputs[:1])


def power(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """``(shift + scale * x) ^ power``"""
    options, tensor = layer.options("power_param"), inputs[0]
    exponent = options.number("power", 1.0)
    if (scale := options.number("scale", 1.0)) != 1:
        tensor = net.add(layer, Times(by=scale), [tensor])
    if shift := options.number("shift", 0.0):
        tensor = net.add(layer, Plus(by=shift), [tensor])
    if exponent == 1:
        return tensor
    return net.add(layer, Square() if exponent == 2 else Power(p=exponent), [tensor])


def normalize(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """SSD's: at each place, or of the whole map, ``x / sqrt(sum of x² + eps)``, times a number for each channel, or one
    for all. That the length is at least the root of eps comes to the same. Without its options it is that of others,
    which has no such numbers and is at each place."""
    options, volume = layer.options("norm_param"), net.volume(inputs[0])
    kind = L2Norm(eps=max(options.number("eps", 1e-10), 1e-24) ** 0.5)
    if "norm_param" not in layer.message:
        return net.add(layer, kind, inputs[:1])
    whole = volume.is_map and options.flag("across_spatial", True)
    tensor = net.add(layer, Flatten(), inputs[:1], name=f"{layer.name}/flatten") if whole else inputs[0]
    tensor = net.add(layer, kind, [tensor], name=f"{layer.name}/norm")
    if whole:
        height, width, channels = map(as_int, volume.dims)
        back = Unflatten(volume=(height, width, channels))
        tensor = net.add(layer, back, [tensor], name=f"{layer.name}/unflatten")
    scale = Times(by=None) if options.flag("channel_shared", True) else Scale()
    return net.add(layer, scale, [tensor], blobs={"weight": 0})


def dropout(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """Nothing, when the network runs."""
    options = layer.options("spatial_dropout_param" if layer.type == "SpatialDropout" else "dropout_param")
    return net.add(layer, Dropout(p=options.number("dropout_ratio", 0.5)), inputs[:1])


def lrn(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """Its alpha is divided by the number of channels, as the kind's is."""
    options = layer.options("lrn_param")
    if options.text("norm_region", "ACROSS_CHANNELS") not in ("ACROSS_CHANNELS", "0"):
        return within_channel(net, layer, inputs[0])
    kind = Lrn(n=options.count("local_size", 5), alpha=options.number("alpha", 1.0), beta=options.number("beta", 0.75),
               k=options.number("k", 1.0))  # fmt: skip
    return net.add(layer, kind, inputs[:1])


def clip(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """Not below `min`, and not above `max`."""
    options = layer.options("clip_param")
    return net.add(layer, Clip(lo=options.number("min", 0.0), hi=options.number("max", 0.0)), inputs[:1])


def inner_product(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """From `axis` on all is one vector, without a word."""
    options, tensor = layer.options("inner_product_param"), inputs[0]
    is_map = net.volume(tensor).is_map
    if options.whole("axis", 1) not in ((1, -3) if is_map else (1, -1)):
        return net.opaque(layer, inputs[:1], None)
    if is_map:
        tensor = net.add(layer, Flatten(), [tensor], name=f"{layer.name}/flatten")
    bias = options.flag("bias_term", True)
    return net.add(layer, Fc(units=options.count("num_output", 0), bias=bias), [tensor],
                   blobs={"weight": 0, "bias": 1} if bias else {"weight": 0},
                   transposed=options.flag("transpose", False))  # fmt: skip


def scale_alone(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """A factor for each channel, and a number to add if it has a `bias_term`."""
    options = layer.options("scale_param")
    if not of_channels(layer, "scale_param"):
        return net.opaque(layer, inputs[:1], net.volume(inputs[0]))
    bias = options.flag("bias_term", False)
    return net.add(layer, Scale(bias=bias), inputs[:1], blobs={"weight": 0, "bias": 1} if bias else {"weight": 0})


def bias_alone(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """A number for each channel, added."""
    if not of_channels(layer, "bias_param"):
        return net.opaque(layer, inputs[:1], net.volume(inputs[0]))
    return net.add(layer, Shift(), inputs[:1], blobs={"bias": 0})


def of_channels(layer: Layer, name: str) -> bool:
    """Whether a `Scale` or `Bias` has one number for each channel."""
    options = layer.options(name)
    return options.whole("axis", 1) in (1, -3) and options.whole("num_axes", 1) == 1


def batch_norm(net: Net, layer: Layer, inputs: Sequence[str], scale: Layer | None) -> Made:
    """It has statistics alone; γ and β are those of the layer *scale* right behind it, if there is one, or with
    NVIDIA's `scale_bias` its own."""
    options = layer.options("batch_norm_param")
    own = options.flag("scale_bias", False)
    kind = BatchNorm(eps=options.number("eps", 1e-5), affine=own or scale is not None)
    if net.blobs is None:
        return net.add(layer, kind, inputs[:1])
    volume = net.volume(inputs[0])
    weights = net.blobs.statistics(layer.name, as_int(volume.channels))
    if own:
        weights |= net.blobs.entries(layer.name, kind.parameters((volume,)), {"weight": 3, "bias": 4})
    elif scale is not None:
        weights |= net.blobs.entries(scale.name, kind.parameters((volume,)), {"weight": 0, "bias": 1})
    return net.draft.add(kind, inputs[:1], layer.name, scope=layer.scope, place=layer.span, weights=weights)


def forked_norm(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """The `BN` of forks: γ, β, mean and variance in one layer; SegNet's, told to run, has only the first two."""
    options = layer.options("bn_param")
    if options.text("bn_mode") in ("INFERENCE", "1"):
        return net.add(layer, Scale(bias=True), inputs[:1], blobs={"weight": 0, "bias": 1})
    blobs = {"weight": 0, "bias": 1, "running_mean": 2, "running_var": 3}
    return net.add(layer, BatchNorm(eps=options.number("eps", 1e-5)), inputs[:1], blobs=blobs)


def shuffle(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """ShuffleNet's."""
    return net.add(layer, Shuffle(g=layer.options("shuffle_channel_param").count("group", 1)), inputs[:1])


def swish(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """``x * sigmoid(beta * x)``"""
    if layer.options("swish_param").number("beta", 1.0) != 1:
        return net.opaque(layer, inputs[:1], net.volume(inputs[0]))
    return net.add(layer, Swish(), inputs[:1])


ALIKE = frozenset(
    {"ReLU", "ELU", "Swish", "Power", "Dropout", "Clip", "Exp", "Log", "Sigmoid", "TanH", "AbsVal", "BNLL"}
)
"""Layers that do the same with each number, wherever it lies."""

PLAIN: dict[str, Callable[[], Kind]] = {
    "Sigmoid": Sigmoid, "TanH": Tanh, "AbsVal": Abs, "BNLL": Softplus, "ReLU6": Relu6, "Mish": Mish, "HSwish": HSwish,
}  # fmt: skip
"""Layers without options."""
