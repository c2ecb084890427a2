"""The style of the lecture's LeNet-5 and AlexNet slides: every activation a cuboid, arrows between.

A figure is rows of bodies. One scale holds for all of it, all arrows between volumes have one length, and all between
vectors; these are found by trying: the largest scale at which the fewest rows fit the width, or one not much smaller at
which they end where the resolution changes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure import shapes
from cnngraph.figure.colors import Color
from cnngraph.figure.heading import heading
from cnngraph.figure.page import fitting, texts, too_narrow
from cnngraph.figure.picture import png_of
from cnngraph.figure.scene import Group, Item, Primitive, Scene, Stroke, Text, edge
from cnngraph.figure.styles.bodies import LEADING, Answer, Body, Channels, Column, Cuboid, Framed, Measure, ratio
from cnngraph.figure.styles.stops import Look, Stop, Words, are_of_digits, stops
from cnngraph.figure.text import ascent, descent, ink
from cnngraph.figure.text import width as text_width
from cnngraph.figure.theme import Theme
from cnngraph.network import Layer, Network, total
from cnngraph.volume import Dim, as_int

if TYPE_CHECKING:
    from cnngraph.figure.live import Live

SLIDE_TEXT, LEAST_TEXT = 14.0, 6.5
"""Points: text of 14 on a slide, in proportion on other widths, and never below what print can bear."""
_LARGEST, _PREFERRED, _SMALLEST = 9.0, 4.4, 2.6
"""Ems, the longest side of a front face: the most it grows to, the least before a row is added, the least at all."""
_MARGIN, _ROW_GAP, _INSET = 0.9, 1.8, 0.3
"""Ems: the page's border, the air between rows, and between an arrow's end and a body."""
_LEAST_GAP, _EQUALS_GAP, _AIR = 3.0, 2.4, 0.5
"""Ems between two bodies with an arrow or ``=`` between them, and between two captions."""
_ABOVE, _BELOW = 0.5, 0.32
"""Ems from an arrow to the words above and below it."""
_MIDSTAGE = 0.02
"""What it costs to end a row where the resolution has not just changed; 0.14² of a row left empty."""
_TIDY = 0.8
"""The share of the largest scale at which rows that end where the resolution changes are worth it."""
_TAIL = 0.21
"""Ems that letters reach below their line, and brackets a little more."""
_LINE = 4.4
"""Ems after which the words above an arrow go on in a second line."""


@dataclass(frozen=True, slots=True)
class _Drawing:
    """As what stops are drawn."""

    colors: Mapping[str, Color]
    """Those that stops have of their own, by name."""

    body: Callable[[Stop, Measure, int], Body]
    """The body of a stop, at a scale; the number is that of the longest vector of the figure."""
    alike: bool
    """Whether stops of equal volumes and words have equal bodies."""


def volumes(
    network: Network,
    *,
    width: float,
    theme: Theme,
    title: str | None = None,
    picture: bytes | None = None,
    live: Callable[[], Live] | None = None,
    show: Collection[str] = (),
) -> Scene:
    """*network*, a chain, as a figure at most *width* points wide.

    *picture* is an image file that stands for the input; *live* gives what the network makes of one; *show* are the
    words of silent layers that are named. Raises
    `CnngraphError` when the network is no chain (E0603), the width too small (E0604) or the picture unreadable (E0605).
    """
    chain = stops(network, show=show)
    if live is None:
        png = None if picture is None else cut_for(chain[0], picture)
        colors = _colors(chain, theme)
        drawing = _Drawing(colors, partial(_body, colors=colors, png=png, of_digits=are_of_digits(chain)), alike=True)
    else:
        from cnngraph.figure.styles import sheets

        made = live()
        chain = sheets.sized(chain, made)
        drawing = _Drawing({}, partial(sheets.body, live=made), alike=False)
    scene = fitting(
        lambda em: _drawn(chain, em, width, theme, title, drawing), texts(width, SLIDE_TEXT, LEAST_TEXT), width
    )
    return replace(scene, title=title or network.title or network.name)


def _drawn(chain: list[Stop], em: float, width: float, theme: Theme, title: str | None, drawing: _Drawing) -> Scene:
    """With text of *em*."""
    plan, rows = _fitted(chain, em, width, theme, drawing)
    head = None if title is None else heading(title, em, width, _MARGIN * em, theme)
    y = _MARGIN * em + (0.0 if head is None else ascent("serif", head.size) + _ROW_GAP * em)
    items: list[Item] = [] if head is None else [head]
    for row in rows:
        axis = y + plan.up(row)
        items += plan.draw(row, _MARGIN * em, axis)
        y = axis + plan.down(row) + _ROW_GAP * em
    used = max(plan.width(row) for row in rows)
    if head is not None:
        used = max(used, text_width(head.content, head.font, head.size))
    return Scene(
        width=used + 2 * _MARGIN * em,
        height=y + (_MARGIN - _ROW_GAP) * em,
        items=tuple(items),
        title=title or "",
        description=", ".join(f"{stop.name} {stop.caption}" for stop in chain),
        background=theme.background,
    )


@dataclass(frozen=True, slots=True)
class _Label:
    """A line of the words on an arrow; its baseline is *offset* below the axis."""

    content: str
    offset: float
    width: float


@dataclass(frozen=True)
class _Plan:
    """The bodies at one scale, and how far they stand apart."""

    chain: list[Stop]
    bodies: list[Body]
    labels: list[tuple[_Label, ...]]
    """On the way to each stop."""
    measure: Measure
    gap: float
    """Between two bodies with an arrow between them."""
    short: float
    """The same between two vectors."""

    @property
    def em(self) -> float:
        return self.measure.em

    def way(self, index: int) -> float:
        """Room between body *index* and the one before it."""
        if index == 0:
            return 0.0
        if not self.chain[index].equals:
            return self.short if _are_vectors(self.chain[index - 1], self.chain[index]) else self.gap
        return max(_EQUALS_GAP * self.em, _caption_gap(self.bodies[index - 1], self.bodies[index], self.em))

    def overhang(self, index: int) -> float:
        """How far the caption reaches beyond its body, on each side."""
        body = self.bodies[index]
        return max(0.0, (body.caption_width - body.width) / 2)

    @cached_property
    def _ends(self) -> list[float]:
        """Where each body ends if all stand in one row; 0 before the first."""
        return list(accumulate((self.way(i) + body.width for i, body in enumerate(self.bodies)), initial=0.0))

    def width(self, row: range) -> float:
        """Of a row, which begins with an arrow unless it is the first."""
        before = 0.0 if row.start else self.overhang(0)
        return before + self._ends[row.stop] - self._ends[row.start] + self.overhang(row[-1])

    def count(self, pieces: list[range], room: float) -> int:
        """How few rows hold all *pieces*; 0 when one of them is wider than *room*."""
        count, start = 1, 0
        for piece in pieces:
            if self.width(range(start, piece.stop)) > room:
                count, start = count + 1, piece.start
                if self.width(piece) > room:
                    return 0
        return count

    def rows(self, pieces: list[range], room: float) -> list[range]:
        """As few rows as can be, of about one length, that end where the resolution changes if they can.

        The cheapest way to cut: a row costs the square of the share of *room* it leaves empty (the last
        one little), and a cut in the middle of a stage `_MIDSTAGE`.
        """
        best = [(0, 0.0, 0)]
        """For the first n pieces: the number of rows, their cost, and where the last row begins."""
        for end in range(1, len(pieces) + 1):
            ways = []
            for start in range(end - 1, -1, -1):
                row = range(pieces[start].start, pieces[end - 1].stop)
                empty = 1 - self.width(row) / room
                if empty < 0:
                    break
                last = end == len(pieces)
                cost = 0.3 * empty**2 if last else empty**2 + (0 if _ends_stage(self.chain, row[-1]) else _MIDSTAGE)
                ways.append((best[start][0] + 1, best[start][1] + cost, start))
            best.append(min(ways))
        found, end = [], len(pieces)
        while end:
            start = best[end][2]
            found.append(range(pieces[start].start, pieces[end - 1].stop))
            end = start
        return found[::-1]

    def up(self, row: range) -> float:
        lines = [ascent("serif", self.em) - label.offset for index in row for label in self.labels[index]]
        return max([self.bodies[index].up for index in row] + lines)

    def _under(self, row: range) -> float:
        """From the axis to below all bodies and words of the row."""
        lines = [label.offset + descent("serif", self.em) for index in row for label in self.labels[index]]
        return max([self.bodies[index].down for index in row] + lines)

    def _baseline(self, row: range) -> float:
        """From the axis to the captions' baseline."""
        return self._under(row) + 0.35 * self.em + ascent("serif", self.em)

    def down(self, row: range) -> float:
        if all(isinstance(self.bodies[index], Answer) for index in row):
            return self._under(row)
        remark = LEADING if any(self.bodies[index].remark for index in row) else 0.0
        return self._baseline(row) + remark * self.em + descent("serif", self.em)

    def draw(self, row: range, x: float, axis: float) -> Iterator[Item]:
        baseline = axis + self._baseline(row)
        x += 0.0 if row.start else self.overhang(0)
        for index in row:
            stop, body = self.chain[index], self.bodies[index]
            if index:
                yield edge(self.chain[index - 1].name, stop.name, self._way_drawn(index, x, axis))
                x += self.way(index)
            yield Group(stop.name, "layer", body.draw(x, axis, baseline), hover(stop), layers=stop.names)
            x += body.width

    def _way_drawn(self, index: int, x: float, axis: float) -> Iterator[Primitive]:
        em, color, way = self.em, self.measure.theme.ink, self.way(index)
        middle = x + way / 2
        if self.chain[index].equals:
            above, below = ink("=", "serif", 1.5 * em)
            yield Text(middle, axis + (above - below) / 2, "=", 1.5 * em, "serif", "middle", fill=color)
            return
        length = way - 2 * _INSET * em
        tip = x + way - _INSET * em
        yield from shapes.arrow((tip - length, axis), (tip, axis), Stroke(color, 0.085 * em), 0.8 * em)
        for label in self.labels[index]:
            yield Text(middle, axis + label.offset, label.content, em, "serif", "middle", fill=color)


