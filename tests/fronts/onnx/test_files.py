"""Files of models: what they hold is read as it lies there, and nothing that they claim is believed."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts import read
from cnngraph.fronts.onnx.inference import infos
from cnngraph.fronts.onnx.messages import Messages, read_model
from cnngraph.fronts.wire import Damaged, Stretch, fields, varint
from tests.fronts.onnx.compared import compared, model, written

TYPES = [
    "float32",
    "float64",
    "float16",
    "int8",
    "uint8",
    "int16",
    "uint16",
    "int32",
    "int64",
    "uint32",
    "uint64",
    "bool",
]


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("raw", [True, False])
def test_tensors_of_every_type(kind: str, raw: bool) -> None:
    values = np.array([[0, 1, 1], [1, 0, 1]]).astype(kind) * (np.array(3).astype(kind) if kind != "bool" else True)
    tensor = numpy_helper.from_array(values, "t")
    if not raw:
        tensor = helper.make_tensor("t", tensor.data_type, values.shape, values.reshape(-1).tolist())
    found = tensor_of(tensor)
    assert (found.name, found.shape, found.kind) == ("t", (2, 3), kind)
    assert np.array_equal(found.read(), values)


def test_bfloat16_is_float32_without_its_lower_half() -> None:
    values = np.array([1.5, -3, 0.25], ml_dtypes.bfloat16)
    assert tensor_of(numpy_helper.from_array(values, "t")).read().tolist() == [1.5, -3, 0.25]


def tensor_of(tensor: onnx.TensorProto) -> Any:
    graph = onnx.GraphProto(initializer=[tensor])
    return Messages(onnx.ModelProto(graph=graph).SerializeToString(), None).model().graph.tensors[tensor.name]


def relu(*weights: onnx.TensorProto) -> onnx.ModelProto:
    made = model([helper.make_node("Conv", ["x", "w"], ["y"])], (1, 3, 4, 5))
    made.graph.initializer.extend(weights)
    return made


def test_numbers_beside_the_model(tmp_path: Path) -> None:
    made = model([helper.make_node("Conv", ["x", "w"], ["y"])], (1, 3, 4, 5), {"w": np.ones((2, 3, 1, 1), np.float32)})
    onnx.save(made, tmp_path / "model.onnx", save_as_external_data=True, location="model.data", size_threshold=0)
    assert (tmp_path / "model.data").is_file()
    compared(tmp_path / "model.onnx", np.ones((1, 3, 4, 5), np.float32))


def outside(**place: str) -> onnx.TensorProto:
    tensor = onnx.TensorProto(name="w", dims=[2, 3, 1, 1], data_type=TensorProto.FLOAT, data_location="EXTERNAL")
    for key, value in place.items():
        tensor.external_data.add(key=key, value=value)
    return tensor


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ({"location": "../secret"}, "not in the folder of the model"),
        ({"location": "/etc/passwd"}, "not in the folder of the model"),
        ({"location": ""}, "not in the folder of the model"),
        ({"location": "link"}, "not in the folder of the model"),
        ({"location": "nothing"}, "no such file"),
        ({"location": "short"}, "takes 24 bytes from byte 0 of `short`, which has 3"),
        ({"location": "short", "offset": "-1"}, "takes 24 bytes from byte -1"),
        ({"location": "short", "offset": "ten"}, "does not say where"),
        ({"location": "short", "length": "3"}, "takes 24 bytes"),
    ],
)
def test_no_path_escapes_and_no_size_is_believed(place: dict[str, str], says: str, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (tmp_path / "secret").write_bytes(b"s" * 100)
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "short").write_bytes(b"abc")
    path = written(relu(outside(**place)), folder)
    with pytest.raises(CnngraphError) as error:
        _take(path)
    assert says in str(error.value)


def _take(path: Path) -> None:
    """All numbers of the file's weights."""
    from cnngraph.weights.source import Weight

    reading = read(str(path), {})
    assert reading.weights is not None
    own = [Weight(f"{layer.name}.{name}", layer, each) for layer in reading.checked() for name, each in
           layer.parameters.items()]  # fmt: skip
    for pieces in reading.weights.all(own):
        list(pieces)


def test_a_tensor_with_fewer_bytes_than_its_sizes_say(tmp_path: Path) -> None:
    tensor = onnx.TensorProto(name="w", dims=[2**31, 3, 1, 1], data_type=TensorProto.FLOAT, raw_data=b"1234")
    path = written(relu(tensor), tmp_path)
    with pytest.raises(CnngraphError, match="takes 25,769,803,776 bytes as float32, and has 4"):
        _take(path)


