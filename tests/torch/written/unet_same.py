"""U-Net, same padding: written by cnngraph from the spec `unet_same`.

Takes `image`, N x 3 x 512 x 512, values 0 to 1.
Weights trained here come back by their names:

    cnngraph export --onnx unet_same.spec --weights trained.pth
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

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return torch.relu(self.bn(super().forward(x)))


class Up(nn.Module):
    def __init__(self, inputs, c):
        super().__init__()
        self.u = nn.ConvTranspose2d(inputs, c, 2, stride=2)
        self.conv1 = Conv(inputs, c)
        self.conv2 = Conv(c, c)

    def forward(self, x, e):
        return self.conv2(self.conv1(torch.cat((e, self.u(x)), 1)))


class UnetSame(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = Conv(3, 64)
        self.conv2 = Conv(64, 64)
        self.maxpool1 = nn.MaxPool2d(2)
        self.conv3 = Conv(64, 128)
        self.conv4 = Conv(128, 128)
        self.maxpool2 = nn.MaxPool2d(2)
        self.conv5 = Conv(128, 256)
        self.conv6 = Conv(256, 256)
        self.maxpool3 = nn.MaxPool2d(2)
        self.conv7 = Conv(256, 512)
        self.conv8 = Conv(512, 512)
        self.maxpool4 = nn.MaxPool2d(2)
        self.conv9 = Conv(512, 1024)
        self.conv10 = Conv(1024, 1024)
        self.up1 = Up(1024, 512)
        self.up2 = Up(512, 256)
        self.up3 = Up(256, 128)
        self.up4 = Up(128, 64)
        self.logits = nn.Conv2d(64, 2, 1)
        self.apply(init_weights)

    def forward(self, x):
        conv2 = self.conv2(self.conv1(x))
        conv4 = self.conv4(self.conv3(self.maxpool1(conv2)))
        conv6 = self.conv6(self.conv5(self.maxpool2(conv4)))
        conv8 = self.conv8(self.conv7(self.maxpool3(conv6)))
        x = self.up1(self.conv10(self.conv9(self.maxpool4(conv8))), conv8)
        return self.logits(self.up4(self.up3(self.up2(x, conv6), conv4), conv2))
