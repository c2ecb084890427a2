"""Layers that exporters write as several nodes, and channels that stand last."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts import parse, read
from cnngraph.importing import imported
from cnngraph.layers.activation import Gelu
from cnngraph.onnx.lower import lower
from cnngraph.onnx.model import lowered
from cnngraph.onnx.write import write
from cnngraph.runtime.agree import alike
from tests.fronts.onnx.compared import Array, compared, model, run, written

SHAPE = (1, 4, 6, 7)


def numbers(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def words(made: onnx.ModelProto, folder: Path, *shape: int) -> list[str]:
    network = compared(written(made, folder), numbers(*(shape or SHAPE)))
    return [layer.kind.word for layer in network.layers if layer.inputs]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_vector_cut_with_its_channels_last_is_unflattened(data: st.DataObject) -> None:
    """What makes it makes its numbers in the order of `unflatten`, if nothing else takes them."""
    high, wide, channels = (data.draw(st.integers(2, 4)) for _ in range(3))
    count = high * wide * channels
    weights: dict[str, Array] = {"w": numbers(count, 3), "b": numbers(count, seed=1)}
    nodes = [helper.make_node("Gemm", ["x", "w", "b"], ["dense"], transB=1)]
    made, expected = "dense", ["fc"]
    if data.draw(st.booleans()):
        for number, name in enumerate(("scale", "shift", "mean", "var")):
            weights[name] = np.abs(numbers(count, seed=2 + number)) + 0.5
        nodes.append(helper.make_node("BatchNormalization", [made, "scale", "shift", "mean", "var"], ["normed"]))
        made, expected = "normed", [*expected, "bn"]
    if data.draw(st.booleans()):
        nodes.append(helper.make_node("LeakyRelu", [made], ["active"], alpha=0.2))
        made, expected = "active", [*expected, "leaky"]
    weights["sizes"] = np.array([-1, high, wide, channels])
    weights["kernel"] = numbers(2, channels, 1, 1, seed=7)
    nodes += [
        helper.make_node("Reshape", [made, "sizes"], ["cut"]),
        helper.make_node("Transpose", ["cut"], ["upright"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["upright", "kernel"], ["seen"]),
    ]
    other = data.draw(st.sampled_from(["", "dense", made]))
    if other:  # a vector that something else takes as it is, or in the order in which it is now
        weights["w2"] = numbers(2, count, seed=8)
        nodes.insert(data.draw(st.sampled_from([-3, len(nodes)])),
                     helper.make_node("Gemm", [other, "w2"], ["both"], transB=1))  # fmt: skip
        weights["two"] = np.array([-1, 2, 1, 1])
        nodes += [
            helper.make_node("Reshape", ["both", "two"], ["pixel"]),
            helper.make_node("Add", ["seen", "pixel"], ["y"]),
        ]
    else:
        nodes.append(helper.make_node("Relu", ["seen"], ["y"]))
    with TemporaryDirectory() as folder:
        path = written(model(nodes, (1, 3), weights), Path(folder))
        if other:  # what cannot be both is opaque, and right all the same
            found = imported(str(path), {})
            weights_found = found.weights
            assert weights_found is not None
            whole = lowered(found.network, lambda: weights_found, parts=found.parts)
            with whole.file() as ours:
                assert alike(path, ours, [{}], found.unlike, close=1e-5).difference < 1e-5
        else:
            network = compared(path, numbers(1, 3, seed=9))
            made_of = [layer.kind.word for layer in network.layers if layer.inputs]
            assert made_of == [*expected, "unflatten", "conv", "relu"]


@settings(max_examples=25)
@given(st.data())
def test_channels_that_stand_last_leave_no_trace(data: st.DataObject) -> None:
    """As Keras writes them: each convolution turns what it takes and what it makes, its bias is added behind that, and
    a batch normalization is three constants; a border may be put around what is still to be turned."""
    nodes: list[onnx.NodeProto] = []
    weights: dict[str, Array] = {}
    at, channels, expected = "x", 3, []
    for number in range(data.draw(st.integers(1, 3))):

        def node(op: str, *inputs: str, **how: Any) -> str:
            nodes.append(helper.make_node(op, inputs, [f"t{len(nodes)}"], **how))
            return f"t{len(nodes) - 1}"

        def constant(array: Array) -> str:
            weights[f"w{len(weights)}"] = array
            return f"w{len(weights) - 1}"

        at = node("Cast", at, to=TensorProto.FLOAT)
        if data.draw(st.booleans()):
            sides = [data.draw(st.integers(0, 2)) for _ in range(4)]
            at = node("Pad", at, constant(np.array([0, *sides[:2], 0, 0, *sides[2:], 0])))
        made = data.draw(st.integers(2, 4))
        turned = node("Transpose", at, perm=[0, 3, 1, 2])
        out = node("Conv", turned, constant(numbers(made, channels, 2, 2, seed=number)))
        at = node("Cast", node("Transpose", out, perm=[0, 2, 3, 1]), to=TensorProto.FLOAT)
        expected.append("conv")
        if data.draw(st.booleans()):
            at = node("Add", at, constant(numbers(1, 1, 1, made)))
        if data.draw(st.booleans()):
            for op in ("Sub", "Mul", "Add"):
                at = node(op, at, constant(numbers(made, seed=len(weights))))
            expected.append("bn")
        at = node("Relu", at)
        expected.append("relu")
        channels = made
    nodes[-1].output[0] = "y"
    with TemporaryDirectory() as folder:
        path = written(model(nodes, (1, 9, 8, 3), weights), Path(folder))
        reading = read(str(path), {})
        network = reading.checked()
        assert [layer.kind.word for layer in network.layers if layer.inputs] == expected
        assert reading.weights is not None
        write(lower(network), reading.weights, Path(folder) / "ours.onnx")
        picture = numbers(1, 9, 8, 3)
        (answer,) = run(path, picture)
        (own,) = run(Path(folder) / "ours.onnx", picture.transpose(0, 3, 1, 2))
        np.testing.assert_allclose(own.transpose(0, 2, 3, 1), answer, atol=1e-4)


@pytest.mark.parametrize("is_renamed", [True, False])
def test_channels_that_stand_last_and_weights_used_twice(is_renamed: bool, tmp_path: Path) -> None:
    """Exporters give a tensor that they found twice a second name."""
    nodes = [helper.make_node("Identity", [name], [f"{name}2"]) for name in "wb"]
    at = "x"
    for number in range(2):
        w, b = ("w2", "b2") if number and is_renamed else ("w", "b")
        made = [f"{step}{number}" for step in ("turned", "made", "back", "biased", "relu")]
        nodes += [
            helper.make_node("Transpose", [at], [made[0]], perm=[0, 3, 1, 2]),
            helper.make_node("Conv", [made[0], w], [made[1]]),
            helper.make_node("Transpose", [made[1]], [made[2]], perm=[0, 2, 3, 1]),
            helper.make_node("Add", [made[2], b], [made[3]]),
            helper.make_node("Relu", [made[3]], [made[4] if number == 0 else "y"]),
        ]
        at = made[4]
    weights = {"w": numbers(3, 3, 2, 2), "b": numbers(1, 1, 1, 3, seed=1)}
    network = read(str(written(model(nodes, (1, 9, 8, 3), weights), tmp_path)), {}).checked()
    first, second = (layer for layer in network.layers if layer.kind.word == "conv")
    assert (first.shares, second.shares) == ("", first.name)


def test_one_channel_that_stood_last_and_is_only_read_as_standing_first(tmp_path: Path) -> None:
    """A transposition of an axis of size 1 moves no number, and converters write a Reshape."""
    nodes = [helper.make_node("Reshape", ["x", "s"], ["r"]), helper.make_node("Conv", ["r", "w"], ["y"])]
    made = model(nodes, ("n", 9, 8, 1), {"s": np.array([-1, 1, 9, 8]), "w": numbers(2, 1, 3, 3)})
    reading = read(str(written(made, tmp_path)), {})
    network = reading.checked()
    assert [layer.kind.word for layer in network.layers if layer.inputs] == ["conv"]
    assert str(network.inputs[0].output) == "9x8x1"
    assert "takes channels first" in reading.diagnostics[0].message


def test_a_border_of_zeros_before_a_max_pool_where_nothing_is_below_zero(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Relu", ["x"], ["r"]),
        helper.make_node("Pad", ["r", "p"], ["q"]),
        helper.make_node("MaxPool", ["q"], ["y"], kernel_shape=[3, 3], strides=[2, 2]),
    ]
    made = model(nodes, SHAPE, {"p": np.array([0, 0, 1, 1, 0, 0, 1, 1])})
    assert words(made, tmp_path) == ["relu", "maxpool"]


@pytest.mark.parametrize("axes", [[2], [3], [2, 3]])
@pytest.mark.parametrize("times", [2, 3])
def test_rows_and_columns_copied(axes: list[int], times: int, tmp_path: Path) -> None:
    """As by `repeat_interleave`, one axis after the other: both together are one layer."""
    nodes, weights, sizes, at = [], {}, list(SHAPE), "x"
    for axis in axes:
        weights[f"a{axis}"] = np.array([axis + 1])
        weights[f"e{axis}"] = np.array([*sizes[: axis + 1], times, *sizes[axis + 1 :]])
        sizes[axis] *= times
        weights[f"s{axis}"] = np.array(sizes)
        nodes += [
            helper.make_node("Unsqueeze", [at, f"a{axis}"], [f"u{axis}"]),
            helper.make_node("Expand", [f"u{axis}", f"e{axis}"], [f"c{axis}"]),
            helper.make_node("Reshape", [f"c{axis}", f"s{axis}"], [f"r{axis}"]),
        ]
        at = f"r{axis}"
    nodes[-1].output[0] = "y"
    assert words(model(nodes, SHAPE, weights), tmp_path) == ["upsample"]


@pytest.mark.parametrize("slopes", [numbers(4, 1, 1), numbers(1, 1, 1)], ids=["one a channel", "one"])
def test_slopes_below_zero(slopes: Array, tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Relu", ["x"], ["above"]),
        helper.make_node("Neg", ["x"], ["n"]),
        helper.make_node("Relu", ["n"], ["below"]),
        helper.make_node("Mul", ["a", "below"], ["m"]),
        helper.make_node("Add", ["above", "m"], ["y"]),
    ]
    assert words(model(nodes, SHAPE, {"a": slopes}), tmp_path) == ["prelu"]


@pytest.mark.parametrize("is_nested", [True, False])
@pytest.mark.parametrize("order", [[0, 1, 2, 3], [0, 2, 1, 3], [0, 3, 1, 2]])
def test_every_second_row_and_column(is_nested: bool, order: list[int], tmp_path: Path) -> None:
    """YOLOv5's Focus: pixels of squares as channels, in one of two orders; in another they stay what they are."""
    nodes, parts = [], []
    weights: dict[str, Any] = {"ends": np.array([2**63 - 1] * 2), "axes": np.array([2, 3]), "steps": np.array([2, 2])}
    weights |= {"end": np.array([2**31 - 1]), "two": np.array([2]), "three": np.array([3])}
    for number in order:
        down, across = divmod(number, 2)
        weights[f"s{number}"] = np.array([down, across])
        weights |= {f"d{number}": np.array([down]), f"a{number}": np.array([across])}
        if is_nested:
            nodes.append(helper.make_node("Slice", ["x", f"d{number}", "end", "two", "two"], [f"r{number}"]))
            cut = [f"r{number}", f"a{number}", "end", "three", "two"]
        else:
            cut = ["x", f"s{number}", "ends", "axes", "steps"]
        nodes.append(helper.make_node("Slice", cut, [f"p{number}"]))
        parts.append(f"p{number}")
    nodes.append(helper.make_node("Concat", parts, ["y"], axis=1))
    found = words(model(nodes, (1, 3, 6, 8), weights), tmp_path, 1, 3, 6, 8)
    assert (found == ["reorg"]) == (order[-1] == 3)


