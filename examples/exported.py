"""What the model that cnngraph exports answers, run by onnxruntime."""

from __future__ import annotations

import tempfile
from pathlib import Path

from digits_data import Floats

import cnngraph
from cnngraph.onnx.lower import lower
from cnngraph.onnx.write import write
from cnngraph.runtime.session import Session
from cnngraph.weights.files import FileWeights


def answers(weights: Path, inputs: Floats) -> Floats:
    """(N, 10), the probability of every digit: lenet5 with *weights*, asked about *inputs*, (N, 1, 32, 32)."""
    network = cnngraph.load("lenet5")
    with tempfile.TemporaryDirectory() as folder:
        model = write(lower(network), FileWeights(weights, network), Path(folder) / "lenet5.onnx")
        session = Session(model.path)
        (probabilities,) = session.run({session.inputs[0].name: inputs}).values()
    return probabilities
