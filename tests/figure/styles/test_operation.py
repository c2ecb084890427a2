"""One layer explained: what is marked belongs together, what is said is right, and nothing overlaps."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise, product
from math import ceil, floor
from pathlib import Path as File

import numpy as np
import pytest

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.scene import Circle, Group, Path, Polygon, Rect, Scene, Text
from cnngraph.figure.styles.arithmetic import arithmetic
from cnngraph.figure.styles.example import example
from cnngraph.figure.styles.operation import chosen, operation
from cnngraph.figure.theme import LIGHT
from cnngraph.figure.writers.svg import write_svg
from cnngraph.fronts import parse
from cnngraph.network import Layer, Network
from cnngraph.shipped import shipped
from tests.figure.geometry import faults
from tests.networks import load
from tests.onnx.reference import evaluate

GOLDEN = File(__file__).parent.parent / "golden"
WIDTHS = (252.0, 504.0, 960.0)


def drawn(network: Network, layer: str | None = None, width: float = 960.0, title: str | None = None) -> Scene:
    return operation(network, layer, width=width, theme=LIGHT, title=title)


def one(size: str, step: str) -> Network:
    """A network of one layer."""
    return parse(f"net n\ninput {size}\n{step}\n")


def shown_layers(network: Network) -> Iterator[Layer]:
    """Its convolutions, pools and fully connected layers, each sort once."""
    seen = set()
    for layer in network:
        key = layer.kind, layer.input_volumes
        if layer.kind.family in ("conv", "pool", "dense") and key not in seen:
            seen.add(key)
            yield layer


def groups(scene: Scene) -> dict[str, Group]:
    return {group.id: group for group in scene.groups()}


def texts(scene: Scene) -> list[str]:
    return [item.content for item in scene.primitives() if isinstance(item, Text)]


def words(group: Group) -> list[str]:
    return [item.content for item in group.items if isinstance(item, Text)]


# The page ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", shipped())
def test_layers_of_every_shipped_network_fit_and_can_be_read(name: str) -> None:
    network = load(name)
    layers = [*shown_layers(network)]
    for layer, width in product(layers[:: len(layers) // 6 + 1], WIDTHS):
        scene = drawn(network, layer.name, width)
        least = min(item.size for item in scene.primitives() if isinstance(item, Text))
        assert faults(scene) == [], (layer.name, width)
        assert scene.width <= width
        assert least >= (14 if width == 960 else 6.1)


CASES = {
    "6x6x32": ["conv 16 1x1", "conv 16 1x1 s=2", "conv 3 6x6", "conv 3 3x3 s=3", "maxpool global", "avgpool to=4"],
    "12x11x12": [
        "conv 8 3x3 d=2 p=2", "conv 8 3x2 same_upper s=(2, 1)", "conv 8 3x3 groups=4", "conv 8 5x5 p=(0, 1, 2, 3)",
        "dwconv 3x3 same m=2", "dwconv 5x3 d=(1, 3) same", "upconv 4 2x2 s=2", "upconv 4 3x3 s=2 p=1 op=1",
        "upconv 4 3x3 s=3 d=2 groups=2", "upconv 4 3x3 s=2 same_upper", "avgpool 3x3 s=2 ceil", "avgpool to=(5, 3)",
        "maxpool 3x3 s=2 p=1 ceil", "maxpool 2x3 same_upper s=1", "avgpool f=2",
    ],
    "2x2x3": ["conv 4 3x3 same", "conv 4 5x5 same", "maxpool 2x2 s=1 same_upper", "upconv 1 1x1"],
    "40x50x3": ["conv 4 3x3 d=5", "conv 4 7x7 s=2 same", "maxpool 16x16"],
    "1x200x16": ["conv 8 1x5 same", "maxpool f=1x4"],
}  # fmt: skip
EACH = [(size, step) for size, steps in CASES.items() for step in steps]
SMALL = [(size, step) for size, step in EACH if size in ("6x6x32", "12x11x12", "2x2x3")]
"""Whose maps are ruled."""


@pytest.mark.parametrize(("size", "step"), EACH)
def test_no_window_is_too_odd_to_draw(size: str, step: str) -> None:
    network = one(size, step)
    for width in (180.0, *WIDTHS):
        assert faults(drawn(network, width=width)) == []


@pytest.mark.parametrize(
    ("size", "step"),
    [
        ("10000000000x4x3", "conv 4 3x3 same"),
        ("4x4x3", "conv 1 100000001x1 same"),
        ("100000x100000x1", "maxpool global"),
    ],
)
def test_no_size_is_too_large_to_draw(size: str, step: str) -> None:
    assert faults(drawn(one(size, step))) == []


def test_too_small_a_width_is_refused_with_one_that_will_do() -> None:
    for name, layer in (("alexnet", "conv1"), ("alexnet", "fc1"), ("resnet", "maxpool1")):
        network = load(name)
        with pytest.raises(CnngraphError, match="E0604") as caught:
            drawn(network, layer, 75)
        needed = re.search(r"--width (\d+)pt", caught.value.diagnostics[0].help)
        assert needed
        scene = drawn(network, layer, float(needed[1]))
        assert scene.width <= float(needed[1])
        assert faults(scene) == []


def test_long_titles_and_names_stay_on_the_page() -> None:
    network = parse(f"net n\ninput 6x6x3\n{'x' * 120}: conv 4 3x3\n")
    for width in WIDTHS:
        assert faults(drawn(network, width=width, title="A title " * 20)) == []


# What is marked ------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "step"), SMALL)
def test_the_marked_cell_is_made_of_the_marked_window_and_of_nothing_else(size: str, step: str) -> None:
    """By the layer's definition: numbers in the window alone reach the cell, and those around it do not."""
    network = one(size, step)
    layer = network.layers[-1]
    found = example(layer, network.layers[0].output)
    weights = {f"{layer.name}.{name}": np.ones(p.shape) * (name != "bias") for name, p in layer.parameters.items()}

    height, width, channels = found.source
    rows, columns = found.rows, found.columns
    if found.spreads:
        image = np.zeros((1, channels, height, width))
        image[0, 0, rows.cell, columns.cell] = 1.0
        (made,) = evaluate(network, weights, {"image": image})[layer.name]
        reached = {(int(y), int(x)) for y, x in np.argwhere(made[0])}
        assert reached == {(y, x) for y in rows.taps for x in columns.taps} & on(found.made)
        return
    seen = sorted({(y, x) for y in rows.taps for x in columns.taps} & on(found.source))
    images = np.zeros((len(seen) + 1, channels, height, width))
    images[-1] = 1.0
    for number, (y, x) in enumerate(seen):
        images[number, 0, y, x] = 1.0
        images[-1, :, y, x] = 0.0
    *each, around = evaluate(network, weights, {"image": images})[layer.name][:, 0, rows.cell, columns.cell]
    assert seen
    assert min(each) > 0
    assert around == 0


