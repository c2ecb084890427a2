"""Random weights: scaled to keep the size of activations, the same for a seed on every machine.

Every stretch of 2^18 numbers has a generator of its own, seeded by (seed, name, stretch), so the
numbers depend neither on the order they are made in nor on how many threads make them.
"""

from __future__ import annotations

import os
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from math import sqrt

import numpy as np

from cnngraph.diagnostics import CnngraphError, Diagnostic, Label
from cnngraph.network import Annotation, Layer, Network
from cnngraph.weights.source import Weight

STRETCH = 2**18
"""Numbers made by one generator: 1 MB of float32."""


class RandomWeights:
    """Normally distributed, variance 2/fan-in before rectifiers (He et al. 2015, "Delving deep into
    rectifiers"), else 2/(fan-in + fan-out) (Glorot & Bengio 2010); biases 0, scales 1."""

    def __init__(self, network: Network, seed: int = 0) -> None:
        self.network = network
        self.seed = seed
        self.about = f"random weights, seed {seed}"

    def all(self, weights: Iterable[Weight]) -> Iterator[Iterable[bytes | memoryview]]:
        threads = os.cpu_count() or 1
        with ThreadPoolExecutor(threads) as pool:
            ahead: deque[tuple[bool, Future[memoryview]]] = deque()
            pieces = self._pieces(weights)

            def refill() -> None:
                while len(ahead) < 2 * threads and (piece := next(pieces, None)) is not None:
                    weight, start, deviation = piece
                    last = start + STRETCH >= weight.parameter.size
                    ahead.append((last, pool.submit(_stretch, weight, start, deviation, self._seed(weight.layer))))

            def one_weight() -> Iterator[memoryview]:
                last = False
                while not last:
                    last, future = ahead.popleft()
                    refill()
                    yield future.result()

            refill()
            while ahead:
                yield one_weight()

    def _pieces(self, weights: Iterable[Weight]) -> Iterator[tuple[Weight, int, float]]:
        for weight in weights:
            deviation = 0.0 if weight.parameter.fill is not None else self._deviation(weight)
            for start in range(0, weight.parameter.size, STRETCH):
                yield weight, start, deviation

    def _seed(self, layer: Layer) -> int:
        annotation = _init(layer)
        if annotation and len(annotation.arguments) == 2 and isinstance(annotation.arguments[1], int):
            return annotation.arguments[1]
        return self.seed

    def _deviation(self, weight: Weight) -> float:
        parameter, layer = weight.parameter, weight.layer
        *_, last = (each for each in layer.parameters.values() if each.fill is None)
        rule = "he_normal" if parameter == last and self._feeds_rectifier(layer) else "xavier"
        if (annotation := _init(layer)) is not None:
            rule = _rule(annotation)
        if rule == "zeros":
            return 0.0
        if rule == "he_normal":
            return sqrt(2 / parameter.fan_in)
        return sqrt(2 / (parameter.fan_in + parameter.fan_out))

    def _feeds_rectifier(self, layer: Layer) -> bool:
        """Whether what the layer makes goes through a rectifier next, past layers that keep its scale."""
        while True:
            consumers = self.network.consumers[layer.name]
            if len(consumers) != 1:
                return False
            layer = self.network[consumers[0]]
            if not layer.kind.keeps_scale:
                return layer.kind.relu_like


def _init(layer: Layer) -> Annotation | None:
    return next((annotation for annotation in layer.annotations if annotation.name == "init"), None)


def _rule(annotation: Annotation) -> str:
    rules = ("he_normal", "xavier", "zeros")
    rule = annotation.arguments[0] if annotation.arguments else ""
    if rule not in rules:
        raise CnngraphError(
            [
                Diagnostic(
                    "E0701",
                    f"@init knows {', '.join(rules)}",
                    Label(annotation.span, f"not {rule!r}") if annotation.span else None,
                    help='write  @init("he_normal")  or, with a seed of its own,  @init("he_normal", 7)',
                )
            ]
        )
    return str(rule)


def _stretch(weight: Weight, start: int, deviation: float, seed: int) -> memoryview:
    size = min(STRETCH, weight.parameter.size - start)
    fill = weight.parameter.fill
    if fill is not None or not deviation:
        return np.full(size, fill or 0.0, "<f4").data.cast("B")
    key = zlib.crc32(weight.name.encode())
    sequence = np.random.SeedSequence([seed & (2**63 - 1), key, start // STRETCH])
    numbers = np.random.Generator(np.random.SFC64(sequence)).standard_normal(size, np.float32)
    numbers *= np.float32(deviation)
    return np.asarray(numbers, "<f4").data.cast("B")
