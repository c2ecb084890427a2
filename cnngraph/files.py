"""Writing files so that a killed or failed run leaves the old file, or none, and nothing but files is ever replaced; or
adding to one, so that it leaves what was added."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from cnngraph.diagnostics import CnngraphError

try:
    import fcntl
except ImportError:  # not a Unix: what killed runs leave stays
    fcntl = None  # type: ignore[assignment]

_PART = ".cnngraph-part"
_KEPT = 60
"""Characters of a file's name in that of its part, which may not become too long for the file system."""


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A stream to write the content of *path* to, which appears there at the end.

    A file is replaced, or made; behind a symbolic link, the one it leads to. What is no file but can be written to, a
    pipe or a device such as ``/dev/stdout``, stays what it is and gets all of it at the end. Raises `CnngraphError`
    when the folder or the disk does not allow it, or *path* is a disk or the like; then nothing is left behind.
    """
    try:
        target, mode = _target(path)
    except OSError as error:
        raise _unwritable(path, error) from None
    match mode and stat.S_IFMT(mode):
        case stat.S_IFDIR:
            raise CnngraphError.of("E0901", f"{path} is a directory", help="give the name of a file in it: -o FILE")
        case stat.S_IFIFO | stat.S_IFCHR:
            with _handed_on(path) as stream:
                yield stream
        case None | stat.S_IFREG:
            with _replacing(path, target, mode) as stream:
                yield stream
        case _:
            raise CnngraphError.of("E0903", f"cannot write {path}: it is no file", help="give the name of a file")


@contextmanager
def appending(path: Path) -> Iterator[BinaryIO]:
    """The file at *path*, or a new one, to be read and written on, by nobody else meanwhile. Nothing of it is replaced:
    what is written and flushed stays, whatever becomes of the run. A pipe or a device can only be written to, and is
    not ``seekable``. Raises `CnngraphError` as `replacing` does, and when another run writes to the file.
    """
    is_new = not path.exists()
    try:
        stream = _opened(path)
    except FileNotFoundError:
        raise CnngraphError.of("E0902", f"there is no folder {path.parent}", help="make it first") from None
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        with stream:
            try:
                yield stream
            except BaseException:
                if is_new and os.fstat(stream.fileno()).st_size == 0:
                    os.unlink(path)
                raise
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _unwritable(path, error) from None


def _opened(path: Path) -> BinaryIO:
    mode = path.stat().st_mode if path.exists() else stat.S_IFREG
    match stat.S_IFMT(mode):
        case stat.S_IFDIR:
            raise CnngraphError.of("E0901", f"{path} is a directory", help="give the name of a file in it: -o FILE")
        case stat.S_IFIFO | stat.S_IFCHR:
            return open(os.open(path, os.O_WRONLY | os.O_NOCTTY), "wb")
        case stat.S_IFREG:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        case _:
            raise CnngraphError.of("E0903", f"cannot write {path}: it is no file", help="give the name of a file")
    stream = open(handle, "r+b")  # noqa: SIM115 - for the caller to close
    if fcntl is not None:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.close()
            raise CnngraphError.of(
                "E0903", f"cannot write {path}: another run writes to it", help="give each its own file: -o FILE"
            ) from None
        except OSError:
            pass  # there are file systems without locks
    return stream


def write(path: Path, data: bytes) -> None:
    """*data* as the whole of the file at *path*. Raises `CnngraphError`."""
    with replacing(path) as stream:
        stream.write(data)


def keep(file: str, *outputs: Path | None, what: str = "the network") -> None:
    """Raises `CnngraphError` where one of *outputs*, if there is one, is the *file* that is read, *what* is in it, and
    would be lost."""
    for path in outputs:
        with suppress(OSError):
            if path is not None and os.path.samefile(path, file) and os.path.isfile(path):
                raise CnngraphError.of(
                    "E0903", f"cannot write {path}: it is {what} that is read", help="give another name: -o FILE"
                )


def remove(path: Path) -> None:
    """Takes away the file that `replacing` would replace, if there is one; what is no file stays."""
    with suppress(OSError):
        target, mode = _target(path)
        if mode and stat.S_ISREG(mode):
            target.unlink()


def _target(path: Path) -> tuple[Path, int | None]:
    """Where the file at *path* really is, and its mode; None when there is nothing yet. Raises `OSError`."""
    target = Path(os.path.realpath(path))
    try:
        return target, path.stat().st_mode
    except FileNotFoundError:
        return target, None


@contextmanager
def _replacing(path: Path, target: Path, mode: int | None) -> Iterator[BinaryIO]:
    try:
        handle, part = _part(target)
    except FileNotFoundError:
        raise CnngraphError.of(
            "E0902", f"there is no folder {(target if path.is_symlink() else path).parent}", help="make it first"
        ) from None
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.chmod(part, 0o666 & ~_umask() if mode is None else stat.S_IMODE(mode) & 0o777)
            # Before it is closed, which ends the lock: until then nobody takes it for a leftover.
            os.replace(part, target)
    except BaseException as error:
        with suppress(FileNotFoundError):
            os.unlink(part)
        if isinstance(error, OSError):
            raise _unwritable(path, error) from None
        raise


def _part(target: Path) -> tuple[int, str]:
    """A new file beside *target*, locked as long as it is open; those that killed runs have left there are removed."""
    prefix = f".{target.name[:_KEPT]}."
    if fcntl is not None and target.parent.is_dir():
        for left in os.scandir(target.parent):
            if left.name.startswith(prefix) and left.name.endswith(_PART):
                _clear(left.path)
    while True:
        part = str(target.with_name(f"{prefix}{os.urandom(6).hex()}{_PART}"))
        handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        if fcntl is None:
            return handle, part
        with suppress(OSError):  # there are file systems without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        if os.path.exists(part):
            return handle, part
        os.close(handle)  # another run took it for a leftover before it was locked


def _clear(part: str) -> None:
    """Removes the file *part* unless a run that goes on holds its lock."""
    with suppress(OSError):
        handle = os.open(part, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if stat.S_ISREG(os.fstat(handle).st_mode):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(part)
        finally:
            os.close(handle)


@contextmanager
def _handed_on(path: Path) -> Iterator[BinaryIO]:
    """What is written goes to the pipe or device *path* when all of it is there."""
    import shutil
    import tempfile

    try:
        with tempfile.TemporaryFile() as stream:
            yield stream
            stream.seek(0)
            # Not made should it be gone by now, and never a terminal to be controlled by.
            with open(os.open(path, os.O_WRONLY | os.O_NOCTTY), "wb") as out:
                shutil.copyfileobj(stream, out)
    except OSError as error:
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> CnngraphError:
    return CnngraphError.of("E0903", f"cannot write {path}: {error.strerror}")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
