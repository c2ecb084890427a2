"""The shapes of a model's tensors, where its file does not say them: as onnx infers them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cnngraph.fronts.onnx.messages import Size

_MOST = 2**30
"""Bytes of a model that is loaded for it."""


def shapes(path: Path) -> Mapping[str, tuple[Size, ...]]:
    """By the names of tensors; none for a file that is too large or that onnx does not take."""
    if path.stat().st_size > _MOST:
        return {}
    import onnx

    try:
        model = onnx.shape_inference.infer_shapes(onnx.load(path, load_external_data=False))
    except Exception:
        # Whatever it says of such a model: then no more is known than the file says.
        return {}
    found = {}
    for info in model.graph.value_info:
        if info.type.tensor_type.HasField("shape"):
            sizes = info.type.tensor_type.shape.dim
            found[info.name] = tuple(size.dim_value if size.HasField("dim_value") else size.dim_param for size in sizes)
    return found
