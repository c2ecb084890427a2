"""Networks on columns: what is the n-th weighted layer of each has the same place, with arcs over columns.

What the strip and the units style stand on.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from cnngraph.figure.spine import Arc, Spine
from cnngraph.units import Unit


@dataclass(frozen=True, slots=True)
class Stop:
    """One thing on a track."""

    unit: Unit
    boxed: bool
    """Whether it is drawn as a layer; else as text on the way."""
    column: int
    passed_over: tuple[Unit, ...] = ()
    """What comes behind it and is not drawn: a sum, which is where an arc lands, or a flatten."""


@dataclass(frozen=True)
class Track:
    """One network on its columns."""

    spine: Spine
    prefix: str
    """Before ids, so that networks with layers of one name can stand in one figure."""

    title: str
    stops: list[Stop]
    arcs: list[Span]

    @property
    def last_column(self) -> int:
        return self.stops[-1].column

    def names(self, units: Iterable[Unit]) -> tuple[str, ...]:
        """Of the layers of *units*, as they stand in the figure."""
        return tuple(self.prefix + name for unit in units for name in unit.names)

    def names_at(self, stop: Stop) -> tuple[str, ...]:
        """Of the layers that *stop* stands for."""
        return self.names((stop.unit, *stop.passed_over))

    @cached_property
    def open_after(self) -> frozenset[int]:
        """The columns behind which an arc is open."""
        begin, end = Counter(span.first for span in self.arcs), Counter(span.until for span in self.arcs)
        opened = accumulate(begin[column] - end[column] for column in range(self.last_column + 1))
        return frozenset(column for column, count in enumerate(opened) if count)

    @cached_property
    def arc_ends(self) -> frozenset[int]:
        """The last columns that arcs pass over."""
        return frozenset(span.last for span in self.arcs)

    @cached_property
    def columns(self) -> list[int]:
        return [stop.column for stop in self.stops]

    @cached_property
    def arcs_from(self) -> dict[int, list[Span]]:
        """The arcs by the column of their first box."""
        found: dict[int, list[Span]] = {}
        for span in self.arcs:
            found.setdefault(span.first, []).append(span)
        return found

    def arcs_in(self, row: range) -> list[Span]:
        return [span for column in row for span in self.arcs_from.get(column, ())]


@dataclass(frozen=True, slots=True)
class Span:
    """An arc over columns *first* to *last*."""

    arc: Arc
    first: int
    last: int
    until: int
    """Column of the join, when that is drawn as text; else *last*."""
    level: int
    """1, or one more than the highest arc inside it."""


def aligned(spines: list[Spine], titles: list[str]) -> list[Track]:
    """Columns for all: the n-th weighted layers in one column, and room before each for the most that stands there."""
    drawn: list[list[tuple[Unit, list[Unit]]]] = []
    for spine in spines:
        drawn.append([])
        for unit in spine.units:
            if _passed_over(unit):
                drawn[-1][-1][1].append(unit)
            else:
                drawn[-1].append((unit, []))
    before: list[int] = []
    for shown in drawn:
        counts, loose = [], 0
        for unit, _ in shown:
            if unit.weighted:
                counts.append(loose)
                loose = 0
            else:
                loose += 1
        for number, count in enumerate([*counts, loose]):
            if number == len(before):
                before.append(count)
            before[number] = max(before[number], count)
    tracks = []
    for number, (each, shown) in enumerate(zip(spines, drawn, strict=True)):
        stops: list[Stop] = []
        weighted, column, waiting = 0, 0, 0
        for unit, passed in shown:
            if unit.weighted:
                column += max(0, before[weighted] - waiting)
                weighted, waiting = weighted + 1, 0
            else:
                waiting += 1
            stops.append(Stop(unit, unit.weighted, column, tuple(passed)))
            column += 1
        prefix = f"{number + 1}." if len(spines) > 1 else ""
        tracks.append(Track(each, prefix, titles[number], stops, _spans(each, stops)))
    return tracks


def _passed_over(unit: Unit) -> bool:
    """What is not drawn: a sum is where its arc lands, a flatten changes no number."""
    kind = unit.lead.kind
    return unit.idle or (kind.family == "join" and kind.caption().sign == "+")


def _spans(spine: Spine, stops: list[Stop]) -> list[Span]:
    """The arcs over columns, in the order of their ends, the inner ones first."""
    columns = {stop.unit.name: stop.column for stop in stops}
    after: list[int] = []
    last = -1
    for unit in spine.units:
        last = columns.get(unit.name, last)
        after.append(last)
    ends = [(arc, after[arc.source] + 1, after[arc.join - 1]) for arc in spine.arcs]
    ends.sort(key=lambda end: (end[2], -end[1]))
    found: list[Span] = []
    outermost: list[Span] = []
    for arc, first, end in ends:
        level = 1
        while outermost and outermost[-1].first >= first:
            level = max(level, outermost.pop().level + 1)
        until = max(end, columns.get(spine.units[arc.join].name, end))
        found.append(Span(arc, first, end, until, level))
        outermost.append(found[-1])
    return found


def cut(tracks: list[Track], columns: int, most: int) -> list[range]:
    """Rows of at most *most* columns, even in length, cut where every track has no arc open.

    A stretch between two such places that is longer than a row stays whole.
    """
    count = -(-columns // most)
    cuts = [column + 1 for column in range(columns) if not any(column in each.open_after for each in tracks)]
    rows: list[range] = []
    start = 0
    while start < columns:
        wanted = start + -(-(columns - start) // max(1, count - len(rows)))
        next_cut = bisect_right(cuts, start)
        ahead = cuts[next_cut : bisect_right(cuts, start + most)]
        stop = min(ahead, key=lambda cut: abs(cut - wanted)) if ahead else cuts[next_cut]
        rows.append(range(start, stop))
        start = stop
    return rows
