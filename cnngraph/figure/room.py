"""Where a finished figure leaves room for one more word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from cnngraph.figure.scene import (
    Circle,
    Curve,
    Group,
    Path,
    Picture,
    Point,
    Polygon,
    Primitive,
    Rect,
    Scene,
    Text,
)
from cnngraph.figure.text import ink, width

AIR = 1.0
"""Points that a word keeps from all other things."""
_ROUND = 8
"""Straight pieces that a curve is taken as."""


class Box(NamedTuple):
    """From the left upper corner to the right lower one."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def holds(self, other: Box) -> bool:
        inside = self.left <= other.left and other.right <= self.right
        return inside and self.top <= other.top and other.bottom <= self.bottom

    def crossed(self, a: Point, b: Point) -> bool:
        """Whether the line from *a* to *b* comes into it."""
        start, end = 0.0, 1.0
        for origin, way, low, high in (
            (a[0], b[0] - a[0], self.left, self.right),
            (a[1], b[1] - a[1], self.top, self.bottom),
        ):
            if way == 0:
                if not low < origin < high:
                    return False
                continue
            one, other = sorted(((low - origin) / way, (high - origin) / way))
            start, end = max(start, one), min(end, other)
        return start < end


class Room:
    """What is drawn, and the words that have found a place since."""

    def __init__(self, scene: Scene) -> None:
        texts = [item for item in scene.primitives() if isinstance(item, Text)]
        self.size = min((text.size for text in texts), default=10.0)
        """Of the smallest text."""
        self.page = Box(0.0, 0.0, scene.width, scene.height)
        self.texts = list(map(box_of, texts))
        self.lines = [line for item in scene.primitives() for line in straight(item)]
        self.fills = [box_of(item) for item in scene.primitives() if _is_filled(item)]

    def is_free(self, box: Box, air: float) -> bool:
        """Whether nothing is drawn in *box* on the page, nor within so much *air* of it."""
        wide = Box(box.left - air, box.top - air, box.right + air, box.bottom + air)
        if not self.page.holds(box) or any(wide.meets(each) for each in (*self.texts, *self.fills)):
            return False
        return not any(wide.crossed(*line) for line in self.lines)

    def free(self, texts: Iterable[Text], air: float) -> Text | None:
        """The first of *texts* with so much *air* around it that is free, which takes the place; None if none is."""
        for text in texts:
            if self.is_free(box := box_of(text), air):
                self.texts.append(box)
                return text
        return None

    def first(self, texts: Iterable[Text], at: Group) -> Text | None:
        """The first of *texts*, at what is drawn as *at*, for which there is room, and which takes it; None where there
        is none for any."""
        inside = list(leaves(at))
        shapes = [box_of(item) for item in inside if not isinstance(item, Text)]
        own = [box_of(item) for item in inside if _is_filled(item)]
        others = [fill for fill in self.fills if fill not in own and not any(fill.holds(shape) for shape in shapes)]
        for text in texts:
            box = box_of(text)
            wide = Box(box.left - AIR, box.top - AIR, box.right + AIR, box.bottom + AIR)
            if not self.page.holds(box) or any(wide.meets(each) for each in (*self.texts, *others)):
                continue
            if not any(box.crossed(*line) for line in self.lines):
                self.texts.append(box)
                return text
        return None


def leaves(group: Group) -> Iterator[Primitive]:
    """All primitives in *group*, out of the groups in it."""
    for item in group.items:
        if isinstance(item, Group):
            yield from leaves(item)
        else:
            yield item


def _is_filled(item: Primitive) -> bool:
    if isinstance(item, Picture):
        return True
    return isinstance(item, Rect | Circle | Polygon) and item.fill is not None


def _corners(item: Primitive) -> list[Point]:
    """Of what *item* covers, in order; of a curve points on it."""
    match item:
        case Rect(x, y, across, down) | Picture(x, y, across, down):
            return [(x, y), (x + across, y), (x + across, y + down), (x, y + down), (x, y)]
        case Circle(x, y, r):
            return [(x - r, y - r), (x + r, y - r), (x + r, y + r), (x - r, y + r), (x - r, y - r)]
        case Polygon(points):
            return [*points, points[0]]
        case Path(steps):
            found: list[Point] = []
            for step in steps:
                if isinstance(step, Curve):
                    found += [_on(found[-1], step, number / _ROUND) for number in range(1, _ROUND)]
                found.append(step.to)
            return found
    raise AssertionError(item)


def _on(start: Point, curve: Curve, at: float) -> Point:
    """The point on *curve* from *start*, 0 to 1 of the way."""
    weights = (1 - at) ** 3, 3 * at * (1 - at) ** 2, 3 * at**2 * (1 - at), at**3
    points = start, curve.control1, curve.control2, curve.to
    x, y = (sum(w * point[axis] for w, point in zip(weights, points, strict=True)) for axis in (0, 1))
    return x, y


def straight(item: Primitive) -> Iterator[tuple[Point, Point]]:
    """The lines that *item* is drawn with; curves in straight pieces."""
    return iter(()) if isinstance(item, Text) else pairwise(_corners(item))


def box_of(item: Primitive) -> Box:
    """Around what *item* covers; of text around its ink, but as long as it is set."""
    if not isinstance(item, Text):
        xs, ys = zip(*_corners(item), strict=True)
        return Box(min(xs), min(ys), max(xs), max(ys))
    long = width(item.content, item.font, item.size)
    above, below = ink(item.content, item.font, item.size)
    start = {"start": 0.0, "middle": -long / 2, "end": -long}[item.anchor]
    if item.angle == 90:
        return Box(item.x - above, item.y - start - long, item.x + below, item.y - start)
    return Box(item.x + start, item.y - above, item.x + start + long, item.y + below)
