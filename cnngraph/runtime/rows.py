"""The file of answers to the pictures of a folder: rows are added batch by batch, and a stopped run goes on with them.

Every row says by its `run` which network and which options it is from.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from cnngraph.diagnostics import CnngraphError
from cnngraph.runtime.session import Port

_LONGEST = 1 << 20
"""Bytes of a row; what has longer ones is not read into memory."""
_SPECIAL = re.compile('[,"\r\n]')
_HEADS = ("run", "source", "error")


@dataclass(frozen=True, slots=True)
class Row:
    """Of one picture."""

    source: str
    error: str = ""
    """Why there is no answer."""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """As `cnngraph.runtime.answers.record` has them."""


def run_of(digest: str, options: object) -> str:
    """What a row says of the network of that *digest*, and of *options*: 16 digits of a hash, 8 for each."""
    return f"{digest[:8]}-{hashlib.sha256(repr(options).encode()).hexdigest()[:8]}"


class Form(Protocol):
    """How rows are written."""

    run: str
    head: bytes
    """What the file begins with."""
    start: bytes
    """What every row of this run begins with."""
    is_quoted: bool
    """Whether a line between quotation marks may have several."""

    def line(self, row: Row) -> bytes: ...

    def read(self, line: bytes) -> tuple[str, str, bool]:
        """Of a row, from whatever run: its run, its source, and whether it is an error. Raises `ValueError`."""
        ...


class Csv:
    """Comma-separated values as in RFC 4180, but for lines that end in a line feed, with a line of heads.

    A vector has, from the likeliest, ``label1,index1,score1`` and so on to *k*; anything else ``shape,min,max,mean``;
    of several outputs each has its name before them. A name that is not UTF-8 stands there with its own bytes.
    """

    is_quoted = True

    def __init__(self, run: str, outputs: Sequence[Port], k: int) -> None:
        self.run = run
        self._columns: list[tuple[str, int]] = []
        heads = [*_HEADS]
        for port in outputs:
            prefix = f"{port.name} " if len(outputs) > 1 else ""
            size = port.dims[1] if len(port.dims) == 2 else 0
            guesses = min(k, size) if isinstance(size, int) else k
            self._columns.append((port.name, guesses))
            parts = [f"{each}{number}" for number in range(1, guesses + 1) for each in ("label", "index", "score")]
            heads += [prefix + part for part in parts or ("shape", "min", "max", "mean")]
        self._width = len(heads)
        self.head = _joined(heads)
        self.start = f"{run},".encode()

    def line(self, row: Row) -> bytes:
        cells: list[Any] = [self.run, row.source, row.error]
        for name, guesses in self._columns if row.outputs else ():
            said = row.outputs[name]
            if guesses:
                found = [guess[key] for guess in said for key in ("label", "index", "score")]
                cells += [*found, *[None] * (3 * guesses - len(found))]
            else:
                cells += ["x".join(map(str, said["shape"])), said["min"], said["max"], said["mean"]]
        return _joined([*cells, *[None] * (self._width - len(cells))])

    def read(self, line: bytes) -> tuple[str, str, bool]:
        try:
            ((run, source, error, *rest),) = csv.reader([line.decode("utf-8", "surrogateescape")], strict=True)
        except csv.Error as wrong:
            raise ValueError(str(wrong)) from None
        if len(rest) != self._width - 3:
            raise ValueError(f"it has {len(rest) + 3} values for {self._width} heads")
        return run, source, bool(error)


class JsonLines:
    """A line of JSON for each picture: ``run``, ``source``, and ``outputs``, by name, or ``error``."""

    head = b""
    is_quoted = False

    def __init__(self, run: str) -> None:
        self.run = run
        self.start = f'{{"run": "{run}", "source": '.encode()

    def line(self, row: Row) -> bytes:
        said = {"error": row.error} if row.error else {"outputs": row.outputs}
        text = json.dumps({"run": self.run, "source": row.source, **said}, ensure_ascii=False, allow_nan=False)
        # Half a character, of a name that is not UTF-8, is written as JSON has it: \udcff.
        return text.encode("utf-8", "backslashreplace") + b"\n"

    def read(self, line: bytes) -> tuple[str, str, bool]:
        try:
            found = json.loads(line)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        if not isinstance(found, dict):
            raise ValueError("it is no object")
        run, source = found.get("run"), found.get("source")
        if not isinstance(run, str) or not isinstance(source, str):
            raise ValueError("it has no run or no source")
        return run, source, "error" in found


FORMS = (".csv", ".jsonl")
"""Suffixes of files of answers."""


def _joined(cells: Iterable[Any]) -> bytes:
    return (",".join(map(_cell, cells)) + "\n").encode("utf-8", "surrogateescape")


def _cell(value: Any) -> str:
    if not isinstance(value, str):
        return "" if value is None else str(value)
    return '"' + value.replace('"', '""') + '"' if _SPECIAL.search(value) else value


@dataclass(slots=True)
class Resumed:
    """How a run goes on with a file."""

    head: bytes
    """What is to be written before the first row."""
    waiting: dict[str, None]
    """The pictures that have no row, in order."""
    errors: int = 0
    """How many of those that have one have no answer."""


def resumed(stream: BinaryIO, path: Path, form: Form, sources: Iterable[str]) -> Resumed:
    """Makes the file *stream* at *path* ready for the rows of *sources* that it has not.

    A row that is cut off at the end is taken away. Raises `CnngraphError` (E0913) when the file has anything but rows
    of this run; then nothing of it is changed.
    """
    found = Resumed(form.head, dict.fromkeys(sources))
    if not stream.seekable():
        return found
    start = stream.read(len(form.head))
    if not form.head.startswith(start):
        raise _other(path, _of_heads(start))
    if len(start) < len(form.head):
        stream.seek(0)
        stream.truncate()
        return found
    found.head = b""
    end, number = len(start), 1 + start.count(b"\n")
    for line, is_whole in _lines(stream, path, form):
        if not is_whole:
            # Where the machine itself stopped, a file may end in bytes that were never written.
            own = line.rstrip(b"\0")
            if not own.startswith(form.start[: len(own)]):
                raise _other(path, f"what it ends with, in line {number}, is cut off and no answer of this run")
            stream.seek(end)
            stream.truncate()
            break
        try:
            run, source, is_error = form.read(line)
        except ValueError as error:
            raise _other(path, f"line {number} is no answer: {error}") from None
        if run != form.run:
            is_same_network = run.partition("-")[0] == form.run.partition("-")[0]
            what = "given with other options or labels" if is_same_network else "of another network or other weights"
            raise _other(path, f"the answer in line {number} is {what} (its run is {run[:40]}, this one is {form.run})")
        if source in found.waiting:
            del found.waiting[source]
            found.errors += is_error
        end += len(line)
        number += line.count(b"\n")
    return found


def _lines(stream: BinaryIO, path: Path, form: Form) -> Iterator[tuple[bytes, bool]]:
    """The rows of the file, and of each whether it is whole, which the last may not be."""
    parts: list[bytes] = []
    size = quotes = 0
    while part := stream.readline(_LONGEST):
        parts.append(part)
        size += len(part)
        quotes += part.count(b'"') if form.is_quoted else 0
        if size >= _LONGEST:
            raise _other(path, f"it has a row of more than {_LONGEST:,} bytes")
        if part.endswith(b"\n") and quotes % 2 == 0:
            yield b"".join(parts), True
            parts, size, quotes = [], 0, 0
    if parts:
        yield b"".join(parts), False


def _of_heads(start: bytes) -> str:
    """Why a file that begins with *start* is another."""
    if not start.startswith(_joined(_HEADS).rstrip(b"\n") + b","):
        return "it is no file of answers"
    return "its first line has other columns: it is of a network with other outputs, or was given with another --top"


def _other(path: Path, reason: str) -> CnngraphError:
    return CnngraphError.of(
        "E0913", f"{path} cannot be gone on with", reason=reason,
        help="give another name, -o FILE, or remove it to begin anew",
    )  # fmt: skip
