"""One order for all networks that are wired the same: what is found in a network must not hang on the order in which
its file happens to have the layers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cnngraph.network import Layer, Network, Output


def canonical(network: Network) -> Network:
    """*network* with its layers as they are met from the outputs on, each behind what it takes, first input first.

    What leads to no output is given back, too, so that all layers are met.
    """
    taken = {name for layer in network.layers for name in layer.inputs} | {each.layer for each in network.outputs}
    ends = [Output(layer.name, layer.name) for layer in network.layers if layer.inputs and layer.name not in taken]
    outputs = (*network.outputs, *ends)
    layers = (*network.inputs, *_met(network, outputs))
    return replace(network, layers=layers, outputs=outputs)


def _met(network: Network, outputs: tuple[Output, ...]) -> Iterator[Layer]:
    done = {layer.name for layer in network.inputs}
    waiting = [each.layer for each in reversed(outputs)]
    while waiting:
        layer = network[waiting[-1]]
        missing = [name for name in layer.inputs if name not in done]
        if missing:
            waiting.extend(reversed(missing))
            continue
        waiting.pop()
        if layer.name not in done:
            done.add(layer.name)
            yield layer
