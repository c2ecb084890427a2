"""How large text is, from a table of the bundled fonts; the fonts themselves stay closed.

The fonts have no kerning, so a line is as wide as the sum of its characters. A character that a
serif font lacks is taken from the sans; one that no font has is an error, never a box.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby
from math import fsum
from pathlib import Path
from typing import Any

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.scene import Font

FONTS = Path(__file__).parent / "fonts"


@dataclass(frozen=True, slots=True)
class Metrics:
    """One font's measures, in ems; the baseline is at 0 and up is positive."""

    family: str
    """The name the font file gives itself: ``cnngraph Serif``."""
    advance: dict[str, float]
    top: dict[str, float]
    """Where each character's ink ends above, by character."""
    bottom: dict[str, float]
    """Where it ends below: negative under the baseline."""
    glyph: dict[str, int]
    """Index of each character's outline in the font file."""
    ascent: float
    """Of capitals, brackets and tall letters."""
    descent: float
    """Of letters with a tail and of brackets, positive."""


@cache
def metrics(font: Font) -> Metrics:
    """Widths and heights of a bundled font, read once."""
    table = _tables()[font]
    characters, em = table["characters"], table["em"]
    top = {char: y / em for char, y in zip(characters, table["tops"], strict=True)}
    bottom = {char: y / em for char, y in zip(characters, table["bottoms"], strict=True)}
    return Metrics(
        family=table["family"],
        advance={char: advance / em for char, advance in zip(characters, table["advances"], strict=True)},
        top=top,
        bottom=bottom,
        glyph={char: index for index, char in enumerate(characters, start=1)},
        ascent=max(top[char] for char in "AHbdfhkl08(["),
        descent=-min(bottom[char] for char in "gjpqy(["),
    )


@cache
def _tables() -> Any:
    return json.loads((FONTS / "metrics.json").read_text(encoding="utf-8"))


def runs(content: str, font: Font) -> list[tuple[Font, str]]:
    """*content* cut where the font changes because *font* lacks a character.

    Raises `CnngraphError` when neither *font* nor the sans has one.
    """
    content = unicodedata.normalize("NFC", content)
    return [(key, "".join(chars)) for key, chars in groupby(content, lambda char: _font_of(char, font))]


def lacking(content: str) -> str:
    """The characters of *content* that no font has, each once."""
    known = [metrics(font).advance for font in ("serif", "sans")]
    content = unicodedata.normalize("NFC", content)
    return "".join(dict.fromkeys(char for char in content if not any(char in each for each in known)))


def _font_of(char: str, font: Font) -> Font:
    if char in metrics(font).advance:
        return font
    if char in metrics("sans").advance:
        return "sans"
    raise CnngraphError.of(
        "E0601",
        f"the figure's fonts have no character {char!r} (U+{ord(char):04X})",
        help="they have Latin, Greek and Cyrillic letters, arrows and the common mathematical signs",
    )


@lru_cache(maxsize=8192)
def width(content: str, font: Font, size: float) -> float:
    """How wide one line is, in points, as every writer sets it."""
    advance = metrics(font).advance
    try:
        return size * fsum([advance[char] for char in content])
    except KeyError:
        return size * fsum(metrics(key).advance[char] for key, run in runs(content, font) for char in run)


def ink(content: str, font: Font, size: float) -> tuple[float, float]:
    """How far the ink reaches above the baseline and below it, in points; (0, 0) for blanks.

    The second is negative when the lowest ink is above the baseline, as in ``=``.
    """
    pairs = [(metrics(key), char) for key, run in runs(content, font) for char in run if not char.isspace()]
    if not pairs:
        return 0.0, 0.0
    return size * max(m.top[char] for m, char in pairs), -size * min(m.bottom[char] for m, char in pairs)


def ascent(font: Font, size: float) -> float:
    """Height of capitals, digits and tall letters above the baseline, in points."""
    return size * metrics(font).ascent


def descent(font: Font, size: float) -> float:
    """Depth of tails and brackets below the baseline, in points, positive."""
    return size * metrics(font).descent


def fit(content: str, font: Font, size: float, room: float) -> str:
    """*content*, or its beginning with ``…``, no wider than *room*."""
    if width(content, font, size) <= room:
        return content
    kept = content
    while kept and width(kept + "…", font, size) > room:
        kept = kept[:-1]
    return kept + "…"


def wrapped(content: str, font: Font, size: float, room: float) -> list[str]:
    """*content* in lines of whole words, as even as *room* lets them be; a word wider than that is a line."""
    words = content.split()
    lines = _lines(words, font, size, room)
    low, high = 0.0, room
    for _ in range(8):
        middle = (low + high) / 2
        low, high = (low, middle) if len(_lines(words, font, size, middle)) <= len(lines) else (middle, high)
    return _lines(words, font, size, high)


def _lines(words: list[str], font: Font, size: float, room: float) -> list[str]:
    found: list[str] = []
    for word in words:
        if found and width(f"{found[-1]} {word}", font, size) <= room:
            found[-1] += f" {word}"
        else:
            found.append(word)
    return found
