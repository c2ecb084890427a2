"""Two-stream network: written by cnngraph from the spec `two_stream`.

Takes `frame`, N x 3 x 224 x 224.
Takes `flow`, N x 20 x 224 x 224.
Weights trained here come back by their names:

    cnngraph export --onnx two_stream.spec --weights trained.pth
"""

import torch
from torch import nn


class TimesNumber(nn.Module):
    def __init__(self, number):
        super().__init__()
        self.number = number

    def forward(self, x):
        return x * self.number


def init_weights(module):
    """He et al. 2015, "Delving deep into rectifiers"; PyTorch's own start is another."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.kaiming_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class Conv(nn.Conv2d):
    """`conv`, then ReLU."""

    def __init__(self, inputs, outputs, f=3, s=1, p=1):
        super().__init__(inputs, outputs, f, stride=s, padding=p)

    def forward(self, x):
        return torch.relu(super().forward(x))


class Fc(nn.Linear):
    """`fc`, then ReLU."""

    def forward(self, x):
        return torch.relu(super().forward(x))


class Fc2(nn.Linear):
    """`fc softmax`."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
        self.softmax = nn.Softmax(1)

    def forward(self, x):
        return self.softmax(super().forward(x))


class Stream(nn.Sequential):
    def __init__(self, inputs, classes, second=True):
        super().__init__()
        self.conv1 = Conv(inputs, 96, 7, s=2, p=0)
        self.lrn1 = nn.LocalResponseNorm(5, alpha=0.0005, k=2.0)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.conv2 = Conv(96, 256, 5, s=2)
        if second:
            self.lrn2 = nn.LocalResponseNorm(5, alpha=0.0005, k=2.0)
        self.maxpool2 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.conv3 = Conv(256, 512)
        self.conv4 = Conv(512, 512)
        self.conv5 = Conv(512, 512)
        self.maxpool3 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.flatten1 = nn.Flatten()
        self.fc1 = Fc(18432, 4096)
        self.dropout1 = nn.Dropout(0.9)
        self.fc2 = Fc(4096, 2048)
        self.dropout2 = nn.Dropout(0.9)
        self.fc3 = Fc2(2048, classes)


class TwoStream(nn.Module):
    def __init__(self, frames=10, classes=101):
        super().__init__()
        self.spatial = Stream(3, classes)
        self.temporal = Stream(2 * frames, classes, second=False)
        self.times1 = TimesNumber(0.5)
        self.apply(init_weights)

    def forward(self, frame, flow):
        return self.times1(self.temporal(flow) + self.spatial(frame))
