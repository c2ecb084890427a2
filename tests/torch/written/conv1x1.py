"""1×1 convolution: written by cnngraph from the spec `conv1x1`.

Takes `image`, N x 32 x 6 x 6.
Weights trained here come back by their names:

    cnngraph export --onnx conv1x1.spec --weights trained.pth
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

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs, 1)

    def forward(self, x):
        return torch.relu(super().forward(x))


class Conv1x1(nn.Sequential):
    def __init__(self, n=16):
        super().__init__()
        self.conv1 = Conv(32, n)
        self.apply(init_weights)
