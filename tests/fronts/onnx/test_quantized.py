"""Models in 8 bits, as onnxruntime's quantizer writes them: the network that was quantized is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

from cnngraph.fronts import read
from cnngraph.network import Network
from cnngraph.onnx.lower import lower
from cnngraph.onnx.write import write
from tests.fronts.onnx.compared import Array, model, run, written

quantization = pytest.importorskip("onnxruntime.quantization")


def numbers(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def plain() -> onnx.ModelProto:
    """A convolution without an activation, one with each that 8 bits from 0 on can stand for, a sum and a layer."""
    weights = {"a": numbers(6, 3, 3, 3), "c": numbers(6), "d": 9 * numbers(6, 1, 3, 3, seed=1), "f": numbers(4, 6),
               "g": numbers(4), "low": np.float32(0), "high": np.float32(6)}  # fmt: skip
    nodes = [
        helper.make_node("Conv", ["x", "a", "c"], ["t"], pads=[1] * 4),
        helper.make_node("Relu", ["t"], ["r"]),
        helper.make_node("Conv", ["r", "d"], ["u"], pads=[1] * 4, group=6),
        helper.make_node("Clip", ["u", "low", "high"], ["v"]),
        helper.make_node("Add", ["r", "v"], ["s"]),
        helper.make_node("GlobalAveragePool", ["s"], ["p"]),
        helper.make_node("Flatten", ["p"], ["q"]),
        helper.make_node("Gemm", ["q", "f", "g"], ["y"], transB=1),
    ]
    return model(nodes, (1, 3, 8, 8), weights)


class Pictures:
    """What the ranges are measured on."""

    def __init__(self) -> None:
        self._left = [{"x": numbers(1, 3, 8, 8, seed=seed)} for seed in range(4)]

    def get_next(self) -> dict[str, Any] | None:
        return self._left.pop() if self._left else None


WAYS: dict[str, dict[str, Any]] = {
    "pairs around each node": {"quant_format": "QDQ", "activation_type": "QInt8"},
    "pairs, of unsigned numbers, by channel": {"quant_format": "QDQ", "activation_type": "QUInt8", "per_channel": True},
    "nodes on 8 bits": {"quant_format": "QOperator", "activation_type": "QUInt8"},
    "nodes on 8 bits, by channel": {"quant_format": "QOperator", "activation_type": "QUInt8", "per_channel": True},
    "while it runs": {},
}


def words(network: Network) -> list[str]:
    return [layer.kind.word for layer in network.layers]


@pytest.mark.parametrize("way", WAYS)
def test_the_network_that_was_quantized_is_read(way: str, tmp_path: Path) -> None:
    path, small = written(plain(), tmp_path), tmp_path / "small.onnx"
    how = {
        key: getattr(getattr(quantization, {"quant_format": "QuantFormat", "activation_type": "QuantType"}[key]), value)
        if isinstance(value, str) else value for key, value in WAYS[way].items()
    }  # fmt: skip
    if how:
        quantization.quantize_static(path, small, Pictures(), weight_type=quantization.QuantType.QInt8, **how)
    else:
        quantization.quantize_dynamic(path, small, weight_type=quantization.QuantType.QUInt8)
    reading, original = read(str(small), {}), read(str(path), {}).checked()
    network = reading.checked()
    assert words(network) == words(original)
    assert "rounded to 8 bits" in reading.diagnostics[0].message
    assert reading.precision == "int8"
    assert reading.weights is not None
    write(lower(network), reading.weights, tmp_path / "ours.onnx")
    picture = numbers(1, 3, 8, 8, seed=9)
    (answer,), (own,) = run(path, picture), run(tmp_path / "ours.onnx", picture)
    assert np.abs(answer - own).max() < 0.03 * np.abs(answer).max()
