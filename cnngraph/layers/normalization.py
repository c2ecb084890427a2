"""Normalizations: statistics taken out, and the learned scale and shift that go with them."""

from __future__ import annotations

from typing import ClassVar

from cnngraph.layers.activation import onnx_dims, per_channel
from cnngraph.layers.code import Code, module, unless
from cnngraph.layers.kind import Caption, Family, Kind, Lowering, Parameter, argument, kind
from cnngraph.layers.pooling import reduced
from cnngraph.layers.reach import POINT, Reach
from cnngraph.layers.values import COUNT, FLAG, FRACTION, NUMBER, POSITIVE
from cnngraph.layers.window import need_equal_parts, need_map
from cnngraph.volume import Dim, Volume, as_int, fixed


@kind
class BatchNorm(Kind):
    """Batch normalization: each channel shifted and scaled by statistics kept from training, then by
    the learned γ and β (Ioffe & Szegedy 2015), unless it is without them (PyTorch's ``affine=False``)."""

    word = "bn"
    elsewhere = ("batchnorm", "batchnorm1d", "batchnorm2d", "batchnormalization", "bnorm")
    family: ClassVar[Family] = "norm"
    follows = "norm"
    subtracts_mean = True
    onnx = "BatchNormalization"

    eps: float = argument(POSITIVE, default=1e-5, doc="added to the variance")
    momentum: float = argument(FRACTION, default=0.1, doc="share of a new batch in the running statistics (training)")
    affine: bool = argument(FLAG, default=True, doc="γ and β are learned; else they are 1 and 0")

    def parameters(self, inputs: tuple[Volume, ...]) -> dict[str, Parameter]:
        shape = (as_int(inputs[0].channels),)
        return (_learned(inputs[0]) if self.affine else {}) | {
            "running_mean": Parameter(shape, fill=0.0, trainable=False),
            "running_var": Parameter(shape, fill=1.0, trainable=False),
        }

    def lower(self, to: Lowering) -> None:
        parameters = [*_affine(self.affine, to), to.parameter("running_mean"), to.parameter("running_var")]
        # ONNX's momentum is the share of the old statistics, the language's (and PyTorch's) that of the new batch.
        momentum = 1 - self.momentum
        to.node("BatchNormalization", [to.inputs[0], *parameters], to.output, epsilon=self.eps, momentum=momentum)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        name = "nn.BatchNorm2d" if inputs[0].is_map else "nn.BatchNorm1d"
        more = {**unless(1e-5, eps=self.eps), **unless(0.1, momentum=self.momentum), **unless(True, affine=self.affine)}
        return module(name, num_features=as_int(inputs[0].channels), **more)

    def caption(self) -> Caption:
        return Caption("batch norm", details=() if self.affine else ("no γ, β",), short="BN")


@kind
class InstanceNorm(Kind):
    """Instance normalization: each channel of each picture shifted and scaled by its own mean and variance over
    height and width, then by the learned γ and β (Ulyanov et al. 2016), unless it is without them, as PyTorch's is but
    for ``affine=True``."""

    word = "instancenorm"
    elsewhere = ("instancenormalization", "inorm")
    family: ClassVar[Family] = "norm"
    follows = "norm"
    subtracts_mean = True
    onnx = "InstanceNormalization"

    eps: float = argument(POSITIVE, default=1e-5, doc="added to the variance")
    affine: bool = argument(FLAG, default=True, doc="γ and β are learned; else they are 1 and 0")

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        need_map(inputs[0], self.word)
        return inputs[0]

    def parameters(self, inputs: tuple[Volume, ...]) -> dict[str, Parameter]:
        return _learned(inputs[0]) if self.affine else {}

    def reach(self, inputs: tuple[Volume, ...]) -> tuple[Reach, Reach] | None:
        return None

    def lower(self, to: Lowering) -> None:
        to.node("InstanceNormalization", [to.inputs[0], *_affine(self.affine, to)], to.output, epsilon=self.eps)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        affine = unless(False, affine=self.affine)
        return module(
            "nn.InstanceNorm2d", num_features=as_int(inputs[0].channels), **unless(1e-5, eps=self.eps), **affine
        )

    def caption(self) -> Caption:
        return Caption("instance norm", details=() if self.affine else ("no γ, β",), short="IN")


