"""`cnngraph import`: models of other programs as specs, and what is proved of them."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image
from safetensors import safe_open
from safetensors.numpy import load_file

import cnngraph
from cnngraph import Network, parse
from cnngraph.runtime.agree import alike
from cnngraph.spec.writing.again import without_what_stands_in_the_way
from cnngraph.structure import differences
from cnngraph.structure.proof import matching
from tests.conftest import Run
from tests.fronts.onnx.compared import model

DARKNET = "[net]\nheight=16\nwidth=16\nchannels=3\n[convolutional]\nfilters=4\nsize=3\npad=1\nactivation=leaky\n"


@pytest.fixture(scope="module")
def resnet18(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exported") / "resnet18.onnx"
    cnngraph.load("resnet18").export(path, without=["fold-bn"])
    return path


@pytest.fixture
def resnet(run: Run, resnet18: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(resnet18, tmp_path))


def test_a_model_is_written_as_a_person_would_have(run: Run, resnet: Path, tmp_path: Path) -> None:
    ran = run("import", resnet.name, "-o", "mine.spec")
    assert ran.status == 0
    assert ran.out == ""
    assert "proved: mine.spec reads as the network in resnet18.onnx (71 layers, 0 differ)" in ran.err
    text = (tmp_path / "mine.spec").read_text()
    assert "block residual(" in text
    assert len(text.splitlines()) < 30
    original = cnngraph.load("resnet18")
    assert differences(cnngraph.load(tmp_path / "mine.spec"), original) == []


def test_without_a_file_it_is_printed(run: Run, resnet: Path, tmp_path: Path) -> None:
    ran = run("import", resnet.name)
    assert run("import", resnet.name, "-o", "mine.spec").status == 0
    assert ran.out == (tmp_path / "mine.spec").read_text()
    assert run("fmt", "--check", "mine.spec").status == 0


def test_a_line_for_each_step(run: Run, resnet: Path) -> None:
    ran = run("import", "--flat", resnet.name)
    assert "block" not in ran.out
    assert "a line for each step, without blocks" in ran.err
    assert "proved:" in ran.err


def test_what_is_given_up_is_said(run: Run, resnet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the text with blocks cannot be proved."""
    real, asked = matching, list[int]()

    def once_not(one: Network, other: Network) -> dict[str, str] | None:
        asked.append(1)
        return real(one, other) if len(asked) > 1 else None

    monkeypatch.setattr("cnngraph.importing.matching", once_not)
    monkeypatch.setattr("cnngraph.importing.differences", lambda *_: ["`conv2` is not `conv3`"])
    ran = run("import", resnet.name)
    assert "block" not in ran.out
    assert "no blocks: the text with them could not be proved to be the network: `conv2` is not `conv3`" in ran.err


def test_only_blocks_in_the_way_of_what_is_shared_are_given_up() -> None:
    """One use of a block has weights from outside: it alone is written out."""
    pair = "block pair() {\n  conv 4 3x3 same relu -> conv 4 3x3 same\n}\n"
    network = parse(f"input 8x8x4\n{pair}stem: conv 4 3x3 same\nrelu\n[pair] x4\n")
    layers = list(network.layers)
    at = next(number for number, layer in enumerate(layers) if layer.name == "pair3.conv2")
    layers[at] = replace(layers[at], shares="stem")
    shared = replace(network, layers=tuple(layers))
    kept, opened = without_what_stands_in_the_way(shared)
    assert [each.block.path for each in opened] == ["pair3"]
    assert set(kept.blocks) == set(network.blocks) - {"pair3"}
    assert "block pair(" in shared.to_spec()
    assert "again stem" in shared.to_spec()


NAMES = ["block", "net", "heat map", "négative", "boxes", "mask_1", "751", "/head/Conv_output_0"]


@pytest.mark.parametrize("first", NAMES)
@pytest.mark.parametrize("second", ["relu", "scores", "x2"])
def test_outputs_are_called_as_the_file_does_without_a_line_for_it(
    run: Run, first: str, second: str, tmp_path: Path
) -> None:
    weights = {"w": np.ones((4, 4, 1, 1), np.float32), "v": np.ones((2, 4, 1, 1), np.float32)}
    nodes = [
        helper.make_node("Conv", ["x", "w"], [first]),
        helper.make_node("Sigmoid", [first], ["between"]),
        helper.make_node("Conv", ["between", "v"], [second]),
    ]
    onnx.save(model(nodes, (1, 4, 8, 8), weights, outputs=[first, second]), tmp_path / "m.onnx")
    ran = run("import", "m.onnx")
    assert ": from " not in ran.out
    (said,) = [line for line in ran.out.splitlines() if line.startswith("output ")]
    if first in ("boxes", "mask_1"):
        assert said.split()[1] == first
    assert ("@origin" in said) == (first in NAMES[:4] or second == "relu")
    if first in NAMES[:4]:
        assert f'@origin("{first}"' in said


