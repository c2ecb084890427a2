"""What is wrong with a scene's geometry, without looking at pixels.

`faults(scene)` is empty for a good figure. It reports text that touches text, lines and edges that cross
text, shapes painted over text, and whatever leaves the page. `loose_tips(scene)` reports arrows whose tip
is not at the border of what they lead to.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from cnngraph.figure.scene import (
    Circle,
    Curve,
    Group,
    Item,
    Move,
    Path,
    Picture,
    Point,
    Polygon,
    Primitive,
    Rect,
    Scene,
    Text,
)
from cnngraph.figure.text import ink, width

GAP = 1.0
"""Points of air that text keeps from other text."""
Segment = tuple[Point, Point]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""
Boxes = NDArray[np.float64]
"""One a row. A figure has thousands of things: which of them are near each other is asked of all at once, and of these
few, one by one, what they do to each other."""
Which = NDArray[np.bool_]
_ALONG = [((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3) for t in (i / 16 for i in range(17))]
"""What the four points of a Bézier curve count at places along it."""


def faults(scene: Scene, gap: float = GAP) -> list[str]:
    drawn = list(scene.primitives())
    texts = [(number, item) for number, item in enumerate(drawn) if isinstance(item, Text)]
    boxes = [bounds(item) for item in drawn]
    pairs = list(zip(drawn, boxes, strict=True))
    found = [f"{_name(item)} leaves the page" for item, box in pairs if not _inside(box, scene)]
    if not texts:
        return found
    quads = [text_quad(item) for _, item in texts]
    roomy = [text_quad(item, gap / 2) for _, item in texts]
    near = _rows([_box(quad) for quad in roomy])
    for a, (_, first) in enumerate(texts):
        close = np.flatnonzero(_meeting(near[a], near[a + 1 :])) + a + 1
        touched = [texts[b][1] for b in close if _convex_overlap(roomy[a], roomy[b])]
        found += [f"{_name(first)} touches {_name(second)}" for second in touched]
    around = _rows([_box(quad) for quad in quads])
    for order, (item, box) in enumerate(pairs):
        if isinstance(item, Text) or not (close := np.flatnonzero(_meeting(box, around))).size:
            continue
        edges, filled = _edges(item), _filled(item)
        for at in close:
            (number, text), quad = texts[at], quads[at]
            if any(_crosses(edge, quad) for edge in edges):
                found.append(f"{_name(item)} crosses {_name(text)}")
            elif filled is not None and order > number and _convex_overlap(filled, quad):
                found.append(f"{_name(item)} covers {_name(text)}")
    return found


def loose_tips(scene: Scene, tolerance: float) -> list[str]:
    """Arrows of edge groups whose tip is farther than *tolerance* from the border of the layer that the
    group's ``dst`` names."""
    groups = {group.id: group for group in scene.groups()}
    found = []
    for group in groups.values():
        target = groups.get(dict(group.data).get("dst", ""))
        if group.role != "edge" or target is None:
            continue
        shapes = [bounds(item) for item in _leaves(target) if not isinstance(item, Text)]
        boxes = [union(shapes)] if shapes else [bounds(item) for item in _leaves(target)]
        for head in (item for item in _leaves(group) if isinstance(item, Polygon) and len(item.points) == 3):
            distance = min(_distance_to_border(head.points[0], box) for box in boxes)
            if distance > tolerance:
                found.append(f"{group.id}: the tip is {distance:.1f} pt from {target.id}")
    return found


def arrow_lengths(scene: Scene) -> list[float]:
    """Of the straight arrows, from the beginning of the line to the tip of the head."""
    lengths = []
    for group in scene.groups():
        lines = [item for item in group.items if isinstance(item, Path) and len(item.steps) == 2]
        heads = [item for item in group.items if isinstance(item, Polygon) and len(item.points) == 3]
        if group.role == "edge" and len(lines) == len(heads) == 1:
            lengths.append(math.dist(lines[0].steps[0].to, heads[0].points[0]))
    return lengths


