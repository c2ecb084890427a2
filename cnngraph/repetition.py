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


def repetition_of_blocks(keys: Sequence[Hashable], begins: Sequence[bool], at: int) -> tuple[int, int, int]:
    """How many pieces to pass over from *at*, and the period and number of the repetition that follows: it begins
    where a block does, *begins*, if it can."""
    period, times = repetition(keys, at)
    if not begins[at]:
        for shift in range(1, period):
            if begins[at + shift] and repetition(keys, at + shift) == (period, times):
                return shift, period, times
    return 0, period, times
