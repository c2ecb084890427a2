"""Each operator with any attributes: what is read answers as onnxruntime does with the model itself."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from onnx import helper

from cnngraph.fronts import read
from cnngraph.layers.pooling import AvgPool, MaxPool
from tests.fronts.onnx.compared import Array, compared, model, run, written

few = st.integers(1, 3)


def numbers(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def runs(made: onnx.ModelProto, *pictures: Array) -> None:
    """Whether the network read of *made* answers as it does; nothing where onnxruntime takes no such model."""
    with TemporaryDirectory() as folder:
        path = written(made, Path(folder))
        try:
            run(path, *pictures)
        except Exception:
            assume(False)
        compared(path, *pictures)


@settings(max_examples=60)
@given(st.data())
def test_convolutions(data: st.DataObject) -> None:
    group, seen, each = data.draw(few), data.draw(few), data.draw(few)
    high, wide = data.draw(few), data.draw(few)
    dilations = [data.draw(st.integers(1, 2)) for _ in range(2)]
    attributes: dict[str, Any] = {"strides": [data.draw(few), data.draw(few)], "dilations": dilations}
    if data.draw(st.booleans()):
        attributes["pads"] = [data.draw(st.integers(0, 2)) for _ in range(4)]
    elif dilations == [1, 1]:
        attributes["auto_pad"] = data.draw(st.sampled_from(["SAME_UPPER", "SAME_LOWER", "VALID"]))
    weights = {"w": numbers(group * each, seen, high, wide, seed=1)}
    if data.draw(st.booleans()):
        weights["b"] = numbers(group * each, seed=2)
    node = helper.make_node("Conv", ["x", *weights], ["y"], group=group, **attributes)
    shape = (1, group * seen, data.draw(st.integers(5, 9)), data.draw(st.integers(5, 9)))
    runs(model([node], shape, weights), numbers(*shape))


@settings(max_examples=25)
@given(st.data())
def test_transposed_convolutions(data: st.DataObject) -> None:
    group, seen, each = data.draw(few), data.draw(few), data.draw(few)
    window = [data.draw(few), data.draw(few)]
    strides = [data.draw(few), data.draw(few)]
    pads = [data.draw(st.integers(0, size - 1)) for size in window] * 2
    further = [data.draw(st.integers(0, min(strides) - 1)) for _ in range(2)]
    node = helper.make_node("ConvTranspose", ["x", "w"], ["y"], group=group, strides=strides, pads=pads,
                            output_padding=further)  # fmt: skip
    shape = (1, group * seen, 4, 5)
    runs(model([node], shape, {"w": numbers(group * seen, each, *window, seed=1)}), numbers(*shape))


@settings(max_examples=60)
@given(st.data())
def test_pools(data: st.DataObject) -> None:
    window = [data.draw(few), data.draw(few)]
    attributes: dict[str, Any] = {"kernel_shape": window, "strides": [data.draw(few), data.draw(few)]}
    attributes["pads"] = [data.draw(st.integers(0, size - 1)) for size in window * 2]
    attributes["ceil_mode"] = data.draw(st.integers(0, 1))
    op = data.draw(st.sampled_from(["MaxPool", "AveragePool"]))
    if op == "MaxPool":
        attributes["dilations"] = [data.draw(st.integers(1, 2)), data.draw(st.integers(1, 2))]
    else:
        attributes["count_include_pad"] = data.draw(st.integers(0, 1))
        # How onnxruntime counts a last window beyond the padding changed between its versions.
        assume(not (attributes["ceil_mode"] and attributes["count_include_pad"]))
    shape = (1, 2, data.draw(st.integers(4, 9)), data.draw(st.integers(4, 9)))
    runs(model([helper.make_node(op, ["x"], ["y"], **attributes)], shape, opset=19), numbers(*shape))


@pytest.mark.parametrize("op", ["MaxPool", "AveragePool"])
def test_a_window_as_large_as_the_map_is_all_of_it(op: str, tmp_path: Path) -> None:
    node = helper.make_node(op, ["x"], ["y"], kernel_shape=[4, 5], strides=[4, 5])
    network = compared(written(model([node], (1, 3, 4, 5)), tmp_path), numbers(1, 3, 4, 5))
    assert network.layers[1].kind in (MaxPool(everything=True), AvgPool(everything=True))


BORDERS = st.tuples(*[st.integers(-1, 2)] * 4)


@settings(max_examples=40)
@given(
    BORDERS, st.sampled_from(["constant", "reflect", "edge"]), st.sampled_from(["", "Conv", "MaxPool", "AveragePool"])
)
def test_a_border_and_what_slides_over_it(sides: tuple[int, ...], mode: str, op: str) -> None:
    """A window takes zeros around it as its padding, where that is the same."""
    top, left, bottom, right = sides
    nodes = [helper.make_node("Pad", ["x", "pads"], ["p" if op else "y"], mode=mode)]
    weights: dict[str, Array] = {"pads": np.array([0, 0, top, left, 0, 0, bottom, right])}
    if op == "Conv":
        weights["w"] = numbers(2, 2, 3, 3, seed=1)
        nodes.append(helper.make_node("Conv", ["p", "w"], ["y"], pads=[1, 1, 1, 1], strides=[2, 1]))
    elif op:
        nodes.append(helper.make_node(op, ["p"], ["y"], kernel_shape=[2, 3], strides=[1, 2]))
    runs(model(nodes, (1, 2, 6, 7), weights), numbers(1, 2, 6, 7))


@settings(max_examples=60)
@given(st.data())
def test_views(data: st.DataObject) -> None:
    """Transpositions and reshapes in any order are undone, or are what a layer does, or are not said to be."""
    shape: list[int] = [1, *(data.draw(st.sampled_from([1, 2, 4, 6])) for _ in range(3))]
    nodes, weights, at = [], {}, "x"
    sizes = shape
    for number in range(data.draw(st.integers(1, 4))):
        if data.draw(st.booleans()):
            order = data.draw(st.permutations(range(len(sizes))))
            nodes.append(helper.make_node("Transpose", [at], [f"t{number}"], perm=order))
            sizes = [sizes[axis] for axis in order]
        else:
            sizes = data.draw(shapes(int(np.prod(sizes))))
            weights[f"s{number}"] = np.array(sizes)
            nodes.append(helper.make_node("Reshape", [at, f"s{number}"], [f"t{number}"]))
        at = f"t{number}"
    kernel = sizes[1] if len(sizes) == 4 and sizes[0] == 1 else 0
    if kernel:
        weights["w"] = numbers(1, kernel, 1, 1, seed=3)
        nodes.append(helper.make_node("Conv", [at, "w"], ["y"]))
    else:
        nodes.append(helper.make_node("Relu", [at], ["y"]))
    made = model(nodes, shape, weights)
    with TemporaryDirectory() as folder:
        path = written(made, Path(folder))
        reading = read(str(path), {})
        if reading.checked().is_known and not reading.diagnostics:
            compared(path, numbers(*shape))


@st.composite
def shapes(draw: st.DrawFn, size: int) -> list[int]:
    """Sizes whose product is *size*."""
    found, rank = [], draw(st.integers(2, 4))
    for _ in range(rank - 1):
        divisors = [each for each in range(1, size + 1) if size % each == 0]
        found.append(draw(st.sampled_from(divisors)))
        size //= found[-1]
    return [*found, size]


@settings(max_examples=40)
@given(st.data())
def test_slices(data: st.DataObject) -> None:
    axis = data.draw(st.integers(1, 3))
    shape = (1, 6, 7, 8)
    size = shape[axis]
    start, stop = data.draw(st.integers(-size, size)), data.draw(st.integers(-size, 2 * size))
    step = data.draw(st.integers(1, 3)) if axis > 1 else 1
    weights = {name: np.array([value]) for name, value in
               (("starts", start), ("ends", stop), ("axes", axis), ("steps", step))}  # fmt: skip
    assume(len(range(size)[slice(start, stop, step)]) > 0)
    runs(model([helper.make_node("Slice", ["x", *weights], ["y"])], shape, weights), numbers(*shape))


PLAIN = ["Relu", "Sigmoid", "Tanh", "Softplus", "Abs", "HardSwish", "Neg", "Elu", "Selu", "LeakyRelu", "HardSigmoid"]


@pytest.mark.parametrize("op", PLAIN)
def test_activations(op: str, tmp_path: Path) -> None:
    made = model([helper.make_node(op, ["x"], ["y"])], (1, 3, 4, 5))
    compared(written(made, tmp_path), numbers(1, 3, 4, 5) * 4)


ARITHMETIC = {
    "times a number": ("Mul", np.float32(0.3)),
    "a number for each channel": ("Mul", numbers(3, 1, 1)),
    "plus a number": ("Add", np.float32(0.3)),
    "plus one for each channel": ("Add", numbers(1, 3, 1, 1)),
    "minus one for each channel": ("Sub", numbers(3, 1, 1)),
    "by a number": ("Div", np.float32(7)),
    "squared": ("Pow", np.float32(2)),
    "cubed": ("Pow", np.float32(3)),
    "at least a number": ("Max", np.float32(0.25)),
    "at least 0": ("Max", np.float32(0)),
    "at most a number": ("Min", np.float32(0.25)),
}


@pytest.mark.parametrize(("op", "constant"), ARITHMETIC.values(), ids=ARITHMETIC)
@pytest.mark.parametrize("opset", [13, 20])
def test_arithmetic_with_constants(op: str, constant: Array, opset: int, tmp_path: Path) -> None:
    made = model([helper.make_node(op, ["x", "c"], ["y"])], (1, 3, 4, 5), {"c": constant}, opset)
    compared(written(made, tmp_path), numbers(1, 3, 4, 5))


POSITIVE = ["Sqrt", "Reciprocal"]


@pytest.mark.parametrize("op", POSITIVE)
def test_functions_of_positive_numbers(op: str, tmp_path: Path) -> None:
    nodes = [helper.make_node("Sigmoid", ["x"], ["s"]), helper.make_node(op, ["s"], ["y"])]
    compared(written(model(nodes, (1, 3, 4, 5)), tmp_path), numbers(1, 3, 4, 5))


@settings(max_examples=30)
@given(st.data())
def test_tensors_of_unlike_sizes(data: st.DataObject) -> None:
    """The second has 1 in any of its sizes; it may have been repeated to the first's before, or be so behind."""
    op = data.draw(st.sampled_from(["Add", "Mul", "Sub", "Div", "Min", "Max"]))
    sizes = [1, *(data.draw(st.sampled_from([1, 2, 3])) for _ in range(3))]
    small = [1, *(data.draw(st.sampled_from([1, size])) for size in sizes[1:])]
    axes = [n for n in (1, 2, 3) if small[n] != sizes[n]]
    weights = {"a": np.array(axes), "s": np.array(sizes)}
    nodes = [helper.make_node("Sigmoid", ["x"], ["r"])]
    second = "r"
    if axes:
        nodes.append(helper.make_node("ReduceMean", ["r", "a"], ["m"]))
        second = "m"
    if op in ("Min", "Max") or data.draw(st.booleans()):
        nodes.append(helper.make_node("Expand", [second, "s"], ["e"]))
        second = "e"
    order = ["x", second] if data.draw(st.booleans()) or op == "Div" else [second, "x"]
    nodes.append(helper.make_node(op, order, ["y"]))
    runs(model(nodes, sizes, weights, opset=18), numbers(*sizes))


