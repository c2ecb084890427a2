"""Random weights: as the literature scales them, and the same on every machine and any number of threads."""

from __future__ import annotations

import numpy as np
import pytest

from cnngraph.fronts import parse
from cnngraph.layers import KINDS
from cnngraph.network import Network
from cnngraph.onnx.lower import lower
from cnngraph.weights.initialise import RandomWeights
from tests.networks import load
from tests.onnx.reference import Array

KNOWN = [0.078988962, -0.082683109, 0.036692929, -0.08894784]


def weights(network: Network, seed: int = 0) -> dict[str, Array]:
    wanted = lower(network).weights
    made = RandomWeights(network, seed).all(wanted)
    return {
        weight.name: np.frombuffer(b"".join(bytes(chunk) for chunk in chunks), "<f4")
        for weight, chunks in zip(wanted, made, strict=True)
    }


def test_the_same_seed_the_same_numbers() -> None:
    network = load("lenet5")
    first, again, other = weights(network), weights(network), weights(network, 1)
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not any(np.array_equal(first[name], other[name]) for name in first if name.endswith(".weight"))


def test_known_numbers_stay() -> None:
    """What was exported once with a seed can be exported again years later."""
    numbers = weights(load("lenet5"))["conv1.weight"]
    assert numbers.shape == (150,)
    np.testing.assert_allclose(numbers[:4], KNOWN, rtol=1e-6)


@pytest.mark.parametrize(
    ("step", "variance"),
    [
        ("conv 64 3x3 relu", 2 / (3 * 3 * 32)),  # He et al. 2015: 2 / fan-in
        ("conv 64 3x3", 2 / (3 * 3 * 32 + 3 * 3 * 64)),  # Glorot & Bengio 2010: 2 / (fan-in + fan-out)
        ("flatten -> fc 200 tanh", 2 / (32 * 32 * 32 + 200)),
    ],
)
def test_variance_is_the_literatures(step: str, variance: float) -> None:
    (numbers,) = (
        array for name, array in weights(parse(f"net t\ninput 32x32x32\n{step}\n")).items() if "weight" in name
    )
    assert numbers.var() == pytest.approx(variance, rel=0.05)
    assert abs(numbers.mean()) < 0.05 * numbers.std()


def test_the_first_weights_of_a_separable_convolution_are_before_no_rectifier() -> None:
    numbers = weights(parse("net t\ninput 9x9x256\nsepconv 64 5x5 relu\n"))
    assert numbers["sepconv1.depthwise.weight"].var() == pytest.approx(2 / (25 + 25), rel=0.05)
    assert numbers["sepconv1.pointwise.weight"].var() == pytest.approx(2 / 256, rel=0.05)


def test_biases_and_statistics_start_where_they_do_nothing() -> None:
    numbers = weights(parse("net t\ninput 8x8x3\nconv 4 3x3 bn bias=on\n"))
    assert numbers["conv1.bias"].tolist() == [0] * 4
    assert numbers["conv1.bn.weight"].tolist() == numbers["conv1.bn.running_var"].tolist() == [1] * 4


SOME = {
    "maxpool": "2x2",
    "avgpool": "2x2",
    "crop": "1",
    "slice": "0 60",
    "shuffle": "2",
    "upsample": "2",
    "reorg": "2",
    "unreorg": "2",
    "widen": "64",
    "pad": "1",
    "times": "2",
    "plus": "2",
    "eca": "3",
}
"""Arguments of the kinds that need some."""
BEFORE = {"unflatten": "flatten -> "}
"""What flows into a kind that takes no map."""
FAMILIES = ("norm", "pool", "dropout", "reshape")
KEPT = [word for word, kind in KINDS.items() if kind.family in FAMILIES and word not in ("split", "unpool")]


@pytest.mark.parametrize("word", KEPT)
def test_a_rectifier_is_seen_past_what_keeps_the_scale(word: str) -> None:
    step = f"{BEFORE.get(word, '')}{word} {SOME.get(word, '')}"
    numbers = weights(parse(f"net t\ninput 16x16x32\nconv 64 3x3\n{step}\nrelu\n"))["conv1.weight"]
    assert numbers.var() == pytest.approx(2 / (3 * 3 * 32), rel=0.05)


@pytest.mark.parametrize("step", ["add { | tanh | skip }", "sigmoid", "softmax", "conv 8 1x1"])
def test_and_not_past_what_changes_it(step: str) -> None:
    numbers = weights(parse(f"net t\ninput 16x16x32\nconv 64 3x3\n{step}\nrelu\n"))["conv1.weight"]
    assert numbers.var() == pytest.approx(2 / (3 * 3 * 32 + 3 * 3 * 64), rel=0.05)


RECTIFIERS = ("relu", "relu6", "leaky", "prelu", "elu", "gelu", "swish", "hswish", "mish", "softplus")
"""Zero or nearly so on one side, a line on the other: He et al. (2015) start with 2 / fan-in before them."""


@pytest.mark.parametrize("word", [word for word, kind in KINDS.items() if kind.follows == "activation"])
def test_weights_before_a_rectifier_are_larger(word: str) -> None:
    numbers = weights(parse(f"net t\ninput 16x16x32\nconv 64 3x3 {word}\n"))["conv1.weight"]
    fans = 3 * 3 * 32 if word in RECTIFIERS else 3 * 3 * 32 + 3 * 3 * 64
    assert numbers.var() == pytest.approx(2 / fans, rel=0.05)
