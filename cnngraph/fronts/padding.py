"""The border of a window, as a spec would say it."""

from __future__ import annotations

from cnngraph.layers.values import VALID, Padding, Pair


def padding(window: Pair, before: Pair, after: Pair, dilation: Pair = (1, 1)) -> Padding:
    """Of so many pixels *before* the map and *after* it, each down and across: `same` where it is that."""
    if not any((*before, *after)):
        return VALID
    half = tuple(spacing * (size - 1) / 2 for size, spacing in zip(window, dilation, strict=True))
    return Padding("same") if before == after == half else Padding("given", (*before, *after))


def pooling(sizes: tuple[int, int], window: Pair, stride: Pair, before: Pair, windows: Pair) -> tuple[Padding, bool]:
    """The padding of a pool on a map of *sizes* that has so many *windows* down and across, of which the first begins
    so many pixels *before* the map; and whether the number of windows is rounded up instead.

    What is beyond the map counts for nothing there, so that how far the last window reaches is all there is to a border
    behind it.
    """
    reach = [
        (count - 1) * step + size - first - whole
        for count, step, size, first, whole in zip(windows, stride, window, before, sizes, strict=True)
    ]
    if before == (0, 0):
        if max(reach) <= 0 and windows == _floor(sizes, window, stride):
            return VALID, False
        if windows == _ceil(sizes, window, stride):
            return VALID, True
    half = tuple((size - 1) / 2 for size in window)
    if before == half and windows == _floor((sizes[0] + 2 * before[0], sizes[1] + 2 * before[1]), window, stride):
        return Padding("same"), False
    after = max(0, reach[0]), max(0, reach[1])
    return padding(window, before, after), False


def _floor(sizes: tuple[int, int], window: Pair, stride: Pair) -> Pair:
    down, across = ((size - extent) // step + 1 for size, extent, step in zip(sizes, window, stride, strict=True))
    return down, across


def _ceil(sizes: tuple[int, int], window: Pair, stride: Pair) -> Pair | None:
    """None where a window is larger than the map."""
    if sizes[0] < window[0] or sizes[1] < window[1]:
        return None
    down, across = (-(-(size - extent) // step) + 1 for size, extent, step in zip(sizes, window, stride, strict=True))
    return down, across
