import io
from dataclasses import replace
from importlib.resources import files
from typing import get_args

import pytest
from fontTools.ttLib import TTFont

from cnngraph.figure import text
from cnngraph.figure.truetype import contours, segments, subset
from cnngraph.figure.typeface import Font, bundled, led_by, using

FONTS = get_args(Font)


def opened(font: Font) -> TTFont:
    return TTFont(io.BytesIO(files("cnngraph.figure").joinpath("fonts", f"{font}.ttf").read_bytes()))


@pytest.mark.parametrize("font", FONTS)
def test_the_table_of_metrics_says_what_the_font_says(font: Font) -> None:
    ttf, table = opened(font), bundled().faces[font]
    cmap, em = ttf.getBestCmap(), ttf["head"].unitsPerEm
    assert {ord(char) for char in table.advance} == set(cmap)
    for char in table.advance:
        name = cmap[ord(char)]
        glyph = ttf["glyf"][name]
        assert table.advance[char] == ttf["hmtx"][name][0] / em
        assert table.top[char] == getattr(glyph, "yMax", 0) / em
        assert table.bottom[char] == getattr(glyph, "yMin", 0) / em
        assert ttf.getGlyphID(name) == table.glyph[char]


@pytest.mark.parametrize("font", FONTS)
def test_the_fonts_carry_a_new_name_their_notice_and_no_kerning(font: Font) -> None:
    ttf = opened(font)
    family = ttf["name"].getDebugName(1)
    assert family == bundled().faces[font].family
    assert family.startswith("cnngraph ")
    assert "Bitstream" in ttf["name"].getDebugName(0) or "Panov" in ttf["name"].getDebugName(0)
    assert not {"GPOS", "GSUB", "kern", "fpgm", "prep"} & set(ttf.keys())


@pytest.mark.parametrize("font", FONTS)
def test_every_font_has_what_figures_say(font: Font) -> None:
    for char in "28×28×6 f = 2, ŷ MAX-POOL é α → · … [l+2] −":
        assert char in bundled().faces[font].advance


def test_width_is_the_sum_of_the_advances() -> None:
    ttf = opened("serif")
    cmap, em = ttf.getBestCmap(), ttf["head"].unitsPerEm
    expected = sum(ttf["hmtx"][cmap[ord(char)]][0] for char in "AVATAR 28×28×6") / em * 12
    assert text.width("AVATAR 28×28×6", "serif", 12) == pytest.approx(expected)


def test_a_character_the_serif_lacks_comes_from_the_sans() -> None:
    assert text.runs("a ⊕ b", "serif") == [("serif", "a "), ("sans", "⊕"), ("serif", " b")]
    parts = text.width("a ", "serif", 10) + text.width("⊕", "sans", 10) + text.width(" b", "serif", 10)
    assert text.width("a ⊕ b", "serif", 10) == pytest.approx(parts)


def test_a_composed_and_a_decomposed_letter_are_the_same() -> None:
    assert text.width("y\u0302", "serif-italic", 10) == text.width("ŷ", "serif-italic", 10)


def test_a_character_no_font_has_is_as_wide_as_the_box_that_stands_for_it() -> None:
    assert text.runs("a猫", "serif") == [("serif", "a"), ("sans", "□")]
    assert text.width("猫", "serif", 10) == text.width("□", "sans", 10)
    assert text.ink("猫", "serif", 10) == text.ink("□", "serif", 10)
    assert text.lacking([("a猫", "serif"), ("□ 犬ŷ", "sans"), ("猫", "sans")]) == "犬猫"


def test_ink_is_what_is_drawn() -> None:
    above, below = text.ink("=", "serif", 100)
    assert 0 < -below < above < text.ascent("serif", 100)
    assert text.ink("p", "serif", 100)[1] > 0
    assert text.ink(" ", "serif", 100) == (0, 0)


@pytest.mark.parametrize("font", FONTS)
def test_the_middle_of_words_lies_between_that_of_capitals_and_that_of_small_letters(font: Font) -> None:
    middles = sorted(text.ink(letter, font, 10)[0] / 2 for letter in "xH")
    assert middles[0] < text.drop("Cap, tail", font, 10) == text.drop("x", font, 10) < middles[1]


def test_what_is_higher_than_capitals_stands_lower() -> None:
    """So that it has as much air above as below."""
    sans = bundled().faces["sans"]
    high = replace(sans, top={**sans.top, "畳": 1.2}, bottom={**sans.bottom, "畳": -0.5},
                   advance={**sans.advance, "畳": 1.0}, glyph={**sans.glyph, "畳": 1})  # fmt: skip
    with using(led_by(high)):
        above, below = text.ink("畳", "sans", 10)
        assert above - text.drop("畳", "sans", 10) == pytest.approx(below + text.drop("畳", "sans", 10))


def test_fit_shortens_only_what_is_too_wide() -> None:
    assert text.fit("conv", "sans", 10, 100) == "conv"
    short = text.fit("a very long name of a layer", "sans", 10, 60)
    assert short.endswith("…")
    assert text.width(short, "sans", 10) <= 60


@pytest.mark.parametrize("font", FONTS)
def test_a_subset_is_a_font_with_the_same_glyphs(font: Font) -> None:
    whole, part = opened(font), TTFont(io.BytesIO(subset(bundled().faces[font], "28×6 ŷo猫")), checkChecksums=2)
    assert set(part.getBestCmap()) == {ord(char) for char in "28×6 ŷo"}
    for code, name in part.getBestCmap().items():
        original = whole.getBestCmap()[code]
        assert part["hmtx"][name] == whole["hmtx"][original]
        assert part["glyf"][name] == whole["glyf"][original]
    assert part["name"].getDebugName(1) == whole["name"].getDebugName(1)


@pytest.mark.parametrize("font", FONTS)
def test_outlines_are_the_fonts(font: Font) -> None:
    from fontTools.pens.recordingPen import RecordingPen

    ttf = opened(font)
    em, glyphs = ttf["head"].unitsPerEm, ttf.getGlyphSet()
    for char in "8ŷ×gi":
        pen = RecordingPen()
        glyphs[ttf.getBestCmap()[ord(char)]].draw(pen)
        ends = [tuple(v / em for v in args[-1]) for op, args in pen.value if op in ("moveTo", "lineTo", "qCurveTo")]
        drawn = [segments(contour) for contour in contours(bundled().faces[font], char)]
        mine = {point for start, rest in drawn for point in [start, *(each.to for each in rest)]}
        assert set(ends) <= mine
