"""Every volume in the row of its resolution: a U for U-Net, pyramids for FPN, an hourglass.

A slab is a volume: as high as its map, as thick as it has channels. Slabs side by side follow one another; joins are
balls; what changes the resolution on the way to a join is a line with a colour of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from cnngraph.figure.colors import Color, another, mixed
from cnngraph.figure.heading import heading
from cnngraph.figure.lanes.boxes import SIGN, Sign
from cnngraph.figure.lanes.part import Measure
from cnngraph.figure.page import height, texts, too_narrow
from cnngraph.figure.scene import (
    Circle,
    Group,
    Item,
    Line,
    Move,
    Path,
    Polygon,
    Primitive,
    Rect,
    Scene,
    Stroke,
    Text,
    edge,
    way_out,
)  # fmt: skip
from cnngraph.figure.shapes import HATCHES, arrowhead, cuboid, hatching, outline
from cnngraph.figure.sharing import FONT as LETTER
from cnngraph.figure.sharing import SAME_WEIGHTS, key, key_width, letters
from cnngraph.figure.slabs.nodes import Detail, Node, Nodes, Stretch, block_of, nodes, weights
from cnngraph.figure.slabs.places import BALL, Places, Scale, Spot
from cnngraph.figure.slabs.places import Line as Way
from cnngraph.figure.slabs.resolution import pixels, resolutions
from cnngraph.figure.styles.parts import sign_of
from cnngraph.figure.text import ascent, descent, fit, middle_baseline
from cnngraph.figure.text import width as text_width
from cnngraph.figure.theme import Faces, Theme
from cnngraph.figure.words import silent
from cnngraph.network import Network, Output
from cnngraph.units import Unit, units
from cnngraph.volume import Volume, caption

_TEXT, _LEAST_TEXT = 14.0, 6.0
"""Points: text on a slide, in proportion on other widths, and never below what print can bear."""
_SMALL = (10.0, 9.0, 8.0, 7.0)
"""Points of text for what is too wide for a slide else."""
_MARGIN = 1.0
_SIDES = (14.0, 11.0, 9.0, 7.0, 5.5, 4.0, 3.0)
"""Ems that the largest map may be high."""
_UP, _BLOCKS = 1, (3, 4, 0, 2)
"""Which of a theme's colours for branches what rises has, and blocks if they can."""
_LINES = 0.32
"""Ems between the lines of a hatching."""
_BAND, _BANDS, _DARKEST = 0.3, 0.6, 0.55
"""The share of a slab that one band takes, and all together; and the share of black in the darkest."""
_LINE, _THICK = (0.1, 0.065), (0.15, 0.1)
"""Ems: how thick lines are, and those that stand for layers; the second of each where it is a shortcut."""
_SAMPLE = 1.7
"""Ems that a sample takes before its words."""


def slabs(
    network: Network, *, width: float, theme: Theme, title: str | None, fold: bool | None, show: Collection[str] = ()
) -> Scene:
    """*network* as open as it fits on a page of *width* points: every unit, blocks as one, or with *fold* equal
    neighbours once. Silent layers of the words in *show* are bands at the right of the slabs that they are in. Raises
    `CnngraphError` (E0604) when it is wider all the same."""
    whole = units(network)
    rows = resolutions(whole)
    details = [each for each in reversed(Detail) if fold is None or fold == (each <= Detail.FOLDED)]
    sizes = texts(width, _TEXT, _LEAST_TEXT)
    best: _Laid | None = None

    @cache
    def seen(detail: Detail) -> Nodes:
        return nodes(whole, rows, detail).arranged

    for detail in details:
        found = seen(detail)

        def laid(em: float, side: float, found: Nodes = found) -> _Laid:
            return _Laid(network, found, rows, em, side, width, theme, title, show)

        # With the smallest maps it is the narrowest and the lowest.
        least = laid(sizes[-1], _SIDES[-1])
        if least.fits:
            em = next(em for em in sizes if laid(em, _SIDES[-1]).fits)
            return next(each for side in _SIDES if (each := laid(em, side)).fits).scene()
        if best is None or least.width < best.width or best.width > width:
            best = least
    assert best is not None
    if best.width <= width:
        return best.scene()

    def thin(page: float, em: float, detail: Detail) -> _Laid:
        return _Laid(network, seen(detail), rows, em, _SIDES[-1], page, theme, title, show, thin=True)

    for em in (size for size in (*_SMALL, _LEAST_TEXT) if size <= sizes[-1]):
        for detail in details:
            if (each := thin(width, em, detail)).fits:
                return replace(each.scene(), remarks=_little(em) if em < sizes[-1] else ())
    raise too_narrow(width, _needed(lambda page: thin(page, _LEAST_TEXT, details[-1]), width))


