"""Writing files so that a killed or failed run leaves the old file, or none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from cnngraph.diagnostics import CnngraphError


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file beside *path* to write to, which takes its place at the end.

    Raises `CnngraphError` when the folder or the disk does not allow it; then nothing is left behind.
    """
    if path.is_dir():
        raise CnngraphError.of("E0901", f"{path} is a directory", help="give the name of a file in it: -o FILE")
    temporary = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
    try:
        stream = open(temporary, "xb", opener=_private)  # noqa: SIM115 - closed before it is renamed
    except FileNotFoundError:
        raise CnngraphError.of("E0902", f"there is no folder {path.parent}", help="make it first") from None
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        with stream:
            yield stream
        os.chmod(temporary, path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException as error:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        if isinstance(error, OSError):
            raise _unwritable(path, error) from None
        raise


def write(path: Path, data: bytes) -> None:
    """*data* as the whole of the file at *path*. Raises `CnngraphError`."""
    with replacing(path) as stream:
        stream.write(data)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _unwritable(path: Path, error: OSError) -> CnngraphError:
    return CnngraphError.of("E0903", f"cannot write {path}: {error.strerror}")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
