"""Layers beside what is passed through, in its order of axes: the answers stay, and no node is added."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from cnngraph.fronts import read
from cnngraph.onnx.model import lowered
from cnngraph.weights.initialise import RandomWeights
from tests.onnx.test_passing import model, passed, same, saved

HEIGHT, WIDTH, CHANNELS = 4, 6, 4
node = helper.make_node


class Stretch:
    """Nodes of a model, as they are drawn."""

    def __init__(self, batch: int | str, seed: int) -> None:
        self.batch = batch
        self.random = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.weights: dict[str, Any] = {}
        self.count = 0

    def add(self, op: str, *inputs: str, outputs: int = 1, **attributes: Any) -> str:
        self.count += 1
        names = [f"t{self.count}{'abc'[n] if n else ''}" for n in range(outputs)]
        self.nodes.append(node(op, list(inputs), names, **attributes))
        return names[0]

    def stored(self, *shape: int) -> str:
        return self.told(self.random.standard_normal(shape).astype(np.float32) / 2)

    def told(self, values: Any) -> str:
        name = f"w{len(self.weights)}"
        self.weights[name] = np.asarray(values)
        return name

    def turned(self, x: str, order: str) -> str:
        """*x* from channels first to *order*."""
        batch = 0 if self.batch == "n" else int(self.batch)
        if order == "windows":
            x = self.add("Reshape", x, self.told([batch, CHANNELS, 2, 2, 3, 2]))
            x = self.add("Transpose", x, perm=[0, 2, 4, 3, 5, 1])
            return self.add("Reshape", x, self.told([-1, 4, CHANNELS]))
        if order == "heads":
            x = self.add("Reshape", x, self.told([batch, 2, 2, HEIGHT * WIDTH]))
            return self.add("Transpose", x, perm=[0, 1, 3, 2])
        x = self.add("Transpose", x, perm=[0, 2, 3, 1])
        return x if order == "last" else self.add("Reshape", x, self.told([batch, HEIGHT * WIDTH, CHANNELS]))

    def back(self, x: str, order: str) -> str:
        batch = -1 if self.batch == "n" else int(self.batch)
        if order == "windows":
            x = self.add("Reshape", x, self.told([batch, 2, 3, 2, 2, CHANNELS]))
            x = self.add("Transpose", x, perm=[0, 5, 1, 3, 2, 4])
            return self.add("Reshape", x, self.told([batch, CHANNELS, HEIGHT, WIDTH]))
        if order == "heads":
            x = self.add("Transpose", x, perm=[0, 1, 3, 2])
            return self.add("Reshape", x, self.told([batch, CHANNELS, HEIGHT, WIDTH]))
        if order == "tokens":
            x = self.add("Reshape", x, self.told([batch, HEIGHT, WIDTH, CHANNELS]))
        return self.add("Transpose", x, perm=[0, 3, 1, 2])

    def shuffled(self, x: str) -> str:
        """The channels of *x* dealt from 2 groups."""
        batch = 0 if self.batch == "n" else int(self.batch)
        x = self.add("Reshape", x, self.told([batch, 2, CHANNELS // 2, HEIGHT, WIDTH]))
        x = self.add("Transpose", x, perm=[0, 2, 1, 3, 4])
        return self.add("Reshape", x, self.told([batch, CHANNELS, HEIGHT, WIDTH]))

    def piece(self, word: str, x: str, before: list[str]) -> str:
        if word == "norm":
            return self.add("LayerNormalization", x, self.stored(CHANNELS), self.stored(CHANNELS), axis=-1)
        if word == "linear":
            x = self.add("MatMul", x, self.stored(CHANNELS, CHANNELS))
            return self.add("Add", x, self.stored(CHANNELS))
        if word == "wider":
            x = self.add("Relu", self.add("MatMul", x, self.stored(CHANNELS, 8)))
            return self.add("MatMul", x, self.stored(8, CHANNELS))
        if word == "scale":
            return self.add("Mul", x, self.stored(CHANNELS))
        if word == "times":
            return self.add("Mul", x, self.told(np.float32(0.7)))
        if word == "swish":
            return self.add("Mul", x, self.add("Sigmoid", x))
        if word == "split":
            first = self.add("Split", x, self.told([1, 3]), outputs=2, axis=-1)
            return self.add("Concat", f"{first}b", first, axis=-1)
        if word == "roll":
            below = self.add("Slice", x, self.told([1]), self.told([HEIGHT]), self.told([1]))
            above = self.add("Slice", x, self.told([0]), self.told([1]), self.told([1]))
            return self.add("Concat", below, above, axis=1)
        if word == "border":
            x = self.add("Pad", x, self.told([0, 1, 0, 0, 0, 0, 2, 0]))
            return self.add("Slice", x, self.told([1, 0]), self.told([1 + HEIGHT, WIDTH]), self.told([1, 2]))
        if word == "residual":
            return self.add("Add", x, before[0])
        return self.add(word, x)


ANY = ["Sin", "Relu", "swish", "times", "residual"]
LAST = [*ANY, "norm", "linear", "wider", "scale", "split"]
PIECES = {"windows": LAST, "tokens": LAST, "last": [*LAST, "roll", "border"], "heads": ANY}


@st.composite
def models(draw: st.DrawFn) -> onnx.ModelProto:
    """Convolutions, and between them stretches in other orders, in each something that no layer does."""
    batch = draw(st.one_of(st.integers(1, 2), st.just("n")))
    made = Stretch(batch, draw(st.integers(0, 99)))
    x = made.add("Conv", "x", made.stored(CHANNELS, CHANNELS, 1, 1))
    ends = []
    for _ in range(draw(st.integers(1, 2))):
        if draw(st.booleans()):
            x = made.add("Conv", made.shuffled(x), made.stored(CHANNELS, CHANNELS, 1, 1))
        order = draw(st.sampled_from([*PIECES]))
        words = draw(st.lists(st.sampled_from(PIECES[order]), min_size=1, max_size=7))
        words.insert(draw(st.integers(0, len(words))), "Sin")
        start, x = x, made.turned(x, order)
        before = [x]
        for word in words:
            before.append(made.piece(word, x, before))
            x = before.pop()
            if draw(st.booleans()):
                before[0] = x
        x = made.back(x, order)
        if draw(st.booleans()):
            x = made.add("Add", x, start)
        x = made.add("Conv", x, made.stored(CHANNELS, CHANNELS, 3, 3), pads=[1, 1, 1, 1])
        ends.append(x)
    outputs = dict.fromkeys(ends[-1 - draw(st.integers(0, 1)) :], (TensorProto.FLOAT, None))
    return model(made.nodes, made.weights, (batch, CHANNELS, HEIGHT, WIDTH), outputs, opset=18)


@settings(max_examples=150)
@given(models())
def test_answers_stay_and_no_node_is_added(source: onnx.ModelProto) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = saved(source, Path(name))
        plain = passed(path)
        without = plain.passed({"keep-layouts"})
        small = plain.passed()
        ours = Path(name) / "ours.onnx"
        small.write(ours)
        onnx.checker.check_model(str(ours), full_check=True)
        batch = source.graph.input[0].type.tensor_type.shape.dim[0].dim_value or 3
        picture = np.random.default_rng(0).standard_normal((batch, CHANNELS, HEIGHT, WIDTH)).astype(np.float32)
        same(path, ours, picture)
        reading = read(str(path), {})
        network = reading.checked()
        others = lowered(network, lambda: RandomWeights(network, 1), parts=reading.parts)
        others.passed().write(ours)
        others.passed({"keep-layouts"}).write(Path(name) / "without.onnx")
        same(Path(name) / "without.onnx", ours, picture)
        assert len(small.graph.nodes) <= len(without.graph.nodes)
        assert len(small.graph.nodes) <= len(source.graph.node)
        kept = small.graph.tensors
        assert kept == {layer: tensor for layer, tensor in without.graph.tensors.items() if layer in kept}
        told = [info.name for info in (*small.graph.infos, *small.graph.outputs)]
        made = {tensor for each in small.graph.nodes for tensor in each.outputs}
        assert len(set(told)) == len(told)
        assert set(told) <= made
        assert set(kept.values()) <= made | {info.name for info in small.graph.inputs}
        assert {weight.name for weight in small.graph.weights} <= {
            tensor for each in small.graph.nodes for tensor in each.inputs
        }
