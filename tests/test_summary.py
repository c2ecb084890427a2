"""The table: the lecture's numbers put right, receptive fields, folding that keeps the sums."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnngraph.cli.summary import record
from cnngraph.field import receptive_fields
from cnngraph.fronts import parse
from cnngraph.network import Network
from cnngraph.shipped import shipped
from cnngraph.summary import summarize
from cnngraph.table import Row
from cnngraph.volume import Volume, as_int
from tests.networks import load


def test_the_lecture_chart_with_its_parameters_put_right() -> None:
    rows = [row for row in summarize(load("lecture_cnn")).rows if row.params]
    assert [(row.volume.caption, row.volume.size, row.params) for row in rows] == [
        ("28×28×8", 6_272, (5 * 5 * 3 + 1) * 8),
        ("10×10×16", 1_600, (5 * 5 * 8 + 1) * 16),
        ("120", 120, 400 * 120 + 120),
        ("84", 84, 120 * 84 + 84),
        ("10", 10, 84 * 10 + 10),
    ]
    assert [row.params for row in rows] == [608, 3_216, 48_120, 10_164, 850]


def _sums(rows: tuple[Row, ...]) -> tuple[int, int]:
    params = sum((_sums(row.rows)[0] if row.rows else row.params) * row.times for row in rows)
    macs = sum((_sums(row.rows)[1] if row.rows else row.macs or 0) * row.times for row in rows)
    return params, macs


@pytest.mark.parametrize("name", shipped())
@pytest.mark.parametrize("fold", [True, False])
def test_the_rows_add_up_to_the_network(name: str, fold: bool) -> None:
    network = load(name)
    table = summarize(network, fold=fold)
    assert _sums(table.rows) == (network.params, network.macs)
    assert sum(row.params * row.times for row in table.rows) == network.params


def test_equal_blocks_stand_once() -> None:
    rows = summarize(load("resnet", depth=152)).rows
    stage = next(row for row in rows if row.name == "stage3")
    assert [(row.name, row.times) for row in stage.rows] == [("residual1", 1), ("residual2", 35)]
    assert len(str(load("resnet", depth=152).summary()).splitlines()) < 80


def test_a_repeat_of_several_lines_is_a_group() -> None:
    network = parse("input 8x8x4\n[conv 4 3x3 same relu -> conv 4 1x1 relu] x5\n")
    group = summarize(network).rows[1]
    assert (group.times, [row.name for row in group.rows]) == (5, ["conv1", "conv2"])


@pytest.mark.parametrize(
    ("name", "layer", "field"),
    [("vgg16", "maxpool5", 212), ("alexnet", "maxpool3", 195), ("lenet5", "avgpool2", 16)],
)
def test_receptive_fields_known_from_the_literature(name: str, layer: str, field: int) -> None:
    """Araujo, Norris & Sim 2019, table 1: VGG-16 212, AlexNet 195."""
    found = receptive_fields(load(name))[layer]
    assert found is not None
    assert [found.height, found.width] == [field, field]


CHAINS = [
    "conv 1 3x3 -> maxpool f=2 s=2 -> conv 1 3x3",
    "conv 1 5x3 s=2 -> conv 1 3x3 d=2",
    "conv 1 3x3 same -> upsample 2 -> conv 1 3x3 same",
    "avgpool 3x3 s=2 -> add {\n | conv 1 3x3 same -> conv 1 3x3 same\n | skip\n}",
    "dwconv 3x3 s=2 -> reorg 2 -> conv 1 1x1",
]


@pytest.mark.parametrize("chain", CHAINS)
def test_receptive_field_is_what_changes_an_output(chain: str) -> None:
    """Change one pixel after the other; those that change the middle of the output are its field."""
    network = parse(f"input 33x33x1\n{chain}\n")
    end = network.outputs[0].layer
    found = receptive_fields(network)[end]
    assert found is not None
    rows, columns = zip(*_seen(network), strict=True)
    height, width = max(rows) - min(rows) + 1, max(columns) - min(columns) + 1
    # Where an output falls between enlarged pixels it may see one less than the formula's whole number.
    assert found.height - 1 <= height <= found.height
    assert found.width - 1 <= width <= found.width


def _seen(network: Network) -> list[tuple[int, int]]:
    """Follows indices back from the middle of the output through the definition of each layer."""
    frontier = {(network.outputs[0].layer, *_middle(network))}
    seen: set[tuple[str, int, int]] = set()
    while frontier:
        at = frontier.pop()
        if at in seen:
            continue
        seen.add(at)
        layer = network[at[0]]
        for source, volume in zip(layer.inputs, layer.input_volumes, strict=True):
            for y, x in _sources(layer.kind, at[1], at[2], volume):
                if 0 <= y < as_int(volume.height) and 0 <= x < as_int(volume.width):
                    frontier.add((source, y, x))
    return [(y, x) for name, y, x in seen if name == "image"]


def _middle(network: Network) -> tuple[int, int]:
    volume = network[network.outputs[0].layer].output
    return as_int(volume.height) // 2, as_int(volume.width) // 2


def _sources(kind: Any, y: int, x: int, volume: Volume) -> list[tuple[int, int]]:
    if kind.word == "upsample":
        return [(y // kind.n, x // kind.n)]
    if kind.word == "reorg":
        return [(y * kind.n + i, x * kind.n + j) for i, j in np.ndindex(kind.n, kind.n)]
    slide = getattr(kind, "slide", None)
    if slide is None:
        return [(y, x)]
    top, left = slide.pads(0, volume.height)[0], slide.pads(1, volume.width)[0]
    return [
        (y * slide.stride[0] + i * slide.dilation[0] - top, x * slide.stride[1] + j * slide.dilation[1] - left)
        for i, j in itertools.product(range(slide.window[0]), range(slide.window[1]))
    ]


def test_json_has_every_layer_with_its_counts() -> None:
    found = record(load("lenet5"))
    assert (found["name"], found["params"], found["macs"]) == ("lenet5", 61_706, 416_520)
    assert (found["input"], found["output"]) == ([32, 32, 1], [10])
    conv = found["layers"][1]
    assert conv == {
        "name": "conv1", "op": "conv", "output": [28, 28, 6], "params": 156, "macs": 117_600,
        "inputs": ["image"], "line": conv["line"], "receptive_field": [5.0, 5.0],
    }  # fmt: skip
    assert len(found["layers"]) == len(load("lenet5"))


def test_free_sizes_leave_the_macs_open() -> None:
    network = parse("input (?H, ?W, 3)\nconv 8 3x3 same relu\nmaxpool f=2 s=2\n")
    assert (network.params, network.macs) == (224, None)
    assert record(network)["output"] == ["H//2", "W//2", 8]
    assert any("?" in line for line in str(network.summary()).splitlines())


def test_twenty_thousand_layers_are_no_trouble() -> None:
    network = parse("input 8x8x4\n" + "conv 4 3x3 same relu\n" * 10_000, max_nodes=30_000)
    assert summarize(network).rows[1].times == 10_000


def test_what_is_frozen_is_counted() -> None:
    """On a step with what stands on it, on a line on all of it."""
    text = "net t\ninput 8x8x3\nconv 4 3x3 bn relu @freeze\nconv 2 3x3 -> flatten -> fc 2\n"
    table = summarize(parse(text))
    assert (table.params, table.frozen) == (108 + 8 + 74 + 66, 116)
    assert "of them              140 trained, 116 frozen (@freeze)" in str(table)
    assert "frozen" not in str(summarize(parse(text.replace(" @freeze", ""))))


def test_weights_used_again_are_counted_once_and_the_row_says_whose_they_are() -> None:
    network = parse(
        "net t\ninput a 8x8x1\ninput b 8x8x1\nblock tower() {\n  conv 4 3x3 bn relu\n  flatten -> fc 3\n}\n"
        "left: from a -> tower\nright: from b -> again left\nsub left"
    )
    table = summarize(network)
    left, right = table.rows[2:4]
    assert [row.params for row in left.rows] == [4 * 9 + 8, 0, 4 * 36 * 3 + 3]
    assert [(row.params, row.shares) for row in right.rows] == [(0, "left.conv1"), (0, ""), (0, "left.fc1")]
    assert (right.params, right.macs) == (0, left.macs)
    assert table.params == left.params == network.params
    assert table.statistics == 8
    assert "conv 3×3, BN, ReLU, weights of left.conv1" in str(table)
    assert "weights of left.conv1" in table.to_csv()
    assert "weights of left.conv1" in table.to_markdown()


def test_the_first_use_of_weights_is_not_folded_with_the_others() -> None:
    table = summarize(parse("net t\ninput 8x8x4\nstep: conv 4 3x3 same relu\n[again step] x3"))
    assert [(row.name, row.times, row.params) for row in table.rows] == [
        ("image", 1, 0), ("step", 1, 148), ("conv1", 3, 0)]  # fmt: skip
    unit = "block unit() {\n  a: conv 4 3x3 same relu\n  again a\n}\n"
    table = summarize(parse(f"net t\ninput 8x8x4\n{unit}[unit] x3"))
    assert [(row.name, row.times, row.params) for row in table.rows] == [("image", 1, 0), ("unit1", 3, 148)]


def test_frozen_weights_are_counted_once() -> None:
    table = summarize(parse("net t\ninput 8x8x4\na: conv 4 1x1 bn @freeze\nagain a -> conv 2 1x1"))
    assert (table.params, table.frozen) == (4 * 4 + 8 + 10, 4 * 4 + 8)


@given(st.lists(st.integers(1, 3), min_size=1, max_size=5), st.booleans())
def test_every_input_has_its_line(channels: list[int], fold: bool) -> None:
    inputs = "".join(f"input i{at} 4x4x{each}\n" for at, each in enumerate(channels))
    branches = "".join(f"| from i{at}\n" for at in range(len(channels)))
    text = f"net t\n{inputs}from i0 -> concat {{\n{branches}}}\n" if len(channels) > 1 else f"net t\n{inputs}relu\n"
    rows = summarize(parse(text), fold=fold).rows
    found = [row for row in rows if row.name.startswith("i")]
    assert [row.name for row in found] == [f"i{at}" for at in range(len(channels))]
    assert {row.times for row in found} == {1}
