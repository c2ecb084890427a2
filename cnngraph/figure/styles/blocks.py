"""The style of the lecture's Inception slides: a box for every operation, branches on lanes, skips as arcs.

Chains wrap in rows at the units that every path passes. What does not fit is folded: first equal neighbours,
then the spec's blocks, the innermost first, until it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from string import ascii_uppercase

from cnngraph.figure.heading import heading
from cnngraph.figure.lanes.boxes import Box, Sign, Stacked
from cnngraph.figure.lanes.layered import Layered, Link
from cnngraph.figure.lanes.letters import Landed, Tapped
from cnngraph.figure.lanes.part import Measure, Part, edge, straight
from cnngraph.figure.lanes.row import Framed, Row
from cnngraph.figure.lanes.split import Lane, Split
from cnngraph.figure.page import SLIDE
from cnngraph.figure.rows import balanced
from cnngraph.figure.scene import Circle, Color, Group, Item, Line, Move, Path, Scene, Text
from cnngraph.figure.shapes import arrowhead
from cnngraph.figure.text import ascent, descent
from cnngraph.figure.text import width as text_width
from cnngraph.figure.theme import Theme
from cnngraph.flow import Boxed, Branch, Chain, Fork, Repeat, Side, Tangle, flow, units_of
from cnngraph.fold import boxed, folded
from cnngraph.network import Layer, Network
from cnngraph.units import Unit, units
from cnngraph.volume import as_int

SLIDE_TEXT, LEAST_TEXT = 14.0, 6.4
"""Points: text of 14 on a slide, in proportion on other widths, and never below what print can bear."""
_MARGIN, _ROW_GAP = 1.0, 1.8
"""Ems: the page's border, and air between rows."""
_LEAD = 2.2
"""Ems of the arrow with which a row begins and ends where the chain goes on."""
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
    chain = flow(units(network))
    if depth is not None:
        shut = boxed(chain, network, depth)
        yield _Attempt(folded(shut, network) if fold is not False else shut, "")
        return
    if not fold:
        yield _Attempt(chain, "")
    if fold is False:
        return
    small = folded(chain, network)
    if fold or small != chain:
        yield _Attempt(small, "" if fold else "folded: equal neighbours once, with how often")
    levels = [_depth(unit.lead.block, network) for unit in units_of(chain)]
    for level in range(max(levels, default=0) - 1, -1, -1):
        yield _Attempt(
            folded(boxed(chain, network, level), network),
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

    def parts(self, chain: Chain, source: str, target: str) -> Iterator[Part | Side]:
        """The parts of *chain*; *source* and *target* are the units before and behind it."""
        before: Part | None = None
        shown = [element for element in chain if not _passed_over(element, chain)]
        made = [None if isinstance(element, Fork | Side | Tangle) else self.part(element) for element in shown]
        for number, element in enumerate(shown):
            part = made[number]
            if isinstance(element, Side):
                yield element
                continue
            if isinstance(element, Fork):
                join = made[number + 1] if number + 1 < len(made) else None
                inset = before.right if before else 0.0
                goes_to = join.first if join else target
                made_of = self.nested if any(_forks_again(branch) for branch in element.branches) else self.split
                part = made_of(element, before.last if before else source, inset, join, goes_to)
            elif isinstance(element, Tangle):
                join = made[number + 1] if number + 1 < len(made) else None
                inset = before.right if before else 0.0
                goes_to = join.first if join else target
                part = self.tangle(element, before.last if before else source, inset, join, goes_to)
            elif isinstance(element, Repeat) and before is not None:
                part = self.part(element, before.last)
            assert part is not None
            yield part
            before = part

    def row(self, chain: Chain, source: str, target: str) -> Row:
        return Row(
            self.measure, tuple(part for part in self.parts(chain, source, target) if not isinstance(part, Side))
        )

    def part(self, element: Unit | Repeat | Boxed, source: str = "") -> Part:
        layers = tuple(name for unit in units_of((element,)) for name in unit.names)
        match element:
            case Unit():
                return self.unit(element, element, layers)
            case Boxed():
                return self.block(element, element, layers)
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
        inside, ends = list(units_of(block.chain)), list(units_of(last.chain))
        params = sum(unit.params for unit in inside)
        name = name_of(block.path, self.network)
        about = f"{block.path}: {ends[-1].output.caption}, {params:,} parameters, {len(inside)} layers"
        volume = ends[-1].output.caption
        color = self.measure.theme.norm
        lines, named = tuple(name.split()), block.path if self.names else ""
        begins, ends_in = inside[0].name, ends[-1].name
        return Box(self.measure, begins, ends_in, lines, volume, color, about, layers, times, named)

    def split(self, fork: Fork, source: str, inset: float, join: Part | None, target: str) -> Split:
        lanes: list[Lane] = []
        arcs: list[Lane] = []
        weights = [sum(unit.params for unit in units_of(branch.chain)) for branch in fork.branches]
        for number, branch in enumerate(fork.branches):
            chain = tuple(element for element in branch.chain if not _passed_over(element, branch.chain))
            row = self.row(chain, source, target) if chain else None
            projects = any(unit.params for unit in units_of(branch.chain))
            lane = Lane(row if row and row.parts else None, branch.is_skip, number, projects)
            (arcs if _is_arc(branch, max(weights)) else lanes).append(lane)
        if not lanes:
            lanes, arcs = arcs[:1], arcs[1:]
        arcs.sort(key=lambda lane: (lane.part is not None, -lane.number))
        return Split(self.measure, source, inset, join, target, tuple(lanes), tuple(arcs))

    def nested(self, fork: Fork, source: str, inset: float, join: Part | None, target: str) -> Layered:
        """A fork whose branches fork again and meet nowhere but where all do, as in a pyramid of pools: each way has a
        line of its own into what they meet in."""
        nodes: list[Part] = []
        links: list[Link] = []

        def add(branches: Iterable[Branch], start: int | None) -> None:
            for branch in branches:
                chain = tuple(element for element in branch.chain if not _passed_over(element, branch.chain))
                last = chain[-1] if chain else None
                again = last if isinstance(last, Fork) else None
                chain = chain[:-1] if again else chain
                at = start
                if chain:
                    nodes.append(self.row(chain, source, target))
                    at = len(nodes) - 1
                    links.append(Link(start, at))
                if again:
                    add(again.branches, at)
                else:
                    links.append(Link(at, None))

        add(fork.branches, None)
        return Layered(self.measure, source, inset, target, join, tuple(nodes), tuple(links))

    def tangle(self, tangle: Tangle, source: str, inset: float, join: Part | None, target: str) -> Layered:
        nodes: list[Part] = [self.unit(unit, unit, unit.names) for unit in tangle.units]
        links = []
        for way in tangle.ways:
            chain = tuple(element for element in way.branch.chain if not _passed_over(element, way.branch.chain))
            if not chain:
                links.append(Link(way.source, way.target))
                continue
            nodes.append(self.row(chain, source, target))
            links += [Link(way.source, len(nodes) - 1), Link(len(nodes) - 1, way.target)]
        return Layered(self.measure, source, inset, target, join, tuple(nodes), tuple(links))


def first_name(chain: Chain) -> str:
    """Of the unit that *chain* begins with."""
    return next(unit.name for unit in units_of(chain))


def _forks_again(branch: Branch) -> bool:
    return bool(branch.chain) and isinstance(branch.chain[-1], Fork)


def _passed_over(element: object, chain: Chain) -> bool:
    """What has no box of its own: a flatten moves no number, a dropout does nothing when the network runs."""
    return isinstance(element, Unit) and element.lead.kind.idle and len(chain) > 1


def _is_arc(branch: Branch, most: int) -> bool:
    """A branch that passes the work by: a skip, the tensor itself, or a piece of it."""
    if branch.is_skip or not branch.chain:
        return True
    inside = list(units_of(branch.chain))
    return most > 0 and all(unit.lead.kind.cuts for unit in inside)


def words(unit: Unit) -> tuple[str, ...]:
    """The lines in a unit's box, as on the slide."""
    kind, caption = unit.lead.kind, unit.lead.kind.caption()
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
    match unit.lead.kind.family:
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
    maker = _Maker(network, measure, names)
    parts: list[Part] = []
    sides: dict[int, list[Side]] = {}
    for part in maker.parts(chain, "", ""):
        if isinstance(part, Side):
            sides.setdefault(len(parts) - 1, []).append(part)
        else:
            parts.append(part)
    room = width - 2 * _MARGIN * em
    with_volume = [*parts, *_stacked(network, parts, measure)]
    if Row(measure, tuple(with_volume)).width <= room:
        parts = with_volume
    if not sides:
        parts = _torn(parts, room - 2 * _LEAD * em, iter(_LETTERS), measure)
    rows = balanced(_pieces(parts), lambda row: _row_width(parts, row, measure), room)
    head = None if title is None else heading(title, em, width, _MARGIN * em, theme)
    items: list[Item] = [] if head is None else [head]
    y = _MARGIN * em + (0.0 if head is None else ascent("serif", head.size) + _ROW_GAP * em)
    used = 0.0 if head is None else text_width(head.content, head.font, head.size)
    for row in rows:
        line = Row(measure, tuple(parts[row.start : row.stop]))
        axis = y + line.up
        x = (_MARGIN + (_LEAD if row.start else 0.0)) * em
        items += _row(parts, row, line, x, axis, measure)
        right = x + line.width + (_LEAD * em if row.stop < len(parts) else 0.0)
        bottom, reach = axis + line.down, right
        if any(index in sides for index in row):
            drawn, bottom, reach = _sides(parts, sides, row, x, axis, bottom, maker)
            items += drawn
        used = max(used, right - _MARGIN * em, reach - _MARGIN * em)
        y = bottom + _ROW_GAP * em
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
    stack: list[object] = list(chain)
    while stack:
        match stack.pop():
            case Unit() as unit:
                if not _sign(unit):
                    lines.update(words(unit))
            case Boxed(path):
                lines.update(name_of(path, network).split())
            case Repeat(stretches):
                stack += stretches[0]
            case Fork(branches) | Side(branches):
                stack += [element for branch in branches for element in branch.chain]
            case Tangle(inside, ways):
                stack += [*inside, *(element for way in ways for element in way.branch.chain)]
    return max((text_width(line, "serif", em) for line in lines), default=0.0) + 1.2 * em


def _stacked(network: Network, parts: Sequence[Part], measure: Measure) -> list[Part]:
    """What a network gives back as the volume it is made of, when it is one stack of channels that it ends with."""
    joins = [layer for layer in network.layers if _stacks(layer)]
    ends = len(joins) == 1 and [output.layer for output in network.outputs] == [joins[0].name]
    if not ends or not isinstance(parts[-1], Box) or not joins[0].output.is_map or not joins[0].output.is_fixed:
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


_LETTERS = [*ascii_uppercase, *(a + b for a in ascii_uppercase for b in ascii_uppercase)]


def _torn(parts: Sequence[Part], room: float, letters: Iterator[str], measure: Measure) -> list[Part]:
    """*parts* with forks that are too wide for a row taken apart: the widest lane lies in the rows, and what
    else leaves the fork has a letter there and the same letter where it comes in."""
    found: list[Part] = []
    landing: Landed | None = None
    for index, part in enumerate(parts):
        if landing is not None:
            found.append(replace(landing, join=part))
            landing = None
            continue
        after = parts[index + 1].width if index + 1 < len(parts) else 0.0
        lanes = [*part.lanes, *part.arcs] if isinstance(part, Split) else []
        main = max((lane.part for lane in lanes if lane.part), key=lambda lane: lane.width, default=None)
        if not isinstance(part, Split) or not found or not after or part.width + after <= room or main is None:
            found.append(part)
            continue
        others = [lane.part for lane in lanes if lane.part is not main]
        marks = tuple(next(letters) for _ in others)
        found[-1] = Tapped(measure, found[-1], marks)
        found += _torn(main.parts if isinstance(main, Row) else [main], room, letters, measure)
        landing = Landed(measure, part, (part.source,) * len(others), marks, tuple(others))
    return found


def _pieces(parts: Sequence[Part]) -> list[range]:
    """What rows are made of: a fork stays with the unit before it and the one behind it."""
    found: list[range] = []
    start = 0
    for index in range(1, len(parts) + 1):
        torn = index < len(parts) and isinstance(parts[index - 1], Split | Layered)
        if not torn and index < len(parts) and isinstance(parts[index], Split) and not found and index == 1:
            torn = True
        if not torn:
            found.append(range(start, index))
            start = index
    return found


def _row_width(parts: Sequence[Part], row: range, measure: Measure) -> float:
    leads = (row.start > 0) + (row.stop < len(parts))
    return Row(measure, tuple(parts[row.start : row.stop])).width + leads * _LEAD * measure.em


def _row(parts: Sequence[Part], row: range, line: Row, x: float, axis: float, measure: Measure) -> Iterator[Item]:
    """A row; it begins and ends with an arrow where the chain goes on."""
    lead = _LEAD * measure.em
    if row.start:
        before, first = parts[row.start - 1], parts[row.start]
        if isinstance(first, Split):
            line_in = Path((Move((x - lead, axis)), Line((x, axis))), measure.line)
            yield Group(f"to-{before.last}", "decoration", (line_in,))
        else:
            yield straight(before, first, x - lead + before.right, x, axis, measure)
    yield from line.draw(x, axis)
    if row.stop < len(parts):
        start = x + line.width - parts[row.stop - 1].right
        tip = x + line.width + lead
        drawn = (
            Path((Move((start, axis)), Line((tip - 0.8 * measure.head, axis))), measure.line),
            arrowhead((tip, axis), (1.0, 0.0), measure.head, measure.theme.ink),
        )
        yield Group(f"after-{parts[row.stop - 1].last}", "decoration", drawn)


def _sides(
    parts: Sequence[Part], sides: dict[int, list[Side]], row: range, x: float, axis: float, bottom: float, maker: _Maker
) -> tuple[list[Item], float, float]:
    """What leaves the chain for outputs of its own, below the row: items, the new bottom and right."""
    measure = maker.measure
    items: list[Item] = []
    reach = 0.0
    ends: list[tuple[float, float]] = []
    """For each lane below the row: where its last side ends, and the lane's axis."""
    at = x
    for index in row:
        at += parts[index].width
        for side in sides.get(index, ()):
            for branch in side.branches:
                # A tensor of the chain itself that is given back has nothing behind it.
                part = maker.row(branch.chain, parts[index].last, "") if branch.chain else None
                up, down, wide, left = (part.up, part.down, part.width, part.left) if part else (0.0, 0.0, 0.0, 0.0)
                tap = at + 0.35 * measure.gap
                begin = tap + 1.6 * measure.em
                lane = next((number for number, (end, _) in enumerate(ends) if end < tap - measure.em), len(ends))
                if lane == len(ends):
                    ends.append((0.0, bottom + _ROW_GAP * measure.em + up))
                    bottom = ends[lane][1] + down
                y = ends[lane][1]
                ends[lane] = (begin + wide, y)
                tip = begin + left
                drawn = (
                    Circle(tap, axis, 0.16 * measure.em, measure.theme.ink),
                    Path((Move((tap, axis)), Line((tap, y)), Line((tip - 0.8 * measure.head, y))), measure.line),
                    arrowhead((tip, y), (1.0, 0.0), measure.head, measure.theme.ink),
                )
                if part is None:
                    items.append(Group(f"output-{parts[index].last}", "decoration", drawn))
                else:
                    items += [edge(parts[index].last, part.first, drawn), *part.draw(begin, y)]
                reach = max(reach, begin + wide)
        if index + 1 < row.stop:
            at += Row(measure, (parts[index], parts[index + 1])).width - parts[index].width - parts[index + 1].width
    return items, bottom, reach


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
