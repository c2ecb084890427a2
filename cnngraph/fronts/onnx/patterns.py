"""Several nodes that are one layer, found by what leads to the last of them, which becomes that layer.

Those before it stay where something else uses them; else nothing depends on them any more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import permutations

from cnngraph.fronts.onnx.constants import Constant, Unknown, folded
from cnngraph.fronts.onnx.messages import Attribute, Graph, Node
from cnngraph.fronts.onnx.wire import Damaged

_IDLE = frozenset({"Identity", "Dropout"})
_RESHAPING = frozenset({"Reshape", "Squeeze", "Unsqueeze", "Transpose", "Expand", "Flatten"})
_OF_CONSTANTS = frozenset({"Constant", "ConstantOfShape", "Cast", "Identity", "Unsqueeze", "Reshape", "Squeeze"})
_COMMUTATIVE = frozenset({"Add", "Mul", "Max", "Sum"})


# What patterns are made of -------------------------------------------------------------------


@dataclass(frozen=True)
class Tensor:
    """A tensor; where the name comes again, the same one."""

    name: str


@dataclass(frozen=True)
class Number:
    """A constant of one number, near *value*; any, if that is None, which is then known as *name*."""

    value: float | None = None
    name: str = ""


@dataclass(frozen=True)
class Numbers:
    """A constant; of several numbers, one for each channel, unless *few*."""

    name: str
    few: bool = False


@dataclass(frozen=True)
class Op:
    """A node of one of *ops*, separated by ``|``, and what leads to its first inputs."""

    ops: str
    inputs: tuple[Pattern, ...] = ()
    where: Callable[[Node, _Nodes], bool] | None = None
    name: str = ""
    """Under which the node is known."""


@dataclass(frozen=True)
class Seen:
    """*inner*, or a view of it: behind operators that change a tensor's shape only."""

    inner: Pattern


Pattern = Tensor | Number | Numbers | Op | Seen


@dataclass
class Found:
    """What matched, by name."""

    tensors: dict[str, str] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    numbers: dict[str, float] = field(default_factory=dict)


class _Nodes:
    """The nodes by what they make, and the constants among the tensors."""

    def __init__(self, graph: Graph) -> None:
        self.makers = {name: node for node in graph.nodes for name in node.outputs}
        self.graph = graph
        self._constants: dict[str, Constant | None] = {}
        self.uses: dict[str, int] = {}
        for node in graph.nodes:
            for name in node.inputs:
                self.uses[name] = self.uses.get(name, 0) + 1
        for output in graph.outputs:
            self.uses[output.name] = self.uses.get(output.name, 0) + 1

    def constant(self, name: str) -> Constant | None:
        """The constant *name*, also what a Constant node or one behind it makes; None for another tensor."""
        if name not in self._constants:
            self._constants[name] = self._constant(name)
        return self._constants[name]

    def _constant(self, name: str) -> Constant | None:
        if (tensor := self.graph.tensors.get(name)) is not None:
            return Constant.stored(tensor)
        node = self.makers.get(name)
        if node is None or node.op not in _OF_CONSTANTS:
            return None
        inputs = [self.constant(each) for each in node.inputs]
        if any(each is None for each in inputs):
            return None
        try:
            made = folded(node, inputs)
        except (Unknown, Damaged):
            return None
        return made[0] if made else None

    def plain(self, name: str) -> str:
        """The tensor that *name* is, without what changes nothing."""
        while (node := self.makers.get(name)) is not None and node.op in _IDLE and name == node.outputs[0]:
            name = node.inputs[0]
        return name

    def matches(self, pattern: Pattern, name: str, found: Found) -> Iterator[Found]:
        """The ways in which what makes the tensor *name* is *pattern*."""
        name = self.plain(name)
        match pattern:
            case Tensor():
                if found.tensors.get(pattern.name, name) == name:
                    yield _with(found, tensors={pattern.name: name})
            case Number():
                constant = self.constant(name)
                value = constant.number if constant is not None and constant.size == 1 else None
                if value is not None and (pattern.value is None or math.isclose(value, pattern.value, rel_tol=1e-3)):
                    yield _with(found, numbers={pattern.name: value}) if pattern.name else found
            case Numbers():
                constant = self.constant(name)
                if constant is not None and (constant.size > 1 or pattern.few):
                    yield _with(found, tensors={pattern.name: name})
            case Seen():
                yield from self.matches(pattern.inner, name, found)
                node = self.makers.get(name)
                if node is not None and node.op in _RESHAPING:
                    yield from self.matches(pattern, node.inputs[0], found)
            case Op():
                node = self.makers.get(name)
                if node is not None and node.outputs[0] == name:
                    yield from self.node_matches(pattern, node, found)

    def node_matches(self, pattern: Op, node: Node, found: Found) -> Iterator[Found]:
        """The ways in which *node* is *pattern*."""
        if node.op not in pattern.ops.split("|") or len(node.inputs) < len(pattern.inputs):
            return
        if pattern.where is not None and not pattern.where(node, self):
            return
        if pattern.name:
            found = _with(found, nodes={pattern.name: node})
        swaps = node.op in _COMMUTATIVE and len(node.inputs) == len(pattern.inputs) == 2
        for order in permutations(pattern.inputs) if swaps else (pattern.inputs,):
            yield from self._all(list(zip(order, node.inputs, strict=False)), found)

    def _all(self, pairs: list[tuple[Pattern, str]], found: Found) -> Iterator[Found]:
        if not pairs:
            yield found
            return
        for first in self.matches(*pairs[0], found):
            yield from self._all(pairs[1:], first)


