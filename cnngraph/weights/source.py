"""The numbers that a network is trained to: which there are, and where they come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from cnngraph.layers.kind import Parameter
from cnngraph.network import Layer


@dataclass(frozen=True, slots=True)
class Weight:
    """One parameter of one layer."""

    name: str
    """The key in a weight file: ``conv1.weight``."""
    layer: Layer
    parameter: Parameter
    type: Literal["float32", "float16"] = "float32"
    """What its numbers are written as; `Weights` gives float32."""


class Weights(Protocol):
    """Gives the numbers of every weight, a piece at a time."""

    @property
    def about(self) -> str:
        """What they are, in words: ``random weights, seed 0``."""
        ...

    def all(self, weights: Iterable[Weight]) -> Iterator[Iterable[bytes | memoryview]]:
        """For each of *weights*, in order, its little-endian float32 numbers in pieces.

        The pieces of one have to be taken before the next is asked for.
        """
        ...
