"""The style of the lecture's residual slides: columns of circles, skips that come down onto them.

A skip comes down onto a column where it is added to what the column makes before its non-linearity; any other sum
stands on the way, as every other join does, and the skip comes down onto that. Unfolded, a short network is written
out layer by layer, with its formulas.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from cnngraph.figure.heading import heading
from cnngraph.figure.lanes.circled import letter_radius, lettered
from cnngraph.figure.lanes.part import Measure
from cnngraph.figure.page import texts
from cnngraph.figure.scene import Circle, Curve, Group, Item, Line, Move, Path, Primitive, Scene, Stroke, Text, edge
from cnngraph.figure.shapes import arrow, arrowhead, circle_column
from cnngraph.figure.sharing import SAME_WEIGHTS
from cnngraph.figure.spine import Spine, spine
from cnngraph.figure.styles.beside import LEADING, REPEAT, Name, arc, labelled, letters_width, repeat
from cnngraph.figure.text import ascent, descent
from cnngraph.figure.text import width as text_width
from cnngraph.figure.theme import Theme
from cnngraph.figure.tracks import (
    Row,
    Span,
    Stop,
    Track,
    is_sum,
    lands_alone,
    letters,
    on_page,
    rows,
    standing,
    tracks,
)
from cnngraph.figure.words import lines_of, silent
from cnngraph.network import Network
from cnngraph.units import Unit

SLIDE_TEXT, LEAST_TEXT = 14.0, 6.5
"""Points, as in the volumes style."""
_MARGIN, _ROW_GAP, _BESIDE = 1.0, 1.8, 1.13
"""Ems: the page's border, air between rows, and between a name and what stands beside it."""
_COLUMN, _RADIUS, _LEAST_GAP, _GAP = 2.2, 0.72, 1.5, 2.6
"""Ems: a column's width, its circles' radius, and the room between columns."""
_UNITS = 3
"""Circles in a column."""
_HEIGHT = (2.4 * (_UNITS - 1) + 2.9) * _RADIUS
"""Ems that a column is high."""
_LEAD = 1.4
"""Ems of the arrow with which a row goes on."""
_LINE, _CAPTION = 1.15, 1.2
"""Ems from line to line of a text on the way, and below a column."""
_OVER = 0.8
"""Ems that a name may reach above its row's columns and what is over them, and below, into the air between rows."""
_LETTER_STEP, _LETTER_AIR = 1.9, 0.5
"""Ems from one letter to the next above it, and above the highest."""
_ARC, _ARC_STEP, _ARC_WORDS = 1.6, 1.3, 1.3
"""Ems: how high an arc runs above the columns, how much each arc inside it adds, and room for its words."""
_LABEL_AIR = 0.4
"""Ems between the labels of two blocks."""
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
    rows: list[Row]
    em: float
    pitch: float
    left: float
    begin: float
    """Where the arrow begins with which a row goes on."""
    theme: Theme
    show: Collection[str]
    """Words of silent layers that are named."""

    @property
    def column(self) -> float:
        return _COLUMN * self.em

    @property
    def height(self) -> float:
        """Of a column."""
        return _HEIGHT * self.em

    @property
    def line(self) -> Stroke:
        return Stroke(self.theme.ink, 0.085 * self.em)

    def x(self, column: int, row: Row) -> float:
        return self.left + (column - row.columns.start) * self.pitch

    def top(self, stop: Stop) -> float:
        """From the middle up to where an arrow from above touches it."""
        if stop.boxed:
            return self.height / 2
        return ((len(_loose(stop, self.show)) - 1) / 2 * _LINE - 0.33 + 0.2) * self.em + ascent("serif", self.em)

    def way(self, before: Stop, stop: Stop, row: Row) -> tuple[float, float]:
        """Where the arrow into *stop* begins and ends."""
        tip = self.x(stop.column, row) - _half(stop, self.em, self.show)
        shown = before.column in row.columns
        return self.x(before.column, row) + _half(before, self.em, self.show) if shown else self.begin, tip

    def tap(self, span: Span, row: Row) -> float:
        """Where an arc leaves the arrow into the first stop that it passes."""
        before = row.track.before(span.first)
        assert before is not None  # an arc has a source
        stop = next(stop for stop in row.stops if stop.column == span.first)
        start, tip = self.way(before, stop, row)
        middle = min((tip - start) / 2, (self.pitch - self.column) / 2)
        return tip - max(middle, min(tip - start, 0.75 * self.em))  # behind the arrow's head

    def rise(self, row: Row, level: int) -> float:
        """From the columns to the line that bounds an arc of *level* above, its words aside."""
        step = _LETTER_STEP if row.cuts else _ARC_STEP
        return (_ARC + step * (row.levels[level] - 1)) * self.em

    def above(self, row: Row) -> float:
        """What arcs take."""
        high = max((self.rise(row, span.level) for span in row.spans), default=0.0)
        worded = any(_words(span, row, self) for span in row.spans)
        return high + max(_ARC_WORDS if worded else 0.0, _LETTER_AIR if row.cuts else 0.0) * self.em

    @cached_property
    def labels(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        """The labels of blocks in lines, by track and block."""
        found: dict[tuple[str, str], tuple[str, ...]] = {}
        for row in self.rows:
            for called, first, until in row.called:
                if first <= called.middle <= until:
                    room = (until - first + 1) * self.pitch / self.em - _LABEL_AIR
                    found[row.track.prefix, called.path] = lines_of(called.label, room=room)
                else:
                    found.setdefault((row.track.prefix, called.path), ())
        return found

    def called(self, row: Row) -> float:
        """Ems that one level of brackets with labels takes below *row*."""
        lines = [len(self.labels[row.track.prefix, called.path]) for called, _, _ in row.called]
        return REPEAT + LEADING * (max(lines, default=1) - 1)

    @cached_property
    def captions(self) -> int:
        """Lines below the columns: as many as the longest has, none where no layer is a column."""
        return max(
            (len(_caption(stop, self.show)) for track in self.tracks for stop in track.stops if stop.boxed), default=0
        )


def columns(
    networks: Sequence[Network], *, width: float, theme: Theme, title: str | None = None, fold: bool | None = None,
    show: Collection[str] = (),
) -> Scene:  # fmt: skip
    """*networks* as columns of circles at most *width* points wide, one under the other; *title* stands over all.

    *fold* draws equal neighbours once, or not; None folds what is higher than a page; silent layers whose words are in
    *show* are named below the column that they are in. Raises `CnngraphError` for a
    network that is not one path with shortcuts over it (E0606), and for a width that is too small (E0604).
    """
    names = [network.title or network.name for network in networks]
    spines = [spine(network, "units") for network in networks]
    head = title or (names[0] if len(names) == 1 else "")

    def drawn(folded: bool, em: float) -> Scene:
        return _drawn(tracks(spines, names, "units", _lands_on_a_column, folded), em, width, theme, head, show)

    # Not smaller: captions would be too small to read.
    return on_page(drawn, texts(width, SLIDE_TEXT, LEAST_TEXT)[:1], " and ".join(names), width, fold)


def _lands_on_a_column(spine: Spine, index: int) -> bool:
    """Whether the sum at *index* is of what a column makes before its non-linearity, and nothing else takes that."""
    if not lands_alone(spine, index):
        return False
    before = spine.units[index - 1]
    if is_sum(before):
        return all(layer.kind.idle for layer in before.layers[1:]) and _lands_on_a_column(spine, index - 1)
    return before.weighted and all(layer.kind.idle or layer.kind.family == "norm" for layer in before.layers[1:])


def _drawn(tracks: list[Track], em: float, width: float, theme: Theme, head: str, show: Collection[str]) -> Scene:
    page, lines = _fitted(tracks, em, width, theme, show)
    names = {track.prefix: _name(track, em) for track in tracks}
    marks = letters(lines)
    items: list[Item] = []
    y, right = _MARGIN * em, 0.0
    if head:
        words = heading(head, em, width, _MARGIN * em, theme)
        items.append(words)
        y += ascent(words.font, words.size) + 1.2 * em
        right = words.x + text_width(words.content, words.font, words.size)
    parts: dict[Span, list[Primitive]] = {}
    for row in lines:
        above, below = page.above(row), page.captions * _CAPTION * em + 0.4 * em
        below += (1.1 * em if row.spans else 0.0) + (REPEAT * em if row.repeats else 0.0)
        below += page.called(row) * em * max((each.level for each, _, _ in row.called), default=0)
        over = (names[row.track.prefix].length - page.height) / 2 if len(tracks) > 1 else 0.0
        y += max(above, over - _OVER * em)
        middle = y + page.height / 2
        if len(tracks) > 1:
            baseline = _MARGIN * em + (ascent("serif", em) + descent("serif", em)) / 2
            items += names[row.track.prefix].drawn(baseline, middle, theme)
        drawn, reach = _row(row, page, middle, marks, parts)
        items += drawn
        right = max(right, reach)
        y += page.height + max(below, over - _OVER * em) + _ROW_GAP * em
    items += [arc(span, track, parts[span]) for track in standing(lines) for span in track.arcs if span in parts]
    return Scene(
        width=right + _MARGIN * em,
        height=y - (_ROW_GAP - _MARGIN) * em,
        items=tuple(items),
        title=head or " and ".join(track.title for track in tracks),
        description="; ".join(f"{t.title}: {', '.join(stop.unit.about for stop in t.stops)}" for t in tracks),
        background=theme.background,
    )


def _name(track: Track, em: float) -> Name:
    return Name(track.title, em, (_HEIGHT + 2 * _ROW_GAP) * em, 1.0, "serif")


def _fitted(
    tracks: list[Track], em: float, width: float, theme: Theme, show: Collection[str]
) -> tuple[_Page, list[Row]]:
    count = 1 + max(track.last_column for track in tracks)
    few = sum(stop.boxed for track in tracks for stop in track.stops) <= _FEW * len(tracks)
    gap = max(_GAP, script_width("a", "[l+1]", em) / em + 1.2) if few else _GAP
    if any(stop.unit.label for track in tracks for stop in track.stops):
        gap = max(gap, _caption_gap(tracks, em, show))
    title = max(_name(track, em).width for track in tracks) / em + _BESIDE if len(tracks) > 1 else 0.9
    left = (_MARGIN + title) * em + _COLUMN * em / 2
    tail = 4.2 * em
    room = width - left - tail - _MARGIN * em + _COLUMN * em / 2
    fits = int(room / ((_COLUMN + gap) * em))
    if fits < count:
        gap = max(_LEAST_GAP, _caption_gap(tracks, em, show))
    while True:
        fits = int((width - left - tail - _MARGIN * em + _COLUMN * em / 2) / ((_COLUMN + gap) * em))
        lines = rows(tracks, max(1, fits))
        # Letters stand outside of the first and the last column, and the arrow with which a row goes on beside its
        # name; a row may begin with a text that is wider than a column.
        cuts, goes_on = any(row.cuts for row in lines), len(lines) > len(tracks)
        if not cuts and not goes_on:
            break
        half = _widest_start(lines, em, show)
        before = (_MARGIN + (title - _BESIDE + 0.3 if len(tracks) > 1 else -0.5)) * em
        needed = before + half + _LEAD * em + (letters_width(lines, em, theme) + 0.2 * em if cuts else 0.0)
        if needed <= left:
            break
        left = needed
    begin = left - _widest_start(lines, em, show) - _LEAD * em
    return _Page(tracks, lines, em, (_COLUMN + gap) * em, left, begin, theme, show), lines


def _widest_start(rows: Sequence[Row], em: float, show: Collection[str]) -> float:
    """From the middle of the first stop to its border, in the row that goes on with the widest."""
    going_on = (row for row in rows if row.track.before(row.columns.start))
    return max((_half(row.stops[0], em, show) for row in going_on), default=_COLUMN * em / 2)


def _caption_gap(tracks: list[Track], em: float, show: Collection[str]) -> float:
    """Ems that keep the captions of neighbours apart, and texts between columns free."""
    stops = [stop for track in tracks for stop in track.stops]
    boxed = [text_width(line, "serif", em) for stop in stops if stop.boxed for line in _caption(stop, show)]
    loose = [_loose_width(stop, em, show) for stop in stops if not stop.boxed]
    side_by_side = [
        (_loose_width(one, em, show) + _loose_width(other, em, show)) / 2
        for track in tracks for one, other in pairwise(track.stops) if not one.boxed and not other.boxed
    ]  # fmt: skip
    tight = [wide / em + 1.0 for wide in side_by_side]
    widest = max([wide / em + 0.3 for wide in boxed] + [wide / em / 2 + 1.1 + 0.9 for wide in loose] + tight)
    return widest - _COLUMN


def _letter(stop: Stop) -> str:
    """What the slides call the tensor behind *stop*: z is what a layer makes before its non-linearity."""
    layers = [layer for unit in (stop.unit, *stop.passed_over) for layer in unit.layers if not layer.kind.idle]
    return "z" if stop.boxed and layers[-1].kind.family in ("conv", "dense", "norm") else "a"


def _caption(stop: Stop, show: Collection[str]) -> tuple[str, ...]:
    """Below a column: its label, ``3×3``, ``64``, ``/2``; the length of a vector; and silent layers to *show*."""
    unit = stop.unit
    caption, called, behind = unit.lead.kind.caption(), lines_of(unit.label), _behind(stop, show)
    if caption.window is None:
        return (*called, caption.size, *behind, *_again(unit))
    size = caption.size or "dw"
    return (*called, f"{caption.window[0]}×{caption.window[1]}", size, *_stride(unit), *behind, *_again(unit))


def _again(unit: Unit) -> tuple[str, ...]:
    """What is said of one with the weights of one before."""
    return tuple(SAME_WEIGHTS.split()) if unit.shares else ()


def _behind(stop: Stop, show: Collection[str]) -> tuple[str, ...]:
    """What silent layers are called of *stop* and the sum in it."""
    names = (name for unit in (stop.unit, *stop.passed_over) for name in silent(unit, show))
    return tuple(line for name in names for line in lines_of(name))


def _stride(unit: Unit) -> tuple[str, ...]:
    """``/2``; nothing for a stride of 1."""
    stride = unit.lead.kind.caption().stride
    if stride is None or stride == (1, 1):
        return ()
    return (f"/{stride[0]}" if stride[0] == stride[1] else f"/{stride[0]}×{stride[1]}",)


def _loose(stop: Stop, show: Collection[str]) -> tuple[str, ...]:
    """Words for what is no column: an input, a pool; and silent layers to *show*."""
    unit = stop.unit
    called = lines_of(unit.label)
    if not unit.lead.inputs:
        return called or (unit.name,)
    caption = unit.does.kind.caption()
    if called and unit.lead.kind.family == "join" and caption.sign:
        called += (caption.sign,)
    return (*(called or caption.short.split()), *_stride(unit), *_behind(stop, show), *_again(unit))


def _loose_width(stop: Stop, em: float, show: Collection[str]) -> float:
    return max(text_width(line, "serif", em) for line in _loose(stop, show))


def _is_activation(unit: Unit) -> bool:
    """Whether the input is called a: the activation of the layer before, as on the slide."""
    return not unit.lead.inputs and unit.name == "a" and not unit.label


def _row(
    row: Row, page: _Page, middle: float, marks: dict[Span, str], parts: dict[Span, list[Primitive]]
) -> tuple[list[Item], float]:
    """What is drawn of a row, and how far it reaches; of arcs that go on elsewhere, their *parts* here."""
    em, ink, track = page.em, page.theme.ink, row.track
    items: list[Item] = []
    before = track.before(row.columns.start)
    number = sum(stop.boxed for stop in track.stops if stop.column < row.columns.start)
    named = _is_activation(track.stops[0].unit) and sum(stop.boxed for stop in track.stops) <= _FEW
    tapped = {span.first for span in row.spans}
    for stop in row.stops:
        x = page.x(stop.column, row)
        if before is not None:
            start, tip = page.way(before, stop, row)
            drawn: list[Primitive] = list(arrow((start, middle), (tip, middle), page.line, min(0.7 * em, tip - start)))
            script = f"[l+{number}]"
            fits = script_width("a", script, em) + 0.4 * em <= tip - start and stop.column not in tapped
            if named and number and stop.boxed and fits:
                drawn += scripted((start + tip) / 2, middle - 0.5 * em, _letter(before), script, em, ink)
            ids = (track.prefix + before.unit.name, track.prefix + stop.unit.name)
            items.append(edge(*ids, drawn))
        items.append(_stop(track, stop, x, middle, page))
        number += stop.boxed
        before = stop
    last = row.stops[-1]
    start = page.x(last.column, row) + _half(last, em, page.show)
    tip = start + 1.9 * em
    reach = tip
    tail: list[Primitive] = list(arrow((start, middle), (tip, middle), page.line, 0.7 * em))
    ends = last is track.stops[-1]
    if ends and last.unit.layers[-1].kind.answers:
        tail.append(Text(tip + 0.4 * em, middle + 0.3 * em, "ŷ", 1.3 * em, "serif-italic", fill=ink))
        reach += 0.4 * em + text_width("ŷ", "serif-italic", 1.3 * em)
    elif ends and not last.unit.output.is_map:
        script = f"[l+{number}]" if named else "[l]"
        tail += scripted(tip + 0.4 * em, middle + 0.3 * em, _letter(last), script, em, ink, "start")
        reach += 0.4 * em + script_width("a", script, em)
    items.append(Group(f"{track.prefix}after-{last.unit.name}", "decoration", tuple(tail)))
    repeated_parts = {(repeated.first, repeated.last) for repeated, _, _ in row.repeats}
    called_parts = {(called.first, called.last) for called, _, _ in row.called}
    # A block of several columns is held together by a bracket that says nothing, unless one that does is there.
    blocks = {(span.first, span.until) for span in row.spans if span.level == 1 and span.first < span.until}
    bare = blocks - repeated_parts - called_parts
    for span in row.spans:
        drawn = list(_arc(span, row, page, middle, marks.get(span, "")))
        if span in marks:
            parts.setdefault(span, []).extend(drawn)
            radius = letter_radius(Measure(em, 0.0, page.theme), marks[span])
            reach = max(reach, page.x(row.last, row) + page.column / 2 + 0.8 * em + 2 * radius)
        else:
            items.append(arc(span, track, drawn))
            if span.level == 1 and (span.first, span.until) in bare:
                items.append(_bracket(span, row, page, middle))
    for repeated, first, until in row.repeats:
        inside = any(first <= start and end <= until for start, end in blocks)
        whole = (repeated.first, repeated.last) in blocks
        below = middle + page.height / 2 + (page.captions * _CAPTION + 0.35) * em
        below += 0.75 * em if inside and not whole else 0.0
        around = page.x(first, row) - page.column / 2, page.x(until, row) + page.column / 2
        items.append(repeat(track, repeated, (first, until), around, below, em, "serif", page.theme))
    inside = any(first <= start and end <= until for start, end in bare for _, first, until in row.called)
    for called, first, until in row.called:
        around = page.x(first, row) - page.column / 2, page.x(until, row) + page.column / 2
        below = middle + page.height / 2 + (page.captions * _CAPTION + 0.35) * em + (0.75 * em if inside else 0.0)
        below += REPEAT * em * bool(row.repeats) + page.called(row) * em * (called.level - 1)
        said = page.labels[track.prefix, called.path]
        items.append(labelled(row, called, (first, until), around, below, said, em, "serif", page.theme))
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
            theme.own(stop.unit.layers),
        )
        for index, line in enumerate(_caption(stop, page.show)):
            baseline = middle + page.height / 2 + (1.05 + _CAPTION * index) * em
            drawn.append(Text(x, baseline, line, em, "serif", "middle", fill=theme.ink))
    elif _is_activation(stop.unit):
        drawn += scripted(x, middle + 0.3 * em, "a", "[l]", em, theme.ink)
    else:
        lines = _loose(stop, page.show)
        for index, line in enumerate(lines):
            baseline = middle + 0.33 * em + (index - (len(lines) - 1) / 2) * 1.15 * em
            drawn.append(Text(x, baseline, line, em, "serif", "middle", fill=theme.ink))
    layers = track.names_at(stop)
    return Group(track.prefix + stop.unit.name, "layer", tuple(drawn), stop.unit.about, layers=layers)


