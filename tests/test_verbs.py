"""What Python does with a network is what the command line does with it."""

from __future__ import annotations

import csv
import inspect
import io
import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from safetensors.numpy import load_file, save_file

import cnngraph
from cnngraph import CnngraphError, Network, load, verbs
from cnngraph.cli import render as cli_render
from cnngraph.figure.figure import SUFFIXES
from cnngraph.network import Layer
from cnngraph.shipped import shipped
from cnngraph.weights import choose
from tests.conftest import Run

ROOT = Path(__file__).parent.parent
SEVEN = ROOT / "examples" / "seven.png"
LENET5 = ROOT / "cnngraph" / "weights" / "shipped" / "lenet5.safetensors"
TWO_INPUTS = "net two\ninput a 4x4x1\ninput b 4x4x1\nadd a b\nflatten\nfc 3\n"


# Figures -------------------------------------------------------------------------------------


def test_all_ways_to_a_figure_take_the_same_options() -> None:
    """The method, and the command but for what says where the network and the file are, and what is said and made of
    weights; the function passes on."""
    method = inspect.signature(Network.render).parameters
    function = inspect.signature(verbs.render).parameters
    assert [name for name in function if name not in ("networks", "look")] == [
        name for name in method if name in function
    ]
    options = cli_render.command.make_context("render", ["lenet5"]).params
    elsewhere = {
        "file",
        "file2",
        "output",
        "format_",
        "steps",
        "block_steps",
        "settings",
        "max_nodes",
        "table",
        "fresh",
    }
    assert set(options) - elsewhere == set(method) - {"self", "path"}
    defaults = {name: each.default for name, each in method.items() if name in options}
    assert defaults == {name: options[name] or None if name == "renames" else options[name] for name in defaults}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_is_the_commands(run: Run, tmp_path: Path, suffix: str) -> None:
    assert run("render", "lenet5", "-o", f"a.{suffix}").status == 0
    figure = load("lenet5").render(tmp_path / f"b.{suffix}")
    assert figure.path == tmp_path / f"b.{suffix}"
    assert (tmp_path / f"b.{suffix}").read_bytes() == (tmp_path / f"a.{suffix}").read_bytes()


@pytest.mark.parametrize(
    ("name", "params", "options", "look"),
    [
        ("resnet", {"depth": 34}, ["--set", "depth=34"], {}),
        ("vgg16", {}, ["--style", "text", "--no-fold"], {"style": "text", "fold": False}),
        ("alexnet", {}, ["--layer", "conv1", "--width", "page"], {"layer": "conv1", "width": 504}),
        ("unet", {}, ["--theme", "print", "--depth", "1"], {"theme": "print", "depth": 1}),
        ("lenet5", {}, ["--image", str(SEVEN), "--title", "L"], {"image": SEVEN, "title": "L"}),
        ("lenet5", {}, ["--image", str(SEVEN), "--live", "--seed", "7"], {"image": SEVEN, "live": True, "seed": 7}),
        (
            "lenet5",
            {},
            ["--layer", "conv2", "--cell", "3,4", "--image", str(SEVEN), "--live", "--weights", str(LENET5)],
            {"layer": "conv2", "cell": (3, 4), "image": SEVEN, "live": True, "weights": LENET5},
        ),
        ("googlenet", {}, ["--names", "--counts", "--outline"], {"names": True, "counts": True, "outline": True}),
    ],
)
def test_an_option_is_the_commands(
    run: Run, tmp_path: Path, name: str, params: Mapping[str, Any], options: list[str], look: dict[str, Any]
) -> None:
    assert run("render", name, *options, "-o", "a.svg").status == 0
    load(name, **params).render(tmp_path / "b.svg", **look)
    assert (tmp_path / "b.svg").read_bytes() == (tmp_path / "a.svg").read_bytes()