def _with(
    found: Found, tensors: Mapping[str, str] | None = None, nodes: Mapping[str, Node] | None = None,
    numbers: Mapping[str, float] | None = None,
) -> Found:  # fmt: skip
    return Found(
        found.tensors | dict(tensors or {}), found.nodes | dict(nodes or {}), found.numbers | dict(numbers or {})
    )


# The layers that are written as several nodes ------------------------------------------------


@dataclass(frozen=True)
class _Rewriting:
    pattern: Op
    op: str
    inputs: tuple[str, ...]
    """Names of what matched; with ``node.2`` the third input of a node."""
    attributes: Callable[[Found, _Nodes], dict[str, Attribute] | None] = lambda found, nodes: {}  # noqa: ARG005
    """None where it is not the layer after all."""


X = Tensor("x")
_SIXTH = 1 / 6


def _bounds(node: Node, nodes: _Nodes) -> tuple[float | None, float | None]:
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


def _is_relu6(node: Node, nodes: _Nodes) -> bool:
    return _bounds(node, nodes) == (0.0, 6.0)


def _is_sixth(node: Node, _: _Nodes) -> bool:
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


def _axis(found: Found, nodes: _Nodes, name: str) -> list[int] | None:
    """Along what the node *name* reduces."""
    node = found.nodes[name]
    axes = node.attributes.get("axes")
    if isinstance(axes, list):
        return axes
    constant = nodes.constant(node.inputs[1]) if len(node.inputs) > 1 else None
    return [int(each) for each in constant.array.reshape(-1)] if constant is not None else None


def _normalized(found: Found, nodes: _Nodes) -> dict[str, Attribute] | None:
    axes = _axis(found, nodes, "mean")
    if axes is None or len(axes) != 1 or axes != _axis(found, nodes, "variance"):
        return None
    return {"axis": axes[0], "epsilon": found.numbers["eps"]}


def _layer_norms() -> Iterator[Op]:
    centred = Op("Sub", (X, Op("ReduceMean", (X,), name="mean")))
    for square in (Op("Pow", (centred, Number(2))), Op("Mul", (centred, centred))):
        deviation = Op("Sqrt", (Op("Add", (Op("ReduceMean", (square,), name="variance"), Number(name="eps"))),))
        normed = Op("Div", (centred, deviation))
        yield Op("Add", (Op("Mul", (normed, Numbers("weight"))), Numbers("bias")))


def _groups(found: Found, nodes: _Nodes) -> dict[str, Attribute] | None:
    shape = nodes.constant(found.nodes["apart"].inputs[1])
    if shape is None or shape.size < 3:
        return None
    ones, zeros = (nodes.constant(found.nodes["norm"].inputs[at]) for at in (1, 2))
    if ones is None or zeros is None or (ones.array != 1).any() or (zeros.array != 0).any():
        return None
    epsilon = found.nodes["norm"].attributes.get("epsilon", 1e-5)
    return {"num_groups": int(shape.array.reshape(-1)[1]), "epsilon": epsilon}


_STANDARD = Op("InstanceNormalization", (Op("Reshape", (X,), name="apart"),), name="norm")


