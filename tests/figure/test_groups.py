"""A figure knows which layers each of its pieces stands for: none is lost in folding, none is drawn twice."""

from __future__ import annotations

from collections import Counter

import pytest

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.styles import STYLES, Order, draw
from cnngraph.figure.theme import LIGHT
from cnngraph.fronts import load
from cnngraph.network import Network
from cnngraph.shipped import shipped
from cnngraph.units import units

WHOLE = [name for name in STYLES if name != "operation"]
"""Styles that show all of a network."""


def idle(network: Network) -> set[str]:
    """What has no box of its own in some styles: what moves no number when it runs, and what is said with it."""
    with_them = {name for unit in units(network).units if unit.lead.kind.idle for name in unit.names}
    return with_them | {layer.name for layer in network if layer.kind.idle}


@pytest.mark.parametrize("fold", [None, True, False])
@pytest.mark.parametrize("style", WHOLE)
@pytest.mark.parametrize("name", shipped())
def test_every_layer_is_somewhere(name: str, style: str, fold: bool | None) -> None:
    network = load(name)
    try:
        scene = draw(Order([network], style, 960.0, LIGHT, fold=fold))
    except CnngraphError:
        pytest.skip("this style does not show it")
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


def test_two_networks_do_not_mix() -> None:
    scene = draw(Order([load("plain34"), load("resnet", depth=34)], "strip", 960.0, LIGHT))
    pieces = Counter(layer for group in scene.groups() for layer in group.layers)
    assert max(pieces.values()) == 1
    both = load("plain34"), load("resnet", depth=34)
    for number, network in enumerate(both):
        found = {layer.removeprefix(f"{number + 1}.") for layer in pieces if layer.startswith(f"{number + 1}.")}
        assert network.live - idle(network) <= found <= network.live
