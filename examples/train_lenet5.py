"""Train the LeNet-5 that ships with cnngraph to read handwritten digits.

    pip install cnngraph[train]
    python examples/train_lenet5.py [-o lenet5.safetensors]

The network is the code that `cnngraph export --torch lenet5` writes; the data and the split are in digits_data.py, the
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
from torch import nn
from torch.nn import functional

import cnngraph
from cnngraph.network import Network
from cnngraph.torch import module

SEED = 5
EPOCHS = 400
BATCH = 64
RATE = 4e-3
SHIPPED = Path(__file__).parent.parent / "cnngraph" / "weights" / "shipped" / "lenet5.safetensors"


def fresh(network: Network) -> nn.Module:
    """*network* as the code that `export --torch` writes, with the weights that PyTorch's layers begin with: so the
    training was worked out."""
    model: nn.Module = module(network)
    torch.manual_seed(SEED)
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.reset_parameters()
    return model


def train(model: nn.Module, digits: Digits, epochs: int) -> None:
    """Fit *model*, which gives logits, to *digits*, drawn anew in every epoch."""
    generator = torch.Generator().manual_seed(SEED)
    pen = Handwriting(digits, generator)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.02)
    steps = -(-len(digits) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, epochs=epochs, steps_per_epoch=steps, pct_start=0.1)
    for epoch in range(1, epochs + 1):
        right = 0
        for rows in torch.randperm(len(digits), generator=generator).split(BATCH):
            found = model(pen.draw(rows))
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
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)

    network = cnngraph.load("lenet5")
    model = fresh(network)
    split = split_digits()
    known, asked = (split.fit, split.validation) if chosen.validate else (split.train, split.test)
    print(f"{network.name}: {network.params:,} parameters, {len(known)} digits to train on, {len(asked)} others")
    started = time.monotonic()
    train(model, known, chosen.epochs)
    print(f"trained in {time.monotonic() - started:.0f} s")

    if not chosen.validate:
        write(chosen.output, model)
    part = "validation" if chosen.validate else "test"
    for view, title in ((plain, f"{part} digits"), (through_pictures, f"{part} digits as pictures")):
        inputs = view(asked)
        with torch.no_grad():
            probabilities = model.predict(torch.from_numpy(inputs)).numpy()
        report(title, asked.labels, probabilities.argmax(axis=1))
        if not chosen.validate:
            apart = np.abs(probabilities - answers(chosen.output, inputs)).max()
            print(f"  the exported ONNX in onnxruntime: probabilities at most {apart:.1e} from torch's")


def write(path: Path, model: nn.Module) -> None:
    """The weights as a safetensors file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({key: tensor.numpy() for key, tensor in model.state_dict().items()}, path)
    print(f"wrote {path.name}, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
