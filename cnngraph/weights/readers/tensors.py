"""safetensors: a header in JSON, then the bytes (https://github.com/huggingface/safetensors)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from safetensors import safe_open

from cnngraph.weights.readers.entry import BFLOAT16, Array, Entry, mapped, natural, numbers

_KINDS = {"F16": "float16", "F32": "float32", "F64": "float64", "BF16": BFLOAT16}


KEYS = "cnngraph.keys"
"""In the metadata, as JSON: the weights of a spec by the names in the file, where it has those of another program."""


def _own(said: str, entries: list[Entry]) -> list[str]:
    """What the spec calls *entries*, as *said*; what is not said of, or is no such thing, as in the file."""
    try:
        own = json.loads(said)
    except (ValueError, RecursionError):
        own = {}
    own = own if isinstance(own, dict) else {}
    return [name if isinstance(name := own.get(entry.name), str) else entry.name for entry in entries]


def read_safetensors(path: Path) -> list[Entry]:
    """The tensors in a safetensors file. Raises what the library raises."""
    # The library checks the header; the numbers are mapped here, since it gives numpy neither bfloat16 nor a part.
    with safe_open(str(path), framework="numpy"):
        data = mapped(path)
    length = int.from_bytes(data[:8].tobytes(), "little")
    header = json.loads(data[8 : 8 + length].tobytes())
    start = 8 + length
    entries = []
    # PyTorch's save_model keeps one of several names of a tensor that layers share, and notes the others here.
    names = [name for name in header if name != "__metadata__"]
    said = header.pop("__metadata__", {})
    shared = {name: kept for name, kept in said.items() if name not in header}
    header |= {name: header[kept] for name, kept in shared.items() if kept in header}
    for name, about in header.items():
        kind, shape = _KINDS.get(about["dtype"], about["dtype"]), tuple(about["shape"])
        begin, end = about["data_offsets"]

        def read(
            piece: Array = data[start + begin : start + end], kind: str = kind, shape: tuple[int, ...] = shape
        ) -> Array:
            return numbers(piece, kind).reshape(shape)

        entries.append(Entry(name, shape, kind, read))
    if KEYS in said:
        entries = [replace(entry, name=name) for entry, name in zip(entries, _own(said[KEYS], entries), strict=True)]
    # The library sorts by name, which puts conv10 before conv2.
    return sorted(entries, key=lambda entry: natural(entry.name)) if names == sorted(names) else entries
