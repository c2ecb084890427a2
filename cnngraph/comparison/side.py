"""One of two networks that are compared, as the units that are aligned."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from cnngraph.network import Network, Output
from cnngraph.structure.proof import loose
from cnngraph.units import Unit, units


@dataclass(frozen=True)
class Side:
    """A network in units, whatever blocks they are in, with what leads to no output; a unit goes by its number."""

    network: Network

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        """In the order of the network's layers."""
        network = self.network
        if len(network.live) < len(network):
            taken = {name for layer in network.layers for name in layer.inputs}
            ends = [layer.name for layer in network.layers if layer.name not in taken | network.live]
            network = replace(network, outputs=(*network.outputs, *(Output(name, name) for name in ends)))
        return units(loose(network)).units

    @cached_property
    def of_layer(self) -> dict[str, int]:
        """The unit that each layer is in."""
        return {name: number for number, unit in enumerate(self.units) for name in unit.names}

    @cached_property
    def inputs(self) -> tuple[tuple[int, ...], ...]:
        """The units whose tensors each takes, in order."""
        return tuple(tuple([self.of_layer[name] for name in unit.inputs]) for unit in self.units)

    @cached_property
    def outputs(self) -> tuple[int, ...]:
        """The units whose tensors are given back, in order."""
        return tuple(self.of_layer[output.layer] for output in self.network.outputs)

    @cached_property
    def consumers(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """Of each unit who takes its tensor, and as which of its inputs."""
        found: list[list[tuple[int, int]]] = [[] for _ in self.units]
        for number, taken in enumerate(self.inputs):
            for at, source in enumerate(taken):
                found[source].append((number, at))
        return tuple(tuple(each) for each in found)

    @cached_property
    def walked(self) -> tuple[int, ...]:
        """The units as they are met from the outputs back, inputs in their order: the same however the lines of a spec
        stand, as long as they say the same."""
        found: list[int] = []
        met: set[int] = set()
        waiting = [(number, False) for number in reversed(self.outputs)]
        while waiting:
            number, is_done = waiting.pop()
            if is_done:
                found.append(number)
            elif number not in met:
                met.add(number)
                waiting.append((number, True))
                waiting += [(source, False) for source in reversed(self.inputs[number]) if source not in met]
        return (*found, *(number for number in range(len(self.units)) if number not in met))
