"""Numbers rounded to 8 bits, and layers that compute with such: as layers that compute with numbers as they are.

Weights are what their 8 bits stand for. That tensors are rounded is left out, and said. What lies beyond their range is
cut off, and who quantizes a network leaves out an activation that does the same: it is put back.
"""

from __future__ import annotations

import numpy as np

from cnngraph.fronts.onnx.constants import Constant, Unknown
from cnngraph.fronts.onnx.messages import Node
from cnngraph.fronts.onnx.operators.arithmetic import add, leaky_relu, multiply, plain
from cnngraph.fronts.onnx.operators.dense import gemm, matmul
from cnngraph.fronts.onnx.operators.shapes import concat
from cnngraph.fronts.onnx.operators.windows import average_pool, conv, global_average_pool
from cnngraph.fronts.onnx.rounding import restored
from cnngraph.fronts.onnx.trace import Step, Value, operator
from cnngraph.fronts.onnx.views import View
from cnngraph.layers.activation import Relu, Relu6
from cnngraph.weights.readers.entry import Array

Ints = list[int] | None


@operator("QuantizeLinear")
def quantize(
    step: Step, x: Value, scale: Value, zero: Value | None = None, *,
    axis: int = 1, saturate: int = 1, block_size: int = 0, output_dtype: int = 0, precision: int = 0,
) -> Value:  # fmt: skip
    return _cut_off(step, step.view(x), scale, zero)


@operator("DequantizeLinear")
def dequantize(
    step: Step, x: Value, scale: Value, zero: Value | None = None, *, axis: int = 1, block_size: int = 0,
    output_dtype: int = 0,
) -> Value:  # fmt: skip
    return x


@operator("QLinearConv")
def quantized_conv(
    step: Step, x: Value, x_scale: Value, x_zero: Value, w: Value, w_scale: Value, w_zero: Value, scale: Value,
    zero: Value, b: Value | None = None, *, auto_pad: str = "NOTSET", dilations: Ints = None, group: int = 1,
    kernel_shape: Ints = None, pads: Ints = None, strides: Ints = None,
) -> Value:  # fmt: skip
    """A bias is in units of the two scales."""
    kernel = _real(step, w, w_scale, w_zero, axis=0)
    bias = None if b is None else _scaled(step, b, x_scale, w_scale)
    made = conv(step, x, kernel, bias, auto_pad=auto_pad, dilations=dilations, group=group, pads=pads, strides=strides)
    return _cut_off(step, step.view(made), scale, zero)


@operator("QLinearMatMul")
def quantized_matmul(
    step: Step, a: Value, a_scale: Value, a_zero: Value, b: Value, b_scale: Value, b_zero: Value, scale: Value,
    zero: Value,
) -> Value:  # fmt: skip
    return _cut_off(step, step.view(matmul(step, a, _real(step, b, b_scale, b_zero, axis=-1))), scale, zero)


@operator("com.microsoft.QGemm")
def quantized_gemm(
    step: Step, a: Value, a_scale: Value, a_zero: Value, b: Value, b_scale: Value, b_zero: Value,
    c: Value | None = None, scale: Value | None = None, zero: Value | None = None, *,
    alpha: float = 1.0, transA: int = 0, transB: int = 0,
) -> Value:  # fmt: skip
    matrix = _real(step, b, b_scale, b_zero, axis=0 if transB else 1)
    bias = None if c is None else _scaled(step, c, a_scale, b_scale)
    made = gemm(step, a, matrix, bias, alpha=alpha, transA=transA, transB=transB)
    return made if scale is None else _cut_off(step, step.view(made), scale, zero)


@operator("com.microsoft.QLinearAdd", "com.microsoft.QLinearMul")
def quantized_pair(
    step: Step, a: Value, a_scale: Value, a_zero: Value, b: Value, b_scale: Value, b_zero: Value, scale: Value,
    zero: Value | None = None,
) -> Value:  # fmt: skip
    rule = add if step.node.op.endswith("Add") else multiply
    made = rule(step, _real(step, a, a_scale, a_zero), _real(step, b, b_scale, b_zero))
    return _cut_off(step, step.view(made), scale, zero)


@operator("com.microsoft.QLinearConcat")
def quantized_concat(step: Step, scale: Value, zero: Value, *parts: Value, axis: int = 1) -> Value:
    """Of each part its numbers, their scale and their zero point."""
    triples = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    return concat(step, *(_real(step, each, by, shift) for each, by, shift in triples), axis=axis)


