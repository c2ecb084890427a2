"""Things drawn in a row with signs between them: input ∗ filter = output. All lengths are in points."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from cnngraph.figure.scene import Group, Item, Text
from cnngraph.figure.text import ascent, descent, ink
from cnngraph.figure.text import width as text_width
from cnngraph.figure.theme import Theme

LEADING = 1.25
"""Ems from line to line."""
_SIGN, _AIR = 1.5, 0.75
"""Ems: the size of a sign such as ∗, and the air on either side of it."""


class Body(Protocol):
    """What is drawn of a part."""

    @property
    def width(self) -> float: ...
    @property
    def height(self) -> float: ...
    def draw(self, x: float, y: float) -> tuple[Item, ...]:
        """With the top left corner of its bounding box at (x, y)."""
        ...


@dataclass(frozen=True, slots=True)
class Part:
    """Something drawn, with the sign before it and its caption below."""

    sign: str
    body: Body
    caption: tuple[str, ...]
    id: str
    """Empty when the body names its pieces itself."""
    role: Literal["layer", "decoration"]
    title: str
    close: bool = False
    """Whether its caption is right below it, and not in line with those of the others."""

    def width(self, em: float) -> float:
        return max([self.body.width] + [text_width(line, "serif", em) for line in self.caption])


@dataclass(frozen=True, slots=True)
class Row:
    """Parts beside one another, their bodies on one axis and their captions on one baseline."""

    parts: tuple[Part, ...]
    em: float

    @property
    def width(self) -> float:
        return math.fsum(_sign_width(part.sign, self.em) + part.width(self.em) for part in self.parts)

    @property
    def _bodies(self) -> float:
        return max(part.body.height for part in self.parts)

    @property
    def _baseline(self) -> float:
        """Of the captions' first line, from the top."""
        return self._bodies + 0.4 * self.em + ascent("serif", self.em)

    @property
    def height(self) -> float:
        lines = max(len(part.caption) for part in self.parts)
        if not lines:
            return self._bodies
        return self._baseline + (lines - 1) * LEADING * self.em + descent("serif", self.em)

    def draw(self, x: float, y: float, theme: Theme) -> Iterator[Item]:
        em, axis, baseline = self.em, y + self._bodies / 2, y + self._baseline
        for part in self.parts:
            if part.sign:
                size, room = _SIGN * em, _sign_width(part.sign, em)
                above, below = ink(part.sign, "serif", size)
                yield Text(x + room / 2, axis + (above - below) / 2, part.sign, size, "serif", "middle", fill=theme.ink)
                x += room
            middle = x + part.width(em) / 2
            drawn = part.body.draw(middle - part.body.width / 2, axis - part.body.height / 2)
            first = axis + part.body.height / 2 + self._baseline - self._bodies if part.close else baseline
            lines = (
                Text(middle, first + number * LEADING * em, line, em, "serif", "middle", fill=theme.ink)
                for number, line in enumerate(part.caption)
            )
            if part.id:
                layers = (part.id,) if part.role == "layer" else ()
                yield Group(part.id, part.role, (*drawn, *lines), part.title, layers=layers)
            else:
                yield from drawn
            x += part.width(em)


def _sign_width(sign: str, em: float) -> float:
    return text_width(sign, "serif", _SIGN * em) + 2 * _AIR * em if sign else 0.0
