"""The layer kinds, one class each; importing this package fills `KINDS`."""

from cnngraph.layers import (
    activation,
    border,
    convolution,
    dense,
    join,
    normalization,
    opaque,
    pooling,
    rearrange,
    resize,
    scaling,
    source,
)
from cnngraph.layers.kind import KINDS, Caption, Fault, Kind, Lowering, Parameter

NORMS = {word: kind for word, kind in KINDS.items() if kind.follows == "norm"}
ACTIVATIONS = {word: kind for word, kind in KINDS.items() if kind.follows == "activation"}
"""What may stand as a word on the step of another kind, by its word."""

__all__ = [
    "ACTIVATIONS", "KINDS", "NORMS", "Caption", "Fault", "Kind", "Lowering", "Parameter",
    "activation", "border", "convolution", "dense", "join", "normalization", "opaque", "pooling", "rearrange",
    "resize", "scaling", "source",
]  # fmt: skip
