"""Layers that onnxruntime makes one with the activation behind them when it optimises a model."""

from __future__ import annotations

from cnngraph.fronts.onnx.constants import Unknown
from cnngraph.fronts.onnx.messages import Node
from cnngraph.fronts.onnx.operators.arithmetic import add, clip, hard_sigmoid, leaky_relu, plain
from cnngraph.fronts.onnx.operators.dense import gemm
from cnngraph.fronts.onnx.operators.windows import conv
from cnngraph.fronts.onnx.trace import Step, Value, operator

Ints = list[int] | None


@operator("com.microsoft.FusedConv")
def fused_conv(
    step: Step, x: Value, w: Value, b: Value | None = None, z: Value | None = None, *,
    activation: str = "", activation_params: list[float] | None = None, auto_pad: str = "NOTSET",
    dilations: Ints = None, group: int = 1, kernel_shape: Ints = None, pads: Ints = None, strides: Ints = None,
) -> Value:  # fmt: skip
    """With a tensor that is added before the activation."""
    made = conv(step, x, w, b, auto_pad=auto_pad, dilations=dilations, group=group, pads=pads, strides=strides)
    return _activated(step, made if z is None else add(step, made, z), activation, activation_params or [])


@operator("com.microsoft.FusedGemm")
def fused_gemm(
    step: Step, a: Value, b: Value, c: Value | None = None, *, activation: str = "", activation_alpha: float = 0.01,
    activation_beta: float = 0.0, activation_gamma: float = 0.0, alpha: float = 1.0, beta: float = 1.0,
    transA: int = 0, transB: int = 0,
) -> Value:  # fmt: skip
    made = gemm(step, a, b, c, alpha=alpha, beta=beta, transA=transA, transB=transB)
    return _activated(step, made, activation, [activation_alpha, activation_beta])


def _activated(step: Step, x: Value, activation: str, numbers: list[float]) -> Value:
    inner = Step(step.trace, Node(activation, (), step.node.outputs, {}, f"{step.node.name}.{activation}"))
    match activation, numbers:
        case ("", _):
            return x
        case ("Relu" | "Sigmoid" | "Tanh", _):
            return plain(inner, x)
        case ("LeakyRelu", [slope, *_]):
            return leaky_relu(inner, x, alpha=slope)
        case ("HardSigmoid", [slope, shift]):
            return hard_sigmoid(inner, x, alpha=slope, beta=shift)
        case ("Clip", [low, high]):
            return clip(inner, x, min=low, max=high)
    raise Unknown(f"an activation {activation} behind it")
