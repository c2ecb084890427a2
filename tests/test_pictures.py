"""Pictures: only picture formats are opened, whatever a file is called, and not larger than is good."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest
from PIL import Image

from cnngraph.pictures import MAX_REDUCED
from tests.conftest import Run
from tests.sources import trees

POSTSCRIPT = """%!PS-Adobe-3.0 EPSF-3.0
%%BoundingBox: 0 0 8 8
%%EndComments
(executed) (w) file closefile
showpage
%%EOF
"""


def calls(tree: ast.AST) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "open"
        and "Image" in ast.unparse(node.func.value)
    ]


def test_every_picture_is_opened_by_a_list_of_formats() -> None:
    found = [(path, call) for path, tree in trees().items() for call in calls(tree)]
    assert len(found) >= 3
    assert [name for name, call in found if "formats" not in {each.arg for each in call.keywords}] == []
    assert len(calls(ast.parse("PIL.Image.open(x)"))) == 1


@pytest.mark.parametrize(
    "command", [("run", "lenet5", "--image"), ("render", "lenet5", "--style", "volumes", "--image")]
)
def test_a_program_is_no_picture(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "x.png").write_text(POSTSCRIPT)
    # A Ghostscript of one's own, should none be there, that shows whether it is called.
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "gs").write_text(f"#!/bin/sh\ntouch {tmp_path}/executed\n")
    (tmp_path / "bin" / "gs").chmod(0o755)
    path, os.environ["PATH"] = os.environ["PATH"], f"{tmp_path}/bin:{os.environ['PATH']}"
    try:
        ran = run(*command, "x.png")
    finally:
        os.environ["PATH"] = path
    assert ran.status == 1
    assert "E0808" in ran.err or "E0605" in ran.err
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    "command", [("run", "lenet5", "--image"), ("render", "lenet5", "--style", "volumes", "--image")]
)
def test_a_small_file_may_be_a_large_picture(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    Image.new("1", (9000, MAX_REDUCED // 9000 + 1)).save(tmp_path / "large.png")
    assert (tmp_path / "large.png").stat().st_size < 20_000
    ran = run(*command, "large.png")
    assert ran.status == 1
    assert "pixels" in ran.err
