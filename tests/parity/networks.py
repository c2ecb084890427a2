"""Networks of other libraries and the specs that are the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Case:
    model: str
    """What the library calls it."""
    spec: str
    settings: dict[str, Any] = field(default_factory=dict)
    size: int = 224
    library: str = "torchvision"
    """The package that is imported for it."""
    renames: dict[str, str] = field(default_factory=dict)
    """Of its tensors that come in another order."""


NO_HEADS = ("googlenet", "inception_v3")
"""Built without their auxiliary classifiers."""

SSD_HEADS = {"backbone.scale_weight": "scale1.weight"} | {
    f"head.{what}_head.module_list.{level}": f"boxes{size}.{conv}"
    for level, size in enumerate((38, 19, 10, 5, 3, 1))
    for what, conv in (("classification", "conv1"), ("regression", "conv2"))
}

CASES = [
    Case("alexnet", "alexnet_owt"),
    Case("vgg16", "vgg16"),
    Case("vgg19", "vgg16", {"depth": "19"}),
    Case("vgg16_bn", "vgg16", {"norm": "true"}),
    Case("vgg19_bn", "vgg16", {"depth": "19", "norm": "true"}),
    *(Case(f"resnet{depth}", "resnet", {"depth": str(depth)}) for depth in (18, 34, 50, 101, 152)),
    Case("resnext50_32x4d", "resnext50"),
    Case("regnet_y_400mf", "regnet"),
    Case("regnet_x_400mf", "regnet", {"size": "X-400MF"}),
    Case("squeezenet1_0", "squeezenet"),
    Case("squeezenet1_1", "squeezenet1_1"),
    Case("densenet121", "densenet121"),
    Case("googlenet", "googlenet_bn"),
    Case("inception_v3", "inception_v3", size=299),
    Case("mobilenet_v2", "mobilenet_v2"),
    Case("mobilenet_v3_large", "mobilenet_v3_large"),
    Case("mobilenet_v3_small", "mobilenet_v3_small"),
    Case("shufflenet_v2_x1_0", "shufflenet_v2"),
    Case("efficientnet_b0", "efficientnet_b0"),
    Case("convnext_tiny", "convnext_tiny"),
    Case("resnet_fpn_backbone", "fpn", {"size": "128"}, 128),
    Case("ssd300_vgg16", "ssd300", {"classes": "91"}, 300, renames=SSD_HEADS),
    Case("inception_v4", "inception_v4", size=299, library="timm"),
    Case("legacy_xception", "xception", size=299, library="timm"),
    Case("hrnet_w18", "hrnet", library="timm"),
    Case("hrnet_w32", "hrnet", {"w": "32"}, library="timm"),
    Case("DeepLabV3Plus", "deeplabv3_plus", {"size": "128"}, 128, "segmentation_models_pytorch"),
]
