"""What a network answered: the likeliest classes of a vector, or the measures of anything else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cnngraph.diagnostics import CnngraphError
from cnngraph.runtime.session import Array


@dataclass(frozen=True, slots=True)
class Guess:
    index: int
    label: str
    score: float


def top(vector: Array, k: int, labels: list[str]) -> list[Guess]:
    """The *k* highest of a vector, highest first, equal ones in order; without labels a class is its number."""
    order = np.argsort(-vector, kind="stable")[:k]
    return [Guess(int(i), labels[i] if labels else str(i), float(vector[i])) for i in order]


def read_labels(path: Path, size: int) -> list[str]:
    """One label per line. Raises `CnngraphError` unless there are *size*."""
    try:
        labels = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise CnngraphError.of("E0812", f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CnngraphError.of("E0812", f"{path} is not text in UTF-8") from None
    while labels and not labels[-1].strip():
        labels.pop()
    if len(labels) != size:
        raise CnngraphError.of(
            "E0813", f"{path} has {len(labels)} labels, the network {size} classes", help="one label per line, in order"
        )
    return labels
