"""Blocks open below a figure: their layers are the network's, and each name is there once."""

from __future__ import annotations

from collections import Counter

import pytest

from cnngraph import parse
from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.opened import opened
from cnngraph.figure.scene import Scene, Text
from cnngraph.figure.styles import Order, draw
from cnngraph.figure.theme import LIGHT
from cnngraph.network import Layer, Network
from tests.figure.geometry import faults
from tests.figure.graphs import random_spec
from tests.networks import load

BLOCKS = {"resnet50": {"residual": 16}, "mobilenet_v2": {"inverted": 17}, "se_resnet50": {"unit": 16}}


def figure(network: Network, style: str, with_blocks: bool = True) -> Scene:
    return draw(Order([network], style, 960.0, LIGHT, with_blocks=with_blocks))


def within(network: Network, path: str) -> list[Layer]:
    return [layer for layer in network.layers if layer.block == path or layer.block.startswith(f"{path}.")]


@pytest.mark.parametrize("name", BLOCKS)
def test_of_each_name_one_with_the_layers_of_most(name: str) -> None:
    network = load(name)
    found = opened(network)
    assert {each.name: each.times for each in found} == BLOCKS[name]
    for each in found:
        paths = {layer.block for layer in each.network.layers if layer.block}
        path = min(paths, key=len)
        own = within(network, path)
        inside = [layer for layer in each.network.layers if layer.inputs]
        assert [(one.name, one.kind, one.output) for one in inside] == [(one.name, one.kind, one.output) for one in own]
        uses = [use for use, block in network.blocks.items() if block.name.rpartition(".")[2] == each.name]
        words = Counter(tuple(layer.kind.word for layer in within(network, use)) for use in uses)
        assert tuple(layer.kind.word for layer in inside) == words.most_common(1)[0][0]


@pytest.mark.parametrize("style", ["slabs", "strip", "blocks"])
@pytest.mark.parametrize("name", BLOCKS)
def test_they_stand_below_all_that_was_there(name: str, style: str) -> None:
    """Also that what is drawn once more is as it is in the network is checked when the figure is drawn."""
    network = load(name)
    plain, whole = figure(network, style, with_blocks=False), figure(network, style)
    assert whole.items[: len(plain.items)] == plain.items
    assert faults(whole) == []
    said = {item.content for item in whole.primitives() if isinstance(item, Text)}
    for each in opened(network):
        assert f"{each.name}, one of {each.times}" in said
    assert whole.height > plain.height + 50


def test_forks_without_a_name_and_several_names() -> None:
    fork = "add { | conv 8 3x3 same relu -> conv 8 3x3 same | skip } -> relu\n"
    network = parse(
        f"net a\nblock two() {{\n  conv 8 3x3 same\n  conv 8 1x1\n}}\ninput 16x16x8\n{fork}two\n{fork}two\n"
    )
    assert [(each.name, each.times) for each in opened(network)] == [("a fork", 2), ("two", 2)]
    assert faults(figure(network, "slabs")) == []


def test_forks_that_differ_are_two() -> None:
    forks = "add { | conv 8 3x3 same | skip }\nconcat { | conv 4 5x5 same | maxpool 3x3 s=1 same }"
    network = parse(f"net a\ninput 16x16x8\n{forks}\n")
    assert [(each.name, each.times) for each in opened(network)] == [("a fork", 1), ("a fork", 1)]


@pytest.mark.parametrize("down", [False, True])
def test_a_fork_that_is_the_whole_network_is_not_drawn_twice(down: bool) -> None:
    with pytest.raises(CnngraphError, match="E0618"):
        draw(Order([load("inception_module")], "blocks", 960.0, LIGHT, with_blocks=True, down=down))


@pytest.mark.parametrize("name", ["shufflenet_v2", "mobilenet_v2", "resnet50"])
@pytest.mark.parametrize("width", [504.0, 960.0])
def test_what_stands_beside_is_called_below_the_title(name: str, width: float) -> None:
    scene = draw(Order([load(name)], "blocks", width, LIGHT, with_blocks=True, down=True))
    title, *others = (item for item in scene.primitives() if isinstance(item, Text))
    assert all(other.y - other.size > title.y - 0.2 * title.size for other in others)
    assert faults(scene) == []


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_any_block_of_any_network_can_stand_alone(seed: int, down: bool) -> None:
    """`draw` itself checks that the figure of its layers is true; and a cell has all layers of the block that it is."""
    network = parse(random_spec(seed))
    for each in opened(network):
        assert each.network.outputs
        assert faults(draw(Order([each.network], "blocks", 4000.0, LIGHT, depth=each.depth, down=down))) == []
        layers = [layer.name for layer in each.network.layers if layer.inputs]
        if each.depth is not None:
            path = network[layers[0]].block
            assert each.name == network.blocks[".".join(path.split(".")[: each.depth])].name
            alive = (layer.name for layer in within(network, ".".join(path.split(".")[: each.depth])))
            assert layers == [name for name in alive if name in network.live]


def test_a_cell_of_several_tensors_has_the_blocks_in_it_closed() -> None:
    network = load("nasnet_mobile")
    cells = {each.name: each for each in opened(network) if each.depth is not None}
    assert {name: each.times for name, each in cells.items()} == {"reduction": 4, "normal": 12}
    normal = draw(Order([cells["normal"].network], "blocks", 960.0, LIGHT, depth=1))
    texts = Counter(item.content for item in normal.primitives() if isinstance(item, Text))
    assert (texts["Previous"], texts["Earlier"]) == (1, 1)
    assert (texts["separable"], texts["5×5"], texts["AVG-POOL"]) == (5, 2, 3)  # as in figure 4 of the paper
    into = [dict(group.data)["src"] for group in normal.groups() if dict(group.data).get("dst", "").endswith("concat1")]
    assert len(into) == 6  # the five pairs, and what came earlier


def test_what_joins_its_blocks_is_opened_whole() -> None:
    """Not the fork in it alone, under its name."""
    network = parse("""net nested
input 32x32x16
block residual() {
  add {
    | skip
    | conv in.c 3x3 same relu -> conv in.c 3x3 same
  }
}
block stage(c) {
  conv c 3x3 s=2 same relu
  a: residual
  b: residual
  concat a -> conv c 1x1
}
stage 16 -> stage 32 -> stage 64
""")
    found = {each.name: each for each in opened(network)}
    assert {name: each.times for name, each in found.items()} == {"stage": 3, "residual": 6}
    layers = [layer.name for layer in found["stage"].network.layers if layer.inputs]
    assert layers == [layer.name for layer in network.layers if layer.block.startswith("stage1")]


def test_what_has_another_block_in_it_is_another_form() -> None:
    names = {each.name: each.times for each in opened(load("mobilenet_v3_large"))}
    assert names == {"bneck": 7, "bneck with squeeze": 8}


def test_where_a_block_is_dilated_its_output_stride_is_said() -> None:
    said = {each.name: each.stride for each in opened(load("deeplabv3_plus"))}
    assert said == {"residual": "", "aspp": "16"}


def test_a_network_without_any_says_so() -> None:
    with pytest.raises(CnngraphError, match="E0618"):
        figure(load("vgg16"), "slabs")
