"""Sums of sums that are one: exporters add two tensors at a time, and a person says of ways side by side that they are
added."""

from __future__ import annotations

from dataclasses import replace

from cnngraph.network import Layer, Network


def gathered(network: Network) -> Network:
    """*network*, which is flat, with sums in place of sums of sums, where all that is added comes of one tensor by ways
    side by side."""
    given = {output.layer for output in network.outputs}
    layers: dict[str, Layer] = {}
    for layer in network.layers:
        layers[layer.name] = layer
        if not layer.kind.adds_up:
            continue
        inner = {
            name for name in layer.inputs
            if layers[name].kind.adds_up and name not in given and network.consumers[name] == (layer.name,)
        }  # fmt: skip
        added = [each for name in layer.inputs for each in (layers[name].inputs if name in inner else (name,))]
        if inner and len({_begin(network, name) for name in added}) == 1:
            layers[layer.name] = replace(
                layer, inputs=tuple(added), input_volumes=(layer.output,) * len(added)
            )  # fmt: skip
            for name in inner:
                del layers[name]
    return replace(network, layers=tuple(layers.values()))


def _begin(network: Network, name: str) -> str:
    """The tensor from which layers lead to *name*, one behind another."""
    while len(network.consumers[name]) == 1 and len(network[name].inputs) == 1:
        (name,) = network[name].inputs
    return name
