"""What is rounding and what is a fault, where two models or two ways of running one do not answer alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from cnngraph.runtime.agree import alike
from cnngraph.runtime.rounding import unsettled
from cnngraph.runtime.session import Array
from cnngraph.runtime.verify import CLOSE, verify
from tests.fronts.onnx.compared import model


def _difference(one: Array, other: Array) -> float:
    return float(np.abs(one - other).max())


def _times(factors: Sequence[float], op: str, path: Path) -> Path:
    """A model that multiplies by *factors* one after the other, and then does *op*."""
    nodes = [
        helper.make_node("Mul", [f"m{n}" if n else "x", f"f{n}"], [f"m{n + 1}"]) for n in range(len(factors))
    ]  # fmt: skip
    nodes.append(helper.make_node(op, [f"m{len(factors)}"], ["y"]))
    weights = {f"f{n}": np.array(factor, np.float32) for n, factor in enumerate(factors)}
    onnx.save(model(nodes, (1, 2, 6, 6), weights), path)
    return path


def test_numbers_that_hang_on_nothing_are_told_from_others() -> None:
    feed = {"x": np.random.default_rng(3).standard_normal((2, 50)).astype(np.float32), "n": np.array([3])}
    assert unsettled(lambda given: {"y": given["x"] * given["n"]}, feed, _difference) < 1e-4
    assert unsettled(lambda given: {"y": np.sin(given["x"] * 1e7)}, feed, _difference) > 0.5
    assert unsettled(lambda given: {"y": given["n"] * 1e9}, feed, _difference) == 0


def test_what_rounding_decides_is_no_fault(tmp_path: Path) -> None:
    one = _times([1e7], "Sin", tmp_path / "one.onnx")
    other = _times([37.0, 1e7 / 37.0], "Sin", tmp_path / "other.onnx")
    found = alike(one, other, [{}], close=1e-4)
    assert found.difference > 0.1
    assert found.is_within(1e-4)


@pytest.mark.parametrize("op", ["Relu", "Sin"])
def test_another_factor_is_a_fault(op: str, tmp_path: Path) -> None:
    one, other = _times([2.0], op, tmp_path / "one.onnx"), _times([2.01], op, tmp_path / "other.onnx")
    found = alike(one, other, [{}], close=1e-4)
    assert found.difference > 1e-3
    assert not found.is_within(1e-4)


def test_a_model_that_rounding_decides_verifies_and_says_so(tmp_path: Path) -> None:
    """onnxruntime, optimising, folds the normalization into the convolution, which rounds otherwise."""
    rng = np.random.default_rng(0)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"]),
        helper.make_node("BatchNormalization", ["c", "scale", "bias", "mean", "variance"], ["b"]),
        helper.make_node("Mul", ["b", "by"], ["m"]),
        helper.make_node("Sin", ["m"], ["y"]),
    ]
    weights = {name: rng.uniform(0.5, 1.5, 4).astype(np.float32) for name in ("scale", "bias", "mean", "variance")}
    weights |= {"w": rng.standard_normal((4, 2, 3, 3), np.float32), "by": np.array(1e6, np.float32)}
    onnx.save(model(nodes, (1, 2, 6, 6), weights), tmp_path / "m.onnx")
    (found,) = verify(tmp_path / "m.onnx", reference=False).agreements
    assert found.difference > CLOSE
    assert found.unsettled > CLOSE
