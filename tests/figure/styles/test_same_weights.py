"""What has the same weights looks so in every style, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
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
from cnngraph.fronts import parse
from cnngraph.network import Network
from tests.dags import dags
from tests.figure.geometry import faults
from tests.figure.styles.test_slabs import fronts
from tests.networks import load
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


def owners(network: Network, group: Group) -> set[str]:
    """Whose weights all that *group* stands for has; none where some are used once."""
    weighted = [network.by_name[name] for name in group.layers]
    weighted = [layer for layer in weighted if layer.kind.parameters(layer.input_volumes)]
    shared = {layer.shares for layer in network} - {""}
    found = {layer.shares or layer.name for layer in weighted}
    return found if found <= shared else set()


def check_letters(network: Network, scene: Scene) -> None:
    """Letters are equal where weights are; what has some of the weights of another thing has all of them."""
    found = marks(scene)
    weights = {group.id: owners(network, group) for group in scene.groups() if group.role == "layer"}
    weights = {name: own for name, own in weights.items() if own}
    for one, other in combinations(weights, 2):
        assert weights[one] == weights[other] or weights[one].isdisjoint(weights[other])
        assert (weights[one] == weights[other]) == (one in found and found[one] == found.get(other))
    assert found.keys() <= weights.keys()
    assert ("same weights" in said(scene)) == bool(found)


@st.composite
def steps(draw: st.DrawFn) -> str:
    """A chain in which steps, of one block or several, are done again, alone or several times."""
    lines = ["net t", "input 8x8x4", "block unit() {\n conv 4 3x3 same relu\n}"]
    made = 0
    for _ in range(draw(st.integers(2, 7))):
        times = draw(st.integers(1, 3))
        match draw(st.sampled_from(["unit", "conv", "again", "again", "pool"])):
            case "pool":
                lines.append("maxpool 3x3 s=1 same")
            case "again" if made:
                again = f"again s{draw(st.integers(0, made - 1))}"
                lines.append(f"[{again}] x{times}" if times > 1 else again)
            case what:
                step = "conv 4 3x3 same relu" if what == "conv" else "unit"
                lines.append(f"s{made}: [{step}] x{times}" if times > 1 else f"s{made}: {step}")
                made += 1
    return "\n".join(lines)


@settings(max_examples=60, deadline=None)
@given(steps(), st.sampled_from(["blocks", "slabs"]), st.sampled_from([True, False, None]), st.integers(0, 2))
def test_steps_done_again_have_one_letter_wherever_they_are(
    text: str, style: str, fold: bool | None, depth: int
) -> None:
    network = parse(text)
    if style == "blocks":
        scene = drawn(network, fold=fold, depth=depth) if fold is not None else drawn(network, depth=depth)
    else:
        scene = draw(Order([network], style, 14_400.0, LIGHT, fold=fold))
    check_letters(network, scene)
    assert faults(scene) == []


@settings(max_examples=40, deadline=None)
@given(dags(["conv 4 3x3 same relu", "conv 4 1x1 bn", "relu"], most=7, shared=True), st.sampled_from([None, False]))
def test_slabs_have_letters_for_weights(lines: str, fold: bool | None) -> None:
    network = parse(f"net t\ninput 6x6x4\n{lines}\n")
    scene = draw(Order([network], "slabs", 14_400.0, LIGHT, fold=fold))
    check_letters(network, scene)
    assert faults(scene) == []


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 4), st.booleans(), st.lists(st.integers(1, 40), min_size=1, max_size=3))
def test_slabs_of_towers_have_letters(count: int, meet: bool, channels: list[int]) -> None:
    tower = " -> ".join(f"conv {each} 3x3 same relu -> maxpool 2x2" for each in channels)
    lines = ["net t", *(f"input i{at} 64x64x3" for at in range(count)), f"block tower() {{\n {tower}\n}}"]
    lines += [f"t{at}: from i{at} -> {'again t0' if at else 'tower'}" for at in range(count)]
    towers = [f"t{at}" for at in range(count)]
    lines += ["concat {", *(f"| from {each}" for each in towers), "}"] if meet else [f"output {' '.join(towers)}"]
    network = parse("\n".join(lines))
    scene = draw(Order([network], "slabs", 960.0, LIGHT))
    assert len(marks(scene)) >= count
    check_letters(network, scene)
    assert faults(scene) == []


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 3), st.integers(2, 4))
def test_towers_compared_at_several_levels_are_rows_of_their_own(count: int, deep: int) -> None:
    levels = [f" e{at}: conv {4 << at} 3x3 same relu" for at in range(deep)]
    body = "\n maxpool 2x2\n".join(levels)
    lines = ["net t", *(f"input i{at} 64x64x3" for at in range(count)), f"block encoder() {{\n{body}\n}}"]
    lines += [f"t{at}: from i{at} -> {'again t0' if at else 'encoder'}" for at in range(count)]
    for level in reversed(range(deep)):
        lines += [f"d{level}: max {{", *(f"| from t{at}.e{level}" for at in range(count)), "}"]
        if level < deep - 1:
            lines += [f"add {{\n| from u{level}\n| from d{level}\n}}"]
        lines += [f"u{level - 1}: upconv {4 << level - 1} 2x2 s=2"] if level else ["conv 2 1x1"]
    network = parse("\n".join(lines))
    scene = draw(Order([network], "slabs", 960.0, LIGHT))
    rows: dict[str, set[float]] = {}
    for name, box in fronts(scene).items():
        of = f"t{name[1]}" if name[0] in "it" else "decoder"
        rows.setdefault(of, set()).add(round((box[1] + box[3]) / 2, 3))
    assert all(len(rows[f"t{at}"]) == 1 for at in range(count))
    assert len(set.union(*rows.values())) == sum(map(len, rows.values()))
    check_letters(network, scene)
    assert faults(scene) == []


def test_columns_say_it_and_have_no_bracket_alone() -> None:
    cell = "block cell() {\n add {\n | conv 8 3x3 same\n | skip\n }\n relu\n}\n"
    network = parse(f"net t\ninput 8x8x8\n{cell}step: cell\n[again step] x3\n")
    scene = draw(Order([network], "units", 960.0, LIGHT))
    assert said(scene).count("weights") == 3
    assert not [group.id for group in scene.groups() if group.id.endswith("-block")]
    assert faults(scene) == []


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
