"""A network written as a spec reads as the same network."""

from __future__ import annotations

import dataclasses

import pytest

from cnngraph import Layer, Network, load, parse
from cnngraph.reading import read, shipped
from cnngraph.summary import summarize

SHIPPED: list[tuple[str, dict[str, int]]] = [
    *((name, {}) for name in shipped()),
    *(("resnet", {"depth": depth}) for depth in (18, 34, 101, 152)),
    *(("densenet121", {"depth": depth}) for depth in (169, 201)),
]


def about(layer: Layer) -> dict[str, object]:
    """All of a layer but where it was written."""
    found = {field.name: getattr(layer, field.name) for field in dataclasses.fields(layer)}
    found["annotations"] = [(each.name, each.arguments) for each in layer.annotations]
    return {**found, "span": None}


def assert_same(written: Network, network: Network) -> None:
    assert {layer.name: about(layer) for layer in written} == {layer.name: about(layer) for layer in network}
    assert written.outputs == network.outputs
    assert (written.name, written.title) == (network.name, network.title)


@pytest.mark.parametrize(("name", "settings"), SHIPPED, ids=[f"{n}{s.get('depth', '')}" for n, s in SHIPPED])
def test_networks_that_ship_survive(name: str, settings: dict[str, int]) -> None:
    network = read(name, settings).checked()
    written = parse(network.to_spec())
    assert_same(written, network)
    assert [layer.name for layer in written] == [layer.name for layer in network]
    before, after = summarize(network), summarize(written)
    assert (after.params, after.statistics, after.macs) == (before.params, before.statistics, before.macs)
    assert written.to_spec() == network.to_spec()


def test_it_reads_as_a_person_would_write_it() -> None:
    assert (
        load("resnet", depth=34).to_spec()
        == """\
net resnet "34-layer residual"

input 224x224x3

block basic(c, s=1) {
  conv c 3x3 s=s same bn relu -> conv c 3x3 same bn
}

block residual(c, s=1) {
  add {
    | basic c s=s
    | skip -> shortcut c s=s
  }
  relu
}

block stage() {
  [residual 64] x3
}

block stage_2(c, n) {
  residual c s=2 -> [residual c] x n
}

conv 64 7x7 s=2 same bn relu => 112x112x64
maxpool 3x3 s=2 same => 56x56x64
stage
stage2: stage_2 128 3 => 28x28x128
stage3: stage_2 256 5 => 14x14x256
stage4: stage_2 512 2 => 7x7x512
avgpool global -> flatten => 512
softmax 1000 => 1000
"""
    )


PIECES = {
    "every sort of argument": """\
input 32x32x8
conv 8 3x5 s=2x1 p=(1, 2) d=1x2 groups=2 bias=off leaky=0.2
conv 8 3x3 p=(0, 0, 1, 1) bias=on bn eps=0.001 momentum=0.01 elu
upconv 4 2x2 s=2 op=1 -> dwconv 3x3 m=2 same_upper -> maxpool 3x3 s=1 p=1 ceil
avgpool 3x3 count_pad -> lrn n=3 k=2 -> upsample 2 bilinear -> crop 0 -> dropout 0.1
leaky slope=-0.5 -> bn eps=0.1 -> avgpool to=2x1 -> slice 0 3 -> prelu -> layernorm
""",
    "a number with more digits than a spec may have": "input 4x4x1\ndropout 0.1+0.2\n",
    "annotations": """\
input image 8x8x4 @scale(-1, 1) @normalize((0.5, 0.4, 0.3, 0.2), (1, 1, 1, 1))
conv 4 3x3 same bn @init("he_normal", 7) => 8x8x4 @freeze
add {
  | conv 4 1x1 @note("inner")
  | skip
} @freeze
relu @note("last")
""",
    "shortcuts that begin elsewhere": """\
input 8x8x4
a: conv 4 1x1
conv 4 1x1
add {
  | skip
    from a -> conv 4 1x1
  | from a
  | skip
    from a
}
add {
  | skip -> add {
      | conv 4 1x1
      | skip
    }
  | conv 4 3x3 same -> relu
}
""",
    "free sizes, several inputs and outputs": """\
input image (?H, ?W, 3)
input mask (?H, ?W, 1)
from image -> concat mask
features: [conv 8 3x3 same relu] x2
from features -> conv 2 1x1
seg: softmax
from features -> avgpool global -> flatten
label: softmax 10
output seg label features
""",
    "inner tensors of blocks, and unused ones": """\
input 16x16x4
block trunk(c) {
  c1: conv c 3x3 s=2 same relu
  aux: conv 1 1x1
  from c1
  last: [conv c 1x1] x2
}
first: trunk 8
second: trunk 16
from first.c1 -> conv 16 3x3 s=2 same -> concat second.last
output second.c1 first.last
""",
    "an unusable name": "input 4x4x4\n[relu] x5 -> relu -> conv 4 1x1\nt: [relu] x1\nconv 4 1x1\nadd t\n",
    "a network that is its input": "input x 4x4x4\n",
    "a split": """\
input 4x4x6
low, middle, high: split 3
from high -> conv 2 1x1 -> concat low middle low
""",
    "a shortcut of one's own": """\
input 4x4x6
block shortcut() { conv 6 1x1 }
add {
  | skip -> shortcut
  | conv 6 3x3 same
}
""",
}


@pytest.mark.parametrize("spec", PIECES.values(), ids=PIECES)
def test_pieces_of_the_language_survive(spec: str) -> None:
    network = parse(f"net piece\n{spec}")
    assert_same(parse(network.to_spec()), network)
