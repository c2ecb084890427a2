"""YOLOv3: written by cnngraph from the spec `yolov3`.

Takes `image`, N x 3 x 416 x 416, values 0 to 1.
Weights trained here come back by their names:

    cnngraph export --onnx yolov3.spec --weights trained.pth
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
    """`conv bn leaky`."""

    def __init__(self, inputs, outputs, f=3, s=1):
        super().__init__(inputs, outputs, f, stride=s, padding=f // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        self.leaky = nn.LeakyReLU(0.1)

    def forward(self, x):
        return self.leaky(self.bn(super().forward(x)))


class Residual(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.conv1 = Conv(inputs, inputs // 2, 1)
        self.conv2 = Conv(inputs // 2, inputs)

    def forward(self, x):
        return self.conv2(self.conv1(x)) + x


class Stage(nn.Sequential):
    def __init__(self, inputs, c, n):
        super().__init__()
        self.conv1 = Conv(inputs, c, s=2)
        for i in range(n):
            self.add_module(f"residual{i + 1}", Residual(c))


class Neck(nn.Sequential):
    def __init__(self, inputs, c):
        super().__init__()
        self.conv1 = Conv(inputs, c, 1)
        self.conv2 = Conv(c, 2 * c)
        self.conv3 = Conv(2 * c, c, 1)
        self.conv4 = Conv(c, 2 * c)
        self.conv5 = Conv(2 * c, c, 1)


class Detect(nn.Sequential):
    def __init__(self, inputs, numbers):
        super().__init__()
        self.conv1 = Conv(inputs, 2 * inputs)
        self.conv2 = nn.Conv2d(2 * inputs, numbers, 1)


class Yolov3(nn.Module):
    def __init__(self, classes=80):
        super().__init__()
        numbers = {
            80: 255,
            81: 258,
            82: 261,
            96: 303,
            160: 495,
            164: 507,
            240: 735,
        }[classes]
        self.conv1 = Conv(3, 32)
        self.stage1 = Stage(32, 64, 1)
        self.stage2 = Stage(64, 128, 2)
        self.c3 = Stage(128, 256, 8)
        self.c4 = Stage(256, 512, 8)
        self.stage3 = Stage(512, 1024, 4)
        self.p5 = Neck(1024, 512)
        self.conv2 = Conv(512, 256, 1)
        self.upsample1 = nn.Upsample(scale_factor=2)
        self.p4 = Neck(768, 256)
        self.conv3 = Conv(256, 128, 1)
        self.upsample2 = nn.Upsample(scale_factor=2)
        self.p3 = Neck(384, 128)
        self.large = Detect(512, numbers)
        self.medium = Detect(256, numbers)
        self.small = Detect(128, numbers)
        self.apply(init_weights)

    def forward(self, x):
        c3 = self.c3(self.stage2(self.stage1(self.conv1(x))))
        c4 = self.c4(c3)
        p5 = self.p5(self.stage3(c4))
        p4 = self.p4(torch.cat((self.upsample1(self.conv2(p5)), c4), 1))
        x = self.p3(torch.cat((self.upsample2(self.conv3(p4)), c3), 1))
        return self.large(p5), self.medium(p4), self.small(x)
