"""The parts of a tensor as one node.

1. Two or more Slice take stretches of channels of one tensor (ONNX Slice, axis 1), which put together in order are all
   of it, each channel once.
2. One Split makes them all, where the first of them stood; it says how many channels each has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import accumulate

from cnngraph.onnx.graph import Constant, Graph, Node
from cnngraph.weights.source import Weights


def join_slices(graph: Graph, weights: Weights) -> tuple[Graph, Weights, int]:
    """Slices that are all parts of one tensor as one Split."""
    constants = {constant.name: constant for constant in graph.constants}
    channels = {info.name: info.dims[1] for info in (*graph.inputs, *graph.outputs, *graph.infos) if len(info.dims) > 1}
    parts: dict[str, list[tuple[int, int, Node]]] = {}
    for node in graph.nodes:
        if (stretch := _stretch(node, constants)) is not None:
            parts.setdefault(node.inputs[0], []).append((*stretch, node))
    made: dict[str, Node] = {}
    gone: set[str] = set()
    lengths: list[Constant] = []
    for tensor, found in parts.items():
        first = found[0][2]
        found.sort(key=lambda part: part[:2])
        sizes = [stop - start for start, stop, _ in found]
        ends = list(accumulate(sizes))
        if len(found) < 2 or ends[-1] != channels.get(tensor) or ends != [stop for _, stop, _ in found]:
            continue
        lengths.append(Constant(f"{first.output}.parts", tuple(sizes), (len(sizes),), "int64"))
        outputs = tuple(node.output for _, _, node in found)
        made[first.output] = replace(
            first, op="Split", inputs=(tensor, lengths[-1].name), output=outputs[0], more=outputs[1:],
            attributes={"axis": 1},
        )  # fmt: skip
        gone |= set(outputs)
    if not made:
        return graph, weights, 0
    nodes = tuple(made.get(node.output, node) for node in graph.nodes if node.output in made or node.output not in gone)
    taken = {name for node in nodes for name in node.inputs}
    kept = tuple(constant for constant in (*graph.constants, *lengths) if constant.name in taken)
    return replace(graph, nodes=nodes, constants=kept), weights, len(made)


def _stretch(node: Node, constants: Mapping[str, Constant]) -> tuple[int, int] | None:
    """From which channel to which *node* takes a stretch of them; None when it does not."""
    if node.op != "Slice" or len(node.inputs) != 4 or any(name not in constants for name in node.inputs[1:]):
        return None
    starts, ends, axes = (constants[name].values for name in node.inputs[1:])
    return (int(starts[0]), int(ends[0])) if axes == (1,) else None
