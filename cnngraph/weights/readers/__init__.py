"""Files of weights, one format a module: every tensor by name, in the file's order, read when asked for.

Files come from elsewhere: nothing in them is executed, no path in them is followed, and no size they claim is
believed before it is compared with the bytes that are there.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from cnngraph.diagnostics import CnngraphError

if TYPE_CHECKING:
    from cnngraph.weights.readers.entry import Entry, Said


@dataclass(frozen=True)
class Reader:
    """A format of files of weights."""

    about: str
    """What a file of it is called: ``an npz file``."""
    suffixes: tuple[str, ...]
    module: str
    """In this package; imported when a file is read."""
    function: str
    """In *module*: takes the path and gives the file's `Entry`s."""

    says: str = ""
    """In *module*, if such files tell of layers without weights: takes the path and gives each as a `Said`, or None."""

    def read(self, path: Path) -> list[Entry]:
        function: Callable[[Path], list[Entry]] = getattr(import_module(f"{__name__}.{self.module}"), self.function)
        return function(path)


READERS = (
    Reader("a safetensors file", (".safetensors",), "tensors", "read_safetensors"),
    Reader("an npz file", (".npz",), "npz", "read_npz"),
    Reader("a file of PyTorch's", (".pt", ".pth"), "pytorch", "read_pytorch"),
    Reader("a file of Keras's", (".h5", ".keras"), "keras", "read_keras", "read_layers"),
    Reader("a file of darknet's", (".weights",), "unnamed", "read_unnamed"),
    Reader("a file of Caffe's", (".caffemodel",), "unnamed", "read_unnamed"),
)
_BY_SUFFIX = {suffix: reader for reader in READERS for suffix in reader.suffixes}


def suffixes(conjunction: str) -> str:
    """Those that are read, in words: ``.safetensors, .npz or .pt``."""
    *others, last = _BY_SUFFIX
    return f"{', '.join(others)} {conjunction} {last}"


def part_of(text: str) -> tuple[Path, str]:
    """A file, and which part of it is asked for: ``w.pth:params_ema`` is one, ``w.pth`` all."""
    head, colon, tail = text.rpartition(":")
    if not colon or not tail or Path(head).suffix.lower() not in _BY_SUFFIX:
        return Path(text), ""
    return (Path(text), "") if os.path.exists(text) else (Path(head), tail)


def open_entries(path: Path) -> list[Entry]:
    """The tensors in the file at *path*, laid out as PyTorch does. Raises `CnngraphError`."""
    known = f"--weights takes {suffixes('and')} files"
    try:
        there = path.exists()
    except OSError as error:
        raise CnngraphError.of("E0702", f"cannot read {path}: {error.strerror}", help=known) from None
    if not there:
        raise CnngraphError.of("E0702", f"there is no file {path}", help=known)
    if path.is_dir():
        raise CnngraphError.of("E0702", f"{path} is a directory", help=known)
    if not path.is_file():
        raise CnngraphError.of("E0702", f"{path} is no file but a pipe or a device", help=known)
    suffix = path.suffix.lower()
    if suffix == ".onnx":
        known = f"its weights for a spec:  cnngraph import {path} -o X.spec --weights X.safetensors"
    if suffix not in _BY_SUFFIX:
        raise CnngraphError.of("E0703", f"{path}: weights are not read from {suffix or 'such'} files", help=known)
    from cnngraph.weights.readers.entry import Unreadable

    reader = _BY_SUFFIX[suffix]
    try:
        return reader.read(path)
    except CnngraphError:
        raise
    except Unreadable as error:
        raise CnngraphError.of("E0702", f"{path}: {error}", help=error.help) from None
    except Exception as error:
        # Whatever a library says of a broken file: there is no list of what it may raise.
        reason = str(error).strip().split("\n")[0]
        raise CnngraphError.of("E0702", f"{path} is not {reader.about}", reason=reason) from None


def said_of(path: Path) -> list[Said] | None:
    """What the file at *path*, which `open_entries` takes, tells of layers without weights and of activations; None if
    it tells nothing."""
    reader = _BY_SUFFIX[path.suffix.lower()]
    if not reader.says:
        return None
    function: Callable[[Path], list[Said] | None] = getattr(import_module(f"{__name__}.{reader.module}"), reader.says)
    return function(path)
