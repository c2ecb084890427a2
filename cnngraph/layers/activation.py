"""Activations: one function on every number. Each can stand alone or as a word on a conv or fc."""

from __future__ import annotations

import math
from typing import ClassVar

from cnngraph.layers.code import Code, module, unless
from cnngraph.layers.kind import Caption, Family, Fault, Kind, Lowering, Parameter, argument, kind
from cnngraph.layers.reach import POINT, Reach
from cnngraph.layers.values import COUNT, FLAG, NUMBER, POSITIVE
from cnngraph.layers.window import need_equal_parts
from cnngraph.volume import Dim, Volume, as_int, fixed


class Activation(Kind):
    """The base of the activations."""

    family: ClassVar[Family] = "activation"
    follows = "activation"

    def lower(self, to: Lowering) -> None:
        """One node of the operator that `onnx` names: where that has more, the kind has its own."""
        to.node(self.onnx, to.inputs, to.output)


@kind
class Relu(Activation):
    """``max(0, x)``."""

    word = "relu"
    relu_like = True
    onnx = "Relu"

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return module("nn.ReLU", "torch.relu")

    def caption(self) -> Caption:
        return Caption("ReLU")


@kind
class Relu6(Activation):
    """``min(max(0, x), 6)`` (MobileNet)."""

    word = "relu6"
    relu_like = True
    onnx = "Clip"

    def lower(self, to: Lowering) -> None:
        low, high = to.constant("low", [0.0], ()), to.constant("high", [6.0], ())
        to.node("Clip", [to.inputs[0], low, high], to.output)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return module("nn.ReLU6", "nn.functional.relu6")

    def caption(self) -> Caption:
        return Caption("ReLU6")


@kind
class Leaky(Activation):
    """``x`` when positive, else ``slope * x``. Darknet's slope is 0.1."""

    word = "leaky"
    elsewhere = ("lrelu", "leakyrelu")
    relu_like = True
    onnx = "LeakyRelu"

    slope: float = argument(NUMBER, positional=True, default=0.01, doc="slope below zero (PyTorch's and ONNX's 0.01)")

    def lower(self, to: Lowering) -> None:
        to.node("LeakyRelu", to.inputs, to.output, alpha=self.slope)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return module("nn.LeakyReLU", negative_slope=self.slope)

    def caption(self) -> Caption:
        return Caption("leaky ReLU")


@kind
class PRelu(Activation):
    """``x`` when positive, else ``slope * x`` with one learned slope per channel, or one for all (He et al. 2015).
    On a layer's step the latter is ``prelu=shared``."""

    word = "prelu"
    relu_like = True
    onnx = "PRelu"

    shared: bool = argument(FLAG, default=False, doc="one slope for all channels, as PyTorch has unless told otherwise")

    def parameters(self, inputs: tuple[Volume, ...]) -> dict[str, Parameter]:
        return {"weight": Parameter((1,) if self.shared else per_channel(inputs[0]), fill=0.25)}

    def lower(self, to: Lowering) -> None:
        to.node("PRelu", [to.inputs[0], to.parameter("weight")], to.output)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return module("nn.PReLU", **unless(1, num_parameters=1 if self.shared else as_int(inputs[0].channels)))

    def caption(self) -> Caption:
        return Caption("PReLU", details=("shared",) if self.shared else ())


@kind
class Elu(Activation):
    """``x`` when positive, else ``alpha * (exp(x) - 1)``."""

    word = "elu"
    relu_like = True
    onnx = "Elu"

    alpha: float = argument(NUMBER, positional=True, default=1.0, doc="minus the value far below zero")

    def lower(self, to: Lowering) -> None:
        to.node("Elu", to.inputs, to.output, alpha=self.alpha)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return module("nn.ELU", **unless(1.0, alpha=self.alpha))

    def caption(self) -> Caption:
        return Caption("ELU")


@kind
class Selu(Activation):
    """``1.0507 * x`` when positive, else ``1.7581 * (exp(x) - 1)``: the numbers with which mean 0 and variance 1
    stay (Klambauer et al. 2017)."""

    word = "selu"
    onnx = "Selu"

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return module("nn.SELU", "torch.selu")

    def caption(self) -> Caption:
        return Caption("SELU")