LAST = {"as they lie": 1, "last": 3}


def _over(axis: int, nodes: list[onnx.NodeProto]) -> list[onnx.NodeProto]:
    """*nodes* from `t` to `n`, between transpositions where the channels are to stand last."""
    if axis == 1:
        return [helper.make_node("Identity", ["x"], ["t"]), *nodes, helper.make_node("Identity", ["n"], ["y"])]
    turned = helper.make_node("Transpose", ["x"], ["t"], perm=[0, 2, 3, 1])
    return [turned, *nodes, helper.make_node("Transpose", ["n"], ["y"], perm=[0, 3, 1, 2])]


@pytest.mark.parametrize("axis", LAST.values(), ids=LAST)
@pytest.mark.parametrize("way", ["Div", "Mul"])
@pytest.mark.parametrize("is_scaled", [True, False])
def test_root_mean_square_normalization(axis: int, way: str, is_scaled: bool, tmp_path: Path) -> None:
    weights = {"two": np.float32(2), "eps": np.float32(0.01), "g": numbers(4, 1, 1) if axis == 1 else numbers(4),
               "one": np.float32(1)}  # fmt: skip
    nodes = [
        helper.make_node("Pow", ["t", "two"], ["p"]),
        helper.make_node("ReduceMean", ["p"], ["m"], axes=[axis]),
        helper.make_node("Add", ["m", "eps"], ["a"]),
        helper.make_node("Sqrt", ["a"], ["s"]),
    ]
    out = "d" if is_scaled else "n"
    if way == "Mul":
        nodes += [helper.make_node("Div", ["one", "s"], ["i"]), helper.make_node("Mul", ["t", "i"], [out])]
    else:
        nodes.append(helper.make_node("Div", ["t", "s"], [out]))
    if is_scaled:
        nodes.append(helper.make_node("Mul", ["d", "g"], ["n"]))
    assert words(model(_over(axis, nodes), SHAPE, weights), tmp_path) == ["rmsnorm"]


