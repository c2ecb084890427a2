"""Patterns of nodes, and where they are found: trees of operators, from the last back to the tensors it hangs on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import permutations

from cnngraph.fronts.onnx.constants import MALFORMED, Constant, Unknown, folded
from cnngraph.fronts.onnx.messages import Graph, Node, Subgraph
from cnngraph.fronts.wire import Damaged

_RESHAPING = frozenset({"Reshape", "Squeeze", "Unsqueeze", "Transpose", "Expand", "Flatten"})
_OF_CONSTANTS = _RESHAPING | {"Cast", "Concat", "Constant", "ConstantOfShape", "DequantizeLinear", "Identity", "Slice"}
_COMMUTATIVE = frozenset({"Add", "Mul", "Max", "Sum"})


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
    where: Callable[[Node, Nodes], bool] | None = None
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


class Nodes:
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
        except (Unknown, Damaged, *MALFORMED):
            return None
        return made[0] if made else None

    def plain(self, name: str) -> str:
        """The tensor that *name* is, without what changes nothing."""
        while (node := self.makers.get(name)) is not None and node.is_same and name == node.outputs[0]:
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
                if node is not None and (node.op in _RESHAPING or node.op == "If"):
                    seen = _squeezed(node) if node.op == "If" else node.inputs[0]
                    yield from self.matches(pattern, seen, found) if seen else ()
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


def _squeezed(node: Node) -> str:
    """The tensor that an If squeezes where it can be, and else leaves as it is, which is how PyTorch's older exporter
    writes that; empty for another If."""
    graphs = [value.read() for value in node.attributes.values() if isinstance(value, Subgraph)]
    last = {each.nodes[-1].op: each.nodes[-1].inputs[:1] for each in graphs if each.nodes}
    tensor, *_ = last.get("Squeeze") or ("",)
    return tensor if last.get("Identity") == (tensor,) else ""


def _with(
    found: Found, tensors: Mapping[str, str] | None = None, nodes: Mapping[str, Node] | None = None,
    numbers: Mapping[str, float] | None = None,
) -> Found:  # fmt: skip
    return Found(
        found.tensors | dict(tensors or {}), found.nodes | dict(nodes or {}), found.numbers | dict(numbers or {})
    )
