"""Draws the figures of the docs, docs/figures/*.svg, each by one command of cnngraph.

python tools/build_figures.py
"""

from __future__ import annotations

from pathlib import Path

from cnngraph.cli import group

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "figures"

SEVEN = str(ROOT / "examples" / "seven.png")

FIGURES = {
    "lenet5": ("lenet5",),
    "alexnet": ("alexnet",),
    "resnet34": ("resnet", "--set", "depth=34"),
    "plain34-resnet34": ("plain34", "resnet", "--set", "depth=34"),
    "vgg16": ("vgg16", "--style", "text"),
    "plain-residual": ("plain_network", "residual_network", "--style", "units"),
    "residual-block": ("residual_block",),
    "inception-module": ("inception_module",),
    "googlenet": ("googlenet", "--set", "aux=true"),
    "googlenet-blocks": ("googlenet", "--style", "blocks"),
    "googlenet-open": ("googlenet", "--no-fold"),
    "resnet50-blocks": ("resnet", "--style", "blocks"),
    "unet": ("unet", "--style", "blocks"),
    "unet-slabs": ("unet",),
    "mobilenet_v2": ("mobilenet_v2",),
    "mobilenet_v2-blocks": ("mobilenet_v2", "--with-blocks"),
    "vgg16-bands": ("vgg16", "--style", "slabs", "--show", "relu"),
    "resnet34-heat": ("resnet34", "--heat", "macs"),
    "siamese-slabs": ("siamese",),
    "pyramid": (str(ROOT / "examples" / "pyramid.spec"), "--depth", "0", "--width", "page"),
    "siamese": ("siamese", "--depth", "1"),
    "conv1x1": ("conv1x1", "--style", "operation"),
    "alexnet-conv1": ("alexnet", "--layer", "conv1"),
    "lenet5-conv2": ("lenet5", "--layer", "conv2", "--cell", "4,6", "--image", SEVEN),
}
"""The name of the file, and the arguments of `cnngraph render` that make it."""
LIVE = {
    "lenet5-live": ("lenet5", "--image", SEVEN, "--live"),
    "lenet5-sum": ("lenet5", "--layer", "conv2", "--cell", "4,6", "--image", SEVEN, "--live"),
}
"""The same of those with numbers that onnxruntime computes, whose last digits depend on the machine."""

if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, arguments in {**FIGURES, **LIVE}.items():
        group(["render", *arguments, "-o", str(FOLDER / f"{name}.svg")], standalone_mode=False)
