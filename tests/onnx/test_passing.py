"""What no layer does is passed through from its model: the file written answers as the model does."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from onnx import TensorProto, helper, numpy_helper

from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts import model_of, parse, read
from cnngraph.importing import imported
from cnngraph.network import Network
from cnngraph.onnx.model import Model, lowered
from cnngraph.weights.initialise import RandomWeights
from tests.conftest import Run
from tests.fronts.onnx.compared import run as run_file
from tests.fronts.onnx.foreign_models import foreign_models
from tests.fronts.onnx.torch_models import MODELS
from tests.networks import load

Array = np.ndarray[Any, np.dtype[Any]]
node = helper.make_node
KERNEL = np.random.default_rng(0).standard_normal((3, 3, 1, 1)).astype(np.float32)
PICTURE = np.random.default_rng(1).standard_normal((1, 3, 4, 5)).astype(np.float32)


def model(
    nodes: Sequence[onnx.NodeProto], weights: Mapping[str, Any], shape: Sequence[int | str] = ("n", 3, 4, 5),
    outputs: Mapping[str, Any] | None = None, opset: int = 17, kind: int = TensorProto.FLOAT,
    infos: Sequence[str] = (),
) -> onnx.ModelProto:  # fmt: skip
    """A model that takes `x` and gives `y`, or *outputs* by their types and sizes. *infos* are as large as `x`."""
    given = [helper.make_tensor_value_info("x", kind, shape)]
    made = [helper.make_tensor_value_info(name, *each) for name, each in (outputs or {"y": (kind, None)}).items()]
    stored = [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()]
    said = [helper.make_tensor_value_info(name, kind, shape) for name in infos]
    graph = helper.make_graph(list(nodes), "g", given, made, stored, value_info=said)
    imports = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=8)


def saved(made: onnx.ModelProto, folder: Path, **how: Any) -> Path:
    path = folder / "model.onnx"
    onnx.save(made, path, **how)
    return path


SINE = (node("Conv", ["x", "w"], ["a"]), node("Sin", ["a"], ["b"]), node("Conv", ["b", "w"], ["y"]))
"""Between two layers what is none."""


def passed(path: Path, **params: object) -> Model:
    reading = read(str(path), params)
    network = reading.checked()
    assert reading.weights is not None
    weights = reading.weights
    return lowered(network, lambda: weights, parts=reading.parts)


def same(source: Path, ours: Path, *pictures: Array, close: float = 1e-4) -> None:
    for answer, own in zip(run_file(source, *pictures), run_file(ours, *pictures), strict=True):
        assert answer.shape == own.shape
        assert answer.dtype == own.dtype
        assert np.abs(answer - own).max(initial=0) <= close * max(1.0, np.abs(answer).max(initial=0))


def written(path: Path, name: str = "ours.onnx", **params: object) -> Path:
    ours = path.with_name(name)
    passed(path, **params).passed().write(ours)
    onnx.checker.check_model(str(ours), full_check=True)
    return ours


@settings(max_examples=40)
@given(foreign_models())
def test_models_with_foreign_parts_answer_alike(made: tuple[onnx.ModelProto, tuple[int, ...]]) -> None:
    graph, size = made
    picture = np.random.default_rng(1).standard_normal(size).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        path = saved(graph, Path(folder))
        reading = read(str(path), {})
        plain, ours = path.with_name("plain.onnx"), path.with_name("ours.onnx")
        model = passed(path)
        model.write(plain)
        onnx.checker.check_model(str(plain), full_check=True)
        model.passed().write(ours)
        if len(reading.checked().outputs) == len(graph.graph.output):
            answers = (run_file(each, picture) for each in (path, plain, ours))
            for at, (source, *others) in enumerate(zip(*answers, strict=True)):
                for other in others if at not in reading.unlike else ():
                    assert source.shape == other.shape
                    assert np.abs(source - other).max(initial=0) <= 1e-4 * max(1.0, np.abs(source).max(initial=0))


@pytest.mark.parametrize("how", ["script", "dynamo", "plain"])
def test_attention_is_passed_through(how: str) -> None:
    path = MODELS / f"attention.{how}.onnx"
    picture = np.random.default_rng(0).standard_normal((1, 3, 16, 16)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        ours = Path(folder) / "ours.onnx"
        passed(path).passed().write(ours)
        same(path, ours, picture)
        made, source = onnx.load(ours).graph, onnx.load(path).graph
    assert len(made.node) <= len(source.node)
    constants = [each.attribute[0].t for each in source.node if each.op_type == "Constant"]
    numbers = [
        sum(np.prod(each.dims) for each in tensors if each.data_type == TensorProto.FLOAT)
        for tensors in (made.initializer, [*source.initializer, *constants])
    ]
    assert numbers[0] <= numbers[1]


def test_what_is_in_no_part_is_exported_as_ever_and_what_is_is_copied(tmp_path: Path) -> None:
    path = saved(model(SINE, {"w": KERNEL}), tmp_path)
    made = onnx.load(written(path)).graph
    assert [each.op_type for each in made.node] == ["Conv", "Sin", "Conv"]
    assert [each.name for each in made.initializer] == ["conv1.weight"]


def test_numbers_stand_in_the_file_once_and_as_they_are(tmp_path: Path) -> None:
    """Also those that two parts use, and those of a Constant."""
    scale = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
    nodes = [
        node("Mul", ["x", "k"], ["a"]), node("Sin", ["a"], ["b"]), node("Conv", ["b", "w"], ["c"]),
        node("Constant", [], ["l"], value=numpy_helper.from_array(scale[:1], "v")),
        node("Mul", ["c", "k"], ["d"]), node("Mul", ["d", "l"], ["e"]), node("Conv", ["e", "w"], ["y"]),
    ]  # fmt: skip
    path = saved(model(nodes, {"w": KERNEL, "k": scale}), tmp_path)
    ours = written(path)
    same(path, ours, PICTURE)
    stored = {each.name.rpartition(":")[2]: numpy_helper.to_array(each) for each in onnx.load(ours).graph.initializer}
    assert set(stored) == {"conv1.weight", "k", "l"}
    assert np.array_equal(stored["k"], scale)
    assert np.array_equal(stored["l"], scale[:1])


@pytest.mark.parametrize("kind", ["float16", "float64", "int64", "int32", "uint8"])
def test_numbers_of_any_type_are_copied(tmp_path: Path, kind: str) -> None:
    number = helper.np_dtype_to_tensor_dtype(np.dtype(kind))
    nodes = [
        node("Conv", ["x", "w"], ["a"]), node("Cast", ["a"], ["b"], to=number),
        node("Where", ["yes", "b", "k"], ["c"]), node("Cast", ["c"], ["d"], to=1), node("Sin", ["d"], ["e"]),
        node("Conv", ["e", "w"], ["y"]),
    ]  # fmt: skip
    other = (np.arange(60) % 3).reshape(3, 4, 5).astype(kind)
    path = saved(model(nodes, {"w": KERNEL, "yes": other.astype(bool), "k": other}), tmp_path)
    same(path, written(path), PICTURE)


def test_a_model_in_float16_is_passed_through_as_it_is(tmp_path: Path) -> None:
    weights = {"w": KERNEL.astype(np.float16), "k": np.ones((1, 3, 4, 5), np.float16)}
    nodes = [*SINE[:2], node("Mul", ["b", "k"], ["c"]), node("Conv", ["c", "w"], ["y"])]
    path = saved(model(nodes, weights, kind=TensorProto.FLOAT16), tmp_path)
    half = PICTURE.astype(np.float16)
    (answer,), (own,) = run_file(path, half), run_file(written(path), half.astype(np.float32))
    assert np.abs(answer - own).max() < 2e-2 * np.abs(answer).max()


def test_numbers_may_stand_in_fields_of_their_type(tmp_path: Path) -> None:
    made, tensor = by_tensor()
    numbers = np.random.default_rng(0).standard_normal(60).astype(np.float32)
    tensor.ClearField("raw_data")
    tensor.float_data.extend(numbers.tolist())
    path = saved(made, tmp_path)
    same(path, written(path), PICTURE)
    passed(path).write(tmp_path / "two.onnx", external=0)
    same(path, tmp_path / "two.onnx", PICTURE)


def test_a_constant_that_is_no_tensor_stays_a_node(tmp_path: Path) -> None:
    nodes = [*SINE[:2], node("Constant", [], ["k"], value_float=0.5), node("Min", ["b", "k"], ["c"])]
    path = saved(model([*nodes, node("Conv", ["c", "w"], ["y"])], {"w": KERNEL}), tmp_path)
    same(path, written(path), PICTURE)


def test_axes_may_be_in_pieces(tmp_path: Path) -> None:
    """Rows in pairs, which stand in front of the channels."""
    nodes = [
        node("Conv", ["x", "w"], ["a"]), node("Reshape", ["a", "apart"], ["b"]),
        node("Transpose", ["b"], ["c"], perm=[0, 3, 1, 4, 2]), node("Sin", ["c"], ["d"]),
        node("Add", ["c", "d"], ["e"]), node("Sin", ["e"], ["f"]), node("Mul", ["e", "f"], ["g"]),
        node("Transpose", ["g"], ["h"], perm=[0, 2, 4, 1, 3]), node("Reshape", ["h", "whole"], ["i"]),
        node("Conv", ["i", "w"], ["y"]),
    ]  # fmt: skip
    shapes = {"apart": np.array([0, 3, 2, 2, 5]), "whole": np.array([0, 3, 4, 5])}
    path = saved(model(nodes, {"w": KERNEL, **shapes}), tmp_path)
    same(path, written(path), np.repeat(PICTURE, 2, 0))


def test_inputs_may_lie_otherwise(tmp_path: Path) -> None:
    """With the channels last, where a part takes the input itself; as a line; as bytes."""
    nodes = [
        node("Mul", ["x", "k"], ["a"]), node("Transpose", ["a"], ["t"], perm=[0, 3, 1, 2]),
        node("Conv", ["t", "w"], ["y"]),
    ]  # fmt: skip
    scale = np.random.default_rng(0).standard_normal((4, 5, 3)).astype(np.float32)
    path = saved(model(nodes, {"w": KERNEL, "k": scale}, ("n", 4, 5, 3)), tmp_path)
    (answer,), (own,) = run_file(path, PICTURE.transpose(0, 2, 3, 1)), run_file(written(path), PICTURE)
    assert np.allclose(answer, own, atol=1e-5)
    assert [each.op_type for each in onnx.load(tmp_path / "ours.onnx").graph.node] == [
        "Transpose", "Mul", "Transpose", "Conv",
    ]  # fmt: skip
    line = [node("Sin", ["x"], ["s"]), node("Conv", ["s", "w"], ["y"])]
    path = saved(model(line, {"w": KERNEL[:, :, :, 0]}, ("n", 3, 5)), tmp_path)
    (answer,), (own,) = run_file(path, PICTURE[:, :, 0]), run_file(written(path), PICTURE[:, :, 0, :, None])
    assert np.allclose(answer, own.reshape(answer.shape), atol=1e-5)


def test_bytes_are_compared_as_bytes(tmp_path: Path, run: Run) -> None:
    parse("input 4x5x3 @bgr\nconv 3 3x3\n").export(tmp_path / "m.onnx", "random", preprocess="uint8-nhwc")
    said = run("import", "m.onnx", "-o", "m.spec", "--weights", "m.safetensors")
    assert "same answers" in said.err


def test_numbers_beside_the_model_go_beside_what_is_written(tmp_path: Path) -> None:
    scale = np.random.default_rng(0).standard_normal((3, 4, 5)).astype(np.float32)
    nodes = [*SINE[:2], node("Mul", ["b", "k"], ["c"]), node("Conv", ["c", "w"], ["y"])]
    how = {"save_as_external_data": True, "location": "numbers.bin", "size_threshold": 0}
    path = saved(model(nodes, {"w": KERNEL, "k": scale}), tmp_path, **how)
    same(path, written(path), PICTURE)
    beside = passed(path).write(tmp_path / "two.onnx", external=0)
    assert beside.data is not None
    assert beside.data_size == 4 * (9 + 60)
    same(path, tmp_path / "two.onnx", PICTURE)


@pytest.mark.parametrize("batch", [1, 2, "n"])
def test_a_batch_stays_fixed_and_a_free_one_free(tmp_path: Path, batch: int | str) -> None:
    path = saved(model(SINE, {"w": KERNEL}, (batch, 3, 4, 5)), tmp_path)
    ours = written(path)
    same(path, ours, np.repeat(PICTURE, 5 if batch == "n" else int(batch), 0))
    (port,) = onnx.load(ours).graph.input
    assert port.type.tensor_type.shape.dim[0].dim_value == (0 if batch == "n" else batch)
    network = load(path)
    if batch == "n":
        network.export(ours, batch=3)
        same(path, ours, np.repeat(PICTURE, 3, 0))
    else:
        with pytest.raises(CnngraphError, match=f"it takes {batch} at once") as error:
            network.export(ours, batch=3)
        assert error.value.diagnostics[0].code == "E0910"


def test_height_and_width_stay_free(tmp_path: Path) -> None:
    """With a shape that is put together of the tensor's own."""
    nodes = [
        node("Conv", ["x", "w"], ["a"]), node("Shape", ["a"], ["sizes"]), node("Reshape", ["a", "flat"], ["b"]),
        node("Sin", ["b"], ["c"]), node("Reshape", ["c", "sizes"], ["d"]), node("Add", ["a", "d"], ["e"]),
        node("Conv", ["e", "w"], ["y"]),
    ]  # fmt: skip
    path = saved(model(nodes, {"w": KERNEL, "flat": np.array([0, 3, -1])}, ("n", 3, "h", "w")), tmp_path)
    ours = written(path)
    for size in ((2, 3, 4, 5), (1, 3, 7, 2)):
        same(path, ours, np.random.default_rng(2).standard_normal(size).astype(np.float32))
    assert len(onnx.load(ours).graph.node) == len(nodes)


