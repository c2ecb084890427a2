"""Kinds, volumes and networks check themselves, whoever makes them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cnngraph import load, parse
from cnngraph.assembly import Assembly, unsound
from cnngraph.layers import KINDS
from cnngraph.layers.kind import Fault
from cnngraph.layers.values import Padding
from cnngraph.network import Annotation, Output
from cnngraph.volume import Free, Volume


@pytest.mark.parametrize("dims", [(), (1, 2), (1, 7, 9, 3), (0, 3, 3), (6, 6, -2), (0,)])
def test_a_volume_has_one_or_three_sizes_of_at_least_one(dims: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="size"):
        Volume(dims)


def test_a_free_size_is_a_size() -> None:
    assert str(Volume((Free("H"), 3, 4))) == "(?H, 3, 4)"


VALUES: list[tuple[str, dict[str, Any]]] = [
    ("conv", {"channels": 0, "window": (3, 3)}),
    ("conv", {"channels": 8, "window": (3,)}),
    ("conv", {"channels": 8, "window": (3, 3), "stride": (0, 1)}),
    ("conv", {"channels": 8, "window": (3, 3), "dilation": 0}),
    ("conv", {"channels": 8, "window": (3, 3), "bias": 1}),
    ("conv", {"channels": True, "window": (3, 3)}),
    ("conv", {"channels": 8, "window": (3, 3), "padding": Padding("given", (0, -1, 0, 0))}),
    ("upconv", {"channels": 8, "window": (3, 3), "output_padding": -1}),
    ("maxpool", {"window": (2, 2), "stride": (2, 0)}),
    ("fc", {"units": 2.5}),
    ("dropout", {"p": 1.0}),
    ("upsample", {"n": 0}),
    ("pad", {"n": Padding("same")}),
    ("crop", {"n": Padding("valid")}),
    ("pad", {"n": 1, "filling": 3}),
]


@pytest.mark.parametrize(("word", "values"), VALUES)
def test_a_kind_takes_only_what_its_arguments_take(word: str, values: dict[str, Any]) -> None:
    with pytest.raises(Fault, match=f"of `{word}`"):
        KINDS[word](**values)


def test_kinds_are_equal_where_their_arguments_are() -> None:
    one = KINDS["conv"](channels=8, window=(3, 3))
    assert one == KINDS["conv"](channels=8, window=(3, 3), stride=(1, 1))
    assert one != KINDS["conv"](channels=8, window=(3, 3), stride=(1, 2))
    assert one != KINDS["conv"](channels=9, window=(3, 3))
    assert KINDS["relu"]() == KINDS["relu"]()
    assert KINDS["relu"]() != KINDS["tanh"]()


def test_what_is_unsound_about_a_network() -> None:
    network = parse("net t\ninput 8x8x4\na: conv 4 3x3 same\nb: conv 4 3x3 same\nadd a\n")
    image, a, b, add = network.layers

    def said(**changes: Any) -> list[str]:
        return [fault.message for fault in unsound(replace(network, **changes))]

    assert said() == []
    assert said(layers=(image, a, b, replace(b, inputs=("a",)), add)) == ["the name `b` is given twice"]
    assert said(layers=(image, b, a, add))[:2] == ["no tensor is called `a`", "no tensor is called `b`"]
    assert said(layers=(image, a, b, replace(add, output=Volume((8, 8, 5))))) == [
        "`add1` makes 8x8x4, and is said to make 8x8x5"]  # fmt: skip
    assert said(layers=(image, a, b, replace(add, block="stage1"))) == [
        "no block is called `stage1`", "no tensor is called `add1`"]  # fmt: skip
    assert said(layers=(image, a, b, replace(add, skips=(2,))))[0] == "the skips of `add1` are not among its 2 inputs"
    assert said(layers=(image, a, b, replace(add, unit="c")))[0] == (
        "`add1` stands in the unit `c`, which is no layer before it")  # fmt: skip
    assert said(outputs=(Output("y", "gone"),)) == ["no tensor is called `gone`"]
    assert said(outputs=(Output("y", "a"), Output("y", "b"))) == ["`y` is an output already"]
    assert [fault.code for fault in unsound(network, max_nodes=3)] == ["E0501", "E0201"]


CONV = {"channels": 4, "window": (3, 3)}


@pytest.mark.parametrize(
    ("of", "word", "values", "taken", "said"),
    [
        ("nobody", "conv", CONV, "image", ("E0201", "no layer is called `nobody`", "")),
        ("image", "conv", CONV, "image", (
            "E0314", "`b` cannot use the weights of `image`", "that is an input, this `conv`")),
        ("a", "dwconv", {"window": (3, 3)}, "image", (
            "E0314", "`b` cannot use the weights of `a`", "that is `conv`, this `dwconv`")),
        ("a", "conv", CONV | {"stride": (2, 1)}, "image", (
            "E0314", "`b` cannot use the weights of `a`", "its `s` is (1, 1), here it is (2, 1)")),
        ("a", "conv", CONV | {"padding": Padding("same")}, "image", (
            "E0314", "`b` cannot use the weights of `a`", "its `p` is valid, here it is same")),
        ("a", "conv", CONV, "c", (
            "E0315", "`b` cannot use the weights of `a`",
            "`weight` of `a` is 4x2x3x3, on 8x8x2; for `b`, on 8x8x6, it would be 4x6x3x3")),
        ("f", "fc", {"units": 3}, "g", (
            "E0315", "`b` cannot use the weights of `f`",
            "`weight` of `f` is 3x128, on 128; for `b`, on 384, it would be 3x384")),
    ],
)  # fmt: skip
def test_who_uses_whose_weights_is_looked_at(
    of: str, word: str, values: dict[str, Any], taken: str, said: tuple[str, str, str]
) -> None:
    door = Assembly()
    door.input("image", Volume((8, 8, 2)))
    door.add("a", KINDS["conv"](**CONV), ["image"])
    door.add("c", KINDS["conv"](channels=6, window=(1, 1)), ["image"])
    for name, source in (("v", "image"), ("g", "c")):
        door.add(name, KINDS["flatten"](), [source])
    door.add("f", KINDS["fc"](units=3), ["v"])
    with pytest.raises(Fault) as caught:
        door.add("b", KINDS[word](**values), [taken], shares=of)
    assert (caught.value.code, caught.value.message, caught.value.reason) == said


def test_whose_weights_are_used_has_weights_of_its_own() -> None:
    door = Assembly()
    door.input("image", Volume((8, 8, 4)))
    for name, before in (("a", ""), ("b", "a"), ("c", "b")):
        layer = door.add(name, KINDS["conv"](channels=4, window=(1, 1)), ["image"], shares=before)
    assert layer.shares == "a"
    assert (layer.params, dict(layer.parameters)) == (0, {})
    assert door.add("r", KINDS["relu"](), ["c"]).name == "r"
    assert door.add("s", KINDS["relu"](), ["c"], shares="r").shares == ""
    door.output("s", "s")
    network = door.network("t")
    assert list(unsound(network)) == []
    assert network.shared == {"a": ("b", "c")}
    assert network.params == 20
    image, a, b, c, *rest = network.layers
    (fault,) = unsound(replace(network, layers=(image, a, b, replace(c, shares="b"), *rest)))
    assert fault.message == "`c` uses the weights of `b`, which has none of its own"
    with pytest.raises(Fault, match="@freeze is about weights"):
        door.add("d", a.kind, ["image"], shares="a", annotations=(Annotation("freeze"),))


def test_a_network_has_inputs_and_outputs() -> None:
    assembly = Assembly()
    with pytest.raises(Fault, match="there is no network"):
        assembly.network("t")
    assembly.input("x", Volume((8, 8, 3)))
    with pytest.raises(Fault, match="gives back"):
        assembly.network("t")


def test_blocks_come_before_what_is_in_them() -> None:
    assembly = Assembly()
    with pytest.raises(Fault, match="no block is called `a`"):
        assembly.block("a.b", "b", "a")
    assembly.block("a", "stage")
    with pytest.raises(Fault, match="the name `a` is given twice"):
        assembly.input("a", Volume((8,)))


def test_specs_come_through_the_door() -> None:
    assert list(unsound(load("resnet", depth=152))) == []
