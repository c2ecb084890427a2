"""PyTorch's ``.pt`` and ``.pth``: a pickle of tensors and, beside it, their numbers; read without running the pickle.

Both forms: the zip of PyTorch 1.6 and later (``NAME/data.pkl``, ``NAME/data/0``, …), and before it one stream (three
pickles of headers, the tensors' pickle, the keys of the storages, then each storage: count, numbers).
The layout is that of ``torch/serialization.py``.
"""

from __future__ import annotations

import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, NoReturn

import numpy as np

from cnngraph.weights.readers.entry import BFLOAT16, Array, Entry, Unreadable, itemsize, mapped, numbers, stored

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LARGEST_PICKLE = 2**26
"""Bytes; ResNet-152's pickle has 2^18."""
_STORAGES = {
    "HalfStorage": "float16",
    "FloatStorage": "float32",
    "DoubleStorage": "float64",
    "BFloat16Storage": BFLOAT16,
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "ShortStorage": "int16",
    "IntStorage": "int32",
    "LongStorage": "int64",
    "BoolStorage": "bool",
}
_STATE_ONLY = "save the weights alone: torch.save(model.state_dict(), FILE)"


@dataclass(frozen=True, slots=True)
class _Storage:
    kind: str
    key: str
    count: int


@dataclass(frozen=True, slots=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


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


_BytesOf = Callable[[_Storage], Array]


def _zip(path: Path) -> tuple[object, _BytesOf]:
    data = mapped(path)
    with zipfile.ZipFile(path) as archive:
        members = {member.filename: member for member in archive.infolist()}
        if any(name.endswith("/constants.pkl") for name in members):
            raise Unreadable("this is a compiled TorchScript program, not weights", _STATE_ONLY)
        pickles = [name for name in members if name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise Unreadable("it is a zip file, but not one that torch.save wrote")
        if members[pickles[0]].file_size > _LARGEST_PICKLE:
            raise Unreadable(f"its list of tensors has {members[pickles[0]].file_size:,} bytes, too many to be one")
        root = pickles[0].removesuffix("data.pkl")
        if f"{root}byteorder" in members and archive.read(f"{root}byteorder") != b"little":
            raise Unreadable("its numbers are big-endian")
        with archive.open(pickles[0]) as stream:
            state = _Inert(stream).load()

    def bytes_of(storage: _Storage) -> Array:
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
        if _Inert(stream).load() != _LEGACY_MAGIC:
            raise Unreadable("it is a pickle, but not one that torch.save wrote")
        _Inert(stream).load()
        system = _Inert(stream).load()
        if isinstance(system, Mapping) and not system.get("little_endian", True):
            raise Unreadable("its numbers are big-endian")
        tensors = _Inert(stream)
        state = tensors.load()
        keys = _Inert(stream).load()
        if not isinstance(keys, list):
            raise Unreadable("the list of its storages is broken")
        at = stream.tell()
    data = mapped(path)
    places: dict[str, Array] = {}
    for key in keys:
        if key not in tensors.storages:
            raise Unreadable(f"nothing says what the numbers {key!r} are")
        storage = tensors.storages[key]
        if int.from_bytes(data[at : at + 8].tobytes(), "little") != storage.count:
            raise Unreadable(f"the numbers {key!r} are not as many as is said")
        at += 8
        size = storage.count * itemsize(storage.kind)
        places[key] = data[at : at + size]
        at += size

    def bytes_of(storage: _Storage) -> Array:
        if storage.key not in places:
            raise Unreadable(f"the numbers {storage.key!r} are missing")
        return places[storage.key]

    return state, bytes_of


class _Inert(pickle._Unpickler):
    """Reads a pickle in which a tensor is a note of where its numbers are, and nothing else can be named.

    Python's own unpickler instead of C's, which lets a few bytes claim gigabytes for its memo.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(stream, encoding="utf-8")
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _KNOWN:
            return _KNOWN[module, name]
        if module in ("torch", "torch.storage") and name in _STORAGES:
            return _STORAGES[name]
        if module.startswith(("torch.nn", "torchvision")):
            raise Unreadable(f"it holds a whole model (`{module}.{name}`), not its weights", _STATE_ONLY)
        raise Unreadable(f"it wants to run `{module}.{name}`, and nothing in it is run", _STATE_ONLY)

    def persistent_load(self, pid: Any) -> _Storage:
        match pid:
            case ("storage", str() as kind, str() as key, str(), int() as count, *_):
                storage = _Storage(kind, key, count)
                self.storages[key] = storage
                return storage
        raise Unreadable("a tensor in it points to no storage")


def _rebuild_tensor(
    storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


def _rebuild_parameter(tensor: _Tensor, *_: object) -> _Tensor:
    return tensor


_KNOWN: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch", "Size"): tuple,
    ("torch._utils", "_rebuild_tensor"): _rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
}


def _groups(state: object) -> dict[str, dict[str, _Tensor]]:
    """The tensors by name: of the dictionary itself, or of each in it that has some."""
    if not isinstance(state, Mapping):
        raise Unreadable("it holds no dictionary of tensors", _STATE_ONLY)
    own = _own(state)
    if own:
        return {"": own}
    within = {str(key): found for key, value in state.items() if isinstance(value, Mapping) and (found := _own(value))}
    if not within:
        raise Unreadable("it holds no tensors", _STATE_ONLY)
    return within


def _own(state: Mapping[Any, Any]) -> dict[str, _Tensor]:
    return {key: value for key, value in state.items() if isinstance(key, str) and isinstance(value, _Tensor)}


def _entry(name: str, tensor: _Tensor, bytes_of: _BytesOf) -> Entry:
    storage, width = tensor.storage, itemsize(tensor.storage.kind)
    data = bytes_of(storage)
    if not _within(tensor, len(data) // width):
        _beyond(name)

    def read() -> Array:
        held = numbers(data[: len(data) // width * width], storage.kind)[tensor.offset :]
        strides = [stride * held.itemsize for stride in tensor.strides]
        return np.lib.stride_tricks.as_strided(held, tensor.shape, strides, writeable=False)

    return Entry(name, tensor.shape, storage.kind, read)


def _within(tensor: _Tensor, count: int) -> bool:
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
