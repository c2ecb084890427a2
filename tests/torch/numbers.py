"""Generated PyTorch code beside the exported ONNX file, with the same weights, by numbers.

``python -m tests.torch.numbers`` prints the table of all networks that ship; with ``--record`` it measures those whose
text is another than when they were, and writes down for which text the numbers are, so that tests know it where PyTorch
is not installed.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any, Protocol

import numpy as np

import cnngraph
from cnngraph.code.generated import Generated
from cnngraph.fronts import parse
from cnngraph.network import Network
from cnngraph.runtime.session import Session
from cnngraph.torch.generate import generate
from cnngraph.volume import as_int
from cnngraph.weights.match import expected
from tests.networks import load
from tests.onnx.test_values import CASES
from tests.parity.weights import numbers

RECORDED = Path(__file__).parent / "recorded.json"
CLOSE = 1e-5
"""Of the largest number of an output."""
FREE = 37
"""What free sizes are; odd, so that borders which hang on the size are not those of sizes that a stride divides."""

KINDS = [
    *CASES,
    *(
        f"(?H, ?W, 6): {line}"
        for line in (
            "conv 4 3x3 s=2 same_upper", "conv 4 4x3 s=3 same_lower", "dwconv 5x5 s=2 same_upper bias=off",
            "maxpool 2x2 same_upper", "maxpool 3x5 s=(2, 4) same_lower", "avgpool 3x3 s=2 same_upper",
            "avgpool 3x2 s=2 same_lower count_pad",
        )
    ),
]  # fmt: skip
"""Lines of every kind, on a map of 7x8x6 if they do not say on what."""

SHIPPED: list[tuple[str, dict[str, Any]]] = [
    *((path.stem, {}) for path in sorted((Path(cnngraph.__file__).parent / "specs").glob("*.spec"))),
    *(("resnet", {"depth": depth}) for depth in (18, 34, 101, 152)),
    ("vgg16", {"depth": 19}),
    *(("vgg16", {"depth": depth, "norm": True}) for depth in (16, 19)),
    *(("densenet121", {"depth": depth}) for depth in (169, 201)),
    ("alexnet", {"groups": 2}),
    ("googlenet", {"aux": True}),
]
"""Every network that ships, and with the settings that docs/models.md has."""


def key(name: str, settings: dict[str, Any]) -> str:
    return " ".join([name, *(f"--set {each}={value}" for each, value in settings.items())])


def of_kind(case: str) -> Network:
    size, line = case.split(": ", 1) if case.startswith("(") else ("7x8x6", case)
    return parse(f"net t\ninput {size}\n{line}\n")


class Written(Protocol):
    """A file of code."""

    @property
    def text(self) -> str: ...


def digest(made: Written) -> str:
    """Of the code; what its first lines say may change."""
    code = made.text.partition('\n"""\n')[2]
    return hashlib.sha256(code.encode()).hexdigest()[:16]


def given(network: Network) -> dict[str, Any]:
    """Two pictures for each input."""
    found = {}
    for layer in network.inputs:
        sizes = [size if isinstance(size, int) else FREE for size in layer.output.dims]
        shape = (2, sizes[-1], *sizes[:-1]) if layer.output.is_map else (2, *sizes)
        generator = np.random.Generator(np.random.SFC64(as_int(sum(layer.name.encode()))))
        found[layer.name] = generator.standard_normal(shape, np.float32)
    return found


def built(made: Generated, **arguments: Any) -> Any:
    """The module, in the mode in which networks run."""
    names: dict[str, Any] = {"__name__": "generated"}
    exec(compile(made.text, "<generated>", "exec"), names)
    return names[made.top](**arguments).eval()


def fill(module: Any, weights: dict[str, Any]) -> set[str]:
    """Gives *module* the weights of these names; the keys that only one of the two has."""
    import torch

    state = module.state_dict()
    own = {name for name in state if not name.endswith("num_batches_tracked")}
    for name in own & weights.keys():
        state[name] = torch.from_numpy(weights[name]).reshape(state[name].shape)
    module.load_state_dict(state)
    return own ^ weights.keys()


def difference(network: Network, module: Any, file: Path) -> float:
    """How far the outputs of *module*, which has names of *network*, are from those of its ONNX file, relative to the
    largest number of each; infinity where shapes or keys differ."""
    import torch

    weights = {name: tame(name, shape) for name, shape in expected(network).items()}
    if fill(module, weights):
        return float("inf")
    network.export(file, weights)
    wanted = Session(file).run(given(network))
    with torch.no_grad():
        found = module(*map(torch.from_numpy, given(network).values()))
    worst = 0.0
    for output, tensor in zip(network.outputs, found if isinstance(found, tuple) else [found], strict=True):
        want = wanted[output.name]
        if tuple(tensor.shape) != want.shape:
            return float("inf")
        worst = max(worst, float(np.abs(tensor.numpy() - want).max() / max(np.abs(want).max(), 1e-12)))
    return worst


def tame(name: str, shape: tuple[int, ...]) -> Any:
    """The numbers of a weight; of scales half, so that sums of many blocks stay small and rounding as well."""
    made = numbers(name, shape)
    return made / 2 if len(shape) == 1 and name.endswith(".weight") else made


def rounding(network: Network, module: Any) -> float:
    """How far PyTorch's own float32 is from its float64, for a *module* that has its weights; makes it float64."""
    import torch

    inputs = list(map(torch.from_numpy, given(network).values()))
    with torch.no_grad():
        rough = module(*inputs)
        exact = module.double()(*(each.double() for each in inputs))
    pairs = zip(rough, exact, strict=True) if isinstance(rough, tuple) else [(rough, exact)]
    return max(float((one - other).abs().max() / other.abs().max()) for one, other in pairs)


def is_close(far: float, rounded: float = 0.0) -> bool:
    """Whether a difference is small, or no more than rounding makes by itself."""
    return far <= max(CLOSE, 2 * rounded)


def recorded() -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = json.loads(RECORDED.read_text("utf-8"))
    return found


def main() -> None:
    known, record = recorded(), dict[str, list[Any]]()
    cases = [(key(*case), load(case[0], **case[1])) for case in SHIPPED] + [(case, of_kind(case)) for case in KINDS]
    print(f"{'network':36} {'keys':6} {'difference':11} lines")
    with tempfile.TemporaryDirectory() as folder:
        for name, network in cases:
            made = generate(network)
            if "--record" in sys.argv and name in known and known[name][0] == digest(made):
                record[name] = known[name]
                continue
            module = built(made)
            own = {each for each in module.state_dict() if not each.endswith("num_batches_tracked")}
            keys = "equal" if own == set(expected(network)) else "RENAMED" if made.names else "DIFFER"
            far = difference(made.network, module, Path(folder) / "m.onnx")
            record[name] = [digest(made), float(f"{far:.1e}")]
            if far > CLOSE:
                record[name].append(float(f"{rounding(made.network, module):.1e}"))
            if name not in KINDS or not is_close(*record[name][1:]):
                print(f"{name:36} {keys:6} {far:<11.1e} {len(made.text.splitlines())}", flush=True)
    print(f"{len(KINDS)} lines of all kinds: {max(record[case][1] for case in KINDS):.1e}")
    if "--record" in sys.argv:
        rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(values)}" for name, values in record.items())
        RECORDED.write_text(f"{{\n{rows}\n}}\n", "utf-8")


if __name__ == "__main__":
    main()
