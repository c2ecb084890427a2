"""Networks from specs give torchvision's answers with torchvision's weights, under torchvision's names."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from tests.parity.compare import CLOSE, EVERY, difference, ours, recorded, theirs
from tests.parity.networks import CASES, Case

BIG = 60_000_000
"""Weights; networks with more are compared where torchvision is installed only, to keep the tests quick."""


def size(case: Case) -> int:
    state, _, _ = recorded(case)
    return sum(int(np.prod(shape)) for _, shape in state)


@pytest.mark.parametrize("case", [case for case in CASES if size(case) < BIG], ids=lambda case: case.model)
def test_what_torchvision_answered(case: Case) -> None:
    state, expected, largest = recorded(case)
    outputs = ours(case, state)
    assert np.abs(outputs).max() == pytest.approx(largest, rel=CLOSE)
    assert np.abs(outputs[::EVERY] - expected).max() <= CLOSE * largest


@pytest.mark.skipif(importlib.util.find_spec("torchvision") is None, reason="pip install 'cnngraph[parity]'")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.model)
def test_what_torchvision_answers(case: Case) -> None:
    state, expected = theirs(case)
    assert difference(ours(case, state), expected) <= CLOSE
