"""Outputs of exported networks beside torchvision's with the same weights.

``python -m tests.parity.compare`` runs torchvision and prints the table; with ``--record`` it also writes what
torchvision said to ``recorded/``, with which the tests compare where torchvision is not installed.
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

from cnngraph.fronts import load
from cnngraph.network import Network
from cnngraph.onnx.lower import lower
from cnngraph.onnx.passes import run_passes
from cnngraph.onnx.write import write
from cnngraph.runtime.session import Session
from cnngraph.weights.files import FileWeights
from tests.parity.networks import CASES, NO_HEADS, Case
from tests.parity.weights import numbers, picture

RECORDED = Path(__file__).parent / "recorded"
EVERY = 10
"""One output in so many is recorded."""
CLOSE = 1e-4
"""Of the largest output."""

State = list[tuple[str, tuple[int, ...]]]
Vector = NDArray[np.float32]


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


def theirs(case: Case) -> tuple[State, Vector]:
    """The names and shapes of torchvision's weights, in order, and its logits."""
    import torch

    heads = {"aux_logits": False, "init_weights": False} if case.model in NO_HEADS else {}
    model = getattr(torchvision(), case.model)(weights=None, **heads).eval()
    state = [(name, tuple(tensor.shape)) for name, tensor in model.state_dict().items()]
    model.load_state_dict(
        {
            name: torch.tensor(7) if name.endswith("num_batches_tracked") else torch.from_numpy(numbers(name, shape))
            for name, shape in state
        }
    )
    with torch.no_grad():
        return state, model(torch.from_numpy(picture(case.size)))[0].numpy()


def ours(case: Case, state: State) -> Vector:
    """What is in front of the softmax, with a file of torchvision's names as the weights, after all passes."""
    network = without_softmax(load(case.spec, **case.settings))
    with tempfile.TemporaryDirectory() as folder:
        weights, model = Path(folder) / "w.npz", Path(folder) / "model.onnx"
        arrays: dict[str, Any] = {name: numbers(name, shape) for name, shape in state if shape}
        np.savez(weights, **arrays)
        graph, changed, _ = run_passes(lower(network), FileWeights(weights, network))
        write(graph, changed, model)
        session = Session(model)
        (output,) = session.run({session.inputs[0].name: picture(case.size)}).values()
    return np.asarray(output[0])


def without_softmax(network: Network) -> Network:
    """Ending before the softmax that all of them end in, since torchvision gives logits."""
    (output,) = network.outputs
    last = network[output.layer]
    assert last.kind.word == "softmax"
    return replace(
        network,
        layers=tuple(layer for layer in network.layers if layer.name != last.name),
        outputs=(replace(output, name=last.inputs[0], layer=last.inputs[0]),),
    )


def difference(a: Vector, b: Vector) -> float:
    return float(np.abs(a - b).max() / np.abs(b).max())


def recorded(case: Case) -> tuple[State, Vector, float]:
    """The weights' names and shapes, every tenth output, and the largest of all."""
    record = json.loads((RECORDED / f"{case.model}.json").read_text("utf-8"))
    state = [(name, tuple(shape)) for name, *shape in record["state"]]
    return state, np.array(record["output"], np.float32), record["largest"]


def _record(case: Case, state: State, output: Vector) -> None:
    import torch

    lines = ",\n".join(json.dumps([name, *shape]) for name, shape in state)
    numbers = json.dumps([float(f"{value:.8g}") for value in output[::EVERY]])
    text = (
        f'{{"with": "torch {torch.__version__}",\n"largest": {float(np.abs(output).max()):.8g},\n'
        f'"output": {numbers},\n"state": [\n{lines}\n]}}\n'
    )
    RECORDED.mkdir(exist_ok=True)
    (RECORDED / f"{case.model}.json").write_text(text, "utf-8")


def main() -> None:
    chosen = [name for name in sys.argv[1:] if not name.startswith("-")]
    print(f"{'torchvision':20} {'spec':34} largest difference / largest output")
    for case in CASES:
        if chosen and case.model not in chosen:
            continue
        state, expected = theirs(case)
        settings = "".join(f" --set {key}={value}" for key, value in case.settings.items())
        print(f"{case.model:20} {case.spec + settings:34} {difference(ours(case, state), expected):.1e}", flush=True)
        if "--record" in sys.argv:
            _record(case, state, expected)


if __name__ == "__main__":
    main()