@pytest.mark.parametrize("axis", LAST.values(), ids=LAST)
@pytest.mark.parametrize("way", ["ReduceL2", "ReduceSum", "LpNormalization"])
@pytest.mark.parametrize("least", ["Clip", "Max", "Add", ""])
def test_vectors_of_length_1(axis: int, way: str, least: str, tmp_path: Path) -> None:
    weights = {"two": np.float32(2), "eps": np.float32(1e-10), "a": np.array([axis]), "s": np.array(SHAPE)}
    if way == "LpNormalization":
        nodes = [helper.make_node("LpNormalization", ["t"], ["n"], axis=axis)]
    elif way == "ReduceL2":
        nodes = [helper.make_node("ReduceL2", ["t"], ["l"], axes=[axis])]
    else:
        nodes = [
            helper.make_node("Mul", ["t", "t"], ["p"]),
            helper.make_node("ReduceSum", ["p", "a"], ["m"]),
            helper.make_node("Sqrt", ["m"], ["l"]),
        ]
    if way != "LpNormalization":
        nodes += [helper.make_node(least, ["l", "eps"], ["c"])] if least else []
        nodes.append(helper.make_node("Div", ["t", "c" if least else "l"], ["n"]))
    assert words(model(_over(axis, nodes), SHAPE, weights), tmp_path) == ["l2norm"]


