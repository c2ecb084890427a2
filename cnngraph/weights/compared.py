"""The numbers of two networks' weights, tensor by tensor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from cnngraph.layers.kind import Parameter
from cnngraph.network import Layer, Network
from cnngraph.weights.source import Weight, Weights


@dataclass(frozen=True, slots=True)
class Difference:
    """One tensor of weights that both networks have."""

    a: str
    """``conv1.weight``"""
    b: str
    shapes: tuple[tuple[int, ...], tuple[int, ...]]
    greatest: float | None
    """Of the differences between two numbers; infinite where one of them is no number. None when the shapes differ."""
    largest: float
    """The largest number there is in the first, without its sign."""
    equal: float
    """The share of numbers that are equal, 1 for all."""

    @property
    def is_equal(self) -> bool:
        return self.greatest is not None and self.equal == 1.0


def differences(
    a: Network, mine: Weights, b: Network, theirs: Weights, layers: Mapping[str, str]
) -> tuple[Difference, ...]:
    """Of every tensor of those *layers* of *a* that are in *b*, by their names there; what layers share is told once.

    No more than a few pieces are in memory at a time. Raises `CnngraphError` when the weights cannot be read.
    """
    pairs = [pair for here, there in layers.items() for pair in _tensors(a[here], b[there])]
    alike = [(one, other) for one, other in pairs if one.parameter.shape == other.parameter.shape]
    numbers = zip(mine.all([one for one, _ in alike]), theirs.all([other for _, other in alike]), strict=True)
    found = []
    for one, other in pairs:
        shapes = one.parameter.shape, other.parameter.shape
        measured = _measured(*next(numbers), one.parameter) if shapes[0] == shapes[1] else (None, 0.0, 0.0)
        found.append(Difference(one.name, other.name, shapes, *measured))
    return tuple(found)


def _tensors(one: Layer, other: Layer) -> Iterator[tuple[Weight, Weight]]:
    theirs = other.parameters
    for name, parameter in one.parameters.items():
        if name in theirs:
            yield (
                Weight(f"{one.name}.{name}", one, parameter),
                Weight(f"{other.name}.{name}", other, theirs[name]),
            )


_Pieces = Iterable[bytes | memoryview]


def _measured(mine: _Pieces, theirs: _Pieces, parameter: Parameter) -> tuple[float, float, float]:
    greatest = largest = 0.0
    equal = 0
    for one, other in _stretches(mine, theirs):
        same = (one == other) | (np.isnan(one) & np.isnan(other))
        equal += int(same.sum())
        largest = max(largest, float(np.nanmax(np.abs(one), initial=0.0)))
        with np.errstate(invalid="ignore"):
            apart = np.where(same, 0.0, np.abs(one.astype(np.float64) - other))
        greatest = max(greatest, float(np.nan_to_num(apart, nan=np.inf, posinf=np.inf).max(initial=0.0)))
    return greatest, largest, equal / parameter.size if parameter.size else 1.0


def _stretches(
    mine: _Pieces, theirs: _Pieces
) -> Iterator[tuple[np.ndarray[tuple[int], np.dtype[np.float32]], np.ndarray[tuple[int], np.dtype[np.float32]]]]:
    """The numbers of both side by side, whatever pieces they come in."""
    ones, others = (iter(_as_numbers(pieces)) for pieces in (mine, theirs))
    one, other = next(ones, None), next(others, None)
    while one is not None and other is not None:
        size = min(len(one), len(other))
        yield one[:size], other[:size]
        one = one[size:] if len(one) > size else next(ones, None)
        other = other[size:] if len(other) > size else next(others, None)


def _as_numbers(pieces: _Pieces) -> Iterator[np.ndarray[tuple[int], np.dtype[np.float32]]]:
    return (np.frombuffer(piece, "<f4") for piece in pieces if len(piece))
