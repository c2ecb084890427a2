"""Files of weights, one format a module: every tensor by name, in the file's order, read when asked for.

Files come from elsewhere: nothing in them is executed, no path in them is followed, and no size they claim is
believed before it is compared with the bytes that are there.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cnngraph.diagnostics import CnngraphError
from cnngraph.weights.readers.entry import Entry, Unreadable

SUFFIXES = (".safetensors", ".npz", ".pt", ".pth", ".h5", ".keras")


def open_entries(path: Path) -> list[Entry]:
    """The tensors in the file at *path*, laid out as PyTorch does. Raises `CnngraphError`."""
    known = f"--weights takes {', '.join(SUFFIXES[:-1])} and {SUFFIXES[-1]} files"
    if not path.exists():
        raise CnngraphError.of("E0702", f"there is no file {path}", help=known)
    if path.is_dir():
        raise CnngraphError.of("E0702", f"{path} is a directory", help=known)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise CnngraphError.of("E0703", f"{path}: weights are not read from {suffix or 'such'} files", help=known)
    name, reader = _reader(suffix)
    try:
        return reader(path)
    except CnngraphError:
        raise
    except Unreadable as error:
        raise CnngraphError.of("E0702", f"{path}: {error}", help=error.help) from None
    except Exception as error:
        # Whatever a library says of a broken file: there is no list of what it may raise.
        raise CnngraphError.of("E0702", f"{path} is not {name}", reason=str(error).strip().split("\n")[0]) from None


def _reader(suffix: str) -> tuple[str, Callable[[Path], list[Entry]]]:
    match suffix:
        case ".safetensors":
            from cnngraph.weights.readers.tensors import read_safetensors

            return "a safetensors file", read_safetensors
        case ".npz":
            from cnngraph.weights.readers.npz import read_npz

            return "an npz file", read_npz
        case ".pt" | ".pth":
            from cnngraph.weights.readers.pytorch import read_pytorch

            return "a file of PyTorch's", read_pytorch
    from cnngraph.weights.readers.keras import read_keras

    return "a file of Keras's", read_keras
