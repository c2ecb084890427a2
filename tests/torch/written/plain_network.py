"""Plain network: written by cnngraph from the spec `plain_network`.

Takes `x`, N x 64.
Weights trained here come back by their names:

    cnngraph export --onnx plain_network.spec --weights trained.pth
"""

import torch
from torch import nn


def init_weights(module):
    """He et al. 2015, "Delving deep into rectifiers"; PyTorch's own start is another."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.kaiming_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class Fc(nn.Linear):
    """`fc`, then ReLU."""

    def forward(self, x):
        return torch.relu(super().forward(x))


class PlainNetwork(nn.Sequential):
    def __init__(self):
        super().__init__()
        for i in range(10):
            self.add_module(f"fc{i + 1}", Fc(64, 64))
        self.apply(init_weights)