def test_a_tensor_of_which_the_sizes_alone_are_used_is_made_for_them(tmp_path: Path) -> None:
    """The layer that makes it leads to no output."""
    nodes = [
        node("Conv", ["x", "w"], ["a"]), node("Relu", ["x"], ["r"]), node("Shape", ["r"], ["sizes"]),
        node("Sin", ["a"], ["b"]), node("Reshape", ["b", "flat"], ["c"]), node("Cos", ["c"], ["d"]),
        node("Reshape", ["d", "sizes"], ["e"]), node("Add", ["a", "e"], ["f"]), node("Conv", ["f", "w"], ["y"]),
    ]  # fmt: skip
    path = saved(model(nodes, {"w": KERNEL, "flat": np.array([0, 3, -1])}, ("n", 3, "h", "w")), tmp_path)
    same(path, written(path), PICTURE)


def test_how_a_tensor_lies_holds_for_all_that_take_it(tmp_path: Path) -> None:
    """And what the model turns once is turned once."""
    nodes = [
        node("Conv", ["x", "w"], ["a"]), node("Transpose", ["a"], ["t"], perm=[0, 2, 3, 1]),
        node("Sin", ["t"], ["s"]), node("Add", ["t", "s"], ["b"]), node("Mul", ["b", "s"], ["c"]),
        node("Reshape", ["t", "rows"], ["r"]), node("Sin", ["r"], ["z"]),
        node("Transpose", ["c"], ["d"], perm=[0, 3, 1, 2]), node("Conv", ["d", "w"], ["y"]),
    ]  # fmt: skip
    outputs = {"y": (TensorProto.FLOAT, ["n", 3, 4, 5]), "z": (TensorProto.FLOAT, ["n", 20, 3])}
    path = saved(model(nodes, {"w": KERNEL, "rows": np.array([0, 20, 3])}, outputs=outputs), tmp_path)
    ours = written(path)
    same(path, ours, PICTURE)
    assert len(onnx.load(ours).graph.node) <= len(nodes)


