"""Models written and run: beside `cp`, beside onnx.helper, and beside PyTorch's own export where it is installed."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.process import Cost, cnngraph, costs
from cnngraph.runtime.bench import bench, cores

_ROUNDS = 3
"""How often two models are timed in turn."""

_TO_NPZ = """
import sys, numpy, onnx
tensors = onnx.load(sys.argv[1]).graph.initializer
numpy.savez(sys.argv[2], **{tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in tensors})
"""
"""A model's weights as a file of weights."""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _written(folder)
        if importlib.util.find_spec("torchvision"):
            _beside_torch(folder)
        else:
            print("torchvision is not installed: nothing to compare with (pip install 'cnngraph[parity]')")


def _written(folder: Path) -> None:
    """VGG-16, 553 MB: random, by onnx.helper, and from a file."""
    ours, theirs, copy, weights = (str(folder / name) for name in ("a.onnx", "b.onnx", "c.onnx", "w.npz"))
    export, helper, cp = costs(
        cnngraph("export", "--onnx", "vgg16", "-o", ours),
        [sys.executable, "-m", "benchmarks.vgg16_by_hand", theirs],
        ["cp", ours, copy],
        runs=3,
    )
    print(f"vgg16, random weights   {_shown(export)}   onnx.helper {_ratio(helper, export)}   cp {_ratio(cp, export)}")
    # In a process of its own: a large parent would be counted into its children's peak.
    subprocess.run([sys.executable, "-c", _TO_NPZ, ours, weights], check=True)
    read, cp = costs(
        cnngraph("export", "--onnx", "vgg16", "--weights", weights, "-o", ours), ["cp", weights, copy], runs=3
    )
    print(f"vgg16, weights of a file  {_shown(read)}   cp {_ratio(cp, read)}", flush=True)


def _beside_torch(folder: Path) -> None:
    for name, spec in (("resnet50", "resnet"), ("vgg16", "vgg16"), ("mobilenet_v2", "mobilenet_v2")):
        ours, theirs = folder / f"{spec}.onnx", folder / f"{name}.torch.onnx"
        export, torch = costs(
            cnngraph("export", "--onnx", spec, "-o", str(ours)),
            [sys.executable, "-m", "benchmarks.torch_export", name, str(theirs)],
            runs=1,
        )
        ratios = []
        for _ in range(_ROUNDS):
            a, b = (bench(path, batch=1, threads=cores(), seconds=2.0).median for path in (ours, theirs))
            ratios.append(a / b)
        print(
            f"{name:<14} export {_shown(export)}   torch.onnx {_ratio(torch, export)}   "
            f"latency {median(ratios):.2f} of that of torch's file ({min(ratios):.2f} to {max(ratios):.2f})",
            flush=True,
        )


def _shown(cost: Cost) -> str:
    return f"{cost.seconds:.2f} s, {cost.megabytes:.0f} MB"


def _ratio(other: Cost, ours: Cost) -> str:
    return f"{other.seconds:.2f} s, {other.megabytes:.0f} MB (ours / it = {ours.seconds / other.seconds:.2f})"
