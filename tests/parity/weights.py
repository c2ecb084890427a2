"""Weights to compare two implementations with: plausible, no statistic trivial, the same wherever they are made."""

from __future__ import annotations

import zlib
from math import prod

import numpy as np
from numpy.typing import NDArray


def numbers(name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """What the tensor *name* of a PyTorch ``state_dict`` holds; of a batch normalization, nothing trivial."""
    generator = np.random.Generator(np.random.SFC64(zlib.crc32(name.encode())))
    last = name.rpartition(".")[2]
    if last == "running_var":
        made = generator.uniform(0.5, 1.5, shape)
    elif last == "running_mean" or (last == "bias"):
        made = generator.normal(0, 0.1, shape)
    elif last == "layer_scale" or (last == "weight" and len(shape) == 1):
        made = generator.uniform(0.5, 1.5, shape)
    else:
        made = generator.standard_normal(shape, np.float32) * (2 / prod(shape[1:])) ** 0.5
    return made.astype(np.float32)


def picture(size: int) -> NDArray[np.float32]:
    """1 x 3 x size x size."""
    return np.random.Generator(np.random.SFC64(size)).standard_normal((1, 3, size, size), np.float32)
