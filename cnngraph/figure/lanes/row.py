"""Parts one after the other, and those that repeat in a frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import fsum
from typing import ClassVar

from cnngraph.figure.lanes.boxes import Stacked
from cnngraph.figure.lanes.part import Measure, Part, Plain, straight
from cnngraph.figure.scene import (
    Group,
    Item,
    Line,
    Move,
    Path,
    Primitive,
    Rect,
    Stroke,
    Text,
)
from cnngraph.figure.shapes import arrowhead


@dataclass(frozen=True)
class Row:
    """Parts one after the other."""

    turns: ClassVar[bool] = False
    measure: Measure
    parts: tuple[Part, ...]

    @property
    def first(self) -> str:
        return self.parts[0].first

    @property
    def last(self) -> str:
        return self.parts[-1].last

    @property
    def opens(self) -> bool:
        return self.parts[0].opens

    @property
    def left(self) -> float:
        return self.parts[0].left

    @property
    def right(self) -> float:
        return self.parts[-1].right

    @property
    def top(self) -> float:
        return self.up

    @cached_property
    def width(self) -> float:
        gaps = fsum(gap_between(before, after, self.measure) for before, after in pairwise(self.parts))
        return fsum(part.width for part in self.parts) + gaps

    @cached_property
    def up(self) -> float:
        return max(part.up for part in self.parts)

    @cached_property
    def down(self) -> float:
        return max(part.down for part in self.parts)

    def draw(self, x: float, axis: float) -> Iterator[Item]:
        before: Part | None = None
        for part in self.parts:
            if before is not None:
                gap = gap_between(before, part, self.measure)
                if gap:
                    line = straight(before, part, x, x + gap, axis, self.measure)
                    yield Group(line.id, "decoration", line.items) if isinstance(part, Stacked) else line
                x += gap
            yield from part.draw(x, axis)
            before, x = part, x + part.width


def gap_between(before: Part, after: Part, measure: Measure) -> float:
    """What has gutters of its own needs none."""
    return 0.0 if before.turns or after.turns else measure.gap


@dataclass(frozen=True)
class Framed(Plain):
    """Parts that repeat, in a frame with how often."""

    measure: Measure
    inside: Part
    last: str
    times: int
    layers: tuple[str, ...]
    """Names of all that it stands for, those of the stretch that is drawn among them."""

    @property
    def first(self) -> str:
        return self.inside.first

    @property
    def top(self) -> float:
        return self.up

    @property
    def pad(self) -> float:
        return 0.8 * self.measure.em

    @cached_property
    def width(self) -> float:
        return self.inside.width + 2 * self.lead

    @property
    def lead(self) -> float:
        """From the frame to what is inside, with an arrow on the way."""
        return 1.5 * self.measure.em

    @cached_property
    def up(self) -> float:
        return self.inside.up + self.pad + 1.4 * self.measure.em

    @cached_property
    def down(self) -> float:
        return self.inside.down + self.pad

    def draw(self, x: float, axis: float) -> Iterator[Item]:
        em, theme = self.measure.em, self.measure.theme
        top, bottom = axis - self.inside.up - self.pad, axis + self.inside.down + self.pad
        frame = Rect(x, top, self.width, bottom - top, None, Stroke(theme.faint, 0.06 * em, (0.12 * em, 0.2 * em)))
        words = Text(x + self.width, top - 0.4 * em, f"×{self.times}", em, "serif", "end", fill=theme.ink)
        about = f"{self.times} times"
        yield Group(f"repeat-{self.first}", "decoration", (frame, words), about, layers=self.layers)
        left, right = x + self.lead, x + self.width - self.lead
        line = self.measure.line
        into: tuple[Primitive, ...]
        if not self.inside.opens:
            tip = left + self.inside.left
            into = (
                Path((Move((x, axis)), Line((tip - 0.8 * self.measure.head, axis))), line),
                arrowhead((tip, axis), (1.0, 0.0), self.measure.head, line.color),
            )
        else:
            into = (Path((Move((x, axis)), Line((left, axis))), line),)
        yield Group(f"into-{self.first}", "decoration", into)
        yield from self.inside.draw(left, axis)
        out = (Path((Move((right - self.inside.right, axis)), Line((x + self.width, axis))), line),)
        yield Group(f"out-of-{self.inside.last}", "decoration", out)