def _caption_gap(left: Body, right: Body, em: float) -> float:
    """Room between two bodies that keeps their captions apart."""
    return (left.caption_width + right.caption_width - left.width - right.width) / 2 + _AIR * em


@dataclass(frozen=True, slots=True)
class _Sorts:
    """A chain's stops by how they look: long chains have few that differ."""

    of: list[int]
    """The sort of each stop."""
    examples: list[Stop]
    labels: list[tuple[_Label, ...]]
    """On the way to a stop of each sort."""
    neighbours: list[tuple[int, int]]
    """Which sort comes right after which."""

    @classmethod
    def sorted(cls, chain: list[Stop], em: float, drawing: _Drawing) -> _Sorts:
        numbers: dict[tuple[object, ...], int] = {}
        keys: list[tuple[object, ...]] = [
            (stop.look, stop.drawn, stop.caption, stop.words, stop.equals, drawing.colors.get(stop.name))
            for stop in chain
        ]
        if not drawing.alike:
            keys = [(stop.name,) for stop in chain]
        of = [numbers.setdefault(key, len(numbers)) for key in keys]
        first = dict(zip(reversed(of), reversed(chain), strict=True))
        examples = [first[sort] for sort in range(len(numbers))]
        return cls(of, examples, [_labels(stop.words, em) for stop in examples], sorted(set(pairwise(of))))


