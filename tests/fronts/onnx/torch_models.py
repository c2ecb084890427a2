"""Small networks as PyTorch's two exporters write them: ``python -m tests.fronts.onnx.torch_models`` makes ``models/``.

Each has what is hard to read in the files of larger ones. The files are kept, so that the tests need no PyTorch.
"""

# mypy: disable-error-code="misc"
# PyTorch has no types where it is not installed, and what derives from its Module is of none.

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

MODELS = Path(__file__).parent / "models"
SIZE = 16


def modules() -> dict[str, Callable[[], Any]]:
    """By name what makes each network; imports PyTorch."""
    import torch
    from torch import nn
    from torch.nn import functional as F  # noqa: N812

    def conv(taken: int, made: int, size: int = 3, **how: Any) -> Any:
        return nn.Conv2d(taken, made, size, padding=size // 2, bias=False, **how)

    class Residual(nn.Module):
        def __init__(self, taken: int, made: int, stride: int = 1) -> None:
            super().__init__()
            self.conv1, self.bn1 = conv(taken, made, stride=stride), nn.BatchNorm2d(made)
            self.conv2, self.bn2 = conv(made, made), nn.BatchNorm2d(made)
            project = nn.Sequential(conv(taken, made, 1, stride=stride), nn.BatchNorm2d(made))
            self.downsample = project if (taken, stride) != (made, 1) else nn.Identity()

        def forward(self, x: Any) -> Any:
            y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
            return F.relu(y + self.downsample(x))

    def resnet() -> Any:
        stages = [Residual(8, 8), Residual(8, 8), Residual(8, 16, 2), Residual(16, 16)]
        return nn.Sequential(conv(3, 8), nn.BatchNorm2d(8), nn.ReLU(), *stages, nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                             nn.Dropout(0.2), nn.Linear(16, 5))  # fmt: skip

    class Mobile(nn.Module):
        def __init__(self, width: int) -> None:
            super().__init__()
            self.expand = nn.Sequential(conv(width, 4 * width, 1), nn.BatchNorm2d(4 * width), nn.Hardswish())
            self.depthwise = nn.Sequential(conv(4 * width, 4 * width, groups=4 * width), nn.BatchNorm2d(4 * width),
                                           nn.Hardswish())  # fmt: skip
            self.fc1, self.fc2 = nn.Conv2d(4 * width, width, 1), nn.Conv2d(width, 4 * width, 1)
            self.project = nn.Sequential(conv(4 * width, width, 1), nn.BatchNorm2d(width))

        def forward(self, x: Any) -> Any:
            y = self.depthwise(self.expand(x))
            gate = F.hardsigmoid(self.fc2(F.relu(self.fc1(y.mean((2, 3), keepdim=True)))))
            return x + self.project(y * gate)

    def mobile() -> Any:
        return nn.Sequential(conv(3, 8, stride=2), nn.BatchNorm2d(8), nn.SiLU(), Mobile(8), Mobile(8))

    class Shuffle(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.branch = nn.Sequential(conv(4, 4, 1), nn.BatchNorm2d(4), nn.ReLU(), conv(4, 4, groups=4))

        def forward(self, x: Any) -> Any:
            one, other = x.chunk(2, dim=1)
            y = torch.cat([one, self.branch(other)], 1)
            n, c, h, w = y.shape
            return y.view(n, 2, c // 2, h, w).transpose(1, 2).contiguous().view(n, c, h, w)

    def shuffle() -> Any:
        return nn.Sequential(conv(3, 8), Shuffle(), Shuffle())

    class Next(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.depthwise = nn.Conv2d(8, 8, 7, padding=3, groups=8)
            self.norm, self.up, self.down = nn.LayerNorm(8, eps=1e-6), nn.Linear(8, 32), nn.Linear(32, 8)
            self.scale = nn.Parameter(torch.rand(8))

        def forward(self, x: Any) -> Any:
            y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
            y = self.scale * self.down(F.gelu(self.up(y)))
            return x + y.permute(0, 3, 1, 2)

    def convnext() -> Any:
        return nn.Sequential(nn.Conv2d(3, 8, 2, stride=2), Next(), Next())

    class Norms(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.conv2 = conv(3, 8), conv(8, 8)
            self.group, self.instance = nn.GroupNorm(4, 8), nn.InstanceNorm2d(8, affine=True)
            nn.init.uniform_(self.group.weight)
            nn.init.uniform_(self.instance.weight)
            self.gain = nn.Parameter(torch.tensor(0.3))

        def forward(self, x: Any) -> Any:
            y = F.mish(self.group(self.conv1(x)))
            return F.leaky_relu(self.instance(self.conv2(y)), 0.1) * self.gain + y / 2

    class Decoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two, self.three = conv(3, 4), conv(4, 8, stride=2), conv(12, 4)
            self.up = nn.ConvTranspose2d(4, 4, 2, stride=2)

        def forward(self, x: Any) -> Any:
            a = F.relu(self.one(x))
            b = F.relu(self.two(a))
            b = F.interpolate(b, size=a.shape[2:], mode="bilinear", align_corners=False)
            y = F.relu(self.three(torch.cat([a, b], 1)))
            return F.pixel_shuffle(self.up(y), 2)

    class Dense(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList(
                nn.Sequential(nn.BatchNorm2d(6 + 4 * n), nn.ReLU(), conv(6 + 4 * n, 4)) for n in range(3)
            )

        def forward(self, x: Any) -> Any:
            found = [x]
            for layer in self.layers:
                found.append(layer(torch.cat(found, 1)))
            return torch.cat(found, 1)

    def dense() -> Any:
        return nn.Sequential(conv(3, 6), Dense(), nn.AvgPool2d(2))

    class Selective(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.paths = nn.ModuleList([conv(8, 8), conv(8, 8, 3, dilation=1)])
            self.reduce, self.select = nn.Conv2d(8, 4, 1), nn.Conv2d(4, 16, 1)

        def forward(self, x: Any) -> Any:
            stacked = torch.stack([path(x) for path in self.paths], 1)
            pooled = stacked.sum(1).mean((2, 3), keepdim=True)
            gates = self.select(F.relu(self.reduce(pooled))).view(-1, 2, 8, 1, 1).softmax(1)
            return (stacked * gates).sum(1)

    def selective() -> Any:
        return nn.Sequential(conv(3, 8), Selective())

    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.qkv, self.out = conv(3, 8, stride=2), nn.Linear(8, 24), conv(8, 8, 1)

        def forward(self, x: Any) -> Any:
            x = F.relu(self.conv(x))
            n, c, h, w = x.shape
            q, k, v = self.qkv(x.flatten(2).transpose(1, 2)).chunk(3, 2)
            y = (q @ k.transpose(1, 2)).softmax(2) @ v
            return self.out(x + y.transpose(1, 2).reshape(n, c, h, w))

    class Standardised(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.rand(8, 3, 3, 3))
            self.shared = conv(8, 8)

        def forward(self, x: Any) -> Any:
            mean = self.weight.mean((1, 2, 3), keepdim=True)
            y = F.conv2d(F.pad(x, (1, 1, 1, 1)), (self.weight - mean) * 0.7)
            return self.shared(F.relu(self.shared(y)))

    return {
        "resnet": resnet, "mobile": mobile, "shuffle": shuffle, "convnext": convnext, "norms": Norms,
        "decoder": Decoder, "dense": dense, "selective": selective, "attention": Attention,
        "standardised": Standardised,
    }  # fmt: skip


def main() -> None:
    import torch

    MODELS.mkdir(exist_ok=True)
    for name, make in modules().items():
        torch.manual_seed(0)
        module = make().eval()
        for each in module.modules():
            if isinstance(each, torch.nn.BatchNorm2d):
                torch.nn.init.uniform_(each.running_mean, -0.3, 0.3)
                torch.nn.init.uniform_(each.running_var, 0.5, 1.5)
        x = torch.randn(1, 3, SIZE, SIZE)
        free = {"x": {0: "n", 2: "h", 3: "w"}} if name in ("decoder", "resnet") else {"x": {0: "n"}}
        torch.onnx.export(module, (x,), MODELS / f"{name}.script.onnx", dynamo=False, opset_version=17,
                          input_names=["x"], dynamic_axes=free)  # fmt: skip
        torch.onnx.export(module, (x,), MODELS / f"{name}.dynamo.onnx", dynamo=True, external_data=False, verbose=False)
        torch.onnx.export(module, (x,), MODELS / f"{name}.plain.onnx", dynamo=False, opset_version=13,
                          do_constant_folding=False, training=torch.onnx.TrainingMode.PRESERVE)  # fmt: skip
        _without_traces(MODELS / f"{name}.dynamo.onnx")


def _without_traces(path: Path) -> None:
    """Takes out the stack traces, which hold the paths of the machine that made the file."""
    import onnx

    made = onnx.load(path)
    for node in made.graph.node:
        kept = [each for each in node.metadata_props if each.key == "pkg.torch.onnx.name_scopes"]
        del node.metadata_props[:]
        node.metadata_props.extend(kept)
    del made.metadata_props[:]
    del made.graph.metadata_props[:]
    for info in (*made.graph.value_info, *made.graph.input, *made.graph.output):
        del info.metadata_props[:]
    for tensor in made.graph.initializer:
        del tensor.metadata_props[:]
    onnx.save(made, path)


if __name__ == "__main__":
    main()
