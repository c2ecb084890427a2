"""Outputs of exported networks beside those of torchvision, timm and segmentation_models_pytorch with the same weights.

``python -m tests.parity.compare`` runs these libraries and prints the table; with ``--record`` it also writes what they
said to ``recorded/``, with which the tests compare where they are not installed.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnngraph.network import Network
from cnngraph.onnx.lower import lower
from cnngraph.onnx.passes import run_passes
from cnngraph.onnx.write import write
from cnngraph.runtime.session import Session
from cnngraph.weights.files import FileWeights
from tests.networks import load
from tests.parity.networks import CASES, NO_HEADS, Case
from tests.parity.weights import numbers, picture

RECORDED = Path(__file__).parent / "recorded"
EVERY = 10
"""One number of an output in so many is recorded, of a large one about `MOST`."""
MOST = 200
CLOSE = 3e-4
"""Of the largest output: each processor adds up in an order of its own, and random weights make the most of it (1e-5 on
most networks and processors, 1.1e-4 of RegNet on one without AVX-512)."""

State = list[tuple[str, tuple[int, ...]]]
Array = NDArray[np.float32]


def torchvision() -> Any:
    """The library's models; also where its compiled operators do not load, which no classifier needs."""
    import torch

    try:
        import torchvision.models as models
    except RuntimeError:
        for name in [name for name in sys.modules if name.startswith("torchvision")]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "DEF")
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        torchvision.library = library  # type: ignore[attr-defined]
        import torchvision.models as models
    return models


def built(case: Case) -> Any:
    """The library's network, which gives the tensors, or the one, that the spec's outputs are."""
    models = torchvision()  # the others import it too
    if case.library == "timm":
        import timm

        return timm.create_model(case.model, pretrained=False)
    if case.library == "segmentation_models_pytorch":
        import segmentation_models_pytorch

        return segmentation_models_pytorch.DeepLabV3Plus(
            "resnet50", encoder_weights=None, encoder_output_stride=16, decoder_atrous_rates=(6, 12, 18), classes=21
        )
    if case.model == "resnet_fpn_backbone":
        from torch import nn
        from torchvision.models.detection.backbone_utils import resnet_fpn_backbone

        return resnet_fpn_backbone(
            backbone_name="resnet50", weights=None, norm_layer=nn.BatchNorm2d, trainable_layers=5
        )
    if case.model == "ssd300_vgg16":
        return models.detection.ssd300_vgg16(weights=None, weights_backbone=None)
    heads = {"aux_logits": False, "init_weights": False} if case.model in NO_HEADS else {}
    return getattr(models, case.model)(weights=None, **heads)


def answered(case: Case, model: Any) -> list[Any]:
    """What *model* answers to the picture, before a softmax, without what detectors do with it."""
    import torch

    image = torch.from_numpy(picture(case.size)).double()
    if case.model == "ssd300_vgg16":
        maps = list(model.backbone(image).values())
        scores, places = model.head.classification_head.module_list, model.head.regression_head.module_list
        return [torch.cat((a(x), b(x)), 1) for a, b, x in zip(scores, places, maps, strict=True)]
    made = model(image)
    return list(made.values()) if isinstance(made, dict) else [made]


def theirs(case: Case) -> tuple[State, list[Array]]:
    """The names and shapes of the library's weights, in order, and its outputs.

    These in float64: in float32 RegNetY's are 5e-5 away from that themselves.
    """
    import torch

    model = built(case).eval()
    state = [(name, tuple(tensor.shape)) for name, tensor in model.state_dict().items()]
    model.load_state_dict(
        {
            name: torch.tensor(7) if name.endswith("num_batches_tracked") else torch.from_numpy(numbers(name, shape))
            for name, shape in state
        }
    )
    with torch.no_grad():
        return state, [output[0].numpy() for output in answered(case, model.double())]


def ours(case: Case, state: State) -> list[Array]:
    """What is in front of the softmax, with a file of the library's names as the weights, after all passes."""
    network = without_softmax(load(case.spec, **case.settings))
    with tempfile.TemporaryDirectory() as folder:
        weights, model = Path(folder) / "w.npz", Path(folder) / "model.onnx"
        arrays: dict[str, Any] = {name: numbers(name, shape) for name, shape in state if shape}
        np.savez(weights, **arrays)
        graph, changed, _ = run_passes(lower(network), FileWeights(weights, network, renames=case.renames))
        write(graph, changed, model)
        session = Session(model)
        outputs = session.run({session.inputs[0].name: picture(case.size)})
    return [np.asarray(output[0]) for output in outputs.values()]


def without_softmax(network: Network) -> Network:
    """Ending before the softmax that all classifiers end in, since the libraries give logits."""
    last = network[network.outputs[0].layer]
    if last.kind.word != "softmax":
        return network
    (output,) = network.outputs
    return replace(
        network,
        layers=tuple(layer for layer in network.layers if layer.name != last.name),
        outputs=(replace(output, name=last.inputs[0], layer=last.inputs[0]),),
    )


def difference(ours: list[Array], theirs: list[Array]) -> float:
    """The largest of an output, relative to the largest number in it."""
    return max(float(np.abs(a - b).max() / np.abs(b).max()) for a, b in zip(ours, theirs, strict=True))


def some(output: Array) -> Array:
    """The numbers of *output* that are recorded."""
    return output.reshape(-1)[:: max(EVERY, output.size // MOST)]


def recorded(case: Case) -> tuple[State, list[tuple[Array, float]]]:
    """The weights' names and shapes; of each output `some` numbers, and the largest of all."""
    record = json.loads((RECORDED / f"{case.model}.json").read_text("utf-8"))
    state = [(name, tuple(shape)) for name, *shape in record["state"]]
    return state, [(np.array(each["numbers"], np.float32), each["largest"]) for each in record["outputs"]]


def _record(case: Case, state: State, outputs: list[Array]) -> None:
    import torch

    tensors = ",\n".join(json.dumps([name, *shape]) for name, shape in state)
    said = ",\n".join(
        f'{{"largest": {float(np.abs(output).max()):.8g}, '
        f'"numbers": {json.dumps([float(f"{value:.8g}") for value in some(output)])}}}'
        for output in outputs
    )
    text = f'{{"with": "torch {torch.__version__}",\n"outputs": [\n{said}\n],\n"state": [\n{tensors}\n]}}\n'
    RECORDED.mkdir(exist_ok=True)
    (RECORDED / f"{case.model}.json").write_text(text, "utf-8")


def main() -> None:
    chosen = [name for name in sys.argv[1:] if not name.startswith("-")]
    print(f"{'library':30} {'spec':34} largest difference / largest output")
    for case in CASES:
        if chosen and case.model not in chosen:
            continue
        state, expected = theirs(case)
        name = case.model if case.library == "torchvision" else f"{case.model} ({case.library})"
        settings = "".join(f" --set {key}={value}" for key, value in case.settings.items())
        print(f"{name:30} {case.spec + settings:34} {difference(ours(case, state), expected):.1e}", flush=True)
        if "--record" in sys.argv:
            _record(case, state, expected)


if __name__ == "__main__":
    main()
