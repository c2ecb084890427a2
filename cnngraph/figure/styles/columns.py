"""The style of the lecture's residual slides: columns of circles, skips that come down onto them.

Unfolded, a short network is written out layer by layer, with its formulas.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from cnngraph.figure.heading import heading
from cnngraph.figure.page import SLIDE
from cnngraph.figure.scene import Circle, Curve, Group, Item, Line, Move, Path, Point, Primitive, Scene, Stroke, Text
from cnngraph.figure.shapes import arrow, arrowhead, circle_column
from cnngraph.figure.spine import spine
from cnngraph.figure.text import ascent, descent, fit
from cnngraph.figure.text import width as text_width
from cnngraph.figure.theme import Theme
from cnngraph.figure.tracks import Span, Stop, Track, aligned, cut
from cnngraph.network import Network
from cnngraph.units import Unit

SLIDE_TEXT, LEAST_TEXT = 14.0, 6.5
"""Points, as in the volumes style."""
_MARGIN, _ROW_GAP, _TITLE = 1.0, 1.8, 2.4
_COLUMN, _RADIUS, _LEAST_GAP, _GAP = 2.2, 0.72, 1.5, 2.6
"""Ems: a column's width, its circles' radius, and the room between columns."""
_UNITS = 3
"""Circles in a column."""
_ARC, _ARC_STEP, _ARC_WORDS = 1.6, 1.3, 1.3
"""Ems: how high an arc runs above the columns, how much each arc inside it adds, and room for its words."""
_SCRIPT = 0.72
"""Size of a superscript."""
_FEW = 3
"""Up to so many columns, the activations between them are named."""


def scripted(x: float, y: float, base: str, script: str, size: float, color: str, anchor: str = "middle") -> list[Text]:
    """``a`` with its superscript ``[l+1]``, as two runs; *x* is the middle, or the start, of both."""
    wide = script_width(base, script, size)
    start = x - wide / 2 if anchor == "middle" else x
    small = _small(size)
    return [
        Text(start, y, base, size, "serif-italic", fill=color),
        Text(start + wide, y - 0.42 * size, script, small, "serif", "end", fill=color),
    ]


def _small(size: float) -> float:
    """The size of a superscript."""
    return max(LEAST_TEXT * 0.95, _SCRIPT * size)


def script_width(base: str, script: str, size: float) -> float:
    """Points that *base* with a *script* takes in text of *size*."""
    return text_width(base, "serif-italic", size) + 1.1 + text_width(script, "serif", _small(size))


@dataclass(frozen=True)
class _Page:
    """Lengths in points, and where things stand."""

    tracks: list[Track]
    em: float
    pitch: float
    left: float
    theme: Theme

    @property
    def column(self) -> float:
        return _COLUMN * self.em

    @property
    def height(self) -> float:
        """Of a column."""
        return (2.4 * (_UNITS - 1) + 2.9) * _RADIUS * self.em

    @property
    def line(self) -> Stroke:
        return Stroke(self.theme.ink, 0.085 * self.em)

    def x(self, column: int, row: range) -> float:
        return self.left + (column - row.start) * self.pitch

    def half(self, stop: Stop) -> float:
        """From a stop's middle to where an arrow touches it."""
        if stop.boxed:
            return self.column / 2
        if _is_activation(stop.unit):
            return script_width("a", "[l]", self.em) / 2 + 0.3 * self.em
        return max(text_width(line, "serif", self.em) for line in _loose(stop.unit)) / 2 + 0.3 * self.em

    @cached_property
    def captions(self) -> int:
        """Lines below the columns: as many as the longest has, none where no layer is a column."""
        return max((len(_caption(stop.unit)) for track in self.tracks for stop in track.stops if stop.boxed), default=0)


def columns(
    networks: Sequence[Network], *, width: float, theme: Theme, titles: Sequence[str | None] | None = None
) -> Scene:
    """*networks* as columns of circles at most *width* points wide, one under the other.

    Raises `CnngraphError` (E0606) for a network that is not one path with shortcuts over it.
    """
    names = [title or n.title or n.name for n, title in zip(networks, titles or [None] * len(networks), strict=True)]
    tracks = aligned([spine(network, "units") for network in networks], names)
    em = max(LEAST_TEXT, SLIDE_TEXT * width / SLIDE)
    page, rows = _fitted(tracks, em, width, theme)
    items: list[Item] = []
    y, right = _MARGIN * em, 0.0
    if len(tracks) == 1:
        head = heading(names[0], em, width, _MARGIN * em, theme)
        items.append(head)
        y += ascent(head.font, head.size) + 1.2 * em
        right = head.x + text_width(head.content, head.font, head.size)
    for row in rows:
        for track in tracks:
            if row.start > track.last_column:
                continue
            spans = track.arcs_in(row)
            if spans:
                worded = any(_words(span, page) for span in spans)
                y += (_ARC + _ARC_STEP * (max(s.level for s in spans) - 1) + (_ARC_WORDS if worded else 0.0)) * em
            middle = y + page.height / 2
            if row.start == 0 and len(tracks) > 1:
                items.append(_turned(track.title, page, middle))
            drawn, reach = _row(track, row, page, middle)
            items += drawn
            right = max(right, reach)
            y += page.height + page.captions * 1.2 * em + 0.4 * em + (1.1 * em if spans else 0.0) + _ROW_GAP * em
    return Scene(
        width=right + _MARGIN * em,
        height=y - (_ROW_GAP - _MARGIN) * em,
        items=tuple(items),
        title=" and ".join(names),
        description="; ".join(f"{t.title}: {', '.join(stop.unit.about for stop in t.stops)}" for t in tracks),
        background=theme.background,
    )


