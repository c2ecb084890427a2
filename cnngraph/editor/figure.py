"""The figure of an open document."""

from __future__ import annotations

from cnngraph.diagnostics import CnngraphError
from cnngraph.editor.document import Document


def figure(document: Document) -> str:
    """The SVG that `cnngraph render` would write; raises `CnngraphError`, with one message, when there is none."""
    from cnngraph.verbs import render

    network = document.reading.network
    if network is None:
        raise CnngraphError(document.diagnostics[:1])
    return render(network).svg