@settings(max_examples=40)
@given(st.data())
def test_reductions(data: st.DataObject) -> None:
    """Over height, width, both or the channels; the axes by attributes and by inputs, kept and not."""
    op = data.draw(st.sampled_from(["ReduceMean", "ReduceMax", "ReduceSum"]))
    axes = data.draw(st.sampled_from([[1], [2], [3], [2, 3], [-1], [-2, -1], [-3]]))
    shape = (1, *(data.draw(st.integers(1, 4)) for _ in range(3)))
    keeps = data.draw(st.booleans())
    opset = data.draw(st.sampled_from([12, 18]))
    if opset == 12:
        nodes, weights = [helper.make_node(op, ["x"], ["m"], axes=axes, keepdims=int(keeps))], {}
    else:
        nodes, weights = [helper.make_node(op, ["x", "a"], ["m"], keepdims=int(keeps))], {"a": np.array(axes)}
    if keeps:
        nodes.append(helper.make_node("Sub", ["x", "m"], ["y"]))
    else:
        nodes[0].output[0] = "y"
    made = model(nodes, shape, weights, opset)
    with TemporaryDirectory() as folder:
        path = written(made, Path(folder))
        reading = read(str(path), {})
        if reading.checked().is_known and not reading.diagnostics:
            compared(path, numbers(*shape))
        else:
            assert not keeps


