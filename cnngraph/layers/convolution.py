"""Convolutions: they make new channels out of windows of all, some or one of the old ones."""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd
from typing import ClassVar

from cnngraph.layers.code import Code, Value, border, module, square, unless
from cnngraph.layers.kind import Caption, Family, Fault, Kind, Lowering, Parameter, argument, kind
from cnngraph.layers.reach import Enlarging, Reach
from cnngraph.layers.terms import Term, apart, number, sizes
from cnngraph.layers.terms import product as times
from cnngraph.layers.values import COUNT, FLAG, INDEX, PADDING, PAIR, VALID, Padding, Pair
from cnngraph.layers.window import Slide, Windowed, covered, need_map, padded, spaced
from cnngraph.volume import Dim, Free, Volume, as_int, divisors, product


class _Convolution(Windowed):
    """What convolutions share."""

    family: ClassVar[Family] = "conv"
    followers = True

    window: Pair
    stride: Pair
    padding: Padding
    dilation: Pair
    bias: bool

    @property
    def slide(self) -> Slide:
        return Slide(self.window, self.stride, self.padding, self.dilation)

    @property
    def sliding(self) -> Slide | None:
        return self.slide

    def made(self, inputs: tuple[Volume, ...]) -> Dim:
        """How many channels it makes of *inputs*: one a filter."""
        raise NotImplementedError

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        return Volume((*self.slide.over(inputs[0], self.word), self.made(inputs)))

    def remarks(self, inputs: tuple[Volume, ...]) -> Iterator[Fault]:
        return self.slide.remarks(inputs[0])

    def filter(self, inputs: tuple[Volume, ...]) -> Term:
        """The numbers of one filter without its bias: ``5·5·96/2``."""
        seen = times(*self.window, inputs[0].channels)
        return seen / self.groups if self.groups > 1 else seen

    def counted(self, inputs: tuple[Volume, ...]) -> Term:
        each = self.filter(inputs)
        return (each + 1 if self.bias else each) * self.made(inputs)

    def work(self, inputs: tuple[Volume, ...], output: Volume) -> Term:
        return apart(sizes(output), self.filter(inputs))

    def sentence(self, inputs: tuple[Volume, ...]) -> str:
        count = self.made(inputs)
        filters = "1 filter" if count == 1 else f"{count} filters"
        return f"{filters} of {self.window[0]}×{self.window[1]}×{self.depth(as_int(inputs[0].channels))}"

    def reach(self, inputs: tuple[Volume, ...]) -> tuple[Reach, Reach] | None:
        return self.slide.reach(inputs[0])

    def _weights(self, shape: tuple[int, ...], fan_in: int, fan_out: int, channels: int) -> dict[str, Parameter]:
        weights = {"weight": Parameter(shape, fan_in=fan_in, fan_out=fan_out)}
        if self.bias:
            weights["bias"] = Parameter((channels,), fill=0.0)
        return weights

    def _lower(self, to: Lowering, op: str, attributes: dict[str, object]) -> None:
        inputs = [to.inputs[0], to.parameter("weight")]
        if self.bias:
            inputs.append(to.parameter("bias"))
        to.node(op, inputs, to.output, **attributes)

    def _torch(self, volume: Volume, name: str, sizes: dict[str, Value], groups: int, **more: Value) -> Code:
        arguments = sizes | {"kernel_size": square(self.window)} | unless(1, stride=square(self.stride))
        before = self.slide.torch_border(volume)
        if before is None:
            pads = self.slide.pads(0, volume.height)[0], self.slide.pads(1, volume.width)[0]
            arguments |= unless(0, padding=square(pads))
        arguments |= unless(1, dilation=square(self.dilation)) | unless(1, groups=groups) | more
        return module(name, **arguments, **unless(True, bias=self.bias)).between(before)


