"""Inception v4: written by cnngraph from the spec `inception_v4`.

Takes `image`, N x 3 x 299 x 299, values -1 to 1.
`forward` gives logits, which loss functions want; `predict` gives probabilities.
Weights trained here come back by their names:

    cnngraph export --onnx inception_v4.spec --weights trained.pth
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

    def __init__(self, inputs, outputs, f, p, s=1):
        super().__init__(inputs, outputs, f, stride=s, padding=p, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)

    def forward(self, x):
        return torch.relu(self.bn(super().forward(x)))


class Stem(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = Conv(3, 32, 3, 0, s=2)
        self.conv2 = Conv(32, 32, 3, 0)
        self.conv3 = Conv(32, 64, 3, 1)
        self.maxpool1 = nn.MaxPool2d(3, stride=2)
        self.conv4 = Conv(64, 96, 3, 0, s=2)
        self.conv5 = Conv(160, 64, 1, 0)
        self.conv6 = Conv(64, 96, 3, 0)
        self.conv7 = Conv(160, 64, 1, 0)
        self.conv8 = Conv(64, 64, (1, 7), (0, 3))
        self.conv9 = Conv(64, 64, (7, 1), (3, 0))
        self.conv10 = Conv(64, 96, 3, 0)
        self.conv11 = Conv(192, 192, 3, 0, s=2)
        self.maxpool2 = nn.MaxPool2d(3, stride=2)

    def forward(self, x):
        conv3 = self.conv3(self.conv2(self.conv1(x)))
        concat1 = torch.cat((self.maxpool1(conv3), self.conv4(conv3)), 1)
        concat2 = torch.cat(
            (
                self.conv6(self.conv5(concat1)),
                self.conv10(self.conv9(self.conv8(self.conv7(concat1)))),
            ),
            1,
        )
        return torch.cat((self.conv11(concat2), self.maxpool2(concat2)), 1)


class A(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = Conv(384, 96, 1, 0)
        self.conv2 = Conv(384, 64, 1, 0)
        self.conv3 = Conv(64, 96, 3, 1)
        self.conv4 = Conv(384, 64, 1, 0)
        self.conv5 = Conv(64, 96, 3, 1)
        self.conv6 = Conv(96, 96, 3, 1)
        self.avgpool1 = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
        self.conv7 = Conv(384, 96, 1, 0)

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


class ReductionA(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = Conv(384, 384, 3, 0, s=2)
        self.conv2 = Conv(384, 192, 1, 0)
        self.conv3 = Conv(192, 224, 3, 1)
        self.conv4 = Conv(224, 256, 3, 0, s=2)
        self.maxpool1 = nn.MaxPool2d(3, stride=2)

    def forward(self, x):
        return torch.cat(
            (self.conv1(x), self.conv4(self.conv3(self.conv2(x))), self.maxpool1(x)), 1
        )


class B(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = Conv(1024, 384, 1, 0)
        self.conv2 = Conv(1024, 192, 1, 0)
        self.conv3 = Conv(192, 224, (1, 7), (0, 3))
        self.conv4 = Conv(224, 256, (7, 1), (3, 0))
        self.conv5 = Conv(1024, 192, 1, 0)
        self.conv6 = Conv(192, 192, (7, 1), (3, 0))
        self.conv7 = Conv(192, 224, (1, 7), (0, 3))
        self.conv8 = Conv(224, 224, (7, 1), (3, 0))
        self.conv9 = Conv(224, 256, (1, 7), (0, 3))
        self.avgpool1 = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
        self.conv10 = Conv(1024, 128, 1, 0)

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


class ReductionB(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = Conv(1024, 192, 1, 0)
        self.conv2 = Conv(192, 192, 3, 0, s=2)
        self.conv3 = Conv(1024, 256, 1, 0)
        self.conv4 = Conv(256, 256, (1, 7), (0, 3))
        self.conv5 = Conv(256, 320, (7, 1), (3, 0))
        self.conv6 = Conv(320, 320, 3, 0, s=2)
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
    def __init__(self, inputs):
        super().__init__()
        self.conv1 = Conv(inputs, 256, (1, 3), (0, 1))
        self.conv2 = Conv(inputs, 256, (3, 1), (1, 0))

    def forward(self, x):
        return torch.cat((self.conv1(x), self.conv2(x)), 1)


class C(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = Conv(1536, 256, 1, 0)
        self.conv2 = Conv(1536, 384, 1, 0)
        self.fork1 = Fork(384)
        self.conv3 = Conv(1536, 384, 1, 0)
        self.conv4 = Conv(384, 448, (3, 1), (1, 0))
        self.conv5 = Conv(448, 512, (1, 3), (0, 1))
        self.fork2 = Fork(512)
        self.avgpool1 = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
        self.conv6 = Conv(1536, 256, 1, 0)

    def forward(self, x):
        return torch.cat(
            (
                self.conv1(x),
                self.fork1(self.conv2(x)),
                self.fork2(self.conv5(self.conv4(self.conv3(x)))),
                self.conv6(self.avgpool1(x)),
            ),
            1,
        )


class InceptionV4(nn.Sequential):
    def __init__(self, classes=1000):
        super().__init__()
        self.stem1 = Stem()
        for i in range(4):
            self.add_module(f"a{i + 1}", A())
        self.reduction_a1 = ReductionA()
        for i in range(7):
            self.add_module(f"b{i + 1}", B())
        self.reduction_b1 = ReductionB()
        for i in range(3):
            self.add_module(f"c{i + 1}", C())
        self.avgpool1 = nn.AdaptiveAvgPool2d(1)
        self.flatten1 = nn.Flatten()
        self.dropout1 = nn.Dropout(0.2)
        self.fc1 = nn.Linear(1536, classes)
        self.apply(init_weights)

    def predict(self, *inputs):
        return self(*inputs).softmax(1)
