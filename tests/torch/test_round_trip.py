"""Spec, PyTorch, training, weights back, ONNX: what PyTorch answered after training is what the ONNX file answers.

``python -m tests.torch.test_round_trip`` trains a small network on scikit-learn's digits and writes down its weights,
as a checkpoint of several processors has them, and its answers; with these the way back is tested without PyTorch.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnngraph.fronts import parse
from cnngraph.runtime.session import Session
from cnngraph.weights.files import FileWeights

DATA = Path(__file__).parent / "data"
SPEC = """
net digits "A small ResNet for digits"
input 8x8x1
default conv 3x3 same bn relu
block unit(c, s=1) {
  add {
    | conv c s=s -> conv c linear
    | skip -> shortcut c s=s
  }
  relu
}
conv 6
[unit 6] x2 -> unit 8 s=2
avgpool global -> flatten
softmax 10
"""
HELD_OUT = 200
"""Of the 1,797 digits the last ones are not trained on."""


def pictures() -> tuple[Any, Any]:
    """All digits as N x 1 x 8 x 8, from 0 to 1, and what they are."""
    datasets = pytest.importorskip("sklearn.datasets")
    images, labels = datasets.load_digits(return_X_y=True)
    return (images.reshape(-1, 1, 8, 8) / 16).astype(np.float32), labels


def test_what_was_trained_answers_as_in_pytorch(tmp_path: Path) -> None:
    network, recorded = parse(SPEC), json.loads((DATA / "digits.json").read_text("utf-8"))
    found = FileWeights(DATA / "digits.pth", network)
    assert {match.how for match in found.matching.matches} == {"name"}
    network.export(tmp_path / "m.onnx", DATA / "digits.pth")
    images, labels = pictures()
    (answers,) = Session(tmp_path / "m.onnx").run({"image": images[-HELD_OUT:]}).values()
    np.testing.assert_allclose(answers[: len(recorded["answers"])], recorded["answers"], atol=1e-5)
    assert int((answers.argmax(1) == labels[-HELD_OUT:]).sum()) == recorded["right"]
    assert recorded["right"] > 0.9 * HELD_OUT


def record() -> None:
    import torch

    from cnngraph.torch import module

    torch.manual_seed(0)
    images, labels = (torch.from_numpy(array) for array in pictures())
    model = module(parse(SPEC))
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    for _ in range(12):
        for part in torch.randperm(len(images) - HELD_OUT).split(64):
            loss = torch.nn.functional.cross_entropy(model(images[part]), labels[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        answers = model.eval().predict(images[-HELD_OUT:])
    right = int((answers.argmax(1) == labels[-HELD_OUT:]).sum())
    state = {f"module.{name}": tensor for name, tensor in model.state_dict().items()}
    torch.save({"model": state, "epoch": 12}, DATA / "digits.pth")
    some = [[float(f"{value:.7g}") for value in row] for row in answers[:20].tolist()]
    text = json.dumps({"with": f"torch {torch.__version__}", "right": right, "answers": some})
    (DATA / "digits.json").write_text(f"{text}\n", "utf-8")


if __name__ == "__main__":
    record()
