"""What joins take, what they make, and of free sizes those that are known."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts import parse
from cnngraph.layers import KINDS
from cnngraph.layers.join import Add
from cnngraph.layers.kind import Fault
from cnngraph.network import Network
from cnngraph.volume import Volume

SIZES = st.sampled_from([1, 2, "?A", "?B"])
MAPS = st.tuples(SIZES, SIZES, st.integers(1, 2))
VECTORS = st.tuples(st.integers(1, 2))
VOLUMES = st.lists(st.one_of(MAPS, MAPS, VECTORS), min_size=2, max_size=3)
Size = int | str


def joined(word: str, volumes: list[tuple[Size, ...]]) -> Network | str:
    """The network, or the code of what is wrong with it."""
    names = [f"x{number}" for number in range(len(volumes))]
    inputs = "".join(f"input {name} ({', '.join(map(str, v))})\n" if len(v) > 1 else f"input {name} {v[0]}\n"
                     for name, v in zip(names, volumes, strict=True))  # fmt: skip
    try:
        return parse(f"net t\n{inputs}from x0 -> {word} {' '.join(names[1:])}\n")
    except CnngraphError as error:
        return error.diagnostics[0].code


def made(network: Network) -> list[Size]:
    return [dim if isinstance(dim, int) else f"?{dim}" for dim in network[network.outputs[0].layer].output.dims]


def may_be_equal(a: Size, b: Size) -> bool:
    return a == b or isinstance(a, str) or isinstance(b, str)


def agree(volumes: list[tuple[Size, ...]]) -> bool:
    """Whether there are numbers for the free sizes with which they are equal, looked at side by side with the first."""
    first = volumes[0]
    return all(len(v) == len(first) and all(map(may_be_equal, first, v)) for v in volumes[1:])


def known(sizes: tuple[Size, ...]) -> Size:
    return next((size for size in sizes if isinstance(size, int)), sizes[0])


@settings(max_examples=300)
@given(st.sampled_from(["add", "max", "min", "sub"]), VOLUMES)
def test_equal_volumes_and_nothing_broadcast(word: str, volumes: list[tuple[Size, ...]]) -> None:
    found = joined(word, volumes)
    if not agree(volumes):
        assert found == "E0401"
    else:
        assert isinstance(found, Network)
        assert made(found) == [known(sizes) for sizes in zip(*volumes, strict=True)]


@settings(max_examples=300)
@given(VOLUMES)
def test_concat_stacks_channels(volumes: list[tuple[Size, ...]]) -> None:
    found = joined("concat", volumes)
    if not agree([(*v[:-1], 0) for v in volumes]):
        assert found == "E0402"
    else:
        assert isinstance(found, Network)
        channels = sum(int(v[-1]) for v in volumes)
        assert made(found) == [*(known(sizes) for sizes in zip(*(v[:-1] for v in volumes), strict=True)), channels]


@settings(max_examples=300)
@given(VOLUMES)
def test_mul_takes_equal_volumes_and_gates_of_one_pixel(volumes: list[tuple[Size, ...]]) -> None:
    found = joined("mul", volumes)
    maps = [v for v in volumes if v[:-1] != (1, 1)] or volumes[:1]
    gates = [v for v in volumes if v not in maps]
    if agree(maps) and all(len(maps[0]) == 3 and gate[-1] == maps[0][-1] for gate in gates if gate != maps[0]):
        assert isinstance(found, Network)
        assert made(found) == [known(sizes) for sizes in zip(*maps, strict=True)]
    else:
        assert found == "E0413"


@settings(max_examples=400)
@given(st.sampled_from(["add spread", "mul spread"]), VOLUMES)
def test_spread_takes_one_row_column_or_channel_behind_the_first(word: str, volumes: list[tuple[Size, ...]]) -> None:
    """A free size is never taken for one."""
    found = joined(word, volumes)
    first = volumes[0]
    fits = len(first) == 3 and all(
        len(v) == 3 and all(size == 1 or may_be_equal(own, size) for own, size in zip(first, v, strict=True))
        for v in volumes[1:]
    )
    if not fits:
        assert found == "E0413"
        return
    assert isinstance(found, Network)
    whole = [first, *(tuple(own if size == 1 else size for own, size in zip(first, v, strict=True))
                      for v in volumes[1:])]  # fmt: skip
    assert made(found) == [known(sizes) for sizes in zip(*whole, strict=True)]


@pytest.mark.parametrize("step", ["add {}{{ | skip | avgpool global }}", "add small {}"])
def test_spread_is_said_on_a_join_with_branches_too_and_once_for_all(step: str) -> None:
    def spreads(words: str, before: str = "") -> bool:
        line = step.format(words)
        text = f"net t\ninput 4x4x2\n{before}small: avgpool global\nfrom image -> {line}\n"
        (last,) = parse(text).outputs
        return bool(getattr(parse(text)[last.layer].kind, "spread", False))

    assert spreads("spread ")
    assert spreads("", "default add spread\n")
    with pytest.raises(CnngraphError, match="E0401"):
        spreads("")
    with pytest.raises(CnngraphError, match="E0401"):
        spreads("spread=off ", "default add spread\n")


@pytest.mark.parametrize(("word", "code"), [("add", "E0401"), ("mul", "E0413")])
@pytest.mark.parametrize("small", [(4, 4, 1), (1, 1, 1), (1, 1, 2)])
def test_nothing_is_spread_unless_it_is_said(word: str, code: str, small: tuple[Size, ...]) -> None:
    for volumes in ([(4, 4, 2), small], [small, (4, 4, 2)]):
        if word == "mul" and small == (1, 1, 2):
            continue  # whole channels are multiplied without a word
        assert joined(word, volumes) == code
        assert isinstance(joined(f"{word} spread", volumes), Network) == (volumes[1] == small)
        with pytest.raises(Fault) as caught:
            KINDS[word]().shape(tuple(Volume(tuple(map(int, sizes))) for sizes in volumes))
        assert f"write  {word} spread" in caught.value.help
        assert ("the larger first" in caught.value.help) == (volumes[0] == small)


@pytest.mark.parametrize("word", ["add", "sub", "max", "min", "mul", "concat"])
def test_the_first_name_of_a_free_size_stays(word: str) -> None:
    found = joined(word, [("?H", "?W", 2), ("?U", "?V", 2)])
    assert isinstance(found, Network)
    assert made(found)[:2] == ["?H", "?W"]


@pytest.mark.parametrize(
    ("volumes", "reason", "help"),
    [
        ([(6, 6, 4), (8, 8, 4)], "channels agree (4); H and W do not: 6x6 is not 8x8", "the same strides and padding"),
        ([(8, 6, 4), (8, 8, 4)], "channels agree (4); H and W do not: 8x6 is not 8x8", "the same strides and padding"),
        ([(6, 8, 4), (8, 8, 4)], "channels agree (4); H and W do not: 6x8 is not 8x8", "the same strides and padding"),
        ([(8, 8, 6), (8, 8, 4)], "H and W agree (8x8); channels do not: 6 is not 4", "| skip -> conv 6 1x1 bn linear"),
        ([(6, 8, 6), (8, 8, 4)], "H and W do not agree (6x8 is not 8x8), nor do channels: 6 is not 4",
         "| skip -> shortcut 6 s=2"),
        ([(8, 6, 6), (8, 8, 4)], "H and W do not agree (8x6 is not 8x8), nor do channels: 6 is not 4",
         "| skip -> shortcut 6 s=2"),
        ([(6, 6, 6), (8, 8, 4)], "H and W do not agree (6x6 is not 8x8), nor do channels: 6 is not 4",
         "| skip -> shortcut 6 s=2"),
        ([(3,), (4,)], "3 is not 4", ""),
        ([(1, 1, 3), (3,)], "1x1x3 and 3: one is a volume, the other a vector", ""),
    ],
)  # fmt: skip
def test_what_does_not_agree_is_said(volumes: list[tuple[int, ...]], reason: str, help: str) -> None:
    with pytest.raises(Fault) as caught:
        Add().shape(tuple(map(Volume, volumes)))
    assert caught.value.reason == reason
    assert caught.value.help.endswith(help)
    assert caught.value.remark == " + ".join("x".join(map(str, sizes)) for sizes in volumes)


def test_order_counts_in_a_chain_of_names() -> None:
    """A free size of the first is that of the others, whichever of them knows it."""
    cases: list[list[tuple[Size, ...]]] = [
        [("?H", 5, 2), (4, "?W", 2), (4, 5, 2)],
        [(4, 5, 2), ("?H", "?W", 2), ("?H", 5, 2)],
    ]
    for volumes in cases:
        found = joined("add", volumes)
        assert isinstance(found, Network)
        assert made(found) == [4, 5, 2]
