"""The style of the lecture's plain and residual networks: a narrow box for each weighted layer, arcs above.

Several networks stand under one another, box by box: what is the n-th weighted layer of each has the
same place. A strip too long for the width goes on in more rows, cut where no arc is open.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from cnngraph.figure.heading import heading
from cnngraph.figure.page import SLIDE
from cnngraph.figure.scene import Curve, Group, Item, Line, Move, Path, Primitive, Rect, Scene, Stroke, Text
from cnngraph.figure.shapes import arrow, arrowhead
from cnngraph.figure.spine import Spine, spine
from cnngraph.figure.styles.stops import SAME_WEIGHTS
from cnngraph.figure.text import ascent, descent, fit
from cnngraph.figure.text import width as text_width
from cnngraph.figure.theme import Theme
from cnngraph.figure.tracks import Span, Stop, Track, aligned, cut
from cnngraph.layers.kind import Kind
from cnngraph.network import Network
from cnngraph.units import Unit
from cnngraph.volume import Dim

_SLIDE_TEXT, _COMPARED_TEXT, _LEAST_TEXT = 14.0, 11.5, 6.1
"""Points. Networks that are compared keep to a row each as long as they can: 11.5 on a slide is 6 pt when the
slide is printed 178 mm wide."""
_PITCH, _BOX, _LARGEST_PITCH = 1.95, 1.35, 2.6
"""Ems: from box to box, a box's width, and the most that a short strip is spread."""
_MARGIN, _TITLE, _ROW_GAP = 1.2, 2.2, 1.6
"""Ems: the page's border, room for the title on the left, air between rows."""
_LEAD = 1.2
"""Ems for the arrow with which a row goes on, where no title stands beside it."""
_UNDER_HEADING = 1.2
"""Ems from the heading to what is highest below it."""
_ARC, _ARC_STEP = 3.6, 1.1
"""Ems: how high an arc rises above the boxes, and how much each arc inside it adds."""
_TAIL = 0.7
"""Ems that the arrow at a row's end reaches beyond the gap."""
_PADDING = 0.55
"""Ems between a box's end and its text."""


@dataclass(frozen=True, slots=True)
class _Measure:
    """Lengths in points."""

    em: float
    pitch: float
    box: float
    height: float
    left: float
    """Where the first column's middle is."""

    def x(self, column: int, row: range) -> float:
        return self.left + (column - row.start) * self.pitch


def strip(
    networks: Sequence[Network], *, width: float, theme: Theme, titles: Sequence[str | None] | None = None
) -> Scene:
    """*networks* as strips at most *width* points wide, one under the other.

    Raises `CnngraphError` (E0606) for a network that is not one path with shortcuts over it.
    """
    spines = [spine(network, "strip") for network in networks]
    names = [title or n.title or n.name for n, title in zip(networks, titles or [None] * len(networks), strict=True)]
    strips = aligned(spines, names)
    fills = {each.prefix + name: color for each in strips for name, color in _fills(each.spine, theme).items()}
    text = _SLIDE_TEXT if len(networks) == 1 else _COMPARED_TEXT
    em = max(_LEAST_TEXT, min(text, text * width / SLIDE))
    measure, rows = _fitted(strips, em, width)
    items: list[Item] = []
    y, right = _MARGIN * em, 0.0
    if len(strips) == 1:
        head = heading(names[0], em, width, _MARGIN * em, theme)
        items.append(head)
        y += ascent(head.font, head.size) + _UNDER_HEADING * em
        right = head.x + text_width(head.content, head.font, head.size)
    for row in rows:
        for each in strips:
            if row.start > each.last_column:
                continue
            levels = [span.level for span in each.arcs_in(row)]
            y += (_ARC + _ARC_STEP * (max(levels) - 1)) * em if levels else 0.0
            if row.start == 0 and len(strips) > 1:
                items.append(_title(each.title, measure, y + measure.height / 2, theme))
            items += _row(each, row, measure, y, fills, theme)
            goes_on = row.stop <= each.last_column or each.last_column in each.arc_ends
            tail = measure.pitch - measure.box + _TAIL * em if goes_on else 0.0
            right = max(right, measure.x(min(row.stop - 1, each.last_column), row) + measure.box / 2 + tail)
            y += measure.height + _ROW_GAP * em
    return Scene(
        width=right + _MARGIN * em,
        height=y - (_ROW_GAP - _MARGIN) * em,
        items=tuple(items),
        title=" and ".join(names),
        description="; ".join(f"{s.title}: {', '.join(label(stop.unit) for stop in s.stops)}" for s in strips),
        background=theme.background,
    )


