"""The style of the lecture's Inception network: the whole graph in little, and one module of those alike enlarged.

Every unit is a small box without words, whose colour says what it does; whose weights it has is said on hovering.
Modules that are alike have a frame, and one of them stands above with its words.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress
from math import fsum, inf

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.colors import Color
from cnngraph.figure.heading import heading
from cnngraph.figure.lanes.boxes import Box, Sign
from cnngraph.figure.lanes.part import Measure
from cnngraph.figure.lanes.row import Row
from cnngraph.figure.page import SLIDE, height, texts, too_narrow
from cnngraph.figure.scene import Circle, Group, Item, Line, Move, Path, Primitive, Rect, Scene, Stroke, Text
from cnngraph.figure.stages import retold
from cnngraph.figure.styles.lines import Cut, Drawn, Setting, draw_rows
from cnngraph.figure.styles.parts import Maker, box_width, fill, name_of, sign_of
from cnngraph.figure.text import ascent, descent, fit, middle_baseline
from cnngraph.figure.text import width as text_width
from cnngraph.figure.theme import Theme
from cnngraph.flow import Chain, flow, units_of
from cnngraph.fold import Module, alike
from cnngraph.network import Network
from cnngraph.units import Unit, units

_TEXT, _LEAST_TEXT = 14.0, 6.0
"""Points: text on a slide, in proportion on other widths, and never below what print can bear."""
_MARGIN, _GAP, _PAD = 1.0, 1.8, 0.8
"""Ems of the text: the page's border, air between what lies one under the other, and around what is enlarged."""
_BOX = 2.4
"""Ems of the small boxes that they are wide."""
_LEAST_BOX = 0.275
"""The least em of the small boxes, in ems of the text: in smaller ones arrows are specks."""
_STEPS = 6
"""Of the search for the largest."""
_FRAME = 0.25
"""Ems of the small boxes between one and the frame of its module."""
_SAMPLE = 1.4
"""Ems that a sample takes before its words."""


def patterns(network: Network) -> list[Module]:
    """The modules of *network* that are alike but for their channels and the size of their maps."""
    return alike(flow(units(network)), network, _look)


def _look(unit: Unit) -> Hashable:
    caption = unit.does.kind.caption()
    words = tuple(layer.kind.word for layer in unit.layers if not layer.kind.idle)
    return words, caption.window, caption.stride, caption.padding, unit.labels


@dataclass(frozen=True)
class _Mute(Maker):
    """Makes boxes without words."""

    def unit(self, unit: Unit, last: Unit, layers: tuple[str, ...], times: int = 1) -> Box | Sign:
        if (sign := sign_of(unit)) and times == 1:
            return Sign(self.measure, unit.name, sign, unit.about, layers)
        return Box(
            self.measure, unit.name, last.name, (), "", fill(unit, self.measure.theme), unit.about, layers, times
        )


@dataclass(frozen=True)
class _Speaking(Maker):
    """Makes the boxes of a module; the one before it is any."""

    before: str

    def unit(self, unit: Unit, last: Unit, layers: tuple[str, ...], times: int = 1) -> Box | Sign:
        if unit.name != self.before:
            return super().unit(unit, last, layers, times)
        words, join = ("Previous", "Activation"), self.measure.theme.join
        return Box(self.measure, unit.name, unit.name, words, unit.output.caption, join, unit.about, layers, times)


def overview(network: Network, *, width: float, theme: Theme, title: str | None) -> Scene:
    """*network* in as few rows as can be, and as large as they take; raises `CnngraphError` when it is a chain, or a
    part of it that is none is longer than a row of *width* points with the smallest boxes (E0606), or a module enlarged
    is (E0604)."""
    sizes = texts(width, _TEXT, _LEAST_TEXT)
    em = sizes[0]
    margin, gap, room = _MARGIN * em, _GAP * em, width - 2 * _MARGIN * em
    whole = units(network)
    if whole.is_chain:
        raise CnngraphError.of(
            "E0606",
            f"the style `overview` shows how a network branches, and {network.name} is a chain",
            help="--style strip draws chains of any length",
        )
    chain = flow(whole)
    head = heading(title or network.title or network.name, em, width, margin, theme)
    across, below = margin + text_width(head.content, head.font, head.size), head.y + descent(head.font, head.size)
    small = _Small(network, chain, em, room, theme)
    key = _Key(small.smallest, em, room, theme)
    rest = small.least + 2 * gap + key.height + margin
    panel: _Panel | None = None
    top, least = below, across
    if modules := alike(chain, network, _look):
        for size in sizes:
            panel = _Panel(network, modules, size, room, theme)
            beside = across + gap + panel.width <= margin + room
            least = panel.width + (across + gap if beside else margin)
            top = margin if beside else below + gap / 2
            if panel.width <= room and top + panel.height + rest <= height(width):
                break
    if panel:
        if panel.width > room:
            # The margins grow with the page.
            raise too_narrow(width, max(panel.width + 2 * margin, panel.width / (1 - 2 * _MARGIN * _TEXT / SLIDE)))
        below = max(below, top + panel.height)
    rows = small.largest(height(width) - below - rest + small.least)
    drawn = draw_rows(rows, margin, below + gap, gap)
    right = max(across, least, margin + max(row.width for row in rows), margin + key.width)
    bottom = drawn.bottoms[-1] + gap
    enlarged = panel.draw(right, top, drawn, below + gap, _FRAME * rows[0].row.measure.em) if panel else ()
    return Scene(
        width=right + margin,
        height=bottom + key.height + margin,
        items=(head, *enlarged, *drawn.items, *key.draw(margin, bottom)),
        title=title or network.title or network.name,
        description=", ".join(f"{unit.name} {unit.output.caption}" for unit in units_of(chain)),
        background=theme.background,
    )


