"""What the volumes style draws of an activation whose numbers are known: sheets of its maps one behind the other, a
column of cells, an answer as bars, an input in its own colours. Each stands where a body of `bodies` would."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor
from typing import TYPE_CHECKING

from cnngraph.figure.colors import Color, mixed
from cnngraph.figure.live import Live, bars
from cnngraph.figure.pixels import png
from cnngraph.figure.ramp import Ramp, pooled
from cnngraph.figure.scene import Picture, Primitive, Rect, Stroke, Text
from cnngraph.figure.styles.bodies import Block, Body, Column, Measure
from cnngraph.figure.styles.stops import Look, Stop
from cnngraph.figure.text import fit, ink
from cnngraph.figure.text import width as text_width

if TYPE_CHECKING:
    from cnngraph.figure.live import Array

_APART = 0.28
"""Ems that sheets are apart at least, to the right and up."""
_LEAST_FRONT, _DEEPEST = 2.0, 1.6
"""Ems that the longer side of a sheet has at least; and how far sheets run back at most, of that, if they are not
all."""
_CELLS, _PIXELS = 64, 256
"""Cells that a side of a map, and of the input, has at most; of larger ones means are shown."""
_FEW_CELLS = 16
"""Up to so many cells a side a map has a thin frame, which is not to hide it."""
_LEAST_CELL = 0.085
"""Ems that a cell of a column is high at least; else the vector goes on in another column beside."""
_BARS, _BAR, _CALLED = 3, 3.6, 9.0
"""How many numbers of an answer are shown; ems that a bar is long at most, and a name."""
_BAR_PITCH = 1.5
"""Ems from bar to bar."""


def sized(chain: list[Stop], live: Live) -> list[Stop]:
    """*chain* with the sizes that the numbers have, also where the network leaves them free."""
    volumes = live.volumes(chain[0].name)
    return [replace(stop, drawn=volumes[stop.tensor]) for stop in chain]


def body(stop: Stop, measure: Measure, most: int, live: Live) -> Body:
    """What stands for *stop*; *most* is the longest vector of the figure."""
    if stop.look is Look.INPUT:
        return _input(stop, measure, live)
    end = stop.layers[-1]
    if stop.look is Look.ANSWER or (end.name in live.classes and not end.output.is_map):
        caption = stop.caption if stop.look is Look.ANSWER else end.output.caption
        return Bars.of(measure, caption, live.made[end.name], live.classes.get(end.name, ()))
    numbers, (least, greatest) = live.made[stop.tensor], live.ranges[stop.tensor]
    if stop.look is Look.VECTOR:
        like = Column.of(measure, stop.caption, len(numbers), most)
        return Cells(measure, stop.caption, like.width, like.height, numbers, least, greatest)
    return Sheets.of(measure, stop.caption, numbers, least, greatest)


def _input(stop: Stop, measure: Measure, live: Live) -> Body:
    channels, height, width = live.picture.shape
    across, down = measure.front(width), measure.front(height)
    offset = 0.075 * min(across, down) if channels > 1 else 0.0
    return Pixels(measure, stop.caption, across + 2 * offset, down + 2 * offset, live.picture, offset)


@dataclass(frozen=True, slots=True)
class _Stack(Block):
    """Sheets one behind the other, the first in front."""

    def sheets(self, x: float, y: float, step: float, images: list[bytes], frame: Stroke) -> Iterator[Primitive]:
        """From the back; each *step* further right and up than the one before it."""
        reach = step * (len(images) - 1)
        across, down = self.width - reach, self.height - reach
        for number in range(len(images) - 1, -1, -1):
            left, top = x + number * step, y + reach - number * step
            yield Picture(left, top, across, down, images[number])
            yield Rect(left, top, across, down, None, frame)


def _uncovered(rows: list[bytes], across: float, down: float, nothing: int) -> list[bytes]:
    """*rows* with *nothing* where the sheet in front, so large a share of the width to the left and of the height
    further down, hides them: that need not be in the file."""
    hidden = max(0, floor(len(rows[0]) * (1 - across)))
    first = ceil(len(rows) * down)
    return [row if at < first else bytes([nothing]) * hidden + row[hidden:] for at, row in enumerate(rows)]


@dataclass(frozen=True, slots=True)
class Sheets(_Stack):
    """The maps of an activation, all of them or as many as there is room for."""

    depth: float
    count: int
    """Of sheets."""
    numbers: Array
    least: float
    greatest: float

    @classmethod
    def of(cls, measure: Measure, caption: str, numbers: Array, least: float, greatest: float) -> Sheets:
        channels, height, width = numbers.shape
        front = max(measure.front(width), measure.front(height))
        # Smaller than that, maps are specks, and many of them a line.
        larger = max(1.0, _LEAST_FRONT * measure.em / front)
        depth, apart = measure.depth(channels), _APART * measure.em
        if depth < (channels - 1) * apart:
            depth = min(depth, max(_DEEPEST * larger * front, apart))
        count = min(channels, 1 + int(depth / apart))
        if count == 1:
            depth = 0.0
        across, down = larger * measure.front(width) + depth, larger * measure.front(height) + depth
        return cls(measure, caption, across, down, depth, count, numbers, least, greatest)

    @property
    def remark(self) -> str:
        return f"{self.count} of {len(self.numbers)} shown" if self.count < len(self.numbers) else ""

    @property
    def shown(self) -> list[int]:
        """The channels that are shown, evenly picked, the first and the last among them."""
        last = len(self.numbers) - 1
        return [round(at * last / max(1, self.count - 1)) for at in range(self.count)]

    def shape(self, x: float, y: float) -> tuple[Primitive, ...]:
        ramp = Ramp(self.measure.theme)
        palette = ramp.palette
        step = self.depth / max(1, self.count - 1)
        across, down = step / (self.width - self.depth), step / (self.height - self.depth)
        images = []
        for number, channel in enumerate(self.shown):
            rows = ramp.rows(pooled(self.numbers[channel], _CELLS), self.least, self.greatest)
            images.append(png(_uncovered(rows, across, down, ramp.zero) if number else rows, palette))
        thin = max(self.numbers.shape[1:]) < _FEW_CELLS
        frame = Stroke(self.measure.theme.edge, (0.02 if thin else 0.04) * self.measure.em)
        return tuple(self.sheets(x, y, step, images, frame))


@dataclass(frozen=True, slots=True)
class Pixels(_Stack):
    """The input as it went in: in grey, or three channels each in its colour, red in front of green in front of
    blue."""

    picture: Array
    offset: float

    def shape(self, x: float, y: float) -> tuple[Primitive, ...]:
        import numpy as np

        theme = self.measure.theme
        reach = self.offset * (len(self.picture) - 1)
        across, down = self.offset / (self.width - reach), self.offset / (self.height - reach)
        palettes = [_GREYS] if len(self.picture) == 1 else [_lit(light) for light in theme.rgb]
        images = []
        for number, (channel, palette) in enumerate(zip(self.picture, palettes, strict=True)):
            values = np.rint(pooled(channel, _PIXELS) * 255).clip(0, 255).astype(np.uint8)
            rows = [row.tobytes() for row in values]
            images.append(png(_uncovered(rows, across, down, 255) if number else rows, palette))
        return tuple(self.sheets(x, y, self.offset, images, self.measure.line))


_GREYS = [f"#{value:02x}{value:02x}{value:02x}" for value in range(256)]


def _lit(light: Color) -> list[Color]:
    """From black to *light* to nearly white."""
    dark = [mixed("#000000", light, value / 128) for value in range(128)]
    return [*dark, *(mixed(light, "#ffffff", 0.9 * value / 127) for value in range(128))]


@dataclass(frozen=True, slots=True)
class Cells(Block):
    """A vector: its numbers from top to bottom, in columns side by side when they are many."""

    numbers: Array
    least: float
    greatest: float

    def shape(self, x: float, y: float) -> tuple[Primitive, ...]:
        import numpy as np

        ramp, count = Ramp(self.measure.theme), len(self.numbers)
        columns = ceil(count * _LEAST_CELL * self.measure.em / self.height)
        high = ceil(count / columns)
        padded = np.zeros(columns * high, self.numbers.dtype)
        padded[:count] = self.numbers
        rows = ramp.rows(padded.reshape(columns, high).T, self.least, self.greatest)
        return (
            Picture(x, y, self.width, self.height, png(rows, ramp.palette)),
            Rect(x, y, self.width, self.height, None, self.measure.line),
        )


@dataclass(frozen=True, slots=True)
class Bars(Block):
    """The highest numbers of an answer, each with its class and a bar."""

    guesses: tuple[tuple[str, float, float], ...]
    """Highest first: with the number, and how long its bar is of a whole one."""
    called: float
    """Room for the names."""

    @classmethod
    def of(cls, measure: Measure, caption: str, numbers: Array, classes: Sequence[str]) -> Bars:
        import numpy as np

        em = measure.em
        order = np.argsort(-numbers, kind="stable")[:_BARS]
        names = [fit(classes[at] if classes else str(at), "serif", em, _CALLED * em) for at in order]
        long = bars(numbers)
        guesses = tuple((name, float(numbers[at]), float(long[at])) for name, at in zip(names, order, strict=True))
        called = max(text_width(name, "serif", em) for name in names)
        said = max(text_width(_said(number), "serif", em) for _, number, _ in guesses)
        across = called + (1.0 + _BAR) * em + said
        return cls(measure, caption, across, (len(guesses) * _BAR_PITCH - 0.3) * em, guesses, called)

    def shape(self, x: float, y: float) -> tuple[Primitive, ...]:
        theme, em = self.measure.theme, self.measure.em
        above, below = ink("0", "serif", em)
        left = x + self.called + 0.5 * em
        drawn: list[Primitive] = []
        for number, (name, score, share) in enumerate(self.guesses):
            top = y + number * _BAR_PITCH * em
            high = 1.2 * em
            long = _BAR * em * share
            baseline = top + (high + above - below) / 2
            drawn += [
                Text(left - 0.5 * em, baseline, name, em, "serif", "end", fill=theme.ink),
                Rect(left, top, max(long, 0.06 * em), high, theme.positive),
                Text(left + long + 0.5 * em, baseline, _said(score), em, "serif", fill=theme.ink),
            ]
        return tuple(drawn)


def _said(score: float) -> str:
    return f"{score:.3f}".replace("-", "−")
