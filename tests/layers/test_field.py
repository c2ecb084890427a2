"""Receptive fields are what impulses show: a row, then a column, of the input is lit after the other."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnngraph.diagnostics import CnngraphError
from cnngraph.field import Box, Field, receptive_fields, sights
from cnngraph.fronts import parse
from cnngraph.network import Network
from cnngraph.onnx.lower import lower
from cnngraph.onnx.write import write
from cnngraph.runtime.session import Session
from cnngraph.volume import as_int
from cnngraph.weights.files import FileWeights
from tests.dags import dags
from tests.layers.windows import pairs, windows
from tests.networks import load
from tests.onnx.reference import Array


def of_ones(network: Network) -> Session:
    """*network* in onnxruntime, every weight 1."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "weights.npz"
        weights = {f"{layer.name}.{name}": np.ones(p.shape, "f4")
                   for layer in network for name, p in layer.parameters.items()}  # fmt: skip
        np.savez(file, **weights)  # type: ignore[arg-type]
        write(lower(network), FileWeights(file, network), Path(folder) / "net.onnx")
        return Session(Path(folder) / "net.onnx")


def lit(network: Network, port: str, axis: int, above: float = 0) -> Array:
    """Row i, place j: whether place j of the output's *axis* changes, by more than *above*, with row (column) i of the
    input *port*."""
    session = of_ones(network)
    size = as_int(network[port].output.dims[axis])
    inputs = {}
    for each in network.inputs:
        height, width, channels = map(as_int, each.output.dims)
        pictures = np.zeros((size, channels, height, width), "f4")
        if each.name == port:
            for line in range(size):
                pictures[(line, slice(None), line) if axis == 0 else (line, slice(None), slice(None), line)] = 1
        inputs[each.name] = pictures
    dark = session.run({name: np.zeros_like(pictures) for name, pictures in inputs.items()})
    (name,) = dark
    changed = np.abs(session.run(inputs)[name] - dark[name]) > above
    return np.asarray(changed.any(axis=(1, 3) if axis == 0 else (1, 2)))


def measured(network: Network) -> tuple[int, int]:
    """Height and width of the most that one place sees."""
    found = []
    for axis in (0, 1):
        most = 0
        for port in network.inputs:
            for place in lit(network, port.name, axis).T:
                (seen,) = place.nonzero()
                most = max(most, int(seen[-1] - seen[0]) + 1 if len(seen) else 0)
        found.append(most)
    return found[0], found[1]


def field(network: Network) -> Field | None:
    return receptive_fields(network)[network.outputs[0].layer]


STEPS = st.one_of(
    windows().map(lambda window: f"conv 1 {window.words} bias=off"),
    windows(pool=True).map(lambda window: f"maxpool {window.words}"),
    windows(pool=True).map(lambda window: f"avgpool {window.words}"),
    windows().map(lambda window: f"upconv 1 {window.words} bias=off"),
    st.integers(1, 4).map(lambda n: f"upsample {n}"),
    st.integers(1, 4).map(lambda n: f"upsample {n} bilinear"),
    st.integers(0, 3).map(lambda n: f"crop {n}"),
    pairs(9).map(lambda to: f"avgpool to={to}"),
    pairs(9).map(lambda to: f"maxpool to={to}"),
    windows().map(lambda window: f"sepconv 1 {window.words} m=2 bias=off"),
    st.tuples(*[st.integers(0, 2)] * 4).map(lambda n: f"pad {n} value=-3"),
    st.builds(
        lambda a, b, how: f"upsample ({a / 4}, {b / 4}){how}",
        st.integers(2, 9),
        st.integers(2, 9),
        st.sampled_from(["", " bilinear", " bilinear align_corners"]),
    ),
    st.builds(
        lambda n, filling: f"pad {n} {filling}",
        st.tuples(*[st.integers(0, 2)] * 4),
        st.sampled_from(["zeros", "reflect", "replicate"]),
    ),
    st.tuples(*[st.integers(0, 3)] * 4).map(lambda n: f"crop {n}"),
    pairs(3).map(lambda s: f"widen 1 s={s}"),
    st.sampled_from(["reorg 2 -> conv 1 1x1 bias=off", "conv 4 1x1 bias=off -> unreorg 2"]),
    st.sampled_from(["relu", "bn", "dropout"]),
)


