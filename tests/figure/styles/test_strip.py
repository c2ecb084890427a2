"""The strip: boxes in a row, arcs over them, networks one under the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path as File

import pytest

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.scene import Group, Path, Polygon, Rect, Scene, Text
from cnngraph.figure.styles.strip import strip
from cnngraph.figure.theme import LIGHT
from cnngraph.figure.writers.svg import write_svg
from cnngraph.fronts import parse
from cnngraph.network import Network
from tests.figure.geometry import faults
from tests.networks import load

GOLDEN = File(__file__).parent.parent / "golden"
WIDTHS = {"column": 252.0, "page": 504.0, "slide": 960.0}
NETWORKS = {
    **{name: load(name) for name in (
        "alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "mobilenet_v1", "mobilenet_v2", "plain34",
        "plain_network", "residual_block", "residual_network", "resnet", "resnext50", "se_resnet50", "vgg16")},
    "resnet34": load("resnet", depth=34),
    "resnet152": load("resnet", depth=152),
}  # fmt: skip


def drawn(*networks: Network, width: float = 960.0, fold: bool | None = None) -> Scene:
    return strip(networks, width=width, theme=LIGHT, fold=fold)


def boxes(scene: Scene) -> dict[str, Rect]:
    return {
        group.id: item
        for group in scene.groups()
        for item in group.items
        if group.role == "layer" and isinstance(item, Rect)
    }


def arcs(scene: Scene) -> list[Group]:
    return [group for group in scene.groups() if group.role == "edge" and group.title]


def dashed(group: Group) -> bool:
    return any(isinstance(item, Path) and bool(item.stroke.dash) for item in group.items)


def span(arc: Group) -> tuple[float, float, float]:
    """Left and right foot, and how high it rises."""
    (path,) = (item for item in arc.items if isinstance(item, Path))
    xs, ys = zip(*(step.to for step in path.steps), strict=True)
    return min(xs), max(xs), min(ys)


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("name", NETWORKS)
def test_nothing_touches_and_everything_is_on_the_page(name: str, width: float) -> None:
    scene = drawn(NETWORKS[name], width=width)
    assert faults(scene) == []
    assert min(item.size for item in scene.primitives() if isinstance(item, Text)) >= 6


@pytest.mark.parametrize("name", ["resnet34", "resnet", "resnet152", "mobilenet_v2", "residual_network"])
def test_every_shortcut_is_an_arc_dotted_if_it_projects(name: str) -> None:
    network = NETWORKS[name]
    found = sorted(dashed(arc) for arc in arcs(drawn(network, fold=False)))
    assert found == sorted(bool(shortcut.through) for shortcut in network.shortcuts)


@pytest.mark.parametrize("name", ["resnet34", "mobilenet_v2", "se_resnet50", "densenet121"])
def test_arcs_nest(name: str) -> None:
    found = [span(arc) for arc in arcs(drawn(NETWORKS[name], width=14_400, fold=False))]
    for number, (left, right, top) in enumerate(found):
        for other_left, other_right, other_top in found[number + 1 :]:
            inside = left <= other_left and other_right <= right
            around = other_left <= left and right <= other_right
            apart = right <= other_left + 1 or other_right <= left + 1
            assert apart or (inside and top < other_top) or (around and other_top < top)


def test_one_box_for_each_weighted_layer_with_the_slides_words() -> None:
    scene = drawn(NETWORKS["resnet34"])
    assert len(boxes(scene)) == 34
    texts = [item.content for item in scene.primitives() if isinstance(item, Text)]
    assert texts.count("3×3 conv, 128, /2") == 1
    assert texts.count("3×3 conv, 512") == 5
    assert {"image", "7×7 conv, 64, /2", "max pool, /2", "avg pool", "fc 1000"} <= set(texts)


def test_layers_of_two_networks_stand_over_each_other() -> None:
    scene = drawn(NETWORKS["plain34"], NETWORKS["resnet34"])
    assert faults(scene) == []
    found = boxes(scene)
    upper = [box.x for id, box in found.items() if id.startswith("1.")]
    lower = [box.x for id, box in found.items() if id.startswith("2.")]
    assert len(upper) == len(lower) == 34
    assert upper == pytest.approx(lower, abs=0.5)


def test_the_colour_changes_with_the_resolution() -> None:
    network = NETWORKS["resnet34"]
    fills: dict[object, set[object]] = {}
    for id, box in boxes(drawn(network)).items():
        if network[id].output.is_map and network[id].inputs[0] != "image":
            block = network[id].block.split(".")[0]
            fills.setdefault(block, set()).add(box.fill)
    assert all(len(colours) == 1 for colours in fills.values())
    assert len({colour for colours in fills.values() for colour in colours}) == 4


@pytest.mark.parametrize(
    "name", ["googlenet", "inception_module", "inception_v3", "unet", "shufflenet_v2", "squeezenet"]
)
def test_networks_that_branch_are_refused(name: str) -> None:
    with pytest.raises(CnngraphError, match="E0606"):
        drawn(load(name))


def test_a_title_is_turned_and_cut_to_its_place() -> None:
    network = parse(
        'net t "A rather long title for so short a network, and then some more of it"\ninput 8x8x3\nconv 4 3x3\n'
    )
    assert faults(drawn(network)) == []


def test_arrows_have_heads() -> None:
    scene = drawn(NETWORKS["residual_block"])
    edges = [group for group in scene.groups() if group.role == "edge"]
    assert all(any(isinstance(item, Polygon) for item in edge.items) for edge in edges)


@pytest.mark.parametrize("names", [("plain34", "resnet34"), ("resnet",)], ids="-".join)
def test_golden(names: tuple[str, ...], golden: Callable[[File, bytes], None]) -> None:
    scene = drawn(*(NETWORKS[name] for name in names))
    golden(GOLDEN / f"strip-{'-'.join(names)}.svg", write_svg(scene, "embedded"))