@pytest.mark.parametrize(("axes", "word"), [([2, 3], "instancenorm"), ([1], "layernorm")])
def test_a_normalization_without_learned_numbers(axes: list[int], word: str, tmp_path: Path) -> None:
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["m"], axes=axes),
        helper.make_node("Sub", ["x", "m"], ["c"]),
        helper.make_node("Mul", ["c", "c"], ["p"]),
        helper.make_node("ReduceMean", ["p"], ["v"], axes=axes),
        helper.make_node("Add", ["v", "eps"], ["a"]),
        helper.make_node("Sqrt", ["a"], ["s"]),
        helper.make_node("Div", ["c", "s"], ["y"]),
    ]
    assert words(model(nodes, SHAPE, {"eps": np.float32(0.01)}), tmp_path) == [word]


@pytest.mark.parametrize("text", ["grn", "rmsnorm", "l2norm", "eca 3", "layernorm", "lrn n=4", "groupnorm 2", "unpool"])
@pytest.mark.parametrize("opset", [17, 22])
def test_what_is_written_as_several_nodes_here_comes_back_as_the_layer(text: str, opset: int, tmp_path: Path) -> None:
    line = "a: relu\nmaxpool 2x2 s=2 -> unpool a 2x2" if text == "unpool" else text
    given = parse(f"net t\ninput 6x8x4\n{line}\n")
    given.export(tmp_path / "model.onnx", "random", opset=opset)
    found = read(str(tmp_path / "model.onnx"), {}).checked()
    assert [layer.kind for layer in found.layers] == [layer.kind for layer in given.layers]


