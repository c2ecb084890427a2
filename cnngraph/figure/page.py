"""How wide a figure is."""

from __future__ import annotations

import re
from math import ceil

from cnngraph.diagnostics import CnngraphError

WIDTHS = {"column": 252.0, "page": 504.0, "slide": 960.0}
"""Points: a column and the full width of a two-column paper, and a 16:9 slide."""
SLIDE = WIDTHS["slide"]
_PAPER = 648.0
"""Points that the text of a paper is high."""
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


def height(width: float) -> float:
    """Points that a figure of *width* points has on its page: a slide is 16:9."""
    return width * 9 / 16 if width > SLIDE * 0.75 else _PAPER
