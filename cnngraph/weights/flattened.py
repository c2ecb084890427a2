"""In which order a vector's numbers are that come of a flattened volume, or become one, where a file counts otherwise.

A file of Keras's counts them row by row, column by column, channel by channel; the network channel by channel. What
is made of such a vector number by number keeps the order, and so do the numbers that are added to it or stand beside
it in one vector. A fully connected layer's outputs are in no order but that which the layers behind it need.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cnngraph.diagnostics import CnngraphError
from cnngraph.network import Layer, Network
from cnngraph.volume import Volume, as_int
from cnngraph.weights.readers.entry import Array

Parts = tuple[Volume, ...]
"""What a vector is made of, one behind the other: volumes that were flattened, and vectors in no particular order."""


class Orders:
    """The order of every vector of a network."""

    def __init__(self, network: Network) -> None:
        """Raises `CnngraphError` (E0708) where two orders meet that cannot both be."""
        self._network = network
        self._same = {layer.name: layer.name for layer in network.layers}
        self._parts: dict[str, Parts] = {}
        chained = []
        for layer in network.layers:
            if layer.inputs and layer.output.is_map and not layer.input_volumes[0].is_map:
                self._give(layer.inputs[0], (layer.output,), layer)
            if layer.output.is_map or not layer.inputs:
                continue
            if layer.input_volumes[0].is_map:
                if layer.kind.idle:
                    self._give(layer.name, (layer.input_volumes[0],), layer)
            elif layer.kind.family == "join" and layer.input_volumes[0] != layer.output:
                chained.append(layer)
            elif keeps_places(layer):
                for name in layer.inputs:
                    self._unite(name, layer)
            if layer.shares and not layer.input_volumes[0].is_map:
                # The same rows and columns, so the same orders.
                self._unite(layer.shares, layer)
                self._unite(network[layer.shares].inputs[0], network[layer.inputs[0]])
        # What stands beside another in one vector may get its order from what is behind: until nothing changes.
        before = -1
        while before != len(self._parts):
            before = len(self._parts)
            for layer in chained:
                parts = tuple(part for name in layer.inputs for part in self._of(name))
                if any(part.is_map for part in parts):
                    self._give(layer.name, parts, layer)
        for layer in chained:
            if self._of(layer.name) != (parts := tuple(p for name in layer.inputs for p in self._of(name))) and (
                any(part.is_map for part in (*parts, *self._of(layer.name)))
            ):
                raise _unlike(layer)
        for layer in network.layers:
            # A piece of a vector is another in another order, and so is a volume that is made of it.
            if not layer.inputs or layer.input_volumes[0].is_map or not self.differ(layer.inputs[0]):
                continue
            if layer.kind.cuts or (layer.output.is_map and self._of(layer.inputs[0]) != (_plain(layer.output),)):
                raise _unlike(layer)

    def differ(self, name: str) -> bool:
        """Whether the numbers of the layer *name* are in another order in such a file."""
        return not self._network[name].output.is_map and any(part.is_map for part in self._of(name))

    def turned(self, array: Array, layer: Layer, *, columns: bool) -> Array:
        """A vector or matrix of *layer*'s weights with rows and, if asked, *columns* in the network's order."""
        if layer.output.is_map or not layer.inputs:
            return array
        if self.differ(layer.name) and len(array) == layer.output.size:
            array = array[self._places(layer.name)]
        if columns and self.differ(layer.inputs[0]):
            array = array[:, self._places(layer.inputs[0])]
        return array

    def _places(self, name: str) -> Array:
        """For each number of the network's vector where it is in the file's."""
        return np.concatenate(list(_places(self._of(name))))

    def _root(self, name: str) -> str:
        while self._same[name] != name:
            name = self._same[name]
        return name

    def _of(self, name: str) -> Parts:
        return self._parts.get(self._root(name), (self._network[name].output,))

    def _unite(self, name: str, layer: Layer) -> None:
        one, other = self._root(name), self._root(layer.name)
        if one == other:
            return
        held, new = self._parts.get(one), self._parts.pop(other, None)
        self._same[other] = one
        if new is not None:
            if held not in (None, new):
                raise _unlike(layer)
            self._parts[one] = new

    def _give(self, name: str, parts: Parts, layer: Layer) -> None:
        """The vector of the layer *name* is made of *parts*, as *layer* needs it."""
        parts = tuple(_plain(part) for part in parts)
        root = self._root(name)
        if any(part.is_map for part in parts) and self._parts.setdefault(root, parts) != parts:
            raise _unlike(layer)


def keeps_places(layer: Layer) -> bool:
    """Whether each number of the vector that it makes comes of those in the same place of its inputs."""
    return layer.kind.idle or layer.kind.family in ("activation", "norm", "dropout", "join")


def _plain(part: Volume) -> Volume:
    """*part*, as a vector where both orders are one."""
    if not part.is_map:
        return part
    height, width, channels = (as_int(dim) for dim in part.dims)
    return Volume((part.size,)) if channels == 1 or height * width == 1 else part


def _places(parts: Parts) -> Iterator[Array]:
    start = 0
    for part in parts:
        places = np.arange(start, start + as_int(part.size))
        if part.is_map:
            places = places.reshape([as_int(dim) for dim in part.dims]).transpose(2, 0, 1).reshape(-1)
        yield places
        start += len(places)


def _unlike(layer: Layer) -> CnngraphError:
    return CnngraphError.of(
        "E0708",
        f"in Keras's order of flattened numbers, `{layer.name}` would be another layer",
        reason="Keras flattens row by row with the channels together, the network channel by channel: what is cut "
        "from such a vector, made a volume of another size, or added to one of another order, is not the same in both",
        help="flatten where each number's place does not matter, as right in front of fc",
    )
