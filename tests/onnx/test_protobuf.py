"""The messages written here are those that onnx writes, byte for byte."""

from __future__ import annotations

from dataclasses import replace

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnngraph.layers.kind import Parameter
from cnngraph.onnx import protobuf
from cnngraph.onnx.graph import Constant, Graph, Info, Node
from cnngraph.onnx.lower import OPSETS, lower
from cnngraph.shipped import shipped
from cnngraph.volume import Free
from cnngraph.weights.source import Weight
from tests.networks import load

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
WHOLE = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(width=32, allow_nan=False)
VALUES = st.one_of(
    WHOLE, FLOATS, NAMES, *(st.lists(each, min_size=1, max_size=5).map(tuple) for each in (WHOLE, FLOATS, NAMES))
)
INFO = st.builds(
    Info,
    NAMES,
    st.lists(st.integers(1, 2**40) | st.just(Free("H", 2, 1)), max_size=4).map(tuple),
    st.sampled_from(["float32", "float16", "int64"]),
)
TYPES = {"float32": onnx.TensorProto.FLOAT, "float16": onnx.TensorProto.FLOAT16, "int64": onnx.TensorProto.INT64}
EMPTY = Graph("", "", 20, (), (), (), (), (), ())


def serialized(message: onnx.GraphProto | onnx.ModelProto) -> bytes:
    return bytes(message.SerializeToString(deterministic=True))


@given(NAMES, st.lists(NAMES, max_size=3), NAMES, NAMES, st.dictionaries(st.text(min_size=1), VALUES, max_size=4))
def test_nodes_are_written_as_onnx_writes_them(
    name: str, inputs: list[str], output: str, op: str, attributes: dict[str, object]
) -> None:
    ours = protobuf.body(replace(EMPTY, nodes=(Node(name, op, tuple(inputs), output, attributes),)))
    node = onnx.helper.make_node(op, inputs, [output], name=name or None)
    node.attribute.extend(onnx.helper.make_attribute(key, value) for key, value in sorted(attributes.items()))
    assert ours == serialized(onnx.GraphProto(name="", node=[node]))


@given(st.lists(INFO, max_size=3), st.lists(INFO, max_size=3), st.lists(INFO, max_size=3), NAMES)
def test_shapes_are_written_as_onnx_writes_them(
    inputs: list[Info], outputs: list[Info], infos: list[Info], name: str
) -> None:
    def proto(info: Info) -> onnx.ValueInfoProto:
        dims = [dim if isinstance(dim, int) else str(dim) for dim in info.dims]
        return onnx.helper.make_tensor_value_info(info.name, TYPES[info.type], dims)

    ours = protobuf.body(Graph(name, "", 20, tuple(inputs), tuple(outputs), (), (), (), tuple(infos)))
    theirs = onnx.GraphProto(
        name=name, input=map(proto, inputs), output=map(proto, outputs), value_info=map(proto, infos)
    )
    assert ours == serialized(theirs)


@given(NAMES, st.lists(st.integers(0, 5), max_size=4), st.sampled_from(["float32", "float16", "int64"]), st.binary())
def test_initializers_are_written_as_onnx_writes_them(name: str, shape: list[int], type_: str, data: bytes) -> None:
    constant = Constant(name, (), tuple(shape), type_)  # type: ignore[arg-type]
    tensor = onnx.TensorProto(dims=shape, data_type=TYPES[type_], name=name, raw_data=data)
    written = protobuf.inline(constant, len(data)) + data
    assert written == serialized(onnx.GraphProto(initializer=[tensor]))


@given(NAMES, st.integers(0, 2**45), st.integers(0, 2**45))
def test_initializers_elsewhere_are_written_as_onnx_writes_them(file: str, offset: int, size: int) -> None:
    weight = Weight("conv1.weight", load("lenet5").layers[1], Parameter((8, 3, 3, 3)))
    tensor = onnx.TensorProto(dims=(8, 3, 3, 3), data_type=1, name="conv1.weight")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", file), ("offset", str(offset)), ("length", str(size))):
        tensor.external_data.add(key=key, value=value)
    assert protobuf.outside(weight, file, offset, size) == serialized(onnx.GraphProto(initializer=[tensor]))


@pytest.mark.parametrize("opset", OPSETS)
@given(title=NAMES)
def test_models_are_written_as_onnx_writes_them(opset: int, title: str) -> None:
    body = protobuf.body(replace(EMPTY, name="net"))
    ours = protobuf.model(replace(EMPTY, title=title, opset=opset), len(body)) + body
    imported = onnx.helper.make_opsetid("", opset)
    theirs = onnx.ModelProto(
        ir_version=onnx.helper.find_min_ir_version_for([imported]),
        producer_name="cnngraph",
        doc_string=title,
        graph=onnx.GraphProto(name="net"),
        opset_import=[imported],
    )
    assert onnx.ModelProto.FromString(ours) == theirs


@pytest.mark.parametrize("name", shipped())
def test_graphs_of_shipped_networks_come_back_from_onnx_as_they_were(name: str) -> None:
    body = protobuf.body(lower(load(name)))
    assert serialized(onnx.GraphProto.FromString(body)) == body


@pytest.mark.parametrize("value", [(), [], {}, (1, "a")])
def test_no_attribute_is_of_another_sort(value: object) -> None:
    with pytest.raises(TypeError, match="no attribute can be"):
        protobuf.body(replace(EMPTY, nodes=(Node("", "Op", (), "", {"value": value}),)))
