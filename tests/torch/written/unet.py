"""U-Net: written by cnngraph from the spec `unet`.

Takes `image`, N x 1 x 572 x 572.
Weights trained here come back by their names:

    cnngraph export --onnx unet.spec --weights trained.pth
"""

import torch
from torch import nn


def crop(x, like):
    """The middle of x, as high and wide as another tensor."""
    height, width = like.shape[2:]
    top, left = (x.shape[2] - height) // 2, (x.shape[3] - width) // 2
    return x[:, :, top : top + height, left : left + width]


def init_weights(module):
    """He et al. 2015, "Delving deep into rectifiers"; PyTorch's own start is another."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.kaiming_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class Conv(nn.Conv2d):
    """`conv`, then ReLU."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs, 3)

    def forward(self, x):
        return torch.relu(super().forward(x))


class Up(nn.Module):
    def __init__(self, inputs, c):
        super().__init__()
        self.u = nn.ConvTranspose2d(inputs, c, 2, stride=2)
        self.conv1 = Conv(inputs, c)
        self.conv2 = Conv(c, c)

    def forward(self, x, e):
        u = self.u(x)
        return self.conv2(self.conv1(torch.cat((crop(e, u), u), 1)))


class Unet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = Conv(1, 64)
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
        self.e4 = nn.Dropout()
        self.maxpool4 = nn.MaxPool2d(2)
        self.conv9 = Conv(512, 1024)
        self.conv10 = Conv(1024, 1024)
        self.dropout1 = nn.Dropout()
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
        e4 = self.e4(self.conv8(self.conv7(self.maxpool3(conv6))))
        x = self.dropout1(self.conv10(self.conv9(self.maxpool4(e4))))
        x = self.up4(self.up3(self.up2(self.up1(x, e4), conv6), conv4), conv2)
        return self.logits(x)
