"""Weights as a safetensors file (https://github.com/huggingface/safetensors), a piece at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from cnngraph.files import replacing
from cnngraph.network import Network
from cnngraph.weights.source import Weight, Weights

_ALIGNED = 8
"""Bytes of which the header's length is a multiple."""


def write_safetensors(
    path: Path, network: Network, weights: Weights, about: Mapping[str, str], keys: Mapping[str, str] | None = None
) -> int:
    """Writes the *weights* of *network* as float32, by their names, with what is said *about* them as metadata; gives
    back how many bytes the file has. With *keys*, those weights alone that have one, by it. Raises `CnngraphError`."""
    own = [
        Weight(f"{layer.name}.{name}", layer, parameter)
        for layer in network.layers for name, parameter in layer.parameters.items()
        if keys is None or f"{layer.name}.{name}" in keys
    ]  # fmt: skip
    header: dict[str, object] = {"__metadata__": dict(about)} if about else {}
    end = 0
    for weight in own:
        start, end = end, end + weight.parameter.size * 4
        key = weight.name if keys is None else keys[weight.name]
        header[key] = {"dtype": "F32", "shape": weight.parameter.shape, "data_offsets": [start, end]}
    said = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    said += b" " * (-len(said) % _ALIGNED)
    with replacing(path) as stream:
        stream.write(len(said).to_bytes(8, "little") + said)
        for pieces in weights.all(own):
            for piece in pieces:
                stream.write(piece)
    return 8 + len(said) + end
