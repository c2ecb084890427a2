"""What no layer does: stretches of nodes between tensors that are known, each of which becomes one `opaque` layer.

A stretch ends where a tensor is a volume or a vector again, as what takes it tells: a convolution takes pictures, a
matrix product of rank 2 vectors, and what is added to a known tensor lies as that one does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from cnngraph.fronts.onnx.called import called
from cnngraph.fronts.onnx.constants import Constant, Unknown
from cnngraph.fronts.onnx.messages import Graph, Info, Node, Size
from cnngraph.fronts.onnx.trace import Foreign, Step, Trace, Value
from cnngraph.fronts.onnx.views import View, upright
from cnngraph.layers.opaque import Opaque
from cnngraph.volume import Dim, Free, Volume

_OF_PICTURES = frozenset({"Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool",
                          "BatchNormalization", "Resize", "Upsample"})  # fmt: skip
_OF_VECTORS = frozenset({"Gemm", "MatMul", "cnngraph.MatMul"})
_SUMS = frozenset({"Add", "Sum", "Sub"})
_BESIDE = _SUMS | {"Mul", "Concat"}


@dataclass(frozen=True, slots=True)
class Claim:
    """What an `opaque` layer is said to make."""

    tensor: str
    """Of the file."""
    view: View
    """How that lies over the layer's volume."""
    sizes: tuple[Dim, ...] = ()
    """Its own, where it is no such view: the same numbers in the same order."""


class Regions:
    """The nodes that no rule was for, and what was made of them."""

    def __init__(self, trace: Trace, graph: Graph, told: Told) -> None:
        self.trace = trace
        self.graph = graph
        self.told = told
        self._order: dict[str, int] = {}
        self.nodes: dict[str, Node] = {}
        """By the tensors that they make."""
        self.found: dict[str, list[list[Node]]] = {}
        """The nodes of every `opaque`, by its name."""
        self.why: dict[str, str] = {}
        """By the first tensor that a node makes why no rule was for it."""
        self.claims: dict[str, Claim] = {}
        """By the layers made of them."""

    def add(self, node: Node, why: str) -> list[Value]:
        """What *node*, which no rule is for, makes."""
        self.nodes.update(dict.fromkeys(node.outputs, node))
        self._order[node.outputs[0]] = len(self._order)
        self.why[node.outputs[0]] = why
        return [Foreign(name, why) for name in node.outputs]

    def entered(self, node: Node, values: Sequence[Value | None], batch: Dim) -> list[Value | None]:
        """*values* as *node* takes them: those that are `Foreign` as the volumes that they have to be for it.

        Raises `Unknown` where that cannot be told.
        """
        foreign = [value for value in values if isinstance(value, Foreign)]
        if not foreign:
            return list(values)
        if not (node.op in _BESIDE or (node.op in _OF_PICTURES | _OF_VECTORS and values[0] is foreign[0])):
            raise Unknown(foreign[0].why)
        if node.op == "Conv" and _is_mean(values[1]):
            raise Unknown(foreign[0].why)  # part of what decodes
        if node.op in _BESIDE:
            # What lies beside is known as it lies, also where its channels were put in another order.
            values = [self._as_it_lies(value, node) for value in values]
        beside = next((value for value in values if isinstance(value, View)), None)
        sizes = {value.name: self.told.sizes(value.name) for value in foreign}
        made: dict[str, View] = {}
        for value in foreign:
            shape = sizes[value.name]
            if shape is None and node.op in _SUMS and beside is not None:
                shape = ("",) * beside.rank  # what is added is as large
            if shape is None:
                raise Unknown(value.why)
            if (node.op in _OF_PICTURES and len(shape) == 4) or (node.op in _OF_VECTORS and len(shape) == 2):
                made[value.name] = self.view(value, _volume(shape), batch)
            elif node.op in _BESIDE and beside is not None and _equal(shape, beside, node.op):
                known = beside.volume
                channels = shape[1] if node.op == "Concat" else known.channels
                if isinstance(channels, str):
                    raise Unknown(value.why)  # a free number of them
                volume = Volume((*known.dims[:-1], channels))
                view = replace(self.view(value, volume, batch), axes=beside.over("", volume).axes)
                # Whoever takes it next has to see it so, too.
                self.trace.values[value.name] = made[value.name] = view
                self.claims[view.layer] = replace(self.claims[view.layer], view=view)
            else:
                raise Unknown(value.why)
        return [made[value.name] if isinstance(value, Foreign) else value for value in values]

    def _as_it_lies(self, value: Value | None, node: Node) -> Value | None:
        if not isinstance(value, View) or value.rank != 4 or value.border is not None or value.to_upright() is not None:
            return value
        try:
            return self.trace.settled(value, Step(self.trace, node))
        except Unknown:
            return value

    def view(self, value: Foreign, volume: Volume, batch: Dim) -> View:
        """The `opaque` layer that makes *value*, which is a *volume*."""
        known = self.trace.values.get(value.name)
        if isinstance(known, View):
            return known
        nodes, inputs = self.region(value.name)
        name = called(nodes, self.trace.values)
        dims = tuple(dim for dim in volume.dims if isinstance(dim, int))
        if len(dims) < len(volume.dims):
            if volume != inputs[0].volume:
                raise Unknown(value.why)
            to = None
        else:
            to = None if inputs and inputs[0].volume == volume else dims
        step = Step(self.trace, nodes[-1])
        if not inputs:
            raise Unknown(value.why)
        layer = step.layer(Opaque(does=name, to=to, numbers=self._numbers(nodes)), *inputs)
        made = View(layer.layer, volume, upright(volume, batch))
        self.trace.values[value.name] = made
        self.claims[made.layer] = Claim(value.name, made)
        self.found.setdefault(name, []).append(nodes)
        return made

    def region(self, tensor: str) -> tuple[list[Node], list[View]]:
        """The nodes that lead from known tensors to *tensor*, in their order, and those tensors."""
        waiting, seen = [tensor], set()
        found: dict[str, Node] = {}
        inputs: dict[str, View] = {}
        while waiting:
            name = waiting.pop()
            if name in seen or not name:
                continue
            seen.add(name)
            value = self.trace.values.get(name)
            if isinstance(value, View):
                inputs.setdefault(value.layer, replace(value, border=None, spread=()))
            elif isinstance(value, Foreign):
                node = self.nodes[value.name]  # which has another name inside a branch
                found.setdefault(node.outputs[0], node)
                waiting += reversed(node.inputs)
        return sorted(found.values(), key=lambda node: self._order[node.outputs[0]]), list(inputs.values())

    def _numbers(self, nodes: Sequence[Node]) -> int:
        """How many numbers of weights they use; one alone is an epsilon or the like."""
        used = {name for node in nodes for name in node.inputs}
        stems = {value.name for name in used if isinstance(value := self.trace.values.get(name), Constant)}
        tensors = self.graph.tensors
        return sum(
            tensors[name].size
            for name in sorted(stems)
            if name in tensors and "float" in tensors[name].kind and tensors[name].size > 1
        )


