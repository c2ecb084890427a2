"""Spec, PyTorch, training, weights back: what PyTorch answered after training is what `run` says of pictures.

``python -m tests.torch.test_round_trip`` trains a small ResNet on scikit-learn's digits and writes down its weights, as
a checkpoint of several processors has them, and its answers; with these the way back is tested without PyTorch. That of
LeNet-5 is `test_trained_lenet5`: what ships was trained as generated code, too.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cnngraph.network import Network
from cnngraph.preprocessing import preprocessing
from cnngraph.volume import as_int
from cnngraph.weights.files import FileWeights
from tests.networks import load

DATA = Path(__file__).parent / "data"
HELD_OUT, ASKED = 200, 40
"""Of the 1,797 digits the last ones are not trained on, and the last of these are asked about."""
RATES = {"lenet5": 0.05, "resnet_small": 0.1}
EPOCHS = {"lenet5": 4, "resnet_small": 4}
RECORDED_EPOCHS = 12


def small(name: str) -> Network:
    return load(name, n=1, width=6, size=8, channels=1) if name == "resnet_small" else load(name)


def digits(network: Network) -> tuple[Any, Any]:
    """All digits as bytes of a picture of the network's size, 255 for ink, and what they are."""
    datasets = pytest.importorskip("sklearn.datasets")
    images, labels = datasets.load_digits(return_X_y=True)
    height, width, _ = map(as_int, network.inputs[0].output.dims)
    drawn = np.round(images.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    return np.stack(
        [np.asarray(Image.fromarray(each).resize((width, height), Image.Resampling.BILINEAR)) for each in drawn]
    ), labels


def said(network: Network, weights: Path, folder: Path) -> list[tuple[int, float]]:
    """What `run` takes the last digits for, as files of pictures, and how sure it is."""
    done = preprocessing(network.inputs[0])
    invert, paths = done is not None and done.invert, []
    for number, ink in enumerate(digits(network)[0][-ASKED:]):
        paths.append(folder / f"{number}.png")
        Image.fromarray(255 - ink if invert else ink).save(paths[-1])
    answers = network.run(paths, weights, invert=invert)
    return [(answer.top[0].index, answer.top[0].score) for answer in answers]


def trained(network: Network, epochs: int) -> Any:
    """The generated module after *epochs*."""
    import torch

    from cnngraph.torch import module

    torch.manual_seed(0)
    torch.set_num_threads(1)
    images, labels = digits(network)
    model, x, y = module(network), torch.from_numpy(images[:, None] / np.float32(255)), torch.from_numpy(labels)
    optimizer = torch.optim.SGD(model.parameters(), RATES[network.name], momentum=0.9)
    for _ in range(epochs):
        for part in torch.randperm(len(x) - HELD_OUT).split(64):
            loss = torch.nn.functional.cross_entropy(model(x[part]), y[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model.eval()


def answered(network: Network, model: Any) -> list[tuple[int, float]]:
    """As `said`, by the module."""
    import torch

    x = torch.from_numpy(digits(network)[0][-ASKED:, None] / np.float32(255))
    with torch.no_grad():
        scores, found = model.predict(x).max(1)
    return list(zip(found.tolist(), scores.tolist(), strict=True))


def assert_read(network: Network, found: list[tuple[int, float]], wanted: list[tuple[int, float]]) -> None:
    assert [digit for digit, _ in found] == [digit for digit, _ in wanted]
    np.testing.assert_allclose([score for _, score in found], [score for _, score in wanted], atol=1e-5)
    right = [digit for digit, _ in found] == digits(network)[1][-ASKED:]
    assert right.mean() >= 0.8


@pytest.mark.parametrize("name", RATES)
def test_what_was_trained_here_reads_digits(name: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="pip install 'cnngraph[parity]'")
    network = small(name)
    model = trained(network, EPOCHS[name])
    torch.save(model.state_dict(), tmp_path / "trained.pth")
    assert_read(network, said(network, tmp_path / "trained.pth", tmp_path), answered(network, model))


def test_what_was_trained_before_answers_as_in_pytorch(tmp_path: Path) -> None:
    network, recorded = small("resnet_small"), json.loads((DATA / "digits.json").read_text("utf-8"))
    found = FileWeights(DATA / "digits.pth", network)
    assert {match.how for match in found.matching.matches} == {"name"}
    assert_read(network, said(network, DATA / "digits.pth", tmp_path), [(d, s) for d, s in recorded["answers"]])


def record() -> None:
    import torch

    network = small("resnet_small")
    model = trained(network, RECORDED_EPOCHS)
    state = {f"module.{name}": tensor for name, tensor in model.state_dict().items()}
    torch.save({"model": state, "epoch": RECORDED_EPOCHS}, DATA / "digits.pth")
    some = [[digit, float(f"{score:.7g}")] for digit, score in answered(network, model)]
    text = json.dumps({"with": f"torch {torch.__version__}", "answers": some})
    (DATA / "digits.json").write_text(f"{text}\n", "utf-8")


if __name__ == "__main__":
    record()
