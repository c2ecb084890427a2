"""What is used twice here and called twice in PyTorch has as many parameters and gives the same answers."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import onnx
import pytest

from tests.parity.shared import CASES, CLOSE, EVERY, network, ours, recorded, theirs


@pytest.mark.parametrize("case", CASES)
def test_what_pytorch_answered(case: str, tmp_path: Path) -> None:
    state, params, expected = recorded(case)
    assert network(case).params == params
    for without in ((), ("fold-bn",)):
        outputs = ours(case, state, tmp_path, without)
        for output, (numbers, largest) in zip(outputs, expected, strict=True):
            assert np.abs(output).max() == pytest.approx(largest, rel=CLOSE)
            assert np.abs(output.reshape(-1)[::EVERY] - numbers).max() <= CLOSE * largest


def test_the_file_has_each_weight_once_and_batch_norm_folded_in(tmp_path: Path) -> None:
    state, params, _ = recorded("pyramid")
    ours("pyramid", state, tmp_path)
    model = onnx.load(tmp_path / "pyramid.onnx")
    kernels = [node.input[1] for node in model.graph.node if node.op_type == "Conv"]
    assert len(kernels) == 4 + 3 + 9 + 6
    assert len(set(kernels)) == 4 + 3 + 3 + 2
    assert not [node for node in model.graph.node if node.op_type == "BatchNormalization"]
    weights = [each for each in model.graph.initializer if each.data_type == onnx.TensorProto.FLOAT]
    # γ and β of two normalizations went into two kernels and two biases.
    assert (
        sum(int(np.prod(each.dims)) for each in weights if "upsample" not in each.name) == params - 2 * 2 * 16 + 2 * 16
    )


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="pip install torch")
@pytest.mark.parametrize("case", CASES)
def test_what_pytorch_answers(case: str, tmp_path: Path) -> None:
    state, params, expected = theirs(case)
    assert network(case).params == params
    for output, other in zip(ours(case, state, tmp_path), expected, strict=True):
        assert np.abs(output - other).max() <= CLOSE * np.abs(other).max()
