"""The border of a window, as a spec would say it."""

from __future__ import annotations

from cnngraph.layers.values import VALID, Padding, Pair
from cnngraph.layers.window import Slide


def padding(window: Pair, before: Pair, after: Pair, dilation: Pair = (1, 1)) -> Padding:
    """Of so many pixels *before* the map and *after* it, each down and across: `same` where it is that."""
    if not any((*before, *after)):
        return VALID
    half = tuple(spacing * (size - 1) / 2 for size, spacing in zip(window, dilation, strict=True))
    return Padding("same") if before == after == half else Padding("given", (*before, *after))


def pooling(sizes: Pair, window: Pair, stride: Pair, before: Pair, windows: Pair) -> tuple[Padding, bool]:
    """The padding of a pool on a map of *sizes* that has so many *windows* down and across, of which the first begins
    so many pixels *before* the map; and whether the number of windows is rounded up.

    What is beyond the map counts for nothing there, so that it is all the same how far the border reaches behind it.
    """
    if (found := even(sizes, window, stride, before, windows)) is not None:
        return found
    down, across = (
        max(0, (count - 1) * step + extent - first - size)
        for count, step, extent, first, size in zip(windows, stride, window, before, sizes, strict=True)
    )
    return padding(window, before, (down, across)), False


def even(sizes: Pair, window: Pair, stride: Pair, border: Pair, windows: Pair) -> tuple[Padding, bool] | None:
    """The same, with a *border* of so many pixels on either side; None where that makes another number of windows."""
    pads = padding(window, border, border)
    for ceil in (False, True):
        slide = Slide(window, stride, pads, ceil=ceil)
        if all(_fits(slide, axis, size) and slide.size(axis, size) == windows[axis] for axis, size in enumerate(sizes)):
            return pads, ceil
    return None


def _fits(slide: Slide, axis: int, size: int) -> bool:
    """Whether there is room for one window at all."""
    return size + sum(slide.pads(axis, size)) >= slide.extent(axis)