def _fitted(tracks: list[Track], em: float, width: float, theme: Theme) -> tuple[_Page, list[range]]:
    count = 1 + max(track.last_column for track in tracks)
    few = sum(stop.boxed for track in tracks for stop in track.stops) <= _FEW * len(tracks)
    gap = max(_GAP, script_width("a", "[l+1]", em) / em + 1.2) if few else _GAP
    left = (_MARGIN + (_TITLE if len(tracks) > 1 else 0.9)) * em + _COLUMN * em / 2
    tail = 4.2 * em
    room = width - left - tail - _MARGIN * em + _COLUMN * em / 2
    fits = int(room / ((_COLUMN + gap) * em))
    if fits < count:
        gap = max(_LEAST_GAP, _caption_gap(tracks, em))
        fits = max(1, int(room / ((_COLUMN + gap) * em)))
    rows = cut(tracks, count, max(1, fits))
    return _Page(tracks, em, (_COLUMN + gap) * em, left, theme), rows


def _caption_gap(tracks: list[Track], em: float) -> float:
    """Ems that keep the captions of neighbours apart, and texts between columns free."""
    stops = [stop for track in tracks for stop in track.stops]
    boxed = [text_width(line, "serif", em) for stop in stops if stop.boxed for line in _caption(stop.unit)]
    loose = [text_width(line, "serif", em) for stop in stops if not stop.boxed for line in _loose(stop.unit)]
    widest = max([wide / em + 0.3 for wide in boxed] + [wide / em / 2 + 1.1 + 0.9 for wide in loose])
    return widest - _COLUMN


def _caption(unit: Unit) -> tuple[str, ...]:
    """Below a column: ``3×3``, ``64``, ``/2``; the length of a vector."""
    caption = unit.lead.kind.caption()
    if caption.window is None:
        return (caption.size,)
    return (f"{caption.window[0]}×{caption.window[1]}", caption.size or "dw", *_stride(unit))


def _stride(unit: Unit) -> tuple[str, ...]:
    """``/2``; nothing for a stride of 1."""
    stride = unit.lead.kind.caption().stride
    if stride is None or stride == (1, 1):
        return ()
    return (f"/{stride[0]}" if stride[0] == stride[1] else f"/{stride[0]}×{stride[1]}",)


def _loose(unit: Unit) -> tuple[str, ...]:
    """Words for what is no column: an input, a pool."""
    if not unit.lead.inputs:
        return (unit.name,)
    return (*unit.lead.kind.caption().short.split(), *_stride(unit))


def _is_activation(unit: Unit) -> bool:
    """Whether the input is called a: the activation of the layer before, as on the slide."""
    return not unit.lead.inputs and unit.name == "a"


def _row(track: Track, row: range, page: _Page, middle: float) -> tuple[list[Item], float]:
    em, ink = page.em, page.theme.ink
    begin = bisect_left(track.columns, row.start)
    stops = track.stops[begin : bisect_left(track.columns, row.stop)]
    items: list[Item] = []
    before = track.stops[begin - 1] if begin else None
    number = sum(stop.boxed for stop in track.stops[:begin])
    named = _is_activation(track.stops[0].unit) and sum(stop.boxed for stop in track.stops) <= _FEW
    for stop in stops:
        x = page.x(stop.column, row)
        if before is not None:
            tip = x - page.half(stop)
            start = page.x(before.column, row) + page.half(before) if before.column in row else tip - 1.4 * em
            drawn: list[Primitive] = list(arrow((start, middle), (tip, middle), page.line, min(0.7 * em, tip - start)))
            if named and number and stop.boxed:
                drawn += scripted((start + tip) / 2, middle - 0.5 * em, "a", f"[l+{number}]", em, ink)
            ids = (track.prefix + before.unit.name, track.prefix + stop.unit.name)
            items.append(_edge(ids, drawn))
        items.append(_stop(track, stop, x, middle, page))
        number += stop.boxed
        before = stop
    last = stops[-1]
    start = page.x(last.column, row) + page.half(last)
    tip = start + 1.9 * em
    reach = tip
    tail: list[Primitive] = list(arrow((start, middle), (tip, middle), page.line, 0.7 * em))
    ends = last is track.stops[-1]
    if ends and last.unit.layers[-1].kind.answers:
        tail.append(Text(tip + 0.4 * em, middle + 0.3 * em, "ŷ", 1.3 * em, "serif-italic", fill=ink))
        reach += 0.4 * em + text_width("ŷ", "serif-italic", 1.3 * em)
    elif ends and not last.unit.output.is_map:
        script = f"[l+{number}]" if named else "[l]"
        tail += scripted(tip + 0.4 * em, middle + 0.3 * em, "a", script, em, ink, "start")
        reach += 0.4 * em + script_width("a", script, em)
    items.append(Group(f"{track.prefix}after-{last.unit.name}", "decoration", tuple(tail)))
    for span in track.arcs_in(row):
        items += _arc(track, span, row, page, middle)
    return items, reach


