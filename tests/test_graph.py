"""The network as a graph of networkx's: what is known of it by walking agrees with their algorithms."""

from __future__ import annotations

import networkx
import pytest
from hypothesis import given, settings

from cnngraph import Network, parse
from cnngraph.shipped import shipped
from tests.dags import dags
from tests.networks import load


def agrees(network: Network) -> None:
    graph = network.graph
    names = [layer.name for layer in network]
    place = {name: number for number, name in enumerate(names)}
    assert list(graph) == names
    assert networkx.is_directed_acyclic_graph(graph)
    assert all(place[one] < place[other] for one, other in graph.edges)
    ends = {output.layer for output in network.outputs}
    needed = ends.union(*(networkx.ancestors(graph, name) for name in ends), (each.name for each in network.inputs))
    assert network.live == needed
    for layer in network:
        edges = graph.in_edges(layer.name, data="inputs")
        taken = sorted((position, one) for one, _, positions in edges for position in positions)
        assert tuple(one for _, one in taken) == layer.inputs
        assert sorted(set(network.consumers[layer.name])) == sorted(graph.successors(layer.name))
    skips = {(layer.inputs[index], layer.name) for layer in network for index in layer.skips}
    assert {(one, other) for one, other, skip in graph.edges(data="skip") if skip} == skips


@pytest.mark.parametrize("name", shipped())
def test_shipped_networks_are_their_graphs(name: str) -> None:
    agrees(load(name))


@given(dags(["relu", "conv 4 3x3 same", "bn"]))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_random_networks_are_their_graphs(lines: str) -> None:
    agrees(parse(f"net t\ninput 8x8x4\n{lines}\n"))


def test_a_tensor_taken_twice_is_one_edge_that_says_so() -> None:
    network = parse("net t\ninput 8x8x3\na: relu\nadd a a\n")
    assert network.graph.edges["a", "add1"] == {"inputs": (0, 1, 2), "skip": False}


@pytest.mark.parametrize("name", ["resnet", "densenet121", "googlenet", "shufflenet_v2"])
def test_a_network_written_as_a_spec_is_isomorphic(name: str) -> None:
    first, second = load(name), parse(load(name).to_spec())

    def same(a: dict[str, object], b: dict[str, object]) -> bool:
        return getattr(a["layer"], "kind", None) == getattr(b["layer"], "kind", None)

    assert networkx.is_isomorphic(first.graph, second.graph, node_match=same)