@pytest.mark.parametrize("is_if", [False, True], ids=["squeezed", "squeezed in an If"])
@pytest.mark.parametrize("size", [3, 5])
def test_local_response_normalization(size: int, is_if: bool, tmp_path: Path) -> None:
    """As PyTorch computes it; the older exporter is not sure that an axis of size 1 is one."""
    weights: dict[str, Any] = {
        "five": np.array([1, 1, 4, 6, 7]), "p": np.array([0, 0, size // 2, 0, 0] * 2), "one": np.array([1]),
        "alpha": np.float32(0.1), "k": np.float32(2), "beta": np.float32(0.75), "four": np.array(SHAPE),
    }  # fmt: skip
    squeeze = helper.make_node("Squeeze", ["m", "one"], ["s"])
    if is_if:
        out = [helper.make_empty_tensor_value_info("o")]
        branches = {
            "then_branch": helper.make_graph([helper.make_node("Squeeze", ["m", "one"], ["o"])], "a", [], out),
            "else_branch": helper.make_graph([helper.make_node("Identity", ["m"], ["o"])], "b", [], out),
        }
        squeeze = helper.make_node("If", ["yes"], ["s"], **branches)
        weights["yes"] = np.array([True])
    nodes = [
        helper.make_node("Mul", ["x", "x"], ["q"]),
        helper.make_node("Reshape", ["q", "five"], ["v"]),
        helper.make_node("Pad", ["v", "p"], ["w"]),
        helper.make_node("AveragePool", ["w"], ["m"], kernel_shape=[size, 1, 1], count_include_pad=1),
        squeeze,
        helper.make_node("Reshape", ["s", "four"], ["t"]),
        helper.make_node("Mul", ["t", "alpha"], ["a"]),
        helper.make_node("Add", ["a", "k"], ["b"]),
        helper.make_node("Pow", ["b", "beta"], ["c"]),
        helper.make_node("Div", ["x", "c"], ["y"]),
    ]
    assert words(model(nodes, SHAPE, weights), tmp_path) == ["lrn"]


def test_a_softplus_that_is_its_argument_where_that_is_large(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Softplus", ["x"], ["s"]),
        helper.make_node("Greater", ["x", "t"], ["g"]),
        helper.make_node("Where", ["g", "x", "s"], ["y"]),
    ]
    assert words(model(nodes, SHAPE, {"t": np.float32(20)}), tmp_path) == ["softplus"]


@pytest.mark.parametrize("first", [True, False])
def test_the_branch_of_an_if_that_every_picture_takes(first: bool, tmp_path: Path) -> None:
    """Its condition hangs on sizes only, and it takes tensors from outside."""
    out = [helper.make_empty_tensor_value_info("o")]
    factor = numpy_helper.from_array(np.array(3, np.float32), "f")
    branches = {
        "then_branch": helper.make_graph([helper.make_node("Mul", ["r", "f"], ["o"])], "a", [], out, [factor]),
        "else_branch": helper.make_graph([helper.make_node("Tanh", ["r"], ["o"])], "b", [], out),
    }
    nodes = [
        helper.make_node("Relu", ["x"], ["r"]),
        helper.make_node("Shape", ["x"], ["sizes"]),
        helper.make_node("Gather", ["sizes", "at"], ["channels"]),
        helper.make_node("Equal", ["channels", "four"], ["is"]),
        helper.make_node("If", ["is"], ["y"], **branches),
    ]
    made = model(nodes, SHAPE, {"at": np.array(1), "four": np.array(4 if first else 5)})
    assert words(made, tmp_path) == ["relu", "times" if first else "tanh"]


def test_a_concatenation_that_begins_with_one_channel(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Split", ["x", "parts"], ["a", "b"], axis=1),
        helper.make_node("Concat", ["a", "b"], ["c"], axis=1),
        helper.make_node("Conv", ["c", "w"], ["y"]),
    ]
    made = model(nodes, SHAPE, {"parts": np.array([1, 3]), "w": numbers(2, 4, 3, 3)})
    assert words(made, tmp_path) == ["slice", "slice", "concat", "conv"]


def test_a_cast_to_whole_numbers_is_no_nothing(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Cast", ["x"], ["i"], to=TensorProto.INT32),
        helper.make_node("Cast", ["i"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("Relu", ["f"], ["y"]),
    ]
    network = read(str(written(model(nodes, SHAPE), tmp_path)), {}).checked()
    assert not network.is_known


def test_an_unknown_part_with_a_free_number_of_channels(tmp_path: Path) -> None:
    """Whoever inferred its shape gave that size a name."""
    nodes = [
        helper.make_node("Relu", ["x"], ["r"]),
        helper.make_node("NonZero", ["r"], ["z"]),
        helper.make_node("Cast", ["z"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("Concat", ["r", "f"], ["y"], axis=1),
    ]
    made = model(nodes, SHAPE)
    free = helper.make_tensor_value_info("f", TensorProto.FLOAT, [1, "some", 6, 7])
    del made.graph.value_info[:]
    made.graph.value_info.append(free)
    reading = read(str(written(made, tmp_path)), {})
    assert [layer.kind.word for layer in reading.checked().layers] == ["", "relu"]
    assert reading.left_out == 3


def test_a_model_of_which_nothing_is_left_is_refused(tmp_path: Path) -> None:
    nodes = [helper.make_node("NonZero", ["x"], ["z"]), helper.make_node("Cast", ["z"], ["y"], to=TensorProto.FLOAT)]
    with pytest.raises(CnngraphError, match="nothing of it is understood") as error:
        read(str(written(model(nodes, SHAPE), tmp_path)), {})
    assert error.value.diagnostics[0].reason == "no layer here does NonZero (1 node)"


@pytest.mark.parametrize("opset", [17, 20])
@pytest.mark.parametrize("way", ["by a power", "by products", "as one node"])
def test_gelu_by_tanh(way: str, opset: int, tmp_path: Path) -> None:
    cube = {
        "by a power": [helper.make_node("Pow", ["x", "three"], ["c"])],
        "by products": [helper.make_node("Mul", ["x", "x"], ["s"]), helper.make_node("Mul", ["x", "s"], ["c"])],
    }
    if way == "as one node":
        if opset < 20:
            pytest.skip("there is none yet")
        nodes = [helper.make_node("Gelu", ["x"], ["y"], approximate="tanh")]
    else:
        nodes = [
            *cube[way],
            helper.make_node("Mul", ["share", "c"], ["m"]),
            helper.make_node("Add", ["x", "m"], ["a"]),
            helper.make_node("Mul", ["root", "a"], ["r"]),
            helper.make_node("Tanh", ["r"], ["t"]),
            helper.make_node("Add", ["one", "t"], ["o"]),
            helper.make_node("Mul", ["x", "o"], ["p"]),
            helper.make_node("Mul", ["half", "p"], ["y"]),
        ]
    given = {"three": 3, "share": 0.044715, "root": 0.7978846, "one": 1, "half": 0.5}
    constants = {name: np.array(value, np.float32) for name, value in given.items()}
    made = model(nodes, SHAPE, {} if way == "as one node" else constants, opset)
    network = compared(written(made, tmp_path), 3 * numbers(*SHAPE), close=1e-6)
    assert [layer.kind for layer in network.layers if layer.inputs] == [Gelu(approximate=True)]


@pytest.mark.parametrize("activation", ["Relu", "Sigmoid", "Tanh", "LeakyRelu", "HardSigmoid", "Clip"])
def test_what_onnxruntime_makes_one_when_it_optimises(activation: str, tmp_path: Path) -> None:
    inputs = ["c", "low", "high"] if activation == "Clip" else ["c"]
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], pads=[1] * 4),
        helper.make_node(activation, inputs, ["y"]),
    ]
    weights = {"w": numbers(4, 4, 3, 3), "low": np.array(-1, np.float32), "high": np.array(2, np.float32)}
    plain = written(model(nodes, SHAPE, weights), tmp_path)
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.log_severity_level = 4
    onnxruntime.InferenceSession(str(plain), options, providers=["CPUExecutionProvider"])
    optimised = onnx.load(tmp_path / "optimised.onnx")
    assert [node.op_type for node in optimised.graph.node] == ["FusedConv"]
    network = compared(tmp_path / "optimised.onnx", numbers(*SHAPE))
    assert len(network) == 3


def test_a_branch_that_does_not_make_its_output_and_a_node_without_inputs(tmp_path: Path) -> None:
    out = [helper.make_empty_tensor_value_info("o")]
    branch = helper.make_graph([helper.make_node("Identity", ["x"], ["p"])], "a", [], out)
    nodes = [
        helper.make_node("Transpose", [], ["t"]),
        helper.make_node("If", ["yes"], ["i"], then_branch=branch, else_branch=branch),
        helper.make_node("Relu", ["x"], ["r"]),
        helper.make_node("Add", ["r", "t"], ["a"]),
        helper.make_node("Add", ["a", "i"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, SHAPE)],
        [helper.make_empty_tensor_value_info("y")], [numpy_helper.from_array(np.array(True), "yes")],
    )  # fmt: skip
    path = tmp_path / "model.onnx"
    path.write_bytes(helper.make_model(graph).SerializeToString())
    assert read(str(path), {}).diagnostics


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 3), st.integers(2, 5), st.integers(1, 5), st.integers(1, 5), st.booleans(), st.booleans(),
    st.booleans(),
)  # fmt: skip
def test_pixels_times_a_number_each_added_up(
    batch: int, channels: int, height: int, width: int, softmax: bool, is_first: bool, is_free: bool
) -> None:
    """A global context block's: what the pixels are weighed by is a picture of one channel, whose softmax is over all
    pixels."""
    pixels = height * width
    nodes = [helper.make_node("Conv", ["x", "w"], ["mask"]), helper.make_node("Reshape", ["mask", "flat"], ["row"])]
    nodes += [helper.make_node("Softmax", ["row"], ["shares"], axis=2)] if softmax else []
    shares = "shares" if softmax else "row"
    nodes.append(helper.make_node("Reshape", ["x", "lines"], ["all"]))
    if is_first:
        nodes += [helper.make_node("Transpose", ["all"], ["turned"], perm=[0, 2, 1]),
                  helper.make_node("MatMul", [shares, "turned"], ["sums"])]  # fmt: skip
    else:
        nodes += [helper.make_node("Transpose", [shares], ["column"], perm=[0, 2, 1]),
                  helper.make_node("MatMul", ["all", "column"], ["sums"])]  # fmt: skip
    nodes += [helper.make_node("Reshape", ["sums", "map"], ["m"]), helper.make_node("Conv", ["m", "v"], ["y"])]
    constants = {
        "w": numbers(1, channels, 1, 1), "v": numbers(3, channels, 1, 1, seed=1), "flat": np.array([-1, 1, pixels]),
        "lines": np.array([-1, channels, pixels]), "map": np.array([-1, channels, 1, 1]),
    }  # fmt: skip
    made = model(nodes, ("n" if is_free else batch, channels, height, width), constants)
    with TemporaryDirectory() as folder:
        network = compared(written(made, Path(folder)), numbers(batch, channels, height, width, seed=2))
    assert all(layer.kind.is_known for layer in network.layers)


@pytest.mark.parametrize("op", ["Softmax", "LogSoftmax"])
@pytest.mark.parametrize("axis", [1, 2, 3])
def test_a_softmax_along_rows_of_one_channel_is_none_over_channels(op: str, axis: int, tmp_path: Path) -> None:
    made = model([helper.make_node("Conv", ["x", "w"], ["a"]), helper.make_node(op, ["a"], ["b"], axis=axis),
                  helper.make_node("Conv", ["b", "v"], ["y"])], SHAPE,
                 {"w": numbers(1, 4, 1, 1), "v": numbers(2, 1, 1, 1)})  # fmt: skip
    network = read(str(written(made, tmp_path)), {}).checked()
    assert network.is_known == (axis == 1)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 2), st.integers(1, 3), st.integers(1, 4), st.integers(1, 4), st.integers(2, 3), st.booleans())