class _Small:
    """All of a network in small boxes."""

    def __init__(self, network: Network, chain: Chain, em: float, room: float, theme: Theme) -> None:
        self.network, self.chain, self.em, self.room, self.theme = network, chain, em, room, theme
        setting, rows = self._tried(_LEAST_BOX * em)
        if setting.lettered:
            raise CnngraphError.of(
                "E0606",
                f"the style `overview` draws rows that one tensor leads on from, and {network.name} is not that",
                reason="a part of it that is no chain is longer than a row with the smallest boxes",
                help="--style blocks draws it",
            )
        self.rows = rows
        self.smallest = draw_rows(rows, 0.0, 0.0, _GAP * em)

    @property
    def least(self) -> float:
        """The height of its rows with the smallest boxes."""
        return self.smallest.bottoms[-1]

    def largest(self, high: float) -> list[Cut]:
        """In the largest boxes with which it has no more rows than with the smallest, and is not higher than *high*, if
        it can be."""
        least, most = _LEAST_BOX * self.em, self.em
        best, gaps = self.rows, (len(self.rows) - 1) * _GAP * self.em
        for _ in range(_STEPS):
            middle = (least + most) / 2
            setting, rows = self._tried(middle)
            if setting.lettered or len(rows) > len(best) or fsum(row.height for row in rows) + gaps > high:
                most = middle
            else:
                least, best = middle, rows
        return best

    def _tried(self, small: float) -> tuple[Setting, list[Cut]]:
        """With boxes of which *small* is the em."""
        measure = Measure(small, _BOX * small, self.theme, words=self.em)
        setting = Setting(_Mute(self.network, measure, names=False, marks={}), self.room)
        return setting, setting.cut(setting.lines(self.chain))


class _Panel:
    """One of several modules that are alike, enlarged."""

    def __init__(self, network: Network, modules: Sequence[Module], em: float, room: float, theme: Theme) -> None:
        self.network, self.modules, self.em, self.room, self.theme = network, modules, em, room, theme
        self.rows = [self._row(module) for module in modules]

    def _row(self, module: Module) -> Row:
        chain: Chain = (module.source, module.fork, module.join)
        words = text_width("Activation", "serif", self.em) + 1.2 * self.em
        measure = Measure(self.em, max(words, box_width(self.network, chain[1:], self.em, inf)), self.theme)
        maker = _Speaking(self.network, measure, names=False, marks={}, before=module.source.name)
        return Row(measure, maker.stops(chain, "", ""))

    def _words(self, module: Module) -> str:
        block = module.join.lead.block
        name = f"{name_of(block, self.network)}, one" if block else "One"
        return fit(f"{name} of {len(self.modules)} alike", "serif", self.em, self.room)

    @cached_property
    def width(self) -> float:
        """Whichever of the modules it is."""
        words = [text_width(self._words(module), "serif", self.em) for module in self.modules]
        return max(*words, *(row.width + 2 * _PAD * self.em for row in self.rows))

    @cached_property
    def height(self) -> float:
        return self._above + self._up + max(row.down for row in self.rows) + 2 * _PAD * self.em

    @property
    def _up(self) -> float:
        return max(row.up for row in self.rows)

    @property
    def _above(self) -> float:
        """The line of words above the frame."""
        return ascent("serif", self.em) + descent("serif", self.em) + 0.3 * self.em

    def draw(self, right: float, y: float, drawn: Drawn, roof: float, air: float) -> Iterator[Item]:
        """With its right end at *right*: the module that lies nearest below it in the first row of what is *drawn*,
        which begins at *roof*; and the frames of all, with so much *air*, but where an output's name is in the way.
        Where something lies above each of them in the row, no lines lead there."""
        em, x = self.em, right - self.width
        groups = [item for item in drawn.items if isinstance(item, Group)]
        things = [box for group in groups for box in _boxes(group)]
        words = [box for group in groups if group.role == "output" for box in _boxes(group)]
        frames = [_frame(module, groups, air) for module in self.modules]
        framed = [not _meets(frame, words) for frame in frames]
        first = [number for number, frame in enumerate(frames) if framed[number] and frame.y < drawn.bottoms[0]]
        free = [number for number in first if _is_free(frames[number], roof, things)]
        number = min(free or [0], key=lambda each: abs(frames[each].x + frames[each].width / 2 - x - self.width / 2))
        row, own = self.rows[number], frames[number]
        top, bottom = y + self._above, y + self.height
        line = Stroke(self.theme.faint, 0.06 * em)
        dotted = Stroke(self.theme.faint, 0.05 * em, (0.1 * em, 0.15 * em))
        ends = ((own.x, x), (own.x + own.width, right)) if free else ()
        shown: list[Primitive] = [
            *(Path((Move((start, own.y)), Line((start, roof)), Line((end, bottom))), line) for start, end in ends),
            *(each._replace(stroke=line if each is own else dotted) for each in compress(frames, framed)),
            Rect(x, top, self.width, bottom - top, None, line),
            Text(x, y + ascent("serif", em), self._words(self.modules[number]), em, "serif", fill=self.theme.ink),
        ]
        yield Group("alike", "decoration", tuple(shown))
        inside = x + (self.width - row.width) / 2
        yield from map(retold, row.draw(inside, top + _PAD * em + self._up))


_Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def _frame(module: Module, groups: Iterable[Group], air: float) -> Rect:
    """Around what is drawn of *module*, with so much *air*."""
    names = {unit.name for unit in module.units}
    boxes: list[_Box] = []
    for group in groups:
        if group.role == "layer" and group.id in names:
            boxes += _boxes(group)
        elif group.role == "edge" and dict(group.data)["dst"] in names and (dots := list(_boxes(group))):
            # An arc, which begins with a dot: it rises over the boxes.
            level = min(step.to[1] for item in group.items if isinstance(item, Path) for step in item.steps)
            boxes += [*dots, *((left, level, right, level) for left, _, right, _ in dots)]
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    x, y = min(lefts) - air, min(tops) - air
    return Rect(x, y, max(rights) + air - x, max(bottoms) + air - y)


def _meets(frame: Rect, things: Iterable[_Box]) -> bool:
    """Whether any of *things* lies on *frame* or within it."""
    right, bottom = frame.x + frame.width, frame.y + frame.height
    return any(box[0] < right and frame.x < box[2] and box[1] < bottom and frame.y < box[3] for box in things)


def _is_free(frame: Rect, roof: float, things: Iterable[_Box]) -> bool:
    """Whether lines straight up from the corners of *frame* meet none of *things*."""
    sides = frame.x, frame.x + frame.width
    above = [box for box in things if box[1] < frame.y and box[3] > roof]
    return not any(left <= x <= right for left, _, right, _ in above for x in sides)


def _boxes(group: Group) -> Iterator[_Box]:
    """Of what has a width and a height in *group*."""
    for item in group.items:
        match item:
            case Rect(x, y, width, height):
                yield x, y, x + width, y + height
            case Circle(x, y, radius):
                yield x - radius, y - radius, x + radius, y + radius
            case Text(x, y, content, size, font):
                yield x, y - ascent(font, size), x + text_width(content, font, size), y + descent(font, size)


class _Key:
    """What the colours of boxes say, and a dashed line, in lines of words."""

    def __init__(self, drawn: Drawn, em: float, room: float, theme: Theme) -> None:
        self.em, self.theme = em, theme
        groups = [item for item in drawn.items if isinstance(item, Group)]
        used = {item.fill for group in groups for item in group.items if isinstance(item, Rect)}
        dashed = any(isinstance(item, Path) and item.stroke.dash for group in groups for item in group.items)
        meanings = [(color, words) for color, words in _meanings(theme) if color in used]
        self.lines: list[list[tuple[float, Color | None, str]]] = [[]]
        self.width = x = 0.0
        for color, words in [*meanings, *([(None, "projection")] if dashed else [])]:
            length = _SAMPLE * em + text_width(words, "serif", em)
            if x + length > room and self.lines[-1]:
                self.lines.append([])
                x = 0.0
            self.lines[-1].append((x, color, words))
            self.width = max(self.width, x + length)
            x += length + 1.5 * em

    @property
    def height(self) -> float:
        return (1.5 * len(self.lines) - 0.3) * self.em

    def draw(self, x: float, y: float) -> Iterator[Item]:
        em, edge = self.em, Stroke(self.theme.edge, 0.06 * self.em)
        for number, line in enumerate(self.lines):
            middle = y + (0.6 + 1.5 * number) * em
            baseline = middle_baseline(middle, em)
            for left, color, words in line:
                sample: Primitive = Rect(x + left, middle - 0.45 * em, 0.9 * em, 0.9 * em, color, edge)
                if color is None:
                    way = Move((x + left, middle)), Line((x + left + em, middle))
                    sample = Path(way, Measure(em, 0.0, self.theme).dashed)
                said = Text(x + left + _SAMPLE * em, baseline, words, em, "serif", fill=self.theme.ink)
                yield Group(f"key-{words}", "key", (sample, said))


def _meanings(theme: Theme) -> tuple[tuple[Color, str], ...]:
    return (
        (theme.conv, "convolution"),
        (theme.pool, "pooling"),
        (theme.join, "input, concatenation"),
        (theme.paper, "other join"),
        (theme.dense, "fully connected"),
        (theme.norm, "normalization"),
        (theme.other, "other"),
    )
