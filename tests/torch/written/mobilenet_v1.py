"""MobileNet: written by cnngraph from the spec `mobilenet_v1`.

Takes `image`, N x 3 x 224 x 224, values -1 to 1.
`forward` gives logits, which loss functions want; `predict` gives probabilities.
Weights trained here come back by their names:

    cnngraph export --onnx mobilenet_v1.spec --weights trained.pth
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
        super().__init__(inputs, outputs, f, stride=s, padding=f // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return torch.relu(self.bn(super().forward(x)))


class DwConv(nn.Conv2d):
    """`dwconv bn`, then ReLU."""

    def __init__(self, inputs, s=1):
        super().__init__(
            inputs, inputs, 3, stride=s, padding=1, groups=inputs, bias=False
        )
        self.bn = nn.BatchNorm2d(inputs)

    def forward(self, x):
        return torch.relu(self.bn(super().forward(x)))


class Ds(nn.Sequential):
    def __init__(self, inputs, c, s=1):
        super().__init__()
        self.dwconv1 = DwConv(inputs, s=s)
        self.conv1 = Conv(inputs, c)


class MobilenetV1(nn.Sequential):
    def __init__(self, classes=1000):
        super().__init__()
        self.conv1 = Conv(3, 32, 3, s=2)
        self.ds1 = Ds(32, 64)
        self.ds2 = Ds(64, 128, s=2)
        self.ds3 = Ds(128, 128)
        self.ds4 = Ds(128, 256, s=2)
        self.ds5 = Ds(256, 256)
        self.ds6 = Ds(256, 512, s=2)
        for i in range(5):
            self.add_module(f"ds{i + 7}", Ds(512, 512))
        self.ds12 = Ds(512, 1024, s=2)
        self.ds13 = Ds(1024, 1024)
        self.avgpool1 = nn.AdaptiveAvgPool2d(1)
        self.flatten1 = nn.Flatten()
        self.fc1 = nn.Linear(1024, classes)
        self.apply(init_weights)

    def predict(self, *inputs):
        return self(*inputs).softmax(1)
