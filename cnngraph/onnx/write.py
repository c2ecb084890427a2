"""An ONNX file, streamed: the graph, and the weights in chunks behind it.

A serialized protobuf message is the concatenation of its fields, so the initializers need not be in
memory together: their lengths are known beforehand, and each is a short header and its raw bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cnngraph.diagnostics import CnngraphError
from cnngraph.files import remove, replacing
from cnngraph.onnx import protobuf
from cnngraph.onnx.graph import Constant, Graph
from cnngraph.weights.source import Weight, Weights

if TYPE_CHECKING:
    from cnngraph.fronts.onnx.parts import Stored

LARGEST = 2**31 - 1
"""Bytes that a protobuf message can have."""

_PAGE = 4096
"""Weights in a file of their own start at multiples of it, so that a runtime can map them (onnx.proto3)."""


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
    body = protobuf.body(graph)
    constants = b"".join(protobuf.inline(constant, len(data)) + data for constant, data in _valued(graph.constants))
    constants += b"".join(protobuf.whole(each) for each in graph.stored if each.read is None)
    passed = [each for each in graph.stored if each.read is not None]
    length = len(body) + len(constants)
    length += sum(len(protobuf.inline(weight, size)) + size for weight, size in _sized(graph))
    length += sum(len(protobuf.inline(each, each.size)) + each.size for each in passed)
    head = protobuf.model(graph, length)
    total = len(head) + length
    if total > min(external, LARGEST):
        return _write_two(graph, weights, passed, path, body + constants)
    with replacing(path) as stream:
        stream.write(head + body + constants)
        for (weight, size), pieces in zip(_sized(graph), weights.all(graph.weights), strict=True):
            stream.write(protobuf.inline(weight, size))
            for piece in pieces:
                stream.write(_converted(piece, weight))
        for each in passed:
            stream.write(protobuf.inline(each, each.size))
            stream.writelines(each.pieces())
    return Written(path, total, len(graph.nodes), graph.opset)


def _write_two(graph: Graph, weights: Weights, passed: Sequence[Stored], path: Path, body: bytes) -> Written:
    """The model at *path*, its weights beside it, each at a place that can be mapped to memory."""
    data = path.with_name(f"{path.name}.data")
    headers: list[bytes] = []
    end = 0
    with replacing(path) as head, replacing(data) as stream:
        numbers: Iterator[tuple[Weight | Stored, int, Iterable[bytes | memoryview]]] = chain(
            (
                (weight, size, (_converted(piece, weight) for piece in pieces))
                for (weight, size), pieces in zip(_sized(graph), weights.all(graph.weights), strict=True)
            ),
            ((each, each.size, each.pieces()) for each in passed),
        )
        for tensor, size, pieces in numbers:
            padding = -end % _PAGE if size >= _PAGE else 0
            stream.write(bytes(padding))
            headers.append(protobuf.outside(tensor, data.name, end + padding, size))
            end += padding + size
            stream.writelines(pieces)
        length = len(body) + sum(map(len, headers))
        before = protobuf.model(graph, length)
        head.write(before + body + b"".join(headers))
        # An old model must not be left with the new weights, should this be stopped between the two files.
        remove(path)
    return Written(path, len(before) + length, len(graph.nodes), graph.opset, data, end)


def _valued(constants: Iterable[Constant]) -> Iterator[tuple[Constant, bytes]]:
    for constant in constants:
        yield constant, np.array(constant.values, np.dtype(constant.type).newbyteorder("<")).tobytes()


def _sized(graph: Graph) -> Iterator[tuple[Weight, int]]:
    """The weights with their bytes."""
    for weight in graph.weights:
        yield weight, weight.parameter.size * np.dtype(weight.type).itemsize


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
