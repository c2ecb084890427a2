"""What repeats in a row of things."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

_LONGEST_PERIOD = 8
"""How many pieces a stretch may have; bounds the work for each piece."""


def repetition(keys: Sequence[Hashable], at: int) -> tuple[int, int]:
    """The period and number of the repetition that begins *at* and covers most; (1, 1) for none."""
    best = (1, 1)
    for period in range(1, min(_LONGEST_PERIOD, (len(keys) - at) // 2) + 1):
        end = at + period
        while end < len(keys) and keys[end] == keys[end - period]:
            end += 1
        times = (end - at) // period
        if times > 1 and period * times > best[0] * best[1]:
            best = (period, times)
    return best
