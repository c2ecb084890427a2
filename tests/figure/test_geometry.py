"""The checker of geometry has to fail where a figure is bad, or it is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from cnngraph.figure.scene import Curve, Group, Item, Line, Move, Path, Polygon, Rect, Scene, Stroke, Text
from cnngraph.figure.styles.volumes import volumes
from cnngraph.figure.theme import LIGHT
from tests.figure.geometry import faults, loose_tips
from tests.networks import load

INK = Stroke("#000000", 1.0)


def page(*items: Item) -> Scene:
    return Scene(200, 100, items, "", "")


def changed(scene: Scene, change: Callable[[Text], Text | None], content: str) -> Scene:
    """*scene* with one of its texts moved."""
    done = False

    def walk(item: Item) -> Item:
        nonlocal done
        if isinstance(item, Group):
            return item._replace(items=tuple(map(walk, item.items)))
        if isinstance(item, Text) and item.content == content and not done:
            done = True
            return change(item) or item
        return item

    items = tuple(map(walk, scene.items))
    assert done
    return replace(scene, items=items)


@pytest.fixture(scope="module")
def lenet() -> Scene:
    return volumes(load("lenet5"), width=960, theme=LIGHT, title="LeNet - 5")


def test_a_good_figure_has_no_faults(lenet: Scene) -> None:
    assert faults(lenet) == []
    assert loose_tips(lenet, 6) == []


def test_a_label_moved_onto_another_is_found(lenet: Scene) -> None:
    other = next(t for t in lenet.primitives() if isinstance(t, Text) and t.content == "14×14×6")
    moved = changed(lenet, lambda text: text._replace(x=other.x + 20, y=other.y + 4), "10×10×16")
    assert "“14×14×6” touches “10×10×16”" in faults(moved)


def test_a_label_moved_onto_its_arrow_is_found(lenet: Scene) -> None:
    moved = changed(lenet, lambda text: text._replace(y=text.y + 8), "avg pool")
    assert any("path" in fault and "crosses “avg pool”" in fault for fault in faults(moved))


def test_a_label_moved_onto_a_cuboid_is_found(lenet: Scene) -> None:
    moved = changed(lenet, lambda text: text._replace(y=text.y - 60), "28×28×6")
    assert any("polygon" in fault and "28×28×6" in fault for fault in faults(moved))


def test_a_label_moved_off_the_page_is_found(lenet: Scene) -> None:
    moved = changed(lenet, lambda text: text._replace(x=text.x - 80), "32×32×1")
    assert "“32×32×1” leaves the page" in faults(moved)


def test_larger_text_is_found(lenet: Scene) -> None:
    assert faults(changed(lenet, lambda text: text._replace(size=2 * text.size), "avg pool"))


def test_an_arrow_that_ends_in_the_air_is_found(lenet: Scene) -> None:
    def short(item: Item) -> Item:
        if isinstance(item, Group) and item.id == "conv1--avgpool1":
            path, head, *labels = item.items
            assert isinstance(head, Polygon)
            return item._replace(items=(path, Polygon(tuple((x - 20, y) for x, y in head.points), head.fill), *labels))
        return item

    broken = replace(lenet, items=tuple(map(short, lenet.items)))
    assert [fault.partition(":")[0] for fault in loose_tips(broken, 6)] == ["conv1--avgpool1"]


def test_turned_text_is_checked_as_it_stands() -> None:
    upright = Text(100, 80, "3×3 conv, 128", 10, "sans", angle=90)
    beside = Text(105, 50, "beside", 10, "sans")
    assert faults(page(upright, beside)) == []
    assert faults(page(upright, beside._replace(x=95)))
    assert faults(page(upright._replace(angle=0), Rect(150, 70, 10, 20, None, INK)))


def test_text_within_a_box_is_fine_and_across_its_border_is_not() -> None:
    box = Rect(10, 10, 80, 30, "#ffffff", INK)
    assert faults(page(box, Text(50, 28, "conv", 10, anchor="middle"))) == []
    assert faults(page(box, Text(90, 28, "conv", 10, anchor="middle")))


def test_a_shape_painted_over_text_is_found() -> None:
    assert faults(page(Text(50, 28, "conv", 10), Rect(10, 10, 80, 30, "#ffffff")))


def test_an_arc_through_text_is_found() -> None:
    arc = Path((Move((10, 80)), Curve((10, 20), (90, 20), (90, 80))), INK)
    assert faults(page(arc, Text(50, 38, "over", 10, anchor="middle")))
    assert faults(page(arc, Text(50, 70, "under", 10, anchor="middle"))) == []


def test_a_line_wholly_within_text_is_found() -> None:
    assert faults(page(Path((Move((52, 48)), Line((58, 48))), INK), Text(50, 50, "conv", 12)))
