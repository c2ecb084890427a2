"""A convolution in numbers, as on the upper half of the lecture's 1×1 slide: one channel of a small map, one of a
filter, and what they make together.

The numbers are an example's, the same for every layer of a size; the arithmetic between them is the layer's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from cnngraph.figure.colors import Color
from cnngraph.figure.scene import Item, Rect, Stroke, Text
from cnngraph.figure.styles.example import Example, taps_of
from cnngraph.figure.text import ink
from cnngraph.figure.text import width as text_width
from cnngraph.figure.theme import Theme
from cnngraph.layers.window import Windowed
from cnngraph.network import Layer

MOST = 6
"""Up to so many cells a side numbers are written."""
_CELL, _AIR = 1.6, 0.6
"""Ems: the least side of a cell, and the air beside a number."""
Grid = Sequence[Sequence[float | None]]
"""Rows of numbers; None where there is none."""
Whole = tuple[tuple[int, ...], ...]


def applies(layer: Layer, shown: Example) -> bool:
    """Whether *layer* is a convolution of one window for each of its cells, and its maps are small."""
    kind = layer.kind
    if not isinstance(kind, Windowed) or kind.family != "conv" or shown.spreads or kind.sliding is None:
        return False
    return max(*shown.source[:2], *shown.made[:2], *shown.window) <= MOST


def source_of(height: int, width: int) -> Whole:
    """Digits from 1 to 9."""
    return tuple(tuple(_digit(row, column) for column in range(width)) for row in range(height))


def _digit(row: int, column: int) -> int:
    return 1 + (7 * row * row + 4 * row + column * column + 3 * column * row + 2 * column) % 9


def filter_of(height: int, width: int) -> Whole:
    """2 where it is a single number; else what finds vertical edges: 1 on the left, -1 on the right."""
    if height == width == 1:
        return ((2,),)
    middle = width - 1
    row = tuple((2 * column < middle) - (2 * column > middle) for column in range(width))
    return (row if any(row) else (1,) * width,) * height


def made_of(layer: Layer, shown: Example) -> Whole:
    """What the layer makes of `source_of` with `filter_of`: one channel's part of the sum; padding is 0."""
    kind = layer.kind
    assert isinstance(kind, Windowed)
    (height, width, _), (down, across, _) = shown.source, shown.made
    source, weights = source_of(height, width), filter_of(*shown.window)
    rows = [taps_of(kind, 0, height, down, at) for at in range(down)]
    columns = [taps_of(kind, 1, width, across, at) for at in range(across)]
    return tuple(
        tuple(
            sum(
                weights[i][j] * source[row][column]
                for (i, row), (j, column) in product(enumerate(of_row), enumerate(of_column))
                if 0 <= row < height and 0 <= column < width
            )
            for of_column in columns
        )
        for of_row in rows
    )


def cell_for(grids: Sequence[Grid], em: float) -> float:
    """The side of a cell that has room for every number of *grids*."""
    widest = max(text_width(_said(number), "serif", em) for grid in grids for row in grid for number in row)
    return max(_CELL * em, widest + _AIR * em)


@dataclass(frozen=True, slots=True)
class Numbers:
    """A ruled grid with a number in each cell, some of them marked."""

    grid: Grid
    rows: Sequence[int]
    """Of the marked cells."""
    columns: Sequence[int]
    cell: float
    """The side of one."""
    em: float
    theme: Theme
    colors: Sequence[Sequence[Color]] = ()
    """Of the cells, where they have some of their own."""

    @property
    def width(self) -> float:
        return len(self.grid[0]) * self.cell

    @property
    def height(self) -> float:
        return len(self.grid) * self.cell

    def draw(self, x: float, y: float) -> tuple[Item, ...]:
        """With its top left corner at (x, y)."""
        return tuple(self._cells(x, y))

    def _cells(self, x: float, y: float) -> Iterator[Item]:
        cell, theme = self.cell, self.theme
        above, below = ink("0", "serif", self.em)
        for row, numbers in enumerate(self.grid):
            for column, number in enumerate(numbers):
                is_marked = row in self.rows and column in self.columns
                left, top = x + column * cell, y + row * cell
                fill = theme.filter.front if is_marked else theme.paper
                color = ON_MARK if is_marked else theme.ink
                if self.colors:
                    fill = self.colors[row][column]
                    color = theme.on(fill, theme.ink)
                yield Rect(left, top, cell, cell, fill, Stroke(theme.edge, 0.05 * self.em))
                baseline = top + (cell + above - below) / 2
                yield Text(left + cell / 2, baseline, _said(number), self.em, "serif", "middle", fill=color)


ON_MARK = "#000000"
"""Text on the colour of filters, which is light in every theme."""


def _said(number: float | None) -> str:
    """Whole numbers as they are, others with two digits behind the point, or as many as there is room for."""
    if number is None:
        return ""
    if isinstance(number, int):
        return str(number).replace("-", "−")
    digits = 2 if abs(number) < 10 else 1 if abs(number) < 100 else 0
    text = f"{number:.{digits}f}" if abs(number) < 10_000 or number != number else f"{number:.1e}"
    return (text.removeprefix("-") if set(text) <= set("-0.") else text).replace("-", "−")
