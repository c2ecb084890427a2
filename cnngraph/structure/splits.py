"""Slices that are all of a tensor in equal parts, which a text can say as one split."""

from __future__ import annotations

from cnngraph.layers.rearrange import Slice
from cnngraph.network import Layer, Network

PART = "part"
"""What the parts are called, with a number."""


def splits(network: Network) -> list[tuple[str, ...]]:
    """The names of the slices that are equal parts of one tensor, all of it, in the order of their channels."""
    by_source: dict[str, list[Layer]] = {}
    for layer in network.layers:
        if isinstance(layer.kind, Slice):
            by_source.setdefault(layer.inputs[0], []).append(layer)
    found = []
    for slices in by_source.values():
        parts = sorted(slices, key=lambda layer: _bounds(layer)[0])
        channels = parts[0].input_volumes[0].channels
        width = _bounds(parts[0])[1]
        equal = [(at, at + width) for at in range(0, width * len(parts), width)]
        if len(parts) > 1 and [_bounds(part) for part in parts] == equal and equal[-1][1] == channels:
            found.append(tuple(part.name for part in parts))
    return found


def _bounds(layer: Layer) -> tuple[int, int]:
    assert isinstance(layer.kind, Slice)
    return layer.kind.start, layer.kind.stop
