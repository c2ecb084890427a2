"""Models made at random, with parts among their layers that no layer here does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
import onnx
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass
class Making:
    """A model as it grows: its newest tensor is a picture ``(N, C, H, W)``."""

    opset: int
    batch: int | str
    channels: int
    height: int
    width: int
    stores_nodes: bool
    """Whether constants are nodes."""
    at: str = "x"
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    tensors: list[onnx.TensorProto] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def node(self, op: str, *inputs: str, outputs: int = 1, **attributes: Any) -> str:
        first = f"t{len(self.nodes)}"
        names = [first, *(f"{first}_{n}" for n in range(1, outputs))]
        self.nodes.append(helper.make_node(op, inputs, names, name=f"{op}{len(self.nodes)}", **attributes))
        return first

    def constant(self, value: Any, kind: str = "float32") -> str:
        array = np.asarray(value, kind)
        if self.stores_nodes:
            return self.node("Constant", value=numpy_helper.from_array(array, "value"))
        self.tensors.append(numpy_helper.from_array(array, f"w{len(self.tensors)}"))
        return self.tensors[-1].name

    def numbers(self, *shape: int) -> str:
        return self.constant(self.rng.standard_normal(shape) / prod(shape[1:]) ** 0.5)

    def shape(self, *sizes: int) -> str:
        """Behind the batch, which is taken from the picture where it is free."""
        if isinstance(self.batch, int):
            return self.constant([self.batch, *sizes], "int64")
        whole = self.node("Shape", self.at)
        first = self.node("Gather", whole, self.constant([0], "int64"), axis=0)
        return self.node("Concat", first, self.constant(sizes, "int64"), axis=0)

    def model(self) -> onnx.ModelProto:
        graph = helper.make_graph(
            self.nodes, "g",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [self.batch, *self.first])],
            [helper.make_empty_tensor_value_info(name) for name in (*self.outputs, self.at)], self.tensors,
        )  # fmt: skip
        imports = [helper.make_opsetid("", self.opset), helper.make_opsetid("com.microsoft", 1)]
        return onnx.shape_inference.infer_shapes(helper.make_model(graph, opset_imports=imports, ir_version=8))

    def __post_init__(self) -> None:
        self.first = (self.channels, self.height, self.width)


# What layers do ----------------------------------------------------------------------------------


def conv(to: Making) -> None:
    made = 1 + to.channels % 4
    to.at = to.node("Conv", to.at, to.numbers(made, to.channels, 1, 1), to.numbers(made))
    to.channels = made


def relu(to: Making) -> None:
    to.at = to.node("Relu", to.at)


def residual(to: Making) -> None:
    to.at = to.node("Add", to.at, to.node("Relu", to.at))


# What none does ------------------------------------------------------------------------------------


def sine(to: Making) -> None:
    to.at = to.node("Sin", to.at)


def custom(to: Making) -> None:
    to.at = to.node("QuickGelu", to.at, domain="com.microsoft")


def of_two(to: Making) -> None:
    to.at = to.node("Min", to.at, to.node("Relu", to.node("Conv", to.at, to.numbers(to.channels, to.channels, 1, 1))))


def gathered(to: Making) -> None:
    order = to.rng.permutation(to.channels)
    to.at = to.node("Gather", to.at, to.constant(order, "int64"), axis=1)


def halves(to: Making) -> None:
    """A node of two outputs."""
    if to.channels % 2 == 0 and to.opset >= 13:
        half = to.channels // 2
        first = to.node("Split", to.node("Sin", to.at), to.constant([half, half], "int64"), outputs=2, axis=1)
        to.at, to.channels = to.node("Min", first, f"{first}_1"), half


def in_half(to: Making) -> None:
    inner = to.node("Sin", to.node("Cast", to.at, to=TensorProto.FLOAT16))
    added = to.node("Mul", inner, to.constant(2.0, "float16"))
    to.at = to.node("Cast", added, to=TensorProto.FLOAT)


def channels_last(to: Making) -> None:
    inner = to.node("Sin", to.node("Transpose", to.at, perm=[0, 2, 3, 1]))
    to.at = to.node("Transpose", inner, perm=[0, 3, 1, 2])


def channels_last_beside(to: Making) -> None:
    """A sum with what is known, both with the channels last."""
    turned = to.node("Transpose", to.at, perm=[0, 2, 3, 1])
    both = to.node("Add", turned, to.node("Sin", turned))
    to.at = to.node("Transpose", to.node("Mul", both, to.node("Sin", both)), perm=[0, 3, 1, 2])


def tokens(to: Making) -> None:
    """Attention over places, added to what it is of."""
    places = to.height * to.width
    flat = to.node("Reshape", to.at, to.shape(to.channels, places))
    rows = to.node("Transpose", flat, perm=[0, 2, 1])
    keys = to.node("MatMul", rows, to.numbers(to.channels, to.channels))
    seen = to.node("Softmax", to.node("MatMul", rows, to.node("Transpose", keys, perm=[0, 2, 1])), axis=2)
    made = to.node("Add", rows, to.node("MatMul", seen, rows))
    back = to.node("Transpose", to.node("Mul", made, to.node("Sin", made)), perm=[0, 2, 1])
    to.at = to.node("Reshape", back, to.shape(to.channels, to.height, to.width))


def folded(to: Making) -> None:
    """Rows in pairs in front of the channels, as some attention has patches, in a sum with what is known."""
    if to.height % 2 == 0:
        apart = to.node("Reshape", to.at, to.shape(to.channels, to.height // 2, 2, to.width))
        turned = to.node("Transpose", apart, perm=[0, 3, 1, 4, 2])
        both = to.node("Add", turned, to.node("Sin", turned))
        both = to.node("Mul", both, to.node("Sin", both))
        back = to.node("Transpose", both, perm=[0, 2, 4, 1, 3])
        to.at = to.node("Reshape", back, to.shape(to.channels, to.height, to.width))


def an_output(to: Making) -> None:
    """Of the shape ``(N, C, H·W)``."""
    flat = to.node("Reshape", to.at, to.shape(to.channels, to.height * to.width))
    to.outputs.append(to.node("Sin", flat))


KNOWN: list[Callable[[Making], None]] = [conv, relu, residual]
FOREIGN: list[Callable[[Making], None]] = [
    sine, custom, of_two, gathered, halves, in_half, channels_last, channels_last_beside, tokens, folded, an_output,
]  # fmt: skip


@st.composite
def foreign_models(draw: st.DrawFn) -> tuple[onnx.ModelProto, tuple[int, ...]]:
    """A model, and the size of its input with a batch that it takes."""
    opset, is_stored = draw(st.sampled_from([12, 13, 17, 20, 22])), draw(st.booleans())
    size = draw(st.sampled_from([1, 3]) | st.just("batch"))
    channels, height, width = (draw(st.integers(1, 4)) for _ in range(3))
    making = Making(opset, size, channels, height, width, is_stored)
    making.rng = np.random.default_rng(draw(st.integers(0, 5)))
    for _ in range(draw(st.integers(1, 4))):
        draw(st.sampled_from(KNOWN))(making)
        draw(st.sampled_from(FOREIGN))(making)
    if draw(st.booleans()):
        draw(st.sampled_from(KNOWN))(making)
    batch = making.batch if isinstance(making.batch, int) else 2
    return making.model(), (batch, *making.first)
