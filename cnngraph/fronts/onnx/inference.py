"""What a model's tensors are, where its file does not say it: as onnx infers it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cnngraph.fronts.onnx.messages import KINDS, Info, Messages
from cnngraph.fronts.wire import Stretch, fields, message, without
from cnngraph.volume import Dim

if TYPE_CHECKING:
    from onnx import GraphProto, TensorProto

_FEW = 2**12
"""Bytes of a tensor whose numbers are given to onnx: sizes, axes."""
_RANK = 64
"""Dimensions of a tensor, at most."""
_MOST = 2**28
"""Bytes of a model without such, up to which it is asked."""
_NUMBERS = (4, 5, 6, 7, 9, 10, 11, 13, 14)
"""Fields of TensorProto."""


def infos(messages: Messages, inputs: Mapping[str, Sequence[Dim]]) -> Mapping[str, Info]:
    """By the names of tensors, where *inputs* have the sizes given; none for a model that is too large or that onnx
    does not take."""
    data = _without_numbers(messages)
    if len(data) > _MOST:
        return {}
    import onnx

    try:
        model = onnx.ModelProto.FromString(data)
        is_said = True
        for port in model.graph.input:
            for dim, size in zip(port.type.tensor_type.shape.dim, inputs.get(port.name, ()), strict=False):
                if isinstance(size, int) and dim.dim_value != size:
                    dim.dim_value, is_said = size, False
        if not is_said:
            # What the file says is of any sizes, and would be kept.
            del model.graph.value_info[:]
            for output in model.graph.output:
                output.type.tensor_type.ClearField("shape")
        _keep_small(model.graph)
        model = onnx.shape_inference.infer_shapes(model, data_prop=True)
    except Exception:
        # Whatever it says of such a model: then no more is known than the file says.
        return {}
    found = {}
    for info in (*model.graph.value_info, *model.graph.output):
        tensor = info.type.tensor_type
        sizes = (size.dim_value if size.HasField("dim_value") else size.dim_param for size in tensor.shape.dim)
        kind = KINDS.get(tensor.elem_type, "")
        found[info.name] = Info(info.name, kind, tuple(sizes) if tensor.HasField("shape") else None)
    return found


def _keep_small(graph: GraphProto) -> None:
    """Takes away what would make onnx follow more numbers than sizes and axes ever are: it believes any length."""
    from onnx.helper import make_node
    from onnx.numpy_helper import to_array

    numbers = {tensor.name: to_array(tensor) for tensor in graph.initializer if _is_followed(tensor)}
    lengths = {name: int(array.size) for name, array in numbers.items()}
    """How many numbers a tensor has that onnx may follow."""
    kept = []
    for node in graph.node:
        given = [lengths.get(name, 0) for name in node.input]
        length: int | None = max(given, default=0)
        match node.op_type:
            case "Constant":
                tensors = [attribute.t for attribute in node.attribute if attribute.name == "value"]
                if tensors and _is_followed(tensors[0]):
                    numbers[node.output[0]] = to_array(tensors[0])
                    length = int(numbers[node.output[0]].size)
                else:
                    length = max([len(attribute.ints) for attribute in node.attribute], default=0)
            case "ConstantOfShape" if node.input[0] in numbers:
                length = math.prod(int(each) for each in numbers[node.input[0]].ravel())
            case "Shape":
                length = _RANK
            case "Size":
                length = 1
            case "ConstantOfShape":
                # It keeps the number of sizes that are not known here: `Abs` gives on no numbers that it follows.
                hidden = f"how many in {node.output[0]}"
                kept.append(make_node("Abs", [node.input[0]], [hidden]))
                node.input[0], length = hidden, 0
            case _ if node.input and node.input[0] not in lengths:
                # Of numbers that are not followed it follows none: the sizes and places beside them are not counted.
                length = None
            case "Concat":
                length = sum(given)
        if length is None:
            kept.append(node)
        elif length <= _FEW:
            kept.append(node)
            lengths.update(dict.fromkeys(node.output, length))
    del graph.node[:]
    graph.node.extend(kept)


def _is_followed(tensor: TensorProto) -> bool:
    """Whether onnx follows its numbers: whole ones that are still there."""
    has_numbers = bool(tensor.raw_data or tensor.int32_data or tensor.int64_data)
    return tensor.data_type in (tensor.INT32, tensor.INT64) and has_numbers


def _without_numbers(messages: Messages) -> bytes:
    """The model, with tensors that have many numbers as their sizes and types."""
    data = messages.data
    whole = Stretch(0, len(data))
    parts = [without(data, whole, (7,))]
    for number, _, value in fields(data, whole):
        if number == 7 and isinstance(value, Stretch):
            graph = [without(data, value, (5,))]
            for inner, _, tensor in fields(data, value):
                if inner == 5 and isinstance(tensor, Stretch):
                    graph.append(message(5, without(data, tensor, _NUMBERS if tensor.length > _FEW else ())))
            parts.append(message(7, b"".join(graph)))
    return b"".join(parts)
