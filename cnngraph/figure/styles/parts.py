"""A network's elements as parts of the blocks style: what is written in boxes, and which colour they have."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from cnngraph.figure.colors import Color, contrast
from cnngraph.figure.lanes.boxes import Box, Outlet, Pill, Sign, Standing
from cnngraph.figure.lanes.called import PAD, Called
from cnngraph.figure.lanes.enclosed import enclosed
from cnngraph.figure.lanes.layered import Layered
from cnngraph.figure.lanes.part import Measure, Part
from cnngraph.figure.lanes.row import Framed, Row, Stop
from cnngraph.figure.lanes.split import Lane, Split
from cnngraph.figure.sharing import letters
from cnngraph.figure.text import fit
from cnngraph.figure.text import width as text_width
from cnngraph.figure.theme import Theme
from cnngraph.figure.words import lines_of, silent
from cnngraph.flow import (
    Boxed,
    Branch,
    Chain,
    Element,
    Exit,
    Fork,
    Port,
    Repeat,
    Side,
    Tangle,
    id_of,
    meeting,
    things,
    units_of,
)
from cnngraph.fold import weights
from cnngraph.network import Layer, Network
from cnngraph.units import Unit

_AIR = 0.85
"""Ems that words in a box leave free beside them."""


_SEEN = 3.0
"""Contrast of a line with what is behind it (WCAG 2.2, 1.4.11)."""


@dataclass(frozen=True)
class Maker:
    """Makes the parts of one figure."""

    network: Network
    measure: Measure
    names: bool
    marks: Mapping[str, str]
    """By the names of boxes a letter for weights that several of them have."""
    show: Collection[str] = field(default=(), kw_only=True)
    """Words of silent layers that are named."""
    called: Sequence[Called] = field(default=(), kw_only=True)
    """The blocks with labels that stand open, those around others first."""

    @cached_property
    def _windows(self) -> dict[str, tuple[str, ...]]:
        return windows(self.network)

    def stops(self, chain: Chain, source: str, target: str) -> tuple[Stop, ...]:
        """The parts of *chain*; *source* and *target* are the units before and behind it."""
        found: list[Stop] = []
        elements = shown(chain)
        for number, element in enumerate(elements):
            before, inset = (found[-1].part.last, inset_of(found[-1])) if found else (source, 0.0)
            match element:
                case Side(chains) if found:
                    below = tuple([self.row(inside, found[-1].part.last, "") for inside in chains])
                    found[-1] = Stop(found[-1].part, below)
                case Side():
                    pass  # What has nothing to do with the rest has rows of its own.
                case Fork():
                    after = self.part(elements[number + 1]) if number + 1 < len(elements) else None
                    join = elements[number + 1] if after else None
                    said = join.lead.said if isinstance(join, Unit) else {}
                    found.append(
                        Stop(self.split(element, before, inset, after, after.first if after else target, said))
                    )
                case Tangle():
                    found.append(Stop(self.tangle(element, before, inset)))
                case _:
                    found.append(Stop(self.part(element, before)))
        return tuple(found)

    def row(self, chain: Chain, source: str, target: str) -> Row:
        return Row(self.measure, self.enclosed(self.stops(chain, source, target)))

    def enclosed(self, stops: Sequence[Stop]) -> tuple[Stop, ...]:
        """*stops* with frames around those that are blocks with labels."""
        return enclosed(stops, self.called, self.measure) if self.called else tuple(stops)

    @cached_property
    def around(self) -> float:
        """Points that the frames around one thing may take on both sides of it."""
        paths = {each.path for each in self.called}
        deep = max((sum(f"{path}.".startswith(f"{other}.") for other in paths) for path in paths), default=0)
        return 2 * PAD * self.measure.em * deep

    def part(self, element: Element, source: str = "") -> Part:
        layers = tuple(name for unit in units_of((element,)) for name in unit.names)
        match element:
            case Unit():
                return self.unit(element, element, layers)
            case Boxed():
                return self.block(element, element, layers)
            case Exit(output):
                return Outlet(self.measure, output.name, output.label or output.name)
            case Port(unit):
                return Pill(self.measure, unit.name, unit.output.caption)
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
        if (sign := sign_of(unit)) and times == 1 and not _has_words(unit, self.show):
            return Sign(self.measure, unit.name, sign, unit.about, layers)
        lines, color = words(unit, self.show), fill(unit, self.measure.theme)
        name = unit.name.removeprefix(f"{unit.lead.block}.") if self.names else ""
        first, end, volume = unit.name, last.name, last.output.caption
        return self.box(unit, first, end, lines, volume, color, unit.about, layers, times, name)

    def block(self, block: Boxed, last: Boxed, layers: tuple[str, ...], times: int = 1) -> Box:
        inside, end = block.units, last.units[-1]
        params = sum(unit.params for unit in inside)
        volume = "" if block.has_ports else end.output.caption
        about = f"{block.path}: {end.output.caption}, {params:,} parameters, {len(inside)} layers"
        color = self.measure.theme.of_block(block.path) or self.measure.theme.norm
        lines = (*block_words(block.path, self.network, times), *self._windows.get(block.path, ()))
        named = block.path if self.names else ""
        begins, ends_in = inside[0].name, end.name
        return self.box(block, begins, ends_in, lines, volume, color, about, layers, times, named)

    def box(
        self,
        thing: Unit | Boxed,
        first: str,
        last: str,
        lines: Iterable[str],
        caption: str,
        color: Color,
        about: str,
        layers: tuple[str, ...],
        times: int,
        name: str,
    ) -> Box:
        """With names and labels that are too long for it cut; what it makes is said whole."""
        em, most = self.measure.em, self.measure.most
        inside = tuple([fit(line, "serif", em, self.measure.box - _AIR * em) for line in lines])
        below, named = caption if self.measure.theme.sizes else "", fit(name, "serif-italic", em, most)
        mark = self.marks.get(id_of(thing), "")
        is_known = isinstance(thing, Boxed) or thing.is_known
        sort = Standing if self.measure.down else Box
        return sort(self.measure, first, last, inside, below, color, about, layers, times, named, mark, is_known)

    def split(
        self, fork: Fork, source: str, inset: float, join: Part | None, target: str, said: Collection[int]
    ) -> Split:
        """*said* are the branches that have words on their lines."""
        lanes: list[Lane] = []
        arcs: list[Lane] = []
        for number, (branch, is_arc) in enumerate(zip(fork.branches, arcs_of(fork), strict=True)):
            row = self.row(branch.chain, source, target) if shown(branch.chain) else None
            projects = any(unit.params for unit in units_of(branch.chain))
            lane = Lane(row, branch.is_skip, number, projects, number in said)
            (arcs if is_arc else lanes).append(lane)
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
            row = self.row(chain, sources[0] if len(sources) == 1 else "", "")
            alone = len(row.stops) == 1 and not row.stops[0].below and not row.stops[0].within
            nodes.append(row.stops[0].part if alone else row)
        return Layered(self.measure, source, inset, tuple(nodes), tangle.links)


def inset_of(stop: Stop) -> float:
    """From where a line leaves *stop* to its border: none where a way to an output leaves on the way."""
    return 0.0 if stop.below else stop.part.right


def first_name(chain: Chain) -> str:
    """Of the unit that *chain* begins with."""
    return next(unit.name for unit in units_of(chain))


def _forks_again(branch: Branch) -> bool:
    return bool(branch.chain) and isinstance(branch.chain[-1], Fork)


def shown(chain: Chain) -> tuple[Element, ...]:
    """What of *chain* has a place of its own: not a flatten, which moves no number, nor a dropout, which does nothing
    when the network runs; forks as in `ways`."""
    return ways([each for each in chain if len(chain) == 1 or not (isinstance(each, Unit) and _is_left_out(each))])


def _is_left_out(unit: Unit) -> bool:
    return unit.idle and not unit.label


def ways(chain: Iterable[Element]) -> tuple[Element, ...]:
    """*chain* with every fork before the unit that its ways meet in; where they meet there through other forks, each is
    a way of its own."""
    found: list[Element] = []
    for element in chain:
        if found and isinstance(found[-1], Fork) and any(_forks_again(branch) for branch in found[-1].branches):
            found[-1] = meeting(found[-1], element)
        else:
            found.append(element)
    return tuple(found)


def arcs_of(fork: Fork) -> list[bool]:
    """Of each branch whether it is an arc over the others: it passes the work by, as a skip, the tensor itself, or a
    piece of it."""
    most = max(sum(unit.params for unit in units_of(branch.chain)) for branch in fork.branches)
    return [_is_arc(branch, most) for branch in fork.branches]


def _is_arc(branch: Branch, most: int) -> bool:
    if branch.is_skip or not branch.chain:
        return True
    inside = list(units_of(branch.chain))
    return most > 0 and all(unit.lead.kind.cuts for unit in inside)


def words(unit: Unit, show: Collection[str] = ()) -> tuple[str, ...]:
    """The lines in a unit's box, as on the slide; its silent layers that are in *show*, too."""
    return (*_own_words(unit, show), *silent(unit, show))


