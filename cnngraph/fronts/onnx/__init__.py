"""ONNX models as networks: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3.

`messages` reads the file, `turning` moves transpositions out of the way, `patterns` finds several nodes that are one
layer, `network` follows the tensors from node to node, each with the rules of its operator in `operators/`, and puts
layers into a draft.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cnngraph.fronts.content import Content
from cnngraph.fronts.wire import BYTES, VARINT, recognised

if TYPE_CHECKING:
    from cnngraph.reading import Reading

_FIELDS = {
    1: VARINT,  # ir_version
    2: BYTES,  # producer_name
    3: BYTES,  # producer_version
    4: BYTES,  # domain
    5: VARINT,  # model_version
    6: BYTES,  # doc_string
    7: BYTES,  # graph
    8: BYTES,  # opset_import
    14: BYTES,  # metadata_props
    20: BYTES,  # training_info
    25: BYTES,  # functions
    26: BYTES,  # configuration
}


def recognises(head: bytes) -> bool:
    """Whether *head* is how a ``ModelProto`` begins: its fields and no others, up to where the graph or *head* ends."""
    return recognised(head, _FIELDS)


def read(content: Content, settings: Mapping[str, object], max_nodes: int) -> Reading:
    """The network in the model *content*. Raises `CnngraphError`."""
    from cnngraph.fronts.onnx.network import read

    return read(content, settings, max_nodes)
