"""The style of the lecture's VGG-16 slide: volumes as text, joined by arrows that say what happens.

What all layers of a kind share stands once, in a line under the title; equal neighbours are one arrow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from math import fsum

from cnngraph.figure.heading import heading
from cnngraph.figure.page import fitting, texts, too_narrow
from cnngraph.figure.rows import balanced
from cnngraph.figure.scene import Group, Item, Primitive, Scene, Stroke, Text, edge
from cnngraph.figure.shapes import arrow
from cnngraph.figure.sharing import SAME_WEIGHTS
from cnngraph.figure.styles.bodies import Body, Channels, Framed, Measure
from cnngraph.figure.styles.stops import Look, Stop, are_of_digits, arrow_words, stops
from cnngraph.figure.styles.volumes import cut_for, hover
from cnngraph.figure.text import ascent, descent, fit
from cnngraph.figure.text import width as text_width
from cnngraph.figure.theme import Theme
from cnngraph.layers.kind import Kind
from cnngraph.network import Network
from cnngraph.volume import as_int

_SLIDE_TEXT, _LEAST_TEXT = 15.0, 6.5
"""Points."""
_MARGIN, _ROW_GAP, _LEADING = 0.9, 1.9, 1.2
_AIR = 0.45
"""Ems between a text and an arrow."""
_LEAST_ARROW = 3.2
_PICTURE = 6.5
"""Ems, the longest side of the input picture."""


@dataclass(frozen=True, slots=True)
class _Step:
    """A volume, and the arrow that leads to it."""

    stop: Stop
    """The last of the equal ones."""
    times: int
    label: tuple[str, ...]
    """Below the arrow."""
    lines: tuple[str, ...]
    """What stands for the volume."""


def text_flow(
    network: Network, *, width: float, theme: Theme, title: str | None, picture: bytes | None, fold: bool | None,
    show: Collection[str] = (),
) -> Scene:  # fmt: skip
    """*network*, a chain, at most *width* points wide, with silent layers named whose words are in *show*. Raises
    `CnngraphError` when it is none (E0603), when the width is too small (E0604) or the picture unreadable (E0605)."""
    chain = [stop for stop in stops(network, "text") if not stop.equals]
    shared = _shared(chain)
    steps = _steps(chain, shared, fold is not False, show)
    png = None if picture is None else cut_for(chain[0], picture)
    of_digits = are_of_digits(chain)

    def drawn(em: float) -> Scene:
        return _drawn(chain, _Flow(steps, em, theme, png, of_digits), shared, width, title)

    scene = fitting(drawn, texts(width, _SLIDE_TEXT, _LEAST_TEXT), width)
    return replace(scene, title=title or network.title or network.name)


def _drawn(chain: list[Stop], flow: _Flow, shared: dict[str, str], width: float, title: str | None) -> Scene:
    em, theme, steps = flow.em, flow.theme, flow.steps
    room = width - 2 * _MARGIN * em
    rows = balanced([range(number, number + 1) for number in range(len(steps))], flow.width, room)
    widest = max(flow.width(row) for row in rows)
    if widest > room + 0.01:
        raise too_narrow(width, widest + 2 * _MARGIN * em)
    head = None if title is None else heading(title, em, width, _MARGIN * em, theme)
    items: list[Item] = [] if head is None else [head]
    y = _MARGIN * em + (0.0 if head is None else ascent("serif", head.size) + 1.2 * em)
    used = widest
    if head is not None:
        used = max(used, text_width(head.content, head.font, head.size))
    legend = _legend(shared, em, room)
    for line in legend:
        y += ascent("serif", em)
        items.append(Text(_MARGIN * em, y, line, em, "serif", fill=theme.ink))
        used = max(used, text_width(line, "serif", em))
        y += 0.5 * em
    y += 0.9 * em if legend else 0.0
    for row in rows:
        axis = y + flow.up(row)
        items += flow.draw(row, _MARGIN * em, axis)
        y = axis + flow.down(row) + _ROW_GAP * em
    return Scene(
        width=used + 2 * _MARGIN * em,
        height=y + (_MARGIN - _ROW_GAP) * em,
        items=tuple(items),
        title=title or "",
        description=", ".join(f"{stop.name} {stop.caption}" for stop in chain),
        background=theme.background,
    )


# Words ---------------------------------------------------------------------------------------


def _hyper(kind: Kind) -> str:
    """``3×3 filter, s = 1, same``: all but the number of channels."""
    caption = kind.caption()
    if caption.window is None or caption.stride is None:
        return ", ".join(caption.details)
    height, width = caption.window
    stride = caption.stride
    parts = [f"{height}×{width}" + (" filter" if kind.family == "conv" else "")]
    parts.append(f"s = {stride[0]}" if stride[0] == stride[1] else f"s = {stride[0]}×{stride[1]}")
    return ", ".join([*parts, *([caption.padding] if caption.padding else []), *caption.details])


def _name(kind: Kind) -> str:
    return kind.caption().loud


def _shared(chain: list[Stop]) -> dict[str, str]:
    """By name the hyper-parameters that most layers of a kind have, where there are several."""
    found: dict[str, Counter[str]] = {}
    for stop in chain[1:]:
        kind = stop.layers[0].kind
        if not stop.layers[0].label and kind.family in ("conv", "pool") and kind.caption().window is not None:
            found.setdefault(_name(kind), Counter())[_hyper(kind)] += 1
    most = {name: counts.most_common(1)[0] for name, counts in found.items()}
    return {name: words for name, (words, count) in most.items() if 1 < count > found[name].total() / 2}


def _legend(shared: dict[str, str], em: float, room: float) -> list[str]:
    """``CONV = 3×3 filter, s = 1, same``, as many beside each other as fit."""
    lines: list[str] = []
    for name, words in shared.items():
        entry = f"{name} = {words}"
        if lines and text_width(f"{lines[-1]}        {entry}", "serif", em) <= room:
            lines[-1] += f"        {entry}"
        else:
            lines.append(fit(entry, "serif", em, room))
    return lines


def _steps(chain: list[Stop], shared: dict[str, str], fold: bool, show: Collection[str]) -> list[_Step]:
    pools = {_name(stop.layers[0].kind) for stop in chain if stop.layers[0].kind.family == "pool"}
    found: list[_Step] = []
    for number, stop in enumerate(chain):
        step = _Step(stop, 1, _label(stop, shared, len(pools) == 1, show) if number else (), _lines(stop))
        before = found[-1] if found else None
        is_drawn = not step.label or stop.layers[0].kind.family == "dense"
        if fold and before and number > 1 and not is_drawn and (before.label, before.lines) == (step.label, step.lines):
            found[-1] = replace(
                before, stop=replace(stop, layers=(*before.stop.layers, *stop.layers)), times=before.times + 1
            )
        else:
            found.append(step)
    return found


def _label(stop: Stop, shared: dict[str, str], one_pool: bool, show: Collection[str]) -> tuple[str, ...]:
    layer = stop.layers[0]
    kind, again = layer.kind, (SAME_WEIGHTS,) if layer.shares else ()
    name, caption = _name(kind), kind.caption()
    answers = stop.look is Look.ANSWER
    behind = stop.layers[1:-1] if answers else stop.layers[1:]
    silent = tuple(each.label or each.kind.caption().short for each in behind if each.label or each.kind.word in show)
    if stop.look in (Look.VECTOR, Look.ANSWER) and kind.family == "dense":
        own = not stop.is_one_step or stop.layers[-1].label
        called = (layer.label,) if answers and layer.label and own else ()
        return (*called, *silent, *again)
    if answers:
        return ()
    words = f"{layer.label or name} {caption.size}".strip()
    if layer.label or any(each.label for each in behind) or shared.get(name) != _hyper(kind):
        return (words, *arrow_words(layer).below, *silent)
    if kind.family == "pool":
        return ("POOL" if one_pool else name, *silent)
    return (words, *again, *silent)


def _lines(stop: Stop) -> tuple[str, ...]:
    if stop.look is Look.ANSWER:
        return tuple(stop.caption.rsplit(" ", 1))
    if stop.look is Look.VECTOR and stop.layers[0].kind.family == "dense":
        return (stop.layers[0].label or "FC", stop.caption)
    return (stop.caption,)


# Rows ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Flow:
    steps: list[_Step]
    em: float
    theme: Theme
    png: bytes | None
    of_digits: bool

    def label(self, step: _Step) -> tuple[str, ...]:
        if step.times == 1 or not step.label:
            return step.label
        return (f"[{step.label[0]}]", f"×{step.times}", *step.label[1:])

    def arrow(self) -> float:
        """The length of every arrow: as its longest words."""
        lines = [line for step in self.steps for line in self.label(step)]
        return max([_LEAST_ARROW * self.em, *(text_width(line, "serif", self.em) + 0.5 * self.em for line in lines)])

    def body(self, index: int) -> Body | None:
        """A picture of the input, if it is one."""
        stop = self.steps[index].stop
        if index or stop.look is not Look.INPUT:
            return None
        height, width, channels = (as_int(dim) for dim in stop.drawn.dims)
        measure = Measure(self.em, _PICTURE * self.em, max(height, width), max(channels, 1), self.theme)
        if self.png is not None or channels == 1:
            return Framed.of(measure, stop.caption, (height, width), self.png, self.of_digits)
        return Channels.of(measure, stop.caption, height, width) if channels == 3 else None

    def node_width(self, index: int) -> float:
        body = self.body(index)
        if body is not None:
            return max(body.width, body.caption_width)
        return max(text_width(line, "serif", self.em) for line in self.steps[index].lines)

    def width(self, row: range) -> float:
        arrows = len(row) - (row.start == 0)
        air = 2 * arrows * _AIR * self.em - (0.0 if row.start == 0 else _AIR * self.em)
        return fsum(self.node_width(index) for index in row) + arrows * self.arrow() + air

    def up(self, row: range) -> float:
        body = self.body(row.start)
        return body.up if body is not None else 0.6 * ascent("serif", self.em)

    def down(self, row: range) -> float:
        """Below the axis, which runs through the middle of the volumes' text and along the arrows."""
        deep = [self._label_depth(step) for step in (self.steps[index] for index in row)]
        deep += [
            self._baseline(0) + (len(self.steps[i].lines) - 1) * _LEADING * self.em + descent("serif", self.em)
            for i in row
        ]
        body = self.body(row.start)
        if body is not None:
            deep.append(body.down + 0.3 * self.em + ascent("serif", self.em) + descent("serif", self.em))
        return max(deep)

    def _baseline(self, line: int) -> float:
        return 0.36 * self.em + line * _LEADING * self.em

    def _label_depth(self, step: _Step) -> float:
        lines = len(self.label(step))
        return 0.35 * self.em + ascent("serif", self.em) + (lines - 1) * _LEADING * self.em + descent("serif", self.em)

    def draw(self, row: range, x: float, axis: float) -> Iterator[Item]:
        em, ink = self.em, self.theme.ink
        for index in row:
            step = self.steps[index]
            if index:
                source = self.steps[index - 1].stop
                x += 0.0 if index == row.start else _AIR * em
                drawn: list[Primitive] = list(
                    arrow((x, axis), (x + self.arrow(), axis), Stroke(ink, 0.085 * em), 0.7 * em)
                )
                middle = x + self.arrow() / 2
                for number, line in enumerate(self.label(step)):
                    baseline = axis + 0.35 * em + ascent("serif", em) + number * _LEADING * em
                    drawn.append(Text(middle, baseline, line, em, "serif", "middle", fill=ink))
                yield edge(source.name, step.stop.name, drawn)
                x += self.arrow() + _AIR * em
            width = self.node_width(index)
            body = self.body(index)
            if body is not None:
                baseline = axis + body.down + 0.3 * em + ascent("serif", em)
                node = body.draw(x + (width - body.width) / 2, axis, baseline)
                yield Group(step.stop.name, "layer", node, hover(step.stop), layers=step.stop.names)
            else:
                texts = tuple(
                    Text(x + width / 2, axis + self._baseline(number), line, em, "serif", "middle", fill=ink)
                    for number, line in enumerate(step.lines)
                )
                yield Group(step.stop.name, "layer", texts, hover(step.stop), layers=step.stop.names)
            x += width
