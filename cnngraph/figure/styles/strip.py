"""The style of the lecture's plain and residual networks: a narrow box for each weighted layer, arcs above.

Several networks stand under one another, stage over stage. A strip too long for the width goes on in more rows,
cut where no arc is open; an arc longer than a row has a letter where it leaves, and the same where it comes in.
Run from top to bottom it is the same turned by a quarter: rows are columns, arcs lie on the right, and on the left
stands how large maps are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from cnngraph.figure.heading import heading
from cnngraph.figure.lanes.circled import letter_radius, lettered
from cnngraph.figure.lanes.part import Measure
from cnngraph.figure.page import SLIDE, texts
from cnngraph.figure.page import height as page_height
from cnngraph.figure.scene import Curve, Group, Item, Line, Move, Path, Primitive, Rect, Scene, Stroke, Text, edge
from cnngraph.figure.shapes import arrow, arrowhead
from cnngraph.figure.sharing import SAME_WEIGHTS
from cnngraph.figure.spine import Stage, spine
from cnngraph.figure.styles.beside import LEADING, REPEAT, REPEAT_BESIDE, Name, arc, labelled, letters_width, repeat
from cnngraph.figure.text import ascent, drop
from cnngraph.figure.text import width as text_width
from cnngraph.figure.theme import Theme
from cnngraph.figure.tracks import (
    Aligned,
    Mark,
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
from cnngraph.figure.turned import flipped, turned
from cnngraph.figure.words import in_few_lines, lines_of, silent
from cnngraph.layers.kind import Kind
from cnngraph.network import Network
from cnngraph.units import Unit

_SLIDE_TEXT, _COMPARED_TEXT, _LEAST_TEXT = 14.0, 11.5, 6.1
"""Points. Networks that are compared keep to a row each as long as they can: what has no room for it with the text of a
slide has smaller; 11.5 on a slide is 6 pt when the slide is printed 178 mm wide."""
_PITCH, _BOX, _LARGEST_PITCH = 1.95, 1.35, 2.6
"""Ems: from box to box, a box's width, and the most that a short strip is spread."""
_MARGIN, _TITLE, _ROW_GAP = 1.2, 2.2, 1.6
"""Ems: the page's border, room for the title on the left, air between rows."""
_LEAD = 1.2
"""Ems for the arrow with which a row goes on, where no title stands beside it."""
_GOES_ON = 1.6
"""Ems of that arrow."""
_UNDER_HEADING = 1.2
"""Ems from the heading to what is highest below it."""
_ARC, _ARC_STEP = 3.6, 1.1
"""Ems: how high an arc rises above the boxes, and how much each arc inside it adds."""
_TAIL = 0.7
"""Ems that the arrow at a row's end reaches beyond the gap."""
_PADDING = 0.55
"""Ems between a box's end and its text."""
_BESIDE = 0.93
"""Ems between a name and what stands furthest to the left in its row."""
_OVER = 0.7
"""Ems that a name may reach above its row's boxes, and below them, into the air between rows."""
_LETTER_STEP, _LETTER_AIR = 1.9, 0.5
"""Ems from one letter to the next above it, and above the highest."""
_MARK, _MARK_AIR = 1.3, 0.35
"""Ems that a mark takes below a box and over the top of an arc, and between two of them."""
_SIZE_AIR = 1.0
"""Ems between the size of maps and what stands on its right: with how often a part is there it is not one number."""
_LABEL_LINES, _LABEL_AIR = 3, 0.4
"""Lines that the label of a block may take before its bracket has to be longer, and ems between two of them."""
_BRACKET = 1.3
"""Ems that a bracket takes besides the words on it, in a strip that will be turned."""
_LONGER = 1.1
"""By how much longer columns are tried at least."""


