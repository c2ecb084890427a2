"""YOLOv2: written by cnngraph from the spec `yolov2`.

Takes `image`, N x 3 x 608 x 608, values 0 to 1.
Weights trained here come back by their names:

    cnngraph export --onnx yolov2.spec --weights trained.pth
"""

import torch
from torch import nn


class ReorgAsDarknet(nn.Module):
    """What darknet's [reorg] does, and weights of YOLOv2 need."""

    def __init__(self, n):
        super().__init__()
        self.n = n

    def forward(self, x):
        b, c, h, w = x.shape
        n = self.n
        x = x.reshape(b, c // n**2, h, n, w, n).permute(0, 3, 5, 1, 2, 4)
        return x.reshape(b, c * n**2, h // n, w // n)


def init_weights(module):
    """He et al. 2015, "Delving deep into rectifiers"; PyTorch's own start is another."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.kaiming_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class Conv(nn.Conv2d):
    """`conv bn leaky`."""

    def __init__(self, inputs, outputs, f=3):
        super().__init__(inputs, outputs, f, padding=f // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        self.leaky = nn.LeakyReLU(0.1)

    def forward(self, x):
        return self.leaky(self.bn(super().forward(x)))


class Yolov2(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = Conv(3, 32)
        self.maxpool1 = nn.MaxPool2d(2)
        self.conv2 = Conv(32, 64)
        self.maxpool2 = nn.MaxPool2d(2)
        self.conv3 = Conv(64, 128)
        self.conv4 = Conv(128, 64, 1)
        self.conv5 = Conv(64, 128)
        self.maxpool3 = nn.MaxPool2d(2)
        self.conv6 = Conv(128, 256)
        self.conv7 = Conv(256, 128, 1)
        self.conv8 = Conv(128, 256)
        self.maxpool4 = nn.MaxPool2d(2)
        self.conv9 = Conv(256, 512)
        self.conv10 = Conv(512, 256, 1)
        self.conv11 = Conv(256, 512)
        self.conv12 = Conv(512, 256, 1)
        self.fine = Conv(256, 512)
        self.maxpool5 = nn.MaxPool2d(2)
        self.conv13 = Conv(512, 1024)
        self.conv14 = Conv(1024, 512, 1)
        self.conv15 = Conv(512, 1024)
        self.conv16 = Conv(1024, 512, 1)
        self.conv17 = Conv(512, 1024)
        self.conv18 = Conv(1024, 1024)
        self.conv19 = Conv(1024, 1024)
        self.conv20 = Conv(512, 64, 1)
        self.reorg1 = ReorgAsDarknet(2)
        self.conv21 = Conv(1280, 1024)
        self.detect = nn.Conv2d(1024, 425, 1)
        self.apply(init_weights)

    def forward(self, x):
        x = self.conv3(self.maxpool2(self.conv2(self.maxpool1(self.conv1(x)))))
        x = self.conv7(self.conv6(self.maxpool3(self.conv5(self.conv4(x)))))
        x = self.conv11(self.conv10(self.conv9(self.maxpool4(self.conv8(x)))))
        fine = self.fine(self.conv12(x))
        x = self.conv15(self.conv14(self.conv13(self.maxpool5(fine))))
        x = torch.cat(
            (
                self.reorg1(self.conv20(fine)),
                self.conv19(self.conv18(self.conv17(self.conv16(x)))),
            ),
            1,
        )
        return self.detect(self.conv21(x))
