"""A picture out of a file as bytes, from 0 for black to 255 for white: one, and nothing cut off."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

_SEVERAL = {"GIF": "frames", "PNG": "frames", "WEBP": "frames", "TIFF": "pages"}
"""Formats whose files may hold pictures of equal rank; what follows in a JPEG is a thumbnail or a map of depths."""
_INSTEAD = "and does not say which number is white: save it with 8 or 16 bits a pixel"
_ORIENTATION = 0x0112
"""The tag of Exif that says how a camera was held: 1 upright, 5 to 8 on its side."""
_AT_ONCE = 1_000_000
"""Pixels, about, that are worked on at a time of a picture that is too large to be copied."""


def in_bytes(opened: ImageFile) -> Image:
    """The picture that Pillow has *opened*, turned as its camera says, with 8 bits a channel.

    Raises `ValueError` with the reason for a file of several pictures, and for numbers of which none is known as white.
    """
    from PIL import ImageOps

    _need_one(opened)
    return _eight_bits(ImageOps.exif_transpose(opened), opened.format)


def lies(opened: ImageFile) -> bool:
    """Whether the width that Pillow says is the height when the picture is turned as its camera says. It turns those of
    a TIFF itself when it decodes them, and says so before."""
    return opened.format != "TIFF" and opened.getexif().get(_ORIENTATION, 1) in (5, 6, 7, 8)


def reduced(opened: ImageFile, times: int, colours: Callable[[Image], Image]) -> Image:
    """`in_bytes`, then *colours*, which looks at each pixel by itself, then the mean of each *times* x *times* pixels.

    Some rows are worked on at a time, so that beside what Pillow decodes there is no other picture of its size.
    """
    from PIL import Image, ImageOps

    _need_one(opened)
    opened.load()
    width, height = opened.size
    rows = times * max(1, _AT_ONCE // (width * times))
    parts = []
    for top in range(0, height, rows):
        part = opened.crop((0, top, width, min(top + rows, height)))
        parts.append(colours(_eight_bits(part, opened.format)).reduce(times))
    whole = Image.new(parts[0].mode, (parts[0].width, sum(part.height for part in parts)))
    top = 0
    for part in parts:
        whole.paste(part, (0, top))
        top += part.height
    whole.getexif()[_ORIENTATION] = opened.getexif().get(_ORIENTATION, 1)
    return ImageOps.exif_transpose(whole)


def _need_one(opened: ImageFile) -> None:
    count = getattr(opened, "n_frames", 1)
    if count > 1 and opened.format in _SEVERAL:
        raise ValueError(f"it holds {count} {_SEVERAL[opened.format]}: save the one that is meant by itself")


def _eight_bits(picture: Image, format: str | None) -> Image:
    import numpy as np
    from PIL import Image

    if picture.mode == "F":
        raise ValueError(f"it holds fractions, {_INSTEAD}")
    if picture.mode == "I" and format != "PNG":
        raise ValueError(f"it holds 32 bits a pixel, {_INSTEAD}")
    if picture.mode.startswith("I"):
        # 16 bits a pixel, which Pillow would cut off at 255 instead of scaling.
        return Image.fromarray((np.asarray(picture).clip(0, 65535) // 257).astype(np.uint8))
    return picture