@settings(max_examples=150)
@given(st.lists(STEPS, min_size=1, max_size=4))
def test_of_any_chain(steps: list[str]) -> None:
    try:
        network = parse("net t\ninput 47x41x1\n" + "\n".join(steps) + "\n")
    except CnngraphError:
        assume(False)
    volume = network[network.outputs[0].layer].output
    assume(isinstance(volume.size, int) and volume.size < 20_000)
    found = field(network)
    assert found is not None
    height, width = measured(network)
    assert height <= found.height
    assert width <= found.width
    # Beside the input's ends a place sees less; where the field is small there are others.
    if found.height <= 12 and volume.dims[0] != 1:
        assert height == found.height
    if found.width <= 12 and volume.dims[1] != 1:
        assert width == found.width


# Where it lies ------------------------------------------------------------------------------


def seen_by(network: Network, row: int, column: int) -> set[tuple[int, int]]:
    """The pixels of the only input, row and column, that change that cell of the first output: each by itself."""
    session = of_ones(network)
    (port,) = network.inputs
    height, width, channels = map(as_int, port.output.dims)
    lone = np.zeros((height * width, channels, height * width), "f4")
    lone[np.arange(len(lone)), :, np.arange(len(lone))] = 1
    name = network.outputs[0].name
    made = session.run({port.name: lone.reshape(-1, channels, height, width)})[name][:, :, row, column]
    dark = session.run({port.name: np.zeros((1, channels, height, width), "f4")})[name][:, :, row, column]
    return {divmod(int(pixel), width) for pixel in (made != dark).any(axis=1).nonzero()[0]}


def hull(pixels: set[tuple[int, int]]) -> Box:
    rows, columns = zip(*pixels, strict=True)
    return Box(min(rows), min(columns), max(rows), max(columns))


def holds(network: Network, row: int, column: int) -> None:
    """What changes the cell lies in its box; where that is all on the map, it is as large as the box."""
    layer = network.outputs[0].layer
    found = sights(network)[layer]
    assert found is not None
    (port,) = network.inputs
    pixels, box = seen_by(network, row, column), found[port.name].box(row, column)
    if box is None or not pixels:
        assert not pixels
        return
    changed = hull(pixels)
    assert box.top <= changed.top <= changed.bottom <= box.bottom
    assert box.left <= changed.left <= changed.right <= box.right
    height, width = map(as_int, port.output.dims[:2])
    if box.top >= 0 and box.left >= 0 and box.bottom < height and box.right < width:
        assert changed == box


UNFILLED = STEPS.filter(lambda step: "reflect" not in step and "replicate" not in step and "crop" not in step)
"""What stands for padding is none of the input's own pixels, and none of them is cut off and padded again."""


@settings(max_examples=60)
@given(st.lists(UNFILLED, min_size=1, max_size=4), st.data())
def test_a_cell_of_any_chain_sees_its_box_and_nothing_else(steps: list[str], data: st.DataObject) -> None:
    try:
        network = parse("net t\ninput 17x19x1\n" + "\n".join(steps) + "\n")
    except CnngraphError:
        assume(False)
    volume = network[network.outputs[0].layer].output
    assume(isinstance(volume.size, int) and volume.size < 4_000)
    row, column = (data.draw(st.integers(0, as_int(size) - 1)) for size in volume.dims[:2])
    holds(network, row, column)


KEEPING = ["conv 1 3x3 same bias=off", "conv 1 1x5 same bias=off", "maxpool 3x3 same s=1", "relu",
           "conv 1 3x1 d=2 same bias=off", "maxpool 4x2 same_upper s=1"]  # fmt: skip


