"""docs/serving.md is true: what the command writes, and the class for Ray Data with the answers of `run`."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cnngraph.fronts import load
from tests.conftest import Run

PAGE = (Path(__file__).parent.parent / "docs" / "serving.md").read_text("utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def digits(run: Run, tmp_path: Path) -> list[Path]:
    """Pictures of the network's size, and the model that takes their bytes."""
    assert run("export", "--onnx", "lenet5", "--preprocess", "uint8-nhwc", "-o", "lenet5.onnx").status == 0
    (tmp_path / "digits").mkdir()
    made = []
    for path in sorted((Path(__file__).parent.parent / "examples" / "digits").glob("*.png")):
        made.append(tmp_path / "digits" / path.name)
        Image.open(path).convert("L").resize((32, 32), Image.Resampling.BILINEAR).save(made[-1])
    return made


def test_the_command_writes_what_is_shown(run: Run, tmp_path: Path) -> None:
    done = run("export", "--triton", "models", "lenet5")
    assert f"$ cnngraph export --triton models lenet5\n{done.err}{done.out}```" in PAGE
    assert f"```text\n{(tmp_path / 'models' / 'lenet5' / 'config.pbtxt').read_text()}```" in PAGE


def test_the_class_answers_as_run_does(digits: list[Path], tmp_path: Path) -> None:
    (tmp_path / "classify.py").write_text(BLOCKS[0])
    classify: Any = runpy.run_path(str(tmp_path / "classify.py"))["Classify"](str(tmp_path / "lenet5.onnx"))
    found = classify({"image": [np.asarray(Image.open(path)) for path in digits], "path": list(map(str, digits))})
    wanted = load("lenet5").run(digits)
    assert found["class"].tolist() == [answer.top[0].index for answer in wanted] == list(range(10))
    np.testing.assert_allclose(found["score"], [answer.top[0].score for answer in wanted], atol=1e-5)


def test_ray_runs_it(digits: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ray = pytest.importorskip("ray", reason="pip install 'ray[data]'")
    pytest.importorskip("ray.data")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False)
    try:
        for block in BLOCKS:
            exec(compile(block, "docs/serving.md", "exec"), names)
    finally:
        ray.shutdown()
    rows = "".join(path.read_text() for path in (tmp_path / "answers").glob("*.csv"))
    assert {f"{path.name},{path.stem}," in rows.replace('"', "") for path in digits} == {True}
