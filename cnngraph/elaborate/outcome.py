"""What comes of elaborating a spec: a reading, and how its text ran."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from cnngraph.network import Layer
from cnngraph.reading import Reading
from cnngraph.source import Span
from cnngraph.volume import Volume


class Ran(NamedTuple):
    """One time that a stage of a chain ran: a step, a join, a repeat."""

    span: Span
    volume: Volume
    """What flows on from it."""
    first: int
    last: int
    """Its layers, as a slice of all."""


@dataclass(frozen=True, slots=True)
class SpecReading(Reading):
    """The reading of a spec."""

    layers: tuple[Layer, ...] = ()
    """Those that could be made, also when there are errors."""
    ran: tuple[Ran, ...] = ()
