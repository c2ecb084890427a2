"""What is said of windows of one pixel, which need no padding: `same`, where a text is going to say so once for all
windows of their kind, else nothing."""

from __future__ import annotations

from collections.abc import Mapping

from cnngraph.layers.values import Padding
from cnngraph.layers.window import Windowed
from cnngraph.structure.pieces import Rows, Step, rows_in_text

_FEWEST = 4
"""Steps that say `same` before a text says it once for all."""
_SHARE = 0.6


def point_paddings(found: Rows) -> Mapping[str, Padding]:
    """For a word the padding that windows of one pixel have, too, if they have any."""
    steps: dict[str, int] = {}
    points: dict[str, int] = {}
    padded: dict[str, list[Padding]] = {}
    for row, _ in rows_in_text(found):
        for piece in row:
            kind = piece.unit.lead.kind if isinstance(piece, Step) else None
            if not isinstance(kind, Windowed) or kind.sliding is None:
                continue
            steps[kind.word] = steps.get(kind.word, 0) + 1
            if kind.sliding.window == (1, 1):
                points[kind.word] = points.get(kind.word, 0) + 1
            elif kind.sliding.padding.mode in ("same", "same_upper"):
                padded.setdefault(kind.word, []).append(kind.sliding.padding)
    return {
        word: paddings[0]
        for word, paddings in padded.items()
        if len(paddings) + points.get(word, 0) >= max(_FEWEST, _SHARE * steps[word])
    }
