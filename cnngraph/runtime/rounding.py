"""How much of what a model answers hangs on nearly nothing: much where it chooses between numbers that are nearly
equal, as an `unpool` does, and where numbers grow from layer to layer, as with weights never trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from cnngraph.runtime.session import Array

AS_MUCH = 4.0
"""How much further apart two ways of running may be, which round in every layer."""
_OFF = 1e-6
"""How much of each number: about what sums of some hundred products round."""
_TIMES = 3

Run = Callable[[Mapping[str, Array]], Mapping[str, Array]]


def unsettled(run: Run, feed: Mapping[str, Array], difference: Callable[[Array, Array], float | None]) -> float:
    """The largest *difference* between two answers of *run*: to *feed*, and to it with every number that is no whole
    one off by a millionth, up or down (seed 0), or by its last place."""
    plain = run(feed)
    rng, worst = np.random.default_rng(0), 0.0
    for _ in range(_TIMES):
        moved = {name: _moved(numbers, rng) for name, numbers in feed.items()}
        for name, answer in run(moved).items():
            worst = max(worst, difference(plain[name], answer) or 0.0)
    return worst


def _moved(numbers: Array, rng: np.random.Generator) -> Array:
    if numbers.dtype.kind != "f":
        return numbers
    by = max(_OFF, float(np.finfo(numbers.dtype).eps))
    moved: Array = numbers * (1 + rng.choice((-by, by), numbers.shape)).astype(numbers.dtype)
    return moved
