"""What comes of reading a network, whatever it was written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cnngraph.diagnostics import CnngraphError, Diagnostic
from cnngraph.network import Network

if TYPE_CHECKING:
    from cnngraph.fronts.onnx.parts import Parts
    from cnngraph.weights.source import Weights


Precision = Literal["float32", "float16", "int8"]


@dataclass(frozen=True, slots=True)
class Reading:
    """A network when there were no errors, and all remarks on it."""

    network: Network | None
    diagnostics: tuple[Diagnostic, ...]
    weights: Weights | None = None
    """Those that the file brings."""
    used: tuple[Path, ...] = ()
    """Other files that it looked for."""
    called: Mapping[str, str] = field(default_factory=dict)
    """What the file calls layers, by their names in the network, where it has its own names for them."""
    unlike: frozenset[int] = frozenset()
    """Which outputs, counted from 0, are not the file's: its numbers in another order, or what leads to them."""
    left_out: int = 0
    """How many nodes of the file are not in the network, where what leads to them stands for outputs."""
    precision: Precision = "float32"
    """The numbers that the file computes with; where they have few bits, its answers show it."""
    parts: Parts | None = None
    """What the `opaque` layers of the network stand for, where the file says it in nodes of ONNX's."""

    def checked(self) -> Network:
        """The network; raises `CnngraphError` with the diagnostics when there is none."""
        if self.network is None:
            raise CnngraphError(self.diagnostics)
        return self.network
