"""The text style: the VGG-16 slide, and every other chain."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path as File

import pytest

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.page import height
from cnngraph.figure.scene import Group, Scene, Text
from cnngraph.figure.styles.textflow import text_flow
from cnngraph.figure.theme import LIGHT
from cnngraph.figure.writers.svg import write_svg
from tests.figure.geometry import arrow_lengths, faults, loose_tips
from tests.networks import load

GOLDEN = File(__file__).parent.parent / "golden"
CHAINS = ["lenet5", "alexnet", "vgg16", "lecture_cnn", "nin", "mobilenet_v1", "plain34", "plain_network", "conv1x1"]

LONG = ("nin", "mobilenet_v1")
"""What is higher than a slide unless its text is smaller than elsewhere."""


def drawn(name: str, width: float = 960.0, fold: bool | None = None, **params: int) -> Scene:
    network = load(name, **params)
    return text_flow(network, width=width, theme=LIGHT, title=network.title or None, picture=None, fold=fold)


def texts(scene: Scene) -> list[str]:
    return [item.content for item in scene.primitives() if isinstance(item, Text)]


@pytest.mark.parametrize("width", [252.0, 504.0, 960.0])
@pytest.mark.parametrize("name", CHAINS)
def test_every_chain_fits_every_page_and_can_be_read(name: str, width: float) -> None:
    scene = drawn(name, width)
    assert faults(scene) == []
    assert loose_tips(scene, 0.9 * 15) == []
    assert scene.width <= width + 0.01
    least = 6 if width < 960 else 10 if name in LONG else 14
    assert min(item.size for item in scene.primitives() if isinstance(item, Text)) >= least
    assert scene.height <= height(width)
    assert len({round(length, 6) for length in arrow_lengths(scene)}) == 1


def test_vgg_says_what_the_slide_says() -> None:
    found = texts(drawn("vgg16"))
    assert "CONV = 3×3 filter, s = 1, same        MAX-POOL = 2×2, s = 2" in found
    assert found.count("POOL") == 5
    assert [found.count(f"[CONV {size}]") for size in (64, 128, 256, 512)] == [1, 1, 1, 2]
    assert [found.count(f"×{times}") for times in (2, 3)] == [2, 3]
    assert [found.count(words) for words in ("FC", "4096", "Softmax", "1000", "7×7×512")] == [2, 2, 1, 1, 1]


def test_vgg_has_three_rows_as_on_the_slide() -> None:
    scene = drawn("vgg16")
    dims = [
        item for item in scene.primitives() if isinstance(item, Text) and re.fullmatch(r"\d+×\d+×\d+", item.content)
    ]
    assert len({round(item.y) for item in dims if item.content != "224×224×3"}) == 3


def test_vgg_19_has_its_own_repeats() -> None:
    found = texts(drawn("vgg16", depth=19))
    assert [found.count(f"×{times}") for times in (2, 4)] == [2, 3]


def test_unfolded_every_layer_has_its_arrow() -> None:
    scene = drawn("vgg16", fold=False)
    assert sum(isinstance(group, Group) and group.role == "edge" for group in scene.groups()) == 21
    assert not any("[" in text for text in texts(scene))


def test_what_a_kind_does_not_share_stands_on_its_arrows() -> None:
    found = texts(drawn("alexnet"))
    assert {"CONV 96", "11×11", "s = 4", "CONV 256", "5×5"} <= set(found)
    assert "CONV = 3×3 filter, s = 1, same        MAX-POOL = 3×3, s = 2" in found


def test_branches_are_refused() -> None:
    with pytest.raises(CnngraphError, match="E0603"):
        drawn("resnet")


def test_golden(golden: Callable[[File, bytes], None]) -> None:
    golden(GOLDEN / "text-vgg16.svg", write_svg(drawn("vgg16"), "embedded"))
