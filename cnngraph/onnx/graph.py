"""An ONNX graph as plain data, before it is a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cnngraph.layers.kind import Parameter
from cnngraph.network import Layer
from cnngraph.volume import Dim


@dataclass(frozen=True, slots=True)
class Node:
    name: str
    op: str
    inputs: tuple[str, ...]
    output: str
    attributes: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Weight:
    """An initializer whose numbers come from the weights: float32."""

    name: str
    """The key in a weight file: ``conv1.weight``."""
    layer: Layer
    parameter: Parameter


@dataclass(frozen=True, slots=True)
class Constant:
    """An initializer made by the lowering: int64 for whole numbers, else float32."""

    name: str
    values: tuple[int, ...] | tuple[float, ...]
    shape: tuple[int, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class Info:
    """The shape of a tensor, batch and all, and whether it holds int64 instead of float32."""

    name: str
    dims: tuple[Dim, ...]
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Graph:
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
