"""Layers beside what is passed through, done on tensors as those lie there.

1. A part that is passed through gives or takes a tensor in some order of its numbers. What is done number by number can
   be done in that order too; and where its last axis is the channels, so can convolutions 1x1 and normalizations of
   layers. A convolution is a MatMul then, by its kernel transposed, and an Add where it has a bias.
2. Those are which leave the fewest nodes, counted with what turns tensors from one order to the other: a minimum cut
   between the two orders. Where it is the same, layers stay as they are.
3. A tensor has its name where it is a layer's as ever, and another where it is in the part's order. Of a kernel that
   several take none is transposed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from math import inf

import numpy as np

from cnngraph.fronts.onnx.views import Factor, reshaped
from cnngraph.onnx.graph import Constant, Graph, Info, Node
from cnngraph.onnx.rearranging import Axes, Reshape, Stage, Transpose, sizes, stages
from cnngraph.volume import Dim, product
from cnngraph.weights.source import Weight, Weights

_PLAIN = frozenset({
    "Abs", "Add", "Clip", "Div", "Elu", "Erf", "Exp", "Gelu", "HardSigmoid", "HardSwish", "LeakyRelu", "Max", "Min",
    "Mish", "Mul", "Neg", "Pow", "Relu", "Selu", "Sigmoid", "Softplus", "Sqrt", "Sub", "Tanh",
})  # fmt: skip
"""What is done number by number."""


def keep_layouts(graph: Graph, weights: Weights) -> tuple[Graph, Weights, int]:
    """Layers in the order that parts which are passed through have their tensors in."""
    if not any(node.verbatim for node in graph.nodes):
        return graph, weights, 0
    count = 0
    for layout in _layouts(_Reading(graph)):
        reading = _Reading(graph)
        members = reading.members(layout)
        chosen = _cheapest(reading, members, layout)
        if chosen:
            made = _Rewriting(reading, chosen, layout)
            if len(made.nodes) < len(graph.nodes):
                graph, count = made.graph(), count + len(chosen)
                weights = _Transposed(weights, made.kernels)
    return graph, weights, count


@dataclass(frozen=True, slots=True)
class _Layout:
    """An order of a map's numbers."""

    axes: Axes
    """Without that of the channels where these stand last."""
    sizes: tuple[Dim, Dim, Dim]
    """Of the batch, of height and width."""
    channels: Dim | None
    """None where they stand last, and there may be any number of them."""

    @classmethod
    def seen(cls, axes: Axes, dims: tuple[Dim, ...]) -> _Layout:
        """That of a map of *dims* which lies as *axes*."""
        batch, channels, height, width = dims
        *places, last = axes
        if last == _axis("C", channels) and not any(each.of == "C" for axis in places for each in axis):
            return cls(tuple(places), (batch, height, width), None)
        return cls(axes, (batch, height, width), channels)

    def is_for(self, dims: tuple[Dim, ...]) -> bool:
        """Whether a map of *dims* can be in this order."""
        batch, channels, height, width = dims
        return self.sizes == (batch, height, width) and self.channels in (None, channels)

    def of(self, channels: Dim) -> Axes:
        """That of a map with other *channels*."""
        return (*self.axes, _axis("C", channels)) if self.channels is None else self.axes


@dataclass(frozen=True, slots=True)
class _Place:
    """A tensor as one of a map's numbers."""

    map: str
    """The name that it has where it lies as a layer's does."""
    axes: Axes


