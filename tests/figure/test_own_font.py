"""Figures in an author's own font: what it has is drawn in it, as another program draws it, and the rest in ours."""

from __future__ import annotations

import base64
import io
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.ttLib import TTCollection, TTFont
from PIL import Image, ImageDraw, ImageFont
from pypdf import PdfReader

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.own_font import read
from cnngraph.figure.scene import Scene, Text
from cnngraph.figure.styles import Order, draw
from cnngraph.figure.text import lacking, lead, runs, width
from cnngraph.figure.theme import LIGHT
from cnngraph.figure.theme import read as read_theme
from cnngraph.figure.typeface import FONTS, bundled, using
from cnngraph.figure.writers import write
from cnngraph.fronts import parse
from tests.conftest import Run
from tests.figure.geometry import faults
from tests.figure.graphs import random_spec
from tests.networks import load

EM = 1000
RESTRICTED = 0x0002


def cubic_font(path: Path, advances: dict[str, int], *, fs_type: int = 0, family: str = "Round & <Sons>") -> Path:
    """An OpenType font whose letters are ovals of cubic curves, as high as they are wide."""
    names = {char: f"u{ord(char):X}" for char in advances}
    builder = FontBuilder(EM, isTTF=False)
    builder.setupGlyphOrder([".notdef", *names.values()])
    builder.setupCharacterMap({ord(char): name for char, name in names.items()})
    outlines = {".notdef": T2CharStringPen(500, None).getCharString()}
    for char, advance in advances.items():
        pen, r = T2CharStringPen(advance, None), advance / 2
        if not char.isspace():
            pen.moveTo((0, r))
            pen.curveTo((0, 1.55 * r), (0.45 * r, 2 * r), (r, 2 * r))
            pen.curveTo((1.55 * r, 2 * r), (2 * r, 1.55 * r), (2 * r, r))
            pen.curveTo((2 * r, 0.45 * r), (1.55 * r, 0), (r, 0))
            pen.curveTo((0.45 * r, 0), (0, 0.45 * r), (0, r))
            pen.closePath()
        outlines[names[char]] = pen.getCharString()
    builder.setupCFF("Round", {}, outlines, {})
    builder.setupHorizontalMetrics({".notdef": (500, 0), **{name: (advances[char], 0) for char, name in names.items()}})
    builder.setupHorizontalHeader(ascent=900, descent=-200)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2(fsType=fs_type)
    builder.setupPost()
    builder.save(path)
    return path


@pytest.fixture
def font(tmp_path: Path) -> Path:
    return cubic_font(tmp_path / "round.otf", {"a": 600, " ": 300, "猫": 1000, "5": 450})


def test_text_is_as_wide_as_the_font_says_and_what_it_lacks_is_in_ours(font: Path) -> None:
    serif = bundled().faces["serif"].advance
    with using(read(font, "猫")):
        assert width("a 猫5", "serif", 10) == pytest.approx(6 + 3 + 10 + 4.5)
        assert runs("a猫×b", "serif-italic") == [("own", "a猫"), ("serif", "×b")]
        assert width("猫×", "sans", 20) == pytest.approx(20 + 20 * bundled().faces["sans"].advance["×"])
        assert lacking([("a猫b犬", "serif")]) == "犬"
        assert lead("serif").family == "Round  Sons"
    assert width("a", "serif", 10) == pytest.approx(10 * serif["a"])


@pytest.mark.parametrize("suffix", ["own", "serif.ttf", "sans.ttf"])
def test_what_is_drawn_is_what_another_program_draws(suffix: str, font: Path) -> None:
    """The ink of letters, beside Pillow's FreeType."""
    path = font if suffix == "own" else FONTS / suffix
    typeface, size = read(path, "猫"), 100
    for content in "a猫5" if suffix == "own" else "aQŷ×g7":
        scene = Scene(200, 200, (Text(40, 140, content, size),), "", "", typeface=typeface)
        png = Image.open(io.BytesIO(write(scene, "png", dpi=72))).convert("L").point(lambda value: 255 - value)
        expected = Image.new("L", png.size)
        ImageDraw.Draw(expected).text((40, 140), content, 255, ImageFont.truetype(str(path), size), anchor="ls")
        assert png.getbbox() == pytest.approx(expected.getbbox(), abs=1)
        assert sum(png.tobytes()) == pytest.approx(
            sum(expected.tobytes()), rel=0.06
        )  # its hinting makes some lines thicker


