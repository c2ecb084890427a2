"""Files of weights that claim, nest or repeat: refused in words, at once, and without the memory they want."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.limited import limited

MEMORY = 300 * 2**20
"""Bytes that refusing a file may take: 16 MB of pickle are a million objects."""
DEPTH = 300_000


def packed(name: str, start: bytes, **others: bytes) -> bytes:
    """A zip file of some MB in which the member *name* begins with *start* and goes on with zeros up to 4 GB."""
    press = zlib.compressobj(9, zlib.DEFLATED, -15)
    beginning = press.compress(start) + press.flush(zlib.Z_FULL_FLUSH)
    piece = press.compress(bytes(2**20)) + press.flush(zlib.Z_FULL_FLUSH)
    data = beginning + piece * 4095 + press.flush()
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for other, content in others.items():
            archive.writestr(other.replace("__", "/").replace("_dot_", "."), content)
        archive.writestr(name, data)
    made = bytearray(stream.getvalue())
    size = struct.pack("<I", min(4095 * 2**20 + len(start), 2**32 - 2))
    local = made.index(b"PK\3\4", made.rindex(name.encode(), 0, made.rindex(b"PK\1\2")) - 30)
    central = made.rindex(b"PK\1\2")
    for at, method, length in ((local, 8, 22), (central, 10, 24)):
        made[at + method : at + method + 2] = b"\x08\0"
        made[at + length : at + length + 4] = size
    return bytes(made)


def stored(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return stream.getvalue()


def pt(pickle: bytes) -> bytes:
    return stored(a__data_dot_pkl=b"\x80\x02" + pickle + b".")


def text(word: bytes) -> bytes:
    return b"X" + struct.pack("<I", len(word)) + word


DOUBLED = b")q\0" + b"0h\0h\0\x86q\0" * 60
"""A tuple of two tuples of two tuples …: it has 2^60 ends."""
DEEP = b")" + b"\x85" * DEPTH
MANY = b"](" + b"K\1" * 200_000 + b"eq\0"
SIZE, DICTIONARY = b"ctorch\nSize\nq\1", b"ccollections\nOrderedDict\nq\1"
PAIRS = b"](" + (b"(" + text(b"a") + b"K\1t") * 100_000 + b"eq\0"
STREAM = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}."
"""The headers of the older form: a magic number, a version, the system."""
NPY = b"\x93NUMPY\2\0" + struct.pack("<I", 2**32 - 64)

FILES: dict[str, Callable[[], bytes]] = {
    "doubled key.pt": lambda: pt(b"}" + DOUBLED + b"Ns"),
    "doubled keys.pt": lambda: pt(b"}(" + DOUBLED + b"Nu"),
    "doubled value.pt": lambda: pt(b"}" + text(b"w") + DOUBLED + b"s"),
    "doubled pair.pt": lambda: pt(DICTIONARY + b"](" + DOUBLED + b"N\x86e\x85R"),
    "doubled in a set.pt": lambda: pt(b"\x8f(" + DOUBLED + b"\x90"),
    "doubled storage.pt": lambda: pt(b"ctorch._utils\n_rebuild_tensor\n(" + DOUBLED * 4 + b"tR"),
    "doubled place.pt": lambda: pt(DOUBLED + b"Q"),
    "deep key.pt": lambda: pt(b"}" + DEEP + b"Ns"),
    "deep value.pt": lambda: pt(b"}" + text(b"w") + DEEP + b"s"),
    "deep tuple.pt": lambda: pt(DEEP),
    "deep lists.pt": lambda: pt(b"]" * DEPTH + b"a" * (DEPTH - 1)),
    "deep dictionaries.pt": lambda: pt((b"}" + text(b"a")) * DEPTH + b"N" + b"s" * DEPTH),
    "deep keys.pth": lambda: STREAM + b"\x80\x02}.\x80\x02](" + DEEP + b"e.",
    "doubled keys.pth": lambda: STREAM + b"\x80\x02}.\x80\x02](" + DOUBLED + b"e.",
    "doubled magic.pth": lambda: b"\x80\x02" + DOUBLED + b".",
    "copies.pt": lambda: pt(MANY + SIZE + b"0](" + b"h\1h\0\x85R" * 100_000 + b"e"),
    "copied pairs.pt": lambda: pt(PAIRS + DICTIONARY + b"0](" + b"h\1h\0\x85R" * 100_000 + b"e"),
    "a text as pairs.pt": lambda: pt(DICTIONARY + b"(" + text(b"ab" * 1000) + b"tR"),
    "many lists.pt": lambda: pt(b"(" + b"]" * 3_000_000 + b"t"),
    "long pickle.pt": lambda: pt(text(b"a" * 2**25)),
    "long pickle.pth": lambda: STREAM + b"\x80\x02" + text("\U0001f600".encode() * 2**23) + b".",
    "claims 4 GB.pth": lambda: STREAM + b"\x80\x02X\xf0\xff\xff\xff.",
    "calls a text.pt": lambda: pt(text(b"a") + b")R"),
    "order of bytes.pt": lambda: packed("a/byteorder", b"", a__data_dot_pkl=b"\x80\x02}."),
    "packed pickle.pt": lambda: packed("a/data.pkl", b"\x80\x02\x8d" + struct.pack("<Q", 2**32 - 2**20)),
    "header.npz": lambda: packed("w.npy", NPY),
    "old header.npz": lambda: packed("w.npy", b"\x93NUMPY\1\0\xff\xff{"),
    "nested header.npz": lambda: stored(w_dot_npy=b"\x93NUMPY\1\0" + struct.pack("<H", 9000) + b"(" * 9000),
    "configuration.keras": lambda: packed("config.json", b"", model_dot_weights_dot_h5=b"abc"),
    "deep configuration.keras": lambda: stored(config_dot_json=b"[" * 2**22, model_dot_weights_dot_h5=b"abc"),
    "header.safetensors": lambda: struct.pack("<Q", 2**62) + b"{}",
    "deep header.safetensors": lambda: struct.pack("<Q", 2**20) + b"[" * 2**20,
}
SAID = {
    "order of bytes.pt": "`a/byteorder` in it has more than 16 bytes",
    "packed pickle.pt": "`a/data.pkl` in it has more than 16,777,216 bytes",
    "long pickle.pth": "its list of tensors has more than 16,777,216 bytes",
    "configuration.keras": "`config.json` in it has more than 8,388,608 bytes",
    "many lists.pt": "its list of tensors is far too long to be one",
    "copies.pt": "the shape of a tensor in it is broken",
    "doubled storage.pt": "points to no storage",
    "calls a text.pt": "nothing in it is run",
    "deep keys.pth": "the list of its storages is broken",
}


def test_no_file_takes_more_than_its_due(tmp_path: Path) -> None:
    for name, made in FILES.items():
        (tmp_path / name).write_bytes(made())
    code = """
