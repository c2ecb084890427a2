"""The blocks style: every network, whatever its shape."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path as File

import pytest
from hypothesis import given, settings

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.scene import Group, Path, Polygon, Rect, Scene, Text
from cnngraph.figure.styles import Order, draw
from cnngraph.figure.styles.blocks import blocks
from cnngraph.figure.styles.graphviz import by_dot
from cnngraph.figure.styles.parts import name_of
from cnngraph.figure.theme import LIGHT
from cnngraph.figure.typeface import bundled, led_by
from cnngraph.figure.writers.svg import write_svg
from cnngraph.fronts import parse
from cnngraph.network import Network
from cnngraph.shipped import shipped
from cnngraph.units import units
from tests.figure.geometry import faults, loose_tips
from tests.networks import load
from tests.test_flow import BODIES

GOLDEN = File(__file__).parent.parent / "golden"
WIDTHS = {"column": 252.0, "page": 504.0, "slide": 960.0}
AUXILIARY = """net aux
input 56x56x64
default conv same relu
trunk: conv 64 3x3
concat {
  | conv 32 1x1
  | conv 32 3x3
}
mid: conv 64 3x3
aux: avgpool global -> flatten
first: softmax 10
from mid -> conv 64 3x3 -> avgpool global -> flatten
second: softmax 10
output second first
"""
BRIDGED = """net bridged
input 8x8x4
a: conv 4 1x1
l: conv 4 3x3 same
from a -> conv 4 3x3 same relu -> add l
r: relu
from l -> conv 4 5x5 same -> conv 4 1x1 -> add r
conv 8 1x1
"""
GIVEN_BACK = "net t\ninput 8x8x4\na: conv 4 1x1 relu\nb: conv 4 1x1 relu\nc: conv 4 1x1 relu\noutput a b c"


def drawn(network: Network, width: float = 960.0, fold: bool | None = None, depth: int | None = None) -> Scene:
    return blocks(network, width=width, theme=LIGHT, title=network.title or network.name, fold=fold, depth=depth)


def texts(scene: Scene) -> list[str]:
    return [item.content for item in scene.primitives() if isinstance(item, Text)]


def edges(scene: Scene) -> list[tuple[str, str]]:
    found = []
    for group in scene.groups():
        if group.role == "edge":
            data = dict(group.data)
            found.append((data["src"], data["dst"]))
    return sorted(found)


@pytest.mark.parametrize("width", [252.0, 504.0], ids=["column", "page"])
@pytest.mark.parametrize("name", shipped())
def test_every_network_is_drawn_without_a_fault(name: str, width: float) -> None:
    """On pages; on slides, in every style: tests/figure/test_everything.py."""
    scene = drawn(load(name), width)
    assert faults(scene) == []
    assert min(item.size for item in scene.primitives() if isinstance(item, Text)) >= 6
    assert scene.width <= width + 0.01


@pytest.mark.parametrize("name", ["fpn", "ssd300"])
def test_what_runs_down_and_is_too_wide_is_longer_instead(name: str) -> None:
    scene = draw(Order([load(name)], "blocks", 252.0, LIGHT, down=True))
    assert scene.width <= 252.01
    assert faults(scene) == []
    assert min(item.size for item in scene.primitives() if isinstance(item, Text)) >= 6


@pytest.mark.parametrize("name", ["googlenet", "unet", "resnet", "inception_v3", "densenet121", "shufflenet_v2"])
def test_unfolded_every_network_is_drawn_without_a_fault(name: str) -> None:
    scene = drawn(load(name), fold=False)
    assert faults(scene) == []
    assert scene.width <= 960.01
    assert loose_tips(scene, 1.0) == []


@pytest.mark.parametrize(
    "name", ["inception_module", "googlenet", "resnet", "shufflenet_v2", "squeezenet", "residual_block"]
)
def test_every_edge_is_drawn_once(name: str) -> None:
    network = load(name)
    whole = units(network)
    passed = {unit.name: unit.inputs[0] for unit in whole.units if unit.idle}
    wanted = []
    for unit in whole.units:
        if unit.name not in passed:
            wanted += [(passed.get(source, source), unit.name) for source in unit.inputs]
    assert edges(drawn(network, width=14_400, fold=False)) == sorted(wanted)


def test_the_inception_module_is_the_slides() -> None:
    scene = drawn(load("inception_module"))
    found = {group.id: group for group in scene.groups() if group.role == "layer"}
    words = {id: [item.content for item in group.items if isinstance(item, Text)] for id, group in found.items()}
    assert words["previous"] == ["Previous", "Activation", "28×28×192"]
    assert words["conv1"] == ["1×1", "CONV", "28×28×64"]
    assert words["maxpool1"] == ["MAX-POOL", "3×3, s = 1", "same", "28×28×192"]
    assert words["concat1"] == ["Channel", "Concat", "28×28×256"]
    box = {id: next(item for item in group.items if isinstance(item, Rect)) for id, group in found.items()}
    ends = ("conv1", "conv3", "conv5", "conv6")
    assert [box[id].y for id in ends] == sorted(box[id].y for id in ends)
    assert len({round(box[id].x, 6) for id in ends}) == 1
    assert box["conv1"].fill == LIGHT.conv
    assert box["maxpool1"].fill == LIGHT.pool
    assert box["previous"].fill == box["concat1"].fill == LIGHT.join


def test_projections_are_dashed_and_explained() -> None:
    def dashes(scene: Scene) -> int:
        return sum(
            any(isinstance(item, Path) and bool(item.stroke.dash) for item in group.items)
            for group in scene.groups() if group.role == "edge"
        )  # fmt: skip

    scene = drawn(load("resnet"), fold=False)
    assert dashes(scene) == 2 * 4
    assert "projection" in texts(scene)
    plain = drawn(load("residual_network"), fold=False)
    assert (dashes(plain), "projection" in texts(plain)) == (0, False)


def test_folding_goes_as_far_as_the_page_needs_and_says_so() -> None:
    scene = drawn(load("googlenet"))
    assert scene.height <= 540
    assert "folded: blocks as one box from depth 0 on" in scene.remarks[0]
    assert {"inception", "3a", "5b"} <= set(texts(scene))
    assert drawn(load("inception_module")).remarks == ()


def test_a_repeated_block_is_drawn_once_in_a_frame() -> None:
    scene = drawn(load("residual_network"), fold=True)
    assert texts(scene).count("×5") == 1
    assert sum(group.role == "layer" for group in scene.groups()) == 4


def test_depth_says_how_far_blocks_are_open() -> None:
    assert {"stage", "1", "4"} <= set(texts(drawn(load("resnet"), depth=0)))
    assert texts(drawn(load("resnet"), depth=1)).count("residual") == 8
    assert "bottleneck" in texts(drawn(load("resnet"), depth=2))


def test_a_fork_wider_than_the_page_is_taken_apart_with_letters() -> None:
    found = texts(drawn(load("unet")))
    assert [found.count(letter) for letter in "ABCD"] == [2, 2, 2, 0]


@pytest.mark.parametrize("down", [False, True], ids=["across", "down"])
@pytest.mark.parametrize(
    "names", [("yolov2",), ("unet", "unet_same"), ("dcgan",), ("lenet5",), ("srgan",)], ids="-".join
)
def test_words_of_our_own_are_never_cut(names: tuple[str, ...], down: bool) -> None:
    """In any font, on any width: what has no room for them is refused."""
    rng = random.Random("".join(names) + str(down))
    networks = [load(name) for name in names]
    serif = bundled().faces["serif"]
    drawn = refused = 0
    for width in (*WIDTHS.values(), rng.uniform(100, 250)):
        stretch = rng.uniform(0.8, 1.6)
        font = led_by(replace(serif, advance={char: stretch * each for char, each in serif.advance.items()}))
        try:
            scene = draw(Order(networks, "blocks", width, LIGHT, down=down, typeface=font))
        except CnngraphError as error:
            refused += error.diagnostics[0].code == "E0604"
            continue
        drawn += 1
        assert [text for text in texts(scene) if text.endswith("…") and len(text) > 1] == []
    assert drawn >= 2
    assert drawn + refused == 4


@pytest.mark.parametrize("text", [AUXILIARY, BRIDGED, GIVEN_BACK], ids=["auxiliary", "bridged", "given back"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_sides_and_tangles(text: str, width: float) -> None:
    network = parse(text)
    scene = drawn(network, width)
    assert faults(scene) == []
    layers = {group.id for group in scene.groups() if group.role == "layer"}
    assert layers == {unit.name for unit in units(network).units if unit.lead.kind.word != "flatten"}


@settings(max_examples=40, deadline=None)
@given(BODIES)
def test_any_network_is_drawn_without_a_fault(body: str) -> None:
    network = parse(f"net t\ninput 8x8x4\n{body}\n", max_nodes=2_000)
    if len(network) < 60:
        for fold in (False, True):
            assert faults(drawn(network, fold=fold)) == []


@pytest.mark.parametrize("name", ["inception_module", "googlenet", "unet"])
def test_golden(name: str, golden: Callable[[File, bytes], None]) -> None:
    golden(GOLDEN / f"blocks-{name}.svg", write_svg(drawn(load(name)), "embedded"))


def test_groups_carry_names_and_what_they_are() -> None:
    scene = drawn(load("inception_module"))
    (group,) = [item for item in scene.items if isinstance(item, Group) and item.id == "conv1"]
    assert group.title == "conv1: 28×28×64, 12,352 parameters, 9,633,792 MACs"


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("name", ["googlenet", "resnet", "unet", "inception_module", "se_resnet50"])
def test_names_are_those_of_the_table(name: str, width: float) -> None:
    network = load(name)
    scene = blocks(network, width=width, theme=LIGHT, title=None, fold=None, depth=None, names=True)
    assert faults(scene) == []
    italic = {item.content for item in scene.primitives() if isinstance(item, Text) and item.font == "serif-italic"}
    assert {"conv1", "concat1"} & italic


def test_every_way_of_nested_forks_ends_in_what_they_meet_in() -> None:
    """A pyramid of pools, all of whose tensors are put together: no arrow ends on another line."""
    pools = "\n".join(f"{name}: maxpool 5x5 s=1 same" for name in "bcd")
    network = parse(f"net t\ninput 20x20x8\na: conv 4 1x1\n{pools}\nconcat a b c\nconv 8 1x1\n")
    scene = drawn(network)
    into = {group.id for group in scene.groups() if group.role == "edge" and dict(group.data)["dst"] == "concat1"}
    assert into == {"a--concat1", "b--concat1", "c--concat1", "d--concat1"}
    assert not faults(scene)
    assert not loose_tips(scene, 1.0)


def test_a_tensor_in_the_middle_that_is_given_back_has_an_arrow_of_its_own() -> None:
    """Nothing stands behind it but the way out."""
    for lines in ("a: conv 4 1x1\nb: conv 4 1x1\noutput a b",
                  "a: conv 4 1x1\nconv 4 1x1\nb: conv 4 3x3\nc: from a -> conv 3 1x1\noutput a b c"):  # fmt: skip
        network = parse(f"net t\ninput 8x8x4\n{lines}\n")
        scene = blocks(network, width=960.0, theme=LIGHT, title=None, fold=None, depth=None)
        assert faults(scene) == []
        outputs = [item.id for item in scene.items if isinstance(item, Group) and item.role == "output"]
        assert sorted(outputs) == [f"{output.name}--out" for output in network.outputs]


NEEDS_DOT = pytest.mark.skipif(not shutil.which("dot"), reason="needs Graphviz")


@pytest.mark.parametrize("layout", ["own", pytest.param("dot", marks=NEEDS_DOT)])
def test_what_is_not_known_is_an_outline_in_dashes(layout: str) -> None:
    network = parse('net t\ninput 8x8x4\nconv 4 1x1\nopaque "attention"\nmaxpool 2x2')
    scene = drawn(network) if layout == "own" else by_dot(network, width=960.0, theme=LIGHT, title="")
    boxes = {group.id: group.items[0] for group in scene.groups() if group.role == "layer"}
    dashed = {name for name, box in boxes.items() if isinstance(box, Rect) and box.stroke and box.stroke.dash}
    assert dashed == {"opaque1"}
    assert {name for name, box in boxes.items() if isinstance(box, Rect) and box.fill is None} == dashed


def test_a_number_is_a_use_or_part_of_a_name_and_never_both() -> None:
    """`stage 2` would be the second use of `stage` and the first of `stage_2`."""
    lines = ["input 8x8x4", "block stage() {", "conv 4 3x3 same", "conv 4 3x3 same", "}"]
    uses = ["stage", "maxpool 2x2 s=1 same_upper", "stage", "maxpool 2x2 s=1 same_upper"]
    network = parse("\n".join([*lines, *uses]))
    assert [name_of(path, network) for path in network.blocks] == ["stage 1", "stage 2"]
    network = parse("\n".join([*lines, "block stage_2() {", "conv 4 5x5 same", "conv 4 1x1", "}", *uses, "stage_2"]))
    assert [name_of(path, network) for path in network.blocks] == ["stage", "stage", "stage 2"]


def test_what_leads_to_a_stacked_volume_has_the_colour_of_its_part() -> None:
    network = load("inception_module")
    scene = draw(Order([network], "blocks", 960.0, LIGHT))
    (volume,) = (group for group in scene.groups() if group.id == "concat1-stacked")
    # From the back, where the first is, to the front, and of each segment the top, the side, the front.
    sides = [item.fill for item in volume.items if isinstance(item, Polygon)][1::3]
    lines = {dict(group.data)["src"]: group for group in scene.groups() if dict(group.data).get("dst") == "concat1"}
    assert len(lines) == len(network["concat1"].inputs) == 4
    for name, color in zip(network["concat1"].inputs, sides, strict=True):
        drawn = lines[network[name].unit].items
        assert {item.stroke.color if isinstance(item, Path) else item.fill for item in drawn
                if isinstance(item, Path | Polygon)} == {color}  # fmt: skip
    other = (group for group in scene.groups() if group.id == "previous--conv1")
    assert [item.stroke.color for group in other for item in group.items if isinstance(item, Path)] == [LIGHT.ink]
