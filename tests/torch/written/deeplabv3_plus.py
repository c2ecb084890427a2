"""DeepLabv3+: written by cnngraph from the spec `deeplabv3_plus`.

Takes `image`, N x 3 x 513 x 513, values 0 to 1, minus 0.485, 0.456, 0.406, divided by
0.229, 0.224, 0.225.
Weights trained here come back by their names:

    cnngraph export --onnx deeplabv3_plus.spec --weights trained.pth
"""

import torch
from torch import nn


def resize_as(x, like, mode="nearest", align_corners=False):
    """x as high and wide as another tensor."""
    size = tuple(like.shape[2:])
    return Resize(size=size, mode=mode, align_corners=align_corners)(x)


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


def init_weights(module):
    """He et al. 2015, "Delving deep into rectifiers"; PyTorch's own start is another."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.kaiming_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class Conv(nn.Conv2d):
    """`conv bn`, then ReLU."""

    def __init__(self, inputs, outputs, f=1, s=1, p=0, d=1, act=nn.ReLU):
        super().__init__(
            inputs, outputs, f, stride=s, padding=p, dilation=d, bias=False
        )
        self.bn = nn.BatchNorm2d(outputs)
        self.act = act()

    def forward(self, x):
        return self.act(self.bn(super().forward(x)))


class SepConv2(SepConv):
    """`sepconv bn`, then ReLU."""

    def __init__(self, inputs, outputs, p):
        super().__init__(inputs, outputs, 3, padding=p, dilation=p, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return torch.relu(self.bn(super().forward(x)))


class Shortcut(nn.Sequential):
    def __init__(self, inputs, c, s=1):
        super().__init__()
        if s > 1 or inputs != c:
            self.conv1 = Conv(inputs, c, s=s, act=nn.Identity)


class Residual(nn.Module):
    def __init__(self, inputs, c, d, s=1):
        super().__init__()
        self.conv1 = Conv(inputs, c)
        self.conv2 = Conv(c, c, 3, s=s, p=d, d=d)
        self.conv3 = Conv(c, 4 * c, act=nn.Identity)
        self.shortcut1 = Shortcut(inputs, 4 * c, s=s)

    def forward(self, x):
        x = self.conv3(self.conv2(self.conv1(x))) + self.shortcut1(x)
        return torch.relu(x)


class Stage(nn.Sequential):
    def __init__(self, inputs, c, n, d, s=1):
        super().__init__()
        self.residual1 = Residual(inputs, c, d, s=s)
        for i in range(n - 1):
            self.add_module(f"residual{i + 2}", Residual(4 * c, c, d))


class Aspp(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = Conv(2048, 256)
        self.sepconv1 = SepConv2(2048, 256, 6)
        self.sepconv2 = SepConv2(2048, 256, 12)
        self.sepconv3 = SepConv2(2048, 256, 18)
        self.avgpool1 = nn.AdaptiveAvgPool2d(1)
        self.conv2 = Conv(2048, 256)
        self.conv3 = Conv(1280, 256)
        self.dropout1 = nn.Dropout()

    def forward(self, x):
        x = torch.cat(
            (
                self.conv1(x),
                self.sepconv1(x),
                self.sepconv2(x),
                self.sepconv3(x),
                resize_as(self.conv2(self.avgpool1(x)), x),
            ),
            1,
        )
        return self.dropout1(self.conv3(x))


class Deeplabv3Plus(nn.Module):
    def __init__(self, depth=50, classes=21):
        super().__init__()
        n = (3, 4, 6, 3) if depth <= 50 else (3, 4, 23, 3)
        self.conv1 = Conv(3, 64, 7, s=2, p=3)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, padding=1)
        self.fine = Stage(64, 64, 3, 1)
        self.stage1 = Stage(256, 128, 4, 1, s=2)
        self.stage2 = Stage(512, 256, n[2], 1, s=2)
        self.stage3 = Stage(1024, 512, 3, 2)
        self.aspp1 = Aspp()
        self.sepconv1 = SepConv2(256, 256, 1)
        self.edges = Conv(256, 48)
        self.sepconv2 = SepConv2(304, 256, 1)
        self.conv2 = nn.Conv2d(256, classes, 1)
        self.upsample1 = nn.Upsample((513, 513), mode="bilinear", align_corners=True)
        self.apply(init_weights)

    def forward(self, x):
        fine = self.fine(self.maxpool1(self.conv1(x)))
        x = self.sepconv1(self.aspp1(self.stage3(self.stage2(self.stage1(fine)))))
        x = torch.cat(
            (resize_as(x, fine, mode="bilinear", align_corners=True), self.edges(fine)),
            1,
        )
        return self.upsample1(self.conv2(self.sepconv2(x)))
