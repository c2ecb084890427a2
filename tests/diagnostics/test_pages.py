"""The page on each code: what it shows happens. ``pytest --accept`` takes what is said now into the pages.

An example is a block ``spec``, or ``console``, whose commands are run; ``console untested`` needs what is not
on every machine. A name behind ``spec`` is that of the file.
"""

from __future__ import annotations

import os
import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import cnngraph
from cnngraph.diagnostics.codes import FAMILIES, headlines, page
from cnngraph.diagnostics.terminal import render
from cnngraph.fronts import read
from tests.conftest import Ran, Run

PACKAGE = Path(cnngraph.__path__[0])
CODES = list(headlines())
BLOCK = re.compile(r"```(spec|console|text)(?: (\S+))?\n(.*?)```\n", re.DOTALL)
SPECS = [code for code in CODES if "```spec" in page(code)]
LIBRARIES_WORDS = {"E0802", "E0803", "E0817"}
"""Codes whose reason is what onnx or onnxruntime says, in other words in each version."""
COMMANDS = [code for code in CODES if "```console\n" in page(code)]


def examples(code: str) -> tuple[str, str]:
    """What stands under ``## Wrong`` and under ``## Right``."""
    _, wrong, right = re.split(r"\n## (?:Wrong|Right)\n", page(code))
    return wrong, right


def write_specs(part: str, folder: Path) -> None:
    for language, name, text in BLOCK.findall(part):
        if language == "spec":
            (folder / (name or "toy.spec")).write_text(text, encoding="utf-8")


def run_all(part: str, run: Run) -> Ran:
    """Runs the commands of an example one after the other; what the last one said."""
    ((_, _, text),) = BLOCK.findall(part)
    *before, last = [line[2:] for line in text.splitlines() if line.startswith("$ ")]
    for command in before:
        if command.startswith("cnngraph"):
            assert run(*shlex.split(command)[1:]).status == 0
        else:
            path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
            subprocess.run(command, shell=True, check=True, env={**os.environ, "PATH": path})
    return run(*shlex.split(last)[1:])


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    assert sorted(set(re.findall(r'"([EW]0\d{3})"', sources))) == CODES


def test_every_family_has_codes() -> None:
    assert list(dict.fromkeys(code[:3] for code in CODES)) == list(FAMILIES)


@pytest.mark.parametrize("code", CODES)
def test_the_page_is_one_of_these(code: str) -> None:
    wrong, right = examples(code)
    assert re.match(rf"# {code}: [^\n]{{1,100}}\n\n\S", page(code))
    kinds = [(language, remark) for language, remark, _ in BLOCK.findall(wrong)]
    assert kinds in ([("spec", ""), ("text", "")], [("console", "")], [("console", "untested")])
    assert BLOCK.findall(right)


@pytest.mark.parametrize("code", SPECS)
def test_the_wrong_spec_gets_this_code_and_no_other(
    code: str, golden: Callable[[Path, bytes], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_specs(examples(code)[0], tmp_path)
    diagnostics = read("toy.spec", {}).diagnostics
    assert [diagnostic.code for diagnostic in diagnostics] == [code]
    said = f"```text\n{render(diagnostics[0])}\n```\n"
    now = re.sub(r"```text\n.*?```\n", lambda _: said, page(code), count=1, flags=re.DOTALL)
    golden(PACKAGE / "diagnostics" / "pages" / f"{code}.md", now.encode())


@pytest.mark.parametrize("code", SPECS)
def test_the_right_spec_is_fine(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_specs(examples(code)[1], tmp_path)
    reading = read("toy.spec", {})
    assert (reading.diagnostics, reading.network is not None) == ((), True)


@pytest.mark.parametrize("code", [code for code in COMMANDS if "```console\n" in examples(code)[0]])
def test_the_wrong_command_gets_this_code_and_no_other(
    code: str, golden: Callable[[Path, bytes], None], run: Run
) -> None:
    wrong, _ = examples(code)
    ran = run_all(wrong, run)
    assert ran.status == (0 if code.startswith("W") else 1)
    assert set(re.findall(r"(?:error|warning)\[(\w+)\]", ran.err)) == {code}
    commands = "".join(line + "\n" for line in wrong.splitlines() if line.startswith("$ "))
    message = ran.err[re.search(r"(error|warning)\[", ran.err).start() :].strip()  # type: ignore[union-attr]
    if code in LIBRARIES_WORDS:
        message = re.sub(r"\n *= reason: .*", "", message)
    said = f"```console\n{commands}{message}\n```\n"
    now = page(code).replace(BLOCK.search(wrong)[0], said)  # type: ignore[index]
    golden(PACKAGE / "diagnostics" / "pages" / f"{code}.md", now.encode())


@pytest.mark.parametrize("code", COMMANDS)
def test_the_right_command_runs(code: str, run: Run) -> None:
    ran = run_all(examples(code)[1], run)
    assert ran.status == 0
    assert "[" + code not in ran.err


def test_the_index_is_up_to_date() -> None:
    tool = runpy.run_path(str(PACKAGE.parent / "tools" / "build_codes.py"))
    assert tool["INDEX"].read_text(encoding="utf-8") == tool["index"](), "run  make docs"


def test_explain_shows_the_page(run: Run) -> None:
    for code in ("E0401", "e0401"):
        assert run("explain", code) == Ran(0, page("E0401"), "")


def test_explain_lays_the_page_out_on_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    shown = run("explain", "E0401").out
    assert "E0401: add needs equal volumes" in re.sub(r"\x1b\[[\d;]*m", "", shown)
    assert not re.search("^#|```", shown, re.MULTILINE)
    assert not re.search(r"\x1b\[[\d;]*3\dm", shown)


def test_explain_lists_all_codes(run: Run) -> None:
    listed = run("explain").out
    assert [line.split()[0] for line in listed.splitlines() if line.startswith("  ")] == CODES
    assert "  E0409  `fc` needs a vector\n" in listed


@pytest.mark.parametrize(
    ("code", "says"), [("E401", "did you mean E0401?"), ("banana", "`cnngraph explain` lists all")]
)
def test_explain_does_not_know_a_code(run: Run, code: str, says: str) -> None:
    ran = run("explain", code)
    assert ran.status == 2
    assert f"there is no code {code}; {says}" in ran.err
