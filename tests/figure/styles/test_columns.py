"""The units style: the residual slides, and every other path with shortcuts over it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path as File

import pytest

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.scene import Circle, Group, Path, Scene, Text
from cnngraph.figure.styles.columns import columns
from cnngraph.figure.styles.written import written
from cnngraph.figure.theme import LIGHT
from cnngraph.figure.writers.svg import write_svg
from cnngraph.fronts import parse
from cnngraph.network import Network
from tests.figure.geometry import faults
from tests.networks import load

GOLDEN = File(__file__).parent.parent / "golden"
WIDTHS = {"column": 252.0, "page": 504.0, "slide": 960.0}
NAMES = (
    "alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "lenet5", "mobilenet_v1", "mobilenet_v2", "plain34",
    "plain_network", "residual_block", "residual_network", "resnet", "resnext50", "se_resnet50", "vgg16",
)  # fmt: skip
NETWORKS = {name: load(name) for name in NAMES}


def drawn(*networks: Network, width: float = 960.0, fold: bool | None = None) -> Scene:
    return columns(networks, width=width, theme=LIGHT, fold=fold)


def texts(scene: Scene) -> list[str]:
    return [item.content for item in scene.primitives() if isinstance(item, Text)]


def arcs(scene: Scene) -> list[Group]:
    return [group for group in scene.groups() if group.role == "edge" and group.title]


def boxed(scene: Scene) -> dict[str, Group]:
    return {
        group.id: group
        for group in scene.groups()
        if group.role == "layer" and any(isinstance(i, Circle) for i in group.items)
    }


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("name", NAMES)
def test_nothing_touches_and_everything_is_on_the_page(name: str, width: float) -> None:
    scene = drawn(NETWORKS[name], width=width)
    assert faults(scene) == []
    assert min(item.size for item in scene.primitives() if isinstance(item, Text)) >= 6


@pytest.mark.parametrize("name", ["residual_block", "residual_network", "resnet", "mobilenet_v2"])
def test_every_shortcut_comes_down_dashed_if_it_projects(name: str) -> None:
    network = NETWORKS[name]
    dashes = [
        any(isinstance(i, Path) and bool(i.stroke.dash) for i in arc.items) for arc in arcs(drawn(network, fold=False))
    ]
    assert sorted(dashes) == sorted(bool(shortcut.through) for shortcut in network.shortcuts)


def test_a_block_names_its_activations() -> None:
    found = texts(drawn(NETWORKS["residual_block"]))
    assert [found.count(words) for words in ("a", "[l]", "[l+1]", "[l+2]")] == [3, 1, 1, 1]


def test_the_residual_network_has_ten_columns_and_five_shortcuts() -> None:
    scene = drawn(NETWORKS["residual_network"])
    assert len(boxed(scene)) == 10
    assert len(arcs(scene)) == 5
    assert texts(scene)[-2:] == ["a", "[l]"] or {"x", "a", "[l]"} <= set(texts(scene))


def test_the_plain_twin_is_the_same_without_arcs_and_stands_over_it() -> None:
    scene = drawn(NETWORKS["plain_network"], NETWORKS["residual_network"])
    assert faults(scene) == []
    places = {id: next(i.x for i in group.items if isinstance(i, Circle)) for id, group in boxed(scene).items()}
    upper = [x for id, x in places.items() if id.startswith("1.")]
    lower = [x for id, x in places.items() if id.startswith("2.")]
    assert upper == pytest.approx(lower, abs=0.5)
    assert len(arcs(scene)) == 5


def test_branches_are_refused() -> None:
    with pytest.raises(CnngraphError, match="E0606"):
        drawn(load("googlenet"))


# Written out ---------------------------------------------------------------------------------


def out(network: Network, width: float = 960.0) -> Scene:
    return written(network, width=width, theme=LIGHT, title=network.title or network.name)


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_the_block_written_out_says_what_the_slide_says(width: float) -> None:
    scene = out(NETWORKS["residual_block"], width)
    assert faults(scene) == []
    found = texts(scene)
    assert [found.count(words) for words in ("Linear", "ReLU", "“main path”")] == [2, 2, 1]
    assert len(arcs(scene)) == 1
    assert "“short cut” / skip connection" in found or width == 252


def formulas(scene: Scene) -> list[str]:
    return ["".join(i.content for i in g.items if isinstance(i, Text)) for g in scene.groups() if g.id == "formula"]


def test_formulas_are_the_networks_own() -> None:
    assert formulas(out(NETWORKS["residual_block"])) == [
        "z[l+1] = W[l+1]a[l] + b[l+1]",
        "a[l+1] = g(z[l+1])",
        "z[l+2] = W[l+2]a[l+1] + b[l+2]",
        "a[l+2] = g(z[l+2] + a[l])",
    ]
    projected = parse("net t\ninput a 8\nadd {\n| fc 4 relu -> fc 4 bias=off\n| skip -> fc 4\n}\nrelu\n")
    assert formulas(out(projected))[-2:] == ["z[l+2] = W[l+2]a[l+1]", "a[l+2] = g(z[l+2] + Wsa[l] + bs)"]


def test_what_is_too_long_for_a_line_is_refused() -> None:
    with pytest.raises(CnngraphError, match="E0604"):
        out(NETWORKS["resnet"])


@pytest.mark.parametrize(
    ("file", "make"),
    [
        ("units-residual-block", lambda: drawn(NETWORKS["residual_block"])),
        ("units-residual-block-written", lambda: out(NETWORKS["residual_block"])),
        ("units-plain-residual", lambda: drawn(NETWORKS["plain_network"], NETWORKS["residual_network"])),
    ],
)
def test_golden(file: str, make: Callable[[], Scene], golden: Callable[[File, bytes], None]) -> None:
    golden(GOLDEN / f"{file}.svg", write_svg(make(), "embedded"))


def test_a_network_without_weighted_layers_has_no_columns_and_is_drawn() -> None:
    scene = columns([parse("net t\ninput 8x8x4\nrelu -> maxpool 2\n")], width=960.0, theme=LIGHT)
    assert faults(scene) == []