def _own_words(unit: Unit, show: Collection[str]) -> tuple[str, ...]:
    """The same of what leads it: a label stands for its name, and above its numbers."""
    kind, caption = unit.does.kind, unit.does.kind.caption()
    called = lines_of(unit.label)
    if not unit.lead.inputs:
        volume = unit.output
        if called:
            return called
        if unit.name == "image" and (not volume.is_map or volume.channels in (1, 2, 3, 4)):
            return ("Image",)
        is_inside = volume.is_map and volume.channels not in (1, 2, 3, 4)
        if is_inside and unit.name in ("image", "previous"):
            return ("Previous", "Activation")
        if is_inside and unit.name.rstrip("0123456789") == "earlier":
            return ("Earlier", "Activation")
        return (unit.name,)
    stride = caption.stride
    strides = "" if stride is None else f"s = {stride[0]}" if stride[0] == stride[1] else f"s = {stride[0]}×{stride[1]}"
    window = f"{caption.window[0]}×{caption.window[1]}" if caption.window else ""
    if kind.family == "conv":
        loud = (strides,) if stride != (1, 1) else ()
        named = (*called, window) if called else (window, caption.loud)
        return (*named, *loud, *caption.details)
    if kind.family == "pool":
        if not window:
            return (*(called or caption.box), *caption.details)
        padding = (caption.padding,) if caption.padding else ()
        return (*(called or caption.box), f"{window}, {strides}", *padding)
    if kind.family == "dense":
        last = unit.layers[-1]
        is_named = last.kind.short_for != kind.word or last.label or last.kind.word in show
        return (*(called or (caption.box if is_named else (last.kind.word.capitalize(),))), caption.size)
    if not called:
        # A join that is called by its word needs no sign besides.
        return (*caption.box, *(detail for detail in caption.details if detail != caption.sign))
    return (*called, *caption.details)


