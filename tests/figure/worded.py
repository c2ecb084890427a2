"""Networks with words of an author, at random."""

from __future__ import annotations

import random
from dataclasses import replace

from cnngraph.network import LABEL, LINE, NOTE, Annotation, Network
from cnngraph.units import units

_WORDS = ("stem", "squeeze", "down", "to the next stage", "context", "RGB", "fusion of two scales", "Größe", "α → β")
_NOTES = ("learned last", "learned last", "not in the paper", "p = 0.5", "frozen")


def labelled(network: Network, seed: int) -> Network:
    """*network* with labels, each another, on some of the layers that lead a unit, on uses of blocks, and on outputs
    where there are several."""
    some = random.Random(seed)
    numbers = iter(range(1, 100_000))
    leads = {unit.name for unit in units(network).units if not unit.idle}

    def words() -> str:
        return f"{some.choice(_WORDS)} {next(numbers)}|"

    layers = tuple(
        replace(layer, annotations=(*layer.annotations, Annotation(LABEL, (words(),))))
        if layer.name in leads and some.random() < 0.3
        else layer
        for layer in network.layers
    )
    full = {layer.block for layer in network.layers}
    blocks = {
        path: replace(block, label=words()) if path in full and some.random() < 0.5 else block
        for path, block in network.blocks.items()
    }
    several = len(network.outputs) > 1
    outputs = tuple(replace(output, label=words()) if several else output for output in network.outputs)
    return replace(network, layers=layers, blocks=blocks, outputs=outputs)


def noted(network: Network, seed: int) -> Network:
    """*network* with notes, two of them alike, on some of the layers that lead a unit."""
    some = random.Random(seed)
    leads = [unit.name for unit in units(network).units if not unit.idle]
    notes = dict(zip(some.sample(leads, min(len(leads), len(_NOTES))), _NOTES, strict=False))
    layers = tuple(
        replace(layer, annotations=(*layer.annotations, Annotation(NOTE, (notes[layer.name],))))
        if layer.name in notes
        else layer
        for layer in network.layers
    )
    return replace(network, layers=layers)


def lined(network: Network, seed: int) -> Network:
    """*network* with words on half of the lines into joins, each others."""
    some = random.Random(seed)
    numbers = iter(range(1, 100_000))
    layers = []
    for layer in network.layers:
        said = tuple(
            Annotation(LINE, (number, f"{some.choice(_WORDS)} {next(numbers)}|"))
            for number in range(len(layer.inputs))
            if layer.kind.family == "join" and some.random() < 0.5
        )
        layers.append(replace(layer, annotations=(*layer.annotations, *said)))
    return replace(network, layers=tuple(layers))