def test_numbers_put_back_by_where_they_are_in_the_whole_tensor(
    batch: int, channels: int, height: int, width: int, n: int, is_right: bool
) -> None:
    """As PyTorch's exporter writes its MaxUnpool2d."""
    high, wide = n * height, n * width
    count = batch * channels
    pool: dict[str, Any] = {"kernel_shape": [n, n], "strides": [n, n]}
    nodes = [
        helper.make_node("MaxPool", ["x"], ["small", "places"], **pool),
        helper.make_node("MaxPool", ["x"], ["same", "firsts"], kernel_shape=[1, 1]),
        helper.make_node("Slice", ["firsts", "zero", "one", "last"], ["first"]),
        helper.make_node("Sub", ["places", "first"], ["inside"]), helper.make_node("Conv", ["small", "w"], ["z"]),
        helper.make_node("Add", ["inside", "begins"], ["at"]), helper.make_node("Reshape", ["at", "flat"], ["row"]),
        helper.make_node("ConstantOfShape", ["shape"], ["zeros"]),
        helper.make_node("Reshape", ["zeros", "flat"], ["all"]), helper.make_node("Reshape", ["z", "flat"], ["given"]),
        helper.make_node("Unsqueeze", ["row", "flat"], ["rows"]),
        helper.make_node("ScatterND", ["all", "rows", "given"], ["put"]),
        helper.make_node("Reshape", ["put", "shape"], ["y"]),
    ]  # fmt: skip
    begins = (np.arange(count) * high * wide).reshape(batch, channels, 1, 1)
    constants = {
        "zero": np.array([0, 0]), "one": np.array([1, 1]), "last": np.array([2, 3]), "flat": np.array([-1]),
        "shape": np.array([batch, channels, high, wide]), "begins": begins if is_right else begins[::-1, ::-1].copy(),
        "w": numbers(channels, channels, 1, 1),
    }  # fmt: skip
    made = model(nodes, (batch, channels, high, wide), constants)
    with TemporaryDirectory() as folder:
        path = written(made, Path(folder))
        if is_right or count == 1:
            network = compared(path, numbers(batch, channels, high, wide))
            assert [layer.kind.word for layer in network.layers if layer.inputs] == ["maxpool", "conv", "unpool"]
        else:
            assert not read(str(path), {}).checked().is_known