Role = Literal["conv", "pool", "dense", "norm", "join", "other"]
"""What a unit does, as far as its colour goes: the theme has one under each of these names."""


def role(unit: Unit) -> Role:
    """Of a unit; an input is one with joins."""
    family = unit.does.kind.family
    match family:
        case "conv" | "pool" | "dense" | "norm":
            return family
        case "join" | "input":
            return "join"
    return "other"


def fill(unit: Unit, theme: Theme) -> Color:
    """The colour of a unit's box. Where tensors are added or multiplied it is that of the sign which else stands there:
    the colour of joins says that a tensor is taken in, or several together, as they are."""
    kind = unit.does.kind
    usual: Color = theme.paper if kind.family == "join" and not kind.keeps else getattr(theme, role(unit))
    return theme.own(unit.layers) or usual


def stacks(layer: Layer) -> bool:
    """Whether it puts the channels of its tensors behind one another, as a concatenation does."""
    channels = [volume.channels for volume in layer.input_volumes]
    known = [each for each in channels if isinstance(each, int)]
    return layer.kind.family == "join" and len(known) == len(channels) and layer.output.channels == sum(known)


def name_of(path: str, network: Network, times: int = 1) -> str:
    """A block's name in a figure: ``inception_3a`` is "inception 3a", ``stage2`` "stage 2", ``stage2.residual1``
    "residual", and so is ``residual2`` where it is the first of several *times*."""
    own = path.rpartition(".")[2]
    name = network.blocks[path].name.rpartition(".")[2]
    if own.startswith(name) and own[len(name) :].isdigit():
        # The running number counts within the block around; without that, or for several, it says nothing. And beside
        # a block of which it is the name, as `stage_2`, something else.
        is_told = not network.blocks[path].parent and times == 1
        own = f"{name} {own[len(name) :]}" if is_told and not _has_numbers(name, network) else name
    return own.replace("_", " ").strip()