from pathlib import Path
from cnngraph.diagnostics import CnngraphError
for path in sorted(Path().iterdir()):
    say(begun=path.name)
    start = time.process_time()
    try:
        entries = open_entries(path)
        said = f"{len(entries)} entries"
    except CnngraphError as error:
        said = str(error)
    say(name=path.name, said=said, seconds=time.process_time() - start)
"""
    imports = "import time, h5py, numpy, safetensors\nfrom cnngraph.weights.readers import open_entries\n" + "".join(
        f"import cnngraph.weights.readers.{each}\n" for each in ("keras", "npz", "pytorch", "tensors")
    )
    lines, ended = limited(imports, code, cwd=tmp_path, seconds=60)
    assert ended == 0, f"ended with {ended} in {lines[-1]}"
    told = {line["name"]: line for line in lines if "name" in line}
    assert sorted(told) == sorted(FILES)
    print("\n".join(f"{line['seconds']:.2f} s  {line['memory']:>12,}  {line['name']}" for line in told.values()))
    for name, line in told.items():
        assert line["said"].startswith("error[E0702]"), name
        assert line["seconds"] < 6, name
        assert line["memory"] < MEMORY, name
        assert SAID.get(name, "") in line["said"], (name, line["said"])


def test_what_claims_more_than_it_has_is_not_read(tmp_path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (2**40,)})
    (tmp_path / "w.npz").write_bytes(stored(w_dot_npy=header.getvalue() + bytes(64)))
    code = """
(entry,) = open_entries(Path("w.npz"))
try:
    entry.read()
except Exception as error:
    say(said=type(error).__name__)
"""
    lines, ended = limited(
        "from pathlib import Path\nfrom cnngraph.weights.readers import open_entries", code, cwd=tmp_path
    )
    assert (ended, lines[0]["said"]) == (0, "ValueError")
    assert lines[0]["memory"] < MEMORY


@pytest.mark.parametrize("suffix", [".pt", ".npz", ".safetensors", ".h5"])
def test_a_pipe_is_no_file_of_weights(suffix: str, tmp_path: Path) -> None:
    import os

    from cnngraph.diagnostics import CnngraphError
    from cnngraph.weights.readers import open_entries

    os.mkfifo(tmp_path / f"w{suffix}")
    with pytest.raises(CnngraphError, match="is no file but a pipe"):
        open_entries(tmp_path / f"w{suffix}")
