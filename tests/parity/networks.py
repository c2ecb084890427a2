"""torchvision's networks and the specs that are the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Case:
    model: str
    """torchvision's name."""
    spec: str
    settings: dict[str, Any] = field(default_factory=dict)
    size: int = 224


NO_HEADS = ("googlenet", "inception_v3")
"""Built without their auxiliary classifiers."""

CASES = [
    Case("alexnet", "alexnet_owt"),
    Case("vgg16", "vgg16"),
    Case("vgg19", "vgg16", {"depth": "19"}),
    Case("vgg16_bn", "vgg16", {"norm": "true"}),
    Case("vgg19_bn", "vgg16", {"depth": "19", "norm": "true"}),
    *(Case(f"resnet{depth}", "resnet", {"depth": str(depth)}) for depth in (18, 34, 50, 101, 152)),
    Case("resnext50_32x4d", "resnext50"),
    Case("squeezenet1_0", "squeezenet"),
    Case("squeezenet1_1", "squeezenet1_1"),
    Case("densenet121", "densenet121"),
    Case("googlenet", "googlenet_bn"),
    Case("inception_v3", "inception_v3", size=299),
    Case("mobilenet_v2", "mobilenet_v2"),
    Case("shufflenet_v2_x1_0", "shufflenet_v2"),
    Case("efficientnet_b0", "efficientnet_b0"),
    Case("convnext_tiny", "convnext_tiny"),
]
