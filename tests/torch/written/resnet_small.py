"""20-layer residual: written by cnngraph from the spec `resnet_small`.

Takes `image`, N x 3 x 32 x 32.
`forward` gives logits, which loss functions want; `predict` gives probabilities.
Weights trained here come back by their names:

    cnngraph export --onnx resnet_small.spec --weights trained.pth
"""

import torch
from torch import nn


class Widen(nn.Module):
    """Every s-th row and column, and more channels, of zeros (He et al. 2016, option A)."""

    def __init__(self, more, stride=1):
        super().__init__()
        self.more = more
        self.stride = stride if isinstance(stride, tuple) else (stride, stride)

    def forward(self, x):
        x = x[:, :, :: self.stride[0], :: self.stride[1]]
        return nn.functional.pad(x, (0, 0, 0, 0, 0, self.more))


def init_weights(module):
    """He et al. 2015, "Delving deep into rectifiers"; PyTorch's own start is another."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.kaiming_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class Conv(nn.Conv2d):
    """`conv bn`, then ReLU."""

    def __init__(self, inputs, outputs, s=1, act=nn.ReLU):
        super().__init__(inputs, outputs, 3, stride=s, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        self.act = act()

    def forward(self, x):
        return self.act(self.bn(super().forward(x)))


class Shortcut(nn.Sequential):
    def __init__(self, inputs, c):
        super().__init__()
        if inputs != c:
            self.widen1 = Widen(inputs, stride=2)


class Unit(nn.Module):
    def __init__(self, inputs, c, s=1, residual=True):
        super().__init__()
        self.conv1 = Conv(inputs, c, s=s)
        self.conv2 = Conv(c, c, act=nn.Identity)
        self.skip = residual
        if self.skip:
            self.shortcut1 = Shortcut(inputs, c)

    def forward(self, x):
        y = self.conv2(self.conv1(x))
        if self.skip:
            y = y + self.shortcut1(x)
        return torch.relu(y)


class ResnetSmall(nn.Sequential):
    def __init__(self, n=3, residual=True, width=16, channels=3, classes=10):
        super().__init__()
        self.conv1 = Conv(channels, width)
        for i in range(n):
            self.add_module(f"unit{i + 1}", Unit(width, width, residual=residual))
        self.add_module(f"unit{n + 1}", Unit(width, 2 * width, s=2, residual=residual))
        for i in range(n - 1):
            self.add_module(
                f"unit{i + n + 2}", Unit(2 * width, 2 * width, residual=residual)
            )
        self.add_module(
            f"unit{2 * n + 1}", Unit(2 * width, 4 * width, s=2, residual=residual)
        )
        for i in range(n - 1):
            self.add_module(
                f"unit{i + 2 * n + 2}", Unit(4 * width, 4 * width, residual=residual)
            )
        self.avgpool1 = nn.AdaptiveAvgPool2d(1)
        self.flatten1 = nn.Flatten()
        self.fc1 = nn.Linear(4 * width, classes)
        self.apply(init_weights)

    def predict(self, *inputs):
        return self(*inputs).softmax(1)
