"""The figure of an open document."""

from __future__ import annotations

from cnngraph.diagnostics import CnngraphError
from cnngraph.editor.document import Document

WIDTH = 960.0
"""Points: that of a slide, as `cnngraph render` has it unless said."""


def figure(document: Document) -> str:
    """The SVG that `cnngraph render` would write; raises `CnngraphError`, with one message, when there is none."""
    from cnngraph.figure.styles import Order, choose, draw
    from cnngraph.figure.theme import THEMES
    from cnngraph.figure.writers.svg import write_svg

    network = document.reading.network
    if network is None:
        raise CnngraphError(document.diagnostics[:1])
    style, _ = choose([network])
    scene = draw(Order([network], style, WIDTH, THEMES["light"]))
    return write_svg(scene, "embedded").decode()
