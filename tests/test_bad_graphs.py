"""Sixteen mistakes that onnx's checker, its shape inference or onnxruntime let through or report without a place.

As specs they are caught before a weight exists, with line, column and what to do. Three are about the shapes of
weights, which a spec does not write down: there the file of weights is refused. As ONNX files from elsewhere they are
refused by `verify`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts import parse
from cnngraph.weights.files import FileWeights
from tests.conftest import Run

HEAD = "net t\ninput 32x32x3\n"
SPECS = [
    ("add of unequal volumes", "a: conv 8 3x3 same\nconv 16 3x3 s=2 same\nadd a\n", "E0401", 5, 1),
    ("concat of unequal sizes", "a: conv 8 3x3 same\nmaxpool 2x2 s=2\nconcat a\n", "E0402", 5, 1),
    ("a vector of another length", "flatten => 4096\nfc 10\n", "E0410", 3, 12),
    ("a window larger than the map", "maxpool 64x64\n", "E0406", 3, 9),
    ("a cycle", "conv 8 3x3 same\nadd later\nlater: conv 8 3x3 same\n", "E0306", 4, 5),
    ("a name that is not there", "stem: conv 8 3x3\nfrom stm -> relu\n", "E0201", 4, 6),
    ("an output declared wrongly", "conv 8 3x3 => 32x32x8\n", "E0410", 3, 15),
    ("an argument of another framework", "conv 8 3x3 strides=2\n", "E0206", 3, 12),
    ("an operator of another framework", "Convolution 8 3x3\n", "E0209", 3, 1),
    ("a name given twice", "y: conv 8 3x3\ny: relu\n", "E0301", 4, 1),
    ("groups that do not divide the channels", "conv 8 3x3 groups=2\n", "E0408", 3, 19),
    ("a kernel larger than the map", "conv 8 40x40\n", "E0406", 3, 8),
    ("a fully connected layer on a map", "fc 10\n", "E0409", 3, 1),
]


@pytest.mark.parametrize(("text", "code", "line", "column"), [case[1:] for case in SPECS], ids=[c[0] for c in SPECS])
def test_caught_in_a_spec(text: str, code: str, line: int, column: int) -> None:
    with pytest.raises(CnngraphError) as caught:
        parse(HEAD + text)
    first = caught.value.diagnostics[0]
    assert first.label is not None
    assert (first.code, first.label.span.line, first.label.span.column) == (code, line, column)
    assert first.label.text or first.reason or first.help


@pytest.mark.parametrize(
    ("weight", "shape", "said"),
    [
        ("conv1.weight", (16, 4, 3, 3), "conv1: weight 16x3x3x3, bias 16; in the file conv1: weight 16x4x3x3"),
        ("conv1.weight", (16, 3, 5, 5), "conv1: weight 16x3x3x3, bias 16; in the file conv1: weight 16x3x5x5"),
        ("bn1.running_mean", (4,), "bn1: running_mean 16; in the file bn1: running_mean 4"),
    ],
    ids=["channels of a kernel", "size of a kernel", "length of a statistic"],
)
def test_caught_in_a_file_of_weights(weight: str, shape: tuple[int, ...], said: str, tmp_path: Path) -> None:
    network = parse(HEAD + "conv 16 3x3\nbn\n")
    arrays: dict[str, Any] = {
        f"{layer.name}.{name}": np.zeros(parameter.shape, "f4")
        for layer in network
        for name, parameter in layer.parameters.items()
    }
    arrays[weight] = np.zeros(shape, "f4")
    np.savez(tmp_path / "w.npz", **arrays)
    with pytest.raises(CnngraphError) as caught:
        FileWeights(tmp_path / "w.npz", network)
    assert caught.value.diagnostics[0].code == "E0704"
    assert said.partition(";")[0].split(",")[0] in caught.value.diagnostics[0].reason
    assert said.rpartition("file ")[2] in caught.value.diagnostics[0].reason


# The same as ONNX files ------------------------------------------------------------------------


def weight(name: str, *shape: int) -> Any:
    return helper.make_tensor(name, TensorProto.FLOAT, shape, np.ones(shape, "f4").tobytes(), raw=True)


def node(op: str, inputs: str, output: str, **attributes: Any) -> Any:
    return helper.make_node(op, inputs.split(), [output], name=f"{output}.{op}", **attributes)


FILES: dict[str, tuple[list[Any], list[Any], tuple[int, ...]]] = {
    "channels of a kernel": ([node("Conv", "x w", "y")], [weight("w", 16, 4, 3, 3)], (1, 16, 30, 30)),
    "add": ([node("Conv", "x w", "a"), node("Add", "a x", "y")], [weight("w", 16, 3, 3, 3)], (1, 16, 30, 30)),
    "concat": (
        [node("MaxPool", "x", "a", kernel_shape=[2, 2], strides=[2, 2]), node("Concat", "a x", "y", axis=1)],
        [],
        (1, 6, 16, 16),
    ),
    "length of a vector": (
        [node("Flatten", "x", "f"), node("Gemm", "f w", "y", transB=1)],
        [weight("w", 10, 4096)],
        (1, 10),
    ),
    "window": ([node("MaxPool", "x", "y", kernel_shape=[64, 64])], [], (1, 3, 1, 1)),
    "cycle": ([node("Add", "x b", "a"), node("Relu", "a", "b"), node("Relu", "b", "y")], [], (1, 3, 32, 32)),
    "name": ([node("Relu", "xx", "y")], [], (1, 3, 32, 32)),
    "output": ([node("Conv", "x w", "y")], [weight("w", 16, 3, 3, 3)], (1, 16, 32, 32)),
    "attribute": ([node("Conv", "x w", "y", stride=[2, 2])], [weight("w", 16, 3, 3, 3)], (1, 16, 15, 15)),
    "operator": ([node("Convolution", "x w", "y")], [weight("w", 16, 3, 3, 3)], (1, 16, 30, 30)),
    "twice": ([node("Relu", "x", "y"), node("Tanh", "x", "y")], [], (1, 3, 32, 32)),
    "groups": ([node("Conv", "x w", "y", group=2)], [weight("w", 16, 1, 3, 3)], (1, 16, 30, 30)),
    "statistic": (
        [node("BatchNormalization", "x s b m v", "y")],
        [weight(name, 4) for name in "sbmv"],
        (1, 3, 32, 32),
    ),
    "kernel larger than the map": ([node("Conv", "x w", "y")], [weight("w", 8, 3, 40, 40)], (1, 8, 1, 1)),
    "Gemm on a map": ([node("Gemm", "x w", "y", transB=1)], [weight("w", 10, 32)], (1, 10)),
    "kernel_shape": ([node("Conv", "x w", "y", kernel_shape=[5, 5])], [weight("w", 16, 3, 3, 3)], (1, 16, 28, 28)),
}


@pytest.mark.parametrize("name", FILES)
def test_refused_as_a_file(name: str, run: Run, tmp_path: Path) -> None:
    nodes, weights, output = FILES[name]
    info: Callable[..., Any] = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, "g", [info("x", TensorProto.FLOAT, (1, 3, 32, 32))], [info("y", TensorProto.FLOAT, output)], weights
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    (tmp_path / "bad.onnx").write_bytes(model.SerializeToString())
    ran = run("verify", "bad.onnx")
    assert ran.status == 1
    assert ran.err.count("error[E0817]") == 1
    assert "Traceback" not in ran.err


def test_there_are_sixteen() -> None:
    assert len(SPECS) + 3 == len(FILES) == 16
