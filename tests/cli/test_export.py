"""`cnngraph export`: a file that loads, the same each time, whole or not at all."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from tests.conftest import Run

SMALL = "net t\ninput 8x8x3\nconv 4 3x3 bn relu -> avgpool global -> flatten\nsoftmax 2\n"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    file = tmp_path / "small.spec"
    file.write_text(SMALL)
    return file


def save(path: Path, tensors: Iterable[onnx.TensorProto]) -> None:
    arrays: dict[str, Any] = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in tensors}
    np.savez(path, **arrays)


def test_names_are_those_of_the_spec(run: Run, small: Path, tmp_path: Path) -> None:
    ran = run("export", "--onnx", small, "--no-fold-bn")
    assert ran.status == 0
    assert ran.out.startswith("small.onnx: ")
    model = onnx.load(tmp_path / "small.onnx")
    assert [node.name for node in model.graph.node] == [
        "conv1", "conv1.bn", "conv1.relu", "avgpool1", "flatten1", "fc1", "fc1.softmax"]  # fmt: skip
    assert {tensor.name for tensor in model.graph.initializer} >= {"conv1.weight", "conv1.bn.running_var", "fc1.bias"}
    shapes = {info.name for info in model.graph.value_info} | {"fc1.softmax"}
    assert shapes == {output for node in model.graph.node for output in node.output}


def test_the_same_seed_gives_the_same_bytes(run: Run, small: Path, tmp_path: Path) -> None:
    made = []
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        assert run("export", "--onnx", small, "-o", f"{name}.onnx", "--seed", seed).status == 0
        made.append((tmp_path / f"{name}.onnx").read_bytes())
    assert made[0] == made[1] != made[2]


@pytest.mark.parametrize(("opset", "ir"), [(17, 8), (20, 9), (22, 10)])
def test_opset_and_the_lowest_ir_that_carries_it(run: Run, small: Path, tmp_path: Path, opset: int, ir: int) -> None:
    assert run("export", "--onnx", small, "--opset", opset).status == 0
    model = onnx.load(tmp_path / "small.onnx")
    assert (model.opset_import[0].version, model.ir_version) == (opset, ir)


def test_weights_are_those_of_the_file(run: Run, small: Path, tmp_path: Path) -> None:
    assert run("export", "--onnx", small, "--seed", 5, "-o", "random.onnx", "--no-fold-bn").status == 0
    random = onnx.load(tmp_path / "random.onnx").graph.initializer
    save(tmp_path / "w.npz", random)
    assert run("export", "--onnx", small, "--weights", "w.npz", "--no-fold-bn").status == 0
    assert (tmp_path / "small.onnx").read_bytes() == (tmp_path / "random.onnx").read_bytes()


def test_a_failed_export_leaves_the_old_file(run: Run, small: Path, tmp_path: Path) -> None:
    (tmp_path / "small.onnx").write_bytes(b"old")
    ran = run("export", "--onnx", small, "--weights", "missing.npz")
    assert ran.status == 1
    assert "there is no file missing.npz" in ran.err
    assert (tmp_path / "small.onnx").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.onnx", "small.spec"]


def test_weights_that_break_off_leave_the_old_file(run: Run, small: Path, tmp_path: Path) -> None:
    """The header of one entry is fine, its numbers are cut short: found only while writing."""
    assert run("export", "--onnx", small, "--seed", 1, "--no-fold-bn").status == 0
    tensors = onnx.load(tmp_path / "small.onnx").graph.initializer
    save(tmp_path / "w.npz", tensors)
    with zipfile.ZipFile(tmp_path / "w.npz") as whole, zipfile.ZipFile(tmp_path / "cut.npz", "w") as cut:
        for name in whole.namelist():
            data = whole.read(name)
            cut.writestr(name, data[:-4] if name == "fc1.weight.npy" else data)
    old = (tmp_path / "small.onnx").read_bytes()
    ran = run("export", "--onnx", small, "--weights", "cut.npz")
    assert ran.status == 1
    assert "cannot read `fc1.weight`" in ran.err
    assert (tmp_path / "small.onnx").read_bytes() == old
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_places_that_cannot_be_written(run: Run, small: Path, tmp_path: Path) -> None:
    assert "there is no folder nowhere" in run("export", "--onnx", small, "-o", "nowhere/x.onnx").err
    assert "is a directory" in run("export", "--onnx", small, "-o", tmp_path).err


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(run: Run, small: Path, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    assert "cannot write locked/x.onnx: Permission denied" in run("export", "--onnx", small, "-o", "locked/x.onnx").err


@pytest.mark.parametrize("opset", [16, 23, -1])
def test_an_opset_that_is_not_written(run: Run, small: Path, opset: int) -> None:
    ran = run("export", "--onnx", small, "--opset", opset)
    assert ran.status == 1
    assert f"opset {opset} is not one of 17 to 22" in ran.err


def test_a_network_too_large_for_one_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "big.spec").write_text("net big\ninput 32768\nfc 32768\n")
    ran = run("export", "--onnx", "big.spec")
    assert ran.status == 1
    assert "one ONNX file holds at most 2,147,483,647" in ran.err
    assert not (tmp_path / "big.onnx").exists()