def _stop(track: Track, stop: Stop, x: float, middle: float, page: _Page) -> Group:
    em, theme = page.em, page.theme
    drawn: list[Primitive] = []
    if stop.boxed:
        top, edge = middle - page.height / 2, Stroke(theme.ink, 0.07 * em)
        drawn += circle_column(
            x - page.column / 2,
            top,
            page.column,
            page.height,
            _UNITS,
            _RADIUS * em,
            theme.paper,
            edge,
        )
        for index, line in enumerate(_caption(stop.unit)):
            baseline = middle + page.height / 2 + (1.05 + 1.2 * index) * em
            drawn.append(Text(x, baseline, line, em, "serif", "middle", fill=theme.ink))
    elif _is_activation(stop.unit):
        drawn += scripted(x, middle + 0.3 * em, "a", "[l]", em, theme.ink)
    else:
        lines = _loose(stop.unit)
        for index, line in enumerate(lines):
            baseline = middle + 0.33 * em + (index - (len(lines) - 1) / 2) * 1.15 * em
            drawn.append(Text(x, baseline, line, em, "serif", "middle", fill=theme.ink))
    layers = track.names_at(stop)
    return Group(track.prefix + stop.unit.name, "layer", tuple(drawn), stop.unit.about, layers=layers)


def _words(span: Span, page: _Page) -> str:
    """What a projection is called on its arc, if there is room."""
    if not span.arc.through:
        return ""
    unit = span.arc.through[0]
    caption = unit.lead.kind.caption()
    words = f"{caption.window[0]}×{caption.window[1]} {caption.name}" if caption.window else "linear"
    return words if text_width(words, "serif", page.em) < (span.last - span.first) * page.pitch else ""


def _arc(track: Track, span: Span, row: range, page: _Page, middle: float) -> Iterator[Item]:
    """From a dot on the way in, up, along, and down onto the last column; a bracket below the block."""
    em, ink = page.em, page.theme.ink
    first, last = page.x(span.first, row), page.x(span.last, row)
    tap = first - page.column / 2 - 0.5 * (page.pitch - page.column)
    top = middle - page.height / 2
    y = top - (_ARC + _ARC_STEP * (span.level - 1) - 0.4) * em
    line = Stroke(ink, 0.085 * em, (0.3 * em, 0.22 * em) if span.arc.through else ())
    bend = 0.5 * em
    corners: tuple[Point, Point] = ((tap, y), (last, y))
    steps = (
        Move((tap, middle)),
        Line((tap, y + bend)),
        Curve((tap, y + 0.4 * bend), (tap + 0.6 * bend, y), (corners[0][0] + bend, y)),
        Line((last - bend, y)),
        Curve((last - 0.4 * bend, y), (last, y + 0.6 * bend), (last, y + bend)),
        Line((last, top - 0.5 * em)),
    )
    source, join = track.spine.units[span.arc.source], track.spine.units[span.arc.join]
    drawn: list[Primitive] = [
        Circle(tap, middle, 0.17 * em, ink),
        Path(steps, line),
        arrowhead((last, top), (0.0, 1.0), 0.65 * em, ink),
    ]
    if words := _words(span, page):
        drawn.append(Text((tap + last) / 2, y - 0.35 * em, words, em, "serif", "middle", fill=ink))
    kind = " and ".join(unit.about for unit in span.arc.through) or "identity"
    ids = (track.prefix + source.name, track.prefix + join.name)
    yield _edge(ids, drawn, f"shortcut from {source.name} to {join.name}: {kind}", track.names(span.arc.through))
    if span.level == 1:
        bottom = middle + page.height / 2 + (page.captions * 1.2 + 0.35) * em
        left, right, deep = first - page.column / 2, last + page.column / 2, bottom + 0.55 * em
        bracket = (Move((left, bottom)), Line((left, deep)), Line((right, deep)), Line((right, bottom)))
        yield Group(f"{ids[0]}-{ids[1]}-block", "decoration", (Path(bracket, Stroke(page.theme.faint, 0.07 * em)),))


def _edge(ids: tuple[str, str], drawn: Sequence[Primitive], title: str = "", layers: tuple[str, ...] = ()) -> Group:
    return Group(f"{ids[0]}--{ids[1]}", "edge", tuple(drawn), title, (("src", ids[0]), ("dst", ids[1])), layers)


def _turned(title: str, page: _Page, middle: float) -> Text:
    room = page.height + 2 * _ROW_GAP * page.em
    x = _MARGIN * page.em + (ascent("sans", page.em) + descent("sans", page.em)) / 2
    return Text(x, middle, fit(title, "sans", page.em, room), page.em, "sans", "middle", 90, page.theme.ink)
