"""Networks that were read, written as specs."""

from __future__ import annotations

from cnngraph.fronts import parse
from cnngraph.network import Network


def text_of(network: Network) -> Network:
    """The network that the text of *network* reads as."""
    return parse(network.to_spec())
