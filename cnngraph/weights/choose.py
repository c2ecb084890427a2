"""Which weights a network gets: those asked for, those that ship for it, else random ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice, product
from pathlib import Path
from typing import Any

from cnngraph.diagnostics import CnngraphError
from cnngraph.layers.values import show
from cnngraph.network import Network
from cnngraph.weights.files import ArrayWeights, FileWeights, fits
from cnngraph.weights.initialise import RandomWeights
from cnngraph.weights.match import match
from cnngraph.weights.readers import open_entries
from cnngraph.weights.source import Weights

RANDOM = "random"


def choose(
    network: Network,
    weights: str | Path | Mapping[str, Any] | None,
    seed: int | None = None,
    renames: Mapping[str, str] | None = None,
) -> Weights:
    """*weights* is a path, arrays by name, or ``random``; without it, and without a *seed*, trained weights that ship
    are used.

    *renames* are for the tensors of a file or a mapping: see `cnngraph.weights.match.match`. Raises `CnngraphError`
    when they are not this network's weights, `ValueError` for *renames* of random ones.
    """
    if renames and (weights is None or weights == RANDOM):
        raise ValueError("renames are for the tensors of a file or a mapping: give it as weights")
    if isinstance(weights, Mapping):
        return ArrayWeights(weights, network, renames)
    if weights is not None and weights != RANDOM:
        try:
            return FileWeights(Path(weights), network, renames=renames)
        except CnngraphError as error:
            if error.diagnostics[0].code == "E0704" and (help := _other_params(network, Path(weights), renames or {})):
                raise CnngraphError([replace(error.diagnostics[0], help=help)]) from None
            raise
    if weights is None and seed is None:
        path = Path(__file__).parent / "shipped" / f"{network.name}.safetensors"
        if path.is_file() and fits(path, network):
            return FileWeights(path, network, "the trained weights that ship with cnngraph")
    return RandomWeights(network, seed or 0)


_TRIED = 32
"""Of the networks that a spec's params make, how many are compared with a file."""


def _other_params(network: Network, path: Path, renames: Mapping[str, str]) -> str:
    """What to set so that the spec of *network* makes one whose weights are in *path*; empty when nothing does."""
    from cnngraph.fronts import SPEC, format_of, read
    from cnngraph.fronts.content import opened
    from cnngraph.fronts.spec import choices

    if not network.file or network.file.startswith("<"):
        return ""
    try:
        content = opened(network.file)
        if format_of(content) is not SPEC or not (params := choices(content)):
            return ""
        entries = open_entries(path)
        for values in islice(product(*params.values()), _TRIED):
            settings = dict(zip(params, values, strict=True))
            if (other := read(network.file, settings).network) is None:
                continue
            try:
                match(entries, other, renames, str(path))
            except CnngraphError:
                continue
            said = (f"--set {name}={show(value)}" for name, value in settings.items() if value != params[name][0])
            return f"it has those of this network with  {' '.join(said) or 'its params as they are in the file'}"
    except CnngraphError:
        pass  # the file that was read is no longer there, or another one
    return ""
