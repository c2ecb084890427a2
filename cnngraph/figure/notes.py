"""An author's notes: a mark at the thing, and the words below the figure.

Styles know nothing of notes: a mark is put where what is drawn leaves room for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from cnngraph.diagnostics import CnngraphError, Label
from cnngraph.figure.scene import (
    Circle,
    Curve,
    Font,
    Group,
    Item,
    Path,
    Picture,
    Point,
    Polygon,
    Primitive,
    Rect,
    Scene,
    Text,
)
from cnngraph.figure.stages import with_footer
from cnngraph.figure.text import ascent, descent, ink, runs, width, wrapped
from cnngraph.figure.theme import Theme
from cnngraph.network import NOTE, Annotation, Network
from cnngraph.units import units

_MARKS = "†‡§¶"
_AIR = 1.0
"""Points that a mark keeps from all other things."""
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


def with_notes(scene: Scene, networks: Sequence[Network], theme: Theme, page: float) -> Scene:
    """*scene*, a figure of *networks*, with a mark at everything that has a note, and below it the notes, in lines no
    longer than *page* points. What leaves no room for a mark is named before its note.

    A note on several things one after the other has its mark at the first. Raises `CnngraphError` (E0601) for a
    character that no font has.
    """
    notes = list(_notes(scene, networks))
    if not notes:
        return scene
    marks = dict(zip(dict.fromkeys(text for _, text, _ in notes), _marks(), strict=False))
    room = _Room(scene)
    drawn: dict[str, list[Text]] = {}
    lines: list[str] = []
    for text, mark in marks.items():
        at = dict.fromkeys(group.id for group, each, _ in notes if each == text)
        groups = {group.id: group for group, each, _ in notes if each == text}
        found = {name: room.place(groups[name], mark, theme) for name in at}
        for name, placed in found.items():
            if placed:
                drawn.setdefault(name, []).append(placed)
        named = [thing for group, each, thing in notes if each == text and not found[group.id]]
        before = mark if any(found.values()) else ""
        lines.append(" ".join(filter(None, [before, f"{', '.join(named)}:" if named else "", text])))
    marked = replace(scene, items=tuple(_with(item, drawn) for item in scene.items))
    long = max(page, scene.width) - 2 * room.size
    broken = [part for line in lines for part in wrapped(line, "serif", room.size, long)]
    return with_footer(marked, broken, theme, NOTE)


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
            said = {_words(each): each for layer in unit.layers for each in layer.annotations if each.name == NOTE}
            for text in (text for text in said if text and text not in before):
                if (at := owner.get(prefix + unit.name)) is not None:
                    _drawable(text, said[text])
                    yield at, text, unit.label or unit.name
            before = set(said)


def _words(note: Annotation) -> str:
    return " ".join(str(note.arguments[0]).split())


def _drawable(text: str, note: Annotation) -> None:
    """Raises `CnngraphError` where *note* is written for a character that no font has."""
    try:
        runs(text, "serif")
    except CnngraphError as error:
        at = Label(note.span) if note.span else None
        raise CnngraphError([replace(each, label=at) for each in error.diagnostics]) from None


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


class _Room:
    """What is drawn, and the marks so far."""

    def __init__(self, scene: Scene) -> None:
        self.page = Box(0.0, 0.0, scene.width, scene.height)
        texts = [item for item in scene.primitives() if isinstance(item, Text)]
        self.size = min((text.size for text in texts), default=10.0)
        """Of the smallest text."""
        self.texts = list(map(_box, texts))
        self.lines = [line for item in scene.primitives() for line in _lines(item)]
        self.fills = [_box(item) for item in scene.primitives() if _is_filled(item)]

    def place(self, group: Group, mark: str, theme: Theme) -> Text | None:
        """*mark* where there is room for it at *group*; None where there is none."""
        inside = list(_leaves(group))
        shapes = [_box(item) for item in inside if not isinstance(item, Text)]
        own = [_box(item) for item in inside if _is_filled(item)]
        others = [fill for fill in self.fills if fill not in own and not any(fill.holds(shape) for shape in shapes)]
        for text in _places(inside, shapes, mark, self.size, theme):
            box = _box(text)
            wide = Box(box.left - _AIR, box.top - _AIR, box.right + _AIR, box.bottom + _AIR)
            if not self.page.holds(box) or any(wide.meets(each) for each in (*self.texts, *others)):
                continue
            if not any(box.crossed(*line) for line in self.lines):
                self.texts.append(box)
                return text
        return None


def _places(inside: Sequence[Primitive], shapes: Sequence[Box], mark: str, size: float, theme: Theme) -> Iterator[Text]:
    """Where *mark* may stand at what is drawn of a thing: behind its words, in the corner of its box, around it; of a
    thing without words with *size*."""
    texts = [item for item in inside if isinstance(item, Text)]
    for text in texts:
        box = _box(text)
        for rise in (0.3 * text.size, 0.75 * text.size):
            if text.angle:
                yield text._replace(x=text.x - rise, y=box.top - 1.2 * _AIR, content=mark, anchor="start")
            else:
                yield text._replace(x=box.right + 1.2 * _AIR, y=text.y - rise, content=mark, anchor="start")
    size = texts[0].size if texts else size
    font: Font = texts[0].font if texts else "serif"
    long, high, low = width(mark, font, size), ascent(font, size), descent(font, size)
    boxes = [_box(item) for item in inside if isinstance(item, Rect)]
    fill = texts[0].fill if texts else theme.ink
    for box in boxes:
        yield Text(box.right - 2 * _AIR - long, box.top + 2 * _AIR + high, mark, size, font, fill=fill)
    for box in [*boxes, *shapes]:
        for step in (0.2, 0.6, 1.0, 1.6):
            air = step * size
            yield Text(box.right - long, box.top - air - low, mark, size, font, fill=theme.ink)
            yield Text(box.right + air, box.top + high, mark, size, font, fill=theme.ink)
            yield Text(box.right + air, box.top - air, mark, size, font, fill=theme.ink)
            yield Text(box.left, box.top - air - low, mark, size, font, fill=theme.ink)
            yield Text(box.right + air, box.bottom + air + high, mark, size, font, fill=theme.ink)
            yield Text(box.left - air - long, box.bottom + air + high, mark, size, font, fill=theme.ink)


def _leaves(group: Group) -> Iterator[Primitive]:
    for item in group.items:
        if isinstance(item, Group):
            yield from _leaves(item)
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


def _lines(item: Primitive) -> Iterator[tuple[Point, Point]]:
    return iter(()) if isinstance(item, Text) else pairwise(_corners(item))


def _box(item: Primitive) -> Box:
    if not isinstance(item, Text):
        xs, ys = zip(*_corners(item), strict=True)
        return Box(min(xs), min(ys), max(xs), max(ys))
    long = width(item.content, item.font, item.size)
    above, below = ink(item.content, item.font, item.size)
    start = {"start": 0.0, "middle": -long / 2, "end": -long}[item.anchor]
    if item.angle == 90:
        return Box(item.x - above, item.y - start - long, item.x + below, item.y - start)
    return Box(item.x + start, item.y - above, item.x + start + long, item.y + below)
