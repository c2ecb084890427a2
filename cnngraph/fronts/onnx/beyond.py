"""What kind of network a model is of which none can be made here, and what can be done about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from cnngraph.fronts.onnx.called import TELLING, plainly
from cnngraph.fronts.onnx.constants import MALFORMED
from cnngraph.fronts.onnx.messages import Graph, Node, Subgraph
from cnngraph.fronts.onnx.trace import OPERATORS
from cnngraph.fronts.wire import Damaged
from cnngraph.plural import many

_RECURRENT = frozenset({"LSTM", "GRU", "RNN", "Loop", "Scan"})
_WHILE_IT_RUNS = frozenset({"DynamicQuantizeLinear", "ConvInteger", "MatMulInteger"})
_READ_OTHERWISE = frozenset({"Constant", "If", "Shape", "Size", "Range", "ConstantOfShape"})
"""What measures and chooses, and is worked out where nothing else stands in the way."""
_MOST = 4
"""So many operators are counted by name."""
_DEEPEST = 5


def without_a_layer(graph: Graph) -> str:
    """The operators in *graph*, and in the branches within, that no layer does, those first that tell most, each with
    how often it is there; empty where there are none."""
    counts = Counter(node.op for node in _nodes(graph) if node.op not in OPERATORS and node.op not in _READ_OTHERWISE)
    ops = sorted(counts, key=lambda op: op not in TELLING)
    said = [f"{plainly(op)} ({many(counts[op], 'node')})" for op in ops[:_MOST]]
    more = f" and {len(counts) - _MOST} more" if len(counts) > _MOST else ""
    return f"no layer here does {', '.join(said)}{more}" if said else ""


def way_out(graph: Graph) -> str:
    """What can be done about a network of a kind that there is none of here; empty where it is no such kind."""
    ops = {node.op for node in _nodes(graph)}
    if found := min(ops & _WHILE_IT_RUNS, default=""):
        return f"it is rounded to 8 bits while it runs ({found}): take the model in float32 that it was made of"
    if found := min(ops & _RECURRENT, default=""):
        return f"it goes round in time ({found}): export the part in front of that as a model of its own"
    return ""


def _nodes(graph: Graph, depth: int = 0) -> Iterator[Node]:
    """Those of *graph*, *depth* graphs deep, and of the graphs in it, as far as they can be read."""
    for node in graph.nodes:
        yield node
        for value in node.attributes.values():
            if isinstance(value, Subgraph) and depth < _DEEPEST:
                try:
                    inner = value.read()
                except (Damaged, *MALFORMED):
                    continue
                yield from _nodes(inner, depth + 1)
