"""Where a network begins."""

from __future__ import annotations

from typing import ClassVar

from cnngraph.layers.kind import Caption, Family, Kind, kind
from cnngraph.volume import Volume


@kind
class Input(Kind):
    """A tensor given to the network when it runs. The language's `input` statement makes it."""

    family: ClassVar[Family] = "input"

    volume: Volume

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        return self.volume

    def caption(self) -> Caption:
        return Caption("input")