def _little(em: float) -> tuple[str, ...]:
    return (f"the text is {em:g} pt high, which is little for a slide: a larger --width has it larger",)


def _needed(laid: Callable[[float], _Laid], width: float) -> float:
    """The first page from *width* points on that is wide enough: a wider one may have larger text."""
    while (needed := laid(width).width) > width + 0.01:
        width = needed
    return width


@dataclass(frozen=True, slots=True)
class _Sort:
    """What a colour says."""

    words: str
    color: Color
    is_line: bool = False
    is_short: bool = False
    """Whether it is a line that passes something by."""
    stage: str = ""
    """The maps that the colour is of, where that is what it says: ``56×56``."""
    band_on: Color | None = None
    """What it is a band on."""
    letters: tuple[str, ...] = ()
    """What it is a key to instead of a colour: those of weights."""


def _together(sorts: Sequence[_Sort]) -> list[_Sort]:
    """*sorts* of one colour as one: ``3×3 conv, 1×1 conv``; ``56×56: 3×3 conv``."""
    found: dict[tuple[Color, bool, str], list[_Sort]] = {}
    for sort in sorts:
        found.setdefault((sort.color, sort.is_line, sort.stage), []).append(sort)
    return [
        _Sort(
            (f"{stage}: " if stage else "") + ", ".join(dict.fromkeys(sort.words for sort in alike)),
            color,
            is_line,
            all(sort.is_short for sort in alike),
        )
        for (color, is_line, stage), alike in found.items()
    ]