@kind
class Conv(_Convolution):
    """2-D convolution (cross-correlation). Each of the output's channels is a weighted sum over a
    window of all input channels, or of those in its group. ``⌊(n + p - k')/s⌋ + 1`` per axis."""

    word = "conv"
    elsewhere = ("conv2d", "convolution", "convolutional")
    onnx = "Conv"

    channels: int = argument(COUNT, positional=True, doc="channels it makes (the number of filters)")
    window: Pair = argument(PAIR, keyword="f", positional=True, doc="height x width of the filter")
    stride: Pair = argument(PAIR, keyword="s", default=(1, 1), doc="step of the window")
    padding: Padding = argument(PADDING, keyword="p", default=VALID, doc="border of zeros around the input")
    dilation: Pair = argument(PAIR, keyword="d", default=(1, 1), doc="spacing of the window's taps")
    groups: int = argument(COUNT, default=1, doc="groups of channels that do not see each other")
    bias: bool = argument(
        FLAG, default=True, doc="one number added per channel; off when the step's normalization subtracts it"
    )

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        (volume,) = inputs
        height, width = self.slide.over(volume, self.word)
        channels = as_int(volume.channels)
        if channels % self.groups or self.channels % self.groups:
            common = divisors(gcd(channels, self.channels))
            raise Fault(
                "E0408",
                f"groups={self.groups} does not divide the channels",
                at="groups",
                remark=f"{channels} input channels / {self.groups} = {channels / self.groups:.4g},"
                f" {self.channels} output channels / {self.groups} = {self.channels / self.groups:.4g}",
                help=f"numbers dividing both {channels} and {self.channels}: {' '.join(map(str, common))};"
                " for one group per channel use `dwconv`",
            )
        return Volume((height, width, self.channels))

    def made(self, inputs: tuple[Volume, ...]) -> Dim:
        return self.channels

    def depth(self, channels: int) -> int:
        return channels // self.groups

    def parameters(self, inputs: tuple[Volume, ...]) -> dict[str, Parameter]:
        each = self.depth(as_int(inputs[0].channels))
        area = product(self.window)
        shape = (self.channels, each, *self.window)
        return self._weights(shape, each * area, self.channels // self.groups * area, self.channels)

    def sentence(self, inputs: tuple[Volume, ...]) -> str:
        groups = f" in {self.groups} groups, each for its own channels" if self.groups > 1 else ""
        return super().sentence(inputs) + groups

    def lower(self, to: Lowering) -> None:
        self._lower(to, "Conv", {**self.slide.onnx(to), **({"group": self.groups} if self.groups > 1 else {})})

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        sizes: dict[str, Value] = {"in_channels": as_int(inputs[0].channels), "out_channels": self.channels}
        return self._torch(inputs[0], "nn.Conv2d", sizes, self.groups)

    def caption(self) -> Caption:
        details = (f"groups = {self.groups}",) if self.groups > 1 else ()
        return _caption(self, "conv", str(self.channels), details, on_arrow="")

    @property
    def projects(self) -> bool:
        return self.window == (1, 1)

    def is_one_with(self, before: Kind) -> bool:
        return isinstance(before, Conv) and before.window == self.window


@kind
class DwConv(_Convolution):
    """Depthwise convolution: every channel is filtered by itself (groups = channels)."""

    word = "dwconv"
    elsewhere = ("depthwise", "depthwiseconv", "depthwiseconv2d")
    onnx = "Conv with group = C"

    window: Pair = argument(PAIR, keyword="f", positional=True, doc="height x width of the filter")
    stride: Pair = argument(PAIR, keyword="s", default=(1, 1), doc="step of the window")
    padding: Padding = argument(PADDING, keyword="p", default=VALID, doc="border of zeros around the input")
    dilation: Pair = argument(PAIR, keyword="d", default=(1, 1), doc="spacing of the window's taps")
    multiplier: int = argument(COUNT, keyword="m", default=1, doc="filters for each channel")
    bias: bool = argument(
        FLAG, default=True, doc="one number added per channel; off when the step's normalization subtracts it"
    )

    def made(self, inputs: tuple[Volume, ...]) -> Dim:
        return inputs[0].channels * self.multiplier

    def parameters(self, inputs: tuple[Volume, ...]) -> dict[str, Parameter]:
        channels = as_int(self.made(inputs))
        area = product(self.window)
        return self._weights((channels, 1, *self.window), area, area * self.multiplier, channels)

    def filter(self, inputs: tuple[Volume, ...]) -> Term:
        return times(*self.window)

    def sentence(self, inputs: tuple[Volume, ...]) -> str:
        each = "one" if self.multiplier == 1 else str(self.multiplier)
        return f"{super().sentence(inputs)}, {each} for every channel"

    def lower(self, to: Lowering) -> None:
        self._lower(to, "Conv", {**self.slide.onnx(to), "group": as_int(to.input_volumes[0].channels)})

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        channels = as_int(inputs[0].channels)
        sizes: dict[str, Value] = {"in_channels": channels, "out_channels": channels * self.multiplier}
        return self._torch(inputs[0], "nn.Conv2d", sizes, channels)

    def caption(self) -> Caption:
        details = (f"m = {self.multiplier}",) if self.multiplier > 1 else ()
        return _caption(self, "depthwise conv", "", details, short="dw conv", loud="DW CONV")


@kind
class SepConv(_Convolution):
    """Depthwise separable convolution, as Keras's SeparableConv2D: every channel is filtered by itself (`dwconv`), and
    windows of one pixel make channels of all that comes of it (`conv`), with nothing in between. The bias, the
    normalization and the activation are the second's (Chollet 2017, "Xception")."""

    word = "sepconv"
    elsewhere = ("separableconv", "separableconv2d", "separableconvolution2d")
    onnx = "Conv with group = C, and Conv"

    channels: int = argument(COUNT, positional=True, doc="channels it makes")
    window: Pair = argument(PAIR, keyword="f", positional=True, doc="height x width of the first filters")
    stride: Pair = argument(PAIR, keyword="s", default=(1, 1), doc="step of the window")
    padding: Padding = argument(PADDING, keyword="p", default=VALID, doc="border of zeros around the input")
    dilation: Pair = argument(PAIR, keyword="d", default=(1, 1), doc="spacing of the window's taps")
    multiplier: int = argument(COUNT, keyword="m", default=1, doc="first filters for each channel")
    bias: bool = argument(
        FLAG, default=True, doc="one number added per channel; off when the step's normalization subtracts it"
    )

    def made(self, inputs: tuple[Volume, ...]) -> Dim:
        return self.channels

    def parameters(self, inputs: tuple[Volume, ...]) -> dict[str, Parameter]:
        between, area = as_int(inputs[0].channels) * self.multiplier, product(self.window)
        weights = {
            "depthwise.weight": Parameter((between, 1, *self.window), fan_in=area, fan_out=area * self.multiplier),
            "pointwise.weight": Parameter((self.channels, between, 1, 1), fan_in=between, fan_out=self.channels),
        }
        if self.bias:
            weights["pointwise.bias"] = Parameter((self.channels,), fill=0.0)
        return weights

    def _between(self, inputs: tuple[Volume, ...]) -> Term:
        """How many channels the first filters make."""
        return times(inputs[0].channels, self.multiplier) if self.multiplier > 1 else number(inputs[0].channels)

    def counted(self, inputs: tuple[Volume, ...]) -> Term:
        between = self._between(inputs)
        each = between + 1 if self.bias else between
        return times(*self.window, *between.parts) + each * self.channels

    def work(self, inputs: tuple[Volume, ...], output: Volume) -> Term:
        return times(output.height, output.width) * (
            times(*self.window, *self._between(inputs).parts) + self._between(inputs) * self.channels
        )

    def sentence(self, inputs: tuple[Volume, ...]) -> str:
        each = "one" if self.multiplier == 1 else str(self.multiplier)
        between = as_int(inputs[0].channels) * self.multiplier
        return (
            f"{between} filters of {self.window[0]}×{self.window[1]}×1, {each} for every channel, then "
            f"{self.channels} of 1×1×{between}"
        )

    def lower(self, to: Lowering) -> None:
        channels, (height, width) = as_int(to.input_volumes[0].channels), to.output_volume.dims[:2]
        between = channels * self.multiplier
        filtered = to.node(
            "Conv", [to.inputs[0], to.parameter("depthwise.weight")], to.inner("depthwise", (between, height, width)),
            **self.slide.onnx(to), group=channels,
        )  # fmt: skip
        bias = [to.parameter("pointwise.bias")] if self.bias else []
        window = {"kernel_shape": [1, 1], "strides": [1, 1], "pads": [0, 0, 0, 0]}
        to.node("Conv", [filtered, to.parameter("pointwise.weight"), *bias], to.output, **window)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        sizes: dict[str, Value] = {"in_channels": as_int(inputs[0].channels), "out_channels": self.channels}
        return self._torch(inputs[0], "SepConv", {**sizes}, 1, **unless(1, multiplier=self.multiplier))

    def caption(self) -> Caption:
        details = (f"m = {self.multiplier}",) if self.multiplier > 1 else ()
        return _caption(self, "separable conv", str(self.channels), details, short="sep conv", loud="SEP CONV")


@kind
class UpConv(_Convolution):
    """Transposed convolution ("up-convolution"): ``(n - 1)s - p + k' + op`` per axis."""

    word = "upconv"
    elsewhere = ("deconv", "convtranspose", "convtranspose2d", "conv2dtranspose", "transposedconv")
    onnx = "ConvTranspose"
    spreads = True

    channels: int = argument(COUNT, positional=True, doc="channels it makes")
    window: Pair = argument(PAIR, keyword="f", positional=True, doc="height x width of the filter")
    stride: Pair = argument(PAIR, keyword="s", default=(1, 1), doc="step of the window in the output")
    padding: Padding = argument(PADDING, keyword="p", default=VALID, doc="border cut off the output")
    dilation: Pair = argument(PAIR, keyword="d", default=(1, 1), doc="spacing of the window's taps")
    groups: int = argument(COUNT, default=1, doc="groups of channels that do not see each other")
    output_padding: int = argument(INDEX, keyword="op", default=0, doc="rows and columns added at the bottom/right")
    bias: bool = argument(
        FLAG, default=True, doc="one number added per channel; off when the step's normalization subtracts it"
    )

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        (volume,) = inputs
        need_map(volume, self.word)
        channels = as_int(volume.channels)
        if channels % self.groups or self.channels % self.groups:
            raise Fault(
                "E0408",
                f"groups={self.groups} does not divide the channels",
                at="groups",
                remark=f"{channels} input channels, {self.channels} output channels",
            )
        for axis in (0, 1):
            added, stride = self.added(axis), self.stride[axis]
            if self.output_padding and added >= stride:
                # With a dilation that is larger PyTorch takes it, onnxruntime does not.
                itself = f", of which `{self.padding.mode}` adds {added - self.output_padding}"
                raise Fault(
                    "E0407",
                    f"output padding {added} must be smaller than the stride",
                    at="output_padding",
                    remark=f"stride {stride}{itself if added > self.output_padding else ''}",
                )
        slide = self.slide
        if self.padding.mode == "same" and any(slide.extent(axis) % 2 == 0 for axis in (0, 1)):
            raise Fault("E0404", "`same` needs an odd window", at="window", help="give the padding in numbers: p=1")
        made = []
        for axis, size in enumerate((volume.height, volume.width)):
            term = self.size(axis, size)
            result = term.value
            assert isinstance(result, int | Free)
            if isinstance(result, int) and result < 1:
                raise Fault("E0406", "nothing is left of the output", at="padding", reason=f"{term.plain} = {result}")
            made.append(result)
        return Volume((*made, self.channels))

    def remarks(self, inputs: tuple[Volume, ...]) -> Iterator[Fault]:
        return iter(())

    def size(self, axis: int, size: Dim) -> Term:
        """``(n - 1)s + k' - p + op``"""
        spread = (number(size) - 1) * self.stride[axis] + covered(self.window[axis], self.dilation[axis])
        made = spread - padded(*self.cut(axis))
        return made + self.added(axis) if self.added(axis) else made

    def made(self, inputs: tuple[Volume, ...]) -> Dim:
        return self.channels

    def depth(self, channels: int) -> int:
        return channels // self.groups

    def border(self, axis: int, size: Dim) -> Pair:
        return self.cut(axis)

    def cut(self, axis: int) -> Pair:
        """What the padding takes off the output, before and after. TensorFlow's `same` makes n·s."""
        if self.padding.mode in ("same_upper", "same_lower"):
            total = max(0, self.slide.extent(axis) - self.stride[axis])
            less, more = total // 2, total - total // 2
            return (less, more) if self.padding.mode == "same_upper" else (more, less)
        return self.slide.pads(axis, 1)

    def added(self, axis: int) -> int:
        """What the output has more at its end, bias alone: as asked for, and what a small window lacks of n·s."""
        if self.padding.mode in ("same_upper", "same_lower"):
            return self.output_padding + max(0, self.stride[axis] - self.slide.extent(axis))
        return self.output_padding

    def reach(self, inputs: tuple[Volume, ...]) -> tuple[Reach, Reach] | None:
        return (
            Enlarging(self.window[0], self.stride[0], self.cut(0)[0], self.dilation[0]),
            Enlarging(self.window[1], self.stride[1], self.cut(1)[0], self.dilation[1]),
        )

    def parameters(self, inputs: tuple[Volume, ...]) -> dict[str, Parameter]:
        channels, each = as_int(inputs[0].channels), self.channels // self.groups
        area = product(self.window)
        shape = (channels, each, *self.window)
        return self._weights(shape, channels // self.groups * area, each * area, self.channels)

    def work(self, inputs: tuple[Volume, ...], output: Volume) -> Term:
        each = times(*self.window, self.channels)
        return apart(sizes(inputs[0]), each / self.groups if self.groups > 1 else each)

    def sentence(self, inputs: tuple[Volume, ...]) -> str:
        return f"{super().sentence(inputs)}; where windows of the output overlap they add up"

    def lower(self, to: Lowering) -> None:
        (top, bottom), (left, right) = self.cut(0), self.cut(1)
        attributes: dict[str, object] = {
            "kernel_shape": list(self.window),
            "strides": list(self.stride),
            "pads": [top, left, bottom, right],
        }
        if self.dilation != (1, 1):
            attributes["dilations"] = list(self.dilation)
        if self.groups > 1:
            attributes["group"] = self.groups
        added = [self.added(0), self.added(1)]
        if any(added):
            attributes["output_padding"] = added
        self._lower(to, "ConvTranspose", attributes)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        (top, bottom), (left, right) = self.cut(0), self.cut(1)
        arguments: dict[str, Value] = {
            "in_channels": as_int(inputs[0].channels),
            "out_channels": self.channels,
            "kernel_size": square(self.window),
            **unless(1, stride=square(self.stride)),
        }
        # What PyTorch cuts off is the same on both sides, and no more than what the window covers.
        is_even = (top, left) == (bottom, right) and top < self.slide.extent(0) and left < self.slide.extent(1)
        if is_even:
            arguments |= unless(0, padding=square((top, left)))
        arguments |= unless(0, output_padding=square((self.added(0), self.added(1))))
        arguments |= unless(1, groups=self.groups) | unless(True, bias=self.bias)
        arguments |= unless(1, dilation=square(self.dilation))
        after = None if is_even else border((-top, -left, -bottom, -right))
        return module("nn.ConvTranspose2d", **arguments).between(None, after)

    def caption(self) -> Caption:
        details = (f"groups = {self.groups}",) if self.groups > 1 else ()
        return _caption(self, "up-conv", str(self.channels), details)


def _caption(
    conv: _Convolution,
    name: str,
    size: str,
    details: tuple[str, ...],
    *,
    short: str = "",
    loud: str = "",
    on_arrow: str | None = None,
) -> Caption:
    details = (*spaced(conv.dilation), *details)
    # A window of one pixel needs no padding to keep the size: `same` says nothing there.
    padding = "" if conv.window == (1, 1) and conv.padding.mode == "same" else conv.padding.caption
    return Caption(name, size, conv.window, conv.stride, padding, details, short, loud, on_arrow=on_arrow, sign="∗")
