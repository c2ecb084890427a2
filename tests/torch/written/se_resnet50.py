"""SE-ResNet-50: written by cnngraph from the spec `se_resnet50`.

Takes `image`, N x 3 x 224 x 224, blue, green, red, values 0 to 255, minus 104, 117,
123, divided by 1.
`forward` gives logits, which loss functions want; `predict` gives probabilities.
Weights trained here come back by their names:

    cnngraph export --onnx se_resnet50.spec --weights trained.pth
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

    def __init__(self, inputs, outputs, f=1, s=1, act=nn.ReLU):
        super().__init__(inputs, outputs, f, stride=s, padding=f // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        self.act = act()

    def forward(self, x):
        return self.act(self.bn(super().forward(x)))


class Squeeze(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.avgpool1 = nn.AdaptiveAvgPool2d(1)
        self.conv1 = nn.Conv2d(inputs, inputs // 16, 1)
        self.conv2 = nn.Conv2d(inputs // 16, inputs, 1)

    def forward(self, x):
        y = torch.sigmoid(self.conv2(torch.relu(self.conv1(self.avgpool1(x)))))
        return x * y


class Shortcut(nn.Sequential):
    def __init__(self, inputs, c, s=1):
        super().__init__()
        if s > 1 or inputs != c:
            self.conv1 = Conv(inputs, c, s=s, act=nn.Identity)


class Unit(nn.Module):
    def __init__(self, inputs, c, s=1):
        super().__init__()
        self.conv1 = Conv(inputs, c, s=s)
        self.conv2 = Conv(c, c, 3)
        self.conv3 = Conv(c, 4 * c, act=nn.Identity)
        self.squeeze1 = Squeeze(4 * c)
        self.shortcut1 = Shortcut(inputs, 4 * c, s=s)

    def forward(self, x):
        y = self.squeeze1(self.conv3(self.conv2(self.conv1(x))))
        return torch.relu(y + self.shortcut1(x))


class SeResnet50(nn.Sequential):
    def __init__(self, classes=1000):
        super().__init__()
        self.conv1 = Conv(3, 64, 7, s=2)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.unit1 = Unit(64, 64)
        self.unit2 = Unit(256, 64)
        self.unit3 = Unit(256, 64)
        self.unit4 = Unit(256, 128, s=2)
        for i in range(3):
            self.add_module(f"unit{i + 5}", Unit(512, 128))
        self.unit8 = Unit(512, 256, s=2)
        for i in range(5):
            self.add_module(f"unit{i + 9}", Unit(1024, 256))
        self.unit14 = Unit(1024, 512, s=2)
        self.unit15 = Unit(2048, 512)
        self.unit16 = Unit(2048, 512)
        self.avgpool1 = nn.AdaptiveAvgPool2d(1)
        self.flatten1 = nn.Flatten()
        self.fc1 = nn.Linear(2048, classes)
        self.apply(init_weights)

    def predict(self, *inputs):
        return self(*inputs).softmax(1)
