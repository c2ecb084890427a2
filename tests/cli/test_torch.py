"""`cnngraph export --torch`"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cnngraph.fronts import load
from cnngraph.torch import source

Run = Callable[..., Any]


def test_it_writes_a_file_and_says_so(run: Run, tmp_path: Path) -> None:
    done = run("export", "--torch", "lenet5")
    assert (done.status, done.err) == (0, "")
    assert done.out == "lenet5.py: 53 lines, Lenet5(classes=10), compared with the network\n"
    text = (tmp_path / "lenet5.py").read_text()
    assert text.splitlines()[1:] == source(load("lenet5")).replace("lenet5.spec", "lenet5").splitlines()[1:]


def test_settings_are_defaults_and_in_the_line_for_weights(run: Run, tmp_path: Path) -> None:
    done = run("export", "--torch", "resnet", "--set", "depth=18", "-o", "r.py")
    assert done.out == "r.py: 103 lines, Resnet(depth=18, classes=1000), compared with the network\n"
    assert "cnngraph export --onnx resnet --set depth=18 --weights" in (tmp_path / "r.py").read_text()


def test_with_training_there_is_a_script_beside_it(run: Run, tmp_path: Path) -> None:
    done = run("export", "--torch", "resnet", "--with-training", "-o", "mine.py")
    assert "train.py: " in done.out
    text = (tmp_path / "train.py").read_text()
    compile(text, "train.py", "exec")
    assert "from mine import Resnet as Network\n" in text
    assert "HEIGHT, WIDTH, CHANNELS = 224, 224, 3\n" in text
    assert "MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)\n" in text
    assert 'SPEC = "resnet"\n' in text


@pytest.mark.parametrize(
    ("network", "said"),
    [("unet", "gives 388x388x2"), ("siamese", "this takes 105x105x1, 105x105x1")],
)
def test_a_script_is_for_one_picture_and_its_class(network: str, said: str, run: Run, tmp_path: Path) -> None:
    done = run("export", "--torch", network, "--with-training")
    assert done.status == 1
    assert "E0912" in done.err
    assert said in done.err
    assert list(tmp_path.iterdir()) == []  # nothing half-written


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("lenet5", "say what to write: --onnx, --triton DIR, --torch or --keras"),
        ("--onnx --torch lenet5", "say what to write: --onnx, --triton DIR, --torch or --keras"),
        ("--torch lenet5 --opset 18", "--opset is for --onnx"),
        ("--torch lenet5 --weights random", "--weights is for --onnx; code is written without weights"),
        ("--torch lenet5 --fold-bn", "--fold-bn is for --onnx"),
        ("--onnx lenet5 --with-training", "--with-training is for --torch"),
        ("--torch lenet5 --with-training -o train.py", "give the code another name"),
    ],
)
def test_what_does_not_go_together(arguments: str, said: str, run: Run, tmp_path: Path) -> None:
    done = run("export", *arguments.split())
    assert done.status == 2
    assert said in done.err
    assert list(tmp_path.iterdir()) == []


def test_opaque_parts_are_one_message(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.spec").write_text('input 8x8x3\nopaque "attention"\n')
    done = run("export", "--torch", "a.spec")
    assert done.status == 1
    assert "E0909" in done.err
    assert "Traceback" not in done.err
    assert not (tmp_path / "a.py").exists()


def test_a_script_needs_a_name_that_it_can_import(run: Run, tmp_path: Path) -> None:
    done = run("export", "--torch", "lenet5", "--with-training", "-o", "my-net.py")
    assert done.status == 1
    assert "train.py cannot import a file of the name my-net.py" in done.err


def test_the_network_is_not_written_over(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.spec").write_text("input 8x8x3\nconv 3 3x3\n")
    done = run("export", "--torch", "a.spec", "-o", "a.spec")
    assert done.status == 1
    assert "E0903" in done.err
