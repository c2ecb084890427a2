"""The same graph in float16 inside: half the file, with float32 still going in and coming out."""

from __future__ import annotations

from dataclasses import replace

from cnngraph.onnx.graph import Graph, Info, Node, Type

_FLOAT16 = 10
"""TensorProto.FLOAT16 of onnx.proto3, as Cast wants it."""
_FLOAT = 1


def to_half(graph: Graph) -> Graph:
    """*graph* with float16 weights and tensors, and a Cast behind every input and before every output."""
    inside = {info.name: f"{info.name}.half" for info in (*graph.inputs, *graph.outputs)}
    # Resize's scales are float32 whatever it resizes.
    scales = {node.inputs[2] for node in graph.nodes if node.op == "Resize" and len(node.inputs) > 2}
    nodes = [
        Node(f"{info.name}.to_half", "Cast", (info.name,), inside[info.name], {"to": _FLOAT16}) for info in graph.inputs
    ]
    nodes += [
        replace(
            node,
            inputs=tuple(inside.get(name, name) for name in node.inputs),
            output=inside.get(node.output, node.output),
            more=tuple(inside.get(name, name) for name in node.more),
        )
        for node in graph.nodes
    ]
    nodes += [
        Node(f"{info.name}.to_float", "Cast", (inside[info.name],), info.name, {"to": _FLOAT}) for info in graph.outputs
    ]
    return replace(
        graph,
        nodes=tuple(nodes),
        weights=tuple(replace(weight, type="float16") for weight in graph.weights),
        constants=tuple(
            replace(each, type=_half(each.type) if each.name not in scales else each.type) for each in graph.constants
        ),
        infos=(
            *(Info(inside[info.name], info.dims, "float16") for info in (*graph.inputs, *graph.outputs)),
            *(replace(info, type=_half(info.type)) for info in graph.infos),
        ),
    )


def _half(type: Type) -> Type:
    return "float16" if type == "float32" else type
