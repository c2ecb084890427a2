"""The title over a figure."""

from __future__ import annotations

from cnngraph.figure.scene import Text
from cnngraph.figure.text import ascent, fit
from cnngraph.figure.text import width as text_width
from cnngraph.figure.theme import Theme
from cnngraph.figure.typeface import Font

_LARGEST = 1.8
"""Ems: a title is the first thing that is read, and not what is looked at."""


def heading(title: str, em: float, width: float, margin: float, theme: Theme, font: Font = "serif") -> Text:
    """*title* in a large *font* at the top left of a page of *width* points with *margin*; a long one is set
    smaller, and cut at last."""
    title = " ".join(title.split())
    room = width - 2 * margin
    size = max(1.2 * em, min(_LARGEST * em, room / max(text_width(title, font, 1.0), 0.1)))
    baseline = margin + ascent(font, size)
    return Text(margin, baseline, fit(title, font, size, room), size, font, fill=theme.ink)