def test_layers_may_be_called_as_tensors_of_the_model_are_here(tmp_path: Path) -> None:
    made, _ = by_tensor()
    path = saved(made, tmp_path)
    reading = read(str(path), {})
    network = reading.checked()
    new = {layer.name: "opaque1:b" if layer.name == "conv1" else layer.name for layer in network.layers}
    layers = [
        replace(
            layer, name=new[layer.name], inputs=tuple(map(new.__getitem__, layer.inputs)),
            shares=new.get(layer.shares, ""),
        )
        for layer in network.layers
    ]  # fmt: skip
    renamed = replace(network, layers=tuple(layers))
    renamed.export(tmp_path / "ours.onnx", {"opaque1:b.weight": KERNEL})
    same(path, tmp_path / "ours.onnx", PICTURE)


@pytest.mark.parametrize(("opset", "asked", "is_written"), [
    (11, None, 17), (13, None, 17), (18, None, 18), (22, None, 22), (12, 20, 20),
])  # fmt: skip
def test_the_operator_set_is_the_model_s_or_converted_to(
    tmp_path: Path, opset: int, asked: int | None, is_written: int
) -> None:
    """Up to opset 12 Softmax flattens what is behind its axis, and Squeeze has its axes as an attribute."""
    softmax = node("Softmax", ["a"], ["b"], axis=1)
    nodes = [SINE[0], softmax, node("Sin", ["b"], ["c"]), node("Conv", ["c", "w"], ["y"])]
    path = saved(model(nodes, {"w": KERNEL}, opset=opset), tmp_path)
    ours = tmp_path / "ours.onnx"
    network = load(path)
    assert network.export(ours, opset=asked).opset == is_written
    assert {each.domain: each.version for each in onnx.load(ours).opset_import} == {"": is_written}
    same(path, ours, PICTURE)


