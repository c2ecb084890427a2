"""Convolutions: they make new channels out of windows of all, some or one of the old ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from cnngraph.layers.kind import Caption, Family, Fault, Kind, Lowering, Parameter, argument, kind
from cnngraph.layers.reach import Enlarging, Reach
from cnngraph.layers.values import COUNT, FLAG, INDEX, PADDING, PAIR, VALID, Padding, Pair
from cnngraph.layers.window import Slide, need_map
from cnngraph.volume import Volume, as_int, product


class _Convolution(Kind):
    """What the three convolutions share."""

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


@kind
class Conv(_Convolution):
    """2-D convolution (cross-correlation). Each of the output's channels is a weighted sum over a
    window of all input channels, or of those in its group. ``⌊(n + p - k')/s⌋ + 1`` per axis."""

    word = "conv"
    onnx = "Conv"

    channels: int = argument(COUNT, positional=True, doc="channels it makes (the number of filters)")
    window: Pair = argument(PAIR, keyword="f", positional=True, doc="height x width of the filter")
    stride: Pair = argument(PAIR, keyword="s", default=(1, 1), doc="step of the window")
    padding: Padding = argument(PADDING, keyword="p", default=VALID, doc="border of zeros around the input")
    dilation: Pair = argument(PAIR, keyword="d", default=(1, 1), doc="spacing of the window's taps")
    groups: int = argument(COUNT, default=1, doc="groups of channels that do not see each other")
    bias: bool = argument(FLAG, default=True, doc="one number added per channel; off when the step says `bn`")

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        (volume,) = inputs
        height, width = self.slide.over(volume, self.word)
        channels = as_int(volume.channels)
        if channels % self.groups or self.channels % self.groups:
            common = [n for n in range(1, channels + 1) if channels % n == 0 and self.channels % n == 0]
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

    def remarks(self, inputs: tuple[Volume, ...]) -> Iterator[Fault]:
        return self.slide.remarks(inputs[0])

    def parameters(self, inputs: tuple[Volume, ...]) -> dict[str, Parameter]:
        each = as_int(inputs[0].channels) // self.groups
        area = product(self.window)
        shape = (self.channels, each, *self.window)
        return self._weights(shape, each * area, self.channels // self.groups * area, self.channels)

    def macs(self, inputs: tuple[Volume, ...], output: Volume) -> int | None:
        each = as_int(inputs[0].channels) // self.groups
        return as_int(output.size) * each * product(self.window) if output.is_fixed else None

    def lower(self, to: Lowering) -> None:
        self._lower(to, "Conv", {**self.slide.onnx(to), **({"group": self.groups} if self.groups > 1 else {})})

    def caption(self) -> Caption:
        details = (f"groups = {self.groups}",) if self.groups > 1 else ()
        return _caption(self, "conv", str(self.channels), details)


@kind
class DwConv(_Convolution):
    """Depthwise convolution: every channel is filtered by itself (groups = channels)."""

    word = "dwconv"
    onnx = "Conv with group = C"

    window: Pair = argument(PAIR, keyword="f", positional=True, doc="height x width of the filter")
    stride: Pair = argument(PAIR, keyword="s", default=(1, 1), doc="step of the window")
    padding: Padding = argument(PADDING, keyword="p", default=VALID, doc="border of zeros around the input")
    dilation: Pair = argument(PAIR, keyword="d", default=(1, 1), doc="spacing of the window's taps")
    multiplier: int = argument(COUNT, keyword="m", default=1, doc="filters for each channel")
    bias: bool = argument(FLAG, default=True, doc="one number added per channel; off when the step says `bn`")

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        (volume,) = inputs
        return Volume((*self.slide.over(volume, self.word), volume.channels * self.multiplier))

    def remarks(self, inputs: tuple[Volume, ...]) -> Iterator[Fault]:
        return self.slide.remarks(inputs[0])

    def parameters(self, inputs: tuple[Volume, ...]) -> dict[str, Parameter]:
        channels = as_int(inputs[0].channels) * self.multiplier
        area = product(self.window)
        return self._weights((channels, 1, *self.window), area, area * self.multiplier, channels)

    def macs(self, inputs: tuple[Volume, ...], output: Volume) -> int | None:
        return as_int(output.size) * product(self.window) if output.is_fixed else None

    def lower(self, to: Lowering) -> None:
        self._lower(to, "Conv", {**self.slide.onnx(to), "group": as_int(to.input_volumes[0].channels)})

    def caption(self) -> Caption:
        return _caption(self, "depthwise conv", "", (f"m = {self.multiplier}",) if self.multiplier > 1 else ())


@kind
class UpConv(_Convolution):
    """Transposed convolution ("up-convolution"): ``(n - 1)s - p + k' + op`` per axis."""

    word = "upconv"
    onnx = "ConvTranspose"

    channels: int = argument(COUNT, positional=True, doc="channels it makes")
    window: Pair = argument(PAIR, keyword="f", positional=True, doc="height x width of the filter")
    stride: Pair = argument(PAIR, keyword="s", default=(1, 1), doc="step of the window in the output")
    padding: Padding = argument(PADDING, keyword="p", default=VALID, doc="border cut off the output")
    dilation: Pair = argument(PAIR, keyword="d", default=(1, 1), doc="spacing of the window's taps")
    groups: int = argument(COUNT, default=1, doc="groups of channels that do not see each other")
    output_padding: int = argument(INDEX, keyword="op", default=0, doc="rows and columns added at the bottom/right")
    bias: bool = argument(FLAG, default=True, doc="one number added per channel; off when the step says `bn`")

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
        sizes = []
        for axis, size in enumerate((volume.height, volume.width)):
            before, after = self.cut(axis)
            made = (size - 1) * self.stride[axis] + slide.extent(axis) - before - after + self.added(axis)
            if isinstance(made, int) and made < 1:
                raise Fault(
                    "E0406",
                    "nothing is left of the output",
                    at="padding",
                    reason=f"({size} - 1)*{self.stride[axis]} + {slide.extent(axis)} - {before} - {after} = {made}",
                )
            sizes.append(made)
        return Volume((*sizes, self.channels))

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

    def macs(self, inputs: tuple[Volume, ...], output: Volume) -> int | None:
        if not inputs[0].is_fixed:
            return None
        return as_int(inputs[0].size) * self.channels // self.groups * product(self.window)

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

    def caption(self) -> Caption:
        return _caption(self, "up-conv", str(self.channels), (f"groups = {self.groups}",) if self.groups > 1 else ())


def _caption(conv: _Convolution, name: str, size: str, details: tuple[str, ...]) -> Caption:
    if conv.dilation != (1, 1):
        height, width = conv.dilation
        details = (f"d = {height}" if height == width else f"d = {height}×{width}", *details)
    # A window of one pixel needs no padding to keep the size: `same` says nothing there.
    padding = "" if conv.window == (1, 1) and conv.padding.mode == "same" else conv.padding.caption
    return Caption(name, size, conv.window, conv.stride, padding, details)