def text_quad(text: Text, margin: float = 0.0) -> tuple[Point, ...]:
    """The four corners of a text's ink, turned as it is; its advance is taken for its width."""
    length = width(text.content, text.font, text.size)
    above, below = ink(text.content, text.font, text.size)
    start = -{"start": 0.0, "middle": length / 2, "end": length}[text.anchor]
    left, right, top, bottom = start - margin, start + length + margin, -above - margin, below + margin
    turn = math.radians(text.angle)
    cos, sin = math.cos(turn), math.sin(turn)
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return tuple((text.x + x * cos + y * sin, text.y - x * sin + y * cos) for x, y in corners)


def bounds(item: Primitive) -> Box:
    """The bounding box with half the line's width; a curve's control points count as its own."""
    match item:
        case Text():
            return _box(text_quad(item))
        case Picture(x, y, w, h):
            return x, y, x + w, y + h
        case Rect(x, y, w, h):
            box = x, y, x + w, y + h
        case Circle(x, y, radius):
            box = x - radius, y - radius, x + radius, y + radius
        case Polygon(points):
            box = _box(points)
        case Path(steps):
            passed = [step.to for step in steps]
            passed += [point for step in steps if isinstance(step, Curve) for point in (step.control1, step.control2)]
            box = _box(passed)
    half = item.stroke.width / 2 if item.stroke else 0.0
    return box[0] - half, box[1] - half, box[2] + half, box[3] + half


def _leaves(group: Group) -> Iterator[Primitive]:
    for item in group.items:
        if isinstance(item, Group):
            yield from _leaves(item)
        else:
            yield item


def _name(item: Item) -> str:
    if isinstance(item, Text):
        return f"“{item.content}”"
    return f"{type(item).__name__.lower()} at {', '.join(f'{v:.0f}' for v in bounds(item))}"  # type: ignore[arg-type]


def _inside(box: Box, scene: Scene) -> bool:
    slack = 1e-6
    return box[0] >= -slack and box[1] >= -slack and box[2] <= scene.width + slack and box[3] <= scene.height + slack


def _box(points: Sequence[Point]) -> Box:
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def union(boxes: list[Box]) -> Box:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _rows(boxes: Sequence[Box]) -> Boxes:
    return np.array(boxes, float).reshape(-1, 4)


def _meeting(box: Sequence[float] | Boxes, others: Boxes) -> Which:
    """Which of *others* have a part of *box* in them."""
    left, top, right, bottom = box
    lefts, tops, rights, bottoms = others.T
    found: Which = (left < rights) & (lefts < right) & (top < bottoms) & (tops < bottom)
    return found


def _edges(item: Primitive) -> list[Segment]:
    """What is drawn as a line, or is the rim of a filled shape."""
    match item:
        case Rect(x, y, w, h) | Picture(x, y, w, h):
            corners = [(x, y), (x + w, y), (x + w, y + h), (x, y + h)]
            return list(pairwise([*corners, corners[0]]))
        case Circle(x, y, radius):
            turns = [math.tau * i / 24 for i in range(25)]
            return list(pairwise([(x + radius * math.cos(t), y + radius * math.sin(t)) for t in turns]))
        case Polygon(points):
            return list(pairwise([*points, points[0]]))
        case Path():
            return _flattened(item)
        case _:
            return []


def _flattened(path: Path) -> list[Segment]:
    segments: list[Segment] = []
    at = path.steps[0].to
    for step in path.steps[1:]:
        if isinstance(step, Curve):
            segments += pairwise(_on_curve(at, step))
        elif not isinstance(step, Move):
            segments.append((at, step.to))
        at = step.to
    return segments


def _on_curve(start: Point, curve: Curve) -> list[Point]:
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = start, *curve
    return [(a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3) for a, b, c, d in _ALONG]


def _filled(item: Primitive) -> tuple[Point, ...] | None:
    """A filled shape's outline; figures fill convex shapes only."""
    if isinstance(item, Picture) or (isinstance(item, Rect | Circle | Polygon) and item.fill is not None):
        return tuple(start for start, _ in _edges(item))
    return None


