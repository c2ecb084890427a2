"""A picture or array of a size that the network does not run with is refused by its name, with the nearest sizes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts import parse
from cnngraph.sizes import fit
from tests.conftest import Run
from tests.networks import load

REORG = "net t\ninput (?H, ?W, 3)\nreorg 2\nconv 4 1x1\n"
HOURGLASS = "net t\ninput (?H, ?W, 3)\nadd {\n  | conv 3 3x3 s=2 same -> upsample 2\n  | skip\n}\n"


@pytest.mark.parametrize("text", [REORG, HOURGLASS])
@pytest.mark.parametrize("size", [(5, 4), (4, 5), (5, 7)])
def test_sizes_that_do_not_fit_are_refused_and_the_nearest_run(text: str, size: tuple[int, int]) -> None:
    network = parse(text)
    with pytest.raises(CnngraphError, match=f"the array: t does not run with H = {size[0]}, W = {size[1]}") as caught:
        network.run(np.zeros((*size, 3), np.float32))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E0822"
    assert diagnostic.reason == "its layers ask for H and W a multiple of 2"
    near = [int(part.rpartition("= ")[2]) for part in diagnostic.help.split(", ")]
    assert all(abs(one - other) <= 1 for one, other in zip(size, near, strict=True))
    network.run(np.zeros((*near, 3), np.float32))


def test_a_picture_is_refused_by_its_name(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (4, 5)).save(tmp_path / "odd.png")
    with pytest.raises(CnngraphError, match=r"odd\.png: t does not run with H = 5, W = 4"):
        parse(REORG).run(tmp_path / "odd.png")


DEEP = "net t\ninput (?H, ?W, 3)\nadd {{\n  | [maxpool f={f} s={f}] x{n} -> upsample {all}\n  | skip\n}}\nconv 2 1x1\n"
ODD = "net t\ninput (?H, ?W, 3)\nadd {\n  | maxpool 3x3 s=2 -> upsample 2\n  | conv 3 2x2\n}\n"
NETWORKS = {
    **{f"{f} to the {n}": DEEP.format(f=f, n=n, all=f**n) for f, n in [(2, 5), (2, 7), (3, 1), (3, 3), (5, 1), (7, 2)]},
    "odd": ODD,
    "multiples of 48": "net t\ninput (?H/48, ?W/48, 3)\nconv 2 3x3 same\n",
    "large windows": "net t\ninput (?H, ?W, 3)\nconv 2 300x200\n",
    "without a name": "net t\ninput (?, ?, 3)\nconv 2 3x3 same\n",
    "one free": "net t\ninput (?H, 33, 3)\nadd {\n  | maxpool f=(3, 1) s=(3, 1) -> upsample (3, 1)\n  | skip\n}\n",
}


@pytest.mark.parametrize("text", NETWORKS.values(), ids=NETWORKS)
def test_verify_and_bench_choose_sizes_that_fit(run: Run, tmp_path: Path, text: str) -> None:
    """They run in onnxruntime, which adds nothing of unequal sizes."""
    (tmp_path / "t.spec").write_text(text)
    network = load("t.spec")
    for command in (("verify", "t.spec"), ("bench", "t.spec", "--seconds", 0, "--batch", 1, "--threads", 1)):
        ran = run(*command)
        assert ran.status == 0
        assert ran.err.count("free sizes: ") == 1
        (line,) = (line for line in ran.err.splitlines() if line.startswith("free sizes: "))
        sizes = {name: int(size) for name, _, size in (part.split() for part in line.partition(": ")[2].split(", "))}
        assert fit(network, sizes)
    assert network.verify().tensors > 0


@pytest.mark.parametrize("text", [DEEP.format(f=2, n=7, all=128), DEEP.format(f=3, n=2, all=9), ODD])
def test_a_file_is_tried_with_sizes(run: Run, tmp_path: Path, text: str) -> None:
    (tmp_path / "t.spec").write_text(text)
    run("export", "--onnx", "t.spec")
    for command in (("verify", "t.onnx"), ("bench", "t.onnx", "--seconds", 0, "--batch", 1, "--threads", 1)):
        ran = run(*command)
        assert (ran.status, ran.err.partition("free sizes: ")[0]) == (0, "")


@pytest.mark.parametrize("command", ["verify", "bench", "check", "summary", "run", "export"])
def test_a_size_that_is_set_and_does_not_fit_is_refused_by_name(run: Run, tmp_path: Path, command: str) -> None:
    (tmp_path / "t.spec").write_text(NETWORKS["2 to the 5"])
    more = {"run": ("--input", "x.npy"), "export": ("--onnx",)}.get(command, ())
    for given, near in (({"H": 225}, "H = 224"), ({"W": 240, "H": 250}, "H = 256, W = 256")):
        set_ = [word for name, size in given.items() for word in ("--set", f"{name}={size}")]
        ran = run(command, "t.spec", *more, *set_)
        assert ran.status == 1
        assert "error[E0822]" in ran.err
        assert ran.err.count("error[") == 1
        assert "a multiple of 32" in ran.err
        assert f"the nearest sizes that fit:  {near}\n" in ran.err
        assert all(f"{name} = {size}" in ran.err for name, size in given.items())
    right = run("verify", "t.spec", "--set", "H=96")
    assert (right.status, right.err.splitlines()[-1]) == (0, "free sizes: W = 64")
    (tmp_path / "m.spec").write_text(NETWORKS["multiples of 48"])
    assert "the nearest that fits:  H = 240\n" in run(command, "m.spec", *more, "--set", "H=225").err


def test_a_mistake_that_is_none_of_sizes_stays_what_it_is(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.spec").write_text("net t\ninput (?H, ?W, 3)\nflatten\nfc 10\n")
    assert "E0822" not in run("check", "t.spec", "--set", "H=8").err
    (tmp_path / "t.spec").write_text("net t\ninput (?H, ?W, 3)\nconv 2 3x3 => (?H, ?W, 2)\n")
    assert "E0410" in run("check", "t.spec", "--set", "H=8").err


def test_a_size_that_is_said_twice_is_one(run: Run, tmp_path: Path) -> None:
    (tmp_path / "square.spec").write_text(
        "net even\ninput (?H, ?H, 3)\nconv 2 3x3\navgpool global -> flatten -> fc 2\n"
    )
    Image.new("RGB", (20, 12)).save(tmp_path / "wide.png")
    Image.new("RGB", (12, 12)).save(tmp_path / "even.png")
    ran = run("run", "square.spec", "--image", "wide.png")
    assert ran.status == 1
    assert "wide.png: even takes one size H, and there are 12 and 20" in ran.err
    assert run("run", "square.spec", "--image", "even.png").status == 0


def test_a_model_is_not_cut_where_sizes_do_not_fit(run: Run, tmp_path: Path) -> None:
    text = "net t\ninput (?H, ?W, 3)\na: conv 3 1x1\nconv 3 3x3 s=2 same -> upsample 2 -> add a\n"
    parse(text).export(tmp_path / "t.onnx")
    for command in ("summary", "import"):
        ran = run(command, "t.onnx", "--set", "H=7", "--set", "W=8")
        assert "E0822" in ran.err
        assert run(command, "t.onnx", "--set", "H=6", "--set", "W=8").status == 0
    Image.new("RGB", (8, 7)).save(tmp_path / "high.png")
    said = run("run", "t.onnx", "--image", "high.png").err
    assert "E0822" in said
    assert "high.png: t does not run with H = 7, W = 8" in said