def _is_mean(kernel: Value | None) -> bool:
    """Whether a convolution by *kernel* makes the mean of a distribution over the numbers 0, 1, 2 …, as where the sides
    of boxes are such (generalized focal loss, Li et al. 2020): its numbers are not learned."""
    if not isinstance(kernel, Constant) or len(kernel.shape) != 4 or kernel.shape[1] != kernel.size or kernel.size < 2:
        return False
    return bool((kernel.array.ravel() == np.arange(kernel.size)).all())


def _volume(shape: Sequence[Size]) -> Volume:
    """Of a tensor ``(N, C, H, W)`` or ``(N, C)``."""
    dims = []
    for size in shape[1:]:
        if not isinstance(size, int) or size < 1:
            raise Unknown("a tensor whose sizes the file does not say")
        dims.append(size)
    return Volume((*dims[1:], dims[0]))


def _equal(shape: Sequence[Size], view: View, op: str) -> bool:
    """Whether a tensor of *shape* lies as *view* does: it has its sizes, or for a Concat others along the channels."""
    if len(shape) != view.rank:
        return False
    at = 1 if op == "Concat" and view.is_upright else -1
    is_open = op in _SUMS or any(isinstance(own, Free) for own in view.sizes[1:])
    return all(
        n in (0, at) or size == own or (is_open and not isinstance(size, int))
        for n, (size, own) in enumerate(zip(shape, view.sizes, strict=True))
    )


class Told:
    """What is known of tensors: what the file says, and where it says nothing what *more* does, which is asked once."""

    def __init__(self, graph: Graph, more: Callable[[], Mapping[str, Info]]) -> None:
        self._said = {info.name: info for info in (*graph.infos.values(), *graph.inputs, *graph.outputs)}
        self._more = more

    @cached_property
    def _inferred(self) -> Mapping[str, Info]:
        return self._more()

    def sizes(self, name: str) -> tuple[Size, ...] | None:
        said = self._said.get(name)
        if said is not None and said.sizes is not None and all(isinstance(size, int) for size in said.sizes[1:]):
            return said.sizes
        info = self._inferred.get(name)
        best = info if info is not None and info.sizes is not None else said
        return None if best is None else best.sizes

    def kind(self, name: str) -> str:
        """Of its numbers, as numpy calls it; empty where that is not known."""
        info = self._said.get(name)
        if info is None or not info.kind:
            info = self._inferred.get(name)
        return "" if info is None else info.kind
