"""A pooling of whole maps and the flattening behind it as one node.

1. A GlobalAveragePool or GlobalMaxPool makes one number of each channel; only a Flatten takes them, and they are not
   given back.
2. ReduceMean or ReduceMax over height and width, which keeps neither axis, makes what the Flatten made, under its name.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from cnngraph.onnx.graph import Constant, Graph, Node
from cnngraph.weights.source import Weights

_REDUCES = {"GlobalAveragePool": "ReduceMean", "GlobalMaxPool": "ReduceMax"}
_AXES = (2, 3)


def join_flatten(graph: Graph, weights: Weights) -> tuple[Graph, Weights, int]:
    """Means and largest numbers of whole maps, which are flattened, as vectors at once."""
    takers = Counter(name for node in graph.nodes for name in node.inputs)
    given = {info.name for info in graph.outputs}
    pools = {
        node.output: node
        for node in graph.nodes
        if node.op in _REDUCES and takers[node.output] == 1 and node.output not in given
    }
    flat = {node.inputs[0]: node.output for node in graph.nodes if node.op == "Flatten" and node.inputs[0] in pools}
    if not flat:
        return graph, weights, 0
    nodes: list[Node] = []
    constants: list[Constant] = []
    for node in graph.nodes:
        if node.op == "Flatten" and node.inputs[0] in flat:
            continue
        if node.output in flat:
            inputs, attributes = node.inputs, dict[str, object](keepdims=0)
            if graph.opset < 18:
                attributes["axes"] = _AXES
            else:
                constants.append(Constant(f"{flat[node.output]}.axes", _AXES, (len(_AXES),), "int64"))
                inputs = (*inputs, constants[-1].name)
            node = replace(node, op=_REDUCES[node.op], inputs=inputs, output=flat[node.output], attributes=attributes)
        nodes.append(node)
    return (
        replace(
            graph,
            nodes=tuple(nodes),
            constants=(*graph.constants, *constants),
            infos=tuple(info for info in graph.infos if info.name not in flat),
            tensors={layer: tensor for layer, tensor in graph.tensors.items() if tensor not in flat},
        ),
        weights,
        len(flat),
    )
