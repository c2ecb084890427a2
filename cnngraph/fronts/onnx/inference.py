"""What a model's tensors are, where its file does not say it: as onnx infers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnngraph.fronts.onnx.messages import KINDS, Info, Messages
from cnngraph.fronts.wire import Stretch, fields, message, without
from cnngraph.volume import Dim

_FEW = 2**12
"""Bytes of a tensor whose numbers are given to onnx: sizes, axes."""
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
