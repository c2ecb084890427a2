"""Layers in an order in which a text can say them, where they stand in another."""

from __future__ import annotations

from collections.abc import Iterator

from cnngraph.network import Layer, Network


def joins_behind_branches(network: Network) -> Iterator[Layer]:
    """The layers in an order in which all that only leads to a join stands right before it, shortcuts last.

    What a shortcut makes besides belongs to the next join that a shortcut leads to.
    """
    done = {layer.name for layer in network.inputs}
    yield from network.inputs
    aside: list[Layer] = []
    before: dict[str, list[Layer]] = {}
    for layer in network.layers:
        if layer.on_shortcut and not any(_goes_on(layer, network[name]) for name in network.consumers[layer.name]):
            aside.append(layer)
        elif layer.skips and not layer.on_shortcut:
            before[layer.name], aside = aside, []
    late = {layer.name for layers in before.values() for layer in layers}
    for end in network.layers:
        if network.consumers[end.name] or end.name in late:
            continue
        waiting = [end]
        while waiting:
            layer = waiting[-1]
            inputs = list(enumerate(map(network.__getitem__, layer.inputs)))
            late_ones = {n for n, each in inputs if n in layer.skips and each.on_shortcut and not layer.on_shortcut}
            plain = [each for n, each in inputs if n not in late_ones]
            shortcuts = [each for n, each in inputs if n in late_ones]
            first = (network[layer.shares],) if layer.shares else ()
            needed = (*first, *plain, *before.get(layer.name, ()), *shortcuts)
            missing = [each for each in needed if each.name not in done]
            if missing:
                waiting.append(missing[0])
                continue
            waiting.pop()
            if layer.name not in done:
                done.add(layer.name)
                yield layer


def _goes_on(layer: Layer, taker: Layer) -> bool:
    """Whether a shortcut goes on from *layer* to *taker*, or ends in it."""
    return taker.on_shortcut or any(taker.inputs[index] == layer.name for index in taker.skips)


_SUM = "add"
