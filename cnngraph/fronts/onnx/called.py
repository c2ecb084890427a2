"""What a stretch of nodes that no layer does is called: by what it contains, in the words that people have for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cnngraph.fronts.onnx.constants import Constant, Unknown
from cnngraph.fronts.onnx.messages import Node
from cnngraph.fronts.onnx.trace import OPERATORS, Value
from cnngraph.names import one_line

TELLING = {
    "NonMaxSuppression": "non-maximum suppression",
    "LSTM": "LSTM", "GRU": "GRU", "RNN": "recurrent layer",
    "RoiAlign": "RoI align", "MaxRoiPool": "RoI pool", "GridSample": "grid sampling",
    "DeformConv": "deformable convolution", "TopK": "the k largest",
}  # fmt: skip
"""What a stretch is whatever else there is in it, the first that it has."""
_PRODUCTS = frozenset({"MatMul", "Einsum", "cnngraph.MatMul"})
_COMMON = frozenset({
    "Reshape", "Transpose", "Concat", "Slice", "Add", "Mul", "Unsqueeze", "Squeeze", "Expand", "Split", "Shape",
    "Gather", "Cast", "Constant", "ConstantOfShape", "Range", "Sub", "Div", "Identity", "Pad",
})  # fmt: skip
"""Operators that rearrange, measure and reckon in every model: a stretch is called by others, if it has some."""
_MOST = 3
"""Of so many operators a stretch has the names."""
_PLACES = 4
"""So many at least make a grid."""


def called(nodes: Sequence[Node], values: Mapping[str, Value]) -> str:
    """The name of a stretch of *nodes*, in their order; *values* is what is known of the tensors."""
    ops = list(dict.fromkeys(node.op for node in nodes))
    if telling := next((name for op, name in TELLING.items() if op in ops), ""):
        return telling
    products = [node for node in nodes if node.op in _PRODUCTS and not _weighs(node, values)]
    if _PRODUCTS & set(ops) and "Softmax" in ops:
        return "attention"
    if len(products) > 1:
        return "attention without softmax"
    if any(_is_grid(values.get(name)) for node in nodes if node.op in ("Add", "Sub") for name in node.inputs):
        return "decoding of boxes"
    if len(products) == 1 and set(ops) <= _COMMON | _PRODUCTS:
        return "product of matrices"
    plain = [op for op in ops if op not in _COMMON] or ops
    more = "" if len(plain) <= _MOST else " and more"
    return ", ".join(plainly(op) for op in plain[:_MOST]) + more


def _weighs(node: Node, values: Mapping[str, Value]) -> bool:
    """Whether a product is one with a matrix of weights."""
    return any(isinstance(values.get(name), Constant) for name in node.inputs)


def _is_grid(value: Value | None) -> bool:
    """Whether a constant has the places of a map, row by row: two numbers each, in halves, from the first on."""
    if not isinstance(value, Constant) or 2 not in value.shape[1:] or value.size < 2 * _PLACES:
        return False
    try:
        doubled = 2 * value.array.astype(np.float64)
    except Unknown:
        return False
    pairs = np.moveaxis(doubled, value.shape.index(2, 1), -1).reshape(-1, 2)
    return bool((pairs == np.round(pairs)).all() and (pairs >= -1).all() and len(np.unique(pairs, axis=0)) >= _PLACES)


def plainly(op: str) -> str:
    """What another domain has under the name of an operator that is known is another one, and keeps its domain."""
    stem = op.rpartition(".")[2]
    name = one_line(stem if op.startswith("cnngraph.") or stem not in OPERATORS else op).replace('"', "'")
    return name if name.isprintable() and name.strip() else "a node"
