"""What stands between a keystroke and its diagnostics: the text read and checked, beside Python's own compiler."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable
from statistics import median

from benchmarks.yardstick import LINES, compiling
from cnngraph.editor.document import Document

_ROUNDS = 25
_WRITTEN = (
    "conv 16 3x3 same bn relu", "conv 32 3x3 same bn relu", "conv 48 3x3 same bn relu", "conv 64 3x3 same bn relu",
    "conv 32 1x1 relu", "relu", "bn", "conv 16 -> relu -> dropout 0.2",
)  # fmt: skip


def main() -> None:
    gc.set_threshold(200_000, 30, 30)  # as the command line does
    few = _text(lambda rng, number: rng.choice(_WRITTEN))
    many = _text(lambda rng, number: f"conv {number + 1} 3x3 same bn relu")
    for what, text in (("few steps again and again", few), ("no step twice", many)):
        times = [(_diagnosed(text), compiling()) for _ in range(_ROUNDS)]
        ratio = median(ours / theirs for ours, theirs in times)
        best = min(ours for ours, _ in times) * 1e3
        print(f"{LINES:,} lines, {what:<26} {ratio:.1f} × compile() of as many, {best:.0f} ms at best   bar: 2.9 ×")


def _text(line: Callable[[random.Random, int], str]) -> str:
    rng = random.Random(1)
    lines = "".join(f"{line(rng, number)}\n" for number in range(LINES - 3))
    return f"net t\ninput 64x64x16\ndefault conv 3x3 same\n{lines}"


def _diagnosed(text: str) -> float:
    start = time.perf_counter()
    assert not any(each.code.startswith("E") for each in Document("untitled:1", text).diagnostics)
    return time.perf_counter() - start
