"""Figures that run from top to bottom: layouts know one direction, and what they made is turned.

Turning swaps across and down, so that what came first stays first and what lay above lies on the left. Text that is to
stand upright in the end is laid out as text that reads upwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cnngraph.figure.scene import (
    Anchor,
    Circle,
    Curve,
    Group,
    Item,
    Path,
    Picture,
    Point,
    Polygon,
    Primitive,
    Rect,
    Text,
)

_FAR: dict[Anchor, Anchor] = {"start": "end", "middle": "middle", "end": "start"}


def turned(item: Item) -> Item:
    """*item* with across and down swapped; twice, and it is as it was."""
    return item._replace(items=tuple(map(turned, item.items))) if isinstance(item, Group) else turned_alone(item)


def turned_alone(item: Primitive) -> Primitive:
    """The same of what is no group."""
    match item:
        case Polygon() | Path():
            return mapped(item, lambda point: (point[1], point[0]))
        case Text():
            return item._replace(x=item.y, y=item.x, angle=0.0 if item.angle else 90.0, anchor=_FAR[item.anchor])
        case Circle():
            return item._replace(x=item.y, y=item.x)
        case Rect():
            return item._replace(x=item.y, y=item.x, width=item.height, height=item.width)
    raise TypeError(f"a {type(item).__name__} has one way up")


def flipped(items: Iterable[Item], width: float) -> list[Item]:
    """*items*, all their text upright, with left and right swapped on a page of *width* points, but in text."""

    def flip(item: Item) -> Item:
        match item:
            case Group():
                return item._replace(items=tuple(map(flip, item.items)))
            case Polygon() | Path():
                return mapped(item, lambda point: (width - point[0], point[1]))
            case Text():
                return item._replace(x=width - item.x, anchor=_FAR[item.anchor])
            case Rect() | Picture():
                return item._replace(x=width - item.x - item.width)
        return item._replace(x=width - item.x)

    return list(map(flip, items))


def mapped(item: Polygon | Path, to: Callable[[Point], Point]) -> Polygon | Path:
    """*item* with each of its points where *to* says."""
    if isinstance(item, Polygon):
        return item._replace(points=tuple(map(to, item.points)))
    steps = (
        Curve(to(step.control1), to(step.control2), to(step.to)) if isinstance(step, Curve) else type(step)(to(step.to))
        for step in item.steps
    )
    return item._replace(steps=tuple(steps))
