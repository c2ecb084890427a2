"""The layer kinds, one class each; importing this package fills `KINDS`."""

from cnngraph.layers import activation, convolution, dense, join, normalization, pooling, rearrange, source
from cnngraph.layers.kind import KINDS, Caption, Fault, Kind, Lowering, Parameter

__all__ = [
    "KINDS", "Caption", "Fault", "Kind", "Lowering", "Parameter",
    "activation", "convolution", "dense", "join", "normalization", "pooling", "rearrange", "source",
]  # fmt: skip
