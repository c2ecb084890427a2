from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path as File

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.page import height
from cnngraph.figure.scene import Circle, Group, Item, Path, Picture, Polygon, Rect, Scene, Text
from cnngraph.figure.styles.volumes import volumes
from cnngraph.figure.theme import LIGHT
from cnngraph.figure.writers.svg import write_svg
from cnngraph.fronts import parse
from cnngraph.network import Network
from cnngraph.volume import as_int
from tests.figure.geometry import arrow_lengths, faults, loose_tips
from tests.networks import load

GOLDEN = File(__file__).parent.parent / "golden"
CHAINS = ["lenet5", "alexnet", "vgg16", "lecture_cnn", "nin", "mobilenet_v1", "plain34", "plain_network", "conv1x1"]
LONG = ("vgg16", "mobilenet_v1", "plain34")
"""What is higher than a slide unless its text is smaller than elsewhere."""
WIDTHS = {"column": 252.0, "page": 504.0, "slide": 960.0}


def drawn(network: Network, width: float = 960.0, **more: object) -> Scene:
    return volumes(network, width=width, theme=LIGHT, title=network.title or None, **more)  # type: ignore[arg-type]


def texts(scene: Scene) -> list[str]:
    return [item.content for item in scene.primitives() if isinstance(item, Text)]


def groups(scene: Scene) -> dict[str, Group]:
    return {group.id: group for group in scene.groups()}


def words(group: Group) -> list[str]:
    return [item.content for item in group.items if isinstance(item, Text)]


def cuboids(scene: Scene) -> dict[str, tuple[float, float, float]]:
    """Front height, front width and depth of every cuboid, by layer."""
    found = {}
    for group in scene.groups():
        faces = [item for item in group.items if isinstance(item, Polygon)]
        if group.role == "layer" and len(faces) == 3:
            (left, top), (right, _), (_, bottom), _ = faces[2].points
            found[group.id] = (bottom - top, right - left, faces[0].points[1][0] - left)
    return found


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("name", CHAINS)
def test_every_chain_fits_every_page_and_can_be_read(name: str, width: float) -> None:
    scene = drawn(load(name), width)
    em = min(item.size for item in scene.primitives() if isinstance(item, Text))
    assert faults(scene) == []
    assert loose_tips(scene, 0.35 * em) == []
    assert scene.width <= width
    assert em >= 6
    assert name in LONG or em * min(1.0, 504 / scene.width) >= 6  # printed 7 inches wide
    assert width < 960 or em >= (10 if name in LONG else 14)
    assert scene.height <= height(width)


@pytest.mark.parametrize("name", CHAINS)
def test_every_volume_and_every_number_on_the_figure_is_the_networks(name: str) -> None:
    network = load(name)
    scene, counts = drawn(network), {"parameters": 0, "MACs": 0}
    layers = [group for group in scene.groups() if group.role == "layer"]
    for group in layers:
        caption = network[group.id].output.caption
        assert any(caption in word for word in words(group)), group.id
        assert group.title.startswith(f"{group.id}: {caption}")
        for number, what in re.findall(r"([\d,]+) (parameters|MACs)", group.title):
            counts[what] += int(number.replace(",", ""))
    assert counts == {"parameters": network.params, "MACs": network.macs}
    edges = [dict(group.data) for group in scene.groups() if group.role == "edge"]
    names = [group.id for group in layers]
    assert [(edge["src"], edge["dst"]) for edge in edges] == list(pairwise(names))


@pytest.mark.parametrize("name", CHAINS)
def test_all_arrows_between_volumes_have_one_length_and_all_between_vectors(name: str) -> None:
    network = load(name)
    scene = drawn(network)

    def lengths(between_vectors: bool) -> set[float]:
        def wanted(group: Item) -> bool:
            ends = [network[end].output for key, end in group.data] if isinstance(group, Group) else []
            return bool(ends) and all(not end.is_map for end in ends) is between_vectors

        kept = replace(scene, items=tuple(filter(wanted, scene.items)))
        return {round(length, 6) for length in arrow_lengths(kept)}

    assert lengths(False) | lengths(True)
    assert len(lengths(False)) <= 1
    assert len(lengths(True)) <= 1


