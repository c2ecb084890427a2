"""The picture with what a cell sees of it, in figures of one layer."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnngraph import parse
from cnngraph.diagnostics import CnngraphError
from cnngraph.field import sights
from cnngraph.figure.scene import Group, Picture, Rect, Scene, Text
from cnngraph.figure.styles.operation import operation
from cnngraph.figure.theme import LIGHT
from cnngraph.network import Network
from cnngraph.volume import as_int
from tests.conftest import ROOT, Run
from tests.figure.geometry import faults
from tests.layers.test_field import STEPS
from tests.networks import load

SEVEN = (ROOT / "examples" / "seven.png").read_bytes()


def drawn(network: Network, layer: str, cell: tuple[int, int] | None = None, width: float = 960.0) -> Scene:
    return operation(network, layer, width=width, theme=LIGHT, cell=cell, picture=SEVEN)


def groups(scene: Scene) -> dict[str, Group]:
    return {group.id: group for group in scene.groups()}


def places(scene: Scene, layer: str, height: int) -> tuple[list[Rect], list[Rect], float, float, float]:
    """The dashed and the plain outlines, and where the picture begins and how large a pixel is."""
    (shown,) = [item for item in scene.primitives() if isinstance(item, Picture)]
    outlines = [item for item in groups(scene)[f"{layer}.field"].items if isinstance(item, Rect)]
    dashed = [each for each in outlines if each.stroke and each.stroke.dash]
    plain = [each for each in outlines if each.stroke and not each.stroke.dash]
    return dashed, plain, shown.x, shown.y, shown.height / height


def near(rect: Rect, rows: tuple[int, int], columns: tuple[int, int], at: tuple[float, float, float]) -> None:
    """Whether *rect* is around these rows and columns, or about their middle where they are too small to be seen."""
    x, y, pixel = at
    for start, length, (first, last), origin in (
        (rect.y, rect.height, rows, y), (rect.x, rect.width, columns, x),
    ):  # fmt: skip
        wanted = (last - first + 1) * pixel
        assert length == pytest.approx(max(wanted, 0.5 * 14))
        assert start + length / 2 == pytest.approx(origin + (first + last + 1) / 2 * pixel)


@settings(max_examples=40)
@given(st.lists(STEPS, max_size=3), st.data())
def test_the_box_is_where_the_field_is(steps: list[str], data: st.DataObject) -> None:
    text = "net t\ninput 40x44x1\n" + "\n".join([*steps, "last: conv 1 3x3 same"]) + "\n"
    try:
        network = parse(text)
    except CnngraphError:
        assume(False)
    row, column = (data.draw(st.integers(0, as_int(size) - 1)) for size in network["last"].output.dims[:2])
    scene = drawn(network, "last", (row, column))
    assert [fault for fault in faults(scene) if "leaves the page" in fault] == []
    seen = sights(network)["last"]
    assert seen is not None
    box = seen["image"].box(row, column)
    said = [item.content for item in scene.primitives() if isinstance(item, Text)]
    if box is None:
        assert "last.field" not in groups(scene)
        assert "the cell sees nothing" in said
        return
    assert f"the cell sees {box.height}×{box.width}" in said
    dashed, plain, *at = places(scene, "last", 40)
    on_rows, on_columns = (max(box.top, 0), min(box.bottom, 39)), (max(box.left, 0), min(box.right, 43))
    is_on = on_rows[0] <= on_rows[1] and on_columns[0] <= on_columns[1]
    if (*on_rows, *on_columns) == (box.top, box.bottom, box.left, box.right):
        assert dashed == []
    else:
        near(dashed[0], (box.top, box.bottom), (box.left, box.right), (at[0], at[1], at[2]))
    assert len(plain) == 2 * is_on
    for outline in plain:
        near(outline, on_rows, on_columns, (at[0], at[1], at[2]))


@pytest.mark.parametrize("width", [252.0, 504.0, 960.0])
@pytest.mark.parametrize("layer", ["conv1", "avgpool2", "fc1"])
def test_it_fits_every_page(layer: str, width: float) -> None:
    assert faults(drawn(load("lenet5"), layer, width=width)) == []


def test_of_a_deep_layer_most_is_padding() -> None:
    scene = drawn(load("resnet50"), "stage4.residual3.bottleneck1.conv2", (0, 0))
    assert faults(scene) == []
    assert groups(scene)["stage4.residual3.bottleneck1.conv2.field"].title.startswith("receptive field: rows −")


def test_the_marked_cell_is_the_one_that_is_asked_for() -> None:
    found = groups(drawn(load("lenet5"), "conv2", (3, 4)))
    assert found["conv2.cell"].title == "cell: row 4, column 5"
    assert found["conv2.window"].title == "window: rows 4 to 8, columns 5 to 9"
    assert found["conv2.field"].title == "receptive field: rows 7 to 20, columns 9 to 22"
    enlarging = parse("net t\ninput 8x8x1\nconv 4 3x3 same\nupconv 2 2x2 s=2\n")
    found = groups(drawn(enlarging, "upconv1", (2, 3)))
    assert found["upconv1.cell"].title == "cell: row 3, column 4"
    assert found["upconv1.field"].title == "receptive field: rows 2 to 4, columns 3 to 5"


def test_of_several_inputs_the_picture_is_of_none() -> None:
    network = parse("net t\ninput a 8x8x1\ninput b 8x8x1\nfrom a -> conv 1 3x3 same -> add b\n")
    with pytest.raises(CnngraphError, match="E0814"):
        drawn(network, "conv1")


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--layer", "conv2", "--cell", "11,1"], 1, "E0620"),
        (["--layer", "conv2", "--cell", "0,1"], 1, "rows 1 to 10"),
        (["--layer", "fc1", "--cell", "1,1"], 1, "E0620"),
        (["--layer", "conv2", "--cell", "1"], 2, "is no cell"),
        (["--layer", "conv2", "--cell", "-1,2"], 2, "is no cell"),
        (["--style", "volumes", "--cell", "1,2"], 1, "E0608"),
        (["--layer", "conv2", "--image", "missing.png"], 1, "E0605"),
    ],
)
def test_a_cell_that_there_is_not(run: Run, tmp_path: Path, arguments: list[str], status: int, said: str) -> None:
    ran = run("render", "lenet5", *arguments)
    assert ran.status == status
    assert said in ran.err
    assert list(tmp_path.iterdir()) == []
