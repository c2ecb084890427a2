"""Weights and pictures in the page, compared with the files and arrays that they are of."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file, save_file

import cnngraph
from cnngraph.network import Network
from cnngraph.units import units
from cnngraph.verbs import session
from cnngraph.viewer.maps import class_maps, live, with_all
from cnngraph.viewer.occlusion import falls
from cnngraph.viewer.pixels import tiled
from cnngraph.viewer.weights import weights_of
from cnngraph.weights.choose import choose
from tests.conftest import Run

SEVEN = Path(__file__).parents[2] / "examples" / "seven.png"
ENDS = {
    "dense": "conv 8 3x3 same relu -> avgpool global -> flatten -> dropout 0.5 -> softmax 5",
    "maps": "conv 5 3x3 same -> avgpool global -> flatten -> softmax",
    "maximum": "conv 8 3x3 same relu -> maxpool global -> flatten -> softmax 5",
    "map": "conv 8 3x3 same relu -> flatten -> softmax 5",
}


def pixels(url: str) -> Any:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGB")).astype(int)


def test_histograms_are_those_of_the_weights() -> None:
    network = cnngraph.load("lenet5")
    whole, weights = units(network), choose(network, None)
    spread = weights_of(whole, weights)["spread"]
    file = load_file(next((Path(cnngraph.__file__).parent / "weights" / "shipped").glob("lenet5.safetensors")))
    for number, unit in enumerate(whole.units):
        names = [f"{layer.name}.{name}" for layer in unit.layers for name in layer.parameters]
        for name, (least, most, mean, sigma, _, counts) in zip(names, spread.get(number, []), strict=True):
            values = file[name]
            expected = [values.min(), values.max(), values.mean(), values.std()]
            assert [least, most, mean, sigma] == pytest.approx(expected, rel=1e-3, abs=1e-6)
            assert sum(counts) == values.size


def test_of_a_file_of_weights_the_name_is_said(tmp_path: Path) -> None:
    network = cnngraph.parse("net x\ninput 4x4x1\nconv 1 2x2\n")
    (folder := tmp_path / "a folder").mkdir()
    file = folder / "w.safetensors"
    save_file({"conv1.weight": np.ones((1, 1, 2, 2), "f4"), "conv1.bias": np.zeros(1, "f4")}, file)
    assert weights_of(units(network), choose(network, file))["about"] == "weights from w.safetensors"
    fresh = weights_of(units(network), choose(network, file, fresh=["conv1"]))["about"]
    assert fresh == "weights from w.safetensors, but for conv1: random weights, seed 0"
    assert weights_of(units(network), choose(network, None, 3))["about"] == "random weights, seed 3"


def test_numbers_that_are_none_are_left_out() -> None:
    network = cnngraph.parse("net x\ninput 4x4x1\nconv 1 2x2\n")
    broken = np.array([np.nan, np.inf, 1, 3], np.float32).reshape(1, 1, 2, 2)
    weights = choose(network, {"conv1.weight": broken, "conv1.bias": np.zeros(1, np.float32)})
    (kernel, bias) = weights_of(units(network), weights)["spread"][1]
    assert (kernel[:4], sum(kernel[5])) == ([1, 3, 2, 1], 2)
    assert bias[4] == 1


def run(network: Network, image: Path, seed: int | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the page has, and the tensors."""
    from cnngraph.runtime.feeds import PictureInput

    weights = choose(network, None, seed)
    loaded = session(with_all(network), lambda: weights)
    made = loaded.run(PictureInput.of(loaded, loaded.done, "").feed(image))
    assert loaded.network is not None
    return live(units(network), loaded, weights, image), {
        output.layer: made[output.name][0] for output in loaded.network.outputs
    }


