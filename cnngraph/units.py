"""Layers in the pieces that a lecturer says in one breath: a convolution with its normalization and activation.

Tables and figures show units; the network itself, its checks and its export know layers only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from cnngraph.network import NOTE, Layer, Network, Shortcut, kept, total
from cnngraph.volume import Volume


@dataclass(frozen=True)
class Unit:
    """A layer and the silent ones right behind it."""

    layers: tuple[Layer, ...]
    inputs: tuple[str, ...]
    """Names of the units whose tensors it takes, in order."""
    tied: str = ""
    """Where several units use the same weights, the layer that has them: the first of theirs."""

    @property
    def lead(self) -> Layer:
        return self.layers[0]

    @cached_property
    def name(self) -> str:
        return self.layers[0].name

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of its layers."""
        return tuple([layer.name for layer in self.layers])

    @property
    def output(self) -> Volume:
        return self.layers[-1].output

    @cached_property
    def does(self) -> Layer:
        """The first of its layers that does something to its numbers; its lead where none does."""
        return next((layer for layer in self.layers if not layer.kind.idle), self.layers[0])

    @cached_property
    def idle(self) -> bool:
        """Whether nothing in it does."""
        return self.does.kind.idle

    @cached_property
    def label(self) -> str:
        """What figures call it, as its author says; empty where that is left to them."""
        return self.layers[0].label

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The same of each of its layers."""
        return tuple([layer.label for layer in self.layers])

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What the author notes of its layers, each once and in one line."""
        said = (each.arguments[0] for layer in self.layers for each in layer.annotations if each.name == NOTE)
        return tuple(dict.fromkeys(filter(None, (" ".join(str(text).split()) for text in said))))

    @cached_property
    def is_known(self) -> bool:
        """Whether what it does is known of all of its layers."""
        return all(layer.kind.is_known for layer in self.layers)

    @property
    def on_shortcut(self) -> bool:
        return self.lead.on_shortcut

    @cached_property
    def weighted(self) -> bool:
        """Whether it counts when people say "a 34-layer network": convolutions and fully connected layers."""
        return self.lead.kind.family in ("conv", "dense")

    @cached_property
    def shares(self) -> str:
        """The layer whose weights it uses; empty where they are its own, others may use them or not."""
        return next((layer.shares for layer in self.layers if layer.shares), "")

    @cached_property
    def bond(self) -> tuple[str, str, bool]:
        """With whom it shares weights, as seen from the block around both, and whether they are another's: equal for
        equal units in equal blocks, but not for the first use of weights and the second. Blocks in which both stand
        at the same place are not in it, so that what follows on itself in one tower does in the others."""
        block, _, name = self.tied.rpartition(".")
        own, other = self.lead.block.split("."), block.split(".")
        while own and own[-1:] == other[-1:]:
            own.pop()
            other.pop()
        return as_seen(".".join(other), ".".join(own)), name, self.shares != ""

    @cached_property
    def params(self) -> int:
        return sum([layer.params for layer in self.layers])

    @cached_property
    def macs(self) -> int | None:
        return total([layer.macs for layer in self.layers])

    @cached_property
    def about(self) -> str:
        """One line for hovering and screen readers: ``conv1: 28×28×6, 156 parameters, 117,600 MACs``."""
        parts = [f"{self.name}: {self.output.caption}"]
        parts += [f"{self.params:,} parameters"] if self.params else []
        parts += [f"{self.macs:,} MACs"] if self.macs else []
        parts += [f"weights of {self.shares}"] if self.shares else []
        return ", ".join(parts)


