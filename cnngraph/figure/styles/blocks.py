"""The style of the lecture's Inception slides: a box for every operation, branches on lanes, skips as arcs.

Chains wrap in rows at the units that every path passes. What does not fit is folded: first equal neighbours,
then the spec's blocks, the innermost first, until it does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count, product
from string import ascii_uppercase

from cnngraph.figure.heading import heading
from cnngraph.figure.lanes.boxes import Box, Outlet, Sign, Stacked
from cnngraph.figure.lanes.layered import Layered, sliced
from cnngraph.figure.lanes.letters import Landed, Letter, Tapped
from cnngraph.figure.lanes.part import Measure, Part, straight
from cnngraph.figure.lanes.row import Framed, Row, Stop
from cnngraph.figure.lanes.split import Lane, Split
from cnngraph.figure.page import SLIDE
from cnngraph.figure.rows import balanced
from cnngraph.figure.scene import Color, Group, Item, Line, Move, Path, Scene, Text
from cnngraph.figure.shapes import arrowhead
from cnngraph.figure.text import ascent, descent
from cnngraph.figure.text import width as text_width
from cnngraph.figure.theme import Theme
from cnngraph.flow import (
    Boxed,
    Branch,
    Chain,
    Element,
    Exit,
    Fork,
    Repeat,
    Side,
    Tangle,
    flow,
    insides,
    meeting,
    units_of,
    untied,
)
from cnngraph.fold import folded
from cnngraph.network import Layer, Network
from cnngraph.units import Unit, units
from cnngraph.volume import as_int

SLIDE_TEXT, LEAST_TEXT = 14.0, 6.4
"""Points: text of 14 on a slide, in proportion on other widths, and never below what print can bear."""
_MARGIN, _ROW_GAP = 1.0, 1.8
"""Ems: the page's border, and air between rows."""
_LEAD = 2.2
"""Ems of the arrow with which a row begins and ends where the chain goes on."""
_LETTER = 4.4
"""Ems that a letter takes beside a column, and the lines to it."""
_PAGE = 648.0
"""Points that a page of a paper is high."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    chain: Chain
    remark: str


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
    """*network*, whatever its shape, at most *width* points wide if it can be.

    *fold* asks for it, or forbids it; None folds as far as a page needs. *depth* blocks around each other
    stay open, deeper ones are one box each. With *names*, layers are named as in the table and the ONNX file.
    """
    em = max(LEAST_TEXT, SLIDE_TEXT * width / SLIDE)
    page = width * 9 / 16 if width > SLIDE * 0.75 else _PAGE
    best: Scene | None = None
    for attempt in _attempts(network, fold, depth):
        scene = _drawn(network, attempt.chain, em, width, theme, title, names)
        remarks: tuple[str, ...] = (attempt.remark,) if attempt.remark else ()
        if scene.width > width + 0.01:
            remarks += (f"the figure is {scene.width:.0f} pt wide: a part of it cannot be cut into rows",)
        scene = replace(scene, remarks=remarks)
        if scene.height <= page and scene.width <= width + 0.01:
            return scene
        if best is None or _excess(scene, width) < _excess(best, width):
            best = scene
    assert best is not None
    return best


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


# Parts ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Maker:
    network: Network
    measure: Measure
    names: bool

    def stops(self, chain: Chain, source: str, target: str) -> tuple[Stop, ...]:
        """The parts of *chain*; *source* and *target* are the units before and behind it."""
        found: list[Stop] = []
        elements = shown(chain)
        for number, element in enumerate(elements):
            before, inset = (found[-1].part.last, _inset(found[-1])) if found else (source, 0.0)
            match element:
                case Side(chains) if found:
                    below = tuple([self.row(inside, found[-1].part.last, "") for inside in chains])
                    found[-1] = Stop(found[-1].part, below)
                case Side():
                    pass  # What has nothing to do with the rest has rows of its own.
                case Fork():
                    after = self.part(elements[number + 1]) if number + 1 < len(elements) else None
                    found.append(Stop(self.split(element, before, inset, after, after.first if after else target)))
                case Tangle():
                    found.append(Stop(self.tangle(element, before, inset)))
                case _:
                    found.append(Stop(self.part(element, before)))
        return tuple(found)

    def row(self, chain: Chain, source: str, target: str) -> Row:
        return Row(self.measure, self.stops(chain, source, target))

    def part(self, element: Element, source: str = "") -> Part:
        layers = tuple(name for unit in units_of((element,)) for name in unit.names)
        match element:
            case Unit():
                return self.unit(element, element, layers)
            case Boxed():
                return self.block(element, element, layers)
            case Exit(output):
                return Outlet(self.measure, output.name)
        assert isinstance(element, Repeat)
        first, last = element.stretches[0], element.stretches[-1]
        times = len(element.stretches)
        match first, last:
            case (Unit() as unit,), (Unit() as end,):
                if not isinstance(made := self.unit(unit, end, layers, times), Sign):
                    return made
            case (Boxed() as block,), (Boxed() as end_block,):
                return self.block(block, end_block, layers, times)
        inside = self.row(first, source or first_name(first), "")
        return Framed(self.measure, inside, self.row(last, "", "").last, times, layers)

    def unit(self, unit: Unit, last: Unit, layers: tuple[str, ...], times: int = 1) -> Box | Sign:
        if (sign := _sign(unit)) and times == 1:
            return Sign(self.measure, unit.name, sign, unit.about, layers)
        lines, color = words(unit), fill(unit, self.measure.theme)
        name = unit.name.removeprefix(f"{unit.lead.block}.") if self.names else ""
        caption, about = last.output.caption, unit.about
        return Box(self.measure, unit.name, last.name, lines, caption, color, about, layers, times, name)

    def block(self, block: Boxed, last: Boxed, layers: tuple[str, ...], times: int = 1) -> Box:
        inside, end = block.units, last.units[-1]
        params = sum(unit.params for unit in inside)
        name = name_of(block.path, self.network)
        volume = end.output.caption
        about = f"{block.path}: {volume}, {params:,} parameters, {len(inside)} layers"
        color = self.measure.theme.norm
        lines, named = tuple(name.split()), block.path if self.names else ""
        begins, ends_in = inside[0].name, end.name
        return Box(self.measure, begins, ends_in, lines, volume, color, about, layers, times, named)

    def split(self, fork: Fork, source: str, inset: float, join: Part | None, target: str) -> Split:
        lanes: list[Lane] = []
        arcs: list[Lane] = []
        weights = [sum(unit.params for unit in units_of(branch.chain)) for branch in fork.branches]
        for number, branch in enumerate(fork.branches):
            row = self.row(branch.chain, source, target) if shown(branch.chain) else None
            projects = any(unit.params for unit in units_of(branch.chain))
            lane = Lane(row, branch.is_skip, number, projects)
            (arcs if _is_arc(branch, max(weights)) else lanes).append(lane)
        if not lanes:
            lanes, arcs = arcs[:1], arcs[1:]
        arcs.sort(key=lambda lane: (lane.part is not None, -lane.number))
        return Split(self.measure, source, inset, join, target, tuple(lanes), tuple(arcs))

    def tangle(self, tangle: Tangle, source: str, inset: float) -> Layered:
        nodes: list[Part] = []
        led: list[list[str]] = [[] for _ in tangle.nodes]
        for link in tangle.links:
            led[link.target].append(source if link.source is None else tangle.last(link.source).name)
        for chain, sources in zip(tangle.nodes, led, strict=True):
            stops = self.stops(chain, sources[0] if len(sources) == 1 else "", "")
            nodes.append(stops[0].part if len(stops) == 1 and not stops[0].below else Row(self.measure, stops))
        return Layered(self.measure, source, inset, tuple(nodes), tangle.links)


def _inset(stop: Stop) -> float:
    """From where a line leaves *stop* to its border: none where a way to an output leaves on the way."""
    return 0.0 if stop.below else stop.part.right


def first_name(chain: Chain) -> str:
    """Of the unit that *chain* begins with."""
    return next(unit.name for unit in units_of(chain))


def _forks_again(branch: Branch) -> bool:
    return bool(branch.chain) and isinstance(branch.chain[-1], Fork)


def shown(chain: Chain) -> tuple[Element, ...]:
    """What of *chain* has a place of its own: not a flatten, which moves no number, nor a dropout, which does nothing
    when the network runs. Where ways of a fork meet in one thing through other forks, each is a way of its own."""
    found: list[Element] = []
    shown = [e for e in chain if not (isinstance(e, Unit) and e.idle and len(chain) > 1)]
    for number, element in enumerate(shown):
        if found and isinstance(found[-1], Fork) and any(_forks_again(branch) for branch in found[-1].branches):
            found[-1] = meeting(found[-1], element)
        else:
            found.append(element)
    return tuple(found)


def _is_arc(branch: Branch, most: int) -> bool:
    """A branch that passes the work by: a skip, the tensor itself, or a piece of it."""
    if branch.is_skip or not branch.chain:
        return True
    inside = list(units_of(branch.chain))
    return most > 0 and all(unit.lead.kind.cuts for unit in inside)


def words(unit: Unit) -> tuple[str, ...]:
    """The lines in a unit's box, as on the slide."""
    kind, caption = unit.does.kind, unit.does.kind.caption()
    if not unit.lead.inputs:
        volume = unit.output
        if unit.name == "image" and (not volume.is_map or volume.channels in (1, 2, 3, 4)):
            return ("Image",)
        is_inside = volume.is_map and volume.channels not in (1, 2, 3, 4)
        if is_inside and unit.name in ("image", "previous"):
            return ("Previous", "Activation")
        return (unit.name[:1].upper() + unit.name[1:] if len(unit.name) > 1 else unit.name,)
    stride = caption.stride
    strides = "" if stride is None else f"s = {stride[0]}" if stride[0] == stride[1] else f"s = {stride[0]}×{stride[1]}"
    window = f"{caption.window[0]}×{caption.window[1]}" if caption.window else ""
    if kind.family == "conv":
        loud = (strides,) if stride != (1, 1) else ()
        return (window, caption.loud, *loud, *caption.details)
    if kind.family == "pool":
        if not window:
            return (*caption.box, *caption.details)
        padding = (caption.padding,) if caption.padding else ()
        return (*caption.box, f"{window}, {strides}", *padding)
    if kind.family == "dense":
        last = unit.layers[-1].kind
        return ((last.word.capitalize(),) if last.short_for == kind.word else caption.box) + (caption.size,)
    return (*caption.box, *caption.details)


