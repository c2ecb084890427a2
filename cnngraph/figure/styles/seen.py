"""What a cell sees of the picture that goes in: the picture with its receptive field on it, as a part of the style
`operation`. All lengths are in points."""

from __future__ import annotations

from dataclasses import dataclass

from cnngraph.field import Box, sights
from cnngraph.figure.scene import Group, Item, Picture, Rect, Stroke
from cnngraph.figure.theme import Theme
from cnngraph.layers.values import Pair
from cnngraph.network import Layer, Network

_LEAST = 0.5
"""Ems that a side of the box is drawn at least."""


def box_of(network: Network, layer: Layer, cell: Pair, picture: Pair) -> Box | None:
    """What *cell* of *layer*'s map sees of the network's input, of the size of *picture*: all of it where that is not
    known better; None where that is nothing."""
    seen = sights(network)[layer.name]
    if seen is None:
        return Box(0, 0, picture[0] - 1, picture[1] - 1)
    return seen[network.inputs[0].name].box(*cell)


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture, and on it what a cell sees: in dashes as far as that is padding."""

    id: str
    png: bytes
    sizes: Pair
    """Of the input, height and width."""
    box: Box | None
    side: float
    """How long the longer side is of the picture together with the box."""
    em: float
    theme: Theme

    @property
    def _whole(self) -> Box:
        """The picture and the box."""
        height, width = self.sizes
        box = self.box or Box(0, 0, 0, 0)
        return Box(min(0, box.top), min(0, box.left), max(height - 1, box.bottom), max(width - 1, box.right))

    @property
    def _pixel(self) -> float:
        return self.side / max(self._whole.height, self._whole.width)

    @property
    def width(self) -> float:
        return self._whole.width * self._pixel

    @property
    def height(self) -> float:
        return self._whole.height * self._pixel

    @property
    def title(self) -> str:
        """Counts from 1, as the other marks do: ``receptive field: rows 3 to 16, columns 5 to 18``."""
        if self.box is None:
            return "receptive field: nothing"
        top, left, bottom, right = (at + 1 for at in self.box)
        return f"receptive field: rows {top} to {bottom}, columns {left} to {right}".replace("-", "−")

    def draw(self, x: float, y: float) -> tuple[Item, ...]:
        """With the top left corner of its bounding box at (x, y)."""
        pixel, (high, wide) = self._pixel, self.sizes
        x, y = x - self._whole.left * pixel, y - self._whole.top * pixel
        shown: list[Item] = [
            Picture(x, y, wide * pixel, high * pixel, self.png),
            Rect(x, y, wide * pixel, high * pixel, None, Stroke(self.theme.ink, 0.07 * self.em)),
        ]
        if self.box is None:
            return tuple(shown)
        top, left, bottom, right = self.box
        on = Box(max(top, 0), max(left, 0), min(bottom, high - 1), min(right, wide - 1))
        marks = [] if on == self.box else [self._outline(self.box, x, y, dashed=True)]
        if on.top <= on.bottom and on.left <= on.right:
            marks.append(self._outline(on, x, y, dashed=False))
        lines = tuple(line for lines in marks for line in lines)
        return (*shown, Group(self.id, "decoration", lines, self.title))

    def _outline(self, box: Box, x: float, y: float, *, dashed: bool) -> tuple[Rect, ...]:
        """In the colour of windows, between dark lines, so that it is seen on any picture."""
        least, em, pixel = _LEAST * self.em, self.em, self._pixel
        width, height = (max(least, count * pixel) for count in (box.width, box.height))
        left = x + (box.left + box.right + 1) / 2 * pixel - width / 2
        top = y + (box.top + box.bottom + 1) / 2 * pixel - height / 2
        if dashed:
            return (Rect(left, top, width, height, None, Stroke(self.theme.ink, 0.06 * em, (0.28 * em, 0.2 * em))),)
        return (
            Rect(left, top, width, height, None, Stroke("#000000", 0.22 * em)),
            Rect(left, top, width, height, None, Stroke(self.theme.filter.front, 0.12 * em)),
        )