def _has_numbers(name: str, network: Network) -> bool:
    """Whether a number behind *name* is part of a block's own name."""
    stem = name.rstrip("0123456789").rstrip("_")
    others = {block.name.rpartition(".")[2] for block in network.blocks.values()}
    return any(other != stem and other.rstrip("0123456789").rstrip("_") == stem for other in others)


def block_words(path: str, network: Network, times: int = 1) -> tuple[str, ...]:
    """The lines in a block's box, which may be the first of several *times*."""
    return lines_of(network.blocks[path].label) or tuple(name_of(path, network, times).split())


def windows(network: Network) -> dict[str, tuple[str, ...]]:
    """What else is said of a block, by its path, as a line: its largest window, ``5×5``, where other blocks of its
    definition have another."""
    largest: dict[str, tuple[int, int]] = {}
    for layer in network.layers:
        window = layer.kind.caption().window
        path = layer.block if window else ""
        while path and window:
            largest[path] = max(largest.get(path, (0, 0)), window, key=math.prod)
            path = network.blocks[path].parent
    of_name: dict[str, set[tuple[int, int]]] = {}
    for path, window in largest.items():
        of_name.setdefault(network.blocks[path].name, set()).add(window)
    return {
        path: (f"{window[0]}×{window[1]}",)
        for path, window in largest.items()
        if len(of_name[network.blocks[path].name]) > 1 and not network.blocks[path].label
    }


def box_width(network: Network, chain: Chain, em: float, most: float, show: Collection[str] = ()) -> float:
    """Wide enough for all words in boxes, but at most *most*, unless these are no author's."""
    ours: set[str] = set()
    lines: set[str] = set()
    for thing in things(chain):
        if isinstance(thing, Boxed):
            lines.update(block_words(thing.path, network))
        elif not sign_of(thing) or _has_words(thing, show):
            said = words(thing, show)
            lines.update(said)
            theirs = {part for layer in thing.layers for part in (layer.label, *lines_of(layer.label))}
            ours.update(line for line in said if line not in theirs and line.lower() != thing.name.lower())
    widths = {line: text_width(line, "serif", em) for line in lines}
    least = max((widths[line] for line in ours), default=0.0)
    return max(min(max(widths.values(), default=0.0) + _AIR * em, most), least + _AIR * em)


def called(network: Network, chain: Chain, theme: Theme) -> tuple[Called, ...]:
    """The blocks with labels that stand open in *chain*, those around others first."""
    labelled = {path: block for path, block in network.blocks.items() if block.label}
    if not labelled:
        return ()
    shut = {thing.path for thing in things(chain) if isinstance(thing, Boxed)}
    inside: dict[str, list[Unit]] = {}
    for unit in units_of(chain):
        path = unit.lead.block
        while path:
            inside.setdefault(path, []).append(unit)
            path = network.blocks[path].parent
    return tuple(
        Called(
            path, labelled[path].label, _line_color(theme.of_block(path) or theme.norm, theme),
            frozenset(name for unit in inside[path] if not _is_left_out(unit) for name in unit.names),
            frozenset(name for unit in inside[path] for name in unit.names),
        )
        for path in sorted(labelled.keys() & inside.keys() - shut, key=lambda path: (path.count("."), path))
    )  # fmt: skip


def _line_color(color: Color, theme: Theme) -> Color:
    """*color*, where a thin line of it is seen on the page."""
    return color if contrast(color, theme.background or theme.paper) >= _SEEN else theme.faint


def marks(chain: Chain) -> dict[str, str]:
    """By the names of boxes a letter for the weights that several of them have, in the order of the figure."""
    return letters(weights(chain))


def _has_words(unit: Unit, show: Collection[str]) -> bool:
    """Whether more is said of a join than its sign."""
    return bool(unit.label or silent(unit, show))


def sign_of(unit: Unit) -> str:
    """The sign that a join is drawn as."""
    return unit.lead.kind.caption().sign if unit.lead.kind.family == "join" else ""
