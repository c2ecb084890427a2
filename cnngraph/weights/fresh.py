"""Weights out of a file for all but some layers, which start anew: a head for other classes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from cnngraph.diagnostics import CnngraphError
from cnngraph.network import Network
from cnngraph.weights.files import ArrayWeights, FileWeights, MatchedWeights
from cnngraph.weights.initialise import RandomWeights
from cnngraph.weights.source import Weight, Weights


class FreshWeights(MatchedWeights):
    """The weights that are given, and random ones for what is named."""

    def __init__(
        self,
        network: Network,
        given: str | Path | Mapping[str, Any],
        fresh: Sequence[str],
        renames: Mapping[str, str] | None = None,
        seed: int = 0,
    ) -> None:
        """*given* is a file or arrays by name, *fresh* are names of layers and blocks; what is given for these is left
        out, whatever its shape and name. Raises `CnngraphError` when there is no such layer (E0709), or the rest is not
        the network's."""
        self._anew = {name for each in fresh for name in _below(network, each)}
        others = [layer.name for layer in network.layers if layer.name not in self._anew]
        self._held: MatchedWeights = (
            ArrayWeights(given, network, renames, only=others, spare=len(self._anew))
            if isinstance(given, Mapping)
            else FileWeights(given, network, renames=renames, only=others, spare=len(self._anew))
        )
        self._random = RandomWeights(network, seed)
        self.matching = self._held.matching
        self.about = f"{self._held.about}, but for {', '.join(fresh)}: {self._random.about}"

    def all(self, weights: Iterable[Weight]) -> Iterator[Iterable[bytes | memoryview]]:
        def source(weight: Weight) -> Weights:
            return self._random if weight.layer.name in self._anew else self._held

        for held, some in groupby(weights, source):
            yield from held.all(some)


def _below(network: Network, name: str) -> list[str]:
    """The layers called *name*, or in the block or the step of that name, that have weights."""
    found = [
        layer.name for layer in network.layers
        if layer.parameters and (layer.name == name or layer.name.startswith(f"{name}."))
    ]  # fmt: skip
    if not found:
        from difflib import get_close_matches

        names = [layer.name for layer in network.layers if layer.parameters]
        near = get_close_matches(name, names, 1, 0.5) or names[-1:]
        help = f"the nearest one is {near[0]}" if near else "no layer of it has weights"
        raise CnngraphError.of("E0709", f"--fresh {name}: no layer with weights is called so", help=help)
    return found
