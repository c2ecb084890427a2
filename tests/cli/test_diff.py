"""`cnngraph diff`: what it prints, what it draws, how it ends."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import cnngraph
from cnngraph.figure.differences import differences
from cnngraph.figure.scene import Group, Text
from cnngraph.figure.theme import THEMES
from cnngraph.fronts import load
from tests.conftest import ROOT, Run

SEVEN = ROOT / "examples" / "seven.png"
LENET = (ROOT / "specs" / "lenet5.spec").read_text("utf-8")
WIDER = LENET.replace("conv 16 => 10x10x16", "conv 20").replace(" => 5x5x16", "")


def test_causes_stand_before_what_follows_from_them(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.spec").write_text(WIDER.replace("net lenet5", "net mine"))
    done = run("diff", "lenet5", "mine.spec")
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines() == [
        "lenet5 → mine: the same graph, other arguments; 9 units each: 5 the same, 1 changed, 3 follow",
        "~ conv2  channels 16 → 20; 2,416 → 3,020 parameters; 240,000 → 300,000 MACs",
        "follow  avgpool2 5×5×16 → 5×5×20, flatten1 400 → 500, fc1 takes 400 → 500",
        "parameters 61,706 → 74,310 (+20.4 %), multiply-accumulates 416,520 → 488,520 (+17.3 %)",
    ]


def test_what_repeats_is_said_once(run: Run) -> None:
    lines = run("diff", "resnet50", "resnet101").out.splitlines()
    assert lines[0].endswith("different; 74 and 142 units: 74 the same, 68 added")
    assert len(lines) <= 10
    assert lines[1].startswith("+ stage3.residual{7..23}.bottleneck1.conv1 ×17  conv 1×1, BN, ReLU: 14×14×256")
    back = run("diff", "resnet101", "resnet50").out.splitlines()
    assert back[0].endswith("different; 142 and 74 units: 74 the same, 68 removed")
    assert back[1].replace("- ", "+ ") == lines[1]


def test_names_are_told_and_no_change(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.spec").write_text(LENET.replace("avgpool => 14", "first: avgpool => 14"))
    done = run("diff", "lenet5", "mine.spec", "--exit-code")
    assert done.status == 0
    assert done.out.splitlines() == [
        "lenet5.spec and mine.spec are the same under other names: 9 units, 14 layers, each proved",
        "called otherwise  avgpool1 → first, avgpool2 → avgpool1",
    ]


def test_the_exit_status_says_it_only_when_it_is_asked(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.spec").write_text(WIDER)
    assert run("diff", "lenet5", "mine.spec").status == 0
    assert run("diff", "lenet5", "mine.spec", "--exit-code").status == 1
    assert run("diff", "lenet5", "lenet5", "--exit-code").status == 0
    weights = ("--weights", "random", ROOT / "cnngraph" / "weights" / "shipped" / "lenet5.safetensors")
    assert run("diff", "lenet5", "lenet5", "--exit-code", *weights).status == 1


def test_a_mistake_in_one_of_them_is_a_mistake(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.spec").write_text(LENET.replace("=> 10x10x16", "=> 10x10x17"))
    done = run("diff", "lenet5", "mine.spec")
    assert (done.status, done.out) == (1, "")
    assert "mine.spec:13" in done.err


def test_each_has_its_own_settings(run: Run) -> None:
    both = run("diff", "resnet", "resnet", "--set-a", "depth=50", "--set-b", "depth=101")
    assert "74 the same, 68 added" in both.out
    assert "are the same" in run("diff", "resnet", "resnet", "--set", "depth=34").out
    assert run("diff", "resnet", "lenet5", "--set", "depth=34").out.startswith("resnet → lenet5: different; 57 and 9")
    assert "none of lenet5, lenet5 has a param" in run("diff", "lenet5", "lenet5", "--set", "depth=34").err


def test_json_has_every_row(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.spec").write_text(WIDER)
    record = json.loads(run("diff", "lenet5", "mine.spec", "--format", "json").out)
    assert record["verdict"] == "arguments"
    assert record["totals"] == {"layers": [14, 14], "params": [61706, 74310], "macs": [416520, 488520]}
    assert [row["kind"] for row in record["rows"]] == [
        "same", "same", "same", "changed", "follows", "follows", "follows", "same", "same"
    ]  # fmt: skip
    assert record["rows"][3] == {
        "kind": "changed",
        "a": ["conv2", "conv2.tanh"],
        "b": ["conv2", "conv2.tanh"],
        "what": [{"field": "channels", "a": "16", "b": "20"}],
        "params": [2416, 3020],
        "macs": [240000, 300000],
    }
    added = json.loads(run("diff", "mine.spec", "lenet5", "--format", "json").out)["rows"][3]
    assert added["what"] == [{"field": "channels", "a": "20", "b": "16"}]


def test_a_model_from_elsewhere_is_compared_with_a_spec(run: Run) -> None:
    assert run("export", "--onnx", "lenet5", "-o", "other.onnx").status == 0
    out = run("diff", "lenet5", "other.onnx").out
    assert out.startswith("lenet5 and other are the same: 9 units")


# Weights and answers -------------------------------------------------------------------------


@pytest.fixture
def touched(tmp_path: Path) -> Path:
    """The weights that ship with one number of conv2 changed by 0.5."""
    from safetensors.numpy import load_file, save_file

    tensors = load_file(ROOT / "cnngraph" / "weights" / "shipped" / "lenet5.safetensors")
    tensors["conv2.weight"] = tensors["conv2.weight"].copy()
    tensors["conv2.weight"][0, 0, 0, 0] += 0.5
    save_file(tensors, tmp_path / "touched.safetensors")
    return tmp_path / "touched.safetensors"


def test_models_are_compared_by_the_weights_that_they_bring(run: Run, touched: Path) -> None:
    assert run("export", "--onnx", "lenet5", "-o", "a.onnx").status == 0
    assert run("export", "--onnx", "lenet5", "--weights", touched, "-o", "b.onnx").status == 0
    out = run("diff", "a.onnx", "b.onnx", "--weights", "a.onnx", "./b.onnx").out
    assert "weights  1 of 10 tensors differ" in out
    assert "conv2.weight  differs by up to 0.5" in out
    assert "all 10 tensors are equal" in run("diff", "a.onnx", "a.onnx", "--weights", "a.onnx", "a.onnx").out


def test_weights_are_compared_number_by_number(run: Run, touched: Path) -> None:
    shipped = ROOT / "cnngraph" / "weights" / "shipped" / "lenet5.safetensors"
    done = run("diff", "lenet5", "lenet5", "--weights", shipped, touched)
    assert done.out.splitlines()[1] == "weights  1 of 10 tensors differ"
    assert len(done.out.splitlines()) == 3
    assert "conv2.weight  differs by up to 0.5, its largest number is " in done.out
    assert f"{100 * 2399 / 2400:.3g} % of its numbers are equal" in done.out
    assert "all 10 tensors are equal" in run("diff", "lenet5", "lenet5", "--weights", shipped, shipped).out


def test_the_first_layer_that_answers_differently_is_named(run: Run, touched: Path) -> None:
    shipped = ROOT / "cnngraph" / "weights" / "shipped" / "lenet5.safetensors"
    asked = ("diff", "lenet5", "lenet5", "--image", SEVEN)
    assert "all 8 units answer alike, but for 0.0e+00" in run(*asked).out
    out = run(*asked, "--weights", shipped, touched).out
    assert "conv2.tanh is the first that answers differently: by up to " in out
    assert "the 2 units before it answer alike" in out
    answers = json.loads(run(*asked, "--weights", shipped, touched, "--format", "json").out)["answers"]
    assert [each["alike"] for each in answers][:3] == [True, True, False]
    assert [each["a"] for each in answers][:3] == ["conv1.tanh", "avgpool1", "conv2.tanh"]
    assert answers[2]["difference"] == pytest.approx(own_difference(shipped, touched), rel=1e-4)


def own_difference(*weights: Path) -> float:
    """Of what conv2 makes of the picture, by a network that ends there."""
    text = LENET.split("avgpool => 5x5x16")[0]
    one, other = (
        cnngraph.parse(text).run(SEVEN, path, renames={"fc1": "", "fc2": "", "fc3": ""})[0].outputs["conv2.tanh"]
        for path in weights
    )
    return float(np.abs(one - other).max() / np.abs(one).max())


def test_random_weights_are_no_answer(run: Run) -> None:
    done = run("diff", "alexnet", "alexnet", "--image", SEVEN)
    assert done.status == 2
    assert "give --weights WA WB with --image" in done.err


# Out of git ----------------------------------------------------------------------------------

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With a spec in a folder, and the blocks that it uses; both changed since."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    folder = tmp_path / "nets"
    folder.mkdir()
    (folder / "blocks.spec").write_text("block twice(c) { conv c 3x3 same -> conv c 3x3 same }\n")
    (folder / "x.spec").write_text('use "blocks.spec"\ninput 8x8x3\ntwice 4\n')
    for arguments in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "one"],
    ):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    (folder / "blocks.spec").write_text("block twice(c) { conv c 5x5 same -> conv c 3x3 same }\n")
    return tmp_path


@needs_git
def test_a_revision_is_read_with_what_it_uses(run: Run, repository: Path) -> None:
    out = run("diff", "HEAD:nets/x.spec", "nets/x.spec").out
    assert out.splitlines()[1] == "~ twice1.conv1  window 3×3 → 5×5; 112 → 304 parameters; 6,912 → 19,200 MACs"
    assert "are the same" in run("diff", "HEAD:nets/x.spec", "HEAD:./nets/x.spec").out
    (repository / "nets" / "blocks.spec").unlink()
    assert run("check", "HEAD:nets/x.spec").status == 0


@needs_git
@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("HEAD:x.spec", "path 'x.spec' does not exist in 'HEAD'"),
        ("nothing:x.spec", "invalid object name 'nothing'"),
        ("HEAD:nets", "bad file"),
        ("--upload-pack=touch:x", "No such option"),
    ],
)
def test_what_git_does_not_know_is_said_in_its_words(run: Run, repository: Path, file: str, words: str) -> None:
    done = run("diff", file, "nets/x.spec")
    assert done.status in (1, 2)
    assert words in done.err
    assert "Traceback" not in done.err


@needs_git
def test_a_revision_is_not_written(run: Run, repository: Path) -> None:
    for command in (("fmt",), ("check", "--fix")):
        done = run(*command, "HEAD:nets/x.spec")
        assert done.status == 2
        assert "only your own files are changed; HEAD:nets/x.spec is out of git" in done.err
    assert run("render", "HEAD:nets/x.spec").out == "x.svg\n"


@needs_git
def test_what_a_revision_uses_stays_in_its_folder(run: Run, repository: Path) -> None:
    (repository / "secret.spec").write_text("block a(c) { conv c 1x1 }\n")
    (repository / "nets" / "y.spec").write_text('use "../secret.spec"\ninput 8x8x3\na 4\n')
    (repository / "nets" / "z.spec").write_text('use "nowhere.spec"\ninput 8x8x3\na 4\n')
    add = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*add, "add", "."], cwd=repository, check=True)
    subprocess.run([*add, "commit", "-q", "-m", "two"], cwd=repository, check=True)
    assert "E0212" in run("check", "HEAD:nets/y.spec").err
    assert "there is no file HEAD:nets/nowhere.spec" in run("check", "HEAD:nets/z.spec").err


# Figures -------------------------------------------------------------------------------------


def test_a_figure_is_written_beside_the_text(run: Run, tmp_path: Path) -> None:
    done = run("diff", "plain34", "resnet34", "-o", "d.svg")
    assert done.out.startswith("plain34 → resnet: different")
    assert done.err.endswith("d.svg\n")
    assert (tmp_path / "d.svg").read_bytes().startswith(b"<svg")
    wrong = run("diff", "plain34", "resnet34", "-o", "d.txt")
    assert wrong.status == 2
    assert "svg, png, pdf, tex, html" in wrong.err


def test_python_has_the_same(tmp_path: Path) -> None:
    found = cnngraph.compare(load("resnet50"), load("resnet101"))
    assert (found.verdict, len(found.causes)) == ("different", 68)
    assert found.layers["fc1"] == "fc1"
    assert str(found).splitlines()[-1].startswith("parameters 25,557,032 → 44,549,160 (+74.3 %)")


def test_the_figure_takes_the_look_that_is_asked_for(run: Run, tmp_path: Path) -> None:
    def drawn(*look: str) -> tuple[float, str]:
        assert run("diff", "vgg19", "vgg16", "-o", "d.svg", *look).status == 0
        text = Path("d.svg").read_text("utf-8")
        size = re.search(r'viewBox="0 0 ([\d.]+)', text)
        assert size is not None
        return float(size[1]), text

    usual, light = drawn()
    column, dark = drawn("--width", "column", "--theme", "dark", "--font", "serif")
    assert column < usual
    assert [theme.removed in text for text, theme in ((light, THEMES["light"]), (dark, THEMES["dark"]))] == [True, True]
    assert ["sans-serif" in text for text in (light, dark)] == [True, False]
    refused = run("diff", "vgg19", "vgg16", "-o", "d.svg", "--dpi", "100")
    assert (refused.status, "it is for .png files" in refused.err) == (1, True)
    for option, value in (("--theme", "dark"), ("--width", "page"), ("--font", "serif"), ("--dpi", "100")):
        refused = run("diff", "vgg19", "vgg16", option, value)
        assert (refused.status, f"{option} is of the figure" in refused.err) == (2, True)


def test_remarks_stand_behind_their_marks_in_all_their_lines() -> None:
    found = cnngraph.compare(load("squeezenet"), load("squeezenet1_1"))
    below = differences(found, width=240).items[-1]
    assert isinstance(below, Group)
    texts = [item for item in below.items if isinstance(item, Text)]
    marks = [text for text in texts if text.content in ("~1", "+2", "−3")]
    assert len(marks) == 3
    behind = [text for text in texts if text.y >= marks[0].y and text not in marks]
    assert len(behind) > len(marks), "some have several lines"
    (start,) = {text.x for text in behind}
    assert start > marks[0].x


def test_what_is_only_said_otherwise_is_no_difference(run: Run, tmp_path: Path) -> None:
    text = "input 8x8x3\nconv 4 3x3{}\n"
    (tmp_path / "a.spec").write_text(text.format(' @label("Stem") @note("old")'))
    (tmp_path / "b.spec").write_text(text.format(' @note("new")'))
    done = run("diff", "a.spec", "b.spec", "--exit-code")
    assert (done.status, "are the same" in done.out) == (0, True)
    assert 'said otherwise  conv1 @label ("Stem") → none, conv1 @note ("old") → ("new")' in done.out
    wording = json.loads(run("diff", "a.spec", "b.spec", "--format", "json").out)["wording"]
    assert wording[0] == {"layers": ["conv1", "conv1"], "field": "@label", "a": '("Stem")', "b": "none"}
    assert [each["field"] for each in wording] == ["@label", "@note"]
    assert run("diff", "a.spec", "lenet5", "--exit-code").status == 1
