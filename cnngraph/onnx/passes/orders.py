"""How the tensors of a graph lie: which are one map in different orders, and what can be done in another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from cnngraph.fronts.onnx.views import Factor, Of, reshaped
from cnngraph.onnx.graph import Graph, Node
from cnngraph.onnx.rearranging import Axes, Reshape, Stage, stages
from cnngraph.volume import Dim, product

_PLAIN = frozenset({
    "Abs", "Add", "Clip", "Div", "Elu", "Erf", "Exp", "Gelu", "HardSigmoid", "HardSwish", "LeakyRelu", "Max", "Min",
    "Mish", "Mul", "Neg", "PRelu", "Pow", "Relu", "Selu", "Sigmoid", "Softplus", "Sqrt", "Sub", "Tanh",
})  # fmt: skip
"""What is done number by number."""


_OF_ONE = frozenset({"Conv", "LayerNormalization", "Pad", "Slice", "Split"})
"""What takes one map; the rest are weights or what it is to do."""
Dims = tuple[Dim, ...]
"""Of a map: batch, channels, height, width."""
_UPRIGHT: tuple[Of, ...] = ("N", "C", "H", "W")


@dataclass(frozen=True, slots=True)
class Layout:
    """An order of a map's numbers."""

    axes: tuple[tuple[Factor | Of, ...], ...]
    """An axis of the map that is not cut by its letter."""
    fixed: tuple[tuple[Of, Dim], ...]
    """The sizes of all others: a map that lies so has the same."""

    @classmethod
    def seen(cls, axes: Axes, dims: Dims) -> Layout:
        """That of a map of *dims* which lies as *axes*."""
        whole = {Factor(of, size): of for of, size in zip(_UPRIGHT, dims, strict=True)}
        said = tuple(tuple(whole.get(each, each) for each in axis) for axis in axes)
        uncut = {each for axis in said for each in axis if not isinstance(each, Factor)}
        return cls(said, tuple((of, size) for of, size in zip(_UPRIGHT, dims, strict=True) if of not in uncut))

    def is_for(self, dims: Dims) -> bool:
        """Whether a map of *dims* can be in this order."""
        sizes = dict(zip(_UPRIGHT, dims, strict=True))
        return all(sizes[of] == size for of, size in self.fixed)

    def of(self, dims: Dims) -> Axes:
        """That of a map of *dims*."""
        sizes = dict(zip(_UPRIGHT, dims, strict=True))
        return tuple(
            tuple(
                each if isinstance(each, Factor) else Factor(each, sizes[each])
                for each in axis
                if isinstance(each, Factor) or sizes[each] != 1
            )
            for axis in self.axes
        )

    def where(self, at: int) -> int | None:
        """The axis that is the map's axis *at* and nothing else."""
        of = _UPRIGHT[at]
        return self.axes.index((of,)) if (of,) in self.axes else None

    @property
    def has_channels_last(self) -> bool:
        """Whether the channels are the last axis."""
        return self.where(1) == len(self.axes) - 1

    @property
    def order(self) -> tuple[int, ...] | None:
        """Which of the map's axes each is, where they are only turned."""
        found = [_UPRIGHT.index(axis[0]) if axis and not isinstance(axis[0], Factor) and len(axis) == 1 else None
                 for axis in self.axes]  # fmt: skip
        left = {0, 1, 2, 3} - set(found)
        if len(found) != 4 or len(left) > 1:
            return None
        return tuple(left.pop() if each is None else each for each in found)


@dataclass(frozen=True, slots=True)
class Place:
    """A tensor as one of a map's numbers."""

    map: str
    """The name that it has where it lies as a layer's does."""
    axes: Axes


