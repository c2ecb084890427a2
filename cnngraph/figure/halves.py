"""Two pictures of the same network on one page."""

from __future__ import annotations

from dataclasses import replace

from cnngraph.figure.scene import (
    Circle,
    Curve,
    Group,
    Item,
    Line,
    Move,
    Path,
    Picture,
    Point,
    Polygon,
    Rect,
    Scene,
    Text,
)


def above(scene: Scene, other: Scene) -> Scene:
    """*scene*, and below it *other*, which says the same in another way: no layer is drawn a second time by it."""
    return replace(
        scene,
        width=max(scene.width, other.width),
        height=scene.height + other.height,
        items=(*scene.items, *(_retold(_lower(item, scene.height)) for item in other.items)),
        remarks=(*scene.remarks, *other.remarks),
    )


def _retold(item: Item) -> Item:
    """*item* as what stands for no layer and no tensor."""
    if not isinstance(item, Group):
        return item
    items = tuple(map(_retold, item.items))
    return Group(f"{item.id}.again", "decoration", items, item.title)


def _lower(item: Item, by: float) -> Item:
    """*item*, *by* points further down."""

    def point(at: Point) -> Point:
        return at[0], at[1] + by

    match item:
        case Group():
            return item._replace(items=tuple(_lower(each, by) for each in item.items))
        case Polygon():
            return item._replace(points=tuple(map(point, item.points)))
        case Path():
            return item._replace(steps=tuple(_lowered(step, by) for step in item.steps))
        case Circle() | Rect() | Text() | Picture():
            return item._replace(y=item.y + by)


def _lowered(step: Move | Line | Curve, by: float) -> Move | Line | Curve:
    if isinstance(step, Curve):
        (ax, ay), (bx, by_), (x, y) = step
        return Curve((ax, ay + by), (bx, by_ + by), (x, y + by))
    return step._replace(to=(step.to[0], step.to[1] + by))