@pytest.mark.parametrize("name", ["lenet5", "alexnet", "vgg16", "mobilenet_v1"])
def test_larger_volumes_are_drawn_larger_on_one_scale(name: str) -> None:
    network = load(name)
    shown = [(network[layer].output.dims, sides) for layer, sides in cuboids(drawn(network)).items()]
    for dims, sides in shown:
        for other, others in shown:
            for axis in range(3):
                if dims[axis] == other[axis]:
                    assert sides[axis] == pytest.approx(others[axis])
                elif as_int(dims[axis]) < as_int(other[axis]):
                    assert sides[axis] < others[axis]


def test_lenet_says_what_the_slide_says() -> None:
    scene = drawn(load("lenet5"))
    found = groups(scene)
    assert words(found["image--conv1"]) == ["5×5", "s = 1"]
    assert words(found["conv1--avgpool1"]) == ["avg pool", "f = 2", "s = 2"]
    assert words(found["avgpool2--fc1"]) == ["FC"]
    assert "flatten1" not in found
    assert words(found["fc3"]) == ["ŷ", "Softmax 10"]
    captions = ["32×32×1", "28×28×6", "14×14×6", "10×10×16", "5×5×16", "120", "84"]
    assert [text for text in texts(scene) if text in captions] == captions
    assert found["conv1"].title == "conv1: 28×28×6, 156 parameters, 117,600 MACs"
    assert any(isinstance(item, Path) for item in found["image"].items)


def test_alexnet_says_what_the_slide_says() -> None:
    scene = drawn(load("alexnet"))
    found = groups(scene)
    assert words(found["image--conv1"]) == ["11×11", "s = 4"]
    assert words(found["conv1--maxpool1"]) == ["MAX-POOL", "3×3", "s = 2"]
    assert words(found["maxpool1--conv2"]) == ["5×5", "same"]
    assert words(found["maxpool3--flatten1"]) == ["="]
    assert words(found["flatten1"]) == ["9216"]
    assert words(found["fc3"]) == ["Softmax 1000"]
    assert sum(isinstance(item, Circle) for item in found["fc3"].items) == 1


def test_the_red_grid_is_in_front_of_the_green_and_the_green_in_front_of_the_blue() -> None:
    image = groups(drawn(load("alexnet")))["image"]
    sheets = [item for item in image.items if isinstance(item, Rect) and item.fill]
    assert [sheet.fill for sheet in sheets] == list(reversed(LIGHT.rgb))
    assert sheets[0].x > sheets[1].x > sheets[2].x
    assert sheets[0].y < sheets[1].y < sheets[2].y


def test_rows_after_the_first_begin_with_an_arrow_and_captions_share_a_baseline() -> None:
    scene = drawn(load("alexnet"))
    layers = [group for group in scene.groups() if group.role == "layer"]
    rows: dict[float, list[str]] = {}
    for group in layers[:-1]:
        (caption,) = [item for item in group.items if isinstance(item, Text)]
        rows.setdefault(round(caption.y, 3), []).append(group.id)
    assert [row[0] for row in rows.values()] == ["image", "conv3"]
    first = next(item for item in groups(scene)["maxpool2--conv3"].items if isinstance(item, Path))
    assert first.steps[0].to[0] < 30


def test_activation_normalization_and_dropout_get_no_arrow_of_their_own() -> None:
    network = parse("net n\ninput 8x8x4\nconv 8 3x3 bn relu -> lrn n=5 -> dropout 0.5 -> relu -> maxpool f=2 s=2\n")
    assert [group.id for group in drawn(network).groups() if group.role == "layer"] == ["image", "conv1", "maxpool1"]


@pytest.mark.parametrize(
    ("lines", "is_drawn"),
    [
        ("flatten\nfc 8", True),
        ("maxpool f=2 s=2 -> flatten\nfc 8", True),
        ("flatten -> fc 8", False),
        ("maxpool f=2 s=2 -> flatten -> fc 8", False),
        ("flatten -> dropout 0.5\nfc 8", True),
        ("flatten -> dropout 0.5 -> fc 8", False),
    ],
)
def test_a_flatten_on_the_line_of_its_layer_has_no_column(lines: str, is_drawn: bool) -> None:
    network = parse(f"net n\ninput 4x4x3\n{lines}\n")
    assert ("flatten1" in groups(drawn(network))) is is_drawn
    bare = replace(network, layers=tuple(replace(layer, span=None) for layer in network.layers))
    assert "flatten1" in groups(drawn(bare))


