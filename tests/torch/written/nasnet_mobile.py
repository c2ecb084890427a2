"""NASNet-A Mobile: written by cnngraph from the spec `nasnet_mobile`.

Takes `image`, N x 3 x 224 x 224, values -1 to 1.
`forward` gives logits, which loss functions want; `predict` gives probabilities.
Weights trained here come back by their names:

    cnngraph export --onnx nasnet_mobile.spec --weights trained.pth
"""

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


class Crop(nn.Module):
    def __init__(self, top, left, bottom, right):
        super().__init__()
        self.amounts = (-left, -right, -top, -bottom)

    def forward(self, x):
        return nn.functional.pad(x, self.amounts)


def init_weights(module):
    """He et al. 2015, "Delving deep into rectifiers"; PyTorch's own start is another."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.kaiming_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class SepConv2(SepConv):
    """`sepconv bn`."""

    def __init__(self, inputs, outputs, f=3):
        super().__init__(inputs, outputs, f, padding=f // 2, bias=False)
        self.bn = nn.BatchNorm2d(inputs, eps=0.001)

    def forward(self, x):
        return self.bn(super().forward(x))


class Conv(nn.Conv2d):
    """`conv bn`."""

    def __init__(self, inputs, outputs, f=1, s=1):
        super().__init__(inputs, outputs, f, stride=s, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)

    def forward(self, x):
        return self.bn(super().forward(x))


class SepConv3(SepConv):
    """`sepconv bn`."""

    def __init__(self, inputs, outputs, f=5):
        super().__init__(inputs, outputs, f, stride=2, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)

    def forward(self, x):
        return self.bn(
            super().forward(
                pad_same(x, kernel_size=self.kernel_size, stride=self.stride)
            )
        )


class MaxPool(nn.MaxPool2d):
    """`maxpool`."""

    def __init__(self):
        super().__init__(3, stride=2)

    def forward(self, x):
        return super().forward(nn.functional.pad(x, (0, 1, 0, 1), value=float("-inf")))


class Separable(nn.Sequential):
    def __init__(self, c, f):
        super().__init__()
        self.relu1 = nn.ReLU()
        self.sepconv1 = SepConv2(c, c, f)
        self.relu2 = nn.ReLU()
        self.sepconv2 = SepConv2(c, c, f)


class Separable2(nn.Sequential):
    def __init__(self, inputs, c, f):
        super().__init__()
        self.relu1 = nn.ReLU()
        self.sepconv1 = SepConv3(inputs, c, f)
        self.relu2 = nn.ReLU()
        self.sepconv2 = SepConv2(c, c, f)


class Shrink(nn.Module):
    def __init__(self, inputs, c):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, c // 2, 1, stride=2, bias=False)
        self.pad1 = nn.ZeroPad2d((0, 1, 0, 1))
        self.crop1 = Crop(1, 1, 0, 0)
        self.conv2 = nn.Conv2d(inputs, c // 2, 1, stride=2, bias=False)
        self.bn1 = nn.BatchNorm2d(c, eps=0.001)

    def forward(self, x):
        relu1 = torch.relu(x)
        x = torch.cat((self.conv1(relu1), self.conv2(self.crop1(self.pad1(relu1)))), 1)
        return self.bn1(x)


class Fit(nn.Sequential):
    def __init__(self, inputs, c):
        super().__init__()
        self.relu1 = nn.ReLU()
        self.conv1 = Conv(inputs, c)


class Fit2(nn.Sequential):
    def __init__(self, inputs, c):
        super().__init__()
        self.shrink1 = Shrink(inputs, c)


class Reduction(nn.Module):
    def __init__(self, inputs, c):
        super().__init__()
        self.fit1 = Fit(inputs, c)
        self.h = Conv(inputs, c)
        self.separable1 = Separable2(c, c, 5)
        self.separable2 = Separable2(c, c, 7)
        self.maxpool1 = MaxPool()
        self.separable3 = Separable2(c, c, 7)
        self.avgpool1 = AvgPool(3, stride=2, padding=(0, 1, 0, 1))
        self.separable4 = Separable2(c, c, 5)
        self.avgpool2 = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
        self.separable5 = Separable(c, 3)
        self.maxpool2 = MaxPool()

    def forward(self, x, e):
        fit1 = self.fit1(x)
        h = self.h(torch.relu(e))
        a = self.separable1(h) + self.separable2(fit1)
        b = self.maxpool1(h) + self.separable3(fit1)
        return torch.cat(
            (
                b,
                self.avgpool1(h) + self.separable4(fit1),
                self.avgpool2(a) + b,
                self.separable5(a) + self.maxpool2(h),
            ),
            1,
        )


class Reduction2(nn.Module):
    def __init__(self):
        super().__init__()
        self.h = Conv(32, 11)
        self.separable1 = Separable2(11, 11, 5)
        self.separable2 = Separable2(32, 11, 7)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, padding=1)
        self.separable3 = Separable2(32, 11, 7)
        self.avgpool1 = nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False)
        self.separable4 = Separable2(32, 11, 5)
        self.avgpool2 = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
        self.separable5 = Separable(11, 3)
        self.maxpool2 = nn.MaxPool2d(3, stride=2, padding=1)

    def forward(self, x):
        h = self.h(torch.relu(x))
        a = self.separable1(h) + self.separable2(x)
        b = self.maxpool1(h) + self.separable3(x)
        return torch.cat(
            (
                b,
                self.avgpool1(h) + self.separable4(x),
                self.avgpool2(a) + b,
                self.separable5(a) + self.maxpool2(h),
            ),
            1,
        )


class Reduction3(nn.Module):
    def __init__(self):
        super().__init__()
        self.fit1 = Fit2(32, 22)
        self.h = Conv(44, 22)
        self.separable1 = Separable2(22, 22, 5)
        self.separable2 = Separable2(22, 22, 7)
        self.maxpool1 = MaxPool()
        self.separable3 = Separable2(22, 22, 7)
        self.avgpool1 = AvgPool(3, stride=2, padding=(0, 1, 0, 1))
        self.separable4 = Separable2(22, 22, 5)
        self.avgpool2 = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
        self.separable5 = Separable(22, 3)
        self.maxpool2 = MaxPool()

    def forward(self, x, e):
        fit1 = self.fit1(x)
        h = self.h(torch.relu(e))
        a = self.separable1(h) + self.separable2(fit1)
        b = self.maxpool1(h) + self.separable3(fit1)
        return torch.cat(
            (
                b,
                self.avgpool1(h) + self.separable4(fit1),
                self.avgpool2(a) + b,
                self.separable5(a) + self.maxpool2(h),
            ),
            1,
        )


class Normal(nn.Module):
    def __init__(self, inputs, inputs2, c):
        super().__init__()
        self.p = Fit(inputs, c)
        self.h = Conv(inputs2, c)
        self.separable1 = Separable(c, 5)
        self.separable2 = Separable(c, 3)
        self.separable3 = Separable(c, 5)
        self.separable4 = Separable(c, 3)
        self.avgpool1 = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
        self.avgpool2 = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
        self.avgpool3 = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
        self.separable5 = Separable(c, 3)

    def forward(self, x, e):
        p = self.p(x)
        h = self.h(torch.relu(e))
        return torch.cat(
            (
                p,
                self.separable1(h) + self.separable2(p),
                self.separable3(p) + self.separable4(p),
                self.avgpool1(h) + p,
                self.avgpool2(p) + self.avgpool3(p),
                self.separable5(h) + h,
            ),
            1,
        )


class Normal2(nn.Module):
    def __init__(self, inputs, inputs2, c):
        super().__init__()
        self.p = Fit2(inputs, c)
        self.h = Conv(inputs2, c)
        self.separable1 = Separable(c, 5)
        self.separable2 = Separable(c, 3)
        self.separable3 = Separable(c, 5)
        self.separable4 = Separable(c, 3)
        self.avgpool1 = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
        self.avgpool2 = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
        self.avgpool3 = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
        self.separable5 = Separable(c, 3)

    def forward(self, x, e):
        p = self.p(x)
        h = self.h(torch.relu(e))
        return torch.cat(
            (
                p,
                self.separable1(h) + self.separable2(p),
                self.separable3(p) + self.separable4(p),
                self.avgpool1(h) + p,
                self.avgpool2(p) + self.avgpool3(p),
                self.separable5(h) + h,
            ),
            1,
        )


class NasnetMobile(nn.Module):
    def __init__(self, classes=1000):
        super().__init__()
        self.stem = Conv(3, 32, 3, s=2)
        self.stem1 = Reduction2()
        self.stem2 = Reduction3()
        self.n1 = Normal2(44, 88, 44)
        self.n2 = Normal(88, 264, 44)
        self.n3 = Normal(264, 264, 44)
        self.n4 = Normal(264, 264, 44)
        self.r1 = Reduction(264, 88)
        self.n5 = Normal2(264, 352, 88)
        self.n6 = Normal(352, 528, 88)
        self.n7 = Normal(528, 528, 88)
        self.n8 = Normal(528, 528, 88)
        self.r2 = Reduction(528, 176)
        self.n9 = Normal2(528, 704, 176)
        self.n10 = Normal(704, 1056, 176)
        self.n11 = Normal(1056, 1056, 176)
        self.n12 = Normal(1056, 1056, 176)
        self.avgpool1 = nn.AdaptiveAvgPool2d(1)
        self.flatten1 = nn.Flatten()
        self.dropout1 = nn.Dropout()
        self.fc1 = nn.Linear(1056, classes)
        self.apply(init_weights)

    def forward(self, x):
        stem = self.stem(x)
        stem1 = self.stem1(stem)
        stem2 = self.stem2(stem, stem1)
        n1 = self.n1(stem1, stem2)
        n2 = self.n2(stem2, n1)
        n3 = self.n3(n1, n2)
        n4 = self.n4(n2, n3)
        r1 = self.r1(n3, n4)
        n5 = self.n5(n4, r1)
        n6 = self.n6(r1, n5)
        n7 = self.n7(n5, n6)
        n8 = self.n8(n6, n7)
        r2 = self.r2(n7, n8)
        n9 = self.n9(n8, r2)
        n10 = self.n10(r2, n9)
        x = self.avgpool1(torch.relu(self.n12(n10, self.n11(n9, n10))))
        return self.fc1(self.dropout1(self.flatten1(x)))

    def predict(self, *inputs):
        return self(*inputs).softmax(1)
