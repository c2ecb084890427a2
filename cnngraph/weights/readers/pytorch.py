"""PyTorch's ``.pt`` and ``.pth``: a pickle of tensors and, beside it, their numbers; read without running the pickle.

Both forms: the zip of PyTorch 1.6 and later (``NAME/data.pkl``, ``NAME/data/0``, …), and before it one stream (three
pickles of headers, the tensors' pickle, the keys of the storages, then each storage: count, numbers).
The layout is that of ``torch/serialization.py``.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from cnngraph.weights.readers.entry import Array, Entry, Unreadable, itemsize, mapped, member_bytes, numbers, stored
from cnngraph.weights.readers.inert import LARGEST, STATE_ONLY, Inert, Storage, Tensor

_DEEPEST = 3
"""How many dictionaries around each other are looked into for sets of weights."""
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C


def read_pytorch(path: Path) -> list[Entry]:
    """Its tensors, in order. Raises `Unreadable`."""
    if zipfile.is_zipfile(path):
        state, bytes_of = _zip(path)
    else:
        state, bytes_of = _stream(path)
    return [
        replace(_entry(name, tensor, bytes_of), group=group)
        for group, tensors in _groups(state).items()
        for name, tensor in tensors.items()
    ]


_BytesOf = Callable[[Storage], Array]


def _zip(path: Path) -> tuple[object, _BytesOf]:
    data = mapped(path)
    with zipfile.ZipFile(path) as archive:
        members = {member.filename: member for member in archive.infolist()}
        if any(name.endswith("/constants.pkl") for name in members):
            raise Unreadable("this is a compiled TorchScript program, not weights", STATE_ONLY)
        pickles = [name for name in members if name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise Unreadable("it is a zip file, but not one that torch.save wrote")
        root = pickles[0].removesuffix("data.pkl")
        if (order := members.get(f"{root}byteorder")) and member_bytes(archive, order, 16) != b"little":
            raise Unreadable("its numbers are big-endian")
        state = Inert(io.BytesIO(member_bytes(archive, members[pickles[0]], LARGEST))).load()

    def bytes_of(storage: Storage) -> Array:
        member = members.get(f"{root}data/{storage.key}")
        if member is None:
            raise Unreadable(f"the numbers {storage.key!r} are missing")
        if member.compress_type != zipfile.ZIP_STORED:
            raise Unreadable("its numbers are compressed, which torch.save never does")
        return stored(data, member)

    return state, bytes_of


def _stream(path: Path) -> tuple[object, _BytesOf]:
    with path.open("rb") as stream:
        if stream.read(1) != b"\x80":
            raise Unreadable("it is neither of the forms that torch.save writes")
        stream.seek(0)
        if Inert(stream).load() != _LEGACY_MAGIC:
            raise Unreadable("it is a pickle, but not one that torch.save wrote")
        Inert(stream).load()
        system = Inert(stream).load()
        if isinstance(system, Mapping) and not system.get("little_endian", True):
            raise Unreadable("its numbers are big-endian")
        tensors = Inert(stream)
        state = tensors.load()
        keys = Inert(stream).load()
        if not isinstance(keys, list):
            raise Unreadable("the list of its storages is broken")
        at = stream.tell()
    data = mapped(path)
    places: dict[str, Array] = {}
    for key in keys:
        if not isinstance(key, str):
            raise Unreadable("the list of its storages is broken")
        if key not in tensors.storages:
            raise Unreadable(f"nothing says what the numbers {key!r} are")
        storage = tensors.storages[key]
        if int.from_bytes(data[at : at + 8].tobytes(), "little") != storage.count:
            raise Unreadable(f"the numbers {key!r} are not as many as is said")
        at += 8
        size = storage.count * itemsize(storage.kind)
        places[key] = data[at : at + size]
        at += size

    def bytes_of(storage: Storage) -> Array:
        if storage.key not in places:
            raise Unreadable(f"the numbers {storage.key!r} are missing")
        return places[storage.key]

    return state, bytes_of


def _groups(state: object) -> dict[str, dict[str, Tensor]]:
    """The tensors by name: of the dictionary itself, or of each in it that has some."""
    if not isinstance(state, Mapping):
        raise Unreadable("it holds no dictionary of tensors", STATE_ONLY)
    own = _own(state)
    if own:
        return {"": own}
    within = {name: found for name, held in _nested(state, _DEEPEST) if (found := _own(held))}
    if not within:
        raise Unreadable("it holds no tensors", STATE_ONLY)
    return within


def _nested(state: Mapping[Any, Any], depth: int, below: str = "") -> Iterator[tuple[str, Mapping[Any, Any]]]:
    """The dictionaries in *state*, down to *depth*, by their keys from there on: ``ema.module``."""
    for key, value in state.items():
        if isinstance(value, Mapping) and isinstance(key, str):
            yield f"{below}{key}", value
            if depth > 1 and not _own(value):
                yield from _nested(value, depth - 1, f"{below}{key}.")


def _own(state: Mapping[Any, Any]) -> dict[str, Tensor]:
    return {key: value for key, value in state.items() if isinstance(key, str) and isinstance(value, Tensor)}


def _entry(name: str, tensor: Tensor, bytes_of: _BytesOf) -> Entry:
    storage, width = tensor.storage, itemsize(tensor.storage.kind)
    data = bytes_of(storage)
    if not _within(tensor, len(data) // width):
        _beyond(name)

    def read() -> Array:
        held = numbers(data[: len(data) // width * width], storage.kind)[tensor.offset :]
        strides = [stride * held.itemsize for stride in tensor.strides]
        return np.lib.stride_tricks.as_strided(held, tensor.shape, strides, writeable=False)

    return Entry(name, tensor.shape, storage.kind, read)


def _within(tensor: Tensor, count: int) -> bool:
    """Whether every number of *tensor* is one of the *count* that are there."""
    whole = (*tensor.shape, *tensor.strides, tensor.offset)
    if len(tensor.shape) != len(tensor.strides) or not all(isinstance(n, int) and n >= 0 for n in whole):
        return False
    if 0 in tensor.shape:
        return True
    last = sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.strides, strict=True))
    return tensor.offset + last < count


def _beyond(name: str) -> NoReturn:
    raise Unreadable(f"`{name}` reaches beyond the numbers in the file; it is cut off or damaged")
