"""ResNeXt-50 (32×4d): written by cnngraph from the spec `resnext50`.

Takes `image`, N x 3 x 224 x 224, values 0 to 1, minus 0.485, 0.456, 0.406, divided by
0.229, 0.224, 0.225.
`forward` gives logits, which loss functions want; `predict` gives probabilities.
Weights trained here come back by their names:

    cnngraph export --onnx resnext50.spec --weights trained.pth
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

    def __init__(self, inputs, outputs, f=1, s=1, groups=1, act=nn.ReLU):
        super().__init__(
            inputs, outputs, f, stride=s, padding=f // 2, groups=groups, bias=False
        )
        self.bn = nn.BatchNorm2d(outputs)
        self.act = act()

    def forward(self, x):
        return self.act(self.bn(super().forward(x)))


class Shortcut(nn.Sequential):
    def __init__(self, inputs, c, s=1):
        super().__init__()
        if s > 1 or inputs != c:
            self.conv1 = Conv(inputs, c, s=s, act=nn.Identity)


class Unit(nn.Module):
    def __init__(self, inputs, c, s=1):
        super().__init__()
        self.conv1 = Conv(inputs, c)
        self.conv2 = Conv(c, c, 3, s=s, groups=32)
        self.conv3 = Conv(c, 2 * c, act=nn.Identity)
        self.shortcut1 = Shortcut(inputs, 2 * c, s=s)

    def forward(self, x):
        x = self.conv3(self.conv2(self.conv1(x))) + self.shortcut1(x)
        return torch.relu(x)


class Resnext50(nn.Sequential):
    def __init__(self, classes=1000):
        super().__init__()
        self.conv1 = Conv(3, 64, 7, s=2)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, padding=1)
        self.unit1 = Unit(64, 128)
        self.unit2 = Unit(256, 128)
        self.unit3 = Unit(256, 128)
        self.unit4 = Unit(256, 256, s=2)
        for i in range(3):
            self.add_module(f"unit{i + 5}", Unit(512, 256))
        self.unit8 = Unit(512, 512, s=2)
        for i in range(5):
            self.add_module(f"unit{i + 9}", Unit(1024, 512))
        self.unit14 = Unit(1024, 1024, s=2)
        self.unit15 = Unit(2048, 1024)
        self.unit16 = Unit(2048, 1024)
        self.avgpool1 = nn.AdaptiveAvgPool2d(1)
        self.flatten1 = nn.Flatten()
        self.fc1 = nn.Linear(2048, classes)
        self.apply(init_weights)

    def predict(self, *inputs):
        return self(*inputs).softmax(1)
