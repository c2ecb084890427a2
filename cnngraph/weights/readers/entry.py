"""One tensor in a file of weights, and what all readers share."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


class Unreadable(Exception):
    """Why a file is not taken, in words for its user."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.help = help


@dataclass(frozen=True, slots=True)
class Entry:
    """One tensor in a file, read when it is asked for."""

    name: str
    shape: tuple[int, ...]
    kind: str
    """Of its numbers in the file, as numpy calls it."""
    read: Callable[[], Array]
    """The numbers, in *shape*; bfloat16 as float32."""
    filed: str = ""
    """Its name in files that count layers instead of keeping their order: ``conv2d_1.weight``."""
    hwc: bool = False
    """Whether its file counts a flattened volume's numbers in the order height, width, channel (Keras)."""
    said: Mapping[str, object] = field(default_factory=dict)
    """What the file says of its layer, by the keywords of the language: ``s``, ``eps``."""
    tells: bool = True
    """Whether *said* stands in the file; else it is what its library does unless told otherwise."""
    doubt: str = ""
    """What its file does not say or have of its layer, and what was taken instead, in words."""
    made_up: bool = False
    """Whether the file has it not, because its layer does without: the numbers are those that change nothing."""
    group: str = ""
    """Under which of several sets of weights a checkpoint has it: ``state_dict_ema``."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a file says of a layer, or of the function behind one."""

    kind: str
    """What its library calls it, in lower case and without ``_``: ``maxpooling2d``."""
    arguments: Mapping[str, object]
    """By the keywords of the language: ``s``, ``slope``."""
    name: str
    """The layer's own."""
    border: tuple[int, int, int, int] | None = None
    """Top, left, bottom, right of the zeros that it puts around a map, which a window behind it may have instead."""


BFLOAT16 = "bfloat16"
"""float32 without its lower half; numpy has no such type."""

FLOATS = ("float16", "float32", "float64", BFLOAT16)
"""What weights can be."""


_PIECE = 2**20
"""Numbers converted at a time."""


def pieces(array: Array) -> Iterator[memoryview]:
    """The numbers of *array* in order, as little-endian float32, a piece at a time."""
    if not array.flags.c_contiguous:
        # One copy in order, instead of a search for each piece.
        array = np.ascontiguousarray(array)
    flat = array.reshape(-1)
    for start in range(0, max(flat.size, 1), _PIECE):
        with np.errstate(over="ignore", invalid="ignore"):  # what float32 does not hold is infinite there
            piece = np.ascontiguousarray(flat[start : start + _PIECE], "<f4")
        yield piece.data.cast("B")


def itemsize(kind: str) -> int:
    """Bytes of one number of the type that numpy calls *kind*."""
    return 2 if kind == BFLOAT16 else np.dtype(kind).itemsize


def mapped(path: Path) -> Array:
    """The file's bytes, read from disk as they are touched."""
    if path.stat().st_size == 0:
        raise Unreadable("the file is empty")
    return np.memmap(path, np.uint8, "r")


def member_bytes(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes:
    """The bytes of a *member* of a zip file, which are to be *most* or fewer. Raises `Unreadable`."""
    with archive.open(member) as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise Unreadable(f"`{member.filename}` in it has more than {most:,} bytes, too many for what it is to be")
    return data


def stored(data: Array, member: zipfile.ZipInfo) -> Array:
    """The bytes of a *member* that a zip file, *data*, holds as they are."""
    header = data[member.header_offset : member.header_offset + 30].tobytes()
    # A local file header: at 26 and 28 the lengths of the name and of the extra field (PKWARE APPNOTE 4.3.7).
    start = member.header_offset + 30 + sum(int.from_bytes(header[at : at + 2], "little") for at in (26, 28))
    return data[start : start + member.file_size]


def numbers(data: Array, kind: str) -> Array:
    """Bytes as the numbers of *kind*."""
    if kind != BFLOAT16:
        return data.view(np.dtype(kind).newbyteorder("<"))
    return (data.view("<u2").astype("<u4") << 16).view("<f4")


def natural(name: str) -> list[tuple[int, str]]:
    """A key to sort by that puts ``conv2d_10`` after ``conv2d_2``."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]
