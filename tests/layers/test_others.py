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
from cnngraph.layers.resize import _is_told, _scale
from cnngraph.onnx.lower import lower
from tests.layers.test_windows import made, network, refusal, runs
from tests.layers.windows import SIZES, pairs
from tests.networks import load
from tests.onnx.test_values import CLOSE, differences

N = st.integers(1, 4)
NUMBERS = st.floats(0.05, 2.0).map(lambda number: round(number, 3))


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


HOW = st.sampled_from(["", " bilinear", " bilinear align_corners", " bicubic", " bicubic align_corners"])


@settings(max_examples=80)
@given(st.integers(8, 160), st.integers(8, 160), HOW, SIZES, SIZES, st.integers(17, 22))
def test_upsample_by_two_numbers(a: int, b: int, how: str, height: int, width: int, opset: int) -> None:
    line = f"upsample ({a / 64}, {b / 64}){how}"
    made = height * a // 64, width * b // 64
    if min(made) < 1:
        assert refusal(line, height, width, 2) == "E0407"
    else:
        assert check(line, height, width, 2, opset) == (*made, 2)


@settings(max_examples=80)
@given(pairs(12), HOW, SIZES, SIZES)
def test_upsample_to_a_size(to: tuple[int, int], how: str, height: int, width: int) -> None:
    line = f"upsample to={to}{how}"
    net = network(line, height, width, 2)
    assert made(net) == (*to, 2)
    assert runs(net, 20, 2, 2, height, width) < CLOSE
    if how:  # copies are where float32 has them while a size is free
        assert runs(network(line, "?H", "?W", 2), 20, 2, 2, height, width) < CLOSE


