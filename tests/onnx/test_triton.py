"""A model repository says of its file what is so, in the form that Triton reads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnngraph.assembly import Assembly
from cnngraph.fronts import parse
from cnngraph.layers import KINDS
from cnngraph.network import Network
from cnngraph.onnx.lower import lower
from cnngraph.onnx.triton import config
from cnngraph.runtime.session import Session
from cnngraph.volume import Volume
from tests.conftest import Run
from tests.networks import load
from tests.parity.random_networks import spec as random_spec


def parsed(text: str) -> Any:
    """By Triton's own schema."""
    schema = pytest.importorskip("tritonclient.grpc.model_config_pb2", reason="pip install 'tritonclient[grpc]'")
    from google.protobuf import text_format

    return text_format.Parse(text, schema.ModelConfig())


TYPES = {"float32": "TYPE_FP32", "uint8": "TYPE_UINT8"}
SOME = [
    "conv 4 3x3 -> avgpool global -> flatten\nsoftmax 3",
    "a: conv 4 3x3\nb: conv 2 1x1\noutput a b",
]


@pytest.mark.parametrize("batch", [None, 3])
@pytest.mark.parametrize("size", ["8x8x3", "(?H, ?W, 3)"])
@pytest.mark.parametrize("lines", SOME)
def test_it_says_what_goes_in_and_out(lines: str, size: str, batch: int | None, tmp_path: Path) -> None:
    network = parse(f"net t\ninput {size}\n{lines}\n")
    made = parsed(config(lower(network, batch=batch), "t", {}))
    network.export(tmp_path / "m.onnx", batch=batch)
    session = Session(tmp_path / "m.onnx")
    shape = [batch or 2, 3, 8, 8]
    found = session.run({"image": np.zeros(shape, np.float32)})
    assert (made.name, made.backend, made.HasField("dynamic_batching")) == ("t", "onnxruntime", batch is None)
    assert (made.max_batch_size > 0) == (batch is None)
    (given,) = made.input
    assert (given.name, given.data_type) == ("image", 11)  # TYPE_FP32
    assert [each.name for each in made.output] == list(found)
    for each, array in [(given, np.zeros(shape)), *zip(made.output, found.values(), strict=True)]:
        dims = array.shape if batch else array.shape[1:]
        assert len(each.dims) == len(dims)
        assert all(said in (-1, size) for said, size in zip(each.dims, dims, strict=True))
        assert (-1 in each.dims) == ("?" in size_of(network) and len(dims) > 2)


def size_of(network: Network) -> str:
    return str(network.inputs[0].output)


def test_every_shipped_and_any_network_is_read_by_the_schema() -> None:
    for network in [load(name) for name in ("siamese", "googlenet", "unet")] + [
        *map(parse, map(random_spec, range(12)))
    ]:
        graph = lower(network)
        made = parsed(config(graph, network.name, {}))
        for ports, infos in ((made.input, graph.inputs), (made.output, graph.outputs)):
            assert [(port.name, len(port.dims)) for port in ports] == [(i.name, len(i.dims) - 1) for i in infos]


@pytest.mark.parametrize("name", ['a"b', "a\\b", "ein/Bild", "über", "a: 1 }"])
def test_names_of_other_programs_stay_what_they_are(name: str) -> None:
    assembly = Assembly()
    assembly.input(name, Volume((4, 4, 3)))
    assembly.add("r", KINDS["relu"](), [name])
    assembly.output(name, "r")
    made = parsed(config(lower(assembly.network("t")), name, {0: name}))
    assert (made.name, made.input[0].name, made.output[0].label_filename) == (name, name, name)


def test_the_command_writes_a_repository(run: Run, tmp_path: Path) -> None:
    done = run("export", "--triton", "models", "resnet", "--set", "depth=18", "--preprocess", "uint8-nhwc")
    home = tmp_path / "models" / "resnet"
    assert done.status == 0
    assert done.out.splitlines()[-1] == f"{Path('models/resnet/config.pbtxt')}: up to 8 in a batch"
    assert sorted(each.name for each in home.iterdir()) == ["1", "config.pbtxt", "labels.txt"]
    text = (home / "config.pbtxt").read_text("utf-8")
    names = (home / "labels.txt").read_text("utf-8").splitlines()
    assert (len(names), names[0]) == (1000, "tench")
    session = Session(home / "1" / "model.onnx")
    (image,) = session.inputs
    assert f'name: "{image.name}"\n  data_type: TYPE_UINT8\n  dims: [224, 224, 3]\n' in text
    assert re.search(r'dims: \[1000\]\n  label_filename: "labels.txt"', text)


def test_a_fixed_batch_is_in_the_dims(run: Run, tmp_path: Path) -> None:
    done = run("export", "--triton", ".", "lenet5", "--batch", "4")
    assert done.out.splitlines()[-1] == f"{Path('lenet5/config.pbtxt')}: batches of 4"
    text = (tmp_path / "lenet5" / "config.pbtxt").read_text("utf-8")
    assert "max_batch_size: 0\n" in text
    assert "dims: [4, 1, 32, 32]" in text
    assert "dynamic_batching" not in text


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--triton", "m", "lenet5", "-o", "x.onnx"), 2, "leave -o out"),
        (("--triton", "m", "--onnx", "lenet5"), 2, "say what to write"),
        (("--triton", "m", "lenet5", "--with-training"), 2, "--with-training is for --torch"),
        (("--triton", "m", "--torch", "lenet5"), 2, "say what to write"),
        (("--triton", "file/m", "lenet5"), 1, "E0902"),
        (("--triton", "m", "lenet5", "--weights", "none.npz"), 1, "E0702"),
        (("--triton", "m", "lenet5", "--int8", "--calibrate", "none"), 1, "E0819"),
    ],
)
def test_what_fails_leaves_nothing(
    arguments: tuple[str, ...], status: int, said: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    done = run("export", *arguments)
    assert done.status == status
    assert said in done.err
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