def _words(span: Span, row: Row, page: _Page) -> str:
    """What a projection is called on its arc, if there is room."""
    if not span.arc.through or span.first not in row.columns or span.until not in row.columns:
        return ""
    unit = span.arc.through[0]
    caption = unit.lead.kind.caption()
    words = f"{caption.window[0]}×{caption.window[1]} {caption.name}" if caption.window else "linear"
    words += f", {SAME_WEIGHTS}" if any(each.shares for each in span.arc.through) else ""
    return words if text_width(words, "serif", page.em) < (span.last - span.first) * page.pitch else ""


def _arc(span: Span, row: Row, page: _Page, middle: float, letter: str) -> Iterator[Primitive]:
    """From a dot on the way in, up, along, and down onto the last column, or onto the join.

    With a *letter* what of it is in this row: up and to its letter, or from its letter and down.
    """
    em, ink = page.em, page.theme.ink
    begins, ends = span.first in row.columns, span.until in row.columns
    y = middle - page.height / 2 - page.rise(row, span.level) + 0.4 * em
    line = Stroke(ink, 0.085 * em, (0.3 * em, 0.22 * em) if span.arc.through else ())
    bend = 0.5 * em
    mark = Measure(em, 0.0, page.theme)
    radius = letter_radius(mark, letter) if letter else 0.0
    steps: tuple[Move | Line | Curve, ...] = ()
    if begins:
        tap = page.tap(span, row)
        yield Circle(tap, middle, 0.17 * em, ink)
        steps = (
            Move((tap, middle)),
            Line((tap, y + bend)),
            Curve((tap, y + 0.4 * bend), (tap + 0.6 * bend, y), (tap + bend, y)),
        )
        if not ends:
            at = page.x(row.last, row) + page.column / 2 + 0.7 * em + radius
            yield Path((*steps, Line((at - radius, y))), line)
            yield from lettered(at, y, letter, mark)
    if ends:
        stop = next(stop for stop in row.stops if stop.column == span.until)
        beside = [other.level for other in row.spans if other.until == span.until]
        x = page.x(span.until, row) + (sorted(beside).index(span.level) - (len(beside) - 1) / 2) * 0.6 * em
        if not begins:
            at = page.begin - 0.1 * em - radius
            yield from lettered(at, y, letter, mark)
            steps = (Move((at + radius, y)),)
        floor = middle - page.top(stop)
        fall = (
            Line((x - bend, y)),
            Curve((x - 0.4 * bend, y), (x, y + 0.6 * bend), (x, y + bend)),
            Line((x, floor - 0.5 * em)),
        )
        yield Path((*steps, *fall), line)
        yield arrowhead((x, floor), (0.0, 1.0), 0.65 * em, ink)
    if words := _words(span, row, page):
        yield Text((tap + x) / 2, y - 0.35 * em, words, em, "serif", "middle", fill=ink)


def _half(stop: Stop, em: float, show: Collection[str]) -> float:
    """From a stop's middle to where an arrow touches it."""
    if stop.boxed:
        return _COLUMN * em / 2
    if _is_activation(stop.unit):
        return script_width("a", "[l]", em) / 2 + 0.3 * em
    return _loose_width(stop, em, show) / 2 + 0.3 * em


def _bracket(span: Span, row: Row, page: _Page, middle: float) -> Group:
    """Below a block."""
    em = page.em
    bottom = middle + page.height / 2 + (page.captions * _CAPTION + 0.35) * em
    left, right = page.x(span.first, row) - page.column / 2, page.x(span.until, row) + page.column / 2
    deep = bottom + 0.55 * em
    bracket = (Move((left, bottom)), Line((left, deep)), Line((right, deep)), Line((right, bottom)))
    source, join = row.track.spine.units[span.arc.source], row.track.spine.units[span.arc.join]
    name = f"{row.track.prefix}{source.name}-{row.track.prefix}{join.name}-block"
    line = Path(bracket, Stroke(page.theme.faint, 0.07 * em))
    return Group(name, "decoration", (line,), layers=row.names_in(span.first, span.until))
