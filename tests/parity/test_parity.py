"""Networks from specs give the answers of other libraries with these libraries' weights, under their names."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from tests.parity.compare import CLOSE, difference, ours, recorded, some, theirs
from tests.parity.networks import CASES, Case

BIG = 60_000_000
"""Weights; networks with more are compared where the library is installed only, to keep the tests quick."""


def size(case: Case) -> int:
    state, _ = recorded(case)
    return sum(int(np.prod(shape)) for _, shape in state)


@pytest.mark.parametrize("case", [case for case in CASES if size(case) < BIG], ids=lambda case: case.model)
def test_what_the_library_answered(case: Case) -> None:
    state, expected = recorded(case)
    for output, (numbers, largest) in zip(ours(case, state), expected, strict=True):
        assert np.abs(output).max() == pytest.approx(largest, rel=CLOSE)
        assert np.abs(some(output) - numbers).max() <= CLOSE * largest


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.model)
def test_what_the_library_answers(case: Case) -> None:
    if importlib.util.find_spec(case.library) is None:
        pytest.skip("pip install 'cnngraph[parity]'")
    state, expected = theirs(case)
    assert difference(ours(case, state), expected) <= CLOSE
