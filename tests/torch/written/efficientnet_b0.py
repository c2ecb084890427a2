"""EfficientNet-B0: written by cnngraph from the spec `efficientnet_b0`.

Takes `image`, N x 3 x 224 x 224, values 0 to 1, minus 0.485, 0.456, 0.406, divided by
0.229, 0.224, 0.225.
`forward` gives logits, which loss functions want; `predict` gives probabilities.
Weights trained here come back by their names:

    cnngraph export --onnx efficientnet_b0.spec --weights trained.pth
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
    """`conv bn`, then SiLU."""

    def __init__(self, inputs, outputs, f=1, s=1, act=nn.SiLU):
        super().__init__(inputs, outputs, f, stride=s, padding=f // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        self.act = act()

    def forward(self, x):
        return self.act(self.bn(super().forward(x)))


class DwConv(nn.Conv2d):
    """`dwconv bn`, then SiLU."""

    def __init__(self, inputs, f=5, s=1):
        super().__init__(
            inputs, inputs, f, stride=s, padding=f // 2, groups=inputs, bias=False
        )
        self.bn = nn.BatchNorm2d(inputs)

    def forward(self, x):
        return nn.functional.silu(self.bn(super().forward(x)))


class Squeeze(nn.Module):
    def __init__(self, inputs, r):
        super().__init__()
        self.avgpool1 = nn.AdaptiveAvgPool2d(1)
        self.conv1 = nn.Conv2d(inputs, r, 1)
        self.conv2 = nn.Conv2d(r, inputs, 1)

    def forward(self, x):
        y = torch.sigmoid(self.conv2(nn.functional.silu(self.conv1(self.avgpool1(x)))))
        return x * y


class Mbconv(nn.Module):
    def __init__(self, inputs, c, f, s=1):
        super().__init__()
        self.conv1 = Conv(inputs, 6 * inputs)
        self.dwconv1 = DwConv(6 * inputs, f, s=s)
        self.squeeze1 = Squeeze(6 * inputs, inputs // 4)
        self.conv2 = Conv(6 * inputs, c, act=nn.Identity)
        self.skip = s == 1 and inputs == c

    def forward(self, x):
        y = self.conv2(self.squeeze1(self.dwconv1(self.conv1(x))))
        return y + x if self.skip else y


class Mbconv2(nn.Sequential):
    def __init__(self):
        super().__init__()
        self.dwconv1 = DwConv(32, 3)
        self.squeeze1 = Squeeze(32, 8)
        self.conv1 = Conv(32, 16, act=nn.Identity)


class Stage(nn.Sequential):
    def __init__(self, inputs, f, c, n, s=2):
        super().__init__()
        self.mbconv1 = Mbconv(inputs, c, f, s=s)
        for i in range(n - 1):
            self.add_module(f"mbconv{i + 2}", Mbconv(c, c, f))


class Stage2(nn.Sequential):
    def __init__(self):
        super().__init__()
        self.mbconv1 = Mbconv2()


class EfficientnetB0(nn.Sequential):
    def __init__(self, classes=1000):
        super().__init__()
        self.conv1 = Conv(3, 32, 3, s=2)
        self.stage1 = Stage2()
        self.stage2 = Stage(16, 3, 24, 2)
        self.stage3 = Stage(24, 5, 40, 2)
        self.stage4 = Stage(40, 3, 80, 3)
        self.stage5 = Stage(80, 5, 112, 3, s=1)
        self.stage6 = Stage(112, 5, 192, 4)
        self.stage7 = Stage(192, 3, 320, 1, s=1)
        self.conv2 = Conv(320, 1280)
        self.avgpool1 = nn.AdaptiveAvgPool2d(1)
        self.flatten1 = nn.Flatten()
        self.dropout1 = nn.Dropout(0.2)
        self.fc1 = nn.Linear(1280, classes)
        self.apply(init_weights)

    def predict(self, *inputs):
        return self(*inputs).softmax(1)
