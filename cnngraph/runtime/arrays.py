"""Arrays, in the order of axes that their maker used, to what a model takes."""

from __future__ import annotations

import os
import stat
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cnngraph.diagnostics import CnngraphError
from cnngraph.runtime.session import Array, Port


def read(path: Path, port: Port) -> Array:
    """The array in the .npy file at *path*, `fitted` to *port*. Raises `CnngraphError`."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise CnngraphError.of("E0809", f"{path} is not a .npy file of numbers", reason="it is no file")
        with path.open("rb") as stream:
            if stream.read(2) == b"PK":
                raise CnngraphError.of("E0809", f"{path} holds several arrays", help="save one array with numpy.save")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what numpy multiplies before it refuses it
            array = np.load(path, allow_pickle=False, mmap_mode="r")
    except FileNotFoundError:
        raise CnngraphError.of("E0809", f"there is no file {path}") from None
    except CnngraphError:
        raise
    except Exception as error:
        # Whatever numpy says of a broken file: there is no list of what it may raise.
        said = (str(error) or type(error).__name__).strip().split("\n")[0]
        reason = "it holds Python objects, which are not read" if "object" in said.lower() else said
        raise CnngraphError.of("E0809", f"{path} is not a .npy file of numbers", reason=reason) from None
    return fitted(array, port, str(path))


def fitted(array: Array, port: Port, what: str) -> Array:
    """*array*, called *what* in messages, as the numbers that *port* takes, in its shape.

    For a map, (N, C, H, W) or (N, H, W, C), it may be (H, W, C), (N, H, W, C), (N, C, H, W) or (C, H, W), or (H, W) for
    one channel, as far as that is not ambiguous: the spec's order, H x W x C, is taken first. For a vector it
    may be (L,) or (N, L). Raises `CnngraphError`.
    """
    if array.dtype.kind not in "fiub":
        raise CnngraphError.of("E0810", f"{what} holds {array.dtype}, not numbers")
    for candidate in _orders(array, port):
        if _fits(candidate.shape, port.dims):
            return np.ascontiguousarray(_numbers(candidate, port, what))
    raise CnngraphError.of(
        "E0811",
        f"{what} has shape {array.shape}, the input `{port.name}` takes {_shown(port)}",
        help="save it as height x width x channels, with the batch in front if there are several",
    )


TYPES: dict[str, np.dtype[Any]] = {
    "tensor(float)": np.dtype(np.float32),
    "tensor(float16)": np.dtype(np.float16),
    "tensor(double)": np.dtype(np.float64),
    "tensor(uint8)": np.dtype(np.uint8),
    "tensor(int8)": np.dtype(np.int8),
    "tensor(int32)": np.dtype(np.int32),
    "tensor(int64)": np.dtype(np.int64),
    "tensor(bool)": np.dtype(np.bool_),
}
"""numpy's types by onnxruntime's words for them."""


def noise(generator: np.random.Generator, dims: Sequence[int], type: str) -> Array:
    """Random numbers for an input of onnxruntime's *type*: normal ones, or all that it holds."""
    dtype = TYPES.get(type, np.dtype(np.float32))
    if dtype.kind == "f":
        return generator.standard_normal(dims).astype(dtype)
    return generator.integers(0, 256 if dtype == np.uint8 else 2, dims).astype(dtype)


def _numbers(array: Array, port: Port, what: str) -> Array:
    """*array* as numbers of *port*'s type, none of them another number than before but for rounding."""
    dtype = TYPES.get(port.type, np.dtype(np.float32))
    if dtype.kind == "f":
        return array.astype(dtype)
    with np.errstate(invalid="ignore"):
        found: Array = array.astype(dtype)
    if not np.array_equal(found, array):
        raise CnngraphError.of(
            "E0810", f"the input `{port.name}` takes {dtype}, and {what} holds other numbers",
            help="whole numbers from 0 to 255" if dtype == np.uint8 else "",
        )  # fmt: skip
    return found


def _orders(array: Array, port: Port) -> list[Array]:
    if port.channels_last:
        match array.ndim:
            case 2:
                return [array[None, :, :, None]]
            case 3:
                return [array[None], array.transpose(1, 2, 0)[None]]
            case 4:
                return [array, array.transpose(0, 2, 3, 1)]
        return []
    if len(port.dims) == 2:
        return [array[None] if array.ndim == 1 else array]
    match array.ndim:
        case 2:
            return [array[None, None]]
        case 3:
            return [array.transpose(2, 0, 1)[None], array[None]]
        case 4:
            return [array.transpose(0, 3, 1, 2), array]
    return []


def _fits(shape: tuple[int, ...], dims: tuple[int | str | None, ...]) -> bool:
    return len(shape) == len(dims) and all(
        not isinstance(dim, int) or size == dim for size, dim in zip(shape, dims, strict=True)
    )


def _shown(port: Port) -> str:
    """A model's shape as the spec would write it."""
    names = [str(dim) if isinstance(dim, int) else "?" for dim in port.dims[1:]]
    if port.channels_last:
        return "x".join(names)
    return "x".join([*names[1:], names[0]])
