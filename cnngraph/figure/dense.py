"""A dense block open: every layer takes what all before it make, and an arc says so for each of them.

In the graph that is a chain of concatenations, each of all there was with what one more layer makes of it. Seen from
the layers it is as in figure 1 of Huang et al. 2017.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf

from cnngraph.figure.colors import Color
from cnngraph.figure.lanes.boxes import Box
from cnngraph.figure.lanes.part import Measure
from cnngraph.figure.scene import Circle, Curve, Group, Item, Line, Move, Path, Primitive, Scene, Stroke
from cnngraph.figure.shapes import arrowhead
from cnngraph.figure.styles.parts import Maker, box_width, name_of, stacks
from cnngraph.figure.text import width as text_width
from cnngraph.figure.theme import Theme
from cnngraph.figure.turned import turned
from cnngraph.flow import Chain, Fork, flow, units_of
from cnngraph.network import Network
from cnngraph.units import Unit, units

_LEAST = 3
"""Layers of a dense block."""
_MOST, _FEWEST = 8, 5
"""Of these are drawn, and where there is less room."""
_MARGIN = 1.0
"""Ems around all of it."""
_OUT = 0.45
"""Ems behind a box from where its tensor goes on."""
_FLAT = 0.2
"""How high an arc is for half its length, above the least."""
_DOTS = 2.6
"""Ems for layers that are left out."""


@dataclass(frozen=True, slots=True)
class Dense:
    """A dense block."""

    source: Unit
    """What comes in."""
    layers: tuple[Chain, ...]
    join: Unit
    """What makes one tensor of all of them."""


def dense(network: Network) -> list[Dense]:
    """The dense blocks of *network*, in order: at least three layers, one after the other, each behind a tensor that
    what it makes is concatenated with."""
    found: list[Dense] = []
    chain = flow(units(network))
    at = 1
    while at < len(chain):
        begin, layers = at, []
        while (layer := _layer(chain, at)) is not None:
            layers.append(layer)
            at += 2
        source = chain[begin - 1]
        if len(layers) >= _LEAST and isinstance(source, Unit):
            join = chain[at - 1]
            assert isinstance(join, Unit)
            found.append(Dense(source, tuple(layers), join))
        at = max(at, begin + 1)
    return found


def _layer(chain: Chain, at: int) -> Chain | None:
    """What lies at *at* beside the tensor that it is then concatenated with; None where that is not so."""
    fork, join = chain[at] if at < len(chain) else None, chain[at + 1] if at + 1 < len(chain) else None
    if not isinstance(fork, Fork) or not isinstance(join, Unit) or len(fork.branches) != 2:
        return None
    works = [branch.chain for branch in fork.branches if branch.chain]
    return works[0] if len(works) == 1 and stacks(join.lead) else None


def drawn(block: Dense, network: Network, em: float, room: float, theme: Theme, *, down: bool) -> Scene:
    """*block* of *network* from left to right; *down*, or where that is longer than *room* points, from top to bottom.
    Of many layers some before the last are left out."""
    most = min(len(block.layers), _MOST)
    for shown in range(most, min(most, _FEWEST) - 1, -1):
        figure = _Figure(block, network, em, theme, False, shown)
        if not down and figure.long <= room:
            return figure.scene
    return _Figure(block, network, em, theme, True, most).scene


@dataclass(frozen=True)
class _Figure:
    block: Dense
    network: Network
    em: float
    theme: Theme
    down: bool
    shown: int
    """So many layers."""

    @cached_property
    def measure(self) -> Measure:
        words = max(text_width(word, "serif", self.em) for word in ("Activation", self._named(0)[0])) + 1.2 * self.em
        words = max(words, box_width(self.network, (self.block.join,), self.em, inf))
        return Measure(self.em, words, self.theme, down=self.down)

    @cached_property
    def _skips(self) -> bool:
        return self.shown < len(self.block.layers)

    @cached_property
    def parts(self) -> list[Box]:
        """What comes in, the layers, and what makes one of all."""
        maker = Maker(self.network, self.measure, names=False, marks={})
        source, join, join_color = self.block.source, self.block.join, self.theme.join
        last = len(self.block.layers) - 1
        numbers = [*range(self.shown - 1), last] if self._skips else list(range(self.shown))

        def box(unit: Unit, lines: Sequence[str], color: Color, layers: tuple[str, ...]) -> Box:
            return maker.box(unit, unit.name, unit.name, lines, unit.output.caption, color, unit.about, layers, 1, "")

        found = [box(source, ("Previous", "Activation"), join_color, source.names)]
        for number in numbers:
            inside = list(units_of(self.block.layers[number]))
            layers = tuple(name for unit in inside for name in unit.names)
            found.append(box(inside[-1], self._named(number), self.theme.norm, layers))
        made = maker.unit(join, join, join.names)
        return [*found, made if isinstance(made, Box) else box(join, ("Concat",), join_color, join.names)]

    def _named(self, number: int) -> tuple[str, ...]:
        block = next(iter(units_of(self.block.layers[number]))).lead.block
        return name_of(block, self.network, 2) if block else "layer", str(number + 1)

    @cached_property
    def lefts(self) -> list[float]:
        """Of each part's border."""
        found, x = [], _MARGIN * self.em
        for number, part in enumerate(self.parts):
            found.append(x)
            x += part.width + self.measure.gap + (_DOTS * self.em if self._skips and number == self.shown - 1 else 0.0)
        return found

    @property
    def long(self) -> float:
        return self.lefts[-1] + self.parts[-1].width + _MARGIN * self.em

    def _foot(self, number: int) -> float:
        """From where the tensor of a part goes on."""
        return self.lefts[number] + self.parts[number].width + _OUT * self.em

    def _landing(self, source: int, target: int) -> float:
        """Where an arc comes down onto a part: the farther it comes from, the farther on, so that none cross."""
        part = self.parts[target]
        long = part.width - part.left - part.right
        return self.lefts[target] + part.left + long * (target - 0.5 - source) / target

    @property
    def _roof(self) -> float:
        """Above the axis, from where arcs bend."""
        return max(part.up for part in self.parts) + 1.1 * self.measure.head

    def _rise(self, source: int, target: int) -> float:
        return 0.8 * self.em + _FLAT * (self._landing(source, target) - self._foot(source)) / 2

    @cached_property
    def scene(self) -> Scene:
        em, count = self.em, len(self.parts)
        axis = _MARGIN * em + self._roof + self._rise(0, count - 1)
        items: list[Item] = []
        for source in range(count - 1):
            items += self._lines(source, axis)
        for part, x in zip(self.parts, self.lefts, strict=True):
            items += part.draw(x, axis)
        if self._skips:
            middle = (self._foot(self.shown - 1) + self.lefts[self.shown]) / 2
            items += [Circle(middle + step * em, axis, 0.1 * em, self.theme.ink) for step in (-0.5, 0.0, 0.5)]
        size = self.long, axis + max(part.down for part in self.parts) + _MARGIN * em
        if self.down:
            items, size = list(map(turned, items)), (size[1], size[0])
        return Scene(*size, tuple(items), "", "")

    def _lines(self, source: int, axis: float) -> Iterator[Group]:
        """From a part to all behind it, in a colour of its own."""
        measure, em = self.measure, self.em
        color = self.theme.branches[source % len(self.theme.branches)].side
        line, head = Stroke(color, 0.085 * em), measure.head
        foot, roof, part = self._foot(source), axis - self._roof, self.parts[source]
        out = self.lefts[source] + part.width - part.right
        for target in range(source + 1, len(self.parts)):
            at, there = self._landing(source, target), self.parts[target]
            drawn: tuple[Primitive, ...]
            if target == source + 1 and not self._parts(source):
                tip = self.lefts[target] + there.left
                way: tuple[Move | Line | Curve, ...] = (Move((out, axis)), Line((tip - 0.8 * head, axis)))
                drawn = (Path(way, line), arrowhead((tip, axis), (1.0, 0.0), head, color))
            else:
                apex, top = (foot + at) / 2, roof - self._rise(source, target)
                flat, high = 0.5523 * (at - foot) / 2, 0.5523 * (roof - top)
                way = (
                    Move((foot, axis)),
                    Line((foot, roof)),
                    Curve((foot, roof - high), (apex - flat, top), (apex, top)),
                    Curve((apex + flat, top), (at, roof - high), (at, roof)),
                    Line((at, axis - there.top - 0.8 * head)),
                )
                drawn = (Path(way, line), arrowhead((at, axis - there.top), (0.0, 1.0), head, color))
            about = f"what {part.last} makes is part of what {there.last} takes"
            yield Group(f"{part.last}--{there.last}.dense", "decoration", drawn, about)
        stub = (Path((Move((out, axis)), Line((foot + 0.6 * em, axis))), line),) if self._parts(source) else ()
        yield Group(f"{part.last}.dense", "decoration", (*stub, Circle(foot, axis, 0.16 * em, color)))

    def _parts(self, source: int) -> bool:
        """Whether what comes behind it is left out."""
        return self._skips and source == self.shown - 1