def test_weights_come_with_it_and_the_answers_are_the_same(run: Run, resnet: Path, tmp_path: Path) -> None:
    ran = run("import", resnet.name, "-o", "mine.spec", "--weights", "mine.safetensors")
    assert ran.status == 0
    assert "same answers: " in ran.err
    with safe_open(tmp_path / "mine.safetensors", framework="numpy") as file:
        about = file.metadata()
        assert about["source"] == "resnet18.onnx"
        assert len(about["sha256"]) == 64
        assert json.loads(about["names"])["fc1"] == "fc1"
    # Whoever takes the two files goes on from there.
    assert run("export", "--onnx", "mine.spec", "--weights", "mine.safetensors", "-o", "again.onnx").status == 0
    picture = np.random.default_rng(0).standard_normal((1, 3, 224, 224)).astype(np.float32)
    np.save(tmp_path / "x.npy", picture)
    answers = []
    for name in ("resnet18.onnx", "again.onnx"):
        assert run("run", name, "--input", "x.npy", "-o", "y.npy").status == 0
        answers.append(np.load(tmp_path / "y.npy"))
    assert np.abs(answers[0] - answers[1]).max() < 1e-5


def test_the_same_bytes_each_time(run: Run, resnet: Path, tmp_path: Path) -> None:
    made = []
    for _ in range(2):
        assert run("import", resnet.name, "-o", "mine.spec", "--weights", "mine.safetensors").status == 0
        made.append((tmp_path / "mine.spec").read_bytes() + (tmp_path / "mine.safetensors").read_bytes())
    assert made[0] == made[1]


def test_the_names_of_the_source(run: Run, tmp_path: Path) -> None:
    nodes = [helper.make_node("Relu", ["x"], ["r"], name="/body/act/Relu"), helper.make_node("Abs", ["r"], ["y:0"])]
    onnx.save(model(nodes, (1, 3, 8, 8), outputs=("y:0",)), tmp_path / "m.onnx")
    assert "@origin" not in run("import", "m.onnx").out
    said = run("import", "--names", "source", "m.onnx").out
    assert '@origin("/body/act/Relu"' in said
    assert '@origin("y:0")' in said


def test_weights_by_the_names_of_the_source(run: Run, resnet: Path, tmp_path: Path) -> None:
    """Every tensor that the model has, by its own name, for the program that it is from."""
    source = onnx.load(resnet)
    stored = {tensor.name for tensor in source.graph.initializer}
    for node in source.graph.node:
        node.input[:] = [f"model.{name}" if name in stored else name for name in node.input]
    for tensor in source.graph.initializer:
        tensor.name = f"model.{tensor.name}"
    onnx.save(source, tmp_path / "a.onnx")
    weights = tmp_path / "a.safetensors"
    assert run("import", "a.onnx", "-o", "a.spec", "--weights", str(weights), "--keys", "source").status == 0
    floats = {t.name: t for t in source.graph.initializer if t.data_type == onnx.TensorProto.FLOAT}
    written = weights.read_bytes()
    size = int.from_bytes(written[:8], "little")
    header = json.loads(written[8 : 8 + size])
    del header["__metadata__"]
    assert set(header) == set(floats)
    for name, said in header.items():
        start, end = (8 + size + at for at in said["data_offsets"])
        assert said["shape"] == list(floats[name].dims)
        assert written[start:end] == onnx.numpy_helper.to_array(floats[name]).tobytes()
    assert run("import", "a.onnx", "--keys", "source").status == 2


@pytest.mark.parametrize("names", ["plain", "source"])
def test_weights_by_the_names_of_the_source_are_not_mistaken_for_others(run: Run, tmp_path: Path, names: str) -> None:
    """The source calls its first convolution as the spec the second."""
    (tmp_path / "a.spec").write_text("net a\ninput 8x8x4\nconv2: conv 4 3x3 same relu\nconv1: conv 4 3x3 same relu\n")
    assert run("export", "--onnx", "a.spec", "-o", "a.onnx").status == 0
    asked = ("--keys", "source", "--names", names)
    assert run("import", "a.onnx", "-o", "b.spec", "--weights", "b.safetensors", *asked).status == 0
    assert run("export", "--onnx", "b.spec", "--weights", "b.safetensors", "-o", "b.onnx").status == 0
    answers = alike(tmp_path / "a.onnx", tmp_path / "b.onnx", [{}], close=1e-5)
    assert answers.difference == 0


