"""DenseNet-121: written by cnngraph from the spec `densenet121`.

Takes `image`, N x 3 x 224 x 224, values 0 to 1, minus 0.485, 0.456, 0.406, divided by
0.229, 0.224, 0.225.
`forward` gives logits, which loss functions want; `predict` gives probabilities.
Weights trained here come back by their names:

    cnngraph export --onnx densenet121.spec --weights trained.pth
"""

import torch
from torch import nn


def init_weights(module):
    """He et al. 2015, "Delving deep into rectifiers"; PyTorch's own start is another."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.kaiming_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class Layer(nn.Module):
    def __init__(self, inputs, k):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, 4 * k, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(4 * k)
        self.conv2 = nn.Conv2d(4 * k, k, 3, padding=1, bias=False)

    def forward(self, x):
        y = torch.relu(self.bn2(self.conv1(torch.relu(self.bn1(x)))))
        return torch.cat((x, self.conv2(y)), 1)


class Transition(nn.Sequential):
    def __init__(self, inputs):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.relu1 = nn.ReLU()
        self.conv1 = nn.Conv2d(inputs, inputs // 2, 1, bias=False)
        self.avgpool1 = nn.AvgPool2d(2)


class Densenet121(nn.Sequential):
    def __init__(self, k=32, classes=1000):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 2 * k, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(2 * k)
        self.relu1 = nn.ReLU()
        self.maxpool1 = nn.MaxPool2d(3, stride=2, padding=1)
        for i in range(6):
            self.add_module(f"layer{i + 1}", Layer(2 * k + k * i, k))
        self.transition1 = Transition(8 * k)
        for i in range(12):
            self.add_module(f"layer{i + 7}", Layer(4 * k + k * i, k))
        self.transition2 = Transition(16 * k)
        for i in range(24):
            self.add_module(f"layer{i + 19}", Layer(8 * k + k * i, k))
        self.transition3 = Transition(32 * k)
        for i in range(16):
            self.add_module(f"layer{i + 43}", Layer(16 * k + k * i, k))
        self.bn2 = nn.BatchNorm2d(32 * k)
        self.relu2 = nn.ReLU()
        self.avgpool1 = nn.AdaptiveAvgPool2d(1)
        self.flatten1 = nn.Flatten()
        self.fc1 = nn.Linear(32 * k, classes)
        self.apply(init_weights)

    def predict(self, *inputs):
        return self(*inputs).softmax(1)
