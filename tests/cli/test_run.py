"""`cnngraph run`: pictures and arrays in, answers out, and what is wrong with them said in one message."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image

import cnngraph
from tests.conftest import Run

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
SEVEN = EXAMPLES / "seven.png"


def test_the_trained_lenet_reads_a_seven(run: Run) -> None:
    ran = run("run", "lenet5", "--image", SEVEN)
    assert ran.status == 0
    assert ran.out.splitlines()[1].split()[0] == "7"
    assert "pictures 32x32, inverted, values 0 to 1" in ran.err


def test_json_has_every_picture(run: Run) -> None:
    pictures = sorted((EXAMPLES / "digits").glob("*.png"))
    arguments = [argument for picture in pictures for argument in ("--image", picture)]
    records = json.loads(run("run", "lenet5", "--json", "--top", 1, *arguments).out)
    assert [record["fc3.softmax"][0]["label"] for record in records] == [picture.stem for picture in pictures]


def test_labels_name_the_classes(run: Run, tmp_path: Path) -> None:
    words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    (tmp_path / "labels.txt").write_text("\n".join(words) + "\n")
    assert "seven" in run("run", "lenet5", "--image", SEVEN, "--labels", "labels.txt").out.splitlines()[1]


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_pictures_of_any_mode_are_read_alike(run: Run, tmp_path: Path, mode: str) -> None:
    file = tmp_path / ("picture.tif" if mode in ("CMYK", "I;16") else "picture.png")
    if mode == "I;16":
        Image.fromarray(np.asarray(Image.open(SEVEN).convert("L"), np.uint16) * 257).save(file)
    else:
        Image.open(SEVEN).convert(mode).save(file)
    assert run("run", "lenet5", "--image", file).out.splitlines()[1].split()[0] == "7"


def test_what_is_transparent_is_paper(run: Run, tmp_path: Path) -> None:
    ink = 255 - np.asarray(Image.open(SEVEN).convert("L"))
    Image.fromarray(np.dstack([np.zeros_like(ink)] * 3 + [ink])).save(tmp_path / "seven.png")
    assert run("run", "lenet5", "--image", "seven.png").out.splitlines()[1].split()[0] == "7"


def test_arrays_in_the_order_of_the_spec_or_of_the_model(run: Run, tmp_path: Path) -> None:
    (tmp_path / "net.spec").write_text("net t\ninput 4x5x3\navgpool global -> flatten\n")
    array = np.random.default_rng(0).random((4, 5, 3)).astype(np.float32)
    saved = []
    for name, each in {
        "hwc": array,
        "chw": array.transpose(2, 0, 1),
        "nhwc": array[None],
        "f64": array.astype(float),
    }.items():
        np.save(tmp_path / f"{name}.npy", each)
        assert run("run", "net.spec", "--input", f"{name}.npy", "-o", f"{name}-out.npy").status == 0
        saved.append(np.load(tmp_path / f"{name}-out.npy"))
    for each in saved:
        np.testing.assert_allclose(each, [array.mean(axis=(0, 1))], rtol=1e-5)


def test_several_inputs_are_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "net.spec").write_text("net t\ninput a 2x2x1\ninput b 2x2x1\nfrom a -> add b\n")
    np.save(tmp_path / "x.npy", np.ones((2, 2, 1)))
    ran = run("run", "net.spec", "--input", "a=x.npy", "--input", "b=x.npy")
    assert "min 2, max 2, mean 2" in ran.out
    assert "no input `c`" in run("run", "net.spec", "--input", "c=x.npy").err
    assert "nothing is given for the input `b`" in run("run", "net.spec", "--input", "a=x.npy").err


def test_an_exported_file_answers_as_its_spec(run: Run) -> None:
    assert run("export", "--onnx", "lenet5", "-o", "lenet.onnx").status == 0
    spec = run("run", "lenet5", "--image", SEVEN).out
    assert run("run", "lenet.onnx", "--invert", "--image", SEVEN).out == spec


def _text(path: Path) -> None:
    path.write_text("this is no picture\n")


def _cut(path: Path) -> None:
    path.write_bytes(SEVEN.read_bytes()[:200])


def _huge(path: Path) -> None:
    """A PNG whose header says 60,000 × 60,000 pixels."""
    data = bytearray(SEVEN.read_bytes())
    data[16:24] = (60_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    path.write_bytes(data)


def _empty_page(path: Path) -> None:
    """A TIFF with a second page of which nothing is said."""
    Image.new("L", (5, 6)).save(path, "TIFF")
    data = bytearray(path.read_bytes())
    first = int.from_bytes(data[4:8], "little")
    after = first + 2 + 12 * int.from_bytes(data[first : first + 2], "little")
    data[after : after + 4] = len(data).to_bytes(4, "little")
    path.write_bytes(data + bytes(6))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (None, "there is no picture"),
        (Path.mkdir, "there are no pictures in bad.png"),
        (_text, "is not a picture that can be read"),
        (_cut, "cannot read the picture"),
        (_empty_page, "cannot read the picture"),
        (_huge, "has more than 128,000,000 pixels"),
        (Path.touch, "is not a picture that can be read"),
    ],
)
def test_a_bad_picture_is_one_message(run: Run, tmp_path: Path, make: object, says: str) -> None:
    if callable(make):
        make(tmp_path / "bad.png")
    ran = run("run", "lenet5", "--image", "bad.png")
    assert ran.status == 1
    assert says in ran.err
    assert ran.err.count("error[") == 1


def _array(array: object) -> object:
    return lambda path: np.save(path, np.asarray(array), allow_pickle=True)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (None, "there is no file"),
        (_text, "is not a .npy file of numbers"),
        (_array(np.ones((32, 31, 1))), "has shape (32, 31, 1), the input `image` takes 32x32x1"),
        (_array([["a"]]), "not numbers"),
        (_array(np.ones((32, 32), complex)), "holds complex128, not numbers"),
        (_array(np.array([{}, {}], object)), "it holds Python objects, which are not read"),
        (lambda path: path.write_bytes(b"\x93NUMPY\x01\x00"), "is not a .npy file of numbers"),
        (Path.touch, "is not a .npy file of numbers"),
    ],
)
def test_a_bad_array_is_one_message(run: Run, tmp_path: Path, make: object, says: str) -> None:
    if callable(make):
        make(tmp_path / "bad.npy")
    ran = run("run", "lenet5", "--input", "bad.npy")
    assert ran.status == 1
    assert says in ran.err
    assert ran.err.count("error[") == 1


@pytest.mark.parametrize("data", [b"", b"not a model", b"\x08\x08\x12\x03abc"])
def test_a_file_that_is_no_model_is_one_message(run: Run, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "bad.onnx").write_bytes(data)
    ran = run("run", "bad.onnx", "--image", SEVEN)
    assert ran.status == 1
    assert "onnxruntime cannot load bad.onnx" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "lenet5"],
        ["run", "lenet5", "--image", "x.png", "--input", "x.npy"],
        ["run", "lenet5", "--image", "x.png", "-o", "x.txt"],
        ["run", "lenet5", "--image", "x.png", "--mean", "a"],
        ["run", "x.onnx", "--image", "x.png", "--weights", "random"],
    ],
)
def test_wrong_usage_is_status_2(run: Run, arguments: list[str]) -> None:
    ran = run(*arguments)
    assert ran.status == 2
    assert ran.err.startswith("Usage: cnngraph run")


def test_nothing_appears_in_the_home_folder(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    environment = {**os.environ, "HOME": str(home), "USERPROFILE": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    command = [sys.executable, "-m", "cnngraph", "run", "lenet5", "--image", str(SEVEN)]
    subprocess.run(command, check=True, capture_output=True, env=environment, cwd=tmp_path)
    assert list(home.rglob("*")) == []


def test_several_pictures_after_one_option_and_folders(run: Run, tmp_path: Path) -> None:
    def sources(*arguments: object) -> list[str]:
        ran = run("run", "lenet5", "--json", *arguments)
        assert ran.status == 0, ran.err
        return [record["source"] for record in json.loads(ran.out)]

    digits = sorted(map(str, (EXAMPLES / "digits").glob("*.png")))
    assert sources("--image", *digits) == digits
    assert sources("--image", EXAMPLES / "digits") == digits
    assert sources("--image", SEVEN, EXAMPLES / "digits", "--top", 1) == [str(SEVEN), *digits]
    network = cnngraph.load("lenet5")
    assert [answer.source for answer in network.run(EXAMPLES / "digits")] == digits
    (tmp_path / "empty").mkdir()
    assert "there are no pictures in empty" in run("run", "lenet5", "--image", "empty").err
    assert "Pictures stand behind --image" in run("run", "lenet5", SEVEN).err


@pytest.mark.parametrize("kind", [TensorProto.FLOAT, TensorProto.UINT8, TensorProto.FLOAT16])
@pytest.mark.parametrize("order", ["NHWC", "NCHW"])
@pytest.mark.parametrize("size", [(8, 6), ("height", "width")])
def test_pictures_go_into_files_of_any_order_and_type(
    run: Run, tmp_path: Path, kind: int, order: str, size: tuple[int | str, int | str]
) -> None:
    """As models of TensorFlow have them; bytes go in as bytes."""
    high, wide = size
    dims = ["batch", high, wide, 3] if order == "NHWC" else ["batch", 3, high, wide]
    turned = [0, 3, 1, 2] if order == "NHWC" else [0, 1, 2, 3]
    nodes = [helper.make_node("Cast", ["x"], ["numbers"], to=TensorProto.FLOAT),
             helper.make_node("Transpose", ["numbers"], ["channels first"], perm=turned),
             helper.make_node("GlobalAveragePool", ["channels first"], ["means"]),
             helper.make_node("Flatten", ["means"], ["y"])]  # fmt: skip
    made = [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3])]
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", kind, dims)], made)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), "a.onnx")
    pixels = np.zeros((8, 6, 3), np.uint8) + np.array([10, 40, 90], np.uint8)
    Image.fromarray(pixels).save("a.png")
    ran = run("run", "a.onnx", "--image", "a.png", "--json")
    expected = np.array([10, 40, 90]) / (1 if kind == TensorProto.UINT8 else 255)
    (record,) = json.loads(ran.out)
    assert {each["label"]: each["score"] for each in record["y"]} == pytest.approx(
        dict(zip("012", expected, strict=True)), rel=1e-3
    )
