"""Random windows, and where they lie: counted place by place, from the words of the definition alone."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from hypothesis import strategies as st

SIZES = st.integers(1, 11)
MODES = ("valid", "same", "same_upper", "same_lower", "given")


@dataclass(frozen=True)
class Window:
    """A window on a map: height first, padding as (top, left, bottom, right)."""

    window: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    mode: str = "valid"
    amounts: tuple[int, int, int, int] = (0, 0, 0, 0)
    ceil: bool = False

    def extent(self, axis: int) -> int:
        taps = range(0, self.window[axis] * self.dilation[axis], self.dilation[axis])
        return taps[-1] + 1

    def border(self, axis: int, size: int) -> tuple[int, int]:
        """Padding before and after; of TensorFlow's, the least that gives a window for every *stride*-th pixel."""
        if self.mode in ("same_upper", "same_lower"):
            wanted = len(range(0, size, self.stride[axis]))
            both = next(more for more in itertools.count() if len(self._whole(axis, size, 0, more)) >= wanted)
            less, more = both // 2, both - both // 2
            return (less, more) if self.mode == "same_upper" else (more, less)
        if self.mode == "same":
            return self.extent(axis) // 2, self.extent(axis) // 2
        return self.amounts[axis], self.amounts[axis + 2]

    def _whole(self, axis: int, size: int, before: int, after: int) -> list[int]:
        """Where windows begin that lie on the map and its border."""
        starts = range(-before, size + after, self.stride[axis])
        return [start for start in starts if start + self.extent(axis) <= size + after]

    def starts(self, axis: int, size: int) -> list[int]:
        """Where windows begin along *axis*, from the map's first pixel; one beyond the border if `ceil` asks for it."""
        before, after = self.border(axis, size)
        found = self._whole(axis, size, before, after)
        if self.ceil and found and found[-1] + self.extent(axis) < size + after:
            further = found[-1] + self.stride[axis]
            found += [further] if further < size else []
        return found

    def sees(self, axis: int, size: int) -> bool:
        """Whether of every window a tap is on the map."""
        taps = range(0, self.extent(axis), self.dilation[axis])
        return all(any(0 <= start + tap < size for tap in taps) for start in self.starts(axis, size))

    @property
    def words(self) -> str:
        """As in a spec."""
        parts = [f"f={_pair(self.window)}", f"s={_pair(self.stride)}"]
        parts += [f"d={_pair(self.dilation)}"] if self.dilation != (1, 1) else []
        parts += [f"p={self.amounts}"] if self.mode == "given" else [self.mode] if self.mode != "valid" else []
        return " ".join([*parts, *(["ceil"] if self.ceil else [])])


def _pair(pair: tuple[int, int]) -> str:
    return f"({pair[0]}, {pair[1]})"


def pairs(most: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(1, most), st.integers(1, most))


@st.composite
def windows(draw: st.DrawFn, *, pool: bool = False, gaps: bool = True) -> Window:
    """Windows of convolutions, or of pools, which know `ceil`; without dilation if there are no *gaps*."""
    mode = draw(st.sampled_from(MODES))
    amounts = draw(st.tuples(*[st.integers(0, 3)] * 4)) if mode == "given" else (0, 0, 0, 0)
    return Window(
        draw(pairs(4)), draw(pairs(4)), draw(pairs(3)) if gaps else (1, 1), mode, amounts, pool and draw(st.booleans())
    )
