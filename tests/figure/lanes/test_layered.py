"""Tangles in columns: fewer crossings after the sweeps than before; frames stand off what they frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnngraph.figure.lanes.layered import Layered, Link
from cnngraph.figure.lanes.part import Measure, Plain
from cnngraph.figure.lanes.row import Framed
from cnngraph.figure.scene import Group, Item, Rect
from cnngraph.figure.theme import LIGHT

MEASURE = Measure(10.0, 60.0, LIGHT)


@dataclass(frozen=True)
class Box(Plain):
    """A part of one size."""

    name: str
    width: float = 40.0
    up: float = 10.0
    down: float = 10.0
    top: float = 10.0

    @property
    def first(self) -> str:
        return self.name

    @property
    def last(self) -> str:
        return self.name

    def draw(self, x: float, axis: float) -> Iterator[Item]:
        yield Group(self.name, "layer", (Rect(x, axis - self.up, self.width, self.up + self.down, None, None),))


def tangle(count: int, links: list[tuple[int | None, int | None]]) -> Layered:
    nodes = tuple(Box(f"n{number}") for number in range(count))
    return Layered(MEASURE, "before", 0.0, "behind", None, nodes, tuple(Link(*link) for link in links))


def crossings(layered: Layered) -> int:
    """How many pairs of lines between neighbouring columns cross."""
    rank = {id(place): number for column in layered.order for number, place in enumerate(column)}
    steps = [step for path in layered.paths for step in pairwise(path)]
    return sum(
        a[0].column == b[0].column and (rank[id(a[0])] - rank[id(b[0])]) * (rank[id(a[1])] - rank[id(b[1])]) < 0
        for a, b in combinations(steps, 2)
    )


def test_lines_that_need_not_cross_do_not() -> None:
    reversed_ = [(0, 5), (1, 4), (2, 3)]
    ends = [(None, n) for n in range(3)] + [(n, None) for n in range(3, 6)]
    assert crossings(tangle(6, [*ends, *reversed_])) == 0
    ladder = [(None, 0), (None, 1), (0, 3), (1, 2), (2, 5), (3, 4), (4, None), (5, None)]
    assert crossings(tangle(6, ladder)) == 0


@settings(max_examples=60)
@given(st.permutations(range(5)), st.permutations(range(5)))
def test_two_columns_in_any_order_are_untangled(first: list[int], second: list[int]) -> None:
    """Three columns joined one to one: there is always an order without a crossing."""
    links: list[tuple[int | None, int | None]] = [(None, n) for n in range(5)]
    links += [(n, 5 + m) for n, m in enumerate(first)] + [(5 + n, 10 + m) for n, m in enumerate(second)]
    assert crossings(tangle(15, links)) == 0


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=6, max_size=16))
def test_every_place_is_in_its_column_once(ends: list[tuple[int, int]]) -> None:
    links = sorted({(min(e), max(e)) for e in ends if e[0] != e[1]})
    layered = tangle(10, [*((None, n) for n in range(10)), *links])
    assert sorted(p.node for column in layered.order for p in column if p.node is not None) == list(range(10))
    for number, column in enumerate(layered.order):
        assert all(place.column == number for place in column)
    for source, target in links:
        assert layered.columns[source] < layered.columns[target]


@pytest.mark.parametrize("axis", [0.0, 33.0])
def test_a_frame_keeps_off_what_it_frames_and_within_its_own_bounds(axis: float) -> None:
    framed = Framed(MEASURE, Box("a"), "a", 3, ())
    groups = [item for item in framed.draw(5.0, axis) if isinstance(item, Group)]
    (frame,) = (item for item in groups[0].items if isinstance(item, Rect))
    (inside,) = (item for group in groups if group.role == "layer" for item in group.items if isinstance(item, Rect))
    em = MEASURE.em
    assert frame.y <= inside.y - 0.5 * em
    assert frame.y + frame.height >= inside.y + inside.height + 0.5 * em
    assert frame.x <= inside.x - em
    assert frame.x + frame.width >= inside.x + inside.width + em
    assert axis - framed.up <= frame.y - em
    assert axis + framed.down >= frame.y + frame.height