def test_sheets_show_what_onnxruntime_makes() -> None:
    network = cnngraph.load("lenet5")
    found, tensors = run(network, SEVEN)
    assert found["answers"][0][1][0][0] == "7"
    assert len(found["sheets"]) == len(units(network).units)
    for unit, sheet in zip(units(network).units, found["sheets"], strict=True):
        if not unit.lead.inputs:
            assert sheet is None
            continue
        values = tensors[unit.layers[-1].name]
        drawn = pixels(sheet["url"])
        assert drawn.shape[:2] == (sheet["high"], sheet["wide"])
        what = "maps" if values.ndim == 3 else "numbers"
        assert sheet["said"] == f"{len(values)} {what}, from {values.min():.4g} to {values.max():.4g}; white is 0"
        if values.ndim == 3:
            best = np.abs(values).mean(axis=(1, 2)).argmax()
            assert pixels(sheet["face"]["url"]).shape[:2] == values[best].shape
            # Blue is more than nothing, orange less; the further from white the more.
            flat, colors = tiled(values, np.nan).reshape(-1), drawn.reshape(-1, 3)
            known = np.isfinite(flat)
            strength = (3 * 255 - colors.sum(axis=1))[known] * np.where(colors[known, 2] >= colors[known, 0], 1, -1)
            assert np.corrcoef(strength, flat[known])[0, 1] > 0.99


@pytest.mark.parametrize("end", ENDS)
def test_class_maps_are_exact_where_there_are_any(end: str, tmp_path: Path) -> None:
    """Their mean and the bias are the logit, which another implementation made."""
    network = cnngraph.parse(f"net cam\ninput 12x16x3 @scale(0, 1)\n{ENDS[end]}\n")
    picture = tmp_path / "x.png"
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (12, 16, 3), np.uint8)).save(picture)
    found, tensors = run(network, picture, 3)
    assert [where is not None for _, _, _, where, _ in found["answers"][0][1]] == [end in ("dense", "maps")] * 5
    weights = choose(network, None, 3)
    by_class = class_maps(network, network[network.outputs[0].layer], tensors, weights)
    if by_class is None:
        assert end in ("maximum", "map")
        return
    logits = np.log(tensors[network.outputs[0].layer])
    means = np.array([by_class(number).mean() for number in range(5)])
    assert means - means.mean() == pytest.approx(logits - logits.mean(), abs=1e-4)  # random biases are 0


def test_an_answer_falls_where_a_window_hides_what_it_is_of(tmp_path: Path) -> None:
    """Each window by itself, as it is cut here; and a network that looks at one place falls there alone."""
    network = cnngraph.parse(
        "net spot\ninput 12x20x3 @normalize((0.4, 0.5, 0.6), (0.2, 0.3, 0.1))\nflatten\nfc 2 linear\n"
    )
    matrix = np.zeros((2, 3, 12, 20), np.float32)
    matrix[0, :, 9, 4] = 1
    matrix[1] = np.random.default_rng(3).normal(size=(3, 12, 20))
    name = network.layers[-1].name
    weights = choose(network, {f"{name}.weight": matrix.reshape(2, -1), f"{name}.bias": np.zeros(2, np.float32)})
    loaded = session(network, lambda: weights)
    picture = np.random.default_rng(1).normal(1, 0.3, (1, 3, 12, 20)).astype(np.float32)
    port, grid = loaded.inputs[0].name, 3
    (found,) = falls(loaded, {port: picture}, grid, batch=4).values()
    grey = np.array([(0.5 - 0.4) / 0.2, 0, (0.5 - 0.6) / 0.1], np.float32)[:, None, None]
    cells: dict[tuple[int, int], list[Any]] = {}
    for row in range(grid):
        for column in range(grid):
            hidden = picture[0].copy()
            hidden[:, 3 * row : 3 * row + 6, 5 * column : 5 * column + 10] = grey
            fall = (matrix * (picture[0] - hidden)).sum(axis=(1, 2, 3))
            for cell in ((row, column), (row, column + 1), (row + 1, column), (row + 1, column + 1)):
                cells.setdefault(cell, []).append(fall)
    for (row, column), several in cells.items():
        assert found[row, column] == pytest.approx(np.mean(several, axis=0), abs=1e-3)
    assert found[..., 0].argmax() == 3 * (grid + 1)
    assert np.abs(found[0, :, 0]).max() < 1e-4
    assert np.abs(found[:, 3, 0]).max() < 1e-4


