"""Slabs: rows are resolutions, sizes on the page are those of the volumes, and no line runs through what it does not
lead to; checked of random networks from the primitives that are drawn."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import combinations, pairwise
from pathlib import Path
from time import process_time

import pytest

from cnngraph import parse
from cnngraph.diagnostics import CnngraphError
from cnngraph.figure import scene as drawn
from cnngraph.figure.page import height
from cnngraph.figure.scene import Circle, Group, Item, Polygon, Rect, Scene, Text
from cnngraph.figure.slabs.nodes import Detail, nodes
from cnngraph.figure.slabs.resolution import resolutions
from cnngraph.figure.styles import Order, draw
from cnngraph.figure.theme import LIGHT
from cnngraph.figure.writers.svg import write_svg
from cnngraph.network import Network
from cnngraph.units import units
from tests.figure.geometry import faults, loose_ends, loose_tips, merged
from tests.figure.graphs import random_levels, random_path, random_spec
from tests.networks import load

GOLDEN = Path(__file__).parent.parent / "golden"
WIDE = 1400.0
Box = tuple[float, float, float, float]


def slabs(network: Network, width: float = 960.0, **wanted: object) -> Scene:
    return draw(Order([network], "slabs", width, LIGHT, **wanted))  # type: ignore[arg-type]


def fronts(scene: Scene) -> dict[str, Box]:
    """The front face of every slab and vector, and the circle of every join, by the layer that it begins with."""
    found = {}
    for group in scene.groups():
        if group.role == "layer":
            boxes = [box for item in group.items if (box := _front(item)) is not None]
            lefts, tops, rights, bottoms = zip(*boxes, strict=True)
            found[group.id] = min(lefts), min(tops), max(rights), max(bottoms)
    return found


def _front(item: Item) -> Box | None:
    match item:
        case Rect(x, y, wide, high):
            return x, y, x + wide, y + high
        case Circle(x, y, radius):
            return x - radius, y - radius, x + radius, y + radius
        case Polygon(points):
            (left, right), (top, bottom) = ((min(at), max(at)) for at in zip(*points, strict=True))
            return (left, top, right, bottom) if _is_upright(item) else None
    return None


def _is_upright(face: Polygon) -> bool:
    return len({x for x, _ in face.points}) == len({y for _, y in face.points}) == 2


def by_layer(scene: Scene) -> dict[str, Group]:
    return {name: group for group in scene.groups() if group.role == "layer" for name in group.layers}


def meet(one: Box, other: Box, air: float = 0.3) -> bool:
    return one[0] + air < other[2] and other[0] + air < one[2] and one[1] + air < other[3] and other[1] + air < one[3]


def segments(scene: Scene) -> Iterator[tuple[Group, Box]]:
    for group in scene.groups():
        if group.role == "edge":
            for path in (item for item in group.items if isinstance(item, drawn.Path)):
                for (x, y), (u, v) in pairwise([step.to for step in path.steps]):
                    yield group, (min(x, u), min(y, v), max(x, u), max(y, v))


NETWORKS = [*(random_levels(seed) for seed in range(20)), *(random_spec(seed) for seed in (0, 1, 5, 16, 40))]


@pytest.mark.parametrize("text", NETWORKS)
def test_a_network_of_any_shape_is_drawn_without_a_fault(text: str) -> None:
    """That every layer and every tensor is there is checked of every figure when it is drawn."""
    scene = slabs(parse(text), WIDE)
    assert faults(scene) + loose_ends(scene) + loose_tips(scene, 3.0) + merged(scene) == []
    boxes = fronts(scene)
    assert [(a, b) for (a, one), (b, other) in combinations(boxes.items(), 2) if meet(one, other)] == []
    owner = {name: group.id for name, group in by_layer(scene).items()}
    for group, (left, top, right, bottom) in segments(scene):
        data = dict(group.data)
        ends = {owner.get(data["src"]), owner.get(data["dst"])}
        through = [
            id for id, box in boxes.items() if id not in ends and meet(box, (left, top, right + 1, bottom + 1), 0.8)
        ]
        assert through == [], group.id


@pytest.mark.parametrize("seed", range(20))
def test_shortcuts_one_after_another_are_lines_of_their_own(seed: int) -> None:
    """Joins that are given back or taken elsewhere too, and slabs that one comes down onto and another leaves."""
    rng = random.Random(seed)
    lines = ["j0: conv 4 3x3 same"]
    for number in range(1, rng.randint(3, 6)):
        earlier = rng.choice(["image", *(f"j{n}" for n in range(number))])
        past = rng.choice(["skip", "skip", "conv 4 1x1", f"from {earlier}"])
        way = " -> ".join(["conv 4 3x3 same relu"] * rng.randint(1, 3))
        joined = f"{{ | {way} | {past} }}"
        lines += rng.choice([[f"j{number}: add {joined}"]] * 2 + [[f"concat {joined}", f"j{number}: conv 4 1x1"]])
        lines += [f"output j{number}"] * rng.choice([0, 0, 0, 1])
    lines += rng.choice([[], ["maxpool f=2 s=2"]])
    text = "net a\ninput 64x64x4\n" + "\n".join([*lines, "conv 4 3x3 same"]) + "\n"
    scene = slabs(parse(text), 2000.0, fold=False)
    assert merged(scene) + faults(scene) + loose_ends(scene) + loose_tips(scene, 3.0) == [], text


@pytest.mark.parametrize("name", ["residual_network", "unet", "yolov3", "efficientnet_b0", "googlenet"])
def test_no_edge_goes_on_in_another(name: str) -> None:
    assert merged(slabs(load(name), WIDE)) == []


@pytest.mark.parametrize("seed", range(20))
def test_a_row_is_a_resolution(seed: int) -> None:
    network = parse(random_levels(seed))
    scene = slabs(network, WIDE)
    line = nodes(units(network), resolutions(units(network)), Detail.OPEN).falls
    rows: dict[int, set[float]] = {}
    for id, (_, top, _, bottom) in fronts(scene).items():
        rows.setdefault(network[id].output.height, set()).add(round((top + bottom) / 2, 3))  # type: ignore[arg-type]
    assert all(len(axes) == 1 for axes in rows.values())
    axes = [axes.copy().pop() for _, axes in sorted(rows.items(), reverse=True)]
    assert axes == sorted(axes)
    assert len(set(axes)) == (1 if line else len(axes))


@pytest.mark.parametrize("name", ["unet", "vgg16", "resnet50", "densenet121", "yolov2"])
def test_sizes_on_the_page_are_those_of_the_volumes(name: str) -> None:
    network = load(name)
    scene = slabs(network)
    groups, boxes = by_layer(scene), fronts(scene)
    highs, numbers = set(), 0
    for group in {id(group): group for group in groups.values()}.values():
        last = next(network[layer] for layer in reversed(group.layers) if not network[layer].kind.idle)
        left, top, right, bottom = boxes[group.id]
        said = [item.content for item in group.items if isinstance(item, Text)]
        if last.name == group.id and last.kind.family == "pool" and last.kind.caption().window:
            assert said == []
        elif last.kind.caption().sign != "+":
            numbers += 1
            assert str(last.output.channels) in said
        if last.output.is_map and last.kind.family != "join":
            highs.add((last.output.height, round(bottom - top, 2)))
            assert right > left
    assert numbers > 5
    in_order = [high for _, high in sorted(highs)]
    assert in_order == sorted(in_order)
    assert len(set(in_order)) > 3


def test_what_has_more_channels_is_thicker() -> None:
    network = parse("net a\ninput 32x32x3\ndefault conv 3x3 same\n" + "\n".join(f"conv {2**n}" for n in range(4, 11)))
    wide = [right - left for left, _, right, _ in list(fronts(slabs(network)).values())[1:]]
    assert all(one <= other + 1e-9 for one, other in pairwise(wide))
    assert wide[-1] > 1.8 * wide[0]


def test_the_u_of_a_u_net() -> None:
    """Down on the left, up on the right, with the copies across in the same row."""
    network = load("unet")
    scene = slabs(network)
    boxes, owner = fronts(scene), {name: group.id for name, group in by_layer(scene).items()}
    joins = [layer for layer in network.layers if layer.kind.word == "concat"]
    assert len(joins) == 4
    for join in joins:
        left, top, _, bottom = boxes[join.name]
        lines = [group for group in scene.groups() if group.role == "edge" and dict(group.data)["dst"] == join.name]
        sources = [boxes[owner[dict(line.data)["src"]]] for line in lines]
        beside = [box for box in sources if abs((box[1] + box[3]) - (top + bottom)) < 0.1]
        below = [box for box in sources if box[1] > bottom]
        assert len(beside) == len(below) == 1
        assert all(box[2] < left for box in sources)
        assert {network[name].kind.word for line in lines for name in line.layers} == {"crop", "upconv"}
    assert {item.content for item in scene.primitives() if isinstance(item, Text)} >= {"crop", "2×2 up-conv"}


def test_towers_have_a_row_each_and_meet_between() -> None:
    network = load("siamese")
    scene = slabs(network)
    middles = {id: (box[1] + box[3]) / 2 for id, box in fronts(scene).items()}
    rows = sorted({round(middle, 2) for middle in middles.values()})
    assert len(rows) == 3
    inputs = [middles[layer.name] for layer in network.inputs]
    assert [round(middle, 2) for middle in inputs] == [rows[0], rows[2]]
    answer = by_layer(scene)[network.outputs[0].layer].id
    assert round(middles[answer], 2) == rows[1]


HOURGLASS = """net h "Hourglass"
input 64x64x3
default conv 3x3 same relu
block hour() {
  add {
    | skip
    | maxpool f=2 s=2 -> conv 16
      conv 16 -> upsample 2
  }
}
conv 16
[hour] x5
conv 4 1x1
"""


def test_equal_stretches_over_several_rows_are_there_once() -> None:
    network = parse(HOURGLASS)
    whole = units(network)
    found = nodes(whole, resolutions(whole), Detail.FOLDED)
    (stretch,) = found.stretches
    assert stretch.times == 5
    assert len(stretch.layers) == 5 * len([layer for layer in network.layers if layer.block == "hour1"])
    scene = slabs(network, fold=True)
    assert "×5" in {item.content for item in scene.primitives() if isinstance(item, Text)}
    assert len(fronts(scene)) < len(fronts(slabs(network, 1400.0, fold=False))) / 2
    assert faults(scene) == []


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("conv 4 3x3 valid\nconv 4 3x3 valid", [0, 0, 0]),
        ("maxpool f=2 s=2\nconv 4 3x3 s=2\nconv 4 1x1", [0, 1, 2, 2]),
        ("maxpool f=2 s=2\nupsample 2", [0, 1, 0]),
        ("avgpool global -> flatten\nfc 4", [0, 1, 2, 2]),
        ("mul { | skip | avgpool global -> conv 3 1x1 -> sigmoid }\nmaxpool f=2 s=2", [0, 0, 0, 0, 1]),
        ("upconv 4 2x2 s=2", [1, 0]),
    ],
)
@pytest.mark.parametrize("size", ["40x40x3", "?Hx?Wx3"])
def test_the_row_of_a_unit(text: str, rows: list[int], size: str) -> None:
    if size[0] == "?" and ("fc" in text or "s=2" in text):
        size = "(?H/4, ?W/4, 3)"
    whole = units(parse(f"net a\ninput {size.replace('?Hx?Wx3', '(?H, ?W, 3)')}\n{text}\n"))
    found = resolutions(whole)
    assert [found[unit.name] for unit in whole.units] == rows


@pytest.mark.parametrize("seed", range(6))
def test_all_there_is_unless_it_does_not_fit(seed: int) -> None:
    network = parse(random_path(seed))
    opened, folded = slabs(network, 2000.0, fold=False), slabs(network, 2000.0, fold=True)
    assert len(fronts(folded)) <= len(fronts(opened))
    assert slabs(network, 2000.0) in (opened, folded)


def test_the_page_is_kept_or_the_width_that_it_takes_is_said() -> None:
    network = load("unet")
    for width in (504.0, 960.0):
        scene = slabs(network, width)
        assert scene.width <= width
        assert scene.height <= height(width)
    with pytest.raises(CnngraphError) as caught:
        slabs(network, 200.0)
    (said,) = caught.value.diagnostics
    assert said.code == "E0604"
    needed = float(said.help.split("--width ")[1].removesuffix("pt"))
    assert slabs(network, needed).width <= needed
    with pytest.raises(CnngraphError):
        slabs(network, needed * 0.8)


def test_convolutions_that_something_else_is_not_taken_past_have_slabs() -> None:
    down = "conv 16 3x3 s=2 same -> conv 32 3x3 s=2 same"
    network = parse(f"net a\ninput 64x64x3\na: {down}\nfrom image -> maxpool f=4 s=4 -> conv 8 1x1 -> concat a\n")
    assert {"conv1", "conv2"} <= set(by_layer(slabs(network)))


def test_a_vector_that_becomes_a_map_is_a_map() -> None:
    scene = slabs(parse("net a\ninput 20\nfc 128\nunflatten 4x4x8\nupconv 4 2x2 s=2\n"))
    said = {item.content for item in scene.primitives() if isinstance(item, Text)}
    assert {"4×4", "8", "8×8", "4"} <= said


def test_what_is_deep_takes_time_by_its_length() -> None:
    def seconds(count: int) -> float:
        convs = "conv 4 3x3 same\n" * count
        network = parse(f"net a\ninput 64x64x4\n{convs}maxpool f=2 s=2\nupsample 2\n{convs}")
        start = process_time()
        slabs(network)
        return process_time() - start

    seconds(10)
    assert seconds(800) < 20 * seconds(100) + 0.2


@pytest.mark.parametrize("name", ["unet", "siamese", "vgg16", "efficientnet_b0"])
def test_golden(name: str, golden: Callable[[Path, bytes], None]) -> None:
    golden(GOLDEN / f"slabs-{name}.svg", write_svg(slabs(load(name)), "embedded"))


@pytest.mark.parametrize("show", [("relu",), ("bn", "relu"), ("dropout", "softmax"), ("lrn",)])
@pytest.mark.parametrize("name", ["unet", "segnet", "vgg16", "alexnet"])
def test_silent_layers_are_bands_of_their_slab_on_request(name: str, show: tuple[str, ...]) -> None:
    network = load(name)
    plain, banded = slabs(network), slabs(network, show=show)
    kinds = {layer.name: layer.kind.word for layer in network}
    there = set(kinds.values()) & set(show)
    before = {group.id: len(group.items) for group in plain.groups() if group.role == "layer"}
    for group in banded.groups():
        if group.role != "layer" or kinds[group.id] not in ("conv", "fc"):
            continue
        bands = sum(layer.kind.word in show for layer in units(network).by_name[group.id].layers)
        faces = 3 if network[group.layers[-1]].output.is_map else 1
        assert len(group.items) - before[group.id] == faces * bands
    said = {item.content for group in banded.groups() if group.role == "key" for item in group.items
            if isinstance(item, Text)}  # fmt: skip
    words = {"relu": "ReLU", "bn": "BN", "dropout": "dropout", "softmax": "softmax", "lrn": "LRN"}
    assert said & set(words.values()) == {words[each] for each in there}
    assert faults(banded) == []
    assert fronts(banded).keys() == fronts(plain).keys()


@pytest.mark.parametrize("seed", range(30))
def test_lines_that_pass_something_by_are_thinner(seed: int) -> None:
    scene = slabs(parse(random_levels(seed)), 4000.0)
    owner = {name: group.id for group in scene.groups() if group.role == "layer" for name in group.layers}
    lines: dict[tuple[str, str], list[drawn.Path]] = {}
    for group in scene.groups():
        data = dict(group.data)
        if group.role == "edge" and data["src"] in owner and data["dst"] in owner:
            paths = [item for item in group.items if isinstance(item, drawn.Path)]
            lines[owner[data["src"]], owner[data["dst"]]] = paths

    def leads(start: str, end: str, but: tuple[str, str]) -> bool:
        ahead, seen = [start], {start}
        while ahead:
            at = ahead.pop()
            for source, target in lines:
                if source == at and (source, target) != but and target not in seen:
                    seen.add(target)
                    ahead.append(target)
        return end in seen

    em = min(item.size for item in scene.primitives() if isinstance(item, Text))
    for ends, paths in lines.items():
        for path in paths:
            width = path.stroke.width / em
            glued = width < 0.06
            passes = leads(ends[0], ends[1], but=ends)
            assert (
                glued
                or width == pytest.approx(0.065 if passes else 0.1)
                or width == pytest.approx(0.1 if passes else 0.15)
            ), ends