class _Reading:
    """What is known of a graph's tensors."""

    def __init__(self, graph: Graph) -> None:
        self.all = graph
        infos = (*graph.inputs, *graph.outputs, *graph.infos)
        self.dims = {info.name: info.dims for info in infos if info.type == "float32"}
        self.made_by = {name: node for node in graph.nodes for name in node.outputs}
        self.own = {*graph.tensors.values(), *(info.name for info in (*graph.inputs, *graph.outputs))}
        self.at: dict[str, _Place] = {}
        self.between: set[str] = set()
        """What only turns a tensor from one order to another makes these."""
        for name in self.own:
            self._turned_back(name)
        for info in graph.inputs:
            self._as_it_lies(info.name)
        for node in graph.nodes:
            if node.output not in self.between and not self._turned(node):
                for name in node.outputs:
                    self._as_it_lies(name)
        self.nodes = [node for node in graph.nodes if node.output not in self.between]
        self.made = {
            self.at[name].map: self.at[name].axes
            for name in (*(info.name for info in graph.inputs), *(name for node in self.nodes for name in node.outputs))
            if name in self.at
        }
        """How maps lie where they are made."""

    def _as_it_lies(self, name: str) -> None:
        if name not in self.at and len(self.dims.get(name, ())) == 4:
            self.at[name] = _Place(name, self.upright(name))

    def _turned_back(self, name: str) -> None:
        """Finds what the layer's tensor *name* is made of by turning it."""
        if len(self.dims.get(name, ())) != 4:
            return
        axes: Axes | None = self.upright(name)
        found: dict[str, _Place] = {}
        at = name
        while axes is not None and at not in self.at:
            found[at] = _Place(name, axes)
            node = self.made_by.get(at)
            if node is None or not self.is_turning(node) or node.inputs[0] in self.own:
                break
            at, axes = node.inputs[0], self._before(node, axes)
        if at in found and len(found) > 1 and all(self._is_way(name, place.axes) for place in found.values()):
            self.at |= found
            self.between |= found.keys() - {at}

    def _turned(self, node: Node) -> bool:
        """Whether *node* only turns a tensor that is known, which is noted."""
        place = self.at.get(node.inputs[0]) if self.is_turning(node) and node.output not in self.own else None
        axes = None if place is None else self._behind(node, place.axes)
        if place is None or axes is None or not self._is_way(place.map, axes):
            return False
        self.at[node.output] = _Place(place.map, axes)
        self.between.add(node.output)
        return True

    def _is_way(self, map: str, axes: Axes) -> bool:
        """Whether it can be made of *map* as a layer has it, and the other way around."""
        upright = self.upright(map)
        return _direct(upright, axes) is not None and _direct(axes, upright) is not None

    def is_turning(self, node: Node) -> bool:
        return node.op == "Transpose" or (node.op == "Reshape" and node.output in self.dims)

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
        return tuple(map(_axis, "NCHW", self.dims[name]))

    def is_upright(self, name: str) -> bool:
        return name in self.at and self.at[name].axes == self.upright(self.at[name].map)

    def has_channels_last(self, name: str) -> bool:
        if name not in self.at:
            return False
        upright = self.upright(self.at[name].map)
        return self.at[name].axes == tuple(upright[n] for n in (0, 2, 3, 1))

    def channels(self, map: str) -> Dim:
        return self.dims[map][1]

    def members(self, layout: _Layout) -> set[str]:
        """By what they make the nodes that can be done in *layout*."""
        users = Counter(name for node in self.nodes for name in node.inputs)
        weights = {weight.name: weight for weight in self.all.weights}
        numbers = {
            *(constant.name for constant in self.all.constants if len(constant.values) == 1),
            *(weight.name for weight in weights.values() if weight.parameter.size == 1),
            "",
        }
        found = set()
        for node in self.nodes:
            maps = [name for name in node.inputs if name not in numbers]
            if node.op in _PLAIN:
                fits = all(self.is_upright(name) for name in (*maps, node.output))
                fits = fits and len({self.dims[name] for name in (*maps, node.output)}) == 1
            elif layout.channels is not None:
                continue
            elif node.op == "LayerNormalization":
                maps = maps[:1]
                fits = all(self.has_channels_last(name) for name in (*maps, node.output))
            elif node.op == "Conv":
                maps, kernel = maps[:1], weights.get(node.inputs[1])
                fits = all(self.is_upright(name) for name in (*maps, node.output))
                fits = fits and kernel is not None and users[kernel.name] == 1 and _is_of_places(node, kernel)
            else:
                continue
            if fits and all(layout.is_for(self.dims[self.at[name].map]) for name in (*maps, node.output)):
                found.add(node.output)
        return found

    def borders(self) -> Iterator[_Place]:
        """How what is passed through takes and gives maps."""
        for node in self.nodes:
            if node.verbatim:
                yield from (self.at[name] for name in (*node.outputs, *node.inputs) if name in self.at)


def _layouts(reading: _Reading) -> list[_Layout]:
    """Those of what is passed through, first those for any number of channels."""
    borders = (place for place in reading.borders() if place.axes != reading.upright(place.map))
    found = dict.fromkeys(_Layout.seen(place.axes, reading.dims[place.map]) for place in borders)
    return sorted(found, key=lambda layout: layout.channels is not None)