class Reading:
    """What is known of a graph's tensors."""

    def __init__(self, graph: Graph, before: Reading | None = None, places: Mapping[str, Place] | None = None) -> None:
        """Of *graph*, or of what was made of a graph that was read *before*, where tensors are known to lie in
        *places*."""
        self.graph = graph
        self.constants = {constant.name: constant.values for constant in graph.constants}
        self.weights = {weight.name: weight for weight in graph.weights}
        self.numbers = {
            *(name for name, values in self.constants.items() if len(values) == 1),
            *(name for name, weight in self.weights.items() if weight.parameter.size == 1),
            "",
        }
        self.vectors = {
            name: weight.parameter.shape[-3]
            for name, weight in self.weights.items()
            if name not in self.numbers
            and weight.parameter.shape[-2:] == (1, 1)
            and len(weight.parameter.shape) > 2
            and weight.parameter.shape[-3] == weight.parameter.size
        }
        """How many channels the weights have of which there is one for each channel of a map."""
        infos = (*graph.inputs, *graph.outputs, *graph.infos)
        self.dims: dict[str, Dims] = {} if before is None else dict(before.dims)
        """Also of maps that no tensor is in the order of layers."""
        self.dims |= {info.name: info.dims for info in infos if info.type == "float32"}
        self.made_by = {name: node for node in graph.nodes for name in node.outputs}
        self.own = {*graph.tensors.values(), *(info.name for info in (*graph.inputs, *graph.outputs))}
        self.at = dict(places or {})
        self.between: set[str] = set()
        """What only turns a tensor from one order to another makes these."""
        for node in graph.nodes:
            made, source = self.at.get(node.output), self.at.get(node.inputs[0]) if self.is_turning(node) else None
            if made is not None and source is not None and made.map == source.map:
                self.between.add(node.output)
        for name in self.own:
            self._turned_back(name)
        for info in graph.inputs:
            self._as_it_lies(info.name)
        for node in graph.nodes:
            if node.output not in self.between and not self._turned(node):
                for name in node.outputs:
                    self._as_it_lies(name)
        self.nodes = [node for node in graph.nodes if node.output not in self.between]
        self.users = Counter(name for node in self.nodes for name in node.inputs)
        self.made = {
            self.at[name].map: self.at[name].axes
            for name in (*(info.name for info in graph.inputs), *(name for node in self.nodes for name in node.outputs))
            if name in self.at
        }
        """How maps lie where they are made."""

    def _as_it_lies(self, name: str) -> None:
        if name not in self.at and len(self.dims.get(name, ())) == 4:
            self.at[name] = Place(name, self.upright(name))

    def _turned_back(self, name: str) -> None:
        """Finds what the layer's tensor *name* is made of by turning it."""
        if len(self.dims.get(name, ())) != 4:
            return
        axes: Axes | None = self.upright(name)
        found: dict[str, Place] = {}
        at = name
        while axes is not None and at not in self.at:
            found[at] = Place(name, axes)
            node = self.made_by.get(at)
            if node is None or not self.is_turning(node) or node.inputs[0] in self.own:
                break
            at, axes = node.inputs[0], self._before(node, axes)
        if at in found and len(found) > 1 and all(self._is_way(name, place.axes) for place in found.values()):
            self.at |= found
            self.between |= found.keys() - {at}

    def _turned(self, node: Node) -> bool:
        """Whether *node* only turns a tensor that is known, which is noted: not one that another map is made of."""
        is_free = node.output not in self.own and node.output not in self.at
        place = self.at.get(node.inputs[0]) if self.is_turning(node) and is_free else None
        axes = None if place is None else self._behind(node, place.axes)
        if place is None or axes is None or not self._is_way(place.map, axes):
            return False
        self.at[node.output] = Place(place.map, axes)
        self.between.add(node.output)
        return True

    def _is_way(self, map: str, axes: Axes) -> bool:
        """Whether it can be made of *map* as a layer has it, and the other way around."""
        upright = self.upright(map)
        return direct(upright, axes) is not None and direct(axes, upright) is not None

    def is_turning(self, node: Node) -> bool:
        if node.op == "Transpose":
            return sorted(_perm(node)) == list(range(len(_perm(node))))  # what is passed through may have any
        return node.op == "Reshape" and node.output in self.dims

    def _behind(self, node: Node, axes: Axes) -> Axes | None:
        if node.op == "Reshape":
            return reshaped(axes, self.dims[node.output])
        return tuple(axes[n] for n in _perm(node))

    def _before(self, node: Node, axes: Axes) -> Axes | None:
        if node.op == "Reshape":
            before = self.dims.get(node.inputs[0])
            return None if before is None else reshaped(axes, before)
        order = _perm(node)
        return tuple(axes[order.index(n)] for n in range(len(order)))

    def upright(self, name: str) -> Axes:
        return tuple(map(_axis, _UPRIGHT, self.dims[name]))

    def is_upright(self, name: str) -> bool:
        return name in self.at and self.at[name].axes == self.upright(self.at[name].map)

    def has_channels_last(self, name: str) -> bool:
        if name not in self.at:
            return False
        upright = self.upright(self.at[name].map)
        return self.at[name].axes == tuple(upright[n] for n in (0, 2, 3, 1))

    def members(self, layout: Layout) -> set[str]:
        """By what they make first the nodes that can be done in *layout*."""
        return {node.output for node in self.nodes if self.can_be_done(node, layout)}

    def can_be_done(self, node: Node, layout: Layout) -> bool:
        """Whether *node* can be done in *layout*."""
        last = layout.has_channels_last
        if node.op == "LayerNormalization":
            if not (last and all(self.has_channels_last(name) for name in (node.inputs[0], node.output))):
                return False
        elif not all(self.is_upright(name) for name in (*self.maps(node), *node.outputs)):
            return False
        elif node.op in _PLAIN:
            if len({self.dims[name] for name in (*self.maps(node), node.output)}) != 1:
                return False
            vectors = [name for name in node.inputs if name in self.vectors]
            if vectors and not (last and {self.vectors[name] for name in vectors} == {self.dims[node.output][1]}):
                return False
        elif node.op == "Conv":
            if not (last and self._is_of_places(node)):
                return False
        elif node.op == "Concat" and len(self.maps(node)) < len(node.inputs):
            return False
        elif node.op in ("Concat", "Split"):
            if layout.where(1) is None or node.attributes.get("axis") != 1:
                return False
        elif node.op == "Slice":
            axes = self.constants.get(node.inputs[3]) if len(node.inputs) > 3 else None
            if axes is None or any(layout.where(int(axis)) is None for axis in axes):
                return False
        elif not (node.op == "Pad" and layout.order and len(self.constants.get(node.inputs[1], ())) == 8):
            return False
        maps = [self.at[name].map for name in (*self.maps(node), *node.outputs)]
        return all(layout.is_for(self.dims[map]) for map in maps)

    def maps(self, node: Node) -> tuple[str, ...]:
        """What *node* takes but for weights and single numbers."""
        if node.op in _OF_ONE:
            return node.inputs[:1]
        return tuple(name for name in node.inputs if name not in self.numbers and name not in self.vectors)

    def _is_of_places(self, node: Node) -> bool:
        """Whether a convolution makes each place of the same place alone, of all its channels, by a kernel that no
        other has."""
        one = {"strides": 1, "kernel_shape": 1, "group": 1, "pads": 0}
        for name, value in one.items():
            given = node.attributes.get(name, value)
            if set(given if isinstance(given, list | tuple) else [given]) != {value}:
                return False
        kernel = self.weights.get(node.inputs[1])
        return kernel is not None and self.users[kernel.name] == 1 and product(kernel.parameter.shape[2:]) == 1

    def borders(self) -> Iterator[Place]:
        """How what is passed through takes and gives maps."""
        for node in self.nodes:
            if node.verbatim:
                yield from (self.at[name] for name in (*node.outputs, *node.inputs) if name in self.at)


def _axis(of: Of, size: Dim) -> tuple[Factor, ...]:
    return () if size == 1 else (Factor(of, size),)


def _perm(node: Node) -> tuple[int, ...]:
    perm = node.attributes["perm"]
    assert isinstance(perm, list | tuple)
    return tuple(perm)


@lru_cache(maxsize=4096)
def direct(one: Axes, other: Axes) -> tuple[Stage, ...] | None:
    """What makes the *other* order of the *one*, all of which can be written."""
    found = stages(one, other)
    if found is None or any(isinstance(each.step, Reshape) and each.step.shape() is None for each in found):
        return None
    return tuple(found)


def way(one: Axes, other: Axes, upright: Axes) -> tuple[Stage, ...]:
    """What makes the *other* order of the *one*, by way of that of layers where there is no shorter one."""
    found = direct(one, other)
    return (direct(one, upright) or ()) + (direct(upright, other) or ()) if found is None else found
