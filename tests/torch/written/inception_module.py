"""Inception module: written by cnngraph from the spec `inception_module`.

Takes `previous`, N x 192 x 28 x 28.
Weights trained here come back by their names:

    cnngraph export --onnx inception_module.spec --weights trained.pth
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

    def __init__(self, inputs, outputs, f=1):
        super().__init__(inputs, outputs, f, padding=f // 2)

    def forward(self, x):
        return torch.relu(super().forward(x))


class InceptionModule(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = Conv(192, 64)
        self.conv2 = Conv(192, 96)
        self.conv3 = Conv(96, 128, 3)
        self.conv4 = Conv(192, 16)
        self.conv5 = Conv(16, 32, 5)
        self.maxpool1 = nn.MaxPool2d(3, stride=1, padding=1)
        self.conv6 = Conv(192, 32)
        self.apply(init_weights)

    def forward(self, x):
        return torch.cat(
            (
                self.conv1(x),
                self.conv3(self.conv2(x)),
                self.conv5(self.conv4(x)),
                self.conv6(self.maxpool1(x)),
            ),
            1,
        )
