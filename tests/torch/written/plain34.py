"""34-layer plain: written by cnngraph from the spec `plain34`.

Takes `image`, N x 3 x 224 x 224.
`forward` gives logits, which loss functions want; `predict` gives probabilities.
Weights trained here come back by their names:

    cnngraph export --onnx plain34.spec --weights trained.pth
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

    def __init__(self, inputs, outputs, f=3, s=1):
        super().__init__(inputs, outputs, f, stride=s, padding=f // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return torch.relu(self.bn(super().forward(x)))


class Plain34(nn.Sequential):
    def __init__(self, classes=1000):
        super().__init__()
        self.conv1 = Conv(3, 64, 7, s=2)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, padding=1)
        for i in range(6):
            self.add_module(f"conv{i + 2}", Conv(64, 64))
        self.conv8 = Conv(64, 128, s=2)
        for i in range(7):
            self.add_module(f"conv{i + 9}", Conv(128, 128))
        self.conv16 = Conv(128, 256, s=2)
        for i in range(11):
            self.add_module(f"conv{i + 17}", Conv(256, 256))
        self.conv28 = Conv(256, 512, s=2)
        for i in range(5):
            self.add_module(f"conv{i + 29}", Conv(512, 512))
        self.avgpool1 = nn.AdaptiveAvgPool2d(1)
        self.flatten1 = nn.Flatten()
        self.fc1 = nn.Linear(512, classes)
        self.apply(init_weights)

    def predict(self, *inputs):
        return self(*inputs).softmax(1)
