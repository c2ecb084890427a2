"""Folding batch normalization changes no output, and leaves nothing to fold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from cnngraph.network import Network
from cnngraph.onnx.lower import lower
from cnngraph.onnx.passes.fold_bn import FoldedWeights, fold_batch_norm
from cnngraph.onnx.write import write
from cnngraph.reading import load, parse
from cnngraph.runtime.session import Session
from cnngraph.weights.files import FileWeights
from cnngraph.weights.initialise import RandomWeights
from cnngraph.weights.match import expected
from tests.conftest import Run
from tests.onnx.reference import Array


def plausible(network: Network, path: Path) -> FileWeights:
    """Weights scaled as random ones, with statistics as after training: no variance of 1, no mean of 0."""
    generator = np.random.default_rng(0)
    arrays: dict[str, Any] = {}
    for name, shape in expected(network).items():
        size = int(np.prod(shape[1:])) or 1
        numbers = (
            generator.standard_normal(shape) * (2 / size) ** 0.5 if len(shape) > 1 else generator.normal(0, 0.2, shape)
        )
        if name.endswith("running_var"):
            numbers = generator.uniform(0.5, 2.0, shape)
        if "bn" in name and name.endswith(".weight"):
            numbers = generator.uniform(0.5, 1.5, shape)
        arrays[name] = numbers.astype(np.float32)
    np.savez(path, **arrays)
    return FileWeights(path, network)


def both(network: Network, folder: Path) -> tuple[dict[str, Array], dict[str, Array], int]:
    """The outputs without and with folding, and how many normalizations went."""
    weights = plausible(network, folder / "w.npz")
    graph = lower(network)
    small, folds = fold_batch_norm(graph)
    write(graph, weights, folder / "a.onnx")
    write(small, FoldedWeights(weights, folds), folder / "b.onnx")
    onnx.checker.check_model(str(folder / "b.onnx"), full_check=True)
    generator = np.random.default_rng(1)
    inputs = {}
    for port in Session(folder / "a.onnx").inputs:
        shape = [dim if isinstance(dim, int) else 2 for dim in port.dims]
        inputs[port.name] = generator.standard_normal(shape).astype(np.float32)
    return Session(folder / "a.onnx").run(inputs), Session(folder / "b.onnx").run(inputs), len(folds)


def same(a: dict[str, Array], b: dict[str, Array]) -> None:
    for name, array in a.items():
        assert np.abs(array - b[name]).max() <= 1e-5 * np.abs(array).max()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("conv 4 3x3 bn relu -> conv 4 3x3 bn", 2),
        ("conv 4 3x3 bn bias=on relu", 1),
        ("conv 4 3x3 groups=2 bn", 1),
        ("dwconv 3x3 bn relu6 m=2", 1),
        ("flatten -> fc 5 bn relu -> fc 3", 1),
        ("bn -> relu -> conv 4 1x1", 0),
        ("a: conv 6 1x1\nbn -> add a", 0),
        ("a: conv 4 1x1\nb: bn\noutput a b", 0),
        ("upconv 4 2x2 s=2 bn", 0),
        ("conv 4 3x3 -> bn -> bn", 1),
    ],
)
def test_small_networks(text: str, count: int, tmp_path: Path) -> None:
    plain, folded, went = both(parse(f"net t\ninput 8x8x6\n{text}\n"), tmp_path)
    same(plain, folded)
    assert went == count


@pytest.mark.parametrize(
    ("name", "params", "left"), [("resnet", {"depth": 18}, 0), ("densenet121", {}, 62), ("mobilenet_v2", {}, 0)]
)
def test_real_networks(name: str, params: dict[str, int], left: int, tmp_path: Path) -> None:
    network = load(name, **params)
    plain, folded, went = both(network, tmp_path)
    same(plain, folded)
    operators = [node.op_type for node in onnx.load(tmp_path / "b.onnx").graph.node]
    assert operators.count("BatchNormalization") == left
    assert went > 0


def test_resnet_50_has_no_node_too_many() -> None:
    small, _ = fold_batch_norm(lower(load("resnet")))
    assert len(small.nodes) <= 123


def test_the_command_folds_unless_told_not_to(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.spec").write_text("net a\ninput 8x8x3\nconv 4 3x3 bn relu\n")
    ran = run("export", "--onnx", "a.spec", "--explain")
    assert "fold-bn: 1 batch normalizations folded" in ran.err
    assert [node.op_type for node in onnx.load(tmp_path / "a.onnx").graph.node] == ["Conv", "Relu"]
    run("export", "--onnx", "a.spec", "--no-fold-bn")
    assert len(onnx.load(tmp_path / "a.onnx").graph.node) == 3


def test_folding_keeps_the_bytes_the_same_for_a_seed(tmp_path: Path) -> None:
    network = load("resnet", depth=18)
    small, folds = fold_batch_norm(lower(network))
    for name in ("a", "b"):
        write(small, FoldedWeights(RandomWeights(network, 3), folds), tmp_path / f"{name}.onnx")
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()