def test_two_networks_in_one_figure(run: Run, tmp_path: Path) -> None:
    assert run("render", "plain34", "resnet", "--set", "depth=34", "-o", "a.svg").status == 0
    both = [load("plain34"), load("resnet", depth=34)]
    figure = cnngraph.render(both, tmp_path / "b.svg")
    assert (tmp_path / "b.svg").read_bytes() == (tmp_path / "a.svg").read_bytes()
    assert str(figure) == f"<Figure of plain34 and resnet, style strip, in {tmp_path / 'b.svg'}>"
    with pytest.raises(CnngraphError, match="E0607"):
        cnngraph.render(both, style="volumes")
    with pytest.raises(ValueError, match="no network"):
        cnngraph.render([])


def test_without_a_path_it_is_there_to_look_at(tmp_path: Path) -> None:
    figure = load("resnet").render(style="strip")
    assert (figure.style, figure.path) == ("strip", None)
    assert figure.save(tmp_path / "a.svg").path == tmp_path / "a.svg"
    assert (tmp_path / "a.svg").read_text("utf-8") == figure.svg
    assert figure._repr_svg_() == figure.svg


def test_what_cannot_be_shown_is_said_at_once() -> None:
    with pytest.raises(CnngraphError, match="E0603"):
        load("resnet").render(style="volumes")


@pytest.mark.parametrize(
    ("look", "said"),
    [
        ({"style": "volume"}, "no style is called 'volume': did you mean 'volumes'?"),
        ({"theme": "bright"}, "no theme is called 'bright'"),
        ({"layout": "dott"}, "did you mean 'dot'?"),
        ({"width": "wide"}, "'wide' is none of column, page, slide"),
        ({"width": float("nan")}, "is not between 72pt and 14400pt"),
        ({"path": "a.gif"}, "no format is called .gif; there are svg, png"),
    ],
)
def test_words_that_are_none(look: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        load("lenet5").render(**look)


# The table -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*shipped()][::4])
def test_a_table_is_the_commands(run: Run, name: str) -> None:
    network = load(name)
    for fold in (True, False):
        table, option = network.summary(fold=fold), "--fold" if fold else "--no-fold"
        written = {
            "text": f"{table}\n",
            "csv": table.to_csv(),
            "markdown": f"{table.to_markdown()}\n",
            "latex": f"{table.to_latex()}\n",
        }
        for form, text in written.items():
            assert run("summary", name, option, "--format", form).out == text


def test_json_has_two_names(run: Run) -> None:
    assert run("summary", "lenet5", "--format", "json").out == run("summary", "lenet5", "--json").out
    assert run("summary", "lenet5", "--format", "csv", "--json").status == 2


@pytest.mark.parametrize("name", shipped())
def test_counts_in_a_csv_add_up(name: str) -> None:
    """The rows of a block are its counts, each as often as it stands there, and all of them the network's."""
    network = load(name)
    rows = list(csv.DictReader(io.StringIO(network.summary().to_csv())))

    def sum_of(block: str, column: str) -> int:
        return sum(int(row[column]) * int(row["times"]) for row in rows if row["block"] == block)

    assert (sum_of("", "parameters"), sum_of("", "macs")) == (network.params, network.macs)
    open_path: list[str] = []
    for at, row in enumerate(rows):
        open_path = open_path[: row["block"].count(".") + 1 if row["block"] else 0]
        if row["operation"]:
            continue
        path = ".".join((*open_path, row["layer"]))
        open_path.append(row["layer"])
        inside = []
        for other in rows[at + 1 :]:
            if other["block"] != path and not other["block"].startswith(f"{path}."):
                break
            if other["block"] == path:
                inside.append(other)
        assert sum(int(other["parameters"]) * int(other["times"]) for other in inside) == int(row["parameters"])


def test_what_is_free_is_empty_in_a_csv() -> None:
    network = cnngraph.parse("net t\ninput (?H, ?W, 3)\nconv 4 3x3 same\n")
    rows = list(csv.DictReader(io.StringIO(network.summary().to_csv())))
    assert [(row["size"], row["macs"], row["field_height"]) for row in rows] == [("", "0", "1"), ("", "", "3")]


@pytest.mark.parametrize("name", ["lenet5", "resnet", "shufflenet_v2", "unet"])
def test_every_row_has_every_column(name: str) -> None:
    table = load(name).summary()
    lines = len(list(table.lines()))
    marked = table.to_markdown().splitlines()
    assert len(marked) == lines + 3  # the head, the rule and the sum
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in marked} == {len(table.columns) + 1}
    tex = [line for line in table.to_latex().splitlines() if line.endswith(r"\\")]
    assert len(tex) == lines + 2
    assert {len(re.findall(r"(?<!\\)&", line)) for line in tex} == {len(table.columns) - 1}
    assert table.to_latex().isascii()
    assert table._repr_html_().count("<tr>") == lines + 1


