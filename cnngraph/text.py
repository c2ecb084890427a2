"""Text out of files: UTF-8 with any line ends; what is none is named for what it is."""

from __future__ import annotations

import codecs
import os
import re
from itertools import islice
from pathlib import Path

from cnngraph.diagnostics import CnngraphError, Diagnostic, Label
from cnngraph.shipped import names
from cnngraph.source import Source, Span

MAX_FILE = 64 * 1024 * 1024
MOST_LOOKED_AT = 2_000
"""Files and folders among which a name is looked for that is to be suggested."""
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


def decode_any(data: bytes, shown: str) -> str:
    """*data*, the content of *shown*, as text in UTF-8, or else in Latin-1, which has a character for every byte.
    Raises `CnngraphError` when it is longer than `MAX_FILE`."""
    _limit(data, shown)
    try:
        return unix_ends(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return unix_ends(data.decode("latin-1"))


def _limit(data: bytes, shown: str) -> None:
    if len(data) > MAX_FILE:
        raise CnngraphError.of("E0504", f"{shown} is larger than {MAX_FILE // 2**20} MB", file=shown)


def decode(data: bytes, shown: str) -> str:
    """*data*, the content of *shown*, as text. Raises `CnngraphError` when it is none, or longer than `MAX_FILE`."""
    _limit(data, shown)
    control = None if data.startswith(_WIDE) else _NOT_TEXT.search(data)
    what, help = _known(data, shown)
    if control and what:
        help = f"a .spec is plain text; {help}"
        raise CnngraphError.of("E0107", f"{shown} is {what}, and not a spec", file=shown, help=help)
    if control:
        byte, help = f"byte 0x{data[control.start()]:02X}", "a .spec is plain text in UTF-8"
        raise _misread(data, shown, f"{shown} is not a text file", control.start(), byte, help=help)
    if data.startswith(_WIDE):
        raise CnngraphError.of(
            "E0107",
            f"{shown} is in UTF-16",
            file=shown,
            help=f"save it as UTF-8, or  iconv -f utf-16 -t utf-8 {shown}",
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        mark = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0  # which its places do not count
        at = error.start + mark
        before = data[:at].decode("utf-8-sig", "replace")
        line, words = before.count("\n") + 1, before.rpartition("\n")[2][-20:].strip()
        reason = (
            f"byte {at} (line {line}{f', after `{words}`' if words else ''}) is 0x{data[at]:02X},"
            f" {bytes([data[at]]).decode('latin-1')!r} in Latin-1"
        )
        help = f"save as UTF-8, or  iconv -f latin1 -t utf8 {shown}"
        raise _misread(data, shown, "the file is not UTF-8", at, "this byte", reason=reason, help=help) from None
    return unix_ends(text)


def _misread(
    data: bytes, shown: str, message: str, at: int, remark: str, *, reason: str = "", help: str = ""
) -> CnngraphError:
    """E0107 with the place of byte *at* in *data*, the line of which is shown as far as it is text."""
    before = unix_ends(data[:at].decode("utf-8-sig", "replace"))
    rest = data[at + 1 : at + 1 + HEAD].partition(b"\n")[0].decode("utf-8", "replace")
    source = Source(shown, f"{before}\N{REPLACEMENT CHARACTER}{rest}")
    label = Label(Span(source, len(before), len(before) + 1), remark)
    return CnngraphError([Diagnostic("E0107", message, label, reason=reason, help=help)])


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
_TFLITE = (
    "a TensorFlow Lite model",
    "of those that are read ONNX is the nearest:  python -m tf2onnx.convert --tflite FILE --output model.onnx",
)
_TENSORFLOW = (
    "a TensorFlow graph",
    "of those that are read ONNX is the nearest:  python -m tf2onnx.convert --saved-model FOLDER --output model.onnx",
)
_COREML = (
    "a Core ML model",
    "of the networks that are read ONNX is the nearest; export that from where it was trained",
)
_ENGINE = ("a TensorRT engine, made for one machine", "give the ONNX model that it was built from")
_BEGINNINGS = (
    (b"\x89PNG\r\n", _PICTURE), (b"\xff\xd8\xff", _PICTURE), (b"GIF8", _PICTURE), (b"II*\0", _PICTURE),
    (b"MM\0*", _PICTURE), (b"\x93NUMPY", _NUMBERS), (b"\x89HDF\r\n", _NUMBERS),
)  # fmt: skip
_SUFFIXES = {
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff"), _PICTURE),
    **dict.fromkeys(
        (".npz", ".npy", ".safetensors", ".pt", ".pth", ".h5", ".keras", ".caffemodel", ".weights"), _NUMBERS
    ),
    ".tflite": _TFLITE,
    ".pb": _TENSORFLOW,
    ".mlmodel": _COREML,
    **dict.fromkeys((".engine", ".plan", ".trt"), _ENGINE),
}
_TFLITE_MARK = slice(4, 8)
"""Where a FlatBuffers file says what it is."""


def _known(data: bytes, shown: str) -> tuple[str, str]:
    """What people give instead of a spec, told by how it begins, else by its suffix; and the command that takes it."""
    if data[_TFLITE_MARK] == b"TFL3":
        return _TFLITE
    for beginning, known in _BEGINNINGS:
        if data.startswith(beginning):
            return known
    return _SUFFIXES.get(Path(shown).suffix.lower(), ("", ""))


def specs_below(folder: Path, depth: int, most: int = MOST_LOOKED_AT) -> list[str]:
    """The specs in *folder* and up to *depth* folders further down, by their paths from there, for suggestions: hidden
    folders are left out, links are not followed, and no more than *most* files and folders are looked at."""
    found: list[str] = []
    waiting = [(folder, "", 0)]
    looked_at = 0
    for place, prefix, level in waiting:  # which grows
        try:
            with os.scandir(place) as entries:
                for entry in islice(entries, most - looked_at):
                    looked_at += 1
                    if entry.name.endswith(".spec"):
                        found.append(prefix + entry.name)
                    elif level < depth and not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False):
                        waiting.append((Path(entry.path), f"{prefix}{entry.name}/", level + 1))
        except OSError:
            continue
    return sorted(found)


def _suggest(path: Path, shown: str) -> str:
    from difflib import get_close_matches

    beside = [str(path.with_name(Path(other).name)) for other in specs_below(path.parent, 0)]
    near = get_close_matches(shown, [*beside, *names()], n=1)
    if near:
        return f"did you mean {near[0]}?"
    return "give the path of a .spec file, or a name that `cnngraph list` shows"