def test_what_is_not_converted_is_refused(tmp_path: Path) -> None:
    nodes = [SINE[0], node("Nonsense", ["a"], ["b"]), SINE[2]]
    made = model(nodes, {"w": KERNEL}, infos=["b"], opset=13)
    assert refused(made, tmp_path).startswith("onnx does not convert it from opset 13 to 17: ")


def test_operators_of_others_bring_their_operator_set(tmp_path: Path) -> None:
    nodes = [SINE[0], node("QuickGelu", ["a"], ["b"], domain="com.microsoft"), SINE[2]]
    path = saved(model(nodes, {"w": KERNEL}, infos=["b"]), tmp_path)
    ours = written(path)
    same(path, ours, PICTURE)
    assert {each.domain for each in onnx.load(ours).opset_import} == {"", "com.microsoft"}


def test_an_output_is_as_it_is_in_the_model(tmp_path: Path) -> None:
    """Of two sizes, of whole numbers, of sizes that are not the batch's."""
    nodes = [
        node("Conv", ["x", "w"], ["a"]), node("ArgMax", ["a"], ["which"], axis=1, keepdims=0),
        node("Sin", ["a"], ["b"]), node("Reshape", ["b", "flat"], ["c"]), node("Sin", ["c"], ["two"]),
        node("Reshape", ["b", "all"], ["d"]), node("Cos", ["d"], ["whole"]),
    ]  # fmt: skip
    outputs = {
        "which": (TensorProto.INT64, ["n", 4, 5]), "two": (TensorProto.FLOAT, ["n", 3, 20]),
        "whole": (TensorProto.FLOAT, ["rows", 5]),
    }  # fmt: skip
    weights = {"w": KERNEL, "flat": np.array([0, 3, 20]), "all": np.array([-1, 5])}
    path = saved(model(nodes, weights, outputs=outputs), tmp_path)
    ours = written(path)
    same(path, ours, np.repeat(PICTURE, 2, 0))
    for port, (kind, sizes) in zip(onnx.load(ours).graph.output, outputs.values(), strict=True):
        assert port.type.tensor_type.elem_type == kind
        dims = [dim.dim_value or dim.dim_param for dim in port.type.tensor_type.shape.dim]
        assert dims == [size if size != "n" else "N" for size in sizes]
    assert len(onnx.load(ours).graph.node) == len(nodes)


