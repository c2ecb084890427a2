"""Figures as a browser draws them, and that what is wrong is found; `tests.figure.in_browser` looks at all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from cnngraph.figure.scene import Group, Item, Line, Path, Scene, Text
from cnngraph.figure.styles import STYLES, Order, draw
from cnngraph.figure.theme import DARK, LIGHT
from cnngraph.figure.writers import svg
from tests.browser import BROWSER, Page, page
from tests.figure.in_browser import figures, found, some_stages
from tests.networks import load

pytestmark = pytest.mark.skipif(BROWSER is None, reason="needs Chromium")

SAMPLE = {
    "lenet5": ("volumes",),
    "vgg16": ("text",),
    "residual_block": ("units",),
    "resnet": ("strip", "blocks"),
    "googlenet": ("overview",),
    "unet": ("blocks", "slabs"),
    "siamese": ("blocks", "slabs"),
    "densenet121": ("slabs",),
    "conv1x1": ("operation",),
}
PAIRS = (("plain_network", "residual_network"), ("vgg16", "vgg19"), ("squeezenet", "squeezenet1_1"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Page]:
    with page() as shown:
        yield shown


def test_a_sample_is_drawn_without_a_fault(browser: Page) -> None:
    sample = {
        key: scene
        for name, styles in SAMPLE.items()
        for key, scene in figures((name,), {style: STYLES[style] for style in styles})
    }
    for pair in PAIRS:
        sample |= figures(pair, {"units": STYLES["units"], "strip": STYLES["strip"], "blocks": STYLES["blocks"]})
    sample |= figures(("inception_module",), {"blocks": STYLES["blocks"]}, (DARK,))
    whole = draw(Order([load("lenet5")], "volumes", 960.0, LIGHT))
    sample |= {(f"stage {number}", "volumes"): part for number, part in some_stages(whole, [load("lenet5")])}
    assert len(sample) >= 30
    assert found(browser, sample) == {}


def spoiled(change: Callable[[Item], Item]) -> Scene:
    """The Inception module with *change* done to everything in it."""

    def walk(item: Item) -> Item:
        return change(item._replace(items=tuple(map(walk, item.items))) if isinstance(item, Group) else item)

    scene = draw(Order([load("inception_module")], "blocks", 960.0, LIGHT))
    return replace(scene, items=tuple(map(walk, scene.items)))


def moved(content: str, right: float, down: float) -> Callable[[Item], Item]:
    def change(item: Item) -> Item:
        if isinstance(item, Text) and item.content == content:
            return item._replace(x=item.x + right, y=item.y + down)
        return item

    return change


def cut_short(item: Item) -> Item:
    if not (isinstance(item, Group) and item.role == "edge"):
        return item
    return item._replace(
        items=tuple(
            each._replace(steps=(each.steps[0], Line((each.steps[0].to[0] + 12, each.steps[0].to[1] + 9))))
            if isinstance(each, Path)
            else each
            for each in item.items
        )
    )


def test_what_is_wrong_is_found(browser: Page) -> None:
    wrong = {
        "touches": spoiled(moved("28×28×192", 0, -20)),
        "crosses": spoiled(moved("28×28×96", 70, -30)),
        "leaves the page": spoiled(moved("Inception module", -40, 0)),
        "where nothing is": spoiled(cut_short),
        "nothing": spoiled(lambda item: item),
    }
    said = found(browser, {(name, "blocks"): scene for name, scene in wrong.items()})
    assert said.keys() == wrong.keys() - {"nothing"}
    for words, faults in said.items():
        assert any(words in fault for fault in faults), faults


def test_text_in_another_font_than_was_measured_is_found(browser: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(svg, "_family", lambda typeface, font: 'font-family="monospace"')
    said = found(browser, {("typed", "blocks"): spoiled(lambda item: item)})
    assert any("pt wide" in fault for fault in said["typed"])