def on(volume: tuple[int, int, int]) -> set[tuple[int, int]]:
    """The cells of a map."""
    return {(y, x) for y in range(volume[0]) for x in range(volume[1])}


def fronts(items: tuple[object, ...]) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of the front faces of the cuboids among *items*."""
    faces = [item.points for item in items if isinstance(item, Polygon)][2::3]
    return [(points[0][0], points[0][1], points[2][0], points[2][1]) for points in faces]


def cells(group: Group, mark: Group, volume: tuple[int, int, int]) -> tuple[set[int], set[int]]:
    """Rows and columns of the map that *group* draws whose middles *mark* covers."""
    ((left, top, right, bottom),) = fronts(group.items)
    down, across = (bottom - top) / volume[0], (right - left) / volume[1]
    rows: set[int] = set()
    columns: set[int] = set()
    for x1, y1, x2, y2 in fronts(mark.items):
        rows.update(row for row in range(-9, volume[0] + 9) if y1 < top + (row + 0.5) * down < y2)
        columns.update(column for column in range(-9, volume[1] + 9) if x1 < left + (column + 0.5) * across < x2)
    return rows, columns


@pytest.mark.parametrize(("size", "step"), EACH)
def test_the_volumes_drawn_are_the_networks(size: str, step: str) -> None:
    image, layer = one(size, step).layers
    found = example(layer, image.output)
    assert (found.source, found.made) == (image.output.dims, layer.output.dims)


@pytest.mark.parametrize(("size", "step"), SMALL)
def test_window_and_cell_are_drawn_where_they_are(size: str, step: str) -> None:
    network = one(size, step)
    layer = network.layers[-1]
    found = example(layer, network.layers[0].output)
    drawings = groups(drawn(network))
    window = set(found.rows.taps), set(found.columns.taps)
    cell = {found.rows.cell}, {found.columns.cell}
    places = [("image", found.source, cell if found.spreads else window), (layer.name, found.made, cell)]
    if found.spreads:
        places[1] = (layer.name, found.made, window)
    for name, volume, expected in places:
        (mark,) = (item for item in drawings[name].items if isinstance(item, Group))
        assert cells(drawings[name], mark, volume) == expected


def test_the_window_lies_on_the_map_if_one_does() -> None:
    for name in shipped():
        network = load(name)
        for layer in shown_layers(network):
            if layer.kind.family in ("conv", "pool"):
                found = example(layer, layer.input_volumes[0])
                volume = found.made if found.spreads else found.source
                for taps, size in ((found.rows.taps, volume[0]), (found.columns.taps, volume[1])):
                    if taps[-1] - taps[0] < size:  # a dilated window may be larger than its map
                        assert 0 <= taps[0] <= taps[-1] < size


def test_the_filter_is_as_large_as_its_window_unless_it_says_how_much_larger() -> None:
    for name, layer in (("conv1x1", "conv1"), ("lenet5", "conv1"), ("alexnet", "conv1"), ("vgg16", "conv3")):
        scene = drawn(load(name), layer)
        parts = groups(scene)
        ((left, top, right, bottom),) = fronts(parts[f"{layer}.filter"].items)
        ((x1, y1, x2, y2),) = fronts(parts[f"{layer}.window"].items)
        said = re.search(r"drawn ([\d.]+)× larger", " ".join(words(parts[f"{layer}.filter"])))
        times = float(said[1]) if said else 1.0
        assert (right - left) / (x2 - x1) == pytest.approx(times, rel=0.06)
        assert (bottom - top) / (y2 - y1) == pytest.approx(times, rel=0.06)


def depth(group: Group) -> float:
    (front, back, *_), *_ = [item.points for item in group.items if isinstance(item, Polygon)]
    return back[0] - front[0]


def test_a_filter_is_as_deep_as_the_channels_it_sees() -> None:
    for step, share in (("conv 8 3x3", 1.0), ("conv 8 3x3 groups=2", 0.5), ("conv 8 3x3 groups=4", 0.25)):
        parts = groups(drawn(one("12x12x32", step)))
        whole = depth(parts["image"])
        assert depth(parts["conv1.window"]) == pytest.approx(share * whole)
        assert depth(parts["conv1.filter"]) == pytest.approx(share * whole)
    for step, name in (("dwconv 3x3", "dwconv1"), ("maxpool 3x3", "maxpool1")):
        parts = groups(drawn(one("12x12x32", step)))
        assert depth(parts[f"{name}.filter"]) < 0.1 * depth(parts["image"])


def test_the_taps_of_a_dilated_filter_stand_apart() -> None:
    taps = fronts(groups(drawn(one("12x12x8", "conv 4 3x3 d=3")))["conv1.window"].items)
    assert len(taps) == 9
    columns = sorted({(round(left, 3), round(right, 3)) for left, _, right, _ in taps})
    for (_, right), (left, _) in pairwise(columns):
        assert left - right == pytest.approx(2 * (columns[0][1] - columns[0][0]), abs=0.01)


def test_padding_is_a_dashed_border() -> None:
    def dashed(step: str) -> list[Rect]:
        items = groups(drawn(one("8x8x8", step)))["image"].items
        return [item for item in items if isinstance(item, Rect) and item.stroke and item.stroke.dash]

    assert dashed("conv 4 3x3") == []
    (border,) = dashed("conv 4 3x3 p=(0, 1, 2, 3)")
    ((left, top, right, bottom),) = fronts(groups(drawn(one("8x8x8", "conv 4 3x3 p=(0, 1, 2, 3)")))["image"].items)
    cell = (right - left) / 8
    assert top - border.y == pytest.approx(0)
    assert left - border.x == pytest.approx(cell)
    assert border.y + border.height - bottom == pytest.approx(2 * cell)
    assert border.x + border.width - right == pytest.approx(3 * cell)


def test_a_window_that_reaches_beyond_the_map_does_not_hide_where_the_map_ends() -> None:
    def outlines(step: str) -> list[tuple[float, float, float, float]]:
        items = groups(drawn(one("2x2x8", step)))["image"].items
        plain = [item for item in items if isinstance(item, Rect) and item.stroke and not item.stroke.dash]
        assert [(r.x, r.y) for r in plain] == [front[:2] for front in fronts(items)][: len(plain)]
        return [(r.x, r.y, r.width, r.height) for r in plain]

    assert len(outlines("conv 4 5x5 same")) == 1
    assert outlines("conv 4 2x2 p=1") == []


def test_small_maps_are_ruled_and_large_ones_are_not() -> None:
    def lines(size: str) -> int:
        return sum(isinstance(item, Path) for item in groups(drawn(one(size, "conv 4 3x3")))["image"].items)

    assert lines("6x7x8") == 5 + 6
    assert lines("40x40x8") == 0


# What is said --------------------------------------------------------------------------------


def value(formula: str) -> int:
    """What a formula of the figure comes to."""
    plain = formula.replace("·", "*").replace("−", "-").replace(" * ", "*")
    for bracket, function in (("⌊⌋", "floor("), ("⌈⌉", "ceil(")):
        plain = plain.replace(bracket[0], function).replace(bracket[1], ")")
    result = eval(plain, {"floor": floor, "ceil": ceil})
    assert result == int(result), formula
    return int(result)


def checked(network: Network) -> None:
    for layer in shown_layers(network):
        rows = dict(arithmetic(layer))
        if layer.params:
            formula, result = rows["parameters"].split(" = ")
            assert value(formula) == int(result.replace(",", "")) == layer.params
        else:
            assert rows["parameters"] == "none"
        if layer.kind.family != "pool":
            formula, result = rows["MACs"].split(" = ")
            assert value(formula) == int(result.replace(",", "")) == layer.macs
        sizes = zip(("height", "width"), layer.output.dims, strict=False)
        for axis, size in sizes if layer.output.is_map else ():
            formula = rows.get(axis) or rows["height, width"]
            assert formula.endswith((f" = {size}", f" → {size}", f": {size}"))
            if " = " in formula:
                left, right = formula.split(" = ")
                counted = int(re.split("[,:]", right)[0])
                assert value(left) == counted, formula
                assert counted == size or right.endswith(f"begin beyond the map: {size}")


@pytest.mark.parametrize("name", shipped())
def test_every_formula_comes_to_the_networks_own_numbers(name: str) -> None:
    checked(load(name))


@pytest.mark.parametrize(("size", "step"), EACH)
def test_formulas_of_odd_windows_come_to_the_networks_own_numbers(size: str, step: str) -> None:
    checked(one(size, step))


def test_the_lectures_1x1_convolution_says_what_the_slide_says() -> None:
    scene = drawn(load("conv1x1"))
    volumes = replace(scene, items=tuple(item for item in scene.items if ".numbers." not in getattr(item, "id", "")))
    assert texts(volumes) == [
        "1×1 convolution",
        "∗", "=",  # between the numbers
        "6×6×32", "∗", "1×1×32", "s = 1", "=", "6×6×16 (16 filters)",
        "conv1: 16 filters of 1×1×32",
        "height, width", "(6 + 2·0 − 1)/1 + 1 = 6",
        "parameters", "(1·1·32 + 1)·16 = 528",
        "MACs", "6·6·16 · 1·1·32 = 18,432",
    ]  # fmt: skip
    assert groups(scene)["conv1"].title == "conv1: 6×6×16, 528 parameters, 18,432 MACs"
    assert groups(scene)["conv1.window"].title == "window: row 5, column 2"
    assert groups(scene)["conv1.cell"].title == "cell: row 5, column 2"


def test_pools_say_what_they_do_with_a_window() -> None:
    lenet, alexnet = load("lenet5"), load("alexnet")
    assert "avg" in texts(drawn(lenet, "avgpool1"))
    assert {"max", "3×3", "s = 2", "(55 + 2·0 − 3)/2 + 1 = 27"} <= set(texts(drawn(alexnet, "maxpool1")))
    assert {"7×7", "7 → 1", "1×1×2048"} <= set(texts(drawn(load("resnet"), "avgpool1")))


def test_dilation_groups_and_free_sizes_are_in_the_formulas() -> None:
    assert "(12 + 2·2 − 2·(3 − 1) − 1)/1 + 1 = 12" in texts(drawn(one("12x12x8", "conv 4 3x3 d=2 p=2")))
    assert "(3·3·8/4 + 1)·4 = 76" in texts(drawn(one("12x12x8", "conv 4 3x3 groups=4")))
    free = drawn(one("(?H, ?W, 3)", "conv 8 3x3 s=2 same"))
    assert {"H×W×3", "⌊(H + 2·1 − 3)/2⌋ + 1 = ⌈H/2⌉", "⌈H/2⌉·⌈W/2⌉·8 · 3·3·3"} <= set(texts(free))
    assert faults(free) == []
    assert faults(drawn(one("(?H, ?W, 3)", "maxpool 300x300 s=1"))) == []


def test_a_fully_connected_layer_joins_every_unit_to_every_unit() -> None:
    scene = drawn(parse("net n\ninput 3\nfc 2\n"), "fc1")
    joins = [item for item in groups(scene)["fc1.weight"].items if isinstance(item, Path)]
    units = [[i for i in groups(scene)[name].items if isinstance(i, Circle)] for name in ("image", "fc1")]
    ends = {(join.steps[0].to[1], join.steps[1].to[1]) for join in joins}
    assert ends == {(a.y, b.y) for a in units[0] for b in units[1]}
    assert {"2×3 weights", "(3 + 1)·2 = 8", "3·2 = 6"} <= set(texts(scene))


# Which layer ---------------------------------------------------------------------------------


def refusal(network: Network, name: str | None, code: str) -> CnngraphError:
    with pytest.raises(CnngraphError, match=code) as caught:
        chosen(network, name)
    return caught.value


def test_without_a_name_it_is_the_only_convolution_or_pool() -> None:
    assert chosen(load("conv1x1"), None).name == "conv1"
    assert chosen(parse("net n\ninput 4x4x2\nmaxpool global\nflatten\nfc 3\nfc 2\n"), None).name == "maxpool1"
    assert chosen(parse("net n\ninput 4\nfc 3\n"), None).name == "fc1"
    (several,) = refusal(load("lenet5"), None, "E0613").diagnostics
    assert several.reason == "lenet5 has conv1, avgpool1, conv2, avgpool2"
    assert several.help == "--layer conv1"
    assert "and 43 more" in refusal(load("resnet"), None, "E0613").diagnostics[0].reason
    assert "no convolution" in str(refusal(parse("net n\ninput 4x4x2\nrelu\n"), None, "E0613"))


def test_an_unknown_layer_is_answered_with_a_near_one() -> None:
    assert refusal(load("lenet5"), "conf1", "E0611").diagnostics[0].help == "did you mean `conv1`?"
    near = refusal(load("resnet"), "bottleneck1.conv2", "E0611").diagnostics[0].help
    assert near == "did you mean `stage1.residual1.bottleneck1.conv2`?"


def test_a_layer_that_slides_no_window_is_refused_with_those_that_do() -> None:
    (of_conv,) = refusal(load("lenet5"), "conv1.tanh", "E0612").diagnostics
    assert of_conv.help == "--layer conv1"
    assert "avgpool2" in of_conv.reason
    for name in ("image", "flatten1"):
        refusal(load("lenet5"), name, "E0612")


@pytest.mark.parametrize(("name", "layer"), [("conv1x1", "conv1"), ("alexnet", "conv1"), ("lenet5", "avgpool1")])
def test_the_figure_is_the_one_we_accepted(name: str, layer: str, golden: Callable[[File, bytes], None]) -> None:
    network = load(name)
    data = write_svg(drawn(network, layer, title=network.title or None))
    golden(GOLDEN / f"operation-{name}-{layer}.svg", data)
