"""Networks that use weights more than once beside modules of PyTorch that are called more than once.

``python -m tests.parity.shared`` runs PyTorch and writes what it said to ``recorded/shared.json``, with which the tests
compare where PyTorch is not installed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnngraph.fronts import parse
from cnngraph.network import Network
from cnngraph.onnx.model import lowered
from cnngraph.runtime.session import Session
from cnngraph.shipped import shipped_text
from cnngraph.weights.choose import choose
from tests.parity.weights import numbers

RECORDED = Path(__file__).parent / "recorded" / "shared.json"
EVERY = 7
"""One number of an output in so many is recorded."""
CLOSE = 1e-4
"""Of the largest number of an output."""

Array = NDArray[np.float32]

PYRAMID = """
net pyramid
input (?H/16, ?W/16, 3)

block classes(c, n) {
  [conv c 3x3 same bn relu] x2
  conv n 3x3 same
}

block boxes(c, n) {
  conv c 3x3 same relu
  conv n 3x3 same
}

c3: conv 16 3x3 s=2 p=1 relu -> conv 24 3x3 s=2 p=1 relu
c4: conv 32 3x3 s=2 p=1 relu
c5: conv 40 3x3 s=2 p=1 relu
p5: conv 16 1x1
l4: from c4 -> conv 16 1x1
p4: from p5 -> upsample 2 -> add l4
l3: from c3 -> conv 16 1x1
p3: from p4 -> upsample 2 -> add l3

class3: from p3 -> classes 16 6
class4: from p4 -> again class3
class5: from p5 -> again class3
box3: from p3 -> boxes 16 4
box4: from p4 -> again box3
box5: from p5 -> again box3
output class3 class4 class5 box3 box4 box5
"""

RECURRENT = """
net recurrent
input 12x12x3
conv 8 3x3 same relu
step: add {
  | conv 8 3x3 same bn relu -> conv 8 3x3 same bn
  | skip
}
[again step] x3
flatten -> fc 5
"""


Called = tuple[Any, Callable[..., Any]]
"""Modules by name, and what is made of inputs with them."""


def siamese() -> Called:
    import torch
    from torch.nn import Conv2d, Flatten, Linear, MaxPool2d, ModuleDict, ReLU, Sequential, Sigmoid

    layers: list[Any] = []
    for before, after, window in ((1, 64, 10), (64, 128, 7), (128, 128, 4), (128, 256, 4)):
        layers += [Conv2d(before, after, window), ReLU(), MaxPool2d(2)]
    twin = Sequential(*layers[:-1], Flatten(), Linear(9216, 4096), Sigmoid())
    out = Linear(4096, 1)

    def forward(a: Any, b: Any) -> Any:
        return torch.sigmoid(out((twin(a) - twin(b)).abs()))

    return ModuleDict({"twin": twin, "out": out}), forward


def tied() -> Called:
    """The same with the twin under two names: a state dict has its tensors twice."""
    from torch.nn import ModuleDict

    modules, forward = siamese()
    return ModuleDict({"left": modules["twin"], "right": modules["twin"], "out": modules["out"]}), forward


def pyramid() -> Called:
    from torch.nn import BatchNorm2d, Conv2d, ModuleDict, ReLU, Sequential
    from torch.nn.functional import interpolate

    level3 = Sequential(Conv2d(3, 16, 3, 2, 1), ReLU(), Conv2d(16, 24, 3, 2, 1), ReLU())
    level4, level5 = Sequential(Conv2d(24, 32, 3, 2, 1), ReLU()), Sequential(Conv2d(32, 40, 3, 2, 1), ReLU())
    side5, side4, side3 = Conv2d(40, 16, 1), Conv2d(32, 16, 1), Conv2d(24, 16, 1)
    classes = Sequential(
        *(Conv2d(16, 16, 3, padding=1, bias=False), BatchNorm2d(16), ReLU()),
        *(Conv2d(16, 16, 3, padding=1, bias=False), BatchNorm2d(16), ReLU()),
        Conv2d(16, 6, 3, padding=1),
    )
    boxes = Sequential(Conv2d(16, 16, 3, padding=1), ReLU(), Conv2d(16, 4, 3, padding=1))

    def forward(x: Any) -> Any:
        c3 = level3(x)
        c4 = level4(c3)
        p5 = side5(level5(c4))
        p4 = interpolate(p5, scale_factor=2) + side4(c4)
        p3 = interpolate(p4, scale_factor=2) + side3(c3)
        return tuple(head(level) for head in (classes, boxes) for level in (p3, p4, p5))

    made = {"c3": level3, "c4": level4, "c5": level5, "l5": side5, "l4": side4, "l3": side3}
    return ModuleDict(made | {"classes": classes, "boxes": boxes}), forward


def recurrent() -> Called:
    from torch.nn import BatchNorm2d, Conv2d, Linear, ModuleDict, ReLU, Sequential

    stem, out = Conv2d(3, 8, 3, padding=1), Linear(12 * 12 * 8, 5)
    step = Sequential(
        *(Conv2d(8, 8, 3, padding=1, bias=False), BatchNorm2d(8), ReLU()),
        *(Conv2d(8, 8, 3, padding=1, bias=False), BatchNorm2d(8)),
    )

    def forward(x: Any) -> Any:
        x = stem(x).relu()
        for _ in range(4):
            x = x + step(x)
        return out(x.flatten(1))

    return ModuleDict({"stem": stem, "step": step, "out": out}), forward


CASES: dict[str, tuple[str, Callable[[], Called], tuple[tuple[int, ...], ...]]] = {
    "siamese": (shipped_text("siamese") or "", siamese, ((1, 105, 105), (1, 105, 105))),
    "tied": (shipped_text("siamese") or "", tied, ((1, 105, 105), (1, 105, 105))),
    "pyramid": (PYRAMID, pyramid, ((3, 48, 64),)),
    "recurrent": (RECURRENT, recurrent, ((3, 12, 12),)),
}
"""The spec, PyTorch's modules, and the shapes of the inputs."""

