"""MobileNetV3-Small: written by cnngraph from the spec `mobilenet_v3_small`.

Takes `image`, N x 3 x 224 x 224, values 0 to 1, minus 0.485, 0.456, 0.406, divided by
0.229, 0.224, 0.225.
`forward` gives logits, which loss functions want; `predict` gives probabilities.
Weights trained here come back by their names:

    cnngraph export --onnx mobilenet_v3_small.spec --weights trained.pth
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
    """`conv bn`, then Hardswish or ReLU."""

    def __init__(self, inputs, outputs, act, f=1, s=1):
        super().__init__(inputs, outputs, f, stride=s, padding=f // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001, momentum=0.01)
        self.act = act()

    def forward(self, x):
        return self.act(self.bn(super().forward(x)))


class DwConv(nn.Conv2d):
    """`dwconv bn`, then Hardswish or ReLU."""

    def __init__(self, inputs, f=5, s=1, act=nn.Hardswish):
        super().__init__(
            inputs, inputs, f, stride=s, padding=f // 2, groups=inputs, bias=False
        )
        self.bn = nn.BatchNorm2d(inputs, eps=0.001, momentum=0.01)
        self.act = act()

    def forward(self, x):
        return self.act(self.bn(super().forward(x)))


class Fc(nn.Linear):
    """`fc`, then Hardswish."""

    def forward(self, x):
        return nn.functional.hardswish(super().forward(x))


class Squeeze(nn.Module):
    def __init__(self, inputs, c):
        super().__init__()
        self.avgpool1 = nn.AdaptiveAvgPool2d(1)
        self.conv1 = nn.Conv2d(inputs, c, 1)
        self.conv2 = nn.Conv2d(c, inputs, 1)

    def forward(self, x):
        y = nn.functional.hardsigmoid(
            self.conv2(torch.relu(self.conv1(self.avgpool1(x))))
        )
        return x * y


class Bneck(nn.Module):
    def __init__(self, t, c, c2):
        super().__init__()
        self.conv1 = Conv(c, t, nn.Hardswish)
        self.dwconv1 = DwConv(t)
        self.squeeze1 = Squeeze(t, c2)
        self.conv2 = Conv(t, c, nn.Identity)

    def forward(self, x):
        return self.conv2(self.squeeze1(self.dwconv1(self.conv1(x)))) + x


class Bneck2(nn.Sequential):
    def __init__(self, inputs, f, t, c, c2, se=True, s=2, act=nn.Hardswish):
        super().__init__()
        self.conv1 = Conv(inputs, t, act)
        self.dwconv1 = DwConv(t, f, s=s, act=act)
        if se:
            self.squeeze1 = Squeeze(t, c2)
        self.conv2 = Conv(t, c, nn.Identity)


class Bneck3(nn.Sequential):
    def __init__(self):
        super().__init__()
        self.dwconv1 = DwConv(16, 3, s=2, act=nn.ReLU)
        self.squeeze1 = Squeeze(16, 8)
        self.conv1 = Conv(16, 16, nn.Identity)


class Bneck4(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = Conv(24, 88, nn.ReLU)
        self.dwconv1 = DwConv(88, 3, act=nn.ReLU)
        self.conv2 = Conv(88, 24, nn.Identity)

    def forward(self, x):
        return self.conv2(self.dwconv1(self.conv1(x))) + x


class MobilenetV3Small(nn.Sequential):
    def __init__(self, classes=1000):
        super().__init__()
        self.conv1 = Conv(3, 16, nn.Hardswish, 3, s=2)
        self.bneck1 = Bneck3()
        self.bneck2 = Bneck2(16, 3, 72, 24, 24, se=False, act=nn.ReLU)
        self.bneck3 = Bneck4()
        self.bneck4 = Bneck2(24, 5, 96, 40, 24)
        self.bneck5 = Bneck(240, 40, 64)
        self.bneck6 = Bneck(240, 40, 64)
        self.bneck7 = Bneck2(40, 5, 120, 48, 32, s=1)
        self.bneck8 = Bneck(144, 48, 40)
        self.bneck9 = Bneck2(48, 5, 288, 96, 72)
        self.bneck10 = Bneck(576, 96, 144)
        self.bneck11 = Bneck(576, 96, 144)
        self.conv2 = Conv(96, 576, nn.Hardswish)
        self.avgpool1 = nn.AdaptiveAvgPool2d(1)
        self.flatten1 = nn.Flatten()
        self.fc1 = Fc(576, 1024)
        self.dropout1 = nn.Dropout(0.2)
        self.fc2 = nn.Linear(1024, classes)
        self.apply(init_weights)

    def predict(self, *inputs):
        return self(*inputs).softmax(1)
