"""Live figures: what is in them is what onnxruntime makes of the picture."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from PIL import Image

from cnngraph import parse, render
from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.live import bars
from cnngraph.figure.ramp import Ramp, pooled
from cnngraph.figure.scene import Group, Picture, Rect, Scene, Text
from cnngraph.figure.theme import LIGHT, PRINT, Theme
from cnngraph.network import Network
from cnngraph.onnx.passes import PASSES
from tests.conftest import ROOT, Run
from tests.figure.geometry import faults
from tests.networks import load
from tests.onnx.reference import Array

SEVEN = ROOT / "examples" / "seven.png"
SMALL = """
net small @figure(style="volumes")
input 30x24x3 @normalize(0.5, 0.25)
conv 5 3x3 relu
maxpool 2x2 s=2
conv 40 3x3 same linear
avgpool global
flatten
fc 150 tanh
fc 3
softmax @classes("cat", "dog", "one that has quite a long name")
"""


def evaluated(network: Network, feed: Array, folder: Path) -> dict[str, Array]:
    """Every tensor of the model as `export` writes it, layer by layer, by onnxruntime without optimisation."""
    path = folder / "m.onnx"
    network.export(path, without=list(PASSES))
    model = onnx.load(path)
    model.graph.output.extend(model.graph.value_info)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(None, {session.get_inputs()[0].name: feed}), strict=True))


def indices(picture: Picture, height: int, width: int) -> Array:
    """The number in the palette of each cell."""
    image = Image.open(io.BytesIO(picture.png), formats=("PNG",))
    assert image.mode == "P"
    assert (image.height % height, image.width % width) == (0, 0)
    return np.asarray(image)[:: image.height // height, :: image.width // width].astype(int)


def pictures(group: Group) -> list[Picture]:
    """The one in front first."""
    return [item for item in group.items if isinstance(item, Picture)][::-1]


def groups(scene: Scene) -> dict[str, Group]:
    return {group.id: group for group in scene.groups()}


def holds(group: Group, tensor: Array, theme: Theme) -> None:
    """Each sheet of *group* has the numbers of a channel, in steps of the palette, or the paper's colour where the one
    before it hides it."""
    channels, height, width = tensor.shape
    sheets = pictures(group)
    ramp, most = Ramp(theme), np.abs(tensor).max()
    for at, sheet in enumerate(sheets):
        channel = round(at * (channels - 1) / max(1, len(sheets) - 1))
        shown = indices(sheet, height, width)
        wanted = 127 + 127 * tensor[channel] / most
        hidden = np.zeros((height, width), bool)
        if at:
            before = sheets[at - 1]
            cell = sheet.width / width, sheet.height / height
            right, top = before.x + before.width, before.y
            columns = sheet.x + cell[0] * (np.arange(width) + 1) <= right + 0.01
            rows = sheet.y + cell[1] * np.arange(height) >= top - 0.01
            hidden = rows[:, None] & columns
        assert (np.abs(shown - wanted) <= 0.51 + (hidden & (shown == ramp.zero)) * 999).all()
        assert (~hidden).any()


def seven() -> Array:
    grey = np.asarray(Image.open(SEVEN).convert("L").resize((32, 32), Image.Resampling.BILINEAR), "f4")
    return (1 - grey / 255)[None, None]


def test_the_sheets_are_the_maps_that_onnxruntime_makes(tmp_path: Path) -> None:
    network = load("lenet5")
    scene = network.render(image=SEVEN, live=True).scene
    made, found = evaluated(network, seven(), tmp_path), groups(scene)
    assert faults(scene) == []
    for name, tensor in (("conv1", "conv1.tanh"), ("avgpool1", "avgpool1"), ("conv2", "conv2.tanh"),
                         ("avgpool2", "avgpool2")):  # fmt: skip
        holds(found[name], made[tensor][0], LIGHT)
        least, greatest = made[tensor].min(), made[tensor].max()
        assert found[name].title.endswith(f"from {least:.3g} to {greatest:.3g}")
    assert len(pictures(found["conv1"])) == 6
    (grey,) = pictures(found["image"])
    assert np.array_equal(indices(grey, 32, 32), np.rint((1 - seven()[0, 0]) * 255))


def columns(group: Group, count: int) -> Array:
    """The numbers in the palette of the cells of a vector, in order."""
    (picture,) = pictures(group)
    image = np.asarray(Image.open(io.BytesIO(picture.png), formats=("PNG",)))
    changes = [1 + np.flatnonzero(np.diff(image.astype(int), axis=axis).any(axis=1 - axis)) for axis in (0, 1)]
    wide = int(np.gcd.reduce([*changes[1], image.shape[1]]))
    high = int(np.gcd.reduce([*changes[0], image.shape[0]]))
    cells: Array = image[::high, ::wide].T.reshape(-1)[:count].astype(int)
    return cells


def test_vectors_are_cells_and_the_answer_bars(tmp_path: Path) -> None:
    network = load("lenet5")
    scene = network.render(image=SEVEN, live=True).scene
    made, found = evaluated(network, seven(), tmp_path), groups(scene)
    for name in ("fc1", "fc2"):
        vector = made[f"{name}.tanh"][0]
        wanted = 127 + 127 * vector / np.abs(vector).max()
        assert (np.abs(columns(found[name], len(vector)) - wanted) <= 0.51).all()
    answer = made["fc3.softmax"][0]
    bars = [item for item in found["fc3"].items if isinstance(item, Rect)]
    said = [item.content for item in found["fc3"].items if isinstance(item, Text)]
    order = np.argsort(-answer)[:3]
    assert said == [word for at in order for word in (str(at), f"{answer[at]:.3f}")] + ["Softmax 10"]
    assert bars[0].width / answer[order[0]] == pytest.approx(3.6 * 14, rel=0.05)


@pytest.mark.parametrize("end", ["flatten -> fc 10", 'conv 3 1x1 -> avgpool global -> flatten @classes("a", "b", "c")'])
def test_logits_are_bars_by_the_largest(end: str, tmp_path: Path) -> None:
    network = parse(f"net t\ninput 28x28x1\nconv 4 5x5 relu\nmaxpool 2x2 s=2\n{end}\n")
    scene = network.render(image=SEVEN, live=True, seed=4, style="volumes").scene
    assert faults(scene) == []
    guesses = network.run(SEVEN, seed=4, top=3)[0].top
    last = [group for group in scene.groups() if group.role == "layer"][-1]
    bars = [item.width for item in last.items if isinstance(item, Rect)]
    said = [item.content for item in last.items if isinstance(item, Text)][:-1:2]
    assert said == [guess.label for guess in guesses]
    assert max(bars) == bars[0] > 40
    assert [bar / bars[0] for bar in bars] == [
        pytest.approx(max(0.0, guess.score) / guesses[0].score, abs=0.02) for guess in guesses
    ]


@pytest.mark.parametrize(
    ("answer", "long"),
    [
        ([0.2, 0.8], [0.2, 0.8]),
        ([0.0, 1.0000001], [0, 1]),
        ([-1.0, 0.5, 0.25], [0, 1, 0.5]),
        ([3.0, 12.0], [0.25, 1]),
        ([-5.0, -2.0, -1.0], [0, 0.75, 1]),
        ([-3.0, -3.0], [1, 1]),
        ([-3.0, np.nan, np.inf, -1.0], [0, 0, 1, 1]),
        ([np.nan], [0]),
    ],
)
def test_how_long_bars_are(answer: list[float], long: list[float]) -> None:
    assert bars(np.array(answer)) == pytest.approx(long)


@pytest.mark.parametrize("theme", ["light", "dark", "print", "colorblind"])
def test_a_network_of_colours_and_free_channels(theme: str, tmp_path: Path) -> None:
    network = parse(SMALL)
    noise = np.random.default_rng(0).integers(0, 256, (50, 40, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "x.png")
    scene = network.render(image=tmp_path / "x.png", live=True, seed=3, theme=theme).scene
    assert faults(scene) == []
    found = groups(scene)
    said = [item.content for item in scene.primitives() if isinstance(item, Text)]
    assert "random weights, seed 3: what is shown means nothing" in said
    assert {"cat", "dog"} < set(said)
    assert any(word.endswith(" of 40 shown") for word in said)
    assert ("below 0" in said) == (theme != "print")
    red, green, blue = pictures(found["image"])
    assert red.y > green.y > blue.y
    shrunk = np.asarray(Image.fromarray(noise).resize((24, 30), Image.Resampling.BILINEAR))
    assert np.array_equal(indices(red, 30, 24), shrunk[..., 0])


def test_a_free_size_is_that_of_the_picture(tmp_path: Path) -> None:
    network = parse("net free\ninput (?H, ?W, 1)\nconv 3 3x3 relu\nmaxpool 2x2 s=2\n")
    Image.new("L", (90, 40), 128).save(tmp_path / "x.png")
    scene = network.render(image=tmp_path / "x.png", live=True, style="volumes").scene
    for group in groups(scene).values():
        for sheet in pictures(group):
            assert sheet.width > 1.5 * sheet.height
    assert faults(scene) == []


def test_a_network_of_an_input_alone() -> None:
    scene = parse("net t\ninput 28x28x1\n").render(image=SEVEN, live=True, style="volumes").scene
    assert len(pictures(groups(scene)["image"])) == 1
    assert faults(scene) == []


def test_what_is_larger_is_shown_as_means() -> None:
    numbers = np.random.default_rng(1).normal(size=(130, 67)).astype("f4")
    small = pooled(numbers, 64)
    assert small.shape == (44, 23)
    assert small[3, 5] == pytest.approx(numbers[9:12, 15:18].mean())
    assert small[-1, -1] == pytest.approx(numbers[129:, 66:].mean())
    assert pooled(numbers, 130) is numbers


@pytest.mark.parametrize("theme", [LIGHT, PRINT], ids=["two ways", "one way"])
def test_the_colours_of_a_ramp(theme: Theme) -> None:
    ramp = Ramp(theme)
    palette = ramp.palette
    assert len(palette) == 256
    assert palette[ramp.zero] == theme.paper
    numbers = np.array([[-2.0, -1.0, 0.0, 1.0, np.nan, np.inf, -np.inf]])
    (row,) = ramp.rows(numbers, -2.0, 1.0)
    if theme is PRINT:
        assert [*row] == [0, 85, 169, 254, 255, 254, 0]
    else:
        assert [*row] == [0, 64, 127, 190, 255, 254, 0]
    for least, greatest in ((0.0, 0.0), (0.0, 5.0)):
        assert ramp.rows(np.zeros((1, 2)), least, greatest) == [bytes([ramp.zero] * 2)]
    assert ramp.rows(np.array([[0.0, 2.5, 5.0]]), 0.0, 5.0)[0][2] == 254


def numbers_of(network: Network) -> Iterator[tuple[str, Array]]:
    for layer in network:
        for name, parameter in layer.parameters.items():
            yield f"{layer.name}.{name}", np.full(parameter.shape, np.nan, "f4")


def test_weights_that_are_no_numbers_are_drawn_and_said(tmp_path: Path) -> None:
    network = parse("net t\ninput 32x32x1\nconv 3 5x5\nflatten\nfc 4\nsoftmax\n")
    scene = network.render(image=SEVEN, live=True, weights=dict(numbers_of(network)), style="volumes").scene
    (front, *_) = pictures(groups(scene)["conv1"])
    assert (indices(front, 28, 28) == 255).all()
    assert "nan" in [item.content for item in scene.primitives() if isinstance(item, Text)]
    assert faults(scene) == []


# Options -------------------------------------------------------------------------------------


def test_the_command_writes_the_same_bytes_each_time(run: Run, tmp_path: Path) -> None:
    made = []
    for name in ("a.svg", "b.svg"):
        ran = run("render", "lenet5", "--image", SEVEN, "--live", "-o", name)
        assert ran.status == 0
        assert "trained weights" in ran.err
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]
    assert len(made[0]) < 200_000


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["lenet5", "--live"], 2, "--image"),
        (["lenet5", "lenet5", "--live", "--image", SEVEN], 2, "one network"),
        (["lenet5", "lenet5", "--live"], 2, "one network"),
        (["lenet5", "--weights", "random"], 2, "--live"),
        (["lenet5", "--live", "--image", "missing.png"], 1, "missing.png"),
        (["lenet5", "--live", "--image", SEVEN, "--style", "strip"], 1, "E0608"),
        (["lenet5", "--live", "--image", SEVEN, "--heat", "macs"], 1, "no place for heat"),
        (["siamese", "--live", "--image", SEVEN, "--style", "operation", "--layer", "left.conv1"], 1, "E0814"),
        (["residual_block", "--live", "--image", SEVEN], 1, "E0608"),
        (["lenet5", "--live", "--image", SEVEN, "-o", "x.dot"], 1, "E0608"),
    ],
)
def test_what_cannot_be_live(run: Run, tmp_path: Path, arguments: list[object], status: int, said: str) -> None:
    ran = run("render", *arguments)
    assert ran.status == status
    assert said in ran.err
    assert said == "missing.png" or "lenet5 with" not in ran.err, "it is said before the network is read and run"
    assert list(tmp_path.iterdir()) == []


def test_in_python_weights_are_for_live_figures() -> None:
    with pytest.raises(ValueError, match="live"):
        load("lenet5").render(weights="random")
    with pytest.raises(ValueError, match="image"):
        load("lenet5").render(live=True)
    with pytest.raises(ValueError, match="one network"):
        render([load("plain34"), load("resnet34")], live=True, image=SEVEN)
    with pytest.raises(CnngraphError, match="E0608"):
        load("lenet5").render(image=SEVEN, live=True, style="operation", layer="conv1", fold=True)
