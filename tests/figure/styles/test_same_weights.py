"""What has the same weights looks so in every style, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnngraph.figure.dot import dot
from cnngraph.figure.scene import Group, Scene, Text
from cnngraph.figure.styles import STYLES, Order, draw
from cnngraph.figure.styles.blocks import blocks
from cnngraph.figure.theme import LIGHT
from cnngraph.figure.writers.svg import write_svg
from cnngraph.fronts import load, parse
from cnngraph.network import Network
from tests.dags import dags
from tests.figure.geometry import faults
from tests.parity.shared import PYRAMID

GOLDEN = Path(__file__).parent.parent / "golden"
HEADS = """net heads
input 64x64x3
block head(c) {
  [conv c 3x3 same relu] x2
  conv 9 3x3 same
}
block boxes(c) {
  conv c 3x3 same relu -> conv 4 1x1
}
p3: conv 16 3x3 s=2 p=1 relu
p4: conv 16 3x3 s=2 p=1 relu
p5: conv 16 3x3 s=2 p=1 relu
c3: from p3 -> head 16
c4: from p4 -> again c3
c5: from p5 -> again c3
b3: from p3 -> boxes 16
b4: from p4 -> again b3
b5: from p5 -> again b3
output c3 c4 c5 b3 b4 b5
"""
RECURRENT = "net r\ninput 16x16x8\nconv 8 3x3 same relu\nstep: conv 8 3x3 same relu\n[again step] x6\nconv 8 3x3 same"


def drawn(network: Network, width: float = 960.0, **asked: bool | int) -> Scene:
    told: dict[str, bool | int | None] = {"fold": None, "depth": None, **asked}
    return blocks(network, width=width, theme=LIGHT, title=network.name, **told)  # type: ignore[arg-type]


def marks(scene: Scene) -> dict[str, str]:
    """The letter of each box that has one."""
    found = {}
    for group in scene.groups():
        letters = [item.content for item in group.items if isinstance(item, Text) and item.font == "serif-italic"]
        if group.role == "layer" and letters:
            (found[group.id],) = letters
    return found


def said(scene: Scene) -> list[str]:
    return [item.content for item in scene.primitives() if isinstance(item, Text)]


def edges(scene: Scene) -> set[tuple[str, str]]:
    found = [dict(group.data) for group in scene.groups() if group.role == "edge"]
    ends = {(each["src"].split(".")[0], each["dst"].split(".")[0]) for each in found}
    return {(source, target) for source, target in ends if not target.endswith("--out")}


def test_towers_have_the_same_letters(golden: Callable[[Path, bytes], None]) -> None:
    scene = drawn(load("siamese"), depth=1)
    found = marks(scene)
    assert {name: letter for name, letter in found.items() if name.startswith("left")} == {
        "left.conv1": "a", "left.conv2": "b", "left.conv3": "c", "left.conv4": "d", "left.fc1": "e"}  # fmt: skip
    assert all(found[name.replace("left", "right")] == found[name] for name in found if name.startswith("left"))
    assert said(scene)[-2:] == ["a – e", "same weights"]
    golden(GOLDEN / "blocks-siamese.svg", write_svg(scene))


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(2, 3))
@settings(max_examples=15)
def test_what_repeats_in_a_tower_is_there_once_in_each(repeats: list[int], count: int) -> None:
    unit = "block residual() {\n add {\n | conv 8 3x3 same relu -> conv 8 3x3 same\n | skip\n }\n}"
    stages = "\n".join(f"conv 8 3x3 s=2 p=1 relu -> [residual] x{times}" for times in repeats)
    lines = ["net t", *(f"input i{at} 64x64x3" for at in range(count)), unit, f"block tower() {{\n {stages}\n}}"]
    lines += [f"t{at}: from i{at} -> {'again t0' if at else 'tower'}" for at in range(count)]
    scene = drawn(parse("\n".join([*lines, f"output {' '.join(f't{at}' for at in range(count))}"])), fold=True, depth=1)
    found = marks(scene)
    for at in range(count):
        inside = {name.split(".", 1)[1]: letter for name, letter in found.items() if name.startswith(f"t{at}.")}
        assert len(inside) == 2 * len(repeats)
        assert inside == {name.split(".", 1)[1]: letter for name, letter in found.items() if name.startswith("t0.")}


@pytest.mark.parametrize("width", [252.0, 504.0, 960.0])
def test_heads_as_boxes_have_a_letter_each(width: float) -> None:
    scene = drawn(parse(HEADS), width, depth=0)
    assert marks(scene) == {
        "c3.conv1": "a", "c4.conv1": "a", "c5.conv1": "a",
        "b3.conv1": "b", "b4.conv1": "b", "b5.conv1": "b"}  # fmt: skip
    assert faults(scene) == []


@pytest.mark.parametrize("depth", [0, 1])
def test_heads_stand_beside_one_another_on_their_level(depth: int) -> None:
    found = edges(drawn(parse(HEADS), depth=depth))
    assert {each for each in found if each[0] != each[1]} == {
        ("image", "p3"), ("p3", "p4"), ("p4", "p5"),
        *((f"p{n}", f"{head}{n}") for n in (3, 4, 5) for head in "cb")}  # fmt: skip


@pytest.mark.parametrize("width", [252.0, 504.0, 960.0])
@pytest.mark.parametrize("text", [HEADS, PYRAMID, RECURRENT], ids=["heads", "pyramid", "recurrent"])
def test_no_letter_is_in_the_way(text: str, width: float) -> None:
    network = parse(text)
    for asked in ({}, {"fold": False}, {"fold": True}, {"depth": 0}):
        assert faults(drawn(network, width, **asked)) == []


def test_the_first_use_is_not_folded_with_the_others() -> None:
    scene = drawn(parse(RECURRENT), fold=True)
    assert marks(scene) == {"step": "a", "conv2": "a"}
    assert said(scene).count("×6") == 1
    assert "×2" not in said(scene)
    assert "×7" not in said(scene)


def test_equal_blocks_that_use_their_own_twice_are_folded() -> None:
    unit = "block unit() {\n  a: conv 8 3x3 same relu\n  again a\n}\n"
    scene = drawn(parse(f"net t\ninput 8x8x8\n{unit}[unit] x3\n"), fold=True)
    assert marks(scene) == {"unit1.a": "a", "unit1.conv1": "a"}
    assert "×3" in said(scene)


def test_without_shared_weights_there_is_no_letter() -> None:
    network = parse(HEADS.replace("again c3", "head 16").replace("again b3", "boxes 16"))
    assert marks(drawn(network, depth=0)) == {}
    assert "same weights" not in said(drawn(network, depth=0))


@settings(max_examples=40, deadline=None)
@given(dags(["conv 4 3x3 same relu", "conv 4 1x1 bn", "relu"], most=7, shared=True))
def test_letters_are_those_of_weights(lines: str) -> None:
    network = parse(f"net t\ninput 6x6x4\n{lines}\n")
    scene = drawn(network, width=14_400, fold=False)
    found = marks(scene)
    owners = {layer.name: layer.shares or layer.name for layer in network if layer.kind.parameters(layer.input_volumes)}
    drawn_ones = {group.id for group in scene.groups() if group.role == "layer"} & set(owners)
    for one in drawn_ones:
        others = [other for other in drawn_ones - {one} if owners[other] == owners[one]]
        assert bool(others) == (one in found)
        assert all(found[other] == found[one] for other in others)
    assert len(set(found.values())) == len({owners[one] for one in found})


def test_towers_that_never_meet_are_slabs_in_two_rows() -> None:
    tower = "conv 4 3x3 same relu -> maxpool 2x2 -> flatten -> fc 2"
    text = f"input left 8x8x1\ninput right 8x8x1\nblock tower() {{\n {tower}\n}}\n"
    network = parse(f"{text}one: from left -> tower\ntwo: from right -> again one\noutput one two\n")
    scene = draw(Order([network], "slabs", 960.0, LIGHT))
    assert [each for each in said(scene) if each in ("one", "two")] == ["one", "two"]
    assert faults(scene) == []


@pytest.mark.parametrize("style", ["text", "volumes", "strip"])
def test_chains_say_it_in_words(style: str) -> None:
    network = parse(RECURRENT)
    scene = draw(Order([network], style, 960.0, LIGHT))
    assert sum("same weights" in each for each in said(scene)) == (1 if style == "text" else 6)
    assert faults(scene) == []


@pytest.mark.parametrize("style", [style for style in STYLES if style not in ("operation", "overview")])
def test_hovering_says_whose_they_are(style: str) -> None:
    scene = draw(Order([parse(RECURRENT)], style, 960.0, LIGHT, fold=None))
    titles = [group.title for group in scene.groups() if isinstance(group, Group) and group.role == "layer"]
    if style not in ("text", "volumes"):
        assert sum("weights of step" in title for title in titles) >= 1


def test_the_layer_explained_has_none_of_its_own() -> None:
    scene = draw(Order([parse(RECURRENT)], "operation", 960.0, LIGHT, layer="conv2"))
    assert "none of its own, those of step" in said(scene)
    assert faults(scene) == []


def test_dot_says_whose_they_are() -> None:
    assert "weights of left.conv1" in dot(load("siamese"))
