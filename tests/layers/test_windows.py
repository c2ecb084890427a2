"""The laws of what slides: for every window, padding and size, on axes unlike each other."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts import parse
from cnngraph.fronts.spec import read_source
from cnngraph.network import Network
from cnngraph.source import Source
from tests.layers.windows import SIZES, Window, pairs, windows
from tests.onnx.test_values import CLOSE, differences, image

SLIDING = ("conv 4", "dwconv", "sepconv 3 m=2", "maxpool", "avgpool", "avgpool count_pad")


@st.composite
def slides(draw: st.DrawFn) -> tuple[str, Window]:
    """A layer that slides, in words, and its window."""
    word = draw(st.sampled_from(SLIDING))
    window = draw(windows(pool="pool" in word, gaps="avgpool" not in word))
    return f"{word} {window.words}", window


def network(line: str, *sizes: int | str) -> Network:
    return parse(f"net t\ninput ({', '.join(map(str, sizes))})\n{line}\n")


def refusal(line: str, *sizes: int | str) -> str:
    """The code of the mistake; empty when there is none."""
    try:
        network(line, *sizes)
    except CnngraphError as error:
        return error.diagnostics[0].code
    return ""


def made(net: Network) -> tuple[object, ...]:
    return net[net.outputs[0].layer].output.dims


def runs(net: Network, opset: int, *shape: int) -> float:
    """How far onnxruntime's numbers are from the definition's; the shapes are equal, or it fails."""
    with tempfile.TemporaryDirectory() as folder:
        return differences(net, Path(folder), opset, image(*shape))


def expected_refusal(line: str, window: Window, height: int, width: int) -> str:
    if window.mode == "same" and any(window.extent(axis) % 2 == 0 for axis in (0, 1)):
        return "E0404"
    if not all(window.starts(axis, size) for axis, size in enumerate((height, width))):
        return "E0406"
    if "pool" in line and any(max(window.border(a, n)) >= window.extent(a) for a, n in enumerate((height, width))):
        return "E0407"
    if "pool" in line and not all(window.sees(axis, size) for axis, size in enumerate((height, width))):
        return "E0407"
    return ""


@settings(max_examples=400)
@given(slides(), SIZES, SIZES)
def test_the_shape_is_the_positions_counted(case: tuple[str, Window], height: int, width: int) -> None:
    line, window = case
    assert refusal(line, height, width, 2) == expected_refusal(line, window, height, width)
    if not refusal(line, height, width, 2):
        assert made(network(line, height, width, 2))[:2] == (
            len(window.starts(0, height)), len(window.starts(1, width)))  # fmt: skip


@settings(max_examples=200)
@given(slides(), SIZES, SIZES, st.sampled_from([17, 20, 22]))
def test_onnxruntime_makes_the_shape_and_the_numbers(
    case: tuple[str, Window], height: int, width: int, opset: int
) -> None:
    line, _ = case
    assume(not refusal(line, height, width, 2))
    assert runs(network(line, height, width, 2), opset, 1, 2, height, width) < CLOSE


def size_decides(window: Window, axis: int) -> bool:
    """How much TensorFlow pads where no runtime sees to it, or whether a last window would begin beyond the input."""
    stride, (before, after) = window.stride[axis], window.border(axis, 99)
    if window.mode in ("same_upper", "same_lower") and stride > 1:
        return window.dilation != (1, 1) or window.extent(axis) < stride
    simple = [1 + -(-(size + before + after - window.extent(axis)) // stride) for size in range(40, 60)]
    return window.ceil and simple != [len(window.starts(axis, size)) for size in range(40, 60)]


@settings(max_examples=150)
@given(slides(), st.sampled_from(["", "conv 2 2x1 s=2 -> ", "maxpool 3x2 s=(2, 3) -> ", "upconv 2 3x2 s=2 -> "]))
def test_a_free_size_says_what_the_fixed_one_will_be(case: tuple[str, Window], before: str) -> None:
    line, window = f"{before}{case[0]}", case[1]
    code = refusal(line, "?H", "?W", 2)
    if code == "E0411":
        assert any(size_decides(window, axis) for axis in (0, 1))
        return
    assert code == expected_refusal(case[0], window, 99, 99)
    if code:
        return
    free = [str(dim) for dim in made(network(line, "?H", "?W", 2))]
    for n in range(1, 30):
        sizes = (n, 31 - n)
        if not refusal(line, *sizes, 2):
            assert [eval(dim, {"H": sizes[0], "W": sizes[1]}) for dim in free] == list(made(network(line, *sizes, 2)))


@settings(max_examples=100)
@given(slides(), SIZES, SIZES, st.sampled_from([17, 20, 22]), st.sampled_from([("?H", "?W"), ("?H", 0), (0, "?W")]))
def test_a_network_of_free_sizes_runs_as_one_of_fixed_ones(
    case: tuple[str, Window], height: int, width: int, opset: int, free: tuple[str | int, str | int]
) -> None:
    line, _ = case
    sizes = (free[0] or height, free[1] or width, 2)
    assume(not refusal(line, height, width, 2) and not refusal(line, *sizes))
    assert runs(network(line, *sizes), opset, 1, 2, height, width) < CLOSE


# Transposed convolutions ---------------------------------------------------------------------


@st.composite
def enlarging(draw: st.DrawFn) -> tuple[str, Window, int]:
    window, op = draw(windows()), draw(st.integers(0, 3))
    groups = draw(st.sampled_from([1, 2]))
    return f"upconv 4 {window.words} op={op} groups={groups}", window, op


def written(window: Window, axis: int, size: int) -> int:
    """How far into the output the windows of *size* places write."""
    return max(at * window.stride[axis] + window.extent(axis) for at in range(size))


@settings(max_examples=200)
@given(enlarging(), SIZES, SIZES, st.sampled_from([17, 20, 22]))
def test_transposed_convolutions(case: tuple[str, Window, int], height: int, width: int, opset: int) -> None:
    line, window, op = case
    code = refusal(line, height, width, 2)
    sizes = height, width
    reached = [written(window, axis, size) for axis, size in enumerate(sizes)]
    if window.mode in ("same_upper", "same_lower"):
        # TensorFlow's transposed convolution undoes one that makes ⌈n/s⌉ of n.
        wanted = [size * stride + op for size, stride in zip(sizes, window.stride, strict=True)]
    else:
        wanted = [reached[axis] - sum(window.border(axis, size)) + op for axis, size in enumerate(sizes)]
    beyond = [max(op, wanted[axis] - reached[axis]) for axis in (0, 1)]
    if op and any(more >= stride for more, stride in zip(beyond, window.stride, strict=True)):
        assert code == "E0407"
    elif window.mode == "same" and any(window.extent(axis) % 2 == 0 for axis in (0, 1)):
        assert code == "E0404"
    elif min(wanted) < 1:
        assert code == "E0406"
    else:
        net = network(line, height, width, 2)
        assert made(net)[:2] == tuple(wanted)
        assert runs(net, opset, 1, 2, height, width) < CLOSE


# Pools to a size, and over all ---------------------------------------------------------------


@settings(max_examples=80)
@given(st.sampled_from(["maxpool", "avgpool"]), pairs(8), SIZES, SIZES)
def test_pools_to_a_size(word: str, to: tuple[int, int], height: int, width: int) -> None:
    net = network(f"{word} to={to}", height, width, 2)
    assert made(net) == (*to, 2)
    assert runs(net, 20, 1, 2, height, width) < CLOSE


@pytest.mark.parametrize("word", ["maxpool", "avgpool"])
def test_global_pools_of_any_map(word: str) -> None:
    for sizes in [(1, 1), (1, 7), (5, 1), (4, 9)]:
        net = network(f"{word} global", *sizes, 2)
        assert made(net) == (1, 1, 2)
        assert runs(net, 20, 1, 2, *sizes) < CLOSE
    assert made(network(f"{word} global", "?H", "?W", 2)) == (1, 1, 2)
    assert refusal(f"{word} to=2", "?H", 4, 2) == "E0411"


# What no window sees -------------------------------------------------------------------------


@settings(max_examples=300)
@given(slides(), SIZES, SIZES)
def test_rows_that_no_window_sees_are_remarked_on_with_sizes_that_fit(
    case: tuple[str, Window], height: int, width: int
) -> None:
    line, window = case
    assume(not refusal(line, height, width, 2))
    reading = read_source(Source("t.spec", f"net t\ninput ({height}, {width}, 2)\n{line}\n"), {})
    unseen = [
        size - (window.starts(axis, size)[-1] + window.extent(axis))
        if window.extent(axis) >= window.stride[axis]
        else 0
        for axis, size in enumerate((height, width))
    ]
    remarks = [each for each in reading.diagnostics if each.code == "W0101"]
    if max(unseen) <= 0:
        assert remarks == []
        return
    (remark,) = remarks
    axis = 0 if unseen[0] > 0 else 1
    number = unseen[axis]
    name = ("row", "column")[axis]
    lost = f"the last {name} is never seen" if number == 1 else f"the last {number} {name}s are never seen"
    assert remark.message.endswith(f"; {lost}")
    sizes = r"an input of (-?\d+) gives exactly (\d+), one of (\d+) exactly (\d+)(?:; or add p=(\d+))?$"
    numbers = re.match(sizes, remark.help)
    assert numbers is not None
    smaller, positions, larger, more = map(int, numbers.groups()[:4])
    for size, count in ((smaller, positions), (larger, more)):
        if window.mode in ("valid", "same", "given") and size > 0:
            assert len(window.starts(axis, size)) == count
            assert window.starts(axis, size)[-1] + window.extent(axis) == size + window.border(axis, size)[1]
    if numbers[5]:
        padding = int(numbers[5])
        padded = Window(window.window, window.stride, window.dilation, "given", (padding,) * 4, window.ceil)
        assert padded.starts(axis, (height, width)[axis])[-1] + window.extent(axis) >= (height, width)[axis]
        assert padding < min(window.extent(0), window.extent(1))


@given(pairs(5), pairs(3))
def test_the_padding_offered_for_an_even_window_keeps_the_size(
    size: tuple[int, int], dilation: tuple[int, int]
) -> None:
    line = f"conv 1 f={size} d={dilation}"
    assume(refusal(f"{line} same", 9, 8, 1) == "E0404")
    with pytest.raises(CnngraphError) as caught:
        network(f"{line} same", 9, 8, 1)
    offered = re.search(r"p=\(.*?\)", caught.value.diagnostics[0].help)
    assert offered is not None
    assert made(network(f"{line} {offered[0]}", 9, 8, 1)) == (9, 8, 1)
    assert made(network(f"{line} same_upper", 9, 8, 1)) == (9, 8, 1)


@pytest.mark.parametrize(
    ("line", "in_figures", "in_messages"),
    [
        ("conv 4 3x1", "(9 + 2·0 − 3)/1 + 1", "(9 + 0 - 3)/1 + 1"),
        ("conv 4 4x1 s=2", "⌊(9 + 2·0 − 4)/2⌋ + 1", "(9 + 0 - 4)/2 + 1"),
        ("conv 4 3x1 d=2", "(9 + 2·0 − 2·(3 − 1) − 1)/1 + 1", "(9 + 0 - 5)/1 + 1"),
        ("conv 4 3x1 p=(1, 0, 2, 0)", "(9 + 1 + 2 − 3)/1 + 1", "(9 + 3 - 3)/1 + 1"),
        ("maxpool 2x1 s=2 ceil", "⌈(9 + 2·0 − 2)/2⌉ + 1", "(9 + 0 - 2)/2 + 1"),
        ("upconv 4 3x1 s=2 p=(1, 0) op=1", "(9 − 1)·2 + 3 − 2·1 + 1", "(9 - 1)*2 + 3 - 2 + 1"),
        ("upconv 4 3x1 s=2 d=2", "(9 − 1)·2 + 2·(3 − 1) + 1 − 2·0", "(9 - 1)*2 + 5 - 0"),
    ],
)
def test_the_arithmetic_of_a_height(line: str, in_figures: str, in_messages: str) -> None:
    layer = network(line, 9, 9, 4).layers[-1]
    sizes = layer.kind.sizes(layer.input_volumes)
    assert sizes is not None
    assert (sizes[0].typeset, sizes[0].plain) == (in_figures, in_messages)
    assert sizes[0].value == layer.output.height
