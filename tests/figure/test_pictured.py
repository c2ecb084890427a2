"""A picture at the input, in styles that draw inputs as all else."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnngraph import parse
from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.room import Box, box_of
from cnngraph.figure.scene import Picture, Rect, Scene, Text
from cnngraph.figure.styles import STYLES, Order, draw
from cnngraph.figure.theme import LIGHT
from cnngraph.network import Network
from tests.conftest import ROOT, Run
from tests.figure.geometry import faults
from tests.figure.graphs import random_levels, random_path, random_spec
from tests.networks import load

SEVEN = (ROOT / "examples" / "seven.png").read_bytes()
STYLES_BESIDE = [name for name, style in STYLES.items() if "picture" in style.takes and not style.frames]


def figure(network: Network, style: str, width: float, picture: bytes | None) -> Scene | None:
    try:
        return draw(Order([network], style, width, LIGHT, picture=picture))
    except CnngraphError as error:
        if error.diagnostics[0].code in {"E0603", "E0604", "E0606"}:
            return None
        raise


def check(network: Network, style: str, width: float) -> bool:
    plain, scene = figure(network, style, width, None), figure(network, style, width, SEVEN)
    assert (plain is None) == (scene is None)
    if scene is None:
        return False
    assert plain is not None
    ((group, picture),) = [
        (group, item) for group in scene.groups() for item in group.items if isinstance(item, Picture)
    ]
    assert group.role == "layer"
    assert network.inputs[0].name in group.layers
    place = box_of(picture)
    assert Box(0, 0, scene.width, scene.height).holds(place)
    frame = Rect(picture.x, picture.y, picture.width, picture.height)
    for item in scene.primitives():
        if isinstance(item, Text | Rect) and box_of(item) != box_of(frame):
            assert not box_of(item).meets(place), item
    assert faults(scene) == faults(plain) == []
    assert scene.width == plain.width
    return True


@pytest.mark.parametrize("style", STYLES_BESIDE)
def test_it_stands_where_nothing_else_is(style: str) -> None:
    shown = [
        check(load(name), style, width)
        for name in ("lenet5", "resnet34", "googlenet", "unet", "squeezenet", "mobilenet_v2", "inception_module")
        for width in (504.0, 960.0)
    ]
    assert any(shown) or style == "units"


@pytest.mark.parametrize("seed", range(4))
def test_of_networks_of_any_shape(seed: int) -> None:
    for text in (random_levels(seed), random_spec(seed), random_path(seed)):
        network = parse(text)
        if len(network.inputs) == 1 and network.inputs[0].output.is_map:
            assert check(network, "blocks", 960.0)


def test_a_picture_is_cut_as_the_input_is(run: Run, tmp_path: Path) -> None:
    network = parse("net t\ninput 20x60x3\na: conv 4 3x3 same\nconv 4 3x3 same\nadd a\n")
    scene = draw(Order([network], "blocks", 960.0, LIGHT, picture=SEVEN))
    (picture,) = [item for item in scene.primitives() if isinstance(item, Picture)]
    assert picture.width == pytest.approx(3 * picture.height)


def test_what_takes_no_picture_says_so(run: Run) -> None:
    seven = ROOT / "examples" / "seven.png"
    for name in ("residual_network", "two_stream"):
        ran = run("render", name, "--image", seven)
        assert (ran.status, "E0814" in ran.err) == (1, True), ran.err
    assert "E0608" in run("render", "plain34", "resnet34", "--image", seven).err
