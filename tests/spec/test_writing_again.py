"""`to_spec` of networks whose layers share weights: it reads as the same network, `again` and all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnngraph import parse
from cnngraph.assembly import Assembly
from cnngraph.layers import KINDS
from cnngraph.network import Layer, Network
from cnngraph.spec.writing.again import without_what_stands_in_the_way
from cnngraph.volume import Volume


def said(layer: Layer) -> tuple[Any, ...]:
    annotations = [(each.name, each.arguments) for each in layer.annotations]
    where = layer.unit, layer.block, layer.skips, layer.on_shortcut
    return layer.name, layer.kind, layer.inputs, layer.shares, where, annotations, layer.origin


def the_same(network: Network) -> str:
    """The spec of *network*, which reads as *network*."""
    text = network.to_spec()
    again = parse(text)
    assert list(map(said, again)) == list(map(said, network))
    assert again.blocks == network.blocks
    assert [(output.name, output.layer) for output in again.outputs] == [
        (output.name, output.layer) for output in network.outputs
    ]
    return text


UNIT = "block unit(c) {\n  a: conv c 3x3 same bn relu\n  b: again a\n}\n"


@pytest.mark.parametrize(
    ("lines", "written"),
    [
        ("left: conv 4 3x3 bn relu\nright: from image -> again left\nadd left", ["right: from image -> again left"]),
        ("left: conv 4 3x3 relu -> maxpool 2x2 -> flatten -> fc 10\nright: from image -> again left\nadd left",
         ["from image -> again conv1", "right: again left"]),
        ("step: conv 4 3x3 same relu\n[again step] x3", ["[again step] x3"]),
        ("a: conv 4 1x1\nb: again a -> again a\nagain b", ["[again a] x2"]),
        ("[\n  a: conv 4 3x3 same relu\n  again a\n] x2", ["again a_1", "again a_2"]),
        (f"{UNIT}u: unit 4\nv: again u\nunit 4\nfrom u -> again v.b", ["v: again u", "again u.a"]),
        (f"{UNIT}block two(c) {{\n  x: unit c\n  relu\n  y: again x\n}}\np: two 4\nq: two 4\nr: again q\nagain p.y",
         ["y: again x", "r: again q", "again p.x"]),
        ("r: add {\n  | conv 4 3x3 same bn\n  | skip -> conv 4 1x1\n}\nagain r -> relu", ["skip -> again conv2"]),
        ("s: conv 4 1x1\no: conv 4 1x1\nr: from s -> conv 4 3x3 same -> add s o\nfrom o -> again r", ["again conv1"]),
        ("block u() {\n  add {\n    | conv 4 3x3 same\n    | skip -> shortcut 4\n  }\n}\nv: u\nw: again v",
         ["w: again v"]),
        ('a: conv 4 1x1 bn @freeze\nb: again a @note("twice")\nc: again b @origin("x", "y")',
         ['@note("twice")', '@origin("x", "y")']),
        ("flatten\na: softmax 256\nb: again a", ["b: again a"]),
        ("groupnorm 2 -> prelu\nx: groupnorm 2\nagain x -> relu", ["again x"]),
    ],
)  # fmt: skip
def test_what_is_said_with_again_is_written_with_it(lines: str, written: list[str]) -> None:
    text = the_same(parse(f"net t\ninput 8x8x4\n{lines}\n"))
    for each in written:
        assert each in text


PIECES = ["conv 4 3x3 same relu", "conv 4 1x1 -> bn", "unit 4", "relu", "conv 4 3x3 same bn", "again", "again", "add"]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PIECES), st.integers(0, 20), st.integers(0, 20)), min_size=2, max_size=12))
def test_any_lines_used_again(pieces: list[tuple[str, int, int]]) -> None:
    lines = []
    for number, (piece, one, other) in enumerate(pieces):
        if not number and piece in ("again", "add"):
            piece = "relu"
        of, start = f"t{one % max(number, 1)}", ["image", *(f"t{n}" for n in range(number))][other % (number + 1)]
        lines.append(f"t{number}: from {start} -> {piece}{f' {of}' if piece in ('again', 'add') else ''}")
    the_same(parse(f"net t\ninput 8x8x4\n{UNIT}" + "\n".join(lines)))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.booleans(), st.integers(0, 3)), max_size=10))
def test_any_network_of_another_format(steps: list[tuple[int, int, bool, int]]) -> None:
    """Layers in blocks or not, each of which may have the weights of any before it. Blocks that stand in the way of
    saying so are gone; wiring, kinds and who shares with whom stay."""
    assembly = Assembly()
    assembly.input("x", Volume((8, 8, 4)))
    names, block = ["x"], ""
    for number, (source, owner, takes, place) in enumerate(steps):
        if place == 1:
            block = f"b{number}"
            assembly.block(block, "unit")
        elif place == 0:
            block = ""
        word = ("conv", "conv", "bn", "prelu")[owner % 4]
        values: dict[str, object] = {"channels": 4, "window": (1, 1)} if word == "conv" else {}
        of = [name for name in names[1:] if assembly.get(name).kind.word == word]  # type: ignore[union-attr]
        shares = of[owner % len(of)] if takes and of else ""
        name = f"{block}.n{number}" if block else f"n{number}"
        inside = [each for each in names if not block or each.startswith(f"{block}.")]
        takes_of = inside[source % len(inside)] if inside else names[source % len(names)]
        assembly.add(name, KINDS[word](**values), [takes_of], block=block, shares=shares)
        names.append(name)
    assembly.output(names[-1], names[-1])
    network = assembly.network("t")
    again = parse(network.to_spec())

    def told(each: Network) -> list[tuple[Any, ...]]:
        number = {layer.name: index for index, layer in enumerate(each)}
        return [
            (layer.kind, [number[name] for name in layer.inputs], number[layer.shares] if layer.shares else None)
            for layer in each
        ]

    assert told(again) == told(network)
    shared = {each for layer in network if layer.shares for each in (layer.block, network[layer.shares].block)}
    _, opened = without_what_stands_in_the_way(network)
    assert {each.block.path for each in opened} <= shared
    used = {layer.block for layer in network} - {""}
    assert len(again.blocks) == len(used - {each.block.path for each in opened})
