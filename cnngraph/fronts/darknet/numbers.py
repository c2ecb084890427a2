"""A darknet ``.weights`` file: a header, and then float32 numbers, one layer's behind the other's, without a name or a
size. Which are whose is known from the order of the layers alone (`load_weights_upto` in darknet's src/parser.c).
"""

from __future__ import annotations

from pathlib import Path

from cnngraph.diagnostics import CnngraphError
from cnngraph.volume import product
from cnngraph.weights.readers.entry import Array, Entry, Unreadable, mapped

_VERSION = 12
"""Bytes of major, minor and revision. Behind them is how many pictures were seen in training: 4 bytes, or 8."""


class Numbers:
    """The numbers of one file, as layers take them one after the other."""

    def __init__(self, path: Path) -> None:
        """Raises `CnngraphError` when *path* cannot be read or is too short for a header."""
        self._path = path
        try:
            self._data = mapped(path)
        except (OSError, Unreadable) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise CnngraphError.of("E0702", f"cannot read {path}", reason=reason or "") from None
        if self._data.size < _VERSION + 4:
            raise self._unfit(f"it has {self._data.size} bytes, and its header alone has {_VERSION + 4}")
        major, minor, _ = (int(number) for number in self._data[:_VERSION].view("<i4"))
        self.transposed = major > 1000 or minor > 1000
        """Whether the matrices of fully connected layers have a row for each input."""
        self._seen = 8 if major * 10 + minor >= 2 and not self.transposed else 4
        self._count = 0
        self._short = ""

    def take(self, name: str, shape: tuple[int, ...], *, transposed: bool = False) -> Entry:
        """The next numbers, those of the weight *name*. With *transposed* they come as a matrix on its side: those of
        the first axis together."""
        start, count = self._count, product(shape)
        self._count += count
        if not self._short and _VERSION + self._seen + 4 * self._count > self._data.size:
            self._short = name

        def read() -> Array:
            begin = _VERSION + self._seen + 4 * start
            flat = self._data[begin : begin + 4 * count].view("<f4")
            return flat.reshape(-1, shape[0]).T.reshape(shape) if transposed else flat.reshape(shape)

        return Entry(name, shape, "float32", read)

    def settle(self) -> None:
        """Raises `CnngraphError` unless layers have taken what there is, and no more."""
        room = self._data.size - _VERSION - 4 * self._count
        if room == self._seen:
            return
        if room == 8 and self.transposed:
            # AlexeyAB's darknet, unlike Redmon's, has the longer header there.
            self._seen = room
            return
        has = (self._data.size - _VERSION - self._seen) // 4
        said = f"this network has {self._count:,} numbers, and the file {has:,}"
        if room < self._seen:
            where = f": it ends in `{self._short}`" if self._short else ""
            raise self._unfit(f"{said}, {self._count - has:,} too few{where}")
        rest = (self._data.size - _VERSION - self._seen) % 4
        more = f", and {rest} bytes" if rest else ""
        raise self._unfit(f"{said}, {has - self._count:,} too many{more}")

    def _unfit(self, reason: str) -> CnngraphError:
        return CnngraphError.of(
            "E0704", f"the weights in {self._path} are not those of this network", reason=reason,
            help="the .weights of a network are those of its own .cfg",
        )  # fmt: skip
