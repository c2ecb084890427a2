"""How wide a figure is, and how high it may be."""

from __future__ import annotations

import re
from math import ceil

from cnngraph.diagnostics import CnngraphError

WIDTHS = {"column": 252.0, "page": 504.0, "slide": 960.0}
"""Points: a column and the full width of a two-column paper, and a 16:9 slide."""
SLIDE = WIDTHS["slide"]
_SLIDE_RATIO = 16 / 9
_PAGE = 648.0
"""Points that a page of a paper is high."""
_MM = 72 / 25.4
_LEAST, _MOST = 72, 14_400


def points(width: str | float) -> float:
    """*width* in points: a key of `WIDTHS`, a length such as ``120mm`` or ``340pt``, or a number of points.

    Raises `ValueError`.
    """
    if isinstance(width, str):
        match = re.fullmatch(r"(\d+(?:\.\d+)?)(mm|pt)", width)
        if width not in WIDTHS and not match:
            raise ValueError(f"{width!r} is none of {', '.join(WIDTHS)}, or a length such as 120mm or 340pt")
        found = WIDTHS[width] if match is None else float(match[1]) * (_MM if match[2] == "mm" else 1)
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
