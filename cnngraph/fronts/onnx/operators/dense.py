"""Products, most with matrices of weights: fully connected layers, and 1x1 convolutions where channels stand last."""

from __future__ import annotations

from dataclasses import replace

from cnngraph.fronts.onnx.constants import Constant, Unknown
from cnngraph.fronts.onnx.trace import Step, Value, operator
from cnngraph.fronts.onnx.views import Factor, View, upright
from cnngraph.layers.convolution import Conv
from cnngraph.layers.dense import Fc, Flatten, Unflatten
from cnngraph.layers.join import Mul
from cnngraph.layers.pooling import AvgPool
from cnngraph.layers.scaling import Times
from cnngraph.volume import as_int
from cnngraph.weights.readers.entry import Array


@operator("Gemm")
def gemm(
    step: Step, a: Value, b: Value, c: Value | None = None, *,
    alpha: float = 1.0, beta: float = 1.0, transA: int = 0, transB: int = 0,
) -> Value:  # fmt: skip
    if transA:
        raise Unknown("a Gemm of a turned tensor")
    matrix = step.constant(b)
    matrix = matrix if transB else _turned(matrix)
    if alpha != 1.0:
        matrix = matrix.made(lambda array: array * alpha)
    bias = None if c is None else step.constant(c)
    if bias is not None and beta != 1.0:
        bias = bias.made(lambda array: array * beta)
    return _connected(step, step.view(a), matrix, bias)


@operator("MatMul", "cnngraph.MatMul")
def matmul(step: Step, a: Value, b: Value, bias: Value | None = None) -> Value:
    """With the bias that is added behind it, where `patterns` found one."""
    if isinstance(a, View) and isinstance(b, View):
        return _weighed(step, step.view(a), step.view(b))
    matrix = step.constant(b)
    if len(matrix.shape) != 2:
        raise Unknown(f"a product with a tensor of rank {len(matrix.shape)}")
    return _connected(step, step.view(a), _turned(matrix), None if bias is None else step.constant(bias))


def _weighed(step: Step, a: View, b: View) -> View:
    """The pixels of a picture, each times a number for it, added up: what a global context block pools by."""
    if min(a.rank, b.rank) < 2:
        raise Unknown("a product of vectors")
    if b.axes[-1] == ():
        picture, numbers, along, beside, at = a, b, a.axes[-1], b.axes[-2], a.rank - 1
    else:
        picture, numbers, along, beside, at = b, a, b.axes[-2], a.axes[-1], b.rank - 2
    volume = picture.volume
    pixels = tuple(each for axis in upright(volume, 1)[2:] for each in axis)
    is_known = volume.is_map and isinstance(volume.height, int) and isinstance(volume.width, int)
    if not is_known or along != pixels or (a.axes[-2] != () and b.axes[-1] != ()):
        raise Unknown("a product of two tensors")
    count = as_int(volume.height) * as_int(volume.width)
    if sum(axis != () for axis in numbers.axes) != (numbers.batch != 1) + (count > 1):
        raise Unknown("a product of two tensors")
    if not numbers.volume.is_map and beside == ((Factor("C", count),) if count > 1 else ()):
        map_of_one = (as_int(volume.height), as_int(volume.width), 1)
        numbers = step.layer(Unflatten(volume=map_of_one), _plain(numbers), is_aside=True)
    elif numbers.volume.dims != (volume.height, volume.width, 1) or beside != pixels:
        raise Unknown("a product of two tensors")
    product = step.layer(Mul(spread=True), _plain(picture), _plain(numbers))
    mean = step.layer(AvgPool(everything=True), product)
    total = step.layer(Times(by=float(count)), mean) if count > 1 else mean
    return replace(total, axes=tuple(() if n == at else axis for n, axis in enumerate(picture.axes)))


def _plain(view: View) -> View:
    return replace(view, axes=upright(view.volume, view.batch))


def _connected(step: Step, view: View, matrix: Constant, bias: Constant | None) -> Value:
    """*matrix* has the shape (made, taken)."""
    if len(matrix.shape) != 2:
        raise Unknown(f"a product with a tensor of rank {len(matrix.shape)}")
    made, taken = matrix.shape
    if bias is not None and bias.size != made:
        if bias.size != 1:
            raise Unknown(f"{bias.size} numbers added to {made}")
        raise Unknown("one number added to all units")
    weights = {"weight": matrix, **({} if bias is None else {"bias": _flat(bias)})}
    whole = Factor("C", view.volume.channels)
    are_pixels = view.volume.is_map and view.axes[-1] == (whole,) and any(each.of in "HW" for each in view.axes[0])
    if view.rank == 2 and not are_pixels:
        return _on_vector(step, view, made, taken, weights, bias is not None)
    if not view.volume.is_map or view.axes[-1] != (whole,) or taken != view.volume.channels:
        raise Unknown(f"a product along an axis that is not the channels: {view.rank} axes")
    weights["weight"] = matrix.made(lambda array: array.reshape(made, taken, 1, 1), (made, taken, 1, 1))
    return step.layer(Conv(channels=made, window=(1, 1), bias=bias is not None), view, like=view, weights=weights)


def _on_vector(
    step: Step, view: View, made: int, taken: int, weights: dict[str, Constant], bias: bool
) -> Value:  # fmt: skip
    kind = Fc(units=made, bias=bias)
    volume = view.volume
    if volume.is_map and (order := _order(view)) is not None:
        # The file has a pixel's channels together; `flatten` has each channel by itself.
        height, width, channels = (as_int(size) for size in volume.dims)
        sizes = [{"C": channels, "H": height, "W": width}[of] for of in order]
        back = [1 + order.index(of) for of in "CHW"]

        def reordered(array: Array) -> Array:
            return array.reshape(made, *sizes).transpose(0, *back).reshape(made, taken)

        flat = step.layer(Flatten(), view, is_aside=True)
        return step.layer(kind, flat, weights={**weights, "weight": weights["weight"].made(reordered)})
    vector = step.vector(view)
    if vector.volume.channels != taken:
        raise Unknown(f"a matrix for {taken} numbers on {vector.volume.channels}")
    return step.layer(kind, vector, weights=weights)


def _order(view: View) -> str | None:
    """In which order a flattened volume's axes run, where that is not `flatten`'s: ``HWC``; None for `flatten`'s."""
    if view.axes[:1] != (upright(view.volume, view.batch)[0],):
        raise Unknown("a tensor whose first axis is not the batch")
    usual = tuple(each for axis in upright(view.volume, 1)[1:] for each in axis)
    if view.axes[1] == usual:
        return None
    if sorted(view.axes[1], key=str) != sorted(usual, key=str):
        raise Unknown("a flattened volume in another order")
    order = "".join(each.of for each in view.axes[1])
    return order + "".join(of for of in "CHW" if of not in order)


def _turned(matrix: Constant) -> Constant:
    if len(matrix.shape) != 2:
        raise Unknown(f"a product with a tensor of rank {len(matrix.shape)}")
    return matrix.made(lambda array: array.T, matrix.shape[::-1])


def _flat(bias: Constant) -> Constant:
    return bias.made(lambda array: array.reshape(-1), (bias.size,))
