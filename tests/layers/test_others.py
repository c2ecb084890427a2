"""The laws of what moves numbers, of normalizations and activations, with arguments and sizes of every kind."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts import parse
from cnngraph.onnx.lower import lower
from tests.layers.test_windows import made, network, refusal, runs
from tests.layers.windows import SIZES
from tests.onnx.test_values import CLOSE, differences

N = st.integers(1, 4)


def check(line: str, height: int, width: int, channels: int, opset: int = 20) -> tuple[object, ...]:
    """The output's sizes; onnxruntime's numbers are those of the definition, also where sizes are free."""
    net = network(line, height, width, channels)
    assert runs(net, opset, 2, channels, height, width) < CLOSE
    if not refusal(line, "?H", "?W", channels):
        free = network(line, "?H", "?W", channels)
        assert [eval(str(dim), {"H": height, "W": width}) for dim in made(free)] == list(made(net))
        assert runs(free, opset, 2, channels, height, width) < CLOSE
    return made(net)


@settings(max_examples=60)
@given(N, st.booleans(), SIZES, SIZES)
def test_upsample(n: int, bilinear: bool, height: int, width: int) -> None:
    assert check(f"upsample {n}{' bilinear' * bilinear}", height, width, 2) == (n * height, n * width, 2)


@settings(max_examples=60)
@given(N, SIZES, SIZES)
def test_reorg(n: int, height: int, width: int) -> None:
    if height % n or width % n:
        assert refusal(f"reorg {n}", height, width, 2) == "E0412"
    else:
        assert check(f"reorg {n}", height, width, 2) == (height // n, width // n, 2 * n * n)


@settings(max_examples=60)
@given(st.integers(0, 4), SIZES, SIZES)
def test_crop_by_a_number(n: int, height: int, width: int) -> None:
    if min(height, width) - n - n < 1:
        assert refusal(f"crop {n}", height, width, 2) == "E0414"
    else:
        assert check(f"crop {n}", height, width, 2) == (height - n - n, width - n - n, 2)


@settings(max_examples=60)
@given(SIZES, SIZES, SIZES, SIZES)
def test_crop_to_a_tensor_keeps_its_middle(height: int, width: int, high: int, wide: int) -> None:
    """The row or column that is left over goes below, on the right."""
    text = f"net t\ninput a ({height}, {width}, 2)\ninput b ({high}, {wide}, 3)\nfrom a -> crop b\n"
    if high > height or wide > width:
        with pytest.raises(CnngraphError, match="E0414"):
            parse(text)
        return
    net = parse(text)
    assert made(net) == (high, wide, 2)
    generator = np.random.default_rng(0)
    arrays = {"a": generator.random((1, 2, height, width), "f4"), "b": generator.random((1, 3, high, wide), "f4")}
    with tempfile.TemporaryDirectory() as folder:
        assert differences(net, Path(folder), 20, arrays) < CLOSE


@settings(max_examples=40)
@given(N, st.integers(1, 12), SIZES, SIZES)
def test_shuffle_and_split(n: int, channels: int, height: int, width: int) -> None:
    if channels % n:
        assert refusal(f"shuffle {n}", height, width, channels) == "E0412"
        assert refusal(f"{', '.join('abcd'[:n])}: split {n}", height, width, channels) == "E0412"
        return
    assert check(f"shuffle {n}", height, width, channels) == (height, width, channels)
    if n > 1:
        names = "abcd"[:n]
        split = f"{', '.join(names)}: split {n}\nfrom {names[-1]} -> concat {' '.join(names[:-1])}"
        assert check(split, height, width, channels) == (height, width, channels)


@settings(max_examples=60)
@given(st.integers(0, 6), st.integers(1, 6), st.integers(1, 5))
def test_slice(start: int, stop: int, channels: int) -> None:
    if start < stop <= channels:
        assert check(f"slice {start} {stop}", 3, 2, channels) == (3, 2, stop - start)
        assert made(network(f"flatten -> slice {start} {stop}", 1, 1, channels)) == (stop - start,)
    else:
        assert refusal(f"slice {start} {stop}", 3, 2, channels) == "E0407"


@settings(max_examples=20)
@given(SIZES, SIZES, st.integers(1, 4))
def test_flatten(height: int, width: int, channels: int) -> None:
    assert check("flatten", height, width, channels) == (height * width * channels,)
    assert refusal("flatten", "?H", width, channels) == "E0411"


@settings(max_examples=60)
@given(
    st.sampled_from(["times {}", "times by=-{}", "plus {}", "plus learned", "scale bias", "shift", "clip 0 {}",
                     "clip lo=-{} hi=0", "abs", "square", "selu", "logsoftmax"]),
    st.integers(1, 30), SIZES, SIZES, st.integers(17, 22),
)  # fmt: skip
def test_what_changes_numbers_and_no_size(line: str, number: int, height: int, width: int, opset: int) -> None:
    assert check(line.format(number / 8), height, width, 3, opset) == (height, width, 3)
    assert check(f"flatten -> {line.format(number / 8)}", height, width, 1, opset) == (height * width,)


@pytest.mark.parametrize(("line", "params"), [
    ("scale", 4), ("scale bias", 8), ("shift", 4), ("times learned", 1), ("plus learned", 1), ("times 2", 0),
    ("plus 2", 0), ("logsoftmax 3", 15),
])  # fmt: skip
def test_learned_numbers_are_counted(line: str, params: int) -> None:
    assert network(f"avgpool global -> flatten -> {line}", 3, 3, 4).params == params


def test_bounds_in_the_wrong_order() -> None:
    assert refusal("clip 1 0", 3, 3, 1) == "E0208"
    assert refusal("clip 1 1", 3, 3, 1) == ""


def test_values_behind_one_that_has_its_keyword() -> None:
    """A value below zero cannot stand by its place; those after it are named too."""
    text = network("clip lo=-1 hi=2 -> plus by=-3", 3, 3, 1).to_spec()
    assert "clip lo=-1 hi=2 -> plus by=-3" in text
    assert parse(text).to_spec() == text


NUMBERS = st.floats(0.05, 2.0).map(lambda number: round(number, 3))


@settings(max_examples=60)
@given(st.integers(1, 8), NUMBERS, NUMBERS, NUMBERS, st.integers(1, 7))
def test_lrn(n: int, alpha: float, beta: float, k: float, channels: int) -> None:
    line = f"lrn n={n} alpha={alpha} beta={beta} k={k}"
    if n % 2 == 0:
        assert refusal(line, 3, 4, channels) == "E0415"
    else:
        assert check(line, 3, 4, channels) == (3, 4, channels)


@settings(max_examples=40)
@given(st.sampled_from(["bn eps={}", "layernorm eps={}", "elu {}", "leaky {}"]), NUMBERS, SIZES, SIZES)
def test_numbers_of_norms_and_activations(line: str, number: float, height: int, width: int) -> None:
    # A channel alone is its own mean.
    assert check(line.format(number), height, width, 3) == (height, width, 3)
    assert check(f"flatten -> {line.format(number)}", 2, 1, 3) == (6,)


def nodes(line: str, opset: int = 20) -> list[tuple[str, dict[str, Any]]]:
    return [(node.op, dict(node.attributes)) for node in lower(network(line, 6, 6, 4), opset=opset).nodes]


@pytest.mark.parametrize(
    ("line", "node"),
    [
        ("bn", ("BatchNormalization", {"epsilon": 1e-5, "momentum": 0.9})),
        ("bn eps=0.25 momentum=0.25", ("BatchNormalization", {"epsilon": 0.25, "momentum": 0.75})),
        ("lrn", ("LRN", {"size": 5, "alpha": 1e-4, "beta": 0.75, "bias": 1.0})),
        ("leaky 0.1", ("LeakyRelu", {"alpha": 0.1})),
        ("leaky", ("LeakyRelu", {"alpha": 0.01})),
        ("elu", ("Elu", {"alpha": 1.0})),
        ("softmax", ("Softmax", {"axis": 1})),
        ("conv 2 3x1 same_upper s=(2, 1)",
         ("Conv", {"kernel_shape": [3, 1], "strides": [2, 1], "pads": [0, 0, 1, 0]})),
        ("conv 2 1x1 same_upper s=2", ("Conv", {"kernel_shape": [1, 1], "strides": [2, 2], "pads": [0, 0, 0, 0]})),
        ("conv 2 1x1 same_lower s=3 groups=2",
         ("Conv", {"kernel_shape": [1, 1], "strides": [3, 3], "pads": [0, 0, 0, 0], "group": 2})),
        ("dwconv 3x3 d=(1, 2)",
         ("Conv", {"kernel_shape": [3, 3], "strides": [1, 1], "pads": [0] * 4, "dilations": [1, 2], "group": 4})),
        ("upconv 2 3x2 s=(3, 2) op=1",
         ("ConvTranspose", {"kernel_shape": [3, 2], "strides": [3, 2], "pads": [0] * 4, "output_padding": [1, 1]})),
        ("upconv 2 2x2 s=2 d=(1, 3) groups=2",
         ("ConvTranspose", {"kernel_shape": [2, 2], "strides": [2, 2], "pads": [0] * 4, "dilations": [1, 3],
                            "group": 2})),
        ("maxpool 3x2 s=4 p=1 ceil", ("MaxPool", {"kernel_shape": [3, 2], "strides": [4, 4], "pads": [1, 1, 1, 1]})),
        ("avgpool to=(3, 2)", ("AveragePool", {"kernel_shape": [2, 3], "strides": [2, 3], "pads": [0] * 4})),
        ("avgpool 3x3 p=1 count_pad",
         ("AveragePool", {"kernel_shape": [3, 3], "strides": [3, 3], "pads": [1] * 4, "count_include_pad": 1})),
        ("avgpool f=2 count_pad", ("AveragePool", {"kernel_shape": [2, 2], "strides": [2, 2], "pads": [0] * 4})),
    ],
)  # fmt: skip
def test_onnx_attributes(line: str, node: tuple[str, dict[str, Any]]) -> None:
    assert nodes(line) == [node]


@pytest.mark.parametrize("sizes", [("?H", 9), (9, "?W"), ("?H", "?W")])
def test_onnxruntime_is_told_to_round_up_where_a_size_is_free(sizes: tuple[int | str, int | str]) -> None:
    (node,) = lower(network("maxpool 3x3 s=2 p=1 ceil", *sizes, 1)).nodes
    assert node.attributes["ceil_mode"] == 1
    (node,) = lower(network("maxpool 3x3 s=2 p=1 ceil", 9, 9, 1)).nodes
    assert "ceil_mode" not in node.attributes


def test_operators_by_opset() -> None:
    for line, since, operators in [("gelu", 20, 5), ("mish", 18, 3)]:
        for opset in range(17, 23):
            assert len(nodes(line, opset)) == (1 if opset >= since else operators)
