"""A figure before it is a file: a few primitives with exact coordinates.

Lengths are in points, x grows to the right and y downwards, (0, 0) is the top left corner.
Styles make scenes and writers write them down; neither knows the other. Primitives are named tuples, as a figure has
many.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from cnngraph.figure.colors import Color
from cnngraph.figure.typeface import Font, Typeface

Anchor = Literal["start", "middle", "end"]
Point = tuple[float, float]


class Stroke(NamedTuple):
    """How a line is drawn."""

    color: Color
    width: float
    dash: tuple[float, ...] = ()


class Rect(NamedTuple):
    """A rectangle, from its upper left corner."""

    x: float
    y: float
    width: float
    height: float
    fill: Color | None = None
    stroke: Stroke | None = None


class Circle(NamedTuple):
    """A circle around a point."""

    x: float
    """Of the centre, as *y*."""
    y: float
    radius: float
    fill: Color | None = None
    stroke: Stroke | None = None


class Polygon(NamedTuple):
    """A closed outline."""

    points: tuple[Point, ...]
    fill: Color | None = None
    stroke: Stroke | None = None


class Move(NamedTuple):
    """Where a path begins."""

    to: Point


class Line(NamedTuple):
    """A straight step of a path."""

    to: Point


class Curve(NamedTuple):
    """A cubic Bézier curve."""

    control1: Point
    control2: Point
    to: Point


class Path(NamedTuple):
    """An open line; it begins with a `Move`."""

    steps: tuple[Move | Line | Curve, ...]
    stroke: Stroke


class Text(NamedTuple):
    """One run in one font. (x, y) is the end, middle or start of its baseline."""

    x: float
    y: float
    content: str
    size: float
    font: Font = "serif"
    anchor: Anchor = "start"
    angle: float = 0.0
    """Degrees, counter-clockwise about (x, y): 90 reads from bottom to top."""
    fill: Color = "#000000"


class Picture(NamedTuple):
    """An image file's pixels, stretched over a rectangle."""

    x: float
    y: float
    width: float
    height: float
    png: bytes


class Group(NamedTuple):
    """What belongs to one layer or edge of the network."""

    id: str
    """The layer's name; ``source--target`` for an edge. Unique in a scene."""
    role: Literal["layer", "edge", "output", "network", "key", "decoration"]
    items: tuple[Item, ...]
    title: str = ""
    """Said on hover and by screen readers: ``conv1: 28×28×6, 156 parameters, 117,600 MACs``."""
    data: tuple[tuple[str, str], ...] = ()
    """More facts, written as ``data-…`` where a format has room: ``(("src", "image"), ("dst", "conv1"))``."""
    layers: tuple[str, ...] = ()
    """Names of all layers of the network that it stands for, also of those that are folded into it; in a figure of two
    networks with the prefix that its id has."""


def edge(source: str, target: str, drawn: Iterable[Item], title: str = "", layers: tuple[str, ...] = ()) -> Group:
    """What is drawn of a tensor on its way between two groups, by their ids, and through *layers* on the way."""
    return Group(f"{source}--{target}", "edge", tuple(drawn), title, (("src", source), ("dst", target)), layers)


def way_out(output: str) -> str:
    """The id of the group that the name of an output is: an edge leads there."""
    return f"{output}--out"


Primitive = Rect | Circle | Polygon | Path | Text | Picture
Item = Primitive | Group


def colors(item: Item) -> Iterator[Color]:
    """What *item* is filled with and its lines have, but for text."""
    match item:
        case Group(items=items):
            for each in items:
                yield from colors(each)
        case Path():
            yield item.stroke.color
        case Rect() | Circle() | Polygon():
            yield from filter(None, (item.fill, item.stroke.color if item.stroke else None))


@dataclass(frozen=True, slots=True)
class Scene:
    """A figure: what to draw, in order, on a page of *width* x *height* points."""

    width: float
    height: float
    items: tuple[Item, ...]
    title: str
    description: str
    background: Color | None = "#ffffff"
    remarks: tuple[str, ...] = ()
    """What whoever asked for the figure should know of how it was made; no part of the figure."""
    typeface: Typeface | None = None
    """What its text was measured in; None: the fonts that ship."""

    def primitives(self) -> Iterator[Primitive]:
        """All primitives in drawing order, out of their groups."""
        stack: list[Item] = list(reversed(self.items))
        while stack:
            item = stack.pop()
            if isinstance(item, Group):
                stack.extend(reversed(item.items))
            else:
                yield item

    @property
    def font(self) -> Font:
        """What the words of its layers are set in; words about all of it are too."""
        layers = (item for group in self.groups() if group.role == "layer" for item in group.items)
        return next((item.font for item in layers if isinstance(item, Text) and item.font != "serif-italic"), "serif")

    def groups(self) -> Iterator[Group]:
        stack: list[Item] = list(reversed(self.items))
        while stack:
            item = stack.pop()
            if isinstance(item, Group):
                yield item
                stack.extend(reversed(item.items))