@kind
class Gelu(Activation):
    """``x * Φ(x)`` with the exact normal distribution function; approximated, ``0.5 * x * (1 + tanh(√(2/π) * (x +
    0.044715 * x^3)))``, which is up to 5e-4 away (Hendrycks & Gimpel 2016). On a layer's step the latter is
    ``gelu=approximate``."""

    word = "gelu"
    relu_like = True
    onnx = "Gelu (from opset 20), else Erf or Tanh, Mul and Add"

    approximate: bool = argument(FLAG, default=False, doc='by tanh, as PyTorch has with `approximate="tanh"`')

    def lower(self, to: Lowering) -> None:
        if to.opset >= 20:
            to.node("Gelu", to.inputs, to.output, **({"approximate": "tanh"} if self.approximate else {}))
            return
        dims = onnx_dims(to.output_volume)
        (x,) = to.inputs
        if self.approximate:
            square = to.node("Mul", [x, x], to.inner("square", dims))
            share = to.node("Mul", [square, to.constant("share", [0.044715], ())], to.inner("share_of_it", dims))
            more = to.node("Add", [share, to.constant("whole", [1.0], ())], to.inner("more", dims))
            cubic = to.node("Mul", [x, more], to.inner("cubic", dims))
            argument = to.node("Mul", [cubic, to.constant("root", [(2 / math.pi) ** 0.5], ())], to.inner("arg", dims))
            tanh = to.node("Tanh", [argument], to.inner("tanh", dims))
            one = to.node("Add", [tanh, to.constant("one", [1.0], ())], to.inner("shifted", dims))
            half = to.node("Mul", [x, to.constant("half", [0.5], ())], to.inner("half_x", dims))
            to.node("Mul", [half, one], to.output)
            return
        scaled = to.node("Mul", [x, to.constant("root", [0.5**0.5], ())], to.inner("scaled", dims))
        erf = to.node("Erf", [scaled], to.inner("erf", dims))
        one = to.node("Add", [erf, to.constant("one", [1.0], ())], to.inner("shifted", dims))
        half = to.node("Mul", [x, to.constant("half", [0.5], ())], to.inner("half_x", dims))
        to.node("Mul", [half, one], to.output)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return module("nn.GELU", approximate="tanh") if self.approximate else module("nn.GELU", "nn.functional.gelu")

    def caption(self) -> Caption:
        return Caption("GELU", details=("tanh",) if self.approximate else ())


@kind
class Swish(Activation):
    """``x * sigmoid(x)``, also called SiLU."""

    word = "swish"
    elsewhere = ("silu",)
    relu_like = True
    onnx = "Sigmoid and Mul"

    def lower(self, to: Lowering) -> None:
        gate = to.node("Sigmoid", to.inputs, to.inner("gate", onnx_dims(to.output_volume)))
        to.node("Mul", [to.inputs[0], gate], to.output)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return module("nn.SiLU", "nn.functional.silu")


@kind
class HSwish(Activation):
    """``x * min(max(x + 3, 0), 6) / 6`` (MobileNetV3)."""

    word = "hswish"
    elsewhere = ("hardswish", "hardsilu")
    relu_like = True
    onnx = "HardSwish"

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return module("nn.Hardswish", "nn.functional.hardswish")

    def caption(self) -> Caption:
        return Caption("h-swish")


@kind
class HSigmoid(Activation):
    """``min(max(slope * x + shift, 0), 1)``: with a sixth and a half ``min(max(x + 3, 0), 6) / 6``. On a layer's step
    the two are ``hsigmoid=(0.2, 0.4)``."""

    word = "hsigmoid"
    onnx = "HardSigmoid"

    slope: float = argument(
        POSITIVE, positional=True, default=1 / 6, doc="PyTorch's and Keras 3's 1/6; Keras 2's, Paddle's, ONNX's is 0.2"
    )
    shift: float = argument(NUMBER, positional=True, default=0.5, doc="what 0 becomes")

    def lower(self, to: Lowering) -> None:
        to.node("HardSigmoid", to.inputs, to.output, alpha=float(self.slope), beta=float(self.shift))

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        if (self.slope, self.shift) == (1 / 6, 0.5):
            return module("nn.Hardsigmoid", "nn.functional.hardsigmoid")
        return module("HardSigmoid", slope=float(self.slope), shift=float(self.shift))

    def caption(self) -> Caption:
        slope = () if self.slope == 1 / 6 else (f"slope = {self.slope:g}",)
        shift = () if self.shift == 0.5 else (f"shift = {self.shift:g}",)
        return Caption("h-sigmoid", details=(*slope, *shift))


