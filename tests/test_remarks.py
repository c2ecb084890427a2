"""Remarks on networks that are sound."""

from __future__ import annotations

import pytest

import cnngraph
from cnngraph.remarks import remarks
from cnngraph.shipped import names


@pytest.mark.parametrize(
    ("size", "said"),
    [
        ("3x224x224", True),
        ("1x28x28", True),
        ("3x480x640", True),
        ("224x224x3", False),
        ("1x128x64", False),
        ("128x1x64", False),
        ("1x1x512", False),
        ("3x3x64", False),
        ("3x8x64", False),
        ("28x28x1", False),
        ("(?H, ?W, 3)", False),
        ("300", False),
    ],
)
def test_an_input_with_its_channels_first(size: str, said: bool) -> None:
    found = [each.code for each in remarks(cnngraph.parse(f"input {size}\nrelu\n"))]
    assert found == (["W0107"] if said else [])
    assert cnngraph.parse(f'input {size} @allow("W0107")\nrelu\n') is not None


@pytest.mark.parametrize("name", names())
def test_nothing_that_ships_is_so(name: str) -> None:
    assert "W0107" not in {each.code for each in remarks(cnngraph.load(name))}
