"""What a model's tensors are, where its file does not say it: as onnx infers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from cnngraph.fronts.onnx.messages import KINDS, Info
from cnngraph.volume import Dim

_MOST = 2**30
"""Bytes of a model that is loaded for it."""


def infos(path: Path, inputs: Mapping[str, Sequence[Dim]]) -> Mapping[str, Info]:
    """By the names of tensors, where *inputs* have the sizes given; none for a file that is too large or that onnx does
    not take."""
    if path.stat().st_size > _MOST:
        return {}
    import onnx

    try:
        model = onnx.load(path, load_external_data=False)
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
