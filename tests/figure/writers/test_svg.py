import base64
import io
import re
import xml.etree.ElementTree as ElementTree

import pytest
from fontTools.ttLib import TTFont

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.scene import Anchor, Circle, Curve, Group, Line, Move, Path, Polygon, Rect, Scene, Stroke, Text
from cnngraph.figure.text import width
from cnngraph.figure.writers.png import write_png
from cnngraph.figure.writers.svg import write_svg

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "a\"b'<script>&\x00\n猫]]>"


def scene(*items: object, title: str = "LeNet-5") -> Scene:
    return Scene(200, 100, items, title, "a figure")  # type: ignore[arg-type]


def parsed(scene: Scene, text: str = "embedded") -> ElementTree.Element:
    return ElementTree.fromstring(write_svg(scene, text))  # type: ignore[arg-type]


def test_the_root_has_size_role_title_and_description() -> None:
    root = parsed(scene())
    assert root.get("viewBox") == "0 0 200 100"
    assert (root.get("width"), root.get("role")) == ("200pt", "img")
    labels = [root.find(f".//*[@id='{id}']") for id in root.get("aria-labelledby", "").split()]
    assert [label.text for label in labels if label is not None] == ["LeNet-5", "a figure"]


def test_text_is_text_with_its_place_and_length() -> None:
    root = parsed(scene(Text(100, 50, "28×28×6", 12, anchor="middle")))
    (text,) = root.iter(f"{SVG}text")
    length = width("28×28×6", "serif", 12)
    assert text.text == "28×28×6"
    assert (float(text.get("x", "")), text.get("text-anchor")) == (100, "middle")
    assert float(text.get("textLength", "")) == pytest.approx(length, abs=0.01)


def test_turned_text_turns_about_its_anchor() -> None:
    (text,) = parsed(scene(Text(100, 50, "conv", 12, angle=90, anchor="middle"))).iter(f"{SVG}text")
    assert text.get("transform") == "rotate(-90 100 50)"


def test_the_fonts_in_the_file_have_the_characters_used_and_no_more() -> None:
    svg = write_svg(scene(Text(0, 50, "28×28 ⊕", 12), Text(0, 80, "ŷ", 12, "serif-italic"))).decode()
    fonts = [TTFont(io.BytesIO(base64.b64decode(data))) for data in re.findall(r"base64,([^\"]+)", svg)]
    found = {font["name"].getDebugName(4): "".join(map(chr, sorted(font.getBestCmap()))) for font in fonts}
    assert found == {"cnngraph Serif": " 28×", "cnngraph Serif Italic": "ŷ", "cnngraph Sans": "⊕"}


def test_outlined_text_needs_no_font_and_keeps_its_words() -> None:
    root = parsed(scene(Text(0, 50, "2 + 2", 12)), "outlined")
    assert not list(root.iter(f"{SVG}text"))
    assert root.find(".//*[@aria-label='2 + 2']") is not None
    assert len(list(root.iter(f"{SVG}path"))) == 2
    assert len(list(root.iter(f"{SVG}use"))) == 3


@pytest.mark.parametrize("text", ["embedded", "outlined"])
def test_hostile_names_stay_text(text: str) -> None:
    group = Group(HOSTILE, "layer", (Rect(0, 0, 1, 1),), HOSTILE, (("src", HOSTILE), ("On Click=", HOSTILE)))
    root = parsed(scene(group, Text(5, 5, "<b>&\"'", 6), title=HOSTILE), text)
    assert not list(root.iter(f"{SVG}script"))
    (g,) = [g for g in root.iter(f"{SVG}g") if g.get("class") == "layer"]
    shown = HOSTILE.replace("\x00", "\ufffd")
    assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", g.get("id", ""))
    assert g.find(f"{SVG}title").text == shown  # type: ignore[union-attr]
    assert g.get("data-src", "").replace(" ", "\n") == shown
    assert not any(key.startswith("on") for key in g.attrib)


