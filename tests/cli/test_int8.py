"""`export --int8`: real digits calibrate it, and what it costs is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx

from cnngraph.preprocessing import Preprocessing
from cnngraph.runtime.images import read
from cnngraph.runtime.session import Session
from tests.conftest import Run

DIGITS = Path(__file__).parents[2] / "examples" / "digits"


def test_lenet_still_reads_digits(run: Run, tmp_path: Path) -> None:
    ran = run("export", "--onnx", "lenet5", "--int8", "--calibrate", DIGITS)
    assert ran.status == 0
    assert "ranges from 10 pictures" in ran.out
    assert "the same class for 10 of 10 pictures" in ran.out
    assert "latency" in ran.out
    model = tmp_path / "lenet5.int8.onnx"
    onnx.checker.check_model(str(model), full_check=True)
    assert model.stat().st_size < 61_706 * 2
    session = Session(model)
    for digit in range(10):
        array = read(DIGITS / f"{digit}.png", (32, 32), 1, Preprocessing(invert=True))
        (answer,) = session.run({session.inputs[0].name: array}).values()
        assert np.argmax(answer) == digit


def test_it_needs_pictures(run: Run, tmp_path: Path) -> None:
    assert run("export", "--onnx", "lenet5", "--int8").status == 2
    assert run("export", "--onnx", "lenet5", "--calibrate", DIGITS).status == 2
    (tmp_path / "none").mkdir()
    assert "there are no pictures in none" in run("export", "--onnx", "lenet5", "--int8", "--calibrate", "none").err
    assert "nowhere is not a folder" in run("export", "--onnx", "lenet5", "--int8", "--calibrate", "nowhere").err
    (tmp_path / "none" / "broken.png").write_bytes(b"no picture")
    ran = run("export", "--onnx", "lenet5", "--int8", "--calibrate", "none")
    assert ran.status == 1
    assert "broken.png is not a picture" in ran.err
    assert not (tmp_path / "lenet5.int8.onnx").exists()


def test_it_is_for_pictures(run: Run) -> None:
    assert "does not take one picture" in run(
        "export", "--onnx", "residual_block", "--int8", "--calibrate", DIGITS
    ).err  # fmt: skip


def test_a_mean_of_whole_maps_is_in_8_bits_too(run: Run, tmp_path: Path) -> None:
    """The tools leave a reduction, which it is otherwise, in float32."""
    (tmp_path / "a.spec").write_text("net a\ninput 32x32x1\nconv 8 3x3 relu -> avgpool global -> flatten -> fc 4\n")
    ran = run("export", "--onnx", "a.spec", "--int8", "--calibrate", DIGITS, "--explain")
    assert "join-flatten: left out" in ran.err
    nodes = onnx.load(tmp_path / "a.int8.onnx").graph.node
    made = {name: node.op_type for node in nodes for name in node.output}
    (pool,) = (node for node in nodes if node.op_type == "GlobalAveragePool")
    assert made[pool.input[0]] == "DequantizeLinear"
    assert "QuantizeLinear" in {node.op_type for node in nodes if pool.output[0] in node.input}
    run("export", "--onnx", "a.spec")
    assert "ReduceMean" in {node.op_type for node in onnx.load(tmp_path / "a.onnx").graph.node}