@dataclass(frozen=True, slots=True)
class _Measure:
    """Lengths in points."""

    em: float
    pitch: float
    box: float
    height: float
    left: float
    """Where the first column's middle is."""
    theme: Theme
    marks: Mapping[str, Mark] = field(default_factory=dict)
    """By layers, of networks that are compared."""
    show: Collection[str] = ()
    """Words of silent layers that are named."""
    sizes: float | None = None
    """Ems that sizes of maps take below the boxes of a strip that will be turned; None for one that stays."""
    labels: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """The lines of these labels, by strip and block."""

    def x(self, column: int, row: Row) -> float:
        return self.left + (column - row.columns.start) * self.pitch

    def rise(self, row: Row, level: int) -> float:
        """From the boxes to the line that bounds an arc of *level* above."""
        step = _LETTER_STEP if row.cuts or self.marks else _ARC_STEP
        return (_ARC + step * (row.levels[level] - 1)) * self.em

    def above(self, row: Row) -> float:
        """What arcs take."""
        air = max(_MARK if self.marks else 0.0, _LETTER_AIR if row.cuts else 0.0) * self.em
        return air + max((self.rise(row, span.level) for span in row.spans), default=0.0)

    def below(self, row: Row) -> float:
        """What marks, brackets and sizes take below boxes."""
        return self.to_sizes(row) + (self.sizes or 0.0) * self.em

    def to_called(self, row: Row) -> float:
        """From the boxes to the first bracket with a label."""
        repeats = REPEAT if self.sizes is None else REPEAT_BESIDE
        return (repeats if row.repeats else 0.0) * self.em + (_MARK * self.em if self.marks else 0.0)

    def to_sizes(self, row: Row) -> float:
        """From the boxes to the sizes of maps."""
        return self.to_called(row) + self.called(row) * max((each.level for each, _, _ in row.called), default=0)

    def called(self, row: Row) -> float:
        """What one level of brackets with labels takes."""
        if self.sizes is None:
            lines = [len(self.labels[row.track.prefix, called.path]) for called, _, _ in row.called]
            return (REPEAT + LEADING * (max(lines, default=1) - 1)) * self.em
        widths = (text_width(line, "sans", self.em) for lines in self.labels.values() for line in lines)
        return _BRACKET * self.em + max(widths, default=0.0)

    def words(self, marks: Sequence[Mark], x: float, baseline: float) -> Text:
        """The text of *marks* around *x*."""
        color = getattr(self.theme, marks[0].sort)
        return Text(x, baseline, _text(marks), self.em, "sans", "middle", fill=color)


def strip(
    networks: Sequence[Network],
    *,
    width: float,
    theme: Theme,
    title: str | None = None,
    fold: bool | None = None,
    aligned: Aligned | None = None,
    show: Collection[str] = (),
    down: bool = False,
) -> Scene:
    """*networks* as strips at most *width* points wide, one under the other, or *down* and side by side; *title* stands
    over all of them. Two that are *aligned* stand by it, and bear its marks, but not *down*.

    *fold* draws equal neighbours once, or not; None folds what is higher than a page; silent layers whose words
    are in *show* are named behind the layer before. Raises `CnngraphError` for a network that is not one path with
    shortcuts over it (E0606), and for a width that is too small (E0604).
    """
    spines = [spine(network, "strip") for network in networks]
    names = [network.title or network.name for network in networks]
    head = title or (names[0] if len(names) == 1 else "")

    def drawn(folded: bool, em: float) -> Scene:
        placed = tracks(spines, names, "strip", lands_alone, folded, aligned)
        return _drawn(placed, em, width, theme, head, aligned, show, down)

    # Wider than a slide there is room for more boxes, not for larger ones.
    large, compared = (texts(min(width, SLIDE), text, _LEAST_TEXT) for text in (_SLIDE_TEXT, _COMPARED_TEXT))
    whole = tracks(spines, names, "strip", lands_alone, fold is True, aligned)
    room = page_height(width) if down else width
    a_row_each = len(_fitted(whole, large[0], room, theme, aligned, show, down)[1]) == len(networks)
    sizes = large if len(networks) == 1 or a_row_each else compared
    return on_page(drawn, sizes, " and ".join(names), width, fold)


