"""MobileNetV2: written by cnngraph from the spec `mobilenet_v2`.

Takes `image`, N x 3 x 224 x 224, values 0 to 1, minus 0.485, 0.456, 0.406, divided by
0.229, 0.224, 0.225.
`forward` gives logits, which loss functions want; `predict` gives probabilities.
Weights trained here come back by their names:

    cnngraph export --onnx mobilenet_v2.spec --weights trained.pth
"""

from torch import nn


def init_weights(module):
    """He et al. 2015, "Delving deep into rectifiers"; PyTorch's own start is another."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.kaiming_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class Conv(nn.Conv2d):
    """`conv bn`, then ReLU6."""

    def __init__(self, inputs, outputs, f=1, s=1, act=nn.ReLU6):
        super().__init__(inputs, outputs, f, stride=s, padding=f // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        self.act = act()

    def forward(self, x):
        return self.act(self.bn(super().forward(x)))


class DwConv(nn.Conv2d):
    """`dwconv bn`, then ReLU6."""

    def __init__(self, inputs, s=1):
        super().__init__(
            inputs, inputs, 3, stride=s, padding=1, groups=inputs, bias=False
        )
        self.bn = nn.BatchNorm2d(inputs)

    def forward(self, x):
        return nn.functional.relu6(self.bn(super().forward(x)))


class Inverted(nn.Module):
    def __init__(self, inputs, c, s=1):
        super().__init__()
        self.conv1 = Conv(inputs, 6 * inputs)
        self.dwconv1 = DwConv(6 * inputs, s=s)
        self.conv2 = Conv(6 * inputs, c, act=nn.Identity)
        self.skip = s == 1 and inputs == c

    def forward(self, x):
        y = self.conv2(self.dwconv1(self.conv1(x)))
        return y + x if self.skip else y


class Inverted2(nn.Sequential):
    def __init__(self):
        super().__init__()
        self.dwconv1 = DwConv(32)
        self.conv1 = Conv(32, 16, act=nn.Identity)


class Stage(nn.Sequential):
    def __init__(self, inputs, c, n, s=2):
        super().__init__()
        self.inverted1 = Inverted(inputs, c, s=s)
        for i in range(n - 1):
            self.add_module(f"inverted{i + 2}", Inverted(c, c))


class Stage2(nn.Sequential):
    def __init__(self):
        super().__init__()
        self.inverted1 = Inverted2()


class MobilenetV2(nn.Sequential):
    def __init__(self, classes=1000):
        super().__init__()
        self.conv1 = Conv(3, 32, 3, s=2)
        self.stage1 = Stage2()
        self.stage2 = Stage(16, 24, 2)
        self.stage3 = Stage(24, 32, 3)
        self.stage4 = Stage(32, 64, 4)
        self.stage5 = Stage(64, 96, 3, s=1)
        self.stage6 = Stage(96, 160, 3)
        self.stage7 = Stage(160, 320, 1, s=1)
        self.conv2 = Conv(320, 1280)
        self.avgpool1 = nn.AdaptiveAvgPool2d(1)
        self.flatten1 = nn.Flatten()
        self.dropout1 = nn.Dropout(0.2)
        self.fc1 = nn.Linear(1280, classes)
        self.apply(init_weights)

    def predict(self, *inputs):
        return self(*inputs).softmax(1)
