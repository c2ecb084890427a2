"""Blocks open below a figure: their layers are the network's, and each name is there once."""

from __future__ import annotations

from collections import Counter

import pytest

from cnngraph import load, parse
from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.opened import opened
from cnngraph.figure.scene import Scene, Text
from cnngraph.figure.styles import Order, draw
from cnngraph.figure.theme import LIGHT
from cnngraph.network import Layer, Network
from tests.figure.geometry import faults

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


def test_a_network_without_any_says_so() -> None:
    with pytest.raises(CnngraphError, match="E0618"):
        figure(load("vgg16"), "slabs")
