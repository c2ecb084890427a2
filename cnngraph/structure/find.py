"""From a flat network to one with structure.

Its paddings are said in words (`paddings`) and its layers put into one order (`order`); they are grouped in units and
taken apart into pieces by the shape of the graph (`pieces`), but for what is done again and again (`recursions`); what
repeats among these becomes uses of blocks (`grammar`), which get names by what they hold (`names`); and an `Assembly`
makes the same layers again in the order of the text (`assemble`). Nothing of what the network computes is changed, and
`proof` says so of any two networks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cnngraph.network import Network
from cnngraph.structure.assemble import assembled
from cnngraph.structure.grammar import find_blocks
from cnngraph.structure.order import canonical
from cnngraph.structure.paddings import said
from cnngraph.structure.pieces import rows
from cnngraph.structure.points import point_paddings
from cnngraph.structure.recursions import unroll
from cnngraph.units import units


@dataclass(frozen=True, slots=True)
class Structured:
    """A network with its structure."""

    network: Network
    names: Mapping[str, str]
    """For each layer of the flat network what it is called in this one. Of layers that share weights another may have
    them here: the one that comes first."""


def structured(network: Network, scopes: Mapping[str, str], *, blocks: bool = True) -> Structured:
    """*network*, which is flat, with its structure: what is computed is the same, layer by layer. Without *blocks* it
    has its skips and its order alone.

    *scopes* may have for a layer the path that its source gave it (``layer1.0.conv1``): blocks begin where these do,
    if there is a choice. Without them the outcome hangs on neither the names of layers nor their order.
    """
    flat = canonical(said(network))
    found = rows(units(flat))
    unroll(found)
    if blocks:
        find_blocks(found, scopes, {output.layer for output in network.outputs})
    made, names = assembled(flat, found, network.outputs, point_paddings(found))
    return Structured(made, names)