class _Laid:
    """A figure with its sizes chosen."""

    def __init__(
        self, network: Network, found: Nodes, rows: Mapping[str, int], em: float, side: float, width: float,
        theme: Theme, title: str | None, show: Collection[str], *, thin: bool = False,
    ) -> None:  # fmt: skip
        self.network, self.found, self.em, self.theme, self.rows = network, found, em, theme, rows
        self.page = width, height(width)
        self.blocks: dict[str, Color] = {}
        """The colours of blocks by what they are called."""
        self.title = title or network.title or network.name
        self.margin = _MARGIN * em
        maps = [node.last.output for node in found.nodes if node.last.output.is_map]
        sizes = [pixels(size) for volume in maps for size in (volume.height, volume.width)]
        most = max((pixels(volume.channels) for volume in maps), default=1)
        given = letters(weights(found))
        self.places = Places(found, Scale(em, side * em, max(sizes, default=1), most, thin), given)
        self.grouped = Counter(spot.group for spot in self.places.spots)
        self.head = heading(self.title, em, width, self.margin, theme)
        self.stages = self._stages()
        self.sorts = {number: self._sort(node) for number, node in enumerate(found.nodes) if not node.is_join}
        self.ways = {id(way): self._way(way) for way in self.places.lines}
        shown = [sort for number, sort in self.sorts.items() if self._input_colors(found.nodes[number]) is None]
        self.bands = {number: self._bands(node, show) for number, node in enumerate(found.nodes) if not node.is_join}
        """The names of silent layers that are shown, by slab."""
        self.shades = list(dict.fromkeys(word for words in self.bands.values() for word in words))
        """Each of them once: a band is the darker, the later its word is here."""
        self.key = _together([*shown, *(way for way in self.ways.values() if way)])
        self.key += map(self._band_sort, self.shades)
        self.key += [_Sort(SAME_WEIGHTS, theme.ink, letters=tuple(given.values()))] if given else []
        solid = (
            [sort.color for sort in self.key if not (sort.is_line or sort.band_on or sort.letters)]
            if theme.hatched
            else []
        )
        self.hatches = {color: HATCHES[number % len(HATCHES)] for number, color in enumerate(solid)}
        self.outlets = max(
            (text_width(_called(output), "serif-italic", em) for _, output, _ in self.places.outlets), default=0.0
        )
        if self.outlets:
            self.outlets += 2.0 * em
        room = width - 2 * self.margin
        self.lines = self._key_lines(room)
        across = text_width(self.head.content, self.head.font, self.head.size)
        inside = max(self.places.width + self.outlets, across, *(self._line_width(line) for line in self.lines))
        self.width = inside + 2 * self.margin
        self.roof = self.head.y + descent(self.head.font, self.head.size) + 0.8 * em
        self.floor = self.roof + self.places.height + 0.9 * em
        self.height = self.floor + (1.5 * len(self.lines) - 0.3) * em + self.margin

    @property
    def fits(self) -> bool:
        """Whether it is no larger than the page."""
        return self.width <= self.page[0] and self.height <= self.page[1]

    def _sort(self, node: Node) -> _Sort:
        """What *node* does, in words, and their colour."""
        theme = self.theme
        inside = node.units[: len(node.units) // node.times]
        if (unit := replace(node, units=inside, times=1).does) is None:
            words = node.called(self.network) or "several layers"
            if own := theme.of_block(block_of(inside)):
                return _Sort(words, own)
            if found := self.stages.get(self._resolution(node)):
                return _Sort(words, found[0], stage=found[1])
            if words not in self.blocks:
                taken = [theme.conv, theme.pool, theme.dense, theme.other, theme.branches[_UP].front]
                wished = [theme.branches[number].front for number in _BLOCKS if number < len(theme.branches)]
                self.blocks[words] = another([*taken, *self.blocks.values()], wished)
            return _Sort(words, self.blocks[words])
        own = theme.own(unit.layers)
        if not unit.lead.inputs:
            return _Sort("input", own or theme.join)
        family = unit.does.kind.family
        if own is None and (found := self.stages.get(self._resolution(node))) and family != "pool":
            words = _words(unit) if family == "conv" else unit.does.kind.caption().name
            return _Sort(words, found[0], stage=found[1])
        if self._rises(unit):
            return _Sort(_words(unit), own or theme.branches[_UP].front)
        colors = {"conv": theme.conv, "pool": theme.pool, "dense": theme.dense, "norm": theme.norm}
        words = _words(unit) if family in ("conv", "pool") else unit.does.kind.caption().name
        return _Sort(words, own or colors.get(family, theme.other))

    def _resolution(self, node: Node) -> int:
        """The row of its resolution, which is where it stands unless all are one row; -1 for a vector."""
        return self.rows[node.last.name] if node.last.output.is_map else -1

    def _stages(self) -> dict[int, tuple[Color, str]]:
        """Where colours say the resolution, that of each row, and how large its maps are."""
        if not self.theme.by_stage:
            return {}
        sizes: dict[int, list[Volume]] = {}
        for node in self.found.nodes:
            family = node.does.does.kind.family if node.does else ""
            if node.first.lead.inputs and family not in ("join", "pool") and node.last.output.is_map:
                sizes.setdefault(self._resolution(node), []).append(node.last.output)
        found: dict[int, tuple[Color, str]] = {}
        for number, row in enumerate(sorted(sizes)):
            ends = (max(sizes[row], key=_pixels), min(sizes[row], key=_pixels))
            words = dict.fromkeys(f"{caption(volume.height)}×{caption(volume.width)}" for volume in ends)
            found[row] = self.theme.stage(number), " to ".join(words)
        return found

    def _input_colors(self, node: Node) -> tuple[Color, ...] | None:
        """Those of a picture's channels; None for what is none."""
        if node.first.lead.inputs or not node.last.output.is_map:
            return None
        return {1: (self.theme.paper,), 3: self.theme.rgb}.get(pixels(node.last.output.channels))

    def _rises(self, unit: Unit) -> bool:
        """Whether it leads to a row above."""
        return any(self.rows[unit.name] < self.rows[name] for name in unit.inputs)

    def _way(self, way: Way) -> _Sort | None:
        """What a line stands for, where that is more than a tensor."""
        through, theme = way.edge.through, self.theme
        if not through:
            return None
        rises = any(self._rises(unit) for unit in through)
        sinks = not rises and self.found.nodes[way.edge.source].row != self.found.nodes[way.edge.target].row
        color = theme.branches[_UP].side if rises else theme.pool if sinks else theme.faint
        color = next((own for unit in through if (own := theme.own(unit.layers))), color)
        return _Sort(", ".join(dict.fromkeys(map(_words, through))), color, True, self._is_short(way))

    def _is_short(self, way: Way) -> bool:
        return (way.edge.source, way.edge.target) in self.found.shortcuts

    # The key -----------------------------------------------------------------------------------

    def _sort_width(self, sort: _Sort) -> float:
        em = self.em
        return key_width(sort.letters, em) if sort.letters else _SAMPLE * em + text_width(sort.words, "serif", em)

    def _line_width(self, line: Sequence[_Sort]) -> float:
        return sum(self._sort_width(sort) + 1.5 * self.em for sort in line) - 1.5 * self.em

    def _key_lines(self, room: float) -> list[list[_Sort]]:
        lines: list[list[_Sort]] = [[]]
        for sort in self.key:
            if lines[-1] and self._line_width([*lines[-1], sort]) > room:
                lines.append([])
            lines[-1].append(sort)
        return lines

    def _drawn_key(self) -> Iterator[Item]:
        em = self.em
        for number, line in enumerate(self.lines):
            x, middle = self.margin, self.floor + (0.6 + 1.5 * number) * em
            baseline = middle_baseline(middle, em)
            for sort in line:
                if sort.letters:
                    yield key(sort.letters, x, baseline, em, self.theme)
                    continue  # the last of all
                if sort.is_line:
                    stroke = Stroke(sort.color, _THICK[sort.is_short] * em)
                    sample: tuple[Primitive, ...] = (
                        Path((Move((x, middle)), Line((x + 0.9 * em, middle))), stroke),
                        arrowhead((x + 1.3 * em, middle), (1.0, 0.0), 0.6 * em, sort.color),
                    )
                elif sort.band_on:
                    edge_line = Stroke(self.theme.edge, 0.06 * em)
                    sample = (
                        Rect(x + 0.2 * em, middle - 0.45 * em, 0.55 * em, 0.9 * em, sort.band_on, edge_line),
                        Rect(x + 0.75 * em, middle - 0.45 * em, 0.35 * em, 0.9 * em, sort.color, edge_line),
                    )
                else:
                    edge_line = Stroke(self.theme.edge, 0.06 * em)
                    sample = tuple(self._hatched([
                        Rect(x + 0.2 * em, middle - 0.45 * em, 0.9 * em, 0.9 * em, sort.color, edge_line)
                    ], sort.color))  # fmt: skip
                words = Text(x + _SAMPLE * em, baseline, sort.words, em, "serif", fill=self.theme.ink)
                yield Group(f"key-{sort.words}", "key", (*sample, words))
                x += self._sort_width(sort) + 1.5 * em

    # The figure --------------------------------------------------------------------------------

    def scene(self) -> Scene:
        items: list[Item] = [self.head]
        items += (self._thing(number, spot) for number, spot in enumerate(self.places.spots))
        items += map(self._line, self.places.lines)
        items += self._outlets()
        items += self._sizes()
        items += map(self._bracket, self.places.brackets)
        items += self._drawn_key()
        return Scene(
            width=self.width,
            height=self.height,
            items=tuple(items),
            title=self.title,
            description=", ".join(f"{node.first.name} {node.last.output.caption}" for node in self.found.nodes),
            background=self.theme.background,
        )

    def _axis(self, spot: Spot) -> float:
        return self.roof + self.places.rows[spot.row].axis

    def _thing(self, number: int, spot: Spot) -> Group:
        em, theme, node = self.em, self.theme, spot.node
        x, axis = self.margin + spot.x, self._axis(spot)
        layers = tuple(name for unit in node.units for name in unit.names)
        if spot.is_ball:
            return self._ball(spot, x, axis, layers)
        line = Stroke(theme.edge, 0.05 * em)
        color = self.sorts[number].color
        top = axis - spot.high / 2
        drawn: list[Primitive]
        if node.last.output.is_map:
            colors = self._input_colors(node) or (color,)
            part = spot.thick / len(colors)
            drawn = [
                face for at, each in enumerate(colors)
                for face in cuboid(x + at * part, top - spot.depth, part, spot.high, spot.depth, Faces.of(each), line)
            ]  # fmt: skip
        else:
            drawn = [Rect(x, top, spot.thick, spot.high, color, line)]
        if self._input_colors(node) is None:
            drawn = [*self._hatched(drawn, color), *self._drawn_bands(number, spot, x, top, line)]
        below = axis + spot.high / 2 + 0.2 * em + ascent("serif", em)
        if node.label:
            drawn.append(Text(x, self._under(number), node.label, em, "serif", fill=theme.ink))
        said = spot.words or (str(node.last.output.channels) if self.grouped[spot.group] == 1 else "")
        if said and theme.sizes:
            drawn.append(Text(x + spot.thick / 2, below, said, em, "serif", "middle", fill=theme.ink))
        over = axis - self.places.group_up(spot) - 0.25 * em
        if node.times > 1:
            # Left of where a line leaves above.
            right = self.margin + spot.top[0] - 0.25 * em
            drawn.append(Text(right, over, f"×{node.times}", em, "serif", "end", fill=theme.ink))
            over -= self.places.badge
        if spot.letter:
            drawn.append(Text(x + spot.depth, over, spot.letter, em, LETTER, fill=theme.ink))
        return Group(node.first.name, "layer", tuple(drawn), self._about(node), layers=layers)

    def _bands(self, node: Node, show: Collection[str]) -> tuple[str, ...]:
        """What all units of *node* have of silent layers that are shown."""
        said = {silent(unit, show) for unit in node.units}
        return said.pop() if len(said) == 1 else ()

    def _shade(self, color: Color, word: str) -> Color:
        share = (self.shades.index(word) + 1) / (len(self.shades) + 1)
        return mixed(color, "#000000", _DARKEST * share)

    def _band_sort(self, word: str) -> _Sort:
        color = next(self.sorts[number].color for number, words in self.bands.items() if word in words)
        return _Sort(word, self._shade(color, word), band_on=color)

    def _drawn_bands(self, number: int, spot: Spot, x: float, top: float, line: Stroke) -> Iterator[Primitive]:
        """The right of a slab that begins at *x* and *top*, a band for each of its silent layers that are shown."""
        words, color = self.bands[number], self.sorts[number].color
        part = min(_BAND, _BANDS / max(len(words), 1)) * spot.thick
        for at, word in enumerate(words):
            left = x + spot.thick - (len(words) - at) * part
            shade = self._shade(color, word)
            if spot.node.last.output.is_map:
                yield from cuboid(left, top - spot.depth, part, spot.high, spot.depth, Faces.of(shade), line)
            else:
                yield Rect(left, top, part, spot.high, shade, line)

    def _hatched(self, drawn: Sequence[Primitive], color: Color) -> Iterator[Primitive]:
        """*drawn*, which is of *color*, with the lines that tell it from others; lighter, so that they are seen."""
        angles = self.hatches.get(color, ())
        stroke = Stroke(self.theme.edge, 0.045 * self.em)
        for item in drawn:
            if not angles or not isinstance(item, Rect | Polygon) or item.fill is None:
                yield item
                continue
            item = item._replace(fill=self.theme.under_hatching(item.fill))
            yield item
            yield from hatching(outline(item), angles, _LINES * self.em, stroke)

    def _about(self, node: Node) -> str:
        if len(node.units) == 1:
            return node.last.about
        params = sum(unit.params for unit in node.units)
        return f"{node.first.name} to {node.last.name}: {node.last.output.caption}, {params:,} parameters"

    def _ball(self, spot: Spot, x: float, axis: float, layers: tuple[str, ...]) -> Group:
        em, theme, node = self.em, self.theme, spot.node
        radius, middle = spot.thick / 2, x + spot.thick / 2
        words = Text(x + spot.thick + 0.4 * em, axis - 0.3 * em, spot.words, em, "serif", fill=theme.ink)
        if sign := sign_of(node.last):
            measure = Measure(em * BALL / SIGN, 0.0, theme)
            (made,) = Sign(measure, node.first.name, sign, node.last.about, layers).draw(x, axis)
            assert isinstance(made, Group)
            return made._replace(items=(*made.items, words)) if spot.words and theme.sizes else made
        line = Measure(em, 0.0, theme).line
        bars: list[Primitive] = [
            Path((Move((at, axis - 0.3 * em)), Line((at, axis + 0.3 * em))), line)
            for at in (middle - 0.2 * em, middle + 0.2 * em)
        ]
        drawn: tuple[Primitive, ...] = (
            Circle(middle, axis, radius, theme.paper, line),
            *bars,
            *([words] * theme.sizes),
        )
        return Group(node.first.name, "layer", drawn, node.last.about, layers=layers)

    def _line(self, way: Way) -> Group:
        em, sort = self.em, self.ways[id(way)]
        nodes_, names = self.found.nodes, tuple(n for unit in way.edge.through for n in unit.names)
        points = [(self.margin + x, self.roof + y) for x, y in way.points]
        ids = nodes_[way.edge.source].last.name, nodes_[way.edge.target].first.name
        title = "; ".join(unit.about for unit in way.edge.through)
        if way.glued:
            stroke = Stroke(self.theme.edge, 0.05 * em)
            return edge(*ids, [Path((Move(points[0]), Line(points[1])), stroke)], title, names)
        color = sort.color if sort else self.theme.ink
        stroke = Stroke(color, (_THICK if sort else _LINE)[self._is_short(way)] * em)
        dot = self._dot(way.edge.source, stroke) if way.lane else ()
        return edge(*ids, (*_arrow(points, stroke, 0.62 * em), *dot), title, names)

    def _dot(self, number: int, stroke: Stroke) -> tuple[Primitive, ...]:
        """Where a line to a lane leaves one on the axis."""
        spot = self.places.spots[number]
        if spot.tap is None or not self.places.on_axis(number):
            return ()
        return (Circle(self.margin + spot.leave[0], self._axis(spot), 0.16 * self.em, stroke.color),)

    def _outlets(self) -> Iterator[Item]:
        em, theme = self.em, self.theme
        end = self.margin + self.places.width + 1.6 * em
        for number, output, lane in self.places.outlets:
            name = output.name
            spot = self.places.spots[number]
            axis = self._axis(spot)
            points = [(self.margin + spot.out, axis), (end, axis)]
            if lane:
                level = self.places.lane(self.places.rows[spot.row], lane)
                points = [(self.margin + x, self.roof + y) for x, y in self.places.rise(number, level)]
                points.append((end, self.roof + level))
            stroke = Stroke(theme.ink, _LINE[0] * em)
            dot = self._dot(number, stroke) if lane else ()
            yield edge(spot.node.last.name, way_out(name), (*_arrow(points, stroke, 0.62 * em), *dot))
            words = fit(_called(output), "serif-italic", em, 20 * em)
            text = Text(end + 0.12 * em, points[-1][1] + 0.25 * em, words, em, "serif-italic", fill=theme.ink)
            yield Group(way_out(name), "output", (text,), f"output {name}")

    def _bracket(self, bracket: tuple[float, float, Stretch]) -> Group:
        """Below all rows, with how often what stands above it is there."""
        em, (start, end, stretch) = self.em, bracket
        y = self.roof + self.places.height - ascent("serif", em) - 0.4 * em
        left, right = self.margin + start, self.margin + end
        line = Stroke(self.theme.faint, 0.06 * em)
        rise = 0.35 * em
        steps = (Move((left, y - rise)), Line((left, y)), Line((right, y)), Line((right, y - rise)))
        words = Text((left + right) / 2, y + 0.3 * em + ascent("serif", em), f"×{stretch.times}", em, "serif", "middle",
                     fill=self.theme.ink)  # fmt: skip
        name = self.found.nodes[stretch.first].first.name
        data = (("times", str(stretch.times)),)
        return Group(f"{name}-repeated", "decoration", (Path(steps, line), words), data=data, layers=stretch.layers)

    def _under(self, number: int) -> float:
        """The baseline below the group *number*, and below the channels of what is in it."""
        em, spots = self.em, self.places.spots
        high = max(each.high for each in spots if each.group == number and not each.is_ball)
        lines = ascent("serif", em) + descent("serif", em)
        return self._axis(spots[number]) + high / 2 + 0.3 * em + lines + ascent("serif", em)

    def _sizes(self) -> Iterator[Item]:
        em = self.em
        for number, said in self.places.sizes.items() if self.theme.sizes else ():
            spot = self.places.spots[number]
            x = self.margin + spot.x + (text_width(f"{spot.node.label} ", "serif", em) if spot.node.label else 0.0)
            words = Text(x, self._under(number), said, em, "serif", fill=self.theme.faint)
            layers = spot.node.first.names
            yield Group(f"{spot.node.first.name}-size", "decoration", (words,), layers=layers)


def _pixels(volume: Volume) -> int:
    return pixels(volume.height) * pixels(volume.width)


def _words(unit: Unit) -> str:
    """``3×3 conv``"""
    caption = unit.does.kind.caption()
    return f"{caption.window[0]}×{caption.window[1]} {caption.name}" if caption.window else caption.name


def _called(output: Output) -> str:
    return output.label or output.name


def _arrow(points: Sequence[tuple[float, float]], stroke: Stroke, head: float) -> tuple[Primitive, ...]:
    """A line with right angles, and a head at its end."""
    (x, y), (u, v) = points[-1], points[-2]
    length = max(abs(x - u), abs(y - v), 1e-9)
    head = min(head, length)
    share = 0.8 * head / length
    end = x + (u - x) * share, y + (v - y) * share
    path = Path((Move(points[0]), *(Line(point) for point in points[1:-1]), Line(end)), stroke)
    return path, arrowhead((x, y), (x - u, y - v), head, stroke.color)
