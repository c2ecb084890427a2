"""An author's notes: a mark at the thing, and the words below the figure.

Styles know nothing of notes: a mark is put where what is drawn leaves room for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from cnngraph.figure.room import AIR, Room, box_of, leaves
from cnngraph.figure.scene import Group, Item, Rect, Scene, Text
from cnngraph.figure.stages import with_footer
from cnngraph.figure.text import ascent, descent, width, wrapped
from cnngraph.figure.theme import Theme
from cnngraph.figure.typeface import Font
from cnngraph.network import NOTE, Network
from cnngraph.units import units

_MARKS = "†‡§¶"


def with_notes(scene: Scene, networks: Sequence[Network], theme: Theme, page: float) -> Scene:
    """*scene*, a figure of *networks*, with a mark at everything that has a note, and below it the notes, in lines no
    longer than *page* points. What leaves no room for a mark is named before its note.

    A note on several things one after the other has its mark at the first.
    """
    notes = list(_notes(scene, networks))
    if not notes:
        return scene
    marks = dict(zip(dict.fromkeys(text for _, text, _ in notes), _marks(), strict=False))
    room = Room(scene)
    drawn: dict[str, list[Text]] = {}
    lines: list[str] = []
    for text, mark in marks.items():
        at = dict.fromkeys(group.id for group, each, _ in notes if each == text)
        groups = {group.id: group for group, each, _ in notes if each == text}
        found = {name: room.first(_places(groups[name], mark, room.size, theme), groups[name]) for name in at}
        for name, placed in found.items():
            if placed:
                drawn.setdefault(name, []).append(placed)
        named = [thing for group, each, thing in notes if each == text and not found[group.id]]
        before = mark if any(found.values()) else ""
        lines.append(" ".join(filter(None, [before, f"{', '.join(named)}:" if named else "", text])))
    marked = replace(scene, items=tuple(_with(item, drawn) for item in scene.items))
    long = max(page, scene.width) - 2 * room.size
    broken = [part for line in lines for part in wrapped(line, scene.font, room.size, long)]
    return with_footer(marked, broken, theme, id=NOTE)


def _notes(scene: Scene, networks: Sequence[Network]) -> Iterator[tuple[Group, str, str]]:
    """What has a note, the note, and what it is called, in the order of the networks."""
    owner: dict[str, Group] = {}
    for role in ("decoration", "edge", "layer"):
        for group in scene.groups():
            if group.role == role:
                owner.update(dict.fromkeys(group.layers, group))
    for number, network in enumerate(networks):
        prefix = f"{number + 1}." if len(networks) > 1 else ""
        before: set[str] = set()
        for unit in units(network).units:
            for text in (text for text in unit.notes if text not in before):
                if (at := owner.get(prefix + unit.name)) is not None:
                    yield at, text, unit.label or unit.name
            before = set(unit.notes)


def _marks() -> Iterator[str]:
    times = 1
    while True:
        yield from (mark * times for mark in _MARKS)
        times += 1


def _with(item: Item, drawn: dict[str, list[Text]]) -> Item:
    """*item* with the marks that were *drawn* at it."""
    if not isinstance(item, Group):
        return item
    items = tuple(_with(each, drawn) for each in item.items)
    own = drawn.pop(item.id, [])
    return item._replace(items=(*items, *own))


def _places(group: Group, mark: str, size: float, theme: Theme) -> Iterator[Text]:
    """Where *mark* may stand at *group*: behind its words, in the corner of its box, around it; at a thing without
    words as large as *size*."""
    inside = list(leaves(group))
    shapes = [box_of(item) for item in inside if not isinstance(item, Text)]
    texts = [item for item in inside if isinstance(item, Text)]
    for text in texts:
        box = box_of(text)
        for rise in (0.3 * text.size, 0.75 * text.size):
            if text.angle:
                yield text._replace(x=text.x - rise, y=box.top - 1.2 * AIR, content=mark, anchor="start")
            else:
                yield text._replace(x=box.right + 1.2 * AIR, y=text.y - rise, content=mark, anchor="start")
    size = texts[0].size if texts else size
    font: Font = texts[0].font if texts else "serif"
    long, high, low = width(mark, font, size), ascent(font, size), descent(font, size)
    rects = [item for item in inside if isinstance(item, Rect)]
    boxes = list(map(box_of, rects))
    for rect, box in zip(rects, boxes, strict=True):
        fill = texts[0].fill if texts else theme.on(rect.fill, theme.ink) if rect.fill else theme.ink
        yield Text(box.right - 2 * AIR - long, box.top + 2 * AIR + high, mark, size, font, fill=fill)
    for box in [*boxes, *shapes]:
        for step in (0.2, 0.6, 1.0, 1.6):
            air = step * size
            yield Text(box.right - long, box.top - air - low, mark, size, font, fill=theme.ink)
            yield Text(box.right + air, box.top + high, mark, size, font, fill=theme.ink)
            yield Text(box.right + air, box.top - air, mark, size, font, fill=theme.ink)
            yield Text(box.left, box.top - air - low, mark, size, font, fill=theme.ink)
            yield Text(box.right + air, box.bottom + air + high, mark, size, font, fill=theme.ink)
            yield Text(box.left - air - long, box.bottom + air + high, mark, size, font, fill=theme.ink)