@settings(max_examples=20)
@given(st.sampled_from(["ReduceMean", "ReduceMax", "ReduceSum"]), st.integers(2, 4), st.integers(0, 2), st.booleans())
def test_reductions_of_what_is_put_together_along_an_axis_of_its_own(op: str, n: int, axis: int, cut: bool) -> None:
    """Joins of tensors, or of parts of the channels."""
    weights: dict[str, Array] = {"axis": np.array([1 if cut else axis])}
    shape = (1, 2 * n, 4, 5)
    if cut:
        weights["sizes"] = np.array([1, n, 2, 4, 5])
        nodes = [helper.make_node("Reshape", ["x", "sizes"], ["s"])]
    else:
        nodes = [helper.make_node("Conv", ["x", f"w{at}"], [f"c{at}"]) for at in range(n)]
        nodes += [helper.make_node("Unsqueeze", [f"c{at}", "axis"], [f"u{at}"]) for at in range(n)]
        nodes.append(helper.make_node("Concat", [f"u{at}" for at in range(n)], ["s"], axis=axis))
        weights |= {f"w{at}": numbers(3, 2 * n, 1, 1, seed=at) for at in range(n)}
    nodes.append(helper.make_node(op, ["s", "axis"], ["r"], keepdims=0))
    nodes.append(helper.make_node("Relu", ["r"], ["y"]))
    with TemporaryDirectory() as folder:
        compared(written(model(nodes, shape, weights, opset=18), Path(folder)), numbers(*shape))