@kind
class Mish(Activation):
    """``x * tanh(softplus(x))``."""

    word = "mish"
    relu_like = True
    onnx = "Mish (from opset 18), else Softplus, Tanh and Mul"

    def lower(self, to: Lowering) -> None:
        if to.opset >= 18:
            to.node("Mish", to.inputs, to.output)
            return
        dims = onnx_dims(to.output_volume)
        soft = to.node("Softplus", to.inputs, to.inner("softplus", dims))
        gate = to.node("Tanh", [soft], to.inner("gate", dims))
        to.node("Mul", [to.inputs[0], gate], to.output)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return module("nn.Mish", "nn.functional.mish")


@kind
class Sigmoid(Activation):
    """``1 / (1 + exp(-x))``."""

    word = "sigmoid"
    elsewhere = ("logistic",)
    answers = True
    onnx = "Sigmoid"

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return module("nn.Sigmoid", "torch.sigmoid")


@kind
class Tanh(Activation):
    """The hyperbolic tangent."""

    word = "tanh"
    onnx = "Tanh"

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return module("nn.Tanh", "torch.tanh")


@kind
class Softplus(Activation):
    """``log(1 + exp(x))``."""

    word = "softplus"
    relu_like = True
    onnx = "Softplus"

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return module("nn.Softplus", "nn.functional.softplus")


@kind
class Abs(Activation):
    """``x`` without its sign."""

    word = "abs"
    elsewhere = ("absval",)
    onnx = "Abs"

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return module("Abs", "torch.abs")


@kind
class Square(Activation):
    """``x * x``."""

    word = "square"
    onnx = "Mul"

    def lower(self, to: Lowering) -> None:
        to.node("Mul", [to.inputs[0], to.inputs[0]], to.output)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return module("Square", "torch.square")


@kind
class Power(Kind):
    """``x`` to the power of p. A root or another p that is no whole number is for numbers from 0 on, a p below 0 for
    others than 0: of what is else there comes no number. It stands alone: ``clip lo=1e-6 -> power 3``."""

    word = "power"
    elsewhere = ("pow",)
    family: ClassVar[Family] = "activation"
    onnx = "Pow; Sqrt for 0.5, Reciprocal for -1"

    p: float = argument(NUMBER, positional=True, doc="the exponent")

    def lower(self, to: Lowering) -> None:
        if self.p in (0.5, -1):
            to.node("Sqrt" if self.p == 0.5 else "Reciprocal", to.inputs, to.output)
        else:
            to.node("Pow", [to.inputs[0], to.constant("exponent", [float(self.p)], ())], to.output)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return module("Power", exponent=float(self.p))

    def caption(self) -> Caption:
        return Caption("power", details=(f"p = {self.p:g}",))


@kind
class Clip(Kind):
    """``min(max(x, lo), hi)``, or one of the two. It takes numbers, so it stands alone: ``conv 8 3x3 -> clip 0 1``."""

    word = "clip"
    elsewhere = ("clamp", "hardtanh", "relu1")
    family: ClassVar[Family] = "activation"
    onnx = "Clip"

    lo: float | None = argument(NUMBER, positional=True, default=None, doc="the least that stays; any unless said")
    hi: float | None = argument(NUMBER, positional=True, default=None, doc="the most that stays; any unless said")

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        if self.lo is None and self.hi is None:
            raise Fault("E0207", "`clip` needs a bound", help="clip 0 1   or   clip lo=0   or   clip hi=1")
        if self.lo is not None and self.hi is not None and self.lo > self.hi:
            raise Fault(
                "E0208",
                f"`clip` from {self.lo:g} to {self.hi:g} leaves nothing",
                at="hi",
                remark=f"{self.lo:g} > {self.hi:g}",
                help=f"write  clip lo={self.hi:g} hi={self.lo:g}",
            )
        return inputs[0]

    def lower(self, to: Lowering) -> None:
        low = "" if self.lo is None else to.constant("low", [float(self.lo)], ())
        high = [] if self.hi is None else [to.constant("high", [float(self.hi)], ())]
        to.node("Clip", [to.inputs[0], low, *high], to.output)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        bounds = {"low": self.lo, "high": self.hi}
        return module("Clip", **{name: float(bound) for name, bound in bounds.items() if bound is not None})

    def caption(self) -> Caption:
        if self.lo is None:
            return Caption("clip", details=(f"up to {self.hi:g}",))
        return Caption("clip", details=(f"from {self.lo:g}" if self.hi is None else f"{self.lo:g} to {self.hi:g}",))