def _drawn(
    strips: list[Track], em: float, width: float, theme: Theme, head: str, aligned: Aligned | None,
    show: Collection[str], down: bool,
) -> Scene:  # fmt: skip
    fills = _fills(strips, theme)
    words = heading(head, em, width, _MARGIN * em, theme, "sans") if head else None
    roof = _MARGIN * em + (ascent(words.font, words.size) + _UNDER_HEADING * em if words else 0.0)
    if down:
        measure, lines = _in_columns(strips, em, width, theme, aligned, show, roof)
    else:
        measure, lines = _fitted(strips, em, width, theme, aligned, show)
    names = {each.prefix: Name(each.title, em, measure.height + _ROW_GAP * em) for each in strips}
    beside = (roof if down else _MARGIN * em) + ascent("sans", em)
    lettering, wide = letters(lines), letters_width(lines, em, theme)
    tops, end = _stack(lines, measure, names, _MARGIN * em if down else roof)
    items: list[Item] = []
    right = 0.0
    parts: dict[Span, list[Primitive]] = {}
    for row, y in zip(lines, tops, strict=True):
        if len(strips) > 1 and not (down and row.track.before(row.columns.start)):
            name = names[row.track.prefix]
            items += name.drawn(beside - ascent("sans", em) + ascent("sans", name.size), y + measure.height / 2, theme)
        items += _row(row, measure, y, fills, lettering, parts)
        goes_on = row.stops[-1] is not row.track.stops[-1] or row.last in row.track.arc_ends
        tail = measure.pitch - measure.box + _TAIL * em if goes_on else 0.0
        if row.cuts:
            tail = max(tail, (measure.pitch - measure.box) / 2 + wide + 0.3 * em)
        right = max(right, measure.x(row.last, row) + measure.box / 2 + tail)
    items += [arc(span, track, tuple(parts[span])) for track in standing(lines) for span in track.arcs if span in parts]
    size = right + _MARGIN * em, end + _MARGIN * em
    if down:
        size = size[1], size[0]
        items = flipped(map(turned, items), size[0])
    return Scene(
        width=max(
            size[0], words.x + text_width(words.content, words.font, words.size) + _MARGIN * em if words else 0.0
        ),
        height=size[1],
        items=(*([words] if words else []), *items),
        title=head or " and ".join(each.title for each in strips),
        description="; ".join(f"{s.title}: {', '.join(label(stop, show) for stop in s.stops)}" for s in strips),
        background=theme.background,
    )


def _stack(
    lines: Sequence[Row], measure: _Measure, names: Mapping[str, Name], begin: float
) -> tuple[list[float], float]:
    """Where the boxes of each row have their top, and where the last row ends; columns stand on the page from right to
    left as rows do from top to bottom, and so the last of them comes first."""
    em, down = measure.em, measure.sizes is not None
    tops: list[float] = []
    y = begin
    for row in reversed(lines) if down else lines:
        over = max(0.0, (names[row.track.prefix].length - measure.height) / 2 - _OVER * em) if len(names) > 1 else 0.0
        tops.append(y + max(measure.above(row), over))
        y = tops[-1] + measure.height + max(measure.below(row), over) + _ROW_GAP * em
    return tops[::-1] if down else tops, y - _ROW_GAP * em


def _sizes(track: Track) -> dict[str, str]:
    """What stands beside the first stop of each resolution: ``56×56``."""
    found, before = {}, ""
    for stop in track.stops:
        volume = stop.unit.output
        size = f"{volume.height}×{volume.width}" if volume.is_map else ""
        if size and size != before:
            found[stop.unit.name] = size
        before = size
    return found


def _fills(strips: Sequence[Track], theme: Theme) -> dict[str, str]:
    """The colours of boxes, by units as the figure calls them: one for each resolution, in all *strips* the same; the
    paper's for vectors."""

    def stage(each: Track, stop: Stop) -> Stage:
        return each.spine.stages[stop.index] if stop.boxed and not theme.own(stop.unit.layers) else None

    placed = [[(stop.column, found) for stop in each.stops if (found := stage(each, stop))] for each in strips]
    colors = _stage_colors(placed, theme)
    return {
        each.prefix + stop.unit.name: theme.own(stop.unit.layers) or colors.get(stage(each, stop), theme.paper)
        for each in strips
        for stop in each.stops
    }


