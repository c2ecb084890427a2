"""What PyTorch's exporters write of small networks that are hard to read: the same answers, and one text."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from cnngraph.fronts import read
from cnngraph.importing import imported
from tests.fronts.onnx.compared import compared
from tests.fronts.onnx.torch_models import MODELS, SIZE

FILES = sorted(path.name for path in MODELS.glob("*.onnx"))
NAMES = sorted({name.partition(".")[0] for name in FILES})
PICTURE = np.random.default_rng(0).standard_normal((1, 3, SIZE, SIZE)).astype(np.float32)


@pytest.mark.parametrize("name", [name for name in FILES if not name.startswith("attention")])
def test_the_same_answers(name: str, tmp_path: Path) -> None:
    shutil.copy(MODELS / name, tmp_path / name)
    compared(tmp_path / name, PICTURE)


@pytest.mark.parametrize("name", ["resnet", "decoder"])
def test_at_every_size(name: str, tmp_path: Path) -> None:
    shutil.copy(MODELS / f"{name}.script.onnx", tmp_path / "m.onnx")
    for size in ((24, 40), (18, 16)):
        compared(tmp_path / "m.onnx", np.ones((1, 3, *size), np.float32))


def text(name: str) -> str:
    """What the model is written as, at one size, without its name."""
    return "\n".join(imported(str(MODELS / name), {}, size=None).text.splitlines()[1:])


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("resnet", "decoder", "norms")])
def test_one_network_is_one_text(name: str) -> None:
    assert text(f"{name}.script.onnx") == text(f"{name}.dynamo.onnx")


def test_of_what_is_not_known_the_rest_is(tmp_path: Path) -> None:
    for how in ("script", "dynamo", "plain"):
        reading = read(str(MODELS / f"attention.{how}.onnx"), {})
        words = [layer.kind.word for layer in reading.checked().layers]
        assert sorted(words) == sorted(["", "conv", "relu", "conv", "slice", "slice", "slice", "opaque", "add", "conv"])
        (opaque,) = (layer for layer in reading.checked().layers if not layer.kind.is_known)
        assert str(opaque.output) == "8x8x8"
        assert len(opaque.inputs) == 3
        assert [diagnostic.code for diagnostic in reading.diagnostics] == ["W0120"]


def test_a_residual_network_reads_as_one() -> None:
    said = text("resnet.dynamo.onnx")
    assert "block residual(c, s=1) {" in said
    assert "[residual 8] x2" in said
    assert "residual 16 s=2" in said
    assert "| skip -> shortcut c s=s bn=off" in said


def test_a_gate_a_gain_and_a_shuffle_read_as_what_they_are() -> None:
    assert "mul {" in text("mobile.dynamo.onnx")
    assert "hsigmoid" in text("mobile.dynamo.onnx")
    assert "shuffle 2" in text("shuffle.script.onnx")
    assert "layernorm" in text("convnext.script.onnx")
    assert "splitsoftmax 2" in text("selective.script.onnx")
    assert "times learned" in text("norms.plain.onnx")
    assert "unreorg 2 by_channel" in text("decoder.dynamo.onnx")
    assert "again" in text("standardised.script.onnx")
