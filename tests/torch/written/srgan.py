"""SRGAN generator: written by cnngraph from the spec `srgan`.

Takes `image`, N x 3 x 96 x 96, values 0 to 1.
Weights trained here come back by their names:

    cnngraph export --onnx srgan.spec --weights trained.pth
"""

import torch
from torch import nn


def init_weights(module):
    """He et al. 2015, "Delving deep into rectifiers"; PyTorch's own start is another."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.kaiming_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class Conv(nn.Conv2d):
    """`conv bn`."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(inputs)

    def forward(self, x):
        return self.bn(super().forward(x))


class Conv2(nn.Conv2d):
    """`conv bn prelu`."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(inputs)
        self.prelu = nn.PReLU()

    def forward(self, x):
        return self.prelu(self.bn(super().forward(x)))


class Conv3(nn.Conv2d):
    """`conv prelu`."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs, 9, padding=4)
        self.prelu = nn.PReLU()

    def forward(self, x):
        return self.prelu(super().forward(x))


class Conv4(nn.Conv2d):
    """`conv`, then Tanh."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs, 9, padding=4)

    def forward(self, x):
        return torch.tanh(super().forward(x))


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = Conv2(64, 64)
        self.conv2 = Conv(64, 64)

    def forward(self, x):
        return self.conv2(self.conv1(x)) + x


class Double(nn.Sequential):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(64, 256, 3, padding=1)
        self.unreorg1 = nn.PixelShuffle(2)
        self.prelu1 = nn.PReLU()


class Srgan(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = Conv3(3, 64)
        self.residual1 = Residual()
        self.residual2 = Residual()
        self.residual3 = Residual()
        self.residual4 = Residual()
        self.residual5 = Residual()
        self.residual6 = Residual()
        self.residual7 = Residual()
        self.residual8 = Residual()
        self.residual9 = Residual()
        self.residual10 = Residual()
        self.residual11 = Residual()
        self.residual12 = Residual()
        self.residual13 = Residual()
        self.residual14 = Residual()
        self.residual15 = Residual()
        self.residual16 = Residual()
        self.conv2 = Conv(64, 64)
        self.double1 = Double()
        self.double2 = Double()
        self.conv3 = Conv4(64, 3)
        self.apply(init_weights)

    def forward(self, x):
        conv1 = self.conv1(x)
        x = self.residual4(self.residual3(self.residual2(self.residual1(conv1))))
        x = self.residual8(self.residual7(self.residual6(self.residual5(x))))
        x = self.residual12(self.residual11(self.residual10(self.residual9(x))))
        x = self.residual16(self.residual15(self.residual14(self.residual13(x))))
        return self.conv3(self.double2(self.double1(self.conv2(x) + conv1)))
