"""The rules of ONNX's operators, by families: https://onnx.ai/onnx/operators.

A rule's parameters are the operator's inputs, and by keyword its attributes with their defaults; up to which opset
something is an attribute and from which on an input, it takes both. What no layer does it refuses as `Unknown`.
"""

from cnngraph.fronts.onnx.operators import (
    arithmetic,
    dense,
    fused,
    norms,
    quantized,
    reducing,
    resizing,
    shapes,
    windows,
)
from cnngraph.fronts.onnx.trace import OPERATORS

__all__ = [
    "OPERATORS",
    "arithmetic",
    "dense",
    "fused",
    "norms",
    "quantized",
    "reducing",
    "resizing",
    "shapes",
    "windows",
]
