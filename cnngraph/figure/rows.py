"""Cutting a line of things into rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise


def balanced(pieces: Sequence[range], width: Callable[[range], float], room: float) -> list[range]:
    """As few rows as fit into *room*, and with so many rows the narrowest: rows of about one length.

    *pieces* are what is never cut, in order; *width* is that of a row. A piece wider than *room* is a row.
    """

    def cut(most: float) -> list[range]:
        rows, start = [], pieces[0].start
        for before, piece in pairwise(pieces):
            if width(range(start, piece.stop)) > most:
                rows.append(range(start, before.stop))
                start = piece.start
        return [*rows, range(start, pieces[-1].stop)]

    rows = cut(room)
    low, high = 0.0, room
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (low, middle) if len(cut(middle)) <= len(rows) else (middle, high)
    return cut(high)