def test_names_are_no_markup() -> None:
    network = cnngraph.parse("net t\ninput 8x8x3\na_b_c: conv 4 3x3\n")
    assert r"a\_b\_c" in network.summary().to_markdown()
    assert r"a\_b\_c" in network.summary().to_latex()


# ONNX ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options", "asked"),
    [
        ("lenet5", [], {}),
        ("googlenet_bn", ["--seed", "3", "--opset", "17"], {"seed": 3, "opset": 17}),
        ("lenet5", ["--dtype", "float16", "--batch", "2"], {"dtype": "float16", "batch": 2}),
        (
            "lenet5",
            ["--weights", "random", "--without", "drop-dropout"],
            {"weights": "random", "without": ["drop-dropout"]},
        ),
        ("lenet5", ["--weights", str(LENET5)], {"weights": LENET5}),
        ("lenet5", ["--external-data", "0"], {"external_data": 0}),
    ],
)
def test_a_model_is_the_commands(
    run: Run, tmp_path: Path, name: str, options: list[str], asked: dict[str, Any]
) -> None:
    assert run("export", "--onnx", name, *options, "-o", "a.onnx").status == 0
    expected = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    written = load(name).export(tmp_path / "a.onnx", **asked)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == expected
    assert (written.path, written.size) == (tmp_path / "a.onnx", len(expected["a.onnx"]))
    assert written.opset == asked.get("opset", 20)


def test_arrays_are_weights_like_a_file(tmp_path: Path) -> None:
    network, arrays = load("lenet5"), load_file(LENET5)
    network.export(tmp_path / "a.onnx", arrays)
    network.export(tmp_path / "b.onnx", LENET5)
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()
    moved = {f"net.{name}": array for name, array in arrays.items()}
    network.export(tmp_path / "a.onnx", moved, renames={f"net.{name}": name for name in arrays})
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda arrays: arrays.pop("conv1.bias"), "E0704"),
        (lambda arrays: arrays.update({"conv1.bias": np.zeros(7, np.float32)}), "E0704"),
        (lambda arrays: arrays.update({"more": np.zeros(7, np.float32)}), "E0704"),
        (lambda arrays: arrays.update({"conv1.bias": np.zeros(6, np.int64)}), "E0702"),
        (lambda arrays: arrays.update({"conv1.bias": [[1], [1, 2]]}), "E0702"),
    ],
)
def test_arrays_are_checked_like_a_file(tmp_path: Path, change: Any, code: str) -> None:
    arrays: dict[str, Any] = dict(load_file(LENET5))
    change(arrays)
    with pytest.raises(CnngraphError, match=code):
        load("lenet5").export(tmp_path / "a.onnx", arrays)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "asked",
    [
        {"dtype": "int8"},
        {"without": ["fold"]},
        {"batch": 0},
        {"renames": {"a": "b"}},
        {"weights": "random", "renames": {"a": "b"}},
    ],
)
def test_what_cannot_be_asked_of_an_export(tmp_path: Path, asked: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"called|batch|renames"):
        load("lenet5").export(tmp_path / "a.onnx", **asked)
    assert list(tmp_path.iterdir()) == []


