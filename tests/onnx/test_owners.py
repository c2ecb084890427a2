"""Which layer a node is part of, and which tensor a layer makes: kept through lowering and passes."""

from __future__ import annotations

import pytest

from cnngraph.onnx.model import lowered
from cnngraph.weights.choose import choose
from tests.networks import load


@pytest.mark.parametrize("name", ["googlenet", "yolov2", "squeezenet", "convnext_tiny", "shufflenet_v2"])
def test_every_node_is_part_of_a_layer(name: str) -> None:
    network = load(name)
    for model in (made := lowered(network, lambda: choose(network, "random")), made.passed()):
        nodes = model.graph.nodes
        assert set(model.owners) == {node.name for node in nodes if node.op != "Identity"}
        assert set(model.owners.values()) <= {layer.name for layer in network}
        there = {tensor for node in nodes for tensor in node.outputs} | {info.name for info in model.graph.inputs}
        assert set(model.graph.tensors.values()) <= there
        made_by = {node.output: node.layer for node in nodes if not node.more}
        for layer, tensor in model.graph.tensors.items():
            # The layer's own, or that of a layer before it into which it was folded or whose tensor it passes on.
            while layer != made_by.get(tensor, layer):
                (layer,) = network[layer].inputs
    assert set(made.graph.tensors) == network.live
