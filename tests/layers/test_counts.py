"""Parameters and multiply-accumulates, counted one by one: each use of a weight on a number that flows in."""

from __future__ import annotations

import itertools

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts import parse
from cnngraph.network import Layer
from cnngraph.volume import as_int
from tests.layers.windows import Window, windows

CHANNELS = 4


def layer(line: str, *sizes: int | str) -> Layer:
    """The one layer of *line*."""
    try:
        return parse(f"net t\ninput ({', '.join(map(str, sizes))})\n{line}\n").layers[1]
    except CnngraphError:
        assume(False)
        raise


def uses(window: Window, places: list[tuple[int, int]], made: int, groups: int) -> list[tuple[int, ...]]:
    """A weight, by channel made, channel taken and tap, for each time it is used at *places*."""
    return [
        (c, d, u, v)
        for _ in places
        for c in range(made)
        for d in range(CHANNELS)
        if c * groups // made == d * groups // CHANNELS
        for u in range(window.window[0])
        for v in range(window.window[1])
    ]


@settings(max_examples=150)
@given(
    st.sampled_from(["conv", "dwconv", "upconv"]), windows(), st.sampled_from([1, 2, 4]), st.integers(1, 3),
    st.booleans(), st.integers(1, 5), st.integers(1, 5),
)  # fmt: skip
def test_convolutions(word: str, window: Window, groups: int, times: int, bias: bool, height: int, width: int) -> None:
    made = groups * times if word != "dwconv" else CHANNELS * times
    arguments = f"m={times}" if word == "dwconv" else f"{made} groups={groups}"
    found = layer(f"{word} {arguments} {window.words} bias={'on' if bias else 'off'}", height, width, CHANNELS)
    # A transposed convolution works for every number it takes, the others for every number they make.
    rows, columns = found.output.dims[:2] if word != "upconv" else (height, width)
    places = list(itertools.product(range(as_int(rows)), range(as_int(columns))))
    counted = uses(window, places, made, CHANNELS if word == "dwconv" else groups)
    assert found.macs == len(counted)
    assert found.params == len(set(counted)) + made * bias
    assert found.parameters["weight"].size == len(set(counted))


@settings(max_examples=60)
@given(windows(), st.integers(1, 5), st.integers(1, 3), st.booleans(), st.integers(1, 5), st.integers(1, 5))
def test_a_separable_convolution_is_two(
    window: Window, made: int, times: int, bias: bool, height: int, width: int
) -> None:
    words = f"{window.words} m={times}"
    found = layer(f"sepconv {made} {words} bias={'on' if bias else 'off'}", height, width, CHANNELS)
    first = layer(f"dwconv {words} bias=off", height, width, CHANNELS)
    second = layer(f"conv {made} 1x1 bias={'on' if bias else 'off'}", *map(as_int, first.output.dims))
    assert found.output == second.output
    assert (found.params, found.macs) == (first.params + second.params, (first.macs or 0) + (second.macs or 0))
    assert {name: p.shape for name, p in found.parameters.items()} == {
        f"{part}.{name}": p.shape
        for part, each in (("depthwise", first), ("pointwise", second))
        for name, p in each.parameters.items()
    }


def test_channel_attention_uses_each_weight_once_for_a_channel() -> None:
    found = layer("eca 5", 7, 9, CHANNELS)
    assert (found.params, found.macs) == (5, 5 * CHANNELS)
    assert layer("eca 5", "?H", "?W", CHANNELS).macs == 5 * CHANNELS


@given(st.integers(1, 30), st.integers(1, 30), st.booleans())
def test_fully_connected(size: int, units: int, bias: bool) -> None:
    found = layer(f"fc {units} bias={'on' if bias else 'off'}", size)
    assert (found.macs, found.params) == (size * units, size * units + units * bias)
    weight = found.parameters["weight"]
    assert (weight.shape, weight.fan_in, weight.fan_out) == ((units, size), size, units)


def test_fans_are_what_one_number_sums_and_what_it_goes_into() -> None:
    """PyTorch's `_calculate_fan_in_and_fan_out`, for each group by itself as Caffe's fillers are not."""
    for line, fans in [
        ("conv 6 3x2 groups=2", (2 * 6, 3 * 6)),
        ("dwconv 3x2 m=3", (6, 18)),
        ("upconv 6 3x2 groups=2", (2 * 6, 3 * 6)),
    ]:
        weight = layer(line, 9, 9, CHANNELS).parameters["weight"]
        assert (weight.fan_in, weight.fan_out) == fans


def test_what_else_is_learned() -> None:
    norm = layer("bn", 5, 5, CHANNELS)
    assert norm.params == 2 * CHANNELS
    assert {name: (p.fill, p.trainable) for name, p in norm.parameters.items()} == {
        "weight": (1.0, True), "bias": (0.0, True), "running_mean": (0.0, False), "running_var": (1.0, False),
    }  # fmt: skip
    assert set(layer("bn affine=off", 5, 5, CHANNELS).parameters) == {"running_mean", "running_var"}
    assert layer("bn affine=off", 5, 5, CHANNELS).params == 0
    assert layer("instancenorm affine=off", 5, 5, CHANNELS).parameters == {}
    assert layer("instancenorm", 5, 5, CHANNELS).params == 2 * CHANNELS
    assert layer("prelu shared", 5, 5, CHANNELS).params == 1
    for line, fills in [("layernorm", [1.0, 0.0]), ("scale", [1.0]), ("prelu", [0.25]), ("grn", [0.0, 0.0])]:
        found = layer(line, 5, 5, CHANNELS)
        assert [p.fill for p in found.parameters.values()] == fills
        assert found.params == CHANNELS * len(fills)
        assert found.macs == 0


def test_free_sizes_leave_multiplications_open_and_parameters_known() -> None:
    for word in ("conv 6 3x3", "dwconv 3x3", "upconv 6 3x3"):
        found = layer(word, "?H", 5, CHANNELS)
        assert found.macs is None
        assert found.params == layer(word, 5, 5, CHANNELS).params
