"""A picture out of a file as bytes, from 0 for black to 255 for white: one, and nothing cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

_SEVERAL = {"GIF": "frames", "PNG": "frames", "WEBP": "frames", "TIFF": "pages"}
"""Formats whose files may hold pictures of equal rank; what follows in a JPEG is a thumbnail or a map of depths."""
_INSTEAD = "and does not say which number is white: save it with 8 or 16 bits a pixel"


def in_bytes(opened: ImageFile) -> Image:
    """The picture that Pillow has *opened*, turned as its camera says, with 8 bits a channel.

    Raises `ValueError` with the reason for a file of several pictures, and for numbers of which none is known as white.
    """
    import numpy as np
    from PIL import Image, ImageOps

    count = getattr(opened, "n_frames", 1)
    if count > 1 and opened.format in _SEVERAL:
        raise ValueError(f"it holds {count} {_SEVERAL[opened.format]}: save the one that is meant by itself")
    turned = ImageOps.exif_transpose(opened)
    if turned.mode == "F":
        raise ValueError(f"it holds fractions, {_INSTEAD}")
    if turned.mode == "I" and opened.format != "PNG":
        raise ValueError(f"it holds 32 bits a pixel, {_INSTEAD}")
    if turned.mode.startswith("I"):
        # 16 bits a pixel, which Pillow would cut off at 255 instead of scaling.
        return Image.fromarray((np.asarray(turned).clip(0, 65535) // 257).astype(np.uint8))
    return turned