@kind
class GroupNorm(Kind):
    """Group normalization: g groups of neighbouring channels, each shifted and scaled by its own mean and variance over
    height, width and its channels; then each channel by the learned γ and β (Wu & He 2018)."""

    word = "groupnorm"
    elsewhere = ("gn", "groupnormalization")
    family: ClassVar[Family] = "norm"
    follows = "norm"
    onnx = "GroupNormalization (from opset 21), else Reshape, InstanceNormalization, Reshape, Mul and Add"

    g: int = argument(COUNT, positional=True, default=32, doc="how many groups (the paper's 32)")
    eps: float = argument(POSITIVE, default=1e-5, doc="added to the variance")

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        (volume,) = inputs
        need_map(volume, self.word)
        need_equal_parts(
            volume, self.g, at="g", message=f"{self.g} groups do not divide the channels",
            help=f"write  {self.word} {{0}} , or on the step of a layer  {self.word}={{0}}",
        )  # fmt: skip
        return volume

    def parameters(self, inputs: tuple[Volume, ...]) -> dict[str, Parameter]:
        return _learned(inputs[0])

    def reach(self, inputs: tuple[Volume, ...]) -> tuple[Reach, Reach] | None:
        return None

    def lower(self, to: Lowering) -> None:
        if to.opset >= 21:
            weights = [to.parameter("weight"), to.parameter("bias")]
            to.node(
                "GroupNormalization", [to.inputs[0], *weights], to.output, num_groups=self.g, epsilon=float(self.eps)
            )
            return
        volume = to.output_volume
        channels, dims = as_int(volume.channels), onnx_dims(volume)
        each = channels // self.g * volume.height * volume.width
        # Behind the last axis there is one more, as onnxruntime's kernels of float16 want pictures.
        groups = to.node(
            "Reshape", [to.inputs[0], to.constant("apart", [0, self.g, -1, 1])], to.inner("groups", (self.g, each, 1))
        )
        ones, zeros = to.constant("ones", [1.0] * self.g), to.constant("zeros", [0.0] * self.g)
        normed = to.inner("normed", (self.g, each, 1))
        to.node("InstanceNormalization", [groups, ones, zeros], normed, epsilon=float(self.eps))
        size = (
            to.constant("size", [0, *map(as_int, dims)])
            if fixed(dims)
            else to.node("Shape", to.inputs, to.sizes("size", 4))
        )
        standard = to.node("Reshape", [normed, size], to.inner("standard", dims))
        scaled = to.node("Mul", [standard, to.parameter("weight", (channels, 1, 1))], to.inner("scaled", dims))
        to.node("Add", [scaled, to.parameter("bias", (channels, 1, 1))], to.output)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        channels = as_int(inputs[0].channels)
        return module("nn.GroupNorm", num_groups=self.g, num_channels=channels, **unless(1e-5, eps=self.eps))

    def caption(self) -> Caption:
        return Caption("group norm", details=(f"g = {self.g}",), short="GN")


@kind
class Grn(Kind):
    """Global response normalization (ConvNeXt V2; Woo et al. 2023): with G the root of the sum of a channel's squares
    over height and width, ``γ * x * G / (mean of G over the channels + eps) + β + x``. γ and β begin with 0, so that at
    first it changes nothing."""

    word = "grn"
    elsewhere = ("globalresponsenorm", "globalresponsenormalization")
    family: ClassVar[Family] = "norm"
    onnx = "ReduceL2, ReduceMean, Add, Div, Mul, Add, Mul and Add"

    eps: float = argument(POSITIVE, default=1e-6, doc="added to the mean")

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        need_map(inputs[0], self.word)
        return inputs[0]

    def parameters(self, inputs: tuple[Volume, ...]) -> dict[str, Parameter]:
        shape = per_channel(inputs[0])
        return {"weight": Parameter(shape, fill=0.0), "bias": Parameter(shape, fill=0.0)}

    def reach(self, inputs: tuple[Volume, ...]) -> tuple[Reach, Reach] | None:
        return None

    def lower(self, to: Lowering) -> None:
        """As ``x * (γ * G/mean + 1) + β``: but for two all nodes are of one number a channel."""
        channels, dims = as_int(to.output_volume.channels), onnx_dims(to.output_volume)
        each: tuple[Dim, ...] = (channels, 1, 1)
        roots = reduced("ReduceL2", to, to.inputs[0], to.inner("roots", each), [2, 3])
        mean = reduced("ReduceMean", to, roots, to.inner("mean", (1, 1, 1)), [1])
        divisor = to.node("Add", [mean, to.constant("eps", [float(self.eps)], ())], to.inner("divisor", (1, 1, 1)))
        share = to.node("Div", [roots, divisor], to.inner("share", each))
        weighed = to.node("Mul", [share, to.parameter("weight")], to.inner("weighed", each))
        factor = to.node("Add", [weighed, to.constant("one", [1.0], ())], to.inner("factor", each))
        scaled = to.node("Mul", [to.inputs[0], factor], to.inner("scaled", dims))
        to.node("Add", [scaled, to.parameter("bias")], to.output)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        name = "GlobalResponseNorm"
        return module(name, channels=as_int(inputs[0].channels), **unless(1e-6, eps=self.eps))

    def caption(self) -> Caption:
        return Caption("global response norm", short="GRN")


