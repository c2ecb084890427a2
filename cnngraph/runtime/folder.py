"""Pictures by the folder, in batches: never more than one of them is in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from cnngraph.diagnostics import CnngraphError
from cnngraph.names import one_line
from cnngraph.runtime.answers import record
from cnngraph.runtime.feeds import PictureInput
from cnngraph.runtime.rows import Row
from cnngraph.runtime.session import Array, Session

BATCH = 16
"""Pictures in a batch unless said or fixed by the model."""
_OF_A_PICTURE = {"E0807", "E0808", "E0822"}
"""Codes of what is wrong with a picture, and not with all."""
_NEAR = 1e-4
"""By how much of the largest number an answer may differ between batches: much more than is rounded."""


@dataclass(frozen=True, slots=True)
class Part:
    """One of several parts of a folder, which have every picture once."""

    number: int
    """From 1."""
    of: int

    def has(self, name: str) -> bool:
        """By SHA-256 of the picture's *name* in the folder, as ``cats/1.jpg``: wherever it is asked, the same."""
        digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()
        return int.from_bytes(digest[:8], "big") % self.of == self.number - 1


def batch_of(session: Session, pictures: PictureInput, asked: int | None) -> int:
    """How many pictures go in at a time; one where they keep their own sizes. Raises `CnngraphError` (E0824) where the
    model takes another number than *asked*, or is known to mix those of a batch."""
    fixed = pictures.port.dims[0]
    if isinstance(fixed, int) and asked not in (None, fixed):
        raise CnngraphError.of(
            "E0824", f"the model takes {fixed} at a time, and --batch says {asked}",
            help="leave --batch out, or export the model without --batch",
        )  # fmt: skip
    if not pictures.is_fixed:
        return 1
    batch = fixed if isinstance(fixed, int) else asked or BATCH
    operators = session.file.operators if session.file else ()
    if batch > 1 and (mixing := sorted(each for each in operators if each.startswith("DynamicQuantize"))):
        raise _mixed(f"{mixing[0]} in the model makes 8 bits of all pictures of a batch by the largest number in it")
    return batch


def answered(
    session: Session, pictures: PictureInput, paths: Iterable[str], batch: int, k: int,
    labels: Mapping[str, Sequence[str]],
) -> Iterator[list[Row]]:  # fmt: skip
    """The answers to the pictures at *paths*, *batch* at a time, in order; for one that cannot be read, why.

    Raises `CnngraphError` for what is wrong with the network: E0824 when what it says of a picture depends on those
    beside it, of which the first batch is asked.
    """
    is_sure = batch == 1
    waiting = iter(paths)
    while chunk := list(islice(waiting, batch)):
        arrays, errors = _read(pictures, chunk)
        outputs: Mapping[str, Array] = {}
        try:
            outputs = _run(session, list(arrays.values()), batch) if arrays else {}
        except CnngraphError as error:
            if pictures.is_fixed or error.diagnostics[0].code != "E0803":
                raise
            (path,) = arrays
            arrays, errors = {}, {path: _said(error)}  # of a size that the network does not take
        if not is_sure and len(arrays) > 1:
            _need_apart(_run(session, [next(iter(arrays.values()))], batch), outputs)
            is_sure = True
        places = {path: slice(at, at + 1) for at, path in enumerate(arrays)}
        own = {path: {name: array[place] for name, array in outputs.items()} for path, place in places.items()}
        yield [Row(path, errors.get(path, ""), record(own.get(path, {}), k, labels)) for path in chunk]


def _read(pictures: PictureInput, paths: Iterable[str]) -> tuple[dict[str, Array], dict[str, str]]:
    """The pictures that can be read, by path, and of the others why not."""
    arrays: dict[str, Array] = {}
    errors: dict[str, str] = {}
    for path in paths:
        try:
            (arrays[path],) = pictures.feed(Path(path)).values()
        except CnngraphError as error:
            if error.diagnostics[0].code not in _OF_A_PICTURE:
                raise
            errors[path] = _said(error)
    return arrays, errors


def _run(session: Session, arrays: list[Array], batch: int) -> dict[str, Array]:
    """The answers to *arrays*, of one picture each.

    One that is left over gets a blank beside it: onnxruntime adds up a single row in another order than several, and
    its answer would differ in the last digits with where the batches end.
    """
    (port,) = session.inputs
    size = port.dims[0] if isinstance(port.dims[0], int) else max(len(arrays), min(batch, 2))
    blank = np.zeros_like(arrays[0])
    outputs = session.run({port.name: np.concatenate([*arrays, *[blank] * (size - len(arrays))])})
    for output, array in outputs.items():
        if array.ndim == 0 or len(array) != size:
            raise _mixed(f"`{output}` is {'x'.join(map(str, array.shape)) or 'one number'} for {size} pictures")
    return {output: array[: len(arrays)] for output, array in outputs.items()}


def _need_apart(alone: Mapping[str, Array], beside: Mapping[str, Array]) -> None:
    """Raises `CnngraphError` unless the first picture of a batch is answered as it is without the others."""
    for output, array in alone.items():
        one, other = array[0].astype(np.float64), beside[output][0].astype(np.float64)
        largest = float(np.abs(one[np.isfinite(one)]).max(initial=0))
        if not np.allclose(one, other, rtol=0, atol=_NEAR * largest, equal_nan=True):
            raise _mixed(f"`{output}` is another for the first picture alone than beside others")


def _mixed(reason: str) -> CnngraphError:
    return CnngraphError.of(
        "E0824", "the network does not answer each picture of a batch by itself", reason=reason, help="give --batch 1"
    )


def _said(error: CnngraphError) -> str:
    said = error.diagnostics[0]
    return one_line(f"{said.message}: {said.reason}" if said.reason else said.message)
