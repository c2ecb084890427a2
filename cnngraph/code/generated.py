"""What a generator gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cnngraph.network import Network


@dataclass(frozen=True, slots=True)
class Generated:
    """A file of code for a network."""

    text: str
    top: str
    """What builds the network: a class or a function."""
    parameters: Mapping[str, object]
    """What it takes, with what each is unless said."""
    network: Network
    """What the code does, under the names that it has: in PyTorch the network without the softmax at its end."""
    names: Mapping[str, str]
    """The spec's name of each layer that is called otherwise in the code."""
    remarks: tuple[str, ...] = ()
    """Why the code is plainer than it could be."""
