"""Parts of a model in another operator set, as onnx's own converter makes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cnngraph.fronts.onnx.messages import KINDS
from cnngraph.fronts.onnx.messages import Node as Source
from cnngraph.fronts.onnx.parts import Parts, Passed, Seen, Stored
from cnngraph.onnx.graph import Node
from cnngraph.onnx.protobuf import node_message
from cnngraph.volume import Dim

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

_CODES = {kind: code for code, kind in KINDS.items()}
_FEW = 2**16
"""Bytes of numbers that the converter may want to see: axes, scales, shapes."""


def converted(passed: Passed, parts: Parts, opset: int) -> Passed:
    """*passed* in operators of *opset*. Raises `CnngraphError`."""
    import onnx
    from onnx import helper, numpy_helper

    nodes = [_proto(node, message) for node, message, _ in passed.nodes]
    given = [helper.make_tensor_value_info(name, *_type(seen)) for name, seen in passed.takes.items()]
    known = [numpy_helper.from_array(np.array(each, np.int64), name) for name, each in passed.constants.items()]
    for each in passed.stored:
        if each.size > _FEW:
            given.append(helper.make_tensor_value_info(each.name, each.type, each.shape))
        else:
            tensor = onnx.TensorProto.FromString(each.message)
            tensor.name = each.name
            if each.read is not None:
                tensor.raw_data = b"".join(each.pieces())
            known.append(tensor)
    made = [helper.make_empty_tensor_value_info(tensor) for tensor, _ in passed.gives.values()]
    graph = helper.make_graph(nodes, "parts", given, made, known)
    imports = [helper.make_opsetid(name, version) for name, version in {**passed.domains, "": parts.opset}.items()]
    try:
        found = onnx.version_converter.convert_version(helper.make_model(graph, opset_imports=imports), opset).graph
    except Exception as error:
        # Whatever it says of what it does not know.
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        parts.refuse(f"onnx does not convert it from opset {parts.opset} to {opset}: {reason}")
    had = {tensor.name for tensor in known}
    stored = [_stored(tensor) for tensor in found.initializer if tensor.name not in had]
    return replace(passed, nodes=tuple(_nodes(found, passed)), stored=(*passed.stored, *stored))


def _proto(node: Source, message: bytes) -> NodeProto:
    import onnx

    output, *more = node.outputs
    name = node.name or output
    made = onnx.NodeProto()
    made.ParseFromString(node_message(Node(name, "", node.inputs, output, {}, "", tuple(more), message)))
    return made


def _type(seen: Seen) -> tuple[int, list[int | str]]:
    sizes: Sequence[Dim] = seen.sizes or seen.view.sizes
    return _CODES[seen.kind], [size if isinstance(size, int) else str(size) for size in sizes]


def _stored(tensor: Any) -> Stored:
    """A tensor that the converter made."""
    message = tensor.__class__()
    message.CopyFrom(tensor)
    message.ClearField("name")
    return Stored(tensor.name, tensor.data_type, tuple(tensor.dims), message.SerializeToString(), 0, None)


def _nodes(graph: GraphProto, passed: Passed) -> list[tuple[Source, bytes, str]]:
    """The nodes, each of the layer whose node it was or is made for."""
    owners = {name: layer for node, _, layer in passed.nodes for name in node.outputs}
    layer = ""
    found: list[tuple[Source, bytes, str]] = []
    for proto in reversed(graph.node):
        layer = next((owners[name] for name in proto.output if name in owners), layer)
        op = f"{proto.domain}.{proto.op_type}" if proto.domain else proto.op_type
        node = Source(op, tuple(proto.input), tuple(proto.output), {}, proto.name)
        for field in ("name", "input", "output"):
            proto.ClearField(field)
        found.append((node, proto.SerializeToString(deterministic=True), layer))
    return found[::-1]
