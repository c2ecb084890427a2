"""Weights out of a file, turned to the network's layout, a piece at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from cnngraph.diagnostics import CnngraphError
from cnngraph.network import Network
from cnngraph.onnx.graph import Weight
from cnngraph.volume import Volume, as_int
from cnngraph.weights.match import Match, expected, match
from cnngraph.weights.readers import open_entries
from cnngraph.weights.readers.entry import Array

_PIECE = 2**20
"""Numbers converted at a time."""


class FileWeights:
    """The weights in a file, which fit a network."""

    def __init__(self, path: Path, network: Network, about: str = "", renames: Mapping[str, str] | None = None) -> None:
        """Opens *path*; raises `CnngraphError` when it is not a file of weights, or not *network*'s."""
        self.about = about or f"weights from {path}"
        self.matching = match(open_entries(path), network, renames or {}, str(path))
        self._path = path
        self._matches = {each.weight: each for each in self.matching.matches}
        self._network = network

    def all(self, weights: Iterable[Weight]) -> Iterator[Iterable[bytes | memoryview]]:
        for weight in weights:
            yield self._pieces(self._matches[weight.name], weight)

    def _pieces(self, found: Match, weight: Weight) -> Iterator[memoryview]:
        shape = weight.parameter.shape
        try:
            array = found.entry.read().reshape(shape)
        except Exception as error:
            raise CnngraphError.of(
                "E0702", f"{self._path}: cannot read `{found.entry.name}`: {str(error).strip()}"
            ) from None
        if found.entry.hwc and (volume := self._flattened(weight)):
            array = _channels_first(array, volume)
        if not array.flags.c_contiguous:
            # One copy in order, instead of a search for each piece.
            array = np.ascontiguousarray(array)
        flat = array.reshape(-1)
        for start in range(0, max(flat.size, 1), _PIECE):
            yield np.ascontiguousarray(flat[start : start + _PIECE], "<f4").data.cast("B")

    def _flattened(self, weight: Weight) -> Volume | None:
        """The volume that was flattened into what the layer takes."""
        layer = weight.layer
        while layer.inputs:
            layer = self._network[layer.inputs[0]]
            if layer.input_volumes[:1] and layer.input_volumes[0].is_map and not layer.output.is_map:
                return layer.input_volumes[0]
            if layer.parameters or len(layer.inputs) != 1:
                return None
        return None


def _channels_first(matrix: Array, volume: Volume) -> Array:
    """*matrix* with the columns of a flattened volume in the order channel, height, width instead of h, w, c."""
    height, width, channels = (as_int(dim) for dim in volume.dims)
    return matrix.reshape(-1, height, width, channels).transpose(0, 3, 1, 2).reshape(matrix.shape)


def fits(path: Path, network: Network) -> bool:
    """Whether the weights in *path* are *network*'s, name by name."""
    return {entry.name: entry.shape for entry in open_entries(path)} == expected(network)
