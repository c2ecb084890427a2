"""Pickles read as data: nothing in them can be named but tensors and dictionaries, nothing is run, work is bounded.

Python's own unpickler instead of C's, which lets a few bytes claim gigabytes for its memo. Of its instructions only
those that ``torch.save`` writes are followed, and their forms in plain letters; they are counted, and nothing is hashed
but texts: tuples of tuples, each twice the one within, or a hundred thousand deep, are made at once and never hashed.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from cnngraph.weights.readers.entry import BFLOAT16, Unreadable

LARGEST = 2**24
"""Bytes of a pickle; ResNet-152's has 2^18."""
_MOST_STEPS = 2**20
"""ResNet-152's pickle takes 2^15."""
_MOST_AXES = 32
STATE_ONLY = "save the weights alone: torch.save(model.state_dict(), FILE)"
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


@dataclass(frozen=True, slots=True)
class Storage:
    """Where the numbers of a tensor are, in the archive that the pickle is in."""

    kind: str
    key: str
    count: int


@dataclass(frozen=True, slots=True)
class Tensor:
    """A note of where a tensor's numbers are."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class Inert(pickle._Unpickler):
    """Reads one pickle from *stream*, which is then behind it. `load` raises `Unreadable`."""

    if TYPE_CHECKING:  # what the unpickler has and its types leave out
        stack: list[Any]

        def pop_mark(self) -> list[Any]: ...

    def __init__(self, stream: IO[bytes]) -> None:
        self.storages: dict[str, Storage] = {}
        self.steps = 0
        super().__init__(_Limited(stream), encoding="utf-8")

    def spend(self, steps: int) -> None:
        self.steps += steps
        if self.steps > _MOST_STEPS:
            raise Unreadable("its list of tensors is far too long to be one", STATE_ONLY)

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _KNOWN:
            return _KNOWN[module, name]
        if module in ("torch", "torch.storage") and name in _STORAGES:
            return _STORAGES[name]
        if module.startswith(("torch.nn", "torchvision")):
            raise Unreadable(f"it holds a whole model (`{module}.{name}`), not its weights", STATE_ONLY)
        raise Unreadable(f"it wants to run `{module}.{name}`, and nothing in it is run", STATE_ONLY)

    def persistent_load(self, pid: Any) -> Storage:
        match pid:
            case ("storage", str() as kind, str() as key, str(), int() as count, *_):
                storage = Storage(kind, key, count)
                self.storages[key] = storage
                return storage
        raise Unreadable("a tensor in it points to no storage")

    def _call(self) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        if function not in _FUNCTIONS or not isinstance(arguments, tuple):
            raise Unreadable("it wants to run what is no function of PyTorch's, and nothing in it is run", STATE_ONLY)
        self.spend(sum(len(each) for each in arguments if isinstance(each, tuple | list)))
        self.stack.append(function(*arguments))

    def _make_dictionary(self) -> None:
        items = self.pop_mark()
        self.stack.append({})
        self._set(items)

    def _set_one(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._set([key, value])

    def _set_several(self) -> None:
        self._set(self.pop_mark())

    def _set(self, items: list[Any]) -> None:
        held = self.stack[-1]
        if not isinstance(held, dict):
            raise Unreadable("it puts something into what is no dictionary")
        held.update(_texts(zip(items[::2], items[1::2], strict=True)))

    def _append_one(self) -> None:
        self._extend([self.stack.pop()])

    def _append_several(self) -> None:
        self._extend(self.pop_mark())

    def _extend(self, items: list[Any]) -> None:
        held = self.stack[-1]
        if not isinstance(held, list):
            raise Unreadable("it appends something to what is no list")
        held.extend(items)

    def _leave_out_state(self) -> None:
        self.stack.pop()


class _Limited:
    """*stream*, of which no more than `LARGEST` bytes are read, nor at once what it does not have."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.left = LARGEST

    def read(self, size: int) -> bytes:
        return self._spent(self.stream.read(min(size, self.left + 1)))

    def readline(self) -> bytes:
        return self._spent(self.stream.readline(self.left + 1))

    def _spent(self, data: bytes) -> bytes:
        self.left -= len(data)
        if self.left < 0:
            raise Unreadable(f"its list of tensors has more than {LARGEST:,} bytes, too many to be one", STATE_ONLY)
        return data


def _texts(pairs: Any) -> dict[str, Any]:
    """Those with a text as key. No other is ever asked for, and hashing one may take forever."""
    return {key: value for key, value in pairs if type(key) is str}


def _dictionary(pairs: object = (), *_: object) -> dict[str, Any]:
    if not isinstance(pairs, tuple | list) or not all(
        isinstance(pair, tuple | list) and len(pair) == 2 for pair in pairs
    ):
        raise Unreadable("a dictionary in it is broken")
    return _texts(pairs)


def _size(dims: object = (), *_: object) -> tuple[int, ...]:
    if not isinstance(dims, tuple | list) or len(dims) > _MOST_AXES or not all(type(dim) is int for dim in dims):
        raise Unreadable("the shape of a tensor in it is broken")
    return tuple(dims)


def _tensor(storage: object = None, offset: object = 0, shape: object = (), strides: object = (), *_: object) -> Tensor:
    if not isinstance(storage, Storage) or type(offset) is not int:
        raise Unreadable("a tensor in it points to no storage")
    return Tensor(storage, offset, _size(shape), _size(strides))


def _parameter(tensor: object = None, *_: object) -> Tensor:
    if not isinstance(tensor, Tensor):
        raise Unreadable("a parameter in it is no tensor")
    return tensor


_KNOWN: dict[tuple[str, str], Callable[..., Any]] = {
    ("collections", "OrderedDict"): _dictionary,
    ("torch", "Size"): _size,
    ("torch._utils", "_rebuild_tensor"): _tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
}
_FUNCTIONS = list(_KNOWN.values())


def _counted(step: Callable[[Any], None]) -> Callable[[Any], None]:
    def counted(reader: Inert) -> None:
        reader.spend(1)
        step(reader)

    return counted


def _refused(reader: Inert) -> None:
    raise Unreadable("it is a pickle, but not one that torch.save wrote", STATE_ONLY)


_FOLLOWED = """
PROTO FRAME STOP MARK POP POP_MARK EMPTY_DICT EMPTY_LIST EMPTY_TUPLE LIST TUPLE TUPLE1 TUPLE2 TUPLE3 NONE NEWTRUE
NEWFALSE INT BININT BININT1 BININT2 LONG1 LONG4 BINFLOAT UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8 BINSTRING
SHORT_BINSTRING BINBYTES SHORT_BINBYTES BINBYTES8 GLOBAL STACK_GLOBAL BINPUT LONG_BINPUT BINGET LONG_BINGET MEMOIZE
BINPERSID
"""
_steps: dict[int, Callable[[Any], None]] = dict.fromkeys(range(256), _refused)
for _name in _FOLLOWED.split():
    _code = getattr(pickle, _name)[0]
    _steps[_code] = _counted(pickle._Unpickler.dispatch[_code])
for _code, _step in (
    (pickle.REDUCE, Inert._call),
    (pickle.BUILD, Inert._leave_out_state),
    (pickle.DICT, Inert._make_dictionary),
    (pickle.SETITEM, Inert._set_one),
    (pickle.SETITEMS, Inert._set_several),
    (pickle.APPEND, Inert._append_one),
    (pickle.APPENDS, Inert._append_several),
):
    _steps[_code[0]] = _counted(_step)
Inert.dispatch = _steps
