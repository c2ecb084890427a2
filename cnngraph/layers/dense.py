"""Layers on vectors: fully connected, and the flattening that leads to them and back."""

from __future__ import annotations

from typing import ClassVar

from cnngraph.layers.activation import onnx_dims
from cnngraph.layers.code import Code, Value, module, unless
from cnngraph.layers.kind import Caption, Family, Fault, Kind, Lowering, Parameter, argument, kind
from cnngraph.layers.reach import Reach
from cnngraph.layers.terms import Term, number, product
from cnngraph.layers.values import COUNT, FLAG, FRACTION, VOLUME
from cnngraph.layers.window import need_known
from cnngraph.volume import Volume, as_int


@kind
class Fc(Kind):
    """Fully connected: every output is a weighted sum of all inputs, ``y = Wx + b``."""

    word = "fc"
    elsewhere = ("linear", "dense", "fullyconnected", "innerproduct", "gemm")
    family: ClassVar[Family] = "dense"
    followers = True
    onnx = "Gemm"

    units: int = argument(COUNT, positional=True, doc="how many numbers it makes")
    bias: bool = argument(
        FLAG, default=True, doc="one number added per unit; off when the step's normalization subtracts it"
    )

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        (volume,) = inputs
        if volume.is_map:
            sizes = "*".join(str(dim) for dim in volume.dims)
            raise Fault(
                "E0409",
                f"`fc` needs a flat vector, this is a {volume} volume",
                remark=f"{sizes} = {volume.size} numbers" if volume.is_fixed else "",
                help="flatten the volume first"
                if volume.is_fixed
                else "flatten the volume first; that takes a known size",
                insert="flatten -> " if volume.is_fixed else "",
            )
        need_known(volume, self.word, "the number of weights is the length of the vector times the units")
        return Volume((self.units,))

    def parameters(self, inputs: tuple[Volume, ...]) -> dict[str, Parameter]:
        size = as_int(inputs[0].size)
        weights = {"weight": Parameter((self.units, size), fan_in=size, fan_out=self.units)}
        if self.bias:
            weights["bias"] = Parameter((self.units,), fill=0.0)
        return weights

    def counted(self, inputs: tuple[Volume, ...]) -> Term:
        each = number(inputs[0].size)
        return (each + 1 if self.bias else each) * self.units

    def work(self, inputs: tuple[Volume, ...], output: Volume) -> Term:
        return product(inputs[0].size, self.units)

    def sentence(self, inputs: tuple[Volume, ...]) -> str:
        return f"every output is a sum of all {as_int(inputs[0].size):,} inputs with weights of its own"

    @property
    def projects(self) -> bool:
        return True

    def is_one_with(self, before: Kind) -> bool:
        return isinstance(before, Fc)

    def reach(self, inputs: tuple[Volume, ...]) -> tuple[Reach, Reach] | None:
        return None

    def lower(self, to: Lowering) -> None:
        weights = [to.parameter("weight"), *([to.parameter("bias")] if self.bias else [])]
        to.node("Gemm", [to.inputs[0], *weights], to.output, transB=1)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        sizes: dict[str, Value] = {"in_features": as_int(inputs[0].size), "out_features": self.units}
        return module("nn.Linear", **sizes, **unless(True, bias=self.bias))

    def caption(self) -> Caption:
        return Caption("fc", str(self.units), box=("FC",), on_arrow="FC")


@kind
class Flatten(Kind):
    """A volume as one vector, channel after channel, each row by row (the order of PyTorch, Caffe, ONNX)."""

    word = "flatten"
    family: ClassVar[Family] = "reshape"
    idle = True
    onnx = "Flatten"

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        need_known(inputs[0], self.word, "the length of the vector is height times width times channels")
        return Volume((inputs[0].size,))

    def lower(self, to: Lowering) -> None:
        to.node("Flatten", to.inputs, to.output, axis=1)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return module("nn.Flatten")


@kind
class Unflatten(Kind):
    """A vector as a volume, 1x1xC unless said: `flatten` backwards, so that the vector holds one channel after the
    other, each row by row. That is the order of PyTorch (``view(-1, C, H, W)``), Caffe and ONNX; where weights come
    from a file of Keras's, whose Reshape has a place's channels together, those before it are put in this order."""

    word = "unflatten"
    family: ClassVar[Family] = "reshape"
    idle = True
    onnx = "Reshape"

    volume: tuple[int, int, int] | None = argument(
        VOLUME, positional=True, default=None, doc="height x width x channels, as in 7x7x128; 1x1xC unless said"
    )

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        (vector,) = inputs
        if vector.is_map:
            raise Fault(
                "E0409",
                f"`unflatten` needs a vector, this is a {vector} volume",
                help="it is a volume already: leave `unflatten` out, or put `flatten` in front",
            )
        need_known(vector, self.word, "height times width times channels is the length of the vector")
        made = Volume(self.volume or (1, 1, vector.size))
        if made.size != vector.size:
            raise Fault(
                "E0412",
                f"`unflatten` has {vector.size} numbers, a volume of {made} has {made.size}",
                at="volume",
                remark=f"{'*'.join(map(str, made.dims))} = {made.size}",
                help=_fitting(made, as_int(vector.size)),
            )
        return made

    def reach(self, inputs: tuple[Volume, ...]) -> tuple[Reach, Reach] | None:
        # A pixel has numbers from all over the vector, which most often were made of everything.
        return None

    def lower(self, to: Lowering) -> None:
        to.node(
            "Reshape", [to.inputs[0], to.constant("shape", [0, *map(as_int, onnx_dims(to.output_volume))])], to.output
        )

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        sizes = tuple(map(as_int, onnx_dims(self.shape(inputs))))
        return module("nn.Unflatten", dim=1, unflattened_size=sizes)


def _fitting(made: Volume, size: int) -> str:
    """A volume of *size* numbers as high and wide as *made*, or a vector that fits it."""
    height, width = as_int(made.height), as_int(made.width)
    if size % (height * width) == 0:
        return f"write  unflatten {height}x{width}x{size // (height * width)}"
    return f"put a layer that makes {made.size} numbers in front:  fc {made.size}"


@kind
class Dropout(Kind):
    """Switches numbers off at random while training; passes everything on when the network runs."""

    word = "dropout"
    family: ClassVar[Family] = "dropout"
    idle = True
    onnx = "Dropout, which the export drops"

    p: float = argument(FRACTION, positional=True, default=0.5, doc="probability of a number being switched off")

    def lower(self, to: Lowering) -> None:
        to.node("Dropout", [to.inputs[0], to.constant("ratio", [float(self.p)], ())], to.output)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return module("nn.Dropout", **unless(0.5, p=float(self.p)))

    def caption(self) -> Caption:
        return Caption("dropout", details=(f"p = {self.p:g}",))
