"""What of a network can be code, and where it ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cnngraph.diagnostics import CnngraphError
from cnngraph.network import Layer, Network


def need_known(network: Network) -> None:
    """Raises `CnngraphError` (E0909) for a network with parts that no layer does."""
    for layer in network.layers:
        if not layer.kind.is_known:
            raise CnngraphError.of(
                "E0909",
                f"`{layer.name}` is {layer.kind.caption().name}, which no layer here does: it cannot be exported",
                help="replace the line by layers that do the same",
            )


def without_softmax(network: Network) -> tuple[Network, tuple[bool, ...]]:
    """*network* giving back what goes into the softmax of each output that has one, and which outputs have."""
    taken = {name for layer in network.layers for name in layer.inputs}
    changed: dict[str, str] = {}
    outputs = []
    for output in network.outputs:
        layer = network[output.layer]
        if layer.kind.of_logits and layer.name not in taken:
            changed[layer.name] = layer.inputs[0]
        outputs.append(replace(output, layer=changed.get(layer.name, layer.name)))
    layers = tuple(layer for layer in network.layers if layer.name not in changed)
    return replace(network, layers=layers, outputs=tuple(outputs)), tuple(o.layer in changed for o in network.outputs)


def head_of(logits: Network, softmaxed: Sequence[bool]) -> Layer | None:
    """The layer that makes a number for each class, of which the only output is the softmax. *logits* and
    *softmaxed* are as `without_softmax` gives them."""
    if tuple(softmaxed) != (True,):
        return None
    layer = logits[logits.outputs[0].layer]
    classes = layer.output.channels
    while layer.kind.family in ("pool", "reshape", "dropout", "activation") and not layer.parameters:
        layer = logits[layer.inputs[0]]
        if len(logits.consumers[layer.name]) != 1 or layer.output.channels != classes:
            return None
    return layer if layer.kind.family in ("conv", "dense") and layer.name not in logits.shared else None