def _stage_colors(strips: Sequence[Sequence[tuple[int, Stage]]], theme: Theme) -> dict[Stage, str]:
    """The colours of stages, by the columns where they are in each of *strips*: the stem's where nothing comes before,
    else the next in turn that no neighbour has, if there is one."""
    orders = [list(dict.fromkeys(stage for _, stage in each)) for each in strips]
    stems = {order[0] for order in orders if order} - {stage for order in orders for stage in order[1:]}
    beside: dict[Stage, set[Stage]] = {}
    for one, other in (pair for order in orders for pair in pairwise(order)):
        beside.setdefault(one, set()).add(other)
        beside.setdefault(other, set()).add(one)
    found = dict.fromkeys(stems, theme.stem)
    at = 0
    for _, stage in sorted((place for each in strips for place in each), key=lambda place: place[0]):
        if stage not in found:
            taken = {found.get(other) for other in beside.get(stage, ())}
            turns = range(at, at + len(theme.stages))
            turn = next((turn for turn in turns if theme.stages[turn % len(turns)] not in taken), at)
            found[stage] = theme.stages[turn % len(turns)]
            at = turn + 1
    return found


def label(stop: Stop, show: Collection[str] = ()) -> str:
    """As on the slide: ``3×3 conv, 128, /2``; ``pool, /2``; ``fc 1000``; ``image``; its author's label and the numbers:
    ``stem, 3×3, 128, /2``; silent layers that are in *show*, too, and those behind a sum: ``3×3 conv, 128, + ReLU``."""
    unit = stop.unit
    if not unit.lead.inputs:
        return unit.label or unit.name
    again = (SAME_WEIGHTS,) if unit.shares else ()
    parts = [_words(unit.does.kind, unit.label), *silent(unit, show), *again]
    behind = ((each.lead.kind.caption().sign, silent(each, show)) for each in stop.passed_over)
    parts += [f"{sign} {', '.join(words)}".lstrip() for sign, words in behind if words]
    return ", ".join(parts)


@lru_cache(maxsize=1024)
def _words(kind: Kind, called: str) -> str:
    caption = kind.caption()
    if kind.family == "dense":
        return f"{called}, {caption.size}" if called else f"fc {caption.size}"
    name = called or caption.short
    if called and kind.family == "join" and caption.sign:
        name = f"{caption.sign} {called}"
    if caption.window is not None and kind.family in ("conv", "pool") and (called or kind.family == "conv"):
        window = f"{caption.window[0]}×{caption.window[1]}"
        name = f"{called}, {window}" if called else f"{window} {name}"
    parts = [name, *([caption.size] if caption.size else [])]
    if caption.stride is not None and caption.stride != (1, 1):
        stride = caption.stride
        parts.append(f"/{stride[0]}" if stride[0] == stride[1] else f"/{stride[0]}×{stride[1]}")
    if kind.family not in ("pool", "join"):
        parts += caption.details
    return ", ".join(parts)


# Rows ----------------------------------------------------------------------------------------


def _in_columns(
    strips: list[Track], em: float, width: float, theme: Theme, aligned: Aligned | None, show: Collection[str],
    roof: float,
) -> tuple[_Measure, list[Row]]:  # fmt: skip
    """Columns below *roof* as long as a page is high; longer, where else they are wider than *width* together."""
    long = page_height(width)
    while True:
        measure, lines = _fitted(strips, em, long, theme, aligned, show, True, roof)
        names = {each.prefix: Name(each.title, em, measure.height + _ROW_GAP * em) for each in strips}
        wide = _stack(lines, measure, names, _MARGIN * em)[1] + _MARGIN * em
        if wide <= width or len(lines) <= len(strips):
            return measure, lines
        long *= min(max(_LONGER, wide / width), 2.0)


