"""The colours that stand for a network's numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cnngraph.figure.colors import Color, mixed
from cnngraph.figure.theme import Theme

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

_FULL, _DARKER = 0.6, 0.45
"""The share of the largest number that has the theme's own colour; what is larger is nearer to the ink, the largest by
so much."""
_NO_NUMBER: Color = "#ff00ff"


@dataclass(frozen=True, slots=True)
class Ramp:
    """The colours of a theme for numbers: the paper's is 0, from there to the largest go the numbers above it and, in
    other colours, those below. A theme of greys has one way from the least to the largest."""

    theme: Theme
    half: int = 127
    """Colours on either side of that of 0."""

    @property
    def is_one_way(self) -> bool:
        return self.theme.positive == self.theme.negative

    @property
    def zero(self) -> int:
        """The number in the palette of the paper's colour."""
        return 0 if self.is_one_way else self.half

    @property
    def palette(self) -> tuple[Color, ...]:
        """From the least number to the greatest, and at last the colour of what is no number."""
        places = range(-self.zero, 2 * self.half + 1 - self.zero)
        return (*(self._color(place / (2 * self.half - self.zero)) for place in places), _NO_NUMBER)

    def _color(self, share: float) -> Color:
        """From the paper to a colour, and on to what is near the ink."""
        color, away = self.theme.positive if share > 0 else self.theme.negative, abs(share)
        if away <= _FULL:
            return mixed(self.theme.paper, color, away / _FULL)
        return mixed(color, self.theme.ink, _DARKER * (away - _FULL) / (1 - _FULL))

    def colors(self, numbers: Array, least: float, greatest: float) -> list[list[Color]]:
        """Of *numbers*, of height and width, when they can be from *least* to *greatest*."""
        palette = self.palette
        return [[palette[place] for place in row] for row in self.rows(numbers, least, greatest)]

    def rows(self, numbers: Array, least: float, greatest: float) -> list[bytes]:
        """*numbers*, of height and width, as numbers of colours in the palette, when they can be from *least* to
        *greatest*."""
        import numpy as np

        most = max(abs(least), abs(greatest)) or 1.0
        start = min(least, 0.0) if self.is_one_way else -most
        step = ((greatest - start or 1.0) if self.is_one_way else most) / (2 * self.half - self.zero)
        with np.errstate(invalid="ignore"):
            places = np.rint((numbers.astype(np.float64) - start) / step).clip(0, 2 * self.half)
        return [row.tobytes() for row in np.where(np.isnan(numbers), 2 * self.half + 1, places).astype(np.uint8)]


def pooled(numbers: Array, most: int) -> Array:
    """*numbers*, of height and width, with at most *most* a side: means of squares."""
    import numpy as np

    side = -(-max(numbers.shape) // most)
    if side == 1:
        return numbers
    sums, counts = numbers.astype(np.float64), np.ones(numbers.shape)
    for axis in (0, 1):
        starts = np.arange(0, numbers.shape[axis], side)
        sums, counts = (np.add.reduceat(each, starts, axis) for each in (sums, counts))
    return np.asarray(sums / counts)
