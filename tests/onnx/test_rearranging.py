"""From one order of a tensor's numbers to another: the numbers are where they have to be, in three steps at most."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cnngraph.fronts.onnx.views import Factor, Of, merged
from cnngraph.onnx.rearranging import Axes, Reshape, sizes, stages
from cnngraph.volume import Free, as_int

Array = np.ndarray[Any, np.dtype[Any]]
CUTS: dict[Of, list[list[int]]] = {
    "N": [[2]], "C": [[12], [3, 4], [4, 3], [2, 2, 3]], "H": [[4], [2, 2]], "W": [[6], [2, 3], [3, 2]],
}  # fmt: skip
WHOLE = tuple((Factor(of, prod(cuts[0])),) for of, cuts in CUTS.items())


@st.composite
def orders(draw: st.DrawFn) -> Axes:
    """Every axis of a map cut, the parts in any order, some together on an axis, and axes of one place between."""
    parts: list[Factor] = []
    for of, ways in CUTS.items():
        cut = draw(st.sampled_from(ways))
        parts += [Factor(of, size, prod(cut[n + 1 :])) for n, size in enumerate(cut)]
    axes: list[list[Factor]] = [[]]
    for part in draw(st.permutations(parts)):
        is_apart = draw(st.booleans())
        if axes[-1] and is_apart:
            axes.append([])
        axes[-1].append(part)
        if draw(st.integers(0, 9)) == 0:
            axes.append([])
    return tuple(merged(axis) for axis in axes)


def lying(axes: Axes) -> Array:
    """Which of a map's numbers are where."""
    found = np.zeros((), int)
    row = {of: prod(as_int(each[0].size) for each in WHOLE[n + 1 :]) for n, of in enumerate(CUTS)}
    for axis in axes:
        for part in axis:
            found = found[..., None] + np.arange(as_int(part.size)) * as_int(part.stride) * row[part.of]
    return found.reshape([as_int(size) for size in sizes(axes)])


@given(orders(), orders())
def test_numbers_come_where_they_have_to_be(one: Axes, other: Axes) -> None:
    found = stages(one, other)
    assert found is None or len(found) <= 3
    if found is None:
        # Cut in ways that do not divide one another; by way of the whole there is always one.
        assert one != other
        found = [*(stages(one, WHOLE) or []), *(stages(WHOLE, other) or [])]
    at, array = one, lying(one)
    for stage in found:
        if isinstance(stage.step, Reshape):
            assert stage.step.before == sizes(at)
            array = array.reshape(stage.step.shape() or ())
        else:
            array = array.transpose(stage.step.order)
        assert array.shape == stage.sizes
        at = stage.axes
    assert np.array_equal(array, lying(other))


@given(orders())
def test_what_lies_as_it_should_is_left(one: Axes) -> None:
    assert stages(one, one) == []
    turned = one[::-1]
    assert len(stages(one, turned) or []) <= 1


def test_free_sizes_stay_free() -> None:
    batch, height = Free("N"), Free("H")
    upright = ((Factor("N", batch),), (Factor("C", 8),), (Factor("H", height),), (Factor("W", 4),))
    tokens = (upright[0], (Factor("H", height), Factor("W", 4)), upright[1])
    turn, flatten = stages(upright, tokens) or []
    assert isinstance(flatten.step, Reshape)
    assert flatten.step.shape() == (0, -1, 8)
    assert stages(upright, upright[:3]) is None, "not the same numbers"
    both = (upright[1], (Factor("N", batch), Factor("W", 4)), upright[2])
    assert any(isinstance(each.step, Reshape) and each.step.shape() is None for each in stages(upright, both) or [])
    assert turn.axes == (upright[0], upright[2], upright[3], upright[1])