@settings(max_examples=40)
@given(dags(KEEPING, joins=["add", "max", "min"]), st.integers(0, 12), st.integers(0, 14))
def test_a_cell_behind_any_joins_sees_its_box_and_nothing_else(lines: str, row: int, column: int) -> None:
    holds(parse(f"net t\ninput 13x15x1\n{lines}\n"), row, column)


def test_where_fields_lie() -> None:
    """The first window that conv2 of LeNet-5 sees begins at the upper left pixel, the last ends at the lower right."""
    found = sights(load("lenet5"))
    assert found["fc1"] is None
    boxes = found["conv2"]
    assert boxes is not None
    assert boxes["image"].box(0, 0) == Box(0, 0, 13, 13)
    assert boxes["image"].box(9, 3) == Box(18, 6, 31, 19)
    padded = sights(parse("net t\ninput 8x8x1\nconv 1 3x3 same s=2 -> conv 1 5x5 same\n"))["conv2"]
    assert padded is not None
    assert padded["image"].box(0, 3) == Box(-5, 1, 5, 11)
    holes = sights(parse("net t\ninput 8x8x1\nupconv 1 1x1 s=2\n"))["upconv1"]
    assert holes is not None
    assert [holes["image"].box(at, at) for at in (0, 1, 2)] == [Box(0, 0, 0, 0), None, Box(1, 1, 1, 1)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("upsample 3 -> conv 1 5x5", (3, 3)),
        ("upsample 3 bilinear", (2, 2)),
        ("upsample 3 bilinear -> conv 1 3x1", (3, 2)),
        ("upsample (1, 3) -> conv 1 3x3", (3, 2)),
        ("upsample 3 -> conv 1 2x2 -> crop (0, 0, 94, 94)", (1, 1)),
        ("upconv 1 1x1 s=(3, 1) -> crop (1, 0, 92, 0)", (0, 0)),
        ("upconv 1 2x2 s=3 -> conv 1 2x2", (1, 1)),
        ("upconv 1 1x2 s=3 -> maxpool 3x4 s=1", (1, 2)),
        ("upconv 1 1x1 s=3 -> conv 1 2x2 d=4", (1, 1)),
        ("upconv 1 3x3 s=2 d=3", (4, 4)),
        ("upconv 1 3x3 s=2 d=(1, 3)", (2, 4)),
        ("upsample 1.5", (1, 1)),
        ("upsample 1.5 bilinear -> conv 1 3x1 bias=off", (4, 2)),
        ("upsample to=48x47 -> conv 1 3x3 bias=off", (3, 3)),
        ("conv 1 3x3 s=2 p=1 bias=off -> upsample image bilinear", (5, 5)),
        ("pad 2 reflect -> conv 1 3x3 bias=off", (3, 3)),
        ("widen 2 s=3 -> conv 1 2x2 bias=off", (4, 4)),
        ("conv 1 3x3 bias=off -> flatten -> unflatten 30x30x1", (3, 3)),
        ("conv 1 3x5 bias=off -> flatten -> dropout -> unflatten 30x28x1 -> conv 1 3x3 bias=off", (5, 7)),
        ("conv 2 3x3 bias=off -> flatten -> unflatten 30x30x2 -> flatten -> unflatten 30x30x2", (3, 3)),
        ("conv 4 1x1 bias=off -> reorg 2 as_darknet", (3, 2)),
        ("conv 4 1x1 bias=off -> unreorg 2 -> conv 1 3x3 bias=off", (2, 2)),
        ("avgpool to=5 -> conv 1 3x3 bias=off", (20, 20)),
        ("avgpool to=(5, 4) -> conv 1 2x2 bias=off", (14, 16)),
        ("maxpool 2x1 s=2 -> conv 1 3x1", (6, 1)),
        ("add spread {\n | conv 1 3x3 same bias=off\n | conv 1 5x1 p=(2, 0, 2, 0) bias=off\n}", (5, 3)),
        ("mul spread {\n | conv 1 1x1\n | crop (7, 9, 24, 22)\n}", (25, 23)),
        ("add {\n | conv 1 2x1 p=(1, 0, 0, 0)\n | conv 1 2x1 p=(0, 0, 1, 0)\n}", (3, 1)),
        ("concat {\n | conv 1 1x1 s=2\n | crop 8\n}", (9, 9)),
        ("a: conv 1 3x3\nb: conv 1 1x9\nfrom a -> crop b -> concat b", (3, 11)),
        ("a: conv 1 3x3\nb: conv 1 9x9 -> conv 1 5x5\nfrom a -> crop b", (3, 3)),
        ("mul {\n | conv 1 3x3\n | conv 1 32x32\n}", (32, 32)),
        ("concat {\n | upsample 2 -> conv 1 3x3 same\n | upconv 1 4x4 s=2 p=1\n}", (2, 2)),
    ],
)  # fmt: skip
def test_where_a_formula_of_window_and_step_is_wrong(text: str, wanted: tuple[int, int]) -> None:
    network = parse(f"net t\ninput 32x32x1\n{text}\n")
    assert field(network) == Field(*wanted)
    if "mul" not in text:
        assert measured(network) == wanted


