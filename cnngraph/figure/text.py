"""How large text is, from tables of fonts; the fonts themselves stay closed.

Fonts have no kerning here, so a line is as wide as the sum of its characters. A character that the first font of a
text lacks is taken from the next of its typeface; for one that none has stands `UNKNOWN`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby
from math import fsum

from cnngraph.figure.typeface import Face, Font, Typeface, current

UNKNOWN = "□"
"""Stands where a character would, which no font has. Programs with fonts of their own may have it."""
_ROUNDING = 1e-6
"""Points: room that was added up from the width of a text may come out as so much less."""


def lead(font: Font) -> Face:
    """The face that text in *font* is set in, but for what it lacks."""
    typeface = current()
    return typeface.faces[typeface.chains[font][0]]


def runs(content: str, font: Font) -> list[tuple[str, str]]:
    """*content* as it is drawn, cut where the face changes: names of faces of the current typeface, and what is set
    in each."""
    typeface = current()
    drawn = [_drawn(char, font, typeface) for char in unicodedata.normalize("NFC", content)]
    return [(name, "".join(char for _, char in pairs)) for name, pairs in groupby(drawn, lambda pair: pair[0])]


def _drawn(char: str, font: Font, typeface: Typeface) -> tuple[str, str]:
    """The face of *char*, and it, or what stands for it."""
    chain = typeface.chains[font]
    for name in chain:
        if char in typeface.faces[name].advance:
            return name, char
    return chain[-1], UNKNOWN


def lacking(texts: Iterable[tuple[str, Font]]) -> str:
    """The characters that no font of the current typeface has, each once."""
    typeface = current()
    used: dict[Font, set[str]] = {}
    for content, font in texts:
        used.setdefault(font, set()).update(content if content.isascii() else unicodedata.normalize("NFC", content))
    missing = {
        char for font, chars in used.items() for char in chars - {UNKNOWN} if _drawn(char, font, typeface)[1] == UNKNOWN
    }
    return "".join(sorted(missing))


def width(content: str, font: Font, size: float) -> float:
    """How wide one line is, in points, as every writer sets it."""
    return _width(current(), content, font, size)


@lru_cache(maxsize=8192)
def _width(typeface: Typeface, content: str, font: Font, size: float) -> float:
    advance = typeface.faces[typeface.chains[font][0]].advance
    try:
        return size * fsum([advance[char] for char in content])
    except KeyError:
        faces = typeface.faces
        return size * fsum(faces[name].advance[char] for name, run in runs(content, font) for char in run)


def ink(content: str, font: Font, size: float) -> tuple[float, float]:
    """How far the ink reaches above the baseline and below it, in points; (0, 0) for blanks.

    The second is negative when the lowest ink is above the baseline, as in ``=``.
    """
    above, below = _ink(current(), content, font)
    return size * above, size * below


@lru_cache(maxsize=8192)
def _ink(typeface: Typeface, content: str, font: Font) -> tuple[float, float]:
    faces = typeface.faces
    pairs = [(faces[name], char) for name, run in runs(content, font) for char in run if not char.isspace()]
    if not pairs:
        return 0.0, 0.0
    return max(face.top[char] for face, char in pairs), -min(face.bottom[char] for face, char in pairs)


def ascent(font: Font, size: float) -> float:
    """Height of capitals, digits and tall letters above the baseline, in points."""
    return size * lead(font).ascent


def descent(font: Font, size: float) -> float:
    """Depth of tails and brackets below the baseline, in points, positive."""
    return size * lead(font).descent


def middle_baseline(middle: float, em: float) -> float:
    """Where a line of words in a key stands that has its middle at *middle*: between the tallest letters and the
    deepest tails."""
    return middle + (ascent("serif", em) - descent("serif", em)) / 2


def drop(content: str, font: Font, size: float) -> float:
    """How far below a line the baseline of *content* is that has its middle on it, in points: the same for all words of
    capitals, small letters and tails, halfway between what capitals and small letters would have by themselves; and
    lower for what is higher, as ``É`` and ideographs are."""
    above, below = ink(content, font, size)
    high, deep = ascent(font, size), descent(font, size)
    if above > high or below > deep:
        return (max(above, high) - max(below, deep)) / 2
    return (ink("H", font, size)[0] + ink("x", font, size)[0]) / 4


def fit(content: str, font: Font, size: float, room: float) -> str:
    """*content*, or its beginning with ``…``, no wider than *room*."""
    if width(content, font, size) <= room + _ROUNDING:
        return content
    kept = content
    while kept and width(kept + "…", font, size) > room:
        kept = kept[:-1]
    return kept + "…"


def wrapped(content: str, font: Font, size: float, room: float) -> list[str]:
    """*content* in lines of whole words, as even as *room* lets them be; a word wider than that is a line."""
    words = content.split()
    if len(words) < 2:
        return words
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
