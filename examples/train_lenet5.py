"""Train the LeNet-5 that ships with cnngraph to read handwritten digits.

    pip install cnngraph[train]
    python examples/train_lenet5.py [-o lenet5.safetensors]

The network is the one in lenet5.spec, layer by layer; the data and the split are in digits_data.py, the
random handwritings in handwriting.py. Seeds are fixed. Takes a few minutes on one core.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from digits_data import Digits, plain, split_digits, through_pictures
from exported import answers
from handwriting import Handwriting
from safetensors.numpy import save_file
from torch import Tensor, nn
from torch.nn import functional

import cnngraph
from cnngraph.layers.activation import Softmax, Tanh
from cnngraph.layers.convolution import Conv
from cnngraph.layers.dense import Fc, Flatten
from cnngraph.layers.kind import Kind
from cnngraph.layers.pooling import AvgPool
from cnngraph.network import Layer, Network

SEED = 5
EPOCHS = 400
BATCH = 64
RATE = 4e-3
SHIPPED = Path(__file__).parent.parent / "cnngraph" / "weights" / "shipped" / "lenet5.safetensors"


def torch_layer(layer: Layer) -> nn.Module:
    """The torch module that does what *layer* does."""
    kind: Kind = layer.kind
    match kind:
        case Conv(padding=padding, groups=1, dilation=(1, 1)) if padding.mode == "valid":
            channels = layer.input_volumes[0].channels
            assert isinstance(channels, int)
            return nn.Conv2d(channels, kind.channels, kind.window, kind.stride, bias=kind.bias)
        case AvgPool(padding=padding, window=window, ceil=False) if padding.mode == "valid" and window:
            return nn.AvgPool2d(window, kind.stride)
        case Fc():
            size = layer.input_volumes[0].size
            assert isinstance(size, int)
            return nn.Linear(size, kind.units, bias=kind.bias)
        case Flatten():
            return nn.Flatten()
        case Tanh():
            return nn.Tanh()
        case Softmax():
            return nn.Softmax(dim=1)
    raise NotImplementedError(f"{layer.name}: no torch layer for {kind}")


def torch_network(network: Network) -> tuple[nn.Sequential, dict[str, Tensor]]:
    """*network*, a chain, in torch; and its parameters by the keys of a weight file, `conv1.weight`."""
    modules: list[nn.Module] = []
    parameters: dict[str, Tensor] = {}
    before = network.layers[0]
    for layer in network.layers[1:]:
        assert layer.inputs == (before.name,), f"{layer.name} does not follow on {before.name}"
        module = torch_layer(layer)
        own = {name: parameter.data for name, parameter in module.named_parameters()}
        assert {name: tuple(tensor.shape) for name, tensor in own.items()} == {
            name: parameter.shape for name, parameter in layer.parameters.items()
        }
        parameters |= {f"{layer.name}.{name}": tensor for name, tensor in own.items()}
        modules.append(module)
        before = layer
    return nn.Sequential(*modules), parameters


def train(model: nn.Sequential, digits: Digits, epochs: int) -> None:
    """Fit *model* to *digits*, drawn anew in every epoch."""
    assert isinstance(model[-1], nn.Softmax)
    logits = model[:-1]
    generator = torch.Generator().manual_seed(SEED)
    pen = Handwriting(digits, generator)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.02)
    steps = -(-len(digits) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, epochs=epochs, steps_per_epoch=steps, pct_start=0.1)
    for epoch in range(1, epochs + 1):
        right = 0
        for rows in torch.randperm(len(digits), generator=generator).split(BATCH):
            found = logits(pen.draw(rows))
            loss = functional.cross_entropy(found, pen.labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            right += int((found.argmax(1) == pen.labels[rows]).sum())
        if epoch % 50 == 0:
            print(f"epoch {epoch:3}: {right / len(digits):.2%} of the drawings right", flush=True)


def report(title: str, labels: np.ndarray, read: np.ndarray) -> None:
    """Print how many are right, the confusion matrix, and which are not right."""
    right = int((read == labels).sum())
    print(f"\n{title}: {right} of {len(labels)} right, {right / len(labels):.2%}")
    print("     " + "".join(f"{answer:4}" for answer in range(10)) + "   <- read as")
    for digit in range(10):
        row = [int(((labels == digit) & (read == answer)).sum()) for answer in range(10)]
        print(f"  {digit}: " + "".join(f"{count or '.':>4}" for count in row))
    wrong = ", ".join(f"{row} ({labels[row]} read as {read[row]})" for row in np.flatnonzero(read != labels))
    print(f"  not right, by their row in that part: {wrong or 'none'}")


def main() -> None:
    options = argparse.ArgumentParser(description="Train LeNet-5 on the digits bundled with scikit-learn.")
    options.add_argument("-o", "--output", type=Path, default=SHIPPED)
    options.add_argument("--epochs", type=int, default=EPOCHS)
    options.add_argument(
        "--validate",
        action="store_true",
        help="leave a part of the training digits out and report on it; nothing is written, the test part not touched",
    )
    chosen = options.parse_args()
    torch.manual_seed(SEED)
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)

    network = cnngraph.load("lenet5")
    model, parameters = torch_network(network)
    split = split_digits()
    known, asked = (split.fit, split.validation) if chosen.validate else (split.train, split.test)
    print(f"{network.name}: {network.params:,} parameters, {len(known)} digits to train on, {len(asked)} others")
    started = time.monotonic()
    train(model, known, chosen.epochs)
    print(f"trained in {time.monotonic() - started:.0f} s")

    if not chosen.validate:
        write(chosen.output, parameters)
    part = "validation" if chosen.validate else "test"
    for view, title in ((plain, f"{part} digits"), (through_pictures, f"{part} digits as pictures")):
        inputs = view(asked)
        with torch.no_grad():
            probabilities = model(torch.from_numpy(inputs)).numpy()
        report(title, asked.labels, probabilities.argmax(axis=1))
        if not chosen.validate:
            apart = np.abs(probabilities - answers(chosen.output, inputs)).max()
            print(f"  the exported ONNX in onnxruntime: probabilities at most {apart:.1e} from torch's")


def write(path: Path, parameters: dict[str, Tensor]) -> None:
    """The weights as a safetensors file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({key: tensor.numpy() for key, tensor in parameters.items()}, path)
    print(f"wrote {path.name}, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