@kind
class LayerNorm(Kind):
    """Layer normalization over the channels, at each place of a map by itself (ConvNeXt; Ba et al. 2016)."""

    word = "layernorm"
    elsewhere = ("layernormalization",)
    family: ClassVar[Family] = "norm"
    onnx = "LayerNormalization, between two Transpose on a map"

    eps: float = argument(POSITIVE, default=1e-6, doc="added to the variance")

    def parameters(self, inputs: tuple[Volume, ...]) -> dict[str, Parameter]:
        return _learned(inputs[0])

    def reach(self, inputs: tuple[Volume, ...]) -> tuple[Reach, Reach] | None:
        return POINT if inputs[0].is_map else None

    def lower(self, to: Lowering) -> None:
        weights = [to.parameter("weight"), to.parameter("bias")]
        volume = to.output_volume
        if not volume.is_map:
            to.node("LayerNormalization", [to.inputs[0], *weights], to.output, axis=-1, epsilon=self.eps)
            return
        turned = to.node("Transpose", to.inputs, to.inner("hwc", volume.dims), perm=[0, 2, 3, 1])
        normed = to.inner("normed", volume.dims)
        to.node("LayerNormalization", [turned, *weights], normed, axis=-1, epsilon=self.eps)
        to.node("Transpose", [normed], to.output, perm=[0, 3, 1, 2])

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        name = "ChannelNorm" if inputs[0].is_map else "nn.LayerNorm"
        return module(name, normalized_shape=as_int(inputs[0].channels), eps=self.eps)

    def caption(self) -> Caption:
        return Caption("layer norm", short="LN")


@kind
class RmsNorm(Kind):
    """Root mean square normalization over the channels, at each place of a map by itself: ``γ * x / sqrt(mean of x² +
    eps)``, `layernorm` without its mean and β (Zhang & Sennrich 2019)."""

    word = "rmsnorm"
    elsewhere = ("rmsnorm2d", "rmsnormalization")
    family: ClassVar[Family] = "norm"
    onnx = "Mul, ReduceMean, Add, Sqrt, Div and Mul"

    eps: float = argument(POSITIVE, default=1e-6, doc="added to the mean of the squares")

    def parameters(self, inputs: tuple[Volume, ...]) -> dict[str, Parameter]:
        return {"weight": Parameter(per_channel(inputs[0]), fill=1.0)}

    def reach(self, inputs: tuple[Volume, ...]) -> tuple[Reach, Reach] | None:
        return POINT if inputs[0].is_map else None

    def lower(self, to: Lowering) -> None:
        dims, (x, *_) = onnx_dims(to.output_volume), to.inputs
        one = (1, *dims[1:])
        squares = to.node("Mul", [x, x], to.inner("squares", dims))
        mean = reduced("ReduceMean", to, squares, to.inner("mean", one), [1])
        more = to.node("Add", [mean, to.constant("eps", [float(self.eps)], ())], to.inner("more", one))
        root = to.node("Sqrt", [more], to.inner("root", one))
        standard = to.node("Div", [x, root], to.inner("standard", dims))
        to.node("Mul", [standard, to.parameter("weight")], to.output)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        more = {**unless(True, is_map=inputs[0].is_map), **unless(1e-6, eps=self.eps)}
        return module("RootMeanSquareNorm", channels=as_int(inputs[0].channels), **more)

    def caption(self) -> Caption:
        return Caption("RMS norm", short="RMS")


