"""SegNet: written by cnngraph from the spec `segnet`.

Takes `image`, N x 3 x 224 x 224.
Weights trained here come back by their names:

    cnngraph export --onnx segnet.spec --weights trained.pth
"""

import torch
from torch import nn


def unpool(x, of, kernel_size):
    """Each number where the largest of its window of another tensor is, else zeros."""
    pool = nn.functional.max_pool2d
    _, places = pool(of, kernel_size, ceil_mode=True, return_indices=True)
    return nn.functional.max_unpool2d(x, places, kernel_size, output_size=of.shape[-2:])


def init_weights(module):
    """He et al. 2015, "Delving deep into rectifiers"; PyTorch's own start is another."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.kaiming_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class Conv(nn.Conv2d):
    """`conv bn`, then ReLU."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return torch.relu(self.bn(super().forward(x)))


class Segnet(nn.Module):
    def __init__(self, classes=11):
        super().__init__()
        self.conv1 = Conv(3, 64)
        self.conv2 = Conv(64, 64)
        self.maxpool1 = nn.MaxPool2d(2)
        self.conv3 = Conv(64, 128)
        self.conv4 = Conv(128, 128)
        self.maxpool2 = nn.MaxPool2d(2)
        self.conv5 = Conv(128, 256)
        self.conv6 = Conv(256, 256)
        self.conv7 = Conv(256, 256)
        self.maxpool3 = nn.MaxPool2d(2)
        self.conv8 = Conv(256, 512)
        self.conv9 = Conv(512, 512)
        self.conv10 = Conv(512, 512)
        self.maxpool4 = nn.MaxPool2d(2)
        self.conv11 = Conv(512, 512)
        self.conv12 = Conv(512, 512)
        self.conv13 = Conv(512, 512)
        self.maxpool5 = nn.MaxPool2d(2)
        self.conv14 = Conv(512, 512)
        self.conv15 = Conv(512, 512)
        self.conv16 = Conv(512, 512)
        self.conv17 = Conv(512, 512)
        self.conv18 = Conv(512, 512)
        self.conv19 = Conv(512, 256)
        self.conv20 = Conv(256, 256)
        self.conv21 = Conv(256, 256)
        self.conv22 = Conv(256, 128)
        self.conv23 = Conv(128, 128)
        self.conv24 = Conv(128, 64)
        self.conv25 = Conv(64, 64)
        self.logits = nn.Conv2d(64, classes, 3, padding=1)
        self.apply(init_weights)

    def forward(self, x):
        conv2 = self.conv2(self.conv1(x))
        conv4 = self.conv4(self.conv3(self.maxpool1(conv2)))
        conv7 = self.conv7(self.conv6(self.conv5(self.maxpool2(conv4))))
        conv10 = self.conv10(self.conv9(self.conv8(self.maxpool3(conv7))))
        conv13 = self.conv13(self.conv12(self.conv11(self.maxpool4(conv10))))
        x = self.conv14(unpool(self.maxpool5(conv13), conv13, kernel_size=2))
        x = unpool(self.conv16(self.conv15(x)), conv10, kernel_size=2)
        x = unpool(self.conv19(self.conv18(self.conv17(x))), conv7, kernel_size=2)
        x = unpool(self.conv22(self.conv21(self.conv20(x))), conv4, kernel_size=2)
        x = unpool(self.conv24(self.conv23(x)), conv2, kernel_size=2)
        return self.logits(self.conv25(x))