@kind
class Softmax(Kind):
    """``exp(x) / sum(exp(x))``, over a vector or over the channels at each place of a map.

    ``softmax 10`` is short for ``fc 10`` and the softmax after it.
    """

    word = "softmax"
    family: ClassVar[Family] = "activation"
    short_for = "fc"
    answers = True
    of_logits = True
    onnx = "Softmax"

    def reach(self, inputs: tuple[Volume, ...]) -> tuple[Reach, Reach] | None:
        return POINT if inputs[0].is_map else None

    def lower(self, to: Lowering) -> None:
        to.node("Softmax", to.inputs, to.output, axis=1)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return module("nn.Softmax", dim=1)


@kind
class SplitSoftmax(Kind):
    """`softmax` among n equal parts of the channels, number by number: with channel c of each part,
    ``exp(x_i) / sum over the parts j of exp(x_j)``. So branches that were put together are weighed against one another
    (selective kernels, Li et al. 2019; split attention, Zhang et al. 2020)."""

    word = "splitsoftmax"
    elsewhere = ("radixsoftmax",)
    family: ClassVar[Family] = "activation"
    onnx = "Softmax between two Reshape"

    n: int = argument(COUNT, positional=True, doc="how many parts")

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        need_equal_parts(
            inputs[0], self.n, at="n", message=f"{self.n} parts do not divide the channels",
            help=f"write  {self.word} {{0}}",
        )  # fmt: skip
        return inputs[0]

    def reach(self, inputs: tuple[Volume, ...]) -> tuple[Reach, Reach] | None:
        return POINT if inputs[0].is_map else None

    def lower(self, to: Lowering) -> None:
        volume = to.output_volume
        dims = onnx_dims(volume)
        each = as_int(volume.channels) // self.n * volume.height * volume.width
        parts = to.node(
            "Reshape", [to.inputs[0], to.constant("apart", [0, self.n, -1])], to.inner("parts", (self.n, each))
        )
        weighed = to.node("Softmax", [parts], to.inner("weighed", (self.n, each)), axis=1)
        if fixed(dims):
            size = to.constant("size", [0, *map(as_int, dims)])
        else:
            size = to.node("Shape", to.inputs, to.sizes("size", len(dims) + 1))
        to.node("Reshape", [weighed, size], to.output)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return module("SplitSoftmax", parts=self.n)

    def caption(self) -> Caption:
        return Caption("split softmax", details=(f"n = {self.n}",), short="softmax")


@kind
class LogSoftmax(Kind):
    """``x - log(sum(exp(x)))``, the logarithm of `softmax`, over the same numbers.

    ``logsoftmax 10`` is short for ``fc 10`` and the logsoftmax after it.
    """

    word = "logsoftmax"
    family: ClassVar[Family] = "activation"
    short_for = "fc"
    onnx = "LogSoftmax"

    def reach(self, inputs: tuple[Volume, ...]) -> tuple[Reach, Reach] | None:
        return POINT if inputs[0].is_map else None

    def lower(self, to: Lowering) -> None:
        to.node("LogSoftmax", to.inputs, to.output, axis=1)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return module("nn.LogSoftmax", dim=1)


def onnx_dims(volume: Volume) -> tuple[Dim, ...]:
    """ONNX's order without the batch: C, H, W."""
    return (volume.channels, volume.height, volume.width) if volume.is_map else volume.dims


def per_channel(volume: Volume) -> tuple[int, ...]:
    """Shape of one number per channel that broadcasts over a map in ONNX's order."""
    channels = as_int(volume.channels)
    return (channels, 1, 1) if volume.is_map else (channels,)
