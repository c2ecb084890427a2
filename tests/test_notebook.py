"""Notebooks: networks and cells that show themselves, in a real IPython."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest

from cnngraph import load
from cnngraph.network import Network
from cnngraph.notebook import show

CELL = "net small\ninput 16x16x3\nconv 4 3x3 relu\n"


def test_a_network_shows_its_figure() -> None:
    figure = load("lenet5")._repr_svg_()
    ElementTree.fromstring(figure)
    assert "28×28×6" in figure
    page = load("lenet5")._repr_html_()
    assert "<svg" in page
    assert page.endswith("<p>LeNet - 5: 14 layers, 61,706 parameters, 416,520 multiply-accumulates</p>")


def test_figures_on_one_page_share_neither_ids_nor_fonts() -> None:
    """A font comes with the letters of its figure only: under one name, the last would serve for all."""
    first, second = load("lenet5")._repr_svg_(), load("resnet", depth=34)._repr_svg_()
    for pattern in (r'\bid="([^"]+)"', r'font-family(?:="|:")([^"]+)"'):
        found = [set(re.findall(pattern, figure)) for figure in (first, second)]
        assert found[0]
        assert found[1]
        assert not found[0] & found[1]
    for figure in (first, second):
        ids = set(re.findall(r'\bid="([^"]+)"', figure))
        named = {each for names in re.findall(r'aria-labelledby="([^"]+)"', figure) for each in names.split()}
        assert named <= ids


@pytest.fixture
def shell() -> Iterator[Any]:
    from IPython.core.interactiveshell import InteractiveShell

    made = InteractiveShell.instance()
    made.run_line_magic("load_ext", "cnngraph")
    yield made
    InteractiveShell.clear_instance()


def test_a_cell_is_a_spec(shell: Any) -> None:
    figure = shell.run_cell_magic("cnn", "--name net --style text --theme dark", CELL)
    assert "<svg" in figure._repr_html_()
    assert isinstance(shell.user_ns["net"], Network)
    result = shell.run_cell("%%cnn --set n=8\nnet t\nparam n = 4\ninput 8x8x3\nconv n 3x3\n")
    assert result.success
    assert "6×6×8" in result.result._repr_html_()


def test_a_cell_with_a_mistake_says_so_without_a_traceback(shell: Any) -> None:
    result = shell.run_cell("%%cnn --name wrong\n" + CELL.replace("relu", "<relo>"))
    assert result.success
    page = result.result._repr_html_()
    assert "error[E01" in page
    assert "&lt;relo&gt;" in page
    assert "<svg" not in page
    assert "wrong" not in shell.user_ns


@pytest.mark.parametrize("line", [["--style", "nonsense"], ["--nonsense"], ["--set", "n"], ["--width", "x"]])
def test_options_that_are_none(line: list[str]) -> None:
    figure, network, _ = show(CELL, line)
    assert network is None
    assert "usage: %%cnn" in figure.remarks


def test_a_style_that_cannot_show_it_is_told() -> None:
    figure, network, _ = show("net t\ninput 8x8x3\nadd {\n  | relu\n  | skip\n}\n", ["--style", "volumes"])
    assert network is not None
    assert "error[E06" in figure.remarks


def test_warnings_stand_below_the_figure() -> None:
    figure, _, _ = show("net t\ninput 224x224x3\nconv 4 3x3 s=2 relu\n")
    assert figure.figure
    assert "warning[W0101]" in figure.remarks
