"""Weights that are used more than once, in every form that a model is written in."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from cnngraph.fronts import parse
from cnngraph.onnx.lower import lower
from cnngraph.onnx.model import lowered
from cnngraph.runtime.session import Session
from cnngraph.weights.initialise import RandomWeights
from tests.conftest import Run

SHARED = """net t
input 16x16x3 @scale(0, 1)
conv 8 3x3 same relu
step: conv 8 3x3 same bn relu
[again step] x2
maxpool 2x2
again step -> flatten -> fc 4
softmax
"""


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.spec").write_text(SHARED)
    return tmp_path / "t.spec"


def initializers(path: Path) -> dict[str, int]:
    """Names with their sizes, of which each stands once."""
    found = onnx.load(path, load_external_data=False).graph.initializer
    sizes = {each.name: int(np.prod(each.dims)) for each in found}
    assert len(sizes) == len(found)
    return sizes


def test_the_first_user_names_them_and_all_take_them() -> None:
    graph = lower(parse(SHARED))
    assert [weight.name for weight in graph.weights if weight.name.startswith("step")] == [
        "step.weight", "step.bn.weight", "step.bn.bias", "step.bn.running_mean", "step.bn.running_var"]  # fmt: skip
    assert [node.inputs[1] for node in graph.nodes if node.op == "Conv"] == ["conv1.weight", *["step.weight"] * 4]


def test_they_keep_their_name_where_nothing_else_is_left_of_the_first_user() -> None:
    network = parse("net t\ninput 8x8x4\nleft: conv 4 1x1\nright: from image -> again left")
    graph = lower(network)
    assert [node.name for node in graph.nodes] == ["right"]
    assert [weight.name for weight in graph.weights] == ["left.weight", "left.bias"]
    assert graph.weights[0].layer.name == "left"


def test_verify_and_bench_take_them(spec: Path, run: Run) -> None:
    assert run("verify", spec).status == 0
    ran = run("bench", spec, "--layers", "--seconds", "0.05")
    assert ran.status == 0, ran.err
    assert "weights of step" in ran.out


def test_a_file_in_float16_has_them_once(spec: Path, run: Run) -> None:
    assert run("export", "--onnx", spec, "-o", "full.onnx").status == 0
    assert run("export", "--onnx", spec, "-o", "half.onnx", "--dtype", "float16").status == 0
    assert initializers(Path("half.onnx")) == initializers(Path("full.onnx"))
    given = {"image": np.random.default_rng(0).random((2, 3, 16, 16), np.float32)}
    full, half = (next(iter(Session(Path(name)).run(given).values())) for name in ("full.onnx", "half.onnx"))
    assert np.abs(full - half).max() < 1e-2


def test_a_file_beside_has_them_once(spec: Path, run: Run) -> None:
    assert run("export", "--onnx", spec, "-o", "t.onnx", "--external-data", "100").status == 0
    sizes = initializers(Path("t.onnx"))
    assert Path("t.onnx.data").stat().st_size <= sum(sizes.values()) * 4 + 4096 * len(sizes)
    assert sum(sizes.values()) == 8 * 3 * 9 + 8 + 8 * 8 * 9 + 8 + 4 * 8 * 64 + 4


def test_a_file_in_8_bits_answers_alike(spec: Path, run: Run, tmp_path: Path) -> None:
    from PIL import Image

    folder = tmp_path / "pictures"
    folder.mkdir()
    generator = np.random.default_rng(0)
    for number in range(4):
        Image.fromarray(generator.integers(0, 256, (16, 16, 3), np.uint8)).save(folder / f"{number}.png")
    ran = run("export", "--onnx", spec, "--int8", "--calibrate", folder, "-o", "small.onnx")
    assert ran.status == 0, ran.err
    assert run("export", "--onnx", spec, "-o", "full.onnx").status == 0
    given = {"image": generator.random((2, 3, 16, 16), np.float32)}
    full, small = (next(iter(Session(Path(name)).run(given).values())) for name in ("full.onnx", "small.onnx"))
    assert np.abs(full - small).max() < 0.1
    kernels = [name for name in initializers(Path("small.onnx")) if name.startswith("step.weight_quantized")]
    assert len(kernels) == 1


def test_numbers_are_asked_for_once() -> None:
    network = parse(SHARED)
    asked: list[str] = []

    class Counted(RandomWeights):
        def all(self, weights):  # type: ignore[no-untyped-def]
            wanted = list(weights)
            asked.extend(weight.name for weight in wanted)
            return super().all(wanted)

    model = lowered(network, lambda: Counted(network)).passed()
    with model.file():
        assert len(set(asked)) == len(asked)


def test_run_answers_with_them(spec: Path, run: Run, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((16, 16, 3), np.float32))
    ran = run("run", spec, "--input", "x.npy", "--weights", "random", "--json")
    assert ran.status == 0, ran.err
    assert json.loads(ran.out)