def _fitted(
    strips: list[Track], em: float, long: float, theme: Theme, aligned: Aligned | None, show: Collection[str],
    down: bool = False, roof: float = 0.0,
) -> tuple[_Measure, list[Row]]:  # fmt: skip
    """The rows that are no longer than *long*, as even as the places to cut allow, and the pitch that fills them."""
    labels = {label(stop, show) for each in strips for stop in each.stops}
    height = max(text_width(words, "sans", em) for words in labels) + 2 * _PADDING * em
    title = max(Name(each.title, em, height + _ROW_GAP * em).width for each in strips) / em + _BESIDE
    border = roof if down else _MARGIN * em
    left = border + (title if len(strips) > 1 else _LEAD) * em + _BOX * em / 2
    marks = aligned.marks if aligned is not None else {}
    tail, least = (
        _TAIL * em,
        max(_PITCH * em, _room_for(marks, strips, em), 0.0 if down else _room_for_labels(strips) * em),
    )
    while True:
        room = long - left + _BOX * em / 2 - tail - _MARGIN * em
        most = max(1, int(room / least))
        lines = rows(strips, most, by_column=aligned is not None, apart=down)
        # Letters stand outside of the first and the last box, and the arrow with which a row goes on beside its name.
        cuts, goes_on = any(row.cuts for row in lines), len(lines) > len(strips) > 1
        if not cuts and not goes_on:
            break
        before = border + (title - _BESIDE + 0.3 if len(strips) > 1 else 0.0) * em
        wide = letters_width(lines, em, theme)
        lead = _GOES_ON * em + wide + 0.2 * em if cuts else _GOES_ON * em
        needed = before + lead + _BOX * em / 2, (_LARGEST_PITCH - _BOX) / 2 * em + wide + 0.3 * em if cuts else tail
        if needed[0] <= left and needed[1] <= tail:
            break
        left, tail = max(left, needed[0]), max(tail, needed[1])
    longest = max(len(row.columns) for row in lines)
    pitch = max(least, min(_LARGEST_PITCH * em, room / longest))
    sizes = None
    if down:
        said = [size for each in strips if theme.sizes for size in _sizes(each).values()]
        sizes = max((text_width(size, "sans", em) for size in said), default=0.0) / em + _SIZE_AIR
    called_lines = dict(_labels(lines, pitch / em, down))
    return _Measure(em, pitch, _BOX * em, height, left, theme, marks, show, sizes, called_lines), lines


def _labels(rows: Iterable[Row], pitch: float, down: bool) -> Iterator[tuple[tuple[str, str], tuple[str, ...]]]:
    """The labels of blocks in lines that have room at a *pitch* of so many ems: below their brackets, or *down* beside
    these."""
    for row in rows:
        for called, first, until in row.called:
            if first <= called.middle <= until:
                room = (until - first + 1) * pitch
                lines = (
                    in_few_lines(called.label, "sans", max(1, int(room / LEADING)))
                    if down
                    else lines_of(called.label, "sans", room - _LABEL_AIR)
                )
                yield (row.track.prefix, called.path), lines


def _room_for(marks: Mapping[str, Mark], strips: Sequence[Track], em: float) -> float:
    """From one stop to the next so that what is written below them stays apart."""
    found = 0.0
    for each in strips:
        for stop, after in pairwise(each.stops):
            mine, theirs = _marks_at(each, stop, marks), _marks_at(each, after, marks)
            if mine and theirs and after.column == stop.column + 1:
                both = text_width(_text(mine), "sans", em) + text_width(_text(theirs), "sans", em)
                found = max(found, both / 2 + _MARK_AIR * em)
    return found


def _room_for_labels(strips: Sequence[Track]) -> float:
    """Ems from one stop to the next so that the labels of blocks, in a few lines, are no longer than these."""
    found = 0.0
    for called in (called for each in strips for called in each.called):
        lines = in_few_lines(called.label, "sans", _LABEL_LINES)
        long = max(text_width(line, "sans", 1.0) for line in lines) + _LABEL_AIR
        found = max(found, long / (called.last - called.first + 1))
    return found