@settings(max_examples=30)
@given(st.data())
def test_repeated(data: st.DataObject) -> None:
    """Of one row, column or channel several; all channels beside themselves."""
    sizes = [1, *(data.draw(st.sampled_from([1, 2, 3])) for _ in range(3))]
    times = [1, data.draw(few), *(data.draw(few) if size == 1 else 1 for size in sizes[2:])]
    if data.draw(st.booleans()):
        nodes = [helper.make_node("Tile", ["x", "t"], ["y"])]
        weights = {"t": np.array(times)}
    else:
        times[1] = times[1] if sizes[1] == 1 else 1
        nodes = [helper.make_node("Expand", ["x", "t"], ["y"])]
        weights = {"t": np.array([size * each for size, each in zip(sizes, times, strict=True)])}
    nodes[-1].output[0] = "r"
    nodes.append(helper.make_node("Relu", ["r"], ["y"]))
    runs(model(nodes, sizes, weights), numbers(*sizes))


def test_what_is_joined_with_a_tensor_as_large_is_not_repeated_before(tmp_path: Path) -> None:
    """As ``x * y.expand_as(x)`` becomes."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["x"], ["m"]),
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Expand", ["m", "s"], ["e"]),
        helper.make_node("Mul", ["x", "e"], ["y"]),
    ]
    network = compared(written(model(nodes, (1, 3, 4, 5)), tmp_path), numbers(1, 3, 4, 5))
    assert [layer.kind.word for layer in network.layers] == ["", "avgpool", "mul"]


@pytest.mark.parametrize("op", ["Mul", "Add"])
def test_a_factor_for_each_channel_and_one_for_each_place(op: str, tmp_path: Path) -> None:
    """Neither is as large as what comes of both."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["x"], ["m"]),
        helper.make_node("Conv", ["x", "w"], ["c"]),
        helper.make_node(op, ["m", "c"], ["y"]),
    ]
    compared(written(model(nodes, (1, 3, 4, 5), {"w": numbers(1, 3, 1, 1)}), tmp_path), numbers(1, 3, 4, 5))


