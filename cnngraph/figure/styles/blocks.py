"""The style of the lecture's Inception slides: a box for every operation, branches on lanes, skips as arcs.

Chains wrap in rows at the units that every path passes. What does not fit is folded: first equal neighbours,
then the spec's blocks, the innermost first, until it does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cnngraph.figure.heading import heading
from cnngraph.figure.lanes.boxes import Box, Stacked
from cnngraph.figure.lanes.part import Measure, Part
from cnngraph.figure.lanes.row import Row, Stop
from cnngraph.figure.page import fitting, height, texts, too_narrow
from cnngraph.figure.scene import Group, Item, Line, Move, Path, Scene, Text
from cnngraph.figure.stages import stacked
from cnngraph.figure.styles.lines import LEAD, LETTER, Setting
from cnngraph.figure.styles.parts import Maker, box_width, marks
from cnngraph.figure.text import ascent, descent
from cnngraph.figure.text import width as text_width
from cnngraph.figure.theme import Theme
from cnngraph.flow import (
    Chain,
    flow,
    units_of,
)
from cnngraph.fold import folded
from cnngraph.network import Layer, Network
from cnngraph.units import units
from cnngraph.volume import as_int

SLIDE_TEXT, LEAST_TEXT = 14.0, 6.4
"""Points: text of 14 on a slide, in proportion on other widths, and never below what print can bear."""
_MARGIN, _ROW_GAP = 1.0, 1.8
"""Ems: the page's border, and air between rows."""
_LEAST_BOX = 5.0
"""Ems that a box has on the narrowest page."""


def several(
    networks: Sequence[Network],
    *,
    width: float,
    theme: Theme,
    title: str | None,
    fold: bool | None,
    depth: int | None,
    names: bool,
) -> Scene:
    """*networks* one under the other, each below its name as `blocks` draws it, and *title* above all of them."""
    titles = [network.title or network.name for network in networks]
    if len(networks) == 1:
        titles = [title or titles[0]]
    foldings = [
        _Folding(network, name, width, theme, names, _attempts(network, fold, depth))
        for network, name in zip(networks, titles, strict=True)
    ]

    def drawn(em: float) -> Scene:
        head = heading(title, 1.3 * em, width, _MARGIN * em, theme) if title and len(networks) > 1 else None
        return _as_open_as_fits(foldings, em, width, head)

    scene = fitting(drawn, texts(width, SLIDE_TEXT, LEAST_TEXT), width)
    if scene.width > width + 0.01:
        raise too_narrow(width, scene.width)
    return scene


def blocks(
    network: Network,
    *,
    width: float,
    theme: Theme,
    title: str | None,
    fold: bool | None,
    depth: int | None,
    names: bool = False,
) -> Scene:
    """*network*, whatever its shape, at most *width* points wide; raises `CnngraphError` (E0604) when that is less than
    a single box takes.

    *fold* asks for it, or forbids it; None folds as far as a page needs. *depth* blocks around each other
    stay open, deeper ones are one box each. With *names*, layers are named as in the table and the ONNX file.
    """
    return several([network], width=width, theme=theme, title=title, fold=fold, depth=depth, names=names)


@dataclass(frozen=True, slots=True)
class _Attempt:
    chain: Chain
    remark: str


class _Folding:
    """A network in all the ways in which it can be drawn, from all there is to the least."""

    def __init__(
        self, network: Network, title: str, width: float, theme: Theme, names: bool, attempts: Iterator[_Attempt]
    ) -> None:
        self.network, self.title, self.width, self.theme, self.names = network, title, width, theme, names
        self._made: list[_Attempt] = []
        self._more = attempts

    def drawn(self, step: int, em: float) -> Scene | None:
        """So many steps from all there is; None beyond the last."""
        while len(self._made) <= step:
            if (attempt := next(self._more, None)) is None:
                return None
            self._made.append(attempt)
        attempt = self._made[step]
        scene = _drawn(self.network, attempt.chain, em, self.width, self.theme, self.title, self.names)
        return replace(scene, remarks=(attempt.remark,) if attempt.remark else ())


def _as_open_as_fits(foldings: Sequence[_Folding], em: float, width: float, head: Text | None) -> Scene:
    """Networks one under the other, the highest folded step by step until they fit on a page; what comes nearest to
    that if they do not."""
    steps, scenes = [0] * len(foldings), [_first(folding, em) for folding in foldings]
    best: Scene | None = None
    while True:
        scene = scenes[0] if len(scenes) == 1 else stacked(scenes, _ROW_GAP * em, head)
        if scene.height <= height(width) and scene.width <= width + 0.01:
            return scene
        if best is None or _excess(scene, width) < _excess(best, width):
            best = scene
        order = sorted(range(len(scenes)), key=lambda number: _excess(scenes[number], width), reverse=True)
        for number in order:
            if (smaller := foldings[number].drawn(steps[number] + 1, em)) is not None:
                steps[number], scenes[number] = steps[number] + 1, smaller
                break
        else:
            return best


