"""The style of the lecture's Inception slides: a box for every operation, branches on lanes, skips as arcs.

Chains wrap in rows at the units that every path passes. What does not fit is folded: first equal neighbours,
then the spec's blocks, the innermost first, until it does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, fsum, inf

from cnngraph.figure.heading import heading
from cnngraph.figure.lanes.boxes import STACKED, Box, Stacked
from cnngraph.figure.lanes.part import Measure, Part
from cnngraph.figure.lanes.row import Row, Stop
from cnngraph.figure.page import fitting, height, texts, too_narrow
from cnngraph.figure.scene import Group, Item, Line, Move, Path, Polygon, Scene, Text
from cnngraph.figure.sharing import key
from cnngraph.figure.stages import stacked
from cnngraph.figure.styles.lines import LEAD, LETTER, Cut, Setting, draw_rows
from cnngraph.figure.styles.parts import Maker, box_width, called, marks, stacks
from cnngraph.figure.text import ascent, middle_baseline
from cnngraph.figure.text import width as text_width
from cnngraph.figure.theme import Theme
from cnngraph.figure.turned import turned
from cnngraph.flow import (
    Chain,
    flow,
    units_of,
)
from cnngraph.fold import folded
from cnngraph.network import Network
from cnngraph.units import units
from cnngraph.volume import as_int

SLIDE_TEXT, LEAST_TEXT = 14.0, 6.4
"""Points: text of 14 on a slide, in proportion on other widths, and never below what print can bear."""
_MARGIN, _ROW_GAP = 1.0, 1.8
"""Ems: the page's border, and air between rows."""
_LEAST_BOX = 5.0
"""Ems that a box has on the narrowest page."""
_CAPTION = 0.4
"""Of a page's width: what is left beside a caption where the way runs down."""
_LONGER = 1.15
"""By how much longer columns are tried."""


def several(
    networks: Sequence[Network],
    *,
    width: float,
    theme: Theme,
    title: str | None,
    fold: bool | None,
    depth: int | None,
    names: bool,
    show: Collection[str] = (),
    down: bool = False,
    long: float | None = None,
) -> Scene:
    """*networks* one under the other, or *down* side by side, each below its name as `blocks` draws it, and *title*
    above all of them."""
    titles = [network.title or network.name for network in networks]
    if len(networks) == 1:
        titles = [title or titles[0]]
    beside = len(networks) if down else 1

    def drawn(width: float) -> Scene:
        foldings = [
            _Folding(network, name, width, beside, theme, names, show, down, long, _attempts(network, fold, depth))
            for network, name in zip(networks, titles, strict=True)
        ]

        sizes = texts(width, SLIDE_TEXT, LEAST_TEXT)

        def with_text(em: float) -> Scene:
            head = heading(title, 1.3 * em, width, _MARGIN * em, theme) if title and len(networks) > 1 else None
            return _as_open_as_fits(foldings, em, em == sizes[-1], width, head)

        return fitting(with_text, sizes, width)

    scene = drawn(width)
    if scene.width <= width + 0.01:
        return scene
    needed = scene.width
    # A wider page may be a slide, whose text is larger.
    while (wider := drawn(ceil(needed)).width) > ceil(needed):
        needed = wider
    raise too_narrow(width, needed)