def _cheapest(reading: _Reading, members: Collection[str], layout: _Layout) -> set[str]:
    """Those of *members* that are done in *layout* where the fewest nodes are left."""
    import networkx as nx

    graph = nx.DiGraph()
    ever, there = object(), object()
    """The side of what stays as it is, and that of what is done in *layout*."""
    scale = len(members) + 1

    def costs(one: object, other: object, nodes: float, more: int = 0) -> None:
        """That it costs as many *nodes* if *one* stays and *other* does not."""
        before = graph.get_edge_data(one, other, {"capacity": 0})["capacity"]
        graph.add_edge(one, other, capacity=before + nodes * scale + more)

    graph.add_nodes_from((ever, there))
    takers: dict[str, dict[Axes, list[str]]] = {}
    makers: dict[str, str] = {}
    for node in reading.nodes:
        is_member = node.output in members
        for name in node.inputs:
            if name in reading.at:
                place = reading.at[name]
                takers.setdefault(place.map, {}).setdefault(place.axes, []).append(node.output)
        if is_member:
            makers[reading.at[node.output].map] = node.output
            costs(ever, node.output, int(node.op == "Conv" and len(node.inputs) > 2), 1)
            if node.op == "LayerNormalization" and reading.at[node.output].axes == _in(reading, node.output, layout):
                costs(node.output, there, inf)  # it is done so already
    for info in reading.all.outputs:
        if info.name in reading.at:
            place = reading.at[info.name]
            takers.setdefault(place.map, {}).setdefault(place.axes, []).append("")
    for map, wanted in takers.items():
        maker, users = makers.get(map), {user for each in wanted.values() for user in each if user in members}
        if maker is None and not users:
            continue
        upright, made, last = reading.upright(map), reading.made[map], layout.of(reading.channels(map))
        if users:
            some = (map, last, there)
            costs(ever if maker is None else maker, some, len(_way(made, last, upright)))
            for user in users:
                costs(some, user, inf)
        for axes, each in wanted.items():
            as_made, turned = len(_way(made, axes, upright)), len(_way(last, axes, upright))
            if any(user not in members for user in each):
                if maker is not None and turned > as_made:
                    costs(ever, maker, turned - as_made)
                elif maker is not None:
                    costs(maker, there, as_made - turned)
                continue
            some = (map, axes, ever)
            costs(some, there, as_made if maker is None else min(as_made, turned))
            if maker is not None:
                costs(some, maker, max(0, turned - as_made))
            for user in each:
                costs(user, some, inf)
    _, (_, right) = nx.minimum_cut(graph, ever, there)
    return {name for name in members if name in right}


def _in(reading: _Reading, name: str, layout: _Layout) -> Axes:
    return layout.of(reading.channels(reading.at[name].map))


class _Rewriting:
    """The graph with the *chosen* nodes done in *layout*."""

    def __init__(self, reading: _Reading, chosen: Collection[str], layout: _Layout) -> None:
        self.reading = reading
        self.layout = layout
        self.nodes: list[Node] = []
        self.constants: list[Constant] = []
        self.infos: dict[str, tuple[Dim, ...]] = {}
        self.kernels: dict[str, Weight] = {}
        """Those that are transposed, as they were."""
        graph = reading.all
        self.called = {(place.map, place.axes): name for name, place in reversed(reading.at.items())}
        self.names = {*reading.made_by, *(info.name for info in graph.inputs)}
        self.names |= {each.name for own in (graph.weights, graph.constants, graph.stored) for each in own}
        self.node_names = {node.name for node in graph.nodes}
        self.there: dict[str, dict[Axes, str]] = {}
        """The tensors that there are of each map."""
        for info in graph.inputs:
            self.noted(info.name)
        weights = {weight.name: weight for weight in graph.weights}
        for node in reading.nodes:
            if node.output in chosen:
                self.done(node, weights)
                continue
            inputs = tuple(self.taken(name, node.layer) for name in node.inputs)
            self.nodes.append(replace(node, inputs=inputs))
            for name in node.outputs:
                self.noted(name)
        for info in graph.outputs:
            self.taken(info.name, "")

    def noted(self, name: str) -> None:
        if name in self.reading.at:
            place = self.reading.at[name]
            self.there.setdefault(place.map, {})[place.axes] = name

    def taken(self, name: str, layer: str) -> str:
        """The tensor *name*, turned where it is not there yet."""
        place = self.reading.at.get(name)
        return name if place is None else self.as_in(place.map, place.axes, layer)

    def as_in(self, map: str, axes: Axes, layer: str) -> str:
        there = self.there[map]
        if axes in there:
            return there[axes]
        upright = self.reading.upright(map)
        ways = [(name, _way(at, axes, upright)) for at, name in there.items()]
        name, found = min(ways, key=lambda each: len(each[1]))
        for stage in found:
            made = self.name(map, stage.axes)
            own = self.new(f"{made}.{type(stage.step).__name__.lower()}", self.node_names)
            if isinstance(stage.step, Transpose):
                node = Node(own, "Transpose", (name,), made, {"perm": stage.step.order}, layer)
            else:
                shape = stage.step.shape() or ()
                to = self.new(f"{made}.sizes", self.names)
                self.constants.append(Constant(to, shape, (len(shape),), "int64"))
                node = Node(own, "Reshape", (name, to), made, {}, layer)
            self.nodes.append(node)
            self.infos[made] = stage.sizes
            name = there[stage.axes] = made
        return name

    def name(self, map: str, axes: Axes) -> str:
        """What *map* is called where it lies as *axes*."""
        return self.called.get((map, axes)) or self.new(f"{map}.turned", self.names)

    def new(self, name: str, taken: set[str]) -> str:
        while name in taken:
            name += "_"
        taken.add(name)
        return name

    def done(self, node: Node, weights: Mapping[str, Weight]) -> None:
        """*node* in the layout."""
        at, layout = self.reading.at, self.layout
        inputs = tuple(
            self.as_in(at[name].map, _in(self.reading, name, layout), node.layer) if name in at else name
            for name in node.inputs
        )
        map = at[node.output].map
        axes = layout.of(self.reading.channels(map))
        made = self.name(map, axes)
        self.infos[made] = sizes(axes)
        self.there.setdefault(map, {})[axes] = made
        if node.op != "Conv":
            self.nodes.append(replace(node, inputs=inputs, output=made))
            return
        x, kernel, *bias = inputs
        self.kernels[kernel] = weights[kernel]
        product = self.new(f"{made}.product", self.names) if bias else made
        self.nodes.append(replace(node, op="MatMul", inputs=(x, kernel), output=product, attributes={}))
        if bias:
            self.infos[product] = sizes(axes)
            name = self.new(f"{node.name}.add", self.node_names)
            self.nodes.append(Node(name, "Add", (product, *bias), made, {}, node.layer))

    def graph(self) -> Graph:
        graph = self.reading.all
        made = {name for node in self.nodes for name in node.outputs}
        taken = {name for node in self.nodes for name in node.inputs}
        there = made | {info.name for info in graph.inputs}
        given = {info.name for info in graph.outputs}
        known = {info.name for info in graph.infos}
        infos = [info for info in graph.infos if info.name in made]
        infos += [
            Info(name, dims)
            for name, dims in self.infos.items()
            if name in made and name not in given and name not in known
        ]
        return replace(
            graph,
            nodes=tuple(self.nodes),
            weights=tuple(_transposed(weight) if weight.name in self.kernels else weight for weight in graph.weights),
            constants=tuple(each for each in (*graph.constants, *self.constants) if each.name in taken),
            infos=tuple(infos),
            tensors={layer: tensor for layer, tensor in graph.tensors.items() if tensor in there},
        )