@dataclass(frozen=True)
class Units:
    """The units of a network, as far as an output depends on them."""

    network: Network
    units: tuple[Unit, ...]
    """In topological order."""
    of_layer: dict[str, str]
    """The unit that each layer belongs to."""

    @cached_property
    def by_name(self) -> dict[str, Unit]:
        return {unit.name: unit for unit in self.units}

    @cached_property
    def consumers(self) -> dict[str, tuple[str, ...]]:
        """For every unit those that take its tensor, in order."""
        found: dict[str, list[str]] = {unit.name: [] for unit in self.units}
        for unit in self.units:
            for name in unit.inputs:
                found[name].append(unit.name)
        return {name: tuple(names) for name, names in found.items()}

    @cached_property
    def drawn(self) -> dict[str, tuple[str, ...]]:
        """For every unit those whose tensors it takes as numbers, in order: what is only measured has no line in a
        figure, but where nothing else would take it."""
        taken = {unit.name: unit.inputs[:1] if unit.lead.kind.measures_second else unit.inputs for unit in self.units}
        used = {name for names in taken.values() for name in names}
        used |= {self.of_layer[output.layer] for output in self.network.outputs}
        for unit in self.units:
            if len(taken[unit.name]) < len(unit.inputs) and unit.inputs[1] not in used:
                taken[unit.name] = unit.inputs
        return taken

    @cached_property
    def shortcuts(self) -> tuple[Shortcut, ...]:
        """The network's skip edges, between units."""
        of = self.of_layer
        return tuple(
            Shortcut(of[s.source], of[s.join], tuple(dict.fromkeys(of[name] for name in s.through)))
            for s in self.network.shortcuts
            if s.join in of
        )

    @property
    def is_chain(self) -> bool:
        """Whether every unit takes one tensor, of the unit before it."""
        return all(unit.inputs == ((before.name,)) for before, unit in zip(self.units, self.units[1:], strict=False))


def _is_one_breath(lead: Layer, before: Layer, layer: Layer) -> bool:
    """Whether *layer*, a silent one, can be said together with the one *before*, whose unit *lead* leads: not where a
    block begins, nor where it normalizes what the joins of a block have made, which is what comes next, as before every
    layer of a dense block."""
    if before.on_shortcut != layer.on_shortcut:
        return False
    if lead.kind.family == "join" and layer.kind.family == "norm" and before.block != layer.block:
        return False
    return not layer.block or before.block == layer.block or before.block.startswith(f"{layer.block}.")


@kept
def units(network: Network) -> Units:
    """*network* in units, in one pass over its layers."""
    members: dict[str, list[Layer]] = {}
    of_layer: dict[str, str] = {}
    outputs = {output.layer for output in network.outputs}
    by_name, live, consumers = network.by_name, network.live, network.consumers
    for layer in network.layers:
        if layer.name not in live:
            continue
        name = layer.name
        if layer.kind.is_silent and len(layer.inputs) == 1:
            (before,) = layer.inputs
            alone = [each for each in consumers[before] if each in live] == [layer.name]
            leads, unit = by_name[before], of_layer[before]
            said = alone and leads.inputs and before not in outputs
            if said and _is_one_breath(by_name[unit], leads, layer):
                name = unit
        of_layer[layer.name] = name
        members.setdefault(name, []).append(layer)
    made = tuple(
        Unit(tuple(layers), tuple(of_layer[name] for name in layers[0].inputs), tied(layers, network))
        for layers in members.values()
    )
    return Units(network, made, of_layer)


def tied(layers: Iterable[Layer], network: Network) -> str:
    """The layer whose weights *layers* and others of *network* use; empty where they are used once."""
    return next((layer.shares or layer.name for layer in layers if layer.shares or layer.name in network.shared), "")


Owners = tuple[str, ...]
"""Whose weights something has, one for each of its units that has any; empty where some are used nowhere else."""


def owners(some: Iterable[Unit]) -> Owners:
    """Whose weights *some* units have."""
    found = []
    for unit in some:
        if unit.tied:
            found.append(unit.tied)
        elif unit.params or unit.shares:
            return ()
    return tuple(found)


def as_seen(name: str, block: str) -> str:
    """The layer *name* without the blocks that it and what is in *block* are both in."""
    while block and not name.startswith(f"{block}."):
        block = block.rpartition(".")[0]
    return name.removeprefix(f"{block}.") if block else name
