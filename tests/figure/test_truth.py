"""A figure says what the network is: checked of every figure, and the check itself on spoiled ones."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure import styles
from cnngraph.figure.choice import AUTO, choose
from cnngraph.figure.scene import Group, Scene, Text
from cnngraph.figure.styles import STYLES, Order, draw
from cnngraph.figure.theme import LIGHT
from cnngraph.figure.truth import untrue
from cnngraph.fronts import parse
from cnngraph.network import Network
from tests.figure.geometry import faults, loose_ends, struck
from tests.figure.graphs import random_spec
from tests.networks import load

REFUSALS = {"E0603", "E0604", "E0606"}
"""It is no chain, does not fit, is no one path."""
WIDTHS = (252.0, 504.0, 960.0)
FOLDS: list[dict[str, object]] = [{}, {"fold": False}, {"fold": True}, {"depth": 0}, {"depth": 1}]
AUXILIARY = """net aux
input 8x8x8
block aux() {
  conv 5 1x1 relu
  conv 5 1x1
}
a: conv 8 3x3 same relu
head: from a -> aux
from a -> conv 16 1x1 relu
main: conv 4 1x1
output main head
"""
IN_THE_MIDDLE = """net middle
input 8x8x4
p: conv 4 3x3 same relu
a: add {
  | conv 4 3x3 same
  | skip
}
q: conv 6 3x3 same
output a p q
"""
PYRAMID = """net pyramid
input 64x64x8
default conv same
c2: conv 8 3x3 s=2 relu
c3: conv 16 3x3 s=2 relu
c4: conv 32 3x3 s=2 relu
t4: conv 8 1x1
l3: from c3 -> conv 8 1x1
t3: from t4 -> upsample 2 -> add l3
l2: from c2 -> conv 8 1x1
t2: from t3 -> upsample 2 -> add l2
p4: from t4 -> conv 8 3x3
p3: from t3 -> conv 8 3x3
p2: from t2 -> conv 8 3x3
output p4 p3 p2
"""
TWO_STREAMS = """net streams
input rgb 32x32x3
input flow 32x32x2
default conv 8 3x3 same relu
a: from rgb -> conv
b: from flow -> conv
a2: from a -> concat b -> conv
b2: from b -> conv
from a2 -> concat b2 -> conv
"""


def figure(network: Network, style: str = "blocks", width: float = 960.0, **wanted: object) -> Scene:
    return draw(Order([network], style, width, LIGHT, **wanted))  # type: ignore[arg-type]


def figure_or_code(network: Network, style: str, width: float = 960.0, **wanted: object) -> Scene | str:
    """The figure, or the code of the message with which the style refuses it."""
    try:
        return figure(network, style, width, **wanted)
    except CnngraphError as error:
        return error.diagnostics[0].code


def lines(scene: Scene) -> set[tuple[str, str]]:
    data = [dict(group.data) for group in scene.groups() if group.role == "edge"]
    return {(each["src"], each["dst"]) for each in data}


@pytest.mark.parametrize("seed", range(40))
def test_any_network_is_drawn_as_it_is_and_fits(seed: int) -> None:
    """In every style that takes it, folded in one of the ways, at one of the widths: `draw` itself checks the truth."""
    network = parse(random_spec(seed))
    width, wanted = WIDTHS[seed % 3], FOLDS[seed % 5]
    scene = figure(network, "blocks", width, **wanted)
    assert untrue(scene, [network]) == []
    assert faults(scene) + struck(scene) + loose_ends(scene) == []
    assert scene.width <= width + 0.01
    for style in ("strip", "units", "volumes", "text"):
        shown = figure_or_code(network, style, width)
        assert shown in REFUSALS if isinstance(shown, str) else faults(shown) + struck(shown) == []


@pytest.mark.parametrize("seed", range(100, 112))
def test_any_network_is_drawn_as_it_is_from_top_to_bottom(seed: int) -> None:
    """All of its columns beside each other, which may be more than the width has."""
    network = parse(random_spec(seed))
    width, wanted = WIDTHS[seed % 3], FOLDS[seed % 5]
    try:
        scene = figure(network, "blocks", width, down=True, **wanted)
    except CnngraphError as error:
        enough = re.findall(r"E0604.*give it at least --width (\d+)pt", str(error), re.DOTALL)
        scene = figure(network, "blocks", float(enough[0]), down=True, **wanted)
    assert untrue(scene, [network]) == []
    assert faults(scene) + struck(scene) + loose_ends(scene, down=True) == []
    shown = figure_or_code(network, "strip", width, down=True)
    assert shown in REFUSALS if isinstance(shown, str) else faults(shown) + struck(shown) == []


def test_a_side_branch_that_is_a_block_is_no_part_of_the_way() -> None:
    assert lines(figure(parse(AUXILIARY), depth=0)) == {
        ("image", "a"), ("a", "head.conv1"), ("a", "conv1"), ("conv1", "main"),
        ("main", "main--out"), ("head.conv2", "head--out"),
    }  # fmt: skip


def test_a_block_of_several_tensors_has_the_size_of_each_behind_it() -> None:
    streams = """net exchange