def test_a_branch_that_is_always_taken_is_passed_through(tmp_path: Path) -> None:
    branches = [
        helper.make_graph([node(op, ["a"], [op])], op, [], [helper.make_tensor_value_info(op, 1, None)])
        for op in ("Sin", "Cos")
    ]
    nodes = [
        SINE[0], node("Shape", ["x"], ["sizes"]), node("Gather", ["sizes", "two"], ["size"], axis=0),
        node("Equal", ["size", "four"], ["is"]),
        node("If", ["is"], ["b"], then_branch=branches[0], else_branch=branches[1]), SINE[2],
    ]  # fmt: skip
    path = saved(model(nodes, {"w": KERNEL, "two": np.int64(2), "four": np.int64(4)}), tmp_path)
    ours = written(path)
    same(path, ours, PICTURE)
    assert [each.op_type for each in onnx.load(ours).graph.node] == ["Conv", "Sin", "Conv"]


# A spec and the model that it is from -------------------------------------------------------------


def spec_of(path: Path, change: Callable[[str], str] = lambda text: text) -> Network:
    """What `import` writes of the model at *path*, changed, and read."""
    return parse(change(imported(str(path), {}).text))


def test_a_spec_is_exported_with_its_model_at_hand(tmp_path: Path) -> None:
    path = saved(model(SINE, {"w": KERNEL}), tmp_path)
    network = spec_of(path)
    with pytest.raises(CnngraphError, match="--passthrough") as error:
        network.export(tmp_path / "ours.onnx")
    assert error.value.diagnostics[0].code == "E0909"
    network.export(tmp_path / "ours.onnx", passthrough=path)
    same(path, tmp_path / "ours.onnx", PICTURE)
    (answer,) = network.run(PICTURE, passthrough=path)
    (expected,) = run_file(path, PICTURE)
    (own,) = answer.outputs.values()
    assert np.allclose(own, expected[0], atol=1e-5)
    network.verify(passthrough=path)


