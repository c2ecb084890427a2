"""Figures in stages, and counts below them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from pypdf import PdfReader

from cnngraph.figure.scene import Scene, Text
from cnngraph.figure.stages import stages, with_footer
from cnngraph.figure.styles import Order, draw
from cnngraph.figure.theme import LIGHT
from cnngraph.fronts import parse
from tests.conftest import Run
from tests.figure.geometry import faults
from tests.networks import load


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
    found = stages(whole, [load(name)])
    assert len(found) == count
    assert found[-1] == whole
    for earlier, later in pairwise(found):
        assert (earlier.width, earlier.height) == (later.width, later.height)
        assert set(map(id, earlier.items)) < set(map(id, later.items))
        added = [item for item in later.groups() if item.role == "layer" and item not in earlier.items]
        assert len(added) == 1


@pytest.mark.parametrize("by_block", [False, True])
@pytest.mark.parametrize(
    ("name", "style"),
    [("inception_module", "blocks"), ("resnet34", "strip"), ("unet", "slabs"), ("googlenet", "overview"),
     ("residual_network", "units"), ("googlenet", "blocks")],
)  # fmt: skip
def test_a_line_waits_for_both_its_ends(name: str, style: str, by_block: bool) -> None:
    network = load(name)
    for stage in stages(draw(Order([network], style, 960.0, LIGHT)), [network], by_block=by_block):
        groups = [group for group in stage.groups() if group.role == "layer"]
        shown = {name for group in groups for name in (group.id, *group.layers)}
        ends = {name for g in stage.groups() if g.role == "edge" for key, name in g.data if key in ("src", "dst")}
        assert {end for end in ends if end in network.by_name} <= shown


def test_steps_are_files_numbered_in_order(run: Run) -> None:
    assert run("render", "lenet5", "--steps").out.splitlines() == [f"lenet5-{number}.svg" for number in range(1, 9)]
    assert run("render", "vgg16", "--style", "text", "--steps", "-o", "a.png").out.splitlines()[0] == "a-01.png"
    assert run("render", "lenet5", "--steps", "-o", "-").status == 2


def test_several_networks_go_on_side_by_side() -> None:
    networks = [load("plain34"), load("resnet34")]
    found = stages(draw(Order(networks, "strip", 960.0, LIGHT)), networks)
    for number, stage in enumerate(found):
        drawn = [group.id[0] for group in stage.groups() if group.role == "layer"]
        assert drawn.count("1") == drawn.count("2") == number + 1


def test_by_block_what_is_in_one_block_comes_together() -> None:
    """ResNet-34 has 16 residual blocks, and around them the picture, a convolution, two pools and a classifier."""
    network = load("resnet34")
    whole = draw(Order([network], "strip", 960.0, LIGHT, fold=False))
    found = stages(whole, [network], by_block=True)
    assert len(found) == 16 + 5
    assert found[-1] == whole
    drawn = [{name for group in stage.groups() if group.role == "layer" for name in group.layers} for stage in found]
    new = [
        {".".join(layer.block.split(".")[:2]) for name in added for layer in [network[name]]}
        for added in map(set.difference, drawn[1:], drawn)
    ]
    assert all(len(blocks) == 1 for blocks in new)
    assert len({block for (block,) in new} - {""}) == 16


@pytest.mark.parametrize("down", [False, True])
def test_titles_are_there_first_and_brackets_and_sizes_with_their_layers(down: bool) -> None:
    networks = [parse(f'net {name} "{name}"\n{LABELLED}') for name in ("one", "other")]
    found = stages(draw(Order(networks, "strip", 960.0, LIGHT, down=down)), networks, by_block=True)
    for stage in found:
        shown = {name for group in stage.groups() if group.role == "layer" for name in group.layers}
        assert {item.content for item in stage.items if isinstance(item, Text)} == {"one", "other"}
        for group in (each for each in found[-1].groups() if each.role == "decoration" and each.layers):
            assert (group in list(stage.groups())) == (set(group.layers) <= shown)
    words = [text.content for group in found[-1].groups() for text in group.items if isinstance(text, Text)]
    assert words.count("first") == words.count("second") == 2


LABELLED = """block two(c) {
  conv c 3x3 same
  conv c 3x3 s=2 same
}
input 32x32x3
two 8 @label("first")
two 16 @label("second")
"""


def test_steps_are_the_pages_of_one_pdf(run: Run, tmp_path: Path) -> None:
    assert run("render", "lenet5", "--steps", "-o", "a.pdf").out == "a.pdf\n"
    pages = PdfReader(tmp_path / "a.pdf").pages
    texts = [page.extract_text() for page in pages]
    assert len(pages) == 8
    assert len({tuple(map(float, page.mediabox)) for page in pages}) == 1
    assert "28×28×6" not in texts[0]
    assert all("28×28×6" in text for text in texts[1:])
    run("render", "resnet34", "--block-steps", "--no-fold", "-o", "b.pdf")
    assert len(PdfReader(tmp_path / "b.pdf").pages) == 21


@pytest.mark.parametrize("style", ["volumes", "text", "strip", "blocks", "units"])
def test_counts_stand_below_and_touch_nothing(style: str) -> None:
    scene = with_footer(figure("lenet5", style), ["61,706 parameters, 416,520 multiply-accumulates"], LIGHT)
    assert faults(scene) == []
    assert "61,706 parameters" in [item for item in scene.primitives() if isinstance(item, Text)][-1].content


def test_steps_are_written_all_or_none(run: Run, tmp_path: Path) -> None:
    (tmp_path / "n.spec").write_text('input 8x8x4\nconv 4 1x1\nconv 4 1x1 @label("猫")\n')
    assert run("render", "n.spec", "--style", "volumes", "--steps", "-o", "a.tex").status == 1
    assert [path.name for path in tmp_path.iterdir()] == ["n.spec"]
