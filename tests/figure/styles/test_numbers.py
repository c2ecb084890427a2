"""The numbers of a small convolution, against onnxruntime; and where they stand."""

from __future__ import annotations

import random

import numpy as np
import pytest

from cnngraph import parse
from cnngraph.figure.page import height
from cnngraph.figure.scene import Group, Scene, Text
from cnngraph.figure.styles.example import example
from cnngraph.figure.styles.numbers import MOST, applies, filter_of, made_of, source_of
from cnngraph.figure.styles.operation import operation
from cnngraph.figure.theme import LIGHT, THEMES, Theme
from cnngraph.network import Network
from tests.figure.geometry import faults
from tests.networks import load


def network(seed: int) -> Network:
    """One filter without a bias, on one channel."""
    draw = random.Random(seed)
    down, across = draw.randint(1, 4), draw.randint(1, 4)
    dilation, padding = draw.randint(1, 2), draw.choice(["valid", "p=1", "p=2", "same_upper", "same_lower"])
    sizes = [max((side - 1) * dilation + 1, draw.randint(3, MOST)) for side in (down, across)]
    words = f"conv 1 {down}x{across} s={draw.randint(1, 3)} {padding} d={dilation} bias=off"
    return parse(f"net a\ninput {sizes[0]}x{sizes[1]}x1\n{words}\n")


@pytest.mark.parametrize("seed", range(40))
def test_they_are_what_the_layer_makes(seed: int) -> None:
    net = network(seed)
    layer = net["conv1"]
    shown = example(layer, layer.input_volumes[0])
    given = np.array(source_of(*shown.source[:2]), np.float32)[None, None]
    weight = np.array(filter_of(*shown.window), np.float32)[None, None]
    (answer,) = net.run(given, {"conv1.weight": weight})
    assert np.array_equal(answer.outputs["conv1"][0], made_of(layer, shown))
    assert given.min() >= 1
    assert given.max() <= 9


def numbers(scene: Scene) -> dict[str, list[str]]:
    groups = [group for group in scene.groups() if ".numbers." in group.id]
    return {
        group.id.rpartition(".")[2]: [item.content for item in group.items if isinstance(item, Text)]
        for group in groups
    }


def test_the_slide_has_them_above_the_volumes() -> None:
    scene = operation(load("conv1x1"), None, width=960, theme=LIGHT)
    found = numbers(scene)
    assert found["1"][36:] == ["6×6", "1 of 32 channels"]
    assert found["2"] == ["2", "1×1", "1 of 32 channels"]
    assert found["3"][36:] == ["6×6", "its part of the sum"]
    assert [2 * int(number) for number in found["1"][:36]] == [int(number) for number in found["3"][:36]]
    first = next(n for n, item in enumerate(scene.items) if isinstance(item, Group) and item.id == "conv1.numbers.1")
    assert first < next(n for n, item in enumerate(scene.items) if isinstance(item, Group) and item.id == "conv1")


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
@pytest.mark.parametrize("width", [252, 504, 960])
def test_they_have_room_and_fit_the_page(width: float, theme: Theme) -> None:
    for lines in ("conv 16 1x1", "conv 3 3x3 same", "conv 4 5x5 s=2 p=2", "dwconv 3x3"):
        for size in (3, 5, 6, 7):
            net = parse(f"net a\ninput {size}x6x4\n{lines}\n")
            scene = operation(net, None, width=width, theme=theme)
            assert faults(scene) == []
            assert not numbers(scene) or scene.height <= height(width)
            if size > MOST or width == 960:
                assert bool(numbers(scene)) is (size <= MOST)


@pytest.mark.parametrize("lines", ["conv 4 3x3", "maxpool 2x2", "upconv 4 2x2 s=2", "avgpool global"])
def test_only_small_convolutions_have_them(lines: str) -> None:
    side = 12 if lines.startswith("conv") else 6
    net = parse(f"net a\ninput {side}x{side}x4\n{lines}\n")
    layer = net.layers[1]
    assert numbers(operation(net, None, width=960, theme=LIGHT)) == {}
    assert not applies(layer, example(layer, layer.input_volumes[0]))
