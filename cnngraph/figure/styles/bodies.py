"""What the volumes style draws for an activation: a picture, a cuboid, a column of circles, an answer.

Every body stands on the row's axis, which runs through its middle. All lengths are in points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from cnngraph.figure import shapes
from cnngraph.figure.colors import Color, mixed
from cnngraph.figure.scene import Circle, Picture, Primitive, Rect, Stroke, Text
from cnngraph.figure.text import ascent, descent, ink, width
from cnngraph.figure.theme import Faces, Theme
from cnngraph.figure.typeface import Font
from cnngraph.layers.values import Pair

FRONT_POWER, DEPTH_POWER = 0.7, 0.5
"""A side of n is drawn n to this power long: monotone, and 7 stays visible beside 224. As on the slides."""

LEADING = 1.18
"""Ems from line to line."""


def ratio(sizes: Pair) -> float:
    """How wide the front of a map of that height and width is drawn, for its height."""
    return math.pow(sizes[1] / sizes[0], FRONT_POWER)


@dataclass(frozen=True, slots=True)
class Measure:
    """The one scale of a figure: what sizes come out as."""

    em: float
    side: float
    """Length of the longest side of a front face, in points."""
    largest: int
    """What that side stands for."""
    deepest: int
    """The largest number of channels."""
    theme: Theme

    def front(self, size: int) -> float:
        return max(0.35 * self.em, self.side * math.pow(size / self.largest, FRONT_POWER))

    def depth(self, channels: int) -> float:
        """How far the depth runs to the right, and up. Few channels stay shallow even if none are more."""
        return max(0.3 * self.em, 0.54 * self.side * math.pow(channels / max(self.deepest, 16), DEPTH_POWER))

    @property
    def line(self) -> Stroke:
        return Stroke(self.theme.ink, 0.07 * self.em)


class Body(Protocol):
    """Something that stands on the axis."""

    @property
    def width(self) -> float: ...
    @property
    def up(self) -> float:
        """How far it reaches above the axis."""
        ...

    @property
    def down(self) -> float: ...
    @property
    def caption_width(self) -> float:
        """Of the words below it."""
        ...

    @property
    def remark(self) -> str:
        """What stands below the caption, if anything does."""
        ...

    def free_left(self, top: float, bottom: float) -> float:
        """How far something between *top* and *bottom* (offsets from the axis, down is positive) may reach
        into the bounding box from the left without touching the body."""
        ...

    def free_right(self, top: float, bottom: float) -> float: ...

    def draw(self, x: float, axis: float, baseline: float) -> tuple[Primitive, ...]:
        """With its left border at *x*, and its caption on *baseline*."""
        ...


@dataclass(frozen=True, slots=True)
class Block:
    """A body as wide and high as its bounding box, with its caption on the row's baseline."""

    measure: Measure
    caption: str
    width: float
    height: float

    @property
    def up(self) -> float:
        return self.height / 2

    @property
    def down(self) -> float:
        return self.height / 2

    @property
    def remark(self) -> str:
        return ""

    @property
    def caption_width(self) -> float:
        return max(width(line, "serif", self.measure.em) for line in (self.caption, self.remark))

    def free_left(self, top: float, bottom: float) -> float:
        return math.inf if bottom < -self.up or top > self.down else 0.0

    def free_right(self, top: float, bottom: float) -> float:
        return self.free_left(top, bottom)

    def draw(self, x: float, axis: float, baseline: float) -> tuple[Primitive, ...]:
        middle, em, theme = x + self.width / 2, self.measure.em, self.measure.theme
        words = [Text(middle, baseline, self.caption, em, "serif", "middle", fill=theme.ink)]
        if self.remark:
            words.append(Text(middle, baseline + LEADING * em, self.remark, em, "serif", "middle", fill=theme.faint))
        return (*self.shape(x, axis - self.up), *words)

    def shape(self, x: float, y: float) -> tuple[Primitive, ...]:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Framed(Block):
    """An input of one channel, or the user's picture: a framed picture; without one what stands for any, or a digit."""

    png: bytes | None
    of_digits: bool

    @classmethod
    def of(cls, measure: Measure, caption: str, sizes: Pair, png: bytes | None, of_digits: bool) -> Framed:
        """*sizes* are height and width."""
        height, width = sizes
        return cls(measure, caption, measure.front(width), measure.front(height), png, of_digits)

    def shape(self, x: float, y: float) -> tuple[Primitive, ...]:
        line, paper = self.measure.line, self.measure.theme.paper
        frame = Rect(x, y, self.width, self.height, None, line)
        if self.png is not None:
            return (Picture(x, y, self.width, self.height, self.png), frame)
        side = min(self.width, self.height)
        inner_x, inner_y = x + (self.width - side) / 2, y + (self.height - side) / 2
        ground = Rect(x, y, self.width, self.height, paper)
        if self.of_digits:
            pen = Stroke(line.color, max(line.width, 0.028 * side))
            return (ground, shapes.seven(inner_x, inner_y, side, side, pen), frame)
        return (ground, *shapes.landscape(inner_x, inner_y, side, mixed(paper, self.measure.theme.faint, 0.5)), frame)