def _is_of_places(node: Node, kernel: Weight) -> bool:
    """Whether a convolution makes each place of the same place alone, of all its channels."""
    one = {"strides": 1, "kernel_shape": 1, "group": 1, "pads": 0}
    for name, value in one.items():
        given = node.attributes.get(name, value)
        if set(given if isinstance(given, list | tuple) else [given]) != {value}:
            return False
    return product(kernel.parameter.shape[2:]) == 1


def _axis(of: str, size: Dim) -> tuple[Factor, ...]:
    return () if size == 1 else (Factor(of, size),)  # type: ignore[arg-type]


def _perm(node: Node) -> tuple[int, ...]:
    perm = node.attributes["perm"]
    assert isinstance(perm, list | tuple)
    return tuple(perm)


@lru_cache(maxsize=4096)
def _direct(one: Axes, other: Axes) -> tuple[Stage, ...] | None:
    found = stages(one, other)
    if found is None or any(isinstance(each.step, Reshape) and each.step.shape() is None for each in found):
        return None
    return tuple(found)


def _way(one: Axes, other: Axes, upright: Axes) -> tuple[Stage, ...]:
    """What makes the *other* order of the *one*, by way of that of layers where there is no shorter one."""
    found = _direct(one, other)
    return (_direct(one, upright) or ()) + (_direct(upright, other) or ()) if found is None else found


def _transposed(weight: Weight) -> Weight:
    rows, columns = weight.parameter.shape[:2]
    return replace(weight, parameter=replace(weight.parameter, shape=(columns, rows)))


class _Transposed:
    """Another source's weights with some of its kernels transposed."""

    def __init__(self, inner: Weights, kernels: Mapping[str, Weight]) -> None:
        self.about = inner.about
        self._inner = inner
        self._kernels = kernels

    def all(self, weights: Iterable[Weight]) -> Iterator[Iterable[bytes | memoryview]]:
        wanted = list(weights)
        given = self._inner.all([self._kernels.get(weight.name, weight) for weight in wanted])
        for weight, pieces in zip(wanted, given, strict=True):
            if weight.name not in self._kernels:
                yield pieces
                continue
            columns, rows = weight.parameter.shape
            numbers = np.concatenate([np.frombuffer(piece, "<f4") for piece in pieces])
            yield [numbers.reshape(rows, columns).T.tobytes()]
