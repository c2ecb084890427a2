"""A network that came from elsewhere as the text of a spec, and the proof that the text is that network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cnngraph.assembly import MAX_NODES
from cnngraph.elaborate import elaborate
from cnngraph.network import Network
from cnngraph.source import Source
from cnngraph.spec.parser import parse
from cnngraph.spec.writing.text import text
from cnngraph.structure.find import structured
from cnngraph.structure.proof import matching
from cnngraph.structure.renamed import renamed


@dataclass(frozen=True, slots=True)
class Written:
    """A text that was read again and found to be the network that it is to be."""

    text: str
    names: Mapping[str, str]
    """For each layer of the network what it is called in the text."""
    is_structured: bool
    """Whether it has the blocks and skips that were found; else a line says a step, in the order of the file."""


def written(network: Network, scopes: Mapping[str, str]) -> Written:
    """*network*, which is flat, as a spec with the structure that is found in it; if that text cannot be proved to be
    the network, without."""
    for is_structured in (True, False):
        shown = structured(network, scopes).network if is_structured else network
        said, again = read_again(text(shown), "<written>", max(MAX_NODES, len(network)))
        if again is not None and (names := matching(network, again)) is not None:
            return Written(said, names, is_structured)
    raise AssertionError("a text with a line for each step is the network")


def read_again(said: str, file: str, max_nodes: int) -> tuple[str, Network | None]:
    """The text *said*, called *file*, without the labels that only keep names, and the network that it reads as: where
    a block has become several, the uses of these are called after them."""
    network = _read(said, file, max_nodes)
    if network is None or _names(made := renamed(network)) == _names(network):
        return said, network
    said = text(made)
    return said, _read(said, file, max_nodes)


def _names(network: Network) -> list[tuple[str, str]]:
    return [*((layer.name, layer.block) for layer in network.layers), *((p, b.name) for p, b in network.blocks.items())]


def _read(said: str, file: str, max_nodes: int) -> Network | None:
    return elaborate(parse(Source(file, said)), {}, max_nodes=max_nodes).network