@pytest.mark.parametrize(
    "text", ["flatten -> unflatten 1x32x32", "flatten -> unflatten 16x64x1", "flatten -> fc 1024 -> unflatten 32x32x1"]
)
def test_a_vector_that_becomes_another_volume_sees_everything(text: str) -> None:
    assert field(parse(f"net t\ninput 32x32x1\n{text}\n")) is None


@settings(max_examples=60)
@given(
    st.integers(1, 24),
    st.integers(1, 24),
    st.sampled_from(["", " bilinear", " bilinear align_corners", " bicubic", " bicubic align_corners"]),
)
def test_what_the_places_of_another_size_see(size: int, made: int, how: str) -> None:
    """Beyond the ends there is the outermost place again. A share of 1e-5 is onnxruntime's rounding."""
    network = parse(f"net t\ninput {size}x1x1\nupsample to=({made}, 1){how}\n")
    layer = network.layers[1]
    reach = layer.kind.reach(layer.input_volumes)
    assert reach is not None
    for place, seen in enumerate(lit(network, "image", 0, above=1e-5).T):
        assert set(seen.nonzero()[0]) == {min(max(tap, 0), size - 1) for tap in reach[0].taps(place)}


@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize(("high", "wide"), [(1, 1), (1, 4), (4, 1), (3, 3), (4, 4), (3, 4), (4, 6), (5, 7), (6, 3)])
def test_what_darknets_reorg_sees_depends_on_the_size(n: int, high: int, wide: int) -> None:
    network = parse(f"net t\ninput {n * high}x{n * wide}x{n * n}\nreorg {n} as_darknet\n")
    found = field(network)
    assert found is not None
    assert (found.height, found.width) == measured(network)


BRANCH = st.lists(
    st.sampled_from(
        ["conv 1 3x3 same bias=off", "conv 1 2x4 same_upper bias=off", "conv 1 4x2 same_lower bias=off", "relu",
         "maxpool 3x5 same s=1", "conv 1 3x3 d=(2, 1) same bias=off", "upsample 2 -> maxpool f=2 s=2",
         "maxpool f=2 s=2 -> upsample 2", "conv 1 3x3 same s=2 bias=off -> upconv 1 2x2 s=2 bias=off"]
    ), min_size=1, max_size=2,
)  # fmt: skip


AFTER = ["conv 1 3x3 same bias=off", "upsample 3", "maxpool 3x2 s=(3, 2)"]


@settings(max_examples=40)
@given(st.sampled_from(["add", "concat", "max"]), st.lists(BRANCH, min_size=2, max_size=3), st.sampled_from(AFTER))
def test_where_branches_meet(join: str, branches: list[list[str]], after: str) -> None:
    ways = "".join(f" | {' -> '.join(branch)}\n" for branch in branches)
    network = parse(f"net t\ninput 36x40x1\n{join} {{\n{ways}}}\n{after}\n")
    found = field(network)
    assert found is not None
    assert (found.height, found.width) == measured(network)


