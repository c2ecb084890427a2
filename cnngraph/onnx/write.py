"""An ONNX file, streamed: the graph through onnx's own classes, the weights in chunks behind it.

A serialized protobuf message is the concatenation of its fields, so the initializers need not be in
memory together: their lengths are known beforehand, and each is a short header and its raw bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from cnngraph.diagnostics import CnngraphError
from cnngraph.files import replacing
from cnngraph.onnx.graph import Constant, Graph, Info, Weight
from cnngraph.volume import Dim, product
from cnngraph.weights.source import Weights

LARGEST = 2**31 - 1
"""Bytes that a protobuf message can have."""

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


def write(graph: Graph, weights: Weights, path: Path) -> Written:
    """*graph* with *weights* as the ONNX file at *path*, which is replaced only when all is well.

    Raises `CnngraphError` when the file cannot be written or would be larger than protobuf allows.
    """
    model, body = _model(graph), _graph(graph)
    initializers: list[Constant | Weight] = [*graph.constants, *graph.weights]
    headers = [_header(initializer) for initializer in initializers]
    length = len(body) + sum(len(header) + size for header, size in headers)
    total = len(model) + len(_MODEL_GRAPH) + len(_varint(length)) + length
    if total > LARGEST:
        raise CnngraphError.of(
            "E0905",
            f"{path} would have {total:,} bytes; one ONNX file holds at most {LARGEST:,}",
            help="files with the weights beside them are not written by this version",
        )
    with replacing(path) as stream:
        stream.write(model + _MODEL_GRAPH + _varint(length) + body)
        split = len(graph.constants)
        for constant, (header, _) in zip(graph.constants, headers[:split], strict=True):
            stream.write(header + _values(constant))
        for header, chunks in zip((h for h, _ in headers[split:]), weights.all(graph.weights), strict=True):
            stream.write(header)
            for chunk in chunks:
                stream.write(chunk)
    return Written(path, total, len(graph.nodes), graph.opset)


def _model(graph: Graph) -> bytes:
    """The model without its graph, with the lowest IR version that carries the opset."""
    opset = onnx.helper.make_opsetid("", graph.opset)
    model = onnx.ModelProto(
        ir_version=onnx.helper.find_min_ir_version_for([opset]),
        producer_name="cnngraph",
        opset_import=[opset],
        doc_string=graph.title,
    )
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
    type_ = onnx.TensorProto.INT64 if info.whole else onnx.TensorProto.FLOAT
    return onnx.helper.make_tensor_value_info(info.name, type_, [_onnx_dim(dim) for dim in info.dims])


def _onnx_dim(dim: Dim) -> int | str:
    return dim if isinstance(dim, int) else str(dim)


def _header(initializer: Constant | Weight) -> tuple[bytes, int]:
    """All of an initializer but its raw bytes, and how many those are."""
    if isinstance(initializer, Constant):
        shape, type_ = initializer.shape, onnx.TensorProto.INT64 if initializer.whole else onnx.TensorProto.FLOAT
        size = product(shape) * (8 if initializer.whole else 4)
    else:
        shape, type_ = initializer.parameter.shape, onnx.TensorProto.FLOAT
        size = initializer.parameter.size * 4
    tensor = onnx.TensorProto(dims=shape, data_type=type_, name=initializer.name)
    head = tensor.SerializeToString(deterministic=True) + _TENSOR_RAW_DATA + _varint(size)
    return _GRAPH_INITIALIZER + _varint(len(head) + size) + head, size


def _values(constant: Constant) -> bytes:
    return np.array(constant.values, "<i8" if constant.whole else "<f4").tobytes()


def _varint(number: int) -> bytes:
    """Protobuf's variable-length number: seven bits a byte, the lowest first."""
    return bytes(_sevens(number))


def _sevens(number: int) -> Iterator[int]:
    while number > 127:
        yield number & 127 | 128
        number >>= 7
    yield number
