"""Words, and blocks written with them, give PyTorch's numbers."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from tests.parity.words import EACH, NETWORKS, WORDS, allowed, cases, ours, recorded, some, theirs

RECORDED = recorded()


@pytest.mark.parametrize("opset", [17, 20])
@pytest.mark.parametrize("found", RECORDED, ids=[each["word"] for each in RECORDED])
def test_what_torch_answered(found: Mapping[str, Any], opset: int) -> None:
    output = ours(found["text"], opset)
    within = allowed(found["word"]) * found["largest"]
    assert list(output.shape) == found["shape"]
    assert abs(np.abs(output).max() - found["largest"]) <= within
    assert np.abs(some(output) - np.array(found["output"])).max() <= within


def test_all_are_recorded() -> None:
    assert {each["word"] for each in RECORDED} == {*WORDS, *NETWORKS}


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="pip install 'cnngraph[parity]'")
@pytest.mark.parametrize("name", [*WORDS, *NETWORKS])
def test_what_torch_answers(name: str) -> None:
    for case in cases(name, EACH, seed=2):
        wanted = theirs(case)
        assert np.abs(ours(case.text) - wanted).max() <= allowed(name) * np.abs(wanted).max(), case.text
