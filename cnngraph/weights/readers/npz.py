"""npz: a zip of numpy's arrays; arrays of Python objects are pickles, and refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from cnngraph.weights.readers.entry import Array, Entry, Unreadable


def read_npz(path: Path) -> list[Entry]:
    archive = zipfile.ZipFile(path)
    entries = []
    for member in archive.namelist():
        if not member.endswith(".npy"):
            continue
        with archive.open(member) as stream:
            version = np.lib.format.read_magic(stream)
            header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, _, dtype = header(stream)
        if dtype.hasobject:
            raise Unreadable(f"`{member}` holds Python objects, which are not read")

        def read(member: str = member) -> Array:
            with archive.open(member) as stream:
                return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))

        entries.append(Entry(member.removesuffix(".npy"), tuple(shape), dtype.name, read))
    return entries
