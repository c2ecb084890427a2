"""The commands as whole processes: start-up, check, render, export."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.process import cnngraph, costs


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        _commands(Path(folder))


def _commands(folder: Path) -> None:
    help_, click = costs(cnngraph("--help"), [sys.executable, "-c", "import click"], runs=15)
    _row("--help", f"{help_.seconds / click.seconds:.2f} × import click", "1.3 ×")
    (check,) = costs(cnngraph("check", "resnet"))
    _row("check resnet", f"{check.seconds:.2f} s, {check.megabytes:.0f} MB", "0.2 s, 50 MB")
    (render,) = costs(cnngraph("render", "resnet", "-o", str(folder / "resnet.svg")))
    _row("render resnet to SVG", f"{render.seconds:.2f} s, {render.megabytes:.0f} MB", "0.4 s, 80 MB")
    (export,) = costs(cnngraph("export", "--onnx", "resnet", "-o", str(folder / "resnet.onnx")))
    _row("export --onnx resnet", f"{export.seconds:.2f} s, {export.megabytes:.0f} MB", "1 s")
    model, copy = str(folder / "vgg16.onnx"), str(folder / "copy.onnx")
    export, cp = costs(cnngraph("export", "--onnx", "vgg16", "-o", model), ["cp", model, copy], runs=5)
    ratio = f"{export.seconds / cp.seconds:.1f} × cp ({cp.seconds:.2f} s)"
    _row("export --onnx vgg16, 553 MB", f"{ratio}, {export.megabytes:.0f} MB", "4 × cp, 120 MB")


def _row(what: str, found: str, bar: str) -> None:
    print(f"{what:<30} {found:<36} bar: {bar}", flush=True)
