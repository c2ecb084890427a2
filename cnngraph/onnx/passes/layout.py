"""Layers beside what is passed through, done on tensors as those lie there.

1. A part that is passed through gives or takes a tensor in some order of its numbers. What is done number by number can
   be done in that order too; and where its last axis is the channels, so can convolutions 1x1 and normalizations of
   layers. A convolution is a MatMul then, by its kernel transposed, and an Add where it has a bias.
2. Those are which leave the fewest nodes, counted with what turns tensors from one order to the other: a minimum cut
   between the two orders. Where it is the same, layers stay as they are. A tensor is turned to an order once, in the
   fewest Reshape and Transpose that there are from any order that it has.
3. A tensor has its name where it is a layer's as ever, and another where it is in the part's order. Of a kernel that
   several take none is transposed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf

import numpy as np

from cnngraph.onnx.graph import Constant, Graph, Info, Node
from cnngraph.onnx.passes.orders import Layout, Place, Reading, way
from cnngraph.onnx.rearranging import Axes, Transpose, sizes
from cnngraph.volume import Dim
from cnngraph.weights.source import Weight, Weights


def keep_layouts(graph: Graph, weights: Weights) -> tuple[Graph, Weights, int]:
    """Layers in the order that parts which are passed through have their tensors in."""
    if not any(node.verbatim for node in graph.nodes):
        return graph, weights, 0
    before = len(graph.nodes)
    reading = Reading(graph)
    for layout in (None, *_layouts(reading)):
        chosen = {} if layout is None else dict.fromkeys(_cheapest(reading, reading.members(layout), layout), layout)
        if chosen or layout is None:
            made = _Rewriting(reading, chosen)
            if len(made.nodes) < len(graph.nodes):
                graph, weights = made.graph(), _Laid(weights, made.before)
                reading = Reading(graph, reading, made.places)
    return graph, weights, before - len(graph.nodes)


def _layouts(reading: Reading) -> list[Layout]:
    """Those of what is passed through, first those for the most maps."""
    borders = (place for place in reading.borders() if place.axes != reading.upright(place.map))
    found = dict.fromkeys(Layout.seen(place.axes, reading.dims[place.map]) for place in borders)
    return sorted(found, key=lambda layout: len(layout.fixed))


def _cheapest(reading: Reading, members: Collection[str], layout: Layout) -> set[str]:
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
            makers |= {reading.at[name].map: node.output for name in node.outputs}
            costs(ever, node.output, int(node.op == "Conv" and len(node.inputs) > 2), 1)
            if node.op == "LayerNormalization" and reading.at[node.output].axes == _in(reading, node.output, layout):
                costs(node.output, there, inf)  # it is done so already
    for info in reading.graph.outputs:
        if info.name in reading.at:
            place = reading.at[info.name]
            takers.setdefault(place.map, {}).setdefault(place.axes, []).append("")
    for map, wanted in takers.items():
        maker, users = makers.get(map), {user for each in wanted.values() for user in each if user in members}
        if maker is None and not users:
            continue
        upright, made, last = reading.upright(map), reading.made[map], layout.of(reading.dims[map])
        if users:
            some = (map, last, there)
            costs(ever if maker is None else maker, some, len(way(made, last, upright)))
            for user in users:
                costs(some, user, inf)
        for axes, each in wanted.items():
            as_made, turned = len(way(made, axes, upright)), len(way(last, axes, upright))
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


def _in(reading: Reading, name: str, layout: Layout) -> Axes:
    return layout.of(reading.dims[reading.at[name].map])


class _Rewriting:
    """The graph with the *chosen* nodes done in other orders, and no tensor turned twice."""

    def __init__(self, reading: Reading, chosen: Mapping[str, Layout]) -> None:
        self.reading = reading
        self.nodes: list[Node] = []
        self.constants: list[Constant] = []
        self.infos: dict[str, tuple[Dim, ...]] = {}
        self.laid: dict[str, Weight] = {}
        """Weights that lie otherwise, by what they were called."""
        self.before: dict[str, Weight] = {}
        """The same as they were, by what they are called."""
        self.apart = {name for node in reading.nodes if node.output not in chosen for name in node.inputs}
        """What is taken as it was."""
        graph = reading.graph
        self.called = {(place.map, place.axes): name for name, place in reversed(reading.at.items())}
        self.names = {*reading.dims, *reading.made_by, *(info.name for info in graph.inputs)}
        self.names |= {each.name for own in (graph.weights, graph.constants, graph.stored) for each in own}
        self.node_names = {node.name for node in graph.nodes}
        self.there: dict[str, dict[Axes, str]] = {}
        """The tensors that there are of each map."""
        for info in graph.inputs:
            self.noted(info.name)
        for node in reading.nodes:
            if node.output in chosen:
                self.done(node, chosen[node.output])
                continue
            inputs = tuple(self.taken(name, node.layer) for name in node.inputs)
            self.nodes.append(replace(node, inputs=inputs))
            for name in node.outputs:
                self.noted(name)
        for info in graph.outputs:
            self.taken(info.name, "")

    @property
    def places(self) -> dict[str, Place]:
        """How tensors lie."""
        return {name: Place(map, axes) for map, there in self.there.items() for axes, name in there.items()}

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
        ways = [(name, way(at, axes, upright)) for at, name in there.items()]
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

    def done(self, node: Node, layout: Layout) -> None:
        """*node* in *layout*."""
        at = self.reading.at
        maps = self.reading.maps(node)
        inputs = tuple(
            self.as_in(at[name].map, _in(self.reading, name, layout), node.layer) if name in maps else self.weight(name)
            for name in node.inputs
        )
        outputs = []
        for name in node.outputs:
            axes = _in(self.reading, name, layout)
            outputs.append(self.name(at[name].map, axes))
            self.infos[outputs[-1]] = sizes(axes)
            self.there.setdefault(at[name].map, {})[axes] = outputs[-1]
        node = replace(node, inputs=inputs, output=outputs[0], more=tuple(outputs[1:]))
        if node.op == "Conv":
            self.product(node)
        elif node.op in ("Concat", "Split"):
            self.nodes.append(replace(node, attributes={**node.attributes, "axis": layout.where(1)}))
        elif node.op == "Slice":
            axes_of = [layout.where(int(axis)) or 0 for axis in self.reading.constants[node.inputs[3]]]
            self.nodes.append(self.told(node, 3, "axes", axes_of))
        elif node.op == "Pad":
            pads = self.reading.constants[node.inputs[1]]
            order = layout.order or ()
            self.nodes.append(self.told(node, 1, "pads", [int(pads[n + end]) for end in (0, 4) for n in order]))
        else:
            self.nodes.append(node)

    def weight(self, name: str) -> str:
        """The weight *name* for channels that are last: another where it is taken as it was, too."""
        if name not in self.reading.vectors:
            return name
        if name not in self.laid:
            made = self.new(f"{name}.last", self.names) if name in self.apart else name
            self.lay(name, made, (self.reading.vectors[name],))
        return self.laid[name].name

    def lay(self, name: str, made: str, shape: tuple[int, ...]) -> None:
        """The weight *name* in another *shape*, as *made*."""
        self.before[made] = weight = self.reading.weights[name]
        self.laid[name] = replace(weight, name=made, parameter=replace(weight.parameter, shape=shape))

    def told(self, node: Node, at: int, name: str, values: Sequence[int]) -> Node:
        """*node* with other *values* as the input *at* a place."""
        name = self.new(f"{node.output}.{name}", self.names)
        self.constants.append(Constant(name, tuple(values), (len(values),), "int64"))
        return replace(node, inputs=(*node.inputs[:at], name, *node.inputs[at + 1 :]))

    def product(self, node: Node) -> None:
        """A convolution of places by themselves."""
        x, kernel, *bias = node.inputs
        rows, columns = self.reading.weights[kernel].parameter.shape[:2]
        self.lay(kernel, kernel, (columns, rows))
        product = self.new(f"{node.output}.product", self.names) if bias else node.output
        self.nodes.append(replace(node, op="MatMul", inputs=(x, kernel), output=product, attributes={}))
        if bias:
            self.infos[product] = self.infos[node.output]
            name = self.new(f"{node.name}.add", self.node_names)
            self.nodes.append(Node(name, "Add", (product, *bias), node.output, {}, node.layer))

    def weights(self, taken: Collection[str]) -> Iterator[Weight]:
        """Those that are *taken*, and behind each what it is in another shape."""
        for weight in self.reading.graph.weights:
            if weight.name in taken and weight.name not in self.before:
                yield weight
            if weight.name in self.laid:
                yield self.laid[weight.name]

    def graph(self) -> Graph:
        graph = self.reading.graph
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
            weights=tuple(self.weights(taken)),
            stored=tuple(each for each in graph.stored if each.name in taken),
            constants=tuple(each for each in (*graph.constants, *self.constants) if each.name in taken),
            infos=tuple(infos),
            tensors={layer: tensor for layer, tensor in graph.tensors.items() if tensor in there},
        )


class _Laid:
    """Another source's weights, some of which lie otherwise: kernels of places transposed."""

    def __init__(self, inner: Weights, before: Mapping[str, Weight]) -> None:
        self.about = inner.about
        self._inner = inner
        self._before = before

    def all(self, weights: Iterable[Weight]) -> Iterator[Iterable[bytes | memoryview]]:
        wanted = list(weights)
        given = self._inner.all([self._before.get(weight.name, weight) for weight in wanted])
        for weight, pieces in zip(wanted, given, strict=True):
            if weight.name in self._before and len(weight.parameter.shape) == 2:
                columns, rows = weight.parameter.shape
                numbers = np.concatenate([np.frombuffer(piece, "<f4") for piece in pieces])
                pieces = [numbers.reshape(rows, columns).T.tobytes()]
            yield pieces
