"""An option is heeded or refused: no figure is the same with it and without."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.figure import Figure
from cnngraph.figure.live import Live
from cnngraph.figure.scene import Rect, Scene, Text
from cnngraph.figure.styles import STYLES, Order, Style, draw, graphviz
from cnngraph.figure.theme import LIGHT
from cnngraph.figure.writers import FORMATS, write
from cnngraph.volume import as_int
from tests.conftest import Run
from tests.networks import load

SEVEN = Path(__file__).parent.parent.parent / "examples" / "seven.png"
ASKED: dict[str, list[Any]] = {
    "title": ["A title of one's own"],
    "picture": [SEVEN.read_bytes()],
    "live": ["blank"],
    "fold": [True, False],
    "depth": [0, 1],
    "layer": ["conv2"],
    "cell": [(1, 2)],
    "names": [True],
    "with_blocks": [True],
    "show": [("relu",)],
    "down": [True],
    "by_dot": [True],
}
"""For every option what may be asked."""


def wished(order: Order, option: str, value: Any) -> Order:
    """*order* with *value* for *option*; numbers for a live figure are as many as its network makes."""
    if option == "live":
        dims = {layer.name: [*map(as_int, layer.output.dims)] for layer in order.networks[0]}
        made = {name: np.zeros((each[-1], *each[:-1])) for name, each in dims.items()}
        value = partial(Live, np.zeros((3, 8, 8)), made[order.networks[0].inputs[0].name], made, {})
    return replace(order, **{option: value})


@cache
def orders(style: str) -> tuple[tuple[Order, Scene], ...]:
    """What the style can show of some networks, alone and compared."""
    found = []
    alone = [[load(name)] for name in ("lenet5", "vgg16", "residual_block", "googlenet", "resnet")]
    for networks in (*alone, [load("plain34"), load("resnet", depth=34)]):
        order = Order(networks, style, 960.0, LIGHT)
        try:
            found.append((order, draw(order)))
        except CnngraphError:
            continue
    return tuple(found)


def test_every_option_is_tried() -> None:
    assert set(ASKED) == {field.name for field in fields(Order)} - {"networks", "style", "width", "theme", "typeface"}


@pytest.mark.parametrize("option", ASKED)
@pytest.mark.parametrize("style", STYLES)
def test_an_option_changes_the_figure_or_is_refused(style: str, option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphviz, "by_dot", lambda *a, **k: Scene(1, 1, (), "by dot", ""))
    for several in (False, True):
        refused, changed = set(), set()
        for order, plain in orders(style):
            if (len(order.networks) > 1) is several:
                for value in ASKED[option]:
                    try:
                        drawn = draw(wished(order, option, value))
                    except CnngraphError as error:
                        code = error.diagnostics[0].code
                        if code == "E0608":
                            refused.add(value)
                        else:
                            changed.add(value)  # the option leads to what cannot be shown
                    else:
                        if drawn != plain:
                            changed.add(value)
        if orders(style) and any((len(order.networks) > 1) is several for order, _ in orders(style)):
            assert not refused & changed
            assert refused == set(ASKED[option]) or changed


@pytest.mark.parametrize("option", ["fold", "depth", "names", "picture", "layer"])
def test_what_graphviz_places_takes_a_title(option: str) -> None:
    order = replace(Order([load("googlenet")], "blocks", 960.0, LIGHT, by_dot=True), **{option: ASKED[option][0]})
    with pytest.raises(CnngraphError, match=r"E0608.*the layout `dot` has no place for"):
        draw(order)


def all_styles() -> Iterator[Style]:
    for style in STYLES.values():
        yield style
        if style.by_dot:
            yield style.by_dot


def test_styles_declare_options_that_there_are() -> None:
    for style in all_styles():
        assert set(style.takes) <= set(ASKED)
        assert set(style.comparing or ()) <= set(style.takes)


WRITES: dict[str, Any] = {"dpi": 100, "outline": True, "snippet": True}
SCENE = Scene(100, 100, (Rect(10, 10, 50, 50, "#ff0000"),), "", "")


@pytest.mark.parametrize("option", WRITES)
@pytest.mark.parametrize("format", FORMATS)
def test_what_a_format_has_no_place_for(format: str, option: str) -> None:
    asked = {option: WRITES[option]}
    if option in FORMATS[format].takes:
        drawn = Figure(Order([load("lenet5")], "volumes", 252.0, LIGHT)).scene
        assert write(drawn, format, **asked) != write(drawn, format)
        return
    with pytest.raises(CnngraphError, match=rf"E0608.*a \.{format} file has no place for --{option}"):
        write(SCENE, format, **asked)


@pytest.mark.parametrize(
    "options",
    [
        ["--title", "T"],
        ["--fold"],
        ["--names"],
        ["--layer", "conv1"],
        ["--dpi", "72"],
        ["--counts"],
        ["--steps"],
        ["--snippet"],
    ],
)
def test_a_dot_file_has_no_place_for_a_look(run: Run, tmp_path: Path, options: list[str]) -> None:
    ran = run("render", "lenet5", "-o", "a.dot", *options)
    assert ran.status != 0
    assert "DOT file" in ran.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("style", ["strip", "blocks", "text", None])
def test_a_title_with_letters_that_no_font_has_is_drawn_and_says_which_and_what_to_do(
    run: Run, tmp_path: Path, style: str | None
) -> None:
    (tmp_path / "t.spec").write_text('net t "残差网络 t"\ninput 8x8x3\nconv 4 3x3\nconv 4 3x3\n', "utf-8")
    arguments = ["--style", style] if style else []
    ran = run("render", "t.spec", *arguments, "-o", "t.svg")
    assert ran.status == 0
    assert "have no 差 残 络 网: PNG, PDF" in ran.err
    assert "--font FILE" in ran.err
    assert "残差网络" in (tmp_path / "t.svg").read_text("utf-8")
    for title in ("", "ResNet"):
        assert "have no" not in run("render", "t.spec", *arguments, "-o", "t.svg", "--title", title).err


@pytest.mark.parametrize("style", ["strip", "blocks", "units"])
def test_two_networks_of_one_title_are_told_apart(run: Run, tmp_path: Path, style: str) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.spec").write_text('net n "Mine"\ninput 8x8x3\nconv 4 3x3\nconv 4 3x3\n')
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "a.spec").write_text((tmp_path / "a.spec").read_text())
    for files, titles in (
        (("a.spec", "b.spec"), ("Mine (a.spec)", "Mine (b.spec)")),
        (("a.spec", "old/a.spec"), ("Mine (a.spec)", f"Mine ({Path('old/a.spec')})")),
        (("a.spec", "a.spec"), ("Mine (1)", "Mine (2)")),
    ):
        ran = run("render", *files, "--style", style, "-o", "-")
        assert [title in ran.out for title in titles] == [True, True], ran.err


@pytest.mark.parametrize("style", ["strip", "blocks", "units"])
def test_without_a_title_two_networks_keep_their_names(style: str) -> None:
    networks = [load("plain_network"), load("residual_network")]
    scene = draw(Order(networks, style, 960.0, LIGHT, title=""))
    said = " ".join(item.content for item in scene.primitives() if isinstance(item, Text))
    assert [network.title in said for network in networks] == [True, True]


def test_a_title_that_is_cut_is_remarked(run: Run) -> None:
    ran = run("render", "lenet5", "--width", "70mm", "--title", "a very long title " * 5, "-o", "-")
    assert "the title is too long" in ran.err
    assert "too long" not in run("render", "lenet5", "--width", "70mm", "--title", "And so on…", "-o", "-").err


def test_a_block_is_no_layer_and_its_layers_are_named(run: Run) -> None:
    ran = run("render", "resnet", "--layer", "stage2.residual1")
    assert ran.status == 1
    assert "`stage2.residual1` is a block" in ran.err
    assert "--layer stage2.residual1.bottleneck1.conv1" in ran.err
