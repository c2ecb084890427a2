"""A dense block open: an arc wherever what one layer makes is part of what another takes."""

from __future__ import annotations

from itertools import pairwise

import pytest

from cnngraph import parse
from cnngraph.figure.dense import Dense, dense, drawn
from cnngraph.figure.theme import LIGHT
from cnngraph.flow import units_of
from cnngraph.network import Network
from cnngraph.volume import as_int
from tests.figure.geometry import faults, struck
from tests.networks import load

LAYER = """block layer(k) {
  concat {
    | skip
    | bn -> relu -> conv k 3x3 same
  }
}
"""


def network(layers: int, growth: int) -> Network:
    return parse(f"net a\ninput 8x8x5\n{LAYER}conv 6 3x3 same\n[layer {growth}] x {layers}\nconv 4 1x1\n")


def origins(network: Network) -> dict[str, list[str]]:
    """Of each layer the convolution, or input, that made each of the channels it gives on: followed one by one."""
    found: dict[str, list[str]] = {}
    for layer in network.layers:
        if layer.kind.word == "concat":
            found[layer.name] = [origin for name in layer.inputs for origin in found[name]]
        elif layer.kind.word in ("bn", "relu"):
            found[layer.name] = found[layer.inputs[0]]
        else:
            found[layer.name] = [layer.name] * as_int(layer.output.channels)
    return found


def arcs(block: Dense, network: Network, room: float, *, down: bool) -> set[tuple[str, str]]:
    scene = drawn(block, network, 10.0, room, LIGHT, down=down)
    assert faults(scene) + struck(scene) == []
    names = [group.id.removesuffix(".dense") for group in scene.groups() if "--" in group.id]
    assert len(names) == len(set(names))
    return {(name.partition("--")[0], name.partition("--")[2]) for name in names}


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize(("layers", "growth"), [(3, 4), (4, 1), (6, 3), (8, 2)])
def test_arcs_are_where_channels_go(layers: int, growth: int, down: bool) -> None:
    net = network(layers, growth)
    (block,) = dense(net)
    known = origins(net)
    ends = [block.source, *(list(units_of(layer))[-1] for layer in block.layers)]
    wanted = set()
    for layer in block.layers:
        first, last = next(iter(units_of(layer))), list(units_of(layer))[-1]
        wanted |= {(one, last.name) for one in known[first.lead.inputs[0]]}
    wanted |= {(one, block.join.name) for one in known[block.join.name]}
    assert {one for one, _ in wanted} == {unit.name for unit in ends}
    assert arcs(block, net, 2000.0, down=down) == wanted


def test_of_many_layers_some_are_left_out_and_their_arcs() -> None:
    net = network(14, 3)
    (block,) = dense(net)
    made = [list(units_of(layer))[-1].name for layer in block.layers]
    shown = [block.source.name, *made[:7], made[-1], block.join.name]
    every = {(one, other) for at, one in enumerate(shown) for other in shown[at + 1 :]}
    for found in (arcs(block, net, 2000.0, down=False), arcs(block, net, 100.0, down=False)):
        assert found == every
    assert len(arcs(block, net, 600.0, down=False)) < len(every)


def test_dense_blocks_are_found_and_nothing_else() -> None:
    assert [len(block.layers) for block in dense(load("densenet121"))] == [6, 12, 24, 16]
    for one, other in pairwise(dense(load("densenet121"))):
        assert one.join.name != other.join.name
    for name in ("resnet", "googlenet", "unet", "shufflenet_v2", "vgg16", "squeezenet"):
        assert dense(load(name)) == []
    assert dense(network(2, 4)) == []
