"""50-layer residual: written by cnngraph from the spec `resnet`.

Takes `image`, N x 3 x 224 x 224, values 0 to 1, minus 0.485, 0.456, 0.406, divided by
0.229, 0.224, 0.225.
`forward` gives logits, which loss functions want; `predict` gives probabilities.
Weights trained here come back by their names:

    cnngraph export --onnx resnet.spec --weights trained.pth
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


class Bottleneck(nn.Sequential):
    def __init__(self, inputs, c, s=1):
        super().__init__()
        self.conv1 = Conv(inputs, c)
        self.conv2 = Conv(c, c, 3, s=s)
        self.conv3 = Conv(c, 4 * c, act=nn.Identity)


class Shortcut(nn.Sequential):
    def __init__(self, inputs, c, s=1):
        super().__init__()
        if s > 1 or inputs != c:
            self.conv1 = Conv(inputs, c, s=s, act=nn.Identity)


class Basic(nn.Sequential):
    def __init__(self, inputs, c, s=1):
        super().__init__()
        self.conv1 = Conv(inputs, c, 3, s=s)
        self.conv2 = Conv(c, c, 3, act=nn.Identity)


class Residual(nn.Module):
    def __init__(self, inputs, c, depth, wide, s=1):
        super().__init__()
        self.with_bottleneck = depth > 34
        if self.with_bottleneck:
            self.bottleneck1 = Bottleneck(inputs, c, s=s)
        else:
            self.basic1 = Basic(inputs, c, s=s)
        self.shortcut1 = Shortcut(inputs, c * wide, s=s)

    def forward(self, x):
        main = self.bottleneck1 if self.with_bottleneck else self.basic1
        return torch.relu(main(x) + self.shortcut1(x))


class Stage(nn.Sequential):
    def __init__(self, inputs, c, n, depth, wide, s=2):
        super().__init__()
        self.residual1 = Residual(inputs, c, depth, wide, s=s)
        for i in range(n - 1):
            self.add_module(f"residual{i + 2}", Residual(c * wide, c, depth, wide))


class Resnet(nn.Sequential):
    def __init__(self, depth=50, classes=1000):
        super().__init__()
        n = {
            18: (2, 2, 2, 2),
            34: (3, 4, 6, 3),
            50: (3, 4, 6, 3),
            101: (3, 4, 23, 3),
            152: (3, 8, 36, 3),
        }[depth]
        wide = 4 if depth > 34 else 1
        self.conv1 = Conv(3, 64, 7, s=2)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, padding=1)
        self.stage1 = Stage(64, 64, n[0], depth, wide, s=1)
        self.stage2 = Stage(64 * wide, 128, n[1], depth, wide)
        self.stage3 = Stage(128 * wide, 256, n[2], depth, wide)
        self.stage4 = Stage(256 * wide, 512, n[3], depth, wide)
        self.avgpool1 = nn.AdaptiveAvgPool2d(1)
        self.flatten1 = nn.Flatten()
        self.fc1 = nn.Linear(512 * wide, classes)
        self.apply(init_weights)

    def predict(self, *inputs):
        return self(*inputs).softmax(1)
