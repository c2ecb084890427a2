"""`cnngraph bench`: numbers that were measured, each in a process of its own, and layers' times in their rows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import onnx
import pytest

from cnngraph.reading import load
from cnngraph.runtime.bench import _unit
from cnngraph.summary import summarize
from cnngraph.table import Row
from cnngraph.units import units
from tests.conftest import Run


def test_a_line_for_every_batch(run: Run) -> None:
    ran = run("bench", "lenet5", "--batch", "1,4", "--seconds", "0.05", "--threads", "1")
    assert ran.status == 0
    head, first, second, note = ran.out.splitlines()
    assert head.split()[:4] == ["provider", "threads", "batch", "median"]
    assert [line.split()[:3] for line in (first, second)] == [["CPU", "1", "1"], ["CPU", "1", "4"]]
    assert "each line in its own process" in note


def test_json_in_seconds_and_bytes(run: Run) -> None:
    ran = run("bench", "lenet5", "--batch", "2", "--seconds", "0.05", "--json")
    (found,) = json.loads(ran.out)
    assert 0 < found["low"] <= found["median"] <= found["high"] < 0.1
    assert found["throughput"] == pytest.approx(2 / found["median"])
    assert found["batch"] == 2
    assert found["runs"] >= 5
    assert found["load"] > 0


def test_a_file_from_elsewhere(run: Run) -> None:
    assert run("export", "--onnx", "lenet5", "--batch", 3, "-o", "three.onnx").status == 0
    ran = run("bench", "three.onnx", "--seconds", "0", "--json")
    assert [each["batch"] for each in json.loads(ran.out)] == [3, 3]
    assert run("bench", "three.onnx", "--layers").status == 2
    assert "there is no file missing.onnx" in run("bench", "missing.onnx").err


def test_what_onnxruntime_says_is_passed_on(run: Run, tmp_path: Path) -> None:
    run("export", "--onnx", "lenet5", "-o", "m.onnx")
    model = onnx.load(tmp_path / "m.onnx")
    weight = next(tensor for tensor in model.graph.initializer if tensor.name == "conv1.weight")
    weight.dims[:] = [3, 2, 5, 5]
    onnx.save(model, tmp_path / "m.onnx")
    ran = run("bench", "m.onnx", "--seconds", "0")
    assert ran.status == 1
    assert "error[E0818]: m.onnx does not run with batch 1 in CPUExecutionProvider" in ran.err
    assert "Traceback" not in ran.err
    assert "error[E0818]" in run("bench", "lenet5", "--provider", "NoProvider").err


@pytest.mark.parametrize("batch", ["0", "1,x", "", "-1"])
def test_a_batch_is_a_number(run: Run, batch: str) -> None:
    assert run("bench", "lenet5", "--batch", batch).status == 2


def test_layers_times_add_up(run: Run) -> None:
    ran = run("bench", "lenet5", "--layers", "--seconds", "0.1")
    assert ran.status == 0
    inside, _, between = ran.out[ran.out.index("\ntime ") :].partition("in the layers")
    within, apart = (float(next(iter(re.findall(r"([\d.]+) ms", text)), 0)) for text in (inside, between))
    shares = [float(share) for share in re.findall(r"([\d.]+)%$", ran.out, re.MULTILINE)]
    assert sum(shares) == pytest.approx(100 * within / (within + apart), abs=2)
    conv1 = next(line for line in ran.out.splitlines() if line.startswith("conv1"))
    assert re.search(r"117,600 .* 0\.\d{3} ms +\d", conv1)


def test_a_node_belongs_to_its_unit() -> None:
    lead = {layer.name: unit.name for unit in units(load("resnet")).units for layer in unit.layers}
    block = "stage1.residual1.bottleneck1"
    assert _unit("conv1.relu_nchwc", lead) == "conv1"
    assert _unit(f"{block}.conv3.bn_nchwc", lead) == f"{block}.conv3"
    assert _unit("fused fc1", lead) == "fc1"
    assert _unit("conv10", lead) == ""
    assert _unit("ReorderOutput", lead) == ""


def test_a_folded_row_has_the_mean_of_its_times() -> None:
    network = load("vgg16")
    table = summarize(network, times={"conv1": 1.0, "conv2": 3.0, "fc1": 2.0, "": 1.0})
    rows = {row.name: row for row in table.rows}
    assert rows["fc1"].time == 2.0
    assert table.time == 7.0
    assert sum((row.time or 0) * row.times for row in table.rows) == 6.0

    unfolded = summarize(load("resnet"), fold=False)
    times = {unit.name: float(number) for number, unit in enumerate(units(load("resnet")).units)}
    folded = summarize(load("resnet"), times=times)

    def total(rows: tuple[Row, ...]) -> float:
        return sum((total(row.rows) if row.rows else row.time or 0) * row.times for row in rows)

    assert total(folded.rows) == pytest.approx(sum(times.values()))
    assert all(row.time is None for row in unfolded.rows)