@settings(max_examples=200)
@given(st.integers(1, 3000), st.integers(1, 3000))
def test_a_quotient_of_float32s_tells_of_which_pixel_a_copy_is(made: int, size: int) -> None:
    scale = np.float32(_scale(made, size))
    assert int(size * float(scale)) == int(np.float32(size) * scale) == made
    if _is_told(made, size):
        places = np.arange(made)
        assert (np.floor(places.astype("f4") / scale) == places * size // made).all()


@settings(max_examples=40, deadline=None)
@given(HOW, st.integers(1, 40), st.integers(1, 40))
def test_upsample_to_a_size_comes_back(how: str, to: int, size: int) -> None:
    net = parse(f"net t\ninput {size}x{size}x2\nconv 2 1x1\nupsample to={to}{how}\n")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.onnx"
        net.export(path, "random")
        back = load(path)
    if how or _is_told(to, size):
        kinds = [layer.kind.word for layer in back]
        assert kinds == ["", "conv", *["upsample"] * (to != size)]
        assert made(back) == made(net)


@settings(max_examples=40)
@given(HOW, SIZES, SIZES, SIZES, SIZES, st.booleans())
def test_upsample_to_a_tensor(how: str, height: int, width: int, high: int, wide: int, free: bool) -> None:
    a, b = ("(?H, ?W, 2)", "(?U, ?V, 3)") if free else (f"({height}, {width}, 2)", f"({high}, {wide}, 3)")
    net = parse(f"net t\ninput a {a}\ninput b {b}\nfrom a -> upsample b{how} -> concat b\n")
    assert free or made(net) == (high, wide, 5)
    if free and not how and (high % height or wide % width):
        return  # copies are where float32 has them while a size is free
    generator = np.random.default_rng(0)
    arrays = {"a": generator.random((1, 2, height, width), "f4"), "b": generator.random((1, 3, high, wide), "f4")}
    with tempfile.TemporaryDirectory() as folder:
        assert differences(net, Path(folder), 20, arrays) < CLOSE


@pytest.mark.parametrize(("line", "code"), [
    ("upsample", "E0207"), ("upsample 2 to=4", "E0208"), ("upsample 1.1", "E0208"), ("upsample 0", "E0208"),
    ("upsample 2 align_corners", "E0208"), ("upsample 2x2x2", "E0208"), ("upsample image to=3", "E0208"),
])  # fmt: skip
def test_what_upsample_does_not_take(line: str, code: str) -> None:
    assert refusal(line, 4, 4, 1) == code


@pytest.mark.parametrize(("line", "code"), [
    ("maxpool 2x2 -> unpool 2x2", "E0207"), ("maxpool 2x2 -> unpool image 2x1", "E0401"), ("unpool image", "E0207"),
    ("maxpool 2x2 -> conv 2 1x1 -> unpool image 2x2", "E0401"), ("v: flatten\nfrom image -> unpool v 2x2", "E0403"),
    ("avgpool to=1 -> unpool image 3x3", "E0401"), ("avgpool to=3 -> unpool image 2x2", "E0401"),
])  # fmt: skip
def test_what_unpool_does_not_take(line: str, code: str) -> None:
    assert refusal(line, 4, 4, 1) == code


@settings(max_examples=60)
@given(N, st.sampled_from(["", " by_channel"]), SIZES, SIZES)
def test_reorg_and_back(n: int, order: str, height: int, width: int) -> None:
    if height % n or width % n:
        assert refusal(f"reorg {n}{order}", height, width, 2) == "E0412"
        return
    assert check(f"reorg {n}{order}", height, width, 2) == (height // n, width // n, 2 * n * n)
    assert check(f"reorg {n}{order} -> unreorg {n}{order}", height, width, 2) == (height, width, 2)


@settings(max_examples=60)
@given(N, N, N, st.integers(1, 12))
def test_darknets_reorg(n: int, high: int, wide: int, channels: int) -> None:
    line = f"reorg {n} as_darknet"
    if channels % (n * n):
        assert refusal(line, n * high, n * wide, channels) == "E0412"
    else:
        assert check(line, n * high, n * wide, channels) == (high, wide, channels * n * n)
    assert refusal(line, "?H", n * wide, channels) == "E0411"


@settings(max_examples=60)
@given(N, st.sampled_from(["", " by_channel"]), SIZES, SIZES, st.integers(1, 18))
def test_unreorg(n: int, order: str, height: int, width: int, channels: int) -> None:
    if channels % (n * n):
        assert refusal(f"unreorg {n}{order}", height, width, channels) == "E0412"
    else:
        wanted = height * n, width * n, channels // (n * n)
        assert check(f"unreorg {n}{order}", height, width, channels) == wanted


@settings(max_examples=60)
@given(st.integers(1, 9), pairs(4), SIZES, SIZES, st.integers(1, 5))
def test_widen(made_: int, stride: tuple[int, int], height: int, width: int, channels: int) -> None:
    line = f"widen {made_} s={stride}"
    if made_ < channels:
        assert refusal(line, height, width, channels) == "E0407"
    else:
        assert check(line, height, width, channels) == (-(-height // stride[0]), -(-width // stride[1]), made_)


BORDERS = st.tuples(*[st.integers(0, 4)] * 4)


@settings(max_examples=100)
@given(
    BORDERS, st.sampled_from(["", " zeros", " reflect", " replicate", " circular"]), SIZES, SIZES, st.integers(17, 22)
)
def test_pad(border: tuple[int, ...], filling: str, height: int, width: int, opset: int) -> None:
    top, left, bottom, right = border
    room = {" reflect": 1, " circular": 0}.get(filling, -9)
    if max(top, bottom) > height - room or max(left, right) > width - room:
        assert refusal(f"pad {border}{filling}", height, width, 2) == "E0407"
    else:
        wanted = height + top + bottom, width + left + right, 2
        assert check(f"pad {border}{filling}", height, width, 2, opset) == wanted


@settings(max_examples=60)
@given(BORDERS, SIZES, SIZES)
def test_crop_by_numbers(border: tuple[int, ...], height: int, width: int) -> None:
    top, left, bottom, right = border
    if height - top - bottom < 1 or width - left - right < 1:
        assert refusal(f"crop {border}", height, width, 2) == "E0414"
    else:
        assert check(f"crop {border}", height, width, 2) == (height - top - bottom, width - left - right, 2)


@settings(max_examples=60)
@given(st.integers(1, 8), st.integers(1, 8), SIZES, SIZES, st.integers(17, 22))
def test_groupnorm(g: int, channels: int, height: int, width: int, opset: int) -> None:
    if channels % g:
        assert refusal(f"groupnorm {g}", height, width, channels) == "E0412"
    else:
        # A number alone is its own mean, and what is left of it is rounding.
        eps = "" if height * width * channels > g else " eps=0.1"
        assert check(f"groupnorm {g}{eps}", height, width, channels, opset) == (height, width, channels)
    assert refusal("flatten -> groupnorm 1", height, width, channels) == "E0403"


@pytest.mark.parametrize("line", [
    "upsample 2", "upsample 2x1", "upsample 1.5 bilinear", "upsample (1.5, 2)",
    "upsample to=9x4 bilinear align_corners",
    "a: conv 2 3x3\nfrom a -> upsample image bilinear", "pad 1", "pad (1, 2)", "pad (1, 2, 3, 4) reflect", "crop 1",
    "crop (1, 2)", "crop (0, 1, 2, 0)", "reorg 2", "reorg 2 by_channel", "reorg 2 as_darknet",
    "reorg 2 by_column", "unreorg 2",
    "unreorg 2 by_channel", "widen 8 s=2", "widen 8 s=2x1", "groupnorm 2 eps=0.1", "conv 8 3x3 groupnorm g=4 relu",
    "hsigmoid 0.25", "conv 8 3x3 hsigmoid=0.25", "hsigmoid 0.2 shift=-1", "conv 8 3x3 hsigmoid=(0.2, -0.4)",
    "hsigmoid shift=0.4", "prelu shared", "conv 8 3x3 prelu=shared", "bn affine=off", "conv 8 3x3 bn affine=off relu",
    "instancenorm affine=off", "conv 8 3x3 instancenorm affine=off relu",
    "pad 1 value=0.5", "pad (1, 2) value=-2", "sepconv 8 3x3 s=2 same m=2 bn relu", "sepconv 8 3x3 bias=off", "grn",
    "grn eps=0.1", "eca 3", "flatten -> unflatten", "flatten -> unflatten 4x8x8", "maxpool to=3", "lrn n=4",
    "clip lo=0.5",
    "clip hi=2", "clip 0.5 2", "power 0.5", "power p=-1", "rmsnorm eps=0.1", "l2norm", "avgpool over_channels",
    "maxpool over_channels", "maxpool 3x3 s=1 same d=2", "upsample 2 bicubic", "upsample to=9x4 bicubic align_corners",
    "a: conv 1 1x1\nfrom image -> mul a spread", "add spread {\n  | skip\n  | avgpool global\n}",
    "conv 2 3x3 p=(1, 2)", "conv 2 3x3 p=(1, 2, 1, 0)", "conv 2 3x3 p=1",
    "flatten\nsoftmax 3 bn", "flatten\nlogsoftmax 3",
])  # fmt: skip
def test_written_as_it_was(line: str) -> None:
    text = parse(f"net t\ninput 8x8x4\n{line}\n").to_spec()
    assert line.split("\n")[-1].removeprefix("from a -> ").removeprefix("flatten -> ") in text
    assert "spread" not in line or "spread" in text
    assert parse(text).to_spec() == text


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


@pytest.mark.parametrize("line", [
    "conv 4 1x1", "dwconv 1x1", "upconv 4 1x1", "maxpool 1x1", "maxpool global", "maxpool to=1", "avgpool 1x1",
    "avgpool global", "avgpool to=1", "lrn", "instancenorm", "groupnorm 1", "upsample 2", "upsample to=4",
    "upsample image", "reorg 1", "unreorg 1", "widen 8 s=1", "pad 1", "crop 0", "crop image", "shuffle 1",
    "from image -> crop v", "from image -> upsample v",
])  # fmt: skip
def test_what_a_vector_is_nothing_for(line: str) -> None:
    assert refusal(f"v: flatten\n{line}", 2, 2, 1) == "E0403"
    assert refusal(f"v: flatten\n{line}", 1, 1, 1) == "E0403"


@settings(max_examples=60)
@given(st.integers(0, 6), st.integers(1, 6), st.integers(1, 5))
def test_slice(start: int, stop: int, channels: int) -> None:
    if start < stop <= channels:
        assert check(f"slice {start} {stop}", 3, 2, channels) == (3, 2, stop - start)
        assert made(network(f"flatten -> slice {start} {stop}", 1, 1, channels)) == (stop - start,)
    else:
        assert refusal(f"slice {start} {stop}", 3, 2, channels) == "E0407"


@settings(max_examples=60)
@given(SIZES, SIZES, st.integers(1, 4), st.integers(-1, 1))
def test_unflatten(height: int, width: int, channels: int, more: int) -> None:
    line = f"flatten -> unflatten {height}x{width}x{channels}"
    assert check(line, width, channels, height) == (height, width, channels)
    assert check(line, height, width, channels) == (height, width, channels)
    assert check("flatten -> unflatten", height, width, channels) == (1, 1, height * width * channels)
    if more:
        assert refusal(line, height, width, channels + more or 9) == "E0412"
    assert refusal("unflatten", height, width, channels) == "E0409"


@settings(max_examples=60)
@given(st.integers(1, 9), st.integers(1, 7), SIZES, SIZES, st.integers(17, 22))
def test_eca(k: int, channels: int, height: int, width: int, opset: int) -> None:
    if k % 2 == 0:
        assert refusal(f"eca {k}", height, width, channels) == "E0415"
    else:
        assert check(f"eca {k}", height, width, channels, opset) == (height, width, channels)
    assert refusal("flatten -> eca 3", height, width, channels) == "E0403"


@settings(max_examples=60)
@given(st.integers(1, 7), SIZES, SIZES, st.integers(17, 22))
def test_grn(channels: int, height: int, width: int, opset: int) -> None:
    assert check("grn eps=0.01", height, width, channels, opset) == (height, width, channels)
    assert refusal("flatten -> grn", height, width, channels) == "E0403"


@settings(max_examples=40)
@given(st.tuples(*[st.integers(0, 3)] * 4), NUMBERS, st.sampled_from([1, -1]), SIZES, SIZES, st.integers(17, 22))
def test_pad_with_a_value(
    border: tuple[int, ...], value: float, sign: int, height: int, width: int, opset: int
) -> None:
    wanted = height + border[0] + border[2], width + border[1] + border[3], 2
    assert check(f"pad {border} value={sign * value}", height, width, 2, opset) == wanted
    assert refusal(f"pad {border} circular value={value}", 9, 9, 2) == "E0208"


@settings(max_examples=20)
@given(SIZES, SIZES, st.integers(1, 4))
def test_flatten(height: int, width: int, channels: int) -> None:
    assert check("flatten", height, width, channels) == (height * width * channels,)
    assert refusal("flatten", "?H", width, channels) == "E0411"


@settings(max_examples=60)
@given(
    st.sampled_from(["times {}", "times by=-{}", "plus {}", "plus learned", "scale bias", "shift", "clip 0 {}",
                     "clip lo={}", "clip hi={}", "power 3", "abs -> power 0.5", "rmsnorm", "l2norm",
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
    assert refusal("clip", 3, 3, 1) == "E0207"


def test_values_behind_one_that_has_its_keyword() -> None:
    """A value below zero cannot stand by its place; those after it are named too."""
    text = network("clip lo=-1 hi=2 -> plus by=-3", 3, 3, 1).to_spec()
    assert "clip lo=-1 hi=2 -> plus by=-3" in text
    assert parse(text).to_spec() == text


@settings(max_examples=60)
@given(st.integers(1, 8), NUMBERS, NUMBERS, NUMBERS, st.integers(1, 7), st.integers(17, 22))
def test_lrn(n: int, alpha: float, beta: float, k: float, channels: int, opset: int) -> None:
    line = f"lrn n={n} alpha={alpha} beta={beta} k={k}"
    assert check(line, 3, 4, channels, opset) == (3, 4, channels)


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
    for line, since, operators in [("gelu", 20, 5), ("gelu approximate", 20, 9), ("mish", 18, 3)]:
        for opset in range(17, 23):
            assert len(nodes(line, opset)) == (1 if opset >= since else operators)
