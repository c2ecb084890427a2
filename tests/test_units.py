"""Units: what is said in one breath."""

from __future__ import annotations

from cnngraph.fronts import load, parse
from cnngraph.units import units


def names(text: str) -> list[list[str]]:
    return [[layer.name for layer in unit.layers] for unit in units(parse(f"net t\ninput 8x8x4\n{text}\n")).units]


def test_a_convolution_with_what_follows_it_is_one_unit() -> None:
    assert names("conv 4 3x3 same bn relu -> dropout -> maxpool f=2 s=2") == [
        ["image"], ["conv1", "conv1.bn", "conv1.relu", "dropout1"], ["maxpool1"]]  # fmt: skip


def test_what_comes_right_after_the_input_stands_alone() -> None:
    assert names("bn -> conv 4 1x1") == [["image"], ["bn1"], ["conv1"]]


def test_a_tensor_that_goes_elsewhere_ends_its_unit() -> None:
    assert names("a: conv 4 1x1\nrelu -> add a") == [["image"], ["a"], ["relu1"], ["add1"]]


def test_a_block_begins_a_unit() -> None:
    text = "block pre(c) {\n  bn -> relu -> conv c 1x1\n}\nconv 4 3x3\npre 8"
    assert names(text) == [["image"], ["conv1"], ["pre1.bn1", "pre1.relu1"], ["pre1.conv1"]]


def test_what_follows_a_block_may_belong_to_its_last_unit() -> None:
    assert names("block c3(c) {\n  conv c 3x3 same\n}\nc3 8\nbn -> relu") == [
        ["image"], ["c31.conv1", "bn1", "relu1"]]  # fmt: skip


def test_layers_without_use_are_left_out() -> None:
    assert names("a: conv 4 1x1\nfrom image -> conv 4 3x3") == [["image"], ["conv1"]]


def test_counts_are_those_of_the_network() -> None:
    for name in ("resnet", "densenet121", "unet", "googlenet"):
        network = load(name)
        whole = units(network)
        assert sum(unit.params for unit in whole.units) == network.params
        assert sum(unit.macs or 0 for unit in whole.units) == network.macs
        assert sorted(layer.name for unit in whole.units for layer in unit.layers) == sorted(network.by_name)
    assert sum(unit.weighted and not unit.on_shortcut for unit in units(load("resnet", depth=34)).units) == 34
