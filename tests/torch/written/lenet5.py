"""LeNet - 5: written by cnngraph from the spec `lenet5`.

Takes `image`, N x 1 x 32 x 32, inverted, values 0 to 1.
`forward` gives logits, which loss functions want; `predict` gives probabilities.
Weights trained here come back by their names:

    cnngraph export --onnx lenet5.spec --weights trained.pth
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
    """`conv`, then Tanh."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs, 5)

    def forward(self, x):
        return torch.tanh(super().forward(x))


class Fc(nn.Linear):
    """`fc`, then Tanh."""

    def forward(self, x):
        return torch.tanh(super().forward(x))


class Lenet5(nn.Sequential):
    def __init__(self, classes=10):
        super().__init__()
        self.conv1 = Conv(1, 6)
        self.avgpool1 = nn.AvgPool2d(2)
        self.conv2 = Conv(6, 16)
        self.avgpool2 = nn.AvgPool2d(2)
        self.flatten1 = nn.Flatten()
        self.fc1 = Fc(400, 120)
        self.fc2 = Fc(120, 84)
        self.fc3 = nn.Linear(84, classes)
        self.apply(init_weights)

    def predict(self, *inputs):
        return self(*inputs).softmax(1)