@pytest.mark.parametrize("has_skip", [False, True])
def test_ways_side_by_side_are_one_sum(has_skip: bool, tmp_path: Path) -> None:
    """What residuals add to what they take stays a sum of its own."""
    nodes = [helper.make_node("Conv", ["x", "w"], ["a"]), helper.make_node("Conv", ["x", "v"], ["b"]),
             helper.make_node("Add", ["a", "b"], ["ab"])]  # fmt: skip
    nodes += [helper.make_node("Add", ["x", "ab"], ["all"])] if has_skip else [
        helper.make_node("Conv", ["x", "u"], ["c"]), helper.make_node("Add", ["ab", "c"], ["all"])]  # fmt: skip
    nodes += [helper.make_node("Conv", ["all", "w"], ["r"]), helper.make_node("Add", ["all", "r"], ["s"]),
              helper.make_node("Conv", ["x", "v"], ["far"]), helper.make_node("Add", ["s", "far"], ["y"])]  # fmt: skip
    weights = {name: numbers(4, 4, 1, 1, seed=seed) for seed, name in enumerate("wvu")}
    network = compared(written(model(nodes, SHAPE, weights), tmp_path), numbers(*SHAPE))
    assert [len(layer.inputs) for layer in network.layers if layer.kind.word == "add"] == [3, 2, 2]