def _row(
    row: Row, measure: _Measure, y: float, fills: dict[str, str], lettering: dict[Span, str],
    parts: dict[Span, list[Primitive]],
) -> list[Item]:  # fmt: skip
    """One row of one strip; *y* is the top of its boxes. Of arcs that go on elsewhere, their *parts* here."""
    em, middle, each = measure.em, y + measure.height / 2, row.track
    line = Stroke(measure.theme.ink, 0.075 * em)
    items: list[Item] = []
    for span in row.spans:
        drawn = _arc(span, row, measure, y, lettering.get(span, ""))
        if span in lettering:
            parts.setdefault(span, []).extend(drawn)
        else:
            items.append(arc(span, each, drawn))
    before = each.before(row.columns.start)
    for stop in row.stops:
        if before is not None:
            tip = measure.x(stop.column, row) - _half(stop, measure)
            begins = before.column in row.columns
            begin = measure.x(row.columns.start, row) - _half(stop, measure) - _GOES_ON * em
            start = measure.x(before.column, row) + _half(before, measure) if begins else begin
            ids = (each.prefix + before.unit.name, each.prefix + stop.unit.name)
            head = min(0.5 * em, tip - start)
            items.append(edge(*ids, arrow((start, middle), (tip, middle), line, head)))
        fill = fills[each.prefix + stop.unit.name]
        items.append(_stop(each, stop, measure.x(stop.column, row), y, measure, fill))
        before = stop
    if measure.sizes is not None and measure.theme.sizes:
        below = y + measure.height + measure.to_sizes(row) + _SIZE_AIR * em
        items += _size_marks(row, measure, below)
    last = row.stops[-1]
    if last is not each.stops[-1] or last.column in each.arc_ends:
        # What goes on in the next row, which begins with the same arrow; or the way out, on which an arc lands.
        start = measure.x(last.column, row) + _half(last, measure)
        tail = (start + measure.pitch - measure.box + _TAIL * em, middle)
        drawn = arrow((start, middle), tail, line, 0.5 * em)
        items.append(Group(f"{each.prefix}after-{last.unit.name}", "decoration", drawn))
    below = y + measure.height + (_MARK * em if measure.marks else 0.0) + 0.35 * em
    for repeated, first, until in row.repeats:
        ends = measure.x(first, row) - measure.box / 2, measure.x(until, row) + measure.box / 2
        down = measure.sizes is not None
        items.append(repeat(each, repeated, (first, until), ends, below, em, "sans", measure.theme, down=down))
    items += _called(row, measure, y + measure.height + measure.to_called(row) + 0.35 * em)
    return items


def _called(row: Row, measure: _Measure, y: float) -> Iterator[Group]:
    """The brackets of blocks with labels, from *y* on; a block in several rows has its label where its middle is."""
    em, down = measure.em, measure.sizes is not None
    for called, first, until in row.called:
        ends = measure.x(first, row) - measure.box / 2, measure.x(until, row) + measure.box / 2
        said = measure.labels[row.track.prefix, called.path]
        below = y + measure.called(row) * (called.level - 1)
        yield labelled(row, called, (first, until), ends, below, said, em, "sans", measure.theme, down=down)


def _size_marks(row: Row, measure: _Measure, below: float) -> Iterator[Group]:
    """How large maps are, at the first stop of each size, from the line *below* the boxes on."""
    em, sizes, prefix = measure.em, _sizes(row.track), row.track.prefix
    for stop in row.stops:
        if size := sizes.get(stop.unit.name):
            baseline = measure.x(stop.column, row) + drop(size, "sans", em)
            words = Text(baseline, below, size, em, "sans", "end", 90, measure.theme.faint)
            yield Group(f"{prefix}size-{stop.unit.name}", "decoration", (words,), layers=row.track.names_at(stop))


def _marks_at(each: Track, stop: Stop, marks: Mapping[str, Mark]) -> list[Mark]:
    """What is written below a stop: of what it passes over a sum's mark stands at its arc."""
    return _marks(each, (stop.unit, *(unit for unit in stop.passed_over if not is_sum(unit))), marks)


def _marks(each: Track, units: Iterable[Unit], marks: Mapping[str, Mark]) -> list[Mark]:
    """Those of *units*, each once."""
    return list(dict.fromkeys(marks[name] for name in each.names(units) if name in marks))


def _text(marks: Sequence[Mark]) -> str:
    return " ".join(mark.text for mark in marks)


def _half(stop: Stop, measure: _Measure) -> float:
    """From a stop's middle to where an arrow touches it."""
    return measure.box / 2 if stop.boxed else 0.62 * measure.em


