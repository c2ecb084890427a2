"""What the commands print for programs, how they end, and what they cost to start."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cnngraph.cli import group
from tests.conftest import Run

HEAVY = {"numpy", "onnx", "onnxruntime", "networkx", "PIL", "rich", "graphviz", "safetensors", "resvg_py"}
BAD = "net t\ninput 8x8x3\nconv 4 9x9\nconv 8 3x3 smae\n"


def test_summary_json_has_the_promised_fields(run: Run) -> None:
    record = json.loads(run("summary", "lenet5", "--json").out)
    assert (record["name"], record["params"], record["macs"]) == ("lenet5", 61_706, 416_520)
    assert (record["input"], record["output"]) == ([32, 32, 1], [10])
    conv = record["layers"][1]
    wanted = {
        "name": "conv1",
        "op": "conv",
        "output": [28, 28, 6],
        "params": 156,
        "macs": 117_600,
        "inputs": ["image"],
        "line": 11,
    }
    assert {key: conv[key] for key in wanted} == wanted


def test_check_json_has_the_promised_fields(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.spec").write_text(BAD)
    ran = run("check", "bad.spec", "--format", "json")
    assert ran.status == 1
    first, second = json.loads(ran.out)
    promised = "code severity file line column end_line end_column message reason help fix"
    assert set(first) >= set(promised.split())
    assert (first["code"], first["file"], first["line"], first["column"]) == ("E0406", "bad.spec", 3, 8)
    assert (second["code"], second["fix"]["replacement"]) == ("E0202", "same")


def test_check_for_pull_requests(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.spec").write_text(BAD)
    ran = run("check", "bad.spec", "--format", "github")
    assert ran.status == 1
    assert ran.out.startswith("::error file=bad.spec,title=E0406,line=3,endLine=3,col=8::the window is larger")


def test_check_goes_on_to_the_next_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.spec").write_text(BAD)
    ran = run("check", "bad.spec", "missing.spec", "lenet5")
    assert ran.status == 1
    assert "bad.spec: 2 errors" in ran.out
    assert "lenet5.spec: lenet5 is fine" in ran.out
    assert "there is no file missing.spec" in ran.err


def test_list_names_what_can_be_loaded(run: Run) -> None:
    out = run("list").out
    assert [line.split()[0] for line in out.splitlines()][:3] == ["alexnet", "alexnet_owt", "conv1x1"]


@pytest.mark.parametrize("command", sorted(group.list_commands(None)))  # type: ignore[arg-type]
def test_every_command_explains_itself(run: Run, command: str) -> None:
    ran = run(command, "--help")
    assert ran.status == 0
    assert ran.out.startswith(f"Usage: cnngraph {command}")


def imported(*arguments: str) -> set[str]:
    """The modules that a command has imported when it ends."""
    program = (
        f"import sys; sys.argv = ['cnngraph', *{arguments}]\nfrom cnngraph.cli import main\n"
        "try: main()\nexcept SystemExit: print(*sys.modules, file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(ran.stderr.split())


def test_help_imports_nothing_heavy() -> None:
    modules = imported("--help")
    assert HEAVY.isdisjoint(modules)
    assert "cnngraph.layers" not in modules


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "resnet"),
        ("check", "resnet", "--format", "sarif"),
        ("explain", "E0401"),
        ("summary", "resnet"),
        ("render", "resnet", "-o", "-"),
    ],
)
def test_commands_import_only_what_they_use(arguments: tuple[str, ...]) -> None:
    assert HEAVY.isdisjoint(imported(*arguments))


def test_an_interrupted_pipe_is_no_traceback() -> None:
    command = f"{sys.executable} -m cnngraph summary resnet --no-fold | head -1"
    ran = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(("typed", "meant"), [("rendr", "render"), ("chekc", "check"), ("summry", "summary")])
def test_a_mistyped_command_is_answered_with_the_one_that_was_meant(run: Run, typed: str, meant: str) -> None:
    ran = run(typed, "lenet5")
    assert ran.status == 2
    assert f"Did you mean '{meant}'?" in ran.err
    assert "Did you mean" not in run("wxyz").err


def test_the_largest_network_taken_is_said_as_it_is() -> None:
    """The help of a command does not import what a network is, so it has the number itself."""
    from cnngraph.assembly import MAX_NODES
    from cnngraph.cli.check import command

    (option,) = (each for each in command.params if each.name == "max_nodes")
    assert option.default == MAX_NODES