@settings(max_examples=20)
@given(st.data())
def test_what_is_done_to_channels_dealt_from_groups(data: st.DataObject) -> None:
    groups, each = data.draw(st.integers(2, 3)), data.draw(st.integers(2, 3))
    channels = groups * each
    weights: dict[str, Array] = {
        "apart": np.array([1, groups, each, 4, 5]),
        "together": np.array([1, channels, 4, 5]),
        **{name: np.abs(numbers(channels, seed=n)) + 0.1 for n, name in enumerate("abcd")},
        "slopes": numbers(channels, 1, 1),
    }
    nodes = [
        helper.make_node("Reshape", ["x", "apart"], ["groups"]),
        helper.make_node("Transpose", ["groups"], ["dealt"], perm=[0, 2, 1, 3, 4]),
        helper.make_node("Reshape", ["dealt", "together"], ["y0"]),
    ]
    done = {
        "BatchNormalization": ("a", "b", "c", "d"), "InstanceNormalization": ("a", "b"), "PRelu": ("slopes",),
        "Relu": (), "Add": ("x",), "Mul": ("slopes",), "Sub": ("slopes",), "GlobalAveragePool": (),
    }  # fmt: skip
    words = data.draw(st.lists(st.sampled_from([*done][:-1]), min_size=1, max_size=4))
    words += ["GlobalAveragePool"] * data.draw(st.integers(0, 1))
    nodes += [helper.make_node(op, [f"y{at}", *done[op]], [f"y{at + 1}"]) for at, op in enumerate(words)]
    nodes[-1].output[0] = "y"
    with TemporaryDirectory() as folder:
        path = written(model(nodes, (1, channels, 4, 5), weights), Path(folder))
        network = compared(path, numbers(1, channels, 4, 5))
    assert all(layer.kind.is_known for layer in network.layers)


@pytest.mark.parametrize("seen", [3, 300])
def test_weights_divided_by_their_spectral_norm(seen: int, tmp_path: Path) -> None:
    """As a model has it whose exporter kept what they follow from."""
    kernel = numbers(8, seen, 3, 3)
    nodes = [
        helper.make_node("Reshape", ["w", "flat"], ["m"]),
        helper.make_node("MatMul", ["m", "v"], ["mv"]),
        helper.make_node("MatMul", ["u", "mv"], ["norm"]),
        helper.make_node("Div", ["w", "norm"], ["k"]),
        helper.make_node("Conv", ["x", "k"], ["y"]),
    ]
    weights: dict[str, Array] = {
        "w": kernel, "flat": np.array([8, -1]), "u": numbers(8, seed=1), "v": numbers(9 * seen, seed=2)
    }  # fmt: skip
    network = compared(written(model(nodes, (1, seen, 5, 6), weights), tmp_path), numbers(1, seen, 5, 6))
    assert [layer.kind.word for layer in network.layers] == ["", "conv"]


def test_normalizations_without_weights_are_not_one(tmp_path: Path) -> None:
    nodes, weights = [], {}
    for at, (x, channels) in enumerate((("x", 3), ("r0", 6), ("r1", 6))):
        weights[f"w{at}"] = numbers(6, channels, 1, 1, seed=at)
        nodes += [
            helper.make_node("Conv", [x, f"w{at}"], [f"c{at}"]),
            helper.make_node("Mul", [f"c{at}", f"c{at}"], [f"s{at}"]),
            helper.make_node("ReduceMean", [f"s{at}"], [f"m{at}"], axes=[1]),
            helper.make_node("Add", [f"m{at}", "eps"], [f"e{at}"]),
            helper.make_node("Sqrt", [f"e{at}"], [f"q{at}"]),
            helper.make_node("Div", [f"c{at}", f"q{at}"], [f"r{at}" if at < 2 else "y"]),
        ]
    made = model(nodes, (1, 3, 4, 5), {**weights, "eps": np.float32(1e-5)}, opset=17)
    network = compared(written(made, tmp_path), numbers(1, 3, 4, 5))
    assert [layer.kind.word for layer in network.layers] == ["", *["conv", "rmsnorm"] * 3]
    assert not any(layer.shares for layer in network.layers)


@pytest.mark.parametrize("shape", [(1,), (1, 1, 1), (4, 1, 1)])
def test_slopes_that_begin_alike_are_not_one(shape: tuple[int, ...], tmp_path: Path) -> None:
    """Exporters write equal tensors once."""
    weights = {"w": numbers(4, 4, 1, 1), "v": numbers(4, 4, 1, 1, seed=1), "s": np.full(shape, 0.25, np.float32)}
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"]),
        helper.make_node("PRelu", ["a", "s"], ["b"]),
        helper.make_node("Conv", ["b", "v"], ["c"]),
        helper.make_node("PRelu", ["c", "s"], ["y"]),
    ]
    network = compared(written(model(nodes, (1, 4, 5, 6), weights), tmp_path), numbers(1, 4, 5, 6))
    assert not any(layer.shares for layer in network.layers)


