"""A pooling of whole maps and the flattening behind it as one node.

1. A GlobalAveragePool or GlobalMaxPool makes one number of each channel, and what leads from there to Flatten works on
   each channel by itself, on vectors as on maps. None of it is given back, and nothing else takes it. Where several
   flatten the same, at most one of them makes an output.
2. ReduceMean or ReduceMax over height and width, which keeps neither axis, makes a vector, and all behind it are
   vectors too.
   What was flattened is made under the name of what the Flatten made; whoever took what another made takes that.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from cnngraph.onnx.graph import Constant, Graph, Node
from cnngraph.weights.source import Weights

_REDUCES = {"GlobalAveragePool": "ReduceMean", "GlobalMaxPool": "ReduceMax"}
_AXES = (2, 3)
_BY_CHANNEL = frozenset({"BatchNormalization", "Elu", "Gelu", "HardSigmoid", "HardSwish", "LeakyRelu", "Relu", "Selu",
                         "Sigmoid", "Softplus", "Tanh"})  # fmt: skip
"""What takes one map, and makes each channel of the same one."""


def join_flatten(graph: Graph, weights: Weights) -> tuple[Graph, Weights, int]:
    """Means and largest numbers of whole maps, which are flattened, as vectors at once."""
    given = {info.name for info in graph.outputs}
    takers: dict[str, list[Node]] = {}
    for node in graph.nodes:
        for name in node.inputs:
            takers.setdefault(name, []).append(node)
    pools: set[str] = set()
    vectors: dict[str, str] = {}
    """What becomes a vector, and the name of that."""
    instead: dict[str, str] = {}
    """What is flattened to the same as another, and that."""
    for node in graph.nodes:
        found = _flattened(node.output, takers, given) if node.op in _REDUCES else None
        if found is not None:
            pools.add(node.output)
            for name, flat in found.items():
                vectors[name] = flat[0] if flat else name
                instead |= dict.fromkeys(flat[1:], vectors[name])
    if not pools:
        return graph, weights, 0
    called = vectors | instead
    nodes: list[Node] = []
    constants: list[Constant] = []
    for node in graph.nodes:
        if node.op == "Flatten" and node.inputs[0] in vectors:
            continue
        inputs = tuple(called.get(name, name) for name in node.inputs)
        output = vectors.get(node.output, node.output)
        if node.output in pools:
            attributes = dict[str, object](keepdims=0)
            if graph.opset < 18:
                attributes["axes"] = _AXES
            else:
                constants.append(Constant(f"{output}.axes", _AXES, (len(_AXES),), "int64"))
                inputs = (*inputs, constants[-1].name)
            node = replace(node, op=_REDUCES[node.op], attributes=attributes)
        nodes.append(replace(node, inputs=inputs, output=output))
    return (
        replace(
            graph,
            nodes=tuple(nodes),
            constants=(*graph.constants, *constants),
            infos=tuple(
                replace(info, dims=info.dims[:2]) if info.name in vectors else info
                for info in graph.infos
                if called.get(info.name, info.name) == info.name
            ),
            tensors={
                layer: instead.get(tensor, tensor) for layer, tensor in graph.tensors.items() if tensor not in vectors
            },
        ),
        weights,
        len(pools),
    )


def _flattened(pooled: str, takers: Mapping[str, list[Node]], given: Collection[str]) -> dict[str, list[str]] | None:
    """What is made by channel of *pooled*, itself with it, each with what it is flattened to, of which an output is the
    first; None where something else is made of it."""
    found: dict[str, list[str]] = {}
    waiting = [pooled]
    while waiting:
        name = waiting.pop()
        users = takers.get(name, [])
        flat = sorted((user.output for user in users if user.op == "Flatten"), key=lambda output: output not in given)
        if not users or name in given or set(flat[1:]) & set(given):
            return None
        if any(user.op not in _BY_CHANNEL and user.op != "Flatten" for user in users):
            return None
        found[name] = flat
        waiting += [user.output for user in users if user.op != "Flatten"]
    return found