def _first(folding: _Folding, em: float) -> Scene:
    scene = folding.drawn(0, em)
    assert scene is not None
    return scene


def _excess(scene: Scene, width: float) -> tuple[float, float]:
    """How much too wide it is, and how high."""
    return max(0.0, scene.width - width), scene.height


def _attempts(network: Network, fold: bool | None, depth: int | None) -> Iterator[_Attempt]:
    """From all there is to the least."""
    whole = units(network)
    chain = flow(whole, depth)
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
            folded(flow(whole, level), network),
            f"folded: blocks as one box from depth {level} on (--depth), equal neighbours once, with how often",
        )


def _depth(path: str, network: Network) -> int:
    found = 0
    while path:
        path, found = network.blocks[path].parent, found + 1
    return found


def _drawn(
    network: Network, chain: Chain, em: float, width: float, theme: Theme, title: str | None, names: bool
) -> Scene:
    room = width - 2 * _MARGIN * em
    most = max(_LEAST_BOX * em, room - 2 * (LEAD + LETTER) * em)
    measure = Measure(em, box_width(network, chain, em, most), theme, most)
    maker = Maker(network, measure, names, marks(chain))
    setting = Setting(maker, room)
    lines = setting.lines(chain)
    if len(lines) == 1:
        with_volume = [*lines[0], *map(Stop, _stacked(network, lines[0], measure))]
        if Row(measure, tuple(with_volume)).width <= room:
            lines = [with_volume]
    head = None if title is None else heading(title, em, width, _MARGIN * em, theme)
    items: list[Item] = [] if head is None else [head]
    y = _MARGIN * em + (0.0 if head is None else ascent("serif", head.size) + _ROW_GAP * em)
    drawn = setting.draw(lines, _MARGIN * em, y, _ROW_GAP * em)
    items += drawn.items
    y = drawn.bottoms[-1] + _ROW_GAP * em
    used = max(drawn.right - _MARGIN * em, 0.0 if head is None else text_width(head.content, head.font, head.size))
    if any(isinstance(group, Group) and group.role == "edge" and _is_dashed(group) for group in items):
        items += _key(_MARGIN * em, y, measure)
        y += 1.2 * em + _ROW_GAP * em
    if maker.marks:
        items += _key_of_marks(list(maker.marks.values()), _MARGIN * em, y, measure)
        y += 1.2 * em + _ROW_GAP * em
    return Scene(
        width=used + 2 * _MARGIN * em,
        height=y + (_MARGIN - _ROW_GAP) * em,
        items=tuple(items),
        title=title or network.title or network.name,
        description=", ".join(f"{unit.name} {unit.output.caption}" for unit in units_of(chain)),
        background=theme.background,
    )


def _stacked(network: Network, stops: Sequence[Stop], measure: Measure) -> list[Part]:
    """What a network gives back as the volume it is made of, when it is one stack of channels that it ends with."""
    joins = [layer for layer in network.layers if _stacks(layer)]
    ends = len(joins) == 1 and [output.layer for output in network.outputs] == [joins[0].name]
    if not ends or not isinstance(stops[-1].part, Box) or not joins[0].output.is_map or not joins[0].output.is_fixed:
        return []
    height, across, _ = (as_int(dim) for dim in joins[0].output.dims)
    channels = tuple(as_int(volume.channels) for volume in joins[0].input_volumes)
    return [Stacked(measure, joins[0].name, height, across, channels)]


def _stacks(layer: Layer) -> bool:
    channels = sum(as_int(volume.channels) for volume in layer.input_volumes)
    return layer.kind.family == "join" and layer.output.channels == channels


def _is_dashed(group: Group) -> bool:
    return any(isinstance(item, Path) and bool(item.stroke.dash) for item in group.items)


def _key_of_marks(marks: Sequence[str], x: float, y: float, measure: Measure) -> Iterator[Item]:
    """What letters on boxes are."""
    em = measure.em
    baseline = y + 0.6 * em + (ascent("serif", em) - descent("serif", em)) / 2
    letters = (
        marks[0] if len(marks) == 1 else f"{marks[0]}, {marks[1]}" if len(marks) == 2 else f"{marks[0]} – {marks[-1]}"
    )
    drawn = (
        Text(x, baseline, letters, em, "serif-italic", fill=measure.theme.ink),
        Text(x + text_width(letters, "serif-italic", em) + 0.6 * em, baseline, "same weights", em, "serif",
             fill=measure.theme.ink),
    )  # fmt: skip
    yield Group("key-weights", "key", drawn)


def _key(x: float, y: float, measure: Measure) -> Iterator[Item]:
    """What a dashed line is."""
    em = measure.em
    middle = y + 0.6 * em
    sample = Path((Move((x, middle)), Line((x + 2.4 * em, middle))), measure.dashed)
    baseline = middle + (ascent("serif", em) - descent("serif", em)) / 2
    words = Text(x + 3.0 * em, baseline, "projection", em, "serif", fill=measure.theme.ink)
    yield Group("key-projection", "key", (sample, words))
