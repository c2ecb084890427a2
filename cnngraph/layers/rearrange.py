"""Layers that move numbers and change none: upsample, reorg, crop, slice, shuffle, split."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from cnngraph.layers.kind import Caption, Family, Fault, Kind, Lowering, argument, kind
from cnngraph.layers.reach import Enlarging, Reach, Sliding
from cnngraph.layers.values import BLEND, COUNT, INDEX
from cnngraph.layers.window import need_map
from cnngraph.volume import Dim, Free, Volume, as_int


class _Rearrange(Kind):
    family: ClassVar[Family] = "reshape"


@kind
class Upsample(_Rearrange):
    """Each pixel becomes n x n pixels, copied (nearest) or blended (bilinear, corners not aligned)."""

    word = "upsample"
    elsewhere = ("upsampling", "upsampling2d")
    onnx = "Resize"

    n: int = argument(COUNT, positional=True, doc="how many times larger")
    bilinear: bool = argument(BLEND, default=False, doc="`bilinear` blends neighbours, `nearest` copies")

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        (volume,) = inputs
        need_map(volume, self.word)
        return Volume((volume.height * self.n, volume.width * self.n, volume.channels))

    def reach(self, inputs: tuple[Volume, ...]) -> tuple[Reach, Reach] | None:
        # Blending is a transposed convolution with a triangle (Long, Shelhamer & Darrell 2015).
        each = Enlarging(2 * self.n - self.n % 2, self.n, self.n // 2) if self.bilinear else Enlarging(self.n, self.n)
        return each, each

    def lower(self, to: Lowering) -> None:
        scales = to.constant("scales", [1.0, 1.0, float(self.n), float(self.n)])
        if self.bilinear:
            how = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
        else:
            how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        to.node("Resize", [to.inputs[0], "", scales], to.output, **how)

    def caption(self) -> Caption:
        return Caption("upsample", details=(f"×{self.n}", *(("bilinear",) if self.bilinear else ())))


@kind
class Reorg(_Rearrange):
    """Every n x n square of pixels becomes one pixel with n² times the channels (space to depth)."""

    word = "reorg"
    onnx = "SpaceToDepth"

    n: int = argument(COUNT, positional=True, doc="side of the square")

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
        return Volume((volume.height // self.n, volume.width // self.n, volume.channels * self.n**2))

    def equal(self, inputs: tuple[Volume, ...]) -> Iterator[tuple[Dim, Dim]]:
        for size in (inputs[0].height, inputs[0].width):
            yield size, size // self.n * self.n

    def reach(self, inputs: tuple[Volume, ...]) -> tuple[Reach, Reach] | None:
        return Sliding(self.n, self.n), Sliding(self.n, self.n)

    def lower(self, to: Lowering) -> None:
        to.node("SpaceToDepth", to.inputs, to.output, blocksize=self.n)

    def caption(self) -> Caption:
        return Caption("reorg", details=(f"÷{self.n}",))


@kind
class Crop(_Rearrange):
    """Cuts the border off: n pixels on each side, or down to the height and width of a named tensor,
    whose middle it keeps (U-Net)."""

    word = "crop"
    cuts = True
    onnx = "Slice"
    takes_tensors = "one"
    measures_second = True

    n: int | None = argument(
        INDEX, positional=True, default=None, doc="pixels cut off each side, when no tensor is named"
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
        height, width = volume.height - 2 * self.n, volume.width - 2 * self.n
        if any(isinstance(size, int) and size < 1 for size in (height, width)):
            raise Fault(
                "E0414",
                f"`crop {self.n}` leaves nothing",
                at="n",
                remark=f"{volume}: {volume.height} - 2*{self.n} = {height}",
            )
        return Volume((height, width, volume.channels))

    def _corner(self, inputs: tuple[Volume, ...]) -> tuple[int, int]:
        """The first row and column that stay."""
        if len(inputs) == 1:
            return self.n or 0, self.n or 0
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
        elif not top:
            to.node("Identity", to.inputs[:1], to.output)
            return
        else:
            ends = [-top, -left]
        bounds = [to.constant("starts", [top, left]), to.constant("ends", ends), to.constant("axes", [2, 3])]
        to.node("Slice", [to.inputs[0], *bounds], to.output)

    def caption(self) -> Caption:
        return Caption("crop", details=(str(self.n),) if self.n is not None else ())


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

    def caption(self) -> Caption:
        return Caption("slice", details=(f"{self.start}–{self.stop - 1}",))


@kind
class Split(_Rearrange):
    """The channels in *n* equal parts. ``a, b: split 2`` names the parts; each is a `slice`."""

    word = "split"
    onnx = "Slice, one for each part"

    n: int = argument(COUNT, positional=True, doc="how many parts")

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        (volume,) = inputs
        channels = as_int(volume.channels)
        if channels % self.n:
            raise Fault(
                "E0412",
                f"`split {self.n}` does not divide the channels",
                at="n",
                remark=f"{channels} / {self.n} = {channels / self.n:g}",
            )
        return Volume((*volume.dims[:-1], channels // self.n))

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
        channels = as_int(volume.channels)
        if channels % self.g:
            raise Fault(
                "E0412",
                f"g={self.g} does not divide the channels",
                at="g",
                remark=f"{channels} / {self.g} = {channels / self.g:g}",
            )
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

    def caption(self) -> Caption:
        return Caption("shuffle", details=(f"g = {self.g}",))
