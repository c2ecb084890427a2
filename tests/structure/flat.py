"""Networks as they come out of the files of others: without blocks and skips, under other names, in another order."""

from __future__ import annotations

import random

from cnngraph.assembly import Assembly
from cnngraph.network import Layer, Network
from cnngraph.structure.paddings import explicit


def flattened(network: Network, seed: int = 0) -> Network:
    """The layers of *network* and their wiring, and nothing of what its text made of them; paddings are in numbers."""
    rng = random.Random(seed)
    numbers = rng.sample(range(len(network)), len(network))
    names = {
        layer.name: f"/t.{number}" if layer.inputs else layer.name
        for layer, number in zip(network.layers, numbers, strict=True)
    }
    made = Assembly()
    for layer in _in_some_order(network, rng):
        if not layer.inputs:
            made.input(layer.name, layer.output, annotations=layer.annotations)
            continue
        inputs = [names[each] for each in layer.inputs]
        shares = names[layer.shares] if layer.shares else ""
        kind = explicit(layer.kind, layer.input_volumes[0])
        made.add(names[layer.name], kind, inputs, annotations=layer.annotations, shares=shares)
    for output in network.outputs:
        made.output(names[output.layer], names[output.layer])
    return made.network(network.name, title=network.title)


def _in_some_order(network: Network, rng: random.Random) -> list[Layer]:
    """A topological order, the inputs and those that have weights for others where they have to be."""
    waits = {layer.name: {*layer.inputs, *([layer.shares] if layer.shares else [])} for layer in network.layers}
    found = list(network.inputs)
    done = {layer.name for layer in found}
    while len(found) < len(network):
        ready = [layer for layer in network.layers if layer.name not in done and waits[layer.name] <= done]
        for layer in rng.sample(ready, rng.randint(1, len(ready))):
            found.append(layer)
            done.add(layer.name)
    return found
