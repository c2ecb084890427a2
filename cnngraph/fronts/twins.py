"""Layers without weights that do the same to the same tensor: some exporters write one, others as many as the model
had."""

from __future__ import annotations

from dataclasses import replace

from cnngraph.layers.dense import Dropout
from cnngraph.layers.kind import Kind
from cnngraph.network import Network


def united(network: Network) -> Network:
    """*network*, which is flat, with one of each such layer. Those that are given back stay, and so do those that stand
    for a part of the file, with what they take."""
    given = {output.layer for output in network.outputs}
    first: dict[tuple[Kind, tuple[str, ...]], str] = {}
    instead: dict[str, str] = {}
    layers = []
    for layer in network.layers:
        inputs = tuple(instead.get(name, name) for name in layer.inputs)
        around = (layer, *(network[name] for name in network.consumers[layer.name]))
        may_go = layer.inputs and not layer.parameters and not layer.shares and not isinstance(layer.kind, Dropout)
        may_go = may_go and layer.name not in given and all(each.kind.is_known for each in around)
        if may_go and (twin := first.setdefault((layer.kind, inputs), layer.name)) != layer.name:
            instead[layer.name] = twin
        else:
            layers.append(layer if inputs == layer.inputs else replace(layer, inputs=inputs))
    return replace(network, layers=tuple(layers))
