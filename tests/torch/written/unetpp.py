"""U-Net++: written by cnngraph from the spec `unetpp`.

Takes `image`, N x 1 x 512 x 512, values 0 to 1.
Weights trained here come back by their names:

    cnngraph export --onnx unetpp.spec --weights trained.pth
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
        super().__init__(inputs, outputs, 3, padding=1)

    def forward(self, x):
        return torch.relu(super().forward(x))


class Conv2(nn.Conv2d):
    """`conv`, then Sigmoid."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs, 1)

    def forward(self, x):
        return torch.sigmoid(super().forward(x))


class Unit(nn.Sequential):
    def __init__(self, inputs, c):
        super().__init__()
        self.conv1 = Conv(inputs, c)
        self.dropout1 = nn.Dropout()
        self.conv2 = Conv(c, c)
        self.dropout2 = nn.Dropout()


class Up(nn.Sequential):
    def __init__(self, inputs, c):
        super().__init__()
        self.upconv1 = nn.ConvTranspose2d(inputs, c, 2, stride=2)


class Unetpp(nn.Module):
    def __init__(self, classes=1):
        super().__init__()
        self.x00 = Unit(1, 32)
        self.maxpool1 = nn.MaxPool2d(2)
        self.x10 = Unit(32, 64)
        self.maxpool2 = nn.MaxPool2d(2)
        self.x20 = Unit(64, 128)
        self.maxpool3 = nn.MaxPool2d(2)
        self.x30 = Unit(128, 256)
        self.maxpool4 = nn.MaxPool2d(2)
        self.x40 = Unit(256, 512)
        self.up1 = Up(64, 32)
        self.x01 = Unit(64, 32)
        self.up2 = Up(128, 64)
        self.x11 = Unit(128, 64)
        self.up3 = Up(256, 128)
        self.x21 = Unit(256, 128)
        self.up4 = Up(512, 256)
        self.x31 = Unit(512, 256)
        self.up5 = Up(64, 32)
        self.x02 = Unit(96, 32)
        self.up6 = Up(128, 64)
        self.x12 = Unit(192, 64)
        self.up7 = Up(256, 128)
        self.x22 = Unit(384, 128)
        self.up8 = Up(64, 32)
        self.x03 = Unit(128, 32)
        self.up9 = Up(128, 64)
        self.x13 = Unit(256, 64)
        self.up10 = Up(64, 32)
        self.x04 = Unit(160, 32)
        self.mask = Conv2(32, classes)
        self.apply(init_weights)

    def forward(self, x):
        x00 = self.x00(x)
        x10 = self.x10(self.maxpool1(x00))
        x20 = self.x20(self.maxpool2(x10))
        x30 = self.x30(self.maxpool3(x20))
        x01 = self.x01(torch.cat((self.up1(x10), x00), 1))
        x11 = self.x11(torch.cat((self.up2(x20), x10), 1))
        x21 = self.x21(torch.cat((self.up3(x30), x20), 1))
        x = torch.cat((self.up4(self.x40(self.maxpool4(x30))), x30), 1)
        x02 = self.x02(torch.cat((self.up5(x11), x00, x01), 1))
        x12 = self.x12(torch.cat((self.up6(x21), x10, x11), 1))
        x = self.x22(torch.cat((self.up7(self.x31(x)), x20, x21), 1))
        x = self.up10(self.x13(torch.cat((self.up9(x), x10, x11, x12), 1)))
        x = torch.cat(
            (x, x00, x01, x02, self.x03(torch.cat((self.up8(x12), x00, x01, x02), 1))),
            1,
        )
        return self.mask(self.x04(x))
