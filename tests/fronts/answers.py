"""What a network that was read gives, by onnxruntime."""

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
