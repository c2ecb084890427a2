"""Weights compared number by number, whatever pieces they come in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cnngraph.fronts import parse
from cnngraph.weights.compared import Difference, differences
from cnngraph.weights.source import Weight

NUMBERS = st.one_of(st.sampled_from([0.0, -0.0, 1.0, float("nan"), float("inf")]), st.floats(-9, 9, width=32))
FC = parse("input 3\nfc 4 bias=off")


@dataclass(frozen=True)
class InPieces:
    """Arrays by name, given *size* numbers at a time."""

    arrays: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]
    size: int
    about: str = "pieces"

    def all(self, weights: Iterable[Weight]) -> Iterator[Iterable[bytes | memoryview]]:
        for weight in weights:
            data, step = self.arrays[weight.name].astype("<f4").tobytes(), 4 * self.size
            yield [data[at : at + step] for at in range(0, len(data), step)]


@given(arrays(np.float32, 12, elements=NUMBERS), arrays(np.float32, 12, elements=NUMBERS),
       st.integers(1, 13), st.integers(1, 13))  # fmt: skip
def test_a_tensor_is_compared_as_a_whole(
    one: np.ndarray[tuple[int], np.dtype[np.float32]],
    other: np.ndarray[tuple[int], np.dtype[np.float32]],
    mine: int,
    theirs: int,
) -> None:
    (found,) = differences(
        FC, InPieces({"fc1.weight": one}, mine), FC, InPieces({"fc1.weight": other}, theirs), {"fc1": "fc1"}
    )
    same = [a == b or (np.isnan(a) and np.isnan(b)) for a, b in zip(one, other, strict=True)]
    apart = [float("inf") if not np.isfinite(a - b) else abs(float(a) - float(b))
             for a, b, is_same in zip(one, other, same, strict=True) if not is_same]  # fmt: skip
    assert found.equal == sum(same) / 12
    assert found.greatest == pytest.approx(max(apart, default=0.0))
    assert found.is_equal == all(same)


def test_other_shapes_have_no_difference_in_numbers() -> None:
    wider = parse("input 3\nfc 5 bias=off")
    one, other = np.zeros((4, 3), np.float32), np.zeros((5, 3), np.float32)
    found = differences(FC, InPieces({"fc1.weight": one}, 5), wider, InPieces({"fc1.weight": other}, 5), {"fc1": "fc1"})
    assert found == (Difference("fc1.weight", "fc1.weight", ((4, 3), (5, 3)), None, 0.0, 0.0),)
    assert not found[0].is_equal
