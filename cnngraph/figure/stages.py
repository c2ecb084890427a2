"""A figure in stages for a lecture, and remarks below it: scenes made of scenes."""

from __future__ import annotations

from dataclasses import replace

from cnngraph.figure.scene import Group, Item, Scene, Text
from cnngraph.figure.text import ascent, descent, width
from cnngraph.figure.theme import Theme


def stages(scene: Scene) -> list[Scene]:
    """*scene* layer by layer: each stage has all of the one before at the same places, and one layer more.

    A line appears with the later of the layers it joins, what belongs to no layer with the one drawn before it.
    """
    order: dict[str, int] = {}
    for item in scene.items:
        if isinstance(item, Group) and item.role == "layer":
            order.setdefault(item.id, len(order))
    appears: list[int] = []
    at = 0
    for item in scene.items:
        if isinstance(item, Group) and item.role == "layer":
            at = order[item.id]
            appears.append(at)
        elif isinstance(item, Group) and item.role == "edge":
            ends = [order[name] for key, name in item.data if key in ("src", "dst") and name in order]
            appears.append(max(ends, default=at))
        else:
            appears.append(at)
    last = max(appears, default=0)
    return [
        replace(scene, items=tuple(item for item, first in zip(scene.items, appears, strict=True) if first <= stage))
        for stage in range(last + 1)
    ]


def with_footer(scene: Scene, lines: list[str], theme: Theme) -> Scene:
    """*scene* with *lines* of text below it, as large as its smallest text, or as wide as the page takes."""
    sizes = [item.size for item in scene.primitives() if isinstance(item, Text)]
    size = min(sizes, default=10.0)
    margin = 0.9 * size
    y = scene.height
    added: list[Item] = []
    for line in lines:
        y += ascent("serif", size)
        added.append(Text(margin, y, line, size, "serif", fill=theme.ink))
        y += descent("serif", size) + 0.2 * size
    wide = max((width(line, "serif", size) + 2 * margin for line in lines), default=0.0)
    return replace(
        scene,
        width=max(scene.width, wide),
        height=y + 0.5 * size,
        items=(*scene.items, Group("counts", "key", tuple(added))),
    )
