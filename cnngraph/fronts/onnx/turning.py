"""Transpositions moved behind what treats each channel by itself.

Where the channels stand last, exporters turn what a convolution makes before they add its bias: moved behind that, the
transposition no longer stands between nodes that are one layer.

1. ``Add``, ``Sub``, ``Mul`` and ``Div`` of a transposed tensor and a constant become one of the tensor as it was and
   the constant turned back, transposed.
2. What makes the same numbers, such as a cast to float, is passed over.
3. Only where nothing else takes the transposed tensor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cnngraph.fronts.onnx.constants import Constant
from cnngraph.fronts.onnx.matching import Nodes
from cnngraph.fronts.onnx.messages import Graph, Node, Tensor

_BY_ITSELF = frozenset({"Add", "Sub", "Mul", "Div"})


def turned_late(graph: Graph) -> Graph:
    """*graph* with its transpositions as late as they can be; those that nothing takes any more are left in it."""
    nodes = Nodes(graph)
    found = replace(graph, nodes=[], tensors=dict(graph.tensors))
    turned: dict[str, tuple[str, list[int]]] = {}
    """By a transposed tensor the one that it was, and how it was turned."""
    for node in graph.nodes:
        order = node.attributes.get("perm")
        if not node.inputs or not node.outputs:
            pass
        elif node.op == "Transpose" and isinstance(order, list) and sorted(order) == list(range(len(order))):
            turned[node.outputs[0]] = (node.inputs[0], order)
        elif node.is_same and node.inputs[0] in turned and nodes.uses.get(node.inputs[0]) == 1:
            turned[node.outputs[0]] = turned[node.inputs[0]]
        elif (made := _moved(node, nodes, turned, found)) is not None:
            found.nodes += made
            continue
        found.nodes.append(node)
    return found


def _moved(node: Node, nodes: Nodes, turned: dict[str, tuple[str, list[int]]], graph: Graph) -> list[Node] | None:
    """What *node* becomes, with its constant turned back among the tensors of *graph*; None where it stays."""
    if node.op not in _BY_ITSELF or len(node.inputs) != 2:
        return None
    at = next((at for at, name in enumerate(node.inputs) if name in turned and nodes.uses.get(name) == 1), None)
    constant = None if at is None else nodes.constant(node.inputs[1 - at])
    if at is None or constant is None:
        return None
    source, order = turned[node.inputs[at]]
    if len(constant.shape) > len(order):
        return None
    # One name wherever the same numbers are turned the same: who uses a tensor twice shares it.
    back = _back(constant, order, f"{nodes.plain(node.inputs[1 - at])} turned back by {order}")
    graph.tensors[back.name] = back
    inner = f"{node.outputs[0]} before it is turned"
    turned[node.outputs[0]] = (inner, order)
    inputs = (source, back.name) if at == 0 else (back.name, source)
    return [
        replace(node, inputs=inputs, outputs=(inner,)),
        Node("Transpose", (inner,), node.outputs, {"perm": order}, f"{node.name}.transpose" if node.name else ""),
    ]


def _back(constant: Constant, order: Sequence[int], name: str) -> Tensor:
    """*constant*, which is spread over a tensor turned by *order*, for that tensor as it was."""
    sizes = (1,) * (len(order) - len(constant.shape)) + constant.shape
    undone = [list(order).index(n) for n in range(len(order))]
    return Tensor(
        name, tuple(sizes[n] for n in undone), "float32", lambda: constant.get().reshape(sizes).transpose(undone)
    )
