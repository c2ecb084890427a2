"""Pools: one number out of each window of each channel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from cnngraph.layers.activation import onnx_dims
from cnngraph.layers.code import LEAST, Code, Value, border, module, square, unless
from cnngraph.layers.kind import Caption, Family, Fault, Kind, Lowering, argument, kind
from cnngraph.layers.reach import POINT, Cells, Reach
from cnngraph.layers.values import FLAG, PADDING, PAIR, VALID, Padding, Pair
from cnngraph.layers.window import Slide, Windowed, need_known, need_map, spaced
from cnngraph.volume import Volume, as_int

_WINDOW_HELP = (
    "write the window:  maxpool f=2 s=2 ; for one value per channel:  avgpool global ;"
    " for a fixed output size:  avgpool to=7"
)


class _Pool(Windowed):
    """What both pools share."""

    family: ClassVar[Family] = "pool"

    window: Pair | None
    stride: Pair | None
    padding: Padding
    ceil: bool
    everything: bool
    over_channels: bool
    to: Pair | None

    @property
    def slide(self) -> Slide:
        assert self.window is not None
        return Slide(self.window, self.stride or self.window, self.padding, self.gaps, self.ceil)

    @property
    def gaps(self) -> Pair:
        """The spacing of the window's taps."""
        return 1, 1

    def settled(self) -> Kind:
        said: dict[str, object] = {}
        if self.to == (1, 1):
            said = {"to": None, "everything": True}
        elif self.window is not None:
            said = {"stride": self.slide.stride}
        return replace(self, **said)

    @property
    def sliding(self) -> Slide | None:
        return None if self.everything or self.over_channels or self.to is not None else self.slide

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        (volume,) = inputs
        need_map(volume, self.word)
        if self.over_channels:
            return Volume((volume.height, volume.width, 1))
        if self.everything:
            return Volume((1, 1, volume.channels))
        if self.to is not None:
            need_known(volume, f"{self.word} to=", "which windows make the asked size depends on the input's")
            return Volume((*self.to, volume.channels))
        if self.window is None:
            raise Fault("E0207", f"`{self.word}` needs a window", help=_WINDOW_HELP)
        slide = self.slide
        height, width = slide.over(volume, self.word)
        for axis, size in enumerate((volume.height, volume.width)):
            if max(slide.pads(axis, size)) >= slide.extent(axis):
                raise Fault(
                    "E0407",
                    "the padding is as large as the window: some windows would see nothing but padding",
                    at="padding",
                    remark=f"padding {max(slide.pads(axis, size))}, window {slide.extent(axis)}",
                    help=f"a {slide.extent(axis)}-wide window takes padding of at most {slide.extent(axis) - 1}",
                )
            if isinstance(size, int) and self._misses(axis, size, as_int((height, width)[axis])):
                raise Fault(
                    "E0407",
                    "the taps of a window lie so far apart that some windows would see nothing but padding",
                    at="dilation",
                    remark=f"{slide.dilation[axis]} apart, on a map of {size}",
                    help=f"take taps that are at most {size} apart",
                )
        return Volume((height, width, volume.channels))

    def _misses(self, axis: int, size: int, count: int) -> bool:
        """Whether one of *count* windows has all its taps beside a map of *size*: only where they are further apart."""
        if size >= self.gaps[axis]:
            return False
        reach = self.slide.reach(Volume((size, size, 1)))[axis]
        return any(all(not 0 <= tap < size for tap in reach.taps(place)) for place in range(count))

    def remarks(self, inputs: tuple[Volume, ...]) -> Iterator[Fault]:
        return iter(()) if self.sliding is None else self.sliding.remarks(inputs[0])

    def reach(self, inputs: tuple[Volume, ...]) -> tuple[Reach, Reach] | None:
        if self.over_channels:
            return POINT
        if self.everything:
            return None
        slide = self.slide if self.to is None else self._cells(inputs)
        if slide is not None:
            return slide.reach(inputs[0])
        assert self.to is not None
        return Cells(as_int(inputs[0].height), self.to[0]), Cells(as_int(inputs[0].width), self.to[1])

    def _cells(self, inputs: tuple[Volume, ...]) -> Slide | None:
        """`to=` as an ordinary pool, when the asked size divides the input's."""
        assert self.to is not None
        height, width = as_int(inputs[0].height), as_int(inputs[0].width)
        if height % self.to[0] or width % self.to[1]:
            return None
        window = (height // self.to[0], width // self.to[1])
        return Slide(window, window, VALID)

    def _pooled(self) -> str:
        """Of what it takes the largest or the mean, for its sentence."""
        if self.over_channels:
            return "all channels, at every place"
        if self.everything:
            return "the whole map, in every channel"
        if self.to is not None:
            return f"each of {self.to[0]}×{self.to[1]} parts of the map, in every channel"
        assert self.window is not None
        return f"each {self.window[0]}×{self.window[1]} window, in every channel"

    def _caption(self, sign: str) -> Caption:
        name, loud = f"{sign} pool", f"{sign}-pool".upper()
        if self.over_channels:
            return Caption(f"channel {name}", loud=f"CHANNEL {loud}", box=(loud, "channels"), sign=sign)
        if self.everything:
            return Caption(f"global {name}", short=name, loud=f"GLOBAL {loud}", box=(loud, "global"), sign=sign)
        if self.to is not None:
            to, words = f"to {self.to[0]}×{self.to[1]}", (loud, "adaptive")
            return Caption(f"adaptive {name}", details=(to,), loud=f"ADAPTIVE {loud}", box=words, sign=sign)
        details = (*spaced(self.gaps), *(("ceil",) if self.ceil else ()))
        stride = self.stride or self.window
        return Caption(name, "", self.window, stride, self.padding.caption, details, loud=loud, box=(loud,), sign=sign)

    def _is_even(self, volume: Volume) -> bool:
        """Whether PyTorch's pools have its border themselves: the same on both sides, at most half of a window."""
        if self._is_open(volume):
            return False
        pads = [self.slide.pads(axis, size) for axis, size in enumerate((volume.height, volume.width))]
        return all(before == after <= k // 2 for (before, after), k in zip(pads, self.slide.window, strict=True))

    def _is_open(self, volume: Volume) -> bool:
        return self.slide.is_open(0, volume.height) or self.slide.is_open(1, volume.width)

    def _torch_window(self, padding: Value) -> dict[str, Value]:
        stride = unless(self.slide.window, stride=self.slide.stride)
        arguments: dict[str, Value] = {"kernel_size": square(self.slide.window)}
        arguments |= {"stride": square(self.slide.stride)} if stride else {}
        return arguments | unless(0, padding=padding) | unless(1, dilation=square(self.gaps))

    def _torch_whole(self, name: str) -> Code:
        if self.over_channels:
            return module(f"Channel{name}")
        name = f"nn.Adaptive{name}2d"
        return module(name, output_size=1 if self.to is None else square(self.to))


@kind
class MaxPool(_Pool):
    """The largest number of each window of each channel, or of all channels at each place."""

    word = "maxpool"
    elsewhere = ("maxpool2d", "maxpooling", "maxpooling2d")
    onnx = "MaxPool, GlobalMaxPool, ReduceMax; to= a size that does not divide Gather, Gather and MaxPool"

    window: Pair | None = argument(PAIR, keyword="f", positional=True, default=None, doc="height x width of the window")
    stride: Pair | None = argument(
        PAIR, keyword="s", default=None, doc="step of the window; the window's size if not given"
    )
    padding: Padding = argument(PADDING, keyword="p", default=VALID, doc="border around the input, never the largest")
    dilation: Pair = argument(PAIR, keyword="d", default=(1, 1), doc="spacing of the window's taps")
    ceil: bool = argument(FLAG, default=False, doc="round the number of windows up instead of down")
    everything: bool = argument(FLAG, keyword="global", default=False, doc="one window over the whole map")
    over_channels: bool = argument(FLAG, default=False, doc="the largest of all channels instead, at each place (CBAM)")
    to: Pair | None = argument(PAIR, default=None, doc="the output's size, whatever the input's (adaptive)")

    @property
    def gaps(self) -> Pair:
        return self.dilation

    def lower(self, to: Lowering) -> None:
        if self.over_channels:
            reduced("ReduceMax", to, to.inputs[0], to.output, [1])
        elif self.everything:
            to.node("GlobalMaxPool", to.inputs, to.output)
        elif self.to is not None and self._cells(to.input_volumes) is None:
            self._lower_adaptive(to, self.to)
        else:
            slide = self.slide if self.to is None else self._cells(to.input_volumes)
            assert slide is not None
            self._lower_sliding(to, slide)

    def _lower_sliding(self, to: Lowering, slide: Slide) -> None:
        """onnxruntime pads by less than a window's taps, however far apart they are: by more another node does."""
        attributes, source = slide.onnx(to), to.inputs[0]
        pads = attributes.get("pads")
        if isinstance(pads, list) and any(pad >= taps for pad, taps in zip(pads, slide.window * 2, strict=True)):
            top, left, bottom, right = pads
            volume = to.input_volumes[0]
            amounts = to.constant("pads", [0, 0, top, left, 0, 0, bottom, right])
            padded = to.inner(
                "padded", (volume.channels, volume.height + (top + bottom), volume.width + (left + right))
            )
            source = to.node("Pad", [source, amounts, to.constant("least", [float("-inf")], ())], padded)
            attributes["pads"] = [0, 0, 0, 0]
        to.node("MaxPool", [source], to.output, **attributes)

    def _lower_adaptive(self, to: Lowering, size: Pair) -> None:
        """Cells of unequal size: each row that several of them have is repeated for each, the last of a cell until all
        are as high as the highest; columns likewise. What stands there twice is no larger."""
        source, window, dims = to.inputs[0], [], list(onnx_dims(to.input_volumes[0]))
        for axis, name in ((0, "rows"), (1, "columns")):
            cells = Cells(as_int(dims[axis + 1]), size[axis])
            spans = [cells.taps(cell) for cell in range(size[axis])]
            most = max(map(len, spans))
            window.append(most)
            dims[axis + 1] = size[axis] * most
            places = to.constant(f"of_{name}", [min(at, span[-1]) for span in spans
                                                for at in range(span[0], span[0] + most)])  # fmt: skip
            source = to.node("Gather", [source, places], to.inner(name, tuple(dims)), axis=axis + 2)
        to.node("MaxPool", [source], to.output, kernel_shape=window, strides=window)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        if self.sliding is None:
            return self._torch_whole("MaxPool")
        height, width = inputs[0].height, inputs[0].width
        (top, bottom), (left, right) = self.slide.pads(0, height), self.slide.pads(1, width)
        if self._is_even(inputs[0]):
            return module(
                "nn.MaxPool2d", **self._torch_window(square((top, left))), **unless(False, ceil_mode=self.ceil)
            )
        if self._is_open(inputs[0]):
            return module("nn.MaxPool2d", **self._torch_window(0)).between(self.slide.torch_same(LEAST))
        bottom, right = bottom + self.slide.overhang(0, height), right + self.slide.overhang(1, width)
        ceil = unless(False, ceil_mode=self.ceil and not inputs[0].is_fixed)
        before = border((top, left, bottom, right), LEAST)
        return module("nn.MaxPool2d", **self._torch_window(0), **ceil).between(before)

    def caption(self) -> Caption:
        caption = self._caption("max")
        return caption if self.sliding is None else replace(caption, on_arrow=caption.loud)

    def sentence(self, inputs: tuple[Volume, ...]) -> str:
        return f"the largest number of {self._pooled()}"


@kind
class AvgPool(_Pool):
    """The mean of each window of each channel, or of all channels at each place."""

    word = "avgpool"
    elsewhere = ("averagepool", "averagepooling", "averagepooling2d", "meanpool")
    onnx = "AveragePool, GlobalAveragePool, ReduceMean; to= a size that does not divide MatMul and MatMul"

    window: Pair | None = argument(PAIR, keyword="f", positional=True, default=None, doc="height x width of the window")
    stride: Pair | None = argument(
        PAIR, keyword="s", default=None, doc="step of the window; the window's size if not given"
    )
    padding: Padding = argument(PADDING, keyword="p", default=VALID, doc="border around the input")
    ceil: bool = argument(FLAG, default=False, doc="round the number of windows up instead of down")
    everything: bool = argument(FLAG, keyword="global", default=False, doc="one window over the whole map")
    over_channels: bool = argument(FLAG, default=False, doc="the mean of all channels instead, at each place (CBAM)")
    to: Pair | None = argument(PAIR, default=None, doc="the output's size, whatever the input's (adaptive)")
    count_pad: bool = argument(FLAG, default=False, doc="count the border as zeros in the mean; else it is left out")

    def lower(self, to: Lowering) -> None:
        if self.over_channels:
            reduced("ReduceMean", to, to.inputs[0], to.output, [1])
        elif self.everything:
            to.node("GlobalAveragePool", to.inputs, to.output)
        elif self.to is not None and self._cells(to.input_volumes) is None:
            self._lower_adaptive(to, self.to)
        else:
            slide = self.slide if self.to is None else self._cells(to.input_volumes)
            assert slide is not None
            self._lower_sliding(to, slide)

    def _lower_sliding(self, to: Lowering, slide: Slide) -> None:
        volume, attributes, source = to.input_volumes[0], slide.onnx(to), to.inputs[0]
        pads = attributes.get("pads")
        if pads is None:
            attributes |= {"count_include_pad": 1} if self.count_pad else {}
        elif self.count_pad and isinstance(pads, list) and any(pads):
            overhang = [0, 0, slide.overhang(0, volume.height), slide.overhang(1, volume.width)]
            if any(overhang):
                # The mean counts the padding and not the overhang: pad with zeros first, then pool without.
                top, left, bottom, right = (all_ - over for all_, over in zip(pads, overhang, strict=True))
                amounts = to.constant("pads", [0, 0, top, left, 0, 0, bottom, right])
                height, width = volume.height + top + bottom, volume.width + left + right
                source = to.node("Pad", [source, amounts], to.inner("padded", (volume.channels, height, width)))
                attributes["pads"] = overhang
            else:
                attributes["count_include_pad"] = 1
        to.node("AveragePool", [source], to.output, **attributes)

    def _lower_adaptive(self, to: Lowering, size: Pair) -> None:
        """Cells of unequal size, as two products with matrices of weights 1/length: rows, then columns."""
        volume = to.input_volumes[0]
        rows = _shares(as_int(volume.height), size[0])
        columns = _shares(as_int(volume.width), size[1])
        across = to.constant(
            "columns", [columns[j][i] for i in range(as_int(volume.width)) for j in range(size[1])],
            (as_int(volume.width), size[1]),
        )  # fmt: skip
        down = to.constant("rows", [share for row in rows for share in row], (size[0], as_int(volume.height)))
        narrow = to.inner("narrow", (volume.channels, volume.height, size[1]))
        to.node("MatMul", [to.inputs[0], across], narrow)
        to.node("MatMul", [down, narrow], to.output)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        if self.sliding is None:
            return self._torch_whole("AvgPool")
        height, width = inputs[0].height, inputs[0].width
        (top, bottom), (left, right) = self.slide.pads(0, height), self.slide.pads(1, width)
        if self._is_even(inputs[0]):
            counted: dict[str, Value] = {"count_include_pad": self.count_pad} if top or left else {}
            window = self._torch_window(square((top, left)))
            return module("nn.AvgPool2d", **window, **unless(False, ceil_mode=self.ceil), **counted)
        if self._is_open(inputs[0]):
            lower = unless(False, lower=self.padding.mode == "same_lower", count_include_pad=self.count_pad)
            return module(
                "SameAvgPool", kernel_size=square(self.slide.window), stride=square(self.slide.stride), **lower
            )
        beyond = self.slide.overhang(0, height), self.slide.overhang(1, width)
        more = {**unless((0, 0), beyond=beyond), **unless(False, ceil_mode=self.ceil and not inputs[0].is_fixed)}
        window = self._torch_window((left, right, top, bottom))
        return module("AvgPool", **window, count_include_pad=self.count_pad, **more)

    def caption(self) -> Caption:
        return self._caption("avg")

    def sentence(self, inputs: tuple[Volume, ...]) -> str:
        return f"the mean of {self._pooled()}"

    @property
    def projects(self) -> bool:
        return True


def reduced(op: str, to: Lowering, source: str, made: str, axes: list[int]) -> str:
    """A node of a reduction, which leaves 1 of each of *axes*. Which they are is an attribute up to opset 17."""
    if to.opset < 18:
        return to.node(op, [source], made, axes=axes)
    return to.node(op, [source, to.constant(f"axes_of_{op.lower()}", axes)], made)


def _shares(size: int, cells: int) -> list[list[float]]:
    """Row i: how much each of *size* inputs weighs in cell i."""
    spans = map(Cells(size, cells).taps, range(cells))
    return [[1 / len(span) if at in span else 0.0 for at in range(size)] for span in spans]