def fill(unit: Unit, theme: Theme) -> Color:
    """The colour of a unit's box."""
    match unit.does.kind.family:
        case "conv":
            return theme.conv
        case "pool":
            return theme.pool
        case "dense":
            return theme.dense
        case "norm":
            return theme.norm
        case "join" | "input":
            return theme.join
    return theme.other


def name_of(path: str, network: Network) -> str:
    """A block's name in a figure: ``inception_3a`` is "Inception 3a", ``stage2`` "Stage 2", ``stage2.residual1``
    "Residual"."""
    own = path.rpartition(".")[2]
    name = network.blocks[path].name.rpartition(".")[2]
    if own.startswith(name) and own[len(name) :].isdigit():
        # The running number counts within the block around; without that it says nothing.
        own = name if network.blocks[path].parent else f"{name} {own[len(name) :]}"
    spaced = own.replace("_", " ").strip()
    return spaced[:1].upper() + spaced[1:]


# The page ------------------------------------------------------------------------------------


def _drawn(
    network: Network, chain: Chain, em: float, width: float, theme: Theme, title: str | None, names: bool
) -> Scene:
    measure = Measure(em, _box_width(network, chain, em), theme)
    room = width - 2 * _MARGIN * em
    setting = _Setting(_Maker(network, measure, names), room)
    lines = setting.lines(chain)
    if len(lines) == 1:
        with_volume = [*lines[0], *map(Stop, _stacked(network, lines[0], measure))]
        if Row(measure, tuple(with_volume)).width <= room:
            lines = [with_volume]
    head = None if title is None else heading(title, em, width, _MARGIN * em, theme)
    items: list[Item] = [] if head is None else [head]
    y = _MARGIN * em + (0.0 if head is None else ascent("serif", head.size) + _ROW_GAP * em)
    used = 0.0 if head is None else text_width(head.content, head.font, head.size)
    for stops in lines:
        for row in setting.rows(stops):
            line = Row(measure, tuple(stops[row.start : row.stop]))
            axis = y + line.up
            x = (_MARGIN + (_LEAD if row.start else 0.0)) * em
            items += _row(stops, row, line, x, axis, measure)
            right = x + line.width + (_LEAD * em if row.stop < len(stops) else 0.0)
            used = max(used, right - _MARGIN * em)
            y = axis + line.down + _ROW_GAP * em
    if any(isinstance(group, Group) and group.role == "edge" and _is_dashed(group) for group in items):
        items += _key(_MARGIN * em, y, measure)
        y += 1.2 * em + _ROW_GAP * em
    return Scene(
        width=used + 2 * _MARGIN * em,
        height=y + (_MARGIN - _ROW_GAP) * em,
        items=tuple(items),
        title=title or network.title or network.name,
        description=", ".join(f"{unit.name} {unit.output.caption}" for unit in units_of(chain)),
        background=theme.background,
    )