def _plan(chain: list[Stop], sorts: _Sorts, measure: Measure, drawing: _Drawing) -> _Plan:
    most = max((as_int(stop.drawn.channels) for stop in sorts.examples if stop.look is Look.VECTOR), default=1)
    bodies = [drawing.body(stop, measure, most) for stop in sorts.examples]
    em = measure.em
    gaps = {False: max(_LEAST_GAP * em, 0.45 * measure.side), True: _LEAST_GAP * em}
    """Whether between vectors."""
    for before, after in sorts.neighbours:
        left, right = bodies[before], bodies[after]
        if sorts.examples[after].equals:
            continue
        between = _are_vectors(sorts.examples[before], sorts.examples[after])
        gap = max(gaps[between], _caption_gap(left, right, em))
        for label in sorts.labels[after]:
            top, bottom = label.offset - ascent("serif", em), label.offset + descent("serif", em)
            free = min(left.free_right(top, bottom), right.free_left(top, bottom), 0.6 * em)
            gap = max(gap, label.width + 0.5 * em - 2 * free)
        gaps[between] = gap
    every, labels = [bodies[sort] for sort in sorts.of], [sorts.labels[sort] for sort in sorts.of]
    return _Plan(chain, every, labels, measure, gap=gaps[False], short=gaps[True])


def _are_vectors(before: Stop, after: Stop) -> bool:
    return Look.VECTOR is before.look and after.look in (Look.VECTOR, Look.ANSWER)


def cut_for(stop: Stop, picture: bytes) -> bytes:
    """The image file *picture* as a PNG of the shape that *stop*, the input, is drawn in. Raises `CnngraphError`."""
    height, width, channels = stop.drawn.dims if stop.drawn.is_map else (1, 1, 3)
    return png_of(picture, ratio((as_int(height), as_int(width))), grey=channels == 1)


def _colors(chain: Sequence[Stop], theme: Theme) -> dict[str, Color]:
    """What *theme* says of single stops of *chain*, or of the resolutions that they have."""
    found: dict[str, Color] = {}
    stages: dict[tuple[Dim, ...], Color] = {}
    for stop in chain:
        if stop.drawn.is_map and stop.look is not Look.INPUT and theme.by_stage:
            found[stop.name] = stages.setdefault(stop.drawn.dims[:-1], theme.stage(len(stages)))
        if own := theme.own(stop.layers):
            found[stop.name] = own
    return found


