"""Network to ONNX graph: names from the spec, NCHW, every tensor's shape written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from cnngraph.about import about
from cnngraph.diagnostics import CnngraphError
from cnngraph.layers.activation import onnx_dims
from cnngraph.network import Layer, Network
from cnngraph.onnx.graph import Constant, Graph, Info, Node
from cnngraph.volume import Dim, Free, Volume, product
from cnngraph.weights.source import Weight

if TYPE_CHECKING:
    from cnngraph.fronts.onnx.parts import Parts, Stored
    from cnngraph.onnx.passing import Own

OPSETS = range(17, 23)
DEFAULT_OPSET = 20
"""onnxruntime has loaded it since 1.17 (January 2024), and Gelu is an operator from here on."""


def lower(network: Network, *, opset: int | None = None, batch: int | None = None, parts: Parts | None = None) -> Graph:
    """*network* as an ONNX graph, without the layers that no output depends on.

    What no layer does is passed through from *parts*. The batch is the free dimension ``N`` unless *batch* is given, or
    the file of *parts* fixes it. Raises `CnngraphError` for an opset that is not written here, and for what no layer
    does and cannot be passed through.
    """
    if opset is None:
        opset = DEFAULT_OPSET if parts is None else min(max(parts.opset, OPSETS.start), OPSETS.stop - 1)
    if opset not in OPSETS:
        raise CnngraphError.of(
            "E0904", f"opset {opset} is not one of {OPSETS.start} to {OPSETS.stop - 1}",
            help=f"{DEFAULT_OPSET} is what is written unless said; onnxruntime runs older opsets for ever",
        )  # fmt: skip
    if not network.is_known and parts is None:
        layer = next(layer for layer in network.layers if not layer.kind.is_known)
        raise CnngraphError.of(
            "E0909", f"`{layer.name}` is {layer.kind.caption().name}, which no layer here does: it cannot be exported",
            file=network.file, help="with the ONNX file that the network is from it can:  --passthrough MODEL.onnx",
        )  # fmt: skip
    if parts is not None and isinstance(parts.batch, int):
        if batch not in (None, parts.batch):
            parts.refuse(f"it takes {parts.batch} at once, and a batch of {batch} is asked for", "leave --batch out")
        batch = parts.batch
    return _Lowerer(network, opset, Free("N") if batch is None else batch, parts).graph()


class _Lowerer:
    def __init__(self, network: Network, opset: int, batch: Dim, parts: Parts | None) -> None:
        self.network = network
        self.opset = opset
        self.batch = batch
        self.parts = parts
        self.nodes: list[Node] = []
        self.weights: dict[str, Weight] = {}
        """By their names: layers that share weights use the same."""
        self.constants: list[Constant] = []
        self.infos: dict[str, Info] = {}
        self.tensors = _tensor_names(network)
        """The tensor that each layer makes, by the layer's name."""
        self.stored: tuple[Stored, ...] = ()
        self.domains: Mapping[str, int] = {}
        self.own: dict[str, Own] = {}
        """Outputs that are no volumes, by their layers."""

    def graph(self) -> Graph:
        network = self.network
        for layer in network.layers:
            if layer.name in network.live and layer.inputs and layer.kind.is_known:
                layer.kind.lower(_LayerLowering(self, layer))
        if self.parts is not None:
            self.pass_through(self.parts)
        outputs = []
        for output in network.outputs:
            info = self.info(output.name, network[output.layer].output)
            if output.layer in self.own:
                own = self.own[output.layer]
                batch = self.batch if self.parts is not None and own.sizes[0] == self.parts.batch else own.sizes[0]
                info = Info(output.name, (batch, *own.sizes[1:]), own.kind)
            if self.tensors[output.layer] != output.name:
                # An input given back, or one tensor under two names.
                self.nodes.append(
                    Node(f"{output.name}.identity", "Identity", (self.tensors[output.layer],), info.name, {})
                )
            self.infos.pop(output.name, None)
            outputs.append(info)
        return Graph(
            name=network.name,
            title=network.title,
            opset=self.opset,
            inputs=tuple(self.info(layer.name, layer.output) for layer in network.inputs),
            outputs=tuple(outputs),
            nodes=tuple(self.nodes),
            weights=tuple(self.weights.values()),
            constants=tuple(self.constants),
            infos=tuple(self.infos.values()),
            tensors={name: tensor for name, tensor in self.tensors.items() if name in network.live},
            about=about(network),
            stored=self.stored,
            domains=self.domains,
        )

    def pass_through(self, parts: Parts) -> None:
        """What no layer does, out of the model that the network is from."""
        from cnngraph.onnx.passing import lowered

        network = self.network
        unknown = [layer for layer in network.layers if layer.name in network.live and not layer.kind.is_known]
        prefix = f"{unknown[0].name}:" if unknown else ""
        names = {*self.tensors, *self.tensors.values(), *(output.name for output in network.outputs)}
        while any(name.startswith(prefix) for name in names):
            prefix += ":"
        ends = {layer.name for layer in unknown if not network.consumers[layer.name]}
        made = lowered(parts, [layer.name for layer in unknown], network.live, self.tensors, ends, self.opset, prefix)
        for layer in unknown:
            self.infos[self.tensors[layer.name]] = self.info(self.tensors[layer.name], layer.output)
        inputs = {layer.name for layer in network.inputs}
        for name, sizes in made.between.items():
            if name not in self.infos and name not in inputs:
                self.infos[name] = Info(name, tuple(self.size(size, parts.batch) for size in sizes))
        self.nodes = _sorted([*self.nodes, *made.nodes], parts)
        self.constants += made.constants
        self.stored = tuple(made.stored)
        self.domains = made.domains
        self.own = made.own

    def size(self, size: Dim, batch: Dim) -> Dim:
        """A *size* in a model that has *batch* pictures at once, as it is here."""
        if isinstance(size, Free) and isinstance(batch, Free) and size.atom == batch.atom:
            return size.scale * self.batch + size.offset
        return size

    def info(self, name: str, volume: Volume) -> Info:
        return Info(name, (self.batch, *onnx_dims(volume)))


