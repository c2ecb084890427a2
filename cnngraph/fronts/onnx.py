"""ONNX models: what they begin with.

A file is a protobuf message ``ModelProto`` (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3): fields one after
the other, each behind a varint ``number << 3 | wire type``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts.content import Content

_VARINT, _BYTES = 0, 2
_FIELDS = {
    1: _VARINT,  # ir_version
    2: _BYTES,  # producer_name
    3: _BYTES,  # producer_version
    4: _BYTES,  # domain
    5: _VARINT,  # model_version
    6: _BYTES,  # doc_string
    7: _BYTES,  # graph
    8: _BYTES,  # opset_import
    14: _BYTES,  # metadata_props
    20: _BYTES,  # training_info
    25: _BYTES,  # functions
    26: _BYTES,  # configuration
}


def recognises(head: bytes) -> bool:
    """Whether *head* is how a ``ModelProto`` begins: its fields and no others, up to where the graph or *head* ends."""
    at, fields = 0, 0
    while at < len(head):
        tag, at = _varint(head, at)
        if tag is None or _FIELDS.get(tag >> 3) != tag & 7:
            return False
        fields += 1
        value, at = _varint(head, at)
        if value is None:
            return at >= len(head) and fields > 1
        if tag & 7 == _BYTES:
            at += value
    return fields > 0


def _varint(data: bytes, at: int) -> tuple[int | None, int]:
    """The number at *at*, and where it ends; None when it has more than ten bytes or is cut off."""
    value = 0
    for shift in range(10):
        if at + shift >= len(data):
            return None, len(data)
        byte = data[at + shift]
        value |= (byte & 127) << 7 * shift
        if byte < 128:
            return value, at + shift + 1
    return None, at


def read(content: Content, settings: Mapping[str, object], max_nodes: int) -> NoReturn:
    """Refuses: `run`, `verify` and `bench` take a model as it is."""
    help = "a .spec is plain text; `cnngraph run` takes an ONNX file"
    raise CnngraphError.of("E0107", f"{content.name} is an ONNX model, and not a spec", file=content.name, help=help)
