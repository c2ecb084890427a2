"""What is done to a graph before it is written, one pass a module: each leaves every output as it is.

A pass takes a graph and the source of its weights and gives both back, and says what it did. They run in the order
of `PASSES`; each can be left out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from cnngraph.onnx.graph import Graph
from cnngraph.onnx.passes.drop import drop_dropout, drop_identities
from cnngraph.onnx.passes.flatten import join_flatten
from cnngraph.onnx.passes.fold import fold_batch_norm, fold_scale
from cnngraph.onnx.passes.layout import keep_layouts
from cnngraph.onnx.passes.share import share_constants, share_weights
from cnngraph.onnx.passes.split import join_slices
from cnngraph.weights.source import Weights


@dataclass(frozen=True, slots=True)
class Pass:
    """Something done to a graph that leaves its outputs as they are."""

    does: str
    """What it does to how many: ``batch normalizations folded``."""
    run: Callable[[Graph, Weights], tuple[Graph, Weights, int]]
    """The new graph, its weights, and how many times it did it."""


PASSES: dict[str, Pass] = {
    "drop-dropout": Pass("dropouts dropped, which pass everything on at inference", drop_dropout),
    "drop-identities": Pass("nodes dropped that change nothing", drop_identities),
    "share-weights": Pass("weights dropped that equal another", share_weights),
    "fold-bn": Pass("batch normalizations folded into the layers before them", fold_batch_norm),
    "fold-scale": Pass("scales folded into the layers before them", fold_scale),
    "join-slices": Pass("tensors whose parts are made by one Split", join_slices),
    "join-flatten": Pass("poolings of whole maps that make a vector at once", join_flatten),
    "keep-layouts": Pass("nodes saved by layers in the order of axes of what is passed through", keep_layouts),
    "share-constants": Pass("constants dropped that equal another", share_constants),
}


@dataclass(frozen=True, slots=True)
class Done:
    """What one pass did."""

    name: str
    count: int

    def __str__(self) -> str:
        return f"{self.name}: {PASSES[self.name].does}: {self.count}"


def run_passes(
    graph: Graph, weights: Weights, without: Collection[str] = ()
) -> tuple[Graph, Weights, tuple[Done, ...]]:
    """*graph* and *weights* after every pass but those in *without*."""
    done = []
    for name, each in PASSES.items():
        if name not in without:
            graph, weights, count = each.run(graph, weights)
            done.append(Done(name, count))
    return graph, weights, tuple(done)
