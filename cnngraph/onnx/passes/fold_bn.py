"""Batch normalization put into the convolution or fully connected layer before it.

1. The normalization takes the layer's output, and nothing else does; that output is not given back.
2. With s = γ/√(σ² + ε) for each channel, the weights W become s·W and the bias b becomes s·(b - μ) + β
   (Jacob et al. 2018, "Quantization and training of neural networks", section 3.2).
3. The layer makes the normalization's tensor, under its name; where it had no bias it gets one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from cnngraph.layers.kind import Parameter
from cnngraph.onnx.graph import Graph, Node, Weight
from cnngraph.weights.source import Weights

_TAKES = ("Conv", "Gemm")
"""Operators whose weights have the output channels first."""


@dataclass(frozen=True, slots=True)
class Fold:
    """One normalization that went."""

    kernel: str
    """Name of the weights it went into."""
    bias: Weight | None
    """The bias that was there before."""
    statistics: tuple[Weight, Weight, Weight, Weight]
    """γ, β, μ and σ²."""
    epsilon: float


def fold_batch_norm(graph: Graph) -> tuple[Graph, tuple[Fold, ...]]:
    """*graph* without the normalizations that can go, and what went where."""
    uses = Counter(name for node in graph.nodes for name in node.inputs)
    given = {info.name for info in graph.outputs}
    weights = {weight.name: weight for weight in graph.weights}
    made_by = {node.output: node for node in graph.nodes}
    folds: dict[str, Fold] = {}
    replaced: dict[str, Node] = {}
    gone: set[str] = set()
    biases: dict[str, Weight] = {}
    """The bias that follows each kernel."""
    for node in graph.nodes:
        before = made_by.get(node.inputs[0]) if node.op == "BatchNormalization" else None
        if before is None or before.op not in _TAKES or uses[before.output] != 1 or before.output in given:
            continue
        kernel, had = before.inputs[1], weights[before.inputs[2]] if len(before.inputs) > 2 else None
        statistics = tuple(weights[name] for name in node.inputs[1:])
        if uses[kernel] != 1 or len(statistics) != 4:
            continue
        layer = weights[kernel].layer
        bias = had or Weight(f"{layer.name}.bias", layer, Parameter(statistics[0].parameter.shape, fill=0.0))
        epsilon = node.attributes["epsilon"]
        assert isinstance(epsilon, float)
        folds[kernel] = Fold(kernel, had, statistics, epsilon)
        biases[kernel] = bias
        replaced[before.output] = replace(before, inputs=(before.inputs[0], kernel, bias.name), output=node.output)
        gone.add(node.output)
    dropped = {statistic.name for fold in folds.values() for statistic in fold.statistics}
    dropped |= {bias.name for bias in biases.values()}
    kept: list[Weight] = []
    for weight in graph.weights:
        if weight.name not in dropped:
            kept += [weight, *([biases[weight.name]] if weight.name in biases else [])]
    nodes = [
        replaced.get(node.output, node)
        for node in graph.nodes
        if not (node.op == "BatchNormalization" and node.output in gone)
    ]
    infos = tuple(info for info in graph.infos if info.name not in replaced)
    return replace(graph, nodes=tuple(nodes), weights=tuple(kept), infos=infos), tuple(folds.values())


class FoldedWeights:
    """Another source's weights with normalizations folded in, a piece at a time."""

    def __init__(self, inner: Weights, folds: Iterable[Fold]) -> None:
        self.about = inner.about
        self._inner = inner
        self._folds = {fold.kernel: fold for fold in folds}

    def all(self, weights: Iterable[Weight]) -> Iterator[Iterable[bytes | memoryview]]:
        wanted = list(weights)
        of_bias = {f"{weight.layer.name}.bias": weight.name for weight in wanted if weight.name in self._folds}
        asked: list[Weight] = []
        for weight in wanted:
            if fold := self._folds.get(weight.name):
                asked += [*fold.statistics, weight]
            elif weight.name in of_bias:
                before = self._folds[of_bias[weight.name]].bias
                asked += [before] if before else []
            else:
                asked.append(weight)
        given = self._inner.all(asked)
        shifts: dict[str, tuple[_Vector, _Vector]] = {}
        """By kernel the scale, and what is left of the shift."""
        for weight in wanted:
            if fold := self._folds.get(weight.name):
                gamma, beta, mean, variance = (_vector(next(given)) for _ in fold.statistics)
                scale = gamma / np.sqrt(variance + fold.epsilon)
                shifts[weight.name] = scale, beta - mean * scale
                yield _scaled(next(given), scale, weight.parameter.size // len(scale))
            elif weight.name in of_bias:
                kernel = of_bias[weight.name]
                scale, shift = shifts.pop(kernel)
                old = _vector(next(given)) if self._folds[kernel].bias else np.zeros_like(scale)
                yield [np.asarray(old * scale + shift, "<f4").tobytes()]
            else:
                yield next(given)


_Vector = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def _vector(pieces: Iterable[bytes | memoryview]) -> _Vector:
    return np.concatenate([np.frombuffer(piece, "<f4") for piece in pieces]).astype(np.float64)


def _scaled(pieces: Iterable[bytes | memoryview], scale: _Vector, each: int) -> Iterator[bytes]:
    """Weights times their channel's scale; *each* numbers belong to one channel."""
    at = 0
    for piece in pieces:
        numbers = np.frombuffer(piece, "<f4")
        channels = np.arange(at, at + len(numbers)) // each
        yield np.asarray(numbers * scale[channels], "<f4").tobytes()
        at += len(numbers)
