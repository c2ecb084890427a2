"""The style `auto`: the lecture's figure, and where it has no place for what is asked for the next that has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cnngraph import parse
from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.choice import AUTO, choose
from cnngraph.figure.page import height
from cnngraph.figure.scene import Scene, Text
from cnngraph.figure.styles import STYLES, Order, draw
from cnngraph.figure.theme import LIGHT
from cnngraph.network import Network
from cnngraph.shipped import shipped
from tests.figure.test_options import ASKED, wished
from tests.networks import load

LECTURE = {
    "lenet5": "volumes",
    "alexnet": "volumes",
    "nin": "volumes",
    "vgg16": "text",
    "vgg19": "text",
    "conv1x1": "operation",
    "residual_block": "units",
    "residual_network": "units",
    "plain_network": "units",
    "resnet34": "strip",
    "plain34": "strip",
    "inception_module": "blocks",
    "googlenet": "overview",
}
SAMPLE = ("lenet5", "vgg16", "residual_block", "resnet", "inception_module", "googlenet", "siamese", "conv1x1",
          "fpn")  # fmt: skip
"""Of every shape."""
OTHERS = {
    "unet": "slabs",
    "siamese": "slabs",
    "densenet121": "slabs",
    "mobilenet_v2": "slabs",
    "se_resnet50": "slabs",
    "resnext50": "strip",
    "yolov2": "blocks",
}
"""Where papers draw volumes: what comes up again, has several ways in, or is made of modules."""


def order(*networks: Network, **asked: Any) -> Order:
    return replace(Order(networks, AUTO, 960.0, LIGHT), **asked)


@pytest.mark.parametrize("name", LECTURE)
def test_a_network_of_the_lecture_is_drawn_as_there(name: str) -> None:
    chosen = choose(order(load(name)))
    assert chosen.style == LECTURE[name]
    assert chosen.why
    assert chosen.scene == draw(order(load(name), style=chosen.style))


@pytest.mark.parametrize("name", OTHERS)
def test_a_network_of_papers_is_drawn_as_suits_it(name: str) -> None:
    assert choose(order(load(name))).style == OTHERS[name]


@pytest.mark.parametrize(
    ("pair", "style"),
    [
        (("plain_network", "residual_network"), "units"),
        (("plain34", "resnet34"), "strip"),
        (("vgg16", "vgg19"), "strip"),
    ],
)
def test_pairs(pair: tuple[str, str], style: str) -> None:
    assert choose(order(*map(load, pair))).style == style


def drawable(asked: Order) -> dict[str, float]:
    """By the styles that draw it, how high the figure is."""
    found = {}
    for style in STYLES:
        try:
            found[style] = draw(replace(asked, style=style)).height
        except CnngraphError:
            continue
    return found


@pytest.mark.parametrize("option", [option for option in ASKED if option != "by_dot"])
@pytest.mark.parametrize("name", SAMPLE)
def test_nothing_is_refused_that_any_style_could(name: str, option: str) -> None:
    network = load(name)
    for value in ASKED[option]:
        asked = wished(order(network), option, value)
        could = drawable(asked)
        if not could:
            with pytest.raises(CnngraphError, match=r"E0608|E0611|E0613|E0618|E0814"):
                choose(asked)
            continue
        chosen = choose(asked)
        assert chosen.style in could
        fitting = [style for style, high in could.items() if high <= height(960)]
        assert chosen.style in (fitting or could) or value is False
        assert (
            any(chosen.why.startswith(word) for word in ("a chain", "one path", "all its", "it "))
            or network[chosen.why.split()[0]]
        )


def test_what_stands_in_the_way_is_said() -> None:
    assert choose(order(load("lenet5"), names=True)).why == (
        "a chain of 5 weighted layers, and `volumes` has no place for layers' names"
    )
    assert choose(order(load("resnet152"))).why == "one path with 50 shortcuts"
    pair = load("resnet"), load("se_resnet50")
    assert choose(order(*pair)).why.startswith("it compares networks layer by layer, and `strip` would be 82")
    with pytest.raises(CnngraphError) as refused:
        choose(wished(order(load("resnet")), "live", "blank"))
    assert refused.value.diagnostics[0].message == (
        "no style that draws resnet has a place for a network's numbers (--live)"
    )
    assert refused.value.diagnostics[0].reason == (
        "`volumes` and `operation` have: the style `volumes` draws chains, and resnet branches"
    )
    with pytest.raises(CnngraphError, match="no style that draws lenet5 and vgg16 has a place for a picture"):
        choose(order(load("lenet5"), load("vgg16"), picture=ASKED["picture"][0]))


def test_a_figure_that_is_higher_than_the_slide_says_so() -> None:
    pair = order(load("resnet"), load("se_resnet50"))
    tall = draw(replace(pair, style="strip"))
    assert tall.height > 540
    assert f"the figure is {tall.height:.0f} pt high, and a slide 540" in tall.remarks
    assert not any("pt high" in each for each in choose(pair).scene.remarks)


PAIRS = ("plain34 resnet", "resnet se_resnet50", "googlenet inception_v3", "squeezenet squeezenet1_1", "vgg16 vgg19")


WIDE = {"hrnet": 7, "hourglass": 7}
"""Points of the text of those that a slide is too narrow for with more."""


@pytest.mark.parametrize("names", [*shipped(), *PAIRS])
def test_what_is_drawn_unless_asked_otherwise_fits_on_a_slide(names: str) -> None:
    scene = choose(order(*map(load, names.split()))).scene
    assert scene.height <= 540
    assert scene.width <= 960.01
    assert smallest(scene) >= WIDE.get(names, 10)
    assert any("little for a slide" in remark for remark in scene.remarks) == (names in WIDE)


def test_text_is_smaller_only_where_the_figure_would_be_too_high() -> None:
    sizes = {name: smallest(draw(order(load(name), style="blocks"))) for name in ("googlenet", "yolov2", "unet")}
    assert sizes == {"googlenet": 14, "yolov2": 13, "unet": 14}


def smallest(scene: Scene) -> float:
    """The size of the smallest text."""
    return min(item.size for item in scene.primitives() if isinstance(item, Text))


def test_runs_make_a_text_of_a_chain_whose_convolutions_are_alike() -> None:
    same = "conv 8 3x3 same relu -> conv 8 3x3 same relu -> maxpool 2x2"
    for lines, style in (
        (same, "text"),
        (f"conv 8 5x5 relu -> {same}", "volumes"),
        ("conv 4 3x3 -> tanh", "operation"),
    ):
        assert choose(order(parse(f"net a\ninput 32x32x3\n{lines}\n"))).style == style