def test_every_format_takes_it(font: Path) -> None:
    network = parse('net n "猫 a" @figure(style="blocks")\ninput 8x8x4 @label("猫")\nconv 4 1x1\n')
    figure = network.render(font=font)
    assert not figure.scene.remarks
    svg = figure.svg
    assert "Own','" in svg
    assert "'Round  Sons','CMU Serif',serif" in svg
    assert 'Own";src:url("data:font/ttf;base64,' in svg
    assert "猫 a" in svg
    assert "猫" in PdfReader(io.BytesIO(figure.written("pdf"))).pages[0].extract_text()
    assert figure.written("pdf") == network.render(font=font).written("pdf")
    assert figure.written("svg", outline=True).count(b"-own-732b") >= 3
    with pytest.raises(CnngraphError, match="E0614"):
        figure.written("tex")


def test_what_is_embedded_is_a_font_with_the_letters_of_the_figure(font: Path) -> None:
    svg = load("lenet5").render(font=font, title="a猫").svg
    found = re.search(r'Own";src:url\("data:font/ttf;base64,([^"]+)"', svg)
    assert found is not None
    embedded = TTFont(io.BytesIO(base64.b64decode(found[1])), checkChecksums=2)
    assert set(map(chr, embedded.getBestCmap())) == {"a", "猫", "5", " "}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("which", ["wide", "narrow", "sans", "serif"])
