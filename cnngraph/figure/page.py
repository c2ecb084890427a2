"""How wide a figure is, and how high it may be."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from math import ceil
from typing import TYPE_CHECKING

from cnngraph.diagnostics import CnngraphError

if TYPE_CHECKING:
    from cnngraph.figure.scene import Scene

WIDTHS = {"column": 252.0, "page": 504.0, "slide": 960.0}
"""Points: a column and the full width of a two-column paper, and a 16:9 slide."""
SLIDE = WIDTHS["slide"]
_SLIDE_RATIO = 16 / 9
_PAGE = 648.0
"""Points that a page of a paper is high."""
_UNITS = {"pt": 1.0, "mm": 72 / 25.4, "cm": 720 / 25.4, "in": 72.0}
_LEAST_ON_SLIDE = 10.0
"""Points that text is high at least."""
_SIZES = 5
"""Of text that are tried, from the one that a figure has if it may choose to the least."""
_LEAST, _MOST = 72, 14_400


def points(width: str | float) -> float:
    """*width* in points: a key of `WIDTHS`, a length such as ``120mm`` or ``340pt``, or a number of points.

    Raises `ValueError`.
    """
    if isinstance(width, str):
        match = re.fullmatch(rf"(\d+(?:\.\d+)?)({'|'.join(_UNITS)})", width)
        if width not in WIDTHS and not match:
            raise ValueError(f"{width!r} is none of {', '.join(WIDTHS)}, or a length such as 120mm, 16cm, 7in or 340pt")
        found = WIDTHS[width] if match is None else float(match[1]) * _UNITS[match[2]]
    else:
        found = float(width)
    if not _LEAST <= found <= _MOST:
        raise ValueError(f"{width} is not between {_LEAST}pt and {_MOST}pt")
    return found


def too_narrow(width: float, needed: float) -> CnngraphError:
    """The refusal (E0604) of *width* points for a figure whose widest part takes *needed*."""
    return CnngraphError.of(
        "E0604",
        f"{width:g} pt are too narrow for this figure",
        reason=f"its widest part takes {ceil(needed)} pt with the smallest text that can be read",
        help=f"give it at least --width {ceil(needed)}pt",
    )


def is_slide(width: float) -> bool:
    """Whether a figure of *width* points is one for a slide rather than for a paper."""
    return width > SLIDE * 0.75


def height(width: float) -> float:
    """Points that a slide, or a page of a paper, is high which has room for *width* of them."""
    return width / _SLIDE_RATIO if is_slide(width) else _PAGE


def texts(width: float, on_slide: float, in_print: float) -> list[float]:
    """Points that the text of a figure can be high: on a slide *on_slide* and less, on smaller widths in proportion, on
    larger ones no more, for they are to hold more; and never below what can be read, which is *in_print* in a paper."""
    least = max(in_print, _LEAST_ON_SLIDE) if is_slide(width) else in_print
    most = max(least, on_slide * min(width, SLIDE) / SLIDE)
    return [most - (most - least) * step / (_SIZES - 1) for step in range(_SIZES)] if most > least else [most]


def fitting(draw: Callable[[float], Scene], texts: Sequence[float], width: float) -> Scene:
    """The figure that *draw* makes with the largest of *texts* with which it is no wider than *width* and no higher
    than a page; where it is higher with all of them, with the largest with which it is no wider."""
    best: Scene | None = None
    for text in texts:
        scene = draw(text)
        if scene.width > width + 0.01:
            continue
        if scene.height <= height(width):
            return scene
        best = best or scene
        if scene.height * (texts[-1] / text) ** 2 > height(width):
            # Its area is that of its text: it will not do.
            return best
    return best or scene
