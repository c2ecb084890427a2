"""Numbers as small pictures that stand in the page."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
_LEVELS = 32
"""Of a ramp: as many as can be told apart, in five bits."""
_NOTHING, _MORE, _LESS = (255, 255, 255), (8, 61, 119), (166, 54, 3)
"""Colours of nothing, of the most, and of the least where that is below nothing; apart for the colour-blind, too."""


def url(picture: Any, form: str = "PNG", **more: Any) -> str:
    """A picture of Pillow's as a ``data:`` URL."""
    buffer = io.BytesIO()
    picture.save(buffer, form, **more)
    return f"data:image/{form.lower()};base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def ramp(values: Array, least: float, most: float) -> str:
    """*values*, height by width, from *least* to *most*: 0 is white, what is no number grey."""
    from PIL import Image

    signed, reach = least < 0, max(abs(least), abs(most)) or 1.0
    low = -reach if signed else 0.0
    finite = np.isfinite(values)
    share = np.clip((np.where(finite, values, 0.0) - low) / (reach - low), 0, 1)
    levels = np.where(finite, np.rint(share * (_LEVELS - 2)), _LEVELS - 1).astype(np.uint8)
    picture = Image.fromarray(levels, "L")
    picture.putpalette([part for level in range(_LEVELS) for part in _color(level, signed)])
    return url(picture, optimize=True, bits=5)


def _color(level: int, signed: bool) -> Sequence[int]:
    if level == _LEVELS - 1:
        return 190, 190, 190
    share = level / (_LEVELS - 2)
    share = 2 * share - 1 if signed else share
    end = _MORE if share >= 0 else _LESS
    return [round(white + (full - white) * abs(share)) for white, full in zip(_NOTHING, end, strict=True)]


def tiled(maps: Array, between: float = np.nan) -> Array:
    """*maps*, number by height by width (by colours), beside and below one another in a square, with lines of *between*
    around them."""
    count, high, wide, *rest = maps.shape
    across = math.ceil(math.sqrt(count * high / wide)) or 1
    across = min(across, count)
    down = math.ceil(count / across)
    sheet = np.full((down * (high + 1) - 1, across * (wide + 1) - 1, *rest), between, maps.dtype)
    for number, each in enumerate(maps):
        y, x = number // across * (high + 1), number % across * (wide + 1)
        sheet[y : y + high, x : x + wide] = each
    return sheet


def shrunk(maps: Array, side: int) -> Array:
    """*maps*, number by height by width, at most *side* high and wide: means of as many cells as that takes."""
    times = max(1, math.ceil(max(maps.shape[1:]) / side))
    count, high, wide = maps.shape
    whole = maps[:, : max(1, high // times) * times, : max(1, wide // times) * times]
    down, along = min(times, high), min(times, wide)
    means: Array = whole.reshape(count, whole.shape[1] // down, down, whole.shape[2] // along, along).mean(axis=(2, 4))
    return means