def _sorted(nodes: Sequence[Node], parts: Parts) -> list[Node]:
    """*nodes* so that each stands behind those whose tensors it takes, else in their order."""
    makers = {name: node for node in nodes for name in node.outputs}
    found: dict[str, Node] = {}
    waited: set[str] = set()
    for last in nodes:
        waiting = [last]
        while waiting:
            node = waiting[-1]
            before = [makers[name] for name in node.inputs if name in makers and makers[name].output not in found]
            if not before:
                found.setdefault(waiting.pop().output, node)
            elif node.output in waited:
                parts.refuse(f"{node.name} hangs on itself")
            else:
                waited.add(node.output)
                waiting += before[::-1]
    return list(found.values())


def _tensor_names(network: Network) -> dict[str, str]:
    """A layer's tensor has its name; an output's has the output's, and whoever had that gives way."""
    names = {layer.name: layer.name for layer in network.layers}
    taken = set(names)
    for output in network.outputs:
        if output.name in names and output.name != output.layer:
            other = f"{output.name}.{network[output.name].kind.word}"
            while other in taken:
                other += "_"
            taken.add(other)
            names[output.name] = other
    named = set()
    for output in network.outputs:
        if output.layer not in named and network[output.layer].inputs:
            names[output.layer] = output.name
            named.add(output.layer)
    return names


class _LayerLowering:
    """What one layer's kind sees of the lowering; `cnngraph.layers.kind.Lowering` says what each part is for."""

    def __init__(self, lowerer: _Lowerer, layer: Layer) -> None:
        self._to = lowerer
        self._layer = layer
        self.opset = lowerer.opset
        self.inputs = tuple(lowerer.tensors[name] for name in layer.inputs)
        self.input_volumes = layer.input_volumes
        self.output = lowerer.tensors[layer.name]
        self.output_volume = layer.output

    def node(self, op: str, inputs: Sequence[str], output: str | tuple[str, ...], **attributes: object) -> str:
        output, *more = (output,) if isinstance(output, str) else output
        last = output == self.output
        name = self._layer.name if last else f"{output}.{op.lower()}"
        self._to.nodes.append(Node(name, op, tuple(inputs), output, attributes, self._layer.name, tuple(more)))
        if last:
            self._to.infos[output] = self._to.info(output, self.output_volume)
        return output

    def parameter(self, name: str, shape: tuple[int, ...] | None = None) -> str:
        first = self._to.network[self._layer.shares] if self._layer.shares else self._layer
        key = f"{first.name}.{name}"
        if key not in self._to.weights:
            own = first.parameters[name]
            self._to.weights[key] = Weight(key, first, own if shape is None else replace(own, shape=shape))
        return key

    def constant(self, name: str, values: Sequence[int] | Sequence[float], shape: tuple[int, ...] | None = None) -> str:
        key = f"{self._layer.name}.{name}"
        dims = (len(values),) if shape is None else shape
        assert product(dims) == len(values)
        whole = all(isinstance(value, int) for value in values)
        self._to.constants.append(Constant(key, tuple(values), dims, "int64" if whole else "float32"))
        return key

    def inner(self, name: str, dims: tuple[Dim, ...], type: Literal["float32", "int64"] = "float32") -> str:
        key = f"{self._layer.name}.{name}"
        self._to.infos[key] = Info(key, (self._to.batch, *dims), type)
        return key

    def sizes(self, name: str, rank: int) -> str:
        key = f"{self._layer.name}.{name}"
        self._to.infos[key] = Info(key, (rank,), "int64")
        return key
