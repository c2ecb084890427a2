"""A pooling of whole maps and the flattening behind it as one node.

1. A GlobalAveragePool or GlobalMaxPool makes one number of each channel; only Flatten takes them, and they are not
   given back. Where several do, at most one of them makes an output.
2. ReduceMean or ReduceMax over height and width, which keeps neither axis, makes what the Flatten made, under its name;
   whoever took what another made takes that.
"""

from __future__ import annotations

from dataclasses import replace

from cnngraph.onnx.graph import Constant, Graph, Node
from cnngraph.weights.source import Weights

_REDUCES = {"GlobalAveragePool": "ReduceMean", "GlobalMaxPool": "ReduceMax"}
_AXES = (2, 3)


def join_flatten(graph: Graph, weights: Weights) -> tuple[Graph, Weights, int]:
    """Means and largest numbers of whole maps, which are flattened, as vectors at once."""
    given = {info.name for info in graph.outputs}
    takers: dict[str, list[Node]] = {
        node.output: [] for node in graph.nodes if node.op in _REDUCES and node.output not in given
    }
    for node in graph.nodes:
        for name in node.inputs:
            if name in takers:
                takers[name].append(node)
    flat: dict[str, str] = {}
    """By what a pooling makes, the vector that is made instead."""
    instead: dict[str, str] = {}
    """For each vector that goes, the one that is taken in its place."""
    for pooled, found in takers.items():
        made = sorted({node.output for node in found}, key=lambda name: name not in given)
        if found and all(node.op == "Flatten" for node in found) and not given & set(made[1:]):
            flat[pooled] = made[0]
            instead |= dict.fromkeys(made[1:], made[0])
    if not flat:
        return graph, weights, 0
    nodes: list[Node] = []
    constants: list[Constant] = []
    for node in graph.nodes:
        if node.op == "Flatten" and node.inputs[0] in flat:
            continue
        inputs = tuple(instead.get(name, name) for name in node.inputs)
        if node.output in flat:
            attributes = dict[str, object](keepdims=0)
            if graph.opset < 18:
                attributes["axes"] = _AXES
            else:
                constants.append(Constant(f"{flat[node.output]}.axes", _AXES, (len(_AXES),), "int64"))
                inputs = (*inputs, constants[-1].name)
            node = replace(node, op=_REDUCES[node.op], output=flat[node.output], attributes=attributes)
        nodes.append(replace(node, inputs=inputs))
    return (
        replace(
            graph,
            nodes=tuple(nodes),
            constants=(*graph.constants, *constants),
            infos=tuple(info for info in graph.infos if info.name not in flat and info.name not in instead),
            tensors={
                layer: instead.get(tensor, tensor) for layer, tensor in graph.tensors.items() if tensor not in flat
            },
        ),
        weights,
        len(flat),
    )