def _convex_overlap(a: tuple[Point, ...], b: tuple[Point, ...]) -> bool:
    """Separating axes: two convex outlines are apart when a line along one of their sides parts them."""
    for shape in (a, b):
        for (x1, y1), (x2, y2) in pairwise([*shape, shape[0]]):
            nx, ny = y2 - y1, x1 - x2
            if math.hypot(nx, ny) < 1e-9:
                continue
            ours = [nx * x + ny * y for x, y in a]
            theirs = [nx * x + ny * y for x, y in b]
            if max(ours) <= min(theirs) + 1e-9 or max(theirs) <= min(ours) + 1e-9:
                return False
    return True


def _crosses(segment: Segment, quad: tuple[Point, ...]) -> bool:
    """Whether any part of a line is within a text's ink: a line is a convex shape too."""
    (x1, y1), (x2, y2) = segment
    if math.hypot(x2 - x1, y2 - y1) < 1e-9:
        return False
    if not _span_meets(x1, x2, [x for x, _ in quad]) or not _span_meets(y1, y2, [y for _, y in quad]):
        return False
    axes = [(b[1] - a[1], a[0] - b[0]) for a, b in pairwise([*quad, quad[0]])] + [(y2 - y1, x1 - x2)]
    for nx, ny in axes:
        ours = [nx * x + ny * y for x, y in segment]
        theirs = [nx * x + ny * y for x, y in quad]
        if max(ours) <= min(theirs) + 1e-9 or max(theirs) <= min(ours) + 1e-9:
            return False
    return True


def _span_meets(start: float, end: float, places: list[float]) -> bool:
    return min(start, end) < max(places) and min(places) < max(start, end)


def _distance_to_border(point: Point, box: Box) -> float:
    left, top, right, bottom = box
    x, y = point
    if left <= x <= right and top <= y <= bottom:
        return min(x - left, right - x, y - top, bottom - y)
    return math.hypot(max(left - x, 0, x - right), max(top - y, 0, y - bottom))


def struck(scene: Scene) -> list[str]:
    """Lines of edges that run through what is drawn of a layer."""
    things = [
        (group.id, bounds(item))
        for group in scene.groups()
        if group.role == "layer"
        for item in _leaves(group)
        if isinstance(item, Rect) and item.fill is not None
    ]
    things.sort(key=lambda thing: thing[1][0])
    boxes = _rows([box for _, box in things]) + np.array([0.5, 0.5, -0.5, -0.5])
    found = []
    for group in scene.groups():
        if group.role not in ("edge", "decoration"):
            continue
        for path in (item for item in _leaves(group) if isinstance(item, Path) and len(item.steps) > 1):
            close = np.flatnonzero(_meeting(bounds(path), boxes))
            segments = _flattened(path) if close.size else []
            for at in close:
                left, top, right, bottom = boxes[at].tolist()
                corners = ((left, top), (right, top), (right, bottom), (left, bottom))
                if any(_crosses(segment, corners) for segment in segments):
                    found.append(f"{group.id} runs through {things[at][0]}")
    return found


def loose_ends(scene: Scene, tolerance: float = 1.0, *, down: bool = False) -> list[str]:
    """Lines of edges that begin or end in the air: nothing else is drawn there, and no row begins there, or *down*, no
    column."""
    things = [item for item in scene.primitives() if not isinstance(item, Picture)]
    boxes = [bounds(item) for item in things]
    begins = min((box[down] for item, box in zip(things, boxes, strict=True) if isinstance(item, Path)), default=0.0)
    rows = _rows(boxes)
    found = []
    for group in scene.groups():
        if group.role != "edge":
            continue
        for path in (item for item in _leaves(group) if isinstance(item, Path) and len(item.steps) > 1):
            for point in (path.steps[0].to, path.steps[-1].to):
                if point[down] <= begins + tolerance:
                    continue
                near = (things[at] for at in np.flatnonzero(_near(point, rows, tolerance)))
                if not any(item is not path and _touches(point, item, tolerance) for item in near):
                    found.append(f"{group.id}: a line ends at {point[0]:.0f}, {point[1]:.0f}, where nothing is")
    return found


