"""What a network makes of a picture, as data for its figure: numbers by layer, and the colours that stand for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cnngraph.figure.scene import Color, Group, Item, Primitive, Rect, Scene, Stroke, Text
from cnngraph.figure.text import ascent, descent, width
from cnngraph.figure.theme import Theme, mixed
from cnngraph.volume import Volume

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

_HALF = 127
"""Colours on either side of that of 0."""
_FULL, _DARKER = 0.6, 0.45
"""The share of the largest number that has the theme's own colour; what is larger is nearer to the ink, the largest by
so much."""
_NO_NUMBER: Color = "#ff00ff"
_LEADING = 1.3
"""Ems from line to line."""
_STEPS = 24
"""Of the ramp in the key."""


@dataclass(frozen=True, eq=False)
class Live:
    """What a network made of one picture."""

    picture: Array
    """As it went in, before its values were changed: channels, height, width, from 0 for black to 1."""
    fed: Array
    """The same as the layers take it."""
    made: Mapping[str, Array]
    """By layer: channels, height, width; or the numbers of a vector."""
    classes: Mapping[str, Sequence[str]]
    """By layer, of the answers that have names for their numbers."""
    notes: tuple[str, ...] = ()
    """What stands below the figure: that weights are random."""
    remarks: tuple[str, ...] = ()
    """What whoever asked for the figure should know of how the picture went in."""
    weights: Mapping[str, Array] = field(default_factory=dict)
    """Of the layer that is explained, by its own names."""

    def volumes(self, port: str) -> dict[str, Volume]:
        """What was made, by layer, and what went into the input *port*: the volumes, without a free size."""
        shapes = {name: numbers.shape for name, numbers in self.made.items()} | {port: self.fed.shape}
        return {name: Volume((*shape[1:], shape[0])) for name, shape in shapes.items()}

    @cached_property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """By layer the least and the greatest of the numbers that it made; of those that are numbers."""
        import numpy as np

        known = {name: numbers[np.isfinite(numbers)] for name, numbers in self.made.items()}
        return {name: (float(n.min()), float(n.max())) if n.size else (0.0, 0.0) for name, n in known.items()}


@dataclass(frozen=True, slots=True)
class Ramp:
    """The colours of a theme for numbers: the paper's is 0, from there to the largest go the numbers above it and, in
    other colours, those below. A theme of greys has one way from the least to the largest."""

    theme: Theme

    @property
    def is_one_way(self) -> bool:
        return self.theme.positive == self.theme.negative

    @property
    def zero(self) -> int:
        """The number in the palette of the paper's colour."""
        return 0 if self.is_one_way else _HALF

    @property
    def palette(self) -> tuple[Color, ...]:
        """From the least number to the greatest, and at last the colour of what is no number."""
        places = range(-self.zero, 2 * _HALF + 1 - self.zero)
        return (*(self._color(place / (2 * _HALF - self.zero)) for place in places), _NO_NUMBER)

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
        step = ((greatest - start or 1.0) if self.is_one_way else most) / (2 * _HALF - self.zero)
        with np.errstate(invalid="ignore"):
            places = np.rint((numbers.astype(np.float64) - start) / step).clip(0, 2 * _HALF)
        return [row.tobytes() for row in np.where(np.isnan(numbers), 2 * _HALF + 1, places).astype(np.uint8)]


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


def told(scene: Scene, live: Live, theme: Theme) -> Scene:
    """*scene*, drawn of *live*, with what its colours mean below it, and each layer's range where one hovers."""
    lowest = min((float(each.min()) for each in live.weights.values()), default=0.0)
    items: list[Item] = []
    for item in scene.items:
        if isinstance(item, Group) and item.role == "layer" and (layer := item.layers[-1]) in live.made:
            least, greatest = live.ranges[layer]
            lowest = min(lowest, least)
            item = item._replace(title=f"{item.title}; from {least:.3g} to {greatest:.3g}")
        items.append(item)
    shown = replace(scene, items=tuple(items), remarks=(*scene.remarks, *live.remarks))
    return _with_key(shown, live, Ramp(theme), lowest < 0)


def key_height(live: Live, em: float) -> float:
    """What the key below a figure takes, with text of *em*."""
    return ascent("serif", em) + descent("serif", em) + (_LEADING * len(live.notes) + 0.8) * em


def _with_key(scene: Scene, live: Live, ramp: Ramp, has_negative: bool) -> Scene:
    theme = ramp.theme
    em = min((item.size for item in scene.primitives() if isinstance(item, Text)), default=10.0)
    margin, top, high = 0.9 * em, scene.height, ascent("serif", em)
    before, after = "0", "the largest number of each volume"
    colors = ramp.palette[ramp.zero : -1]
    if has_negative and ramp.is_one_way:
        before = "the least"
    elif has_negative:
        before, after, colors = "below 0", "above 0, up to the largest number of each volume", ramp.palette[:-1]
    line, step = Stroke(theme.edge, 0.05 * em), 0.4 * em
    start = margin + width(before, "serif", em) + 0.5 * em
    end = start + _STEPS * step
    shown: list[Primitive] = [
        Rect(start + at * step, top, step, high, colors[round(at * (len(colors) - 1) / (_STEPS - 1))])
        for at in range(_STEPS)
    ]
    shown.append(Rect(start, top, _STEPS * step, high, None, line))
    words = [(margin, before), (end + 0.5 * em, after)]
    y = top + high
    shown += [Text(x, y, word, em, "serif", fill=theme.ink) for x, word in words]
    wide = max(x + width(word, "serif", em) for x, word in words)
    for note in live.notes:
        y += _LEADING * em
        shown.append(Text(margin, y, note, em, "serif", fill=theme.ink))
        wide = max(wide, margin + width(note, "serif", em))
    return replace(
        scene,
        width=max(scene.width, wide + margin),
        height=top + key_height(live, em),
        items=(*scene.items, Group("live", "key", tuple(shown))),
    )