def blocks(
    network: Network,
    *,
    width: float,
    theme: Theme,
    title: str | None,
    fold: bool | None,
    depth: int | None,
    names: bool = False,
    show: Collection[str] = (),
    down: bool = False,
    long: float | None = None,
) -> Scene:
    """*network*, whatever its shape, at most *width* points wide; raises `CnngraphError` (E0604) when that is less than
    a single box takes.

    *fold* asks for it, or forbids it; None folds as far as a page needs. *depth* blocks around each other
    stay open, deeper ones are one box each. With *names*, layers are named as in the table and the ONNX file; silent
    layers whose words are in *show* are named in the box of the layer before. *down*, it runs from top to bottom, in
    columns of *long* points, a page's height unless said.
    """
    return several(
        [network], width=width, theme=theme, title=title, fold=fold, depth=depth, names=names, show=show, down=down,
        long=long,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Attempt:
    chain: Chain
    remark: str


class _Folding:
    """A network in all the ways in which it can be drawn, from all there is to the least."""

    def __init__(
        self, network: Network, title: str, width: float, beside: int, theme: Theme, names: bool,
        show: Collection[str], down: bool, long: float | None, attempts: Iterator[_Attempt],
    ) -> None:  # fmt: skip
        self.network, self.title, self.theme, self.names, self.show = network, title, theme, names, show
        self.long, self.width, self.down = long or height(width), width / beside, down
        self._made: list[_Attempt] = []
        self._more = attempts

    def laid(self, step: int, em: float, least: bool) -> _Laid | None:
        """So many steps from all there is; None beyond the last. What is too wide with the *least* text is narrower
        and longer, if it can be."""
        while len(self._made) <= step:
            if (attempt := next(self._more, None)) is None:
                return None
            self._made.append(attempt)
        laid = _Laid(self, self._made[step], em)
        if least and self.down and laid.width > self.width + 0.01:
            narrow = _Laid(self, self._made[step], em, narrow=True)
            return narrow if narrow.width < laid.width else laid
        return laid


def _as_open_as_fits(foldings: Sequence[_Folding], em: float, least: bool, width: float, head: Text | None) -> Scene:
    """All networks, the highest folded step by step until they fit on a page; what comes nearest to that if they do
    not."""
    steps, laid = [0] * len(foldings), [first for each in foldings if (first := each.laid(0, em, least))]
    best: list[_Laid] = []

    def excess(some: Sequence[_Laid]) -> tuple[float, float]:
        """How much too wide they are, and how high."""
        heights = [each.height for each in some]
        return max(0.0, *(each.width - each.folding.width for each in some)), _whole(heights, foldings[0].down)

    while True:
        too_wide, high = excess(laid)
        if high <= height(width) and too_wide <= 0.01:
            scene = _together(laid, em, head)
            if scene.height <= height(width):
                return scene
        if not best or excess(laid) < excess(best):
            best = list(laid)
        for number in sorted(range(len(laid)), key=lambda number: excess([laid[number]]), reverse=True):
            if (smaller := foldings[number].laid(steps[number] + 1, em, least)) is not None:
                steps[number], laid[number] = steps[number] + 1, smaller
                break
        else:
            return _together(best, em, head)


def _whole(heights: Sequence[float], down: bool) -> float:
    """Of networks side by side, or one under the other."""
    return max(heights) if down else sum(heights)


def _together(laid: Sequence[_Laid], em: float, head: Text | None) -> Scene:
    scenes = [each.scene for each in laid]
    if len(scenes) == 1:
        return scenes[0]
    return stacked(scenes, _ROW_GAP * em, head, across=laid[0].folding.down)


class _Laid:
    """A network in rows, or in columns, not yet drawn: most of what is tried is too high."""

    def __init__(self, folding: _Folding, attempt: _Attempt, em: float, narrow: bool = False) -> None:
        self.folding, self.attempt, self.em = folding, attempt, em
        network, theme = folding.network, folding.theme
        self.room = folding.width - 2 * _MARGIN * em
        beside = self.room * _CAPTION if folding.down else 2 * (LEAD + LETTER) * em
        most = max(_LEAST_BOX * em, self.room - beside)
        words = box_width(network, attempt.chain, em, most, folding.show)
        across = self.room if narrow else inf
        self.measure = Measure(em, words, theme, most, down=folding.down, across=across)
        self.maker = Maker(
            network, self.measure, folding.names, marks(attempt.chain), show=folding.show,
            called=called(network, attempt.chain, theme),
        )  # fmt: skip
        self.head = heading(folding.title, em, folding.width, _MARGIN * em, theme)
        self.long = folding.long - self._top - _MARGIN * em
        self.rows = self._cut(self.long if folding.down else self.room)

    def _cut(self, room: float) -> list[Cut]:
        """In rows that are no longer than *room*."""
        setting = Setting(self.maker, room)
        lines = setting.lines(self.attempt.chain)
        if len(lines) == 1:
            with_volume = [*lines[0], *map(Stop, _stacked(self.folding.network, lines[0], self.measure))]
            if Row(self.measure, tuple(with_volume)).width <= room:
                lines = [with_volume]
        return setting.cut(lines)

    @property
    def _are_too_many(self) -> bool:
        """Whether they are columns that have no room beside each other, and will have to be longer."""
        return self.folding.down and self._across(self.rows) > self.room

    def _longer(self) -> list[Cut]:
        """In columns that are longer than a page is high, as far as that makes them fewer."""
        long, rows = self.long, self.rows
        while (wide := self._across(rows)) > self.room and max(row.width for row in rows) >= long / 2:
            long *= min(max(_LONGER, wide / self.room), 2.0)
            rows = self._cut(long)
        return rows

    def _across(self, rows: Sequence[Cut]) -> float:
        return fsum(row.height for row in rows) + (len(rows) - 1) * self._gap

    @property
    def _gap(self) -> float:
        """Between rows, and between columns, which have room beside them where no box is."""
        return (1.0 if self.folding.down else _ROW_GAP) * self.em

    @property
    def _top(self) -> float:
        """Of the first row, or of all columns."""
        return (_MARGIN + _ROW_GAP) * self.em + ascent("serif", self.head.size)

    def _size(self, rows: Sequence[Cut]) -> tuple[float, float]:
        """Of what *rows* take: across the page, and down."""
        long, across = max(row.width for row in rows), self._across(rows)
        return (across, long) if self.folding.down else (long, across)

    def _wide(self, across: float) -> float:
        """The page of what takes so much of it."""
        head = text_width(self.head.content, self.head.font, self.head.size)
        return max(across, head) + 2 * _MARGIN * self.em

    @cached_property
    def width(self) -> float:
        """Of columns that are too many, what the widest takes."""
        return self._wide(max(row.height for row in self.rows) if self._are_too_many else self._size(self.rows)[0])

    @cached_property
    def height(self) -> float:
        """Without what a key to its lines and letters takes; about what columns take that are too many."""
        down = self._size(self.rows)[1]
        if self._are_too_many:
            down = max(down, self.long * self._across(self.rows) / self.room)
        return self._top + down + _MARGIN * self.em

    @cached_property
    def scene(self) -> Scene:
        em, margin = self.em, _MARGIN * self.em
        rows = self._longer() if self._are_too_many else self.rows
        across, down = self._size(rows)
        if self.folding.down:
            drawn = [turned(item) for item in draw_rows(rows, self._top, margin, self._gap).items]
        else:
            drawn = draw_rows(rows, margin, self._top, self._gap).items
        items: list[Item] = [self.head, *_in_colors_of_parts(drawn, self.folding.network, self.folding.theme)]
        y = self._top + down + _ROW_GAP * em
        if any(isinstance(group, Group) and group.role == "edge" and _is_dashed(group) for group in items):
            items += _key(margin, y, self.measure)
            y += 1.2 * em + _ROW_GAP * em
        if self.maker.marks:
            baseline = middle_baseline(y + 0.6 * em, em)
            items.append(key(self.maker.marks.values(), margin, baseline, em, self.folding.theme))
            y += 1.2 * em + _ROW_GAP * em
        return Scene(
            width=self._wide(across),
            height=y + (_MARGIN - _ROW_GAP) * em,
            items=tuple(items),
            title=self.folding.title,
            description=", ".join(f"{unit.name} {unit.output.caption}" for unit in units_of(self.attempt.chain)),
            background=self.folding.theme.background,
            remarks=(self.attempt.remark,) if self.attempt.remark else (),
        )


def _attempts(network: Network, fold: bool | None, depth: int | None) -> Iterator[_Attempt]:
    """From all there is to the least."""
    whole = units(network)
    chain = flow(whole, depth, ports=True)
    if depth is not None:
        shut = chain
        yield _Attempt(folded(shut, network) if fold is not False else shut, "")
        return
    if not fold:
        yield _Attempt(chain, "")
    if fold is False:
        return
    small = folded(chain, network)
    if fold or small != chain:
        yield _Attempt(small, "" if fold else "folded: equal neighbours once, with how often")
    levels = [_depth(unit.lead.block, network) for unit in whole.units]
    for level in range(max(levels, default=0) - 1, -1, -1):
        yield _Attempt(
            folded(flow(whole, level, ports=True), network),
            f"folded: blocks as one box from depth {level} on (--depth), equal neighbours once, with how often",
        )


def _depth(path: str, network: Network) -> int:
    found = 0
    while path:
        path, found = network.blocks[path].parent, found + 1
    return found


def _stacked(network: Network, stops: Sequence[Stop], measure: Measure) -> list[Part]:
    """What a network gives back as the volume it is made of, when it is one stack of channels that it ends with, and
    there is room for it on the right."""
    joins = [layer for layer in network.layers if stacks(layer)]
    ends = len(joins) == 1 and [output.layer for output in network.outputs] == [joins[0].name]
    if (
        measure.down
        or not ends
        or not isinstance(stops[-1].part, Box)
        or not joins[0].output.is_map
        or not joins[0].output.is_fixed
    ):
        return []
    height, across, _ = (as_int(dim) for dim in joins[0].output.dims)
    channels = tuple(as_int(volume.channels) for volume in joins[0].input_volumes)
    return [Stacked(measure, joins[0].name, height, across, channels)]


def _in_colors_of_parts(items: Sequence[Item], network: Network, theme: Theme) -> Iterator[Item]:
    """*items*, with the lines to a join that is drawn as the volume which it stacks in the colours of its parts,
    unless these are greys."""
    if theme.hatched:
        yield from items
        return
    groups = {item.id for item in items if isinstance(item, Group)}
    owner = {name: unit.name for unit in units(network).units for name in unit.names}
    parts: dict[tuple[str, str], int] = {}
    for join in network.layers:
        if f"{join.name}{STACKED}" in groups:
            parts = {(owner[name], join.name): number for number, name in enumerate(join.inputs)}
    for item in items:
        ends = dict(item.data) if isinstance(item, Group) and item.role == "edge" else {}
        number = parts.get((ends.get("src", ""), ends.get("dst", "")))
        if number is None or not isinstance(item, Group):
            yield item
            continue
        color = theme.branches[number % len(theme.branches)].side
        yield item._replace(items=tuple(
            each._replace(stroke=each.stroke._replace(color=color)) if isinstance(each, Path)
            else each._replace(fill=color) if isinstance(each, Polygon)
            else each
            for each in item.items
        ))  # fmt: skip


def _is_dashed(group: Group) -> bool:
    return any(isinstance(item, Path) and bool(item.stroke.dash) for item in group.items)


def _key(x: float, y: float, measure: Measure) -> Iterator[Item]:
    """What a dashed line is."""
    em = measure.em
    middle = y + 0.6 * em
    sample = Path((Move((x, middle)), Line((x + 2.4 * em, middle))), measure.dashed)
    baseline = middle_baseline(middle, em)
    words = Text(x + 3.0 * em, baseline, "projection", em, "serif", fill=measure.theme.ink)
    yield Group("key-projection", "key", (sample, words))
