"""RegNetY-400MF: written by cnngraph from the spec `regnet`.

Takes `image`, N x 3 x 224 x 224, values 0 to 1, minus 0.485, 0.456, 0.406, divided by
0.229, 0.224, 0.225.
`forward` gives logits, which loss functions want; `predict` gives probabilities.
Weights trained here come back by their names:

    cnngraph export --onnx regnet.spec --weights trained.pth
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


class Squeeze(nn.Module):
    def __init__(self, inputs, r):
        super().__init__()
        self.avgpool1 = nn.AdaptiveAvgPool2d(1)
        self.conv1 = nn.Conv2d(inputs, r, 1)
        self.conv2 = nn.Conv2d(r, inputs, 1)

    def forward(self, x):
        y = torch.sigmoid(self.conv2(torch.relu(self.conv1(self.avgpool1(x)))))
        return x * y


class Shortcut(nn.Sequential):
    def __init__(self, inputs, c):
        super().__init__()
        if inputs != c:
            self.conv1 = Conv(inputs, c, s=2, act=nn.Identity)


class Unit(nn.Module):
    def __init__(self, inputs, c, s=1):
        super().__init__()
        self.conv1 = Conv(inputs, c)
        self.conv2 = Conv(c, c, 3, s=s, groups=c // 8)
        self.squeeze1 = Squeeze(c, inputs // 4)
        self.conv3 = Conv(c, c, act=nn.Identity)
        self.shortcut1 = Shortcut(inputs, c)

    def forward(self, x):
        y = self.conv3(self.squeeze1(self.conv2(self.conv1(x))))
        return torch.relu(y + self.shortcut1(x))


class Stage(nn.Sequential):
    def __init__(self, inputs, c, n):
        super().__init__()
        self.unit1 = Unit(inputs, c, s=2)
        for i in range(n - 1):
            self.add_module(f"unit{i + 2}", Unit(c, c))


class Regnet(nn.Sequential):
    def __init__(self, classes=1000):
        super().__init__()
        self.conv1 = Conv(3, 32, 3, s=2)
        self.stage1 = Stage(32, 48, 1)
        self.stage2 = Stage(48, 104, 3)
        self.stage3 = Stage(104, 208, 6)
        self.stage4 = Stage(208, 440, 6)
        self.avgpool1 = nn.AdaptiveAvgPool2d(1)
        self.flatten1 = nn.Flatten()
        self.fc1 = nn.Linear(440, classes)
        self.apply(init_weights)

    def predict(self, *inputs):
        return self(*inputs).softmax(1)
