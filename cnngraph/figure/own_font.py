"""An author's own font, out of a file: OpenType or TrueType, also one of a collection.

A file is hostile until read: fontTools reads it, nothing of it is run, and what is measured, drawn and embedded
is a font made anew of its outlines.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.simple import Naming, simple
from cnngraph.figure.typeface import SUFFIXES, Face, Typeface, bundled, led_by

_LARGEST = 100_000_000
"""Bytes: the largest collections of Chinese, Japanese and Korean letters have half as many."""
_RESTRICTED = 0x0002
"""The bit of ``OS/2.fsType`` by which a font forbids to be embedded (OpenType specification)."""
_LAST = 0xFFFF
"""The last character of the plane that fonts made here have."""


def read(font: str | Path, texts: str) -> Typeface:
    """The font in the file *font*, with the characters of the fonts that ship and those of *texts*, as far as it has
    them; behind a ``#`` may stand which face of a collection it is, by number from 1 or by name.

    Letters that are joined, or written from right to left, are left out: they would be neither here.

    Raises `CnngraphError`: E0110 when it cannot be read, E0621 when it is no font, has no such face or no outlines,
    forbids to be embedded, or fontTools is not there.
    """
    try:
        from fontTools.ttLib import TTCollection, TTFont
    except ImportError:
        raise CnngraphError.of(
            "E0621", "a figure in a font of one's own needs fontTools", help='pip install "cnngraph[fonts]"'
        ) from None
    path, _, wanted = str(font).rpartition("#") if not str(font).lower().endswith(SUFFIXES) else (str(font), "", "")
    try:
        with open(path, "rb") as stream:
            data = stream.read(_LARGEST + 1)
    except OSError as error:
        raise CnngraphError.of("E0110", f"cannot read {path}: {error.strerror}", file=path) from None
    if len(data) > _LARGEST:
        raise CnngraphError.of("E0621", f"{path} has more than {_LARGEST:,} bytes", file=path)
    codes = {ord(char) for face in bundled().faces.values() for char in face.advance} | set(map(ord, texts))
    try:
        faces = TTCollection(io.BytesIO(data), lazy=True).fonts if data.startswith(b"ttcf") else [
            TTFont(io.BytesIO(data), lazy=True)
        ]  # fmt: skip
        names = list(map(_full_name, faces))
        number = _number(wanted, names)
        made = None if number is None else _made(faces[number], codes)
    except Exception as error:  # of a broken file fontTools raises whatever its bytes lead to
        raise CnngraphError.of(
            "E0621", f"{path} is no font that can be read", reason=_first_line(error), file=path,
            help=f"files are {', '.join(SUFFIXES)}",
        ) from None  # fmt: skip
    if made is None:
        listed = ", ".join(f"{number} {name}" for number, name in enumerate(names, start=1))
        raise CnngraphError.of(
            "E0621", f"{path} has no face {wanted!r}", reason=f"there {'is' if len(names) == 1 else 'are'} {listed}",
            file=path, help=f"--font '{path}#1'",
        )  # fmt: skip
    if made.forbids:
        raise CnngraphError.of(
            "E0621", f"{path} says of itself that it may not be embedded", reason="OS/2.fsType is “restricted license”",
            file=path, help="take a font whose licence permits it",
        )  # fmt: skip
    if not made.table["characters"].strip():
        raise CnngraphError.of("E0621", f"{path} has no outlines of the characters of figures", file=path)
    remark = ""
    if len(names) > 1 and not wanted:
        remark = f"{path} has {len(names)} faces, and this is {names[0]}: --font '{path}#2' takes {names[1]}"
    return led_by(Face.of(made.table, made.file), remark)


class _Made(NamedTuple):
    """A face made simple."""

    table: dict[str, Any]
    """Its measures, as `Face.of` reads them."""
    file: bytes
    forbids: bool
    """Whether it may not be embedded."""


def _made(face: Any, codes: Iterable[int]) -> _Made:
    forbids = "OS/2" in face and face["OS/2"].fsType & 0x000F == _RESTRICTED
    font, table = simple(face, filter(_stands_alone, codes), Naming(family=_name(face)))
    written = io.BytesIO()
    font.save(written)
    return _Made(table, written.getvalue(), forbids)


def _number(wanted: str, names: list[str]) -> int | None:
    """Of the face that is *wanted* among those of these *names*; None for none."""
    if not wanted:
        return 0
    if wanted.isdecimal() and 1 <= int(wanted) <= len(names):
        return int(wanted) - 1
    return next((number for number, name in enumerate(names) if name.casefold() == wanted.casefold()), None)


def _stands_alone(code: int) -> bool:
    """Whether a character is drawn as it stands, whatever is beside it, from left to right."""
    if code > _LAST:
        return False
    char = chr(code)
    is_joined = any(first <= code <= last for first, last in _JOINED) or unicodedata.category(char) in (
        "Mn",
        "Mc",
        "Me",
    )
    return not is_joined and unicodedata.bidirectional(char) not in ("R", "AL")


_JOINED = ((0x0900, 0x0DFF), (0x0F00, 0x109F), (0x1780, 0x18AF))
"""The scripts of India and of what lies around it, whose letters take other forms and places beside each other."""


def _full_name(font: Any) -> str:
    """As programs list it: ``Noto Serif CJK SC Bold``."""
    if "name" not in font:
        return ""
    said = font["name"].getBestFullName() or f"{_name(font)} {font['name'].getBestSubFamilyName() or ''}"
    return str(said).strip()[:100]


def _name(font: Any) -> str:
    """Its family, as programs know it, of plain characters."""
    said = font["name"].getBestFamilyName() if "name" in font else ""
    return re.sub(r"[^\w .-]", "", said or "").strip()[:100] or "Own"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
