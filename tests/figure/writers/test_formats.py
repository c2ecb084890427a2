"""PDF, TikZ, HTML and DOT, read back by other programs."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.dot import dot
from cnngraph.figure.pixels import png
from cnngraph.figure.scene import Circle, Curve, Line, Move, Picture, Polygon, Rect, Scene, Stroke, Text
from cnngraph.figure.scene import Path as Drawn
from cnngraph.figure.styles import Order, draw, graphviz
from cnngraph.figure.styles.graphviz import by_dot
from cnngraph.figure.text import width
from cnngraph.figure.theme import LIGHT
from cnngraph.figure.writers import beside, write
from cnngraph.figure.writers.html import write_html
from cnngraph.figure.writers.pdf import write_pdf
from cnngraph.figure.writers.tikz import write_tikz
from cnngraph.fronts import parse
from cnngraph.tex import escaped
from tests.conftest import Run
from tests.figure.geometry import faults
from tests.networks import load

SEVEN = Path(__file__).parent.parent.parent.parent / "examples" / "seven.png"
STROKE = Stroke("#112233", 1.5, (2.0, 1.0))
ALL = Scene(
    200,
    100,
    (
        Rect(1, 2, 30, 40, "#ff0000", STROKE),
        Circle(60, 20, 10, None, STROKE),
        Polygon(((80, 10), (100, 10), (90, 30)), "#00ff00"),
        Drawn((Move((10, 60)), Line((50, 60)), Curve((60, 60), (60, 80), (90, 80))), STROKE),
        Text(100, 60, "28×28×6 ŷ ⊕", 12, "serif", "middle", 0, "#000000"),
        Text(180, 90, "3×3 conv, 64", 8, "sans", "start", 90, "#0000ff"),
    ),
    "A <title> & more",
    "what it is",
)


def figure(name: str, style: str, **more: object) -> Scene:
    return draw(Order([load(name)], style, 504.0, LIGHT, **more))  # type: ignore[arg-type]


# PDF -----------------------------------------------------------------------------------------


def test_pdf_has_its_text_its_fonts_and_its_size() -> None:
    reader = PdfReader(io.BytesIO(write_pdf(ALL)))
    (page,) = reader.pages
    assert [float(number) for number in page.mediabox] == [0, 0, 200, 100]
    text = page.extract_text().replace("\n", "")
    assert "28×28×6" in text
    assert "ŷ" in text
    assert "3×3 conv, 64" in text
    assert reader.metadata is not None
    assert reader.metadata.title == "A <title> & more"
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]  # type: ignore[index]
    assert all("cnngraph" in font["/BaseFont"] for font in fonts)
    assert all("/FontFile2" in font["/FontDescriptor"] for font in fonts)


def test_pdf_has_pictures_only_where_one_is_given() -> None:
    plain = PdfReader(io.BytesIO(write_pdf(figure("lenet5", "volumes"))))
    assert len(plain.pages[0].images) == 0
    pictured = PdfReader(io.BytesIO(write_pdf(figure("lenet5", "volumes", picture=SEVEN.read_bytes()))))
    assert len(pictured.pages[0].images) == 1


@pytest.mark.parametrize(("mode", "value", "shown"), [("L", 77, 77), ("I;16", 77 * 257, 77), ("1", 1, 255)])
def test_a_picture_keeps_its_greys_in_a_pdf(mode: str, value: int, shown: int) -> None:
    buffer = io.BytesIO()
    Image.new(mode, (4, 4), value).save(buffer, "PNG")
    scene = Scene(100, 100, (Picture(10, 10, 80, 80, buffer.getvalue()),), "", "")
    (image,) = PdfReader(io.BytesIO(write_pdf(scene))).pages[0].images
    assert image.image is not None
    assert image.image.convert("L").getpixel((2, 2)) == shown
    assert write_pdf(scene) == write_pdf(scene)


def test_a_title_of_any_characters_is_a_pdfs_title() -> None:
    reader = PdfReader(io.BytesIO(write_pdf(Scene(9, 9, (), "(a)\\ 猫\n\x00\udcff", ""))))
    assert reader.metadata is not None
    assert reader.metadata.title == "(a)\\ 猫\ufffd\ufffd\ufffd"


@pytest.mark.parametrize("content", ["a\x00b", "a\nb", "猫", "\u202eab"])
def test_text_that_no_font_has_is_a_box_and_in_tex_one_message(content: str) -> None:
    scene = Scene(99, 99, (Text(1, 20, content, 9),), "", "")
    assert "□" in PdfReader(io.BytesIO(write_pdf(scene))).pages[0].extract_text()
    assert b"</svg>" in write_html(scene)
    with pytest.raises(CnngraphError, match="E0614"):
        write_tikz(scene)


@pytest.mark.parametrize("write", [write_pdf, write_tikz, write_html])
def test_an_empty_scene_is_an_empty_page(write: Callable[[Scene], bytes]) -> None:
    assert write(Scene(99, 99, (), "", "", None))
    assert write(Scene(0, 0, (), "", ""))


def test_a_figure_larger_than_a_page_may_be_is_scaled() -> None:
    reader = PdfReader(io.BytesIO(write_pdf(Scene(100_000, 10, (), "", ""))))
    assert float(reader.pages[0].mediabox.width) == pytest.approx(14_400)


@pytest.mark.parametrize("format_", ["pdf", "tex", "html", "dot"])
def test_the_same_bytes_under_every_hash_seed(format_: str) -> None:
    made = []
    for seed in ("0", "1"):
        command = [sys.executable, "-m", "cnngraph", "render", "inception_module", "--format", format_, "-o", "-"]
        made.append(
            subprocess.run(command, capture_output=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed})
        )
    assert made[0].stdout == made[1].stdout
    assert made[0].stdout


# TikZ ----------------------------------------------------------------------------------------


@settings(max_examples=200)
@given(
    st.text(
        st.characters(codec="latin-1", min_codepoint=32, exclude_characters="".join(map(chr, range(127, 192)))),
        max_size=20,
    )
)
def test_escaped_text_has_no_bare_special_character(text: str) -> None:
    try:
        made = escaped(text)
    except CnngraphError:
        return
    assert made.isascii()
    bare = re.sub(r"\\[#%&$_{}]", "", made)
    bare = re.sub(r"\\(?:textbackslash|textasciitilde|textasciicircum|ldots|ss|ae|AE|o|O|aa|l|i)\{\}", "", bare)
    bare = re.sub(r"\\[`'^~=\".ruHvck]\{\\?[A-Za-z]?\}", "", bare)
    bare = re.sub(r"\$[^$]*\$", "", bare).replace("{}", "")
    assert not re.search(r"[#%&_{}^\\$]", bare)


def test_what_tex_lacks_is_one_message() -> None:
    with pytest.raises(CnngraphError, match="E0614"):
        escaped("Слой")
    with pytest.raises(CnngraphError, match="E0614"):
        write_tikz(figure("lenet5", "volumes", picture=SEVEN.read_bytes()))


def test_tex_joins_no_characters() -> None:
    assert escaped("a  b") == "a {} b"
    assert escaped("x--y---z –-") == "x-{}-y-{}-{}-z --{}-"
    assert escaped("''\"`` ?` ,,") == "'{}'{}''`{}` ?{}` ,{},"


def test_a_figure_longer_than_tex_can_measure_is_refused() -> None:
    with pytest.raises(CnngraphError, match="E0614"):
        write_tikz(Scene(20_000, 10, (), "", ""))


def test_a_snippet_is_the_picture_alone() -> None:
    text = write_tikz(ALL, document=False).decode()
    assert text.startswith(r"\begin{tikzpicture}")
    assert r"\documentclass" not in text
    assert len(re.findall(r"(?<!\\)\{", text)) == len(re.findall(r"(?<!\\)\}", text))
    assert text.count(r"\definecolor") == len(set(re.findall(r"\\definecolor\{(\w+)\}", text)))


def compiled(text: bytes, folder: Path, program: str = "pdflatex") -> Path:
    (folder / "a.tex").write_bytes(text)
    ran = subprocess.run(
        [program, "-interaction=nonstopmode", "-halt-on-error", "a.tex"], cwd=folder, capture_output=True
    )
    assert ran.returncode == 0, ran.stdout.decode("latin-1")[-800:]
    return folder / "a.pdf"


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="needs pdflatex")
@pytest.mark.parametrize(
    ("name", "style"),
    [
        ("lenet5", "volumes"),
        ("resnet", "strip"),
        ("googlenet", "blocks"),
        ("conv1x1", "operation"),
        ("vgg16", "text"),
    ],
)
def test_pdflatex_makes_a_page_of_the_figures_size(name: str, style: str, tmp_path: Path) -> None:
    scene = figure(name, style)
    box = PdfReader(compiled(write_tikz(scene), tmp_path)).pages[0].mediabox
    assert (float(box.width), float(box.height)) == pytest.approx((scene.width, scene.height), abs=1.0)


@pytest.mark.skipif(not (shutil.which("pdflatex") and shutil.which("pdftoppm")), reason="needs pdflatex and pdftoppm")
@pytest.mark.parametrize("document", [True, False], ids=["document", "snippet"])
def test_pictures_stand_where_they_do_in_the_scene(tmp_path: Path, document: bool) -> None:
    places = {"#ff0000": (20, 10, 40, 30), "#00aa00": (100, 50, 60, 20), "#0000ff": (150, 5, 20, 40)}
    scene = Scene(200, 100, tuple(Picture(*box, png([bytes(1)], [color])) for color, box in places.items()), "", "")
    path = tmp_path / "a b%_é.tex"
    for name, data in beside(scene, "tex", path).items():
        name.write_bytes(data)
    text = write(scene, "tex", path=path, snippet=not document)
    if not document:
        head = rb"\documentclass{article}\usepackage{fix-cm,tikz}\pagestyle{empty}\parindent0pt\topskip0pt"
        page = rb"\usepackage[paperwidth=200bp,paperheight=100bp,margin=0pt]{geometry}\begin{document}"
        text = head + page + text + rb"\end{document}"
    file = compiled(text, tmp_path)
    subprocess.run(["pdftoppm", "-r", "72", "-png", "-singlefile", str(file), str(tmp_path / "page")], check=True)
    shown = Image.open(tmp_path / "page.png").convert("RGB")
    for color, (x, y, w, h) in places.items():
        wanted = tuple(bytes.fromhex(color[1:]))
        for at in ((x + 2, y + 2), (x + w - 3, y + h - 3)):
            assert shown.getpixel(at) == pytest.approx(wanted, abs=3)
        for at in ((x - 3, y + 3), (x + 3, y + h + 3)):
            assert shown.getpixel(at) == pytest.approx((255, 255, 255), abs=3)


def test_pictures_that_are_the_same_are_one_file(tmp_path: Path) -> None:
    one, other = (png([bytes(1)], [color]) for color in ("#ff0000", "#00ff00"))
    scene = Scene(9, 9, (Picture(0, 0, 1, 1, one), Picture(2, 0, 1, 1, other), Picture(4, 0, 1, 1, one)), "", "")
    names = beside(scene, "tex", tmp_path / "x.tex")
    assert names == {tmp_path / "x-1.png": one, tmp_path / "x-2.png": other}
    text = write(scene, "tex", path=tmp_path / "x.tex").decode()
    assert re.findall(r"\{(x-\d\.png)\}", text) == ["x-1.png", "x-2.png", "x-1.png"]
    assert beside(scene, "svg", tmp_path / "x.svg") == {}


def test_a_tex_file_is_written_with_its_pictures(run: Run, tmp_path: Path) -> None:
    shutil.copy(SEVEN, tmp_path / "x-1.png")
    ran = run("render", "lenet5", "--image", "x-1.png", "-o", "x.tex")
    assert (ran.status, "E0903" in ran.err) == (1, True)
    assert [each.name for each in tmp_path.iterdir()] == ["x-1.png"]
    assert "with 1 picture beside it" in run("render", "lenet5", "--image", "x-1.png", "-o", "y.tex").out
    assert (tmp_path / "y-1.png").read_bytes() == SEVEN.read_bytes()
    load("lenet5").render(tmp_path / "z.tex", image=SEVEN, live=True)
    named = set(re.findall(r"\{(z-\d+\.png)\}", (tmp_path / "z.tex").read_text("ascii")))
    assert {each.name for each in tmp_path.glob("z-*.png")} == named
    assert len(named) > 30


@pytest.mark.skipif(not shutil.which("lualatex"), reason="needs lualatex")
def test_lualatex_makes_the_same_page(tmp_path: Path) -> None:
    (page,) = PdfReader(compiled(write_tikz(ALL), tmp_path, "lualatex")).pages
    assert (float(page.mediabox.width), float(page.mediabox.height)) == pytest.approx((200, 100), abs=1.0)


@pytest.mark.skipif(not (shutil.which("pdflatex") and shutil.which("pdftotext")), reason="needs pdflatex and pdftotext")
@pytest.mark.parametrize("document", [True, False])
def test_text_in_another_font_is_no_wider_than_its_place(tmp_path: Path, document: bool) -> None:
    """In a paper in typewriter, whose letters are wider than those the figure was measured with."""
    words = ("MAX-POOL", "227×227×3", "projection")
    scene = Scene(
        200, 100, tuple(Text(100, 20 + 20 * i, word, 6.5, "serif", "middle") for i, word in enumerate(words)), "", ""
    )
    text = write_tikz(scene, document=document)
    if not document:
        head = rb"\documentclass{article}\usepackage{fix-cm,tikz}\renewcommand\rmdefault{cmtt}\pagestyle{empty}"
        text = head + rb"\begin{document}" + text + rb"\end{document}"
    command = ["pdftotext", "-bbox", str(compiled(text, tmp_path)), "-"]
    page = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.findall(r'xMin="([\d.]+)".*xMax="([\d.]+)".*>(.*)</word>', page)
    assert [shown for *_, shown in found] == list(words)
    for left, right, shown in found:
        assert float(right) - float(left) <= width(shown, "serif", 6.5) + 0.3


# HTML and DOT --------------------------------------------------------------------------------


def test_html_is_one_file_that_runs_nothing_and_asks_for_nothing() -> None:
    page = write_html(ALL).decode()
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert "<title>A &lt;title&gt; &amp; more</title>" in page
    assert not re.search(r"(?:src|href)=\"(?!data:|#)", page)
    svg = page[page.index("<svg") : page.index("</svg>") + 6]
    assert ElementTree.fromstring(svg).attrib["role"] == "img"


def test_dot_has_every_unit_and_edge() -> None:
    text = dot(load("residual_block"))
    assert text.count("->") == 4
    assert text.count("style=dashed") == 1
    assert "a -> fc1" in text


@pytest.mark.skipif(not shutil.which("dot"), reason="needs Graphviz")
def test_graphviz_reads_what_is_written() -> None:
    network = parse('net t "a ] <b> & -> \\\\n; x"\ninput 8x8x3\na: conv 4 1x1\n[conv 4 1x1 relu] x2\nadd a\n')
    ran = subprocess.run(["dot", "-Tplain"], input=dot(network), capture_output=True, text=True, check=True)
    assert ran.stdout.count("\nnode ") == 5
    assert ran.stdout.count("\nedge ") == 5


@pytest.mark.skipif(not shutil.which("dot"), reason="needs Graphviz")
@pytest.mark.parametrize("name", ["inception_module", "resnet", "unet"])
def test_boxes_where_dot_puts_them(name: str) -> None:
    scene = by_dot(load(name), width=960, theme=LIGHT, title=name)
    assert [fault for fault in faults(scene) if "leaves the page" in fault] == []
    assert {group.id for group in scene.groups() if group.role == "layer"} >= {"concat1", "image"} & set(
        load(name).by_name
    )


def test_without_dot_the_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(CnngraphError, match="E0615"):
        by_dot(load("lenet5"), width=960, theme=LIGHT, title=None)


@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("", "is not Graphviz's"),
        ("echo 'hello \"world'", "is not Graphviz's"),
        ("echo graph 1 1 1", "is not Graphviz's"),
        (r"printf '\377\n'", "is not Graphviz's"),
        ("exit 3", "failed: it left with status 3"),
        ("echo 'syntax error' >&2; exit 1", "failed: syntax error"),
        ("exec sleep 5", "was not done after 1 s"),
    ],
)
def test_another_program_called_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str) -> None:
    (tmp_path / "dot").write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "dot").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(graphviz, "SECONDS", 1)
    with pytest.raises(CnngraphError, match="E0615") as caught:
        by_dot(load("lenet5"), width=960, theme=LIGHT, title=None)
    assert message in str(caught.value)


def test_dot_is_not_asked_for_what_would_take_it_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphviz, "MAX_UNITS", 7)
    with pytest.raises(CnngraphError, match=r"E0615.*9 boxes"):
        by_dot(load("lenet5"), width=960, theme=LIGHT, title=None)