def test_a_constant_comes_first(tmp_path: Path) -> None:
    made = model([helper.make_node("Sub", ["c", "x"], ["y"])], (1, 3, 4, 5), {"c": np.float32(1)})
    compared(written(made, tmp_path), numbers(1, 3, 4, 5))


@pytest.mark.parametrize(("mode", "where", "scale"), [
    ("nearest", "asymmetric", (2.0, 3.0)), ("nearest", "half_pixel", (2.0, 2.0)), ("linear", "half_pixel", (2.0, 2.0)),
    ("cubic", "half_pixel", (2.0, 1.5)), ("cubic", "align_corners", (3.0, 2.0)),
    ("linear", "align_corners", (3.0, 2.0)), ("linear", "pytorch_half_pixel", (2.0, 1.0)),
])  # fmt: skip
def test_resizing(mode: str, where: str, scale: tuple[float, float], tmp_path: Path) -> None:
    rounds = {"nearest_mode": "floor" if where == "asymmetric" else "round_prefer_floor"} if mode == "nearest" else {}
    node = helper.make_node(
        "Resize", ["x", "", "s"], ["y"], mode=mode, coordinate_transformation_mode=where, **rounds
    )  # fmt: skip
    made = model([node], (1, 2, 4, 5), {"s": np.array([1, 1, *scale], np.float32)})
    compared(written(made, tmp_path), numbers(1, 2, 4, 5))


def test_matrix_products_where_channels_stand_last(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], perm=[0, 2, 3, 1]),
        helper.make_node("LayerNormalization", ["t", "g", "h"], ["n"], axis=-1),
        helper.make_node("MatMul", ["n", "w"], ["m"]),
        helper.make_node("Add", ["m", "b"], ["a"]),
        helper.make_node("Transpose", ["a"], ["y"], perm=[0, 3, 1, 2]),
    ]
    weights = {"g": numbers(3), "h": numbers(3, seed=1), "w": numbers(3, 5), "b": numbers(5)}
    network = compared(written(model(nodes, (1, 3, 4, 5), weights), tmp_path), numbers(1, 3, 4, 5))
    assert [layer.kind.word for layer in network.layers] == ["", "layernorm", "conv"]


def test_a_flattened_picture_with_its_channels_last(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], perm=[0, 2, 3, 1]),
        helper.make_node("Reshape", ["t", "s"], ["f"]),
        helper.make_node("Gemm", ["f", "w", "b"], ["y"]),
    ]
    weights = {"s": np.array([1, -1]), "w": numbers(24, 5), "b": numbers(5)}
    compared(written(model(nodes, (1, 3, 2, 4), weights), tmp_path), numbers(1, 3, 2, 4))


@pytest.mark.parametrize(("batch", "high", "wide"), [(1, 2, 4), (1, 1, 4), (2, 3, 1), (3, 1, 1)])
def test_a_matrix_on_every_pixel(batch: int, high: int, wide: int, tmp_path: Path) -> None:
    """As simplifiers leave it of a product with channels last and a sum behind it."""
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], perm=[0, 2, 3, 1]),
        helper.make_node("Reshape", ["t", "rows"], ["r"]),
        helper.make_node("Gemm", ["r", "w", "b"], ["g"], transB=1),
        helper.make_node("Reshape", ["g", "picture"], ["p"]),
        helper.make_node("Relu", ["p"], ["a"]),
        helper.make_node("Transpose", ["a"], ["y"], perm=[0, 3, 1, 2]),
    ]
    sizes = {"rows": np.array([batch * high * wide, 3]), "picture": np.array([batch, high, wide, 5])}
    made = model(nodes, (batch, 3, high, wide), {**sizes, "w": numbers(5, 3), "b": numbers(5, seed=1)})
    compared(written(made, tmp_path), numbers(batch, 3, high, wide))


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("unsqueeze", [False, True])
def test_pictures_taken_by_their_strides(unsqueeze: bool, turned: bool, tmp_path: Path) -> None:
    """As PyTorch writes down `as_strided` of however many pictures."""
    places = np.arange(12)
    rows, columns = (places // 4 * 4, places % 4) if not turned else (places // 3, places % 3 * 4)
    shape = (1, 3, 4) if not turned else (1, 4, 3)
    behind = helper.make_node("Unsqueeze" if unsqueeze else "Reshape", ["m", "axes"], ["u"])
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["mean"], axes=[3], keepdims=0),
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Gather", ["shape", "first"], ["count"]),
        helper.make_node("Reshape", ["mean", "flat"], ["f"]),
        helper.make_node("Range", ["zero", "count", "one"], ["n"]),
        helper.make_node("Mul", ["n", "by"], ["m"]),
        behind,
        helper.make_node("Add", ["u", "rows"], ["ur"]),
        helper.make_node("Add", ["ur", "columns"], ["places"]),
        helper.make_node("Gather", ["f", "places"], ["taken"]),
        helper.make_node("Transpose", ["taken"], ["y"], perm=[0, 2, 1] if turned else [0, 1, 2]),
    ]
    weights = {
        "first": np.array(0), "zero": np.array(0), "one": np.array(1), "by": np.array(12), "flat": np.array([-1]),
        "axes": np.array([1, 2] if unsqueeze else [-1, 1, 1]),
        "rows": rows.reshape(shape), "columns": columns.reshape(shape),
    }  # fmt: skip
    network = compared(written(model(nodes, ("n", 3, 4, 5), weights), tmp_path), numbers(2, 3, 4, 5))
    assert len(network.layers) == 2


