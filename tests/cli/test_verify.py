"""`cnngraph verify`: agreement is measured, and a file that is wrong is an error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from tests.conftest import Run

SMALL = "net t\ninput 8x8x3\nconv 4 3x3 bn relu -> maxpool f=2 s=2 -> flatten\nsoftmax 3\n"


@pytest.fixture
def model(run: Run, tmp_path: Path) -> onnx.ModelProto:
    (tmp_path / "a.spec").write_text(SMALL)
    assert run("export", "--onnx", "a.spec").status == 0
    return onnx.load(tmp_path / "a.onnx")


def test_a_spec_is_compared_in_every_way(run: Run) -> None:
    ran = run("verify", "lenet5")
    assert ran.status == 0
    assert "13 tensors have the shapes that are declared" in ran.out
    differences = [float(line.split("differs by ")[1].split()[0]) for line in ran.out.splitlines() if "differs" in line]
    assert len(differences) == 2
    assert max(differences) < 1e-5


def test_the_folded_file_is_compared_too(run: Run) -> None:
    ran = run("verify", "resnet", "--set", "depth=18", "--no-reference")
    assert ran.status == 0
    assert "fold-bn: batch normalizations folded into the layers before them: 20\n" in ran.out
    assert "at once: 1\nafter that: 49 tensors" in ran.out


def test_free_sizes_are_what_the_input_makes_them(run: Run, tmp_path: Path) -> None:
    (tmp_path / "free.spec").write_text("net t\ninput (?H, ?W, 3)\nconv 4 3x3 same s=2 relu -> conv 2 1x1\n")
    assert "3 tensors have" in run("verify", "free.spec").out


def test_a_file_from_elsewhere(run: Run, model: onnx.ModelProto) -> None:
    assert run("verify", "a.onnx", "--reference").status == 0


def test_a_shape_that_is_not_what_is_declared(run: Run, model: onnx.ModelProto, tmp_path: Path) -> None:
    info = next(info for info in model.graph.value_info if info.name == "maxpool1")
    info.type.tensor_type.shape.dim[3].dim_param = "W"
    for port in model.graph.input:
        port.type.tensor_type.shape.dim[3].dim_param = "W"
    onnx.save(model, tmp_path / "wrong.onnx")
    ran = run("verify", "wrong.onnx")
    assert ran.status == 1
    assert "error[E0817]" in ran.err


@pytest.mark.parametrize("data", [b"", b"nonsense", b"\x08\x08"])
def test_a_file_that_is_none(run: Run, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "bad.onnx").write_bytes(data)
    ran = run("verify", "bad.onnx")
    assert ran.status == 1
    assert "bad.onnx is not a valid ONNX file" in ran.err


def test_weights_of_the_wrong_shape_are_found_when_it_runs(run: Run, model: onnx.ModelProto, tmp_path: Path) -> None:
    """onnx's checker lets a convolution of 4 channels on 3 pass, with full_check too."""
    weight = next(tensor for tensor in model.graph.initializer if tensor.name == "conv1.weight")
    weight.CopyFrom(onnx.numpy_helper.from_array(np.zeros((4, 4, 3, 3), np.float32), "conv1.weight"))
    onnx.save(model, tmp_path / "wrong.onnx")
    ran = run("verify", "wrong.onnx")
    assert ran.status == 1
    assert "does not run" in ran.err
    assert ran.err.count("error[") == 1


def test_a_missing_file_is_told(run: Run) -> None:
    assert run("verify", "missing.onnx").status == 1
    assert run("verify", "a.onnx", "--weights", "random").status == 2
