"""Numbers as small pictures that stand in the page."""

from __future__ import annotations

import base64
import io
import math
from typing import Any

import numpy as np

from cnngraph.figure.ramp import Ramp
from cnngraph.figure.theme import LIGHT

Array = np.ndarray[Any, np.dtype[Any]]
_RAMP = Ramp(LIGHT, half=31)
"""The colours of figures, fewer of them: as many as can be told apart, for they cost bytes."""
GAP = len(_RAMP.palette)
"""The number of the colour between pictures, behind those of the ramp."""
_GREY = "#bebebe"


def url(picture: Any, form: str = "PNG", **more: Any) -> str:
    """A picture of Pillow's as a ``data:`` URL."""
    buffer = io.BytesIO()
    picture.save(buffer, form, **more)
    return f"data:image/{form.lower()};base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def places(values: Array, least: float, most: float) -> Array:
    """By *values* from *least* to *most*, of any height and width, the numbers of their colours."""
    rows = _RAMP.rows(values.reshape(-1, values.shape[-1]), least, most)
    return np.frombuffer(b"".join(rows), np.uint8).reshape(values.shape)


def painted(colors: Array) -> str:
    """A picture of `places`, height by width."""
    from PIL import Image

    picture = Image.fromarray(colors, "L")
    picture.putpalette(b"".join(bytes.fromhex(color[1:]) for color in (*_RAMP.palette, _GREY)))
    return url(picture, optimize=True)


def tiled(maps: Array, between: float = GAP) -> Array:
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
