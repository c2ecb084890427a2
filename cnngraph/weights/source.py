"""Where an exported model's numbers come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from cnngraph.onnx.graph import Weight


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
