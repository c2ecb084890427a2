"""A network written as a spec reads as the same network."""

from __future__ import annotations

import dataclasses
import random
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnngraph import Layer, Network, parse
from cnngraph.claims import with_volumes
from cnngraph.fronts import read
from cnngraph.shipped import shipped
from cnngraph.source import Source
from cnngraph.summary import summarize
from tests.networks import load

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

input 224x224x3 @normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))

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

block stage(c, n, s=1) {
  residual c s=s -> [residual c] x n-1
}

conv 64 7x7 s=2 same bn relu => 112x112x64
maxpool 3x3 s=2 same => 56x56x64
stage 64 3
stage 128 4 s=2 => 28x28x128
stage 256 6 s=2 => 14x14x256
stage 512 3 s=2 => 7x7x512
avgpool global -> flatten -> softmax 1000 @classes("imagenet") => 1000
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
    "slices that are no split": """\
input 4x4x4
a: slice 0 2
from image
b: slice 1 3
from image
c: slice 2 4
concat a b
""",
    "a shortcut that is not needed, in a concat": """\
input 8x8x8
concat {
  | relu
  | skip -> shortcut 8
}
""",
    "shortcuts with and without normalization": """\
input 8x8x8
add {
  | conv 16 3x3 s=2 same
  | skip -> shortcut 16 s=2 bn=off
}
add {
  | conv 24 3x3 same bn
  | skip -> shortcut 24
}
add {
  | conv 24 3x3 same
  | skip -> shortcut 24 bn=off
}
""",
    "volumes that are spread": """\
input 8x8x8
a: conv 1 3x3 same sigmoid
from image -> mul a spread
add spread {
  | conv 8 3x3 same
  | skip -> avgpool global
  | from a
}
""",
    "a fork inside a shortcut": """\
input 8x8x4
add {
  | skip
    a: conv 4 1x1
    relu
  | conv 4 1x1
}
from a -> add {
  | skip
  | conv 4 3x3 same -> relu
}
add {
  | skip
    from a
  | skip
  | conv 4 3x3 same -> relu
}
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


WRITTEN = Path(__file__).parent / "written"


@pytest.mark.parametrize("name", shipped())
def test_networks_that_ship_are_written_as_before(name: str, golden: Callable[[Path, bytes], None]) -> None:
    golden(WRITTEN / f"{name}.spec", load(name).to_spec().encode())


@pytest.mark.parametrize("piece", PIECES)
def test_pieces_of_the_language_are_written_as_before(piece: str, golden: Callable[[Path, bytes], None]) -> None:
    text = parse(f"net piece\n{PIECES[piece]}").to_spec()
    golden(WRITTEN / f"piece {piece.replace(',', '').replace(chr(39), '')}.spec", text.encode())


# Random networks -----------------------------------------------------------------------------

_STEPS = (
    "conv 4 1x1",
    "conv 4 3x3 same bn relu",
    "prelu",
    "dropout 0.1+0.2",
    "bn",
    "hsigmoid shift=0.4",
    "conv 4 1x1 prelu=shared",
    "crop 0",
    "shuffle 2",
)


@st.composite
def specs(draw: st.DrawFn) -> str:
    """Chains, joins in joins, shortcuts, repeats, names and blocks; every volume is 4x4x4."""
    numbers = count(1)
    blocks: list[int] = []

    def lines(depth: int, given_names: list[str], in_branch: bool = False) -> list[str]:
        if in_branch and draw(st.booleans()):
            begin = draw(st.sampled_from(["skip", "skip", "skip -> shortcut 4"]))
            return [begin, *draw(st.lists(st.sampled_from(_STEPS), max_size=3))]
        return [line for _ in range(draw(st.integers(1, 3))) for line in line_of(depth, given_names)]

    def line_of(depth: int, given_names: list[str]) -> list[str]:
        if draw(st.integers(0, 9)) == 0:
            return [f"from {draw(st.sampled_from(given_names))}"]
        label = f"t{next(numbers)}" if draw(st.integers(0, 3)) == 0 else ""
        begin = f"from {draw(st.sampled_from(given_names))} -> " if draw(st.integers(0, 3)) == 0 else ""
        stage = one_stage(depth, given_names)
        stage[0] = begin + stage[0]
        if label:
            stage[0] = f"{label}: {stage[0]}"
            given_names.append(label)
        return stage

    def one_stage(depth: int, given_names: list[str]) -> list[str]:
        match draw(st.integers(0, 7 if depth else 4)):
            case 5:
                opening = draw(st.sampled_from(["add {", "max {", "concat {"]))
                branches = [lines(depth - 1, given_names, True) for _ in range(draw(st.integers(2, 3)))]
                text = [f"  {'| ' if n == 0 else '  '}{line}" for branch in branches for n, line in enumerate(branch)]
                return [opening, *text, "} -> conv 4 1x1" if opening == "concat {" else "}"]
            case 6:
                inner = list(given_names)  # a name inside is local to one turn
                return ["[", *(f"  {line}" for line in lines(depth - 1, inner)), "] x2"]
            case 7 if blocks:
                return [f"block{draw(st.sampled_from(blocks))} {draw(st.sampled_from(given_names))} 4"]
            case 4:
                return [f"add {draw(st.sampled_from(given_names))}"]
        return [draw(st.sampled_from(_STEPS))]

    text = ["net random", "input 4x4x4"]
    for number in (1, 2):
        text += [f"block block{number}(e: tensor, c) {{", *(f"  {line}" for line in lines(1, ["in", "e"])), "}"]
        blocks.append(number)
    names = ["image"]
    text += lines(3, names)
    if draw(st.booleans()):
        chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
        text.append(f"output {' '.join(chosen)}")
    else:
        text.append("relu")
    return "\n".join(text) + "\n"


@settings(max_examples=100, deadline=None)
@given(specs(), st.randoms())
def test_random_specs_survive(spec: str, chance: random.Random) -> None:
    """Also when the layers stand in an order that no spec has. A shortcut here is a chain of steps."""
    network = parse(spec)
    assert_same(parse(network.to_spec()), network)
    live = set(network.live)
    if not network.blocks and all(layer.name in live for layer in network if layer.on_shortcut):
        mixed = dataclasses.replace(network, layers=tuple(_shuffled(network, chance)))
        assert_same(parse(mixed.to_spec()), mixed)


RANDOM = (Path(__file__).parent / "random_specs.txt").read_text(encoding="utf-8").split("// -----\n")
"""Specs that `specs` once drew: joins in joins, shortcuts that leave, names inside and outside."""


def test_random_specs_are_written_as_before(golden: Callable[[Path, bytes], None]) -> None:
    golden(WRITTEN / "random_specs.txt", "// -----\n".join(parse(spec).to_spec() for spec in RANDOM).encode())


@settings(max_examples=100, deadline=None)
@given(specs())
def test_volumes_written_down_change_nothing(spec: str) -> None:
    written = with_volumes(Source("<text>", spec))
    assert_same(parse(written), parse(spec))
    assert with_volumes(Source("<text>", written)) == written


def _shuffled(network: Network, chance: random.Random) -> Iterator[Layer]:
    """The layers in any order in which each stands behind those it takes; the steps stay whole."""
    steps: dict[str, list[Layer]] = {}
    for layer in network:
        steps.setdefault(layer.unit, []).append(layer)
    done: set[str] = set()
    while steps:
        ready = [name for name, layers in steps.items() if done.issuperset(layers[0].inputs)]
        layers = steps.pop(chance.choice(ready))
        done.update(layer.name for layer in layers)
        yield from layers


def test_writing_takes_time_in_proportion() -> None:
    """Counted in calls, which no other work on the machine changes."""
    piece = "add {\n  | conv 4 3x3 same relu -> conv 4 1x1\n  | skip\n}\nt: relu\n"
    small, large = (
        _calls(parse("input 4x4x4\n" + "".join(piece.replace("t:", f"t{n}:") for n in range(count))))
        for count in (100, 400)
    )
    assert large < 4.4 * small


def _calls(network: Network) -> int:
    found = 0

    def note(frame: object, event: str, argument: object) -> None:
        nonlocal found
        found += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        network.to_spec()
    finally:
        sys.setprofile(before)
    return found