def _box_width(network: Network, chain: Chain, em: float) -> float:
    """Wide enough for all words in boxes."""
    lines: set[str] = set()
    stack: list[Element] = list(chain)
    while stack:
        match element := stack.pop():
            case Unit():
                if not _sign(element):
                    lines.update(words(element))
            case Boxed(path):
                lines.update(name_of(path, network).split())
            case Repeat(stretches):
                stack += stretches[0]
            case _:
                stack += [inner for inside in insides(element) for inner in inside]
    return max((text_width(line, "serif", em) for line in lines), default=0.0) + 1.2 * em


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


def _sign(unit: Unit) -> str:
    """The sign that a join is drawn as."""
    return unit.lead.kind.caption().sign if unit.lead.kind.family == "join" else ""


def _letters() -> Iterator[str]:
    """A, B, … Z, AA, AB, …"""
    return ("".join(letters) for length in count(1) for letters in product(ascii_uppercase, repeat=length))


class _Setting:
    """The parts of a network in lines that are cut into rows; nothing is wider than a row can be."""

    def __init__(self, maker: _Maker, room: float) -> None:
        self.maker, self.measure, self.room = maker, maker.measure, room
        self.lead = _LEAD * self.measure.em
        self.letters = _letters()
        self.waiting: list[tuple[Chain, Letter]] = []
        """What leaves a line for an output, and has no room below it; and the letter that it begins with."""

    def lines(self, chain: Chain) -> list[list[Stop]]:
        """*chain* from the start of the network; only within a line one row goes on in the next."""
        apart = [inside for side in chain[:1] if isinstance(side, Side) for inside in side.chains]
        found = self.line(chain[1:] if apart else chain, None)
        for inside in apart:
            found += self.line(inside, None)
        while self.waiting:
            found += self.line(*self.waiting.pop(0))
        return found

    def line(self, chain: Chain, begin: Letter | None) -> list[list[Stop]]:
        """*chain* in one line, and more where a part of it is cut in rows of its own."""
        lines: list[list[Stop]] = [[Stop(begin)] if begin else []]
        self.place(chain, begin.last if begin else "", "", lines)
        return lines

    def place(self, chain: Chain, source: str, target: str, lines: list[list[Stop]]) -> None:
        """Adds *chain* to the last of *lines*."""
        elements = self.opened(shown(chain))
        stops = self.maker.stops(elements, source, target)
        made: list[tuple[Element, list[Chain]]] = []
        for element in elements:
            if isinstance(element, Side):
                made[-1][1].extend(element.chains)
            else:
                made.append((element, []))
        at = 0
        while at < len(stops):
            count = 2 if isinstance(stops[at].part, Split) else 1
            piece = [stop.part for stop in stops[at : at + count]]
            if not self.fits(piece):
                before, inset = (lines[-1][-1].part.last, _inset(lines[-1][-1])) if lines[-1] else ("", 0.0)
                if not self.torn(made[at][0], piece, before, lines):
                    web = untied([element for element, _ in made[at : at + count]], self.too_wide)
                    room = self.room - self.lead
                    first, *others = sliced(self.maker.tangle(web, before, inset), room, room, self.letters)
                    lines[-1].append(Stop(first))
                    lines += [[Stop(row)] for row in others]
            else:
                lines[-1].extend(map(Stop, piece))
            at += count
            if aside := made[at - 1][1]:
                last = lines[-1][-1].part
                before = lines[-1][-2:-1] if len(lines[-1]) > 1 and isinstance(lines[-1][-2].part, Split) else []
                lines[-1][-1] = Stop(last, tuple(self.hung(before, last, aside)))

    def hung(self, before: list[Stop], part: Part, chains: Iterable[Chain]) -> Iterator[Part]:
        """What leaves behind *part* for outputs, if it stands in a row with *before*; what is too wide to lie below has
        a letter there."""
        for chain in chains:
            row = self.maker.row(chain, part.last, "")
            if Row(self.measure, (*before, Stop(part, (row,)))).width > self.room - self.lead:
                mark = next(self.letters)
                self.waiting.append((chain, Letter(self.measure, mark, part.last, 1)))
                yield Letter(self.measure, mark, part.last, 0)
            else:
                yield row

    def opened(self, chain: Chain) -> Chain:
        """Without the frames that are too wide for a row."""
        found: list[Element] = []
        for element in chain:
            if isinstance(element, Repeat) and self.too_wide(element):
                found += [inner for stretch in element.stretches for inner in shown(self.opened(stretch))]
            else:
                found.append(element)
        return tuple(found)

    def too_wide(self, repeat: Repeat) -> bool:
        return self.maker.part(repeat).width > self.room - 2 * self.lead - 2 * _LETTER * self.measure.em

    def fits(self, piece: Sequence[Part]) -> bool:
        """Whether *piece* fits into a row, or is one thing for which nothing can be done."""
        part = piece[0]
        if not isinstance(part, Split | Layered):
            return True
        if isinstance(part, Layered) and part.least > self.room:
            return False
        return Row.of(self.measure, piece).width <= self.room - 2 * self.lead

    def torn(self, element: Element, piece: Sequence[Part], source: str, lines: list[list[Stop]]) -> bool:
        """Adds a fork that is too wide for a row, taken apart, if that helps: the widest lane lies in the rows, and what
        else leaves the fork has a letter there and the same letter where it comes in."""
        fork = piece[0]
        if not isinstance(element, Fork) or not isinstance(fork, Split) or not lines[-1]:
            return False
        lanes = [*fork.lanes, *fork.arcs]
        main = max((lane for lane in lanes if lane.part), key=lambda lane: lane.part.width, default=None)
        if main is None:
            return False
        others = tuple(lane.part for lane in lanes if lane is not main)
        marks = tuple(next(self.letters) for _ in others)
        landed = Landed(self.measure, piece[1], (source,) * len(others), marks, others)
        if landed.width > self.room - 2 * self.lead:
            return False
        before = lines[-1][-1]
        lines[-1][-1] = before._replace(part=Tapped(self.measure, before.part, marks, self.lead if main.part.opens else 0.0))
        self.place(element.branches[main.number].chain, source, piece[1].first, lines)
        lines[-1].append(Stop(landed))
        return True

    def rows(self, line: Sequence[Stop]) -> list[range]:
        def width(row: range) -> float:
            leads = (row.start > 0) + (row.stop < len(line))
            return Row(self.measure, tuple(line[row.start : row.stop])).width + leads * self.lead

        return balanced(self.pieces(line, width), width, self.room)

    def pieces(self, line: Sequence[Stop], width: Callable[[range], float]) -> list[range]:
        """What rows are made of: a fork stays with the one behind it, and at the start with the one before it, if they
        fit."""
        found: list[range] = []
        start = 0
        for index in range(1, len(line) + 1):
            inside = isinstance(line[index - 1].part, Split)
            begins = index == 1 < len(line) and isinstance(line[1].part, Split) and width(range(3)) <= self.room
            if not inside and not begins:
                found.append(range(start, index))
                start = index
        return found

