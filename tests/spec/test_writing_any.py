"""`to_spec` of networks that nobody would draw: random wiring, many layers, names that labels cannot be."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnngraph import Builder, parse
from cnngraph.shipped import shipped
from cnngraph.spec.format import format_text
from tests.networks import load


@pytest.mark.parametrize("name", shipped())
def test_it_is_canonical(name: str) -> None:
    text = load(name).to_spec()
    assert format_text(text) == text


def test_the_sixth_relu_cannot_be_called_so_by_a_label() -> None:
    chain = parse("net t\ninput 8x8x4\n" + "relu\n" * 7)
    assert [layer.name for layer in parse(chain.to_spec())] == [layer.name for layer in chain]
    b = Builder("t")
    tensors = [b.input("8x8x4")]
    tensors += [b.line("relu", tensors[-1]) for _ in range(7)]
    b.add(tensors[6], tensors[7])
    assert len(parse(b.build().to_spec())) == 9


KINDS = ("conv", "relu", "bn", "maxpool", "avgpool", "dropout", "tanh")


STEPS = st.tuples(st.sampled_from([*KINDS, "add", "concat"]), st.integers(0, 9), st.integers(0, 9))


@given(st.lists(STEPS, max_size=14))
@settings(max_examples=80, deadline=None)
def test_any_wiring(steps: list[tuple[str, int, int]]) -> None:
    """Random networks: every step takes any tensor there is, joins take two."""
    b = Builder("any")
    tensors = [b.input("8x8x4")]
    for word, first, second in steps:
        x, y = tensors[-1 - first % len(tensors)], tensors[-1 - second % len(tensors)]
        match word:
            case "conv":
                tensors.append(x.conv(4, "3x3", "same"))
            case "maxpool" | "avgpool":
                tensors.append(b.line(word, x, "3x3", "same", s=1))
            case "add":
                tensors.append(b.add(x, y))
            case "concat":
                tensors.append(b.concat(x, y).conv(4, "1x1"))
            case _:
                tensors.append(b.line(word, x))
    network = b.build()
    again = parse(network.to_spec())
    assert [(layer.name, layer.kind, layer.inputs) for layer in again] == [
        (layer.name, layer.kind, layer.inputs) for layer in network
    ]
    assert [output.layer for output in again.outputs] == [output.layer for output in network.outputs]


def test_a_deep_network_takes_no_time() -> None:
    text = "net t\ninput 8x8x3\n" + "add {\n  | conv 3 3x3 same\n    relu\n  | skip\n}\n" * 3000
    assert len(parse(parse(text).to_spec())) == 9001


@pytest.mark.parametrize("name", ["two words", "3x3", "a-b", "net", "conv", "", "é"])
def test_a_network_of_any_name_is_written(name: str) -> None:
    network = replace(parse("net t\ninput 8x8x4\nconv 4 1x1 -> relu\n"), name=name)
    again = parse(network.to_spec())
    assert [layer.kind for layer in again] == [layer.kind for layer in network]


def test_an_output_in_blocks_keeps_its_name_where_the_last_line_needs_a_label() -> None:
    """`stage2` is a label only because one block became two, and the network's output is not called so."""
    network = parse("""net t
input 8x8x4
block stage(c, t) {
  conv c 1x1 if t > 1
  conv c 3x3 same
}
stage 4 1
stage 8 2
""")
    assert parse(network.to_spec()).outputs == network.outputs
    inside = parse("net t\ninput 8x8x4\nadd {\n  | skip -> add {\n    | conv 4 1x1\n    | skip\n  }\n  | relu\n}\n")
    assert format_text(inside.to_spec()) == inside.to_spec()
