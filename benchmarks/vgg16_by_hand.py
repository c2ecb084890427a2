"""VGG-16 with random weights as one would write it with onnx.helper: ``python -m benchmarks.vgg16_by_hand OUT``."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper


def main(path: str) -> None:
    generator = np.random.default_rng(0)
    nodes: list[Any] = []
    tensors: list[Any] = []
    at = "image"

    def weight(name: str, *shape: int) -> str:
        fan_in = int(np.prod(shape[1:])) or 1
        numbers = generator.standard_normal(shape, np.float32) * np.float32((2 / fan_in) ** 0.5)
        tensors.append(helper.make_tensor(name, TensorProto.FLOAT, shape, numbers.tobytes(), raw=True))
        return name

    def node(op: str, *inputs: str, **attributes: Any) -> None:
        nonlocal at
        output = f"{op.lower()}{len(nodes)}"
        nodes.append(helper.make_node(op, [at, *inputs], [output], **attributes))
        at = output

    channels = 3
    for count, width in ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)):
        for _ in range(count):
            name = f"conv{len(tensors) // 2}"
            node("Conv", weight(f"{name}.weight", width, channels, 3, 3), weight(f"{name}.bias", width), pads=[1] * 4)
            node("Relu")
            channels = width
        node("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
    node("Flatten")
    size = 25088
    for width in (4096, 4096, 1000):
        name = f"fc{len(tensors) // 2}"
        node("Gemm", weight(f"{name}.weight", width, size), weight(f"{name}.bias", width), transB=1)
        node("Relu" if width == 4096 else "Softmax")
        size = width
    graph = helper.make_graph(
        nodes,
        "vgg16",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, 224, 224])],
        [helper.make_tensor_value_info(at, TensorProto.FLOAT, ["N", 1000])],
        tensors,
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9), path)


if __name__ == "__main__":
    main(sys.argv[1])
