"""ShuffleNetV2: written by cnngraph from the spec `shufflenet_v2`.

Takes `image`, N x 3 x 224 x 224, values 0 to 1, minus 0.485, 0.456, 0.406, divided by
0.229, 0.224, 0.225.
`forward` gives logits, which loss functions want; `predict` gives probabilities.
Weights trained here come back by their names:

    cnngraph export --onnx shufflenet_v2.spec --weights trained.pth
"""

import torch
from torch import nn


class Slice(nn.Module):
    """The channels from start up to, without, stop."""

    def __init__(self, start, stop):
        super().__init__()
        self.start, self.stop = start, stop

    def forward(self, x):
        return x[:, self.start : self.stop]


def init_weights(module):
    """He et al. 2015, "Delving deep into rectifiers"; PyTorch's own start is another."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.kaiming_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class Conv(nn.Conv2d):
    """`conv bn`, then ReLU."""

    def __init__(self, inputs, outputs, f=1, s=1):
        super().__init__(inputs, outputs, f, stride=s, padding=f // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return torch.relu(self.bn(super().forward(x)))


class DwConv(nn.Conv2d):
    """`dwconv bn`."""

    def __init__(self, inputs, s=1):
        super().__init__(
            inputs, inputs, 3, stride=s, padding=1, groups=inputs, bias=False
        )
        self.bn = nn.BatchNorm2d(inputs)

    def forward(self, x):
        return self.bn(super().forward(x))


class Down(nn.Module):
    def __init__(self, inputs, c):
        super().__init__()
        self.dwconv1 = DwConv(inputs, s=2)
        self.conv1 = Conv(inputs, c // 2)
        self.conv2 = Conv(inputs, c // 2)
        self.dwconv2 = DwConv(c // 2, s=2)
        self.conv3 = Conv(c // 2, c // 2)
        self.shuffle1 = nn.ChannelShuffle(2)

    def forward(self, x):
        x = torch.cat(
            (self.conv1(self.dwconv1(x)), self.conv3(self.dwconv2(self.conv2(x)))), 1
        )
        return self.shuffle1(x)


class Unit(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.slice1 = Slice(0, inputs // 2)
        self.slice2 = Slice(inputs // 2, inputs)
        self.conv1 = Conv(inputs // 2, inputs // 2)
        self.dwconv1 = DwConv(inputs // 2)
        self.conv2 = Conv(inputs // 2, inputs // 2)
        self.shuffle1 = nn.ChannelShuffle(2)

    def forward(self, x):
        x = torch.cat(
            (self.slice1(x), self.conv2(self.dwconv1(self.conv1(self.slice2(x))))), 1
        )
        return self.shuffle1(x)


class ShufflenetV2(nn.Sequential):
    def __init__(self, classes=1000):
        super().__init__()
        self.conv1 = Conv(3, 24, 3, s=2)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, padding=1)
        self.down1 = Down(24, 116)
        for i in range(3):
            self.add_module(f"unit{i + 1}", Unit(116))
        self.down2 = Down(116, 232)
        for i in range(7):
            self.add_module(f"unit{i + 4}", Unit(232))
        self.down3 = Down(232, 464)
        for i in range(3):
            self.add_module(f"unit{i + 11}", Unit(464))
        self.conv2 = Conv(464, 1024)
        self.avgpool1 = nn.AdaptiveAvgPool2d(1)
        self.flatten1 = nn.Flatten()
        self.fc1 = nn.Linear(1024, classes)
        self.apply(init_weights)

    def predict(self, *inputs):
        return self(*inputs).softmax(1)
