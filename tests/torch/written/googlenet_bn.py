"""GoogLeNet with batch norm: written by cnngraph from the spec `googlenet_bn`.

Takes `image`, N x 3 x 224 x 224, values -1 to 1.
`forward` gives logits, which loss functions want; `predict` gives probabilities.
Weights trained here come back by their names:

    cnngraph export --onnx googlenet_bn.spec --weights trained.pth
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

    def __init__(self, inputs, outputs, f=1, s=1):
        super().__init__(inputs, outputs, f, stride=s, padding=f // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)

    def forward(self, x):
        return torch.relu(self.bn(super().forward(x)))


class Inception(nn.Module):
    def __init__(self, inputs, c1, r3, c3, r5, c5, cp):
        super().__init__()
        self.conv1 = Conv(inputs, c1)
        self.conv2 = Conv(inputs, r3)
        self.conv3 = Conv(r3, c3, 3)
        self.conv4 = Conv(inputs, r5)
        self.conv5 = Conv(r5, c5, 3)
        self.maxpool1 = nn.MaxPool2d(3, stride=1, padding=1, ceil_mode=True)
        self.conv6 = Conv(inputs, cp)

    def forward(self, x):
        return torch.cat(
            (
                self.conv1(x),
                self.conv3(self.conv2(x)),
                self.conv5(self.conv4(x)),
                self.conv6(self.maxpool1(x)),
            ),
            1,
        )


class GooglenetBn(nn.Sequential):
    def __init__(self, classes=1000):
        super().__init__()
        self.conv1 = Conv(3, 64, 7, s=2)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.conv2 = Conv(64, 64)
        self.conv3 = Conv(64, 192, 3)
        self.maxpool2 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.inception_3a = Inception(192, 64, 96, 128, 16, 32, 32)
        self.inception_3b = Inception(256, 128, 128, 192, 32, 96, 64)
        self.maxpool3 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.inception_4a = Inception(480, 192, 96, 208, 16, 48, 64)
        self.inception_4b = Inception(512, 160, 112, 224, 24, 64, 64)
        self.inception_4c = Inception(512, 128, 128, 256, 24, 64, 64)
        self.inception_4d = Inception(512, 112, 144, 288, 32, 64, 64)
        self.inception_4e = Inception(528, 256, 160, 320, 32, 128, 128)
        self.maxpool4 = nn.MaxPool2d(2, ceil_mode=True)
        self.inception_5a = Inception(832, 256, 160, 320, 32, 128, 128)
        self.inception_5b = Inception(832, 384, 192, 384, 48, 128, 128)
        self.avgpool1 = nn.AdaptiveAvgPool2d(1)
        self.flatten1 = nn.Flatten()
        self.dropout1 = nn.Dropout(0.2)
        self.fc1 = nn.Linear(1024, classes)
        self.apply(init_weights)

    def predict(self, *inputs):
        return self(*inputs).softmax(1)
