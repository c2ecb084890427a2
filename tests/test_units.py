"""Units: what is said in one breath."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings

from cnngraph.fronts import parse
from cnngraph.units import units
from tests.dags import dags
from tests.networks import load


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


def test_a_normalization_behind_a_block_that_joins_is_of_what_comes_next() -> None:
    """So every use of the block is as the others are."""
    dense = "block d(c) {\n  concat { | skip | bn -> conv c 3x3 same }\n}\n"
    found = names(f"{dense}[d 4] x 3\nbn -> relu\nconv 4 1x1")
    assert found[-3:] == [["d3.concat1"], ["bn1", "relu1"], ["conv1"]]
    assert names(f"{dense}[d 4] x 3\nrelu")[-1] == ["d3.concat1", "relu1"]
    assert names("add { | skip | conv 4 3x3 same } -> bn -> relu")[-1] == ["add1", "bn1", "relu1"]


def test_layers_without_use_are_left_out() -> None:
    assert names("a: conv 4 1x1\nfrom image -> conv 4 3x3") == [["image"], ["conv1"]]


SILENT = ["relu", "bn", "dropout 0.3", "scale"]


@settings(max_examples=200)
@given(dags([*SILENT, "conv 4 3x3 same", "conv 4 1x1 bn relu"]))
def test_units_of_any_network(text: str) -> None:
    network = parse(f"net t\ninput 8x8x4\n{text}\n")
    whole = units(network)
    used = [name for layer in network if layer.name in network.live for name in layer.inputs]
    given = {output.layer for output in network.outputs}
    assert sorted(layer.name for unit in whole.units for layer in unit.layers) == sorted(network.live)
    assert given <= {unit.layers[-1].name for unit in whole.units}, "an output inside a unit is seen nowhere"
    for unit in whole.units:
        assert unit.inputs == tuple(whole.of_layer[name] for name in unit.lead.inputs)
        for before, layer in pairwise(unit.layers):
            assert layer.inputs == (before.name,)
            assert used.count(before.name) == 1
            assert layer.kind.family in ("activation", "norm", "dropout")
        # Nothing that could be said with it is left outside.
        last = unit.layers[-1].name
        followers = [layer for layer in network if layer.name in network.live and last in layer.inputs]
        if len(followers) == 1 and last not in given and unit.lead.inputs and used.count(last) == 1:
            assert followers[0].kind.family not in ("activation", "norm", "dropout")


def test_what_a_lecturer_counts_as_layers() -> None:
    whole = units(
        parse("net t\ninput 8x8x4\nconv 4 1x1 bn relu -> bn -> scale -> maxpool f=2 s=2 -> flatten -> fc 3\n")
    )
    assert [(unit.name, unit.weighted) for unit in whole.units] == [
        ("image", False), ("conv1", True), ("maxpool1", False), ("flatten1", False), ("fc1", True)]  # fmt: skip
    alone = units(parse("net t\ninput 8x8x4\nbn -> scale\n"))
    assert [unit.weighted for unit in alone.units] == [False, False]
    conv = whole.by_name["conv1"]
    assert conv.about == "conv1: 8×8×4, 36 parameters, 1,024 MACs"
    assert whole.by_name["maxpool1"].about == "maxpool1: 4×4×4"
    assert whole.is_chain
    assert not units(parse("net t\ninput 8x8x4\nadd {\n | relu\n | skip\n}\n")).is_chain


def test_skips_go_from_unit_to_unit() -> None:
    """As those of the network, whose layers they name."""
    whole = units(load("resnet", depth=18))
    assert [(s.source, s.join, s.through) for s in whole.shortcuts[:3]] == [
        ("maxpool1", "stage1.residual1.add1", ()),
        ("stage1.residual1.add1", "stage1.residual2.add1", ()),
        ("stage1.residual2.add1", "stage2.residual1.add1", ("stage2.residual1.shortcut1.conv1",)),
    ]
    assert len(whole.shortcuts) == 8
    text = "a: conv 4 1x1 relu\nadd {\n | conv 4 3x3 same bn relu\n | skip\n}\nfrom a -> conv 2 1x1"
    dead = units(parse(f"net t\ninput 8x8x4\n{text}\n"))
    assert dead.shortcuts == ()


def test_counts_are_those_of_the_network() -> None:
    for name in ("resnet", "densenet121", "unet", "googlenet"):
        network = load(name)
        whole = units(network)
        assert sum(unit.params for unit in whole.units) == network.params
        assert sum(unit.macs or 0 for unit in whole.units) == network.macs
        assert sorted(layer.name for unit in whole.units for layer in unit.layers) == sorted(network.by_name)
    assert sum(unit.weighted and not unit.on_shortcut for unit in units(load("resnet", depth=34)).units) == 34
