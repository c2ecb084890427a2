"""Scales and shifts: every number times or plus another, which is given or learned."""

from __future__ import annotations

from typing import ClassVar

from cnngraph.layers.activation import onnx_dims, per_channel
from cnngraph.layers.code import Code, Value, module, unless
from cnngraph.layers.kind import Caption, Family, Fault, Kind, Lowering, Parameter, argument, kind
from cnngraph.layers.reach import Reach
from cnngraph.layers.terms import Term, product
from cnngraph.layers.values import COUNT, FLAG, GAIN
from cnngraph.layers.window import need_map
from cnngraph.volume import Volume, as_int


class _Scaling(Kind):
    family: ClassVar[Family] = "norm"


@kind
class Scale(_Scaling):
    """Each channel times a learned number ("layer scale" of ConvNeXt), with ``bias`` plus another (Caffe's Scale)."""

    word = "scale"
    elsewhere = ("layerscale",)
    onnx = "Mul, with a bias Add"

    bias: bool = argument(FLAG, default=False, doc="a learned number added to each channel, too")

    def parameters(self, inputs: tuple[Volume, ...]) -> dict[str, Parameter]:
        shape = per_channel(inputs[0])
        weights = {"weight": Parameter(shape, fill=1.0)}
        if self.bias:
            weights["bias"] = Parameter(shape, fill=0.0)
        return weights

    def lower(self, to: Lowering) -> None:
        factors = [to.inputs[0], to.parameter("weight")]
        if not self.bias:
            to.node("Mul", factors, to.output)
            return
        scaled = to.node("Mul", factors, to.inner("scaled", onnx_dims(to.output_volume)))
        to.node("Add", [scaled, to.parameter("bias")], to.output)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return module("Scale", **_channels(inputs[0]), **unless(False, bias=self.bias))


@kind
class Shift(_Scaling):
    """Each channel plus a learned number (Caffe's Bias)."""

    word = "shift"
    elsewhere = ("bias", "biasadd")
    onnx = "Add"

    def parameters(self, inputs: tuple[Volume, ...]) -> dict[str, Parameter]:
        return {"bias": Parameter(per_channel(inputs[0]), fill=0.0)}

    def lower(self, to: Lowering) -> None:
        to.node("Add", [to.inputs[0], to.parameter("bias")], to.output)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return module("Shift", **_channels(inputs[0]))


@kind
class Eca(_Scaling):
    """Efficient channel attention (Wang et al. 2020): each channel times a gate between 0 and 1, the sigmoid of a
    weighted sum of the means of k neighbouring channels about it. The k weights are the same for all channels, there is
    no bias, and beyond the first and the last channel there are zeros."""

    word = "eca"
    elsewhere = ("ecamodule", "ecalayer", "efficientchannelattn")
    onnx = "GlobalAveragePool, Conv between two Transpose, Sigmoid and Mul"

    k: int = argument(COUNT, positional=True, doc="how many channels a gate sees, an odd number; most have 3")

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        need_map(inputs[0], self.word)
        if self.k % 2 == 0:
            raise Fault(
                "E0415",
                "`eca` needs an odd number of channels",
                at="k",
                remark="as many on either side of each channel, and the channel itself",
                help=f"write  eca {self.k + 1}",
            )
        return inputs[0]

    def parameters(self, inputs: tuple[Volume, ...]) -> dict[str, Parameter]:
        return {"weight": Parameter((1, 1, 1, self.k), fan_in=self.k, fan_out=self.k)}

    def work(self, inputs: tuple[Volume, ...], output: Volume) -> Term:
        return product(self.k, output.channels)

    def reach(self, inputs: tuple[Volume, ...]) -> tuple[Reach, Reach] | None:
        return None

    def lower(self, to: Lowering) -> None:
        channels = as_int(to.output_volume.channels)
        lying, upright = (1, 1, channels), (channels, 1, 1)
        means = to.node("GlobalAveragePool", to.inputs, to.inner("means", upright))
        row = to.node("Transpose", [means], to.inner("row", lying), perm=[0, 2, 3, 1])
        side = self.k // 2
        sums = to.node(
            "Conv", [row, to.parameter("weight")], to.inner("sums", lying), kernel_shape=[1, self.k],
            pads=[0, side, 0, side],
        )  # fmt: skip
        gates = to.node("Sigmoid", [sums], to.inner("gates", lying))
        each = to.node("Transpose", [gates], to.inner("each", upright), perm=[0, 3, 1, 2])
        to.node("Mul", [to.inputs[0], each], to.output)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return module("ChannelAttention", size=self.k)

    def caption(self) -> Caption:
        return Caption("channel attention", details=(f"k = {self.k}",), short="ECA")


@kind
class Times(_Scaling):
    """Every number times one and the same, which is given or learned: ``times 0.17``, ``times learned``.
    For a learned number for each channel see `scale`, for another tensor `mul`."""

    word = "times"
    of_tensors = "mul"
    onnx = "Mul"

    by: float | None = argument(GAIN, positional=True, doc="the number, or `learned`, which begins with 1")

    def parameters(self, inputs: tuple[Volume, ...]) -> dict[str, Parameter]:
        return {"weight": Parameter((1,), fill=1.0)} if self.by is None else {}

    def lower(self, to: Lowering) -> None:
        factor = to.parameter("weight") if self.by is None else to.constant("by", [float(self.by)], ())
        to.node("Mul", [to.inputs[0], factor], to.output)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return module("Times") if self.by is None else module("TimesNumber", number=float(self.by))

    def caption(self) -> Caption:
        return Caption("times", details=("learned" if self.by is None else f"{self.by:g}",))


@kind
class Plus(_Scaling):
    """Every number plus one and the same, which is given or learned: ``plus 3``, ``plus learned``.
    For a learned number for each channel see `shift`, for another tensor `add`."""

    word = "plus"
    of_tensors = "add"
    onnx = "Add"

    by: float | None = argument(GAIN, positional=True, doc="the number, or `learned`, which begins with 0")

    def parameters(self, inputs: tuple[Volume, ...]) -> dict[str, Parameter]:
        return {"bias": Parameter((1,), fill=0.0)} if self.by is None else {}

    def lower(self, to: Lowering) -> None:
        summand = to.parameter("bias") if self.by is None else to.constant("by", [float(self.by)], ())
        to.node("Add", [to.inputs[0], summand], to.output)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return module("Plus") if self.by is None else module("PlusNumber", number=float(self.by))

    def caption(self) -> Caption:
        return Caption("plus", details=("learned" if self.by is None else f"{self.by:g}",))


def _channels(volume: Volume) -> dict[str, Value]:
    """The arguments of a module with a number for each channel, of a map or of a vector."""
    return {"channels": as_int(volume.channels), **unless(True, is_map=volume.is_map)}