def _fills(spine: Spine, theme: Theme) -> dict[str, str]:
    """A colour for each resolution, in order; the stem's for the first, none for vectors.

    All that an arc passes over has the colour of where the arc ends: a block is of one stage.
    """
    stages: dict[tuple[Dim, Dim], str] = {}
    fills = {}
    block_end = list(range(len(spine.units)))
    for arc in sorted(spine.arcs, key=lambda arc: arc.join - arc.source):
        for number in range(arc.source + 1, arc.join):
            block_end[number] = arc.join
    for unit, end in zip(spine.units, block_end, strict=True):
        volume = spine.units[end].output
        if not volume.is_map or not unit.weighted:
            fills[unit.name] = theme.paper
            continue
        key = (volume.height, volume.width)
        if key not in stages:
            stages[key] = theme.stages[(len(stages) - 1) % len(theme.stages)] if stages else theme.stem
        fills[unit.name] = stages[key]
    return fills


def label(unit: Unit) -> str:
    """As on the slide: ``3×3 conv, 128, /2``; ``pool, /2``; ``fc 1000``; ``image``."""
    if not unit.lead.inputs:
        return unit.name
    return _words(unit.does.kind) + (f", {SAME_WEIGHTS}" if unit.shares else "")


@lru_cache(maxsize=1024)
def _words(kind: Kind) -> str:
    caption = kind.caption()
    if kind.family == "dense":
        return f"fc {caption.size}"
    name = caption.short
    if kind.family == "conv":
        assert caption.window is not None
        name = f"{caption.window[0]}×{caption.window[1]} {name}"
    parts = [name, *([caption.size] if caption.size else [])]
    if caption.stride is not None and caption.stride != (1, 1):
        stride = caption.stride
        parts.append(f"/{stride[0]}" if stride[0] == stride[1] else f"/{stride[0]}×{stride[1]}")
    if kind.family not in ("pool", "join"):
        parts += caption.details
    return ", ".join(parts)


# Rows ----------------------------------------------------------------------------------------


def _fitted(strips: list[Track], em: float, width: float) -> tuple[_Measure, list[range]]:
    """The rows that fit, as even as the places to cut allow, and the pitch that fills the width."""
    labels = {label(stop.unit) for each in strips for stop in each.stops}
    height = max(text_width(words, "sans", em) for words in labels) + 2 * _PADDING * em
    columns = 1 + max(each.last_column for each in strips)
    left = (_MARGIN + (_TITLE if len(strips) > 1 else _LEAD)) * em + _BOX * em / 2
    room = width - left + (_BOX / 2 - _TAIL - _MARGIN) * em
    most = max(1, int(room / (_PITCH * em)))
    rows = cut(strips, columns, most)
    longest = max(len(row) for row in rows)
    pitch = min(_LARGEST_PITCH * em, max(_PITCH * em, room / longest))
    return _Measure(em, pitch, _BOX * em, height, left), rows


def _row(each: Track, row: range, measure: _Measure, y: float, fills: dict[str, str], theme: Theme) -> list[Item]:
    """One row of one strip; *y* is the top of its boxes."""
    em, middle = measure.em, y + measure.height / 2
    line = Stroke(theme.ink, 0.075 * em)
    index = bisect_left(each.columns, row.start)
    stops = each.stops[index : bisect_left(each.columns, row.stop)]
    items: list[Item] = [_arc(each, span, row, measure, y, middle, theme) for span in each.arcs_in(row)]
    before = each.stops[index - 1] if index else None
    for stop in stops:
        if before is not None:
            tip = measure.x(stop.column, row) - _half(stop, measure)
            begins = before.column in row
            start = measure.x(before.column, row) + _half(before, measure) if begins else tip - 1.6 * em
            ids = (each.prefix + before.unit.name, each.prefix + stop.unit.name)
            head = min(0.5 * em, tip - start)
            items.append(_edge(ids, arrow((start, middle), (tip, middle), line, head)))
        fill = fills[each.prefix + stop.unit.name]
        items.append(_stop(each, stop, measure.x(stop.column, row), y, measure, fill, theme))
        before = stop
    if stops[-1] is not each.stops[-1] or stops[-1].column in each.arc_ends:
        # What goes on in the next row, which begins with the same arrow; or the way out, on which an arc lands.
        start = measure.x(stops[-1].column, row) + _half(stops[-1], measure)
        tail = (start + measure.pitch - measure.box + _TAIL * em, middle)
        drawn = arrow((start, middle), tail, line, 0.5 * em)
        items.append(Group(f"{each.prefix}after-{stops[-1].unit.name}", "decoration", drawn))
    return items


