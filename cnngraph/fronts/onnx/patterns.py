"""Several nodes that are one layer, found by what leads to the last of them, which becomes that layer.

Those before it stay where something else uses them; else nothing depends on them any more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from cnngraph.fronts.onnx.constants import MALFORMED, Constant, Unknown
from cnngraph.fronts.onnx.matching import Found, Nodes, Number, Numbers, Op, Seen, Tensor
from cnngraph.fronts.onnx.messages import Attribute, Graph, Node
from cnngraph.fronts.wire import Damaged
from cnngraph.weights.readers.entry import Array


@dataclass(frozen=True)
class _Rewriting:
    pattern: Op
    op: str
    inputs: tuple[str, ...]
    """Names of what matched; with ``node.2`` the third input of a node."""
    attributes: Callable[[Found, Nodes], dict[str, Attribute] | None] = lambda found, nodes: {}  # noqa: ARG005
    """None where it is not the layer after all."""


X = Tensor("x")
_SIXTH = 1 / 6


def _bounds(node: Node, nodes: Nodes) -> tuple[float | None, float | None]:
    """Of a Clip."""
    found: list[float | None] = []
    for at, name in ((1, "min"), (2, "max")):
        value = node.attributes.get(name)
        if isinstance(value, int | float):
            found.append(float(value))
        else:
            constant = nodes.constant(node.inputs[at]) if len(node.inputs) > at and node.inputs[at] else None
            found.append(constant.number if constant is not None else None)
    return found[0], found[1]


def _is_relu6(node: Node, nodes: Nodes) -> bool:
    return _bounds(node, nodes) == (0.0, 6.0)


def _is_sixth(node: Node, _: Nodes) -> bool:
    slope, shift = node.attributes.get("alpha", 0.2), node.attributes.get("beta", 0.5)
    return isinstance(slope, float) and math.isclose(slope, _SIXTH, rel_tol=1e-3) and shift == 0.5


_CLIPPED = Op("Clip", (Op("Add", (X, Number(3))),), _is_relu6)
_GATES = (
    Op("Div", (_CLIPPED, Number(6))),
    Op("Mul", (_CLIPPED, Number(_SIXTH))),
)


def _erf(inner: Op) -> Op:
    return Op("Add", (Number(1), Op("Erf", (inner,))))


_ERFS = (_erf(Op("Div", (X, Number(math.sqrt(2))))), _erf(Op("Mul", (X, Number(math.sqrt(0.5))))))


def _gelus() -> Iterator[Op]:
    half = Number(0.5)
    for erf in _ERFS:
        yield Op("Mul", (Op("Mul", (X, erf)), half))
        yield Op("Mul", (X, Op("Mul", (erf, half))))
        yield Op("Mul", (Op("Mul", (X, half)), erf))


def _gelus_by_tanh() -> Iterator[Op]:
    half, share = Number(0.5), Number(0.044715)
    square = Op("Mul", (X, X))
    cubes = (Op("Mul", (X, square)), Op("Pow", (X, Number(3))))
    sums = (
        *(Op("Add", (X, Op("Mul", (cube, share)))) for cube in cubes),
        Op("Mul", (X, Op("Add", (Op("Mul", (square, share)), Number(1))))),
    )
    for inner in sums:
        tanh = Op("Add", (Op("Tanh", (Op("Mul", (inner, Number(math.sqrt(2 / math.pi)))),)), Number(1)))
        yield Op("Mul", (Op("Mul", (X, tanh)), half))
        yield Op("Mul", (X, Op("Mul", (tanh, half))))
        yield Op("Mul", (Op("Mul", (X, half)), tanh))


def _axis(found: Found, nodes: Nodes, name: str) -> list[int] | None:
    """Along what the node *name* reduces."""
    node = found.nodes[name]
    axes = node.attributes.get("axes")
    if isinstance(axes, list):
        return axes
    constant = nodes.constant(node.inputs[1]) if len(node.inputs) > 1 else None
    return [int(each) for each in constant.array.reshape(-1)] if constant is not None else None


def _standard(found: Found, nodes: Nodes) -> dict[str, Attribute] | None:
    axes = _axis(found, nodes, "mean")
    same = axes is not None and axes == _axis(found, nodes, "variance")
    return {"axes": axes, "epsilon": found.numbers["eps"]} if axes is not None and same else None


def _normalized(found: Found, nodes: Nodes) -> dict[str, Attribute] | None:
    axes = _axis(found, nodes, "mean")
    if axes is None or len(axes) != 1 or axes != _axis(found, nodes, "variance"):
        return None
    return {"axis": axes[0], "epsilon": found.numbers["eps"]}


def _squares(of: Op | Tensor) -> tuple[Op, Op]:
    return Op("Pow", (of, Number(2))), Op("Mul", (of, of))


def _standardised() -> Iterator[Op]:
    """What its mean is taken away from, and then divided by its deviation."""
    centred = Op("Sub", (X, Op("ReduceMean", (X,), name="mean")))
    for square in _squares(centred):
        yield Op("Div", (centred, _root(Op("ReduceMean", (square,), name="variance"))))


def _root(of: Op) -> Op:
    return Op("Sqrt", (Op("Add", (of, Number(name="eps"))),))


def _layer_norms() -> Iterator[Op]:
    for normed in _standardised():
        yield Op("Add", (Op("Mul", (normed, Numbers("weight"))), Numbers("bias")))


def _rms_norms() -> Iterator[Op]:
    """Divided by the root of the mean of the squares, or times one over it."""
    for square in _squares(X):
        root = _root(Op("ReduceMean", (square,), name="mean"))
        for inverse in (Op("Div", (Number(1), root)), Op("Reciprocal", (root,))):
            yield Op("Mul", (X, inverse))
        yield Op("Div", (X, root))


def _rms_axis(found: Found, nodes: Nodes) -> dict[str, Attribute] | None:
    axes = _axis(found, nodes, "mean")
    return {"axis": axes[0], "epsilon": found.numbers["eps"]} if axes is not None and len(axes) == 1 else None


def _lengths() -> Iterator[Op]:
    yield Op("ReduceL2", (X,), name="length")
    for square in _squares(X):
        yield Op("Sqrt", (Op("ReduceSum", (square,), name="length"),))


def _unit_axis(found: Found, nodes: Nodes) -> dict[str, Attribute] | None:
    """A very small number added to the length is one that it is at least: for others than the shortest it is
    nothing."""
    axes, least = _axis(found, nodes, "length"), found.numbers.get("eps", _LEAST)
    if "least" in found.nodes:
        least = _bounds(found.nodes["least"], nodes)[0] or 0
    is_it = least > 0 and ("added" not in found.nodes or least < _NOTHING)
    return {"axis": axes[0], "epsilon": least} if axes is not None and len(axes) == 1 and is_it else None


_LEAST, _NOTHING = 1e-12, 1e-7


def _unit_vectors() -> Iterator[Op]:
    """Divided by the length, which is at least a small number."""
    for length in _lengths():
        small = Number(name="eps")
        for divisor in (
            Op("Clip", (length,), name="least"), Op("Max", (length, small)), Op("Add", (length, small), name="added"),
            length,
        ):  # fmt: skip
            yield Op("Div", (X, Seen(divisor)))


def _groups(found: Found, nodes: Nodes) -> dict[str, Attribute] | None:
    shape = nodes.constant(found.nodes["apart"].inputs[1])
    if shape is None or shape.size < 3:
        return None
    ones, zeros = (nodes.constant(found.nodes["norm"].inputs[at]) for at in (1, 2))
    if ones is None or zeros is None or (ones.array != 1).any() or (zeros.array != 0).any():
        return None
    epsilon = found.nodes["norm"].attributes.get("epsilon", 1e-5)
    return {"num_groups": int(shape.array.reshape(-1)[1]), "epsilon": epsilon}


_STANDARD = Op("InstanceNormalization", (Op("Reshape", (X,), name="apart"),), name="norm")


def _eps(found: Found, _: Nodes) -> dict[str, Attribute]:
    return {"epsilon": found.numbers["eps"]}


def _grns() -> Iterator[Op]:
    roots = (
        Op("ReduceL2", (X,)),
        Op("Sqrt", (Op("ReduceSum", (Op("Mul", (X, X)),)),)),
        Op("Sqrt", (Op("ReduceSum", (Op("Pow", (X, Number(2))),)),)),
    )
    for root in roots:
        share = Op("Div", (root, Op("Add", (Op("ReduceMean", (root,)), Number(name="eps")))))
        scaled = Op("Mul", (X, share))
        inner = (
            Op("Add", (Numbers("bias"), Op("Mul", (Numbers("weight"), scaled)))),
            Op("Add", (Numbers("bias"), Op("Mul", (Op("Mul", (Numbers("weight"), scaled)), Number(1))))),
        )
        for each in inner:
            yield Op("Add", (X, each))
        factor = Op("Add", (Op("Mul", (share, Numbers("weight"))), Number(1)))
        yield Op("Add", (Op("Mul", (X, factor)), Numbers("bias")))


def _responses() -> Iterator[Op]:
    """Local response normalization, as PyTorch computes it; and as it is written here of an even number."""
    square = Seen(Op("Mul", (X, X)))
    for padded in (Seen(Op("Pad", (square,), name="pad")), square):
        mean = Op("AveragePool", (padded,), name="mean")
        size = Op("Add", (Op("Mul", (Seen(mean), Number(name="alpha"))), Number(name="bias")))
        yield Op("Div", (X, Op("Pow", (size, Number(name="beta")))))


def _responding(found: Found, nodes: Nodes) -> dict[str, Attribute] | None:
    """Over an odd number of channels, as many on both sides, or over an even one with one more behind."""
    mean = found.nodes["mean"].attributes
    if "pad" not in found.nodes:
        return _responding_turned(found, mean)
    pads = nodes.constant(found.nodes["pad"].inputs[1]) if len(found.nodes["pad"].inputs) > 1 else None
    match mean.get("kernel_shape"):
        case [int(size), *rest] if size % 2 and rest and all(each == 1 for each in rest) and not any(_pads(mean)):
            sides = [] if pads is None else [each for each in pads.ints if each]
            if sides == [size // 2] * 2:
                return {"size": size, **{name: found.numbers[name] for name in ("alpha", "beta", "bias")}}
    return None


def _responding_turned(found: Found, mean: Mapping[str, Attribute]) -> dict[str, Attribute] | None:
    """By a pool over channels that lie along the height of a picture of one channel, however long a row is."""
    match mean.get("kernel_shape"):
        case [int(size), 1]:
            before = (size - 1) // 2
            if _pads(mean) == [before, 0, size - 1 - before, 0] and mean.get("count_include_pad") == 1:
                return {"size": size, **{name: found.numbers[name] for name in ("alpha", "beta", "bias")}}
    return None


def _pads(attributes: Mapping[str, Attribute]) -> list[int]:
    pads = attributes.get("pads", [])
    return pads if isinstance(pads, list) else []


def _is_straight(found: Found, _: Nodes) -> dict[str, Attribute] | None:
    """Where a softplus is its argument but for rounding."""
    return {} if found.numbers["from"] >= 15 else None


def _same_channels(found: Found, nodes: Nodes) -> dict[str, Attribute] | None:
    """An epsilon and the like of the batch normalization; nothing where the constants are not one a channel."""
    norm = found.nodes["norm"]
    channels = nodes.constant(norm.inputs[1])
    for name in ("by", "plus"):
        if name in found.tensors:
            constant = nodes.constant(found.tensors[name])
            if channels is None or constant is None or not _a_channel(constant, channels.size):
                return None
    return dict(norm.attributes)


def _a_channel(constant: Constant, channels: int) -> bool:
    """Whether it has one number a channel, along the second axis of a picture."""
    return constant.size == channels and constant.shape[-3:] == (channels, 1, 1)


def _one_a_channel(found: Found, nodes: Nodes) -> dict[str, Attribute] | None:
    """Where the three constants are alike, and lie along one axis."""
    mean, weight, bias = (nodes.constant(found.tensors[name]) for name in ("mean", "weight", "bias"))
    if mean is None or weight is None or bias is None or not mean.shape == weight.shape == bias.shape:
        return None
    return {} if sum(size != 1 for size in mean.shape) == 1 else None


def _pictures(found: Found, nodes: Nodes) -> dict[str, Attribute] | None:
    weight, bias = (nodes.constant(found.tensors[name]) for name in ("weight", "bias"))
    if weight is None or bias is None or weight.size != bias.size or weight.shape[-1:] != bias.shape[-1:]:
        return None
    return {}


def _biased(found: Found, nodes: Nodes) -> dict[str, Attribute] | None:
    """What a product of constants' last axis has as its bias."""
    matrix, bias = nodes.constant(found.tensors["b"]), nodes.constant(found.tensors["bias"])
    if matrix is None or bias is None or len(matrix.shape) != 2 or bias.size != matrix.shape[1]:
        return None
    return {} if bias.shape[-1] == bias.size else None


