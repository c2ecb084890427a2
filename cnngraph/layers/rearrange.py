"""Layers that move numbers and change none: reorg and back, widen, slice, split, shuffle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from cnngraph.layers.activation import onnx_dims
from cnngraph.layers.code import Code, module, square, unless
from cnngraph.layers.kind import Caption, Family, Fault, Kind, Lowering, argument, kind
from cnngraph.layers.reach import Dealt, Enlarging, Reach, Sliding
from cnngraph.layers.values import COUNT, INDEX, ORDER, PAIR, REORG, Pair
from cnngraph.layers.window import need_equal_parts, need_known, need_map
from cnngraph.volume import Dim, Free, Volume, as_int

LAST = 2**31 - 1
"""As the end of a Slice: up to the last."""


class _Rearrange(Kind):
    family: ClassVar[Family] = "reshape"


@kind
class Reorg(_Rearrange):
    """Every n x n square of pixels becomes one pixel with n² times the channels (space to depth). With channel c of
    C and the pixel at (a, b) of the square, `by_pixel` makes it channel ``(a*n + b)*C + c`` (ONNX, TensorFlow),
    `by_channel` ``c*n² + a*n + b`` (PyTorch's PixelUnshuffle), `by_column` ``(b*n + a)*C + c`` (the Focus of YOLOv5 and
    YOLOX).

    `as_darknet` is what darknet's `[reorg]` does, and weights of YOLOv2 need: it reads the map as one with C/n²
    channels that is n times as high and wide, and reorganizes that one by pixel.
    """

    word = "reorg"
    elsewhere = ("spacetodepth",)
    onnx = "SpaceToDepth, then Gather for by_channel and by_column, between two Reshape for as_darknet"

    n: int = argument(COUNT, positional=True, doc="side of the square")
    order: str = argument(REORG, default="by_pixel", doc="order of the channels")

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        (volume,) = inputs
        need_map(volume, self.word)
        for name, size in (("height", volume.height), ("width", volume.width)):
            if isinstance(size, int) and size % self.n:
                raise Fault(
                    "E0412",
                    f"`reorg {self.n}` does not divide the {name}",
                    at="n",
                    remark=f"{size} / {self.n} = {size / self.n:g}",
                )
        if self.order == "as_darknet":
            need_known(volume, "reorg as_darknet", "where a pixel goes depends on the height and width of the map")
            _need_squares(volume, self.n, "reorg as_darknet")
        return Volume((volume.height // self.n, volume.width // self.n, volume.channels * self.n**2))

    def equal(self, inputs: tuple[Volume, ...]) -> Iterator[tuple[Dim, Dim]]:
        for size in (inputs[0].height, inputs[0].width):
            yield size, size // self.n * self.n

    def reach(self, inputs: tuple[Volume, ...]) -> tuple[Reach, Reach] | None:
        across = Sliding(self.n, self.n)
        if self.order == "as_darknet":
            return Dealt(as_int(inputs[0].height), as_int(inputs[0].width), self.n), across
        return across, across

    def lower(self, to: Lowering) -> None:
        n, volume = self.n, to.input_volumes[0]
        channels = as_int(volume.channels)
        if self.order == "by_pixel":
            to.node("SpaceToDepth", to.inputs, to.output, blocksize=n)
        elif self.order != "as_darknet":
            deep = to.node("SpaceToDepth", to.inputs, to.inner("deep", onnx_dims(to.output_volume)), blocksize=n)
            to.node("Gather", [deep, to.constant("order", self._from_pixels(channels))], to.output, axis=1)
        else:
            height, width = as_int(volume.height), as_int(volume.width)
            large, small = (channels // n**2, height * n, width * n), (channels, height, width)
            read = to.node("Reshape", [to.inputs[0], to.constant("large", [0, *large])], to.inner("read", large))
            deep = to.node("SpaceToDepth", [read], to.inner("deep", small), blocksize=n)
            made = to.constant("small", [0, *map(as_int, onnx_dims(to.output_volume))])
            to.node("Reshape", [deep, made], to.output)

    def _from_pixels(self, channels: int) -> list[int]:
        """Which channel, in the order by pixel, each of the output's is."""
        if self.order == "by_channel":
            return [square * channels + channel for channel in range(channels) for square in range(self.n**2)]
        sides = range(self.n)
        return [(a * self.n + b) * channels + channel for b in sides for a in sides for channel in range(channels)]

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        if self.order == "by_channel":
            return module("nn.PixelUnshuffle", downscale_factor=self.n)
        if self.order == "as_darknet":
            return module("ReorgAsDarknet", n=self.n)
        return module("Reorg", n=self.n, **unless(False, by_column=self.order == "by_column"))

    def caption(self) -> Caption:
        order = () if self.order == "by_pixel" else (self.order.replace("_", " "),)
        return Caption("reorg", details=(f"÷{self.n}", *order))