def test_ids_are_unique_whatever_the_names() -> None:
    names = ["figure-title", "a/b", "a:b", "a_b", "1", "_1", "serif-61", "conv1"]
    groups = [Group(name, "layer", (Text(0, 10, "a", 6),)) for name in names]
    for text in ("embedded", "outlined"):
        ids = [element.get("id") for element in parsed(scene(*groups), text).iter() if element.get("id")]
        assert len(ids) == len(set(ids))
        assert len({str(id)[:11] for id in ids}) == 1
        assert "-conv1" in {str(id)[11:] for id in ids}


def test_figures_on_one_page_share_neither_ids_nor_fonts() -> None:
    """Two that differ in a number: a browser takes the first of an id, and the last of a font's name."""
    for text in ("embedded", "outlined"):
        one, other = (write_svg(scene(Group("a", "layer", (Text(0, 10, n, 6),))), text).decode() for n in "12")
        for pattern in (r'\bid="([^"]+)"', r"""(?<=["'])(cnn\w+) (?:Serif|Sans)"""):
            first, second = (set(re.findall(pattern, figure)) for figure in (one, other))
            assert bool(first) == bool(second) == (text == "embedded" or "id=" in pattern)
            assert not first & second


@pytest.mark.parametrize("anchor", ["start", "middle", "end"])
def test_text_says_what_its_place_is(anchor: Anchor) -> None:
    """So that it stays there where a program has other fonts and does not heed textLength."""
    (text,) = parsed(scene(Text(50, 20, "five", 10, anchor=anchor))).iter(f"{SVG}text")
    assert text.get("text-anchor", "start") == anchor
    assert text.get("x") == "50"


def test_a_renamed_group_keeps_its_name_as_data() -> None:
    groups = {g.get("id"): g.get("data-name") for g in parsed(scene(Group("a/b", "layer", ()))).iter(f"{SVG}g")}
    assert [(str(id)[11:], name) for id, name in groups.items()] == [("-a_b", "a/b")]


def test_shapes_are_written_with_two_decimals() -> None:
    ink = Stroke("#000000", 1.234, (2, 1))
    path = Path((Move((0, 0)), Line((1 / 3, 1)), Curve((1, 1), (2, -0.001), (3, 3))), ink)
    svg = write_svg(scene(path, Circle(1, 2, 3, "#ff0000"), Polygon(((0, 0), (1, 0), (1, 1)), None, ink))).decode()
    assert 'd="M0,0L0.33,1C1,1 2,0 3,3" fill="none" stroke="#000000" stroke-width="1.23"' in svg
    assert '<circle cx="1" cy="2" r="3" fill="#ff0000"/>' in svg
    assert '<polygon points="0,0 1,0 1,1" fill="none"' in svg


def test_a_character_without_a_glyph_is_text_for_fonts_of_the_reader_and_a_box_as_a_shape() -> None:
    (text,) = parsed(scene(Text(0, 10, "a 猫\u202eb", 6))).iter(f"{SVG}text")
    assert text.text == "a 猫□b"
    outlined = [write_svg(scene(Text(0, 10, content, 6)), "outlined").decode() for content in ("猫", "□")]
    boxed, named = (re.findall(' d="(.*)"', svg) for svg in outlined)
    assert boxed == named != []


def test_png_has_the_size_asked_for_and_shows_the_scene() -> None:
    from PIL import Image

    png = write_png(scene(Rect(0, 0, 100, 100, "#ff0000"), Text(120, 60, "HHH", 30)), dpi=144)
    assert Image.open(io.BytesIO(png)).info["dpi"] == pytest.approx((144, 144), abs=0.02)
    image = Image.open(io.BytesIO(png)).convert("RGB")
    assert image.size == (400, 200)
    assert image.getpixel((50, 50)) == (255, 0, 0)
    assert image.getpixel((395, 5)) == (255, 255, 255)
    assert image.crop((230, 60, 400, 130)).convert("L").histogram()[:50] != [0] * 50


def test_png_of_absurd_size_is_refused() -> None:
    for dpi in (10_000, 1e9):
        with pytest.raises(CnngraphError, match="E0602"):
            write_png(scene(), dpi=dpi)
    with pytest.raises(CnngraphError, match="E0602"):
        write_png(Scene(10_000, 10_000, (), "", ""), dpi=80)
