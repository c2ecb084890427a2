"""The LeNet-5 that ships reads digits it was not trained on."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

import cnngraph
from cnngraph.preprocessing import preprocessing
from cnngraph.runtime.images import read

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
WEIGHTS = ROOT / "cnngraph" / "weights" / "shipped" / "lenet5.safetensors"

sys.path.insert(0, str(EXAMPLES))

from digits_data import Digits, Floats, plain, seen, split_digits, through_pictures  # noqa: E402
from exported import answers  # noqa: E402


@pytest.fixture(scope="module")
def untouched() -> Digits:
    return split_digits().test


def test_file_is_small() -> None:
    assert WEIGHTS.stat().st_size < 300_000


def test_keys_shapes_and_types_are_those_of_the_spec() -> None:
    network = cnngraph.load("lenet5")
    weights = load_file(WEIGHTS)
    wanted = {f"{layer.name}.{name}": each.shape for layer in network for name, each in layer.parameters.items()}
    assert {key: array.shape for key, array in weights.items()} == wanted
    assert {array.dtype for array in weights.values()} == {np.dtype("float32")}
    assert sum(array.size for array in weights.values()) == network.params == 61_706


def test_parts_share_no_digit_and_have_all_of_them() -> None:
    split = split_digits()
    parts = [{ink.tobytes() for ink in part.ink} for part in (split.fit, split.validation, split.test)]
    assert sum(map(len, parts)) == len(set.union(*parts)) == len(split.train) + len(split.test) == 1797
    assert len(split.test) == 360
    assert np.bincount(split.test.labels).min() >= 34


@pytest.mark.parametrize("view", [plain, through_pictures])
def test_at_least_97_percent_of_the_untouched_digits_are_read(
    view: Callable[[Digits], Floats], untouched: Digits
) -> None:
    found = answers(WEIGHTS, view(untouched)).argmax(axis=1)
    assert (found == untouched.labels).mean() >= 0.97


def test_every_example_picture_is_read() -> None:
    pictures = {int(path.stem): path for path in sorted((EXAMPLES / "digits").glob("*.png"))}
    assert sorted(pictures) == list(range(10))
    inputs = np.concatenate([as_run_reads_it(path) for path in (*pictures.values(), EXAMPLES / "seven.png")])
    assert answers(WEIGHTS, inputs).argmax(axis=1).tolist() == [*pictures, 7]


def test_training_sees_pictures_as_run_does() -> None:
    path = EXAMPLES / "seven.png"
    assert np.array_equal(as_run_reads_it(path)[0], seen(Image.open(path)))


def as_run_reads_it(path: Path) -> Floats:
    done = preprocessing(cnngraph.load("lenet5")["image"])
    assert done is not None
    return read(path, (32, 32), 1, done)