@settings(max_examples=25)
@given(st.data())
def test_concatenations_that_only_another_takes_are_part_of_it(data: st.DataObject) -> None:
    ops = ("Relu", "Sigmoid", "Tanh", "Neg")
    nodes = [helper.make_node(op, ["x"], [op]) for op in ops]
    left, joins, used = ["x", *ops], 0, set[str]()
    while len(left) > 1:
        taken = left[: data.draw(st.integers(2, min(3, len(left))))]
        joins += 1
        nodes.append(helper.make_node("Concat", taken, [f"c{joins}"], axis=1))
        at = data.draw(st.integers(0, len(left) - len(taken)))
        left = left[len(taken) :]
        left.insert(at, f"c{joins}")
    if joins > 1 and data.draw(st.booleans()):
        used.add(f"c{data.draw(st.integers(1, joins - 1))}")
    outputs = [left[0], *(f"{name}_too" for name in used)]
    nodes += [helper.make_node("Relu", [name], [f"{name}_too"]) for name in used]
    with TemporaryDirectory() as folder:
        path = written(model(nodes, (1, 2, 3, 4), outputs=outputs), Path(folder))
        network = compared(path, numbers(1, 2, 3, 4))
    assert sum(layer.kind.word == "concat" for layer in network.layers) == 1 + len(used)


def test_a_gate_on_the_channels(tmp_path: Path) -> None:
    """A vector that is spread over a picture."""
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["m"], axes=[2, 3], keepdims=0),
        helper.make_node("Gemm", ["m", "w", "b"], ["g"]),
        helper.make_node("Sigmoid", ["g"], ["s"]),
        helper.make_node("Unsqueeze", ["s", "axes"], ["u"]),
        helper.make_node("Mul", ["u", "x"], ["y"]),
    ]
    weights = {"w": numbers(3, 3), "b": numbers(3), "axes": np.array([2, 3])}
    compared(written(model(nodes, (1, 3, 4, 5), weights), tmp_path), numbers(1, 3, 4, 5))


def test_the_same_kernel_twice_is_one(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"]),
        helper.make_node("Relu", ["a"], ["r"]),
        helper.make_node("Conv", ["r", "w"], ["y"]),
    ]
    network = compared(written(model(nodes, (1, 3, 4, 5), {"w": numbers(3, 3, 1, 1)}), tmp_path), numbers(1, 3, 4, 5))
    assert network.params == 9
    assert len(network.shared) == 1


def test_what_a_concatenation_has_in_common_with_one_before(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Relu", ["x"], ["a"]),
        helper.make_node("Concat", ["x", "a"], ["c"], axis=1),
        helper.make_node("Abs", ["c"], ["b"]),
        helper.make_node("Concat", ["x", "a", "b"], ["y"], axis=1),
    ]
    network = compared(written(model(nodes, (1, 3, 4, 5)), tmp_path), numbers(1, 3, 4, 5))
    assert [len(layer.inputs) for layer in network.layers if layer.kind.word == "concat"] == [2, 2]
