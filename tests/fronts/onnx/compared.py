"""Models beside what is read of them: both are run by onnxruntime on the same numbers."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from cnngraph.fronts import read
from cnngraph.network import Network
from cnngraph.onnx.lower import lower
from cnngraph.onnx.write import write
from cnngraph.structure import differences
from tests.fronts.onnx.texts import text_of

Array = np.ndarray[Any, np.dtype[Any]]


def model(
    nodes: Sequence[onnx.NodeProto], shape: Sequence[int | str], weights: Mapping[str, Any] | None = None,
    opset: int = 17, outputs: Sequence[str] = ("y",),
) -> onnx.ModelProto:  # fmt: skip
    """A model that takes `x` of *shape*, with constants by name."""
    graph = helper.make_graph(
        list(nodes), "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, list(shape))],
        [helper.make_empty_tensor_value_info(name) for name in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in (weights or {}).items()],
    )  # fmt: skip
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return onnx.shape_inference.infer_shapes(made) if opset >= 7 else made


def run(path: Path, *given: Array) -> list[Array]:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    ports = session.get_inputs()
    made: list[Array] = session.run(None, {port.name: each for port, each in zip(ports, given, strict=True)})
    return made


def written(made: onnx.ModelProto, folder: Path) -> Path:
    path = folder / "model.onnx"
    onnx.save(made, path)
    return path


def compared(path: Path, *given: Array, close: float = 1e-5) -> Network:
    """Reads the model at *path* and sees to it that it answers *given*, channels first, as the model does, and that its
    text is the same network."""
    reading = read(str(path), {})
    network = reading.checked()
    assert network.is_known, [layer.kind for layer in network.layers if not layer.kind.is_known]
    assert reading.weights is not None
    assert differences(network, text_of(network)) == []
    ours = path.with_suffix(".ours.onnx")
    write(lower(network), reading.weights, ours)
    pictures = [each[..., None] if each.ndim == 3 else each for each in given]
    for answer, own in zip(run(path, *given), run(ours, *pictures), strict=True):
        assert answer.size == own.size
        largest = max(float(np.abs(answer).max(initial=0)), 1.0)
        assert np.abs(answer.reshape(-1) - own.reshape(-1)).max(initial=0) <= close * largest
    return network