def test_random_weights_are_those_of_layers(tmp_path: Path) -> None:
    """What is passed through has its own."""
    path = saved(model(SINE, {"w": KERNEL}), tmp_path)
    network = load(path)
    model_ = model_of(network, None)
    assert model_ is not None
    assert model_.parts is not None
    random = lowered(network, lambda: RandomWeights(network, 3), parts=model_.parts)
    random.write(tmp_path / "random.onnx")
    network.export(tmp_path / "ours.onnx", "random", seed=3, without=["fold-bn"])
    assert np.allclose(run_file(tmp_path / "random.onnx", PICTURE), run_file(tmp_path / "ours.onnx", PICTURE))


def test_a_spec_may_say_more_and_call_things_otherwise(tmp_path: Path) -> None:
    path = saved(model(SINE, {"w": KERNEL}), tmp_path)
    network = spec_of(path, lambda text: text.replace("input 4x5x3", "input 4x5x3 @bgr").replace("conv1", "first"))
    network.export(tmp_path / "ours.onnx", passthrough=path)
    same(path, tmp_path / "ours.onnx", PICTURE)


def test_sizes_may_have_been_set(tmp_path: Path) -> None:
    path = saved(model(SINE, {"w": KERNEL}, ("n", 3, "h", "w")), tmp_path)
    network = parse(imported(str(path), {"H": 4, "W": 5}).text)
    network.export(tmp_path / "ours.onnx", passthrough=path)
    same(path, tmp_path / "ours.onnx", PICTURE)
    load(path, H=4, W=5).export(tmp_path / "again.onnx")
    same(path, tmp_path / "again.onnx", PICTURE)


@pytest.mark.parametrize("other", [
    lambda: model(SINE, {"w": KERNEL[:, :, :, :], "v": KERNEL}, ("n", 3, 4, 6)),
    lambda: model((SINE[0], node("Cos", ["a"], ["b"]), SINE[2]), {"w": KERNEL}),
    lambda: model((SINE[0], node("Relu", ["a"], ["b"]), SINE[2]), {"w": KERNEL}),
])  # fmt: skip
def test_a_model_that_changed_since_is_refused(tmp_path: Path, other: Callable[[], onnx.ModelProto]) -> None:
    path = saved(model(SINE, {"w": KERNEL}), tmp_path)
    network, loaded = spec_of(path), load(path)
    saved(other(), tmp_path)
    for each, where in ((network, path), (loaded, None)):
        with pytest.raises(CnngraphError) as error:
            each.export(tmp_path / "ours.onnx", passthrough=where)
        assert error.value.diagnostics[0].code == "E0911"
        assert error.value.diagnostics[0].reason
    assert not (tmp_path / "ours.onnx").exists()


