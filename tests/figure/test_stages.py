"""Figures in stages, and counts below them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from cnngraph.figure.scene import Scene, Text
from cnngraph.figure.stages import stages, with_footer
from cnngraph.figure.styles import Order, draw
from cnngraph.figure.theme import LIGHT
from cnngraph.fronts import load
from tests.conftest import Run
from tests.figure.geometry import faults


def figure(name: str, style: str) -> Scene:
    return draw(Order([load(name)], style, 960.0, LIGHT))


@pytest.mark.parametrize(
    ("name", "style", "count"),
    [
        ("lenet5", "volumes", 8),
        ("vgg16", "text", 14),
        ("inception_module", "blocks", 9),
        ("residual_network", "units", 11),
    ],
)
def test_every_stage_adds_one_layer_and_moves_nothing(name: str, style: str, count: int) -> None:
    whole = figure(name, style)
    found = stages(whole)
    assert len(found) == count
    assert found[-1] == whole
    for earlier, later in pairwise(found):
        assert (earlier.width, earlier.height) == (later.width, later.height)
        assert set(map(id, earlier.items)) < set(map(id, later.items))
        added = [item for item in later.groups() if item.role == "layer" and item not in earlier.items]
        assert len(added) == 1


def test_a_line_waits_for_both_its_ends() -> None:
    for stage in stages(figure("inception_module", "blocks")):
        shown = {group.id for group in stage.groups() if group.role == "layer"}
        ends = {name for g in stage.groups() if g.role == "edge" for key, name in g.data if key in ("src", "dst")}
        assert ends <= shown


def test_steps_are_files_numbered_in_order(run: Run) -> None:
    assert run("render", "lenet5", "--steps").out.splitlines() == [f"lenet5-{number}.svg" for number in range(1, 9)]
    assert run("render", "vgg16", "--style", "text", "--steps", "-o", "a.png").out.splitlines()[0] == "a-01.png"
    assert run("render", "lenet5", "--steps", "-o", "-").status == 2


@pytest.mark.parametrize("style", ["volumes", "text", "strip", "blocks", "units"])
def test_counts_stand_below_and_touch_nothing(style: str) -> None:
    scene = with_footer(figure("lenet5", style), ["61,706 parameters, 416,520 multiply-accumulates"], LIGHT)
    assert faults(scene) == []
    assert "61,706 parameters" in [item for item in scene.primitives() if isinstance(item, Text)][-1].content