def _title(title: str, measure: _Measure, middle: float, theme: Theme) -> Text:
    """Beside a strip that stands among others, turned; a long one is set smaller, and cut at last."""
    room = measure.height + _ROW_GAP * measure.em
    size = measure.em * max(1.0, min(1.15, room / max(0.1, text_width(title, "sans", measure.em))))
    x = _MARGIN * measure.em + ascent("sans", size)
    return Text(x, middle, fit(title, "sans", size, room), size, "sans", "middle", 90, theme.ink)


def _half(stop: Stop, measure: _Measure) -> float:
    """From a stop's middle to where an arrow touches it."""
    return measure.box / 2 if stop.boxed else 0.62 * measure.em


def _stop(each: Track, stop: Stop, x: float, y: float, measure: _Measure, fill: str, theme: Theme) -> Group:
    em = measure.em
    baseline = x + (ascent("sans", em) - descent("sans", em)) / 2
    text = Text(baseline, y + measure.height / 2, label(stop.unit), em, "sans", "middle", 90, theme.ink)
    drawn: list[Primitive] = [text]
    if stop.boxed:
        edge = Stroke(theme.faint, 0.06 * em)
        drawn.insert(0, Rect(x - measure.box / 2, y, measure.box, measure.height, fill, edge))
    return Group(each.prefix + stop.unit.name, "layer", tuple(drawn), stop.unit.about, layers=each.names_at(stop))


def _edge(ids: tuple[str, str], drawn: tuple[Primitive, ...], title: str = "", layers: tuple[str, ...] = ()) -> Group:
    return Group(f"{ids[0]}--{ids[1]}", "edge", drawn, title, (("src", ids[0]), ("dst", ids[1])), layers)


def _arc(each: Track, span: Span, row: range, measure: _Measure, y: float, middle: float, theme: Theme) -> Group:
    """Up from the line before the first box, over all of them with the head at the top, and down behind the last."""
    em = measure.em
    # Arcs that meet between two boxes part on the way up; an outer one stays nearer to its neighbour.
    spread = (measure.pitch - measure.box) * 0.3 / span.level
    foot = measure.x(span.first, row) - measure.pitch / 2, measure.x(span.last, row) + measure.pitch / 2
    start, end = foot[0] + spread, foot[1] - spread
    top = y - (_ARC + _ARC_STEP * (span.level - 1)) * em + 0.5 * em
    crown, apex = 0.5523, (start + end) / 2
    shoulder = y - 0.15 * em
    rise, half = shoulder - top, (end - start) / 2
    dash = (0.18 * em, 0.16 * em) if span.arc.through else ()
    line = Stroke(theme.ink, 0.085 * em, dash)
    steps = (
        Move((foot[0], middle)),
        Line((start, shoulder)),
        Curve((start, shoulder - crown * rise), (apex - crown * half, top), (apex, top)),
        Curve((apex + crown * half, top), (end, shoulder - crown * rise), (end, shoulder)),
        Line((foot[1], middle)),
    )
    source, join = each.spine.units[span.arc.source], each.spine.units[span.arc.join]
    kind = " and ".join(unit.about for unit in span.arc.through) or "identity"
    head = arrowhead((apex + 0.35 * em, top), (1.0, 0.0), 0.6 * em, theme.ink)
    ids = (each.prefix + source.name, each.prefix + join.name)
    about = f"shortcut from {source.name} to {join.name}: {kind}"
    return _edge(ids, (Path(steps, line), head), about, each.names(span.arc.through))
