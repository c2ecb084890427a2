"""Run a network in onnxruntime and get every tensor it makes, not only its outputs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnx
import onnxruntime

from cnngraph.network import Network
from cnngraph.onnx.lower import lower
from cnngraph.onnx.write import LARGEST, write
from cnngraph.weights.initialise import RandomWeights

Array = np.ndarray[Any, np.dtype[Any]]
SIZES = {"N": 2, "H": 32, "W": 48}
"""What free sizes are in these runs."""


def export(network: Network, path: Path, *, opset: int = 20, seed: int = 0, external: int = LARGEST) -> onnx.ModelProto:
    """The model that was written to *path*, and is right; without the weights where these are in a file beside it."""
    written = write(lower(network, opset=opset), RandomWeights(network, seed), path, external)
    onnx.checker.check_model(str(path), full_check=True)
    return onnx.load(path, load_external_data=written.data is None)


def feed(model: onnx.ModelProto, batch: int = 1, seed: int = 0) -> dict[str, Array]:
    generator = np.random.default_rng(seed)
    sizes = {**SIZES, "N": batch}
    shapes = {
        port.name: [dim.dim_value or sizes[dim.dim_param] for dim in port.type.tensor_type.shape.dim]
        for port in model.graph.input
    }
    return {name: generator.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


def run_exposed(model: onnx.ModelProto, path: Path, arrays: dict[str, Array]) -> dict[str, Array]:
    """All tensors by name, computed by onnxruntime without optimisation (which would remove some)."""
    names = [output.name for output in model.graph.output]
    model.graph.output.extend(model.graph.value_info)
    onnx.save(model, path)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    options.intra_op_num_threads = 1  # as many tests run at a time as there are cores
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    made = [output.name for output in session.get_outputs()]
    assert set(names) <= set(made)
    return dict(zip(made, session.run(None, arrays), strict=True))
