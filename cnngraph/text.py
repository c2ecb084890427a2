"""Text out of files: UTF-8 with any line ends; what is none is named for what it is."""

from __future__ import annotations

import re
from pathlib import Path

from cnngraph.diagnostics import CnngraphError
from cnngraph.shipped import names

MAX_FILE = 64 * 1024 * 1024
HEAD = 4096
"""Bytes by which a file is told for what it is."""


def read_text(path: Path, shown: str) -> str:
    """The text in *path*, named *shown* in messages. Raises `CnngraphError`."""
    return decode(read_bytes(path, shown, MAX_FILE + 1), shown)


def read_bytes(path: Path, shown: str, size: int) -> bytes:
    """The first *size* bytes of *path*, named *shown* in messages. Raises `CnngraphError`."""
    try:
        with path.open("rb") as stream:
            return stream.read(size)
    except FileNotFoundError:
        raise CnngraphError.of("E0110", f"there is no file {shown}", file=shown, help=_suggest(path, shown)) from None
    except IsADirectoryError:
        help = "name one of the .spec files in it" if any(path.glob("*.spec")) else "give the path of a .spec file"
        raise CnngraphError.of("E0110", f"{shown} is a directory", file=shown, help=help) from None
    except OSError as error:
        raise CnngraphError.of("E0110", f"cannot read {shown}: {error.strerror}", file=shown) from None


def decode(data: bytes, shown: str) -> str:
    """*data*, the content of *shown*, as text. Raises `CnngraphError` when it is none, or longer than `MAX_FILE`."""
    if len(data) > MAX_FILE:
        raise CnngraphError.of("E0504", f"{shown} is larger than {MAX_FILE // 2**20} MB", file=shown)
    if not is_text(data):
        what, help = _known(data, shown)
        message = f"{shown} is {what}, and not a spec" if what else f"{shown} is not a text file"
        help = f"a .spec is plain text; {help}" if what else "a .spec is plain text in UTF-8"
        raise CnngraphError.of("E0107", message, file=shown, help=help)
    if data.startswith(_WIDE):
        raise CnngraphError.of(
            "E0107",
            f"{shown} is in UTF-16",
            file=shown,
            help=f"save it as UTF-8, or  iconv -f utf-16 -t utf-8 {shown}",
        )
    try:
        return unix_ends(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        line, words = before.count("\n") + 1, before.rpartition("\n")[2][-20:].strip()
        byte = data[error.start]
        raise CnngraphError.of(
            "E0107",
            "the file is not UTF-8",
            file=shown,
            reason=f"byte {error.start} (line {line}{f', after `{words}`' if words else ''}) is 0x{byte:02X},"
            f" {bytes([byte]).decode('latin-1')!r} in Latin-1",
            help=f"save as UTF-8, or  iconv -f latin1 -t utf8 {shown}",
        ) from None


def is_text(data: bytes) -> bool:
    """Whether *data* begins as a text does, in whatever encoding."""
    return data.startswith(_WIDE) or not _NOT_TEXT.search(data, 0, HEAD)


def unix_ends(text: str) -> str:
    """*text* with LF for each CR alone, an old way to end a line; positions in it stay what they are."""
    return re.sub("\r(?!\n)", "\n", text)


_NOT_TEXT = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f]")
"""Bytes that no text has: control characters other than blanks, line ends and escapes."""
_WIDE = (b"\xff\xfe", b"\xfe\xff")

_PICTURE = ("a picture", "`cnngraph run SPEC --image PICTURE` runs a network on a picture")
_NUMBERS = ("a file of numbers", "weights go with a spec:  --weights FILE")
_BEGINNINGS = (
    (b"\x89PNG\r\n", _PICTURE), (b"\xff\xd8\xff", _PICTURE), (b"GIF8", _PICTURE), (b"II*\0", _PICTURE),
    (b"MM\0*", _PICTURE), (b"\x93NUMPY", _NUMBERS), (b"\x89HDF\r\n", _NUMBERS),
)  # fmt: skip
_SUFFIXES = {
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff"), _PICTURE),
    **dict.fromkeys(
        (".npz", ".npy", ".safetensors", ".pt", ".pth", ".h5", ".keras", ".caffemodel", ".weights"), _NUMBERS
    ),
}


def _known(data: bytes, shown: str) -> tuple[str, str]:
    """What people give instead of a spec, told by how it begins, else by its suffix; and the command that takes it."""
    for beginning, known in _BEGINNINGS:
        if data.startswith(beginning):
            return known
    return _SUFFIXES.get(Path(shown).suffix.lower(), ("", ""))


def _suggest(path: Path, shown: str) -> str:
    from difflib import get_close_matches

    beside = [str(path.with_name(other.name)) for other in path.parent.glob("*.spec")] if path.parent.is_dir() else []
    near = get_close_matches(shown, [*beside, *names()], n=1)
    if near:
        return f"did you mean {near[0]}?"
    return "give the path of a .spec file, or a name that `cnngraph list` shows"
