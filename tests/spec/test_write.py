"""`to_spec`: what is written reads as the same network, and as a person would have written it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnngraph import Builder
from cnngraph.network import Network
from cnngraph.reading import load, parse, shipped
from cnngraph.spec.format import format_text

VARIANTS: list[tuple[str, dict[str, int]]] = [
    *((name, {}) for name in shipped()),
    *(("resnet", {"depth": depth}) for depth in (18, 34, 101, 152)),
    ("densenet121", {"depth": 201}),
]


def said(network: Network) -> list[object]:
    """All of it."""
    layers = [
        (layer.name, layer.kind, layer.inputs, layer.output, layer.skips, layer.on_shortcut, layer.block, layer.unit)
        for layer in network
    ]
    annotations = [[(each.name, each.arguments) for each in layer.annotations] for layer in network]
    return [layers, annotations, [output.layer for output in network.outputs], network.params, network.macs]


@pytest.mark.parametrize(("name", "params"), VARIANTS, ids=lambda value: str(value) if value else "")
def test_every_network_that_ships_reads_as_itself(name: str, params: dict[str, int]) -> None:
    network = load(name, **params)
    text = network.to_spec()
    assert said(parse(text)) == said(network)
    assert format_text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "net t\n\ninput 8x8x3\n\nconv 4 3x3 s=(2, 1) p=(0, 1, 2, 0) d=2 bias=off\nleaky 0.3\nmaxpool 2x2 s=1 ceil\n",
        "net t\n\ninput 8x8x3 @invert\n\nconv 4 3x3 same bn eps=0.001 relu\n[conv 4 1x1 same_upper] x3\navgpool to=2\n",
        "net t\n\ninput a (?H, ?W, 3)\ninput b (?H, ?W, 1)\n\nfrom a -> concat b\n",
        "net t\n\ninput 8x8x4\n\nx: conv 4 1x1\ny: relu\nfrom x -> add y y\noutput x y\n",
        "net t\n\ninput 8x8x4\n\nconcat {\n  | conv 4 1x1\n    relu\n  | skip -> slice 0 2\n  | skip\n}\nflatten\n"
        "softmax 3\n",
        "net t\n\ninput 8x8x4\n\nadd {\n  | conv 4 1x1\n    add {\n      | relu\n      | skip\n    }\n  | skip\n}\n",
        "net t\n\ninput 8x8x4\n\nblock b(t1: tensor) {\n  conv 4 1x1\n  add t1\n}\n\nx: conv 4 1x1\nrelu\n[b x] x2\n",
    ],
)
def test_what_is_canonical_comes_back_letter_by_letter(text: str) -> None:
    assert parse(text).to_spec() == text


def test_the_sixth_relu_cannot_be_called_so_by_a_label() -> None:
    chain = parse("net t\ninput 8x8x4\n" + "relu\n" * 7)
    assert [layer.name for layer in parse(chain.to_spec())] == [layer.name for layer in chain]
    b = Builder("t")
    tensors = [b.input("8x8x4")]
    tensors += [b.line("relu", tensors[-1]) for _ in range(7)]
    b.add(tensors[6], tensors[7])
    assert len(parse(b.build().to_spec())) == 9


def test_a_tensor_taken_out_of_a_block_costs_the_block() -> None:
    network = parse("net t\ninput 8x8x4\nblock b() {\n  u: conv 4 1x1\n  relu\n}\nx: b\nfrom x.u -> add x\n")
    again = parse(network.to_spec())
    assert [layer.name for layer in again] == ["image", "x_u", "x_relu1", "add1"]
    assert [layer.kind for layer in again] == [layer.kind for layer in network]


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