def test_figures_in_any_font_are_sound(which: str, seed: int, tmp_path: Path) -> None:
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 =,.×/()"
    if which in ("sans", "serif"):
        typeface = bundled(which)
    else:
        rng = random.Random(f"{which} {seed}")
        most = 900 if which == "wide" else 400
        path = cubic_font(tmp_path / "any.otf", {char: rng.randrange(most // 2, most) for char in letters})
        typeface = read(path, "")
    with using(typeface):
        scene = draw(Order([parse(random_spec(seed))], "blocks", 960.0, LIGHT, typeface=typeface))
        assert faults(scene) == []


@pytest.mark.parametrize("style", ["volumes", "text", "blocks", "strip", "slabs"])
def test_every_style_is_set_in_one_family_where_that_is_asked(style: str) -> None:
    network = load("lenet5")
    for word, face in (("sans", "sans"), ("serif", "serif")):
        scene = network.render(style=style, font=word).scene
        with using(scene.typeface):
            assert faults(scene) == []
            used = {
                name for item in scene.primitives() if isinstance(item, Text)
                for name, _ in runs(item.content, item.font)
            }  # fmt: skip
        assert face in used
        assert word == "serif" or used == {"sans"}


def test_a_spec_and_a_theme_say_the_font_and_the_option_goes_first(font: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "n.spec").write_text('net n @figure(font="sans")\ninput 8x8x4\nconv 4 1x1\n')
    (tmp_path / "mine.toml").write_text(f'font = "{font.name}"\n')
    assert read_theme(tmp_path / "mine.toml").font == str(font)

    def families(*options: str) -> str:
        result = run("render", str(tmp_path / "n.spec"), "-o", "-", *options)
        assert result.status == 0, result.err
        return result.out

    assert "CMU Serif" not in families()
    assert "CMU Serif" in families("--font", "serif")
    assert "Round  Sons" in families("--font", str(font))
    (tmp_path / "n.spec").write_text("net n\ninput 8x8x4\nconv 4 1x1\n")
    assert "Round  Sons" in families("--theme", str(tmp_path / "mine.toml"))


def test_a_font_that_is_none_is_one_message(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "broken.otf"
    broken.write_bytes(b"no font at all")
    kept = cubic_font(tmp_path / "kept.otf", {"a": 500}, fs_type=RESTRICTED)
    blank = cubic_font(tmp_path / "blank.otf", {" ": 500})
    for path, code, words in (
        (broken, "E0621", "is no font that can be read"),
        (kept, "E0621", "may not be embedded"),
        (blank, "E0621", "has no outlines"),
        (tmp_path / "absent.ttf", "E0110", "cannot read"),
    ):
        result = run("render", "lenet5", "-o", str(tmp_path / "x.svg"), "--font", str(path))
        assert result.status == 1
        assert f"error[{code}]" in result.err
        assert words in result.err.replace("\n", " ")
        assert not (tmp_path / "x.svg").exists()
    assert run("render", "lenet5", "--font", "comic").status == 2
    with pytest.raises(ValueError, match="no font is called 'comic'"):
        load("lenet5").render(font="comic")
    monkeypatch.setitem(sys.modules, "fontTools", None)
    monkeypatch.setitem(sys.modules, "fontTools.ttLib", None)
    with pytest.raises(CnngraphError, match=r"needs fontTools[\s\S]*cnngraph\[fonts\]"):
        load("lenet5").render(font=broken)


def test_a_face_of_a_collection_is_chosen_by_number_or_name(font: Path, tmp_path: Path) -> None:
    wide = cubic_font(tmp_path / "wide.otf", {"a": 900}, family="Wide")
    both = TTCollection()
    both.fonts = [TTFont(font), TTFont(wide)]
    both.save(path := tmp_path / "both.ttc")

    def long(name: str) -> float:
        with using(read(f"{path}{name}", "")):
            return width("a", "serif", 10)

    assert [long(""), long("#1"), long("#2"), long("#wide")] == pytest.approx([6, 6, 9, 9])
    remark = load("lenet5").render(font=path).scene.remarks[-1]
    assert remark.startswith(f"{path} has 2 faces, and this is ")
    assert f"--font '{path}#2' takes Wide" in remark
    assert not load("lenet5").render(font=f"{path}#2").scene.remarks
    for wanted in ("#3", "#0", "#Times"):
        with pytest.raises(CnngraphError, match=r"E0621.*has no face[\s\S]*2 Wide"):
            read(f"{path}{wanted}", "")
    with pytest.raises(CnngraphError, match=r"E0621.*has no face"):
        read(f"{font}#2", "")


def test_letters_that_are_joined_or_turned_around_are_left_to_the_reader(tmp_path: Path) -> None:
    path = cubic_font(tmp_path / "all.otf", dict.fromkeys("aصשक猫", 500))
    with using(read(path, "aصשक猫")):
        assert lacking([("aصשक猫", "serif")]) == "שصक"


def test_numbers_behind_words_from_right_to_left_stay_as_they_are() -> None:
    scene = Scene(200, 50, (Text(0, 20, "صورة الإدخال 64×64×3", 10),), "", "")
    svg = write(scene, "svg").decode()
    assert "صورة الإدخال\u200e 64×64×3</text>" in svg
    assert "textLength" not in svg  # its font is the reader's
    assert "textLength" in write(Scene(200, 50, (Text(0, 20, "64×64×3", 10),), "", ""), "svg").decode()


def test_files_of_fonts_are_hostile_until_read(font: Path, tmp_path: Path) -> None:
    whole, rng = font.read_bytes(), random.Random(5)
    refused: list[str] = []
    for number in range(150):
        data = bytearray(whole)
        for _ in range(rng.randrange(1, 6)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        if number % 3 == 0:
            del data[rng.randrange(len(data)) :]
        path = tmp_path / "any.otf"
        path.write_bytes(data)
        try:
            read(path, "猫")
        except CnngraphError as error:
            refused += [error.diagnostics[0].code]
    assert set(refused) == {"E0621"}
    assert len(refused) > 20


def test_the_same_font_gives_the_same_bytes_under_every_hash_seed(font: Path) -> None:
    made = set()
    for seed in ("0", "1"):
        command = [
            sys.executable,
            "-m",
            "cnngraph",
            "render",
            "lenet5",
            "--font",
            str(font),
            "--title",
            "a猫",
            "-o",
            "-",
        ]
        made.add(subprocess.run(command, capture_output=True, check=True, env={"PYTHONHASHSEED": seed}).stdout)
    assert len(made) == 1
