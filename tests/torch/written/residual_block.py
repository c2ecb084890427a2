"""Residual block: written by cnngraph from the spec `residual_block`.

Takes `a`, N x 64.
Weights trained here come back by their names:

    cnngraph export --onnx residual_block.spec --weights trained.pth
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


class ResidualBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = Fc(64, 64)
        self.fc2 = nn.Linear(64, 64)
        self.apply(init_weights)

    def forward(self, x):
        return torch.relu(self.fc2(self.fc1(x)) + x)
