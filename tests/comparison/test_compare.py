"""What is a change, and what only follows; sharing, outputs, annotations, dead ends."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cnngraph
from cnngraph.comparison.compare import Comparison, compare
from cnngraph.comparison.report import together
from cnngraph.fronts import parse
from cnngraph.network import Annotation
from tests.networks import load


def compared(a: str, b: str) -> Comparison:
    return cnngraph.compare(parse(f"input image 8x8x4\n{a}"), parse(f"input image 8x8x4\n{b}"))


def said(found: Comparison) -> list[str]:
    return [*map(str, found.what), *(f"{row.kind} {(row.a or row.b)[0]}: {'; '.join(map(str, row.what))}"
            for row in found.rows if row.kind != "same")]  # fmt: skip


@pytest.mark.parametrize(
    ("a", "b", "changes"),
    [
        ("conv 4 3x3 same", "conv 4 3x3 p=1", []),
        ("conv 4 3x3 p=0", "conv 4 3x3", []),
        ("maxpool 2x2", "maxpool 2x2 s=2", []),
        ("maxpool 2x3", "maxpool 2x3 s=2x3 p=0", []),
        ("maxpool 2x2", "maxpool 2x2 s=1", ["changed maxpool1: stride 2×2 → 1×1"]),
        ("avgpool to=1x1", "avgpool global", []),
        ("upsample 2", "upsample 2x2", []),
        ("conv 4 1x1 @freeze", "conv 4 1x1", ["changed conv1: @freeze yes → none"]),
        ("conv 4 1x1 relu", "conv 4 1x1", ["changed conv1: followed by ReLU → none"]),
        ("conv 4 1x1 leaky=0.1", "conv 4 1x1 leaky=0.2", ["changed conv1: leaky ReLU slope 0.1 → 0.2"]),
        ("conv 4 1x1\nconv 8 1x1", "conv 6 1x1\nconv 8 1x1",
         ["changed conv1: channels 4 → 6", "follows conv2: takes 8×8×4 → 8×8×6"]),
        ("conv 4 1x1\nmaxpool 2", "conv 6 1x1\nmaxpool 2",
         ["changed conv1: channels 4 → 6", "follows maxpool1: volume 4×4×4 → 4×4×6"]),
        ("a: conv 4 1x1\nb: conv 4 3x3 same\nfrom b -> add a", "a: conv 4 1x1\nb: conv 4 3x3 same\nfrom a -> add b",
         ["changed add1: inputs b, a → a, b"]),
        ("a: conv 4 1x1\nb: conv 4 3x3 same\noutput a b", "a: conv 4 1x1\nb: conv 4 3x3 same\noutput b a",
         ["outputs a, b → b, a"]),
        ("a: conv 4 1x1\nb: conv 4 3x3 same\noutput a b", "a: conv 4 1x1\nb: conv 4 3x3 same\noutput b",
         ["outputs a, b → b"]),
        ("a: conv 4 1x1\nb: again a", "a: conv 4 1x1\nb: conv 4 1x1", ["changed b: weights of a → its own"]),
        ("a: conv 4 1x1\nb: conv 4 1x1\nc: again a", "a: conv 4 1x1\nb: conv 4 1x1\nc: again b",
         ["changed c: weights of a → b"]),
        ("a: conv 4 1x1\nb: conv 4 3x3 same\noutput a", "a: conv 4 1x1\nb: conv 4 5x5 same\noutput a",
         ["changed b: window 3×3 → 5×5"]),
        ("conv 4 3x3 same\nmaxpool 2", "conv 4 3x3 same\navgpool 2",
         ["added avgpool1: ", "removed maxpool1: "]),
    ],
)  # fmt: skip
def test_what_is_said(a: str, b: str, changes: list[str]) -> None:
    found = compared(a, b)
    assert sorted(said(found)) == sorted(changes)
    assert found.is_same == (not changes)


def test_blocks_are_no_part_of_it() -> None:
    """The same layers in a block, with other names, and out of one."""
    inside = "block b(c) { conv c 3x3 same bn relu -> conv c 1x1 bn }\nb 4\nb 4\nrelu"
    flat = "conv 4 3x3 same bn relu\nconv 4 1x1 bn\nconv 4 3x3 same bn relu\nconv 4 1x1 bn relu"
    found = compared(inside, flat)
    assert found.verdict == "renamed"
    assert found.layers["b2.conv1.bn"] == "conv3.bn"
    changed = compared(inside, flat.replace("1x1 bn relu", "1x1 bn"))
    assert [str(change) for row in changed.causes for change in row.what] == ["followed by BN, ReLU → BN"]


def test_inputs_that_change_places_are_a_change() -> None:
    a = parse("input x 8x8x4\ninput y 8x8x4\nsub x y")
    b = parse("input y 8x8x4\ninput x 8x8x4\nsub x y")
    found = cnngraph.compare(a, b)
    assert found.verdict == "different"
    assert found.causes or found.what


def test_free_sizes_have_no_number_of_operations() -> None:
    a, b = (parse(f"input (?H, ?W, 3)\nconv {c} 3x3 same") for c in (4, 8))
    (row,) = cnngraph.compare(a, b).causes
    assert row.macs == (None, None)
    assert "multiply-accumulates" not in str(cnngraph.compare(a, b))


@pytest.mark.parametrize(
    ("names", "one"),
    [
        (["conv1"], "conv1"),
        (["s1.r1.conv2", "s1.r2.conv2", "s1.r3.conv2"], "s1.r{1..3}.conv2"),
        (["conv3", "conv5", "conv7"], "conv{3,5,7}"),
        (["conv1", "conv3", "conv5", "conv7", "conv9"], "conv{1,3,…,9}"),
        (["s1.conv2", "s2.conv4"], "s1.conv2 … s2.conv4"),
        (["i3a.conv1", "i3b.conv1"], "i3a.conv1 … i3b.conv1"),
        (["a1", "b"], "a1 … b"),
    ],
)
def test_names_that_differ_in_numbers_are_one(names: list[str], one: str) -> None:
    assert together(names) == one


@pytest.mark.parametrize(
    ("a", "b", "same", "changed", "added", "removed", "follows"),
    [
        ("resnet50", "resnet101", 74, 0, 68, 0, 0),
        ("resnet101", "resnet152", 142, 0, 68, 0, 0),
        ("vgg16", "vgg16_bn", 10, 13, 0, 0, 0),
        ("resnet18", "resnet34", 33, 0, 24, 0, 0),
    ],
)
def test_what_is_known_of_families(
    a: str, b: str, same: int, changed: int, added: int, removed: int, follows: int
) -> None:
    """ResNet-101 has 17 more blocks of 4 units than ResNet-50; VGG-16's 13 convolutions are normalized."""
    found = cnngraph.compare(load(a), load(b))
    counts = [len(found.of(kind)) for kind in ("same", "changed", "added", "removed", "follows")]
    assert counts == [same, changed, added, removed, follows]


