"""A figure knows which layers each of its pieces stands for: none is lost in folding, none is drawn twice."""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.scene import Scene
from cnngraph.figure.styles import STYLES, Order, draw
from cnngraph.figure.theme import LIGHT
from cnngraph.network import Network
from cnngraph.shipped import shipped
from cnngraph.units import units
from tests.networks import load

WHOLE = [name for name in STYLES if name != "operation"]
"""Styles that show all of a network."""


def idle(network: Network) -> set[str]:
    """What has no box of its own in some styles: what moves no number when it runs, and what is said with it."""
    with_them = {name for unit in units(network).units if unit.lead.kind.idle for name in unit.names}
    return with_them | {layer.name for layer in network if layer.kind.idle}


REFUSALS = {"E0603", "E0604", "E0606", "E0608"}
"""It is no chain, does not fit, is no one path, has no place for an option."""
DRAWN = [
    (name, style, fold)
    for number, (name, style) in enumerate(product(shipped(), WHOLE))
    for fold in (True, False)
    if number % 4 == fold
]
"""Every fourth network in every style folded and unfolded; as the style sees fit, all are in
tests/figure/test_everything.py."""


def drawn_or_code(order: Order) -> Scene | str:
    """The figure, or the code of the message with which the style refuses it."""
    try:
        return draw(order)
    except CnngraphError as error:
        return error.diagnostics[0].code


def each_is_somewhere(scene: Scene, network: Network) -> None:
    """Fails where a layer of *network* is in no piece of *scene*, a figure of it, or drawn twice."""
    groups = list(scene.groups())
    found = {layer for group in groups for layer in group.layers}
    assert found <= set(network.live)
    assert set(network.live) - found <= idle(network)
    pieces = Counter(layer for group in groups if group.role == "layer" for layer in group.layers)
    assert max(pieces.values()) == 1
    assert not pieces.keys() & {layer for group in groups if group.role == "edge" for layer in group.layers}
    for group in groups:
        if group.role == "layer":
            assert group.id in group.layers
        if group.id.startswith("repeat-"):
            assert group.id.removeprefix("repeat-") in group.layers


@pytest.mark.parametrize(("name", "style", "fold"), DRAWN)
def test_every_layer_is_somewhere(name: str, style: str, fold: bool) -> None:
    network = load(name)
    scene = drawn_or_code(Order([network], style, 960.0, LIGHT, fold=fold))
    if isinstance(scene, str):
        assert scene in REFUSALS
        return
    each_is_somewhere(scene, network)


def test_two_networks_do_not_mix() -> None:
    scene = draw(Order([load("plain34"), load("resnet", depth=34)], "strip", 960.0, LIGHT))
    pieces = Counter(layer for group in scene.groups() for layer in group.layers)
    assert max(pieces.values()) == 1
    both = load("plain34"), load("resnet", depth=34)
    for number, network in enumerate(both):
        found = {layer.removeprefix(f"{number + 1}.") for layer in pieces if layer.startswith(f"{number + 1}.")}
        assert network.live - idle(network) <= found <= network.live
