"""What each line makes, written behind it."""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types as lsp

from cnngraph.editor.document import Document
from cnngraph.elaborate.outcome import Ran
from cnngraph.spec import syntax as s
from cnngraph.volume import Volume

_SHOWN = 3
"""How many volumes are listed of a line that makes another one every time its block is used."""


def inlay_hints(document: Document, range: lsp.Range) -> list[lsp.InlayHint]:
    """Volume and parameters of each line that ends in *range*; of several on one line of text the outermost."""
    found: dict[int, lsp.InlayHint] = {}
    for line in document.lines:
        row = document.positions.position(line.span.end).line
        if range.start.line <= row <= range.end.line and row not in found:
            hint = _hint(document, line)
            if hint is not None:
                found[row] = hint
    return list(found.values())


def volumes(runs: Sequence[Ran]) -> str:
    """``28×28×6``, or several as in ``56×56×64, 28×28×128, … (4)``."""
    different = list(dict.fromkeys(ran.volume.caption for ran in runs))
    if len(different) <= _SHOWN:
        return ", ".join(different)
    return f"{', '.join(different[: _SHOWN - 1])}, … ({len(different)})"


def _hint(document: Document, line: s.Line) -> lsp.InlayHint | None:
    runs = document.runs_of(line.stages[-1])
    if not runs:
        return None
    params = {sum(map(document.params, turn)) for turn in zip(*map(document.runs_of, line.stages), strict=False)}
    parts = [volumes(runs)] if line.claim is None else []
    parts += [f"{count:,} parameters" for count in params if count] if len(params) == 1 else []
    if not parts:
        return None
    end = document.positions.position(line.span.end)
    made = {ran.volume for ran in runs}
    edits = [_claim(document, line, made.pop())] if line.claim is None and len(made) == 1 else None
    return lsp.InlayHint(end, ", ".join(parts), text_edits=edits, padding_left=True)


def _claim(document: Document, line: s.Line, volume: Volume) -> lsp.TextEdit:
    """Writes the volume into the text, as a claim, when the hint is accepted."""
    at = document.positions.position(line.stages[-1].span.end)
    return lsp.TextEdit(lsp.Range(at, at), f" => {volume}")