State = list[tuple[str, tuple[int, ...], str]]
"""For each tensor of a state dict its name, its shape and the name that its numbers are made from: of tied ones the
first's."""


def network(case: str) -> Network:
    return parse(CASES[case][0])


def inputs(case: str) -> list[Array]:
    generator = np.random.Generator(np.random.SFC64(len(case)))
    return [generator.standard_normal((1, *shape), np.float32) for shape in CASES[case][2]]


def arrays(state: State) -> dict[str, Array]:
    return {name: numbers(first, shape) for name, shape, first in state}


def theirs(case: str) -> tuple[State, int, list[Array]]:
    """PyTorch's state dict, how many parameters it counts, and what it answers."""
    import torch

    modules, forward = CASES[case][1]()
    modules.eval()
    first: dict[int, str] = {}
    state: State = []
    with torch.no_grad():
        for name, tensor in modules.state_dict().items():
            if name.endswith("num_batches_tracked"):
                continue
            made_from = first.setdefault(tensor.data_ptr(), name)
            state.append((name, tuple(tensor.shape), made_from))
            tensor.copy_(torch.from_numpy(numbers(made_from, tuple(tensor.shape))))
        found = forward(*map(torch.from_numpy, inputs(case)))
    outputs = [each.numpy() for each in (found if isinstance(found, tuple) else (found,))]
    return state, sum(each.numel() for each in modules.parameters()), outputs


def ours(case: str, state: State, folder: Path, without: tuple[str, ...] = ()) -> list[Array]:
    """What the exported network answers, with weights under PyTorch's names."""
    net = network(case)
    path = folder / f"{case}.onnx"
    lowered(net, lambda: choose(net, arrays(state))).passed(without).write(path)
    names = [layer.name for layer in net.inputs]
    return list(Session(path).run(dict(zip(names, inputs(case), strict=True))).values())


def recorded(case: str) -> tuple[State, int, list[tuple[list[float], float]]]:
    """As `theirs`; of each output some numbers, and the largest."""
    found = json.loads(RECORDED.read_text())[case]
    state = [(name, tuple(shape), first) for name, shape, first in found["state"]]
    return state, found["params"], [(each["numbers"], each["largest"]) for each in found["outputs"]]


def record() -> None:
    found = {}
    for case in CASES:
        state, params, outputs = theirs(case)
        said = [
            {"numbers": [float(f"{number:.7g}") for number in output.reshape(-1)[::EVERY]],
             "largest": float(np.abs(output).max())}
            for output in outputs
        ]  # fmt: skip
        found[case] = {"state": state, "params": params, "outputs": said}
    RECORDED.write_text(json.dumps(found) + "\n")


if __name__ == "__main__":
    record()