def test_what_is_no_model_or_not_needed_is_refused(tmp_path: Path) -> None:
    path = saved(model(SINE, {"w": KERNEL}), tmp_path)
    (tmp_path / "a.spec").write_text("input 8x8x3\nconv 4 3x3\n")
    for network, where in ((spec_of(path), tmp_path / "a.spec"), (parse("input 8x8x3\nconv 4 3x3\n"), path)):
        with pytest.raises(CnngraphError) as error:
            network.export(tmp_path / "ours.onnx", passthrough=where)
        assert error.value.diagnostics[0].code == "E0911"


def test_float16_is_refused_and_logits_are_not(tmp_path: Path) -> None:
    nodes = [
        *SINE[:2],
        node("GlobalAveragePool", ["b"], ["c"]),
        node("Flatten", ["c"], ["d"]),
        node("Softmax", ["d"], ["y"]),
    ]
    path = saved(model(nodes, {"w": KERNEL}), tmp_path)
    network = load(path)
    with pytest.raises(CnngraphError, match="keeps its numbers as they are") as error:
        network.export(tmp_path / "ours.onnx", dtype="float16")
    assert error.value.diagnostics[0].code == "E0910"
    assert not (tmp_path / "ours.onnx").exists()
    network.export(tmp_path / "ours.onnx", logits=True)
    (answer,), (logits,) = run_file(path, PICTURE), run_file(tmp_path / "ours.onnx", PICTURE)
    assert np.allclose(answer, np.exp(logits) / np.exp(logits).sum(), atol=1e-5)


def test_pictures_are_prepared_in_front(tmp_path: Path) -> None:
    path = saved(model((node("Sin", ["x"], ["b"]), SINE[2]), {"w": KERNEL}), tmp_path)
    load(path).export(tmp_path / "ours.onnx", preprocess="uint8-nhwc")
    pixels = np.random.default_rng(0).integers(0, 256, (1, 4, 5, 3), np.uint8)
    (answer,) = run_file(path, (pixels / np.float32(255)).transpose(0, 3, 1, 2))
    (own,) = run_file(tmp_path / "ours.onnx", pixels)
    assert np.allclose(answer, own, atol=1e-5)


def test_import_compares_the_answers_and_writes_what_weights_there_are(tmp_path: Path, run: Run) -> None:
    path = saved(model(SINE, {"w": KERNEL}), tmp_path)
    said = run("import", str(path), "-o", "m.spec", "--weights", "m.safetensors")
    assert said.status == 0
    assert "same answers" in said.err
    given = ("m.spec", "--passthrough", str(path), "--weights", "m.safetensors")
    assert run("export", "--onnx", *given, "-o", "ours.onnx").status == 0
    same(path, tmp_path / "ours.onnx", PICTURE)
    for command in (("verify",), ("bench", "--seconds", "0", "--batch", "1")):
        assert run(*command, *given).status == 0
    assert run("export", "--onnx", *given, "-o", str(path)).status == 1  # it would be written over


# Files that are not what they say -------------------------------------------------------------------


ODD = 'a"b\n../c:\u202e`${x}`\u0000'


def test_names_are_only_names(tmp_path: Path) -> None:
    """Also those that look like what is written here."""
    for name in (ODD, "opaque1:opaque1:y", "conv1.weight", "x.sizes", "image"):
        nodes = [
            SINE[0], node("Transpose", ["a"], [f"{name}t"], perm=[0, 2, 3, 1], name=name),
            node("Mul", [f"{name}t", name], [f"{name}m"], name=f"{name}m"),
            node("Transpose", [f"{name}m"], ["b"], perm=[0, 3, 1, 2]), SINE[2],
        ]  # fmt: skip
        path = saved(model(nodes, {"w": KERNEL, name: np.ones((4, 5, 3), np.float32) / 3}), tmp_path)
        ours = written(path)
        same(path, ours, PICTURE)
        again = written(ours, "again.onnx")
        same(path, again, PICTURE)


