"""`cnngraph fmt`: files in place, whole or not at all."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from tests.conftest import Run

MESSY = "net  t\r\n\tinput 8x8x3\r\nconv   4 3x3\r\n"
CLEAN = "net t\ninput 8x8x3\nconv 4 3x3\n"


def test_it_formats_in_place(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "a.spec"
    file.write_bytes(MESSY.encode())
    os.chmod(file, 0o640)
    assert run("fmt", file).out == f"{file} formatted\n"
    assert file.read_bytes() == CLEAN.encode()
    assert os.name == "nt" or file.stat().st_mode & 0o777 == 0o640
    before = file.stat().st_mtime_ns
    assert run("fmt", file).out == ""
    assert file.stat().st_mtime_ns == before


def test_check_writes_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.spec").write_bytes(MESSY.encode())
    (tmp_path / "b.spec").write_text(CLEAN)
    ran = run("fmt", "--check", "a.spec", "b.spec")
    assert (ran.status, ran.out) == (1, "a.spec is not in canonical form\n")
    assert (tmp_path / "a.spec").read_bytes() == MESSY.encode()
    assert run("fmt", "--check", "b.spec").status == 0


def test_a_file_with_mistakes_is_left_alone_and_the_others_are_done(run: Run, tmp_path: Path) -> None:
    (tmp_path / "wrong.spec").write_text("net t\nadd {\n  | relu\n")
    (tmp_path / "right.spec").write_text("net  t\ninput 8x8x3\n")
    ran = run("fmt", "wrong.spec", "right.spec", "missing.spec")
    assert ran.status == 1
    assert "this `{` is never closed" in ran.err
    assert "missing.spec" in ran.err
    assert (tmp_path / "wrong.spec").read_text() == "net t\nadd {\n  | relu\n"
    assert (tmp_path / "right.spec").read_text() == "net t\ninput 8x8x3\n"


def test_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def given(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    given(MESSY)
    assert run("fmt", "-").out == CLEAN
    given(MESSY)
    assert run("fmt", "--check", "-").status == 1
    given(CLEAN)
    assert run("fmt", "--check", "-").status == 0


def test_volumes(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.spec").write_text(CLEAN)
    run("fmt", "--volumes", "a.spec")
    assert (tmp_path / "a.spec").read_text() == CLEAN.replace("3x3\n", "3x3 => 6x6x4\n")


def test_a_line_that_only_begins_elsewhere_has_its_volume_behind_the_name(run: Run, tmp_path: Path) -> None:
    text = "net a\ninput 8x8x3\nconv 3 3x3 same{0}\nfrom image{0}\nb: from image{0}\nadd b{0}\n"
    (tmp_path / "a.spec").write_text(text.format(""))
    run("fmt", "--volumes", "a.spec")
    assert (tmp_path / "a.spec").read_text() == text.format(" => 8x8x3")
    assert run("check", "a.spec").status == 0


def test_a_wrong_volume_is_no_ones_to_change(run: Run, tmp_path: Path) -> None:
    text = CLEAN.replace("4 3x3", "4 3x3 => 9x9x4")
    (tmp_path / "a.spec").write_text(text)
    ran = run("fmt", "--volumes", "a.spec")
    assert ran.status == 1
    assert "E0410" in ran.err
    assert (tmp_path / "a.spec").read_text() == text


def test_what_ships_is_never_touched(run: Run) -> None:
    assert run("fmt", "resnet").status == 2
