"""Networks on columns: stage over stage, with arcs over columns, in rows.

What the strip and the units style stand on.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, groupby, pairwise
from math import ceil
from typing import TYPE_CHECKING, Literal, NamedTuple

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.lanes.circled import alphabet
from cnngraph.figure.page import fitting, height
from cnngraph.figure.rows import balanced
from cnngraph.figure.spine import Arc, Spine, refusal
from cnngraph.network import Layer, Network
from cnngraph.repetition import repetition_of_blocks
from cnngraph.units import Unit

if TYPE_CHECKING:
    from cnngraph.figure.scene import Scene


_SHORT = 3
"""Of the columns that a row would have if all were even, it has one in so many at least."""


class Mark(NamedTuple):
    """What is written at something that is another in two networks."""

    sort: Literal["added", "removed", "changed"]
    """The field of a theme that has its colour."""
    text: str
    """``+2``, where the second remark on the figure is about it."""


@dataclass(frozen=True)
class Aligned:
    """How two networks stand one over the other by what is the same in them."""

    partners: Mapping[str, str]
    """By layers of the first those of the second."""
    marks: Mapping[str, Mark]
    """By layers, named as in the figure: ``2.conv1`` is of the second."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One thing on a track."""

    index: int
    """Of its unit on the spine."""
    unit: Unit
    boxed: bool
    """Whether it is drawn as a layer; else as text on the way."""
    column: int
    passed_over: tuple[Unit, ...] = ()
    """What comes behind it and is not drawn: a sum, which is where an arc lands, or a flatten; not what has a label."""


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """An arc over columns *first* to *last*."""

    arc: Arc
    first: int
    last: int
    until: int
    """Column of the join, when that is drawn as text; else *last*."""
    level: int
    """1, or one more than the highest shorter arc over one of its columns."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """Columns *first* to *last*, drawn once for *times* equal stretches."""

    first: int
    last: int
    times: int
    layers: tuple[str, ...]
    """Of all stretches, one after the other."""


@dataclass(frozen=True, slots=True)
class Called:
    """Columns *first* to *last*: a block that its author gave a label."""

    first: int
    last: int
    path: str
    label: str
    level: int
    """1, or one more than the highest shorter one over its columns."""
    middle: int
    """The column of the stop in the middle."""


@dataclass(frozen=True)
class Track:
    """One network on its columns."""

    spine: Spine
    prefix: str
    """Before ids, so that networks with layers of one name can stand in one figure."""
    title: str
    stops: tuple[Stop, ...]
    arcs: tuple[Span, ...]
    repeats: tuple[Repeated, ...]
    called: tuple[Called, ...] = ()

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
    def open_after(self) -> tuple[int, ...]:
        """For each column how many arcs and repeated stretches are open behind it."""
        change = [0] * (self.last_column + 2)
        for each in (*((span.first, span.until) for span in self.arcs), *((r.first, r.last) for r in self.repeats)):
            change[each[0]] += 1
            change[each[1]] -= 1
        return tuple(accumulate(change))

    @cached_property
    def arc_ends(self) -> frozenset[int]:
        """The last columns that arcs pass over."""
        return frozenset(span.last for span in self.arcs)

    @cached_property
    def columns(self) -> list[int]:
        return [stop.column for stop in self.stops]

    @property
    def alone(self) -> Track:
        """The same without the room that other networks need: its stops in one column after the other."""
        at = {column: number for number, column in enumerate(self.columns)}
        return replace(
            self,
            stops=tuple(replace(stop, column=at[stop.column]) for stop in self.stops),
            arcs=tuple(
                replace(span, first=at[span.first], last=at[span.last], until=at[span.until]) for span in self.arcs
            ),
            repeats=tuple(replace(each, first=at[each.first], last=at[each.last]) for each in self.repeats),
            called=tuple(
                replace(each, first=at[each.first], last=at[each.last], middle=at[each.middle]) for each in self.called
            ),
        )

    def before(self, column: int) -> Stop | None:
        """The last stop before *column*."""
        index = bisect_left(self.columns, column)
        return self.stops[index - 1] if index else None


@dataclass(frozen=True)
class Row:
    """What of one track stands in one row."""

    track: Track
    columns: range
    """The first stands at the row's beginning."""

    @cached_property
    def stops(self) -> tuple[Stop, ...]:
        columns = self.track.columns
        return self.track.stops[bisect_left(columns, self.columns.start) : bisect_left(columns, self.columns.stop)]

    @property
    def last(self) -> int:
        """Column of the last stop."""
        return self.stops[-1].column

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """The arcs that begin or end here."""
        return tuple(span for span in self.track.arcs if span.first in self.columns or span.until in self.columns)

    def names_in(self, first: int, last: int) -> tuple[str, ...]:
        """Of the layers that stand here in columns *first* to *last*."""
        stops = (stop for stop in self.stops if first <= stop.column <= last)
        return tuple(name for stop in stops for name in self.track.names_at(stop))

    @cached_property
    def cuts(self) -> bool:
        """Whether one of them goes on in another row."""
        return any(span.first not in self.columns or span.until not in self.columns for span in self.spans)

    @cached_property
    def levels(self) -> dict[int, int]:
        """How high arcs run here, 1 and up, by their level."""
        return {level: rank for rank, level in enumerate(sorted({span.level for span in self.spans}), start=1)}

    @property
    def repeats(self) -> list[tuple[Repeated, int, int]]:
        """What is repeated here, with the first and the last column of it in this row."""
        found = ((each, max(each.first, self.columns.start), min(each.last, self.last)) for each in self.track.repeats)
        return [(each, first, last) for each, first, last in found if first <= last]

    @property
    def called(self) -> list[tuple[Called, int, int]]:
        """The same of blocks with labels."""
        found = ((each, max(each.first, self.columns.start), min(each.last, self.last)) for each in self.track.called)
        return [(each, first, last) for each, first, last in found if first <= last]


