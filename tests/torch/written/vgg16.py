"""VGG - 16: written by cnngraph from the spec `vgg16`.

Takes `image`, N x 3 x 224 x 224, values 0 to 1, minus 0.485, 0.456, 0.406, divided by
0.229, 0.224, 0.225.
`forward` gives logits, which loss functions want; `predict` gives probabilities.
Weights trained here come back by their names:

    cnngraph export --onnx vgg16.spec --weights trained.pth
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
    """`conv`, then ReLU."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs, 3, padding=1)

    def forward(self, x):
        return torch.relu(super().forward(x))


class Fc(nn.Linear):
    """`fc`, then ReLU."""

    def forward(self, x):
        return torch.relu(super().forward(x))


class Vgg16(nn.Sequential):
    def __init__(self, classes=1000):
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
        for i in range(3):
            self.add_module(f"conv{i + 11}", Conv(512, 512))
        self.maxpool5 = nn.MaxPool2d(2)
        self.flatten1 = nn.Flatten()
        self.fc1 = Fc(25088, 4096)
        self.dropout1 = nn.Dropout()
        self.fc2 = Fc(4096, 4096)
        self.dropout2 = nn.Dropout()
        self.fc3 = nn.Linear(4096, classes)
        self.apply(init_weights)

    def predict(self, *inputs):
        return self(*inputs).softmax(1)
