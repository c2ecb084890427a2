"""A ``.caffemodel``: the message ``NetParameter`` of Caffe's src/caffe/proto/caffe.proto, of which the names and blobs
of layers are read. The numbers stay in the file until they are asked for, and no size is believed unless it fits.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts.wire import BYTES, Damaged, Stretch, fields, signed, text, varints
from cnngraph.layers.kind import Parameter
from cnngraph.volume import product
from cnngraph.weights.readers.entry import Array, Entry

MAX_LISTED = 5
"""How many layers a message tells of."""


@dataclass(frozen=True, slots=True)
class Blob:
    """Numbers of one layer."""

    shape: tuple[int, ...]
    pieces: tuple[tuple[Stretch, str], ...]
    """Where they lie, and as what numpy calls them."""

    @property
    def size(self) -> int:
        return sum(piece.length // int(kind[-1]) for piece, kind in self.pieces)


class Blobs:
    """The blobs in one file, by the names of layers. What a network finds otherwise than it needs it is collected, and
    said by `settle`."""

    def __init__(self, path: Path) -> None:
        """Raises `CnngraphError` when *path* is no such file."""
        self._path = path
        self._wrong: list[str] = []
        try:
            with path.open("rb") as stream:
                if os.fstat(stream.fileno()).st_size == 0:
                    raise Damaged("the file is empty")
                self._data = memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
            self._layers = self._net()
        except Damaged as error:
            raise CnngraphError.of("E0702", f"{path} is no whole .caffemodel", reason=str(error)) from None
        except OSError as error:
            raise CnngraphError.of("E0702", f"cannot read {path}: {error.strerror}") from None

    def entries(
        self, layer: str, parameters: Mapping[str, Parameter], which: Mapping[str, int], *, transposed: bool = False
    ) -> dict[str, Entry]:
        """The weights *parameters* of a layer's kind, from its blobs *which* has the numbers of; with *transposed*
        ``weight`` lies on its side. None of them where one does not fit."""
        if (blobs := self._blobs(layer, max(which.values()) + 1)) is None:
            return {}
        found = {}
        for key, number in which.items():
            shape, blob = parameters[key].shape, blobs[number]
            if blob.size != product(shape):
                self._unlike(layer, number, blob, f"{_shown(shape)} are asked for")
                return {}
            found[key] = self._entry(f"{layer}, blob {number}", blob, shape, transposed and key == "weight")
        return found

    def statistics(self, layer: str, channels: int) -> dict[str, Entry]:
        """The running mean and variance of a layer `BatchNorm`: its third blob is what both are divided by
        (batch_norm_layer.cpp), and 0 stands for statistics that are 0."""
        if (blobs := self._blobs(layer, 3)) is None:
            return {}
        for number, wanted in enumerate((channels, channels, 1)):
            if blobs[number].size != wanted:
                self._unlike(layer, number, blobs[number], f"{wanted:,} numbers are asked for")
                return {}

        def divided(blob: Blob) -> Callable[[], Array]:
            def read() -> Array:
                by = np.float32(self._read(blobs[2])[0])
                return self._read(blob).astype(np.float32) * (np.float32(1) / by if by else np.float32(0))

            return read

        return {
            key: Entry(f"{layer}, blob {number}", (channels,), "float32", divided(blobs[number]))
            for number, key in enumerate(("running_mean", "running_var"))
        }

    def settle(self) -> None:
        """Raises `CnngraphError` when the network did not find what it needs."""
        if not self._wrong:
            return
        more = len(self._wrong) - MAX_LISTED
        lines = self._wrong[:MAX_LISTED] + ([f"and {more:,} more"] if more > 0 else [])
        raise CnngraphError.of(
            "E0704", f"the weights in {self._path} are not those of this network", reason="\n".join(lines),
            help="the .caffemodel of a network has its layers by their names",
        )  # fmt: skip

    def _blobs(self, layer: str, count: int) -> list[Blob] | None:
        """The first *count* of those of *layer*; None where there are fewer."""
        blobs = self._layers.get(layer)
        if blobs is None:
            self._wrong.append(f"missing: `{layer}`")
        elif len(blobs) < count:
            self._wrong.append(f"`{layer}` has {len(blobs)} blobs in the file, and needs {count}")
        else:
            return blobs
        return None

    def _unlike(self, layer: str, number: int, blob: Blob, wanted: str) -> None:
        has = f"{_shown(blob.shape)}" if product(blob.shape) == blob.size else f"{blob.size:,} numbers"
        self._wrong.append(f"blob {number} of `{layer}` is {has}, and {wanted}")

    def _entry(self, name: str, blob: Blob, shape: tuple[int, ...], transposed: bool) -> Entry:
        def read() -> Array:
            flat = self._read(blob)
            return flat.reshape(shape[::-1]).T if transposed else flat.reshape(shape)

        return Entry(name, shape, "float32" if all(kind == "<f4" for _, kind in blob.pieces) else "float64", read)

    def _read(self, blob: Blob) -> Array:
        parts = [np.frombuffer(self._data[piece.start : piece.end], kind) for piece, kind in blob.pieces]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _net(self) -> dict[str, list[Blob]]:
        """``layers`` (2), until 2014, have name and blobs in other fields than ``layer`` (100); those of 2013 have both
        in a message of their own (1)."""
        found: dict[str, list[Blob]] = {}
        for number, wire, value in fields(self._data, Stretch(0, len(self._data))):
            if wire == BYTES and isinstance(value, Stretch) and number in _NAME_AND_BLOBS:
                name, blobs = self._layer(value, *_NAME_AND_BLOBS[number])
                if number == 2 and not name:
                    for inner, _, within in fields(self._data, value):
                        if inner == 1 and isinstance(within, Stretch):
                            name, blobs = self._layer(within, *_OLDEST)
                if blobs and name not in found:
                    found[name] = blobs
        return found

    def _layer(self, within: Stretch, name_field: int, blobs_field: int) -> tuple[str, list[Blob]]:
        name, blobs = "", []
        for number, wire, value in fields(self._data, within):
            if wire == BYTES and isinstance(value, Stretch):
                if number == name_field:
                    name = text(self._data, value)
                elif number == blobs_field:
                    blobs.append(self._blob(value))
        return name, blobs

    def _blob(self, within: Stretch) -> Blob:
        """A ``BlobProto``: shape (7), or num, channels, height and width (1 to 4); data (5), or double_data (8)."""
        sizes: list[int] = []
        old = {1: 0, 2: 0, 3: 0, 4: 0}
        pieces: list[tuple[Stretch, str]] = []
        for number, wire, value in fields(self._data, within):
            if number == 7 and isinstance(value, Stretch):
                sizes = self._shape(value)
            elif number in old and isinstance(value, int):
                old[number] = signed(value)
            elif number in _DATA:
                kind = _DATA[number]
                if wire != BYTES or not isinstance(value, Stretch):
                    raise Damaged("the numbers of a blob stand there one by one")
                if value.length % int(kind[-1]):
                    raise Damaged(f"at byte {value.start:,} a blob has {value.length:,} bytes of numbers of {kind[-1]}")
                pieces.append((value, kind))
        return Blob(tuple(sizes or old.values()), tuple(pieces))

    def _shape(self, within: Stretch) -> list[int]:
        found: list[int] = []
        for number, _, value in fields(self._data, within):
            if number == 1:
                found += map(signed, varints(self._data, value) if isinstance(value, Stretch) else [value])
        return found


_NAME_AND_BLOBS = {2: (4, 6), 100: (1, 7)}
_OLDEST = (1, 50)
_DATA = {5: "<f4", 8: "<f8"}


def _shown(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "one number"
