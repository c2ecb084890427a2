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
    with_structure = called_anew(text(structured(network, scopes).network), max(MAX_NODES, len(network)))
    names = _proved(with_structure, network)
    if names is not None:
        return Written(with_structure, names, is_structured=True)
    flat = text(network)
    names = _proved(flat, network)
    assert names is not None, "a text with a line for each step is the network"
    return Written(flat, names, is_structured=False)


def _proved(said: str, network: Network) -> Mapping[str, str] | None:
    """For each layer of *network* what it is called in the text *said*; None when the text says something else."""
    again = _read(said, max(MAX_NODES, len(network)))
    return None if again is None else matching(network, again)


def called_anew(said: str, max_nodes: int) -> str:
    """The text *said* without the labels that only keep names: where a block has become several, the uses of these are
    called after them."""
    network = _read(said, max_nodes)
    return said if network is None else text(renamed(network))


def _read(said: str, max_nodes: int) -> Network | None:
    return elaborate(parse(Source("<written>", said)), {}, max_nodes=max_nodes).network
