"""Sizes: whole numbers, or sizes that stay free until the network runs; and volumes made of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, reduce
from math import gcd, isqrt, lcm
from operator import mul
from typing import TypeGuard


@dataclass(frozen=True, slots=True)
class Free:
    """A free size, ``scale * atom + offset``, such as ``H``, ``2*H+1`` or ``2*((H+1)//2)``.

    Two free sizes are equal when they are written alike; sums and quotients are kept in a normal form so
    that ``(H + 2) - 2`` is ``H`` again, ``(4*H)//2`` is ``2*H``, and ``((H - 2)//2 + 1)//2`` is ``H//4``.
    """

    atom: str
    scale: int = 1
    offset: int = 0
    quotient: tuple[Free, int] | None = field(default=None, compare=False, repr=False)
    """What *atom* is when it is ``dividend//divisor``."""
    of: tuple[str, int] | None = field(default=None, compare=False, repr=False)
    """What *atom* is when it is a size that is known to be a multiple: that size, and of what."""

    @classmethod
    def symbol(cls, name: str, multiple: int = 1) -> Free:
        """The size called *name*, which is a *multiple*: then half of it, say, is known to be a whole number."""
        return cls(name) if multiple == 1 else cls(f"{name}/{multiple}", multiple, of=(name, multiple))

    @property
    def name(self) -> str:
        """Of the size that it hangs on: ``H`` for ``2*((H+1)//2)``."""
        if self.quotient is not None:
            return self.quotient[0].name
        return self.of[0] if self.of else self.atom

    @property
    def period(self) -> int:
        """After how many pixels of that size it has grown evenly: the product of all it is divided by."""
        if self.quotient is not None:
            return self.quotient[0].period * self.quotient[1]
        return self.of[1] if self.of else 1

    def at(self, sizes: Mapping[str, int]) -> int:
        """The number that it is when its size is that in *sizes*.

        Raises `KeyError` for a size that is not there, and for a sum or product of two.
        """
        if self.quotient is not None:
            dividend, divisor = self.quotient
            return dividend.at(sizes) // divisor * self.scale + self.offset
        name, multiple = self.of or (self.atom, 1)
        return sizes[name] * self.scale // multiple + self.offset

    def _linear(self, scale: int, offset: int) -> Dim:
        return Free(self.atom, scale, offset, self.quotient, self.of) if scale else offset

    def __add__(self, other: Dim) -> Dim:
        if isinstance(other, Free):
            if other.atom == self.atom:
                return self._linear(self.scale + other.scale, self.offset + other.offset)
            return Free(f"({self} + {other})")
        return self._linear(self.scale, self.offset + other)

    def __radd__(self, other: int) -> Dim:
        return self + other

    def __sub__(self, other: Dim) -> Dim:
        return self + -1 * other

    def __rsub__(self, other: int) -> Dim:
        return -1 * self + other

    def __mul__(self, other: Dim) -> Dim:
        if isinstance(other, Free):
            return Free(f"({self})*({other})")
        return self._linear(self.scale * other, self.offset * other)

    def __rmul__(self, other: int) -> Dim:
        return self * other

    def __floordiv__(self, divisor: int) -> Dim:
        """Rounded down, for a *divisor* of at least 1."""
        whole, rest = divmod(self.offset, divisor)
        if self.scale % divisor == 0:
            return self._linear(self.scale // divisor, whole)
        common = gcd(self.scale, divisor)
        dividend: Dim = self._linear(self.scale // common, rest // common)
        divisor //= common
        assert isinstance(dividend, Free)
        if dividend.quotient is not None and dividend.scale == 1:
            # (X//e + r)//d = (X + r*e)//(d*e)
            inner, already = dividend.quotient
            return (inner + dividend.offset * already) // (already * divisor) + whole
        text = str(dividend) if dividend.scale == 1 and not dividend.offset else f"({dividend})"
        return Free(f"{text}//{divisor}", 1, whole, (dividend, divisor))

    def __str__(self) -> str:
        if self.of:
            name, multiple = self.of
            common = gcd(self.scale, multiple)
            text = name if self.scale == common else f"{self.scale // common}*{name}"
            text += f"/{multiple // common}" if multiple > common else ""
            return text if not self.offset else f"{text}{self.offset:+d}"
        atom = f"({self.atom})" if self.quotient and self.scale != 1 else self.atom
        text = atom if self.scale == 1 else f"{self.scale}*{atom}"
        return text if not self.offset else f"{text}{self.offset:+d}"

    @property
    def caption(self) -> str:
        """As in a formula: ``H/2``, ``⌈H/2⌉`` for ``(H+1)//2``, ``2⌊H/3⌋+1``."""
        below, scale = 1, self.scale
        if self.quotient is not None:
            dividend, divisor = self.quotient
            if dividend.offset == divisor - 1:
                text = f"⌈{caption(replace(dividend, offset=0))}/{divisor}⌉"
            else:
                text = f"⌊{caption(dividend)}/{divisor}⌋"
        else:
            text, multiple = self.of or (self.atom, 1)
            common = gcd(scale, multiple)
            scale, below = scale // common, multiple // common
        text = {1: text, -1: f"−{text}"}.get(scale, f"{scale}{text}") + (f"/{below}" if below > 1 else "")
        return text + f"{self.offset:+d}".replace("-", "−") if self.offset else text


Dim = int | Free


def caption(dim: Dim) -> str:
    """*dim* as a factor in a formula: ``28``, ``⌈H/2⌉``, ``(H−2)``."""
    if isinstance(dim, int):
        return str(dim)
    return f"({dim.caption})" if dim.offset else dim.caption


MAX_PERIOD = 4096
"""Sizes that are tried to find where two free ones are equal; what takes more stays open."""


@lru_cache(maxsize=1024)
def where_equal(one: Dim, other: Dim) -> tuple[int, frozenset[int]] | None:
    """For which values of the size that *one* and *other* hang on they are equal: those that leave one of so many rests
    by the first number, which is 0 where there are only single values. None where that is not known."""
    if one == other:
        return 1, frozenset({0})
    free = [dim for dim in (one, other) if isinstance(dim, Free)]
    if len({dim.name for dim in free}) != 1:
        return (1, frozenset()) if not free else None
    period = lcm(*(dim.period for dim in free))
    if period > MAX_PERIOD:
        return None
    offsets = sum(abs(dim) if isinstance(dim, int) else abs(dim.offset) + dim.period for dim in (one, other))

    def equal(size: int) -> bool:
        sizes = {free[0].name: size}
        return len({dim if isinstance(dim, int) else dim.at(sizes) for dim in (one, other)}) == 1

    try:
        multiple = lcm(*(dim.of[1] for dim in free if dim.of), 1)
        far = period * (offsets + 2)
        rests = frozenset(size % period for size in range(far, far + period) if size % multiple == 0 and equal(size))
        if rests:
            return period, rests
        few = range(multiple, min(period * (offsets + 1), MAX_PERIOD) + 1, multiple)
        return 0, frozenset(size for size in few if equal(size))
    except KeyError:
        return None


@dataclass(frozen=True, slots=True)
class Volume:
    """The shape of one activation, without the batch: ``(H, W, C)``, or ``(N,)`` for a vector."""

    dims: tuple[Dim, ...]

    def __post_init__(self) -> None:
        """Raises `ValueError` for what is neither a map nor a vector, and for sizes below 1."""
        if len(self.dims) not in (1, 3):
            raise ValueError(f"a volume has 1 or 3 sizes, not {len(self.dims)}: {self}")
        for dim in self.dims:
            if isinstance(dim, int) and dim < 1:
                raise ValueError(f"a size is a whole number of at least 1, not {dim}: {self}")

    @property
    def is_map(self) -> bool:
        return len(self.dims) == 3

    @property
    def height(self) -> Dim:
        return self.dims[0] if self.is_map else 1

    @property
    def width(self) -> Dim:
        return self.dims[1] if self.is_map else 1

    @property
    def channels(self) -> Dim:
        """C of a map, the length of a vector."""
        return self.dims[-1]

    @property
    def size(self) -> Dim:
        """How many numbers the volume holds."""
        return reduce(mul, self.dims)

    @property
    def is_fixed(self) -> bool:
        return fixed(self.dims)

    @property
    def declared(self) -> str:
        """As an `input` of a spec says it: like ``str``, and what a free size is known to be a multiple of."""
        known = [dim.of for dim in self.dims if isinstance(dim, Free) and dim.of]
        text = str(self)
        for name, multiple in dict.fromkeys(known):
            text = re.sub(rf"\?{re.escape(name)}(?=[,)])", f"?{name}/{multiple}", text)
        return text

    @property
    def caption(self) -> str:
        """As on a slide, with the multiplication sign: ``28×28×6``, ``(H−2)×⌈W/2⌉×6``."""
        return "×".join(map(caption, self.dims))

    def __str__(self) -> str:
        """As in a spec: ``28x28x6``; ``(?H, ?W, 3)`` when a size is free."""
        if self.is_fixed:
            return "x".join(str(dim) for dim in self.dims)
        return "(" + ", ".join(str(dim) if isinstance(dim, int) else f"?{dim}" for dim in self.dims) + ")"


def fixed(dims: tuple[Dim, ...]) -> TypeGuard[tuple[int, ...]]:
    """Whether none of the sizes is free."""
    return all(isinstance(dim, int) for dim in dims)


def as_int(dim: Dim) -> int:
    """The number that *dim* is; a free size here is a bug of the caller, who has to check before."""
    if isinstance(dim, Free):
        raise ValueError(f"the size {dim} is free")
    return dim


def divisors(number: int) -> list[int]:
    """Of a whole number from 1, ascending. Channels may be very many, so it looks up to the square root alone."""
    small = [n for n in range(1, isqrt(number) + 1) if number % n == 0]
    return small + [number // n for n in reversed(small) if n * n != number]


def product(numbers: Iterable[int]) -> int:
    """Of whole numbers; 1 of none."""
    return reduce(mul, numbers, 1)
