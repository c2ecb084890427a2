"""What a network answered: the likeliest classes of a vector, or the measures of anything else."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from cnngraph.diagnostics import CnngraphError
from cnngraph.runtime.session import Array


@dataclass(frozen=True, slots=True)
class Guess:
    """One class with its score."""

    index: int
    label: str
    score: float


def top(vector: Array, k: int, labels: Sequence[str]) -> list[Guess]:
    """The *k* highest of a vector, highest first, equal ones in order; without labels a class is its number."""
    order = np.argsort(-vector, kind="stable")[:k]
    return [Guess(int(i), labels[i] if labels else str(i), float(vector[i])) for i in order]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a network says of one picture."""

    source: str
    """The picture's file; empty for an array."""
    outputs: Mapping[str, Array]
    """By name: a vector, or a map as channels, height, width."""
    guesses: Mapping[str, tuple[Guess, ...]]
    """Of each output that is a vector the highest, highest first."""

    @property
    def top(self) -> tuple[Guess, ...]:
        """The guesses of the first output that is a vector; none without one."""
        return next(iter(self.guesses.values()), ())


def answers(source: str, outputs: Mapping[str, Array], k: int, labels: Mapping[str, Sequence[str]]) -> Iterator[Answer]:
    """One for each picture of a batch, with the *k* highest of each vector."""
    for number in range(len(next(iter(outputs.values())))):
        own = {name: array[number] for name, array in outputs.items()}
        guesses = {name: tuple(top(array, k, labels.get(name, ()))) for name, array in own.items() if array.ndim == 1}
        yield Answer(source, own, guesses)


def record(outputs: Mapping[str, Array], k: int, labels: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """*outputs* as JSON has them: the *k* highest of each vector, or of a batch those of each; the measures of anything
    else."""
    found: dict[str, Any] = {}
    for output, array in outputs.items():
        if array.ndim == 2:
            rows = [[_guess(guess) for guess in top(row, k, labels.get(output, ()))] for row in array]
            found[output] = rows[0] if len(rows) == 1 else rows
        else:
            measures = {"min": array.min(), "max": array.max(), "mean": array.mean()}
            found[output] = {"shape": list(array.shape), **{key: _number(value) for key, value in measures.items()}}
    return found


def _guess(guess: Guess) -> dict[str, Any]:
    return {"index": guess.index, "label": guess.label, "score": _number(guess.score)}


def _number(value: Any) -> float | None:
    """As JSON has it, which knows neither infinity nor what is no number."""
    return float(value) if isfinite(value) else None


def labels_for(
    labels: str | Path | Sequence[str] | None, shapes: Mapping[str, Sequence[object]],
    known: Mapping[str, Sequence[str]],
) -> Mapping[str, Sequence[str]]:  # fmt: skip
    """The names of the classes by output: those that are *known* or, for the first output that is a vector, of shape
    (N, classes) in *shapes*, and all that are as long, *labels*: themselves or a file with one a line.

    Raises `CnngraphError` when there is no vector, or they are not as many as it has classes.
    """
    if labels is None:
        return known
    sizes = {name: size for name, dims in shapes.items() if len(dims) == 2 and isinstance(size := dims[1], int)}
    if not sizes:
        raise CnngraphError.of("E0813", "the network gives no vector of classes to put labels on")
    size = next(iter(sizes.values()))
    if isinstance(labels, str | Path):
        names = read_labels(Path(labels), size)
    else:
        names = _checked(list(labels), size, "the list")
    return {**known, **dict.fromkeys((name for name, each in sizes.items() if each == size), names)}


def read_labels(path: Path, size: int) -> list[str]:
    """One label per line. Raises `CnngraphError` unless there are *size*."""
    if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        raise CnngraphError.of("E0812", f"cannot read {path}: it is no file but a pipe or a device")
    try:
        labels = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise CnngraphError.of("E0812", f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CnngraphError.of("E0812", f"{path} is not text in UTF-8") from None
    while labels and not labels[-1].strip():
        labels.pop()
    return _checked(labels, size, str(path))


def _checked(labels: list[str], size: int, where: str) -> list[str]:
    if len(labels) != size:
        raise CnngraphError.of(
            "E0813",
            f"{where} has {len(labels)} labels, the network {size} classes",
            help="one label per line, in order",
        )
    return labels