@kind
class L2Norm(Kind):
    """The channels as a vector of length 1, at each place of a map by itself: ``x / max(sqrt(sum of x²), eps)``. With
    `scale` behind it what SSD does with the first map that it detects on (Liu et al. 2015, "ParseNet"); of a vector,
    what embeddings of faces end with."""

    word = "l2norm"
    elsewhere = ("l2normalize", "l2normalization", "unitnormalization")
    family: ClassVar[Family] = "norm"
    onnx = "ReduceL2, Clip and Div"

    eps: float = argument(POSITIVE, default=1e-12, doc="the least that is divided by")

    def reach(self, inputs: tuple[Volume, ...]) -> tuple[Reach, Reach] | None:
        return POINT if inputs[0].is_map else None

    def lower(self, to: Lowering) -> None:
        one = (1, *onnx_dims(to.output_volume)[1:])
        length = reduced("ReduceL2", to, to.inputs[0], to.inner("length", one), [1])
        divisor = to.node("Clip", [length, to.constant("eps", [float(self.eps)], ())], to.inner("divisor", one))
        to.node("Div", [to.inputs[0], divisor], to.output)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return module("L2Norm", **unless(1e-12, eps=self.eps))

    def caption(self) -> Caption:
        return Caption("L2 norm", short="L2")


@kind
class Lrn(Kind):
    """Local response normalization across n neighbouring channels,
    ``x / (k + alpha/n * Σx²)^beta`` (ONNX LRN; PyTorch and Caffe divide alpha by n too, the AlexNet paper does not).
    Of these ⌊(n - 1)/2⌋ lie before the channel and ⌈(n - 1)/2⌉ behind it, as in ONNX; of an even n PyTorch has one more
    before."""

    word = "lrn"
    family: ClassVar[Family] = "norm"
    onnx = "LRN; for an even n Mul, AveragePool between two Reshape, Mul, Add, Pow and Div"

    n: int = argument(COUNT, default=5, doc="how many channels; of an even number one more after than before")
    alpha: float = argument(NUMBER, default=1e-4, doc="weight of the sum of squares")
    beta: float = argument(NUMBER, default=0.75, doc="exponent")
    k: float = argument(NUMBER, default=1.0, doc="added to the sum")

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        need_map(inputs[0], self.word)
        return inputs[0]

    def lower(self, to: Lowering) -> None:
        if self.n % 2:
            to.node("LRN", to.inputs, to.output, size=self.n, alpha=self.alpha, beta=self.beta, bias=self.k)
            return
        # onnxruntime has no LRN of an even number: the mean over channels is a pool over what is turned on its side.
        volume = to.output_volume
        dims, before = onnx_dims(volume), (self.n - 1) // 2
        side: tuple[Dim, ...] = (1, volume.channels, volume.height * volume.width)
        squares = to.node("Mul", [to.inputs[0], to.inputs[0]], to.inner("squares", dims))
        turned = to.node(
            "Reshape", [squares, to.constant("side", [0, 1, as_int(volume.channels), -1])], to.inner("turned", side)
        )
        window = {"kernel_shape": [self.n, 1], "pads": [before, 0, self.n - 1 - before, 0], "count_include_pad": 1}
        means = to.node("AveragePool", [turned], to.inner("means", side), **window)
        size = to.node("Shape", to.inputs, to.sizes("size", 4))
        upright = to.node("Reshape", [means, size], to.inner("upright", dims))
        alpha, k, beta = (
            to.constant(name, [float(value)], ())
            for name, value in (("alpha", self.alpha), ("k", self.k), ("beta", self.beta))
        )
        weighed = to.node("Mul", [upright, alpha], to.inner("weighed", dims))
        sums = to.node("Add", [weighed, k], to.inner("sums", dims))
        powers = to.node("Pow", [sums, beta], to.inner("powers", dims))
        to.node("Div", [to.inputs[0], powers], to.output)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        name = "nn.LocalResponseNorm" if self.n % 2 else "LocalResponseNormEven"
        more = {**unless(1e-4, alpha=self.alpha), **unless(0.75, beta=self.beta), **unless(1.0, k=self.k)}
        return module(name, size=self.n, **more)

    def caption(self) -> Caption:
        return Caption("LRN")


def _learned(volume: Volume) -> dict[str, Parameter]:
    """γ and β of each channel, which at first change nothing."""
    shape = (as_int(volume.channels),)
    return {"weight": Parameter(shape, fill=1.0), "bias": Parameter(shape, fill=0.0)}


def _affine(learned: bool, to: Lowering) -> list[str]:
    """γ and β, *learned* or 1 and 0."""
    if learned:
        return [to.parameter("weight"), to.parameter("bias")]
    channels = as_int(to.output_volume.channels)
    return [to.constant("ones", [1.0] * channels), to.constant("zeros", [0.0] * channels)]