def _eps(found: Found, _: _Nodes) -> dict[str, Attribute]:
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


def _same_channels(found: Found, nodes: _Nodes) -> dict[str, Attribute] | None:
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


def _pictures(found: Found, nodes: _Nodes) -> dict[str, Attribute] | None:
    weight, bias = (nodes.constant(found.tensors[name]) for name in ("weight", "bias"))
    if weight is None or bias is None or weight.size != bias.size or weight.shape[-1:] != bias.shape[-1:]:
        return None
    return {}


def _biased(found: Found, nodes: _Nodes) -> dict[str, Attribute] | None:
    """What a product of constants' last axis has as its bias."""
    matrix, bias = nodes.constant(found.tensors["b"]), nodes.constant(found.tensors["bias"])
    if matrix is None or bias is None or len(matrix.shape) != 2 or bias.size != matrix.shape[1]:
        return None
    return {} if bias.shape[-1] == bias.size else None


def _convolved(found: Found, nodes: _Nodes) -> dict[str, Attribute] | None:
    node = found.nodes["conv"]
    kernel, bias = nodes.constant(node.inputs[1]), nodes.constant(found.tensors["bias"])
    if len(node.inputs) != 2 or kernel is None or bias is None or not _a_channel(bias, kernel.shape[0]):
        return None
    return dict(node.attributes)


_NORM = Op("BatchNormalization", (X,), name="norm")
_OF_NORM = ("x", "norm.1", "norm.2", "norm.3", "norm.4")

_REWRITINGS: tuple[_Rewriting, ...] = (
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
        _Rewriting(norm, "cnngraph.LayerNormalization", ("x", "weight", "bias"), _normalized)
        for norm in _layer_norms()
    ),
    *(_Rewriting(grn, "cnngraph.GlobalResponseNorm", ("x", "weight", "bias"), _eps) for grn in _grns()),
    _Rewriting(
        Op("Add", (Op("Mul", (Op("Reshape", (_STANDARD,)), Numbers("weight"))), Numbers("bias"))),
        "cnngraph.GroupNormalization", ("x", "weight", "bias"), _groups,
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
        Op("Add", (Op("Mul", (X, Numbers("weight"))), Numbers("bias"))), "cnngraph.Affine", ("x", "weight", "bias"),
        _pictures,
    ),
    _Rewriting(
        Op("Mul", (X, Seen(Op("Sigmoid", (Seen(Op("Conv", (Seen(Op("GlobalAveragePool|ReduceMean", (X,))),), name="conv")),))))),
        "cnngraph.ChannelAttention", ("x", "conv.1"), lambda found, nodes: _attends(found, nodes),
    ),
)  # fmt: skip


def _attends(found: Found, nodes: _Nodes) -> dict[str, Attribute] | None:
    """A convolution along the channels without a bias, as wide as it is padded."""
    node = found.nodes["conv"]
    kernel = nodes.constant(node.inputs[1])
    if kernel is None or len(kernel.shape) != 3 or kernel.shape[:2] != (1, 1) or len(node.inputs) > 2:
        return None
    side = kernel.shape[2] // 2
    return {} if kernel.shape[2] % 2 and node.attributes.get("pads", [0, 0]) == [side, side] else None


_BY_OP: dict[str, list[_Rewriting]] = {}
for _each in _REWRITINGS:
    for _op in _each.pattern.ops.split("|"):
        _BY_OP.setdefault(_op, []).append(_each)


def simplified(graph: Graph) -> list[Node]:
    """The nodes of *graph*, with those replaced that are the last of a layer's."""
    nodes = _Nodes(graph)
    return [_simplified(node, nodes) for node in graph.nodes]


def _simplified(node: Node, nodes: _Nodes) -> Node:
    for rewriting in _BY_OP.get(node.op, ()):
        for found in nodes.node_matches(rewriting.pattern, node, Found()):
            try:
                attributes = rewriting.attributes(found, nodes)
            except (Unknown, Damaged):
                continue
            if attributes is not None:
                inputs = tuple(_input(each, found) for each in rewriting.inputs)
                return Node(rewriting.op, inputs, node.outputs, attributes, node.name, node.scopes)
    return node


def _input(name: str, found: Found) -> str:
    node, dot, at = name.partition(".")
    return found.nodes[node].inputs[int(at)] if dot else found.tensors[name]
