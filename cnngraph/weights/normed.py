"""Kernels that a file has as a length and a direction, as PyTorch's ``weight_norm`` keeps them while training."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cnngraph.diagnostics import CnngraphError
from cnngraph.weights.readers.entry import Array, Entry

_LENGTH = re.compile(r"(?P<weight>.*weight)_g|(?P<newer>.*)parametrizations\.weight\.original0")
_COMPUTED = re.compile(r".*weight_orig|(.*\.)?parametrizations\..*")


def plain(entries: Sequence[Entry], file: str) -> list[Entry]:
    """*entries* with each length and direction as the one kernel that they are, ``g v / ||v||`` (Salimans & Kingma
    2016), in the place of the first of the two. Raises `CnngraphError` (E0702) for other parametrizations."""
    named = {entry.name: entry for entry in entries}
    made: dict[str, Entry] = dict(named)
    for name, length in named.items():
        if found := _LENGTH.fullmatch(name):
            direction = f"{found['weight']}_v" if found["weight"] else name.removesuffix("0") + "1"
            if direction in named:
                del made[direction]
                made[name] = _kernel(found["weight"] or f"{found['newer']}weight", length, named[direction])
    for entry in made.values():
        if _COMPUTED.fullmatch(entry.name):
            raise CnngraphError.of(
                "E0702",
                f"{file}: `{entry.name}` is not a weight but what one is computed from",
                help="take it off before saving: torch.nn.utils.remove_spectral_norm(layer), "
                'torch.nn.utils.parametrize.remove_parametrizations(layer, "weight") or '
                'torch.nn.utils.prune.remove(layer, "weight")',
            )
    return list(made.values())


def _kernel(name: str, length: Entry, direction: Entry) -> Entry:
    def read() -> Array:
        g, v = length.read().astype(np.float32), direction.read().astype(np.float32)
        # One length for each place along the axes that it has; along the rest the kernel is one vector.
        axes = tuple(axis for axis in range(v.ndim) if g.ndim != v.ndim or g.shape[axis] == 1)
        return np.asarray(g * (v / np.sqrt(np.sum(v * v, axis=axes, keepdims=True))))

    return replace(direction, name=name, filed="", read=read)