@dataclass(frozen=True, slots=True)
class Channels(Block):
    """An input of three channels: three grids, red in front of green in front of blue."""

    offset: float

    @classmethod
    def of(cls, measure: Measure, caption: str, height: int, width: int) -> Channels:
        front_w, front_h = measure.front(width), measure.front(height)
        offset = 0.075 * min(front_w, front_h)
        return cls(measure, caption, front_w + 2 * offset, front_h + 2 * offset, offset)

    def shape(self, x: float, y: float) -> tuple[Primitive, ...]:
        theme = self.measure.theme
        across, down = self.width - 2 * self.offset, self.height - 2 * self.offset
        cell = min(across, down) / 6
        rows, columns = (max(1, min(24, round(side / cell))) for side in (down, across))
        line = Stroke(theme.grid, 0.05 * self.measure.em)
        return tuple(
            item
            for back in (2, 1, 0)
            for item in shapes.grid(
                x + back * self.offset,
                y + (2 - back) * self.offset,
                across,
                down,
                rows,
                columns,
                theme.rgb[back],
                line,
            )
        )


@dataclass(frozen=True, slots=True)
class Cuboid(Block):
    """An activation of H × W × C: front face from H and W, depth from C."""

    depth: float
    faces: Faces

    @classmethod
    def of(cls, measure: Measure, caption: str, sizes: tuple[int, int, int], color: Color | None) -> Cuboid:
        """Of H, W and C; in a *color* of its own, or in the theme's."""
        (height, width), depth = sizes[:2], measure.depth(sizes[2])
        faces = Faces.of(color) if color else measure.theme.volume
        return cls(measure, caption, measure.front(width) + depth, measure.front(height) + depth, depth, faces)

    def free_left(self, top: float, bottom: float) -> float:
        """Above the front face a triangle is free."""
        return math.inf if bottom < -self.up or top > self.down else max(0.0, self.depth - self.up - bottom)

    def free_right(self, top: float, bottom: float) -> float:
        """And one below the side face."""
        return math.inf if bottom < -self.up or top > self.down else max(0.0, top - self.down + self.depth)

    def shape(self, x: float, y: float) -> tuple[Primitive, ...]:
        edge = Stroke(self.measure.theme.edge, 0.05 * self.measure.em)
        front_w, front_h = self.width - self.depth, self.height - self.depth
        return shapes.cuboid(x, y, front_w, front_h, self.depth, self.faces, edge)


@dataclass(frozen=True, slots=True)
class Column(Block):
    """A vector: a tall box of circles."""

    units: int
    color: Color | None
    """Of the box, where that is not the paper's."""

    @classmethod
    def of(cls, measure: Measure, caption: str, units: int, most: int, color: Color | None = None) -> Column:
        """*most* is the longest vector of the figure; shorter ones are a little lower, but high enough for
        three circles and an ellipsis if they don't show them all."""
        share = math.log(units + 1) / math.log(most + 1)
        full = max(7.8 * measure.em, 0.9 * measure.side)
        height = 5.3 * measure.em if units <= 3 else max(6.4 * measure.em, full * (0.6 + 0.4 * share))
        return cls(measure, caption, 2 * measure.em, height, units, color)

    def shape(self, x: float, y: float) -> tuple[Primitive, ...]:
        radius, paper, line = 0.68 * self.measure.em, self.measure.theme.paper, self.measure.line
        return shapes.circle_column(x, y, self.width, self.height, self.units, radius, paper, line, self.color)


FEW = 20
"""Up to so many classes the answer is written ŷ, as for ten digits; else it is one circle."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The output: ŷ or one circle, and below it what gives it: ``Softmax 1000``."""

    measure: Measure
    caption: str
    units: int
    color: Color | None
    """Of the circle, where that is not the paper's."""

    @property
    def _symbol(self) -> tuple[str, Font, float]:
        return "ŷ", "serif-italic", 1.7 * self.measure.em

    @property
    def width(self) -> float:
        return width(*self._symbol) if self.units <= FEW else 1.6 * self.measure.em

    @property
    def up(self) -> float:
        return math.fsum(ink(*self._symbol)) / 2 if self.units <= FEW else self.width / 2

    @property
    def down(self) -> float:
        return self._baseline + descent("serif", self.measure.em)

    @property
    def _baseline(self) -> float:
        return self.up + 0.35 * self.measure.em + ascent("serif", self.measure.em)

    @property
    def remark(self) -> str:
        return ""

    @property
    def caption_width(self) -> float:
        return width(self.caption, "serif", self.measure.em)

    def free_left(self, top: float, bottom: float) -> float:
        if bottom < -self.up or top > self.down:
            return math.inf
        return 0.0 if top < self.up else (self.width - self.caption_width) / 2

    def free_right(self, top: float, bottom: float) -> float:
        return self.free_left(top, bottom)

    def draw(self, x: float, axis: float, baseline: float) -> tuple[Primitive, ...]:
        middle, color = x + self.width / 2, self.measure.theme.ink
        symbol: Primitive
        if self.units <= FEW:
            content, font, size = self._symbol
            above, below = ink(content, font, size)
            symbol = Text(middle, axis + (above - below) / 2, content, size, font, "middle", fill=color)
        else:
            paper = self.color or self.measure.theme.paper
            symbol = Circle(middle, axis, self.width / 2, paper, self.measure.line)
        words = Text(middle, axis + self._baseline, self.caption, self.measure.em, "serif", "middle", fill=color)
        return (symbol, words)
