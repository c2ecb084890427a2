"""FCN-8s: written by cnngraph from the spec `fcn8`.

Takes `image`, N x 3 x 500 x 500, blue, green, red, values 0 to 255, minus 104.007,
116.669, 122.679, divided by 1.
Weights trained here come back by their names:

    cnngraph export --onnx fcn8.spec --weights trained.pth
"""

import torch
from torch import nn


def crop(x, like):
    """The middle of x, as high and wide as another tensor."""
    height, width = like.shape[2:]
    top, left = (x.shape[2] - height) // 2, (x.shape[3] - width) // 2
    return x[:, :, top : top + height, left : left + width]


class Crop(nn.Module):
    def __init__(self, top, left, bottom, right):
        super().__init__()
        self.amounts = (-left, -right, -top, -bottom)

    def forward(self, x):
        return nn.functional.pad(x, self.amounts)


def init_weights(module):
    """He et al. 2015, "Delving deep into rectifiers"; PyTorch's own start is another."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.kaiming_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class Conv(nn.Conv2d):
    """`conv`, then ReLU."""

    def __init__(self, inputs, outputs, f=3, p=1):
        super().__init__(inputs, outputs, f, padding=p)

    def forward(self, x):
        return torch.relu(super().forward(x))


class Fcn8(nn.Module):
    def __init__(self, classes=21):
        super().__init__()
        self.conv1 = Conv(3, 64, p=100)
        self.conv2 = Conv(64, 64)
        self.maxpool1 = nn.MaxPool2d(2, ceil_mode=True)
        self.conv3 = Conv(64, 128)
        self.conv4 = Conv(128, 128)
        self.maxpool2 = nn.MaxPool2d(2, ceil_mode=True)
        self.conv5 = Conv(128, 256)
        self.conv6 = Conv(256, 256)
        self.conv7 = Conv(256, 256)
        self.pool3 = nn.MaxPool2d(2, ceil_mode=True)
        self.conv8 = Conv(256, 512)
        self.conv9 = Conv(512, 512)
        self.conv10 = Conv(512, 512)
        self.pool4 = nn.MaxPool2d(2, ceil_mode=True)
        self.conv11 = Conv(512, 512)
        self.conv12 = Conv(512, 512)
        self.conv13 = Conv(512, 512)
        self.maxpool3 = nn.MaxPool2d(2, ceil_mode=True)
        self.conv14 = Conv(512, 4096, 7, p=0)
        self.dropout1 = nn.Dropout()
        self.conv15 = Conv(4096, 4096, 1, p=0)
        self.dropout2 = nn.Dropout()
        self.conv16 = nn.Conv2d(4096, classes, 1)
        self.up16 = nn.ConvTranspose2d(classes, classes, 4, stride=2, bias=False)
        self.conv17 = nn.Conv2d(512, classes, 1)
        self.up8 = nn.ConvTranspose2d(classes, classes, 4, stride=2, bias=False)
        self.conv18 = nn.Conv2d(256, classes, 1)
        self.up = nn.ConvTranspose2d(classes, classes, 16, stride=8, bias=False)
        self.crop3 = Crop(31, 31, 37, 37)
        self.apply(init_weights)

    def forward(self, x):
        x = self.conv4(self.conv3(self.maxpool1(self.conv2(self.conv1(x)))))
        pool3 = self.pool3(self.conv7(self.conv6(self.conv5(self.maxpool2(x)))))
        pool4 = self.pool4(self.conv10(self.conv9(self.conv8(pool3))))
        x = self.maxpool3(self.conv13(self.conv12(self.conv11(pool4))))
        x = self.dropout2(self.conv15(self.dropout1(self.conv14(x))))
        up16 = self.up16(self.conv16(x))
        up8 = self.up8(crop(self.conv17(pool4), up16) + up16)
        return self.crop3(self.up(crop(self.conv18(pool3), up8) + up8))
