"""Two pictures of the same network on one page."""

from __future__ import annotations

from dataclasses import replace

from cnngraph.figure.scene import Group, Item, Scene
from cnngraph.figure.stages import moved


def above(scene: Scene, other: Scene) -> Scene:
    """*scene*, and below it *other*, which says the same in another way: no layer is drawn a second time by it."""
    return replace(
        scene,
        width=max(scene.width, other.width),
        height=scene.height + other.height,
        items=(*scene.items, *(_retold(moved(item, scene.height)) for item in other.items)),
        remarks=(*scene.remarks, *other.remarks),
    )


def _retold(item: Item) -> Item:
    """*item* as what stands for no layer and no tensor."""
    if not isinstance(item, Group):
        return item
    items = tuple(map(_retold, item.items))
    return Group(f"{item.id}.again", "decoration", items, item.title)
