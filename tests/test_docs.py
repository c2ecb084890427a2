"""The docs are true: specs in them are read, links in them lead somewhere."""

from __future__ import annotations

import io
import re
import runpy
import shlex
import subprocess
from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnngraph.fronts import parse
from cnngraph.onnx.passes import PASSES
from cnngraph.spec.lexer import RESERVED
from tests.conftest import Run

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
SPECS = [
    (page.name, spec) for page in PAGES for spec in re.findall(r"```spec\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
]
WRONG_ON_PURPOSE = "net toy"
"""The README's example of a mistake."""


@pytest.mark.parametrize(("page", "spec"), SPECS, ids=[f"{page}-{n}" for n, (page, _) in enumerate(SPECS)])
def test_every_spec_is_fine(page: str, spec: str) -> None:
    if not spec.startswith(WRONG_ON_PURPOSE):
        assert parse(spec).layers


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_reserved_words_are_listed() -> None:
    page = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    told = " ".join(re.findall(r"`([^`]+)`", page.partition("The words of the language cannot be names")[2]))
    assert set(told.split()) - {"x"} - {"]"} == set(RESERVED)


BUILT = runpy.run_path(str(ROOT / "tools" / "build_figures.py"))
FIGURES, LIVE = BUILT["FIGURES"], BUILT["LIVE"]


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_up_to_date(name: str, run: Run, tmp_path: Path) -> None:
    assert run("render", *FIGURES[name], "-o", "now.svg").status == 0
    shown = ROOT / "docs" / "figures" / f"{name}.svg"
    assert (tmp_path / "now.svg").read_bytes() == shown.read_bytes(), "run  make figures"


@pytest.mark.parametrize("name", LIVE)
def test_live_figures_are_up_to_date(name: str, run: Run, tmp_path: Path) -> None:
    """But for one step of a colour or of a last digit: those of onnxruntime are not the same on every machine."""
    assert run("render", *LIVE[name], "-o", "now.svg").status == 0
    picture = r'(?<=base64,)(iVBOR[^"]*)'
    files = (tmp_path / "now.svg", ROOT / "docs" / "figures" / f"{name}.svg")
    now, shown = (file.read_text("utf-8") for file in files)
    marks, colors, numbers = r"cnn[0-9a-f]{8}", r"#([0-9a-f]{6})", r"\d+\.\d+"
    plain = [re.sub(marks, "", re.sub(r"base64,[^\"]*", "", text)) for text in (now, shown)]
    words = [re.sub(numbers, "", re.sub(colors, "", text)) for text in plain]
    assert words[0] == words[1], "run  make figures"
    said = [np.array(re.findall(numbers, text), float) for text in plain]
    assert np.abs(said[0] - said[1]).max() < 0.02
    shades = [np.array([[*bytes.fromhex(color)] for color in re.findall(colors, text)], int) for text in plain]
    assert np.abs(shades[0] - shades[1]).max() <= 4
    for one, other in zip(re.findall(picture, now), re.findall(picture, shown), strict=True):
        cells = [np.asarray(Image.open(io.BytesIO(b64decode(each))), int) for each in (one, other)]
        assert np.abs(cells[0] - cells[1]).max() <= 1


def test_gallery_is_up_to_date() -> None:
    gallery = runpy.run_path(str(ROOT / "tools" / "build_gallery.py"))
    drawn, others = list(gallery["figures"]()), list(gallery["papers"]())
    for command, style, _, data in drawn:
        shown = ROOT / "docs" / "gallery" / gallery["file_name"](command, style)
        assert shown.read_bytes() == data, f"{shown.name}: run  make gallery"
    for name, _, data in others:
        assert (ROOT / "docs" / "gallery" / f"{name}.svg").read_bytes() == data, f"{name}.svg: run  make gallery"
    assert (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8") == gallery["page"](drawn, others)


@pytest.mark.parametrize("name", ["models.md", "folders.md", "view.md"])
def test_a_page_with_commands_is_true(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Its Python is executed and its commands print what they say, one after the other in one folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digits").symlink_to(ROOT / "examples" / "digits")
    page = (ROOT / "docs" / name).read_text(encoding="utf-8")
    names: dict[str, object] = {}
    for language, text in re.findall(r"```(python|console)\n(.*?)```", page, re.DOTALL):
        if language == "python":
            exec(text, names)
            continue
        command, *printed = text.splitlines()
        ran = run(*shlex.split(command.removeprefix("$ cnngraph ")))
        assert ran.status == 0
        if printed:
            assert sorted((ran.out + ran.err).splitlines()) == sorted(printed)


def test_the_page_on_networks_from_elsewhere_is_true(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its commands print what stands below them."""
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```console\n(.*?)```", page, re.DOTALL)
    for command, printed in re.findall(r"^\$ (.*)\n((?:(?!\$).*\n)*)", "".join(blocks), re.MULTILINE):
        if not command.startswith("cnngraph"):
            subprocess.run(command, shell=True, check=True)
            continue
        ran = run(*shlex.split(command)[1:])
        assert ran.status == 0
        if printed:
            said, expected = (_but_for_rounding(text) for text in (ran.err + ran.out, printed))
            assert sorted(filter(None, said.splitlines())) == sorted(filter(None, expected.splitlines()))


def _but_for_rounding(text: str) -> str:
    """*text* without how large a difference of answers is where it is one of rounding, which hangs on the processor."""
    return re.sub(
        r"(?<=same answers: )\S+", lambda found: "rounding" if float(found[0]) < 1e-6 else found[0], text
    )  # fmt: skip


def test_the_page_on_python_is_true(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its examples run, one after the other in one folder, and print what stands below them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    names: dict[str, object] = {}
    for text, printed in re.findall(r"```python\n(.*?)```\n(?:\n```text\n(?!%%)(.*?)```)?", page, re.DOTALL):
        exec(text, names)
        out = capsys.readouterr().out
        assert not printed or out.rstrip("\n") == printed.rstrip("\n")


def test_every_pass_has_its_line() -> None:
    page = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)[: len(PASSES)] == list(PASSES)
