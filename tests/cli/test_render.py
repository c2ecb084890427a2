"""`cnngraph render`: where the figure goes, what it takes, and what it refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

import cnngraph
from tests.conftest import Run

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


def test_without_o_the_figure_is_named_after_its_spec(run: Run, tmp_path: Path) -> None:
    ran = run("render", "lenet5")
    assert (ran.status, ran.out) == (0, "lenet5.svg\n")
    assert ran.err == "style volumes: a chain of 5 weighted layers\n"
    root = ElementTree.parse(tmp_path / "lenet5.svg").getroot()
    assert root.attrib["role"] == "img"


@pytest.mark.parametrize(("name", "begins"), [("a.svg", b"<svg"), ("a.png", b"\x89PNG")])
def test_the_suffix_is_the_format(run: Run, tmp_path: Path, name: str, begins: bytes) -> None:
    assert run("render", "lenet5", "-o", name).status == 0
    assert (tmp_path / name).read_bytes().startswith(begins)


def test_a_setting_goes_to_whichever_of_two_has_it(run: Run, tmp_path: Path) -> None:
    assert run("render", "plain34", "resnet", "--set", "depth=34").out == "plain34-resnet.svg\n"
    text = (tmp_path / "plain34-resnet.svg").read_text()
    assert "34-layer plain" in text
    assert "34-layer residual" in text
    ran = run("render", "plain34", "resnet", "--set", "deph=34")
    assert ran.status == 1
    assert "none of plain34, resnet has a param `deph`" in ran.err


def test_the_same_bytes_on_every_run(tmp_path: Path) -> None:
    made = []
    for seed in ("0", "1"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-m", "cnngraph", "render", "resnet", "-o", "-"]
        made.append(subprocess.run(command, capture_output=True, check=True, env=environment).stdout)
    assert made[0] == made[1]
    assert made[0].startswith(b"<svg")


@pytest.mark.parametrize("width", ["wide", "5pt", "-3mm", "99999pt", "12"])
def test_widths_that_are_none(run: Run, width: str) -> None:
    ran = run("render", "lenet5", "--width", width)
    assert ran.status == 2
    assert "--width" in ran.err


def test_lengths_are_points_of_the_page(run: Run, tmp_path: Path) -> None:
    assert run("render", "vgg16", "--width", "120mm", "-o", "a.svg").status == 0
    width = ElementTree.parse(tmp_path / "a.svg").getroot().attrib["width"]
    assert float(width.removesuffix("pt")) <= 120 * 72 / 25.4


def test_a_format_that_does_not_exist(run: Run) -> None:
    ran = run("render", "lenet5", "-o", "a.gif")
    assert ran.status == 2
    assert "no format is called .gif; there are svg, png" in ran.err


def test_a_picture_stands_for_the_input(run: Run, tmp_path: Path) -> None:
    assert run("render", "lenet5", "--image", EXAMPLES / "seven.png").status == 0
    assert "data:image/png;base64" in (tmp_path / "lenet5.svg").read_text()


@pytest.mark.parametrize("data", [None, b"no picture", b""])
def test_a_bad_picture_leaves_the_old_figure(run: Run, tmp_path: Path, data: bytes | None) -> None:
    (tmp_path / "lenet5.svg").write_bytes(b"old")
    if data is not None:
        (tmp_path / "bad.png").write_bytes(data)
    ran = run("render", "lenet5", "--image", "bad.png")
    assert ran.status == 1
    assert "error[E0605]" in ran.err
    assert (tmp_path / "lenet5.svg").read_bytes() == b"old"


def test_a_spec_with_mistakes_writes_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.spec").write_text("net t\ninput 8x8x3\nconv 4 9x9\n")
    ran = run("render", "bad.spec")
    assert ran.status == 1
    assert "error[E0406]" in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["bad.spec"]


def test_a_style_that_cannot_show_a_network_refuses(run: Run) -> None:
    ran = run("render", "resnet", "--style", "volumes")
    assert ran.status == 1
    assert "--style strip draws it" in ran.err


def test_a_name_without_a_suffix_says_no_format(run: Run, tmp_path: Path) -> None:
    ran = run("render", "lenet5", "-o", "figure")
    assert ran.status == 2
    assert "figure.svg" in ran.err
    assert list(tmp_path.iterdir()) == []
    assert run("render", "lenet5", "-o", "figure", "--format", "svg").status == 0
    with pytest.raises(ValueError, match=r"figure\.svg"):
        cnngraph.load("lenet5").render("figure")
