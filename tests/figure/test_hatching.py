"""Hatching: lines in an area and nowhere else, as dense everywhere, and other ones for what is something else."""

from __future__ import annotations

import math
import random

import pytest

from cnngraph.figure.scene import Group, Path, Point, Polygon, Rect, Scene, Stroke
from cnngraph.figure.shapes import HATCHES, hatching, outline
from cnngraph.figure.styles import Order, draw
from cnngraph.figure.theme import LIGHT, PRINT
from tests.figure.geometry import faults
from tests.networks import load

INK = Stroke("#000000", 0.5)


def convex(rng: random.Random) -> list[Point]:
    """Points on an ellipse, in turn."""
    angles = sorted(rng.uniform(0, 2 * math.pi) for _ in range(rng.randint(3, 9)))
    wide, high = rng.uniform(5, 80), rng.uniform(5, 80)
    return [(100 + wide * math.cos(angle), 50 + high * math.sin(angle)) for angle in angles]


def area(points: list[Point]) -> float:
    """By the shoelace formula."""
    pairs = zip(points, points[1:] + points[:1], strict=True)
    return abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairs)) / 2


def is_inside(point: Point, points: list[Point], slack: float = 1e-6) -> bool:
    x, y = point
    sides = [
        (bx - ax) * (y - ay) - (by - ay) * (x - ax)
        for (ax, ay), (bx, by) in zip(points, points[1:] + points[:1], strict=True)
    ]
    return all(side >= -slack for side in sides) or all(side <= slack for side in sides)


def segments(path: Path) -> list[tuple[Point, Point]]:
    ends = [step.to for step in path.steps if not hasattr(step, "control1")]
    return list(zip(ends[::2], ends[1::2], strict=True))


@pytest.mark.parametrize("seed", range(40))
def test_lines_fill_an_area_evenly_and_do_not_leave_it(seed: int) -> None:
    rng = random.Random(seed)
    points, spacing = convex(rng), rng.uniform(0.05, 0.4)
    for angles in HATCHES:
        paths = list(hatching(points, angles, spacing, INK))
        assert len(paths) <= len(angles)
        for path in paths:
            assert all(is_inside(end, points) for pair in segments(path) for end in pair)
            inked = sum(math.dist(*pair) for pair in segments(path))
            assert inked * spacing == pytest.approx(area(points), rel=0.03, abs=2 * spacing)


@pytest.mark.parametrize("angle", [0.0, 45.0, 90.0, 135.0])
def test_an_angle_is_from_the_horizontal_counter_clockwise(angle: float) -> None:
    square = list(outline(Rect(0, 0, 10, 10)))
    (path,) = hatching(square, (angle,), 1.0, INK)
    for (ax, ay), (bx, by) in segments(path):
        assert math.degrees(math.atan2(ay - by, bx - ax)) % 180 == pytest.approx(angle)


def hatched(scene: Scene) -> dict[str, list[Path]]:
    """The lines on the samples of the key, by what they are."""
    return {
        group.id: [item for item in group.items if isinstance(item, Path)]
        for group in scene.groups() if group.role == "key" and any(isinstance(item, Rect) for item in group.items)
    }  # fmt: skip


@pytest.mark.parametrize("name", ["mobilenet_v2", "deeplabv3_plus", "unet_same", "segnet", "yolov3"])
def test_in_print_what_is_not_the_same_has_other_lines(name: str) -> None:
    scene = draw(Order([load(name)], "slabs", 960.0, PRINT))
    assert faults(scene) == []
    samples = hatched(scene)
    slopes = {
        id: tuple(
            sorted(round(math.degrees(math.atan2(a[1] - b[1], b[0] - a[0])) % 180) for a, b in
                   [segments(path)[0] for path in paths])
        )
        for id, paths in samples.items()
    }  # fmt: skip
    assert len(set(slopes.values())) == min(len(slopes), len(HATCHES)) > 1


def test_only_print_has_lines_and_heat_takes_them_away() -> None:
    assert not any(hatched(draw(Order([load("mobilenet_v2")], "slabs", 960.0, LIGHT))).values())
    network = load("mobilenet_v2")
    drawn = network.render(style="slabs", theme="print").scene
    heated = network.render(style="slabs", theme="print", heat="macs").scene

    def lines(scene: Scene) -> int:
        layers = [group for group in scene.groups() if isinstance(group, Group) and group.role == "layer"]
        return sum(isinstance(item, Path) for group in layers for item in group.items)

    assert lines(heated) < lines(drawn)
    assert any(isinstance(item, Polygon) for item in heated.primitives())
