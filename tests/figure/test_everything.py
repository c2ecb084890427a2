"""Every network that ships, in every style that can show it, on every width; and every theme at the same places."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.choice import AUTO, choose
from cnngraph.figure.scene import Circle, Group, Item, Path, Polygon, Rect, Scene, Text
from cnngraph.figure.styles import STYLES, Order, draw
from cnngraph.figure.theme import LIGHT, THEMES, Theme
from cnngraph.network import Network
from cnngraph.shipped import shipped
from tests.figure.geometry import faults
from tests.figure.test_groups import WHOLE, each_is_somewhere
from tests.networks import load

WIDTHS = {"column": 252.0, "page": 504.0, "slide": 960.0}
REFUSALS = {"E0603", "E0604", "E0606", "E0612", "E0613"}
"""It is no chain, does not fit, is no one path, has nothing or too much to explain."""


def drawn(network: Network, style: str, width: float) -> Scene | None:
    """Its figure; None where the style refuses it, which it does for reasons of its own only."""
    try:
        return draw(Order([network], style, width, LIGHT))
    except CnngraphError as error:
        if {diagnostic.code for diagnostic in error.diagnostics} <= REFUSALS:
            return None
        raise


SMALLEST = {"segnet": 13, "yolov2": 13, "yolov3": 12, "fcn8": 11, "ssd300": 10}
"""The text in boxes of those that are higher than a slide with larger text, and have nothing to fold."""
DRAWN = [
    pytest.param(name, width, id=f"{name}-{words}")
    for words, width in WIDTHS.items()
    for name in (shipped() if words == "slide" else [*shipped()][::4])
]
"""Every network on a slide, and every fourth on the pages of a paper."""


@pytest.mark.parametrize(("name", "width"), DRAWN)
def test_what_is_drawn_is_drawn_without_a_fault_and_the_rest_refused(name: str, width: float) -> None:
    network = load(name)
    shown = []
    for style in STYLES:
        scene = drawn(network, style, width)
        if scene is None:
            continue
        shown.append(style)
        assert faults(scene) == []
        if style in WHOLE:
            each_is_somewhere(scene, network)
        texts = [item.size for item in scene.primitives() if isinstance(item, Text)]
        little = any("little for a slide" in remark for remark in scene.remarks)
        least = SMALLEST.get(name, 14) if style == "blocks" else 10
        assert min(texts) >= (least if width == 960 and not little else 6)
        assert scene.width <= width + 0.01
        assert scene.height > 0
    assert "blocks" in shown
    assert choose(Order([network], AUTO, width, LIGHT)).style in shown


def bare(item: Item) -> Item:
    """Without its colours."""
    match item:
        case Group():
            return item._replace(items=tuple(map(bare, item.items)))
        case Text():
            return item._replace(fill="")
        case Path():
            return item._replace(stroke=item.stroke._replace(color=""))
        case Rect() | Circle() | Polygon():
            stroke = item.stroke._replace(color="") if item.stroke else None
            return item._replace(fill="" if item.fill else None, stroke=stroke)
    return item


def places(theme: Theme, name: str, style: str) -> tuple[Item, ...]:
    theme = replace(theme, hatched=False)  # lines instead of colours: tests/figure/test_hatching.py
    scene: Scene = draw(Order([load(name)], style, 960.0, theme, layer="conv1" if style == "operation" else None))
    return tuple(map(bare, scene.items))


OTHERS = [theme for theme in THEMES.values() if theme is not LIGHT]
FIGURES = {
    "volumes": "lenet5",
    "text": "vgg16",
    "units": "resnet",
    "strip": "resnet",
    "blocks": "googlenet",
    "overview": "squeezenet",
    "slabs": "unet",
    "operation": "alexnet",
}


@pytest.mark.parametrize("theme", OTHERS, ids=[theme.name for theme in OTHERS])
@pytest.mark.parametrize("style", FIGURES)
def test_a_theme_changes_colours_and_nothing_else(style: str, theme: Theme) -> None:
    assert places(theme, FIGURES[style], style) == places(LIGHT, FIGURES[style], style)
