"""From a file, a name or a text to a checked network."""

from __future__ import annotations

import difflib
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from cnngraph.diagnostics import CnngraphError, Diagnostic, Severity
from cnngraph.network import Layer, Network
from cnngraph.source import Source, Span
from cnngraph.volume import Volume

MAX_NODES = 100_000
MAX_FILE = 64 * 1024 * 1024


class Ran(NamedTuple):
    """One time that a stage of a chain ran: a step, a join, a repeat."""

    span: Span
    volume: Volume
    """What flows on from it."""
    first: int
    last: int
    """Its layers, as a slice of all."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading a spec: a network when it had no errors, and all remarks on it."""

    network: Network | None
    diagnostics: tuple[Diagnostic, ...]
    layers: tuple[Layer, ...] = ()
    """Those that could be made, also when there are errors."""
    ran: tuple[Ran, ...] = ()
    used: tuple[Path, ...] = ()
    """Other files that it looked for."""

    def checked(self) -> Network:
        """The network; raises `CnngraphError` with the diagnostics when there is none."""
        if self.network is None:
            raise CnngraphError(self.diagnostics)
        return self.network


def shipped() -> dict[str, str]:
    """The networks that ship with the package: name and first line of comment."""
    found = {}
    for entry in sorted(files("cnngraph").joinpath("specs").iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".spec"):
            first = entry.read_text(encoding="utf-8").partition("\n")[0]
            found[entry.name.removesuffix(".spec")] = first.lstrip("# ").strip()
    return found


def load(file: str | Path, *, max_nodes: int = MAX_NODES, **params: object) -> Network:
    """The network in *file*, which is a path, ``-`` or the name of a shipped network.

    *params* set the spec's params: ``load("resnet", depth=34)``. Raises `CnngraphError`.
    """
    return read(str(file), params, max_nodes=max_nodes).checked()


def parse(text: str, *, name: str = "<text>", max_nodes: int = MAX_NODES, **params: object) -> Network:
    """The network that *text*, a spec, describes. Raises `CnngraphError`."""
    return elaborate_text(Source(name, text), params, max_nodes=max_nodes).checked()


def read(file: str, settings: Mapping[str, object], *, max_nodes: int = MAX_NODES) -> Reading:
    """Like `load`, with the diagnostics beside the network. A setting that is text is read as the
    language would read it. Raises `CnngraphError` when there is no such file or it is not text."""
    return elaborate_text(source(file), settings, max_nodes=max_nodes)


def params(file: str) -> list[str]:
    """Names of the params and free sizes of the spec in *file*. Raises `CnngraphError` like `read`."""
    from cnngraph.elaborate.build import settable
    from cnngraph.spec.parser import parse as parse_spec

    return settable(parse_spec(source(file)).file)


def elaborate_text(source: Source, settings: Mapping[str, object], *, max_nodes: int = MAX_NODES) -> Reading:
    """Parse and elaborate one source."""
    from cnngraph.elaborate import elaborate
    from cnngraph.spec.parser import parse as parse_spec

    parsed = parse_spec(source)
    if any(d.severity is Severity.ERROR for d in parsed.diagnostics):
        return Reading(None, parsed.diagnostics)
    return elaborate(parsed, settings, max_nodes)


def source(file: str) -> Source:
    """The text behind a FILE argument. Raises `CnngraphError`."""
    if file == "-":
        return Source("<stdin>", _decode(sys.stdin.buffer.read(MAX_FILE + 1), "<stdin>"))
    path = Path(file)
    if not os.path.exists(file) and _is_bare_name(file):
        resource = files("cnngraph").joinpath("specs", file.removesuffix(".spec") + ".spec")
        if resource.is_file():
            return Source(f"{file.removesuffix('.spec')}.spec", resource.read_text(encoding="utf-8"))
    return Source(file, read_text(path, file))


def read_text(path: Path, shown: str) -> str:
    """The text in *path*, named *shown* in messages. Raises `CnngraphError`."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_FILE + 1)
    except FileNotFoundError:
        raise CnngraphError.of("E0110", f"there is no file {shown}", file=shown, help=_suggest(path, shown)) from None
    except IsADirectoryError:
        help = "name one of the .spec files in it" if any(path.glob("*.spec")) else "give the path of a .spec file"
        raise CnngraphError.of("E0110", f"{shown} is a directory", file=shown, help=help) from None
    except OSError as error:
        raise CnngraphError.of("E0110", f"cannot read {shown}: {error.strerror}", file=shown) from None
    return _decode(data, shown)


_OTHER_FILES = {
    **dict.fromkeys((".onnx",), ("an ONNX model", "`cnngraph run` takes an ONNX file")),
    **dict.fromkeys(
        (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff"),
        ("a picture", "`cnngraph run SPEC --image PICTURE` runs a network on a picture"),
    ),
    **dict.fromkeys(
        (".npz", ".npy", ".safetensors", ".pt", ".pth", ".h5", ".keras", ".caffemodel", ".weights"),
        ("a file of numbers", "weights go with a spec:  --weights FILE"),
    ),
}
"""What people give instead of a spec, and the command that takes it."""


def _is_bare_name(file: str) -> bool:
    return Path(file).name == file and Path(file).suffix in ("", ".spec")


def _suggest(path: Path, shown: str) -> str:
    beside = [str(path.with_name(other.name)) for other in path.parent.glob("*.spec")] if path.parent.is_dir() else []
    near = difflib.get_close_matches(shown, [*beside, *shipped()], n=1)
    if near:
        return f"did you mean {near[0]}?"
    return "give the path of a .spec file, or a name that `cnngraph list` shows"


def unix_ends(text: str) -> str:
    """*text* with LF for each CR alone, an old way to end a line; positions in it stay what they are."""
    return re.sub("\r(?!\n)", "\n", text)


_NOT_TEXT = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f]")
"""Bytes that no text has: control characters other than blanks, line ends and escapes."""
_WIDE = (b"\xff\xfe", b"\xfe\xff")


def _decode(data: bytes, shown: str) -> str:
    if len(data) > MAX_FILE:
        raise CnngraphError.of("E0504", f"{shown} is larger than {MAX_FILE // 2**20} MB", file=shown)
    if _NOT_TEXT.search(data, 0, 4096) and not data.startswith(_WIDE):
        what, help = _OTHER_FILES.get(Path(shown).suffix.lower(), ("not a text file", "a .spec is plain text in UTF-8"))
        is_known = what != "not a text file"
        raise CnngraphError.of(
            "E0107",
            f"{shown} is {what}{', and not a spec' if is_known else ''}",
            file=shown,
            help=f"a .spec is plain text; {help}" if is_known else help,
        )
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
