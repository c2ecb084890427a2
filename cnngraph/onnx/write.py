"""An ONNX file, streamed: the graph through onnx's own classes, the weights in chunks behind it.

A serialized protobuf message is the concatenation of its fields, so the initializers need not be in
memory together: their lengths are known beforehand, and each is a short header and its raw bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from cnngraph.diagnostics import CnngraphError
from cnngraph.files import remove, replacing
from cnngraph.onnx.about import KEY
from cnngraph.onnx.graph import Constant, Graph, Info
from cnngraph.volume import Dim
from cnngraph.weights.source import Weight, Weights

LARGEST = 2**31 - 1
"""Bytes that a protobuf message can have."""

_PAGE = 4096
"""Weights in a file of their own start at multiples of it, so that a runtime can map them (onnx.proto3)."""
_TYPES = {
    "float32": onnx.TensorProto.FLOAT,
    "float16": onnx.TensorProto.FLOAT16,
    "int64": onnx.TensorProto.INT64,
    "uint8": onnx.TensorProto.UINT8,
}

# Fields of onnx.proto3, each of the kind "length, then bytes": number * 8 + 2.
_MODEL_GRAPH = bytes([7 * 8 + 2])
_GRAPH_INITIALIZER = bytes([5 * 8 + 2])
_TENSOR_RAW_DATA = bytes([9 * 8 + 2])


@dataclass(frozen=True, slots=True)
class Written:
    """What was written."""

    path: Path
    size: int
    """Bytes."""
    nodes: int
    opset: int
    data: Path | None = None
    """The file with the weights, when they are in one of their own."""
    data_size: int = 0


def write(graph: Graph, weights: Weights, path: Path, external: int = LARGEST) -> Written:
    """*graph* with *weights* as the ONNX file at *path*, which is replaced only when all is well.

    The weights of a file that would have more than *external* bytes go to another beside it, ``PATH.data``. Raises
    `CnngraphError` when a file cannot be written, or a number does not fit its type.
    """
    model, body = _model(graph), _graph(graph)
    constants = b"".join(_inline(constant, len(data)) + data for constant, data in _valued(graph.constants))
    length = len(body) + len(constants) + sum(len(_inline(weight, size)) + size for weight, size in _sized(graph))
    total = len(model) + len(_MODEL_GRAPH) + len(_varint(length)) + length
    if total > min(external, LARGEST):
        return _write_two(graph, weights, path, model, body + constants)
    with replacing(path) as stream:
        stream.write(model + _MODEL_GRAPH + _varint(length) + body + constants)
        for (weight, size), pieces in zip(_sized(graph), weights.all(graph.weights), strict=True):
            stream.write(_inline(weight, size))
            for piece in pieces:
                stream.write(_converted(piece, weight))
    return Written(path, total, len(graph.nodes), graph.opset)


def _write_two(graph: Graph, weights: Weights, path: Path, model: bytes, body: bytes) -> Written:
    """The model at *path*, its weights beside it, each at a place that can be mapped to memory."""
    data = path.with_name(f"{path.name}.data")
    headers: list[bytes] = []
    end = 0
    with replacing(path) as head, replacing(data) as stream:
        for (weight, size), pieces in zip(_sized(graph), weights.all(graph.weights), strict=True):
            padding = -end % _PAGE if size >= _PAGE else 0
            stream.write(bytes(padding))
            headers.append(_outside(weight, data.name, end + padding, size))
            end += padding + size
            for piece in pieces:
                stream.write(_converted(piece, weight))
        length = len(body) + sum(map(len, headers))
        head.write(model + _MODEL_GRAPH + _varint(length) + body + b"".join(headers))
        total = len(model) + len(_MODEL_GRAPH) + len(_varint(length)) + length
        # An old model must not be left with the new weights, should this be stopped between the two files.
        remove(path)
    return Written(path, total, len(graph.nodes), graph.opset, data, end)


def _model(graph: Graph) -> bytes:
    """The model without its graph, with the lowest IR version that carries the opset."""
    opset = onnx.helper.make_opsetid("", graph.opset)
    model = onnx.ModelProto(
        ir_version=onnx.helper.find_min_ir_version_for([opset]),
        producer_name="cnngraph",
        opset_import=[opset],
        doc_string=graph.title,
    )
    if said := graph.about.written():
        model.metadata_props.add(key=KEY, value=said)
    return bytes(model.SerializeToString(deterministic=True))


def _graph(graph: Graph) -> bytes:
    """The graph without its initializers."""
    message = onnx.GraphProto(name=graph.name)
    for node in graph.nodes:
        attributes: dict[str, Any] = dict(sorted(node.attributes.items()))
        message.node.append(onnx.helper.make_node(node.op, node.inputs, [node.output], name=node.name, **attributes))
    message.input.extend(map(_value_info, graph.inputs))
    message.output.extend(map(_value_info, graph.outputs))
    message.value_info.extend(map(_value_info, graph.infos))
    return bytes(message.SerializeToString(deterministic=True))


def _value_info(info: Info) -> onnx.ValueInfoProto:
    return onnx.helper.make_tensor_value_info(info.name, _TYPES[info.type], [_onnx_dim(dim) for dim in info.dims])


def _onnx_dim(dim: Dim) -> int | str:
    return dim if isinstance(dim, int) else str(dim)


def _valued(constants: Iterable[Constant]) -> Iterator[tuple[Constant, bytes]]:
    for constant in constants:
        yield constant, np.array(constant.values, np.dtype(constant.type).newbyteorder("<")).tobytes()


def _sized(graph: Graph) -> Iterator[tuple[Weight, int]]:
    """The weights with their bytes."""
    for weight in graph.weights:
        yield weight, weight.parameter.size * np.dtype(weight.type).itemsize


def _inline(initializer: Constant | Weight, size: int) -> bytes:
    """All of an initializer but the *size* raw bytes at its end."""
    head: bytes = _tensor(initializer).SerializeToString(deterministic=True) + _TENSOR_RAW_DATA + _varint(size)
    return _GRAPH_INITIALIZER + _varint(len(head) + size) + head


def _outside(weight: Weight, file: str, offset: int, size: int) -> bytes:
    """An initializer whose bytes are in another file."""
    tensor = _tensor(weight)
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", file), ("offset", str(offset)), ("length", str(size))):
        tensor.external_data.add(key=key, value=value)
    data: bytes = tensor.SerializeToString(deterministic=True)
    return _GRAPH_INITIALIZER + _varint(len(data)) + data


def _tensor(initializer: Constant | Weight) -> onnx.TensorProto:
    shape = initializer.shape if isinstance(initializer, Constant) else initializer.parameter.shape
    return onnx.TensorProto(dims=shape, data_type=_TYPES[initializer.type], name=initializer.name)


def _converted(piece: bytes | memoryview, weight: Weight) -> bytes | memoryview:
    """float32 as what the weight is written as."""
    if weight.type == "float32":
        return piece
    numbers = np.frombuffer(piece, "<f4")
    with np.errstate(over="ignore"):
        half = numbers.astype("<f2")
    if not np.isfinite(half).all() and np.isfinite(numbers).all():
        raise CnngraphError.of(
            "E0906",
            f"`{weight.name}` holds {np.abs(numbers).max():g}, and float16 ends at 65,504",
            help="write float32, or scale the weights of the layer",
        )
    return half.data.cast("B")


def _varint(number: int) -> bytes:
    """Protobuf's variable-length number: seven bits a byte, the lowest first."""
    return bytes(_sevens(number))


def _sevens(number: int) -> Iterator[int]:
    while number > 127:
        yield number & 127 | 128
        number >>= 7
    yield number
