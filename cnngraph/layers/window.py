"""The arithmetic of windows that slide: convolutions, pools and transposed convolutions.

Along one axis, with input size n, window k, dilation d, stride s and padding p on both sides together,
a window covers ``k' = d(k - 1) + 1`` and the output has ``⌊(n + p - k')/s⌋ + 1`` positions
(Dumoulin & Visin 2016, "A guide to convolution arithmetic for deep learning"; ONNX Conv, MaxPool).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from cnngraph.layers.code import Call, Value, border, square, unless
from cnngraph.layers.kind import Fault, Kind, Lowering
from cnngraph.layers.reach import Sliding
from cnngraph.layers.terms import Term, brief, number
from cnngraph.layers.values import Padding, Pair
from cnngraph.volume import Dim, Free, Volume, as_int, divisors


@dataclass(frozen=True, slots=True)
class Slide:
    """How a window slides over the two axes of a map."""

    window: Pair
    stride: Pair
    padding: Padding
    dilation: Pair = (1, 1)
    ceil: bool = False

    def extent(self, axis: int) -> int:
        """k', what the window covers along *axis* (0: height, 1: width)."""
        return self.dilation[axis] * (self.window[axis] - 1) + 1

    def pads(self, axis: int, size: Dim) -> Pair:
        """Padding before and after along *axis*, as asked for (`overhang` is beside it). Where it hangs on a free size
        (`is_open`), that of sizes that the stride divides."""
        extent, stride = self.extent(axis), self.stride[axis]
        match self.padding.mode:
            case "valid":
                return 0, 0
            case "given":
                return self.padding.amounts[axis], self.padding.amounts[axis + 2]
            case "same":
                return (extent - 1) // 2, (extent - 1) // 2
            case mode:
                past = stride if isinstance(size, Free) else size - (-(-size // stride) - 1) * stride
                total = max(0, extent - past)
                less, more = total // 2, total - total // 2
                return (less, more) if mode == "same_upper" else (more, less)

    def is_open(self, axis: int, size: Dim) -> bool:
        """Whether how much is padded along *axis* hangs on *size*, which is free: TensorFlow's way with a stride."""
        by_size = self.padding.mode in ("same_upper", "same_lower") and self.stride[axis] != 1
        return by_size and isinstance(size, Free) and self.extent(axis) > 1

    def size(self, axis: int, size: Dim) -> Dim:
        """The output's size along *axis*; raises `Fault` when the window does not fit."""
        extent, stride = self.extent(axis), self.stride[axis]
        if self.is_open(axis, size):
            # What ONNX calls auto_pad takes neither in onnxruntime.
            if self.dilation != (1, 1) or extent < stride:
                beside = "a dilation" if self.dilation != (1, 1) else "a smaller window"
                raise Fault(
                    "E0411",
                    f"`{self.padding.mode}` with a stride and {beside} needs a known size",
                    remark=f"the size {size} is free",
                    help="give the padding in numbers (p=), or the input a size",
                )
            return (size + (stride - 1)) // stride
        before, after = self.pads(axis, size)
        room = size + before + after - extent
        if isinstance(room, Free) or isinstance(size, Free):
            if not self.ceil or stride == 1:
                return room // stride + 1
            if extent < stride + after:
                raise Fault(
                    "E0411",
                    "`ceil` with this window and padding needs a known size",
                    remark=f"the size {size} is free",
                    reason="whether the last window would begin beyond the input depends on it",
                    help="give the padding in numbers (p=) instead of `ceil`, or the input a size",
                )
            return (room + (stride - 1)) // stride + 1
        if room < 0:
            raise Fault("E0406", "the window is larger than what it slides over", at="window")
        if not self.ceil:
            return room // stride + 1
        positions = -(-room // stride) + 1
        # A last window that would begin in the padding after the input is left out: PyTorch's rule, ONNX's since 22.
        if (positions - 1) * stride >= size + before:
            positions -= 1
        return positions

    def count(self, axis: int, size: Dim) -> Term:
        """The arithmetic of `size`: ``(n + p - k')/s + 1``. In `ceil` mode its value is one more where a last window
        would begin beyond the input."""
        if self.is_open(axis, size):
            return number(size).ceildiv(self.stride[axis])
        before, after = self.pads(axis, size)
        return self.positions(axis, number(size) + padded(before, after))

    def positions(self, axis: int, padded: Term) -> Term:
        """`count` with ``n + p`` in words of the caller's."""
        room, stride = padded - covered(self.window[axis], self.dilation[axis]), self.stride[axis]
        return (room.ceildiv(stride) if self.ceil else room // stride) + 1

    def overhang(self, axis: int, size: Dim) -> int:
        """How far, in `ceil` mode, the last window reaches beyond the padding."""
        if not self.ceil or isinstance(size, Free):
            return 0
        before, after = self.pads(axis, size)
        positions = self.size(axis, size)
        assert isinstance(positions, int)
        return max(0, (positions - 1) * self.stride[axis] + self.extent(axis) - (size + before + after))

    def reach(self, volume: Volume) -> tuple[Sliding, Sliding]:
        """Which places of *volume* a place of the output sees, down and across."""
        before = self.pads(0, volume.height)[0], self.pads(1, volume.width)[0]
        return (
            Sliding(self.window[0], self.stride[0], before[0], self.dilation[0]),
            Sliding(self.window[1], self.stride[1], before[1], self.dilation[1]),
        )

    def over(self, volume: Volume, word: str) -> tuple[Dim, Dim]:
        """Height and width of what sliding over *volume* makes."""
        need_map(volume, word)
        if self.padding.mode == "same" and any(self.extent(axis) % 2 == 0 for axis in (0, 1)):
            high, wide = self.extent(0), self.extent(1)
            even = wide if high % 2 else high
            pads = (high - 1) // 2, (wide - 1) // 2, high // 2, wide // 2
            raise Fault(
                "E0404",
                "`same` needs an odd window",
                at="window",
                remark=f"symmetric padding would be ({even} - 1)/2 = {(even - 1) / 2}",
                help="`same_upper` pads one more at the bottom/right (TensorFlow);"
                f" or p={pads} for (top, left, bottom, right)",
            )
        try:
            return self.size(0, volume.height), self.size(1, volume.width)
        except Fault as fault:
            if fault.code == "E0406":
                self._explain_fit(fault, volume, word)
            raise

    def _explain_fit(self, fault: Fault, volume: Volume, word: str) -> None:
        sizes = (volume.height, volume.width)
        room = [sizes[axis] + sum(self.pads(axis, sizes[axis])) for axis in (0, 1)]
        axis = next(a for a in (0, 1) if isinstance(room[a], int) and room[a] < self.extent(a))  # type: ignore[operator]
        before, after = self.pads(axis, sizes[axis])
        covers = f", {self.extent(0)}x{self.extent(1)} with its dilation" if self.dilation != (1, 1) else ""
        padding = str(before) if before == after else f"{before} and {after}"
        fault.remark = f"{self.window[0]}x{self.window[1]} window{covers}, input {volume}, padding {padding}"
        fault.reason = f"{self.positions(axis, number(sizes[axis]) + before + after).plain} < 1"
        fault.help = f"the largest window here is {room[0]}x{room[1]}"
        if word.endswith("pool"):
            fault.help += f"; for one value per channel write  {word} global"

    def remarks(self, volume: Volume) -> Iterator[Fault]:
        """W0101: rows or columns of the input that no window sees."""
        if not volume.is_map:
            return
        for axis, size in enumerate((volume.height, volume.width)):
            extent, stride = self.extent(axis), self.stride[axis]
            if isinstance(size, Free) or extent < stride:
                continue
            positions = as_int(self.size(axis, size))
            before, after = self.pads(axis, size)
            unseen = size + before - ((positions - 1) * stride + extent)
            if unseen <= 0:
                continue
            room = size + before + after - extent
            name = ("row", "column")[axis]
            lost = f"the last {name} is" if unseen == 1 else f"the last {unseen} {name}s are"
            padding = number(size) + (before + after) if before or after else number(size)
            smaller = size - room % stride
            fitting = (
                f"an input of {smaller} gives exactly {positions}, one of {smaller + stride} exactly {positions + 1}"
            )
            yield Fault(
                "W0101",
                f"the stride does not divide evenly; {lost} never seen",
                at="stride",
                remark=f"input {volume}: {self.positions(axis, padding).plain} = {room / stride + 1:g},"
                f" taken as {positions}",
                help=fitting + self._padding_that_fits(room, before, after, unseen),
            )
            return

    def _padding_that_fits(self, room: int, before: int, after: int, unseen: int) -> str:
        """The smallest even padding under which nothing is left out, as a suggestion."""
        stride = self.stride[0]
        if before != after or self.padding.mode not in ("valid", "given") or self.stride[0] != self.stride[1]:
            return ""
        for more in range(1, stride):
            # What the windows leave over at the end, of which the padding may be lost.
            if (room + 2 * more) % stride <= before + more and before + more < min(self.extent(0), self.extent(1)):
                return f"; or add p={before + more}"
        return ""

    def onnx(self, to: Lowering) -> dict[str, object]:
        """ONNX's attributes: window, stride, dilation and explicit pads; overhang becomes padding after. What hangs on
        a free size is left to the runtime (``auto_pad``)."""
        height, width = to.input_volumes[0].height, to.input_volumes[0].width
        if self.is_open(0, height) or self.is_open(1, width):
            mode = self.padding.mode.upper()
            return {"kernel_shape": list(self.window), "strides": list(self.stride), "auto_pad": mode}
        top, bottom = self.pads(0, height)
        left, right = self.pads(1, width)
        attributes: dict[str, object] = {
            "kernel_shape": list(self.window),
            "strides": list(self.stride),
            "pads": [top, left, bottom + self.overhang(0, height), right + self.overhang(1, width)],
        }
        if self.dilation != (1, 1):
            attributes["dilations"] = list(self.dilation)
        if self.ceil and (isinstance(height, Free) or isinstance(width, Free)):
            attributes["ceil_mode"] = 1
        return attributes

    def torch_border(self, volume: Volume) -> Call | None:
        """What puts the border around *volume* that PyTorch's modules have no word for; None where they have."""
        if self.padding.mode in ("same_upper", "same_lower") and self.stride != (1, 1):
            return self.torch_same()
        (top, bottom), (left, right) = self.pads(0, volume.height), self.pads(1, volume.width)
        return None if (top, left) == (bottom, right) else border((top, left, bottom, right))

    def torch_same(self, value: float = 0.0) -> Call:
        """What puts TensorFlow's border, of *value*, around a map of any size."""
        arguments: dict[str, Value] = {"kernel_size": square(self.window), "stride": square(self.stride)}
        arguments |= unless(1, dilation=square(self.dilation)) | unless(0.0, value=value)
        return Call("pad_same", (*arguments.items(), *unless(False, lower=self.padding.mode == "same_lower").items()))


class Windowed(Kind):
    """The base of the kinds that put a window on a map: what the figure that explains a layer asks of them."""

    spreads: ClassVar[bool] = False
    """Whether each number of the input goes to a window of the output, instead of a window to a number."""
    groups: int = 1

    @property
    def sliding(self) -> Slide | None:
        """How the window slides; None for one over everything, or as many as an asked size takes."""
        raise NotImplementedError

    def border(self, axis: int, size: Dim) -> Pair:
        """Padding, before and after, of the map that the window is on; *size* is the input's."""
        return self.sliding.pads(axis, size) if self.sliding is not None else (0, 0)

    def depth(self, channels: int) -> int:
        """How many of the input's *channels* one filter sees."""
        return 1

    def size(self, axis: int, size: Dim) -> Term | None:
        return self.sliding.count(axis, size) if self.sliding is not None else None

    def sizes(self, inputs: tuple[Volume, ...]) -> tuple[Term, Term] | None:
        height, width = (self.size(axis, size) for axis, size in enumerate(inputs[0].dims[:2]))
        return (height, width) if height is not None and width is not None else None


def spaced(dilation: Pair) -> tuple[str, ...]:
    """In a caption, how far apart the window's taps are; nothing where they lie side by side."""
    down, across = dilation
    return () if dilation == (1, 1) else (f"d = {down}" if down == across else f"d = {down}×{across}",)


def covered(window: int, dilation: int) -> Term:
    """``k' = d(k - 1) + 1``"""
    return number(window) if dilation == 1 else brief(number(dilation) * (number(window) - 1) + 1)


def padded(before: int, after: int) -> Term:
    """What is added to a size on both sides together."""
    return brief(number(2) * before if before == after else number(before) + after)


def need_map(volume: Volume, word: str) -> None:
    """Raises `Fault` (E0403) for a vector."""
    if not volume.is_map:
        raise Fault(
            "E0403",
            f"`{word}` needs a volume (height x width x channels), this is a vector of {volume}",
            help="a layer after `flatten` or `fc` sees a vector: use `fc`, or move this line above `flatten`",
        )


def need_known(volume: Volume, word: str, what: str) -> None:
    """Raises `Fault` (E0411) while a size of *volume* is free; *what* says why it has to be known."""
    if not volume.is_fixed:
        raise Fault(
            "E0411",
            f"`{word}` needs a known size",
            remark=f"this is {volume}",
            reason=what,
            help="give the input a size, or put  avgpool global  above to get one value per channel",
        )


def need_equal_parts(volume: Volume, parts: int, at: str, message: str, help: str = "") -> None:
    """Raises `Fault` (E0412) unless *parts*, which the argument *at* says, divides the channels.

    In *help* the divisor next to it stands where ``{0}`` is.
    """
    channels = as_int(volume.channels)
    if channels % parts:
        near = min(divisors(channels), key=lambda n: abs(n - parts)) if help else 0
        remark = f"{channels} / {parts} = {channels / parts:g}"
        raise Fault("E0412", message, at=at, remark=remark, help=help.format(near))
