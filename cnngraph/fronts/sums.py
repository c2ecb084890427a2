"""Sums of sums that are one: exporters add two tensors at a time, and a person says of ways side by side that they are
added."""

from __future__ import annotations

from dataclasses import replace

from cnngraph.network import Layer, Network
from cnngraph.structure.recursions import FEWEST


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
    made = replace(network, layers=tuple(layers.values()))
    return _flowing_first(made) if network.shared else made


def _flowing_first(network: Network) -> Network:
    """*network*, which shares weights, with what flows first in sums that take one tensor up again and again: in which
    order two are added is no difference, and a text says ``conv -> add first``."""
    before: dict[str, str] = {}
    """For each sum of a tensor and what comes of it the one before that takes the same up; itself for the first."""
    for layer in network.layers:
        if layer.kind.adds_up and len(set(layer.inputs)) == len(layer.inputs) == 2:
            tensor, other = layer.inputs
            begin = _begin(network, other)
            if begin == tensor or (begin in before and network[begin].inputs[0] == tensor):
                before[layer.name] = layer.name if begin == tensor else begin
    turned: set[str] = set()
    for name in reversed(before):
        row = [name]
        while row[-1] not in turned and before[row[-1]] != row[-1]:
            row.append(before[row[-1]])
        if len(row) >= FEWEST or row[-1] in turned:
            turned.update(row)
    layers = tuple(
        replace(layer, inputs=layer.inputs[::-1], input_volumes=layer.input_volumes[::-1])
        if layer.name in turned else layer
        for layer in network.layers
    )  # fmt: skip
    return replace(network, layers=layers)


def _begin(network: Network, name: str) -> str:
    """The tensor from which layers lead to *name*, one behind another."""
    while len(network.consumers[name]) == 1 and len(network[name].inputs) == 1:
        (name,) = network[name].inputs
    return name
