"""What a network that was read gives, by onnxruntime, and weights to give it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from cnngraph.network import Network
from cnngraph.onnx.lower import lower
from cnngraph.onnx.write import write
from cnngraph.weights.source import Weights

Array = np.ndarray[Any, np.dtype[np.float32]]


def answers(network: Network, weights: Weights, *images: Array) -> list[Array]:
    """Its outputs on *images*, channels first and without the batch."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "n.onnx"
        write(lower(network), weights, path)
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        made = session.run(
            None, {port.name: image[None] for port, image in zip(session.get_inputs(), images, strict=True)}
        )
    return [each[0] for each in made]


def arrays(of: Network, seed: int = 0) -> dict[str, Array]:
    """Random weights, their statistics too, by name."""
    generator = np.random.default_rng(seed)
    found: dict[str, Array] = {}
    for weight in lower(of).weights:
        made = generator.standard_normal(weight.parameter.shape).astype(np.float32) * np.float32(0.2)
        found[weight.name] = np.abs(made) + np.float32(0.5) if weight.name.endswith("running_var") else made
    return found