WHOLE = model(
    [
        helper.make_node("Conv", ["x", "w", "b"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Clip", ["c", "l", "h"], ["d"]),
        helper.make_node("Shape", ["d"], ["s"]),
        helper.make_node("Gather", ["s", "i"], ["g"], axis=0),
        helper.make_node("Unsqueeze", ["g", "z"], ["u"]),
        helper.make_node("Concat", ["u", "m"], ["r"], axis=0),
        helper.make_node("Reshape", ["d", "r"], ["f"]),
        helper.make_node("Gemm", ["f", "k"], ["y"], transB=1),
    ],
    ("N", 2, 4, 4),
    {
        "w": np.ones((3, 2, 3, 3), np.float32), "b": np.ones(3, np.float32), "l": np.float32(0), "h": np.float32(6),
        "i": np.int64(0), "z": np.array([0]), "m": np.array([-1]), "k": np.ones((5, 48), np.float32),
    },
)  # fmt: skip
BYTES = WHOLE.SerializeToString()


def test_a_batch_that_is_free(tmp_path: Path) -> None:
    network = compared(written(WHOLE, tmp_path), np.ones((1, 2, 4, 4), np.float32))
    assert [layer.kind.word for layer in network.layers] == ["", "conv", "relu6", "flatten", "fc"]


@given(st.data())
def test_no_byte_is_too_much(data: st.DataObject) -> None:
    """A file cut off or with bytes changed is refused, or is another network: nothing else happens."""
    changed = bytearray(BYTES)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    del changed[data.draw(st.integers(0, len(changed))) if data.draw(st.booleans()) else len(changed) :]
    from cnngraph.fronts.content import Content
    from cnngraph.fronts.onnx import read as read_onnx

    try:
        reading = read_onnx(Content("m.onnx", None, bytes(changed)), {}, 1000)
    except CnngraphError:
        return
    reading.checked().to_spec()


@given(st.integers(0, 2**64 - 1), st.binary(max_size=3))
def test_numbers_of_any_length(value: int, behind: bytes) -> None:
    sevens = []
    left = value
    while True:
        sevens.append((left & 127) | (128 if left > 127 else 0))
        left >>= 7
        if not left:
            break
    data = bytes(sevens) + behind
    assert varint(data, 0, len(data)) == (value, len(sevens))
    with pytest.raises(Damaged):
        varint(data, 0, len(sevens) - 1)


@pytest.mark.parametrize("data", [b"\x0a\xff\x01", b"\x0b", b"\xff" * 11, b"\x0a" + b"\xff" * 9 + b"\x01", b"\x0d123"])
def test_fields_that_are_none(data: bytes) -> None:
    with pytest.raises(Damaged):
        list(fields(data, Stretch(0, len(data))))


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.onnx").write_bytes(b"")
    with pytest.raises(CnngraphError, match="E0115"):
        read(str(tmp_path / "empty.onnx"), {})


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (model([helper.make_node("Relu", ["x"], ["y"])], (1, 2, 3, 4, 5)), "has 5 sizes"),
        (model([helper.make_node("Relu", ["x"], ["y"])], (1, "C", 3, 4)), "free number of channels"),
        (model([helper.make_node("Shape", ["x"], ["y"])], (1, 2, 3, 4)), "does not depend on what flows in"),
        (
            model([helper.make_node("If", ["x"], ["y"], then_branch=helper.make_graph([], "t", [], []),
                                    else_branch=helper.make_graph([], "e", [], []))], (1, 2, 3, 4), opset=6),
            "`If` has a graph in it",
        ),
    ],
)  # fmt: skip
def test_what_is_no_network_is_refused_by_name(made: onnx.ModelProto, says: str, tmp_path: Path) -> None:
    with pytest.raises(CnngraphError) as error:
        read(str(written(made, tmp_path)), {})
    assert error.value.diagnostics[0].code == "E0116"
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("op", "domain", "says"),
    [
        ("LSTM", "", ["no layer here does LSTM (2 nodes)", "it goes round in time (LSTM)"]),
        ("ConvInteger", "", ["no layer here does ConvInteger (2 nodes)", "take the model in float32"]),
        ("Mystery", "some.where", ["no layer here does Mystery (2 nodes)"]),
    ],
)
def test_a_refusal_says_what_kind_of_network_it_is(op: str, domain: str, says: list[str], tmp_path: Path) -> None:
    nodes = [helper.make_node(op, [taken] * 3, [made], domain=domain) for taken, made in ("xh", "hy")]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, "C", 8])],
        [helper.make_empty_tensor_value_info("y")],
    )  # fmt: skip
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("some.where", 1)]
    with pytest.raises(CnngraphError) as error:
        read(str(written(helper.make_model(graph, opset_imports=imports), tmp_path)), {})
    (said,) = error.value.diagnostics
    assert all(each in f"{said.reason} {said.help}" for each in says)


def test_the_numbers_are_not_read_for_a_figure(tmp_path: Path) -> None:
    """The bytes of the weights need not even be there."""
    path = written(relu(outside(location="nothing")), tmp_path)
    assert read_model(path).graph.tensors["w"].shape == (2, 3, 1, 1)
    assert "<svg" in read(str(path), {}).checked().render(style="blocks")._repr_svg_()


