"""Heat: every layer's number is in the figure once, in every style, and the key says what colours mean."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from cnngraph import parse, render
from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.heat import Measured, Ramp, heated, measured, shares
from cnngraph.figure.scene import Path as Path_
from cnngraph.figure.scene import Polygon, Rect, Scene, Text
from cnngraph.figure.styles import STYLES, Order, draw
from cnngraph.figure.theme import LIGHT
from cnngraph.network import Network
from tests.conftest import Run
from tests.figure.geometry import faults
from tests.figure.graphs import random_levels, random_path, random_spec
from tests.networks import load

NAMES = ("lenet5", "vgg16", "resnet50", "googlenet", "unet", "siamese", "densenet121", "mobilenet_v2", "srgan")
WHOLE = [name for name, style in STYLES.items() if style.whole]
ASKED = ("params", "macs", "memory")


def figure(network: Network, style: str, width: float = 960.0) -> Scene | None:
    try:
        return draw(Order([network], style, width, LIGHT))
    except CnngraphError:
        return None


def check(network: Network, scene: Scene) -> None:
    ids = {group.id for group in scene.groups() if group.role in ("layer", "edge")}
    for asked in ASKED:
        found = measured(network, asked)
        sums = shares(scene, found.values)
        assert set(sums) <= ids
        assert sum(sums.values()) == found.total


@pytest.mark.parametrize("style", WHOLE)
@pytest.mark.parametrize("name", NAMES)
def test_all_of_it_is_somewhere_in_the_figure(name: str, style: str) -> None:
    network = load(name)
    assert measured(network, "params").total == network.params
    assert measured(network, "macs").total == network.macs
    if (scene := figure(network, style)) is not None:
        check(network, scene)
        found = measured(network, "macs")
        assert faults(heated(scene, found, LIGHT)) == []


@pytest.mark.parametrize("style", WHOLE)
@pytest.mark.parametrize("seed", range(6))
def test_of_networks_of_any_shape(seed: int, style: str) -> None:
    for text in (random_levels(seed), random_spec(seed), random_path(seed)):
        network = parse(text)
        if (scene := figure(network, style, 1600.0)) is not None:
            check(network, scene)


def test_memory_is_that_of_the_volumes_that_are_made() -> None:
    found = measured(parse("net a\ninput 8x8x3\nconv 4 3x3 same relu\nmaxpool f=2 s=2\nflatten\nfc 5"), "memory")
    assert found.values == {"image": 768, "conv1": 1024, "conv1.relu": 1024, "maxpool1": 256, "fc1": 20}


@pytest.mark.parametrize("style", ["blocks", "slabs", "strip"])
def test_the_hottest_is_the_one_with_most_and_nothing_is_paper(style: str) -> None:
    network = load("resnet18")
    found = measured(network, "params")
    plain = draw(Order([network], style, 1600.0, LIGHT, fold=False))
    scene, sums = heated(plain, found, LIGHT), shares(plain, found.values)
    fills = {}
    for group in scene.groups():
        shapes = [item.fill for item in group.items if isinstance(item, Rect | Polygon) and item.fill]
        if group.role == "layer" and shapes and dict(group.data).get("kind") != "input":
            fills[group.id] = shapes[-1]
    hottest = max(fills, key=lambda id: sums.get(id, 0.0))
    assert fills[hottest] == "#c81e1e"
    assert all((fill == LIGHT.paper) == (not sums.get(id)) for id, fill in fills.items())
    order = sorted(fills, key=lambda id: sums.get(id, 0.0))
    greens = [int(fills[id][3:5], 16) for id in order]
    assert greens == sorted(greens, reverse=True)


def test_the_ramp_goes_from_the_paper_to_the_hottest() -> None:
    ramp = Ramp(LIGHT, 100.0)
    assert (ramp.color(0), ramp.color(100)) == (LIGHT.paper, "#c81e1e")
    greens = [int(ramp.color(value)[3:5], 16) for value in range(0, 101, 5)]
    assert greens == sorted(greens, reverse=True)
    assert greens[5] == pytest.approx((greens[0] + greens[-1]) / 2, abs=1)  # by the root
    assert Ramp(LIGHT, 0.0).color(0.0) == LIGHT.paper


def test_the_key_says_the_ends_and_the_total() -> None:
    scene = load("alexnet").render(heat="params").scene
    said = [item.content for item in scene.primitives() if isinstance(item, Text)]
    assert "parameters: 0" in said
    assert "37,752,832, of 62,378,344 in all" in said


def test_two_networks_have_one_scale() -> None:
    drawn = render([load("plain34"), load("resnet34")], heat="macs").scene
    said = [item.content for item in drawn.primitives() if isinstance(item, Text)]
    total = (load("plain34").macs or 0) + (load("resnet34").macs or 0)
    assert any(text.endswith(f"of {total:,} in all") for text in said)


def test_times_are_those_of_a_file(tmp_path: Path, run: Run) -> None:
    ran = run("bench", "lenet5", "--layers", "--json", "--seconds", "0", "--batch", "1")
    (tmp_path / "t.json").write_text(ran.out, "utf-8")
    times = json.loads(ran.out)
    found = measured(load("lenet5"), f"time={tmp_path / 't.json'}")
    assert math.isclose(found.total, sum(seconds for name, seconds in times.items() if name))
    assert run("render", "lenet5", "--heat", f"time={tmp_path / 't.json'}").status == 0


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"{", "does not say how long"),
        (b"[1]", "does not say how long"),
        (b'{"conv1": -1}', "does not say how long"),
        (b'{"conv1": "x"}', "does not say how long"),
        (b"[" * 100_000, "does not say how long"),
        (b'{"conv1": Infinity}', "does not say how long"),
        (b'{"conv1": NaN}', "does not say how long"),
        (b'{"conv1": 1e308}', "does not say how long"),
        (b'{"conv1": 1%s}' % (b"0" * 300), "does not say how long"),
        (b'{"other": 1}', "no layer `other`"),
    ],
)
def test_a_file_of_something_else(data: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "t.json").write_bytes(data)
    with pytest.raises(CnngraphError, match=said):
        measured(load("lenet5"), f"time={tmp_path / 't.json'}")


def test_what_cannot_be() -> None:
    with pytest.raises(CnngraphError, match=r"E0619.*no heat"):
        measured(load("lenet5"), "flops")
    free = parse("net a\ninput (?H, ?W, 3)\nconv 4 3x3 same")
    assert measured(free, "params").total == 112
    for asked in ("macs", "memory"):
        with pytest.raises(CnngraphError, match="free sizes"):
            measured(free, asked)
    with pytest.raises(CnngraphError, match="E0110"):
        measured(free, "time=/nonexistent/t.json")
    with pytest.raises(CnngraphError, match="E0608"):
        load("lenet5").render(style="operation", layer="conv1", heat="macs").written("svg")
    with pytest.raises(CnngraphError, match="E0608"):
        load("lenet5").render(heat="macs").written("dot")


def test_a_line_that_costs_nothing_has_the_colour_of_lines() -> None:
    network = parse("net a\ninput 8x8x4\na: conv 4 1x1\nmaxpool f=2 s=2\nconv 4 3x3 same\nupsample 2\nadd a")
    scene = heated(draw(Order([network], "slabs", 960.0, LIGHT)), measured(network, "params"), LIGHT)
    (line,) = (group for group in scene.groups() if group.role == "edge" and group.layers)
    assert {item.stroke.color for item in line.items if isinstance(item, Path_)} == {LIGHT.ink}
    (bare,) = (group for group in draw(Order([network], "slabs", 960.0, LIGHT)).groups() if group.id == line.id)
    assert [item.stroke.width for item in line.items if isinstance(item, Path_)] == [
        item.stroke.width for item in bare.items if isinstance(item, Path_)
    ]


def test_no_numbers_at_all() -> None:
    scene = figure(parse("net a\ninput 4x4x1\nmaxpool f=2 s=2\nrelu"), "blocks")
    assert scene is not None
    assert heated(scene, Measured("parameters", {}, str), LIGHT).height > scene.height
