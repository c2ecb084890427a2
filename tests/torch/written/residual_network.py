"""Residual network: written by cnngraph from the spec `residual_network`.

Takes `x`, N x 64.
Weights trained here come back by their names:

    cnngraph export --onnx residual_network.spec --weights trained.pth
"""

import torch
from torch import nn


def init_weights(module):
    """He et al. 2015, "Delving deep into rectifiers"; PyTorch's own start is another."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.kaiming_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(64, 64)
        self.fc2 = nn.Linear(64, 64)

    def forward(self, x):
        return torch.relu(self.fc2(torch.relu(self.fc1(x))) + x)


class ResidualNetwork(nn.Sequential):
    def __init__(self):
        super().__init__()
        for i in range(5):
            self.add_module(f"residual{i + 1}", Residual())
        self.apply(init_weights)
