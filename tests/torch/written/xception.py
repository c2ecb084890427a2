"""Xception: written by cnngraph from the spec `xception`.

Takes `image`, N x 3 x 299 x 299, values -1 to 1.
`forward` gives logits, which loss functions want; `predict` gives probabilities.
Weights trained here come back by their names:

    cnngraph export --onnx xception.spec --weights trained.pth
"""

import torch
from torch import nn


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


def init_weights(module):
    """He et al. 2015, "Delving deep into rectifiers"; PyTorch's own start is another."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.kaiming_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class SepConv2(SepConv):
    """`sepconv bn`, then ReLU."""

    def __init__(self, inputs, outputs, act=nn.Identity):
        super().__init__(inputs, outputs, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        self.act = act()

    def forward(self, x):
        return self.act(self.bn(super().forward(x)))


class Conv(nn.Conv2d):
    """`conv bn`, then ReLU."""

    def __init__(self, inputs, outputs, f=1, s=2, act=nn.Identity):
        super().__init__(inputs, outputs, f, stride=s, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        self.act = act()

    def forward(self, x):
        return self.act(self.bn(super().forward(x)))


class Shortcut(nn.Sequential):
    def __init__(self, inputs, c):
        super().__init__()
        self.conv1 = Conv(inputs, c)


class Down(nn.Module):
    def __init__(self, inputs, c1, c2):
        super().__init__()
        self.sepconv1 = SepConv2(inputs, c1)
        self.sepconv2 = SepConv2(c1, c2)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, padding=1)
        self.shortcut1 = Shortcut(inputs, c2)

    def forward(self, x):
        y = self.maxpool1(self.sepconv2(torch.relu(self.sepconv1(torch.relu(x)))))
        return y + self.shortcut1(x)


class Down2(nn.Module):
    def __init__(self):
        super().__init__()
        self.sepconv1 = SepConv2(64, 128)
        self.sepconv2 = SepConv2(128, 128)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, padding=1)
        self.shortcut1 = Shortcut(64, 128)

    def forward(self, x):
        y = self.maxpool1(self.sepconv2(torch.relu(self.sepconv1(x))))
        return y + self.shortcut1(x)


class Middle(nn.Module):
    def __init__(self):
        super().__init__()
        self.sepconv1 = SepConv2(728, 728)
        self.sepconv2 = SepConv2(728, 728)
        self.sepconv3 = SepConv2(728, 728)

    def forward(self, x):
        y = torch.relu(self.sepconv2(torch.relu(self.sepconv1(torch.relu(x)))))
        return self.sepconv3(y) + x


class Xception(nn.Sequential):
    def __init__(self, classes=1000):
        super().__init__()
        self.conv1 = Conv(3, 32, 3, act=nn.ReLU)
        self.conv2 = Conv(32, 64, 3, s=1, act=nn.ReLU)
        self.down1 = Down2()
        self.down2 = Down(128, 256, 256)
        self.down3 = Down(256, 728, 728)
        for i in range(8):
            self.add_module(f"middle{i + 1}", Middle())
        self.down4 = Down(728, 728, 1024)
        self.sepconv1 = SepConv2(1024, 1536, act=nn.ReLU)
        self.sepconv2 = SepConv2(1536, 2048, act=nn.ReLU)
        self.avgpool1 = nn.AdaptiveAvgPool2d(1)
        self.flatten1 = nn.Flatten()
        self.fc1 = nn.Linear(2048, classes)
        self.apply(init_weights)

    def predict(self, *inputs):
        return self(*inputs).softmax(1)
