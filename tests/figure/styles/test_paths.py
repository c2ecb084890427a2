"""One path with arcs, alone and beside another: every network that ships, and random ones, at all widths."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pytest

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.choice import AUTO, choose
from cnngraph.figure.page import height
from cnngraph.figure.scene import Circle, Group, Item, Path, Polygon, Rect, Scene, Text
from cnngraph.figure.spine import spine
from cnngraph.figure.stages import moved
from cnngraph.figure.styles import Order, draw
from cnngraph.figure.text import width as text_width
from cnngraph.figure.text import wrapped
from cnngraph.figure.theme import LIGHT
from cnngraph.figure.tracks import levels
from cnngraph.figure.truth import untrue
from cnngraph.fronts import parse
from cnngraph.network import Network
from cnngraph.shipped import shipped
from tests.figure.geometry import adrift, bounds, faults, loose_ends, struck
from tests.figure.graphs import random_path
from tests.networks import load

WIDTHS = (252.0, 504.0, 960.0)
STYLES = ("strip", "units")


def is_path(network: Network) -> bool:
    try:
        spine(network, "strip")
    except CnngraphError:
        return False
    return True


NETWORKS = {name: load(name) for name in shipped()}
PATHS = [name for name, network in NETWORKS.items() if is_path(network)]
NAMED = [
    ("plain34", "resnet"), ("mobilenet_v1", "mobilenet_v2"), ("efficientnet_b0", "mobilenet_v2"),
    ("densenet121", "resnet"), ("resnet", "se_resnet50"), ("plain_network", "residual_network"),
]  # fmt: skip
OTHERS = [pair for pair in combinations(PATHS, 2) if pair not in NAMED]
PAIRS = [*NAMED, *random.Random(34).sample(OTHERS, 12)]


def drawn(networks: list[Network], style: str, width: float = 960.0, **wanted: object) -> Scene:
    return draw(Order(networks, style, width, LIGHT, **wanted))  # type: ignore[arg-type]


def drawn_or_code(networks: list[Network], style: str, width: float = 960.0, **wanted: object) -> Scene | str:
    """The figure, or the code of the message with which the style refuses it."""
    try:
        return drawn(networks, style, width, **wanted)
    except CnngraphError as error:
        return error.diagnostics[0].code


def wrong(scene: Scene, width: float) -> list[str]:
    """What is wrong with its geometry. An arrow keeps a little air from the words that it leads to."""
    air = 0.6 * min(item.size for item in scene.primitives() if isinstance(item, Text))
    found = faults(scene) + struck(scene) + loose_ends(scene, air) + adrift(scene, air)
    return [*found, *([f"{scene.width} of {width} pt"] if scene.width > width + 0.01 else [])]


def texts(item: Item) -> list[Text]:
    if isinstance(item, Group):
        return [text for each in item.items for text in texts(each)]
    return [item] if isinstance(item, Text) else []


def strangers(scene: Scene, networks: list[Network]) -> list[str]:
    """Layers whose row is named after another network than theirs."""
    names = [item for item in scene.items if isinstance(item, Text) and item.angle == 90]
    found = []
    for group in scene.groups():
        if group.role == "layer":
            boxes = [bounds(item) for item in group.items if isinstance(item, Rect | Text)]
            middle = (min(box[1] for box in boxes) + max(box[3] for box in boxes)) / 2
            nearest = min(abs(name.y - middle) for name in names)
            beside = " ".join(name.content for name in names if abs(name.y - middle) < nearest + 0.01)
            network = networks[int(group.id.partition(".")[0]) - 1]
            if beside != network.title:
                found.append(f"{group.id} is beside {beside}")
    return found


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", PATHS)
def test_one_network_at_every_width(name: str, style: str) -> None:
    folds = (None, True) if style == "units" else (None, False, True)
    for turn, width in enumerate(WIDTHS, PATHS.index(name)):
        assert wrong(drawn([NETWORKS[name]], style, width, fold=folds[turn % len(folds)]), width) == []


@pytest.mark.parametrize(("number", "pair"), list(enumerate(PAIRS)), ids=["-".join(pair) for pair in PAIRS])
def test_two_networks_at_every_width(number: int, pair: tuple[str, str]) -> None:
    networks = [NETWORKS[name] for name in pair]
    for turn, width in enumerate(WIDTHS):
        for style in STYLES:
            scene = drawn(networks, style, width, fold=(None, False, True)[(number + turn) % 3])
            assert untrue(scene, networks) == []
            assert wrong(scene, width) == []
            assert strangers(scene, networks) == []


@pytest.mark.parametrize("seed", range(60))
def test_any_path_is_drawn_as_it_is_and_fits(seed: int) -> None:
    rng = random.Random(seed)
    networks = [parse(random_path(seed, vectors=seed % 3 == 0))]
    if seed % 2:
        networks.append(parse(random_path(1000 + seed, length=60)))
    for style in STYLES:
        width, fold = rng.choice([150.0, *WIDTHS]), rng.choice([None, True])
        scene = drawn_or_code(networks, style, width, fold=fold)
        if isinstance(scene, str):
            assert scene == "E0606"
            continue
        assert untrue(scene, networks) == []
        assert wrong(scene, width) == []


# Where things stand --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pair", [("mobilenet_v1", "mobilenet_v2"), ("mobilenet_v1", "vgg16"), ("vgg16", "plain34")], ids="-".join
)
def test_stages_begin_over_each_other(pair: tuple[str, str]) -> None:
    networks = [NETWORKS[name] for name in pair]
    scene = drawn(networks, "strip")
    begins: list[dict[object, float]] = [{}, {}]
    for group in scene.groups():
        if group.role == "layer":
            number, _, name = group.id.partition(".")
            volume, box = networks[int(number) - 1][name].output, bounds(group.items[0])  # type: ignore[arg-type]
            if volume.is_map and volume.height != 1:
                begins[int(number) - 1].setdefault(volume.height, (box[0] + box[2]) / 2)
    common = begins[0].keys() & begins[1].keys()
    assert len(common) >= 5
    assert [begins[0][key] for key in common] == pytest.approx([begins[1][key] for key in common], abs=5)


def test_names_are_whole_and_a_title_is_above_them() -> None:
    networks = [NETWORKS["plain_network"], NETWORKS["residual_network"]]
    for style in STYLES:
        plain, titled = drawn(networks, style), drawn(networks, style, title="With and without")
        for scene in (plain, titled):
            words = " ".join(text.content for text in scene.primitives() if isinstance(text, Text) and text.angle == 90)
            assert "Plain network" in words
            assert "Residual network" in words
        (head,) = (
            text for text in titled.primitives() if isinstance(text, Text) and text.content == "With and without"
        )
        assert head.y < min(bounds(item)[1] for item in titled.primitives() if item is not head)
        assert titled.height > plain.height


@pytest.mark.parametrize("style", STYLES)
def test_a_long_name_without_blanks_is_not_cut(style: str) -> None:
    name = "a_network_whose_name_is_longer_than_any_of_its_rows_is_high"
    texts = [f"net {each}\ninput 8\nfc 4 relu\nfc 4\n" for each in (name, f"{name}_too")]
    scene = drawn([parse(text) for text in texts], style, 252.0)
    assert wrong(scene, 252.0) == []
    assert {name, f"{name}_too"} <= {item.content for item in scene.primitives() if isinstance(item, Text)}


@pytest.mark.parametrize("style", STYLES)
def test_what_does_not_fit_says_what_would(style: str) -> None:
    networks = [NETWORKS["residual_block"], NETWORKS["se_resnet50"]]
    with pytest.raises(CnngraphError, match=r"(?s)E0604.*a row with one column takes") as raised:
        drawn(networks, style, 60.0)
    least = re.search(r"--width (\d+)pt", str(raised.value))
    assert least
    assert drawn(networks, style, float(least[1])).width <= float(least[1])


@pytest.mark.parametrize("style", STYLES)
def test_an_arc_longer_than_a_row_has_a_letter_at_both_ends(style: str) -> None:
    steps = "\n".join(f"c{number}: conv 8 3x3 same" for number in range(40))
    network = parse(f"net long\ninput 16x16x8\nstart: conv 8 1x1\n{steps}\nend: add start\nconv 8 1x1\n")
    scene = drawn([network], style, 252.0)
    assert wrong(scene, 252.0) == []
    (arc,) = (group for group in scene.groups() if group.id == "start--end")
    assert [text.content for text in texts(arc)] == ["A", "A"]
    assert len([item for item in arc.items if isinstance(item, Path)]) == 2
    letters = [item.content for item in scene.primitives() if isinstance(item, Text) and len(item.content) == 1]
    assert letters.count("A") == 2


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("pair", NAMED[:2], ids="-".join)
def test_a_wrong_place_is_found(pair: tuple[str, str], style: str) -> None:
    networks = [NETWORKS[name] for name in pair]
    scene = drawn(networks, style, 504.0)
    for place, item in enumerate(scene.items):
        if isinstance(item, Group) and item.role == "edge" and item.title:
            assert wrong(spoiled(scene, place, moved(item, -30.0, "")), 504.0)
            assert untrue(spoiled(scene, place), networks)
        if isinstance(item, Text) and item.angle == 90:
            assert strangers(spoiled(scene, place, item._replace(content="Another")), networks)


def spoiled(scene: Scene, place: int, *instead: Item) -> Scene:
    return replace(scene, items=(*scene.items[:place], *instead, *scene.items[place + 1 :]))


# Folding -------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
def test_what_is_higher_than_a_page_is_folded_and_says_so(style: str) -> None:
    for name in ("densenet121", "se_resnet50", "convnext_tiny"):
        network = NETWORKS[name]
        folded, whole = drawn([network], style), drawn([network, network], style, fold=False)
        assert folded.remarks[0] == "folded: equal neighbours once, with how often"
        assert folded.height < whole.height / 2
        shown = {layer for group in folded.groups() for layer in group.layers}
        assert shown >= {layer.name for layer in network.layers if not layer.kind.idle}
        assert untrue(folded, [network]) == []
    assert drawn([NETWORKS["densenet121"]], "strip").height < height(960.0)


@pytest.mark.parametrize("style", STYLES)
def test_how_often_is_how_often(style: str) -> None:
    network = NETWORKS["densenet121"]
    scene = drawn([network], style, fold=True)
    repeats = [(place, item) for place, item in enumerate(scene.items)
               if isinstance(item, Group) and dict(item.data).get("times")]  # fmt: skip
    assert [text.content for _, item in repeats for text in texts(item)] == ["×6", "×12", "×24", "×16"]
    for place, item in repeats:
        assert untrue(spoiled(scene, place), [network])
        fewer = item._replace(layers=item.layers[: len(item.layers) // 2])
        assert untrue(spoiled(scene, place, fewer), [network])


def test_equal_words_fold_and_others_do_not() -> None:
    network = parse(
        "net t\ninput 8x8x4\n[conv 4 3x3 same relu] x3\nconv 4 1x1\n[conv 4 3x3 same relu] x2\nconv 5 1x1\n"
    )
    scene = drawn([network], "strip", fold=True)
    marks = [item.content for item in scene.primitives() if isinstance(item, Text) and item.content.startswith("×")]
    assert marks == ["×3", "×2"]
    shared = parse("net t\ninput 8x8x4\nc: conv 4 3x3 same\nagain c\nconv 4 1x1\n")
    assert not [group for group in drawn([shared], "strip", fold=True).groups() if dict(group.data).get("times")]


# Units ---------------------------------------------------------------------------------------


def landing(scene: Scene, id: str) -> tuple[float, float]:
    (group,) = (group for group in scene.groups() if group.id == id)
    (head,) = (item for item in group.items if isinstance(item, Polygon))
    return head.points[0]


def test_units_lands_where_the_join_is() -> None:
    network = parse(
        "net t\ninput 8x8x4\nc: conv 4 1x1\n"
        "d: conv 4 3x3 same\ns: add c\nr: relu\n"
        "e: conv 4 3x3 same relu\nu: add r\n"
        "f: conv 4 3x3 same\nm: mul u\n"
        "g: conv 4 3x3 same relu\nn: concat m\nconv 4 1x1\n"
    )
    scene = drawn([network], "units", 960.0)
    drawn_as = {group.id: group for group in scene.groups() if group.role == "layer"}
    assert "s" not in drawn_as  # added before the non-linearity: onto the column
    left, _, right, _ = bounds(drawn_as["d"].items[0])  # type: ignore[arg-type]
    assert landing(scene, "c--s")[0] == pytest.approx((left + right) / 2)
    for source, join, word in (("s", "u", "add"), ("u", "m", "mul"), ("m", "n", "concat")):
        (text,) = texts(drawn_as[join])
        assert text.content == word
        x, y = landing(scene, f"{source}--{join}")
        assert x == pytest.approx(text.x)
        assert y < bounds(text)[1]


def test_what_another_arc_takes_before_a_sum_leaves_before_the_sum() -> None:
    network = parse("net t\ninput 8x8x4\nx: conv 4 1x1\nc: conv 4 1x1\ns: add x\nd: conv 4 1x1\nt: add c\nconv 4 1x1\n")
    for style in STYLES:
        scene = drawn([network], style)
        at = {group.id: bounds(group.items[0])[0] for group in scene.groups() if group.role == "layer"}  # type: ignore[arg-type]
        (arc,) = (group for group in scene.groups() if group.id == "c--t")
        left = min(bounds(item)[0] for item in arc.items if isinstance(item, Path | Circle))
        assert at["c"] < left < at["s"] + 1


@pytest.mark.parametrize("style", STYLES)
def test_several_arcs_of_the_same_ends_are_several(style: str) -> None:
    branches = "| conv 4 3x3 same relu -> conv 4 1x1\n| skip\n| skip -> conv 4 1x1\n"
    network = parse(f"net t\ninput 8x8x4\nx: conv 4 1x1\nadd {{\n{branches}}}\nrelu\nconv 4 1x1\n")
    for fold in (None, False):
        scene = drawn([network], style, fold=fold)
        assert wrong(scene, 960.0) == []
        ids = [group.id for group in scene.groups()]
        assert len(set(ids)) == len(ids)
        assert {"x--add1", "x--add1-2"} <= set(ids)


def test_what_passes_nothing_is_refused() -> None:
    network = parse("net t\ninput 8x8x4\nx: conv 4 1x1\ny: add x x\nconv 4 1x1\n")
    for style in STYLES:
        with pytest.raises(CnngraphError, match=r"(?s)E0606.*passes nothing that is drawn"):
            drawn([network], style)


@pytest.mark.parametrize("seed", range(80))
def test_a_path_written_out_is_what_it_is(seed: int) -> None:
    network = parse(random_path(seed, length=5, vectors=seed % 2 == 0))
    if not is_path(network):
        return
    scene = drawn_or_code([network], "units", 960.0, fold=False)
    if isinstance(scene, str):
        assert scene == "E0604"
        return
    assert untrue(scene, [network]) == []
    assert wrong(scene, 960.0) == []


def values(network: Network, weights: dict[str, np.ndarray], start: np.ndarray) -> np.ndarray:
    """What *network* makes of *start*, layer by layer."""
    found = {network.layers[0].name: start}
    for layer in network.layers[1:]:
        taken = [found[name] for name in layer.inputs]
        match layer.kind.word:
            case "fc":
                made = weights[f"{layer.name}.W"] @ taken[0] + weights.get(f"{layer.name}.b", 0.0)
            case "relu":
                made = np.maximum(taken[0], 0)
            case "add":
                made = np.sum(taken, axis=0)
            case _:
                made = taken[0]
        found[layer.name] = made
    return found[network.outputs[0].layer]


PIECE = re.compile(r"(?:W(s|\[.*?\]))?([abxz](?:s|\[.*?\])?)")


def by_formulas(lines: list[str], letters: dict[str, np.ndarray]) -> np.ndarray:
    """What the formulas of a figure come to."""
    known = dict(letters)
    for line in lines:
        name, _, right = line.partition(" = ")
        activated = re.fullmatch(r"g(?:\[.*?\])?\((.*)\)", right)
        total = np.zeros(())
        for piece in (activated[1] if activated else right).split(" + "):
            matched = PIECE.fullmatch(piece)
            assert matched, piece
            value = known[matched[2]]
            total = total + (known[f"W{matched[1]}"] @ value if matched[1] else value)
        known[name] = np.maximum(total, 0) if activated else total
    return known[name]


def test_formulas_compute_what_the_network_computes() -> None:
    said = 0
    for seed in range(300):
        network = parse(random_path(seed, length=5, vectors=True))
        scene = drawn_or_code([network], "units", fold=False)
        if isinstance(scene, str):
            continue
        lines = ["".join(t.content for t in texts(g)) for g in scene.groups() if g.id == "formula"]
        if not lines:
            continue
        said += 1
        rng = np.random.default_rng(seed)
        path = spine(network, "units")
        side = {unit.name for arc in path.arcs for unit in arc.through}
        dense = [layer for layer in network.layers if layer.kind.word == "fc"]
        letters = {"a[l]": rng.normal(size=8), "x": rng.normal(size=8)}
        weights, number = {}, 0
        for layer in dense:
            number += layer.name not in side
            script = "s" if layer.name in side else f"[l+{number}]"
            weights[f"{layer.name}.W"] = letters[f"W{script}"] = rng.normal(size=(8, 8))
            if "bias" in layer.parameters:
                weights[f"{layer.name}.b"] = letters[f"b{script}"] = rng.normal(size=8)
        made = values(network, weights, letters["a[l]"])
        np.testing.assert_allclose(by_formulas(lines, letters), made, err_msg=f"{seed}: {lines}")
    assert said > 20


# Branches ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pair", [("squeezenet", "squeezenet1_1"), ("unet", "siamese"), ("resnet", "googlenet")], ids="-".join
)
def test_two_networks_that_branch_stand_one_under_the_other(pair: tuple[str, str]) -> None:
    networks = [NETWORKS[name] for name in pair]
    assert choose(Order(networks, AUTO, WIDTHS[0], LIGHT)).style == "blocks"
    for width in WIDTHS:
        scene = drawn(networks, "blocks", width, title="Two")
        assert untrue(scene, networks) == []
        assert faults(scene) + struck(scene) + loose_ends(scene) == []
        groups = list(scene.groups())
        assert len({group.id for group in groups}) == len(groups)
        tops: list[list[float]] = [[], []]
        for group in groups:
            number = int(group.id.partition(".")[0])
            tops[number - 1] += [bounds(item)[1] for item in group.items if not isinstance(item, Group)]
        assert max(tops[0]) < min(tops[1])
        heads = [item.content for item in scene.items if isinstance(item, Text)]
        assert heads == ["Two", *(network.title for network in networks)]
        for place, item in enumerate(scene.items):
            if isinstance(item, Group) and item.role == "edge":
                assert untrue(spoiled(scene, place), networks)


def test_refusals_lead_to_a_figure() -> None:
    networks = [NETWORKS["squeezenet"], NETWORKS["squeezenet1_1"]]
    for style in STYLES:
        with pytest.raises(CnngraphError) as raised:
            drawn(networks, style)
        assert raised.value.diagnostics[0].help == "--style blocks draws branches"
    assert drawn(networks, "blocks").items
    with pytest.raises(CnngraphError) as raised:
        drawn(networks, "volumes")
    for style in re.findall(r"--style (\w+)", raised.value.diagnostics[0].help or ""):
        assert drawn_or_code(networks, style) == "E0606" if style in STYLES else drawn(networks, style)


# Pieces --------------------------------------------------------------------------------------


def test_arcs_that_meet_run_at_different_heights() -> None:
    rng = random.Random(1)
    for _ in range(300):
        arcs = [(start, start + rng.randint(0, 8)) for start in (rng.randint(0, 20) for _ in range(rng.randint(0, 9)))]
        for (a, level), (b, other) in combinations(zip(arcs, levels(arcs), strict=True), 2):
            if a[0] <= b[1] and b[0] <= a[1]:
                assert level != other
                assert (level < other) == (a[1] - a[0] <= b[1] - b[0]) or a[1] - a[0] == b[1] - b[0]


def test_wrapped_lines_are_all_the_words_and_as_few_as_can_be() -> None:
    rng = random.Random(2)
    for _ in range(200):
        words = ["x" * rng.randint(1, 9) for _ in range(rng.randint(1, 9))]
        room = rng.uniform(5, 80)
        lines = wrapped(" ".join(words), "sans", 6.0, room)
        assert " ".join(lines).split() == words
        assert all(text_width(line, "sans", 6.0) <= room or " " not in line for line in lines)
        for first, second in pairwise(lines):
            assert text_width(f"{first} {second}", "sans", 6.0) > room or len(lines) > 2


# Side by side --------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(40))
def test_columns_of_a_network_stand_together(seed: int) -> None:
    rng = random.Random(seed)
    networks = [parse(random_path(seed, length=rng.randint(5, 60))), parse(random_path(500 + seed, length=40))]
    width = rng.choice(WIDTHS[1:])
    scene = drawn_or_code(networks, "strip", width, down=True)
    if isinstance(scene, str):
        assert scene == "E0606"
        return
    assert untrue(scene, networks) == []
    assert faults(scene) == []
    columns: list[set[float]] = [set(), set()]
    for group in scene.groups():
        if group.role == "layer":
            columns[int(group.id.partition(".")[0]) - 1].add(round(texts(group)[0].x))
    assert max(columns[0]) < min(columns[1])


@pytest.mark.parametrize("seed", range(40))
def test_a_resolution_has_one_colour_and_neighbours_have_two(seed: int) -> None:
    rng = random.Random(seed)
    sizes = [[2**power for power in sorted(rng.sample(range(2, 9), rng.randint(2, 5)), reverse=True)] for _ in "ab"]
    networks = []
    for number, wanted in enumerate(sizes):
        lines = [f"net n{number}", f"input {wanted[0]}x{wanted[0]}x3", "conv 8 3x3 same"]
        lines += [f"conv 8 3x3 same s={one // other}" for one, other in pairwise(wanted)]
        networks.append(parse("\n".join(lines)))
    found: dict[tuple[int, object], object] = {}
    for group in drawn(networks, "strip").groups():
        for item in group.items:
            if group.role == "layer" and isinstance(item, Rect):
                at, _, name = group.id.partition(".")
                found[int(at) - 1, networks[int(at) - 1][name].output.height] = item.fill
    for size in {*sizes[0], *sizes[1]}:
        assert len({fill for (_, each), fill in found.items() if each == size}) == 1
    for number, wanted in enumerate(sizes):
        assert all(found[number, one] != found[number, other] for one, other in pairwise(wanted))
