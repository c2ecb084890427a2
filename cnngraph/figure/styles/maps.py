"""What the style `operation` draws: a map as a cuboid with some of its cells marked, and a filter by itself.

Unlike those of the volumes style these maps are to scale: a window is as large on its map as it is in numbers,
as far as it can still be seen. All lengths are in points.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from cnngraph.figure import shapes
from cnngraph.figure.scene import Group, Item, Line, Move, Path, Primitive, Rect, Stroke
from cnngraph.figure.styles.bodies import Measure
from cnngraph.figure.theme import Theme

RULED = 12
"""Up to so many cells a side a map is ruled."""
_LEAST_FACE, _LEAST_MARK, _LEAST_DEPTH = 0.9, 0.3, 0.2
"""Ems: the least that a side of a face, of a marked window and its depth are drawn."""
_LEAST_GAP, _LEAST_CELL = 0.14, 0.26
"""Ems: a cell from which on the gaps between spaced taps are drawn, and one from which on windows are ruled."""
_LEAST_FILTER, _ENLARGED, _LARGEST_CELL = 1.0, 3.0, 1.2
"""Ems: a filter smaller than this is drawn enlarged, to about this, but with cells no larger than this."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How long sizes come out."""

    measure: Measure
    """Its *side* is as long as its *largest* size; depths grow slower, as in the volumes style."""

    @property
    def em(self) -> float:
        return self.measure.em

    @property
    def theme(self) -> Theme:
        return self.measure.theme

    def face(self, size: int, padded: int) -> float:
        """A side of *size*, *padded* with its padding. A thin one is drawn thicker, as far as the padding allows."""
        side = self.measure.side
        return max(side * size / self.measure.largest, min(_LEAST_FACE * self.em, side * size / padded))

    def depth(self, channels: int, of: int) -> float:
        """Of *channels* of a volume that has *of*."""
        whole = self.measure.depth(of)
        return whole if channels == of else max(_LEAST_DEPTH * self.em, whole * channels / of)

    @property
    def edge(self) -> Stroke:
        return Stroke(self.theme.edge, 0.05 * self.em)

    @property
    def rule(self) -> Stroke:
        """Between cells."""
        return Stroke(self.theme.edge, 0.035 * self.em)


@dataclass(frozen=True, slots=True)
class Mark:
    """A window, or a cell, as it is drawn on a map."""

    id: str
    title: str
    rows: range
    """Which rows of the map, from 0; a row not on the map is padding."""
    columns: range
    channels: int
    """How many, from the front."""


