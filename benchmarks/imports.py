"""Models of other programs: a large one as a figure, deep ones as specs, and how that grows with them."""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from benchmarks.process import cnngraph, costs
from benchmarks.yardstick import LINES, compiling
from cnngraph.fronts import load, parse, read
from cnngraph.fronts.caffe.prototext import parse as parse_prototxt
from cnngraph.importing import imported
from cnngraph.source import Source

DEPTHS = (100, 1_000, 10_000)
_LAYERS = 7
"""That a residual block of the deep networks makes."""
PROTOTXT_LINES = 750_000
T = TypeVar("T")


def main() -> None:
    gc.set_threshold(200_000, 30, 30)  # as the command line does
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _figure(folder)
        line = min(compiling() for _ in range(9)) / LINES
        print(f"{'layers':>8}{'read':>12}{'import':>12}   microseconds a layer")
        for layers in DEPTHS:
            seconds, again = _deep(folder / "deep.onnx", layers)
            each = f"{seconds * 1e6 / layers:12.1f}{again * 1e6 / layers:12.1f}"
            print(f"{layers:8,}{each}   {again:.2f} s", flush=True)
        ratio = again / DEPTHS[-1] / line
        print(f"import of a layer: {ratio:.1f} × compile() of a line of Python   bar: 5 s for 10,000, and linear")
    fields = 'layer {\n  name: "c"\n  type: "Convolution"\n  bottom: "x"\n  top: "x"\n}\n'
    text = fields * (PROTOTXT_LINES // fields.count("\n"))
    _, seconds = _timed(lambda: parse_prototxt(Source("net.prototxt", text)))
    print(f"{PROTOTXT_LINES:,} lines of prototxt: {seconds:.2f} s   bar: 2 s")


def _figure(folder: Path) -> None:
    """ResNet-50 with its weights, 100 MB, beside the same network as a spec."""
    model = folder / "resnet50.onnx"
    load("resnet").export(model, "random")
    out = str(folder / "figure.svg")
    spec, onnx = costs(cnngraph("render", "resnet", "-o", out), cnngraph("render", str(model), "-o", out))
    size = model.stat().st_size / 1e6
    print(f"figure of a model of {size:.0f} MB: {onnx.seconds:.2f} s, {onnx.megabytes:.0f} MB; of its spec "
          f"{spec.seconds:.2f} s   bars: 1 s, 120 MB")  # fmt: skip


def _deep(path: Path, layers: int) -> tuple[float, float]:
    """Seconds to read a model with about so many layers, and to write it as a spec that is proved to be the same."""
    block = "add {\n  | conv 8 3x3 same bn relu -> conv 8 3x3 same bn\n  | skip\n}\nrelu\n"
    text = f"net deep\ninput 8x8x8\n{block * (layers // _LAYERS)}"
    parse(text, max_nodes=10**6).export(path, "random", without=["fold-bn"])
    _, reading = _timed(lambda: read(str(path), {}, max_nodes=10**6))
    _, importing = _timed(lambda: imported(str(path), {}, max_nodes=10**6))
    return reading, importing


def _timed(function: Callable[[], T]) -> tuple[T, float]:
    start = time.perf_counter()
    made = function()
    return made, time.perf_counter() - start


if __name__ == "__main__":
    main()
