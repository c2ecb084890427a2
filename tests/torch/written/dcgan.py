"""DCGAN generator: written by cnngraph from the spec `dcgan`.

Takes `z`, N x 100.
Weights trained here come back by their names:

    cnngraph export --onnx dcgan.spec --weights trained.pth
"""

import torch
from torch import nn


def init_weights(module):
    """He et al. 2015, "Delving deep into rectifiers"; PyTorch's own start is another."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.kaiming_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class UpConv(nn.ConvTranspose2d):
    """`upconv bn`, then ReLU."""

    def __init__(self, inputs, outputs):
        super().__init__(
            inputs, outputs, 5, stride=2, padding=2, output_padding=1, bias=False
        )
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return torch.relu(self.bn(super().forward(x)))


class Fc(nn.Linear):
    """`fc bn`, then ReLU."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs, bias=False)
        self.bn = nn.BatchNorm1d(outputs)

    def forward(self, x):
        return torch.relu(self.bn(super().forward(x)))


class UpConv2(nn.ConvTranspose2d):
    """`upconv`, then Tanh."""

    def __init__(self, inputs, outputs):
        super().__init__(
            inputs, outputs, 5, stride=2, padding=2, output_padding=1, bias=False
        )

    def forward(self, x):
        return torch.tanh(super().forward(x))


class Dcgan(nn.Sequential):
    def __init__(self):
        super().__init__()
        self.fc1 = Fc(100, 16384)
        self.unflatten1 = nn.Unflatten(1, (1024, 4, 4))
        self.upconv1 = UpConv(1024, 512)
        self.upconv2 = UpConv(512, 256)
        self.upconv3 = UpConv(256, 128)
        self.upconv4 = UpConv2(128, 3)
        self.apply(init_weights)
