"""The messages of an ONNX model as plain data, and the numbers of its tensors, which stay in the file until they are
asked for."""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from cnngraph.fronts.wire import BYTES, FIXED32, Buffer, Damaged, Stretch, as_float, fields, signed, text, varints
from cnngraph.weights.readers.entry import BFLOAT16, Array, itemsize, numbers

KINDS = {
    1: "float32",
    2: "uint8",
    3: "int8",
    4: "uint16",
    5: "int16",
    6: "int32",
    7: "int64",
    9: "bool",
    10: "float16",
    11: "float64",
    12: "uint32",
    13: "uint64",
    16: BFLOAT16,
}
"""TensorProto.DataType, as numpy calls them."""
FLOATS = frozenset(number for number, kind in KINDS.items() if "float" in kind)
"""Those of numbers with a fraction."""
_BITS = {"float16": "<u2", BFLOAT16: "<u2"}
"""Types whose bits stand in int32_data."""
_EXTERNAL = 1
_IDLE = frozenset({"Identity", "Dropout"})


@dataclass(frozen=True, slots=True)
class Tensor:
    """Numbers that the file has."""

    name: str
    shape: tuple[int, ...]
    kind: str
    """Of its numbers, as numpy calls it; ``type 8`` for one that is not read."""
    read: Callable[[], Array]
    """The numbers, in *shape*; bfloat16 as float32. Raises `Damaged`."""
    at: Stretch | None = None
    """Its message; None for one that is made up."""
    is_outside: bool = False
    """Whether the numbers are in a file beside the model."""

    @property
    def size(self) -> int:
        return prod(self.shape)


@dataclass(frozen=True, slots=True)
class Subgraph:
    """A graph as an attribute."""

    read: Callable[[], Graph]
    """Raises `Damaged`."""


Attribute = int | float | str | Tensor | Subgraph | list[Any]


@dataclass(frozen=True, slots=True)
class Node:
    """An operator at work."""

    op: str
    """``Conv``; with its domain, where that is not ONNX's own: ``com.microsoft.FusedConv``."""
    inputs: tuple[str, ...]
    """Empty for one that is left out."""
    outputs: tuple[str, ...]
    attributes: Mapping[str, Attribute]
    name: str = ""
    scopes: str = ""
    """The path of the module that made it, where the exporter noted it."""
    at: Stretch | None = None
    """Its message; None for one that is made up."""

    @property
    def is_same(self) -> bool:
        """Whether it makes the numbers that it takes, as far as those have a fraction."""
        return self.op in _IDLE or (self.op == "Cast" and self.attributes.get("to") in FLOATS)

    @property
    def place(self) -> str:
        """For messages."""
        return f"node `{self.name or self.outputs[0] if self.outputs else self.op}`"


Size = int | str
"""A size, the name of a free one, or nothing: empty."""


@dataclass(frozen=True, slots=True)
class Info:
    """What the file says of a tensor."""

    name: str
    kind: str
    sizes: tuple[Size, ...] | None
    """None where it says nothing."""


@dataclass
class Graph:
    """Nodes in topological order, and the tensors that are not made by them."""

    name: str = ""
    nodes: list[Node] = field(default_factory=list)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    inputs: list[Info] = field(default_factory=list)
    outputs: list[Info] = field(default_factory=list)
    infos: dict[str, Info] = field(default_factory=dict)


@dataclass
class Model:
    """All that a file says."""

    producer: str = ""
    title: str = ""
    """What the file says of itself in words."""
    opsets: dict[str, int] = field(default_factory=dict)
    graph: Graph = field(default_factory=Graph)
    about: dict[str, str] = field(default_factory=dict)
    functions: int = 0
    training: bool = False
    messages: Messages | None = None
    """What it is read from."""

    @cached_property
    def opset(self) -> int:
        return self.opsets.get("", 1)


def read_model(path: Path) -> Model:
    """The model in the file at *path*, whose numbers are read from it later on. Raises `Damaged`, `OSError`."""
    with path.open("rb") as stream:
        if os.fstat(stream.fileno()).st_size == 0:
            raise Damaged("the file is empty")
        data = memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
    return Messages(data, path.parent).model()


