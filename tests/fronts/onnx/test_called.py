"""What is called how that no layer does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

from cnngraph.fronts import read
from cnngraph.layers.opaque import Opaque
from tests.fronts.onnx.compared import Array, model, written

SHAPE = (1, 3, 4, 5)


def numbers(*shape: int) -> Array:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


def chain(*ops: str | tuple[str, dict[str, Any]]) -> list[onnx.NodeProto]:
    nodes, at = [], "x"
    for number, op in enumerate(ops):
        name, how = op if isinstance(op, tuple) else (op, {})
        inputs = how.pop("inputs", [])
        made = "y" if number == len(ops) - 1 else f"t{number}"
        nodes.append(helper.make_node(name, [at, *inputs], [made], **how))
        at = made
    return nodes


def attention(between: Sequence[str]) -> list[onnx.NodeProto]:
    """Products of a tensor with itself, and *between* them something else."""
    nodes = [
        helper.make_node("Reshape", ["x", "flat"], ["r"]),
        helper.make_node("Transpose", ["r"], ["t"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["t", "r"], ["p"]),
    ]
    at = "p"
    for op in between:
        nodes.append(helper.make_node(op, [at], [op.lower()]))
        at = op.lower()
    nodes += [helper.make_node("MatMul", ["r", at], ["q"]), helper.make_node("Reshape", ["q", "shape"], ["y"])]
    return nodes


GRID = np.stack(np.meshgrid(np.arange(5), np.arange(4)), -1).reshape(1, 20, 2).astype(np.float32)
BOXES = [
    helper.make_node("Transpose", ["x"], ["t"], perm=[0, 2, 3, 1]),
    helper.make_node("Slice", ["t", "zero", "two", "last"], ["xy"]),
    helper.make_node("Reshape", ["xy", "places"], ["p"]),
    helper.make_node("Add", ["p", "grid"], ["a"]),
    helper.make_node("Exp", ["a"], ["y"]),
]
SIDES = [
    helper.make_node("Reshape", ["x", "apart"], ["s"]),
    helper.make_node("Transpose", ["s"], ["b"], perm=[0, 2, 1, 3]),
    helper.make_node("Softmax", ["b"], ["p"], axis=1),
    helper.make_node("Conv", ["p", "bins"], ["m"]),
    helper.make_node("Reshape", ["m", "joined"], ["d"]),
    helper.make_node("Exp", ["d"], ["y"]),
]
"""Of boxes, each as a distribution over bins, of which the mean is taken."""
CASES = {
    "one operator": (chain("Sin"), ["Sin"]),
    "some": (chain("Sin", "Erf"), ["Sin, Erf"]),
    "many": (chain("Sin", "Erf", "Exp", "Floor", "Cos"), ["Sin, Erf, Exp and more"]),
    "what is everywhere says nothing": (chain("Sin", ("Transpose", {"perm": [0, 1, 3, 2]}), "Erf"), ["Sin, Erf"]),
    "attention": (attention(["Softmax"]), ["attention"]),
    "attention of another sort": (attention(["Relu"]), ["attention without softmax"]),
    "boxes": (BOXES, ["decoding of boxes"]),
    "means of distributions": (SIDES, ["Softmax, Conv, Exp"]),
}  # fmt: skip


@pytest.mark.parametrize(("nodes", "names"), CASES.values(), ids=CASES)
def test_called_by_what_is_in_it(nodes: list[onnx.NodeProto], names: list[str], tmp_path: Path) -> None:
    weights = {
        "flat": np.array([1, 3, 20]), "shape": np.array(SHAPE), "zero": np.array([0]), "two": np.array([2]),
        "last": np.array([3]), "places": np.array([1, 20, 2]), "grid": GRID,
        "apart": np.array([1, 4, 3, 5]), "joined": np.array([1, 4, 5]),
        "bins": np.arange(3, dtype=np.float32).reshape(1, 3, 1, 1),
    }  # fmt: skip
    network = read(str(written(model(nodes, SHAPE, weights), tmp_path)), {}).checked()
    assert [layer.kind.does for layer in network.layers if isinstance(layer.kind, Opaque)] == names


def test_how_many_nodes_it_is_and_why_are_said(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Relu", ["x"], ["r"]),
        helper.make_node("Add", ["r", "c"], ["a"]),
        helper.make_node("Conv", ["a", "w"], ["y"]),
    ]
    weights = {"c": numbers(*SHAPE), "w": numbers(3, 3, 1, 1)}
    (said,) = read(str(written(model(nodes, SHAPE, weights), tmp_path)), {}).diagnostics
    assert said.message == "Add: no layer here does that; it is shown as `opaque`"
    assert said.reason == "a picture of constants added"
    (said,) = read(str(written(model(chain("Sin", "Erf"), SHAPE), tmp_path)), {}).diagnostics
    assert said.message == "Sin, Erf (2 nodes): no layer here does that; it is shown as `opaque`"