def _convolved(found: Found, nodes: Nodes) -> dict[str, Attribute] | None:
    node = found.nodes["conv"]
    kernel, bias = nodes.constant(node.inputs[1]), nodes.constant(found.tensors["bias"])
    if len(node.inputs) != 2 or kernel is None or bias is None or not _a_channel(bias, kernel.shape[0]):
        return None
    return dict(node.attributes)


def _attends(found: Found, nodes: Nodes) -> dict[str, Attribute] | None:
    """A convolution along the channels without a bias, as wide as it is padded: of a line, or of a row of pixels."""
    node = found.nodes["conv"]
    kernel = nodes.constant(node.inputs[1])
    if kernel is None or set(kernel.shape[:-1]) != {1} or len(node.inputs) > 2:
        return None
    before = nodes.makers.get(nodes.plain(node.inputs[0]))
    if len(kernel.shape) == 4 and not (before and before.op == "Transpose" and _last(before) == 1):
        return None
    taps, axes = kernel.shape[-1], len(kernel.shape) - 2
    sides = [0] * (axes - 1) + [taps // 2]
    return {} if taps % 2 and node.attributes.get("pads", [0] * 2 * axes) == sides * 2 else None


def _last(node: Node) -> int | None:
    """Which axis a transposition puts last."""
    order = node.attributes.get("perm")
    return order[-1] if isinstance(order, list) and order else None


def _whole_numbers(op: str, has_bias: bool) -> Op:
    """A product of whole numbers, and the scales of the two that it is of."""
    product = Op(op, (X, Numbers("weight")), name="product")
    made = Op("Mul", (product, Op("Mul", (Tensor("scale"), Numbers("by", few=True)))))
    return Op("Add", (made, Numbers("bias"))) if has_bias else made


def _of_product(found: Found, nodes: Nodes) -> dict[str, Attribute] | None:
    """Where the bias is one number a channel."""
    product = found.nodes["product"]
    weight = nodes.constant(found.tensors["weight"])
    bias = nodes.constant(found.tensors["bias"]) if "bias" in found.tensors else None
    if weight is None or len(product.inputs) != 4:
        return None
    made = weight.shape[0] if product.op == "ConvInteger" else weight.shape[-1]
    return None if bias is not None and bias.size != made else dict(product.attributes)


def _by_inputs(found: Found, _: Nodes) -> dict[str, Attribute] | None:
    """Where axes and shapes are inputs, as they are from opset 13 on."""
    return {} if all(len(node.inputs) > 1 for node in found.nodes.values()) else None


def _dealt(found: Found, nodes: Nodes) -> dict[str, Attribute] | None:
    """A volume read as one with fewer channels that is larger, reorganized, and read again (darknet)."""
    size = found.nodes["deep"].attributes.get("blocksize")
    read = nodes.constant(found.nodes["read"].inputs[1])
    made = nodes.constant(found.nodes["made"].inputs[1])
    if not isinstance(size, int) or read is None or made is None or read.size != 4 or made.size != 4:
        return None
    (_, deep, high, wide), (_, channels, rows, columns) = (each.ints for each in (read, made))
    is_dealt = (high, wide) == (rows * size * size, columns * size * size) and channels == deep * size**4
    return {"blocksize": size} if is_dealt else None


def _slicings() -> Iterator[Op]:
    """Four pictures of every second row and column, put together (YOLOv5's Focus)."""
    for is_nested in (True, False):
        parts = (
            Op("Slice", (Op("Slice", (X,), name=f"before{n}") if is_nested else X,), name=f"part{n}") for n in range(4)
        )  # fmt: skip
        yield Op("Concat", tuple(parts), name="made")


_PIXELS = {"by_pixel": [(0, 0), (0, 1), (1, 0), (1, 1)], "by_column": [(0, 0), (1, 0), (0, 1), (1, 1)]}
"""Row and column of each of four pixels, by the order they are put together in."""


def _dealt_out(found: Found, nodes: Nodes) -> dict[str, Attribute] | None:
    """In which order the four lie, where they are the pixels of squares of two, and become channels."""
    made = found.nodes["made"]
    if len(made.inputs) != 4 or made.attributes.get("axis") != 1:
        return None
    pixels = []
    for n in range(4):
        cuts: dict[int, slice] = {}
        for node in filter(None, (found.nodes.get(f"before{n}"), found.nodes[f"part{n}"])):
            bounds = [nodes.constant(each) for each in node.inputs[1:]]
            if len(bounds) != 4 or any(each is None for each in bounds):
                return None
            starts, ends, axes, steps = (each.ints for each in bounds if each is not None)
            cuts |= {
                axis % 4: slice(start, end, step)
                for axis, start, end, step in zip(axes, starts, ends, steps, strict=True)
            }
        if cuts.keys() != {2, 3} or any(cut.step != 2 or cut.stop < _WHOLE for cut in cuts.values()):
            return None
        pixels.append((cuts[2].start, cuts[3].start))
    order = next((order for order, wanted in _PIXELS.items() if pixels == wanted), None)
    return {"order": order} if order is not None else None


def _strided_pictures(found: Found, nodes: Nodes) -> dict[str, Attribute] | None:
    """Places of each picture's numbers, where they are its first one's and as many further on for each as it has: what
    PyTorch's ``as_strided`` becomes where the number of pictures is free."""
    gather = found.nodes["gather"]
    if gather.attributes.get("axis", 0) != 0:
        return None
    node: Node | None = found.nodes["places"]
    inside: list[Array] = []
    while node is not None and node.op == "Add":
        constants = [nodes.constant(each) for each in node.inputs]
        added = [each.array for each in constants if each is not None]
        if len(added) != 1:
            return None
        inside += added
        node = nodes.makers.get(nodes.plain(node.inputs[constants.index(None)]))
    places = np.asarray(sum(inside))
    if places.ndim < 2 or places.shape[0] != 1 or places.dtype.kind != "i":
        return None
    if node is None or node.op not in ("Unsqueeze", "Reshape") or not _puts_behind(node, places.ndim, nodes):
        return None
    node = nodes.makers.get(nodes.plain(node.inputs[0]))
    if node is None or node.op != "Mul":
        return None
    for first, by in (node.inputs, node.inputs[::-1]):
        counting, step = nodes.makers.get(nodes.plain(first)), nodes.constant(by)
        if counting is None or counting.op != "Range" or step is None or step.number != places.size:
            continue
        start, delta = (nodes.constant(counting.inputs[n]) for n in (0, 2))
        if start is not None and delta is not None and (start.number, delta.number) == (0, 1):
            found.tensors["count"] = counting.inputs[1]
            return {"places": places.reshape(-1).tolist(), "sizes": list(places.shape[1:])}
    return None


def _puts_behind(node: Node, rank: int, nodes: Nodes) -> bool:
    """Whether *node* puts axes of size 1 behind the only one that there is, so that there are *rank*."""
    said = nodes.constant(node.inputs[1]) if len(node.inputs) > 1 else None
    if node.op == "Reshape":
        return said is not None and said.ints == (-1, *(1 for _ in range(rank - 1)))
    axes = said.ints if said is not None else node.attributes.get("axes")
    return isinstance(axes, tuple | list) and list(axes) == list(range(1, rank))


_WHOLE = 2**31 - 1
"""Where exporters end a slice that goes on to the last."""
_CONVOLVED = Op("Conv", (Seen(Op("GlobalAveragePool|ReduceMean", (X,))),), name="conv")
_NORM = Op("BatchNormalization", (X,), name="norm")
_OF_NORM = ("x", "norm.1", "norm.2", "norm.3", "norm.4")

_IN_CHANNEL = Op("Sub", (Tensor("places"), Op("Slice", (Tensor("firsts"),))))
"""Where in its channel each number was, of places in the whole tensor: those of each channel's first are taken away."""
_IN_ALL = Op("Unsqueeze", (Op("Reshape", (Op("Add", (_IN_CHANNEL, Numbers("begins", few=True))),)),))
_PUT_BACK = Op("Reshape", (Op("ScatterND", (Numbers("zeros", few=True), _IN_ALL, Op("Reshape", (X,)))),), name="made")


def _unpooled(found: Found, nodes: Nodes) -> dict[str, Attribute] | None:
    """PyTorch's ``max_unpool2d``: numbers put among zeros at the places that a pool found."""
    pool, first = (nodes.makers.get(found.tensors[name]) for name in ("places", "firsts"))
    names = found.nodes["made"].inputs[1], found.tensors["begins"], found.tensors["zeros"]
    shape, begins, zeros = map(nodes.constant, names)
    if pool is None or first is None or shape is None or begins is None or zeros is None or shape.size != 4:
        return None
    places = [each.outputs[1:2] for each in (pool, first) if each.op == "MaxPool"]
    window = first.attributes.get("kernel_shape")
    if places != [(found.tensors["places"],), (found.tensors["firsts"],)] or window != [1, 1]:
        return None
    batch, channels, height, width = (int(each) for each in shape.array)
    wanted = np.arange(batch * channels) * (height * width)
    if pool.inputs[0] != first.inputs[0] or zeros.array.any() or not np.array_equal(begins.array.reshape(-1), wanted):
        return None
    return {key: pool.attributes[key] for key in ("kernel_shape", "strides") if key in pool.attributes}


_REWRITINGS: tuple[_Rewriting, ...] = (
    *(
        _Rewriting(
            _whole_numbers(op, has_bias), f"cnngraph.{op}",
            ("x", "weight", "product.3", "by", *(("bias",) if has_bias else ())), _of_product,
        )
        for op in ("ConvInteger", "MatMulInteger") for has_bias in (True, False)
    ),
    _Rewriting(Op("Mul", (X, Op("Sigmoid", (X,)))), "Swish", ("x",)),
    _Rewriting(Op("Mul", (X, Op("HardSigmoid", (X,), _is_sixth))), "HardSwish", ("x",)),
    *(_Rewriting(Op("Mul", (X, gate)), "HardSwish", ("x",)) for gate in _GATES),
    _Rewriting(Op("Div", (Op("Mul", (X, _CLIPPED)), Number(6))), "HardSwish", ("x",)),
    _Rewriting(Op("Mul", (Op("Mul", (X, _CLIPPED)), Number(_SIXTH))), "HardSwish", ("x",)),
    *(
        _Rewriting(gate, "HardSigmoid", ("x",), lambda found, nodes: {"alpha": _SIXTH, "beta": 0.5})  # noqa: ARG005
        for gate in _GATES
    ),
    _Rewriting(Op("Mul", (X, Op("Tanh", (Op("Softplus", (X,)),)))), "Mish", ("x",)),
    *(_Rewriting(gelu, "Gelu", ("x",)) for gelu in _gelus()),
    *(
        _Rewriting(gelu, "Gelu", ("x",), lambda found, nodes: {"approximate": "tanh"})  # noqa: ARG005
        for gelu in _gelus_by_tanh()
    ),
    *(
        _Rewriting(norm, "cnngraph.LayerNormalization", ("x", "weight", "bias"), _normalized)
        for norm in _layer_norms()
    ),
    *(_Rewriting(norm, "cnngraph.Standardised", ("x",), _standard) for norm in _standardised()),
    *(
        _Rewriting(Op("Mul", (norm, Numbers("weight"))), "cnngraph.RMSNormalization", ("x", "weight"), _rms_axis)
        for norm in _rms_norms()
    ),
    *(_Rewriting(norm, "cnngraph.RMSNormalization", ("x",), _rms_axis) for norm in _rms_norms()),
    *(_Rewriting(norm, "cnngraph.UnitVectors", ("x",), _unit_axis) for norm in _unit_vectors()),
    *(_Rewriting(each, "LRN", ("x",), _responding) for each in _responses()),
    _Rewriting(
        Op("Where", (Op("Greater", (X, Number(name="from"))), X, Op("Softplus", (X,)))), "Softplus", ("x",),
        _is_straight,
    ),
    _Rewriting(
        Op("Add", (Op("Relu", (X,)), Op("Mul", (Op("Relu", (Op("Neg", (X,)),)), Numbers("slope", few=True))))),
        "cnngraph.NegatedPRelu", ("x", "slope"),
    ),
    _Rewriting(
        Op("Reshape", (Op("Expand", (Op("Unsqueeze", (X,), name="apart"),), name="copied"),), name="made"),
        "cnngraph.Copied", ("x", "apart.1", "copied.1", "made.1"), _by_inputs,
    ),
    *(_Rewriting(grn, "cnngraph.GlobalResponseNorm", ("x", "weight", "bias"), _eps) for grn in _grns()),
    _Rewriting(
        Op("Add", (Op("Mul", (Op("Reshape", (_STANDARD,)), Numbers("weight"))), Numbers("bias"))),
        "cnngraph.GroupNormalization", ("x", "weight", "bias"), _groups,
    ),
    _Rewriting(
        Op("Mul", (Op("Reshape", (_STANDARD,)), Numbers("weight"))), "cnngraph.GroupNormalization", ("x", "weight"),
        _groups,
    ),
    _Rewriting(
        Op("Add", (Op("Mul", (_NORM, Numbers("by"))), Numbers("plus"))),
        "cnngraph.BatchNormalization", (*_OF_NORM, "by", "plus"), _same_channels,
    ),
    _Rewriting(
        Op("Mul", (_NORM, Numbers("by"))), "cnngraph.BatchNormalization", (*_OF_NORM, "by"), _same_channels
    ),
    _Rewriting(
        Op("Add", (Op("Conv", (X,), name="conv"), Numbers("bias"))), "Conv", ("x", "conv.1", "bias"), _convolved
    ),
    _Rewriting(
        Op("Add", (Op("MatMul", (X, Numbers("b"))), Numbers("bias"))), "cnngraph.MatMul", ("x", "b", "bias"), _biased
    ),
    _Rewriting(
        Op("Add", (Op("Mul", (Op("Sub", (X, Numbers("mean"))), Numbers("weight"))), Numbers("bias"))),
        "cnngraph.Normalized", ("x", "mean", "weight", "bias"), _one_a_channel,
    ),
    _Rewriting(
        Op("Add", (Op("Mul", (X, Numbers("weight"))), Numbers("bias"))), "cnngraph.Affine", ("x", "weight", "bias"),
        _pictures,
    ),
    _Rewriting(
        Op("Reshape", (Op("SpaceToDepth", (Op("Reshape", (X,), name="read"),), name="deep"),), name="made"),
        "cnngraph.DarknetReorg", ("x",), _dealt,
    ),
    _Rewriting(
        Op("Gather", (X, Op("Add", name="places")), name="gather"), "cnngraph.StridedPictures", ("x", "count"),
        _strided_pictures,
    ),
    *(_Rewriting(each, "cnngraph.Focus", ("x",), _dealt_out) for each in _slicings()),
    _Rewriting(_PUT_BACK, "MaxUnpool", ("x", "places"), _unpooled),
    _Rewriting(Op("Mul", (X, Seen(Op("Sigmoid", (Seen(_CONVOLVED),))))), "cnngraph.ChannelAttention", ("x", "conv.1"),
               _attends),
)  # fmt: skip


_BY_OP: dict[str, list[_Rewriting]] = {}
for _each in _REWRITINGS:
    for _op in _each.pattern.ops.split("|"):
        _BY_OP.setdefault(_op, []).append(_each)


def simplified(graph: Graph) -> list[Node]:
    """The nodes of *graph*, with those replaced that are the last of a layer's."""
    nodes = Nodes(graph)
    return [_simplified(node, nodes) for node in graph.nodes]


def _simplified(node: Node, nodes: Nodes) -> Node:
    for rewriting in _BY_OP.get(node.op, ()):
        for found in nodes.node_matches(rewriting.pattern, node, Found()):
            try:
                attributes = rewriting.attributes(found, nodes)
            except (Unknown, Damaged, *MALFORMED):
                continue
            if attributes is not None:
                inputs = tuple(_input(each, found) for each in rewriting.inputs)
                return Node(rewriting.op, inputs, node.outputs, attributes, node.name, node.scopes)
    return node


def _input(name: str, found: Found) -> str:
    node, dot, at = name.partition(".")
    return found.nodes[node].inputs[int(at)] if dot else found.tensors[name]
