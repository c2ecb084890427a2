"""Figures of comparisons: without a fault, partner over partner, every change marked and told."""

from __future__ import annotations

import pytest

import cnngraph
from cnngraph.figure.differences import differences
from cnngraph.figure.scene import Circle, Group, Rect, Scene, Text
from cnngraph.figure.styles.strip import strip
from cnngraph.figure.theme import LIGHT, THEMES, Theme
from cnngraph.fronts import parse
from tests.figure.geometry import bounds, faults
from tests.figure.test_everything import bare
from tests.networks import load

PAIRS = [
    ("plain34", "resnet34"), ("resnet50", "resnet101"), ("resnet50", "se_resnet50"), ("alexnet", "alexnet_owt"),
    ("googlenet", "googlenet_bn"), ("squeezenet", "squeezenet1_1"), ("vgg19", "vgg16_bn"), ("unet", "yolov2"),
    ("shufflenet_v2", "mobilenet_v2"), ("lenet5", "lenet5"), ("mobilenet_v1", "mobilenet_v2"),
]  # fmt: skip


def scene_of(a: str, b: str, width: float = 960.0, theme: Theme = LIGHT) -> Scene:
    return differences(cnngraph.compare(load(a), load(b)), width=width, theme=theme)


@pytest.mark.parametrize("width", [252.0, 504.0, 960.0])
@pytest.mark.parametrize("pair", PAIRS, ids=["-".join(pair) for pair in PAIRS])
def test_no_figure_has_a_fault(pair: tuple[str, str], width: float) -> None:
    scene = scene_of(*pair, width)
    assert faults(scene) == []
    assert min(item.size for item in scene.primitives() if isinstance(item, Text)) >= (10 if width == 960 else 6)


def marked(scene: Scene) -> dict[str, str]:
    """The sign at each layer that bears one, by the colour of its outline or its text."""
    signs = {LIGHT.added: "+", LIGHT.removed: "−", LIGHT.changed: "~"}
    found = {}
    for group in scene.groups():
        colors = [item.stroke.color for item in group.items if isinstance(item, Rect | Circle) and item.stroke]
        colors += [item.fill for item in group.items if isinstance(item, Text)]
        if group.role == "layer" and (sign := next((signs[color] for color in colors if color in signs), "")):
            texts = [item.content for item in group.items if isinstance(item, Text)]
            assert any(text.startswith(sign) for text in texts), "a colour alone says nothing in print"
            found[group.id] = sign
    return found


def test_what_was_changed_is_marked_and_nothing_else() -> None:
    a = parse("net a\ninput 8x8x4\nconv 8 3x3 same\nconv 8 3x3 same\nmaxpool 2\nflatten -> fc 10")
    b = parse("net b\ninput 8x8x4\nconv 8 3x3 same\nnew: conv 8 5x5 same\nconv 8 3x3 same\nflatten -> fc 12")
    scene = differences(cnngraph.compare(a, b))
    assert marked(scene) == {"1.maxpool1": "−", "2.new": "+", "1.fc1": "~", "2.fc1": "~"}
    words = [item.content for item in scene.primitives() if isinstance(item, Text)]
    assert any("fc1: units 10 → 12" in word for word in words)


def test_partners_stand_over_each_other() -> None:
    found = cnngraph.compare(load("vgg19"), load("vgg16"))
    scene = differences(found)
    middle = {}
    for group in scene.groups():
        if group.role == "layer":
            boxes = [bounds(item) for item in group.items if isinstance(item, Rect)]
            if boxes:
                middle[group.id] = (boxes[0][0] + boxes[0][2]) / 2
    pairs = [(f"1.{here}", f"2.{there}") for here, there in found.layers.items()]
    together = [(middle[here], middle[there]) for here, there in pairs if here in middle]
    assert len(together) == 16
    assert all(above == pytest.approx(below) for above, below in together)
    alone = {middle[f"1.{row.a[0]}"] for row in found.of("removed")}
    assert len(alone) == 3
    assert not alone & {x for name, x in middle.items() if name.startswith("2.")}


def test_an_arc_that_was_added_is_green() -> None:
    scene = scene_of("plain34", "resnet34")
    arcs = [group for group in scene.groups() if group.role == "edge" and group.title.startswith("shortcut")]
    assert len(arcs) == 16
    assert {item.content[0] for group in arcs for item in group.items if isinstance(item, Text)} == {"+"}


def test_a_closed_block_is_changed_when_not_all_in_it_is_new() -> None:
    found = marked(scene_of("googlenet", "googlenet_bn"))
    assert {sign for name, sign in found.items() if "inception" in name} == {"~"}


def test_networks_that_are_compared_by_stages_stand_as_before() -> None:
    """Marks take room only where there are any."""
    plain = strip([load("plain34"), load("resnet34")], width=960.0, theme=LIGHT)
    assert plain.height < scene_of("plain34", "resnet34").height


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_themes_change_colours_only(theme: Theme) -> None:
    for pair in (("plain34", "resnet34"), ("squeezenet", "squeezenet1_1")):
        here, there = scene_of(*pair), scene_of(*pair, theme=theme)
        assert tuple(map(bare, here.items)) == tuple(map(bare, there.items))


def test_every_group_keeps_its_layers() -> None:
    """Hovering and programs go by them."""
    scene = scene_of("squeezenet", "squeezenet1_1")
    layers = {name for group in scene.groups() if isinstance(group, Group) for name in group.layers}
    assert {f"1.{layer.name}" for layer in load("squeezenet").layers} <= layers
