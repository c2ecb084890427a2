"""A concatenation of what was concatenated before, and more, takes the earlier one: ``concat(a, b, c)`` behind
``x = concat(a, b)`` is ``concat(x, c)``. So a dense block is a chain, in whatever way its file says it. And one that
nothing but another takes is part of that: ``concat(a, concat(b, c))`` is ``concat(a, b, c)``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cnngraph.layers.join import Concat
from cnngraph.network import Layer, Network


def merged(network: Network) -> Network:
    """*network*, which is flat, without concatenations that only another takes."""
    given = {output.layer for output in network.outputs}
    layers: dict[str, Layer] = {}
    for layer in network.layers:
        layers[layer.name] = layer
        if not isinstance(layer.kind, Concat):
            continue
        inner = {
            name for name in layer.inputs
            if isinstance(layers[name].kind, Concat) and name not in given and network.consumers[name] == (layer.name,)
        }  # fmt: skip
        if not inner:
            continue
        parts = [
            part
            for name, volume in zip(layer.inputs, layer.input_volumes, strict=True)
            for part in (
                zip(layers[name].inputs, layers[name].input_volumes, strict=True) if name in inner else [(name, volume)]
            )
        ]
        inputs, volumes = zip(*parts, strict=True)
        layers[layer.name] = replace(layer, inputs=inputs, input_volumes=volumes)
        for name in inner:
            del layers[name]
    return replace(network, layers=tuple(layers.values()))


class Concats:
    """The concatenations along channels that there are, as a tree of the tensors in them."""

    def __init__(self) -> None:
        self._next: dict[tuple[int, str], int] = {}
        self._made: dict[int, str] = {}
        self._of: dict[str, int] = {}

    def shortened(self, inputs: Sequence[str]) -> tuple[str, ...]:
        """*inputs* of a concatenation to come, with as many as there are of the first replaced by the tensor that has
        them already; that tensor alone where it has all."""
        best, taken = tuple(inputs), 0
        node, start = self._begin(inputs)
        for at in range(start, len(inputs)):
            following = self._next.get((node, inputs[at]))
            if following is None:
                break
            node = following
            if node in self._made:
                best, taken = (self._made[node],), at + 1
        return (*best, *inputs[taken:]) if taken else best

    def add(self, inputs: Sequence[str], made: str) -> None:
        """*made* is the concatenation of *inputs*."""
        node, start = self._begin(inputs)
        for each in inputs[start:]:
            node = self._next.setdefault((node, each), len(self._next) + 1)
        self._made.setdefault(node, made)
        self._of[made] = node

    def _begin(self, inputs: Sequence[str]) -> tuple[int, int]:
        """The place in the tree of the first of *inputs*, and how many of them that is: 0 where it is none of these
        concatenations."""
        return (self._of[inputs[0]], 1) if inputs[0] in self._of else (0, 0)
