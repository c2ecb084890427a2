"""`cnngraph export`: a file that loads, the same each time, whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

import cnngraph
from cnngraph.runtime.session import Session
from cnngraph.weights.source import Weight
from tests.conftest import Run

SMALL = "net t\ninput 8x8x3\nconv 4 3x3 bn relu -> avgpool global -> flatten\nsoftmax 2\n"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    file = tmp_path / "small.spec"
    file.write_text(SMALL)
    return file


def arrays_of(tensors: Iterable[onnx.TensorProto]) -> dict[str, Any]:
    """Those that are weights, and not the axes of a reduction."""
    weights = (tensor for tensor in tensors if tensor.data_type == onnx.TensorProto.FLOAT)
    return {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in weights}


def save(path: Path, tensors: Iterable[onnx.TensorProto]) -> None:
    np.savez(path, **arrays_of(tensors))


def test_names_are_those_of_the_spec(run: Run, small: Path, tmp_path: Path) -> None:
    ran = run("export", "--onnx", small, "--no-fold-bn")
    assert ran.status == 0
    assert ran.out.startswith("small.onnx: ")
    model = onnx.load(tmp_path / "small.onnx")
    assert [node.name for node in model.graph.node] == [
        "conv1", "conv1.bn", "conv1.relu", "avgpool1", "fc1", "fc1.softmax"]  # fmt: skip
    assert {tensor.name for tensor in model.graph.initializer} >= {"conv1.weight", "conv1.bn.running_var", "fc1.bias"}
    shapes = {info.name for info in model.graph.value_info} | {"fc1.softmax"}
    assert shapes == {output for node in model.graph.node for output in node.output}


def test_the_same_seed_gives_the_same_bytes(run: Run, small: Path, tmp_path: Path) -> None:
    made = []
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        assert run("export", "--onnx", small, "-o", f"{name}.onnx", "--seed", seed).status == 0
        made.append((tmp_path / f"{name}.onnx").read_bytes())
    assert made[0] == made[1] != made[2]


@pytest.mark.parametrize(("opset", "ir"), [(17, 8), (20, 9), (22, 10)])
def test_opset_and_the_lowest_ir_that_carries_it(run: Run, small: Path, tmp_path: Path, opset: int, ir: int) -> None:
    assert run("export", "--onnx", small, "--opset", opset).status == 0
    model = onnx.load(tmp_path / "small.onnx")
    assert (model.opset_import[0].version, model.ir_version) == (opset, ir)


def test_weights_are_those_of_the_file(run: Run, small: Path, tmp_path: Path) -> None:
    assert run("export", "--onnx", small, "--seed", 5, "-o", "random.onnx", "--no-fold-bn").status == 0
    random = onnx.load(tmp_path / "random.onnx").graph.initializer
    save(tmp_path / "w.npz", random)
    assert run("export", "--onnx", small, "--weights", "w.npz", "--no-fold-bn").status == 0
    assert (tmp_path / "small.onnx").read_bytes() == (tmp_path / "random.onnx").read_bytes()


def test_a_failed_export_leaves_the_old_file(run: Run, small: Path, tmp_path: Path) -> None:
    (tmp_path / "small.onnx").write_bytes(b"old")
    ran = run("export", "--onnx", small, "--weights", "missing.npz")
    assert ran.status == 1
    assert "there is no file missing.npz" in ran.err
    assert (tmp_path / "small.onnx").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.onnx", "small.spec"]


def test_weights_that_break_off_leave_the_old_file(run: Run, small: Path, tmp_path: Path) -> None:
    """The header of one entry is fine, its numbers are cut short: found only while writing."""
    assert run("export", "--onnx", small, "--seed", 1, "--no-fold-bn").status == 0
    tensors = onnx.load(tmp_path / "small.onnx").graph.initializer
    save(tmp_path / "w.npz", tensors)
    with zipfile.ZipFile(tmp_path / "w.npz") as whole, zipfile.ZipFile(tmp_path / "cut.npz", "w") as cut:
        for name in whole.namelist():
            data = whole.read(name)
            cut.writestr(name, data[:-4] if name == "fc1.weight.npy" else data)
    old = (tmp_path / "small.onnx").read_bytes()
    ran = run("export", "--onnx", small, "--weights", "cut.npz")
    assert ran.status == 1
    assert "cannot read `fc1.weight`" in ran.err
    assert (tmp_path / "small.onnx").read_bytes() == old
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_places_that_cannot_be_written(run: Run, small: Path, tmp_path: Path) -> None:
    assert "there is no folder nowhere" in run("export", "--onnx", small, "-o", "nowhere/x.onnx").err
    assert "is a directory" in run("export", "--onnx", small, "-o", tmp_path).err


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(run: Run, small: Path, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    assert "cannot write locked/x.onnx: Permission denied" in run("export", "--onnx", small, "-o", "locked/x.onnx").err


@pytest.mark.parametrize("opset", [16, 23, -1])
def test_an_opset_that_is_not_written(run: Run, small: Path, opset: int) -> None:
    ran = run("export", "--onnx", small, "--opset", opset)
    assert ran.status == 1
    assert f"opset {opset} is not one of 17 to 22" in ran.err


def answers(path: Path) -> Any:
    generator = np.random.default_rng(0)
    session = Session(path)
    shape = [dim if isinstance(dim, int) else 2 for dim in session.inputs[0].dims]
    return next(iter(session.run({session.inputs[0].name: generator.standard_normal(shape).astype("f4")}).values()))


def test_weights_in_a_file_of_their_own(run: Run, small: Path, tmp_path: Path) -> None:
    assert run("export", "--onnx", small, "-o", "one.onnx").status == 0
    ran = run("export", "--onnx", small, "-o", "two.onnx", "--external-data", "0")
    assert ran.status == 0
    assert "two.onnx.data: " in ran.out
    assert "which two.onnx needs beside it" in ran.out
    onnx.checker.check_model(str(tmp_path / "two.onnx"), full_check=True)
    assert np.array_equal(answers(tmp_path / "one.onnx"), answers(tmp_path / "two.onnx"))
    first = [(tmp_path / name).read_bytes() for name in ("two.onnx", "two.onnx.data")]
    # Written again over the first, not behind it.
    run("export", "--onnx", small, "-o", "two.onnx", "--external-data", "100B")
    assert [(tmp_path / name).read_bytes() for name in ("two.onnx", "two.onnx.data")] == first
    assert run("export", "--onnx", small, "--external-data", "some").status == 2
    assert run("verify", "two.onnx").status == 0


def test_large_weights_can_be_mapped(run: Run, tmp_path: Path) -> None:
    """Those of a page and more start at one."""
    run("export", "--onnx", "lenet5", "--external-data", "1KB")
    places = {}
    for tensor in onnx.load(tmp_path / "lenet5.onnx", load_external_data=False).graph.initializer:
        about = {entry.key: entry.value for entry in tensor.external_data}
        if about:
            places[tensor.name] = int(about["offset"]), int(about["length"])
    assert all(offset % 4096 == 0 for offset, length in places.values() if length >= 4096)
    assert sum(length for _, length in places.values()) == 61_706 * 4


def test_float16_halves_the_file_and_keeps_the_answers(run: Run, tmp_path: Path) -> None:
    for dtype in ("float32", "float16"):
        ran = run("export", "--onnx", "squeezenet", "--dtype", dtype, "-o", f"{dtype}.onnx")
        assert ran.status == 0
        onnx.checker.check_model(str(tmp_path / f"{dtype}.onnx"), full_check=True)
    full, half = answers(tmp_path / "float32.onnx"), answers(tmp_path / "float16.onnx")
    assert half.dtype == np.float32
    assert np.abs(full - half).max() < 1e-2 * full.max()
    assert not np.array_equal(full, half)
    assert (tmp_path / "float16.onnx").stat().st_size < 0.51 * (tmp_path / "float32.onnx").stat().st_size


def test_a_number_too_large_for_float16(run: Run, small: Path, tmp_path: Path) -> None:
    run("export", "--onnx", small, "--no-fold-bn", "-o", "random.onnx")
    arrays = arrays_of(onnx.load(tmp_path / "random.onnx").graph.initializer)
    arrays["fc1.bias"] = np.array([1e6, 0], np.float32)
    np.savez(tmp_path / "w.npz", **arrays)
    ran = run("export", "--onnx", small, "--weights", "w.npz", "--dtype", "float16")
    assert ran.status == 1
    assert "`fc1.bias` holds 1e+06, and float16 ends at 65,504" in ran.err
    assert not (tmp_path / "small.onnx").exists()


@pytest.mark.parametrize("external", ["0", "2GB"])
def test_a_full_disk_leaves_the_old_files(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, external: str
) -> None:
    import cnngraph.onnx.write as writer

    (tmp_path / "lenet5.onnx").write_bytes(b"old")
    (tmp_path / "lenet5.onnx.data").write_bytes(b"old")
    written = 0

    def convert(piece: bytes, weight: Weight) -> bytes:
        nonlocal written
        written += len(piece)
        if written > 100_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return piece

    monkeypatch.setattr(writer, "_converted", convert)
    ran = run("export", "--onnx", "lenet5", "--external-data", external)
    assert ran.status == 1
    assert "No space left on device" in ran.err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "lenet5.onnx": b"old", "lenet5.onnx.data": b"old"}  # fmt: skip


def test_external_data_outside_the_folder_is_not_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "small.spec").write_text(SMALL)
    run("export", "--onnx", "small.spec", "--external-data", "0", "-o", "inside/m.onnx")
    os.rename(tmp_path / "inside" / "m.onnx.data", tmp_path / "m.onnx.data")
    model = onnx.load(tmp_path / "inside" / "m.onnx", load_external_data=False)
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = "../m.onnx.data"
    (tmp_path / "inside" / "m.onnx").write_bytes(model.SerializeToString())
    np.save(tmp_path / "x.npy", np.zeros((1, 3, 8, 8), np.float32))
    assert run("run", "inside/m.onnx", "--input", "x.npy").status == 1
    assert run("verify", "inside/m.onnx").status == 1


def test_json_says_which_tensor_each_weight_is(run: Run, small: Path, tmp_path: Path) -> None:
    run("export", "--onnx", small, "--no-fold-bn", "-o", "random.onnx")
    tensors = onnx.load(tmp_path / "random.onnx").graph.initializer
    arrays = {name.replace("fc1", "head"): array for name, array in arrays_of(tensors).items()}
    np.savez(tmp_path / "w.npz", **arrays)
    ran = run("export", "--onnx", small, "--weights", "w.npz", "--json")
    said = json.loads(ran.out)
    assert (said["path"], said["nodes"], said["data"]) == ("small.onnx", 5, None)
    assert said["passes"]["fold-bn"] == 1
    assert said["weights"]["matches"][-1] == {"weight": "fc1.bias", "tensor": "head.bias", "shape": [2], "by": "order"}
    assert said["weights"]["matches"][0]["by"] == "name"
    assert json.loads(run("export", "--onnx", small, "--json").out)["weights"]["matches"] == []


def saved(path: Path, network: cnngraph.Network, names: Callable[[str], str] = str) -> None:
    """Zeros for *network*, by other *names*."""
    weights = {
        names(f"{layer.name}.{own}"): np.zeros(parameter.shape, np.float16)
        for layer in network
        for own, parameter in layer.parameters.items()
    }
    np.savez(path, **weights)  # type: ignore[arg-type]


def test_weights_are_told_of_in_a_line(run: Run, tmp_path: Path) -> None:
    network = cnngraph.load("lenet5")
    saved(tmp_path / "named.npz", network)
    saved(tmp_path / "other.npz", network, lambda name: f"a.{name}")
    saved(tmp_path / "mixed.npz", network, lambda name: name.replace("fc3", "head"))

    def said(file: str, *more: str) -> list[str]:
        return run("export", "--onnx", "lenet5", "--weights", file, *more).err.splitlines()

    assert said("named.npz") == ["lenet5 with weights from named.npz: 10 by name"]
    assert said("other.npz") == ["lenet5 with weights from other.npz: 10 by order and shape (--table shows which)"]
    assert len(said("named.npz", "--table")) == len(said("other.npz", "--table")) == 6
    assert said("mixed.npz") == [
        "lenet5 with weights from mixed.npz: 8 by name, 2 by order and shape",
        "  fc3 <- head  by order and shape: weight 10x84, bias 10",
    ]


@pytest.mark.parametrize(
    ("spec", "of", "help"),
    [
        ("resnet", "resnet18", "--set depth=18"),
        ("vgg16", "vgg19_bn", "--set depth=19 --set norm=true"),
        ("mine.spec", "resnet18", "--set depth=18"),
        ("lenet5", "resnet18", ""),
    ],
)
def test_weights_of_the_same_spec_with_other_params(run: Run, tmp_path: Path, spec: str, of: str, help: str) -> None:
    (tmp_path / "mine.spec").write_text(run("show", "resnet").out)
    saved(tmp_path / "w.npz", cnngraph.load(of))
    ran = run("export", "--onnx", spec, "--weights", "w.npz", "-o", "x.onnx")
    assert "E0704" in ran.err
    assert ("it has those of this network with" in ran.err) == bool(help)
    assert help in ran.err
    assert run("export", "--onnx", spec, "--weights", "w.npz", "-o", "x.onnx", *help.split()).status == (not help)
