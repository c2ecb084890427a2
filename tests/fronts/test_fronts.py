"""Formats of networks: content decides which it is, and all that is asked of a spec is asked of any of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnngraph import CnngraphError, load
from cnngraph.assembly import unsound
from cnngraph.fronts import FORMATS, ONNX, SPEC, format_of, is_model, params
from cnngraph.fronts.content import Content
from cnngraph.fronts.onnx import recognises
from cnngraph.reading import Reading
from cnngraph.shipped import shipped
from cnngraph.weights.source import Weight
from tests.conftest import Run
from tests.fronts import by_json as by_json_module
from tests.fronts.by_json import JSON, layer, network


@pytest.fixture
def by_json() -> Iterator[None]:
    FORMATS.insert(0, JSON)
    yield
    FORMATS.remove(JSON)


SMALL = network(layer("/conv/1", "conv", "x:0", channels=4, window=(3, 3)), outputs=("/conv/1",))
FREE = network(layer("c", "conv", "x:0", channels=4, window=(3, 3)), outputs=("c",), volume=("H", "W", 3))


def wrote(folder: Path, text: str, name: str = "net.json") -> Path:
    (folder / name).write_text(text)
    return folder / name


# One door ------------------------------------------------------------------------------------


@pytest.mark.usefixtures("by_json")
def test_every_command_takes_it(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = wrote(tmp_path, SMALL)
    assert run("check", file).out == f"{file}: n is fine: 2 layers, 112 parameters, 3,888 multiply-accumulates\n"
    assert "/conv/1  conv 3×3" in run("summary", file).out
    assert json.loads(run("summary", file, "--json").out)["layers"][1]["line"] is None
    for suffix in ("svg", "dot", "tex"):
        assert run("render", file, "-o", f"n.{suffix}").status == 0
    assert run("export", "--onnx", file).status == 0
    assert [output.name for output in onnx.load("net.onnx").graph.output] == ["/conv/1"]
    assert run("verify", file).status == 0


@pytest.mark.usefixtures("by_json")
def test_layers_share_weights_whatever_they_are_called(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    towers = [
        layer("left/conv", "conv", "x:0", channels=3, window=(3, 3)),
        layer("right/conv", "conv", "left/conv", channels=3, window=(3, 3)) | {"shares": "left/conv"},
        layer("last", "conv", "right/conv", channels=3, window=(3, 3)) | {"shares": "right/conv"},
    ]
    file = wrote(tmp_path, network(*towers, outputs=("last",)))
    assert run("check", file).out.startswith(f"{file}: n is fine: 4 layers, 84 parameters, ")
    assert "conv 3×3, weights of left/conv" in run("summary", file, "--no-fold").out
    said = json.loads(run("summary", file, "--json").out)["layers"]
    assert [(each["params"], each.get("shares")) for each in said] == [
        (0, None), (84, None), (0, "left/conv"), (0, "left/conv")]  # fmt: skip
    assert run("export", "--onnx", file).status == 0
    names = [each.name for each in onnx.load("net.onnx").graph.initializer]
    assert names == ["left/conv.weight", "left/conv.bias"]
    assert run("verify", file).status == 0
    assert "right_conv: again left_conv" in load(file).to_spec()


@pytest.mark.usefixtures("by_json")
def test_what_nothing_uses_is_spoken_of(tmp_path: Path, run: Run) -> None:
    dead = layer("lost", "fc", "flat", units=5)
    flat = layer("flat", "flatten", "c")
    text = network(layer("c", "conv", "x:0", channels=2, window=(3, 3)), flat, dead, outputs=("c",))
    ran = run("check", wrote(tmp_path, text))
    assert ran.status == 0
    assert "warning[W0102]: nothing uses `lost`" in ran.err
    assert "net.json: layer `lost`" in ran.err
    (found,) = json.loads(run("check", tmp_path / "net.json", "--format", "json").out)
    assert (found["code"], found["place"], found["line"]) == ("W0102", "layer `lost`", None)
    (github,) = run("check", tmp_path / "net.json", "--format", "github").out.splitlines()
    assert "layer `lost`" in github
    (result,) = json.loads(run("check", tmp_path / "net.json", "--format", "sarif").out)["runs"][0]["results"]
    assert result["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": "layer `lost`"}]


@pytest.mark.usefixtures("by_json")
def test_limits_and_settings_hold(tmp_path: Path, run: Run) -> None:
    file = wrote(tmp_path, FREE)
    assert "the limit is 1 nodes" in run("check", file, "--max-nodes", 1).err
    assert params(str(file)) == ["H", "W"]
    assert load(file, H=9, W="7")["c"].output.dims == (7, 5, 4)
    assert "there is no free size `d`" in run("check", file, "--set", "d=3").err
    assert "a whole number of at least 1" in run("check", file, "--set", "H=0").err


@pytest.mark.usefixtures("by_json")
@pytest.mark.parametrize(
    ("layers", "code", "says"),
    [
        ([layer("c", "conv", "y", channels=2, window=(3, 3))], "E0201", "no tensor is called `y`"),
        ([layer("c", "relu", "d"), layer("d", "relu", "x:0")], "E0201", "no tensor is called `d`"),
        ([layer("x:0", "relu", "x:0")], "E0301", "the name `x:0` is given twice"),
        ([layer("a\nb", "relu", "x:0")], "E0313", "U+000A"),
        ([layer("", "relu", "x:0")], "E0313", "it is empty"),
        ([layer(" c", "relu", "x:0")], "E0313", "begins or ends with a blank"),
        ([layer("c", "conv", "x:0", channels=2, window=(9, 9))], "E0406", "the window is larger"),
        ([layer("c", "conv", "x:0", channels=-2, window=(3, 3))], "E0208", "`channels` of `conv`"),
        ([layer("c", "conv", "x:0", channels=2, window=(3, 3), stride=(0, 0))], "E0208", "`s` of `conv`"),
        ([layer("c", "conv", "x:0", channels=2, window=(3, 3), groups=0)], "E0208", "`groups` of `conv`"),
        ([layer("c", "bn", "x:0", eps=-1.0)], "E0208", "`eps` of `bn`"),
        ([layer("c", "upsample", "x:0", n=10**6)], "E0502", "numbers"),
        ([layer("c", "relu", "x:0") | {"shares": "d"}], "E0201", "no layer is called `d`"),
        ([layer("c", "relu", "x:0") | {"shares": "x:0"}], "E0314", "that is an input, this `relu`"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_layer(
    layers: list[dict[str, object]], code: str, says: str, tmp_path: Path
) -> None:
    with pytest.raises(CnngraphError) as caught:
        load(wrote(tmp_path, network(*layers, outputs=("x:0",))))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == code
    assert diagnostic.place == f"layer `{layers[0]['name']}`"
    assert says in f"{diagnostic.message} {diagnostic.reason}"


# Which format --------------------------------------------------------------------------------


def held(name: str, head: bytes) -> str:
    return format_of(Content(name, None, head)).name


def model(**more: str) -> bytes:
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Relu", ["x"], ["y"])],
        "g",
        [onnx.helper.make_tensor_value_info("x", 1, ["N"])],
        [onnx.helper.make_tensor_value_info("y", 1, ["N"])],
    )
    made: bytes = onnx.helper.make_model(graph, **more).SerializeToString()
    return made


def test_content_decides_and_not_the_suffix() -> None:
    assert held("a.spec", model()) == ONNX.name
    assert held("a", model(producer_name="pytorch", producer_version="2.9", doc_string="d" * 9000)[:4096]) == ONNX.name
    assert held("a.spec", b"net t\ninput 8x8x3\n") == SPEC.name
    assert held("a.txt", b"") == SPEC.name
    assert held("a.onnx", b"PK\x03\x04\0\0") == ONNX.name, "its suffix is all that speaks"


@pytest.mark.parametrize("order", [(7, 1, 8), (2, 3, 1, 7, 8), (8, 7, 1)])
def test_the_fields_of_a_model_may_stand_in_any_order(order: tuple[int, ...]) -> None:
    made = onnx.ModelProto.FromString(model(producer_name="p", producer_version="v"))
    parts = {each[0].number: each for each in made.ListFields()}
    one = onnx.ModelProto()
    data = b""
    for number in order:
        one.Clear()
        field, value = parts[number]
        (getattr(one, field.name).extend if field.name == "opset_import" else lambda v, f=field: (
            setattr(one, f.name, v) if f.name != "graph" else one.graph.CopyFrom(v)))(value)  # fmt: skip
        data += one.SerializeToString()
    assert recognises(data)
    assert all(recognises(data[:end]) for end in range(4, len(data)))


@given(st.binary(max_size=200))
def test_no_bytes_are_too_much(data: bytes) -> None:
    recognises(data)


@pytest.mark.parametrize("head", [b"\x89PNG\r\n\x1a\n\0\0", b"PK\x03\x04\x14\0", b"\x93NUMPY\x01\0", b"\x80\x02}q"])
def test_other_files_are_no_models(head: bytes) -> None:
    assert not recognises(head)


def test_a_model_is_told_wherever_it_lies(tmp_path: Path, run: Run) -> None:
    (tmp_path / "network").write_bytes(model())
    assert is_model(str(tmp_path / "network"))
    assert not is_model("lenet5")
    assert not is_model(str(tmp_path / "nothing.onnx"))
    assert "its input `x` has one size" in run("check", tmp_path / "network").err
    assert "is an ONNX model, and not a spec" in run("fmt", tmp_path / "network").err


@pytest.mark.parametrize("name", shipped())
def test_what_ships_is_sound(name: str) -> None:
    assert list(unsound(load(name))) == []


class Ones:
    """Weights that a file brings: all of them 1."""

    about = "the weights of its file"

    def all(self, weights: Iterable[Weight]) -> Iterator[Iterable[bytes]]:
        for weight in weights:
            yield [np.ones(weight.parameter.shape, "<f4").tobytes()]


@pytest.mark.usefixtures("by_json")
def test_weights_that_a_file_brings_are_taken(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(content: Content, settings: dict[str, object], max_nodes: int) -> Reading:
        return replace(plain(content, settings, max_nodes), weights=Ones())

    plain = by_json_module.read
    monkeypatch.setattr(by_json_module, "read", read)
    file = wrote(tmp_path, SMALL)
    ran = run("export", "--onnx", file, "-o", tmp_path / "n.onnx")
    assert "n with the weights of its file" in ran.err
    tensors = {each.name: onnx.numpy_helper.to_array(each) for each in onnx.load(tmp_path / "n.onnx").graph.initializer}
    assert (tensors["/conv/1.weight"] == 1).all()
    assert "random weights" in run("export", "--onnx", file, "-o", tmp_path / "n.onnx", "--seed", 1).err
