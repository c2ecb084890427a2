"""CNN example: written by cnngraph from the spec `lecture_cnn`.

Takes `image`, N x 3 x 32 x 32.
`forward` gives logits, which loss functions want; `predict` gives probabilities.
Weights trained here come back by their names:

    cnngraph export --onnx lecture_cnn.spec --weights trained.pth
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
        super().__init__(inputs, outputs, 5)

    def forward(self, x):
        return torch.relu(super().forward(x))


class Fc(nn.Linear):
    """`fc`, then ReLU."""

    def forward(self, x):
        return torch.relu(super().forward(x))


class LectureCnn(nn.Sequential):
    def __init__(self, classes=10):
        super().__init__()
        self.conv1 = Conv(3, 8)
        self.maxpool1 = nn.MaxPool2d(2)
        self.conv2 = Conv(8, 16)
        self.maxpool2 = nn.MaxPool2d(2)
        self.flatten1 = nn.Flatten()
        self.fc1 = Fc(400, 120)
        self.fc2 = Fc(120, 84)
        self.fc3 = nn.Linear(84, classes)
        self.apply(init_weights)

    def predict(self, *inputs):
        return self(*inputs).softmax(1)