def test_what_no_layer_does_is_refused_when_asked_to(run: Run, tmp_path: Path) -> None:
    onnx.save(model([helper.make_node("Cos", ["x"], ["y"])], (1, 3, 8, 8)), tmp_path / "m.onnx")
    ran = run("import", "m.onnx")
    assert 'opaque "Cos"' in ran.out
    assert "W0120" in ran.err
    strict = run("import", "--strict", "m.onnx", "-o", "m.spec")
    assert strict.status == 1
    assert "E0117" in strict.err
    assert not (tmp_path / "m.spec").exists()


def test_free_sizes_stay_free_or_are_set(run: Run, tmp_path: Path) -> None:
    onnx.save(model([helper.make_node("Relu", ["x"], ["y"])], ("n", 3, "h", "w")), tmp_path / "m.onnx")
    assert "input ?Hx?Wx3" in run("import", "m.onnx").out.replace("(?H, ?W, 3)", "?Hx?Wx3")
    assert "input 8x9x3" in run("import", "m.onnx", "--input", "8x9x3").out
    assert "the input of m.onnx is 8x9x3" in run("import", "m.onnx", "--input", "8x9x4").err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["lenet5"], "lenet5 is a spec already"),
        (["net.cfg", "--input", "224"], "is not height x width x channels"),
        (["net.cfg", "--weights", "w.npz"], "a .safetensors file"),
        (["net.cfg", "--weights", "w.safetensors"], "net.cfg has no weights"),
        (["nothing.onnx"], "there is no file nothing.onnx"),
    ],
)
def test_what_cannot_be(run: Run, tmp_path: Path, arguments: list[str], says: str) -> None:
    (tmp_path / "net.cfg").write_text(DARKNET)
    ran = run("import", *arguments)
    assert ran.status in (1, 2)
    assert says in ran.err
    assert not (tmp_path / "w.safetensors").exists()


def test_darknet_too(run: Run, tmp_path: Path) -> None:
    (tmp_path / "net.cfg").write_text(DARKNET)
    ran = run("import", "net.cfg")
    assert "conv 4 3x3 same leaky=0.1" in ran.out
    assert "proved: this text reads as the network in net.cfg (3 layers, 0 differ)" in ran.err


def exported(folder: Path, nodes: list[onnx.NodeProto], kind: str = "float32") -> str:
    made = model(nodes, (1, 3, 8, 8), {"w": np.ones((3, 3, 1, 1), kind)})
    if kind != "float32":
        made.graph.input[0].type.tensor_type.elem_type = helper.np_dtype_to_tensor_dtype(np.dtype(kind))
        made.graph.output[0].type.tensor_type.elem_type = helper.np_dtype_to_tensor_dtype(np.dtype(kind))
        del made.graph.value_info[:]
    onnx.save(made, folder / "model.onnx")
    return "model.onnx"


CONV = helper.make_node("Conv", ["x", "w"], ["c"])


def test_an_output_that_is_another_in_the_spec_is_not_compared(run: Run, tmp_path: Path) -> None:
    """As large as the model's, and its numbers in another order."""
    nodes = [CONV, helper.make_node("Transpose", ["c"], ["y"], perm=[0, 1, 3, 2])]
    ran = run("import", exported(tmp_path, nodes), "--weights", "w.safetensors")
    assert ran.status == 0
    assert "not compared: 1 of 1 outputs, which are others in the spec" in ran.err


@pytest.mark.parametrize(("kind", "says"), [
    ("float16", "onnxruntime on both; the model computes with float16)"),
    ("float64", "not compared: onnxruntime does not run model.onnx: "),
])  # fmt: skip
def test_other_types_of_numbers(run: Run, tmp_path: Path, kind: str, says: str) -> None:
    nodes = [CONV, helper.make_node("Sigmoid", ["c"], ["s"]), helper.make_node("HardSwish", ["s"], ["y"])]
    ran = run("import", exported(tmp_path, nodes, kind), "--weights", "w.safetensors")
    assert ran.status == 0
    assert says in ran.err


