"""Names that no label can be: a text says them all the same, and gives them back."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnngraph import Network, parse
from cnngraph.assembly import Assembly, unsound
from cnngraph.layers import KINDS
from cnngraph.layers.convolution import Conv
from cnngraph.layers.kind import Kind
from cnngraph.names import unfit
from cnngraph.shipped import shipped
from cnngraph.spec.format import format_text
from cnngraph.spec.lexer import RESERVED
from cnngraph.spec.names import identifier, is_name, quoted, sayable, unquoted
from cnngraph.volume import Volume

ONE = Conv(channels=4, window=(1, 1))


def chain(names: list[str], output: str = "", net: str = "t") -> Network:
    """conv, bn and relu in turn, each on the one before; then the sum of the last two."""
    assembly = Assembly()
    assembly.input(names[0], Volume((8, 8, 4)))
    for number, (before, name) in enumerate(pairwise(names[:-1])):
        kind: Kind = (ONE, KINDS["bn"](), KINDS["relu"]())[number % 3]
        assembly.add(name, kind, [before], unit=names[1 + number - number % 3])
    assembly.add(names[-1], KINDS["add"](), names[-3:-1])
    assembly.output(output or names[-1], names[-1])
    return assembly.network(net)


def called(network: Network) -> list[tuple[str, ...]]:
    """What everything was called where it came from, and how it is wired."""
    was = {layer.name: layer.origin or layer.name for layer in network}
    found = [(was[layer.name], *(was[each] for each in layer.inputs)) for layer in network]
    return [*found, *((each.origin or each.name, was[each.layer]) for each in network.outputs)]


FOREIGN = ["features.1", "a.b", "conv1.a", "a_b", "/layer1/conv", "1", "conv-2", "data:0", "é", "input", "net", "skip",
           "relu", "relu6", "conv1", "a b", "x_1", 'a"b', "100%", "%22", "层", "_", "h", "c", "conv", "residual",
           "image"]  # fmt: skip
NAMES = st.one_of(st.sampled_from(FOREIGN), st.text(min_size=1, max_size=8)).filter(lambda name: not unfit(name))


@given(st.lists(NAMES, min_size=5, max_size=12, unique=True), NAMES, NAMES)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_every_name_comes_back(names: list[str], output: str, net: str) -> None:
    network = chain(names, output, net)
    text = network.to_spec()
    again = parse(text)
    assert called(again) == called(network)
    assert [layer.kind for layer in again] == [layer.kind for layer in network]
    assert again.to_spec() == text == format_text(text)
    assert list(unsound(network)) == list(unsound(sayable(network))) == []


@given(NAMES)
def test_quoting_is_reversible(name: str) -> None:
    assert unquoted(quoted(name)) == name
    assert '"' not in quoted(name)


@given(st.text(), st.sampled_from(["conv", "image"]))
def test_an_identifier_is_made_of_anything(text: str, instead: str) -> None:
    assert is_name(identifier(text, instead))


def test_names_look_like_what_they_were() -> None:
    assert [identifier(name, "conv") for name in ("features.1", "/layer1/conv", "1", "é", "input", "层")] == [
        "features_1", "layer1_conv", "conv_1", "e", "input_", "conv",
    ]  # fmt: skip
    assert not any(map(is_name, RESERVED))


def test_names_that_look_alike_are_numbered() -> None:
    assembly = Assembly()
    assembly.input("image", Volume((8, 8, 4)))
    for before, name in pairwise(["image", "a.1", "a-1", "a/1", "a_1", "é", "e"]):
        assembly.add(name, ONE, [before])
    assembly.output("e", "e")
    names = [layer.name for layer in sayable(assembly.network("t"))]
    assert names == ["image", "a_1_2", "a_1_3", "a_1_4", "a_1", "e_2", "e"]


def test_an_input_without_a_letter_is_an_image() -> None:
    assert [sayable(chain([name, "y", "z"])).layers[0].name for name in ("层", "1", "x")] == ["image", "image_1", "x"]


def test_the_name_a_network_had_becomes_its_title() -> None:
    assert [sayable(chain(["x", "y", "z"], net=net)).title for net in ("two words", 'a "{b}"', "t")] == [
        "two words", "a ''b''", ""]  # fmt: skip
    titled = replace(chain(["x", "y", "z"], net="two words"), title="Three words")
    assert (sayable(titled).name, sayable(titled).title) == ("two_words", "Three words")


@pytest.mark.parametrize("name", shipped())
def test_what_a_spec_says_is_left_as_it_is(name: str) -> None:
    from cnngraph import load

    network = load(name)
    assert sayable(network) is network


def test_blocks_with_names_of_elsewhere() -> None:
    assembly = Assembly()
    assembly.input("image", Volume((8, 8, 4)))
    assembly.block("layer1.0", "Basic-Block")
    assembly.block("layer1.0.down", "down", "layer1.0")
    assembly.add("layer1.0.conv1", ONE, ["image"], block="layer1.0")
    assembly.add("/down/conv", ONE, ["image"], block="layer1.0.down")
    assembly.add("layer1.0.Add", KINDS["add"](), ["layer1.0.conv1", "/down/conv"], block="layer1.0")
    assembly.output("layer1.0.Add", "layer1.0.Add")
    network = assembly.network("t")
    again = parse(network.to_spec())
    assert called(again) == called(network)
    assert [(block.path, block.name, block.parent) for block in again.blocks.values()] == [
        ("layer1_0", "Basic_Block", ""), ("layer1_0.down", "down", "layer1_0")]  # fmt: skip


def with_a_block(outputs: list[tuple[str, str]]) -> Network:
    assembly = Assembly()
    assembly.input("image", Volume((8, 8, 4)))
    assembly.block("a", "pair")
    assembly.add("a.heat", ONE, ["image"], block="a")
    assembly.add("a.cool", ONE, ["a.heat"], block="a")
    assembly.add("end", KINDS["tanh"](), ["a.cool"])
    for name, layer in outputs:
        assembly.output(name, layer)
    return assembly.network("t")


OUTPUTS = st.tuples(
    st.sampled_from(["a", "a.heat", "a.cool", "a.cold", "a.b.heat", "a_heat", "a_heat_", "b.heat", "end", "end.x",
                     "image", "x.y", "x_y", "1"]),
    st.sampled_from(["image", "a.heat", "a.cool", "end"]),
)  # fmt: skip


@given(st.lists(OUTPUTS, min_size=1, max_size=4, unique_by=lambda output: output[0]))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_outputs_have_names_of_their_own_or_of_others(outputs: list[tuple[str, str]]) -> None:
    network = with_a_block(outputs)
    text = network.to_spec()
    again = parse(text)
    assert called(again) == called(network)
    assert again.to_spec() == text == format_text(text)


@pytest.mark.parametrize(
    ("output", "inside", "line"),
    [
        (("a.heat", "a.heat"), "  heat: conv 4 1x1\n  cool: conv 4 1x1\n", "output a.heat"),
        (("a.cool", "a.cool"), "  heat: conv 4 1x1\n  cool: conv 4 1x1\n", "output a.cool"),
        (("a", "a.cool"), "  heat: conv 4 1x1\n  cool: conv 4 1x1\n", "output a"),
        (("a.cold", "a.heat"), "  cool: conv 4 1x1\n  cold: from heat\n  from cool\n", "output a.cold"),
    ],
)
def test_a_block_gives_an_output_a_name_in_it(output: tuple[str, str], inside: str, line: str) -> None:
    text = with_a_block([output]).to_spec()
    assert f"{inside}}}\n" in text
    assert text.endswith(f"end: tanh\n{line}\n")


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ('conv 4 1x1 bn @origin("a")', "@origin names each layer of its line, in order"),
        ("conv 4 1x1 @origin(3)", "@origin is not written like that"),
        ('a: conv 4 1x1\noutput a @origin("x", "y")', "@origin names each output of its line, in order"),
        ('a: conv 4 1x1\noutput a @note("x")', "@note belongs on"),
    ],
)
def test_an_origin_that_does_not_fit_is_a_mistake(said: str, says: str) -> None:
    with pytest.raises(Exception, match="E0216") as caught:
        parse(f"net t\ninput 8x8x4\n{said}\n")
    assert says in str(caught.value)


def test_an_origin_is_said_of_each_layer_of_a_line() -> None:
    network = parse('net t\ninput 8x8x4 @origin("x:0")\nconv 4 1x1 bn -> relu => 8x8x4 @origin("c", "b", "r")\n')
    assert [layer.origin for layer in network] == ["x:0", "c", "b", "r"]
