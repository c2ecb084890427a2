"""The commands as whole processes: start-up, check, render, export."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.process import Cost, cnngraph, costs

_TO_SAFETENSORS = """
import sys, onnx, safetensors.numpy
tensors = onnx.load(sys.argv[1]).graph.initializer
safetensors.numpy.save_file({tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in tensors}, sys.argv[2])
"""
"""A model's weights as a file of weights."""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        _commands(Path(folder))


def _commands(folder: Path) -> None:
    click = [sys.executable, "-c", "import click"]
    picture, model, copy = (str(folder / name) for name in ("resnet.svg", "model.onnx", "copy.onnx"))
    help_, check, render, click_ = costs(
        cnngraph("--help"), cnngraph("check", "resnet"), cnngraph("render", "resnet", "-o", picture), click, runs=15
    )
    _row("--help", help_, click_, "import click", "1.3 ×")
    _row("check resnet", check, click_, "import click", "2.2 × (0.10 s where click takes 0.045), 20 MB")
    _row("render resnet to SVG", render, click_, "import click", "3.3 × (0.15 s), 25 MB")
    arrays = [sys.executable, "-c", "import click, numpy"]
    export, numpy = costs(cnngraph("export", "--onnx", "resnet", "-o", model), arrays)
    _row("export --onnx resnet", export, numpy, "import click, numpy", "3.6 × (0.5 s)")
    export, cp, again = costs(cnngraph("export", "--onnx", "vgg16", "-o", model), *[["cp", model, copy]] * 2, runs=5)
    _row("export --onnx vgg16, 553 MB", export, min(cp, again, key=_seconds), "cp", "3 ×, 60 MB")
    weights = str(folder / "weights.safetensors")
    subprocess.run([sys.executable, "-c", _TO_SAFETENSORS, model, weights], check=True)
    read = cnngraph("export", "--onnx", "vgg16", "--weights", weights, "-o", model)
    export, cp, again = costs(read, *[["cp", weights, copy]] * 2, runs=5)
    _row("the same from safetensors", export, min(cp, again, key=_seconds), "cp", "2 ×")


def _seconds(cost: Cost) -> float:
    return cost.seconds


def _row(what: str, ours: Cost, beside: Cost, name: str, bar: str) -> None:
    ratio = f"{ours.seconds / beside.seconds:.2f} × {name} ({beside.seconds:.3f} s)"
    print(f"{what:<28} {ours.seconds:.2f} s, {ours.megabytes:3.0f} MB, {ratio:<42} bar: {bar}", flush=True)