# Networks on columns -------------------------------------------------------------------------


def tracks(
    spines: Sequence[Spine],
    titles: Sequence[str],
    style: str,
    hidden: Callable[[Spine, int], bool],
    fold: bool,
    aligned: Aligned | None = None,
) -> list[Track]:
    """*spines* on columns, stage over stage: a stage begins in the same column for all that have it; or two of them
    *aligned*, each stop over its partner.

    *hidden* says of the index of a sum whether it is only where its arc lands; else it is a stop. With *fold*, equal
    neighbours are there once. Raises `CnngraphError` (E0606), in the name of *style*, for an arc that passes nothing.
    """
    prefixes = [f"{number + 1}." if len(spines) > 1 else "" for number in range(len(spines))]
    marks: Mapping[str, Mark] = aligned.marks if aligned is not None else {}
    stretches = [
        list(_stretches(spine, prefix, marks)) if fold else [] for spine, prefix in zip(spines, prefixes, strict=True)
    ]
    shown = [list(_shown(spine, folded, hidden)) for spine, folded in zip(spines, stretches, strict=True)]
    if aligned is None:
        stages = [[spine.stages[stop.index] for stop in stops] for spine, stops in zip(spines, shown, strict=True)]
        slots = _slots(stages)
    else:
        slots = _over_partners(shown[0], shown[1], aligned.partners)
    found = []
    for number, (spine, stops, folded) in enumerate(zip(spines, shown, stretches, strict=True)):
        prefix = prefixes[number]
        column, index = 0, 0
        placed: list[Stop] = []
        for slot in slots:
            for offset in range(slot[number]):
                placed.append(replace(stops[index], column=column + offset))
                index += 1
            column += max(slot)
        arcs = _spans(spine, placed, folded, style)
        repeats = tuple(_repeated(each, placed, spine, prefix) for each in folded)
        found.append(Track(spine, prefix, titles[number], tuple(placed), arcs, repeats, _called(spine, placed)))
    return found


