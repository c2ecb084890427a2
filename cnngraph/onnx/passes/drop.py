"""Nodes that give back what they take.

1. Dropout does nothing at inference (ONNX Dropout, ``training_mode`` false), Identity never does anything.
2. Whoever took the node's tensor takes the one before it.
3. Where the node's tensor is an output, the node before makes it, under the output's name; unless that is an input, or
   itself an output: then an Identity has to stay.
"""

from __future__ import annotations

from dataclasses import replace

from cnngraph.onnx.graph import Graph, Node
from cnngraph.weights.source import Weights


def drop_dropout(graph: Graph, weights: Weights) -> tuple[Graph, Weights, int]:
    """Without Dropout, which does nothing when a network runs."""
    small, count = _dropped(graph, "Dropout")
    return small, weights, count


def drop_identities(graph: Graph, weights: Weights) -> tuple[Graph, Weights, int]:
    """Without Identity, but where an output needs it."""
    small, count = _dropped(graph, "Identity")
    return small, weights, count


def _dropped(graph: Graph, op: str) -> tuple[Graph, int]:
    outputs = {info.name for info in graph.outputs}
    made = {node.output for node in graph.nodes}
    instead: dict[str, str] = {}
    """For each tensor that goes, the one that is taken in its place."""
    moved: dict[str, str] = {}
    """For each tensor that an output's name is given to, that name."""
    nodes: list[Node] = []
    count = 0
    for node in graph.nodes:
        if node.op != op:
            nodes.append(node)
            continue
        source = instead.get(node.inputs[0], node.inputs[0])
        if node.output not in outputs:
            instead[node.output] = source
            count += 1
        elif source in made and source not in outputs and source not in moved:
            moved[source] = node.output
            count += 1
        elif op == "Identity":
            nodes.append(node)
        else:
            nodes.append(replace(node, op="Identity", inputs=node.inputs[:1], attributes={}))
            count += 1
    if not count:
        return graph, 0

    def name(tensor: str) -> str:
        tensor = instead.get(tensor, tensor)
        return moved.get(tensor, tensor)

    nodes = [replace(node, inputs=tuple(map(name, node.inputs)), output=name(node.output)) for node in nodes]
    taken = {tensor for node in nodes for tensor in node.inputs}
    return replace(
        graph,
        nodes=tuple(nodes),
        infos=tuple(info for info in graph.infos if info.name not in instead and info.name not in moved),
        constants=tuple(constant for constant in graph.constants if constant.name in taken),
        tensors={layer: name(tensor) for layer, tensor in graph.tensors.items()},
    ), count
