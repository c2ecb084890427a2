"""Plain networks get worse with depth, residual ones do not: both trained alike, from 8 layers to 56.

    pip install cnngraph[train]
    python examples/depth.py

The network is `resnet_small`, with its shortcuts and without; the data are all digits of digits_data.py, on which it
is trained and counted. Each run has a process with one thread, so that it comes to the same numbers whatever else is
there. Writes docs/figures/depth.csv, a line for each run, and the figure that depth_figure.py makes of it.
"""

from __future__ import annotations

import csv
import os
from multiprocessing import get_context

import torch
from depth_figure import FIGURE, RUNS, Run, figure, read
from sklearn.datasets import load_digits
from torch.nn import functional

import cnngraph
from cnngraph.figure.writers import write
from cnngraph.torch import module

UNITS = (1, 3, 5, 7, 9)
"""The paper's n: a network has 6n + 2 layers."""
SEEDS = (0, 1, 2)
WIDTH = 8
EPOCHS = 30
BATCH = 128
RATE = 0.1
"""Divided by 10 after half of the epochs, and again after three quarters."""


def trained(task: tuple[int, bool, int]) -> Run:
    """One network of *task* - the paper's n, whether it is residual, the seed - and how it does in the end."""
    n, residual, seed = task
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    ink, digits = (torch.from_numpy(array) for array in load_digits(return_X_y=True))
    pictures = (ink.float() / 16).reshape(-1, 1, 8, 8)
    network = cnngraph.load("resnet_small", n=n, residual=residual, width=WIDTH, size=8, channels=1)
    model = module(network)
    optimizer = torch.optim.SGD(model.parameters(), RATE, momentum=0.9, weight_decay=1e-4)
    batches = len(digits) // BATCH  # what is left over is too few for statistics, and others in each epoch
    steps = EPOCHS * batches
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [steps // 2, steps * 3 // 4], gamma=0.1)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(digits))[: batches * BATCH].split(BATCH):
            loss = functional.cross_entropy(model(pictures[rows]), digits[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    with torch.no_grad():
        found = model.eval()(pictures)
    missed = int((found.argmax(1) != digits).sum())
    return Run(
        "residual" if residual else "plain",
        6 * n + 2,
        seed,
        missed,
        round(float(functional.cross_entropy(found, digits)), 4),
    )


def main() -> None:
    tasks = [(n, residual, seed) for n in reversed(UNITS) for residual in (False, True) for seed in SEEDS]
    runs = []
    with get_context("spawn").Pool(min(os.cpu_count() or 1, len(tasks))) as pool:
        for run in pool.imap_unordered(trained, tasks):
            print(
                f"{run.network} {run.layers}, seed {run.seed}: {run.error:.2%} missed, loss {run.loss:.4f}", flush=True
            )
            runs.append(run)
    with RUNS.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Run._fields)
        writer.writerows(sorted(runs))
    FIGURE.write_bytes(write(figure(read()), "svg"))
    print(f"wrote {RUNS.name} and {FIGURE.name}")


if __name__ == "__main__":
    main()
