"""Which places of its input a place of a layer's output sees, along one axis.

Places are counted from the first of the map, and go on beyond its ends as they do within.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Sliding:
    """Place i sees *window* places, *dilation* apart, from ``i*stride - before`` on."""

    window: int = 1
    stride: int = 1
    before: int = 0
    dilation: int = 1

    period: ClassVar[int] = 1
    """After how many places of the output all is again as it was, *step* places further in the input."""
    endless: ClassVar[bool] = True
    """Whether places beyond the map's ends are as those within; else there are none."""

    @property
    def step(self) -> int:
        return self.stride

    def taps(self, place: int) -> range:
        """What *place* sees."""
        first = place * self.stride - self.before
        return range(first, first + self.dilation * (self.window - 1) + 1, self.dilation)


@dataclass(frozen=True, slots=True)
class Enlarging:
    """Place j of the input writes into *window* places of the output, *dilation* apart, from ``j*stride - before``
    on; place i sees those that write into it, maybe none."""

    window: int
    stride: int
    before: int = 0
    dilation: int = 1

    step: ClassVar[int] = 1
    endless: ClassVar[bool] = True

    @property
    def period(self) -> int:
        return self.stride

    def taps(self, place: int) -> range:
        """What *place* sees."""
        common = gcd(self.stride, self.dilation)
        every, apart = self.stride // common, self.dilation // common
        # Of the window's taps every *every*-th can lie on *place*, each with another place of the input.
        for tap in range(min(self.window, every)):
            last, off = divmod(place + self.before - tap * self.dilation, self.stride)
            if not off:
                return range(last - (self.window - 1 - tap) // every * apart, last + 1, apart)
        return range(0)


@dataclass(frozen=True, slots=True)
class Cells:
    """Place i of *cells* sees what adaptive pools (PyTorch's) put into it of *size* places: ⌊i·n/m⌋ to ⌈(i+1)·n/m⌉."""

    size: int
    cells: int

    endless: ClassVar[bool] = False

    @property
    def period(self) -> int:
        return self.cells

    @property
    def step(self) -> int:
        return self.size

    def taps(self, place: int) -> range:
        """What *place* sees."""
        return range(place * self.size // self.cells, -(-(place + 1) * self.size // self.cells))


@dataclass(frozen=True, slots=True)
class Resampling:
    """*size* places become *made*, and so on: place i is the one it lies in, or blended of the two or four *about* it.
    Its middle lies at ``(i + 0.5) * size/made - 0.5``, or at ``i * size/made`` where the *corners* are aligned."""

    size: int
    made: int
    about: int = 1
    corners: bool = False

    endless: ClassVar[bool] = True

    @property
    def period(self) -> int:
        return self.made // gcd(self.size, self.made)

    @property
    def step(self) -> int:
        return self.size // gcd(self.size, self.made)

    def taps(self, place: int) -> range:
        """What *place* sees."""
        if self.about == 1 or self.corners:
            whole, rest = divmod(place * self.size, self.made)
        else:
            whole, rest = divmod((2 * place + 1) * self.size - self.made, 2 * self.made)
        if self.about == 1 or not rest:
            return range(whole, whole + 1)
        return range(whole + 1 - self.about // 2, whole + 1 + self.about // 2)


@dataclass(frozen=True, slots=True)
class Dealt:
    """Rows of a map of *height* and *width* as darknet's reorg deals them out to ``height/n``: the map is read as one
    with a n²-th of the channels, which are n times as high and wide; its n x n squares become pixels."""

    height: int
    width: int
    n: int

    endless: ClassVar[bool] = False

    @property
    def period(self) -> int:
        return self.height // self.n

    @property
    def step(self) -> int:
        return self.height

    def taps(self, place: int) -> range:
        """From the first to the last row that *place* sees in any of its channels."""
        n, across = self.n, self.width // self.n
        rows = []
        for channel in range(n * n):
            for column in (0, across - 1):
                at = (channel * self.height // n + place) * across + column
                for inside in range(n):
                    row, rest = divmod(at, self.width)
                    rows.append(((row * n + inside) * n + rest * n // self.width) % self.height)
        return range(min(rows), max(rows) + 1)


Reach = Sliding | Enlarging | Cells | Resampling | Dealt

POINT = (Sliding(), Sliding())
"""Every place sees the one that it lies on."""
