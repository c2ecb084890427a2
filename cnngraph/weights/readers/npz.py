"""npz: a zip of numpy's arrays; arrays of Python objects are pickles, and refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from cnngraph.weights.readers.entry import Array, Entry, Unreadable, mapped, stored


def read_npz(path: Path) -> list[Entry]:
    """The arrays in an ``.npz`` file. Raises `Unreadable` or what zipfile and numpy raise."""
    archive = zipfile.ZipFile(path)
    data = mapped(path)
    entries = []
    for member in archive.infolist():
        if not member.filename.endswith(".npy"):
            continue
        with archive.open(member) as stream:
            version = np.lib.format.read_magic(stream)
            header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, by_columns, dtype = header(stream)
            begin = stream.tell()
        if dtype.hasobject:
            raise Unreadable(f"`{member.filename}` holds Python objects, which are not read")
        packed = member.compress_type != zipfile.ZIP_STORED

        def read(
            member: zipfile.ZipInfo = member,
            begin: int = begin,
            dtype: np.dtype[np.generic] = dtype,
            packed: bool = packed,
            shape: tuple[int, ...] = tuple(shape),
            by_columns: bool = by_columns,
        ) -> Array:
            if packed:
                with archive.open(member) as stream:
                    return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))
            held = stored(data, member)[begin:].view(dtype)
            return held.reshape(shape[::-1]).T if by_columns else held.reshape(shape)

        entries.append(Entry(member.filename.removesuffix(".npy"), tuple(shape), dtype.name, read))
    return entries