@operator("com.microsoft.QLinearGlobalAveragePool")
def quantized_mean(
    step: Step, x: Value, x_scale: Value, x_zero: Value, scale: Value, zero: Value, *, channels_last: int = 0
) -> Value:
    if channels_last:
        raise Unknown("a pool with the channels last")
    return global_average_pool(step, x)


@operator("com.microsoft.QLinearAveragePool")
def quantized_average_pool(
    step: Step, x: Value, x_scale: Value, x_zero: Value, scale: Value, zero: Value | None = None, *,
    auto_pad: str = "NOTSET", ceil_mode: int = 0, channels_last: int = 0, count_include_pad: int = 0,
    kernel_shape: Ints = None, pads: Ints = None, strides: Ints = None,
) -> Value:  # fmt: skip
    if channels_last:
        raise Unknown("a pool with the channels last")
    return average_pool(step, x, kernel_shape=kernel_shape, auto_pad=auto_pad, ceil_mode=ceil_mode,
                        count_include_pad=count_include_pad, pads=pads, strides=strides)  # fmt: skip


@operator("com.microsoft.QLinearLeakyRelu")
def quantized_leaky_relu(
    step: Step, x: Value, x_scale: Value, x_zero: Value, scale: Value, zero: Value | None = None, *,
    alpha: float = 0.01,
) -> Value:  # fmt: skip
    return leaky_relu(step, x, alpha=alpha)


@operator("com.microsoft.QLinearSigmoid")
def quantized_sigmoid(
    step: Step, x: Value, x_scale: Value, x_zero: Value, scale: Value, zero: Value | None = None
) -> Value:
    return plain(Step(step.trace, Node("Sigmoid", (), step.node.outputs, {}, step.node.name)), x)


@operator("DynamicQuantizeLinear")
def quantize_dynamically(step: Step, x: Value) -> list[Value]:
    """By a scale that hangs on the numbers: here they stay as they are, with a scale of 1."""
    step.trace.rounded += 1
    return [step.view(x), Constant.of(np.array(1, np.float32)), Constant.of(np.array(0, np.uint8))]


@operator("cnngraph.ConvInteger")
def integer_conv(
    step: Step, x: Value, w: Value, zero: Value, scale: Value, b: Value | None = None, *,
    auto_pad: str = "NOTSET", dilations: Ints = None, group: int = 1, kernel_shape: Ints = None, pads: Ints = None,
    strides: Ints = None,
) -> Value:  # fmt: skip
    """With the scale and the bias behind it, as `patterns` found them."""
    kernel = _real(step, w, scale, zero, axis=0)
    return conv(step, x, kernel, b, auto_pad=auto_pad, dilations=dilations, group=group, pads=pads, strides=strides)


@operator("cnngraph.MatMulInteger")
def integer_matmul(step: Step, x: Value, w: Value, zero: Value, scale: Value, b: Value | None = None) -> Value:
    """With the scale and the bias behind it, as `patterns` found them."""
    return matmul(step, x, _real(step, w, scale, zero, axis=-1), b)


def _real(step: Step, value: Value, scale: Value, zero: Value, axis: int = 1) -> Value:
    """What a constant of 8 bits stands for; a tensor that hangs on the picture is never rounded here."""
    if not isinstance(value, Constant):
        return value
    by, shift = (step.constant(each).made(lambda array: array.reshape(-1)) for each in (scale, zero))
    node = Node("DequantizeLinear", (), (), {"axis": axis})
    return value.made(lambda array: restored(node, array, by.get(), shift.get()))


def _scaled(step: Step, bias: Value, one: Value, other: Value) -> Constant:
    """A *bias* in units of the product of two scales."""
    first, second = step.constant(one), step.constant(other)

    def real(array: Array) -> Array:
        return array.astype(np.float32) * first.get().reshape(-1) * second.get().reshape(-1)

    return step.constant(bias).made(real)


def _cut_off(step: Step, view: View, scale: Value, zero: Value | None) -> View:
    """*view* with the activation that a range of 8 bits from 0 on stands for, if there may be numbers below 0."""
    step.trace.rounded += 1
    shift = np.array(0, np.uint8) if zero is None else step.constant(zero).array
    size = step.constant(scale).number
    if size is None or shift.size != 1:
        raise Unknown("a tensor rounded by several scales")
    bounds = np.iinfo(shift.dtype)
    if int(shift.reshape(-1)[0]) != bounds.min or step.trace.is_never_below(view.layer, if_inputs=True):
        return view
    highest = (bounds.max - bounds.min) * size
    return step.layer(Relu6() if abs(highest - 6) < 1e-3 else Relu(), view, like=view, is_aside=True)
