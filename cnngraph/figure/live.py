"""What a network makes of a picture, as data for its figure, and what the figure says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cnngraph.figure.ramp import Ramp
from cnngraph.figure.scene import Group, Item, Primitive, Rect, Scene, Stroke, Text
from cnngraph.figure.text import ascent, descent, width
from cnngraph.figure.theme import Theme
from cnngraph.volume import Volume

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

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
    """By layer, of the answers: vectors of a number for each class. The classes' names, none where they have none."""
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


def bars(answer: Array) -> Array:
    """How long the bar of each number is, of a whole one: that number itself among probabilities; of logits the share
    of the largest, or where none is above 0, how far it is from the least to the largest."""
    import numpy as np

    known = answer[np.isfinite(answer)]
    if not known.size:
        return np.zeros(answer.shape)
    least, most = float(known.min()), float(known.max())
    if least >= 0 and most <= 1 + 1e-5:
        least, most = 0.0, 1.0
    elif most > 0:
        least = 0.0
    shares = (answer.astype(np.float64) - least) / (most - least) if most > least else np.ones(answer.shape)
    return np.nan_to_num(shares).clip(0.0, 1.0)


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
