"""Tangles in columns: fewer crossings after the sweeps than before; frames stand off what they frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import fsum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnngraph.figure.lanes.circled import alphabet
from cnngraph.figure.lanes.heights import rising
from cnngraph.figure.lanes.layered import Layered, sliced
from cnngraph.figure.lanes.letters import Letter, Onward
from cnngraph.figure.lanes.part import Measure, Plain
from cnngraph.figure.lanes.row import Framed, Row
from cnngraph.figure.scene import Group, Item, Rect
from cnngraph.figure.theme import LIGHT
from cnngraph.flow import Link

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

    @property
    def layers(self) -> tuple[str, ...]:
        return (self.name,)

    def draw(self, x: float, axis: float) -> Iterator[Item]:
        yield Group(self.name, "layer", (Rect(x, axis - self.up, self.width, self.up + self.down, None, None),))


def tangle(count: int, links: list[tuple[int | None, int | None]]) -> Layered:
    """*count* nodes and one that all leads to, which None stands for as a target."""
    nodes = tuple(Box(f"n{number}") for number in range(count + 1))
    made = tuple(Link(source, count if target is None else target) for source, target in links)
    return Layered(MEASURE, "before", 0.0, nodes, made)


def crossings(layered: Layered) -> int:
    """How many pairs of lines between neighbouring columns cross."""
    rank = {place: number for column in layered.order for number, place in enumerate(column)}
    steps = {step for path in layered.paths for step in pairwise(path)}
    return sum(
        a[0].column == b[0].column and (rank[a[0]] - rank[b[0]]) * (rank[a[1]] - rank[b[1]]) < 0
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
    assert sorted(p.node for column in layered.order for p in column if not p.passes) == list(range(11))
    for number, column in enumerate(layered.order):
        assert all(place.column == number for place in column)
    for source, target in links:
        assert layered.columns[source] < layered.columns[target]


GRAPHS = st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), min_size=6, max_size=40).map(
    lambda ends: sorted({(min(e), max(e)) for e in ends if e[0] != e[1]})
)


def led(links: list[tuple[int, int]]) -> list[tuple[int | None, int | None]]:
    """*links*, and what leads to nodes that nothing leads to, and from those that lead nowhere."""
    targets, sources = {target for _, target in links}, {source for source, _ in links}
    begins: list[tuple[int | None, int | None]] = [(None, n) for n in range(15) if n not in targets]
    return [*begins, *links, *((n, None) for n in range(15) if n not in sources)]


@settings(max_examples=60, deadline=None)
@given(GRAPHS)
def test_places_stand_one_under_the_other_and_all_leads_to_the_axis(links: list[tuple[int, int]]) -> None:
    layered = tangle(15, led(links))
    for column in layered.order:
        for upper, lower in pairwise(column):
            free = layered.heights[lower] - layered.heights[upper] - layered.sizes[upper][1] - layered.sizes[lower][0]
            assert free >= layered.between - 1e-6
    ((last,),) = layered.order[-1:]
    assert (last.node, layered.heights[last]) == (15, 0.0)


@settings(max_examples=60, deadline=None)
@given(GRAPHS, st.floats(220, 900))
def test_what_is_cut_fits_and_loses_no_tensor(links: list[tuple[int, int]], room: float) -> None:
    whole = tangle(15, led(links))
    rows = sliced(whole, room, room, iter("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    assert all(row.width <= room for row in rows)
    found = []
    for row in rows:
        for link in row.links:
            source = row.source if link.source is None else row.nodes[link.source].last
            target = row.nodes[link.target]
            if not isinstance(target, Letter | Onward):
                found.append((source, target.first))
    assert sorted(found) == sorted(
        ("before" if link.source is None else f"n{link.source}", f"n{link.target}") for link in whole.links
    )
    letters = Counter(node.mark for row in rows for node in row.nodes if isinstance(node, Letter))
    assert all(count > 1 for count in letters.values())


@settings(max_examples=40, deadline=None)
@given(GRAPHS, st.floats(220, 500))
def test_an_arrow_leads_on_where_one_tensor_does_and_letters_where_several_do(
    links: list[tuple[int, int]], room: float
) -> None:
    rows = sliced(tangle(15, led(links)), room, room, iter(alphabet()))
    for before, after in pairwise(rows):
        made = {node.first for row in rows[: rows.index(after)] for node in row.nodes} | {"before"}
        later = {
            node.last for row in rows[rows.index(after) :] for node in row.nodes if isinstance(node, Letter | Onward)
        }
        arrows = [[node for node in row.nodes if isinstance(node, Onward)] for row in (before, after)]
        leaving = [node.last for node in arrows[0] if not node.comes]
        assert leaving == [node.last for node in arrows[1] if node.comes]
        if leaving:
            assert later & made == set(leaving)


@settings(max_examples=100)
@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(0.1, 9)), min_size=1, max_size=9))
def test_the_nearest_numbers_that_rise(pairs: list[tuple[float, float]]) -> None:
    """By the formula: the largest of all smallest weighted means of what is around a number."""
    values, weights = zip(*pairs, strict=True)

    def mean(start: int, stop: int) -> float:
        return fsum(v * w for v, w in pairs[start:stop]) / fsum(weights[start:stop])

    count = len(values)
    wanted = [
        max(min(mean(start, stop) for stop in range(at + 1, count + 1)) for start in range(at + 1))
        for at in range(count)
    ]
    assert rising(values, weights) == pytest.approx(wanted)


@pytest.mark.parametrize("axis", [0.0, 33.0])
def test_a_frame_keeps_off_what_it_frames_and_within_its_own_bounds(axis: float) -> None:
    framed = Framed(MEASURE, Row.of(MEASURE, [Box("a")]), "a", 3, ("a",))
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
