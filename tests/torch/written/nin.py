"""Network in Network: written by cnngraph from the spec `nin`.

Takes `image`, N x 3 x 224 x 224, blue, green, red, values 0 to 255, minus 104, 117,
123, divided by 1.
`forward` gives logits, which loss functions want; `predict` gives probabilities.
Weights trained here come back by their names:

    cnngraph export --onnx nin.spec --weights trained.pth
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

    def __init__(self, inputs, outputs, f=1, s=1, p=0):
        super().__init__(inputs, outputs, f, stride=s, padding=p)

    def forward(self, x):
        return torch.relu(super().forward(x))


class Mlpconv(nn.Sequential):
    def __init__(self, inputs, c, f, p, s=1):
        super().__init__()
        self.conv1 = Conv(inputs, c, f, s=s, p=p)
        self.conv2 = Conv(c, c)
        self.conv3 = Conv(c, c)


class Nin(nn.Sequential):
    def __init__(self, classes=1000):
        super().__init__()
        self.mlpconv1 = Mlpconv(3, 96, 11, 0, s=4)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.mlpconv2 = Mlpconv(96, 256, 5, 2)
        self.maxpool2 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.mlpconv3 = Mlpconv(256, 384, 3, 1)
        self.maxpool3 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.dropout1 = nn.Dropout()
        self.conv1 = Conv(384, 1024, 3, p=1)
        self.conv2 = Conv(1024, 1024)
        self.conv3 = Conv(1024, classes)
        self.avgpool1 = nn.AdaptiveAvgPool2d(1)
        self.flatten1 = nn.Flatten()
        self.apply(init_weights)

    def predict(self, *inputs):
        return self(*inputs).softmax(1)