def merged(scene: Scene, air: float = 2.0) -> list[str]:
    """Edges from different layers to different layers that run on one line, over each other or, up to *air* points,
    end to end: they read as one."""
    runs: dict[tuple[bool, int], list[tuple[float, float, str, str, str]]] = {}
    for group in scene.groups():
        if group.role != "edge":
            continue
        source, target = (dict(group.data)[end] for end in ("src", "dst"))
        for path in (item for item in group.items if isinstance(item, Path)):
            for one, other in _flattened(path):
                for flat in (False, True):
                    if abs(one[flat] - other[flat]) < 0.01 < abs(one[not flat] - other[not flat]):
                        start, end = sorted((one[not flat], other[not flat]))
                        runs.setdefault((flat, round(one[flat] * 2)), []).append((start, end, group.id, source, target))
    found = []
    for line in runs.values():
        for (_, end, first, *ends), (start, _, second, *others) in combinations(sorted(line), 2):
            if start < end + air and all(a != b for a, b in zip(ends, others, strict=True)):
                found.append(f"{first} and {second} are one line")
    return found


def adrift(scene: Scene, tolerance: float) -> list[str]:
    """Arcs whose ends, or the dots that they leave from, are on no line of another edge, or whose arrow ends at nothing
    where they come down onto a layer."""
    groups = list(scene.groups())
    lines = [
        (group.id, item)
        for group in groups
        if group.role in ("edge", "decoration")
        for item in _leaves(group)
        if isinstance(item, Path)
    ]
    boxes = _rows([bounds(line) for _, line in lines])
    layers = [bounds(item) for group in groups if group.role == "layer" for item in _leaves(group)]

    def on_a_line(point: Point, id: str) -> bool:
        near = (lines[at] for at in np.flatnonzero(_near(point, boxes, tolerance / 4)))
        return any(other != id and _touches(point, line, tolerance / 4) for other, line in near)

    found = []
    for group in groups:
        leaves = list(_leaves(group))
        paths = [item for item in leaves if isinstance(item, Path) and any(isinstance(s, Curve) for s in item.steps)]
        if group.role != "edge" or not paths:
            continue
        circles = [item for item in leaves if isinstance(item, Circle)]
        dots = [item for item in circles if item.stroke is None]
        feet = [(dot.x, dot.y) for dot in dots] or [p.steps[at].to for p in paths for at in (0, -1)]
        letters = [item for item in circles if item.stroke is not None]
        feet = [foot for foot in feet if not any(_touches(foot, letter, 1.0) for letter in letters)]
        found += [f"{group.id}: an end is on no line" for foot in feet if not on_a_line(foot, group.id)]
        heads = [item.points[0] for item in leaves if isinstance(item, Polygon) and len(item.points) == 3]
        for tip in heads if dots else ():
            if min(_distance_to_border(tip, box) for box in layers) > tolerance:
                found.append(f"{group.id}: its arrow ends at nothing")
    return found


def _near(point: Point, boxes: Boxes, tolerance: float) -> Which:
    """Which of *boxes* are around *point*, or no farther from it than *tolerance*."""
    x, y = point
    lefts, tops, rights, bottoms = boxes.T
    across = (lefts - tolerance <= x) & (x <= rights + tolerance)
    found: Which = across & (tops - tolerance <= y) & (y <= bottoms + tolerance)
    return found


def _touches(point: Point, item: Primitive, tolerance: float) -> bool:
    match item:
        case Path() as path:
            return any(_to_segment(point, segment) <= tolerance for segment in _flattened(path))
        case Circle(x, y, radius):
            return abs(math.dist(point, (x, y)) - radius) <= tolerance or math.dist(point, (x, y)) <= radius
    return True


def _to_segment(point: Point, segment: Segment) -> float:
    (x1, y1), (x2, y2) = segment
    length = (x2 - x1) ** 2 + (y2 - y1) ** 2
    share = (
        0.0 if not length else max(0.0, min(1.0, ((point[0] - x1) * (x2 - x1) + (point[1] - y1) * (y2 - y1)) / length))
    )
    return math.dist(point, (x1 + share * (x2 - x1), y1 + share * (y2 - y1)))
