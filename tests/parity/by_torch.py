"""What PyTorch answers for a network: its layers, kind by kind, as calls of ``torch.nn``.

Written from PyTorch's documentation and from the definitions in docs/layers.md, without a look at the export. Sizes are
those that tensors have, never those that the network says, and weights have the shapes that PyTorch's modules ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F  # noqa: N812 - as everybody calls it
from torch.utils.flop_counter import FlopCounterMode

from cnngraph.layers.values import Padding
from cnngraph.network import Network

Array = NDArray[Any]
Pads = tuple[int, int, int, int]
"""Top, left, bottom, right."""
Fill = Callable[[str, tuple[int, ...]], Array]
"""The numbers of a tensor, by its key and shape."""


@dataclass(frozen=True)
class Answer:
    """What PyTorch makes of a network."""

    outputs: dict[str, Array]
    weights: dict[str, Array]
    """By ``layer.parameter``, in the shapes of PyTorch's modules."""
    parameters: int
    macs: int
    """Multiply-accumulates for the whole batch, as PyTorch's own counter has them."""


def answer(network: Network, inputs: Mapping[str, Array], fill: Fill, precision: torch.dtype = torch.float64) -> Answer:
    """The outputs of *network* for *inputs*, with weights that *fill* gives."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        running = _Running(fill, precision)
        made = {name: torch.from_numpy(array).to(precision) for name, array in inputs.items()}
        for layer in network.layers:
            if layer.inputs:
                running.layer = layer.name
                method = getattr(running, layer.kind.word)
                made[layer.name] = method(layer.kind, *(made[name] for name in layer.inputs))
    outputs = {output.name: made[output.layer].numpy() for output in network.outputs}
    return Answer(outputs, running.weights, running.parameters, counter.get_total_flops() // 2)


class _Running:
    """One method for each kind: takes the kind, with its arguments, and the tensors."""

    def __init__(self, fill: Fill, precision: torch.dtype) -> None:
        self.fill = fill
        self.precision = precision
        self.layer = ""
        self.weights: dict[str, Array] = {}
        self.parameters = 0

    def filled(self, module: nn.Module) -> nn.Module:
        """*module*, ready to run, with the weights that are its layer's."""
        state = {}
        for name, tensor in module.state_dict().items():
            if name.endswith("num_batches_tracked"):
                continue
            key = f"{self.layer}.{name}"
            self.weights[key] = array = self.fill(key, tuple(tensor.shape))
            state[name] = torch.from_numpy(array)
        module.load_state_dict(state, strict=False)
        self.parameters += sum(parameter.numel() for parameter in module.parameters())
        return module.to(self.precision).eval()

    def learned(self, **shapes: tuple[int, ...]) -> list[torch.Tensor]:
        """Numbers that are no module's of PyTorch's."""
        holder = nn.Module()
        for name, shape in shapes.items():
            holder.register_parameter(name, nn.Parameter(torch.empty(shape)))
        return list(self.filled(holder).parameters())

    # Convolutions ----------------------------------------------------------------------------

    def conv(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        module = nn.Conv2d(
            x.shape[1], kind.channels, kind.window, kind.stride, 0, kind.dilation, kind.groups, kind.bias
        )
        pads = _pads(kind.padding, x, kind.window, kind.stride, kind.dilation)
        return self.filled(module)(_padded(x, pads))

    def dwconv(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        channels = x.shape[1]
        made = channels * kind.multiplier
        module = nn.Conv2d(channels, made, kind.window, kind.stride, 0, kind.dilation, channels, kind.bias)
        return self.filled(module)(_padded(x, _pads(kind.padding, x, kind.window, kind.stride, kind.dilation)))

    def upconv(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        more = kind.output_padding
        module = nn.ConvTranspose2d(
            x.shape[1], kind.channels, kind.window, kind.stride, 0, 0, kind.groups, kind.bias, kind.dilation
        )
        bias = module.bias is not None
        filled = self.filled(module)
        whole = F.conv_transpose2d(x, filled.weight, None, kind.stride, 0, 0, kind.groups, kind.dilation)
        top, left, bottom, right = _cut(kind, x)
        # What is cut off, and rows and columns behind all windows, on which there is the bias alone.
        cut = F.pad(whole, (-left, more - right, -top, more - bottom))
        return cut + filled.bias[:, None, None] if bias else cut

    # Pools -----------------------------------------------------------------------------------

    def maxpool(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        if kind.everything:
            return F.adaptive_max_pool2d(x, 1)
        if kind.to is not None:
            return F.adaptive_max_pool2d(x, kind.to)
        window, stride = kind.window, kind.stride or kind.window
        pads = _pads(kind.padding, x, window, stride, (1, 1))
        if _is_torchs(pads, window):
            return F.max_pool2d(x, window, stride, pads[:2], ceil_mode=kind.ceil)
        fitted = _fitted(x, pads, window, stride, kind.ceil)
        return F.max_pool2d(_padded(x, fitted, float("-inf")), window, stride)

    def avgpool(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        if kind.everything:
            return F.adaptive_avg_pool2d(x, 1)
        if kind.to is not None:
            return F.adaptive_avg_pool2d(x, kind.to)
        window, stride = kind.window, kind.stride or kind.window
        pads = _pads(kind.padding, x, window, stride, (1, 1))
        if _is_torchs(pads, window):
            return F.avg_pool2d(x, window, stride, pads[:2], ceil_mode=kind.ceil, count_include_pad=kind.count_pad)
        ones = torch.ones_like(x)
        counted = _padded(ones, pads, 1.0) if kind.count_pad else _padded(ones, pads)
        over = [more - asked for more, asked in zip(_fitted(x, pads, window, stride, kind.ceil), pads, strict=True)]
        padded = _padded(x, pads)
        sums = [F.avg_pool2d(_padded(each, over), window, stride, divisor_override=1) for each in (padded, counted)]
        return sums[0] / sums[1]

    # On vectors ------------------------------------------------------------------------------

    def fc(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        return self.filled(nn.Linear(x.shape[1], kind.units, kind.bias))(x)

    def flatten(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        return torch.flatten(x, 1)

    def dropout(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        return F.dropout(x, kind.p, training=False)

    # Activations -----------------------------------------------------------------------------

    def relu(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        return F.relu(x)

    def relu6(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        return F.relu6(x)

    def leaky(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        return F.leaky_relu(x, kind.slope)

    def prelu(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        return self.filled(nn.PReLU(x.shape[1]))(x)

    def elu(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        return F.elu(x, kind.alpha)

    def selu(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        return F.selu(x)

    def gelu(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        return F.gelu(x, approximate="tanh" if kind.approximate else "none")

    def swish(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        return F.silu(x)

    def hswish(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        return F.hardswish(x)

    def hsigmoid(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        return F.hardsigmoid(x) if abs(kind.slope - 1 / 6) < 1e-6 else torch.clamp(kind.slope * x + 0.5, 0, 1)

    def mish(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        return F.mish(x)

    def sigmoid(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(x)

    def tanh(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(x)

    def softplus(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        return F.softplus(x)

    def abs(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        return torch.abs(x)

    def square(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        return torch.square(x)

    def clip(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        return torch.clamp(x, kind.lo, kind.hi)

    def softmax(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        return F.softmax(x, 1)

    def logsoftmax(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        return F.log_softmax(x, 1)

    # Normalizations, scales and shifts -------------------------------------------------------

    def bn(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        of = nn.BatchNorm2d if x.ndim == 4 else nn.BatchNorm1d
        return self.filled(of(x.shape[1], kind.eps))(x)

    def instancenorm(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        if x.shape[2] * x.shape[3] == 1:
            # PyTorch refuses a single place while it takes statistics: the number is its own mean.
            if not kind.affine:
                return 0 * x
            weight, bias = self.learned(weight=(x.shape[1],), bias=(x.shape[1],))
            return 0 * x * weight[:, None, None] + bias[:, None, None]
        return self.filled(nn.InstanceNorm2d(x.shape[1], kind.eps, affine=kind.affine))(x)

    def groupnorm(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        return self.filled(nn.GroupNorm(kind.g, x.shape[1], kind.eps))(x)

    def layernorm(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        norm = self.filled(nn.LayerNorm(x.shape[1], kind.eps))
        return norm(x.movedim(1, -1)).movedim(-1, 1)

    def lrn(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        return F.local_response_norm(x, kind.n, kind.alpha, kind.beta, kind.k)

    def scale(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        names = ("weight", "bias") if kind.bias else ("weight",)
        numbers = self.learned(**dict.fromkeys(names, (x.shape[1],)))
        weight, *bias = (each.reshape(-1, *(1,) * (x.ndim - 2)) for each in numbers)
        return x * weight + bias[0] if bias else x * weight

    def shift(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        (bias,) = self.learned(bias=(x.shape[1],))
        return x + bias.reshape(-1, *(1,) * (x.ndim - 2))

    def times(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        return x * (self.learned(weight=(1,))[0] if kind.by is None else kind.by)

    def plus(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        return x + (self.learned(bias=(1,))[0] if kind.by is None else kind.by)

    # Joins -----------------------------------------------------------------------------------

    def add(self, kind: Any, x: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        for other in others:
            assert other.shape == x.shape
            x = x + other
        return x

    def sub(self, kind: Any, x: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        for other in others:
            assert other.shape == x.shape
            x = x - other
        return x

    def max(self, kind: Any, x: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        for other in others:
            x = torch.maximum(x, other)
        return x

    def mul(self, kind: Any, x: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        for other in others:
            x = x * other
        return x

    def concat(self, kind: Any, *tensors: torch.Tensor) -> torch.Tensor:
        return torch.cat(tensors, 1)

    # Other sizes and other orders ------------------------------------------------------------

    def upsample(self, kind: Any, x: torch.Tensor, *like: torch.Tensor) -> torch.Tensor:
        mode: dict[str, Any] = {"mode": "nearest"}
        if kind.bilinear:
            mode = {"mode": "bilinear", "align_corners": kind.align_corners}
        if kind.n is not None:
            factors = kind.n if isinstance(kind.n, tuple) else (kind.n, kind.n)
            return F.interpolate(x, scale_factor=tuple(map(float, factors)), **mode)
        return F.interpolate(x, kind.to if kind.to is not None else tuple(like[0].shape[2:]), **mode)

    def pad(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        top, left, bottom, right = kind.n.amounts
        mode = "constant" if kind.filling == "zeros" else kind.filling
        return F.pad(x, (left, right, top, bottom), mode)

    def crop(self, kind: Any, x: torch.Tensor, *like: torch.Tensor) -> torch.Tensor:
        if like:
            high, wide = like[0].shape[2:]
            top, left = (x.shape[2] - high) // 2, (x.shape[3] - wide) // 2
            return x[:, :, top : top + high, left : left + wide]
        top, left, bottom, right = kind.n.amounts
        return x[:, :, top : x.shape[2] - bottom, left : x.shape[3] - right]

    def reorg(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        batch, channels, high, wide = x.shape
        n = kind.n
        if kind.order == "by_channel":
            return F.pixel_unshuffle(x, n)
        if kind.order == "as_darknet":
            x = x.reshape(batch, channels // n**2, high * n, wide * n)
        deep = torch.cat([x[:, :, a::n, b::n] for a in range(n) for b in range(n)], 1)
        return deep.reshape(batch, channels * n**2, high // n, wide // n)

    def unreorg(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        n = kind.n
        if kind.order == "by_channel":
            return F.pixel_shuffle(x, n)
        batch, channels, high, wide = x.shape
        made = x.new_empty(batch, channels // n**2, high * n, wide * n)
        for at, piece in enumerate(x.chunk(n**2, 1)):
            made[:, :, at // n :: n, at % n :: n] = piece
        return made

    def widen(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        kept = x[:, :, :: kind.stride[0], :: kind.stride[1]]
        return F.pad(kept, (0, 0, 0, 0, 0, kind.channels - x.shape[1]))

    def slice(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        return x[:, kind.start : kind.stop]

    def shuffle(self, kind: Any, x: torch.Tensor) -> torch.Tensor:
        return nn.ChannelShuffle(kind.g)(x)


def _pads(padding: Padding, x: torch.Tensor, window: Any, stride: Any, dilation: Any) -> Pads:
    """What a padding comes to: of ``same`` (k' - 1)/2 on each side, of TensorFlow's what makes ⌈n/s⌉ of n."""
    if padding.mode == "given":
        return padding.amounts
    around = []
    for axis in (0, 1):
        covered, size = dilation[axis] * (window[axis] - 1) + 1, x.shape[2 + axis]
        if padding.mode == "valid":
            around.append((0, 0))
        elif padding.mode == "same":
            around.append(((covered - 1) // 2,) * 2)
        else:
            total = max(0, (-(-size // stride[axis]) - 1) * stride[axis] + covered - size)
            less = total // 2
            around.append((less, total - less) if padding.mode == "same_upper" else (total - less, less))
    (top, bottom), (left, right) = around
    return top, left, bottom, right


def _cut(kind: Any, x: torch.Tensor) -> Pads:
    """What an ``upconv`` cuts off: the border with which the convolution backwards would make of its output its input;
    TensorFlow's output is s times as large."""
    if kind.padding.mode in ("same_upper", "same_lower"):
        sides = []
        for axis in (0, 1):
            total = kind.dilation[axis] * (kind.window[axis] - 1) + 1 - kind.stride[axis]
            less = max(0, total) // 2
            before = less if kind.padding.mode == "same_upper" else max(0, total) - less
            sides.append((before, total - before))
        (top, bottom), (left, right) = sides
        return top, left, bottom, right
    return _pads(kind.padding, x, kind.window, kind.stride, kind.dilation)


def _padded(x: torch.Tensor, pads: Any, value: float = 0.0) -> torch.Tensor:
    top, left, bottom, right = pads
    return F.pad(x, (left, right, top, bottom), value=value)


def _is_torchs(pads: Pads, window: Any) -> bool:
    """Whether PyTorch's pools take this border: equal on both sides and at most half a window."""
    top, left, bottom, right = pads
    return top == bottom and left == right and top <= window[0] // 2 and left <= window[1] // 2


def _fitted(x: torch.Tensor, pads: Pads, window: Any, stride: Any, ceil: bool) -> Pads:
    """*pads* with as much behind as the windows reach: in ceil mode the last may reach beyond, if it begins within the
    map or the border before it (PyTorch's ``MaxPool2d``)."""
    ends = []
    for axis in (0, 1):
        before, after, size = pads[axis], pads[axis + 2], x.shape[2 + axis]
        room = size + before + after - window[axis]
        positions = (-(-room // stride[axis]) if ceil else room // stride[axis]) + 1
        if ceil and (positions - 1) * stride[axis] >= size + before:
            positions -= 1
        ends.append(max(after, (positions - 1) * stride[axis] + window[axis] - size - before))
    return pads[0], pads[1], ends[0], ends[1]
