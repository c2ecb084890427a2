"""Inception v3: written by cnngraph from the spec `inception_v3`.

Takes `image`, N x 3 x 299 x 299, values -1 to 1.
`forward` gives logits, which loss functions want; `predict` gives probabilities.
Weights trained here come back by their names:

    cnngraph export --onnx inception_v3.spec --weights trained.pth
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

    def __init__(self, inputs, outputs, f, s=1, p=0):
        super().__init__(inputs, outputs, f, stride=s, padding=p, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)

    def forward(self, x):
        return torch.relu(self.bn(super().forward(x)))


class A(nn.Module):
    def __init__(self, inputs, pool):
        super().__init__()
        self.conv1 = Conv(inputs, 64, 1)
        self.conv2 = Conv(inputs, 48, 1)
        self.conv3 = Conv(48, 64, 5, p=2)
        self.conv4 = Conv(inputs, 64, 1)
        self.conv5 = Conv(64, 96, 3, p=1)
        self.conv6 = Conv(96, 96, 3, p=1)
        self.avgpool1 = nn.AvgPool2d(3, stride=1, padding=1)
        self.conv7 = Conv(inputs, pool, 1)

    def forward(self, x):
        return torch.cat(
            (
                self.conv1(x),
                self.conv3(self.conv2(x)),
                self.conv6(self.conv5(self.conv4(x))),
                self.conv7(self.avgpool1(x)),
            ),
            1,
        )


class B(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = Conv(288, 384, 3, s=2)
        self.conv2 = Conv(288, 64, 1)
        self.conv3 = Conv(64, 96, 3, p=1)
        self.conv4 = Conv(96, 96, 3, s=2)
        self.maxpool1 = nn.MaxPool2d(3, stride=2)

    def forward(self, x):
        return torch.cat(
            (self.conv1(x), self.conv4(self.conv3(self.conv2(x))), self.maxpool1(x)), 1
        )


class C(nn.Module):
    def __init__(self, k):
        super().__init__()
        self.conv1 = Conv(768, 192, 1)
        self.conv2 = Conv(768, k, 1)
        self.conv3 = Conv(k, k, (1, 7), p=(0, 3))
        self.conv4 = Conv(k, 192, (7, 1), p=(3, 0))
        self.conv5 = Conv(768, k, 1)
        self.conv6 = Conv(k, k, (7, 1), p=(3, 0))
        self.conv7 = Conv(k, k, (1, 7), p=(0, 3))
        self.conv8 = Conv(k, k, (7, 1), p=(3, 0))
        self.conv9 = Conv(k, 192, (1, 7), p=(0, 3))
        self.avgpool1 = nn.AvgPool2d(3, stride=1, padding=1)
        self.conv10 = Conv(768, 192, 1)

    def forward(self, x):
        y = self.conv9(self.conv8(self.conv7(self.conv6(self.conv5(x)))))
        return torch.cat(
            (
                self.conv1(x),
                self.conv4(self.conv3(self.conv2(x))),
                y,
                self.conv10(self.avgpool1(x)),
            ),
            1,
        )


class D(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = Conv(768, 192, 1)
        self.conv2 = Conv(192, 320, 3, s=2)
        self.conv3 = Conv(768, 192, 1)
        self.conv4 = Conv(192, 192, (1, 7), p=(0, 3))
        self.conv5 = Conv(192, 192, (7, 1), p=(3, 0))
        self.conv6 = Conv(192, 192, 3, s=2)
        self.maxpool1 = nn.MaxPool2d(3, stride=2)

    def forward(self, x):
        return torch.cat(
            (
                self.conv2(self.conv1(x)),
                self.conv6(self.conv5(self.conv4(self.conv3(x)))),
                self.maxpool1(x),
            ),
            1,
        )


class Fork(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = Conv(384, 384, (1, 3), p=(0, 1))
        self.conv2 = Conv(384, 384, (3, 1), p=(1, 0))

    def forward(self, x):
        return torch.cat((self.conv1(x), self.conv2(x)), 1)


class E(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.conv1 = Conv(inputs, 320, 1)
        self.conv2 = Conv(inputs, 384, 1)
        self.fork1 = Fork()
        self.conv3 = Conv(inputs, 448, 1)
        self.conv4 = Conv(448, 384, 3, p=1)
        self.fork2 = Fork()
        self.avgpool1 = nn.AvgPool2d(3, stride=1, padding=1)
        self.conv5 = Conv(inputs, 192, 1)

    def forward(self, x):
        return torch.cat(
            (
                self.conv1(x),
                self.fork1(self.conv2(x)),
                self.fork2(self.conv4(self.conv3(x))),
                self.conv5(self.avgpool1(x)),
            ),
            1,
        )


class InceptionV3(nn.Sequential):
    def __init__(self, classes=1000):
        super().__init__()
        self.conv1 = Conv(3, 32, 3, s=2)
        self.conv2 = Conv(32, 32, 3)
        self.conv3 = Conv(32, 64, 3, p=1)
        self.maxpool1 = nn.MaxPool2d(3, stride=2)
        self.conv4 = Conv(64, 80, 1)
        self.conv5 = Conv(80, 192, 3)
        self.maxpool2 = nn.MaxPool2d(3, stride=2)
        self.a1 = A(192, 32)
        self.a2 = A(256, 64)
        self.a3 = A(288, 64)
        self.b1 = B()
        self.c1 = C(128)
        self.c2 = C(160)
        self.c3 = C(160)
        self.c4 = C(192)
        self.d1 = D()
        self.e1 = E(1280)
        self.e2 = E(2048)
        self.avgpool1 = nn.AdaptiveAvgPool2d(1)
        self.flatten1 = nn.Flatten()
        self.dropout1 = nn.Dropout()
        self.fc1 = nn.Linear(2048, classes)
        self.apply(init_weights)

    def predict(self, *inputs):
        return self(*inputs).softmax(1)
