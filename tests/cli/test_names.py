"""What a bare name means: a spec in this folder, else a network that ships; and how one starts from those."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import cnngraph
from cnngraph.fronts import read
from cnngraph.shipped import VARIANTS, names, shipped
from tests.conftest import Run

MINE = "net mine\ninput 4x4x1\nconv 2 3x3\nflatten\n"
SAID = "resnet is resnet.spec in this folder, not the network of that name that ships with cnngraph\n"


@pytest.mark.parametrize(
    "command",
    [
        ("check",),
        ("check", "--fix"),
        ("summary",),
        ("render", "-o", "x.svg"),
        ("export", "--onnx", "-o", "x.onnx"),
        ("verify",),
        ("bench", "--seconds", 0, "--batch", 1),
        ("fmt",),
        ("run", "--input", "x.npy"),
    ],
    ids=lambda command: command[0],
)
def test_a_file_of_this_folder_wins_and_is_said(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    import numpy as np

    np.save(tmp_path / "x.npy", np.ones((4, 4, 1), np.float32))
    (tmp_path / "resnet.spec").write_text(MINE)
    ran = run(*command, "resnet")
    assert ran.status == 0
    assert SAID in ran.err
    assert "is resnet.spec" not in run(*command, "resnet.spec").err
    (tmp_path / "resnet.spec").write_text("net mine\ninput 4x4x1\nconv\n")
    if command[0] != "fmt":
        assert run(*command, "resnet").status == 1


def test_python_reads_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert cnngraph.load("resnet").name == "resnet"
    (tmp_path / "resnet.spec").write_text(MINE)
    assert cnngraph.load("resnet").name == "mine"


def test_two_are_told_apart(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.spec").write_text(MINE)
    ran = run("check", "mine", "lenet5")
    assert "mine is mine.spec in this folder\n" in ran.err
    assert "lenet5 is" not in ran.err


def test_a_folder_of_the_name_is_no_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "resnet").mkdir()
    assert run("check", "resnet").status == 0


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_is_its_spec_with_params_set(name: str) -> None:
    of, params = VARIANTS[name]
    same = read(of, params).checked()
    found = cnngraph.load(name)
    assert [(layer.name, layer.kind, layer.output) for layer in found] == [
        (layer.name, layer.kind, layer.output) for layer in same
    ]
    assert found.title == same.title


def test_a_variant_takes_settings_and_gives_its_name_to_files(run: Run, tmp_path: Path) -> None:
    assert len(cnngraph.load("resnet18", depth=34)) == len(cnngraph.load("resnet34"))
    run("export", "--onnx", "resnet18", "--external-data", 0)
    assert (tmp_path / "resnet18.onnx").exists()


def test_list_shows_all_names(run: Run) -> None:
    lines = run("list").out.splitlines()
    assert [line.split()[0] for line in lines] == sorted({*shipped(), *VARIANTS}) == list(names())
    assert any(line.split() == ["resnet18", "resnet", "with", "depth", "=", "18"] for line in lines)


@pytest.mark.parametrize("name", names())
def test_show_and_new_print_a_spec(run: Run, tmp_path: Path, name: str) -> None:
    text = run("show", name).out
    if name in shipped():
        assert text == (Path(cnngraph.__path__[0]) / "specs" / f"{name}.spec").read_text("utf-8")
    new = run("new", name).out
    assert new.startswith(f"# From {name}, which ships with cnngraph ")
    assert new.partition("\n")[2] == text
    (tmp_path / "mine.spec").write_text(new)
    assert run("fmt", "--check", "mine.spec").status == 0
    assert len(cnngraph.load("mine.spec")) == len(cnngraph.load(name))


def test_a_name_that_is_none(run: Run) -> None:
    for command in ("show", "new", "check"):
        ran = run(command, "rsnet18")
        assert ran.status == 1
        assert "did you mean resnet18?" in ran.err
    assert run("show", "../specs/resnet").status == 1


def test_what_ships_is_not_formatted(run: Run) -> None:
    assert run("fmt", "resnet18").status == 2


LONG = "a" * 300
COMMANDS = [
    "check {0}",
    "summary {0}.spec",
    "render {0}",
    "export --onnx {0}",
    "verify {0}",
    "verify {0}.onnx",
    "bench {0}",
    "fmt {0}",
    "show {0}",
    "new {0}",
    "run {0} --image x.png",
    "run lenet5 --image {0}.png",
    "run lenet5 --input {0}.npy",
    "run lenet5 --image x.png --labels {0}",
    "run lenet5 --image x.png -o {0}.npy",
    "run lenet5 --image x.png --weights {0}.npz",
    "export --onnx lenet5 --int8 --calibrate {0}",
    "render lenet5 --style volumes --image {0}.png",
    "render lenet5 -o {0}.svg",
    "watch {0}",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_name_that_no_file_can_have_is_a_mistake_with_a_code(run: Run, tmp_path: Path, command: str) -> None:
    from PIL import Image

    Image.new("L", (32, 32)).save(tmp_path / "x.png")
    ran = run(*command.format(LONG).split())
    assert ran.status == 1
    assert "error[E" in ran.err
    assert LONG in ran.err
    assert str(Path(cnngraph.__file__).parent) not in ran.err


def test_a_network_of_such_a_name_is_one_like_any_other(run: Run, tmp_path: Path) -> None:
    (tmp_path / "n.spec").write_text(f"net {LONG}\ninput 4x4x3\n{LONG}: conv 2 3x3\nfrom {LONG} -> relu\n")
    np.save(tmp_path / "x.npy", np.zeros((4, 4, 3), np.float32))
    for command in ("check n.spec", "summary n.spec", "render n.spec -o n.svg", "export --onnx n.spec", "verify n.spec",
                    "bench n.spec --seconds 0 --batch 1", "run n.spec --input x.npy"):  # fmt: skip
        assert run(*command.split()).status == 0
