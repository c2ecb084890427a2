"""Numbers of 8 bits, as a scale and a zero point make them of others."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnngraph.fronts.onnx.messages import Node
from cnngraph.weights.readers.entry import Array


def restored(node: Node, array: Array, scale: Array, zero: Array | None = None) -> Array:
    """What DequantizeLinear makes of *array*."""
    scale, zero = _along(node, array, scale), None if zero is None else _along(node, array, zero)
    whole = array.astype(np.float32)
    made: Array = (whole if zero is None else whole - zero.astype(np.float32)) * scale
    return made


def rounded(node: Node, array: Array, scale: Array, zero: Array | None = None) -> Array:
    """What QuantizeLinear makes of *array*."""
    zero = np.zeros_like(scale, np.uint8) if zero is None else zero
    bounds = np.iinfo(zero.dtype)
    made: Array = np.rint(array / _along(node, array, scale)) + _along(node, array, zero).astype(np.float32)
    return np.clip(made, bounds.min, bounds.max).astype(zero.dtype)


def _along(node: Node, array: Array, given: Array) -> Array:
    """*given*, one number or one for each place of the node's axis, spread over *array*."""
    if given.size == 1:
        return given.reshape(())
    axis: Any = node.attributes.get("axis", 1)
    shape = [1] * array.ndim
    shape[axis] = given.size
    return given.reshape(shape)