def test_a_model_that_rounds_to_8_bits(run: Run, tmp_path: Path) -> None:
    """It is no part of the network, so that who is strict does not get it."""
    nodes = [
        CONV,
        helper.make_node("QuantizeLinear", ["c", "scale"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "scale"], ["y"]),
    ]
    name = exported(tmp_path, nodes)
    made = onnx.load(tmp_path / name)
    made.graph.initializer.append(onnx.numpy_helper.from_array(np.array(0.02, np.float32), "scale"))
    onnx.save(made, tmp_path / name)
    ran = run("import", name, "--weights", "w.safetensors")
    assert ran.status == 0
    assert "W0120" in ran.err
    assert "for the model rounds to 8 bits" in ran.err
    ran = run("import", name, "--strict")
    assert ran.status == 1
    assert "E0117" in ran.err


def test_weights_of_parts_that_no_layer_does_stay_in_the_model(run: Run, tmp_path: Path) -> None:
    nodes = [CONV, helper.make_node("Einsum", ["c", "w"], ["y"], equation="nchw,dcij->ndhw")]
    name = exported(tmp_path, nodes)
    ran = run("import", name, "-o", "m.spec", "--weights", "w.safetensors")
    assert ran.status == 0
    assert f"; 9 weights of `opaque` lines stay in {name}\n" in ran.err
    assert "same answers" in ran.err
    assert list(load_file(tmp_path / "w.safetensors")) == ["conv1.weight"]


def test_where_such_parts_are_not_passed_through_no_weights_are_written(run: Run, tmp_path: Path) -> None:
    text = "[net]\nheight=4\nwidth=4\nchannels=1\n[local]\nfilters=2\nsize=3\nstride=1\npad=1\nactivation=linear\n"
    (tmp_path / "local.cfg").write_text(text)
    ran = run("import", "local.cfg", "-o", "m.spec", "--weights", "w.safetensors")
    assert ran.status == 1
    assert "error[E0701]: local.cfg has weights in parts that no layer here does" in ran.err


@pytest.mark.parametrize("arguments", [
    ["import", "model.onnx", "-o", "model.onnx"], ["import", "model.onnx", "-o", "other.onnx"],
    ["export", "--onnx", "model.onnx"], ["export", "--onnx", "model.onnx", "-o", "./model.onnx"],
])  # fmt: skip
def test_no_command_writes_over_the_model_that_it_reads(run: Run, tmp_path: Path, arguments: list[str]) -> None:
    path = tmp_path / exported(tmp_path, [helper.make_node("Conv", ["x", "w"], ["y"])])
    (tmp_path / "other.onnx").symlink_to(path)
    before = path.read_bytes()
    ran = run(*arguments)
    assert ran.status == 1
    assert "E0903" in ran.err
    assert path.read_bytes() == before


def test_where_free_sizes_leave_an_output_open_it_is_said_how_to_set_them(run: Run, tmp_path: Path) -> None:
    """As in detectors, whose last part counts the places of their maps."""
    nodes = [
        CONV, helper.make_node("Shape", ["c"], ["sizes"], start=2, end=3),
        helper.make_node("Squeeze", ["sizes"], ["height"]), helper.make_node("Range", ["0", "height", "1"], ["rows"]),
        helper.make_node("Cast", ["rows"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["numbers", "upright"], ["column"]),
        helper.make_node("Mul", ["c", "column"], ["y"]),
    ]  # fmt: skip
    weights = {"w": np.ones((3, 3, 1, 1), np.float32), "0": np.array(0), "1": np.array(1),
               "upright": np.array([1, 1, -1, 1])}  # fmt: skip
    onnx.save(model(nodes, ("n", 3, "h", "w"), weights), tmp_path / "m.onnx")
    ran = run("summary", "m.onnx")
    assert ran.status == 0
    assert "it may be with a size for the input:  --set H=224 --set W=224" in ran.err
    assert "left out" not in run("summary", "m.onnx", "--set", "H=224", "--set", "W=224").err
    ran = run("import", "m.onnx")
    assert "proved: this text reads as what is left of m.onnx (2 layers; 4 of its nodes are left out" in ran.err


def test_a_picture_is_no_spec(run: Run, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    assert "a.png is a picture, and not a spec" in run("import", "a.png").err


def test_weights_in_a_model_are_written_out_by_import(run: Run, resnet: Path) -> None:
    said = run("export", "--onnx", "resnet18", "--weights", resnet, "-o", "x.onnx").err
    assert f"cnngraph import {resnet} -o X.spec --weights X.safetensors" in said
