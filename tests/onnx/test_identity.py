"""Why residual networks work, run: a block whose last weights are zero passes its input through unchanged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx

from cnngraph.network import Network
from cnngraph.onnx.lower import lower
from cnngraph.onnx.write import write
from cnngraph.weights.files import FileWeights
from cnngraph.weights.initialise import RandomWeights
from tests.networks import load
from tests.onnx.exposed import run_exposed
from tests.onnx.reference import Array


def with_zeros(network: Network, zeros: set[str], folder: Path) -> onnx.ModelProto:
    """The model with random weights, but for *zeros*."""
    wanted = lower(network).weights
    made = RandomWeights(network).all(wanted)
    arrays: dict[str, Any] = {}
    for weight, pieces in zip(wanted, made, strict=True):
        numbers = np.frombuffer(b"".join(bytes(piece) for piece in pieces), "<f4").reshape(weight.parameter.shape)
        arrays[weight.name] = np.zeros_like(numbers) if weight.name in zeros else numbers
    assert zeros <= set(arrays)
    np.savez(folder / "w.npz", **arrays)
    write(lower(network), FileWeights(folder / "w.npz", network), folder / "model.onnx")
    return onnx.load(folder / "model.onnx")


def test_the_lectures_block_passes_its_input_through(tmp_path: Path) -> None:
    """a[l+2] = g(z[l+2] + a[l]) = g(a[l]) = a[l], since a[l] is an activation and so not negative."""
    model = with_zeros(load("residual_block"), {"fc2.weight", "fc2.bias"}, tmp_path)
    a: Array = np.abs(np.random.default_rng(0).standard_normal((3, 64))).astype(np.float32)
    tensors = run_exposed(model, tmp_path / "exposed.onnx", {"a": a})
    assert np.abs(tensors["fc1.relu"]).max() > 0
    np.testing.assert_array_equal(tensors[model.graph.output[0].name], a)


def test_a_block_inside_resnet_50_does_too(tmp_path: Path) -> None:
    block = "stage3.residual4"
    zeros = {f"{block}.bottleneck1.conv3.bn.{name}" for name in ("weight", "bias")}
    model = with_zeros(load("resnet"), zeros, tmp_path)
    image: Array = np.random.default_rng(0).standard_normal((1, 3, 224, 224)).astype(np.float32)
    tensors = run_exposed(model, tmp_path / "exposed.onnx", {"image": image})
    before, after = tensors["stage3.residual3.relu1"], tensors[f"{block}.relu1"]
    assert before.max() > 0
    np.testing.assert_array_equal(after, before)
