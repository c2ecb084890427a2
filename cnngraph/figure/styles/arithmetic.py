"""A layer's arithmetic in words: how its sizes, parameters and multiply-accumulates come about."""

from __future__ import annotations

from cnngraph.layers.terms import NOTHING, Term, number
from cnngraph.network import Layer
from cnngraph.volume import Dim

Row = tuple[str, str]
"""What is counted, and how: ``("parameters", "(1·1·32 + 1)·16 = 528")``."""


def sentence(layer: Layer) -> str:
    """What the layer does, in one line; empty for one whose arithmetic says nothing."""
    return layer.kind.sentence(layer.input_volumes)


def arithmetic(layer: Layer) -> list[Row]:
    """The rows below the figure, from the terms of the layer's kind."""
    rows = [("parameters", f"{layer.kind.counted(layer.input_volumes).typeset} = {layer.params:,}")]
    if not layer.params:
        rows = [("parameters", f"none of its own, those of {layer.shares}" if layer.shares else "none")]
    work = layer.kind.work(layer.input_volumes, layer.output)
    if work is not NOTHING:
        rows.append(("MACs", work.typeset + ("" if layer.macs is None else f" = {layer.macs:,}")))
    are_maps = layer.output.is_map and layer.input_volumes[0].is_map
    return [*(_sizes(layer) if are_maps else ()), *rows]


def _sizes(layer: Layer) -> list[Row]:
    """``(227 + 2·0 − 11)/4 + 1 = 55`` for the height, and for the width where it is another."""
    made, terms = layer.output.dims[:2], layer.kind.sizes(layer.input_volumes)
    if terms is None:
        along = [
            f"{number(size).typeset} → {number(result).typeset}"
            for size, result in zip(layer.input_volumes[0].dims[:2], made, strict=True)
        ]
    else:
        along = [_size(term, result) for term, result in zip(terms, made, strict=True)]
    if along[0] == along[1]:
        return [("height, width", along[0])]
    return [("height", along[0]), ("width", along[1])]


def _size(term: Term, result: Dim) -> str:
    if term.value == result:
        return " = ".join(dict.fromkeys((term.typeset, number(result).typeset)))
    # The rule of PyTorch and ONNX for `ceil`.
    return f"{term.typeset} = {term.value}, but the last window would begin beyond the map: {result}"
