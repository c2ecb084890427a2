"""A network of torchvision's by PyTorch's own exporter: ``python -m benchmarks.torch_export NAME OUT``."""

from __future__ import annotations

import sys

from tests.parity.compare import torchvision


def main(name: str, path: str) -> None:
    import torch

    model = torch.nn.Sequential(getattr(torchvision(), name)(weights=None), torch.nn.Softmax(1)).eval()
    torch.onnx.export(model, (torch.zeros(1, 3, 224, 224),), path, opset_version=20, dynamo=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