# Running -------------------------------------------------------------------------------------


def test_answers_are_those_of_the_exported_file(tmp_path: Path) -> None:
    network = load("lenet5")
    batch = np.random.default_rng(0).random((3, 32, 32, 1), np.float32)
    network.export(tmp_path / "a.onnx", without=["fold-bn"])
    session = onnxruntime.InferenceSession(tmp_path / "a.onnx")
    (expected,) = session.run(None, {"image": batch.transpose(0, 3, 1, 2)})
    for given in (batch, {"image": batch}, batch.transpose(0, 3, 1, 2)):
        found = network.run(given, top=2, labels=list("abcdefghij"))
        assert np.allclose([answer.outputs["fc3.softmax"] for answer in found], expected, atol=1e-6)
        for answer, row in zip(found, expected, strict=True):
            best = np.argsort(-row)[:2]
            assert [guess.index for guess in answer.top] == list(best)
            assert [guess.label for guess in answer.top] == ["abcdefghij"[each] for each in best]


def test_pictures_are_read_as_the_command_reads_them(run: Run) -> None:
    (answer,) = load("lenet5").run(SEVEN)
    printed = [line.split()[:2] for line in run("run", "lenet5", "--image", SEVEN).out.splitlines()[1:]]
    assert [[guess.label, f"{guess.score:.4f}"] for guess in answer.top] == printed
    assert answer.source == str(SEVEN)
    both = load("lenet5").run([SEVEN, str(ROOT / "examples" / "digits" / "0.png")])
    assert [each.top[0].label for each in both] == ["7", "0"]
    assert both[0].top == answer.top


def test_weights_are_those_given() -> None:
    network = load("lenet5")
    arrays = {name: np.zeros_like(array) for name, array in load_file(LENET5).items()}
    (answer,) = network.run(SEVEN, arrays)
    assert [guess.score for guess in answer.top] == pytest.approx([0.1] * 5)
    assert network.run(SEVEN, seed=1)[0].top != network.run(SEVEN, seed=2)[0].top


def test_maps_are_given_back_as_they_are() -> None:
    network = cnngraph.parse("net t\ninput 8x6x3\nconv 4 3x3\n")
    (answer,) = network.run(np.zeros((8, 6, 3)))
    (output,) = answer.outputs.values()
    assert output.shape == (4, 6, 4)
    assert (answer.guesses, answer.top) == ({}, ())


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("nope.png", "E0808"),
        (np.zeros((3, 3)), "E0811"),
        (np.array(["a"]), "E0810"),
        ({"x": np.zeros((32, 32))}, "E0815"),
        ({}, "E0815"),
    ],
)
def test_inputs_that_do_not_fit(given: Any, code: str) -> None:
    with pytest.raises(CnngraphError, match=code):
        load("lenet5").run(given)


def test_every_input_needs_its_array() -> None:
    network = cnngraph.parse(TWO_INPUTS)
    whole = np.ones((4, 4))
    assert len(network.run({"a": whole, "b": whole})) == 1
    for given, code in (({"a": whole}, "E0815"), (whole, "E0815"), (SEVEN, "E0814")):
        with pytest.raises(CnngraphError, match=code) as caught:
            network.run(given)
        assert "run({'a': array, 'b': array})" in str(caught.value)


@pytest.mark.parametrize("given", [None, 3, [], [1.0], object()])
def test_what_is_no_input(given: Any) -> None:
    with pytest.raises(TypeError, match="run takes the path of a picture"):
        load("lenet5").run(given)


def test_what_is_for_pictures_is_not_for_arrays(run: Run) -> None:
    for asked in ({"invert": True}, {"mean": 0.5}, {"std": (1, 2, 3)}):
        with pytest.raises(ValueError, match="are for pictures"):
            load("lenet5").run(np.zeros((32, 32)), **asked)
    assert "are for pictures" in run("run", "lenet5", "--input", "x.npy", "--mean", "0.5").err


