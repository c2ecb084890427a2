"""SqueezeNet 1.1: written by cnngraph from the spec `squeezenet1_1`.

Takes `image`, N x 3 x 224 x 224, values 0 to 1, minus 0.485, 0.456, 0.406, divided by
0.229, 0.224, 0.225.
`forward` gives logits, which loss functions want; `predict` gives probabilities.
Weights trained here come back by their names:

    cnngraph export --onnx squeezenet1_1.spec --weights trained.pth
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


class Fire(nn.Module):
    def __init__(self, inputs, s, e):
        super().__init__()
        self.conv1 = Conv(inputs, s)
        self.conv2 = Conv(s, e)
        self.conv3 = Conv(s, e, 3, p=1)

    def forward(self, x):
        conv1 = self.conv1(x)
        return torch.cat((self.conv2(conv1), self.conv3(conv1)), 1)


class Squeezenet11(nn.Sequential):
    def __init__(self, classes=1000):
        super().__init__()
        self.conv1 = Conv(3, 64, 3, s=2)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.fire1 = Fire(64, 16, 64)
        self.fire2 = Fire(128, 16, 64)
        self.maxpool2 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.fire3 = Fire(128, 32, 128)
        self.fire4 = Fire(256, 32, 128)
        self.maxpool3 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.fire5 = Fire(256, 48, 192)
        self.fire6 = Fire(384, 48, 192)
        self.fire7 = Fire(384, 64, 256)
        self.fire8 = Fire(512, 64, 256)
        self.dropout1 = nn.Dropout()
        self.conv2 = Conv(512, classes)
        self.avgpool1 = nn.AdaptiveAvgPool2d(1)
        self.flatten1 = nn.Flatten()
        self.apply(init_weights)

    def predict(self, *inputs):
        return self(*inputs).softmax(1)