def _body(
    stop: Stop, measure: Measure, most: int, colors: Mapping[str, Color], png: bytes | None, of_digits: bool
) -> Body:
    color = colors.get(stop.name)
    if stop.look is Look.ANSWER:
        return Answer(measure, stop.caption, as_int(stop.drawn.channels), color)
    caption = stop.caption if measure.theme.sizes else "" if stop.layers[0].inputs else stop.layers[0].label
    if stop.look is Look.VECTOR:
        return Column.of(measure, caption, as_int(stop.drawn.channels), most, color)
    height, width, channels = (as_int(dim) for dim in stop.drawn.dims)
    if stop.look is Look.INPUT and (channels == 1 or png is not None):
        return Framed.of(measure, caption, (height, width), png, of_digits)
    if stop.look is Look.INPUT and channels == 3:
        return Channels.of(measure, caption, height, width)
    return Cuboid.of(measure, caption, (height, width, channels), color)


def _fitted(chain: list[Stop], em: float, width: float, theme: Theme, drawing: _Drawing) -> tuple[_Plan, list[range]]:
    """The largest scale that needs no more rows than the preferred one, and its rows."""
    room = width - 2 * _MARGIN * em
    maps = [stop.drawn for stop in chain if stop.drawn.is_map and stop.look is not Look.ANSWER]
    largest = max((as_int(side) for volume in maps for side in (volume.height, volume.width)), default=1)
    deepest = max((as_int(volume.channels) for volume in maps), default=1)
    sorts = _Sorts.sorted(chain, em, drawing)
    pieces = _pieces(chain)

    def plan(side: float) -> _Plan:
        return _plan(chain, sorts, Measure(em, side * em, largest, deepest, theme), drawing)

    least = next((side for side in (_PREFERRED, _SMALLEST) if plan(side).count(pieces, room)), None)
    if least is None:
        raise _too_narrow(width, plan(_SMALLEST), pieces)
    most = plan(least).count(pieces, room)

    def fits(side: float, pieces: list[range]) -> bool:
        return 0 < plan(side).count(pieces, room) <= most

    def widest(pieces: list[range]) -> float:
        low, high = least, _LARGEST
        for _ in range(7):
            side = (low + high) / 2
            low, high = (side, high) if fits(side, pieces) else (low, side)
        return low

    side, stages = widest(pieces), _stages(chain, pieces)
    if fits(least, stages) and (tidy := widest(stages)) >= _TIDY * side:
        side, pieces = tidy, stages
    best = plan(side)
    return best, best.rows(pieces, room)


def _pieces(chain: list[Stop]) -> list[range]:
    """What rows are made of: single stops, but an ``=`` is never torn from what it follows."""
    starts = [index for index, stop in enumerate(chain) if index == 0 or not stop.equals]
    return [range(start, stop) for start, stop in pairwise([*starts, len(chain)])]


def _stages(chain: list[Stop], pieces: list[range]) -> list[range]:
    """*pieces* in one as far as the resolution stays."""
    ends = [piece.stop for piece in pieces if _ends_stage(chain, piece[-1])]
    starts = [0, *(end for end in ends if end < len(chain))]
    return [range(start, stop) for start, stop in pairwise([*starts, len(chain)])]


def _ends_stage(chain: list[Stop], index: int) -> bool:
    """Whether the resolution changes on the way to the stop *index*."""
    here, before = chain[index].drawn, chain[max(0, index - 1)].drawn
    return here.dims[:-1] != before.dims[:-1]


def _too_narrow(width: float, plan: _Plan, pieces: list[range]) -> CnngraphError:
    widest = max(plan.width(piece) for piece in pieces) + 2 * _MARGIN * plan.em
    return too_narrow(width, widest)


def _labels(words: Words, em: float) -> tuple[_Label, ...]:
    above = [line for phrase in words.above for line in _broken(phrase)]
    first = ascent("serif", em) + _BELOW * em
    lowest = max((ink(line, "serif", 1.0)[1] for line in above[-1:]), default=0.0)
    lift = _ABOVE + max(0.0, lowest - _TAIL)
    offsets = [-(lift + LEADING * line) * em for line in reversed(range(len(above)))]
    offsets += [first + LEADING * line * em for line in range(len(words.below))]
    return tuple(
        _Label(content, offset, text_width(content, "serif", em))
        for content, offset in zip([*above, *words.below], offsets, strict=True)
    )


def _broken(phrase: str) -> list[str]:
    """*phrase* in lines of about `_LINE` ems, broken between words."""
    lines: list[str] = []
    for word in phrase.split():
        if lines and text_width(f"{lines[-1]} {word}", "serif", 1.0) <= _LINE:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def hover(stop: Stop) -> str:
    """``conv1: 28×28×6, 156 parameters, 117,600 MACs``"""
    layers: tuple[Layer, ...] = stop.layers
    params, macs = sum(layer.params for layer in layers), total(layer.macs for layer in layers)
    facts = [stop.volume.caption, f"{params:,} parameters" if params else "", f"{macs:,} MACs" if macs else ""]
    return f"{stop.name}: {', '.join(fact for fact in facts if fact)}"
