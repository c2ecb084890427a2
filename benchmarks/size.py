"""How time grows with the network: chains of residual blocks of up to 100,000 layers, stage by stage."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import TypeVar

from benchmarks.yardstick import LINES, compiling
from cnngraph.elaborate import elaborate
from cnngraph.figure.styles import Order, draw
from cnngraph.figure.theme import THEMES
from cnngraph.figure.writers.svg import write_svg
from cnngraph.source import Source
from cnngraph.spec.parser import parse

SIZES = (100, 1_000, 10_000, 100_000)
STAGES = ("parse", "check", "draw", "SVG")
_BLOCK = "add {\n  | conv 8 3x3 same relu -> conv 8 3x3 same\n  | skip\n}\nrelu\n"
_LAYERS = 5
"""That a block makes."""
T = TypeVar("T")


def main() -> None:
    gc.set_threshold(200_000, 30, 30)  # as the command line does
    print(f"{'layers':>8}" + "".join(f"{stage:>12}" for stage in STAGES) + f"{'all':>12}   microseconds a layer")
    for layers in SIZES:
        times = _times(layers)
        each = "".join(f"{seconds * 1e6 / layers:12.1f}" for seconds in times)
        print(f"{layers:8,}{each}{sum(times) * 1e6 / layers:12.1f}   {sum(times):.2f} s", flush=True)
    line = min(compiling() for _ in range(9)) / LINES
    ratio = sum(times) / SIZES[-1] / line
    print(f"all together {ratio:.1f} × compile() of as many lines of Python   bar: 4.6 ×, and each linear")
    resnet = min([_resnet() for _ in range(6)][1:])
    print(f"scene and SVG of ResNet-50: {resnet / line:.0f} × compile() of a line, {resnet * 1e3:.0f} ms   bar: 570 ×")


def _times(layers: int) -> list[float]:
    """Seconds for each stage on a network of about so many layers, every one of them written out."""
    text = f"net deep\ninput 8x8x8\n{_BLOCK * (layers // _LAYERS)}"
    parsed, parsing = _timed(lambda: parse(Source("deep.spec", text)))
    reading, checking = _timed(lambda: elaborate(parsed, {}, max_nodes=10**7))
    network = reading.checked()
    scene, drawing = _timed(lambda: draw(Order([network], "strip", 960.0, THEMES["light"])))
    _, writing = _timed(lambda: write_svg(scene, "embedded"))
    return [parsing, checking, drawing, writing]


def _resnet() -> float:
    from cnngraph.fronts import load

    network = load("resnet")
    order = Order([network], "strip", 960.0, THEMES["light"])
    return _timed(lambda: write_svg(draw(order), "embedded"))[1]


def _timed(function: Callable[[], T]) -> tuple[T, float]:
    start = time.perf_counter()
    made = function()
    return made, time.perf_counter() - start
