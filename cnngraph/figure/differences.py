"""The figure of a comparison: both networks, one under the other, with what was changed marked and told below.

Networks that are one path with shortcuts over it are strips, each layer over its partner; others are drawn in blocks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from cnngraph.comparison.compare import Comparison
from cnngraph.comparison.report import called, described, folded, headline
from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.page import SLIDE
from cnngraph.figure.scene import Circle, Group, Item, Rect, Scene, Stroke, Text
from cnngraph.figure.stages import with_footer
from cnngraph.figure.styles import Order, draw, hold_to_truth, with_unknown
from cnngraph.figure.styles.strip import strip
from cnngraph.figure.text import width, wrapped
from cnngraph.figure.theme import LIGHT, Theme
from cnngraph.figure.tracks import Aligned, Mark
from cnngraph.figure.typeface import Typeface, using
from cnngraph.titles import told_apart

_SIGNS = {"added": "+", "removed": "−", "changed": "~"}
_MOST = 16
"""How many remarks there is room for below the figure."""


def differences(
    comparison: Comparison, *, width: float = SLIDE, theme: Theme = LIGHT, typeface: Typeface | None = None
) -> Scene:
    """The figure, at most *width* points wide but for what is told below it; text in *typeface* instead of what ships.
    Raises `CnngraphError` (E0604) for a width that is too small."""
    with using(typeface):
        drawn = _drawn(comparison, width, theme.of((comparison.a, comparison.b)), typeface)
        return with_unknown(replace(drawn, typeface=typeface))


def _drawn(comparison: Comparison, wide: float, theme: Theme, typeface: Typeface | None) -> Scene:
    networks = told_apart((comparison.a, comparison.b))
    marks: dict[str, Mark] = {}
    remarks: list[tuple[Mark | None, str]] = [(None, headline(comparison))]
    remarks += [(Mark("changed", _SIGNS["changed"]), str(change)) for change in comparison.what]
    changes = list(folded(comparison.causes))
    for number, rows in enumerate(changes, start=1):
        kind = rows[0].kind
        assert kind in ("added", "removed", "changed")
        mark = Mark(kind, f"{_SIGNS[kind]}{number if number <= _MOST else ''}")
        for row in rows:
            marks |= {f"1.{name}": mark for name in row.a} | {f"2.{name}": mark for name in row.b}
        if number <= _MOST:
            remarks.append((mark, f"{called(rows)}: {described(rows)}"))
    if len(changes) > _MOST:
        remarks.append((None, f"and {len(changes) - _MOST} more"))
    try:
        scene = strip(networks, width=wide, theme=theme, aligned=Aligned(comparison.layers, marks))
        hold_to_truth(scene, networks)
    except CnngraphError as error:
        if error.diagnostics[0].code != "E0606":
            raise
        scene = _marked(draw(Order(networks, "blocks", wide, theme, typeface=typeface)), marks, theme)
    return _with_remarks(scene, remarks, theme)


def _with_remarks(scene: Scene, remarks: Sequence[tuple[Mark | None, str]], theme: Theme) -> Scene:
    """*scene* with *remarks* below it; those that have a mark stand to the right of it, in all their lines."""
    size, font = _least_text(scene), scene.font
    room = scene.width - 2 * size
    indent = max((width(mark.text, font, size) + 0.6 * size for mark, _ in remarks if mark is not None), default=0.0)
    lines: list[tuple[Mark | None, float, str]] = []
    for mark, words in remarks:
        own = 0.0 if mark is None else indent
        first, *others = wrapped(words, font, size, room - own)
        lines += [(mark, own, first), *((None, own, line) for line in others)]
    told = with_footer(scene, [words for _, _, words in lines], theme)
    below = told.items[-1]
    assert isinstance(below, Group)
    items: list[Item] = []
    for (mark, own, _), text in zip(lines, below.items, strict=True):
        assert isinstance(text, Text)
        if mark is not None:
            items.append(text._replace(content=mark.text, fill=getattr(theme, mark.sort)))
        items.append(text._replace(x=text.x + own))
    return replace(told, items=(*told.items[:-1], below._replace(items=tuple(items))))


def _least_text(scene: Scene) -> float:
    return min(item.size for item in scene.primitives() if isinstance(item, Text))


# In blocks -----------------------------------------------------------------------------------

_OUTLINE, _DASH, _AIR = 0.2, (0.4, 0.25), 0.35
"""Ems: how wide the outline is of what was changed, its dashes where that was removed, air below a circle's sign."""


def _marked(scene: Scene, marks: Mapping[str, Mark], theme: Theme) -> Scene:
    """*scene* with the layers that have *marks* outlined, and their signs in front of what stands below them. A box
    that stands for several layers is changed when they have not all the same mark."""
    em = _least_text(scene)
    return replace(scene, items=tuple(_with_mark(item, marks, em, theme) for item in scene.items))


def _with_mark(item: Item, marks: Mapping[str, Mark], em: float, theme: Theme) -> Item:
    if not isinstance(item, Group):
        return item
    if item.role != "layer":
        return item._replace(items=tuple(_with_mark(each, marks, em, theme) for each in item.items))
    found = {marks.get(name) for name in item.layers}
    shape = next((each for each in item.items if isinstance(each, Rect | Circle)), None)
    if shape is None or found <= {None}:
        return item
    mark = _common(found)
    color = getattr(theme, mark.sort)
    dash = tuple(part * em for part in _DASH) if mark.sort == "removed" else ()
    outlined = shape._replace(stroke=Stroke(color, _OUTLINE * em, dash))
    items = [outlined if each is shape else each for each in item.items]
    texts = [at for at, each in enumerate(items) if isinstance(each, Text)]
    if isinstance(shape, Circle) or not texts:
        items.append(Text(shape.x, _top(shape) - _AIR * em, mark.text, em, "serif", "middle", fill=color))
    else:
        # With the volume below the box, or with the last line in it.
        last = items[texts[-1]]
        assert isinstance(last, Text)
        fill = color if last.y > shape.y + shape.height else last.fill
        items[texts[-1]] = last._replace(content=f"{mark.text} {last.content}", fill=fill)
    return item._replace(items=tuple(items))


def _common(marks: Collection[Mark | None]) -> Mark:
    """What is said of layers with *marks* that are one box."""
    (first, *others) = marks
    if first is not None and not others:
        return first
    sorts = {mark.sort if mark is not None else None for mark in marks}
    sort = first.sort if first is not None and len(sorts) == 1 else "changed"
    return Mark(sort, _SIGNS[sort])


def _top(shape: Rect | Circle) -> float:
    return shape.y if isinstance(shape, Rect) else shape.y - shape.radius
