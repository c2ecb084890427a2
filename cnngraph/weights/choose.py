"""Which weights a network gets: those asked for, those that ship for it, else random ones."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path

from cnngraph.network import Network
from cnngraph.weights.files import FileWeights, fits
from cnngraph.weights.initialise import RandomWeights
from cnngraph.weights.source import Weights

RANDOM = "random"


def choose(
    network: Network, weights: str | None, seed: int | None = None, renames: Mapping[str, str] | None = None
) -> Weights:
    """*weights* is a path or ``random``; without it, and without a *seed*, trained weights that ship are used.

    *renames* are for the tensors of a file: see `cnngraph.weights.match.match`. Raises `CnngraphError` when the file
    is not one of this network's weights.
    """
    if weights is not None and weights != RANDOM:
        return FileWeights(Path(weights), network, renames=renames)
    if weights is None and seed is None:
        resource = files("cnngraph.weights").joinpath("shipped", f"{network.name}.safetensors")
        if resource.is_file():
            with as_file(resource) as path:
                if fits(path, network):
                    return FileWeights(path, network, "the trained weights that ship with cnngraph")
    return RandomWeights(network, seed or 0)