@kind
class Unreorg(_Rearrange):
    """Every pixel becomes n x n pixels with an n²-th of the channels (depth to space, sub-pixel convolution; Shi et al.
    2016): `reorg` backwards. By default it is `by_pixel`, ONNX's DCR and TensorFlow's; PyTorch's PixelShuffle is
    `by_channel`, ONNX's CRD."""

    word = "unreorg"
    elsewhere = ("depthtospace",)
    onnx = "DepthToSpace"

    n: int = argument(COUNT, positional=True, doc="side of the square")
    order: str = argument(ORDER, default="by_pixel", doc="order of the channels")

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        (volume,) = inputs
        need_map(volume, self.word)
        _need_squares(volume, self.n, self.word)
        return Volume((volume.height * self.n, volume.width * self.n, as_int(volume.channels) // self.n**2))

    def reach(self, inputs: tuple[Volume, ...]) -> tuple[Reach, Reach] | None:
        return Enlarging(self.n, self.n), Enlarging(self.n, self.n)

    def lower(self, to: Lowering) -> None:
        mode = "DCR" if self.order == "by_pixel" else "CRD"
        to.node("DepthToSpace", to.inputs, to.output, blocksize=self.n, mode=mode)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        if self.order == "by_channel":
            return module("nn.PixelShuffle", upscale_factor=self.n)
        return module("Unreorg", n=self.n)

    def caption(self) -> Caption:
        order = () if self.order == "by_pixel" else (self.order.replace("_", " "),)
        return Caption("unreorg", details=(f"×{self.n}", *order))


def _need_squares(volume: Volume, n: int, word: str) -> None:
    """Raises `Fault` unless n² divides the channels."""
    channels = as_int(volume.channels)
    if channels % n**2:
        raise Fault(
            "E0412",
            f"`{word}` needs n² channels, or a multiple",
            at="n",
            remark=f"{volume}: {channels} / {n}² = {channels / n**2:g}",
        )


@kind
class Widen(_Rearrange):
    """A shortcut without weights: every s-th row and column, and behind its channels ones of zeros until there are
    *channels* (option A of He et al. 2016)."""

    word = "widen"
    onnx = "Slice and Pad"

    channels: int = argument(COUNT, positional=True, doc="how many channels it makes")
    stride: Pair = argument(PAIR, keyword="s", default=(1, 1), doc="of which rows and columns stay: every s-th")

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        (volume,) = inputs
        need_map(volume, self.word)
        channels = as_int(volume.channels)
        if self.channels < channels:
            raise Fault(
                "E0407",
                f"`widen {self.channels}` has fewer channels than flow in",
                at="channels",
                remark=f"this is {volume}",
                help=f"for the first of them write  slice 0 {self.channels}",
            )
        height, width = (
            (size + (s - 1)) // s for size, s in zip((volume.height, volume.width), self.stride, strict=True)
        )
        return Volume((height, width, self.channels))

    @property
    def projects(self) -> bool:
        return True

    def reach(self, inputs: tuple[Volume, ...]) -> tuple[Reach, Reach] | None:
        return Sliding(1, self.stride[0]), Sliding(1, self.stride[1])

    def lower(self, to: Lowering) -> None:
        more, source = self.channels - as_int(to.input_volumes[0].channels), to.inputs[0]
        if self.stride != (1, 1):
            bounds = [to.constant("starts", [0, 0]), to.constant("ends", [LAST, LAST]), to.constant("axes", [2, 3])]
            steps = to.constant("steps", list(self.stride))
            if not more:
                to.node("Slice", [source, *bounds, steps], to.output)
                return
            kept = to.inner("kept", (as_int(to.input_volumes[0].channels), *onnx_dims(to.output_volume)[1:]))
            source = to.node("Slice", [source, *bounds, steps], kept)
        to.node("Pad", [source, to.constant("pads", [0, 0, 0, 0, 0, more, 0, 0])], to.output)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        stride = square(self.stride)
        return module("Widen", more=self.channels - as_int(inputs[0].channels), **unless(1, stride=stride))

    def caption(self) -> Caption:
        stride = self.stride if self.stride != (1, 1) else None
        return Caption("widen", str(self.channels), stride=stride)


@kind
class Slice(_Rearrange):
    """The channels from *start* up to, without, *stop*."""

    word = "slice"
    cuts = True
    onnx = "Slice"

    start: int = argument(INDEX, positional=True, doc="first channel, from 0")
    stop: int = argument(COUNT, positional=True, doc="the channel after the last")

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        (volume,) = inputs
        channels = as_int(volume.channels)
        if not self.start < self.stop <= channels:
            raise Fault(
                "E0407",
                f"there are no channels {self.start} to {self.stop}",
                at="stop",
                remark=f"{volume} has {channels} channels, 0 to {channels - 1}",
            )
        return Volume((*volume.dims[:-1], self.stop - self.start))

    def lower(self, to: Lowering) -> None:
        bounds = [to.constant("starts", [self.start]), to.constant("ends", [self.stop]), to.constant("axes", [1])]
        to.node("Slice", [to.inputs[0], *bounds], to.output)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return module("Slice", start=self.start, stop=self.stop)

    def caption(self) -> Caption:
        return Caption("slice", details=(f"{self.start}–{self.stop - 1}",))


@kind
class Split(_Rearrange):
    """The channels in *n* equal parts. ``a, b: split 2`` names the parts; each is a `slice`."""

    word = "split"
    onnx = "Slice, one for each part, of which the export makes one Split"

    n: int = argument(COUNT, positional=True, doc="how many parts")

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        (volume,) = inputs
        need_equal_parts(volume, self.n, at="n", message=f"`split {self.n}` does not divide the channels")
        return Volume((*volume.dims[:-1], as_int(volume.channels) // self.n))

    def parts(self, channels: int) -> tuple[Slice, ...]:
        each = channels // self.n
        return tuple(Slice(start=part * each, stop=(part + 1) * each) for part in range(self.n))


@kind
class Shuffle(_Rearrange):
    """The channels dealt out as from *g* piles, one from each in turn (ShuffleNet)."""

    word = "shuffle"
    elsewhere = ("channelshuffle",)
    onnx = "Reshape, Transpose, Reshape"

    g: int = argument(COUNT, positional=True, doc="how many groups")

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        (volume,) = inputs
        need_map(volume, self.word)
        need_equal_parts(volume, self.g, at="g", message=f"g={self.g} does not divide the channels")
        return volume

    def lower(self, to: Lowering) -> None:
        volume = to.output_volume
        height, width, each = volume.height, volume.width, as_int(volume.channels) // self.g
        if isinstance(height, Free) or isinstance(width, Free):
            self._lower_free(to, each)
            return
        apart = to.constant("apart", [0, self.g, each, height, width])
        together = to.constant("together", [0, self.g * each, height, width])
        groups = to.node("Reshape", [to.inputs[0], apart], to.inner("groups", (self.g, each, height, width)))
        dealt = to.node("Transpose", [groups], to.inner("dealt", (each, self.g, height, width)), perm=[0, 2, 1, 3, 4])
        to.node("Reshape", [dealt, together], to.output)

    def _lower_free(self, to: Lowering, each: int) -> None:
        """With a free height or width: the last two axes folded into one, and the input's own shape put back."""
        channels, area = self.g * each, to.output_volume.height * to.output_volume.width
        apart = to.constant("apart", [0, self.g, each, -1])
        groups = to.node("Reshape", [to.inputs[0], apart], to.inner("groups", (self.g, each, area)))
        dealt = to.node("Transpose", [groups], to.inner("dealt", (each, self.g, area)), perm=[0, 2, 1, 3])
        flat = to.constant("flat", [0, channels, -1])
        merged = to.node("Reshape", [dealt, flat], to.inner("merged", (channels, area)))
        size = to.node("Shape", to.inputs, to.sizes("size", 4))
        to.node("Reshape", [merged, size], to.output)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return module("nn.ChannelShuffle", groups=self.g)

    def caption(self) -> Caption:
        return Caption("shuffle", details=(f"g = {self.g}",))
