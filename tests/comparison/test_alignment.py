"""Alignments cost as little as can be, found by trying all there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cnngraph
from cnngraph.comparison import alignment
from cnngraph.comparison.alignment import align
from cnngraph.comparison.side import Side
from cnngraph.fronts import parse
from cnngraph.network import Network

WORDS = st.lists(st.sampled_from("abcd"), max_size=9)


def least(one: Sequence[str], other: Sequence[str], cost: Callable[[str, str], int | None], alone: int) -> int:
    """Of all ways to pair them in order."""

    @cache
    def of(i: int, j: int) -> int:
        if i == len(one) or j == len(other):
            return alone * (len(one) - i + len(other) - j)
        ways = [alone + of(i + 1, j), alone + of(i, j + 1)]
        pair = cost(one[i], other[j])
        return min(ways if pair is None else [*ways, pair + of(i + 1, j + 1)])

    return of(0, 0)


def cost(a: str, b: str) -> int | None:
    """`a` and `b` can be no pair, any other letters are some that costs."""
    return None if {a, b} == {"a", "b"} else abs(ord(a) - ord(b)) * 3


@given(WORDS, WORDS, st.integers(1, 3))
def test_the_cheapest_pairs_are_found_in_any_band(one: list[str], other: list[str], band: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alignment, "_BAND", band)
        found = alignment._path(range(len(one)), range(len(other)), lambda a, b: cost(one[a], other[b]), 4)
    pairs = dict(sorted(found.items()))
    assert list(pairs.values()) == sorted(pairs.values())
    paid = [cost(one[a], other[b]) for a, b in pairs.items()]
    assert None not in paid
    total = sum(each or 0 for each in paid) + 4 * (len(one) + len(other) - 2 * len(pairs))
    assert total == least(one, other, cost, 4)


def test_what_is_alike_at_the_ends_of_large_networks_is_not_looked_at_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer put in makes the numbers of all behind it others."""
    monkeypatch.setattr(alignment, "_LARGE", 10)
    lines = ["conv 8 3x3 same", "maxpool 3x3 s=1 p=1"] * 20
    before = parse("\n".join(["input 8x8x8", *lines]))
    after = parse("\n".join(["input 8x8x8", *lines[:20], "conv 8 5x5 same", *lines[20:]]))
    looked = list[tuple[int, int]]()

    def path(ones: Sequence[int], others: Sequence[int], *_: object) -> dict[int, int]:
        looked.append((len(ones), len(others)))
        return {}

    monkeypatch.setattr(alignment, "_path", path)
    pairs = align(Side(before), Side(after))
    assert looked[0] == (0, 1)
    assert len(pairs) == len(before)


def test_branches_written_in_another_order_and_changed_are_still_found() -> None:
    lines = ["a: from image -> conv 8 1x1", "c: from a -> conv 8 3x3 same", "b: from image -> conv 8 3x3 same"]
    before = parse("\n".join(["input image 8x8x4", *lines, "from c -> add b"]))
    lines = [lines[2].replace("3x3", "5x5"), *lines[:2]]
    after = parse("\n".join(["input image 8x8x4", *lines, "from c -> add b"]))
    (row,) = cnngraph.compare(before, after).causes
    assert (row.a, [str(change) for change in row.what]) == (("b",), ["window 3×3 → 5×5"])


TRAILS = ("dropout 0.5", "relu", "sigmoid -> dropout 0.3")


@pytest.mark.parametrize("trail", TRAILS)
@given(st.integers(1, 4), st.integers(1, 3), st.data())
def test_a_block_put_in_before_what_trails_is_what_was_added(
    trail: str, count: int, more: int, data: st.DataObject
) -> None:
    """And taken out again it is what was removed."""
    inner = data.draw(
        st.sampled_from(["conv c 3x3 same bn relu -> conv c 3x3 same bn", "conv c 1x1", "avgpool 3x3 s=1 p=1"])
    )
    block = (
        f"block res(c) {{ add {{ | {inner} | skip }} }}" if data.draw(st.booleans()) else f"block res(c) {{ {inner} }}"
    )
    end = f"{trail}\navgpool global\nflatten\nsoftmax 10"

    def network(times: int) -> Network:
        return parse("\n".join([block, "input 8x8x4", *["res 4"] * times, end]))

    before, after = network(count), network(count + more)
    blocks = {f"res{count + each}" for each in range(1, more + 1)}
    new = {layer.name for layer in after if layer.block in blocks}
    added = {row.b[0] for row in cnngraph.compare(before, after).of("added")}
    removed = {row.a[0] for row in cnngraph.compare(after, before).of("removed")}
    leads = {unit.name for unit in Side(after).units}
    assert added == removed == new & leads
