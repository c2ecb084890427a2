"""What the layers of a network make of one picture, each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cnngraph.about import About
from cnngraph.network import Layer, Network, Output
from cnngraph.onnx.model import lowered
from cnngraph.preprocessing import Preprocessing
from cnngraph.runtime import images
from cnngraph.runtime.feeds import PictureInput
from cnngraph.runtime.session import Array, Session
from cnngraph.weights.source import Weight, Weights

if TYPE_CHECKING:
    from cnngraph.fronts.onnx.parts import Parts


def made_of(
    picture: Path, network: Network, weights: Weights, layers: Sequence[str], parts: Parts | None = None
) -> dict[str, Array]:
    """What *layers* make of the *picture* at that path, prepared as the network says, by their names, and under that of
    the input what goes in; all without a batch. Raises `CnngraphError` when the network takes no single picture, or
    does not run."""
    watched = replace(network, outputs=tuple(Output(name, name) for name in layers) or network.outputs)
    with lowered(watched, lambda: weights, parts=parts).file() as path:
        session = Session(path, watched)
        fed = PictureInput.of(session, session.done, "leave the picture out").feed(picture)
        made = fed | session.run(fed)
    return {name: tensor[0] for name, tensor in made.items()}


def weights_of(layer: Layer, weights: Weights) -> dict[str, Array]:
    """The arrays of *layer*'s own weights, by its own names."""
    wanted = {name: Weight(f"{layer.name}.{name}", layer, each) for name, each in layer.parameters.items()}
    numbers = weights.all(wanted.values())
    return {
        name: np.frombuffer(b"".join(map(bytes, pieces)), "<f4").reshape(weight.parameter.shape)
        for (name, weight), pieces in zip(wanted.items(), numbers, strict=True)
    }


def classes_of(network: Network, said: About) -> dict[str, Sequence[str]]:
    """By layer, the names of the classes of each output that answers: that has some, as is *said* of it, or none and is
    of a fully connected layer."""

    def is_dense(layer: Layer) -> bool:
        return layer.kind.family == "dense" or (layer.kind.idle and is_dense(network[layer.inputs[0]]))

    return {
        output.layer: said.classes.get(output.name, ())
        for output in network.outputs
        if output.name in said.classes or is_dense(network[output.layer])
    }


def given_to(network: Network, picture: Path) -> Array:
    """The *picture* at that path as it is put into *network*, which takes one, before its values are changed: channels,
    height, width, from 0 for black to 1. Raises `CnngraphError` when it cannot be read."""
    height, width, channels = network.inputs[0].output.dims
    size = height if isinstance(height, int) else None, width if isinstance(width, int) else None
    read: Array = images.read(picture, size, channels if isinstance(channels, int) else 3, Preprocessing())[0]
    return read
