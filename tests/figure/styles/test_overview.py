"""The overview: what is alike is what the spec's blocks say, is framed whole, and is drawn true when enlarged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cnngraph import parse
from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.page import height
from cnngraph.figure.scene import Circle, Group, Item, Rect, Scene, Text
from cnngraph.figure.styles import Order, draw
from cnngraph.figure.styles.overview import patterns
from cnngraph.figure.theme import LIGHT
from cnngraph.figure.truth import untrue
from cnngraph.figure.writers.svg import write_svg
from cnngraph.network import Network
from tests.figure.geometry import bounds, faults, loose_ends, loose_tips, struck
from tests.figure.graphs import random_spec
from tests.networks import load

GOLDEN = Path(__file__).parent.parent / "golden"
BRANCHING = ("googlenet", "inception_v3", "resnet", "densenet121", "mobilenet_v2", "shufflenet_v2", "squeezenet")


def overview(network: Network, width: float = 960.0) -> Scene:
    return draw(Order([network], "overview", width, LIGHT))


def frames(scene: Scene) -> list[Rect]:
    """Around the modules that are alike, without what is enlarged."""
    (alike,) = (group for group in scene.groups() if group.id == "alike")
    return [item for item in alike.items if isinstance(item, Rect)][:-1]


@pytest.mark.parametrize(
    ("name", "block"),
    [("googlenet", "inception"), ("squeezenet", "fire"), ("densenet121", "layer"), ("shufflenet_v2", "unit")],
)
def test_the_modules_that_are_alike_are_the_uses_of_a_block(name: str, block: str) -> None:
    network = load(name)
    uses = {path for path, use in network.blocks.items() if use.name.rpartition(".")[2] == block}
    assert {module.join.lead.block for module in patterns(network)} == uses


def test_an_auxiliary_classifier_makes_no_module_another() -> None:
    assert len(patterns(load("googlenet", aux=True))) == 9


def test_of_two_patterns_the_one_with_more_layers_is_enlarged() -> None:
    small = "add { | conv 4 1x1 | skip }\n"
    large = "concat { | conv 2 1x1 -> conv 2 3x3 same | conv 2 1x1 }\n"
    network = parse(f"net a\ninput 8x8x4\n{small * 4}{large * 3}")
    assert {module.join.lead.kind.word for module in patterns(network)} == {"concat"}
    assert patterns(parse(f"net a\ninput 8x8x4\n{small * 2}{large * 2}")) == []


@pytest.mark.parametrize("name", BRANCHING)
def test_a_frame_holds_its_module_and_nothing_else(name: str) -> None:
    network = load(name)
    scene, modules = overview(network), patterns(network)
    layers = [group for group in scene.groups() if group.role == "layer"]
    boxes = {g.id: bounds(item) for g in layers for item in g.items if isinstance(item, Rect | Circle)}
    found = []
    for left, top, right, bottom in map(bounds, frames(scene)):
        within = {
            id for id, box in boxes.items() if box[0] < right and left < box[2] and box[1] < bottom and top < box[3]
        }
        assert all(left < boxes[id][0] and boxes[id][2] < right for id in within)
        found.append(within)
    assert found == [{unit.name for unit in module.units} & boxes.keys() for module in modules]


@pytest.mark.parametrize("width", [960.0, 504.0])
@pytest.mark.parametrize("name", BRANCHING)
def test_the_whole_network_fits_on_a_page(name: str, width: float) -> None:
    scene = overview(load(name), width)
    assert scene.height <= height(width)
    assert scene.width <= width + 0.01
    assert not [group for group in scene.groups() if dict(group.data).get("times")]
    assert loose_ends(scene) == []


@pytest.mark.parametrize("seed", [15, 23, 54, 199, 246])
def test_a_network_of_any_shape_is_drawn_without_a_fault(seed: int) -> None:
    scene = overview(parse(random_spec(seed)))
    assert frames(scene)
    assert faults(scene) + struck(scene) + loose_ends(scene) + loose_tips(scene, 3.0) == []


def test_a_line_in_what_is_enlarged_that_the_network_has_not_is_found() -> None:
    network = load("googlenet")
    scene = overview(network)

    def led_astray(item: Item) -> Item:
        if (
            isinstance(item, Group)
            and item.id.endswith(".again")
            and dict(item.data).get("dst", "").endswith("concat1")
        ):
            return item._replace(data=(("src", "image"), item.data[1]))
        return item

    wrong = replace(scene, items=tuple(map(led_astray, scene.items)))
    assert untrue(scene, [network]) == []
    assert any(fault.startswith("a line from image to inception_4e.concat1") for fault in untrue(wrong, [network]))


def test_the_name_of_an_output_can_be_read_beside_small_boxes() -> None:
    scene = overview(load("googlenet", aux=True))
    sizes = {item.content: item.size for item in scene.primitives() if isinstance(item, Text)}
    assert {"class", "aux_4a", "aux_4d"} <= sizes.keys()
    assert min(sizes.values()) >= 10


def test_a_chain_is_refused() -> None:
    with pytest.raises(CnngraphError, match="vgg16 is a chain"):
        overview(load("vgg16"))


def test_a_part_longer_than_a_row_is_refused() -> None:
    steps = "conv 8 1x1 relu -> " * 60 + "conv 8 1x1"
    network = parse(f"net long\ninput 8x8x8\nadd {{\n  | {steps}\n  | conv 8 1x1\n}}\n")
    with pytest.raises(CnngraphError, match="E0606") as refused:
        overview(network, 252.0)
    assert refused.value.diagnostics[0].help == "--style blocks draws it"


def test_a_module_wider_than_the_page_says_how_wide_it_is() -> None:
    network = load("inception_v3")
    with pytest.raises(CnngraphError, match="E0604") as refused:
        overview(network, 252.0)
    *_, least = (refused.value.diagnostics[0].help or "").split()
    assert overview(network, float(least.removesuffix("pt"))).width <= 409


def test_golden(golden: Callable[[Path, bytes], None]) -> None:
    golden(GOLDEN / "overview-googlenet.svg", write_svg(overview(load("googlenet", aux=True)), "embedded"))