@pytest.mark.parametrize(("size", "window"), [("1x9", "1x3"), ("9x1", "3x1")])
def test_a_row_of_pixels_is_no_single_one(size: str, window: str) -> None:
    network = parse(f"net t\ninput {size}x1\nadd {{\n | conv 1 {window} same\n | skip\n}}\n")
    found = field(network)
    assert found is not None
    assert f"{found.height}x{found.width}" == window
    assert (found.height, found.width) == measured(network)


def test_of_several_inputs_it_is_the_largest() -> None:
    text = "net t\ninput a 32x32x1\ninput b 16x16x1\nfrom a -> conv 1 4x4 s=2 p=1 -> concat b\nconv 1 3x3\n"
    network = parse(text)
    assert field(network) == Field(8, 8)
    assert measured(network) == (8, 8)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("conv 1 3x3 -> flatten", Field(3, 3)),
        ("flatten -> relu -> bn -> dropout", Field(1, 1)),
        ("flatten -> softmax", None),
        ("flatten -> layernorm", None),
        ("layernorm", Field(1, 1)),
        ("grn", None),
        ("eca 3", None),
        ("conv 1 3x3 -> avgpool over_channels -> maxpool over_channels", Field(3, 3)),
        ("rmsnorm -> l2norm -> power 2", Field(1, 1)),
        ("upsample 3 bicubic", Field(4, 4)),
        ("lrn n=4", Field(1, 1)),
        ("flatten -> unflatten 16x16x1", Field(1, 1)),
        ("flatten -> unflatten 8x32x1", None),
        ("conv 1 3x3 -> add spread {\n | skip\n | avgpool global\n}", None),
        ("softmax", Field(1, 1)),
        ("flatten -> fc 3", None),
        ("conv 1 3x3 -> maxpool global", None),
        ("concat {\n | conv 1 3x3 -> flatten\n | conv 1 1x5 -> flatten\n}", Field(3, 5)),
        ("concat {\n | flatten -> fc 2\n | flatten\n}", None),
        ("add {\n | conv 1 3x3 same -> flatten\n | conv 1 1x2 same_upper -> flatten\n}", Field(3, 3)),
        ("add {\n | crop 4 -> flatten\n | reorg 2 -> slice 0 1 -> flatten\n}", Field(5, 5)),
        ("add {\n | crop 4 -> flatten\n | maxpool f=(1, 4) -> flatten\n}", Field(16, 16)),
        ("slice 0 1 -> flatten", Field(1, 1)),
        ("upsample 4097 -> conv 1 3x3", None),
        ("upsample 64 -> upsample 64 -> conv 1 3x3", Field(2, 2)),
    ],
)  # fmt: skip
def test_of_vectors_and_of_everything(text: str, wanted: Field | None) -> None:
    assert field(parse(f"net t\ninput 16x16x1\n{text}\n")) == wanted


def test_free_sizes_have_fields_too_unless_they_grow() -> None:
    free = "net t\ninput (?H, ?W, 1)\n"
    assert field(parse(f"{free}conv 1 3x5 s=2 -> maxpool 2x2 s=1\n")) == Field(5, 7)
    assert field(parse(f"{free}upsample 3 -> conv 1 5x5\n")) == Field(3, 3)
    assert field(parse(f"{free}concat {{\n | conv 1 1x1 s=2\n | crop 8\n}}\n")) is None
    assert field(parse("net t\ninput (8, ?W, 1)\nconcat {\n | conv 1 1x1 s=(1, 2)\n | relu\n}\n")) is None
    assert field(parse("net t\ninput (?H, 8, 1)\nconcat {\n | conv 1 1x1 s=(2, 1)\n | relu\n}\n")) is None


def test_many_places_in_many_layers_take_no_time() -> None:
    network = parse("net t\ninput 4x4x1\nupsample 16\n" + "conv 1 3x3 same\n" * 5_000, max_nodes=30_000)
    assert field(network) is not None
