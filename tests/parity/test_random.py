"""Random networks over all kinds answer as PyTorch does, from an interpreter that knows nothing of the export.

``python -m tests.parity.test_random`` records what PyTorch says; with that the tests compare where it is not installed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts import parse
from cnngraph.layers import KINDS
from cnngraph.network import Network
from cnngraph.onnx.lower import lower
from cnngraph.onnx.passes import run_passes
from cnngraph.onnx.write import write
from cnngraph.runtime.session import Session
from cnngraph.sizes import volumes
from cnngraph.volume import as_int
from cnngraph.weights.files import ArrayWeights
from cnngraph.weights.match import expected
from tests.parity.random_networks import FREE, spec
from tests.parity.weights import numbers

RECORDED = Path(__file__).parent / "recorded" / "random.jsonl"
COUNT = 600
CLOSE = 1e-4
"""Of the largest number of an output."""
SOUND = 1e-5
"""How far PyTorch's float32 may be from its float64: of what rounding changes more nothing can be said."""
UNSOUND = "rounding decides"
SAMPLES = 3
PARTS = 10
"""Networks are tried in so many tests."""

Array = NDArray[Any]


def given(network: Network) -> dict[str, Array]:
    """Two pictures for each input, the same wherever they are made."""
    made = volumes(network, FREE)
    found = {}
    for layer in network.inputs:
        high, wide, channels = map(as_int, made[layer.name].dims)
        generator = np.random.Generator(np.random.SFC64(sum(layer.name.encode())))
        found[layer.name] = generator.standard_normal((2, channels, high, wide), np.float32)
    return found


def filled(seed: int, key: str, shape: tuple[int, ...]) -> Array:
    """The numbers of a weight of the network *seed*, however many sizes of one its shape has."""
    return numbers(f"{seed}.{key}", tuple(size for size in shape if size != 1)).reshape(shape)


def ours(network: Network, weights: dict[str, Array], file: Path, seed: int) -> dict[str, Array]:
    """onnxruntime's outputs, with every opset that is written in turn."""
    graph, changed, _ = run_passes(lower(network, opset=17 + seed % 6), ArrayWeights(weights, network))
    write(graph, changed, file)
    return Session(file).run(given(network))


def shares(array: Array) -> tuple[float, list[float]]:
    """What is recorded of an output: the largest number, some of them, and a sum in which each counts otherwise."""
    flat = array.reshape(-1).astype(np.float64)
    places = np.linspace(0, flat.size - 1, SAMPLES).astype(int)
    weighed = float(flat @ np.cos(np.arange(flat.size))) / flat.size
    return float(np.abs(flat).max()), [*map(float, flat[places]), weighed]


def is_mended_in_1_32(error: CnngraphError) -> bool:
    """Older versions of onnxruntime put a Pad into the pool behind it, and then refuse what they made of both."""
    version = tuple(map(int, onnxruntime.__version__.split(".")[:2]))
    return version < (1, 32) and "Pad should be smaller than kernel" in str(error)


def recorded() -> list[dict[str, Any]]:
    return [json.loads(line) for line in RECORDED.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("part", range(PARTS))
def test_what_pytorch_answered(part: int, tmp_path: Path) -> None:
    for case in recorded()[part::PARTS]:
        network, seed = parse(case["spec"]), case["seed"]
        weights = {name: filled(seed, name, shape) for name, shape in expected(network).items()}
        try:
            got = ours(network, weights, tmp_path / "m.onnx", seed)
        except CnngraphError as error:
            if not is_mended_in_1_32(error):
                raise
            continue
        assert network.params == case["parameters"], case["spec"]
        assert network.macs in (None, case["macs"]), case["spec"]
        assert list(got) == list(case["outputs"]), case["spec"]
        for name, (shape, largest, wanted) in case["outputs"].items():
            assert list(got[name].shape) == shape, case["spec"]
            found, some = shares(got[name])
            assert abs(found - largest) <= CLOSE * largest, case["spec"]
            assert np.abs(np.subtract(some, wanted)).max() <= CLOSE * largest, case["spec"]


def test_every_kind_is_among_what_was_recorded() -> None:
    cases = recorded()
    assert len(cases) == COUNT
    used = {layer.kind.word for case in cases for layer in parse(case["spec"])}
    # A split is written as slices, what is opaque does nothing; the others are compared in `tests/parity/words.py`.
    elsewhere = ("l2norm", "min", "power", "rmsnorm", "eca", "grn", "sepconv", "splitsoftmax", "unflatten", "unpool")
    assert set(KINDS) - used == {"split", "opaque", *elsewhere}


@pytest.mark.parametrize("part", range(PARTS))
def test_what_pytorch_answers(part: int, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="pip install 'cnngraph[parity]'")
    found = {spec(seed): difference(seed, tmp_path / "m.onnx") for seed in range(part, COUNT, PARTS)}
    assert {text: said for text, said in found.items() if said not in ("", UNSOUND)} == {}
    assert sum(said == UNSOUND for said in found.values()) < len(found) / 20


def difference(seed: int, file: Path) -> str:
    """In words what is otherwise than PyTorch's; empty when nothing is."""
    network = parse(spec(seed))
    answer = pytorchs(network, seed)
    if answer is None:
        return UNSOUND
    if network.params != answer.parameters:
        return f"{network.params} parameters, {answer.parameters} PyTorch's"
    if network.macs not in (None, answer.macs // 2):
        return f"{network.macs} multiply-accumulates, {answer.macs // 2} PyTorch's"
    got = ours(network, answer.weights, file, seed)
    for name, wanted in answer.outputs.items():
        if got[name].shape != wanted.shape:
            return f"`{name}` is {got[name].shape}, PyTorch's {wanted.shape}"
        if (far := np.abs(got[name] - wanted).max()) > CLOSE * (largest := np.abs(wanted).max()):
            return f"`{name}` is {far:.1e} from PyTorch's, the largest number of which is {largest:.1e}"
    return ""


def pytorchs(network: Network, seed: int) -> Any:
    """PyTorch's `Answer`; None where its float32 is far from its float64, or an output is nothing but zeros."""
    import torch

    from tests.parity.by_torch import answer

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # of which more only wait for each other, so small are the tensors
    exact, rough = (
        answer(network, given(network), lambda key, shape: filled(seed, key, shape), precision)
        for precision in (torch.float64, torch.float32)
    )
    torch.set_num_threads(threads)
    for name, wanted in exact.outputs.items():
        if not np.abs(rough.outputs[name] - wanted).max() < SOUND * np.abs(wanted).max():
            return None
    return exact


def record() -> None:
    lines: list[str] = []
    seed = 0
    while len(lines) < COUNT:
        network = parse(spec(seed))
        if (answer := pytorchs(network, seed)) is not None:
            outputs = {}
            for name, array in answer.outputs.items():
                largest, some = shares(array)
                rounded = [float(f"{number:.7g}") for number in (largest, *some)]
                outputs[name] = [list(array.shape), rounded[0], rounded[1:]]
            about = {"parameters": answer.parameters, "macs": answer.macs // 2, "outputs": outputs}
            lines.append(json.dumps({"seed": seed, "spec": spec(seed), **about}))
        else:
            print("left out, since rounding decides:", seed, file=sys.stderr)
        seed += 1
    RECORDED.write_text("\n".join([*lines, ""]), "utf-8")


if __name__ == "__main__":
    record()
