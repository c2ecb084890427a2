"""The parts of a network in lines, and the rows that lines are cut into: nothing is wider than a row can be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate
from math import inf
from typing import NamedTuple

from cnngraph.figure.lanes.circled import alphabet
from cnngraph.figure.lanes.layered import Layered, sliced
from cnngraph.figure.lanes.letters import Landed, Letter, Tapped
from cnngraph.figure.lanes.part import Part, straight
from cnngraph.figure.lanes.row import Row, Stop, gap_behind
from cnngraph.figure.lanes.split import Split
from cnngraph.figure.rows import balanced
from cnngraph.figure.scene import Group, Item, Line, Move, Path
from cnngraph.figure.shapes import arrowhead
from cnngraph.figure.styles.parts import Maker, inset_of, shown
from cnngraph.flow import (
    Chain,
    Element,
    Fork,
    Repeat,
    Side,
    untied,
)

LEAD = 2.2
"""Ems of the arrow with which a row begins and ends where the chain goes on."""
LETTER = 5.3
"""Ems that a letter takes beside a column, and the lines to it."""
HANGING = 5.0
"""Ems that a letter below a row takes behind what it hangs on."""


class Cut(NamedTuple):
    """A row of a line; it begins and ends with an arrow where the line goes on."""

    line: Sequence[Stop]
    stops: range
    row: Row
    lead: float
    """How long these arrows are."""

    @property
    def goes_on(self) -> bool:
        return self.stops.stop < len(self.line)

    @property
    def width(self) -> float:
        return self.row.width + ((self.stops.start > 0) + self.goes_on) * self.lead

    @property
    def height(self) -> float:
        return self.row.up + self.row.down

    def draw(self, x: float, axis: float) -> Iterator[Item]:
        """With its left end at *x*."""
        measure, lead, line = self.row.measure, self.lead, self.line
        if self.stops.start:
            before = line[self.stops.start - 1].part
            x += lead
            if self.row.opens:
                line_in = Path((Move((x - lead, axis)), Line((x, axis))), measure.line)
                yield Group(f"to-{before.last}", "decoration", (line_in,))
            else:
                yield straight(before, self.row, x - lead, x + self.row.left, axis, measure)
        yield from self.row.draw(x, axis)
        if self.goes_on:
            last = line[self.stops.stop - 1].part.last
            start, tip = x + self.row.width - self.row.right, x + self.row.width + lead
            arrow = (
                Path((Move((start, axis)), Line((tip - 0.8 * measure.head, axis))), measure.line),
                arrowhead((tip, axis), (1.0, 0.0), measure.head, measure.theme.ink),
            )
            yield Group(f"after-{last}", "decoration", arrow)


class Drawn(NamedTuple):
    """Rows on a page."""

    items: list[Item]
    bottoms: list[float]
    """Of each row."""


def draw_rows(rows: Iterable[Cut], x: float, y: float, gap: float) -> Drawn:
    """*rows* one under the other, *gap* points apart; the first has its left end at *x* and its top at *y*."""
    items: list[Item] = []
    bottoms: list[float] = []
    for row in rows:
        axis = (bottoms[-1] + gap if bottoms else y) + row.row.up
        items += row.draw(x, axis)
        bottoms.append(axis + row.row.down)
    return Drawn(items, bottoms)


class Setting:
    """The parts of a network in lines that are cut into rows; nothing is wider than a row can be."""

    def __init__(self, maker: Maker, room: float) -> None:
        self.maker, self.measure, self.room = maker, maker.measure, room
        self.inner = room - maker.around
        """Without what frames around a part may take."""
        self.lead = LEAD * self.measure.em
        self.letters = self._given()
        self.lettered = False
        """Whether a tensor goes on in another row by a letter."""
        self.waiting: list[tuple[Chain, Letter]] = []
        """What leaves a line for an output, and has no room below it; and the letter that it begins with."""

    def _given(self) -> Iterator[str]:
        for letter in alphabet():
            self.lettered = True
            yield letter

    def lines(self, chain: Chain) -> list[list[Stop]]:
        """*chain* from the start of the network, with frames around the blocks that have labels; only within a line
        one row goes on in the next."""
        apart = [inside for side in chain[:1] if isinstance(side, Side) for inside in side.chains]
        found = self.line(chain[1:] if apart else chain, None)
        for inside in apart:
            found += self.line(inside, None)
        while self.waiting:
            found += self.line(*self.waiting.pop(0))
        return [list(self.maker.enclosed(line)) for line in found]

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
            aside = made[at + count - 1][1]
            room = self.inner - 2 * self.lead - (HANGING * self.measure.em if aside else 0.0)
            if not self.fits(piece, aside, room):
                unit, inset = (lines[-1][-1].part.last, inset_of(lines[-1][-1])) if lines[-1] else ("", 0.0)
                if not self.torn(made[at][0], piece, unit, room, lines):
                    web = untied([element for element, _ in made[at : at + count]], self.too_wide)
                    whole = self.maker.tangle(web, unit, inset)
                    first, *others = sliced(whole, room, room + self.lead, self.letters)
                    lines[-1].append(Stop(first))
                    lines += [[Stop(row)] for row in others]
            else:
                lines[-1].extend(map(Stop, piece))
            at += count
            if aside:
                last = lines[-1][-1].part
                before = lines[-1][-2:-1] if len(lines[-1]) > 1 and isinstance(lines[-1][-2].part, Split) else []
                lines[-1][-1] = Stop(last, tuple(self.hung(before, last, aside)))

    def hung(self, before: list[Stop], part: Part, chains: Iterable[Chain]) -> Iterator[Part]:
        """What leaves behind *part* for outputs, if it stands in a row with *before*; what is too wide to lie below has
        a letter there."""
        for chain in chains:
            row = self.maker.row(chain, part.last, "")
            if Row(self.measure, (*before, Stop(part, (row,)))).width > self.inner - 2 * self.lead:
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
        return self.maker.part(repeat).width > self.inner - 2 * self.lead - 2 * LETTER * self.measure.em

    def fits(self, piece: Sequence[Part], aside: Iterable[Chain], room: float) -> bool:
        """Whether *piece*, with what leaves *aside* behind it, fits into *room*, or is one thing for which nothing can
        be done."""
        part = piece[0]
        if not isinstance(part, Split | Layered):
            return True
        if isinstance(part, Layered) and part.least > self.inner:
            return False
        row = Row.of(self.measure, piece)
        if row.width > room or self.measure.across == inf:
            return row.width <= room
        below = tuple([self.maker.row(chain, piece[-1].last, "") for chain in aside])
        row = Row(self.measure, (*row.stops[:-1], Stop(piece[-1], below)))
        return row.up + row.down <= self.measure.across

    def torn(self, element: Element, piece: Sequence[Part], source: str, room: float, lines: list[list[Stop]]) -> bool:
        """Adds a fork that is too wide for a row, taken apart, if that helps: the widest lane lies in the rows, and
        what else leaves the fork has a letter there and the same letter where it comes in."""
        fork = piece[0]
        if not isinstance(element, Fork) or not isinstance(fork, Split) or not lines[-1]:
            return False
        lanes = [*fork.lanes, *fork.arcs]
        main = max(lanes, key=lambda lane: lane.part.width if lane.part else 0.0)
        if main.part is None:
            return False
        others = tuple(lane.part for lane in lanes if lane is not main)
        landed = Landed(self.measure, piece[1], (source,) * len(others), ("",) * len(others), others)
        if landed.width > room:
            return False
        marks = tuple(next(self.letters) for _ in others)
        before = lines[-1][-1]
        lines[-1][-1] = before._replace(
            part=Tapped(self.measure, before.part, marks, self.lead if main.part.opens else 0.0)
        )
        self.place(element.branches[main.number].chain, source, piece[1].first, lines)
        lines[-1].append(Stop(replace(landed, letters=marks)))
        return True

    def rows(self, line: Sequence[Stop]) -> list[range]:
        """The rows that *line* is cut into."""
        ends = list(accumulate(map(self.with_gap, line, [*(stop.part for stop in line[1:]), None]), initial=0.0))
        hung = list(accumulate((bool(stop.below) for stop in line), initial=0))

        def width(row: range) -> float:
            leads = (row.start > 0) + (row.stop < len(line))
            if hung[row.stop] > hung[row.start]:
                return Row(self.measure, tuple(line[row.start : row.stop])).width + leads * self.lead
            last = line[row.stop - 1]
            return ends[row.stop - 1] - ends[row.start] + last.width + leads * self.lead

        return balanced(self.pieces(line, width), width, self.room)

    def cut(self, lines: Iterable[Sequence[Stop]]) -> list[Cut]:
        """The rows of *lines*."""
        return [
            Cut(line, row, Row(self.measure, tuple(line[row.start : row.stop])), self.lead)
            for line in lines
            for row in self.rows(line)
        ]

    def with_gap(self, stop: Stop, after: Part | None) -> float:
        return stop.width + gap_behind(stop, after, self.measure)

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