def test_labels_have_to_be_as_many_as_classes() -> None:
    with pytest.raises(CnngraphError, match="E0813"):
        load("lenet5").run(SEVEN, labels=["a"])


def test_a_verdict() -> None:
    verdict = load("lenet5").verify()
    assert verdict.tensors > 10
    assert {each.way for each in verdict.agreements} == {"onnxruntime, optimised", "onnx's reference"}
    assert all(each.difference < 1e-5 for each in verdict.agreements)


def test_a_verdict_on_what_the_passes_made() -> None:
    text = "net t\ninput 8x8x3\nconv 4 3x3 bn relu\nconv 4 3x3 bn\n"
    tensors = cnngraph.parse(text).verify(reference=False).tensors
    assert tensors == cnngraph.parse(text.replace(" bn", "")).verify(reference=False).tensors


# Mistakes and words --------------------------------------------------------------------------


def test_check_says_and_raises_nothing(tmp_path: Path) -> None:
    assert cnngraph.check("lenet5") == ()
    bad = tmp_path / "bad.spec"
    bad.write_text("net t\ninput 8x8x3\nconv 4 9x9\n")
    for file, params, code in (
        (bad, {}, "E0406"),
        (str(bad), {}, "E0406"),
        ("nope", {}, "E0110"),
        (tmp_path, {}, "E0110"),
        (SEVEN, {}, "E0107"),
        ("resnet", {"depth": 7}, "E0204"),
        ("resnet", {"dept": 34}, "E0210"),
        ("resnet", {"max_nodes": 3}, "E0501"),
    ):
        assert code in {each.code for each in cnngraph.check(file, **params)}, (file, params)


def test_an_error_is_all_that_the_terminal_shows(run: Run, tmp_path: Path) -> None:
    text = "net t\ninput 8x8x3\nconv 4 9x9\nconv 8 3x3 smae\n"
    (tmp_path / "bad.spec").write_text(text)
    shown = run("check", "bad.spec").err
    with pytest.raises(CnngraphError) as caught:
        load("bad.spec")
    assert f"{caught.value}\n\n" == shown
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)


def test_a_network_in_a_line() -> None:
    assert str(load("resnet")) == (
        "<Network resnet: 177 layers, 25,557,032 parameters, 4,089,184,256 multiply-accumulates>"
    )
    free = cnngraph.parse("net t\ninput (?H, ?W, 3)\nconv 4 3x3 same\n")
    assert repr(free) == "<Network t: 2 layers, 112 parameters>"


def test_a_layer_that_is_not_there() -> None:
    network = load("lenet5")
    assert isinstance(network["conv1"], Layer)
    with pytest.raises(KeyError, match=r"no layer `conv11`; did you mean `conv1`\?"):
        network["conv11"]
    with pytest.raises(KeyError, match=r"no layer `zzz`['\"]$"):
        network["zzz"]


def test_readers_are_said_once(run: Run) -> None:
    """The help, the messages and the pages on them name the suffixes that the table has."""
    from cnngraph.weights.readers import READERS, suffixes

    known = [suffix for reader in READERS for suffix in reader.suffixes]
    assert len(set(known)) == len(known)
    assert re.findall(r"\.\w+", suffixes("or")) == known
    assert " ".join(run("export", "--help").out.split()).count(f"A {suffixes('or')} file") == 1
    for code in ("E0702", "E0703"):
        assert f"--weights takes {suffixes('and')} files" in run("explain", code).out


def test_random_weights_are_asked_for_by_name(tmp_path: Path) -> None:
    """Also when a file is called so: the word is the word."""
    save_file({"a": np.zeros(1, np.float32)}, tmp_path / "random")
    assert choose.choose(load("lenet5"), choose.RANDOM).about == "random weights, seed 0"
