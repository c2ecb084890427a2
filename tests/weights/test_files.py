"""Weights from files: taken only when they are the network's, and never believed."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts import parse
from cnngraph.onnx.lower import lower
from cnngraph.weights.files import FileWeights
from cnngraph.weights.match import expected
from tests.onnx.reference import Array

NETWORK = parse("net t\ninput 4x4x2\nconv 3 3x3 bn -> flatten -> fc 2\n")


def right() -> dict[str, Array]:
    return {name: np.full(shape, 0.5, np.float32) for name, shape in expected(NETWORK).items()}


def refused(path: Path) -> str:
    with pytest.raises(CnngraphError) as caught:
        FileWeights(path, NETWORK)
    (diagnostic,) = caught.value.diagnostics
    return f"{diagnostic.code} {diagnostic.message}\n{diagnostic.reason}"


def test_keys_are_layer_and_parameter() -> None:
    assert expected(NETWORK) == {
        "conv1.weight": (3, 2, 3, 3),
        "conv1.bn.weight": (3,),
        "conv1.bn.bias": (3,),
        "conv1.bn.running_mean": (3,),
        "conv1.bn.running_var": (3,),
        "fc1.weight": (2, 12),
        "fc1.bias": (2,),
    }


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_both_formats_are_read_as_float32(tmp_path: Path, dtype: str) -> None:
    arrays = {name: array.astype(dtype) for name, array in right().items()}
    save_file(arrays, tmp_path / "w.safetensors")
    np.savez(tmp_path / "w.npz", **arrays)  # type: ignore[arg-type]
    for file in ("w.safetensors", "w.npz"):
        FileWeights(tmp_path / file, NETWORK)


def test_npz_packed_or_not_by_rows_or_columns(tmp_path: Path) -> None:
    arrays = {
        name: np.random.default_rng(0).standard_normal(shape).astype("f4") for name, shape in expected(NETWORK).items()
    }
    by_columns: dict[str, Any] = {name: np.asfortranarray(array) for name, array in arrays.items()}
    np.savez(tmp_path / "a.npz", **by_columns)
    np.savez_compressed(tmp_path / "b.npz", **by_columns)
    for file in ("a.npz", "b.npz"):
        weights = lower(NETWORK).weights
        for weight, pieces in zip(weights, FileWeights(tmp_path / file, NETWORK).all(weights), strict=True):
            assert b"".join(bytes(piece) for piece in pieces) == arrays[weight.name].tobytes()


def test_pytorchs_batch_counters_are_passed_over(tmp_path: Path) -> None:
    save_file({**right(), "conv1.bn.num_batches_tracked": np.array(7)}, tmp_path / "w.safetensors")
    FileWeights(tmp_path / "w.safetensors", NETWORK)


def test_everything_that_does_not_fit_is_listed_at_once(tmp_path: Path) -> None:
    arrays = right()
    del arrays["fc1.bias"]
    arrays["conv1.weight"] = np.zeros((3, 2, 5, 5), np.float32)
    arrays["conv2.weight"] = np.zeros((1,), np.float32)
    save_file(arrays, tmp_path / "w.safetensors")
    assert refused(tmp_path / "w.safetensors") == (
        f"E0704 the weights in {tmp_path / 'w.safetensors'} are not those of t\n"
        "other shapes: conv1: weight 3x2x3x3; in the file conv1: weight 3x2x5x5\n"
        "missing: fc1: bias 2\n"
        "unexpected: conv2: weight 1\n"
        "5 of the network's 7 weights were found"
    )


def _safetensors(header: bytes, size: int | None = None) -> bytes:
    return (len(header) if size is None else size).to_bytes(8, "little") + header


def _npz(entries: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return stream.getvalue()


def _npy(array: Array) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


class _Bomb:
    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (Path("executed"),))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty.safetensors", b""),
        ("short.safetensors", b"\x10\0\0"),
        ("huge-header.safetensors", _safetensors(b"{}", 2**32)),
        ("not-json.safetensors", _safetensors(b"{nonsense")),
        (
            "beyond.safetensors",
            _safetensors(json.dumps({"a": {"dtype": "F32", "shape": [9], "data_offsets": [0, 36]}}).encode()),
        ),
        ("empty.npz", b""),
        ("text.npz", b"hello"),
        ("cut.npz", _npz({"conv1.weight.npy": _npy(np.zeros(3))})[:-30]),
        ("no-array.npz", _npz({"conv1.weight.npy": b"hello"})),
        ("objects.npz", _npz({"conv1.weight.npy": _npy(np.array([_Bomb()], object))})),
        ("pickle.npz", pickle.dumps(_Bomb())),
    ],
)
def test_a_broken_or_hostile_file_is_refused_and_nothing_in_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, data: bytes
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(data)
    assert "E0702" in refused(tmp_path / name)
    assert not (tmp_path / "executed").exists()


def test_no_path_in_a_zip_is_followed(tmp_path: Path) -> None:
    (tmp_path / "w.npz").write_bytes(_npz({"../escaped.npy": _npy(np.zeros(3))}))
    assert "escaped 3" in refused(tmp_path / "w.npz")
    assert not (tmp_path.parent / "escaped.npy").exists()


def test_other_files_are_named_for_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "w.bin").touch()
    assert "there is no file" in refused(tmp_path / "missing.npz")
    assert "is a directory" in refused(tmp_path)
    assert "weights are not read from .bin files" in refused(tmp_path / "w.bin")
