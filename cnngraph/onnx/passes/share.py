"""Initializers that are equal are kept once, under the name of the first."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice

from cnngraph.onnx.graph import Graph
from cnngraph.weights.initialise import RandomWeights
from cnngraph.weights.source import Weight, Weights

_LOOK = 2**12
"""Bytes looked at first: weights that were trained differ within them."""


def share_constants(graph: Graph, weights: Weights) -> tuple[Graph, Weights, int]:
    """Equal numbers in equal shapes: the bounds of every ReLU6, the shapes of every shuffle."""
    first: dict[Hashable, str] = {}
    same: dict[str, str] = {}
    for constant in graph.constants:
        kept = first.setdefault((constant.values, constant.shape, constant.type), constant.name)
        if kept != constant.name:
            same[constant.name] = kept
    return _renamed(graph, same), weights, len(same)


def share_weights(graph: Graph, weights: Weights) -> tuple[Graph, Weights, int]:
    """Weights of a file that are equal in every byte, such as those two layers share.

    Random ones are left alone, and vectors: they save nothing, and those that start at zero are equal only until the
    network is trained.
    """
    if isinstance(weights, RandomWeights):
        return graph, weights, 0
    alike: dict[Hashable, list[Weight]] = {}
    for weight in graph.weights:
        if len(weight.parameter.shape) > 1:
            alike.setdefault(weight.parameter.shape, []).append(weight)
    same: dict[str, str] = {}
    for group in alike.values():
        if len(group) > 1:
            same |= dict(_equal(group, weights))
    return _renamed(graph, same), weights, len(same)


def _equal(group: list[Weight], weights: Weights) -> Iterator[tuple[str, str]]:
    starts: dict[bytes, list[Weight]] = {}
    for weight, pieces in zip(group, weights.all(group), strict=True):
        starts.setdefault(b"".join(bytes(memoryview(piece)[:_LOOK]) for piece in islice(pieces, 1)), []).append(weight)
    for candidates in starts.values():
        kept: dict[bytes, str] = {}
        if len(candidates) > 1:
            for weight, pieces in zip(candidates, weights.all(candidates), strict=True):
                first = kept.setdefault(_digest(pieces), weight.name)
                if first != weight.name:
                    yield weight.name, first


def _digest(pieces: Iterable[bytes | memoryview]) -> bytes:
    import hashlib

    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.digest()


def _renamed(graph: Graph, same: Mapping[str, str]) -> Graph:
    if not same:
        return graph
    return replace(
        graph,
        nodes=tuple(replace(node, inputs=tuple(same.get(name, name) for name in node.inputs)) for node in graph.nodes),
        weights=tuple(weight for weight in graph.weights if weight.name not in same),
        constants=tuple(constant for constant in graph.constants if constant.name not in same),
    )