input 16x16x4
block exchange(low: tensor) {
  a: from in -> conv 4 3x3 same relu
  b: from low -> conv 8 3x3 same relu
  high: from b -> conv 4 1x1 -> upsample 2 -> add a
  from a -> conv 8 3x3 s=2 p=1 -> add b
}
halved: conv 8 3x3 s=2 p=1
one: from image -> exchange halved
two: from one.high -> exchange one
from two -> upsample 2 -> concat two.high
"""
    scene = figure(parse(streams), depth=0)
    sizes = [
        (group.id, item.content)
        for group in scene.groups()
        if group.id.endswith("--port")
        for item in group.items
        if isinstance(item, Text)
    ]
    assert sorted(sizes) == [
        ("one.add1--port", "8×8×8"), ("one.high--port", "16×16×4"),
        ("two.add1--port", "8×8×8"), ("two.high--port", "16×16×4"),
    ]  # fmt: skip
    written = [
        item.content
        for group in scene.groups()
        if group.role == "layer"
        for item in group.items
        if isinstance(item, Text)
    ]
    assert {"one", "two"} <= set(written)
    assert written.count("8×8×8") == 1, "of the convolution; those of the blocks stand behind them"


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("text", [AUXILIARY, IN_THE_MIDDLE, PYRAMID, TWO_STREAMS])
def test_every_output_ends_in_an_arrow_with_its_name(text: str, width: float) -> None:
    network = parse(text)
    for wanted in FOLDS:
        scene = figure(network, "blocks", width, **wanted)
        assert faults(scene) + struck(scene) + loose_ends(scene) == []
        if len(network.outputs) > 1:
            ends = [(group.id, item.content) for group in scene.groups() if group.role == "output"
                    for item in group.items if isinstance(item, Text)]  # fmt: skip
            assert sorted(ends) == sorted((f"{output.name}--out", output.name) for output in network.outputs)


@pytest.mark.parametrize("style", ["volumes", "text", "strip", "units"])
@pytest.mark.parametrize("outputs", ["a b", "b c", "a c"])
def test_a_chain_with_several_outputs_is_for_a_style_that_draws_them(style: str, outputs: str) -> None:
    """No style that has no place for them draws it as if there were none."""
    network = parse(f"net t\ninput 8x8x3\na: conv 4 3x3\nb: conv 4 3x3 -> flatten\nc: fc 5\noutput {outputs}\n")
    with pytest.raises(CnngraphError) as refused:
        figure(network, style)
    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.code in ("E0603", "E0606")
    assert "outputs" in diagnostic.reason
    drawn = choose(Order((network,), AUTO, 960.0, LIGHT))
    assert sum(group.role == "output" for group in drawn.scene.groups()) == 2


def spoiled(scene: Scene, *changes: tuple[int, Group | None]) -> Scene:
    items = list(scene.items)
    for place, group in changes:
        if group is None:
            del items[place]
        else:
            items[place] = group
    return replace(scene, items=tuple(items))


@pytest.mark.parametrize("fold", [None, True])
@pytest.mark.parametrize(("name", "style"), [("unet", "blocks"), ("residual_network", "blocks"), ("resnet", "strip")])
def test_no_edge_can_be_missing_or_lead_elsewhere(name: str, style: str, fold: bool | None) -> None:
    network = load(name)
    scene = draw(Order([network], style, 960.0, LIGHT, fold=fold if style == "blocks" else None))
    edges = [(place, item) for place, item in enumerate(scene.items) if isinstance(item, Group) and item.role == "edge"]
    boxes = [
        (place, item) for place, item in enumerate(scene.items) if isinstance(item, Group) and item.role == "layer"
    ]
    assert edges
    for place, edge in edges:
        data = dict(edge.data)
        assert untrue(spoiled(scene, (place, None)), [network])
        turned = (("src", data["dst"]), ("dst", data["src"]))
        assert untrue(spoiled(scene, (place, edge._replace(data=turned))), [network])
    for place, box in boxes:
        assert untrue(spoiled(scene, (place, None)), [network])
        assert untrue(spoiled(scene, (place, box._replace(layers=(*box.layers, boxes[0][1].layers[0])))), [network])


def test_no_output_can_be_missing() -> None:
    network = parse(PYRAMID)
    scene = figure(network)
    for place, item in enumerate(scene.items):
        if isinstance(item, Group) and dict(item.data).get("dst", "").endswith("--out"):
            assert untrue(spoiled(scene, (place, None)), [network])


def test_a_figure_that_is_not_true_is_not_given_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def lies(order: Order) -> Scene:
        scene = STYLES["strip"].draw(order)
        return replace(scene, items=scene.items[:-1])

    monkeypatch.setitem(styles.STYLES, "blocks", replace(STYLES["blocks"], draw=lies))
    with pytest.raises(CnngraphError, match="E0616"):
        figure(load("resnet"))


def test_frames_in_the_branches_of_one_another_are_told_apart() -> None:
    """Both begin with the same layer."""
    lines = "conv 8 3x3 same relu -> conv 8 3x3 same"
    inner = f"block inner() {{\nadd {{\n| {lines}\n| skip\n}}\n}}"
    outer = "block outer() {\nadd {\n| [inner] x3 -> times 0.2\n| skip\n}\n}"
    steps = "conv 8 1x1\n[outer] x2\nconv 3 1x1\n"
    network = parse(f"net frames\ninput 8x8x8\n{inner}\n{outer}\n{steps}")
    scene = draw(Order([network], "blocks", 1500.0, LIGHT, fold=True))
    frames = [group.id for group in scene.groups() if "times" in dict(group.data)]
    assert len(frames) == len(set(frames)) == 2
