"""An author's own font, out of a file: OpenType or TrueType, also the first of a collection.

A file is hostile until read: fontTools reads it, nothing of it is run, and what is measured, drawn and embedded
is a font made anew of its outlines.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.simple import Naming, simple
from cnngraph.figure.typeface import SUFFIXES, Face, Typeface, bundled, led_by

_LARGEST = 100_000_000
"""Bytes: the largest collections of Chinese, Japanese and Korean letters have half as many."""
_RESTRICTED = 0x0002
"""The bit of ``OS/2.fsType`` by which a font forbids to be embedded (OpenType specification)."""
_LAST = 0xFFFF
"""The last character of the plane that fonts made here have."""


def read(path: str | Path, texts: str) -> Typeface:
    """The font at *path*, with the characters of the fonts that ship and those of *texts*, as far as it has them.

    Raises `CnngraphError`: E0110 when it cannot be read, E0621 when it is no font, has no outlines, forbids to be
    embedded, or fontTools is not there.
    """
    try:
        from fontTools.ttLib import TTFont
    except ImportError:
        raise CnngraphError.of(
            "E0621", "a figure in a font of one's own needs fontTools", help='pip install "cnngraph[fonts]"'
        ) from None
    path = Path(path)
    try:
        with open(path, "rb") as stream:
            data = stream.read(_LARGEST + 1)
    except OSError as error:
        raise CnngraphError.of("E0110", f"cannot read {path}: {error.strerror}", file=str(path)) from None
    if len(data) > _LARGEST:
        raise CnngraphError.of("E0621", f"{path} has more than {_LARGEST:,} bytes", file=str(path))
    codes = {ord(char) for face in bundled().faces.values() for char in face.advance} | set(map(ord, texts))
    try:
        original = TTFont(io.BytesIO(data), fontNumber=0, lazy=True)
        forbids = "OS/2" in original and original["OS/2"].fsType & 0x000F == _RESTRICTED
        naming = Naming(family=_name(original))
        made, table = simple(original, [code for code in codes if code <= _LAST], naming)
        written = io.BytesIO()
        made.save(written)
    except Exception as error:  # of a broken file fontTools raises whatever its bytes lead to
        raise CnngraphError.of(
            "E0621", f"{path} is no font that can be read", reason=_first_line(error), file=str(path),
            help=f"files are {', '.join(SUFFIXES)}",
        ) from None  # fmt: skip
    if forbids:
        raise CnngraphError.of(
            "E0621", f"{path} says of itself that it may not be embedded", reason="OS/2.fsType is “restricted license”",
            file=str(path), help="take a font whose licence permits it",
        )  # fmt: skip
    if not table["characters"].strip():
        raise CnngraphError.of("E0621", f"{path} has no outlines of the characters of figures", file=str(path))
    return led_by(Face.of(table, written.getvalue()))


def _name(font: object) -> str:
    """Its family, as programs know it, of plain characters."""
    said = font["name"].getBestFamilyName() if "name" in font else ""  # type: ignore[operator, index]
    return re.sub(r"[^\w .-]", "", said or "").strip()[:100] or "Own"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
