"""What generated code needs and PyTorch does not have: each is copied into a file that uses it, as it stands here."""

from __future__ import annotations

import torch
from torch import nn


def pad_same(x, kernel_size, stride, dilation=1, value=0.0, lower=False):
    """TensorFlow's `same`: a border with which a stride of s makes ceil(n / s); more of it behind, or before."""
    amounts = []
    for axis in (1, 0):
        k, s, d = (
            each[axis] if isinstance(each, tuple) else each
            for each in (kernel_size, stride, dilation)
        )
        n = x.shape[2 + axis]
        total = max(0, (-(-n // s) - 1) * s + d * (k - 1) + 1 - n)
        less, more = total // 2, total - total // 2
        amounts += [more, less] if lower else [less, more]
    return nn.functional.pad(x, amounts, value=value)


def crop(x, like):
    """The middle of x, as high and wide as another tensor."""
    height, width = like.shape[2:]
    top, left = (x.shape[2] - height) // 2, (x.shape[3] - width) // 2
    return x[:, :, top : top + height, left : left + width]


def unpool(x, of, kernel_size):
    """Each number where the largest of its window of another tensor is, else zeros."""
    pool = nn.functional.max_pool2d
    _, places = pool(of, kernel_size, ceil_mode=True, return_indices=True)
    return nn.functional.max_unpool2d(x, places, kernel_size, output_size=of.shape[-2:])


def resize_as(x, like, mode="nearest", align_corners=False):
    """x as high and wide as another tensor."""
    size = tuple(like.shape[2:])
    return Resize(size=size, mode=mode, align_corners=align_corners)(x)


class AvgPool(nn.Module):
    """Means of windows, with any border: padding is left, right, top, bottom; of what lies beyond it nothing counts."""

    def __init__(
        self,
        kernel_size,
        stride=None,
        padding=(0, 0, 0, 0),
        count_include_pad=False,
        beyond=(0, 0),
        ceil_mode=False,
    ):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, stride or kernel_size
        self.padding, self.beyond = padding, (0, beyond[1], 0, beyond[0])
        self.counted, self.ceil_mode = float(count_include_pad), ceil_mode

    def sums(self, x, border):
        x = nn.functional.pad(x, self.padding, value=border)
        x = nn.functional.pad(x, self.beyond)
        return nn.functional.avg_pool2d(
            x, self.kernel_size, self.stride, ceil_mode=self.ceil_mode
        )

    def forward(self, x):
        counted = torch.ones_like(x[:1, :1])
        return self.sums(x, 0.0) / self.sums(counted, self.counted)


class SameAvgPool(nn.Module):
    """Means of windows of a map with TensorFlow's `same`."""

    def __init__(self, kernel_size, stride, lower=False, count_include_pad=False):
        super().__init__()
        self.kernel_size, self.stride, self.lower = kernel_size, stride, lower
        self.counted = float(count_include_pad)

    def sums(self, x, border):
        x = pad_same(x, self.kernel_size, self.stride, value=border, lower=self.lower)
        return nn.functional.avg_pool2d(x, self.kernel_size, self.stride)

    def forward(self, x):
        counted = torch.ones_like(x[:1, :1])
        return self.sums(x, 0.0) / self.sums(counted, self.counted)


class ChannelMaxPool(nn.Module):
    """The largest of all channels at each place."""

    def forward(self, x):
        return x.amax(1, keepdim=True)


class ChannelAvgPool(nn.Module):
    """The mean of all channels at each place."""

    def forward(self, x):
        return x.mean(1, keepdim=True)


class SepConv(nn.Module):
    """Every channel filtered by itself, then a convolution of one pixel."""

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        dilation=1,
        multiplier=1,
        bias=True,
    ):
        super().__init__()
        self.kernel_size, self.stride, self.dilation = kernel_size, stride, dilation
        between = in_channels * multiplier
        self.depthwise = nn.Conv2d(
            in_channels,
            between,
            kernel_size,
            stride,
            padding,
            dilation,
            groups=in_channels,
            bias=False,
        )
        self.pointwise = nn.Conv2d(between, out_channels, 1, bias=bias)

    def forward(self, x):
        return self.pointwise(self.depthwise(x))


class ChannelNorm(nn.LayerNorm):
    """Layer normalization over the channels of a map, at each place by itself."""

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class GlobalResponseNorm(nn.Module):
    """Woo et al. 2023, "ConvNeXt V2"."""

    def __init__(self, channels, eps=1e-6):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.zeros(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        size = x.square().sum((2, 3), keepdim=True).sqrt()
        share = size / (size.mean(1, keepdim=True) + self.eps)
        return self.weight.view(-1, 1, 1) * x * share + self.bias.view(-1, 1, 1) + x


class RootMeanSquareNorm(nn.Module):
    """Over the channels, at each place of a map by itself (Zhang & Sennrich 2019)."""

    def __init__(self, channels, is_map=True, eps=1e-6):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(
            torch.ones((channels, 1, 1) if is_map else (channels,))
        )

    def forward(self, x):
        mean = x.square().mean(1, keepdim=True)
        return x / (mean + self.eps).sqrt() * self.weight


class L2Norm(nn.Module):
    """The channels as a vector of length 1, at each place of a map by itself."""

    def __init__(self, eps=1e-12):
        super().__init__()
        self.eps = eps

    def forward(self, x):
        return nn.functional.normalize(x, dim=1, eps=self.eps)


class LocalResponseNormEven(nn.Module):
    """Of an even number of channels, one more behind than before, as ONNX has it."""

    def __init__(self, size, alpha=1e-4, beta=0.75, k=1.0):
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, x):
        before = (self.size - 1) // 2
        squares = nn.functional.pad(
            x.square(), (0, 0, 0, 0, before, self.size - 1 - before)
        )
        means = squares.unfold(1, self.size, 1).mean(-1)
        return x / (self.k + self.alpha * means) ** self.beta


class Scale(nn.Module):
    """Each channel times a learned number, and with a bias plus another."""

    def __init__(self, channels, is_map=True, bias=False):
        super().__init__()
        shape = (channels, 1, 1) if is_map else (channels,)
        self.weight = nn.Parameter(torch.ones(shape))
        self.bias = nn.Parameter(torch.zeros(shape)) if bias else None

    def forward(self, x):
        y = x * self.weight
        return y if self.bias is None else y + self.bias


class Shift(nn.Module):
    """Each channel plus a learned number."""

    def __init__(self, channels, is_map=True):
        super().__init__()
        shape = (channels, 1, 1) if is_map else (channels,)
        self.bias = nn.Parameter(torch.zeros(shape))

    def forward(self, x):
        return x + self.bias


class ChannelAttention(nn.Module):
    """Wang et al. 2020, "ECA-Net": a gate for each channel, of the means of its neighbours."""

    def __init__(self, size):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(1, 1, 1, size))
        nn.init.kaiming_normal_(self.weight)

    def forward(self, x):
        means = x.mean((2, 3)).unsqueeze(1)
        size = self.weight.shape[3]
        gates = nn.functional.conv1d(means, self.weight[0], padding=size // 2)
        return x * torch.sigmoid(gates).transpose(1, 2).unsqueeze(-1)


class Times(nn.Module):
    """Every number times one that is learned."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return x * self.weight


class Plus(nn.Module):
    """Every number plus one that is learned."""

    def __init__(self):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return x + self.bias


class TimesNumber(nn.Module):
    def __init__(self, number):
        super().__init__()
        self.number = number

    def forward(self, x):
        return x * self.number


class PlusNumber(nn.Module):
    def __init__(self, number):
        super().__init__()
        self.number = number

    def forward(self, x):
        return x + self.number


class Abs(nn.Module):
    def forward(self, x):
        return x.abs()


class Square(nn.Module):
    def forward(self, x):
        return x.square()


class Power(nn.Module):
    def __init__(self, exponent):
        super().__init__()
        self.exponent = exponent

    def forward(self, x):
        return x**self.exponent


class Clip(nn.Module):
    def __init__(self, low=None, high=None):
        super().__init__()
        self.low, self.high = low, high

    def forward(self, x):
        return x.clamp(self.low, self.high)


class HardSigmoid(nn.Module):
    def __init__(self, slope, shift):
        super().__init__()
        self.slope, self.shift = slope, shift

    def forward(self, x):
        return (self.slope * x + self.shift).clamp(0, 1)


class SplitSoftmax(nn.Module):
    """Softmax among equal parts of the channels."""

    def __init__(self, parts):
        super().__init__()
        self.parts = parts

    def forward(self, x):
        return x.unflatten(1, (self.parts, -1)).softmax(1).flatten(1, 2)


class Crop(nn.Module):
    def __init__(self, top, left, bottom, right):
        super().__init__()
        self.amounts = (-left, -right, -top, -bottom)

    def forward(self, x):
        return nn.functional.pad(x, self.amounts)


class Slice(nn.Module):
    """The channels from start up to, without, stop."""

    def __init__(self, start, stop):
        super().__init__()
        self.start, self.stop = start, stop

    def forward(self, x):
        return x[:, self.start : self.stop]


class Widen(nn.Module):
    """Every s-th row and column, and more channels, of zeros (He et al. 2016, option A)."""

    def __init__(self, more, stride=1):
        super().__init__()
        self.more = more
        self.stride = stride if isinstance(stride, tuple) else (stride, stride)

    def forward(self, x):
        x = x[:, :, :: self.stride[0], :: self.stride[1]]
        return nn.functional.pad(x, (0, 0, 0, 0, 0, self.more))


class Reorg(nn.Module):
    """Squares of n x n pixels into channels, pixel after pixel, as ONNX's SpaceToDepth and TensorFlow have it, or
    column after column, as YOLOv5's Focus; nn.PixelUnshuffle has them channel after channel."""

    def __init__(self, n, by_column=False):
        super().__init__()
        self.n = n
        self.order = (0, 5, 3, 1, 2, 4) if by_column else (0, 3, 5, 1, 2, 4)

    def forward(self, x):
        b, c, h, w = x.shape
        x = x.reshape(b, c, h // self.n, self.n, w // self.n, self.n)
        return x.permute(self.order).reshape(b, -1, h // self.n, w // self.n)


class ReorgAsDarknet(nn.Module):
    """What darknet's [reorg] does, and weights of YOLOv2 need."""

    def __init__(self, n):
        super().__init__()
        self.n = n

    def forward(self, x):
        b, c, h, w = x.shape
        n = self.n
        x = x.reshape(b, c // n**2, h, n, w, n).permute(0, 3, 5, 1, 2, 4)
        return x.reshape(b, c * n**2, h // n, w // n)


class Unreorg(nn.Module):
    """Channels into squares of n x n pixels, pixel after pixel, as TensorFlow has it; nn.PixelShuffle has them channel
    after channel."""

    def __init__(self, n):
        super().__init__()
        self.n = n

    def forward(self, x):
        b, c, h, w = x.shape
        n = self.n
        x = x.reshape(b, n, n, c // n**2, h, w).permute(0, 3, 4, 1, 5, 2)
        return x.reshape(b, c // n**2, h * n, w * n)


def cubic(t):
    """How much each of four pixels weighs, between whose second and third a place lies, t behind the second (Keys
    1981)."""
    a = -0.75

    def near(d):
        return ((a + 2) * d - (a + 3)) * d**2 + 1

    def far(d):
        return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a

    return far(t + 1), near(t), near(1 - t), far(2 - t)


class Resize(nn.Module):
    """A map of another size: of n pixels made of m the i-th is a copy of i*m//n, or blended of the two
    or four about (i + 0.5)*m/n - 0.5; where a factor is given it is n/m, also if n was rounded down."""

    def __init__(
        self, scale_factor=None, size=None, mode="nearest", align_corners=False
    ):
        super().__init__()
        self.scale_factor, self.size = scale_factor, size
        self.mode, self.align_corners = mode, align_corners

    def places(self, m, axis, device):
        """How many pixels are made of m, and for each where it looks, in pixels."""
        if self.size is None:
            factor = self.scale_factor
            factor = factor[axis] if isinstance(factor, tuple) else factor
            top, bottom = float(factor).as_integer_ratio()
            n = m * top // bottom
        else:
            n = self.size[axis]
            top, bottom = n, m
        i = torch.arange(n, device=device)
        if self.mode == "nearest":
            return (i * bottom // top).clamp(max=m - 1).double()
        if self.align_corners:
            return i * (m - 1) / max(n - 1, 1)
        at = (i + 0.5).double() * bottom / top - 0.5
        return at if self.mode == "bicubic" else at.clamp(0, m - 1)

    def forward(self, x):
        for axis in (0, 1):
            m = x.shape[2 + axis]
            at = self.places(m, axis, x.device)
            low = at.floor().long()
            if self.mode == "nearest":
                x = x.index_select(2 + axis, low)
                continue
            share = (at - low).to(x.dtype).view((-1, 1) if axis == 0 else (-1,))
            shares = cubic(share) if self.mode == "bicubic" else (1 - share, share)
            first = 1 - len(shares) // 2
            x = sum(
                each * x.index_select(2 + axis, (low + first + tap).clamp(0, m - 1))
                for tap, each in enumerate(shares)
            )
        return x
