"""The canonical form of a document, as one edit of what differs."""

from __future__ import annotations

from lsprotocol.types import TextEdit

from cnngraph.canonical import canonical
from cnngraph.diagnostics import CnngraphError
from cnngraph.editor.document import Document
from cnngraph.source import Span


def formatting(document: Document) -> list[TextEdit]:
    """None when it is canonical already; nor when it has mistakes, which are shown as such."""
    text = document.source.text
    try:
        wanted = canonical(document.source)
    except CnngraphError:
        return []
    if wanted == text:
        return []
    # Only from the first to the last difference, so that an editor keeps its place in the rest.
    start = next(
        (at for at, (a, b) in enumerate(zip(text, wanted, strict=False)) if a != b), min(len(text), len(wanted))
    )
    most = min(len(text), len(wanted)) - start
    same = next((at for at in range(most) if text[-1 - at] != wanted[-1 - at]), most)
    span = Span(document.source, start, len(text) - same)
    return [TextEdit(document.positions.range(span), wanted[start : len(wanted) - same])]
