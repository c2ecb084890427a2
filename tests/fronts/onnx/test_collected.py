"""The models that come with the `onnx` package: nine networks of 2018, and PyTorch's modules one by one, with the
answers that were recorded then."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts import read
from cnngraph.importing import imported
from tests.fronts.answers import answers
from tests.fronts.onnx.compared import Array, compared

DATA = Path(onnx.__file__).parent / "backend" / "test" / "data"
LIGHT = {
    "bvlc_alexnet": 60_965_224,
    "densenet121": 7_978_856,
    "inception_v1": 6_998_552,
    "inception_v2": 11_200_000,
    "resnet50": 25_557_032,
    "shufflenet": 1_400_000,
    "squeezenet": 1_235_496,
    "vgg19": 143_667_240,
    "zfnet512": 87_250_536,
}
"""Trainable parameters, as published, of Inception v2 and ShuffleNet about."""
pytestmark = pytest.mark.skipif(not (DATA / "light").is_dir(), reason="this onnx comes without its models")


@pytest.mark.parametrize("name", LIGHT)
def test_networks_with_published_counts(name: str) -> None:
    reading = read(str(DATA / "light" / f"light_{name}.onnx"), {})
    network = reading.checked()
    assert network.is_known
    assert network.params == pytest.approx(LIGHT[name], rel=0.005 if LIGHT[name] % 1000 == 0 else 0)
    assert reading.weights is not None


@pytest.mark.parametrize("name", ["squeezenet", "shufflenet"])
def test_they_answer_as_they_do(name: str, tmp_path: Path) -> None:
    shutil.copy(DATA / "light" / f"light_{name}.onnx", tmp_path / "m.onnx")
    compared(tmp_path / "m.onnx", np.random.default_rng(0).standard_normal((1, 3, 224, 224)).astype(np.float32))


def test_they_read_as_texts_of_a_page() -> None:
    lines = {}
    for name in ("resnet50", "densenet121", "inception_v1"):
        found = imported(str(DATA / "light" / f"light_{name}.onnx"), {})
        assert found.is_structured
        lines[name] = sum(1 for line in found.text.splitlines() if line.strip(" }"))
    assert lines["resnet50"] <= 23
    assert lines["densenet121"] <= 27
    assert lines["inception_v1"] <= 30


CONVERTED = sorted(path.parent.name for path in (DATA / "pytorch-converted").glob("*/model.onnx"))
DIFFERENT = ("Pool3d", "Conv3d", "Norm3d", "PReLU_3d", "Embedding")
"""Of more axes than pictures have, and of words."""


@pytest.mark.parametrize("name", [name for name in CONVERTED if not any(each in name for each in DIFFERENT)])
def test_modules_with_recorded_answers(name: str) -> None:
    folder = DATA / "pytorch-converted" / name
    reading = read(str(folder / "model.onnx"), {})
    network = reading.checked()
    if not network.is_known:
        assert reading.diagnostics[0].code == "W0120"
        return
    x, y = (tensor(folder / "test_data_set_0" / f"{each}_0.pb") for each in ("input", "output"))
    found = np.stack([
        answers(network, reading.weights, each[..., None] if each.ndim == 2 else each)[0] for each in x
    ]) if reading.weights is not None else None  # fmt: skip
    assert found is not None
    assert np.abs(found.reshape(-1) - y.reshape(-1)).max() <= 1e-4 * max(1.0, np.abs(y).max())


def tensor(path: Path) -> Array:
    found = onnx.TensorProto()
    found.ParseFromString(path.read_bytes())
    return numpy_helper.to_array(found)


@pytest.mark.parametrize("name", [name for name in CONVERTED if any(each in name for each in DIFFERENT)])
def test_what_is_no_picture_is_refused(name: str) -> None:
    with pytest.raises(CnngraphError, match="E0116"):
        read(os.fspath(DATA / "pytorch-converted" / name / "model.onnx"), {})
