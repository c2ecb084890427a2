"""ONNX's messages as bytes: protobuf's wire format, as far as a model needs it.

The fields are those of onnx.proto3, in the order of their numbers. Serialized by `onnx` the messages are the same,
byte for byte; importing that takes a tenth of the time in which a ResNet is exported.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from cnngraph.about import KEY
from cnngraph.onnx.graph import Constant, Graph, Info, Node
from cnngraph.volume import Dim
from cnngraph.weights.source import Weight

if TYPE_CHECKING:
    from cnngraph.fronts.onnx.parts import Stored

_TYPES = {"float32": 1, "uint8": 2, "int64": 7, "float16": 10}
"""TensorProto.DataType"""
_EXTERNAL = 1
"""TensorProto.DataLocation"""
_IR_VERSIONS = {17: 8, 18: 8, 19: 9, 20: 9, 21: 10, 22: 10}
"""The lowest that carries each opset."""


def model(graph: Graph, length: int) -> bytes:
    """All of the model that stands before the *length* bytes of its graph."""
    head = _number(1, _IR_VERSIONS[graph.opset]) + _text(2, "cnngraph") + _text(6, graph.title)
    head += _message(8, _text(1, "") + _number(2, graph.opset))
    head += b"".join(_message(8, _text(1, name) + _number(2, version)) for name, version in graph.domains.items())
    if said := graph.about.written():
        head += _message(14, _text(1, KEY) + _text(2, said))
    return head + _before(7, length)


def body(graph: Graph) -> bytes:
    """The graph without its initializers."""
    parts = [_message(1, node_message(node)) for node in graph.nodes]
    parts.append(_text(2, graph.name))
    for field, infos in ((11, graph.inputs), (12, graph.outputs), (13, graph.infos)):
        parts += [_message(field, _value_info(info)) for info in infos]
    return b"".join(parts)


def inline(initializer: Constant | Weight | Stored, size: int) -> bytes:
    """All of an initializer but the *size* raw bytes at its end."""
    head = _tensor(initializer) + _before(9, size)
    return _before(5, len(head) + size) + head


def whole(stored: Stored) -> bytes:
    """An initializer whose numbers are in its message."""
    return _message(5, _tensor(stored))


def outside(weight: Weight | Stored, file: str, offset: int, size: int) -> bytes:
    """An initializer whose bytes are in another file."""
    entries = (("location", file), ("offset", str(offset)), ("length", str(size)))
    place = b"".join(_message(13, _text(1, key) + _text(2, value)) for key, value in entries)
    return _message(5, _tensor(weight) + place + _number(14, _EXTERNAL))


def _tensor(initializer: Constant | Weight | Stored) -> bytes:
    if isinstance(initializer, Constant | Weight):
        shape = initializer.shape if isinstance(initializer, Constant) else initializer.parameter.shape
        sizes = b"".join(_number(1, size) for size in shape)
        return sizes + _number(2, _TYPES[initializer.type]) + _text(8, initializer.name)
    return initializer.message + _text(8, initializer.name)


def node_message(node: Node) -> bytes:
    """A node."""
    return b"".join(
        (
            *(_text(1, name) for name in node.inputs),
            *(_text(2, name) for name in node.outputs),
            _text(3, node.name) if node.name else b"",
            *((node.verbatim,) if node.verbatim else (_text(4, node.op), *_attributes(node.attributes))),
        )
    )


def _attributes(attributes: Mapping[str, object]) -> Iterator[bytes]:
    for name, value in sorted(attributes.items()):
        if value is not None:
            yield _message(5, _text(1, name) + _attribute(value))


def _attribute(value: object) -> bytes:
    items = value if isinstance(value, list | tuple) else [value]
    for sort, write, (one, of_one), (many, of_many) in _SORTS:
        if items and all(isinstance(item, sort) for item in items):
            field, type_ = (one, of_one) if items is not value else (many, of_many)
            return b"".join(write(field, item) for item in items) + _number(20, type_)
    raise TypeError(f"no attribute can be {value!r}")


def _value_info(info: Info) -> bytes:
    sizes = b"".join(_message(1, _dim(dim)) for dim in info.dims)
    tensor = _number(1, _TYPES[info.type]) + _message(2, sizes)
    return _text(1, info.name) + _message(2, _message(1, tensor))


def _dim(dim: Dim) -> bytes:
    return _number(1, dim) if isinstance(dim, int) else _text(2, str(dim))


# The wire format: https://protobuf.dev/programming-guides/encoding ----------------------------


def _message(field: int, data: bytes) -> bytes:
    return _before(field, len(data)) + data


def _text(field: int, text: str) -> bytes:
    return _message(field, text.encode("utf-8"))


def _before(field: int, length: int) -> bytes:
    """What stands before *length* bytes."""
    return bytes((*_sevens(field * 8 + 2), *_sevens(length)))


def _number(field: int, number: int) -> bytes:
    """A whole number of at most 64 bits; negative ones as their two's complement."""
    return bytes((*_sevens(field * 8), *_sevens(number & (2**64 - 1))))


def _float(field: int, number: float) -> bytes:
    return bytes(_sevens(field * 8 + 5)) + struct.pack("<f", number)


def _sevens(number: int) -> Iterable[int]:
    """Protobuf's variable-length number: seven bits a byte, the lowest first."""
    found = []
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return (*found, number)


_SORTS: tuple[tuple[type, Callable[[int, Any], bytes], tuple[int, int], tuple[int, int]], ...] = (
    (Integral, _number, (3, 2), (8, 7)),
    (Real, _float, (2, 1), (7, 6)),
    (str, _text, (4, 3), (9, 8)),
)
"""Of attributes: how their values are written, and the field and AttributeProto.AttributeType of one and of several."""
