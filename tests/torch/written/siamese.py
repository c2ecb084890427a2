"""Siamese network: written by cnngraph from the spec `siamese`.

Takes `first`, N x 1 x 105 x 105.
Takes `second`, N x 1 x 105 x 105.
Weights trained here come back by their names:

    cnngraph export --onnx siamese.spec --weights trained.pth
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
    """`conv`, then ReLU."""

    def __init__(self, inputs, outputs, f=4):
        super().__init__(inputs, outputs, f)

    def forward(self, x):
        return torch.relu(super().forward(x))


class Fc(nn.Linear):
    """`fc`, then Sigmoid."""

    def forward(self, x):
        return torch.sigmoid(super().forward(x))


class Twin(nn.Sequential):
    def __init__(self):
        super().__init__()
        self.conv1 = Conv(1, 64, 10)
        self.maxpool1 = nn.MaxPool2d(2)
        self.conv2 = Conv(64, 128, 7)
        self.maxpool2 = nn.MaxPool2d(2)
        self.conv3 = Conv(128, 128)
        self.maxpool3 = nn.MaxPool2d(2)
        self.conv4 = Conv(128, 256)
        self.flatten1 = nn.Flatten()
        self.fc1 = Fc(9216, 4096)


class Siamese(nn.Module):
    def __init__(self):
        super().__init__()
        self.left = Twin()
        self.fc1 = nn.Linear(4096, 1)
        self.apply(init_weights)

    def forward(self, first, second):
        x = self.fc1(torch.abs(self.left(first) - self.left(second)))
        return torch.sigmoid(x)
