"""Weights that were trained elsewhere come back: under the names that PyTorch puts before them, and but for a head."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts import parse
from cnngraph.network import Network
from cnngraph.weights.files import ArrayWeights, FileWeights
from cnngraph.weights.fresh import FreshWeights
from cnngraph.weights.initialise import RandomWeights
from cnngraph.weights.match import expected
from cnngraph.weights.source import Weight
from tests.networks import load

TEXT = "net tiny\ninput 8x8x3\nconv 4 3x3 bn relu -> conv 4 3x3 relu -> conv 4 3x3 -> flatten\nsoftmax 5\n"
TINY = parse(TEXT)


def numbers(network: Network, prefix: str = "") -> dict[str, Any]:
    dice = np.random.default_rng(0)
    return {prefix + name: dice.random(shape, np.float32) for name, shape in expected(network).items()}


def held(weights: Any, network: Network) -> dict[str, Any]:
    """All numbers by their keys."""
    wanted = [
        Weight(f"{layer.name}.{name}", layer, parameter)
        for layer in network.layers
        for name, parameter in layer.parameters.items()
    ]
    return {
        weight.name: np.frombuffer(b"".join(pieces), "<f4")
        for weight, pieces in zip(wanted, weights.all(wanted), strict=True)
    }


@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.", "_orig_mod.module.", "module._orig_mod."])
def test_what_pytorch_puts_before_names_is_none_of_them(prefix: str) -> None:
    """Three of the layers have equal shapes, which an order might take for one another."""
    arrays = dict(reversed(numbers(TINY, prefix).items()))
    found = ArrayWeights(arrays, TINY)
    assert {match.how for match in found.matching.matches} == {"name"}
    assert {name: values.tolist() for name, values in held(found, TINY).items()} == {
        name.removeprefix(prefix): values.reshape(-1).tolist() for name, values in arrays.items()
    }


def test_a_block_that_is_called_module_keeps_its_name() -> None:
    network = parse("net t\ninput 8x8x3\nblock b() {\n  conv 4 3x3\n}\nmodule: b\n")
    assert {match.how for match in ArrayWeights(numbers(network), network).matching.matches} == {"name"}


def test_renames_are_of_the_names_in_the_file() -> None:
    arrays = numbers(TINY, "module.")
    arrays["module.head.weight"] = arrays.pop("module.fc1.weight")
    arrays["module.head.bias"] = arrays.pop("module.fc1.bias")
    for old in ("module.head", "head"):
        found = ArrayWeights(arrays, TINY, {old: "fc1"})
        assert {match.how for match in found.matching.matches} == {"name", "rename"}


@pytest.mark.parametrize("head", ["fc1", "classifier.6"])
def test_all_but_a_head_of_other_classes(head: str, tmp_path: Path) -> None:
    arrays = numbers(parse(TEXT.replace("softmax 5", "softmax 9")))
    for name in ("weight", "bias"):
        arrays[f"{head}.{name}"] = arrays.pop(f"fc1.{name}")
    np.savez(tmp_path / "w.npz", **arrays)
    with pytest.raises(CnngraphError):
        FileWeights(tmp_path / "w.npz", TINY)
    found = held(FreshWeights(TINY, tmp_path / "w.npz", ["fc1"], seed=3), TINY)
    random = held(RandomWeights(TINY, 3), TINY)
    for name, values in found.items():
        wanted = random[name] if name.startswith("fc1.") else arrays[name].reshape(-1)
        assert np.array_equal(values, wanted), name


def test_a_fresh_block_is_all_of_it(tmp_path: Path) -> None:
    network = load("squeezenet")
    arrays = numbers(network)
    np.savez(tmp_path / "w.npz", **arrays)
    found = held(FreshWeights(network, tmp_path / "w.npz", ["fire2", "conv1"]), network)
    new = {name for name, values in found.items() if not np.array_equal(values, arrays[name].reshape(-1))}
    assert {name.split(".")[0] for name in new} == {"fire2", "conv1"}


def test_what_is_missing_besides_is_still_missed(tmp_path: Path) -> None:
    arrays = numbers(TINY)
    del arrays["conv2.weight"]
    np.savez(tmp_path / "w.npz", **arrays)
    with pytest.raises(CnngraphError, match="E0704"):
        FreshWeights(TINY, tmp_path / "w.npz", ["fc1"])


def test_two_heads_too_many_are_not_left_out(tmp_path: Path) -> None:
    more: dict[str, Any] = {"more.weight": np.zeros((2, 2)), "another.weight": np.zeros(7)}
    np.savez(tmp_path / "w.npz", **numbers(TINY), **more)
    with pytest.raises(CnngraphError, match="E0704"):
        FreshWeights(TINY, tmp_path / "w.npz", ["fc1"])


def test_fresh_on_the_command_line(run: Callable[..., Any], tmp_path: Path) -> None:
    network = load("lenet5")
    np.savez(tmp_path / "w.npz", **numbers(network))
    done = run("export", "--onnx", "lenet5", "--weights", "w.npz", "--fresh", "fc3")
    assert done.status == 0
    assert "lenet5 with weights from w.npz, but for fc3: random weights, seed 0: 8 by name" in done.err
    assert run("export", "--onnx", "lenet5", "--fresh", "fc3").status == 2
    wrong = run("export", "--onnx", "lenet5", "--weights", "w.npz", "--fresh", "fc4")
    assert wrong.status == 1
    assert "E0709" in wrong.err