class Messages:
    """Reads messages in *data*; numbers outside of it in files below *folder*, and nowhere else."""

    def __init__(self, data: Buffer, folder: Path | None) -> None:
        self.data = data
        self.folder = folder

    def model(self) -> Model:
        found = Model(messages=self)
        for number, _, value in fields(self.data, Stretch(0, len(self.data))):
            match number, value:
                case 2, Stretch():
                    found.producer = self._text(value)
                case 6, Stretch():
                    found.title = self._text(value)
                case 7, Stretch():
                    found.graph = self._graph(value)
                case 8, Stretch():
                    domain, version = "", 1
                    for inner, _, each in fields(self.data, value):
                        if inner == 1 and isinstance(each, Stretch):
                            domain = self._text(each)
                        elif inner == 2 and isinstance(each, int):
                            version = each
                    found.opsets["" if domain == "ai.onnx" else domain] = version
                case 14, Stretch():
                    found.about.update([self.pair(value)])
                case 20, _:
                    found.training = True
                case 25, _:
                    found.functions += 1
        return found

    def _graph(self, within: Stretch) -> Graph:
        found = Graph()
        for number, wire, value in fields(self.data, within):
            if wire != BYTES or not isinstance(value, Stretch):
                continue
            if number == 1:
                found.nodes.append(self._node(value))
            elif number == 2:
                found.name = self._text(value)
            elif number == 5:
                tensor = self._tensor(value)
                found.tensors[tensor.name] = tensor
            elif number == 11:
                found.inputs.append(self._info(value))
            elif number == 12:
                found.outputs.append(self._info(value))
            elif number == 13:
                info = self._info(value)
                found.infos[info.name] = info
        return found

    def _node(self, within: Stretch) -> Node:
        inputs, outputs, attributes, name, op, domain, scopes = [], [], {}, "", "", "", ""
        for number, _, value in fields(self.data, within):
            if not isinstance(value, Stretch):
                continue
            if number == 1:
                inputs.append(self._text(value))
            elif number == 2:
                outputs.append(self._text(value))
            elif number == 3:
                name = self._text(value)
            elif number == 4:
                op = self._text(value)
            elif number == 5:
                attributes.update(self._attribute(value))
            elif number == 7:
                domain = self._text(value)
            elif number == 9:
                key, said = self.pair(value)
                if key == "pkg.torch.onnx.name_scopes":
                    scopes = said
        op = op if domain in ("", "ai.onnx") else f"{domain}.{op}"
        return Node(op, tuple(inputs), tuple(outputs), attributes, name, scopes, within)

    def _attribute(self, within: Stretch) -> dict[str, Attribute]:
        """By its name; nothing for a value of a sort that no operator of a network here has."""
        name, sort = "", 0
        one: Attribute | None = None
        many: list[Any] = []
        for number, wire, value in fields(self.data, within):
            if isinstance(value, Stretch):
                if number == 1:
                    name = self._text(value)
                elif number == 4:
                    one = self._text(value)
                elif number == 5:
                    one = self._tensor(value)
                elif number in (6, 11):
                    one = Subgraph(partial(self._graph, value))
                elif number == 7 and wire == BYTES:
                    many += self._plain(value, "<f4").tolist()
                elif number == 8 and wire == BYTES:
                    many += map(signed, varints(self.data, value))
                elif number == 9:
                    many.append(self._text(value))
            elif number in (2, 7):
                if wire != FIXED32:
                    raise Damaged(f"a number of attribute `{name}` is none of 32 bits")
                one, many = (as_float(value), many) if number == 2 else (one, [*many, as_float(value)])
            elif number == 3:
                one = signed(value)
            elif number == 8:
                many.append(signed(value))
            elif number == 20:
                sort = value
        if one is None and (many or sort in (6, 7, 8)):
            one = many
        return {} if one is None else {name: one}

    def _tensor(self, within: Stretch) -> Tensor:
        name, sort, outside = "", 0, False
        shape: list[int] = []
        raw: Stretch | None = None
        typed: list[tuple[int, int, int | Stretch]] = []
        place: dict[str, str] = {}
        for number, wire, value in fields(self.data, within):
            if isinstance(value, Stretch):
                if number == 1 and wire == BYTES:
                    shape += map(signed, varints(self.data, value))
                elif number == 8:
                    name = self._text(value)
                elif number == 9:
                    raw = value
                elif number == 13:
                    place.update([self.pair(value)])
                elif number in (4, 5, 7, 10, 11):
                    typed.append((number, wire, value))
            elif number == 1:
                shape.append(signed(value))
            elif number == 2:
                sort = value
            elif number in (4, 5, 7, 10, 11):
                typed.append((number, wire, value))
            elif number == 14:
                outside = value == _EXTERNAL
        kind = KINDS.get(sort, f"type {sort}")
        if any(size < 0 for size in shape):
            raise Damaged(f"tensor `{name}` has a negative size: {shape}")
        dims = tuple(shape)

        def read() -> Array:
            if kind not in KINDS.values():
                raise Damaged(f"tensor `{name}` has numbers of {kind}, which are not read")
            if outside:
                return self._outside(name, place, kind, dims)
            if raw is not None:
                return self._shaped(name, self._plain(raw, "u1"), kind, dims)
            return self._typed(name, typed, kind, dims)

        return Tensor(name, dims, kind, read, within, outside)

    def _shaped(self, name: str, data: Array, kind: str, shape: tuple[int, ...]) -> Array:
        if data.size != (size := prod(shape) * itemsize(kind)):
            sizes = "x".join(map(str, shape)) or "one number"
            raise Damaged(f"tensor `{name}` of {sizes} takes {size:,} bytes as {kind}, and has {data.size:,}")
        return numbers(data, kind).reshape(shape)

    def _typed(
        self, name: str, found: list[tuple[int, int, int | Stretch]], kind: str, shape: tuple[int, ...]
    ) -> Array:
        """Numbers in a field of their type: float_data, int32_data and so on, packed or one by one."""
        parts = []
        for number, _, value in found:
            if number in (4, 10):
                wide = "<f4" if number == 4 else "<f8"
                parts.append(
                    self._plain(value, wide)
                    if isinstance(value, Stretch)
                    else np.array([value], wide.replace("f", "u")).view(wide)
                )
            else:
                each = varints(self.data, value) if isinstance(value, Stretch) else [value]
                parts.append(np.array([signed(one) for one in each], np.int64))
        array = np.concatenate(parts) if parts else np.zeros(0)
        if array.size != prod(shape):
            raise Damaged(f"tensor `{name}` of {'x'.join(map(str, shape)) or 'one number'} has {array.size:,} numbers")
        if kind in _BITS:
            return numbers(array.astype(_BITS[kind]).view(np.uint8), kind).reshape(shape)
        return array.astype(kind).reshape(shape)

    def _outside(self, name: str, place: dict[str, str], kind: str, shape: tuple[int, ...]) -> Array:
        """Numbers in a file beside the model. Raises `Damaged` for one that is elsewhere."""
        size = prod(shape) * itemsize(kind)
        data = self.beside(name, place, size)
        if size == 0:
            return np.zeros(shape, "float32" if kind == BFLOAT16 else kind)
        return numbers(data, kind).reshape(shape)

    def beside(self, name: str, place: dict[str, str], size: int) -> Array:
        """*size* bytes in a file beside the model, read as they are touched. Raises `Damaged`."""
        location = place.get("location", "")
        if self.folder is None:
            raise Damaged(f"tensor `{name}` lies in the file `{location}` beside the model, which came by a pipe")
        folder = self.folder.resolve()
        is_name = bool(location) and "\0" not in location and not Path(location).is_absolute()
        path = (folder / location).resolve() if is_name else folder
        if not is_name or not path.is_relative_to(folder):
            raise Damaged(f"tensor `{name}` lies in `{location}`, which is not in the folder of the model")
        if not path.is_file():
            raise Damaged(f"tensor `{name}` lies in `{location}`, and there is no such file beside the model")
        try:
            start, length = int(place.get("offset", "0")), int(place.get("length", str(size)))
        except ValueError:
            raise Damaged(f"tensor `{name}` does not say where in `{location}` it lies") from None
        if start < 0 or length != size or start + length > path.stat().st_size:
            raise Damaged(
                f"tensor `{name}` takes {size:,} bytes from byte {start:,} of `{location}`, which has "
                f"{path.stat().st_size:,}"
            )
        return np.zeros(0, np.uint8) if size == 0 else np.memmap(path, np.uint8, "r", start, (size,))

    def _info(self, within: Stretch) -> Info:
        name, kind = "", ""
        sizes: tuple[Size, ...] | None = None
        for number, _, value in fields(self.data, within):
            if number == 1 and isinstance(value, Stretch):
                name = self._text(value)
            elif number == 2 and isinstance(value, Stretch):
                for inner, _, each in fields(self.data, value):
                    if inner == 1 and isinstance(each, Stretch):
                        kind, sizes = self._type(each)
        return Info(name, kind, sizes)

    def _type(self, within: Stretch) -> tuple[str, tuple[Size, ...] | None]:
        kind = ""
        sizes: tuple[Size, ...] | None = None
        for number, _, value in fields(self.data, within):
            if number == 1 and isinstance(value, int):
                kind = KINDS.get(value, f"type {value}")
            elif number == 2 and isinstance(value, Stretch):
                sizes = tuple(
                    self._size(each) for inner, _, each in fields(self.data, value)
                    if inner == 1 and isinstance(each, Stretch)
                )  # fmt: skip
        return kind, sizes

    def _size(self, within: Stretch) -> Size:
        for number, _, value in fields(self.data, within):
            if number == 1 and isinstance(value, int):
                return signed(value)
            if number == 2 and isinstance(value, Stretch):
                return self._text(value)
        return ""

    def pair(self, within: Stretch) -> tuple[str, str]:
        """A key and what it stands for."""
        found = {1: "", 2: ""}
        for number, _, value in fields(self.data, within):
            if isinstance(value, Stretch):
                found[number] = self._text(value)
        return found[1], found[2]

    def _text(self, within: Stretch) -> str:
        return text(self.data, within)

    def _plain(self, within: Stretch, kind: str) -> Array:
        """Bytes as numbers of *kind*, not copied."""
        if within.length % np.dtype(kind).itemsize:
            raise Damaged(f"{within.length:,} bytes at byte {within.start:,} are no whole numbers")
        return np.frombuffer(self.data, kind, within.length // np.dtype(kind).itemsize, within.start)
