"""Generated code in Keras: the exported file's numbers, training, and weights back."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnngraph.fronts import parse
from cnngraph.keras.generate import generate
from cnngraph.runtime.session import Session
from cnngraph.weights.files import FileWeights
from tests.keras.numbers import CLOSE, answers, built, fill, measured
from tests.networks import load
from tests.torch.numbers import KINDS, given, of_kind

BACKEND = next((name for name in ("torch", "tensorflow", "jax") if find_spec(name)), "")
if not BACKEND or not find_spec("keras"):
    pytest.skip("pip install keras torch", allow_module_level=True)
os.environ.setdefault("KERAS_BACKEND", BACKEND)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    if BACKEND == "torch":
        import torch

        torch.set_num_threads(1)


@pytest.mark.parametrize("case", KINDS[::12])
def test_each_kind_with_each_argument(case: str) -> None:
    found = measured(of_kind(case))
    if found is not None:
        _, far, how = found
        assert far <= CLOSE
        assert how <= {"name"}


@pytest.mark.parametrize(
    "lines",
    [
        "conv 4 3x3 s=2 same bn relu -> maxpool 3x3 s=2 same -> lrn n=4 -> upsample 2",
        "conv 6 3x3 same_upper -> avgpool 3x3 s=2 same -> pad 1 reflect -> crop 1 -> widen 8 s=2 -> grn -> eca 3",
    ],
)
def test_free_sizes(lines: str) -> None:
    found = measured(parse(f"net t\ninput (?H, ?W, 3)\n{lines}\n"))
    assert found is not None
    assert found[1] <= CLOSE


@pytest.mark.parametrize("name", ["lenet5", "resnet_small"])
def test_networks_that_ship(name: str) -> None:
    found = measured(load(name))
    assert found is not None
    assert found[1] <= CLOSE
    assert found[2] == {"name"}


def test_arguments_make_the_network_of_other_params(tmp_path: Path) -> None:
    model = built(generate(load("resnet_small")), n=1, width=4, size=8, channels=1, classes=5)
    network = load("resnet_small", n=1, width=4, size=8, channels=1, classes=5)
    fill(model)
    model.save_weights(tmp_path / "w.weights.h5")
    network.export(tmp_path / "m.onnx", tmp_path / "w.weights.h5")
    (wanted,) = Session(tmp_path / "m.onnx").run(given(network)).values()
    np.testing.assert_allclose(answers(network, model)[0], wanted, atol=1e-5)


TEXT = """net t
input 8x8x1
block unit(c) {
  add {
    | conv c 3x3 same bn relu -> conv c 3x3 same bn
    | conv c 1x1
  }
  relu
}
unit 6
a, b: split 2
from a -> concat b
maxpool 2
flatten -> fc 8 relu
softmax 10
"""


@pytest.mark.parametrize("suffix", [".weights.h5", ".keras"])
def test_what_was_trained_comes_back_by_name(suffix: str, tmp_path: Path) -> None:
    datasets = pytest.importorskip("sklearn.datasets")
    images, labels = datasets.load_digits(return_X_y=True)
    x, y = (images / 16).reshape(-1, 8, 8, 1).astype("float32")[:600], labels[:600]
    network = parse(TEXT)
    import keras

    keras.utils.set_random_seed(0)
    model: Any = built(generate(network))
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    trained = model.fit(x, y, batch_size=32, epochs=6, verbose=0)
    assert trained.history["accuracy"][-1] > 0.5
    file = tmp_path / f"trained{suffix}"
    model.save(file) if suffix == ".keras" else model.save_weights(file)
    assert {match.how for match in FileWeights(file, network).matching.matches} == {"name"}
    network.export(tmp_path / "m.onnx", file)
    (found,) = Session(tmp_path / "m.onnx").run({"image": x[:32].transpose(0, 3, 1, 2)}).values()
    np.testing.assert_allclose(found, model.predict(x[:32], verbose=0), atol=1e-5)