def test_a_flatten_is_drawn_where_a_fully_connected_layer_sees_it() -> None:
    assert "flatten1" in groups(drawn(load("mobilenet_v1")))
    nin = groups(drawn(load("nin")))
    assert "flatten1" not in nin
    assert words(nin["softmax1"]) == ["Softmax 1000"]
    assert words(nin["maxpool3--conv1"]) == ["3×3", "same"]


def test_a_vector_that_becomes_a_volume_is_drawn_as_both() -> None:
    scene = drawn(parse("net n\ninput 100\nfc 196 relu -> unflatten 7x7x4\nupconv 8 4x4 s=2 p=1\nflatten\n"))
    found = groups(scene)
    assert [words(found[name]) for name in ("fc1", "unflatten1", "upconv1")] == [["196"], ["7×7×4"], ["14×14×8"]]
    assert "=" in texts(scene)
    assert faults(scene) == []


def test_few_units_are_all_drawn() -> None:
    scene = drawn(parse("net n\ninput 3\nfc 200 relu\nfc 2\n"))
    found = groups(scene)
    assert [sum(isinstance(i, Circle) and i.radius > 2 for i in found[n].items) for n in ("image", "fc2")] == [3, 2]
    assert faults(scene) == []


@pytest.mark.parametrize("units", [1, 2, 3, 4, 5, 6, 10, 100, 10_000])
def test_circles_and_dots_of_a_column_do_not_touch(units: int) -> None:
    column = groups(drawn(parse(f"net n\ninput 20000\nfc {units}\n")))["fc1"]
    circles = sorted((item for item in column.items if isinstance(item, Circle)), key=lambda circle: circle.y)
    (box,) = [item for item in column.items if isinstance(item, Rect)]
    assert len([circle for circle in circles if circle.radius > 3]) == min(units, 3)
    assert box.y < circles[0].y - circles[0].radius
    assert circles[-1].y + circles[-1].radius < box.y + box.height
    for above, below in pairwise(circles):
        assert below.y - above.y > above.radius + below.radius + 1


def test_maps_need_not_be_square_nor_channels_three() -> None:
    network = parse("net n\ninput 1x128x40\nconv 64 1x5 same relu\nmaxpool f=1x2 s=1x2\nconv 512 1x3 s=1x2\n")
    scene = drawn(network)
    sides = cuboids(scene)
    assert faults(scene) == []
    assert sides["conv1"][1] > 3 * sides["conv1"][0]
    assert words(groups(scene)["conv1--maxpool1"]) == ["MAX-POOL", "1×2", "s = 1×2"]


def test_extreme_sizes_stay_visible() -> None:
    scene = drawn(parse("net n\ninput 4096x4096x1\nconv 1 1x1\nmaxpool f=1024 s=1024\nconv 4096 4x4\n"))
    assert faults(scene) == []
    assert all(min(sides) > 3 for sides in cuboids(scene).values())


def test_free_sizes_are_drawn_with_their_names() -> None:
    scene = drawn(parse("net n\ninput (?H, ?W, 3)\nconv 8 3x3 same relu\nmaxpool f=2 s=2\nconv 16 3x3 same\n"))
    sides = cuboids(scene)
    assert "H×W×8" in texts(scene)
    assert sides["maxpool1"][0] < sides["conv1"][0]
    assert faults(scene) == []


def test_long_titles_and_names_stay_on_the_page() -> None:
    network = load("lenet5")
    for title in ("A rather long title for a network of this size, with a subtitle", "x" * 400):
        assert faults(volumes(network, width=252, theme=LIGHT, title=title)) == []


def picture(kind: str, size: tuple[int, int] = (32, 32)) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(buffer, kind)
    return buffer.getvalue()


def test_the_users_picture_stands_for_the_input() -> None:
    from PIL import Image

    png = picture("PNG")
    (colored,) = [item for item in drawn(load("alexnet"), picture=png).primitives() if isinstance(item, Picture)]
    assert colored.png == png
    (grey,) = [item for item in drawn(load("lenet5"), picture=png).primitives() if isinstance(item, Picture)]
    assert Image.open(io.BytesIO(grey.png)).mode == "L"
    (jpeg,) = [i for i in drawn(load("lenet5"), picture=picture("JPEG")).primitives() if isinstance(i, Picture)]
    assert jpeg.png.startswith(b"\x89PNG")


