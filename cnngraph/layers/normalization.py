"""Normalizations: statistics taken out, and the learned scale and shift that go with them."""

from __future__ import annotations

from typing import ClassVar

from cnngraph.layers.activation import onnx_dims
from cnngraph.layers.kind import Caption, Family, Fault, Kind, Lowering, Parameter, argument, kind
from cnngraph.layers.reach import POINT, Reach
from cnngraph.layers.values import COUNT, FRACTION, NUMBER, POSITIVE
from cnngraph.layers.window import need_map
from cnngraph.volume import Volume, as_int, divisors


@kind
class BatchNorm(Kind):
    """Batch normalization: each channel shifted and scaled by statistics kept from training, then by
    the learned γ and β (Ioffe & Szegedy 2015)."""

    word = "bn"
    elsewhere = ("batchnorm", "batchnorm1d", "batchnorm2d", "batchnormalization", "bnorm")
    family: ClassVar[Family] = "norm"
    follows = "norm"
    subtracts_mean = True
    onnx = "BatchNormalization"

    eps: float = argument(POSITIVE, default=1e-5, doc="added to the variance")
    momentum: float = argument(FRACTION, default=0.1, doc="share of a new batch in the running statistics (training)")

    def parameters(self, inputs: tuple[Volume, ...]) -> dict[str, Parameter]:
        shape = (as_int(inputs[0].channels),)
        return _learned(inputs[0]) | {
            "running_mean": Parameter(shape, fill=0.0, trainable=False),
            "running_var": Parameter(shape, fill=1.0, trainable=False),
        }

    def lower(self, to: Lowering) -> None:
        names = ("weight", "bias", "running_mean", "running_var")
        parameters = [to.parameter(name) for name in names]
        # ONNX's momentum is the share of the old statistics, the language's (and PyTorch's) that of the new batch.
        momentum = 1 - self.momentum
        to.node("BatchNormalization", [to.inputs[0], *parameters], to.output, epsilon=self.eps, momentum=momentum)

    def caption(self) -> Caption:
        return Caption("batch norm", short="BN")


@kind
class InstanceNorm(Kind):
    """Instance normalization: each channel of each picture shifted and scaled by its own mean and variance over
    height and width, then by the learned γ and β (Ulyanov et al. 2016). PyTorch has them with ``affine=True``."""

    word = "instancenorm"
    elsewhere = ("instancenormalization", "inorm")
    family: ClassVar[Family] = "norm"
    follows = "norm"
    subtracts_mean = True
    onnx = "InstanceNormalization"

    eps: float = argument(POSITIVE, default=1e-5, doc="added to the variance")

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        need_map(inputs[0], self.word)
        return inputs[0]

    def parameters(self, inputs: tuple[Volume, ...]) -> dict[str, Parameter]:
        return _learned(inputs[0])

    def reach(self, inputs: tuple[Volume, ...]) -> tuple[Reach, Reach] | None:
        return None

    def lower(self, to: Lowering) -> None:
        weights = [to.parameter("weight"), to.parameter("bias")]
        to.node("InstanceNormalization", [to.inputs[0], *weights], to.output, epsilon=self.eps)

    def caption(self) -> Caption:
        return Caption("instance norm", short="IN")


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
        channels = as_int(volume.channels)
        if channels % self.g:
            near = min(divisors(channels), key=lambda n: abs(n - self.g))
            raise Fault(
                "E0412",
                f"{self.g} groups do not divide the channels",
                at="g",
                remark=f"{channels} / {self.g} = {channels / self.g:g}",
                help=f"write  {self.word} {near} , or on the step of a layer  {self.word}={near}",
            )
        return volume

    def parameters(self, inputs: tuple[Volume, ...]) -> dict[str, Parameter]:
        return _learned(inputs[0])

    def reach(self, inputs: tuple[Volume, ...]) -> tuple[Reach, Reach] | None:
        return None

    def lower(self, to: Lowering) -> None:
        weights = [to.parameter("weight"), to.parameter("bias")]
        if to.opset >= 21:
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
        size = to.node("Shape", to.inputs, to.sizes("size", 4))
        standard = to.node("Reshape", [normed, size], to.inner("standard", dims))
        axes = to.constant("axes", [1, 2])
        weight, bias = (
            to.node("Unsqueeze", [name, axes], to.fixed(f"{own}_map", (channels, 1, 1)))
            for own, name in zip(("weight", "bias"), weights, strict=True)
        )
        scaled = to.node("Mul", [standard, weight], to.inner("scaled", dims))
        to.node("Add", [scaled, bias], to.output)

    def caption(self) -> Caption:
        return Caption("group norm", details=(f"g = {self.g}",), short="GN")


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

    def caption(self) -> Caption:
        return Caption("layer norm", short="LN")


@kind
class Lrn(Kind):
    """Local response normalization across n neighbouring channels,
    ``x / (k + alpha/n * Σx²)^beta`` (ONNX LRN; PyTorch and Caffe divide alpha by n too, the AlexNet paper does not)."""

    word = "lrn"
    family: ClassVar[Family] = "norm"
    onnx = "LRN"

    n: int = argument(COUNT, default=5, doc="how many channels, an odd number")
    alpha: float = argument(NUMBER, default=1e-4, doc="weight of the sum of squares")
    beta: float = argument(NUMBER, default=0.75, doc="exponent")
    k: float = argument(NUMBER, default=1.0, doc="added to the sum")

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        need_map(inputs[0], self.word)
        if self.n % 2 == 0:
            raise Fault(
                "E0415",
                "`lrn` needs an odd number of channels",
                at="n",
                remark="as many on either side of each channel; onnxruntime and Caffe run no other",
                help=f"write  n={self.n + 1}",
            )
        return inputs[0]

    def lower(self, to: Lowering) -> None:
        to.node("LRN", to.inputs, to.output, size=self.n, alpha=self.alpha, beta=self.beta, bias=self.k)

    def caption(self) -> Caption:
        return Caption("LRN")


def _learned(volume: Volume) -> dict[str, Parameter]:
    """γ and β of each channel, which at first change nothing."""
    shape = (as_int(volume.channels),)
    return {"weight": Parameter(shape, fill=1.0), "bias": Parameter(shape, fill=0.0)}
