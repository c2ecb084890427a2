"""Which weights a network gets: those asked for, those that ship for it, else random ones."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice, product
from pathlib import Path
from typing import Any

from cnngraph.diagnostics import CnngraphError
from cnngraph.layers.values import show
from cnngraph.network import Network
from cnngraph.weights.annotated import AnnotatedWeights, named
from cnngraph.weights.files import ArrayWeights, FileWeights, fits
from cnngraph.weights.fresh import FreshWeights
from cnngraph.weights.initialise import RandomWeights
from cnngraph.weights.source import Weights

RANDOM = "random"


def choose(
    network: Network,
    weights: str | Path | Mapping[str, Any] | None,
    seed: int | None = None,
    renames: Mapping[str, str] | None = None,
    brought: Weights | None = None,
    fresh: Sequence[str] = (),
) -> Weights:
    """*weights* is a path, arrays by name, or ``random``; without it, those that the spec's ``@weights`` name are used,
    and, without a *seed*, those that the network's file *brought*, else trained weights that ship.

    *renames* are for the tensors of a file or a mapping: see `cnngraph.weights.match.match`. What is called *fresh*,
    layers or blocks, has random weights with *seed*, whatever a file has there. Raises `CnngraphError` when they are
    not this network's weights, `ValueError` for *renames* of random ones.
    """
    if fresh:
        if weights is None or weights == RANDOM:
            raise ValueError("fresh weights are those that are not taken from a file or a mapping: give it as weights")
        return FreshWeights(network, weights, fresh, renames, seed or 0)
    if renames and (weights is None or weights == RANDOM):
        raise ValueError("renames are for the tensors of a file or a mapping: give it as weights")
    if isinstance(weights, Mapping):
        return ArrayWeights(weights, network, renames)
    if weights is not None and weights != RANDOM:
        if (own := _own(network, Path(weights), renames)) is not None:
            return own
        try:
            return FileWeights(weights, network, renames=renames)
        except CnngraphError as error:
            if error.diagnostics[0].code == "E0704" and (help := _other_params(network, weights, renames or {})):
                raise CnngraphError([replace(error.diagnostics[0], help=help)]) from None
            raise
    if weights is None and named(network):
        return AnnotatedWeights(network, _unasked(network, seed, brought))
    return _unasked(network, seed, brought) if weights is None else RandomWeights(network, seed or 0)


def _unasked(network: Network, seed: int | None, brought: Weights | None) -> Weights:
    """Those that came with the network, or trained weights that ship, unless a *seed* asks for random ones."""
    from cnngraph.fronts import brought_weights

    if seed is None and (own := brought or brought_weights(network)) is not None:
        return own
    if seed is None:
        path = Path(__file__).parent / "shipped" / f"{network.name}.safetensors"
        if os.path.isfile(path) and fits(path, network):
            return FileWeights(path, network, "the trained weights that ship with cnngraph")
    return RandomWeights(network, seed or 0)


def _own(network: Network, path: Path, renames: Mapping[str, str] | None) -> Weights | None:
    """Those in *path* where it is a file that goes with the format of the network's own; None where it is not."""
    from cnngraph.fronts import own_weights

    own = own_weights(network, path)
    if own is not None and renames:
        message = f"--rename {next(iter(renames))}: {path} is taken layer by layer"
        raise CnngraphError.of("E0706", message, file=str(path), help="leave --rename out")
    return own


_TRIED = 32
"""Of the networks that a spec's params make, how many are compared with a file."""


def _other_params(network: Network, path: str | Path, renames: Mapping[str, str]) -> str:
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
        for values in islice(product(*params.values()), _TRIED):
            settings = dict(zip(params, values, strict=True))
            if (other := read(network.file, settings).network) is None:
                continue
            try:
                FileWeights(path, other, renames=renames)
            except CnngraphError:
                continue
            said = (f"--set {name}={show(value)}" for name, value in settings.items() if value != params[name][0])
            return f"it has those of this network with  {' '.join(said) or 'its params as they are in the file'}"
    except CnngraphError:
        pass  # the file that was read is no longer there, or another one
    return ""
