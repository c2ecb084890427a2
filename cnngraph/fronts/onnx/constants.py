"""Numbers that follow from those in the file: what shapes are computed from, and weights that a model makes of others.

Few numbers are computed at once; of many only the shape, and the numbers when somebody reads them. A size that is free
is one among them: arrays that hold any are of Python objects.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from cnngraph.fronts.onnx.messages import Node, Tensor
from cnngraph.fronts.onnx.rounding import restored, rounded
from cnngraph.volume import Dim, Free
from cnngraph.weights.readers.entry import Array

MALFORMED = (ArithmeticError, AttributeError, IndexError, MemoryError, TypeError, ValueError)
"""What Python and numpy say of a node whose inputs or attributes are not those of its operator."""
FEW = 2**16
"""Numbers that are computed at once."""
_MOST = 2**28
"""Numbers that are computed at all."""

_TYPES = {1: "float32", 2: "uint8", 3: "int8", 5: "int16", 6: "int32", 7: "int64", 9: "bool", 10: "float16",
          11: "float64", 12: "uint32", 13: "uint64"}  # fmt: skip


class Unknown(Exception):
    """What a node does is not known here, or not to be said as a layer; the text says what."""


@dataclass(frozen=True)
class Constant:
    """Numbers that don't depend on the network's inputs."""

    shape: tuple[int, ...]
    get: Callable[[], Array]
    name: str = ""
    """Of the tensor in the file that they are, or are made of."""

    @classmethod
    def of(cls, array: Array, name: str = "") -> Constant:
        array = np.asarray(array)
        return cls(array.shape, lambda: array, name)

    @classmethod
    def stored(cls, tensor: Tensor) -> Constant:
        return cls(tensor.shape, tensor.read, tensor.name)

    @property
    def size(self) -> int:
        return prod(self.shape)

    @cached_property
    def array(self) -> Array:
        """All of them, which have to be few. Raises `Unknown`."""
        if self.size > FEW:
            raise Unknown(f"{self.size:,} numbers where few are expected")
        return self.get()

    @property
    def number(self) -> float | None:
        """The number, when it is one, whatever its rank; None when it is free or there are several."""
        if self.size != 1:
            return None
        value = self.array.reshape(-1)[0]
        return None if isinstance(value, Free) else float(value)

    @property
    def dims(self) -> tuple[Dim, ...]:
        """Whole numbers, some of which may be free sizes."""
        return tuple(each if isinstance(each, Free) else int(each) for each in self.array.reshape(-1))

    @property
    def ints(self) -> tuple[int, ...]:
        """Whole numbers. Raises `Unknown` when one is free."""
        if any(isinstance(each, Free) for each in self.dims):
            raise Unknown("a size that is free where a number is needed")
        return tuple(each for each in self.dims if isinstance(each, int))

    @property
    def floats(self) -> tuple[float, ...]:
        return tuple(float(each) for each in self.array.reshape(-1))

    def made(self, change: Callable[[Array], Array], shape: tuple[int, ...] | None = None) -> Constant:
        """What *change* makes of them, in *shape*, which is theirs unless said."""
        return Constant(self.shape if shape is None else shape, lambda: change(self.get()), self.name)


def folded(node: Node, inputs: Sequence[Constant | None]) -> list[Constant] | None:
    """What *node* makes of constants; None for an operator that no rule is for. Raises `Unknown`."""
    if node.op == "Constant":
        return [Constant.of(_constant(node), node.outputs[0])]
    if node.op == "ConstantOfShape":
        (sizes,) = inputs
        if sizes is None:
            raise Unknown("ConstantOfShape of no shape")
        value = node.attributes.get("value")
        fill = value.read().reshape(-1)[0] if isinstance(value, Tensor) else np.float32(0)
        shape = sizes.ints
        return [Constant(shape, lambda: np.broadcast_to(fill, shape), node.outputs[0])]
    rule = _RULES.get(node.op)
    if rule is None:
        return None
    given = [each for each in inputs if each is not None]
    name = max(given, key=lambda each: each.size).name if given else node.outputs[0]
    if sum(each.size for each in given) <= FEW:
        return [
            Constant.of(each, name)
            for each in _made(rule, node, [None if each is None else each.array for each in inputs])
        ]
    shapes = _shapes(node, inputs, rule)
    if any(prod(shape) > _MOST for shape in shapes):
        raise Unknown(f"{node.op} makes more than {_MOST:,} numbers")

    def get(index: int) -> Array:
        return _made(rule, node, [None if each is None else each.get() for each in inputs])[index]

    return [Constant(shape, lambda index=index: get(index), name) for index, shape in enumerate(shapes)]  # type: ignore[misc]


def _shapes(node: Node, inputs: Sequence[Constant | None], rule: _Rule) -> list[tuple[int, ...]]:
    """Of what *rule* would make of large *inputs*."""
    given = [each for each in inputs if each is not None]
    if node.op == "BatchNormalization":
        return [given[0].shape]
    if node.op in _ELEMENTWISE:
        return [np.broadcast_shapes(*(each.shape for each in given))]
    ghosts = [
        None if each is None else each.array if each.size <= FEW else np.broadcast_to(np.float32(0), each.shape)
        for each in inputs
    ]
    return [each.shape for each in _made(rule, node, ghosts)]


def _made(rule: _Rule, node: Node, arrays: Sequence[Array | None]) -> list[Array]:
    """What *rule* makes of *arrays*; numbers that are too large, or none, come out as infinite, or as none."""
    with np.errstate(all="ignore"):
        made = rule(node, *arrays)
    return made if isinstance(made, list) else [made]


def _constant(node: Node) -> Array:
    for name, value in node.attributes.items():
        if isinstance(value, Tensor):
            return value.read()
        if name in ("value_float", "value_floats"):
            return np.array(value, np.float32)
        if name in ("value_int", "value_ints"):
            return np.array(value, np.int64)
    raise Unknown("a constant that is no tensor of numbers")


# Rules ---------------------------------------------------------------------------------------

_Rule = Callable[..., Any]


def axes_of(node: Node, given: Array | None) -> list[int] | None:
    """Axes, which are an attribute or an input; None when neither is there."""
    if given is not None:
        return [int(each) for each in given.reshape(-1)]
    axes = node.attributes.get("axes")
    return list(axes) if isinstance(axes, list) else None


def int_of(node: Node, name: str, default: int) -> int:
    """A whole number as attribute."""
    value = node.attributes.get(name, default)
    if not isinstance(value, int):
        raise Unknown(f"`{name}` of {node.op} is no whole number")
    return value


def _cast(node: Node, array: Array) -> Array:
    kind = _TYPES.get(int_of(node, "to", 1))
    if array.dtype == object:
        return array
    if kind is None:
        raise Unknown("a cast to numbers of a type that is not read")
    return array.astype(kind)


def _divide(node: Node, one: Array, other: Array) -> Array:
    if one.dtype == object or other.dtype == object:
        return _objects(lambda a, b: a // b, one, other)
    if one.dtype.kind in "iu":
        if not np.all(other):
            raise Unknown("a division by zero")
        quotient: Array = np.trunc(one / other).astype(one.dtype)
        return quotient
    divided: Array = one / other
    return divided


def _objects(rule: Callable[[Any, Any], Any], one: Array, other: Array) -> Array:
    """*rule* on numbers some of which are free sizes, which take whole numbers only."""

    def whole(value: Any) -> Any:
        if isinstance(value, Free) or float(value).is_integer():
            return value if isinstance(value, Free) else int(value)
        raise Unknown("a free size times a fraction")

    a, b = np.broadcast_arrays(one, other)
    found = [rule(whole(x), whole(y)) for x, y in zip(a.reshape(-1), b.reshape(-1), strict=True)]
    made = np.empty(a.shape, object)
    made.reshape(-1)[:] = found
    return made


def _both(rule: Callable[[Any, Any], Any]) -> _Rule:
    def apply(node: Node, one: Array, other: Array) -> Array:
        if one.dtype == object or other.dtype == object:
            return _objects(rule, one, other)
        return np.asarray(rule(one, other))

    return apply


def _alone(rule: Callable[[Array], Array]) -> _Rule:
    def apply(node: Node, array: Array) -> Array:
        if array.dtype == object:
            raise Unknown(f"{node.op} of a free size")
        return np.asarray(rule(array))

    return apply


def _rounded(rule: Callable[[Array], Array]) -> _Rule:
    """Free sizes are whole already."""

    def apply(node: Node, array: Array) -> Array:
        return array if array.dtype == object else np.asarray(rule(array))

    return apply


def _reduced(rule: Callable[..., Any]) -> _Rule:
    def apply(node: Node, array: Array, axes: Array | None = None) -> Array:
        over = axes_of(node, axes)
        if over is None and int_of(node, "noop_with_empty_axes", 0):
            return array
        return np.asarray(
            rule(array, axis=None if over is None else tuple(over), keepdims=bool(int_of(node, "keepdims", 1)))
        )

    return apply


def _l2(array: Array, **how: Any) -> Any:
    return np.sqrt(np.sum(np.square(array), **how))


def _gather(node: Node, array: Array, indices: Array) -> Array:
    axis = int_of(node, "axis", 0)
    if indices.size and (indices.min() < -array.shape[axis] or indices.max() >= array.shape[axis]):
        raise Unknown("an index beyond its tensor")
    return np.take(array, indices.astype(np.int64), axis=axis)


def slices(node: Node, rank: int, inputs: Sequence[Array | None]) -> tuple[slice, ...]:
    """What a Slice takes along each axis."""
    if isinstance(starts := node.attributes.get("starts"), list):
        given = [starts, node.attributes.get("ends"), node.attributes.get("axes"), None]
    else:
        given = [None if each is None else each.reshape(-1).tolist() for each in inputs]
    first, last, axes, steps = [*given, None, None, None][:4]
    if not isinstance(first, list) or not isinstance(last, list) or len(first) != len(last):
        raise Unknown("a slice whose bounds are not clear")
    axes = axes if isinstance(axes, list) else list(range(len(first)))
    steps = steps if isinstance(steps, list) else [1] * len(first)
    found = [slice(None)] * rank
    for start, end, axis, step in zip(first, last, axes, steps, strict=False):
        if not -rank <= axis < rank or step == 0:
            raise Unknown("a slice along an axis that there is not")
        low = None if step < 0 and isinstance(start, int) and start >= 2**31 - 1 else start
        high = None if isinstance(end, int) and (end >= 2**31 - 1 or (step < 0 and end < -(2**31))) else end
        found[axis] = slice(low, high, step)
    return tuple(found)


def _slice(node: Node, array: Array, *bounds: Array | None) -> Array:
    cut = slices(node, array.ndim, bounds)
    if any(isinstance(each, Free) for part in cut for each in (part.start, part.stop)):
        raise Unknown("a slice up to a free size")
    return array[cut]


def _squeeze(node: Node, array: Array, axes: Array | None = None) -> Array:
    over = axes_of(node, axes)
    return np.squeeze(array, None if over is None else tuple(over))


def _unsqueeze(node: Node, array: Array, axes: Array | None = None) -> Array:
    over = axes_of(node, axes)
    if over is None:
        raise Unknown("an Unsqueeze without axes")
    return np.expand_dims(array, tuple(over))


def _reshape(node: Node, array: Array, shape: Array | None = None) -> Array:
    if shape is None:
        given = node.attributes.get("shape")
        sizes = list(given) if isinstance(given, list) else []
    else:
        sizes = shape.reshape(-1).tolist()
    if any(isinstance(each, Free) for each in sizes):
        raise Unknown("numbers in a shape that is free")
    if not int_of(node, "allowzero", 0):
        sizes = [array.shape[n] if size == 0 and n < array.ndim else size for n, size in enumerate(sizes)]
    return array.reshape(sizes)


def _split(node: Node, array: Array, parts: Array | None = None) -> list[Array]:
    axis = int_of(node, "axis", 0)
    sizes = split_sizes(node, array.shape[axis], parts)
    return np.split(array, np.cumsum(sizes)[:-1], axis)


def split_sizes(node: Node, size: int, parts: Array | None) -> list[int]:
    """How long the parts of a Split are."""
    if parts is not None:
        return [int(each) for each in parts.reshape(-1)]
    if isinstance(given := node.attributes.get("split"), list):
        return list(given)
    count = len(node.outputs)
    each = -(-size // count)
    return [each] * (count - 1) + [size - each * (count - 1)]


def _concat(node: Node, *arrays: Array) -> Array:
    axis = int_of(node, "axis", 0)
    if any(array.dtype == object for array in arrays):
        return np.concatenate([array.astype(object) for array in arrays], axis)
    return np.concatenate(arrays, axis)


def _range(node: Node, start: Array, limit: Array, delta: Array) -> Array:
    ends = [each.reshape(-1)[0] for each in (start, limit, delta)]
    if any(isinstance(each, Free) for each in ends) or not ends[2] or abs((ends[1] - ends[0]) / ends[2]) > FEW:
        raise Unknown("a range that is free or long")
    return np.arange(*ends)


def _expand(node: Node, array: Array, shape: Array) -> Array:
    if any(isinstance(each, Free) for each in shape.reshape(-1)):
        raise Unknown("numbers in a shape that is free")
    return np.broadcast_to(array, np.broadcast_shapes(array.shape, tuple(int(each) for each in shape.reshape(-1))))


def _tile(_: Node, array: Array, times: Array) -> Array:
    counts = [int(each) for each in times.reshape(-1)]
    if array.size * prod(counts) > _MOST:
        raise Unknown(f"Tile makes more than {_MOST:,} numbers")
    return np.tile(array, counts)


def _where(node: Node, condition: Array, one: Array, other: Array) -> Array:
    return np.where(condition.astype(bool), one, other)


def _transpose(node: Node, array: Array) -> Array:
    order = node.attributes.get("perm")
    return np.transpose(array, order if isinstance(order, list) else None)


def _clip(node: Node, array: Array, low: Array | None = None, high: Array | None = None) -> Array:
    least: Any = node.attributes.get("min", low)
    most: Any = node.attributes.get("max", high)
    return np.clip(array, least, most)


def _batch_normalization(node: Node, array: Array, scale: Array, bias: Array, mean: Array, variance: Array) -> Array:
    """Of kernels, that are standardised so; by their own mean and variance where it is as in training."""
    axes = tuple(n for n in range(array.ndim) if n != 1)
    shape = [-1 if n == 1 else 1 for n in range(array.ndim)]
    if int_of(node, "training_mode", 0):
        mean, variance = array.mean(axes), array.var(axes)
    epsilon = node.attributes.get("epsilon", 1e-5)
    assert isinstance(epsilon, float)
    scale, bias, mean, variance = (each.reshape(shape) for each in (scale, bias, mean, variance))
    made: Array = (array - mean) / np.sqrt(variance + np.float32(epsilon)) * scale + bias
    return made


def _matmul(_: Node, one: Array, other: Array) -> Array:
    """As a spectral norm divides weights by. Raises `Unknown` where it would take long."""
    inner = other.shape[max(other.ndim - 2, 0)]
    if one.size * (other.size // max(inner, 1)) > _MOST:
        raise Unknown(f"MatMul multiplies more than {_MOST:,} numbers")
    made: Array = np.asarray(np.matmul(one, other))
    return made


_ELEMENTWISE: dict[str, _Rule] = {
    "Add": _both(lambda a, b: a + b),
    "Sub": _both(lambda a, b: a - b),
    "Mul": _both(lambda a, b: a * b),
    "Div": _divide,
    "Pow": _both(lambda a, b: a**b),
    "Mod": _both(lambda a, b: a % b),
    "Max": _both(np.maximum),
    "Min": _both(np.minimum),
    "Equal": _both(lambda a, b: a == b),
    "Less": _both(lambda a, b: a < b),
    "Greater": _both(lambda a, b: a > b),
    "And": _both(lambda a, b: a & b),
    "Or": _both(lambda a, b: a | b),
    "Sqrt": _alone(np.sqrt),
    "Neg": _alone(np.negative),
    "Abs": _alone(np.abs),
    "Exp": _alone(np.exp),
    "Log": _alone(np.log),
    "Reciprocal": _alone(np.reciprocal),
    "Sigmoid": _alone(lambda a: 1 / (1 + np.exp(-a))),
    "Relu": _alone(lambda a: np.maximum(a, 0)),
    "Not": _alone(np.logical_not),
    "Floor": _rounded(np.floor),
    "Ceil": _rounded(np.ceil),
    "Round": _rounded(np.round),
    "Cast": _cast,
    "Identity": lambda _, array: array,
    "Where": _where,
}
_RULES: dict[str, _Rule] = {
    **_ELEMENTWISE,
    "BatchNormalization": _batch_normalization,
    "Clip": _clip,
    "Concat": _concat,
    "DequantizeLinear": restored,
    "Expand": _expand,
    "Flatten": lambda node, array: array.reshape(prod(array.shape[: int_of(node, "axis", 1)]), -1),
    "Gather": _gather,
    "MatMul": _matmul,
    "QuantizeLinear": rounded,
    "Range": _range,
    "ReduceL2": _reduced(_l2),
    "ReduceMax": _reduced(np.max),
    "ReduceMean": _reduced(np.mean),
    "ReduceMin": _reduced(np.min),
    "ReduceProd": _reduced(np.prod),
    "ReduceSum": _reduced(np.sum),
    "Reshape": _reshape,
    "Shape": lambda node, array: np.array(array.shape, np.int64)[int_of(node, "start", 0) :],
    "Size": lambda _, array: np.array(array.size, np.int64),
    "Slice": _slice,
    "Split": _split,
    "Squeeze": _squeeze,
    "Tile": _tile,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
