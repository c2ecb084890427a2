"""Weights out of files: safetensors and npz, matched by name, every difference told at once."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from cnngraph.diagnostics import CnngraphError
from cnngraph.network import Network
from cnngraph.onnx.graph import Weight

_IGNORED = "num_batches_tracked"
"""A counter that PyTorch's batch normalization keeps; nothing at inference."""
MAX_LISTED = 20


class _Arrays(Protocol):
    """Arrays in a file by name, each read when asked for."""

    def shapes(self) -> dict[str, tuple[int, ...]]: ...
    def read(self, name: str) -> np.ndarray[Any, np.dtype[Any]]: ...


class FileWeights:
    """The weights in a file, which fit a network: its keys are ``layer.parameter``, ``conv1.weight``."""

    def __init__(self, path: Path, network: Network, about: str = "") -> None:
        """Opens *path*; raises `CnngraphError` when it is not a file of weights, or not *network*'s."""
        self.about = about or f"weights from {path}"
        self._path = path
        self._arrays = _open(path)
        _match(self._arrays.shapes(), network, str(path))

    def all(self, weights: Iterable[Weight]) -> Iterator[Iterable[bytes | memoryview]]:
        for weight in weights:
            try:
                array = self._arrays.read(weight.name)
            except Exception as error:
                raise CnngraphError.of("E0702", f"{self._path}: cannot read `{weight.name}`: {error}") from None
            yield [np.ascontiguousarray(array, "<f4").reshape(-1).data.cast("B")]


def _open(path: Path) -> _Arrays:
    if not path.exists():
        raise CnngraphError.of("E0702", f"there is no file {path}", help="--weights takes a .safetensors or .npz file")
    if path.is_dir():
        raise CnngraphError.of("E0702", f"{path} is a directory", help="--weights takes a .safetensors or .npz file")
    match path.suffix.lower():
        case ".safetensors":
            return _Safetensors(path)
        case ".npz":
            return _Npz(path)
    raise CnngraphError.of(
        "E0703", f"{path}: weights are read from .safetensors and .npz files", help="save them as one of these"
    )


class _Safetensors:
    def __init__(self, path: Path) -> None:
        from safetensors import SafetensorError, safe_open

        try:
            self._file: Any = safe_open(str(path), framework="numpy")
        except (SafetensorError, OSError) as error:
            raise CnngraphError.of("E0702", f"{path} is not a safetensors file: {error}") from None

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: tuple(self._file.get_slice(name).get_shape()) for name in self._file.keys()}  # noqa: SIM118

    def read(self, name: str) -> np.ndarray[Any, np.dtype[Any]]:
        return np.asarray(self._file.get_tensor(name))


class _Npz:
    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
            self._entries = {name.removesuffix(".npy"): name for name in self._zip.namelist() if name.endswith(".npy")}
            self._shapes = {name: self._shape(entry) for name, entry in self._entries.items()}
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            raise CnngraphError.of("E0702", f"{path} is not an npz file: {error}") from None

    def _shape(self, entry: str) -> tuple[int, ...]:
        with self._zip.open(entry) as stream:
            version = np.lib.format.read_magic(stream)
            header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, _, dtype = header(stream)
        if dtype.hasobject:
            raise ValueError(f"{entry} holds Python objects, which are not read")
        return tuple(shape)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return self._shapes

    def read(self, name: str) -> np.ndarray[Any, np.dtype[Any]]:
        with self._zip.open(self._entries[name]) as stream:
            return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))


def expected(network: Network) -> dict[str, tuple[int, ...]]:
    """Shape of every weight of *network*, by its key."""
    return {
        f"{layer.name}.{name}": parameter.shape
        for layer in network.layers
        for name, parameter in layer.parameters.items()
    }


def _match(found: dict[str, tuple[int, ...]], network: Network, file: str) -> None:
    """Raises `CnngraphError`, with everything that does not fit, unless *found* is what *network* needs."""
    wanted = expected(network)
    remarks = [f"missing: {name} {_shape(shape)}" for name, shape in wanted.items() if name not in found]
    remarks += [
        f"wrong shape: {name} is {_shape(found[name])}, the network's is {_shape(shape)}"
        for name, shape in wanted.items()
        if name in found and found[name] != shape
    ]
    remarks += [
        f"unexpected: {name} {_shape(found[name])}" for name in found if name not in wanted and _IGNORED not in name
    ]
    if not remarks:
        return
    listed = remarks[:MAX_LISTED] + ([f"and {len(remarks) - MAX_LISTED} more"] if len(remarks) > MAX_LISTED else [])
    raise CnngraphError.of(
        "E0704",
        f"the weights in {file} are not those of {network.name}",
        reason="\n".join(listed),
        help="a weight's name is its layer's, a dot and its own: conv1.weight, conv1.bn.running_mean",
    )


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "one number"


def fits(path: Path, network: Network) -> bool:
    """Whether the weights in *path* are *network*'s, name by name."""
    return _open(path).shapes() == expected(network)
