"""Feature pyramid network: written by cnngraph from the spec `fpn`.

Takes `image`, N x 3 x 800 x 800, values 0 to 1, minus 0.485, 0.456, 0.406, divided by
0.229, 0.224, 0.225.
Weights trained here come back by their names:

    cnngraph export --onnx fpn.spec --weights trained.pth
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

    def __init__(self, inputs, outputs, f=1, s=1, act=nn.ReLU):
        super().__init__(inputs, outputs, f, stride=s, padding=f // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        self.act = act()

    def forward(self, x):
        return self.act(self.bn(super().forward(x)))


class Shortcut(nn.Sequential):
    def __init__(self, inputs, c, s=1):
        super().__init__()
        if s > 1 or inputs != c:
            self.conv1 = Conv(inputs, c, s=s, act=nn.Identity)


class Residual(nn.Module):
    def __init__(self, inputs, c, s=1):
        super().__init__()
        self.conv1 = Conv(inputs, c)
        self.conv2 = Conv(c, c, 3, s=s)
        self.conv3 = Conv(c, 4 * c, act=nn.Identity)
        self.shortcut1 = Shortcut(inputs, 4 * c, s=s)

    def forward(self, x):
        x = self.conv3(self.conv2(self.conv1(x))) + self.shortcut1(x)
        return torch.relu(x)


class Stage(nn.Sequential):
    def __init__(self, inputs, c, n, s=2):
        super().__init__()
        self.residual1 = Residual(inputs, c, s=s)
        for i in range(n - 1):
            self.add_module(f"residual{i + 2}", Residual(4 * c, c))


class Fpn(nn.Module):
    def __init__(self, depth=50):
        super().__init__()
        n = (3, 4, 6, 3) if depth <= 50 else (3, 4, 23, 3)
        self.conv1 = Conv(3, 64, 7, s=2)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, padding=1)
        self.c2 = Stage(64, 64, 3, s=1)
        self.c3 = Stage(256, 128, 4)
        self.c4 = Stage(512, 256, n[2])
        self.c5 = Stage(1024, 512, 3)
        self.l2 = nn.Conv2d(256, 256, 1)
        self.l3 = nn.Conv2d(512, 256, 1)
        self.l4 = nn.Conv2d(1024, 256, 1)
        self.m5 = nn.Conv2d(2048, 256, 1)
        self.upsample1 = nn.Upsample(scale_factor=2)
        self.upsample2 = nn.Upsample(scale_factor=2)
        self.upsample3 = nn.Upsample(scale_factor=2)
        self.p2 = nn.Conv2d(256, 256, 3, padding=1)
        self.p3 = nn.Conv2d(256, 256, 3, padding=1)
        self.p4 = nn.Conv2d(256, 256, 3, padding=1)
        self.p5 = nn.Conv2d(256, 256, 3, padding=1)
        self.p6 = nn.MaxPool2d(1, stride=2)
        self.apply(init_weights)

    def forward(self, x):
        c2 = self.c2(self.maxpool1(self.conv1(x)))
        c3 = self.c3(c2)
        c4 = self.c4(c3)
        m5 = self.m5(self.c5(c4))
        m4 = self.upsample1(m5) + self.l4(c4)
        m3 = self.upsample2(m4) + self.l3(c3)
        p5 = self.p5(m5)
        return (
            self.p2(self.upsample3(m3) + self.l2(c2)),
            self.p3(m3),
            self.p4(m4),
            p5,
            self.p6(p5),
        )
