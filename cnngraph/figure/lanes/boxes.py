"""Units and blocks as boxes, joins as signs, a volume as what it is stacked of."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from cnngraph.figure.colors import Color
from cnngraph.figure.lanes.part import Even, Measure, Plain
from cnngraph.figure.scene import (
    Circle,
    Group,
    Item,
    Line,
    Move,
    Path,
    Primitive,
    Rect,
    Stroke,
    Text,
    way_out,
)
from cnngraph.figure.shapes import cuboid
from cnngraph.figure.text import ascent, descent, fit
from cnngraph.figure.text import width as text_width
from cnngraph.figure.typeface import Font

_BESIDE = 0.4
"""Ems between a line, or a box, and what is written on its right."""


@dataclass(frozen=True)
class Box(Plain):
    """A unit, or a block by its name: words in a box, and below it what it makes."""

    measure: Measure
    first: str
    last: str
    lines: tuple[str, ...]
    caption: str
    fill: Color
    title: str
    layers: tuple[str, ...]
    """Names of all that it stands for."""
    times: int = 1
    name: str = ""
    """Below the caption, when names are wanted."""
    mark: str = ""
    """The letter that boxes with the same weights have."""
    is_known: bool = True
    """Whether what it does is known; else it is an outline in dashes."""

    @property
    def caption_width(self) -> float:
        return max(text_width(line, "serif", self.measure.em) for line in (self.caption, self.name))

    @property
    def caption_height(self) -> float:
        """With the air above it."""
        em = self.measure.em
        caption = 0.3 * em + ascent("serif", em) + descent("serif", em) if self.caption else 0.0
        return caption + (self.measure.leading if self.name else 0.0)

    @cached_property
    def width(self) -> float:
        return max(self.measure.box, self.caption_width)

    @cached_property
    def height(self) -> float:
        """As it stands on the page."""
        return max(len(self.lines), self.least) * self._leading + 0.9 * self.measure.em

    @cached_property
    def _leading(self) -> float:
        return self.measure.apart(self.lines)

    least: ClassVar[int] = 2
    """Lines: boxes of one are as high."""

    @property
    def left(self) -> float:
        return (self.width - self.measure.box) / 2

    @property
    def right(self) -> float:
        return self.left

    @property
    def top(self) -> float:
        return self.height / 2

    @cached_property
    def up(self) -> float:
        return self.top + (self._badge if self.times > 1 or self.mark else 0.0)

    @property
    def _badge(self) -> float:
        return 1.35 * self.measure.em

    @cached_property
    def down(self) -> float:
        return self.top + self.caption_height

    def draw(self, x: float, axis: float) -> Iterator[Item]:
        yield self._standing(x + self.width / 2, axis - self.top)

    def _standing(self, middle: float, top: float) -> Group:
        """With the middle of its upper edge there on the page."""
        em, theme = self.measure.em, self.measure.theme
        ink = theme.on(self.fill, theme.on_box) if self.is_known else theme.ink
        fill, line = (self.fill, Stroke(theme.edge, 0.06 * em)) if self.is_known else (None, self.measure.dashed)
        if fill == theme.paper:
            line = line._replace(color=theme.ink)
        wide, leading = self.measure.box, self._leading
        first = top + self.height / 2 - (len(self.lines) - 1) / 2 * leading + (ascent("serif", em) - 0.1 * em) / 2
        drawn: list[Primitive] = [
            Rect(middle - wide / 2, top, wide, self.height, fill, line),
            *(
                Text(middle, first + index * leading, line, em, "serif", "middle", fill=ink)
                for index, line in enumerate(self.lines)
            ),
            *self._around(middle, top),
        ]
        return Group(self.first, "layer", self.measure.upright(drawn), self.title, layers=self.layers)

    def _around(self, middle: float, top: float) -> Iterator[Text]:
        """What stands beside the box."""
        em, ink = self.measure.em, self.measure.theme.ink
        left, right = middle - self.measure.box / 2, middle + self.measure.box / 2
        if self.times > 1:
            yield Text(right, top - 0.35 * em, f"×{self.times}", em, "serif", "end", fill=ink)
        if self.mark:
            yield Text(left, top - 0.35 * em, self.mark, em, "serif-italic", fill=ink)
        if self.caption:
            baseline = top + self.height + 0.3 * em + ascent("serif", em)
            yield Text(middle, baseline, self.caption, em, "serif", "middle", fill=ink)
            if self.name:
                yield Text(middle, baseline + self.measure.leading, self.name, em, "serif-italic", "middle", fill=ink)


@dataclass(frozen=True)
class Standing(Box):
    """The same where the way runs from top to bottom: what it makes is written beside the way out, below the box."""

    least: ClassVar[int] = 1

    @cached_property
    def width(self) -> float:
        return self.height + self.caption_height

    @property
    def left(self) -> float:
        return 0.0

    @property
    def right(self) -> float:
        return self.caption_height

    @property
    def top(self) -> float:
        return self.measure.box / 2

    @cached_property
    def up(self) -> float:
        return self.top

    @cached_property
    def down(self) -> float:
        em = self.measure.em
        beside = _BESIDE * em + text_width(self._letter_and_times, "serif", em) if self._letter_and_times else 0.0
        return max(self.top + beside, _BESIDE * em + self.caption_width)

    @property
    def _letter_and_times(self) -> str:
        return " ".join(filter(None, (self.mark, f"×{self.times}" if self.times > 1 else "")))

    def draw(self, x: float, axis: float) -> Iterator[Item]:
        yield self._standing(axis, x)

    def _around(self, middle: float, top: float) -> Iterator[Text]:
        em, ink = self.measure.em, self.measure.theme.ink
        high = ascent("serif", em)
        if self._letter_and_times:
            right = middle + self.top + _BESIDE * em
            font: Font = "serif" if self.times > 1 else "serif-italic"
            yield Text(right, top + high, self._letter_and_times, em, font, fill=ink)
        if self.caption:
            left, baseline = middle + _BESIDE * em, top + self.height + 0.3 * em + high
            yield Text(left, baseline, self.caption, em, "serif", fill=ink)
            if self.name:
                yield Text(left, baseline + self.measure.leading, self.name, em, "serif-italic", fill=ink)


SIGN = 0.75
"""Ems: the radius of the circle around a sign."""


@dataclass(frozen=True)
class Sign(Even):
    """A join that is a sign in a circle: ``+`` or ``×``."""

    measure: Measure
    first: str
    sign: str
    title: str
    layers: tuple[str, ...]

    @property
    def last(self) -> str:
        return self.first

    @property
    def radius(self) -> float:
        return SIGN * self.measure.em

    @property
    def width(self) -> float:
        return 2 * self.radius

    @property
    def up(self) -> float:
        return self.radius

    def draw(self, x: float, axis: float) -> Iterator[Item]:
        stroke, r = self.measure.line, self.radius
        middle, axis = (axis, x + r) if self.measure.down else (x + r, axis)
        arm = 0.55 * r
        turns = {"+": (0.0, math.pi / 2), "−": (0.0,)}.get(self.sign, (math.pi / 4, 3 * math.pi / 4))
        arms = (
            Path(
                (
                    Move((middle - arm * math.cos(turn), axis - arm * math.sin(turn))),
                    Line((middle + arm * math.cos(turn), axis + arm * math.sin(turn))),
                ),
                stroke,
            )
            for turn in turns
        )
        drawn = self.measure.upright((Circle(middle, axis, r, self.measure.theme.paper, stroke), *arms))
        yield Group(self.first, "layer", drawn, self.title, layers=self.layers)


@dataclass(frozen=True)
class Outlet(Even):
    """The name under which a tensor leaves the network."""

    layers: ClassVar[tuple[str, ...]] = ()
    measure: Measure
    name: str
    words: str
    """What it is called here."""

    @property
    def first(self) -> str:
        return way_out(self.name)

    @property
    def last(self) -> str:
        return self.first

    @property
    def em(self) -> float:
        return self.measure.words or self.measure.em

    @cached_property
    def _shown(self) -> str:
        return fit(self.words, "serif-italic", self.em, self.measure.most)

    @property
    def left(self) -> float:
        return -0.2 * self.em

    @cached_property
    def _long(self) -> float:
        return text_width(self._shown, "serif-italic", self.em)

    @property
    def width(self) -> float:
        return 1.2 * self.em if self.measure.down else self._long

    @property
    def up(self) -> float:
        return self._long / 2 if self.measure.down else 0.75 * self.em

    def draw(self, x: float, axis: float) -> Iterator[Item]:
        em, ink = self.em, self.measure.theme.ink
        if self.measure.down:
            words = Text(axis, x + ascent("serif-italic", em), self._shown, em, "serif-italic", "middle", fill=ink)
        else:
            words = Text(x, axis + 0.25 * em, self._shown, em, "serif-italic", fill=ink)
        yield Group(self.first, "output", self.measure.upright((words,)), f"output {self.name}")


@dataclass(frozen=True)
class Pill(Even):
    """One of several tensors that a block gives on, by its size."""

    layers: ClassVar[tuple[str, ...]] = ()
    measure: Measure
    first: str
    caption: str

    @property
    def last(self) -> str:
        return self.first

    @cached_property
    def _long(self) -> float:
        return text_width(self.caption, "serif", self.measure.em) + 0.8 * self.measure.em

    @property
    def width(self) -> float:
        return 1.5 * self.measure.em if self.measure.down else self._long

    @property
    def up(self) -> float:
        return self._long / 2 if self.measure.down else 0.75 * self.measure.em

    def draw(self, x: float, axis: float) -> Iterator[Item]:
        em, theme = self.measure.em, self.measure.theme
        high = 1.5 * em
        across, along = (axis - self._long / 2, x) if self.measure.down else (x, axis - high / 2)
        pill = Rect(across, along, self._long, high, fill=None, stroke=Stroke(theme.ink, 0.05 * em))
        words = Text(
            across + self._long / 2, along + high / 2 + 0.33 * em, self.caption, em, "serif", "middle", fill=theme.ink
        )
        yield Group(
            f"{self.first}--port", "decoration", self.measure.upright((pill, words)), f"{self.first}: {self.caption}"
        )


STACKED = "-stacked"
"""What the id of a stacked volume ends with."""


@dataclass(frozen=True)
class Stacked(Plain):
    """A volume of several branches: a cuboid with a segment for each, and how many channels it has."""

    layers: ClassVar[tuple[str, ...]] = ()
    measure: Measure
    first: str
    height: int
    across: int
    """H and W of the volume."""
    channels: tuple[int, ...]
    """Of each branch, in the order in which they are stacked."""

    @property
    def last(self) -> str:
        return self.first

    @property
    def side(self) -> tuple[float, float]:
        """The front face; its longer side is always as long."""
        longest = 4.2 * self.measure.em
        return longest * self.across / max(self.height, self.across), longest * self.height / max(
            self.height, self.across
        )

    @cached_property
    def depths(self) -> list[float]:
        """How far each segment runs back, at 45°: in proportion, and with room for its number."""
        total = sum(self.channels)
        free = 7.0 * self.measure.em
        return [max(1.25 * self.measure.em, free * count / total) for count in self.channels]

    @property
    def top(self) -> float:
        return self.up

    @property
    def width(self) -> float:
        words = text_width(str(self.channels[0]), "serif", self.measure.em)
        return self.side[0] + math.fsum(self.depths) + 0.4 * self.measure.em + words

    @property
    def up(self) -> float:
        return self.side[1] / 2 + math.fsum(self.depths)

    @property
    def down(self) -> float:
        return self.side[1] / 2 + 1.5 * self.measure.em

    def draw(self, x: float, axis: float) -> Iterator[Item]:
        """The first branch at the back, as it stands at the top; nearer segments cover farther ones."""
        em, theme = self.measure.em, self.measure.theme
        wide, high = self.side
        top = axis - high / 2
        edge_line = Stroke(theme.edge, 0.05 * em)
        drawn: list[Primitive] = []
        numbers: list[Primitive] = []
        near = math.fsum(self.depths)
        for number, (count, deep) in enumerate(zip(self.channels, self.depths, strict=True)):
            near -= deep
            faces = theme.branches[number % len(theme.branches)]
            drawn += cuboid(x + near, top - near - deep, wide, high, deep, faces, edge_line)
            middle = near + deep / 2
            spot = x + wide + middle + 0.35 * em, top + high - middle + 0.75 * em
            numbers.append(Text(*spot, str(count), em, "serif", fill=theme.ink))
        drawn += numbers
        drawn += [
            Text(x + wide / 2, top + high + 1.05 * em, str(self.across), em, "serif", "middle", fill=theme.ink),
            # Below the arrow that comes in at the middle.
            Text(x - 0.35 * em, axis + 1.2 * em, str(self.height), em, "serif", "end", fill=theme.ink),
        ]
        yield Group(
            f"{self.first}{STACKED}", "decoration", tuple(drawn), f"{' + '.join(map(str, self.channels))} channels"
        )