@dataclass(frozen=True, slots=True)
class Map:
    """H × W × C as a cuboid, with a mark on it."""

    scale: Scale
    volume: tuple[int, int, int]
    mark: Mark
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Top, left, bottom, right: the dashed border."""
    groups: int = 1
    """Groups of channels, told apart by lines."""

    @property
    def _face(self) -> tuple[float, float]:
        """Width and height of the front."""
        (height, width, _), (top, left, bottom, right) = self.volume, self.padding
        return self.scale.face(width, left + width + right), self.scale.face(height, top + height + bottom)

    @property
    def cell(self) -> tuple[float, float]:
        """Its width and height."""
        return self._face[0] / self.volume[1], self._face[1] / self.volume[0]

    @property
    def _depth(self) -> float:
        return self.scale.depth(self.volume[2], self.volume[2])

    @property
    def _border(self) -> tuple[float, float, float, float]:
        """How far the padding reaches; what is too thin to be seen is drawn thicker."""
        least, (across, down) = _LEAST_MARK * self.scale.em, self.cell
        top, left, bottom, right = (
            max(least, count * cell) if count else 0.0
            for count, cell in zip(self.padding, (down, across, down, across), strict=True)
        )
        return top, left, bottom, right

    @property
    def width(self) -> float:
        _, left, _, right = self._border
        return left + self._face[0] + self._depth + right

    @property
    def height(self) -> float:
        top, _, bottom, _ = self._border
        return top + self._depth + self._face[1] + bottom

    def draw(self, x: float, y: float) -> tuple[Item, ...]:
        """With the top left corner of its bounding box at (x, y)."""
        top, left, _, _ = self._border
        (width, height), depth, scale = self._face, self._depth, self.scale
        x, y = x + left, y + top
        front = y + depth
        drawn: list[Item] = list(shapes.cuboid(x, y, width, height, depth, scale.theme.volume, scale.edge))
        drawn += self._group_lines(x, front)
        if max(self.volume[:2]) <= RULED:
            drawn += _ruled(x, front, width, height, self.volume[:2], scale.rule)
        if any(self.padding):
            drawn += self._padding_drawn(x, front)
        rows = _stretches(self.mark.rows, self.volume[0], height, scale.em)
        columns = _stretches(self.mark.columns, self.volume[1], width, scale.em)
        bars = _bars(x, front, rows, columns, scale.depth(self.mark.channels, self.volume[2]), scale)
        drawn.append(Group(self.mark.id, "decoration", tuple(bars), self.mark.title))
        if self._mark_hides:
            drawn.append(Rect(x, front, width, height, None, Stroke(scale.theme.edge, 0.12 * scale.em)))
        return tuple(drawn)

    @property
    def _mark_hides(self) -> bool:
        """Whether the mark reaches beyond the front, so that it cannot be seen which part of it is on the map."""
        return any(
            taps[0] < 0 or taps[-1] >= size
            for taps, size in zip((self.mark.rows, self.mark.columns), self.volume[:2], strict=True)
        )

    def _group_lines(self, x: float, front: float) -> Iterator[Primitive]:
        """On the top and the side, where one group of channels ends and the next begins."""
        (width, height), depth = self._face, self._depth
        if depth / self.groups < _LEAST_DEPTH * self.scale.em:
            return
        for group in range(1, self.groups):
            at = depth * group / self.groups
            corner = x + width + at, front - at
            yield Path(
                (Move((x + at, front - at)), Line(corner), Line((corner[0], front + height - at))), self.scale.rule
            )

    def _padding_drawn(self, x: float, front: float) -> tuple[Primitive, ...]:
        """The padded volume in dashes, around the volume itself."""
        (width, height), depth, em = self._face, self._depth, self.scale.em
        above, before, below, after = self._border
        left, right, top, bottom = x - before, x + width + after, front - above, front + height + below
        line = Stroke(self.scale.theme.ink, 0.045 * em, (0.28 * em, 0.2 * em))
        back = ((left, top), (left + depth, top - depth), (right + depth, top - depth))
        side = ((right + depth, bottom - depth), (right, bottom))
        return (
            Rect(left, top, right - left, bottom - top, None, line),
            Path((Move(back[0]), *(Line(point) for point in (*back[1:], *side))), line),
            Path((Move((right, top)), Line((right + depth, top - depth))), line),
        )


@dataclass(frozen=True, slots=True)
class Filter:
    """The filter of a mark by itself: as large as on its map, or enlarged when that is too small to be seen."""

    over: Map
    """What it slides over."""
    mark: Mark
    """Of the window, as deep as the filter."""
    channels: int
    """Of the input."""

    @property
    def _scale(self) -> Scale:
        return self.over.scale

    @property
    def _extent(self) -> tuple[int, int]:
        rows, columns = self.mark.rows, self.mark.columns
        return columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1

    @property
    def _cell(self) -> tuple[float, float]:
        true, extent, em = self.over.cell, self._extent, self._scale.em
        if max(size * cell for size, cell in zip(extent, true, strict=True)) >= _LEAST_FILTER * em:
            return true
        each = min(_LARGEST_CELL, _ENLARGED / max(extent)) * em
        return each, each

    @property
    def enlarged(self) -> float:
        """How many times larger than on the map, 1 if not."""
        return self._cell[0] / self.over.cell[0]

    @property
    def _face(self) -> tuple[float, float]:
        least = _LEAST_MARK * self._scale.em
        width, height = (max(least, size * cell) for size, cell in zip(self._extent, self._cell, strict=True))
        return width, height

    @property
    def _depth(self) -> float:
        return self._scale.depth(self.mark.channels, self.channels)

    @property
    def width(self) -> float:
        return self._face[0] + self._depth

    @property
    def height(self) -> float:
        return self._face[1] + self._depth

    def draw(self, x: float, y: float) -> tuple[Item, ...]:
        across, down = self._extent
        width, height = self._face
        rows = _stretches(_from_zero(self.mark.rows), down, height, self._scale.em)
        columns = _stretches(_from_zero(self.mark.columns), across, width, self._scale.em)
        return tuple(_bars(x, y + self._depth, rows, columns, self._depth, self._scale))


def _from_zero(taps: range) -> range:
    return range(0, taps.stop - taps.start, taps.step)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Taps side by side along one axis."""

    start: float
    """From the map's border."""
    length: float
    cells: int
    """1 where single cells cannot be seen."""


def _stretches(taps: range, size: int, length: float, em: float) -> list[_Stretch]:
    """*taps* on a side of *size* cells that is *length* long: one stretch, or one for each when they are spaced."""
    cell = length / size
    if len(taps) > 1 and taps.step > 1 and cell >= _LEAST_GAP * em:
        return [_Stretch(tap * cell, cell, 1) for tap in taps]
    covered = taps[-1] - taps[0] + 1
    drawn = max(covered * cell, min(_LEAST_MARK * em, length))
    start = (taps[0] + covered / 2) * cell - drawn / 2
    if taps[0] >= 0 and taps[-1] < size:
        start = min(max(start, 0.0), length - drawn)
    ruled = covered == len(taps) <= 2 * RULED and cell >= _LEAST_CELL * em
    return [_Stretch(start, drawn, covered if ruled else 1)]


def _bars(
    x: float, y: float, rows: list[_Stretch], columns: list[_Stretch], depth: float, scale: Scale
) -> Iterator[Primitive]:
    """A cuboid for each crossing of *rows* and *columns*, with its front face ruled; (x, y) is where they count from.

    What is lower or farther left is behind: it is drawn first.
    """
    thin = min(min(stretch.length for stretch in (*rows, *columns)) * 0.12, scale.edge.width)
    edge = Stroke(scale.edge.color, thin)
    for row, column in product(reversed(rows), columns):
        left, top = x + column.start, y + row.start
        yield from shapes.cuboid(left, top - depth, column.length, row.length, depth, scale.theme.filter, edge)
        yield from _ruled(left, top, column.length, row.length, (row.cells, column.cells), scale.rule)


def _ruled(
    x: float, y: float, width: float, height: float, cells: tuple[int, int], line: Stroke
) -> Iterator[Primitive]:
    """The lines between *cells*, so many down and across."""
    for row in range(1, cells[0]):
        at = y + height * row / cells[0]
        yield Path((Move((x, at)), Line((x + width, at))), line)
    for column in range(1, cells[1]):
        at = x + width * column / cells[1]
        yield Path((Move((at, y)), Line((at, y + height))), line)


def scale_for(em: float, side: float, lengths: Sequence[int], depths: Sequence[int], theme: Theme) -> Scale:
    """The scale at which the longest of *lengths*, the sides of all maps with their padding, is *side* points long."""
    return Scale(Measure(em, side, max(lengths), max(depths), theme))
