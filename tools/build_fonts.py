"""Build the fonts in cnngraph/figure/fonts from CMU Serif and DejaVu Sans.

    apt install fonts-cmu fonts-dejavu-core && python tools/build_fonts.py

What is made differs from its source in what it leaves out: only the characters of `CHARACTERS`, one
simple outline each (accents are drawn in), no hinting, no kerning, no substitution. A line's width
is therefore the sum of its characters' advances in every program. Glyph i + 1 is the i-th character
of the table in ``metrics.json``, which `cnngraph.figure.text` reads instead of the font. The signs of
rounding, ⌈ ⌉ ⌊ ⌋, which CMU Serif lacks, are made of its brackets.

The fonts are renamed because their licences ask it of modified copies: the SIL Open Font License
reserves the name "Computer Modern Unicode fonts", DejaVu's the words "Bitstream" and "Vera".
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from math import radians, tan
from pathlib import Path

from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.ttLib import TTFont

from cnngraph.figure.simple import Naming, Points, simple

FONTS = Path(__file__).parent.parent / "cnngraph" / "figure" / "fonts"
SYSTEM = Path("/usr/share/fonts/truetype")

RANGES = (
    (0x0020, 0x007E),  # Latin
    (0x00A0, 0x00AC),
    (0x00AE, 0x017F),  # Latin-1, Latin Extended-A
    (0x0218, 0x021B),
    (0x0391, 0x03D6),  # Greek
    (0x0400, 0x045F),  # Cyrillic
    (0x2010, 0x2015),
    (0x2018, 0x2026),  # dashes, quotes, …
)
CHARACTERS = sorted(
    {code for first, last in RANGES for code in range(first, last + 1)}
    | set(map(ord, "‰′″‹›€№ℓℝ→←↑↓↔↦⇒∗∘⊕⊖⊗⊙⋮⋯⋅∂∇∈∉∏∑√∞∫≈≠≡≤≥±×÷−⌊⌋⌈⌉⟨⟩■□▲△▸●○✓"))
    | set(map(ord, "⁰ⁱ⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿ₀₁₂₃₄₅₆₇₈₉₊₋₍₎"))
)

ITALIC = -14.04
"""The angle of its strokes, in degrees."""

OFL = "This Font Software is licensed under the SIL Open Font License, Version 1.1."
VERA = "Bitstream Vera licence; changes by the DejaVu project are in the public domain."


@dataclass(frozen=True)
class Source:
    font: str
    """The scene's name for it."""
    file: str
    family: str
    style: str
    weight_class: int
    licence: str
    licence_url: str

    @property
    def slant(self) -> float:
        """How far upright strokes lean, to the right for each step up."""
        return tan(radians(-ITALIC)) if self.style == "Italic" else 0.0


SOURCES = (
    Source("serif", "cmu/cmunrm.ttf", "cnngraph Serif", "Regular", 400, OFL, "https://openfontlicense.org"),
    Source("serif-italic", "cmu/cmunti.ttf", "cnngraph Serif", "Italic", 400, OFL, "https://openfontlicense.org"),
    Source(
        "sans", "dejavu/DejaVuSans.ttf", "cnngraph Sans", "Regular", 400, VERA, "https://dejavu-fonts.github.io/License.html"
    ),
)  # fmt: skip


ROUNDING = {ord("⌈"): (True, False), ord("⌉"): (True, True), ord("⌊"): (False, False), ord("⌋"): (False, True)}
"""Whether the bar is above, and whether the sign closes."""


def _rounding(roman: TTFont, slant: float) -> dict[int, tuple[Points, int]]:
    """The outlines and widths of `ROUNDING`: a bracket of the *roman* without one of its bars, as slanted as that."""
    glyph_set = roman.getGlyphSet()
    bracket = glyph_set[roman.getBestCmap()[ord("[")]]
    pen = DecomposingRecordingPen(glyph_set)
    bracket.draw(pen)
    a, b, c, d, e, f, g, h = [operands[0] for _, operands in pen.value if operands]  # up the stem, then back inside
    found = {}
    for code, (is_above, is_closing) in ROUNDING.items():
        points = [a, b, c, d, e, (e[0], a[1])] if is_above else [a, b, (f[0], b[1]), f, g, h]
        if is_closing:
            points = [(bracket.width - x, y) for x, y in reversed(points)]
        found[code] = [(round(x + slant * y), y) for x, y in points], bracket.width
    return found


def build(source: Source, directory: Path) -> dict[str, object]:
    """Write one font; gives back its entry in the table of metrics."""
    original = TTFont(directory / source.file)
    has_rounding = ROUNDING.keys() <= original.getBestCmap().keys()
    rounding = {} if has_rounding else _rounding(TTFont(directory / "cmu/cmunrm.ttf"), source.slant)
    naming = Naming(
        family=source.family,
        style=source.style,
        copyright=next(name.toUnicode().strip() for name in original["name"].names if name.nameID == 0),
        licence=source.licence,
        licence_url=source.licence_url,
        weight_class=source.weight_class,
        italic_angle=ITALIC if source.style == "Italic" else 0.0,
    )
    made, table = simple(original, CHARACTERS, naming, rounding)
    made.save(FONTS / file_name(source.font))
    return table


def file_name(font: str) -> str:
    return f"{font}.ttf"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fonts", type=Path, default=SYSTEM, help="the folder with cmu/ and dejavu/")
    directory = parser.parse_args().fonts
    metrics = {source.font: build(source, directory) for source in SOURCES}
    (FONTS / "metrics.json").write_text(
        json.dumps(metrics, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
