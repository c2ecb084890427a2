"""What a layout is made of: parts that are measured, then placed, and the lines between them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import ClassVar, Protocol

from cnngraph.figure.scene import (
    Group,
    Item,
    Line,
    Move,
    Path,
    Primitive,
    Stroke,
    edge,
)
from cnngraph.figure.shapes import arrowhead
from cnngraph.figure.text import ascent, descent, ink
from cnngraph.figure.theme import Theme
from cnngraph.figure.turned import turned_alone

_LEADING, _AIR = 1.22, 1.2
"""Ems from line to line, and points that two lines keep at least."""


@dataclass(frozen=True, slots=True)
class Measure:
    """Lengths in points that all parts of a figure share."""

    em: float
    box: float
    """Width of a box."""
    theme: Theme
    most: float = inf
    """What words below a box may take; longer ones are cut."""
    words: float | None = None
    """The em of names of outputs, where it is not that of the rest."""
    down: bool = False
    """Whether what is laid out will be turned, and run from top to bottom."""
    across: float = inf
    """What a row may take across: what takes more is made longer instead, where it can be."""

    @property
    def gap(self) -> float:
        """Between two parts."""
        return (1.7 if self.down else 2.2) * self.em

    @property
    def straight(self) -> float:
        """What of a line is straight before it enters a part: lines that come from far to the side would enter it from
        there."""
        return self.head if self.down else 0.0

    def upright(self, items: Iterable[Primitive]) -> tuple[Primitive, ...]:
        """*items*, given as they stand on the page, as they are laid out."""
        return tuple(map(turned_alone, items)) if self.down else tuple(items)

    @property
    def line(self) -> Stroke:
        return Stroke(self.theme.ink, 0.085 * self.em)

    @property
    def dashed(self) -> Stroke:
        return Stroke(self.theme.ink, 0.085 * self.em, (0.3 * self.em, 0.22 * self.em))

    @property
    def head(self) -> float:
        return 0.62 * self.em

    @property
    def leading(self) -> float:
        """From line to line of words: more where letters are so high and deep that lines would touch."""
        return max(_LEADING * self.em, ascent("serif", self.em) + descent("serif", self.em) + _AIR)

    def apart(self, lines: Sequence[str]) -> float:
        """The same of *lines*, in which an author may have letters that are higher, or deeper."""
        if all(line.isascii() for line in lines):
            return self.leading
        inks = [ink(line, "serif", self.em) for line in lines]
        return max([self.leading, *(below + above + _AIR for (_, below), (above, _) in pairwise(inks))])


class Part(Protocol):
    """Something with a way in on the left and a way out on the right, both on its axis."""

    @property
    def first(self) -> str:
        """Name of the unit that the way in enters."""
        ...

    @property
    def last(self) -> str:
        """Name of the unit that the way out leaves."""
        ...

    @property
    def opens(self) -> bool:
        """Whether it begins with a gutter of its own, for lines that turn: the line into it has no head."""
        ...

    @property
    def closes(self) -> bool:
        """Whether it ends with such a gutter."""
        ...

    @property
    def forks(self) -> bool:
        """Whether the line into it is a trunk, from which its own lines go on."""
        ...

    @property
    def left(self) -> float:
        """From its border to where a line from the left meets it."""
        ...

    @property
    def right(self) -> float:
        """From where a line leaves it to its border on the right."""
        ...

    @property
    def top(self) -> float:
        """How far above the axis a line from above meets it."""
        ...

    @property
    def width(self) -> float: ...
    @property
    def up(self) -> float:
        """How far it reaches above the axis."""
        ...

    @property
    def down(self) -> float: ...
    @property
    def layers(self) -> tuple[str, ...]:
        """Names of all layers that are drawn in it."""
        ...

    def draw(self, x: float, axis: float) -> Iterator[Item]:
        """With its left border at *x*."""
        ...


class Plain:
    """What holds of most parts: lines meet their borders, and they have no gutters of their own."""

    opens: ClassVar[bool] = False
    closes: ClassVar[bool] = False
    forks: ClassVar[bool] = False

    @property
    def left(self) -> float:
        return 0.0

    @property
    def right(self) -> float:
        return 0.0


class Even(Plain):
    """A part that reaches as far below the axis as above it, and is met from above at its border."""

    @property
    @abstractmethod
    def up(self) -> float: ...

    @property
    def down(self) -> float:
        return self.up

    @property
    def top(self) -> float:
        return self.up


def straight(before: Part, after: Part, start: float, tip: float, axis: float, measure: Measure) -> Group:
    """The line between two parts on one axis, from *start* to *tip*."""
    drawn = (
        Path((Move((start, axis)), Line((tip - 0.8 * measure.head, axis))), measure.line),
        arrowhead((tip, axis), (1.0, 0.0), measure.head, measure.theme.ink),
    )
    return into(before.last, after, drawn)


def into(source: str, part: Part, drawn: Sequence[Primitive], title: str = "") -> Group:
    """What is drawn of the way into *part*: an edge, or what it and its lines begin with."""
    if part.forks:
        return Group(f"{source}-to-{part.first}", "decoration", tuple(drawn))
    return edge(source, part.first, drawn, title)
