"""ConvNeXt-T: written by cnngraph from the spec `convnext_tiny`.

Takes `image`, N x 3 x 224 x 224, values 0 to 1, minus 0.485, 0.456, 0.406, divided by
0.229, 0.224, 0.225.
`forward` gives logits, which loss functions want; `predict` gives probabilities.
Weights trained here come back by their names:

    cnngraph export --onnx convnext_tiny.spec --weights trained.pth
"""

import torch
from torch import nn


class ChannelNorm(nn.LayerNorm):
    """Layer normalization over the channels of a map, at each place by itself."""

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Scale(nn.Module):
    """Each channel times a learned number, and with a bias plus another."""

    def __init__(self, channels, is_map=True, bias=False):
        super().__init__()
        shape = (channels, 1, 1) if is_map else (channels,)
        self.weight = nn.Parameter(torch.ones(shape))
        self.bias = nn.Parameter(torch.zeros(shape)) if bias else None

    def forward(self, x):
        y = x * self.weight
        return y if self.bias is None else y + self.bias


def init_weights(module):
    """He et al. 2015, "Delving deep into rectifiers"; PyTorch's own start is another."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.kaiming_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class Unit(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.dwconv1 = nn.Conv2d(inputs, inputs, 7, padding=3, groups=inputs)
        self.layernorm1 = ChannelNorm(inputs, eps=1e-6)
        self.conv1 = nn.Conv2d(inputs, 4 * inputs, 1)
        self.conv2 = nn.Conv2d(4 * inputs, inputs, 1)
        self.scale1 = Scale(inputs)

    def forward(self, x):
        y = nn.functional.gelu(self.conv1(self.layernorm1(self.dwconv1(x))))
        return self.scale1(self.conv2(y)) + x


class Down(nn.Sequential):
    def __init__(self, inputs, c):
        super().__init__()
        self.layernorm1 = ChannelNorm(inputs, eps=1e-6)
        self.conv1 = nn.Conv2d(inputs, c, 2, stride=2)


class ConvnextTiny(nn.Sequential):
    def __init__(self, classes=1000):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 96, 4, stride=4)
        self.layernorm1 = ChannelNorm(96, eps=1e-6)
        for i in range(3):
            self.add_module(f"unit{i + 1}", Unit(96))
        self.down1 = Down(96, 192)
        for i in range(3):
            self.add_module(f"unit{i + 4}", Unit(192))
        self.down2 = Down(192, 384)
        for i in range(9):
            self.add_module(f"unit{i + 7}", Unit(384))
        self.down3 = Down(384, 768)
        for i in range(3):
            self.add_module(f"unit{i + 16}", Unit(768))
        self.avgpool1 = nn.AdaptiveAvgPool2d(1)
        self.layernorm2 = ChannelNorm(768, eps=1e-6)
        self.flatten1 = nn.Flatten()
        self.fc1 = nn.Linear(768, classes)
        self.apply(init_weights)

    def predict(self, *inputs):
        return self(*inputs).softmax(1)