def test_what_does_the_same_to_the_same_is_there_once(tmp_path: Path) -> None:
    """Exporters write as many as the model had, or one."""
    pool: dict[str, Any] = {"kernel_shape": [2, 2], "strides": [2, 2]}
    nodes = [helper.make_node("Conv", ["x", "w"], ["a"])]
    nodes += [helper.make_node("MaxPool", ["a"], [name], **pool) for name in "pqr"]
    nodes += [helper.make_node("Relu", [name], [f"relu_{name}"]) for name in "pq"]
    nodes += [helper.make_node("Conv", [name, "w"], [f"conv_{name}"]) for name in ("relu_p", "r")]
    nodes += [helper.make_node("Concat", ["conv_relu_p", "relu_q", "conv_r"], ["y"], axis=1)]
    made = model(nodes, (1, 4, 6, 8), {"w": numbers(4, 4, 1, 1)})
    assert words(made, tmp_path, 1, 4, 6, 8).count("maxpool") == 1
    assert words(made, tmp_path, 1, 4, 6, 8).count("relu") == 1


def test_what_uses_two_weights_again_is_there_twice(tmp_path: Path) -> None:
    """Heads on levels: of one kind, on one tensor, and each with its weights."""
    nodes = [helper.make_node("MaxPool", ["x"], ["p"], kernel_shape=[2, 2], strides=[2, 2])]
    nodes += [helper.make_node("Conv", [level, head], [f"{head}_{level}"]) for level in "xp" for head in "vw"]
    nodes += [helper.make_node("Concat", ["v_x", "w_x"], ["high"], axis=1),
              helper.make_node("Concat", ["v_p", "w_p"], ["low"], axis=1)]  # fmt: skip
    weights = {name: numbers(4, 4, 1, 1, seed=seed) for seed, name in enumerate("vw")}
    made = model(nodes, (1, 4, 6, 8), weights, outputs=("high", "low"))
    network = compared(written(made, tmp_path), numbers(1, 4, 6, 8))
    assert [layer.kind.word for layer in network.layers].count("conv") == 4
    assert [layer.shares != "" for layer in network.layers if layer.kind.word == "conv"].count(True) == 2


@pytest.mark.parametrize("between", [["Relu"], ["MaxPool"], ["Add"], ["Concat"], ["Relu", "Concat", "MaxPool", "Add"]])
@pytest.mark.parametrize("is_one", [True, False])
def test_a_normalization_is_used_again_with_all_around_it(between: list[str], is_one: bool, tmp_path: Path) -> None:
    """Behind whatever has no weights; but not where the towers are two, and only its numbers are written once."""
    nodes = []
    norm = ("scale", "bias", "mean", "variance")
    sizes: dict[str, dict[str, Any]] = {"MaxPool": {"kernel_shape": [1, 1]}, "Concat": {"axis": 1}}
    for tower in "ab":
        nodes.append(helper.make_node("Conv", [tower, "w" if is_one else f"w_{tower}"], [f"{tower}_0"]))
        for at, op in enumerate(between):
            count = 2 if op in ("Add", "Concat") else 1
            nodes.append(helper.make_node(op, [f"{tower}_{at}"] * count, [f"{tower}_{at + 1}"], **sizes.get(op, {})))
        last = f"{tower}_{len(between)}"
        nodes.append(helper.make_node("BatchNormalization", [last, *norm], [f"{tower}_end"]))
    channels = 4 * 2 ** between.count("Concat")
    weights = {name: abs(numbers(channels, seed=seed)) + 0.5 for seed, name in enumerate(norm)}
    weights |= {name: numbers(4, 4, 1, 1, seed=seed) for seed, name in enumerate(["w", "w_a", "w_b"])}
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, SHAPE) for name in "ab"]
    outputs = [helper.make_empty_tensor_value_info(f"{name}_end") for name in "ab"]
    tensors = [numpy_helper.from_array(array, name) for name, array in weights.items()]
    made = helper.make_model(
        helper.make_graph(nodes, "g", inputs, outputs, tensors), opset_imports=[helper.make_opsetid("", 17)]
    )
    network = read(str(written(made, tmp_path)), {}).checked()
    assert [bool(layer.shares) for layer in network.layers if layer.kind.word == "bn"] == [False, is_one]


@pytest.mark.parametrize(
    ("names", "learned"), [(["gate", "other"], 2), (["select", "select_1"], 0), (["m.gate", "m.gate_1"], 1)]
)
def test_one_of_a_series_of_constants_is_no_parameter(names: list[str], learned: int, tmp_path: Path) -> None:
    """Exporters call what they worked out after its operator, and number it but for the first."""
    nodes = [helper.make_node("Mul", ["x", names[0]], ["a"]), helper.make_node("Relu", ["a"], ["r"]),
             helper.make_node("Mul", ["r", names[1]], ["y"])]  # fmt: skip
    made = model(nodes, SHAPE, dict(zip(names, (np.array(0.5, np.float32), np.array(0.25, np.float32)), strict=True)))
    network = read(str(written(made, tmp_path)), {}).checked()
    assert sum(bool(layer.parameters) for layer in network.layers) == learned
