"""Resizing: a map of another height and width, its pixels copied, blended or put back where they were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import ClassVar

from cnngraph.layers.activation import onnx_dims
from cnngraph.layers.code import Code, Value, module, square, unless
from cnngraph.layers.kind import Caption, Family, Fault, Kind, Lowering, argument, kind
from cnngraph.layers.reach import Reach, Resampling, Sliding
from cnngraph.layers.values import BLEND, FACTOR, FLAG, PAIR, Pair
from cnngraph.layers.window import need_map
from cnngraph.volume import Dim, Free, Volume, as_int, fixed

Factor = int | float


@kind
class Upsample(Kind):
    """A map n times as large, or of an asked size, or as high and wide as a named tensor. Of n pixels made of m the
    i-th is a copy of ``⌊i*m/n⌋`` (nearest), or blended of the two about ``(i + 0.5)*m/n - 0.5`` in each direction
    (bilinear) or of the four (bicubic, Keys 1981 with a = -0.75), where a factor that was given is n/m, also if n was
    rounded down; with `align_corners` of those about ``i*(m - 1)/(n - 1)``, so that corners stay corners.

    These are PyTorch's rules and ONNX's, but that PyTorch, where a fraction makes no more pixels than there were,
    leaves them as they are, and where it makes twice as many copies each twice. Copies to another size while sizes are
    free are where onnxruntime's float32 has ``i*m/n``."""

    word = "upsample"
    elsewhere = ("upsampling", "upsampling2d", "interpolate", "resize", "interp")
    family: ClassVar[Family] = "reshape"
    takes_tensors = "one"
    measures_second = True
    onnx = "Resize; for copies to a known size also Gather"

    n: Factor | tuple[Factor, Factor] | None = argument(
        FACTOR, positional=True, default=None, doc="how many times larger, down and across: `2`, `1.5`, `2x1`"
    )
    to: Pair | None = argument(PAIR, default=None, doc="the output's size instead")
    mode: str = argument(BLEND, default="nearest", doc="`bilinear` and `bicubic` blend neighbours, `nearest` copies")
    align_corners: bool = argument(FLAG, default=False, doc="where blending looks: corners stay corners")

    @property
    def factors(self) -> tuple[Factor, Factor] | None:
        """Down and across, where they are given."""
        return self.n if isinstance(self.n, tuple) or self.n is None else (self.n, self.n)

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        for each in inputs:
            need_map(each, self.word)
        given = (self.n is not None) + (self.to is not None) + (len(inputs) == 2)
        if given != 1:
            raise Fault(
                "E0207" if not given else "E0208",
                "`upsample` needs a number, a size or a tensor" + (", one of them" if given else ""),
                help="upsample 2   or   upsample to=14x14   or   upsample NAME",
            )
        if self.align_corners and self.mode == "nearest":
            raise Fault(
                "E0208", "copies have no corners to align", at="align_corners", help="write  bilinear align_corners"
            )
        volume = inputs[0]
        if self.to is not None:
            return Volume((*self.to, volume.channels))
        if len(inputs) == 2:
            return Volume((inputs[1].height, inputs[1].width, volume.channels))
        assert self.factors is not None
        height, width = map(_times, (volume.height, volume.width), self.factors)
        if any(isinstance(size, int) and size < 1 for size in (height, width)):
            raise Fault("E0407", "nothing is left of the map", at="n", remark=f"{volume} makes {height} x {width}")
        return Volume((height, width, volume.channels))

    def reach(self, inputs: tuple[Volume, ...]) -> tuple[Reach, Reach] | None:
        made = self.shape(inputs)
        down = self._reach(0, inputs[0].height, made.height)
        across = self._reach(1, inputs[0].width, made.width)
        return None if down is None or across is None else (down, across)

    def _reach(self, axis: int, size: Dim, made: Dim) -> Reach | None:
        if self.align_corners:
            if isinstance(size, Free) or isinstance(made, Free):
                return None
            if made == 1:
                return Sliding()
            # Of one pixel all are made; it is the one they lie in.
            return Resampling(size - 1, made - 1, _ABOUT[self.mode], True) if size > 1 else Resampling(1, made)
        ratio = Fraction(self.factors[axis]) if self.factors is not None else _ratio(made, size)
        return None if ratio is None else Resampling(ratio.denominator, ratio.numerator, _ABOUT[self.mode])

    def lower(self, to: Lowering) -> None:
        how: dict[str, object]
        if self.mode != "nearest":
            coordinates = "align_corners" if self.align_corners else "half_pixel"
            how = {"mode": _IN_ONNX[self.mode], "coordinate_transformation_mode": coordinates}
            how |= {"cubic_coeff_a": -0.75} if self.mode == "bicubic" else {}
        else:
            how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        volumes = to.output_volume, to.input_volumes[0]
        if self.factors is not None:
            self._lower_scaled(to, map(float, self.factors), how)
        elif not fixed(volumes[0].dims + volumes[1].dims):
            to.node("Resize", [to.inputs[0], "", "", self._sizes(to)], to.output, **how)
        else:
            sizes = [
                (as_int(made), as_int(size)) for made, size in zip(*(each.dims[:2] for each in volumes), strict=True)
            ]
            if self.mode != "nearest" or all(_is_told(*each) for each in sizes):
                self._lower_scaled(to, (_scale(*each) for each in sizes), how)
            else:
                self._lower_copies(to)

    def _lower_scaled(self, to: Lowering, factors: Iterable[float], how: Mapping[str, object]) -> None:
        to.node("Resize", [to.inputs[0], "", to.constant("scales", [1.0, 1.0, *factors])], to.output, **how)

    def _lower_copies(self, to: Lowering) -> None:
        """Rows, then columns, by their numbers."""
        channels, height, width = onnx_dims(to.input_volumes[0])
        high, wide = as_int(to.output_volume.height), as_int(to.output_volume.width)
        rows = to.constant("from_rows", [i * as_int(height) // high for i in range(high)])
        columns = to.constant("from_columns", [i * as_int(width) // wide for i in range(wide)])
        tall = to.node("Gather", [to.inputs[0], rows], to.inner("tall", (channels, high, width)), axis=2)
        to.node("Gather", [tall, columns], to.output, axis=3)

    def _sizes(self, to: Lowering) -> str:
        """All four of the output: batch and channels as they come in."""
        first, two = to.constant("first", [0]), to.constant("two", [2])
        own = to.node("Shape", to.inputs[:1], to.sizes("own", 4))
        kept = to.node("Slice", [own, first, two], to.sizes("kept", 2))
        if isinstance(to.output_volume.height, int) and isinstance(to.output_volume.width, int):
            asked = to.constant("asked", [to.output_volume.height, to.output_volume.width])
        else:
            other = to.node("Shape", to.inputs[1:], to.sizes("other", 4))
            asked = to.node("Slice", [other, two, to.constant("last", [4])], to.sizes("asked", 2))
        return to.node("Concat", [kept, asked], to.sizes("sizes", 4), axis=0)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        mode: dict[str, Value] = unless("nearest", mode=self.mode)
        mode |= unless(False, align_corners=self.align_corners)
        if len(inputs) == 2:
            return Code(function="resize_as", options=tuple(mode.items()))
        if self.factors is not None:
            # PyTorch's own is right for these: others it rounds, or leaves a map as it is.
            name = "nn.Upsample" if self.mode != "nearest" or set(self.factors) <= {1, 2, 3, 4, 8, 16, 32} else "Resize"
            if not all(isinstance(factor, int) for factor in self.factors):
                name = "Resize"
            down, across = self.factors
            return module(name, scale_factor=down if down == across else (down, across), **mode)
        assert self.to is not None
        return module("Resize" if self.mode == "nearest" else "nn.Upsample", size=self.to, **mode)

    def caption(self) -> Caption:
        if self.to is not None:
            how: tuple[str, ...] = (f"to {self.to[0]}×{self.to[1]}",)
        else:
            factors = self.factors
            how = () if factors is None else ("×" + "×".join(f"{each:g}" for each in dict.fromkeys(factors)),)
        words = (self.mode,) * (self.mode != "nearest") + ("corners",) * self.align_corners
        return Caption("upsample", details=(*how, *words))


_ABOUT = {"nearest": 1, "bilinear": 2, "bicubic": 4}
"""Of how many pixels one is blended, in each direction."""
_IN_ONNX = {"bilinear": "linear", "bicubic": "cubic"}


@kind
class Unpool(Kind):
    """Each number where the largest of its window of a named tensor is, and zeros elsewhere: what a `maxpool` of that
    tensor took has its place again (SegNet, Badrinarayanan et al. 2017). Windows lie side by side and cover the tensor,
    the last of them also what is beyond it, as of `maxpool … ceil`; of equal numbers the first is the largest, row by
    row. PyTorch's MaxUnpool2d."""

    word = "unpool"
    elsewhere = ("maxunpool", "maxunpool2d", "unpooling")
    family: ClassVar[Family] = "reshape"
    takes_tensors = "one"
    onnx = "MaxPool, for the places, and MaxUnpool"

    window: Pair = argument(PAIR, keyword="f", positional=True, doc="height x width of the windows")

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        for each in inputs:
            need_map(each, self.word)
        down, across = self.window
        if len(inputs) != 2:
            raise Fault("E0207", "`unpool` needs the tensor that was pooled", help=f"unpool NAME {down}x{across}")
        volume, pooled = inputs
        wanted = Volume((volume.height * down, volume.width * across, volume.channels))
        if wanted.channels != pooled.channels or None in self._beyond(inputs):
            raise Fault(
                "E0401",
                "`unpool` puts numbers back into another tensor than they are of",
                remark=f"{volume} in windows of {down}x{across} makes {wanted}, and the tensor is {pooled}",
                help="name the tensor that the maxpool took",
            )
        return pooled

    def _beyond(self, inputs: tuple[Volume, ...]) -> tuple[int | None, int | None]:
        """How far the last windows reach beyond the tensor, down and across; None where they do not fit it."""
        volume, pooled = inputs
        sizes = ((volume.height, pooled.height), (volume.width, pooled.width))
        down, across = (_beyond(*pair, window) for pair, window in zip(sizes, self.window, strict=True))
        return down, across

    def reach(self, inputs: tuple[Volume, ...]) -> tuple[Reach, Reach] | None:
        down, across = self.window
        return Resampling(1, down), Resampling(1, across)

    def lower(self, to: Lowering) -> None:
        windows = {"kernel_shape": list(self.window), "strides": list(self.window)}
        down, across = self._beyond(to.input_volumes)
        if down or across:
            windows["pads"] = [0, 0, down or 0, across or 0]
        dims = onnx_dims(to.input_volumes[0])
        largest, places = to.inner("largest", dims), to.inner("places", dims, "int64")
        to.node("MaxPool", to.inputs[1:], (largest, places), **windows)
        to.node("MaxUnpool", [to.inputs[0], places], to.output, **windows)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return Code(function="unpool", options=(("kernel_size", square(self.window)),))

    def caption(self) -> Caption:
        return Caption("unpool", "", self.window)


def _beyond(count: Dim, size: Dim, window: int) -> int | None:
    """How far *count* windows side by side reach beyond *size*, which they cover and of which none lies beyond."""
    if isinstance(count, int) and isinstance(size, int):
        beyond = count * window - size
        return beyond if 0 <= beyond < window else None
    return 0 if count * window == size else None


def _times(size: Dim, factor: Factor) -> Dim:
    exact = Fraction(factor)
    return size * exact.numerator // exact.denominator


_MOST_TOLD = 1000
"""Up to how many pixels i*m/n is further from a whole number than float32 errs, unless it is one."""


def _is_told(made: int, size: int) -> bool:
    """Whether float32s tell of which of *size* pixels each of the *made* is a copy, when they are divided by made/size:
    that is exact, or no quotient but the first is whole. 1/(2/14) is less than 7 there."""
    factor = Fraction(made, size)
    return factor.denominator & (factor.denominator - 1) == 0 or (
        max(made, size) <= _MOST_TOLD and factor.numerator == made
    )


def _scale(made: int, size: int) -> float:
    """The least float32 of which *size* times, exactly and rounded down, is *made*."""
    import numpy as np

    scale = np.float32(made / size)
    while size * Fraction(float(scale)) < made:
        scale = np.nextafter(scale, np.float32(np.inf))
    return float(scale)


def _ratio(made: Dim, size: Dim) -> Fraction | None:
    """How many times as large *made* is, when that is the same whatever a free size is."""
    if isinstance(made, Free) and isinstance(size, Free):
        alike = made.atom == size.atom and not made.offset and not size.offset
        return Fraction(made.scale, size.scale) if alike else None
    return Fraction(made, size) if isinstance(made, int) and isinstance(size, int) else None
