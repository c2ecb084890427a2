"""Borders: put around a map, or cut off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from cnngraph.layers.activation import onnx_dims
from cnngraph.layers.code import Code, module
from cnngraph.layers.kind import Caption, Family, Fault, Kind, Lowering, argument, kind
from cnngraph.layers.reach import Reach, Sliding
from cnngraph.layers.rearrange import LAST
from cnngraph.layers.values import BORDER, BORDERS, NUMBER, VALID, Padding
from cnngraph.layers.window import need_map, padded
from cnngraph.volume import Dim, Free, Volume, as_int


class _Border(Kind):
    family: ClassVar[Family] = "reshape"


@kind
class Pad(_Border):
    """A border around the map: of zeros or another *value*, or of its own pixels, mirrored about the outermost
    (`reflect`), which is itself not repeated, or the outermost alone (`replicate`), or from the other side
    (`circular`). For the zeros around a convolution write its ``p=``."""

    word = "pad"
    elsewhere = ("padding", "zeropadding2d", "zeropad2d", "constantpad2d")
    onnx = "Pad; circular before opset 19 Slice and Concat"

    n: Padding = argument(
        BORDER, positional=True, doc="pixels put on: a number, (height, width) or (top, left, bottom, right)"
    )
    filling: str = argument(BORDERS, default="zeros", doc="what is in the border")
    value: float = argument(NUMBER, default=0.0, doc="the number in the border, where that is not the map's own pixels")

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        (volume,) = inputs
        need_map(volume, self.word)
        if self.value and self.filling != "zeros":
            raise Fault(
                "E0208",
                f"a border is `{self.filling}` or of one value, not both",
                at="value",
                help=f"write  {self.word} {_amounts(self.n)} value={self.value:g}  or  "
                f"{self.word} {_amounts(self.n)} {self.filling}",
            )
        top, left, bottom, right = self.n.amounts
        for size, amounts in ((volume.height, (top, bottom)), (volume.width, (left, right))):
            has = {"reflect": size - 1, "circular": size}.get(self.filling)
            if isinstance(has, int) and max(amounts) > has:
                raise Fault(
                    "E0407",
                    f"`pad {self.filling}` has not as many pixels to put on",
                    at="n",
                    remark=f"{volume}: {max(amounts)} > {size}{' - 1' if self.filling == 'reflect' else ''}",
                )
        return Volume((volume.height + (top + bottom), volume.width + (left + right), volume.channels))

    def reach(self, inputs: tuple[Volume, ...]) -> tuple[Reach, Reach] | None:
        top, left, _, _ = self.n.amounts
        return Sliding(before=top), Sliding(before=left)

    def lower(self, to: Lowering) -> None:
        top, left, bottom, right = self.n.amounts
        if self.filling == "circular" and to.opset < 19:
            self._lower_circular(to)
            return
        mode = {"replicate": "edge", "circular": "wrap", "zeros": "constant"}.get(self.filling, self.filling)
        pads = to.constant("pads", [0, 0, top, left, 0, 0, bottom, right])
        value = [to.constant("value", [float(self.value)], ())] if self.value else []
        to.node("Pad", [to.inputs[0], pads, *value], to.output, mode=mode)

    def _lower_circular(self, to: Lowering) -> None:
        """The last rows before the first, the first behind the last; then columns likewise."""
        top, left, bottom, right = self.n.amounts
        channels, _, width = onnx_dims(to.input_volumes[0])
        rows = to.inner("rows", (channels, to.output_volume.height, width))
        self._around(to, to.inputs[0], rows, 2, (top, bottom), to.input_volumes[0])
        wider = Volume((to.output_volume.height, width, channels))
        self._around(to, rows, to.output, 3, (left, right), wider)

    def _around(self, to: Lowering, source: str, made: str, axis: int, amounts: Sequence[int], volume: Volume) -> None:
        parts, (before, after) = [source], amounts
        along = ("rows", "columns")[axis - 2]
        for amount, start, end, name in ((before, -before, LAST, "last"), (after, 0, after, "first")):
            if not amount:
                continue
            dims: list[Dim] = list(onnx_dims(volume))
            dims[axis - 1] = amount
            of = f"{name}_{along}"
            bounds = [to.constant(f"{of}.{key}", [value]) for key, value in
                      (("starts", start), ("ends", end), ("axes", axis))]  # fmt: skip
            piece = to.node("Slice", [source, *bounds], to.inner(of, tuple(dims)))
            parts = [piece, *parts] if name == "last" else [*parts, piece]
        to.node("Concat", parts, made, axis=axis)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        top, left, bottom, right = self.n.amounts
        names = {"reflect": "nn.ReflectionPad2d", "replicate": "nn.ReplicationPad2d", "circular": "nn.CircularPad2d"}
        padding = (left, right, top, bottom)
        if self.filling in names:
            return module(names[self.filling], padding=padding)
        if self.value:
            return module("nn.ConstantPad2d", padding=padding, value=float(self.value))
        return module("nn.ZeroPad2d", padding=padding)

    def caption(self) -> Caption:
        filling = () if self.filling == "zeros" else (self.filling,)
        value = (f"value = {self.value:g}",) if self.value else ()
        return Caption("pad", details=(_amounts(self.n), *filling, *value))


@kind
class Crop(_Border):
    """Cuts the border off: n pixels on each side, or others on each, or down to the height and width of a named tensor,
    whose middle it keeps (U-Net)."""

    word = "crop"
    elsewhere = ("cropping2d",)
    cuts = True
    onnx = "Slice"
    takes_tensors = "one"
    measures_second = True

    n: Padding | None = argument(
        BORDER,
        positional=True,
        default=None,
        doc="pixels cut off, when no tensor is named: a number, (height, width) or (top, left, bottom, right)",
    )

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        volume = inputs[0]
        for each in inputs:
            need_map(each, self.word)
        if len(inputs) == 2:
            target = inputs[1]
            for name, size, wanted in (("high", volume.height, target.height), ("wide", volume.width, target.width)):
                if isinstance(size, int) and isinstance(wanted, int) and size < wanted:
                    raise Fault(
                        "E0414",
                        f"`crop` cannot make {size} {name} into {wanted}",
                        remark=f"{volume} is smaller than {target}",
                        help="crop the larger of the two, or pad this one",
                    )
            if isinstance(volume.size, Free) or isinstance(target.size, Free):
                raise Fault("E0411", "`crop` to another tensor needs known sizes", remark=f"{volume} and {target}")
            return Volume((target.height, target.width, volume.channels))
        if self.n is None:
            raise Fault("E0207", "`crop` needs a tensor or a number", help="crop u  or  crop 1")
        top, left, bottom, right = self.n.amounts
        for size, before, after in ((volume.height, top, bottom), (volume.width, left, right)):
            if isinstance(size, int) and size - before - after < 1:
                raise Fault(
                    "E0414",
                    f"`crop {_amounts(self.n)}` leaves nothing",
                    at="n",
                    remark=f"{volume}: {size} - {padded(before, after).plain} = {size - before - after}",
                )
        return Volume((volume.height - (top + bottom), volume.width - (left + right), volume.channels))

    def _corner(self, inputs: tuple[Volume, ...]) -> tuple[int, int]:
        """The first row and column that stay."""
        if len(inputs) == 1:
            return (self.n or VALID).amounts[:2]
        volume, target = inputs
        rows, columns = as_int(volume.height) - as_int(target.height), as_int(volume.width) - as_int(target.width)
        return rows // 2, columns // 2

    def reach(self, inputs: tuple[Volume, ...]) -> tuple[Reach, Reach] | None:
        top, left = self._corner(inputs)
        return Sliding(before=-top), Sliding(before=-left)

    def lower(self, to: Lowering) -> None:
        top, left = self._corner(to.input_volumes)
        if len(to.inputs) == 2:
            ends = [top + as_int(to.output_volume.height), left + as_int(to.output_volume.width)]
        else:
            _, _, bottom, right = (self.n or VALID).amounts
            if not any((top, left, bottom, right)):
                to.node("Identity", to.inputs[:1], to.output)
                return
            ends = [-bottom or LAST, -right or LAST]
        bounds = [to.constant("starts", [top, left]), to.constant("ends", ends), to.constant("axes", [2, 3])]
        to.node("Slice", [to.inputs[0], *bounds], to.output)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        if len(inputs) == 2:
            return Code(function="crop")
        top, left, bottom, right = (self.n or VALID).amounts
        return module("Crop", top=top, left=left, bottom=bottom, right=right)

    def caption(self) -> Caption:
        return Caption("crop", details=() if self.n is None else (_amounts(self.n),))


def _amounts(border: Padding) -> str:
    """``1``, ``(0, 0, 1, 1)``."""
    return border.caption.removeprefix("p = ") or "0"
