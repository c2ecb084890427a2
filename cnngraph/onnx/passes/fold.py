"""What a layer's channels are scaled and shifted by afterwards, put into its weights.

1. The normalization or scale takes the output of a convolution or fully connected layer, and nothing else does; that
   output is not given back. Where several nodes use the layer's weights, each has the same behind it, with the same
   weights: what is folded stays one initializer. Shared convolutions with normalizations of their own stay as they are.
2. With ``s·y + t`` for each channel of the output y, the weights W become s·W and the bias b becomes s·b + t. For a
   normalization s = γ/√(σ² + ε) and t = β - s·μ (Jacob et al. 2018, "Quantization and training of neural networks",
   section 3.2), where γ and β may be constants; for a scale s is its weight, of each channel or of all, and t is 0.
3. The layer makes the tensor of what went, under its name; where it had no bias it gets one if there is a shift.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from cnngraph.layers.kind import Parameter
from cnngraph.onnx.graph import Constant, Graph, Node
from cnngraph.weights.source import Weight, Weights

_TAKES = ("Conv", "Gemm")
"""Operators whose weights have the output channels first."""

_Vector = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class _Fold:
    """One normalization or scale that went."""

    kernel: str
    """Name of the weights it went into."""
    bias: Weight | None
    """The bias that was there before."""
    weights: tuple[Weight | Constant, ...]
    """γ, β, μ and σ²; or a scale."""
    epsilon: float | None
    """Of a normalization."""

    def scale_and_shift(self, given: list[_Vector]) -> tuple[_Vector, _Vector]:
        if self.epsilon is None:
            (scale,) = given
            return scale, np.zeros_like(scale)
        gamma, beta, mean, variance = given
        scale = gamma / np.sqrt(variance + self.epsilon)
        return scale, beta - mean * scale


def fold_batch_norm(graph: Graph, weights: Weights) -> tuple[Graph, Weights, int]:
    """Batch normalizations into the convolutions and fully connected layers before them."""
    return _folded(graph, weights, "BatchNormalization")


def fold_scale(graph: Graph, weights: Weights) -> tuple[Graph, Weights, int]:
    """Learned scales of channels likewise."""
    return _folded(graph, weights, "Mul")


def _folded(graph: Graph, source: Weights, op: str) -> tuple[Graph, Weights, int]:
    takers: dict[str, list[Node]] = {}
    for node in graph.nodes:
        for name in node.inputs:
            takers.setdefault(name, []).append(node)
    given = {info.name for info in graph.outputs}
    weights = {weight.name: weight for weight in graph.weights}
    known: Mapping[str, Weight | Constant] = weights
    if op == "BatchNormalization":
        known = {**{constant.name: constant for constant in graph.constants}, **weights}
    made_by = {node.output: node for node in graph.nodes}
    behind: dict[str, Node] = {}
    """What goes, by the tensor that it takes; in the order of the graph."""
    for node in graph.nodes:
        before = made_by.get(node.inputs[0]) if node.op == op else None
        if before is None or before.op not in _TAKES or before.output in given:
            continue
        if len(takers[before.output]) == 1 and all(name in known for name in node.inputs[1:]):
            behind[before.output] = node
    alike: dict[str, bool] = {}
    """By kernel, whether all that use it can be changed as one."""
    folds: dict[str, _Fold] = {}
    replaced: dict[str, Node] = {}
    gone: set[str] = set()
    biases: dict[str, Weight] = {}
    """The bias that follows each kernel."""
    for tensor, node in behind.items():
        before = made_by[tensor]
        kernel, had = before.inputs[1], weights[before.inputs[2]] if len(before.inputs) > 2 else None
        if kernel not in alike:
            alike[kernel] = _alike(before, takers, behind)
        if not alike[kernel]:
            continue
        own = tuple(known[name] for name in node.inputs[1:])
        epsilon = node.attributes.get("epsilon")
        assert epsilon is None or isinstance(epsilon, float)
        folds[kernel] = _Fold(kernel, had, own, epsilon)
        if had or epsilon is not None:
            channels = weights[kernel].parameter.shape[0]
            biases[kernel] = had or Weight(_bias_of(kernel), weights[kernel].layer, Parameter((channels,), fill=0.0))
        inputs = (before.inputs[0], kernel, *([biases[kernel].name] if kernel in biases else []))
        replaced[before.output] = replace(before, inputs=inputs, output=node.output)
        gone.add(node.output)
    if not folds:
        return graph, source, 0
    nodes = [replaced.get(node.output, node) for node in graph.nodes if not (node.op == op and node.output in gone)]
    taken = {name for node in nodes for name in node.inputs}
    kept: list[Weight] = []
    own_biases = {bias.name for bias in biases.values()}
    for weight in graph.weights:
        if weight.name in taken and weight.name not in own_biases:
            kept += [weight, *([biases[weight.name]] if weight.name in biases else [])]
    small = replace(
        graph,
        nodes=tuple(nodes),
        weights=tuple(kept),
        constants=tuple(constant for constant in graph.constants if constant.name in taken),
        infos=tuple(info for info in graph.infos if info.name not in replaced),
        tensors={layer: tensor for layer, tensor in graph.tensors.items() if tensor not in replaced},
    )
    return small, _FoldedWeights(source, folds.values()), len(replaced)


def _alike(node: Node, takers: Mapping[str, list[Node]], behind: Mapping[str, Node]) -> bool:
    """Whether all that use a weight of *node* use all its weights, and have the same *behind* them."""
    users = {user.output: user for name in node.inputs[1:] for user in takers[name]}
    if len(users) == 1:
        return True
    found = [(user.inputs[1:], behind[name]) for name, user in users.items() if name in behind]
    same = {(inputs, after.inputs[1:], after.attributes.get("epsilon")) for inputs, after in found}
    return len(found) == len(users) and len(same) == 1


def _bias_of(kernel: str) -> str:
    return f"{kernel.removesuffix('.weight')}.bias"


class _FoldedWeights:
    """Another source's weights with normalizations and scales folded in, a piece at a time."""

    def __init__(self, inner: Weights, folds: Iterable[_Fold]) -> None:
        self.about = inner.about
        self._inner = inner
        self._folds = {fold.kernel: fold for fold in folds}

    def all(self, weights: Iterable[Weight]) -> Iterator[Iterable[bytes | memoryview]]:
        wanted = list(weights)
        of_bias = {_bias_of(weight.name): weight.name for weight in wanted if weight.name in self._folds}
        asked: list[Weight] = []
        for weight in wanted:
            if fold := self._folds.get(weight.name):
                asked += [*(each for each in fold.weights if isinstance(each, Weight)), weight]
            elif weight.name in of_bias:
                before = self._folds[of_bias[weight.name]].bias
                asked += [before] if before else []
            else:
                asked.append(weight)
        given = self._inner.all(asked)
        shifts: dict[str, tuple[_Vector, _Vector]] = {}
        """By kernel the scale and the shift."""
        for weight in wanted:
            if fold := self._folds.get(weight.name):
                scale, shift = fold.scale_and_shift(
                    [
                        _vector(next(given)) if isinstance(each, Weight) else np.array(each.values, np.float64)
                        for each in fold.weights
                    ]
                )
                shifts[weight.name] = scale, shift
                yield _scaled(next(given), scale, weight.parameter.size // len(scale))
            elif weight.name in of_bias:
                kernel = of_bias[weight.name]
                scale, shift = shifts.pop(kernel)
                old = _vector(next(given)) if self._folds[kernel].bias else np.zeros_like(scale)
                yield [np.asarray(old * scale + shift, "<f4").tobytes()]
            else:
                yield next(given)


def _vector(pieces: Iterable[bytes | memoryview]) -> _Vector:
    return np.concatenate([np.frombuffer(piece, "<f4") for piece in pieces]).astype(np.float64)


def _scaled(pieces: Iterable[bytes | memoryview], scale: _Vector, each: int) -> Iterator[memoryview]:
    """Weights times their channel's scale; *each* numbers belong to one channel."""
    factors = scale.astype("<f4")
    at = 0
    for piece in pieces:
        numbers = np.frombuffer(piece, "<f4")
        first, skipped = divmod(at, each)
        at += len(numbers)
        own = np.repeat(factors[first : -(-at // each)], each)[skipped : skipped + len(numbers)]
        own *= numbers
        yield own.data.cast("B")
