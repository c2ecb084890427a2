"""What a FILE argument means, before it is known what it is."""

from __future__ import annotations

import os
import posixpath
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cnngraph.fronts.revision import blob, is_revision, read
from cnngraph.shipped import shipped_text
from cnngraph.text import HEAD, MAX_FILE, decode, decode_any, read_bytes


@dataclass(frozen=True)
class Content:
    """What a FILE argument means, as far as it is known before its format is."""

    name: str
    """As messages call it: the path as it was given, ``<stdin>``, ``resnet.spec``."""
    path: Path | None
    """None when it is no file of the user's."""
    head: bytes
    """How it begins, `HEAD` bytes or less; all of it when there is no path."""
    beside: Callable[[str], bytes | None] | None = None
    """Gives other files by their paths from its folder, None for one that there is not; None where that folder is one
    of the file system's."""

    @cached_property
    def text(self) -> str:
        """All of it as text. Raises `CnngraphError` when it is none."""
        return decode(self._data, self.name)

    @cached_property
    def foreign_text(self) -> str:
        """All of it as text that another program reads byte by byte: UTF-8, or else whatever it is, as Latin-1. Raises
        `CnngraphError` when it cannot be read."""
        return decode_any(self._data, self.name)

    @property
    def _data(self) -> bytes:
        if self.path is None or len(self.head) < HEAD:
            return self.head
        return read_bytes(self.path, self.name, MAX_FILE + 1)


def local(file: str) -> str:
    """The path of the user's own file that *file* means; empty when there is none.

    It is *file* itself or, for a name without a suffix, the spec of that name in this folder.
    """
    if os.path.exists(file) and not os.path.isdir(file):
        return file
    if os.path.basename(file) == file and not os.path.splitext(file)[1] and os.path.isfile(f"{file}.spec"):
        return f"{file}.spec"
    return ""


def opened(file: str) -> Content:
    """What *file*, as the user named it, means: standard input for ``-``, a file (`local`), what ships under that name,
    or a file out of git (`is_revision`).

    Raises `CnngraphError` when it cannot be read.
    """
    if file == "-":
        return Content("<stdin>", None, sys.stdin.buffer.read(MAX_FILE + 1))
    found = local(file)
    if not found and (text := shipped_text(file)) is not None:
        return Content(f"{file.removesuffix('.spec')}.spec", None, text.encode())
    if not found and is_revision(file):
        revision, _, inside = file.partition(":")
        folder = posixpath.dirname(inside)
        return Content(file, None, read(file), lambda name: blob(revision, posixpath.join(folder, name))[0])
    file = found or file
    path = Path(file)
    if os.path.exists(file) and not os.path.isfile(file) and not os.path.isdir(file):
        # A pipe, as of `<(…)`, can be read once.
        return Content(file, None, read_bytes(path, file, MAX_FILE + 1))
    return Content(file, path, read_bytes(path, file, HEAD))
