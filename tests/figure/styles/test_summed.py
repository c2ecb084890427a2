"""The sum that a cell is, against the model's own weights and tensors."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import onnx
import onnx.numpy_helper
import pytest
from PIL import Image

from cnngraph import parse
from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.scene import Scene, Text
from cnngraph.network import Network
from cnngraph.onnx.passes import PASSES
from cnngraph.volume import as_int
from tests.conftest import ROOT, Run
from tests.figure.geometry import faults
from tests.figure.test_live import SEVEN, evaluated
from tests.networks import load
from tests.onnx.reference import Array

ONE = ROOT / "examples" / "seven.png"


def network(seed: int) -> str:
    draw = random.Random(seed)
    groups = draw.choice([1, 1, 2])
    window = f"{draw.randint(1, 5)}x{draw.randint(1, 5)}"
    words = f"s={draw.randint(1, 2)} {draw.choice(['valid', 'p=1', 'same_upper', 'p=3'])} d={draw.randint(1, 2)}"
    tail = draw.choice(["", " relu", " bn tanh", " linear", " bias=off"])
    before = draw.choice([f"conv {2 * groups} 3x3 tanh", "conv 4 1x1 relu -> avgpool f=2 s=2", "conv 2 3x3 s=2"])
    conv = f"conv 4 {window} {words} groups={groups}{tail}"
    last = draw.choice([conv, conv, f"maxpool {window} s=2", "avgpool 3x3 s=1"])
    return f"net t\ninput 21x19x1 @scale(-1, 1)\n{before}\nlast: {last}\nend: upsample 2\n"


def cells(scene: Scene, layer: str) -> list[list[float | None]]:
    """The numbers of each part of the sum, in order."""
    found = []
    for group in scene.groups():
        if group.id.startswith(f"{layer}.sum."):
            texts = [item for item in group.items if isinstance(item, Text)]
            size = texts[0].size
            grid = [item.content for item in texts if item.size == size and item.y < max(each.y for each in texts) + 1]
            numbers = [text for text in grid if text == "" or text.strip("−").replace(".", "").isdigit()]
            found.append([float(text.replace("−", "-")) if text else None for text in numbers])
    return found


def weights(net: Network, folder: Path) -> dict[str, Array]:
    net.export(folder / "w.onnx", without=list(PASSES))
    model = onnx.load(folder / "w.onnx")
    return {each.name: onnx.numpy_helper.to_array(each) for each in model.graph.initializer}


@pytest.mark.parametrize("seed", range(24))
def test_it_is_the_sum_of_the_window_times_the_filter(seed: int, tmp_path: Path) -> None:
    net = parse(network(seed))
    layer = net["last"]
    height, width = map(as_int, layer.output.dims[:2])
    draw = random.Random(seed)
    row, column = draw.randrange(height), draw.randrange(width)
    noise = np.random.default_rng(seed).integers(0, 256, (21, 19), np.uint8)
    Image.fromarray(noise).save(tmp_path / "x.png")
    scene = net.render(image=tmp_path / "x.png", live=True, layer="last", cell=(row + 1, column + 1), width=1400).scene
    assert [fault for fault in faults(scene) if "leaves the page" not in fault] == []
    made = evaluated(net, (noise / 255 * 2 - 1).astype("f4")[None, None], tmp_path)
    given = made[layer.inputs[0]][0]
    parts = cells(scene, "last")

    def near(shown: float | None, wanted: float) -> bool:
        return shown is not None and abs(shown - wanted) <= 0.0051 * max(1.0, abs(wanted) / 5)

    kind = layer.kind
    slide = kind.sliding  # type: ignore[attr-defined]
    pads = [kind.border(axis, given.shape[axis + 1])[0] for axis in (0, 1)]  # type: ignore[attr-defined]
    rows, columns = (
        [at * slide.stride[axis] - pads[axis] + tap * slide.dilation[axis] for tap in range(slide.window[axis])]
        for axis, at in ((0, row), (1, column))
    )
    on = [[0 <= r < given.shape[1] and 0 <= c < given.shape[2] for c in columns] for r in rows]
    window = np.array([[given[:, r, c] if on[i][j] else given[:, 0, 0] * 0
                        for j, c in enumerate(columns)] for i, r in enumerate(rows)])  # fmt: skip
    number = int(made["last"][0, :, row, column].argmax())
    whole = float(made["last"][0, number, row, column])
    said = {item.content for item in scene.primitives() if isinstance(item, Text)}
    if made["last"].shape[1] > 1:
        assert f"in map {number + 1} of {made['last'].shape[1]}" in said

    def is_window(channel: int) -> bool:
        cells_ = zip(parts[0], window[..., channel].reshape(-1), np.array(on).reshape(-1), strict=True)
        return all(near(a, b) if is_on or kind.family == "conv" else a is None for a, b, is_on in cells_)

    if kind.family == "pool":
        assert is_window(number)
        assert near(parts[1][0], whole)
        return
    own = weights(net, tmp_path)
    weight = own["last.weight"]
    first = number // (4 // layer.kind.groups) * weight.shape[1]  # type: ignore[attr-defined]
    sums = [(window[..., first + at] * weight[number, at]).sum() for at in range(weight.shape[1])]
    channel = max(range(len(sums)), key=lambda at: abs(sums[at]))
    assert is_window(first + channel)
    assert f"channel {first + channel + 1} of {given.shape[0]}" in said or given.shape[0] == 1
    assert all(near(a, b) for a, b in zip(parts[1], weight[number, channel].reshape(-1), strict=True))
    wanted = [sums.pop(channel)] if len(sums) > 1 or "last.bias" in own else []
    wanted += [sum(sums)] if weight.shape[1] > 1 else []
    wanted += [own["last.bias"][number]] if "last.bias" in own else []
    wanted += [whole]
    last = [each.name for each in net if each.unit == "last"][-1]
    wanted += [float(made[last][0, number, row, column])] if last != "last" else []
    assert [len(part) for part in parts[2:]] == [1] * len(wanted)
    assert all(near(part[0], number) for part, number in zip(parts[2:], wanted, strict=True))


def test_what_is_no_such_sum_has_no_place_for_numbers(run: Run) -> None:
    for layer in ("fc1", "flatten1"):
        ran = run("render", "lenet5", "--layer", layer, "--image", SEVEN, "--live")
        assert ran.status == 1
        assert ("E0608" if layer == "fc1" else "E0612") in ran.err
    narrow = run("render", "lenet5", "--layer", "conv2", "--image", SEVEN, "--live", "--width", "column")
    assert (narrow.status, "E0608" in narrow.err) == (1, True)
    wide = parse("net t\ninput 32x32x1\nconv 3 9x9\n")
    with pytest.raises(CnngraphError, match="E0608"):
        wide.render(layer="conv1", image=SEVEN, live=True)


def test_weights_that_are_shared_are_those_of_the_first() -> None:
    net = parse("net t\ninput 32x32x1\nfirst: conv 1 3x3 same\nsecond: again first\n")
    scene = net.render(layer="second", image=SEVEN, live=True, seed=1).scene
    other = net.render(layer="first", image=SEVEN, live=True, seed=1).scene
    assert cells(scene, "second")[1] == cells(other, "first")[1]


def test_of_a_free_size_it_is_that_of_the_picture() -> None:
    net = parse("net t\ninput (?H, ?W, 1)\nconv 3 3x3\n")
    scene = net.render(layer="conv1", cell=(254, 254), image=SEVEN, live=True).scene
    assert faults(scene) == []
    with pytest.raises(CnngraphError, match="rows 1 to 254"):
        net.render(layer="conv1", cell=(255, 1), image=SEVEN, live=True)


@pytest.mark.parametrize("theme", ["light", "dark", "print", "colorblind"])
@pytest.mark.parametrize("layer", ["conv1", "conv2", "avgpool2"])
def test_the_lectures_network_in_every_theme(layer: str, theme: str) -> None:
    scene = load("lenet5").render(layer=layer, cell=(3, 4), image=SEVEN, live=True, theme=theme).scene
    assert faults(scene) == []
