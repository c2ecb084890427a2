"""A figure in stages for a lecture, and remarks below it: scenes made of scenes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cnngraph.figure.scene import Circle, Group, Item, Path, Point, Polygon, Primitive, Scene, Text
from cnngraph.figure.text import ascent, descent, width
from cnngraph.figure.theme import Theme
from cnngraph.figure.turned import mapped
from cnngraph.network import Network


def stages(scene: Scene, networks: Sequence[Network], *, by_block: bool = False) -> list[Scene]:
    """*scene*, a figure of *networks*, layer by layer: each stage has all of the one before at the same places, and one
    layer more, or one block *by_block*; of several networks one of each.

    A line appears with the later of the layers it joins, what is around layers with the last of them, and what belongs
    to none with the one drawn before it; titles are there from the first on.
    """
    order: dict[str, int] = {}
    for number, network in enumerate(networks, start=1):
        prefix = f"{number}." if len(networks) > 1 else ""
        blocks = _blocks(network) if by_block else {}
        parts: dict[tuple[str, str], int] = {}
        for item in scene.items:
            if isinstance(item, Group) and item.role == "layer" and item.id.startswith(prefix):
                around = {blocks.get(name.removeprefix(prefix), "") for name in item.layers or (item.id,)}
                block = around.pop() if len(around) == 1 else ""
                step = parts.setdefault((block, "" if block else item.id), len(parts))
                order.update(dict.fromkeys((*item.layers, item.id), step))
    appears: list[int] = []
    at = 0
    for item in scene.items:
        if isinstance(item, Group) and item.role == "layer":
            at = order[item.id]
            appears.append(at)
        elif isinstance(item, Group) and item.role == "edge":
            ends = [order[name] for key, name in item.data if key in ("src", "dst") and name in order]
            appears.append(max(ends, default=at))
        elif isinstance(item, Group) and any(name in order for name in item.layers):
            appears.append(max(order[name] for name in item.layers if name in order))
        else:
            appears.append(0 if isinstance(item, Text) and len(networks) > 1 else at)
    last = max(appears, default=0)
    return [
        replace(scene, items=tuple(item for item, first in zip(scene.items, appears, strict=True) if first <= stage))
        for stage in range(last + 1)
    ]


def _blocks(network: Network) -> dict[str, str]:
    """By layer the outermost block around it that has layers of its own, and not only blocks, as a stage has."""
    own = {layer.block for layer in network}
    found = {}
    for layer in network:
        names = layer.block.split(".")
        paths = (".".join(names[:end]) for end in range(1, len(names) + 1))
        found[layer.name] = next(path for path in paths if path in own)
    return found


def stacked(scenes: Sequence[Scene], gap: float, head: Text | None, *, across: bool = False) -> Scene:
    """*scenes* one under the other, or *across* the page, below *head*, with *gap* points between; what is of the first
    has ``1.`` before its id and its layers' names, what is of the second ``2.``."""
    items: list[Item] = [] if head is None else [head]
    top = 0.0 if head is None else head.y + descent(head.font, head.size) + gap / 2
    wide = high = x = 0.0
    y = top
    for number, scene in enumerate(scenes, start=1):
        items += [moved(item, y, f"{number}.", x) for item in scene.items]
        wide, high = max(wide, x + scene.width), max(high, y + scene.height)
        x, y = (x + scene.width, y) if across else (x, y + scene.height + gap)
    return Scene(
        width=wide if head is None else max(wide, 2 * head.x + width(head.content, head.font, head.size)),
        height=high,
        items=tuple(items),
        title=" and ".join(scene.title for scene in scenes) if head is None else head.content,
        description="; ".join(f"{scene.title}: {scene.description}" for scene in scenes),
        background=scenes[0].background,
        remarks=tuple(f"{scene.title}: {remark}" for scene in scenes for remark in scene.remarks),
    )


def above(scene: Scene, other: Scene) -> Scene:
    """*scene*, and below it *other*, which says the same in another way: no layer is drawn a second time by it."""
    return replace(
        scene,
        width=max(scene.width, other.width),
        height=scene.height + other.height,
        items=(*scene.items, *(retold(moved(item, scene.height)) for item in other.items)),
        remarks=(*scene.remarks, *other.remarks),
    )


def retold(item: Item) -> Item:
    """*item* as what says once more what is drawn elsewhere."""
    if not isinstance(item, Group):
        return item
    items = tuple(map(retold, item.items))
    return Group(f"{item.id}.again", "decoration", items, item.title, item.data)


def moved(item: Item, down: float, prefix: str = "", across: float = 0.0) -> Item:
    """*item* so far down and to the right, and its names with *prefix*."""

    def to(point: Point) -> Point:
        return point[0] + across, point[1] + down

    match item:
        case Group():
            data = tuple((key, prefix + name if key in ("src", "dst") else name) for key, name in item.data)
            items = tuple(moved(each, down, prefix, across) for each in item.items)
            layers = tuple(prefix + name for name in item.layers)
            return item._replace(id=prefix + item.id, items=items, data=data, layers=layers)
        case Polygon() | Path():
            return mapped(item, to)
    return item._replace(x=item.x + across, y=item.y + down)


def untitled(scene: Scene) -> Scene:
    """*scene* without the title at its top, and with the rest where that was."""
    if not scene.items or not isinstance(head := scene.items[0], Text):
        return scene
    rest = scene.items[1:]
    room = min(map(_top, replace(scene, items=rest).primitives()), default=head.x) - head.x
    return replace(scene, height=scene.height - room, items=tuple(moved(item, -room) for item in rest))


def _top(item: Primitive) -> float:
    """Where *item* begins above; of a turned text the middle."""
    match item:
        case Circle(_, y, radius):
            return y - radius
        case Polygon(points):
            return min(y for _, y in points)
        case Path(steps):
            return min(step.to[1] for step in steps)
        case Text(_, y, content, size, font, _, angle):
            return y - (width(content, font, size) / 2 if angle else ascent(font, size))
    return item.y


def told_kinds(scene: Scene, networks: Sequence[Network]) -> Scene:
    """*scene* whose groups of layers say what kind the first of theirs is: the word of the spec, as ``kind``."""
    several = len(networks) > 1
    words = {
        f"{number}.{layer.name}" if several else layer.name: layer.kind.word or "input"
        for number, network in enumerate(networks, start=1)
        for layer in network.layers
    }

    def told(item: Item) -> Item:
        if not isinstance(item, Group):
            return item
        items = tuple(map(told, item.items)) if any(isinstance(each, Group) for each in item.items) else item.items
        if item.role != "layer" or item.id not in words:
            return item._replace(items=items)
        return item._replace(items=items, data=(*item.data, ("kind", words[item.id])))

    return replace(scene, items=tuple(map(told, scene.items)))


def with_footer(scene: Scene, lines: list[str], theme: Theme, id: str = "counts") -> Scene:
    """*scene* with *lines* of text below it, as large as its smallest text, or as wide as the page takes."""
    font = scene.font
    sizes = [item.size for item in scene.primitives() if isinstance(item, Text)]
    size = min(sizes, default=10.0)
    margin = 0.9 * size
    y = scene.height
    added: list[Item] = []
    for line in lines:
        y += ascent(font, size)
        added.append(Text(margin, y, line, size, font, fill=theme.ink))
        y += descent(font, size) + 0.2 * size
    wide = max((width(line, font, size) + 2 * margin for line in lines), default=0.0)
    return replace(
        scene,
        width=max(scene.width, wide),
        height=y + 0.5 * size,
        items=(*scene.items, Group(id, "key", tuple(added))),
    )