def _called(spine: Spine, stops: Sequence[Stop]) -> tuple[Called, ...]:
    """The blocks with labels that *stops* are in."""
    columns: dict[str, list[int]] = {}
    for stop in stops:
        path = stop.unit.lead.block
        while path:
            columns.setdefault(path, []).append(stop.column)
            path = spine.network.blocks[path].parent
    blocks = spine.network.blocks
    found = [(path, each) for path, each in columns.items() if blocks[path].label]
    heights = levels([(each[0], each[-1]) for _, each in found])
    return tuple(
        Called(each[0], each[-1], path, blocks[path].label, level, each[(len(each) - 1) // 2])
        for (path, each), level in zip(found, heights, strict=True)
    )


def slots(tracks: Sequence[Track]) -> list[range]:
    """The columns of each stage, or of what stands in its place."""
    begins = {0}
    for each in tracks:
        stages = each.spine.stages
        begins |= {after.column for stop, after in pairwise(each.stops) if stages[stop.index] != stages[after.index]}
    stops = sorted({*begins, 1 + max(each.last_column for each in tracks)})
    return [range(start, stop) for start, stop in pairwise(stops)]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Equal stretches of a spine, one after the other."""

    start: int
    period: int
    """Units in each."""
    times: int

    @property
    def left_out(self) -> range:
        return range(self.start + self.period, self.start + self.period * self.times)


def _stretches(spine: Spine, prefix: str, marks: Mapping[str, Mark]) -> Iterator[_Stretch]:
    """What repeats, cut where no arc is open: the same words at the same resolution, in blocks of the same labels, the
    same arcs and marks."""
    parted = [True] * len(spine.units)
    ending: dict[int, list[Arc]] = {}
    for arc in spine.arcs:
        parted[arc.source + 2 : arc.join + 1] = [False] * (arc.join - arc.source - 1)
        ending.setdefault(arc.join, []).append(arc)
    starts = [index for index, begins in enumerate(parted) if begins]
    pieces = [range(start, stop) for start, stop in zip(starts, [*starts[1:], len(spine.units)], strict=True)]
    keys: list[Hashable] = []
    for piece in pieces:
        units = tuple(
            (_same_words(spine.units[index]), spine.stages[index], marks.get(prefix + spine.units[index].name))
            for index in piece
        )
        arcs = (
            (arc.source - piece.start, arc.join - piece.start, tuple(map(_same_words, arc.through)))
            for index in piece
            for arc in ending.get(index, ())
        )
        keys.append((units, tuple(arcs), _labels_around(spine.units[piece.start], spine.network)))
    blocks = [spine.units[piece.start].lead.block for piece in pieces]
    begins = [before != block or not block for before, block in zip(["", *blocks], blocks, strict=False)]
    at = 0
    while at < len(pieces):
        skipped, period, times = repetition_of_blocks(keys, begins, at)
        at += skipped
        if times == 1:
            at += 1
            continue
        start = pieces[at].start
        yield _Stretch(start, pieces[at + period - 1].stop - start, times)
        at += period * times


def _labels_around(unit: Unit, network: Network) -> tuple[str, ...]:
    """Those of the blocks that it is in."""
    found, path = [], unit.lead.block
    while path:
        found.append(network.blocks[path].label)
        path = network.blocks[path].parent
    return tuple(filter(None, found))


def _same_words(unit: Unit) -> Hashable:
    """Equal for units of which the same is said, whatever comes in: a dense block's grow wider."""
    return tuple(layer.kind for layer in unit.layers), unit.lead.skips, unit.bond, unit.labels


def _shown(spine: Spine, folded: Sequence[_Stretch], hidden: Callable[[Spine, int], bool]) -> Iterator[Stop]:
    """The stops, in column 0 for now."""
    left_out = {index for each in folded for index in each.left_out}
    at: Stop | None = None
    for index, unit in enumerate(spine.units):
        if index in left_out:
            continue
        if at is not None and not unit.label and (unit.idle or (is_sum(unit) and hidden(spine, index))):
            at = replace(at, passed_over=(*at.passed_over, unit))
            continue
        if at is not None:
            yield at
        at = Stop(index, unit, unit.weighted, 0)
    assert at is not None
    yield at


def is_sum(unit: Unit) -> bool:
    """Whether it adds what an arc brings."""
    return adds(unit.lead)


def adds(layer: Layer) -> bool:
    """Whether *layer* is a sum."""
    return layer.kind.family == "join" and layer.kind.caption().sign == "+"


def lands_alone(spine: Spine, index: int) -> bool:
    """Whether nothing but the sum at *index* takes the tensor before it: its arc lands where no other leaves."""
    return index - 1 not in spine.sources


def _slots(stages: Sequence[Sequence[Hashable]]) -> list[list[int]]:
    """Stage by stage how many stops each network has there: what is of one resolution stands together, and between
    such stages the first stands by the first, the second by the second."""
    first, *others = [[(key, sum(1 for _ in run)) for key, run in groupby(each)] for each in stages]
    slots, keys = [[count] for _, count in first], [key for key, _ in first]
    if others:
        from difflib import SequenceMatcher
    for number, runs in enumerate(others, start=1):
        matches = SequenceMatcher(None, keys, [key for key, _ in runs], autojunk=False).get_opcodes()
        joined: list[list[int]] = []
        joined_keys: list[Hashable] = []
        for _, start, stop, begin, end in matches:
            for offset in range(max(stop - start, end - begin)):
                ours = slots[start + offset] if start + offset < stop else [0] * number
                key, count = runs[begin + offset] if begin + offset < end else (keys[start + offset], 0)
                joined.append([*ours, count])
                joined_keys.append(keys[start + offset] if start + offset < stop else key)
        slots, keys = joined, joined_keys
    return slots


def _over_partners(one: Sequence[Stop], other: Sequence[Stop], partners: Mapping[str, str]) -> list[list[int]]:
    """Column by column who has a stop there: both, where it is of partners; of partners that cross, as few as can be
    stand apart."""
    place = {stop.unit.name: number for number, stop in enumerate(other)}
    pairs = [(at, place[to]) for at, stop in enumerate(one) if (to := partners.get(stop.unit.name, "")) in place]
    found: list[list[int]] = []
    here = there = 0
    for at, under in [*_rising(pairs), (len(one), len(other))]:
        found += [[1, 0]] * (at - here) + [[0, 1]] * (under - there)
        found += [[1, 1]] if at < len(one) else []
        here, there = at + 1, under + 1
    return found


def _rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The most of *pairs*, which are in order by their first, that are so by their second too."""
    ends: list[int] = []
    """For each length of what rises the least number that it ends with."""
    lengths: list[int] = []
    for _, to in pairs:
        at = bisect_left(ends, to)
        ends[at : at + 1] = [to]
        lengths.append(at + 1)
    found: list[tuple[int, int]] = []
    wanted = len(ends)
    for pair, length in zip(reversed(pairs), reversed(lengths), strict=True):
        if length == wanted and (not found or pair[1] < found[-1][1]):
            found.append(pair)
            wanted -= 1
    return found[::-1]


def _spans(spine: Spine, stops: Sequence[Stop], folded: Sequence[_Stretch], style: str) -> tuple[Span, ...]:
    """The arcs over columns, in the order of their ends, the inner ones first."""
    indices = [stop.index for stop in stops]
    left_out = {index for each in folded for index in each.left_out}
    ends: list[tuple[Arc, int, int, int]] = []
    for arc in spine.arcs:
        if arc.join in left_out:
            continue
        first, join = bisect_right(indices, arc.source), bisect_left(indices, arc.join)
        if first >= join:
            source, target = spine.units[arc.source].name, spine.units[arc.join].name
            raise refusal(spine.network, style, f"what {target} takes of {source} passes nothing that is drawn")
        until = join if join < len(indices) and indices[join] == arc.join else join - 1
        ends.append((arc, stops[first].column, stops[join - 1].column, stops[until].column))
    heights = levels([(first, until) for _, first, _, until in ends])
    spans = [Span(*end, level) for end, level in zip(ends, heights, strict=True)]
    return tuple(sorted(spans, key=lambda span: (span.last, -span.first)))


def levels(arcs: Sequence[tuple[int, int]]) -> list[int]:
    """How high each arc from one place to another runs: 1, or one more than the highest shorter one that it meets."""
    highest = [0] * (1 + max((end for _, end in arcs), default=0))
    found = [0] * len(arcs)
    for number in sorted(range(len(arcs)), key=lambda number: arcs[number][1] - arcs[number][0]):
        start, end = arcs[number]
        found[number] = 1 + max(highest[start : end + 1])
        highest[start : end + 1] = [found[number]] * (end + 1 - start)
    return found


def _repeated(each: _Stretch, stops: Sequence[Stop], spine: Spine, prefix: str) -> Repeated:
    columns = [stop.column for stop in stops if each.start <= stop.index < each.start + each.period]
    arriving: dict[int, list[Unit]] = {}
    for arc in spine.arcs:
        arriving.setdefault(arc.join, []).extend(arc.through)
    layers = [
        prefix + name
        for index in range(each.start, each.left_out.stop)
        for unit in (*arriving.get(index, ()), spine.units[index])
        for name in unit.names
    ]
    return Repeated(columns[0], columns[-1], each.times, tuple(layers))


# Rows ----------------------------------------------------------------------------------------


def rows(tracks: Sequence[Track], most: int, *, by_column: bool = False, apart: bool = False) -> list[Row]:
    """Rows of at most *most* columns.

    One network is cut into even rows. Of several, each row has the same stages of all, and the rows of a stage that is
    longer than a row stand together; or with *by_column* the same columns of all that have a stop there. Networks whose
    stages are so different that one would have a row of a single thing, and all of which one takes several rows, where
    these are to be *apart*, stand one after the other, as if the others were not there.
    """
    columns = range(1 + max(each.last_column for each in tracks))
    if len(columns) <= most:
        return [Row(each, columns) for each in tracks]
    if len(tracks) == 1 or by_column:
        cut = (Row(each, part) for part in _cut(tracks, columns, most) for each in tracks)
        return [row for row in cut if row.stops]
    found: list[Row] = []
    for band in balanced(slots(tracks), len, most) if not apart else ():
        for each in tracks:
            own = each.columns[bisect_left(each.columns, band.start) : bisect_left(each.columns, band.stop)]
            if own:
                length = len(band) if len(band) <= most else own[-1] + 1 - band.start
                found += [Row(each, part) for part in _cut([each], range(band.start, band.start + length), most)]
    if apart or any(len(row.stops) == 1 < len(row.track.stops) for row in found):
        return [row for each in tracks for row in rows([each.alone], most)]
    return found


def standing(rows: Iterable[Row]) -> list[Track]:
    """The tracks of *rows*, as they stand there."""
    return list({id(row.track): row.track for row in rows}.values())


def _cut(tracks: Sequence[Track], columns: range, most: int) -> list[range]:
    """*columns* in rows of at most *most*, even in length: cut where the fewest arcs are open, but so that none is
    much shorter."""
    count = -(-len(columns) // most)
    opened = [
        sum(track.open_after[column] if column <= track.last_column else 0 for track in tracks) for column in columns
    ]
    found: list[range] = []
    start = columns.start
    while start < columns.stop:
        even = -(-(columns.stop - start) // max(1, count - len(found)))
        wanted, least = start + even, max(1, even // _SHORT)
        full = min(start + most, columns.stop)
        last = full if full == columns.stop else max(start + least, min(full, columns.stop - least))
        ahead = range(start + least, last + 1)
        stop = min(ahead, key=lambda cut: (opened[cut - 1 - columns.start], abs(cut - wanted)))
        found.append(range(start, stop))
        start = stop
    return found


def letters(rows: Sequence[Row]) -> dict[Span, str]:
    """A letter for every arc that goes on in another row."""
    marks = alphabet()
    cut = (span for row in rows for span in row.spans if span.first in row.columns and span.until not in row.columns)
    return {span: next(marks) for span in cut}


# Pages ---------------------------------------------------------------------------------------


def on_page(
    draw: Callable[[bool, float], Scene], texts: Sequence[float], names: str, width: float, fold: bool | None
) -> Scene:
    """The figure that *draw* makes, folded or not and with one of *texts*: as *fold* says, or folded if it is higher
    than a page else, and if it is still, with smaller text.

    Raises `CnngraphError` (E0604) when it is wider than *width*: then one column is too wide.
    """
    folds = fold is True
    remarks: tuple[str, ...] = ()
    scene = draw(folds, texts[0])
    if fold is None and scene.height > height(width) and (folded := draw(True, texts[0])).height < scene.height:
        folds, scene, remarks = True, folded, ("folded: equal neighbours once, with how often",)
    if scene.height > height(width):
        scene = fitting(lambda text: draw(folds, text), texts, width)
    scene = replace(scene, remarks=remarks)
    if scene.width > width + 0.01:
        raise CnngraphError.of(
            "E0604",
            f"{width:g} pt are too narrow for {names}",
            reason=f"a row with one column takes {ceil(scene.width)} pt",
            help=f"--width {ceil(scene.width)}pt",
        )
    return scene
