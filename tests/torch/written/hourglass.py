"""Stacked hourglass: written by cnngraph from the spec `hourglass`.

Takes `image`, N x 3 x 256 x 256, values 0 to 1.
Weights trained here come back by their names:

    cnngraph export --onnx hourglass.spec --weights trained.pth
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
    """`conv bn`, then ReLU."""

    def __init__(self, inputs, outputs, f=1, s=1):
        super().__init__(inputs, outputs, f, stride=s, padding=f // 2)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return torch.relu(self.bn(super().forward(x)))


class Shortcut(nn.Sequential):
    def __init__(self, inputs, c):
        super().__init__()
        if inputs != c:
            self.conv1 = nn.Conv2d(inputs, c, 1)


class Residual(nn.Module):
    def __init__(self, inputs, c):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, c // 2, 1)
        self.bn2 = nn.BatchNorm2d(c // 2)
        self.conv2 = nn.Conv2d(c // 2, c // 2, 3, padding=1)
        self.bn3 = nn.BatchNorm2d(c // 2)
        self.conv3 = nn.Conv2d(c // 2, c, 1)
        self.shortcut1 = Shortcut(inputs, c)

    def forward(self, x):
        y = torch.relu(self.bn2(self.conv1(torch.relu(self.bn1(x)))))
        y = self.conv3(torch.relu(self.bn3(self.conv2(y))))
        return y + self.shortcut1(x)


class Level1(nn.Module):
    def __init__(self):
        super().__init__()
        self.residual1 = Residual(256, 256)
        self.maxpool1 = nn.MaxPool2d(2)
        self.residual2 = Residual(256, 256)
        self.residual3 = Residual(256, 256)
        self.residual4 = Residual(256, 256)
        self.upsample1 = nn.Upsample(scale_factor=2)

    def forward(self, x):
        y = self.residual4(self.residual3(self.residual2(self.maxpool1(x))))
        return self.residual1(x) + self.upsample1(y)


class Level2(nn.Module):
    def __init__(self):
        super().__init__()
        self.residual1 = Residual(256, 256)
        self.maxpool1 = nn.MaxPool2d(2)
        self.residual2 = Residual(256, 256)
        self.level11 = Level1()
        self.residual3 = Residual(256, 256)
        self.upsample1 = nn.Upsample(scale_factor=2)

    def forward(self, x):
        y = self.residual3(self.level11(self.residual2(self.maxpool1(x))))
        return self.residual1(x) + self.upsample1(y)


class Level3(nn.Module):
    def __init__(self):
        super().__init__()
        self.residual1 = Residual(256, 256)
        self.maxpool1 = nn.MaxPool2d(2)
        self.residual2 = Residual(256, 256)
        self.level21 = Level2()
        self.residual3 = Residual(256, 256)
        self.upsample1 = nn.Upsample(scale_factor=2)

    def forward(self, x):
        y = self.residual3(self.level21(self.residual2(self.maxpool1(x))))
        return self.residual1(x) + self.upsample1(y)


class Level4(nn.Module):
    def __init__(self):
        super().__init__()
        self.residual1 = Residual(256, 256)
        self.maxpool1 = nn.MaxPool2d(2)
        self.residual2 = Residual(256, 256)
        self.level31 = Level3()
        self.residual3 = Residual(256, 256)
        self.upsample1 = nn.Upsample(scale_factor=2)

    def forward(self, x):
        y = self.residual3(self.level31(self.residual2(self.maxpool1(x))))
        return self.residual1(x) + self.upsample1(y)


class Hourglass2(nn.Sequential):
    def __init__(self):
        super().__init__()
        self.level41 = Level4()
        self.residual1 = Residual(256, 256)
        self.conv1 = Conv(256, 256)


class Stack(nn.Module):
    def __init__(self, joints):
        super().__init__()
        self.features = Hourglass2()
        self.heat = nn.Conv2d(256, joints, 1)
        self.back = nn.Conv2d(joints, 256, 1)
        self.conv1 = nn.Conv2d(256, 256, 1)

    def forward(self, x):
        features = self.features(x)
        return self.conv1(features) + self.back(self.heat(features)) + x


class Hourglass(nn.Sequential):
    def __init__(self, stacks=2, joints=16):
        super().__init__()
        self.conv1 = Conv(3, 64, 7, s=2)
        self.residual1 = Residual(64, 128)
        self.maxpool1 = nn.MaxPool2d(2)
        self.residual2 = Residual(128, 128)
        self.residual3 = Residual(128, 256)
        for i in range(stacks - 1):
            self.add_module(f"stack{i + 1}", Stack(joints))
        self.hourglass1 = Hourglass2()
        self.heat = nn.Conv2d(256, joints, 1)
        self.apply(init_weights)
