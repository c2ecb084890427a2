"""Things that figures are made of, out of the scene's primitives: arrows, cuboids, grids, columns."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from cnngraph.figure.colors import Color
from cnngraph.figure.scene import Circle, Curve, Line, Move, Path, Point, Polygon, Primitive, Rect, Stroke
from cnngraph.figure.theme import Faces


def arrowhead(tip: Point, direction: Point, length: float, color: Color) -> Polygon:
    """A filled triangle; its first point is the tip."""
    norm = math.hypot(*direction)
    dx, dy = direction[0] / norm * length, direction[1] / norm * length
    x, y = tip
    return Polygon(((x, y), (x - dx - 0.33 * dy, y - dy + 0.33 * dx), (x - dx + 0.33 * dy, y - dy - 0.33 * dx)), color)


def arrow(start: Point, tip: Point, stroke: Stroke, head: float) -> tuple[Primitive, ...]:
    """A straight arrow; the line ends inside the head, so that the tip stays sharp."""
    x, y = tip
    dx, dy = x - start[0], y - start[1]
    share = 0.8 * head / math.hypot(dx, dy)
    return (
        Path((Move(start), Line((x - share * dx, y - share * dy))), stroke),
        arrowhead(tip, (dx, dy), head, stroke.color),
    )


def cuboid(
    x: float, y: float, width: float, height: float, depth: float, faces: Faces, edge: Stroke
) -> tuple[Primitive, ...]:
    """A cuboid whose bounding box begins at (x, y): the front face below left, *depth* running up and right
    at 45°, *depth* points each way."""
    left, right, top, bottom = x, x + width, y + depth, y + depth + height
    d = depth
    return (
        Polygon(((left, top), (left + d, top - d), (right + d, top - d), (right, top)), faces.top, edge),
        Polygon(((right, top), (right + d, top - d), (right + d, bottom - d), (right, bottom)), faces.side, edge),
        Polygon(((left, top), (right, top), (right, bottom), (left, bottom)), faces.front, edge),
    )


HATCHES: tuple[tuple[float, ...], ...] = ((), (45.0,), (135.0,), (45.0, 135.0), (0.0,), (90.0,), (0.0, 90.0))
"""Ways to tell areas apart without colours: the angles of their lines, counter-clockwise from the horizontal."""


def hatching(outline: Sequence[Point], angles: Sequence[float], spacing: float, stroke: Stroke) -> Iterator[Path]:
    """Lines at *angles*, *spacing* points apart, as far as they are in the convex *outline*."""
    for angle in angles:
        across, up = math.cos(math.radians(angle)), -math.sin(math.radians(angle))
        heights = [y * across - x * up for x, y in outline]
        steps: list[Move | Line] = []
        level = min(heights) + spacing / 2
        while level < max(heights):
            ends = sorted(_crossings(outline, heights, level), key=lambda point: point[0] * across + point[1] * up)
            if len(ends) > 1:
                steps += (Move(ends[0]), Line(ends[-1]))
            level += spacing
        if steps:
            yield Path(tuple(steps), stroke)


def outline(item: Rect | Polygon) -> tuple[Point, ...]:
    """Its corners, in turn."""
    if isinstance(item, Polygon):
        return item.points
    right, bottom = item.x + item.width, item.y + item.height
    return (item.x, item.y), (right, item.y), (right, bottom), (item.x, bottom)


def _crossings(outline: Sequence[Point], heights: Sequence[float], level: float) -> Iterator[Point]:
    """Where the border of *outline*, whose corners have those *heights*, passes *level*."""
    for number, (x, y) in enumerate(outline):
        before, own = heights[number - 1], heights[number]
        if (before < level) != (own < level):
            share = (level - before) / (own - before)
            fx, fy = outline[number - 1]
            yield fx + share * (x - fx), fy + share * (y - fy)


def grid(
    x: float, y: float, width: float, height: float, rows: int, columns: int, fill: Color, line: Stroke
) -> tuple[Primitive, ...]:
    """A filled rectangle ruled into cells."""
    inner = [
        Path((Move((x, y + height * row / rows)), Line((x + width, y + height * row / rows))), line)
        for row in range(1, rows)
    ]
    inner += [
        Path((Move((x + width * column / columns, y)), Line((x + width * column / columns, y + height))), line)
        for column in range(1, columns)
    ]
    return (Rect(x, y, width, height, fill), *inner, Rect(x, y, width, height, None, line))


def circle_column(
    x: float, y: float, width: float, height: float, units: int, radius: float, paper: Color, line: Stroke,
    ground: Color | None = None,
) -> tuple[Primitive, ...]:  # fmt: skip
    """A box of circles, one for each unit; when they are more than fit, the first two, an ellipsis and the last. The
    box has the circles' colour, or a *ground* of its own."""
    middle = x + width / 2
    box = Rect(x, y, width, height, ground or paper, line)
    pitch = 2.4 * radius
    fit = int((height - 0.4 * radius) // pitch)
    if units <= fit:
        top = y + height / 2 - pitch * (units - 1) / 2
        return (box, *(Circle(middle, top + pitch * i, radius, paper, line) for i in range(units)))
    margin = 1.45 * radius
    ends = (y + margin, y + margin + pitch, y + height - margin)
    gap = (ends[1] + radius + ends[2] - radius) / 2
    dots = (Circle(middle, gap + step * 0.55 * radius, 0.11 * radius, line.color) for step in (-1, 0, 1))
    return (box, *(Circle(middle, centre, radius, paper, line) for centre in ends), *dots)


def _scaled(points: Sequence[Point], x: float, y: float, width: float, height: float) -> list[Point]:
    return [(x + u * width, y + v * height) for u, v in points]


def seven(x: float, y: float, width: float, height: float, stroke: Stroke) -> Path:
    """A 7 as written by hand, in the middle of a box."""
    p = _scaled(
        [
            (0.29, 0.36), (0.285, 0.32), (0.285, 0.28), (0.30, 0.255),
            (0.42, 0.235), (0.54, 0.225), (0.675, 0.20),
            (0.655, 0.31), (0.60, 0.45), (0.555, 0.57),
            (0.52, 0.66), (0.495, 0.74), (0.48, 0.83),
        ],
        x, y, width, height,
    )  # fmt: skip
    curves = (Curve(p[i], p[i + 1], p[i + 2]) for i in range(1, len(p), 3))
    return Path((Move(p[0]), *curves), stroke)


def landscape(x: float, y: float, side: float, color: Color) -> tuple[Primitive, ...]:
    """Two hills and a sun, in the middle of a square: any picture."""
    hills = [(0.14, 0.78), (0.37, 0.42), (0.52, 0.62), (0.64, 0.48), (0.86, 0.78)]
    return (
        Polygon(tuple(_scaled(hills, x, y, side, side)), color),
        Circle(x + 0.69 * side, y + 0.29 * side, 0.075 * side, color),
    )