def _stop(each: Track, stop: Stop, x: float, y: float, measure: _Measure, fill: str) -> Group:
    em, theme = measure.em, measure.theme
    ink, said = theme.on(fill, theme.ink) if stop.boxed else theme.ink, label(stop, measure.show)
    text = Text(x + drop(said, "sans", em), y + measure.height / 2, said, em, "sans", "middle", 90, ink)
    drawn: list[Primitive] = [text]
    marks = _marks_at(each, stop, measure.marks)
    if marks:
        drawn.append(measure.words(marks, x, y + measure.height + 0.2 * em + ascent("sans", em)))
    if stop.boxed:
        edge = Stroke(theme.faint, 0.06 * em)
        if marks:
            dash = (0.3 * em, 0.2 * em) if marks[0].sort == "removed" else ()
            edge = Stroke(getattr(theme, marks[0].sort), 0.16 * em, dash)
        drawn.insert(0, Rect(x - measure.box / 2, y, measure.box, measure.height, fill, edge))
    return Group(each.prefix + stop.unit.name, "layer", tuple(drawn), stop.unit.about, layers=each.names_at(stop))


def _arc(span: Span, row: Row, measure: _Measure, y: float, letter: str) -> tuple[Primitive, ...]:
    """Up from the line before the first box, over all of them with the head at the top, and down behind the last.

    With a *letter* what of it is in this row: up and to its letter, or from its letter and down.
    """
    em, each = measure.em, row.track
    marks = _marks(each, (*span.arc.through, each.spine.units[span.arc.join]), measure.marks)
    ink = getattr(measure.theme, marks[0].sort) if marks else measure.theme.ink
    middle, level = y + measure.height / 2, row.levels[span.level]
    # Arcs that meet between two boxes part on the way up; an outer one stays nearer to its neighbour.
    spread = (measure.pitch - measure.box) * 0.3 / level
    foot = measure.x(span.first, row) - measure.pitch / 2, measure.x(span.last, row) + measure.pitch / 2
    start, end = foot[0] + spread, foot[1] - spread
    top = y - measure.rise(row, span.level) + 0.5 * em
    crown, apex = 0.5523, (start + end) / 2
    shoulder = y - 0.15 * em
    rise, half = shoulder - top, (end - start) / 2
    # Above the boxes it goes on as it leans between them.
    bend = crown * rise
    lean = spread / (middle - shoulder) * bend
    dash = (0.18 * em, 0.16 * em) if span.arc.through else ()
    line = Stroke(ink, 0.085 * em, dash)
    steps: tuple[Move | Line | Curve, ...]
    if not letter:
        steps = (
            Move((foot[0], middle)),
            Line((start, shoulder)),
            Curve((start + lean, shoulder - bend), (apex - crown * half, top), (apex, top)),
            Curve((apex + crown * half, top), (end - lean, shoulder - bend), (end, shoulder)),
            Line((foot[1], middle)),
        )
        head = arrowhead((apex + 0.35 * em, top), (1.0, 0.0), 0.6 * em, ink)
        return Path(steps, line), head, *([measure.words(marks, apex, top - 0.45 * em)] if marks else [])
    drawn: list[Primitive] = []
    mark = Measure(em, 0.0, measure.theme, down=measure.sizes is not None)
    radius = letter_radius(mark, letter)
    if span.first in row.columns:
        at = measure.x(row.last, row) + measure.pitch / 2 + 0.2 * em + radius
        tip = at - radius
        flat = start + min(rise, tip - start)
        steps = (
            Move((foot[0], middle)),
            Line((start, shoulder)),
            Curve((start + lean, shoulder - bend), (flat - crown * (flat - start), top), (flat, top)),
            Line((tip, top)),
        )
        head = arrowhead((tip, top), (1.0, 0.0), 0.6 * em, ink)
        drawn += [Path(steps, line), head, *lettered(at, top, letter, mark)]
    if span.until in row.columns:
        if span.last not in row.columns:  # it lands on the line into the first stop
            foot = foot[0], measure.x(span.until, row) - measure.pitch / 2
            end, lean = foot[1], 0.0
        at = measure.x(row.columns.start, row) - measure.box / 2 - (_GOES_ON + 0.1) * em - radius
        tip = at + radius
        flat = max(end - rise, tip + 0.05 * em)
        steps = (
            Move((tip, top)),
            Line((flat, top)),
            Curve((flat + crown * (end - flat), top), (end - lean, shoulder - bend), (end, shoulder)),
            Line((foot[1], middle)),
        )
        drawn += [Path(steps, line), *lettered(at, top, letter, mark)]
    return tuple(drawn)