@pytest.mark.parametrize(("a", "b"), [("resnet18", "resnet34"), ("resnet34", "resnet18"), ("resnet101", "resnet152")])
def test_what_was_put_in_are_whole_blocks(a: str, b: str) -> None:
    """Each name that is in both stands for the same layer in both."""
    found = cnngraph.compare(load(a), load(b))
    assert {row.kind for row in found.rows} <= {"same", "added", "removed"}
    assert not [row.renamed for row in found.rows if row.renamed]


@pytest.mark.parametrize("more", ["", "conv 6 3x3 same relu\n"])
@given(data=st.data())
def test_labels_and_notes_are_no_change(more: str, data: st.DataObject) -> None:
    """Whatever is changed besides; they are listed by themselves."""
    text = "input 8x8x4\nconv 6 3x3 same bn relu\n{}maxpool 2x2\nflatten\nfc 10"
    a, b = parse(text.format("")), parse(text.format(more))
    said = data.draw(st.dictionaries(st.sampled_from(b.layers), st.sampled_from(["label", "note"]), min_size=1))
    layers = [
        replace(layer, annotations=(*layer.annotations, Annotation(said[layer], ("so",)))) if layer in said else layer
        for layer in b.layers
    ]
    plain, found = compare(a, b), compare(a, replace(b, layers=tuple(layers)))
    assert (found.verdict, found.layers) == (plain.verdict, plain.layers)
    assert [(row.kind, row.a, row.b, row.what) for row in found.rows] == [
        (row.kind, row.a, row.b, row.what) for row in plain.rows
    ]
    paired = set(plain.layers.values())
    assert {(name, str(each)) for _, name, each in found.wording} == {
        (layer.name, f'@{what} none → ("so")') for layer, what in said.items() if layer.name in paired
    }
    assert plain.wording == ()
