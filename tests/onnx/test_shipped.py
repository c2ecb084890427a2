"""Networks that ship, exported and run: onnxruntime's shapes are the checker's, tensor by tensor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cnngraph.onnx.lower import lower
from cnngraph.shipped import shipped
from tests.networks import load
from tests.onnx.exposed import export, feed, run_exposed

SMALLER = {"unet_same": 64, "unetpp": 64, "segnet": 64, "yolov3": 96, "fpn": 128, "deeplabv3_plus": 129}
"""Sizes of pictures for networks that have large ones and take others."""

HEAVY = {"vgg16", "fcn8", "two_stream", "alexnet_owt"}
"""Of many millions of weights, which take longer than all that is looked at here; their layers are those of others."""

VARIANTS: list[tuple[str, dict[str, int]]] = [
    *((name, {"size": SMALLER[name]} if name in SMALLER else {}) for name in shipped() if name not in HEAVY),
    ("resnet", {"depth": 18}),
    ("densenet121", {"depth": 169}),
    ("yolov2", {"size": 96}),
]
"""yolov2 at its own 608 is exported and checked with the rest; 96 is one more size."""


@pytest.mark.parametrize(("name", "params"), VARIANTS, ids=lambda value: str(value) if value else "")
def test_onnxruntime_makes_the_volumes_that_the_checker_says(name: str, params: dict[str, int], tmp_path: Path) -> None:
    network = load(name, **params)
    # Weights in a file of their own are read where they lie, by both models.
    model = export(network, tmp_path / "network.onnx", external=0)
    made = run_exposed(model, tmp_path / "exposed.onnx", feed(model))
    for file in tmp_path.iterdir():
        file.unlink()
    graph = lower(network)
    declared = {info.name: info.dims[1:] for info in (*graph.infos, *graph.outputs) if info.type != "int64"}
    assert {tensor: array.shape[1:] for tensor, array in made.items() if array.dtype != np.int64} == declared
    outputs = {output.layer: output.name for output in network.outputs}
    for layer in network:
        array = made.get(outputs.get(layer.name, layer.name))
        if array is None:
            assert not layer.inputs, layer.name
            continue
        height, width, channels = layer.output.dims if layer.output.is_map else (None, None, *layer.output.dims)
        assert array.shape == ((1, channels) if height is None else (1, channels, height, width)), layer.name


@pytest.mark.parametrize("name", ["lenet5", "inception_module", "residual_network"])
def test_the_same_seed_gives_the_same_bytes(name: str, tmp_path: Path) -> None:
    network = load(name)
    first, second, other = (tmp_path / file for file in ("a.onnx", "b.onnx", "c.onnx"))
    export(network, first, seed=3)
    export(network, second, seed=3)
    export(network, other, seed=4)
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes() != other.read_bytes()


def test_every_tensor_has_its_shape_in_the_file(tmp_path: Path) -> None:
    model = export(load("shufflenet_v2"), tmp_path / "network.onnx")
    known = {info.name for info in (*model.graph.value_info, *model.graph.output)}
    assert {name for node in model.graph.node for name in node.output} == known
