"""Names that a spec can give: labels are identifiers, and what is in a block is called after it.

A network may call its layers anything that can be printed (`cnngraph.names`). `sayable` is that network with names that
a spec can give, each layer and output keeping what it was called as its origin, so that nothing is lost.
"""

from __future__ import annotations

import re
from dataclasses import replace

from cnngraph.network import LABEL, OF_JOINS, OF_WEIGHTS, Annotation, Block, Layer, Network, Output
from cnngraph.spec.lexer import FLAGS, RESERVED
from cnngraph.spec.syntax import IMAGE

UNNAMED = "net"
"""What a network is called that was given no name."""
NUMBERED = re.compile(r"_\d+$")
"""How the name of a block ends that had to be told from another."""
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def is_name(text: str) -> bool:
    """Whether a label, a block or a network can be called *text*."""
    return _IDENTIFIER.fullmatch(text) is not None and text not in RESERVED


def quoted(name: str) -> str:
    """*name* as it can stand in a string of a spec, which has no quotation mark in it."""
    return name.replace("%", "%25").replace('"', "%22")


def unquoted(text: str) -> str:
    """The name that was `quoted` as *text*."""
    return text.replace("%22", '"').replace("%25", "%")


def identifier(text: str, instead: str) -> str:
    """A name that looks like *text*: ``features_1``, ``layer1_conv``; made of *instead* where none does."""
    if is_name(text):
        return text
    import unicodedata

    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9_]+", "_", plain).strip("_")
    if not name or name[0].isdigit():
        name = f"{instead}_{name}".rstrip("_")
    return f"{name}_" if name in RESERVED else name


def sayable(network: Network) -> Network:
    """*network* as a spec can say it; *network* itself where it can already."""
    names = _Names(network)
    layers = tuple(map(names.layer, network.layers))
    outputs = tuple(names.outputs())
    blocks = {names.paths[path]: names.block(block) for path, block in network.blocks.items()}
    name = network.name if network.name == UNNAMED else identifier(network.name, "network")
    if (layers, outputs, blocks, name) == (network.layers, network.outputs, network.blocks, network.name):
        return network
    title = network.title or ("" if name == network.name else re.sub(r'["{}]', "'", network.name))
    return replace(network, name=name, layers=layers, outputs=outputs, blocks=blocks, title=title)


