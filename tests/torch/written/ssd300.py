"""SSD300: written by cnngraph from the spec `ssd300`.

Takes `image`, N x 3 x 300 x 300, values 0 to 255, minus 123, 117, 104, divided by 1.
Weights trained here come back by their names:

    cnngraph export --onnx ssd300.spec --weights trained.pth
"""

import torch
from torch import nn


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


class Conv(nn.Conv2d):
    """`conv`, then ReLU."""

    def __init__(self, inputs, outputs, f=3, s=1, p=1, d=1):
        super().__init__(inputs, outputs, f, stride=s, padding=p, dilation=d)

    def forward(self, x):
        return torch.relu(super().forward(x))


class Extra(nn.Sequential):
    def __init__(self, inputs, c, p, s=2):
        super().__init__()
        self.conv1 = Conv(inputs, c // 2, 1, p=0)
        self.conv2 = Conv(c // 2, c, s=s, p=p)


class Boxes(nn.Module):
    def __init__(self, inputs, n, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, n * classes, 3, padding=1)
        self.conv2 = nn.Conv2d(inputs, 4 * n, 3, padding=1)

    def forward(self, x):
        return torch.cat((self.conv1(x), self.conv2(x)), 1)


class Ssd300(nn.Module):
    def __init__(self, classes=21):
        super().__init__()
        self.conv1 = Conv(3, 64)
        self.conv2 = Conv(64, 64)
        self.maxpool1 = nn.MaxPool2d(2)
        self.conv3 = Conv(64, 128)
        self.conv4 = Conv(128, 128)
        self.maxpool2 = nn.MaxPool2d(2)
        self.conv5 = Conv(128, 256)
        self.conv6 = Conv(256, 256)
        self.conv7 = Conv(256, 256)
        self.maxpool3 = nn.MaxPool2d(2, ceil_mode=True)
        self.conv8 = Conv(256, 512)
        self.conv9 = Conv(512, 512)
        self.conv10 = Conv(512, 512)
        self.maxpool4 = nn.MaxPool2d(2)
        self.conv11 = Conv(512, 512)
        self.conv12 = Conv(512, 512)
        self.conv13 = Conv(512, 512)
        self.maxpool5 = nn.MaxPool2d(3, stride=1, padding=1)
        self.conv14 = Conv(512, 1024, p=6, d=6)
        self.fc7 = Conv(1024, 1024, 1, p=0)
        self.conv8_2 = Extra(1024, 512, 1)
        self.conv9_2 = Extra(512, 256, 1)
        self.conv10_2 = Extra(256, 256, 0, s=1)
        self.conv11_2 = Extra(256, 256, 0, s=1)
        self.lrn1 = nn.LocalResponseNorm(1023, alpha=1023.0, beta=0.5, k=1e-12)
        self.scale1 = Scale(512)
        self.boxes38 = Boxes(512, 4, classes)
        self.boxes19 = Boxes(1024, 6, classes)
        self.boxes10 = Boxes(512, 6, classes)
        self.boxes5 = Boxes(256, 6, classes)
        self.boxes3 = Boxes(256, 4, classes)
        self.boxes1 = Boxes(256, 4, classes)
        self.apply(init_weights)

    def forward(self, x):
        x = self.conv4(self.conv3(self.maxpool1(self.conv2(self.conv1(x)))))
        x = self.maxpool3(self.conv7(self.conv6(self.conv5(self.maxpool2(x)))))
        conv10 = self.conv10(self.conv9(self.conv8(x)))
        x = self.conv13(self.conv12(self.conv11(self.maxpool4(conv10))))
        fc7 = self.fc7(self.conv14(self.maxpool5(x)))
        conv8_2 = self.conv8_2(fc7)
        conv9_2 = self.conv9_2(conv8_2)
        conv10_2 = self.conv10_2(conv9_2)
        return (
            self.boxes38(self.scale1(self.lrn1(conv10))),
            self.boxes19(fc7),
            self.boxes10(conv8_2),
            self.boxes5(conv9_2),
            self.boxes3(conv10_2),
            self.boxes1(self.conv11_2(conv10_2)),
        )