def refused(made: onnx.ModelProto, folder: Path) -> str:
    """Why what is read of *made* is not exported; nothing is written."""
    path = saved(made, folder)
    with pytest.raises(CnngraphError) as error:
        load(path).export(folder / "ours.onnx")
    assert not (folder / "ours.onnx").exists()
    (diagnostic,) = error.value.diagnostics
    assert diagnostic.code == "E0910"
    assert diagnostic.help
    return diagnostic.reason


BY_TENSOR = (*SINE[:2], node("Mul", ["b", "k"], ["c"]), node("Conv", ["c", "w"], ["y"]))


def by_tensor() -> tuple[onnx.ModelProto, onnx.TensorProto]:
    """A model with a part that has numbers, and those."""
    made = model(BY_TENSOR, {"w": KERNEL, "k": np.ones((3, 4, 5), np.float32)})
    return made, made.graph.initializer[1]


def test_sizes_are_not_believed(tmp_path: Path) -> None:
    made, tensor = by_tensor()
    tensor.raw_data = tensor.raw_data[:-4]
    assert refused(made, tmp_path) == "tensor `k` takes 240 bytes, and has 236"
    made, tensor = by_tensor()
    tensor.ClearField("raw_data")
    tensor.float_data.extend([1.0] * 59)
    assert refused(made, tmp_path) == "tensor `k` of 3x4x5 has 59 numbers"
    made, tensor = by_tensor()
    tensor.data_type = 77
    assert refused(made, tmp_path) == "tensor `k` has numbers of type 77, which cannot be copied"


@pytest.mark.parametrize("place", ["../secret.bin", "/etc/hostname", "missing.bin", "a\0b"])
def test_numbers_lie_beside_the_model_or_nowhere(tmp_path: Path, place: str) -> None:
    (tmp_path / "secret.bin").write_bytes(bytes(240))
    (tmp_path / "in").mkdir()
    made, tensor = by_tensor()
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=place)
    path = tmp_path / "in" / "model.onnx"
    path.write_bytes(made.SerializeToString())
    with pytest.raises(CnngraphError, match="`k`"):
        load(path).export(tmp_path / "ours.onnx")
    assert not (tmp_path / "ours.onnx").exists()


def test_attributes_name_no_files(tmp_path: Path) -> None:
    made, _tensor = by_tensor()
    elsewhere = onnx.TensorProto(dims=[1], data_type=1, data_location=TensorProto.EXTERNAL)
    elsewhere.external_data.add(key="location", value="/etc/hostname")
    made.graph.node[1].attribute.append(helper.make_attribute("value", elsewhere))
    assert refused(made, tmp_path) == "node `b` has an attribute with numbers in another file"
    made, _ = by_tensor()
    made.graph.node[1].attribute.append(
        onnx.AttributeProto(name="many", type=onnx.AttributeProto.TENSORS, tensors=[elsewhere])
    )
    assert refused(made, tmp_path) == "node `b` has an attribute of several tensors, or a sparse one"


def test_functions_of_the_file_and_unsaid_operator_sets_are_refused(tmp_path: Path) -> None:
    nodes = [SINE[0], node("Curve", ["a"], ["b"], domain="own"), SINE[2]]
    made = model(nodes, {"w": KERNEL}, infos=["b"])
    assert refused(made, tmp_path) == "it has operators of `own`, and does not say of which version"
    made.opset_import.add(domain="own", version=1)
    body = helper.make_function(
        "own", "Curve", ["a"], ["b"], [node("Sin", ["a"], ["b"])], [helper.make_opsetid("", 17)]
    )
    made.functions.append(body)
    assert "node `b` is perhaps one of the file's own functions" in refused(made, tmp_path)


def test_a_spec_is_right_though_its_model_cannot_be_passed_through(tmp_path: Path, run: Run) -> None:
    nodes = [SINE[0], node("Curve", ["a"], ["b"], domain="own"), SINE[2]]
    path = saved(model(nodes, {"w": KERNEL}, infos=["b"]), tmp_path)
    said = run("import", str(path), "-o", "m.spec", "--weights", "m.safetensors")
    assert said.status == 0
    assert "not compared: a part of" in said.err
    assert "it has operators of `own`, and does not say of which version" in said.err
