"""Which weights a network gets: those asked for, those that ship for it, else random ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cnngraph.network import Network
from cnngraph.weights.annotated import AnnotatedWeights, named
from cnngraph.weights.files import ArrayWeights, FileWeights, fits
from cnngraph.weights.initialise import RandomWeights
from cnngraph.weights.source import Weights

RANDOM = "random"


def choose(
    network: Network,
    weights: str | Path | Mapping[str, Any] | None,
    seed: int | None = None,
    renames: Mapping[str, str] | None = None,
) -> Weights:
    """*weights* is a path, arrays by name, or ``random``; without it, those that the spec's ``@weights`` name are
    used, and, without a *seed*, trained weights that ship.

    *renames* are for the tensors of a file or a mapping: see `cnngraph.weights.match.match`. Raises `CnngraphError`
    when they are not this network's weights, `ValueError` for *renames* of random ones.
    """
    if renames and (weights is None or weights == RANDOM):
        raise ValueError("renames are for the tensors of a file or a mapping: give it as weights")
    if isinstance(weights, Mapping):
        return ArrayWeights(weights, network, renames)
    if weights is not None and weights != RANDOM:
        return FileWeights(weights, network, renames=renames)
    if weights is None and named(network):
        return AnnotatedWeights(network, _unasked(network, seed))
    return _unasked(network, seed if weights is None else seed or 0)


def _unasked(network: Network, seed: int | None) -> Weights:
    """Trained weights that ship, unless a *seed* asks for random ones."""
    if seed is None:
        path = Path(__file__).parent / "shipped" / f"{network.name}.safetensors"
        if path.is_file() and fits(path, network):
            return FileWeights(path, network, "the trained weights that ship with cnngraph")
    return RandomWeights(network, seed or 0)
