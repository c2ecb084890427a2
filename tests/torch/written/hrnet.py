"""HRNet-W18: written by cnngraph from the spec `hrnet`.

Takes `image`, N x 3 x 224 x 224, values 0 to 1, minus 0.485, 0.456, 0.406, divided by
0.229, 0.224, 0.225.
`forward` gives logits, which loss functions want; `predict` gives probabilities.
Weights trained here come back by their names:

    cnngraph export --onnx hrnet.spec --weights trained.pth
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

    def __init__(self, inputs, outputs, f=3, s=1, bias=False, act=nn.Identity):
        super().__init__(inputs, outputs, f, stride=s, padding=f // 2, bias=bias)
        self.bn = nn.BatchNorm2d(outputs)
        self.act = act()

    def forward(self, x):
        return self.act(self.bn(super().forward(x)))


class Shortcut(nn.Sequential):
    def __init__(self, inputs, c):
        super().__init__()
        if inputs != c:
            self.conv1 = Conv(inputs, c, 1)


class Bottleneck(nn.Module):
    def __init__(self, inputs, c):
        super().__init__()
        self.conv1 = Conv(inputs, c, 1, act=nn.ReLU)
        self.conv2 = Conv(c, c, act=nn.ReLU)
        self.conv3 = Conv(c, 4 * c, 1)
        self.shortcut1 = Shortcut(inputs, 4 * c)

    def forward(self, x):
        x = self.conv3(self.conv2(self.conv1(x))) + self.shortcut1(x)
        return torch.relu(x)


class Basic(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv1 = Conv(c, c, act=nn.ReLU)
        self.conv2 = Conv(c, c)

    def forward(self, x):
        return torch.relu(self.conv2(self.conv1(x)) + x)


class Up(nn.Sequential):
    def __init__(self, inputs, c, times):
        super().__init__()
        self.conv1 = Conv(inputs, c, 1)
        self.upsample1 = nn.Upsample(scale_factor=times)


class Down(nn.Sequential):
    def __init__(self, inputs, c, halvings):
        super().__init__()
        for i in range(halvings - 1):
            self.add_module(f"conv{i + 1}", Conv(inputs, inputs, s=2, act=nn.ReLU))
        self.add_module(f"conv{halvings}", Conv(inputs, c, s=2))


class Exchange2(nn.Module):
    def __init__(self, inputs, inputs2):
        super().__init__()
        self.basic1 = Basic(inputs)
        self.basic2 = Basic(inputs)
        self.basic3 = Basic(inputs)
        self.basic4 = Basic(inputs)
        self.basic5 = Basic(inputs2)
        self.basic6 = Basic(inputs2)
        self.basic7 = Basic(inputs2)
        self.basic8 = Basic(inputs2)
        self.up1 = Up(inputs2, inputs, 2)
        self.down1 = Down(inputs, inputs2, 1)

    def forward(self, x, e):
        basic4 = self.basic4(self.basic3(self.basic2(self.basic1(x))))
        basic8 = self.basic8(self.basic7(self.basic6(self.basic5(e))))
        return (
            torch.relu(self.down1(basic4) + basic8),
            torch.relu(basic4 + self.up1(basic8)),
        )


class Exchange3(nn.Module):
    def __init__(self, inputs, inputs2, inputs3):
        super().__init__()
        self.basic1 = Basic(inputs)
        self.basic2 = Basic(inputs)
        self.basic3 = Basic(inputs)
        self.basic4 = Basic(inputs)
        self.basic5 = Basic(inputs2)
        self.basic6 = Basic(inputs2)
        self.basic7 = Basic(inputs2)
        self.basic8 = Basic(inputs2)
        self.basic9 = Basic(inputs3)
        self.basic10 = Basic(inputs3)
        self.basic11 = Basic(inputs3)
        self.basic12 = Basic(inputs3)
        self.up1 = Up(inputs2, inputs, 2)
        self.up2 = Up(inputs3, inputs, 4)
        self.down1 = Down(inputs, inputs2, 1)
        self.up3 = Up(inputs3, inputs2, 2)
        self.down2 = Down(inputs, inputs3, 2)
        self.down3 = Down(inputs2, inputs3, 1)

    def forward(self, x, e1, e2):
        basic4 = self.basic4(self.basic3(self.basic2(self.basic1(x))))
        basic8 = self.basic8(self.basic7(self.basic6(self.basic5(e1))))
        basic12 = self.basic12(self.basic11(self.basic10(self.basic9(e2))))
        x = torch.relu(basic4 + self.up1(basic8) + self.up2(basic12))
        y = torch.relu(self.down1(basic4) + basic8 + self.up3(basic12))
        return torch.relu(self.down2(basic4) + self.down3(basic8) + basic12), x, y


class Exchange4(nn.Module):
    def __init__(self, inputs, inputs2, inputs3, inputs4):
        super().__init__()
        self.basic1 = Basic(inputs)
        self.basic2 = Basic(inputs)
        self.basic3 = Basic(inputs)
        self.basic4 = Basic(inputs)
        self.basic5 = Basic(inputs2)
        self.basic6 = Basic(inputs2)
        self.basic7 = Basic(inputs2)
        self.basic8 = Basic(inputs2)
        self.basic9 = Basic(inputs3)
        self.basic10 = Basic(inputs3)
        self.basic11 = Basic(inputs3)
        self.basic12 = Basic(inputs3)
        self.basic13 = Basic(inputs4)
        self.basic14 = Basic(inputs4)
        self.basic15 = Basic(inputs4)
        self.basic16 = Basic(inputs4)
        self.up1 = Up(inputs2, inputs, 2)
        self.up2 = Up(inputs3, inputs, 4)
        self.up3 = Up(inputs4, inputs, 8)
        self.down1 = Down(inputs, inputs2, 1)
        self.up4 = Up(inputs3, inputs2, 2)
        self.up5 = Up(inputs4, inputs2, 4)
        self.down2 = Down(inputs, inputs3, 2)
        self.down3 = Down(inputs2, inputs3, 1)
        self.up6 = Up(inputs4, inputs3, 2)
        self.down4 = Down(inputs, inputs4, 3)
        self.down5 = Down(inputs2, inputs4, 2)
        self.down6 = Down(inputs3, inputs4, 1)

    def forward(self, x, e1, e2, e3):
        basic4 = self.basic4(self.basic3(self.basic2(self.basic1(x))))
        basic8 = self.basic8(self.basic7(self.basic6(self.basic5(e1))))
        basic12 = self.basic12(self.basic11(self.basic10(self.basic9(e2))))
        basic16 = self.basic16(self.basic15(self.basic14(self.basic13(e3))))
        y = self.up2(basic12)
        x = torch.relu(basic4 + self.up1(basic8) + y + self.up3(basic16))
        y = self.down1(basic4)
        y = torch.relu(y + basic8 + self.up4(basic12) + self.up5(basic16))
        z = self.down2(basic4)
        z = torch.relu(z + self.down3(basic8) + basic12 + self.up6(basic16))
        y2 = self.down6(basic12)
        return (
            torch.relu(self.down4(basic4) + self.down5(basic8) + y2 + basic16),
            x,
            y,
            z,
        )


class Hrnet(nn.Module):
    def __init__(self, w=18, classes=1000):
        super().__init__()
        self.conv1 = Conv(3, 64, s=2, act=nn.ReLU)
        self.conv2 = Conv(64, 64, s=2, act=nn.ReLU)
        self.bottleneck1 = Bottleneck(64, 64)
        self.bottleneck2 = Bottleneck(256, 64)
        self.bottleneck3 = Bottleneck(256, 64)
        self.bottleneck4 = Bottleneck(256, 64)
        self.x1 = Conv(256, w, act=nn.ReLU)
        self.x2 = Conv(256, 2 * w, s=2, act=nn.ReLU)
        self.stage2 = Exchange2(w, 2 * w)
        self.x3 = Conv(2 * w, 4 * w, s=2, act=nn.ReLU)
        self.stage3a = Exchange3(w, 2 * w, 4 * w)
        self.stage3b = Exchange3(w, 2 * w, 4 * w)
        self.stage3c = Exchange3(w, 2 * w, 4 * w)
        self.stage3 = Exchange3(w, 2 * w, 4 * w)
        self.x4 = Conv(4 * w, 8 * w, s=2, act=nn.ReLU)
        self.stage4a = Exchange4(w, 2 * w, 4 * w, 8 * w)
        self.stage4b = Exchange4(w, 2 * w, 4 * w, 8 * w)
        self.stage4 = Exchange4(w, 2 * w, 4 * w, 8 * w)
        self.h1 = Bottleneck(w, 32)
        self.h2 = Bottleneck(2 * w, 64)
        self.h3 = Bottleneck(4 * w, 128)
        self.h4 = Bottleneck(8 * w, 256)
        self.conv3 = Conv(128, 256, s=2, bias=True, act=nn.ReLU)
        self.conv4 = Conv(256, 512, s=2, bias=True, act=nn.ReLU)
        self.conv5 = Conv(512, 1024, s=2, bias=True, act=nn.ReLU)
        self.conv6 = Conv(1024, 2048, 1, bias=True, act=nn.ReLU)
        self.avgpool1 = nn.AdaptiveAvgPool2d(1)
        self.flatten1 = nn.Flatten()
        self.fc1 = nn.Linear(2048, classes)
        self.apply(init_weights)

    def forward(self, x):
        x = self.bottleneck2(self.bottleneck1(self.conv2(self.conv1(x))))
        bottleneck4 = self.bottleneck4(self.bottleneck3(x))
        x, x_1 = self.stage2(self.x1(bottleneck4), self.x2(bottleneck4))
        x, x_1_, x_2 = self.stage3a(x_1, x, self.x3(x))
        x, x_1, x_2_ = self.stage3b(x_1_, x_2, x)
        x, x_1_, x_2 = self.stage3c(x_1, x_2_, x)
        x, x_1, x_2_ = self.stage3(x_1_, x_2, x)
        x, x_1_, x_2, x_3 = self.stage4a(x_1, x_2_, x, self.x4(x))
        x, x_1, x_2_, x_3_ = self.stage4b(x_1_, x_2, x_3, x)
        x, x_1_, x_2, x_3 = self.stage4(x_1, x_2_, x_3_, x)
        y = self.conv4(self.conv3(self.h1(x_1_)) + self.h2(x_2))
        x = self.avgpool1(self.conv6(self.conv5(y + self.h3(x_3)) + self.h4(x)))
        return self.fc1(self.flatten1(x))

    def predict(self, *inputs):
        return self(*inputs).softmax(1)
