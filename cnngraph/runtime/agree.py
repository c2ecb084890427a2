"""Whether two ONNX files answer alike."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cnngraph.diagnostics import CnngraphError
from cnngraph.reading import Precision
from cnngraph.runtime.rounding import AS_MUCH, unsettled
from cnngraph.runtime.session import Array, Port, Session

CLOSE: Mapping[Precision, float] = {"float32": 1e-4, "float16": 2e-2, "int8": math.inf}
"""Of the largest number of an output: how much of a difference is rounding, by what one of the two computes with."""
_PICTURES = 5
_LEAST = 1e-2
"""Smaller outputs are compared as if their largest number were this: nearly nothing is left of some but rounding."""


@dataclass(frozen=True, slots=True)
class Alike:
    """What came of running both."""

    difference: float
    """The largest, relative to the largest number of its output."""
    runs: int
    compared: int
    """How many outputs are in both; others stand in another shape that cannot be told, or what leads to them stands
    for them."""
    outputs: int
    unrun: str = ""
    """Why onnxruntime does not load or run the source, where it does not."""
    unsettled: float = 0.0
    """How much the source's answer differs to such an input that is a millionth off, where the two are not close."""

    def is_within(self, close: float) -> bool:
        """Whether the difference is rounding: *close*, or about as much as an input makes that is a millionth off."""
        return self.difference <= close or self.difference <= AS_MUCH * self.unsettled


def alike(
    source: Path, ours: Path, sizes: Sequence[Mapping[str, int]], unlike: Container[int] = (), *, close: float
) -> Alike:
    """Runs both files on the same random numbers, for free sizes each of *sizes* in turn; outputs that are *unlike*,
    counted from 0, are not compared. Raises `CnngraphError`."""
    try:
        one = Session(source)
    except CnngraphError as error:
        return Alike(0.0, 0, 0, 0, error.diagnostics[0].reason)
    other = Session(ours)
    if len(one.outputs) != len(other.outputs):
        return Alike(0.0, 0, 0, len(one.outputs))
    worst, compared, unsure = 0.0, set[int](), 0.0
    for run in range(_PICTURES):
        mine, theirs = {}, {}
        rng = np.random.default_rng(run)
        for port, own in zip(one.inputs, other.inputs, strict=True):
            shape = _shape(own, sizes[run % len(sizes)])
            numbers = rng.standard_normal(shape, np.float32)
            if port.type == "tensor(uint8)":
                numbers = rng.integers(0, 256, shape).astype(np.float32)
            mine[own.name] = numbers
            theirs[port.name] = _as_in(port, numbers)
        try:
            answers = one.run(theirs)
        except CnngraphError as error:
            return Alike(0.0, 0, 0, 0, error.diagnostics[0].reason)
        before = worst
        pairs = zip(answers.values(), other.run(mine).values(), strict=True)
        for at, (answer, own_answer) in enumerate(pairs):
            difference = None if at in unlike else _difference(answer, own_answer)
            if difference is not None:
                compared.add(at)
                worst = max(worst, difference)
        if worst > max(before, close):
            unsure = max(unsure, unsettled(one.run, theirs, _difference))
    return Alike(worst, _PICTURES, len(compared), len(one.outputs), unsettled=unsure)


def _shape(port: Port, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """The batch is 1."""
    return tuple(dim if isinstance(dim, int) else 1 if at == 0 else sizes[str(dim)] for at, dim in enumerate(port.dims))


def _as_in(port: Port, numbers: Array) -> Array:
    """*numbers*, channels first, as the source's input takes them."""
    if len(port.dims) == numbers.ndim - 1:  # a line, which is a picture one pixel wide here
        numbers = numbers[..., 0]
    known = [isinstance(dim, int) and dim != size for dim, size in zip(port.dims[1:], numbers.shape[1:], strict=False)]
    if numbers.ndim == 4 and any(known):
        numbers = numbers.transpose(0, 2, 3, 1)
    if isinstance(port.dims[0], int) and port.dims[0] > 1:
        numbers = np.repeat(numbers, port.dims[0], 0)
    types = {"tensor(float16)": np.float16, "tensor(double)": np.float64, "tensor(uint8)": np.uint8}
    return numbers.astype(types.get(port.type, np.float32))


def _difference(one: Array, other: Array) -> float | None:
    """None where the two are not the same numbers in an order that can be told."""
    if one.size != other.size:
        if one.shape[:1] != other.shape[:1] and one.size % other.size == 0:
            one = one[: other.shape[0]]  # a batch that the source fixes
        if one.size != other.size:
            return None
    ways = [other]
    if one.shape != other.shape and other.ndim == 4:
        ways.append(other.transpose(0, 2, 3, 1))
    scale = max(float(np.abs(one).max(initial=0.0)), _LEAST)
    return min(float(np.abs(one.reshape(-1) - way.reshape(-1)).max(initial=0.0)) for way in ways) / scale


def differ(source: str, found: Alike, close: float) -> CnngraphError:
    """The mistake that two files do not answer alike, but for *close*."""
    return CnngraphError.of(
        "E0817", f"the network written does not answer as {source} does",
        reason=f"the largest difference is {found.difference:.1e} of the largest number of its output, and rounding "
        f"makes up to {close:.0e}",
        help="where numbers grow from layer to layer, as with weights never trained, rounding alone may make as much",
    )  # fmt: skip
