"""The fonts that a figure is set in: those that ship, or an author's own before them.

Text says what it is for, one of `Font`; a typeface says which faces that is set in, the first that has the
character. Which typeface holds is ambient, as it is for all of a figure and asked by every measure of a text: `using`
sets it around what draws and what writes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

Font = Literal["serif", "serif-italic", "sans"]
"""What a text is set in, of a typeface."""

FONTS = Path(__file__).parent / "fonts"
WORDS = ("serif", "sans")
"""What a figure may be set in by a word: the families that ship."""
SUFFIXES = (".ttf", ".otf", ".ttc", ".otc", ".woff")
"""Of files of fonts."""


def is_font(value: str) -> bool:
    """Whether *value* may stand for a font: a word for one, the name of a file, or that and behind a ``#`` a face in
    it."""
    return value in WORDS or value.lower().endswith(SUFFIXES) or value.rpartition("#")[0].lower().endswith(SUFFIXES)


@dataclass(frozen=True, slots=True, eq=False)
class Face:
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
    file: Path | bytes
    """A TrueType font as `cnngraph.figure.truetype` reads it."""

    @classmethod
    def of(cls, table: Mapping[str, Any], file: Path | bytes) -> Face:
        """From *table*: a family, units per em, characters in the order of the glyphs, and of each of these its
        advance, top and bottom in those units."""
        characters, em = table["characters"], table["em"]
        top = {char: y / em for char, y in zip(characters, table["tops"], strict=True)}
        bottom = {char: y / em for char, y in zip(characters, table["bottoms"], strict=True)}
        return cls(
            family=table["family"],
            advance={char: advance / em for char, advance in zip(characters, table["advances"], strict=True)},
            top=top,
            bottom=bottom,
            glyph={char: index for index, char in enumerate(characters, start=1)},
            ascent=max([top[char] for char in "AHbdfhkl08([" if char in top], default=max(top.values())),
            descent=-min([bottom[char] for char in "gjpqy([" if char in bottom], default=min(bottom.values())),
            file=file,
        )


@dataclass(frozen=True, eq=False)
class Typeface:
    """The faces of a figure, by name, and which of them each sort of text is set in, the first that has a character."""

    faces: Mapping[str, Face]
    chains: Mapping[Font, tuple[str, ...]]
    remark: str = ""
    """What whoever chose it should know."""


@cache
def _shipped() -> dict[str, Face]:
    """The faces that ship, read once."""
    table = json.loads((FONTS / "metrics.json").read_text(encoding="utf-8"))
    return {name: Face.of(entry, FONTS / f"{name}.ttf") for name, entry in table.items()}


@cache
def bundled(word: str | None = None) -> Typeface:
    """The fonts that ship: text and boxes of networks in the serif, the boxes of strips in the sans; or all text in the
    family *word*, one of `WORDS`."""
    sans: tuple[str, ...] = ("sans",)
    serif, italic = (sans, sans) if word == "sans" else (("serif", *sans), ("serif-italic", *sans))
    return Typeface(_shipped(), {"serif": serif, "serif-italic": italic, "sans": serif if word == "serif" else sans})


def led_by(face: Face, remark: str = "") -> Typeface:
    """All text in *face*; what it lacks in the fonts that ship."""
    chains: dict[Font, tuple[str, ...]] = {
        "serif": (OWN, "serif", "sans"), "serif-italic": (OWN, "serif", "sans"), "sans": (OWN, "sans")
    }  # fmt: skip
    return Typeface({OWN: face, **_shipped()}, chains, remark)


OWN = "own"
"""The name of a face that is not one of those that ship."""
_current: ContextVar[Typeface | None] = ContextVar("typeface", default=None)


def current() -> Typeface:
    """The typeface that text is measured and written in."""
    return _current.get() or bundled()


@contextmanager
def using(typeface: Typeface | None) -> Iterator[None]:
    """Text is measured and written in *typeface* meanwhile; None: as ships."""
    token = _current.set(typeface)
    try:
        yield
    finally:
        _current.reset(token)