@pytest.mark.parametrize("data", [b"", b"not a picture", picture("PNG")[:60]])
def test_a_broken_picture_is_refused(data: bytes) -> None:
    with pytest.raises(CnngraphError, match="E0605"):
        drawn(load("lenet5"), picture=data)


@pytest.mark.parametrize(
    ("name", "style"), [("resnet", "strip"), ("inception_module", "blocks"), ("shufflenet_v2", "blocks")]
)
def test_what_is_no_chain_is_refused_with_a_style_that_can(name: str, style: str) -> None:
    with pytest.raises(CnngraphError, match="E0603") as caught:
        drawn(load(name))
    assert f"--style {style}" in caught.value.diagnostics[0].help


def test_too_small_a_width_is_refused_with_one_that_will_do() -> None:
    with pytest.raises(CnngraphError, match="E0604") as caught:
        drawn(load("lenet5"), width=50)
    needed = re.search(r"--width (\d+)pt", caught.value.diagnostics[0].help)
    assert needed
    assert drawn(load("lenet5"), width=float(needed[1])).width <= float(needed[1])


def test_a_network_of_one_layer_is_a_figure() -> None:
    assert faults(drawn(parse("net n\ninput 8x8x3\nconv 4 3x3\n"))) == []


@pytest.mark.parametrize("name", ["lenet5", "alexnet"])
def test_the_figure_is_the_one_we_accepted(name: str, golden: Callable[[File, bytes], None]) -> None:
    golden(GOLDEN / f"volumes-{name}.svg", write_svg(drawn(load(name))))


STEPS = st.one_of(
    st.builds(
        "conv {} {}x{} s={} same relu".format, st.integers(1, 2048), *[st.integers(1, 11)] * 2, st.integers(1, 4)
    ),
    st.builds("dwconv 3x3 s={} same d={}".format, st.just(1), st.integers(1, 3)),
    st.builds("maxpool f={} s={} same".format, st.integers(1, 3), st.integers(1, 3)),
    st.sampled_from(
        [
            "avgpool global",
            "upsample 2 bilinear",
            "relu",
            "dropout 0.2",
            "grn",
            "eca 3",
            "sepconv 8 3x3 s=2 same",
            "maxpool to=3",
            "flatten -> fc 36 -> unflatten 2x3x6",
            "conv 8 3x3 p=(0, 1, 2, 3)",
        ]
    ),
)


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(1, 600), st.integers(1, 600), st.sampled_from([1, 2, 3, 64])),
    steps=st.lists(STEPS, max_size=14),
    ends=st.lists(st.integers(1, 5000), max_size=3),
    width=st.sampled_from([252.0, 504.0, 960.0]),
)
def test_no_chain_has_faults(size: tuple[int, int, int], steps: list[str], ends: list[int], width: float) -> None:
    lines = ["net n", f"input {'x'.join(map(str, size))}", *steps]
    lines += ["flatten", *(f"fc {units} relu" for units in ends), "softmax 7"] if ends else ["conv 3 1x1"]
    try:
        network = parse("\n".join(lines) + "\n")
    except CnngraphError:
        assume(False)
    scene = volumes(network, width=width, theme=LIGHT, title="Any chain")
    assert faults(scene) == []
    assert scene.width <= width


@pytest.mark.parametrize(
    ("size", "classes", "is_digit"),
    [("32x32x1", 10, True), ("28x28x1", 10, True), ("32x32x1", 26, False), ("64x96x1", 10, False)],
)
def test_without_a_picture_what_is_no_digit_is_any_picture(size: str, classes: int, is_digit: bool) -> None:
    scene = drawn(parse(f"net n\ninput {size}\nconv 4 3x3\nflatten\nsoftmax {classes}\n"))
    items = groups(scene)["image"].items
    assert any(isinstance(item, Path) for item in items) is is_digit
    assert any(isinstance(item, Polygon) for item in items) is not is_digit
    assert faults(scene) == []
