"""What came of reading: a network in the names and the order of its file, without what was found in it; a mistake."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from cnngraph import CnngraphError
from cnngraph.network import Network, Output
from cnngraph.reading import Reading


def unsaid(network: Network) -> Network:
    """*network* without its annotations, which other formats have no words for."""
    return replace(network, layers=tuple(replace(layer, annotations=()) for layer in network.layers))


def named(reading: Reading) -> Network:
    """Its layers in the order of the file, with their names there."""
    network, called = reading.checked(), reading.called

    def of(name: str) -> str:
        return called.get(name, name)

    place = {name: index for index, name in enumerate(called)}
    layers = tuple(
        replace(
            layer, name=of(layer.name), inputs=tuple(map(of, layer.inputs)), shares=of(layer.shares),
            unit=of(layer.name), block="", skips=(), on_shortcut=False,
        )
        for layer in sorted(network.layers, key=lambda layer: place.get(layer.name, -1))
    )  # fmt: skip
    outputs = tuple(Output(each.origin or of(each.name), of(each.layer)) for each in network.outputs)
    return replace(network, layers=layers, outputs=outputs, blocks={})


def refusal(read: Callable[[], object]) -> tuple[str, int, str]:
    """Code, line and all that is said where *read* finds its one mistake."""
    with pytest.raises(CnngraphError) as caught:
        read()
    (one,) = caught.value.diagnostics
    assert one.label is not None
    return one.code, one.label.span.line, " ".join(one.texts)