def _row(line: Sequence[Stop], row: range, drawn: Row, x: float, axis: float, measure: Measure) -> Iterator[Item]:
    """A row of *line*; it begins and ends with an arrow where the line goes on."""
    lead = _LEAD * measure.em
    if row.start:
        before, first = line[row.start - 1], line[row.start].part
        if first.opens:
            line_in = Path((Move((x - lead, axis)), Line((x, axis))), measure.line)
            yield Group(f"to-{before.part.last}", "decoration", (line_in,))
        else:
            yield straight(before.part, first, x - lead + before.part.right, x, axis, measure)
    yield from drawn.draw(x, axis)
    if row.stop < len(line):
        last = line[row.stop - 1].part.last
        start, tip = x + drawn.width - drawn.right, x + drawn.width + lead
        arrow = (
            Path((Move((start, axis)), Line((tip - 0.8 * measure.head, axis))), measure.line),
            arrowhead((tip, axis), (1.0, 0.0), measure.head, measure.theme.ink),
        )
        yield Group(f"after-{last}", "decoration", arrow)


def _is_dashed(group: Group) -> bool:
    return any(isinstance(item, Path) and bool(item.stroke.dash) for item in group.items)


def _key(x: float, y: float, measure: Measure) -> Iterator[Item]:
    """What a dashed line is."""
    em = measure.em
    middle = y + 0.6 * em
    sample = Path((Move((x, middle)), Line((x + 2.4 * em, middle))), measure.dashed)
    baseline = middle + (ascent("serif", em) - descent("serif", em)) / 2
    words = Text(x + 3.0 * em, baseline, "projection", em, "serif", fill=measure.theme.ink)
    yield Group("key-projection", "key", (sample, words))
