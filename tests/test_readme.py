"""The README's examples: every command in it prints what it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from cnngraph.cli import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SESSIONS = re.findall(r"```\n\$ cnngraph (.*)\n((?:.*\n)*?)```", README)


def test_it_shows_the_five_commands() -> None:
    assert {command.split()[0] for command, _ in SESSIONS} == {"check", "summary", "render", "export", "run"}


@pytest.mark.parametrize(("command", "printed"), SESSIONS)
def test_command_prints_what_the_readme_says(
    command: str, printed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (toy,) = re.findall(r"```spec\n(net toy\n(?:.*\n)*?)```", README)
    (tmp_path / "toy.spec").write_text(toy, encoding="utf-8")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["cnngraph", *shlex.split(command)])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == (1 if command.startswith("check toy.spec") else 0)
    out, err = capsys.readouterr()
    assert sorted(filter(None, (out + err).splitlines())) == sorted(filter(None, printed.splitlines()))


def test_the_first_network_is_the_one_that_ships() -> None:
    (first,) = re.findall(r"```spec\n(net lenet5(?:.*\n)*?)```", README)
    shipped = (ROOT / "specs" / "lenet5.spec").read_text(encoding="utf-8")
    assert shipped.endswith(first)
