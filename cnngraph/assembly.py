"""The one door through which networks are made.

Whoever reads a network, from whatever, hands its layers to an `Assembly` in topological order, and what comes out is
sound: names are allowed and given once, inputs and blocks are known, every volume is what its kind makes of what flows
in, and no limit is passed. `unsound` asks the same of a network that is there already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from cnngraph.layers.kind import Fault, Kind, Parameter
from cnngraph.layers.source import Input
from cnngraph.layers.values import Padding, show
from cnngraph.names import unfit
from cnngraph.network import OF_WEIGHTS, Annotation, Block, Layer, Network, Output
from cnngraph.source import Span
from cnngraph.volume import Free, Volume

MAX_NODES = 100_000
MAX_VOLUME_BYTES = 2**40


class Limit(Fault):
    """A fault with which there is no going on: the network is too large."""


class Assembly:
    """Layers as they come. What it refuses it raises as a `Fault`; the front end knows the place."""

    def __init__(self, max_nodes: int = MAX_NODES, settings: Mapping[str, object] | None = None) -> None:
        self.max_nodes = max_nodes
        self.layers: list[Layer] = []
        self.blocks: dict[str, Block] = {}
        self.outputs: list[Output] = []
        self._output_names: set[str] = set()
        self._settings = dict(settings or {})
        self._free: list[str] = []
        self._by_name: dict[str, Layer] = {}
        self._made: dict[tuple[Kind, tuple[Volume, ...]], Volume] = {}
        """What kinds made of what: deep networks ask the same again and again."""

    def __contains__(self, name: str) -> bool:
        """Whether *name* is taken, by a layer or by a block."""
        return name in self._by_name or name in self.blocks

    def get(self, name: str) -> Layer | None:
        return self._by_name.get(name)

    def input(self, name: str, volume: Volume, *, span: Span | None = None, origin: str = "",
              annotations: tuple[Annotation, ...] = ()) -> Layer:  # fmt: skip
        """An input of the network. A free size that was set has the size it was set to."""
        dims = tuple(self._sized(dim.atom) or dim if isinstance(dim, Free) else dim for dim in volume.dims)
        volume = Volume(dims)
        made = Layer(
            name, Input(volume=volume), (), (), volume, unit=name, span=span, annotations=annotations, origin=origin
        )
        return self._append(made)

    def add(
        self,
        name: str,
        kind: Kind,
        inputs: Sequence[str],
        *,
        unit: str = "",
        block: str = "",
        skips: tuple[int, ...] = (),
        on_shortcut: bool = False,
        span: Span | None = None,
        annotations: tuple[Annotation, ...] = (),
        origin: str = "",
        shares: str = "",
    ) -> Layer:
        """One more layer, on the tensors of layers that are there already. With *shares* it uses the weights that the
        layer of that name uses, which is of the same kind."""
        for each in inputs:
            if each not in self._by_name:
                raise Fault("E0201", f"no tensor is called `{each}`", help="a layer stands behind those that it takes")
        taken = tuple([self._by_name[each].output for each in inputs])
        if (made := self._made.get((kind, taken))) is None:
            made = self._made[kind, taken] = kind.shape(taken)
        if shares:
            shares = self._first(shares, name, kind, taken)
            if said := next((each.name for each in annotations if each.name in OF_WEIGHTS), ""):
                raise Fault("E0216", f"@{said} is about weights, and those of `{name}` are those of `{shares}`")
        return self._append(
            Layer(
                name,
                kind,
                tuple(inputs),
                taken,
                made,
                unit=unit or name,
                block=block,
                skips=skips,
                on_shortcut=on_shortcut,
                span=span,
                annotations=annotations,
                origin=origin,
                shares=shares,
            )
        )

    def _first(self, shares: str, name: str, kind: Kind, taken: tuple[Volume, ...]) -> str:
        """The layer that has the weights of the layer *shares*, which fit *kind* on volumes *taken*; empty when there
        are none to share."""
        if (other := self._by_name.get(shares)) is None:
            raise Fault("E0201", f"no layer is called `{shares}`", help="weights are those of a layer before")
        if other.kind != kind:
            raise Fault(
                "E0314", f"`{name}` cannot use the weights of `{shares}`",
                reason=_difference(other.kind, kind),
                help="a layer that uses another's weights is of its kind, with its arguments",
            )  # fmt: skip
        first = self._by_name[other.shares] if other.shares else other
        there, here = first.parameters, kind.parameters(taken)
        for key, parameter in here.items():
            if there[key].shape != parameter.shape:
                raise Fault(
                    "E0315", f"`{name}` cannot use the weights of `{first.name}`",
                    reason=f"`{key}` of `{first.name}` is {_shape(there[key])}, on {_volumes(first.input_volumes)}; "
                    f"for `{name}`, on {_volumes(taken)}, it would be {_shape(parameter)}",
                    help=_WHERE_IT_FITS[kind.family == "dense"],
                )  # fmt: skip
        return first.name if here else ""

    def block(self, path: str, name: str, parent: str = "", arguments: tuple[tuple[str, object], ...] = ()) -> None:
        """A use of the block *name*; layers may be in it from now on."""
        self._take(path)
        if parent and parent not in self.blocks:
            raise Fault("E0201", f"no block is called `{parent}`")
        self.blocks[path] = Block(path, name, parent, arguments=arguments)

    def label_block(self, path: str, label: str) -> None:
        """Figures call the use of a block at *path* so."""
        self.blocks[path] = replace(self.blocks[path], label=label)

    def output(self, name: str, layer: str, origin: str = "", label: str = "") -> None:
        if layer not in self._by_name:
            raise Fault("E0201", f"no tensor is called `{layer}`")
        if why := unfit(name):
            raise Fault("E0313", f"an output cannot be called {name!r}", reason=why)
        if name in self._output_names:
            raise Fault("E0301", f"`{name}` is an output already")
        self._output_names.add(name)
        self.outputs.append(Output(name, layer, origin, label))

    def keep(self, tensors: Iterable[str]) -> None:
        """Keeps the inputs and what leads to *tensors*, and no other layer."""
        wanted = set(tensors)
        kept = []
        for layer in reversed(self.layers):
            if layer.name in wanted or not layer.inputs:
                wanted.update(layer.inputs, filter(None, [layer.shares]))
                kept.append(layer)
        self.layers = kept[::-1]
        self._by_name = {layer.name: layer for layer in self.layers}

    def gives(self, name: str) -> bool:
        """Whether an output is called *name*."""
        return name in self._output_names

    def annotate(self, first: int, annotations: tuple[Annotation, ...]) -> None:
        """Gives *annotations* to all layers from number *first* on: those about weights to the layers that have them.
        Raises `Fault` where these are layers before."""
        made = {layer.name for layer in self.layers[first:]}
        for index in range(first, len(self.layers)):
            layer, given = self.layers[index], annotations
            if layer.shares:
                given = tuple(each for each in annotations if each.name not in OF_WEIGHTS)
                if layer.shares not in made and len(given) < len(annotations):
                    said = next(each.name for each in annotations if each.name in OF_WEIGHTS)
                    raise Fault("E0216", f"@{said} is about weights, and those of `{layer.name}` are those of "
                                f"`{layer.shares}`", help=f"write it where `{layer.shares}` is made")  # fmt: skip
            self._change(index, replace(layer, annotations=(*layer.annotations, *given)))

    def say(self, name: str, annotations: Iterable[Annotation]) -> None:
        """Gives the layer *name* these *annotations* besides its own."""
        index = next(n for n, layer in enumerate(self.layers) if layer.name == name)
        layer = self.layers[index]
        self._change(index, replace(layer, annotations=(*layer.annotations, *annotations)))

    def originate(self, first: int, origins: Sequence[str]) -> None:
        """Gives each layer from number *first* on its origin."""
        for index, origin in enumerate(origins, first):
            self._change(index, replace(self.layers[index], origin=origin))

    def _change(self, index: int, layer: Layer) -> None:
        self.layers[index] = self._by_name[layer.name] = layer

    def network(
        self, name: str, *, title: str = "", file: str = "", annotations: tuple[Annotation, ...] = ()
    ) -> Network:
        """All of it. A setting that set nothing is a fault."""
        if not any(not layer.inputs for layer in self.layers):
            raise Fault("E0310", "there is no network in this file")
        if not self.outputs:
            raise Fault("E0311", "what the network gives back is not clear")
        for key, value in self._settings.items():
            if key in self._free:
                continue
            has = f"its free sizes are {', '.join(self._free)}" if self._free else "it has no free sizes"
            raise Fault("E0210", f"--set {key}={value}: there is no free size `{key}`", help=has)
        return Network(name, tuple(self.layers), tuple(self.outputs), title, self.blocks, file, annotations)

    def _sized(self, atom: str) -> int | None:
        if atom not in self._free:
            self._free.append(atom)
        if atom not in self._settings:
            return None
        value = self._settings[atom]
        size = int(value) if isinstance(value, str) and value.isdecimal() else value
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise Fault("E0213", f"--set {atom}={value}: a size is a whole number of at least 1")
        return size

    def _take(self, name: str) -> None:
        if why := unfit(name):
            raise Fault("E0313", f"a layer cannot be called {name!r}", reason=why)
        if name in self:
            raise Fault("E0301", f"the name `{name}` is given twice")

    def _append(self, layer: Layer) -> Layer:
        self._take(layer.name)
        if layer.block and layer.block not in self.blocks:
            raise Fault("E0201", f"no block is called `{layer.block}`")
        if layer.skips and not set(layer.skips) <= set(range(len(layer.inputs))):
            raise Fault("E0313", f"the skips of `{layer.name}` are not among its {len(layer.inputs)} inputs")
        limit(layer.output)
        if len(self.layers) >= self.max_nodes:
            raise Limit(
                "E0501", "this network is too large", remark=f"the limit is {self.max_nodes:,} nodes (--max-nodes)"
            )
        self.layers.append(layer)
        self._by_name[layer.name] = layer
        return layer


_WHERE_IT_FITS = (
    "weights are used again on as many channels, whatever the height and width",
    "a fully connected layer is used again on as many numbers; a convolution fits every height and width",
)


def _difference(there: Kind, here: Kind) -> str:
    """Why the two are not the same layer."""
    if type(there) is not type(here):
        return f"that is {_a(there)}, this {_a(here)}"
    each = next(each for each in there.arguments() if getattr(there, each.field) != getattr(here, each.field))
    values = (getattr(kind, each.field) for kind in (there, here))
    one, other = (value.caption or value.mode if isinstance(value, Padding) else show(value) for value in values)
    return f"its `{each.keyword}` is {one}, here it is {other}"


def _a(kind: Kind) -> str:
    return f"`{kind.word}`" if kind.word else "an input"


def _shape(parameter: Parameter) -> str:
    return "x".join(map(str, parameter.shape)) or "one number"


def _volumes(volumes: tuple[Volume, ...]) -> str:
    return " and ".join(map(str, volumes))


def limit(volume: Volume) -> None:
    """Raises `Limit` for a volume that no machine holds."""
    size = volume.size
    if isinstance(size, int) and size * 4 > MAX_VOLUME_BYTES:
        raise Limit(
            "E0502",
            f"{'x'.join(f'{dim:,}' for dim in volume.dims)} is {size:,} numbers ({size * 4 / 1e12:,.0f} TB)",
            remark=f"the limit for one volume is 2^{MAX_VOLUME_BYTES.bit_length() - 1} bytes",
        )


def unsound(network: Network, max_nodes: int = MAX_NODES) -> Iterator[Fault]:
    """What keeps *network*, made elsewhere, from having come through an `Assembly`; nothing when it is sound."""
    again = Assembly(max_nodes)
    for block in network.blocks.values():
        try:
            again.block(block.path, block.name, block.parent)
        except Fault as fault:
            yield fault
    for layer in network.layers:
        try:
            if layer.inputs:
                made = again.add(
                    layer.name, layer.kind, layer.inputs, block=layer.block, skips=layer.skips, shares=layer.shares
                )
            else:
                made = again.input(layer.name, layer.output)
        except Fault as fault:
            yield fault
            continue
        if (made.output, made.input_volumes) != (layer.output, layer.input_volumes):
            yield Fault("E0313", f"`{layer.name}` makes {made.output}, and is said to make {layer.output}")
        if made.shares != layer.shares:
            yield Fault("E0313", f"`{layer.name}` uses the weights of `{layer.shares}`, which has none of its own")
        if layer.unit not in again:
            yield Fault("E0313", f"`{layer.name}` stands in the unit `{layer.unit}`, which is no layer before it")
    for output in network.outputs:
        try:
            again.output(output.name, output.layer)
        except Fault as fault:
            yield fault
