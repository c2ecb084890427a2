"""Scales and shifts: every number times or plus another, which is given or learned."""

from __future__ import annotations

from typing import ClassVar

from cnngraph.layers.activation import onnx_dims, per_channel
from cnngraph.layers.kind import Caption, Family, Kind, Lowering, Parameter, argument, kind
from cnngraph.layers.values import FLAG, GAIN
from cnngraph.volume import Volume


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

    def caption(self) -> Caption:
        return Caption("plus", details=("learned" if self.by is None else f"{self.by:g}",))
