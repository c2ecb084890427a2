"""A user's picture, made fit for a scene."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from cnngraph.diagnostics import CnngraphError
from cnngraph.pictures import FORMATS, MAX_PIXELS
from cnngraph.shades import in_bytes

if TYPE_CHECKING:
    from PIL.Image import Image

_PNG = b"\x89PNG\r\n\x1a\n"
_LARGEST = 1024
"""Pixels that a side has at most: a figure has a place of about an inch and a half for it."""


def read(path: str | Path) -> bytes:
    """The image file at *path*. Raises `CnngraphError` (E0605)."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise CnngraphError.of("E0605", f"cannot read the picture {path}: {error.strerror}") from None


def png_of(data: bytes, ratio: float | None, grey: bool) -> bytes:
    """An image file of any common kind as a PNG whose width is *ratio* times its height: what is wider or higher is cut
    off on both sides; without a ratio all of it. Transparent places are white, and with *grey* all is in greys, as a
    network is given it.

    A PNG that is so already stays as it is. Raises `CnngraphError` (E0605).
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError(f"it has {image.width:,} × {image.height:,} pixels")
            image.load()
            picture = shown = in_bytes(image)
            if shown.has_transparency_data:
                shown = Image.alpha_composite(Image.new("RGBA", shown.size, "white"), shown.convert("RGBA"))
            shown = shown if grey and shown.mode in ("1", "L") else shown.convert("L" if grey else "RGB")
            shown = shown if ratio is None else _cut(shown, ratio)
            shown.thumbnail((_LARGEST, _LARGEST))
            is_same = shown.size == image.size and not picture.has_transparency_data and (not grey or shown is picture)
            if data.startswith(_PNG) and is_same and picture.tobytes() == image.tobytes():
                return data
            buffer = io.BytesIO()
            shown.save(buffer, "PNG")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise CnngraphError.of(
            "E0605", "the picture cannot be read", reason=str(error), help="give a PNG, JPEG, GIF, BMP or WebP file"
        ) from None
    return buffer.getvalue()


def _cut(picture: Image, ratio: float) -> Image:
    """The middle of *picture*, as much of it as is *ratio* times as wide as high."""
    width = min(picture.width, max(1, round(picture.height * ratio)))
    height = min(picture.height, max(1, round(picture.width / ratio)))
    if (width, height) == picture.size:
        return picture
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))
