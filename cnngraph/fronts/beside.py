"""The weights that go with a network whose file has none: those that are asked for, or those in a file beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from cnngraph.diagnostics import CnngraphError, Diagnostic
from cnngraph.fronts.content import Content
from cnngraph.reading import Reading


def completed(read: Callable[[Path | None], Reading], content: Content, asked: Path | None, suffix: str) -> Reading:
    """What *read* makes with the weights in a file: the one *asked* for, else one beside *content* that is called like
    it but for its *suffix*. Where that one does not fit, the network comes with weights that say so when they are asked
    for."""
    if asked is not None:
        return read(asked)
    beside = content.path.with_suffix(suffix) if content.path is not None and content.path.name else None
    if beside is None or not beside.is_file():
        return read(None)
    try:
        return read(beside)
    except CnngraphError as error:
        plain = read(None)
        from cnngraph.weights.brought import UnfitWeights

        first = error.diagnostics[0]
        message = f"{beside}, which lies beside it, does not fit: {first.message}"
        remark = Diagnostic("W0121", message, file=content.name, reason=first.reason)
        unfit = UnfitWeights(f"the weights in {beside}", error)
        return replace(plain, weights=unfit, diagnostics=(*plain.diagnostics, remark))