def test_occlusion_by_the_command(run: Run, tmp_path: Path) -> None:
    ran = run("view", "lenet5", "--image", SEVEN, "--occlusion", "4", "-o", tmp_path / "a.html")
    assert ran.status == 0, ran.err
    page = (tmp_path / "a.html").read_text("utf-8")
    assert re.search(r'"7",0\.99\d*,[\d.]+,"data:image/png[^"]*","It falls by up to 0\.\d+\."', page)
    assert "Red: where a grey window lowers" in page
    cnngraph.load("lenet5").view(tmp_path / "b.html", image=SEVEN, occlusion=4)
    assert (tmp_path / "b.html").read_text("utf-8") == page
    for wrong, words in ((("--occlusion", "4"), "give --image"), (("--occlusion", "1", "--image", SEVEN), "2<=x<=32")):
        ran = run("view", "lenet5", *wrong, "-o", tmp_path / "c.html")
        assert (ran.status, words in ran.err) == (2, True)
    with pytest.raises(ValueError, match="from 2 to 32"):
        cnngraph.load("lenet5").view(tmp_path / "c.html", occlusion=4)


def test_bars_of_logits_are_by_the_largest() -> None:
    network = cnngraph.parse("net x\ninput 28x28x1\nconv 4 5x5 relu\nflatten\nfc 10\n")
    found, _ = run(network, SEVEN, 1)
    scores, bars = zip(*((score, bar) for _, score, bar, *_ in found["answers"][0][1]), strict=True)
    assert len(set(bars)) > 2
    assert bars == pytest.approx([max(0.0, score) / scores[0] for score in scores], abs=1e-3)


def test_the_command(run: Run, tmp_path: Path) -> None:
    ran = run("view", "lenet5", "-o", tmp_path / "a.html")
    assert (ran.status, ran.out.strip()) == (0, str(tmp_path / "a.html"))
    cnngraph.load("lenet5").view(tmp_path / "b.html")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    ran = run("view", "lenet5", "--image", SEVEN, "-o", tmp_path / "c.html")
    assert ran.status == 0
    assert "trained weights that ship" in ran.err
    assert b'"answers":[["fc3.softmax",[["7",' in (tmp_path / "c.html").read_bytes()


def test_what_cannot_be_shown_is_said_and_nothing_written(run: Run, tmp_path: Path) -> None:
    times = tmp_path / "t.json"
    times.write_text("[1]")
    (tmp_path / "four.spec").write_text("net four\ninput 8x8x4\nconv 2 3x3\n")
    (tmp_path / "vector.spec").write_text("net vector\ninput many 16\nfc 4\n")
    for network, code, words in (
        ("siamese", "E0814", ("it has 2 inputs: ", "leave --image out")),
        ("vector.spec", "E0814", ("its input `many` has no height", "leave --image out")),
        ("four.spec", "E0806", ("`cnngraph run` takes",)),
    ):
        ran = run("view", network, "--image", SEVEN, "-o", tmp_path / "x.html")
        assert (ran.status, f"error[{code}]" in ran.err, *(each in ran.err for each in words)) == (
            1,
            True,
            *[True] * len(words),
        )
    for wrong in (("-o", "x.svg"), ("-o", "x"), ("-o", "."), ("--image", SEVEN, "--image", SEVEN)):
        ran = run("view", "lenet5", *wrong)
        assert (ran.status, ran.out) == (2, "")
        assert (".html" if wrong[0] == "-o" else "one picture, not 2") in ran.err
    with pytest.raises(ValueError, match="HTML"):
        cnngraph.load("lenet5").view(tmp_path / "x.svg")
    assert {path.name for path in tmp_path.iterdir()} == {"t.json", "four.spec", "vector.spec"}
    for more, code in (
        (("--times", times), "E0619"),
        (("--image", tmp_path / "none.png"), "E0808"),
        (("--weights", tmp_path / "none.safetensors"), "E0702"),
    ):
        ran = run("view", "lenet5", *more, "-o", tmp_path / "x.html")
        assert (ran.status, f"error[{code}]" in ran.err) == (1, True), ran.err
        assert not (tmp_path / "x.html").exists()
