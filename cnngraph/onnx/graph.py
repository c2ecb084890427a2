"""An ONNX graph as plain data, before it is a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from cnngraph.about import About
from cnngraph.volume import Dim
from cnngraph.weights.source import Weight

if TYPE_CHECKING:
    from cnngraph.fronts.onnx.parts import Stored

Type = Literal["float32", "float16", "int64", "uint8"]
"""Of a tensor's numbers, as numpy calls it."""


@dataclass(frozen=True, slots=True)
class Node:
    """One ONNX operator; all that are written here make one tensor, but for Split and a MaxPool that says places."""

    name: str
    op: str
    inputs: tuple[str, ...]
    output: str
    attributes: Mapping[str, object]
    layer: str = ""
    """The layer that it is part of; empty for what stands between layers."""
    more: tuple[str, ...] = ()
    """The tensors that it makes besides *output*, in order."""
    verbatim: bytes = b""
    """Of a node that is passed through from a model all of its message but its name, inputs and outputs. The *op* of
    such a one has its domain and a colon in front: no rule for an operator's nodes is about it."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """All that it makes."""
        return (self.output, *self.more)


@dataclass(frozen=True, slots=True)
class Constant:
    """An initializer made by the lowering."""

    name: str
    values: tuple[int, ...] | tuple[float, ...]
    shape: tuple[int, ...]
    type: Type


@dataclass(frozen=True, slots=True)
class Info:
    """The shape of a tensor, batch and all."""

    name: str
    dims: tuple[Dim, ...]
    type: Type = "float32"


@dataclass(frozen=True, slots=True)
class Graph:
    """All that an ONNX file says, but for the numbers of its weights."""

    name: str
    title: str
    opset: int
    inputs: tuple[Info, ...]
    outputs: tuple[Info, ...]
    nodes: tuple[Node, ...]
    weights: tuple[Weight, ...]
    constants: tuple[Constant, ...]
    infos: tuple[Info, ...]
    """Every tensor that is neither input, output nor initializer."""
    tensors: Mapping[str, str] = field(default_factory=dict)
    """The tensor that each layer makes, by the layer's name; without those that a pass took away."""
    about: About = field(default_factory=About)
    """What stands beside the graph in the file."""
    stored: tuple[Stored, ...] = ()
    """Initializers passed through from a model."""
    domains: Mapping[str, int] = field(default_factory=dict)
    """Operator sets besides ONNX's own, with their versions."""
