"""A user's picture, made fit for a scene."""

from __future__ import annotations

import io
from pathlib import Path

from cnngraph.diagnostics import CnngraphError
from cnngraph.pictures import FORMATS, MAX_PIXELS
from cnngraph.shades import in_bytes

_PNG = b"\x89PNG\r\n\x1a\n"


def read(path: str | Path) -> bytes:
    """The image file at *path*. Raises `CnngraphError` (E0605)."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise CnngraphError.of("E0605", f"cannot read the picture {path}: {error.strerror}") from None


def png_of(data: bytes) -> bytes:
    """An image file of any common kind as PNG; a PNG stays as it is. Raises `CnngraphError` (E0605)."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError(f"it has {image.width:,} × {image.height:,} pixels")
            image.load()
            picture = in_bytes(image)
            if data.startswith(_PNG) and not image.mode.startswith("I"):
                return data
            buffer = io.BytesIO()
            picture.convert("RGB").save(buffer, "PNG")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise CnngraphError.of(
            "E0605", "the picture cannot be read", reason=str(error), help="give a PNG, JPEG, GIF, BMP or WebP file"
        ) from None
    return buffer.getvalue()