class _Names:
    """What everything is called now, by what it was called."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.paths = {"": ""}
        self.layers: dict[str, str] = {}
        self._units = _units(network)
        self._taken: dict[str, set[str]] = {}
        """Names in each block, by the path it had."""
        self._before: dict[str, set[str]] = {}
        """Names of the layers so far in each block."""
        leads = [layer for layer in network.layers if self._units[layer.name] == layer.name]
        for at, name in [*((layer.block, layer.name) for layer in leads),
                         *((block.parent, block.path) for block in network.blocks.values())]:  # fmt: skip
            if is_name(_local(name, at)):
                self._taken.setdefault(at, set()).add(_local(name, at))
        for block in network.blocks.values():
            self._path(block)
        for layer in network.layers:
            unit = self._units[layer.name]
            follows = unit != layer.name
            self.layers[layer.name] = f"{self.layers[unit]}.{layer.kind.word}" if follows else self._lead(layer)

    def _path(self, block: Block) -> str:
        if block.path not in self.paths:
            if block.parent:
                self._path(self.network.blocks[block.parent])
            self.paths[block.path] = self._given(block.path, block.parent, block.name)
        return self.paths[block.path]

    def _lead(self, layer: Layer) -> str:
        local = _local(layer.name, layer.block)
        before = self._before.setdefault(layer.block, set())
        number = local.removeprefix(layer.kind.word)
        is_flag = local in FLAGS and number.isdecimal()
        if is_flag and all(f"{layer.kind.word}{n}" in before for n in range(1, int(number))):
            # The automatic name of the sixth relu is no label, and is given without one: if it is the sixth.
            return f"{self.paths[layer.block]}.{local}".lstrip(".")
        before.add(local)
        return self._given(layer.name, layer.block, layer.kind.word or IMAGE)

    def _given(self, name: str, at: str, instead: str) -> str:
        local = _local(name, at)
        if not is_name(local):
            taken = self._taken.setdefault(at, set())
            stem, number = identifier(local or name, instead), 1
            local = stem
            while local in taken:
                number += 1
                local = f"{stem}_{number}"
            taken.add(local)
        return f"{self.paths[at]}.{local}".lstrip(".")

    def layer(self, layer: Layer) -> Layer:
        name = self.layers[layer.name]
        inputs = tuple([self.layers[each] for each in layer.inputs])
        unit, block = self.layers[self._units[layer.name]], self.paths[layer.block]
        shares = self.layers[layer.shares] if layer.shares else ""
        if (name, inputs, unit, block, shares) == (layer.name, layer.inputs, layer.unit, layer.block, layer.shares):
            return layer
        origin = layer.origin or ("" if name == layer.name else layer.name)
        return replace(layer, name=name, inputs=inputs, unit=unit, block=block, origin=origin, shares=shares)

    def block(self, block: Block) -> Block:
        path, parent = self.paths[block.path], self.paths[block.parent]
        return Block(path, identifier(block.name, "block"), parent, block.label, block.arguments)

    def outputs(self) -> list[Output]:
        found: list[Output] = []
        given: set[str] = set()
        for output in self.network.outputs:
            layer = self.layers[output.layer]
            name = layer if output.name == output.layer else output.name
            if not all(map(is_name, name.split("."))) and name != layer:
                name = identifier(name, "out")
            while name in given:
                name += "_"
            given.add(name)
            origin = output.origin or ("" if name == output.name else output.name)
            found.append(Output(name, layer, origin, output.label))
        return found


def _local(name: str, block: str) -> str:
    """*name* without the path of its block; empty when it does not begin with it."""
    if not block:
        return name
    return name.removeprefix(f"{block}.") if name.startswith(f"{block}.") else ""


def _units(network: Network) -> dict[str, str]:
    """The unit of each layer as far as a step can say it: a norm and then an activation, each the only one that takes
    what is before it."""
    given = {output.layer for output in network.outputs}
    found: dict[str, str] = {}
    steps: dict[str, list[Layer]] = {}
    """What each block is at: a layer and what follows it so far."""
    for layer in network.layers:
        step = steps.get(layer.block, [])
        inside = bool(step) and len(network.consumers[step[-1].name]) == 1 and step[-1].name not in given
        if inside and layer.unit == step[0].name != layer.name and follows(layer, step):
            step.append(layer)
            found[layer.name] = layer.unit
        else:
            steps[layer.block] = [layer]
            found[layer.name] = layer.name
    part(found, network)
    return found


def part(units: dict[str, str], network: Network) -> None:
    """Makes steps of their own of layers in *units* that are used again without the rest of their step."""
    steps: dict[str, list[Layer]] = {}
    for layer in network.layers if network.shared else ():
        steps.setdefault(units[layer.name], []).append(layer)
    parted = True
    while parted:
        parted = False
        for step in list(steps.values()):
            owners = [layer.shares for layer in step if layer.shares]
            first = steps[units[owners[0]]] if owners else step
            whole = len(step) == len(first) and all(map(used_alike, step, first))
            alike = len({unlabelled(layer) for layer in step}) == 1
            if owners and len(step) + len(first) > 2 and not (whole and alike):
                parted = True
                for layer in (*step, *first):
                    units[layer.name] = layer.name
                    steps[layer.name] = [layer]


def unlabelled(layer: Layer) -> tuple[Annotation, ...]:
    """What is said of *layer* but for what figures call it, which is of a whole step."""
    return tuple(each for each in layer.annotations if each.name != LABEL)


def of_branches(join: Layer) -> tuple[Annotation, ...]:
    """What is said of *join* and would be of its branches, too, on its line."""
    return tuple(each for each in join.annotations if each.name not in OF_JOINS)


def used_alike(layer: Layer, other: Layer) -> bool:
    """Whether *layer* is *other* used again."""
    has_weights = bool(layer.kind.parameters(layer.input_volumes))
    return (
        layer.kind == other.kind
        and layer.shares == ((other.shares or other.name) if has_weights else "")
        and not any(each.name in OF_WEIGHTS for each in layer.annotations)
    )


def follows(layer: Layer, step: list[Layer]) -> bool:
    """Whether *layer* can be said on the step that made *step* so far."""
    lead, *followers = step
    if layer.inputs != (step[-1].name,) or not lead.kind.followers:
        return False
    if layer.kind.short_for:
        return layer.kind.short_for == lead.kind.word and all(each.kind.follows == "norm" for each in followers)
    said = [each.kind.follows for each in (*followers, layer)]
    return said in (["norm"], ["activation"], ["norm", "activation"])
