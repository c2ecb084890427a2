"""One window of a layer at one position, and the cell of the other map that belongs to it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

from cnngraph.diagnostics import CnngraphError
from cnngraph.layers.values import Pair
from cnngraph.layers.window import Windowed
from cnngraph.network import Layer
from cnngraph.volume import Volume, as_int

_PLACE = (0.7, 0.2)
"""Which of the positions is shown, as a share of them down and across: low and left, as on the slide, where
the depth of the filter runs over the volume and not beyond it."""

_TRIED = 1000
"""Positions compared when no window lies on the map as a whole."""


@dataclass(frozen=True, slots=True)
class Along:
    """One axis of an example, height or width."""

    taps: range
    """Where the window's taps are on the map that it slides over; what is not on the map is padding."""
    cell: int
    """Which cell of the other map belongs to the window."""
    padding: Pair
    """Of the map that the window slides over, before and after."""


@dataclass(frozen=True, slots=True)
class Example:
    """All indices begin at 0."""

    source: tuple[int, int, int]
    """The input's H, W and C."""
    made: tuple[int, int, int]
    """The output's."""
    rows: Along
    columns: Along
    depth: int
    """How many of the input's channels one filter sees, the first ones."""
    spreads: bool
    """Whether a cell of the input goes to a window of the output, as in a transposed convolution, instead of
    a window of the input to a cell of the output."""

    @property
    def window(self) -> Pair:
        """Of the filter, height and width."""
        return len(self.rows.taps), len(self.columns.taps)

    @property
    def extent(self) -> Pair:
        """What the window covers, with the gaps between its taps."""
        rows, columns = self.rows.taps, self.columns.taps
        return rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1


def example(layer: Layer, source: Volume, cell: Pair | None = None) -> Example:
    """*layer*, a convolution or pool, on an input of *source*, which has no free size.

    The window is that of *cell*, by its row and column from 0, or one that lies on the map as a whole, if there is one,
    else the one with the most taps on it. Raises `CnngraphError` (E0620) for a cell that there is not.
    """
    kind = layer.kind
    assert isinstance(kind, Windowed)
    height, width, channels = (as_int(dim) for dim in source.dims)
    slide = kind.sliding
    if slide is not None and not layer.input_volumes[0].is_fixed:
        # What a free size is drawn as may be smaller than the window; the checker has seen all others.
        height, width = max(height, slide.extent(0)), max(width, slide.extent(1))
    sizes = height, width
    made = kind.shape((Volume((*sizes, channels)),))
    results = as_int(made.height), as_int(made.width)
    over, other = (results, sizes) if kind.spreads else (sizes, results)
    if cell is not None:
        need_cell(layer, cell, other)
    rows, columns = (_along(kind, axis, over[axis], other[axis], cell and cell[axis]) for axis in (0, 1))
    depth = kind.depth(channels)
    return Example((*sizes, channels), (*results, as_int(made.channels)), rows, columns, depth, kind.spreads)


def taps_of(kind: Windowed, axis: int, size: int, positions: int, at: int) -> range:
    """Where along *axis* the taps of window *at* of *positions* are, on a map of *size*."""
    return _taps(kind, axis, size, positions)[1](at)


def need_cell(layer: Layer, cell: Pair, sizes: Pair) -> None:
    """Raises `CnngraphError` (E0620) when there is no *cell* on a map of those *sizes*."""
    if not all(0 <= at < size for at, size in zip(cell, sizes, strict=True)):
        raise CnngraphError.of(
            "E0620",
            f"there is no cell {cell[0] + 1},{cell[1] + 1} of `{layer.name}`",
            reason=f"its map{_as_drawn(layer)} has rows 1 to {sizes[0]} and columns 1 to {sizes[1]}",
        )


def _as_drawn(layer: Layer) -> str:
    """Of a map of free sizes what is drawn is one of some size."""
    return "" if layer.output.is_fixed else f" of {layer.output.caption}, as it is drawn,"


def _along(kind: Windowed, axis: int, size: int, positions: int, asked: int | None) -> Along:
    """*size* is of the map that the window slides over, *positions* of the other; *asked* the cell there, if any."""
    padding, taps = _taps(kind, axis, size, positions)
    if asked is not None:
        return Along(taps(asked), asked, padding)
    first = bisect_left(range(positions), 0, key=lambda at: taps(at)[0])
    stop = bisect_left(range(positions), size, key=lambda at: taps(at)[-1])
    if first < stop:
        cell = first + round(_PLACE[axis] * (stop - first - 1))
    else:
        # Windows from *stop* up to *first* reach beyond the map on both sides, those beside them on one.
        near = range(max(stop - 1, 0), min(first + 1, positions))[:_TRIED]
        cell = max(near, key=lambda at: len(_common(taps(at), size)))
    return Along(taps(cell), cell, padding)


def _common(taps: range, size: int) -> range:
    """The taps that are on a map of *size*."""
    before = max(0, -(taps.start // taps.step))
    return taps[before : max(before, -((taps.start - size) // taps.step))]


def _taps(kind: Windowed, axis: int, size: int, positions: int) -> tuple[Pair, Callable[[int], range]]:
    """The padding, and for every position the taps of its window."""
    slide = kind.sliding
    if slide is None:
        # PyTorch's adaptive pools; one window over everything is the case of one position.
        return (0, 0), lambda at: range(at * size // positions, -(-(at + 1) * size // positions))
    step, between, taps = slide.stride[axis], slide.dilation[axis], slide.window[axis]
    padding = kind.border(axis, size)

    def window(at: int) -> range:
        first = at * step - padding[0]
        return range(first, first + between * taps, between)

    return padding, window
