"""AlexNet (one weird trick): written by cnngraph from the spec `alexnet_owt`.

Takes `image`, N x 3 x 224 x 224, values 0 to 1, minus 0.485, 0.456, 0.406, divided by
0.229, 0.224, 0.225.
`forward` gives logits, which loss functions want; `predict` gives probabilities.
Weights trained here come back by their names:

    cnngraph export --onnx alexnet_owt.spec --weights trained.pth
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

    def __init__(self, inputs, outputs, f=3, s=1, p=1):
        super().__init__(inputs, outputs, f, stride=s, padding=p)

    def forward(self, x):
        return torch.relu(super().forward(x))


class Fc(nn.Linear):
    """`fc`, then ReLU."""

    def forward(self, x):
        return torch.relu(super().forward(x))


class AlexnetOwt(nn.Sequential):
    def __init__(self, classes=1000):
        super().__init__()
        self.conv1 = Conv(3, 64, 11, s=4, p=2)
        self.maxpool1 = nn.MaxPool2d(3, stride=2)
        self.conv2 = Conv(64, 192, 5, p=2)
        self.maxpool2 = nn.MaxPool2d(3, stride=2)
        self.conv3 = Conv(192, 384)
        self.conv4 = Conv(384, 256)
        self.conv5 = Conv(256, 256)
        self.maxpool3 = nn.MaxPool2d(3, stride=2)
        self.flatten1 = nn.Flatten()
        self.dropout1 = nn.Dropout()
        self.fc1 = Fc(9216, 4096)
        self.dropout2 = nn.Dropout()
        self.fc2 = Fc(4096, 4096)
        self.fc3 = nn.Linear(4096, classes)
        self.apply(init_weights)

    def predict(self, *inputs):
        return self(*inputs).softmax(1)
