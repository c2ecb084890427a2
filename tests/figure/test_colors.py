"""Colours that are chosen are told apart, by the formulas of `test_theme`, which are written again there."""

from __future__ import annotations

import random

import pytest

from cnngraph.figure.colors import another, apart
from cnngraph.figure.scene import Rect, Scene
from cnngraph.figure.styles import Order, draw
from cnngraph.figure.theme import PRINT, THEMES, Theme
from tests.figure.test_theme import VISION, difference
from tests.networks import load

LEAST = 12.0
"""ΔE at which two areas that touch are told apart at a glance."""


def least(one: str, other: str) -> float:
    return min(difference(one, other, vision) for vision in VISION)


def any_color(rng: random.Random) -> str:
    return f"#{rng.randrange(0x1000000):06x}"


def test_how_far_apart_colours_are_is_the_least_that_anyone_sees() -> None:
    rng = random.Random(3)
    for _ in range(300):
        one, other = any_color(rng), any_color(rng)
        assert apart(one, other) == pytest.approx(least(one, other), abs=0.2)


def test_another_colour_is_the_first_that_is_far_from_all_or_the_farthest() -> None:
    assert another(["#ff0000"], ["#fe0100", "#0000ff", "#00ff00"]) == "#0000ff"
    assert another([], ["#123456"]) == "#123456"
    rng = random.Random(4)
    for _ in range(30):
        taken, wished = [any_color(rng) for _ in range(4)], [any_color(rng) for _ in range(3)]
        found = another(taken, wished)
        best = max(min(least(color, other) for other in taken) for color in wished)
        assert min(least(found, other) for other in taken) >= min(best, 20.0) - 0.2


@pytest.mark.parametrize("theme", [each for each in THEMES.values() if each is not PRINT], ids=lambda theme: theme.name)
@pytest.mark.parametrize("name", ["inception_v3", "inception_v4", "deeplabv3_plus", "yolov3", "xception"])
def test_blocks_of_other_names_have_other_colours(name: str, theme: Theme) -> None:
    network = load(name)
    scene = draw(Order([network], "slabs", 960.0, theme))
    blocks = {block.name.replace("_", " ") for block in network.blocks.values()}
    samples = key(scene)
    assert not any(", " in words and set(words.split(", ")) & blocks for words in samples)
    for words, color in samples.items():
        if words in blocks:
            others = (other for said, other in samples.items() if said != words)
            assert min(least(color, other) for other in others) >= LEAST


def key(scene: Scene) -> dict[str, str]:
    """The colours of the samples, by their words."""
    return {
        group.id.removeprefix("key-"): item.fill
        for group in scene.groups() if group.role == "key" for item in group.items
        if isinstance(item, Rect) and item.fill is not None
    }  # fmt: skip