def test_floats_of_attributes() -> None:
    node = helper.make_node("LeakyRelu", ["x"], ["y"], alpha=0.1)
    made = Messages(onnx.ModelProto(graph=onnx.GraphProto(node=[node])).SerializeToString(), None).model()
    assert made.graph.nodes[0].attributes == {"alpha": struct.unpack("<f", struct.pack("<f", 0.1))[0]}


@pytest.mark.parametrize("doubled", [0, 60])
def test_what_is_inferred_of_a_model_follows_no_length_that_it_claims(doubled: int) -> None:
    """As many numbers as one node makes of a size, or as sixty do that double a few."""
    huge = np.array([4 if doubled else 2**61], np.int64)
    ones = helper.make_tensor("one", TensorProto.INT64, [1], [1])
    nodes = [helper.make_node("ConstantOfShape", ["huge"], ["n0"], value=ones)]
    nodes += [helper.make_node("Concat", [f"n{at}", f"n{at}"], [f"n{at + 1}"], axis=0) for at in range(max(doubled, 1))]
    nodes += [helper.make_node("Reshape", ["x", nodes[-1].output[0]], ["r"]), helper.make_node("Relu", ["x"], ["y"])]
    ports = (
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2, 3, 4])],
        [helper.make_empty_tensor_value_info("y")],
    )
    graph = helper.make_graph(nodes, "g", *ports, [numpy_helper.from_array(huge, "huge")])
    found = infos(Messages(helper.make_model(graph).SerializeToString(), None), {"x": (1, 2, 3, 4)})
    assert found["y"].sizes == (1, 2, 3, 4)


@pytest.mark.parametrize("op", ["Reshape", "Slice", "Gather"])
def test_sizes_are_inferred_however_often_maps_are_cut_and_concatenated(op: str) -> None:
    """The sizes and places by which it is done are no numbers of the maps."""
    asked = {
        "Reshape": [np.array([1, 2, 3, 4])],
        "Slice": [np.array([0]), np.array([2]), np.array([1])],
        "Gather": [np.array([1, 0])],
    }[op]
    names = [f"asked{n}" for n in range(len(asked))]
    nodes = []
    for at in range(20):
        attributes: dict[str, Any] = {"axis": 1} if op == "Gather" else {}
        nodes.append(helper.make_node(op, [f"x{at}", *names], [f"part{at}"], **attributes))
        nodes.append(helper.make_node("Concat", [f"part{at}", f"part{at}"], [f"both{at}"], axis=1))
        nodes.append(helper.make_node("Split", [f"both{at}"], [f"x{at + 1}", f"other{at}"], axis=1))
    ports = (
        [helper.make_tensor_value_info("x0", TensorProto.FLOAT, [1, 2, 3, 4])],
        [helper.make_empty_tensor_value_info("x20")],
    )
    tensors = [numpy_helper.from_array(array, name) for name, array in zip(names, asked, strict=True)]
    opset = helper.make_opsetid("", 17)
    model = helper.make_model(helper.make_graph(nodes, "g", *ports, tensors), opset_imports=[opset])
    found = infos(Messages(model.SerializeToString(), None), {"x0": (1, 2, 3, 4)})
    assert found["both19"].sizes == (1, 4, 3, 4)


def test_sizes_are_inferred_behind_numbers_that_are_not_followed() -> None:
    """As PyTorch's exporter repeats a tensor: to what is asked, or where that is -1 as long as it is."""
    one = helper.make_tensor("one", TensorProto.INT64, [1], [1])
    nodes = [
        helper.make_node("Shape", ["asked"], ["length"]),
        helper.make_node("ConstantOfShape", ["length"], ["ones"], value=one),
        helper.make_node("Neg", ["ones"], ["open"]),
        helper.make_node("Equal", ["asked", "open"], ["is_open"]),
        helper.make_node("Where", ["is_open", "ones", "asked"], ["to"]),
        helper.make_node("Expand", ["x", "to"], ["y"]),
        helper.make_node("MatMul", ["y", "many"], ["z"]),
    ]
    ports = (
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2, 3, 4])],
        [helper.make_empty_tensor_value_info("z")],
    )
    tensors = [
        numpy_helper.from_array(np.array([5, 1, 2, 3, -1]), "asked"),
        numpy_helper.from_array(np.zeros((4, 5000), np.float32), "many"),
    ]
    graph = helper.make_graph(nodes, "g", *ports, tensors)
    found = infos(Messages(helper.make_model(graph).SerializeToString(), None), {"x": (1, 2, 3, 4)})
    assert found["z"].kind == "float32"
    assert (found["z"].sizes or ())[3:] == (3, 5000)
