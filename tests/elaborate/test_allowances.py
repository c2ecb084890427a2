"""Warnings that are known and meant: what ``@allow`` reaches."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnngraph.fronts import read
from cnngraph.fronts.spec import read_source
from cnngraph.source import Source

UNEVEN = "conv 8 3x3 s=2 relu"
"""W0101 on 8x8, and nothing on 9x9."""


def codes(text: str, **settings: object) -> list[str]:
    return [diagnostic.code for diagnostic in read_source(Source("a.spec", text), settings).diagnostics]


def test_on_a_line() -> None:
    assert codes(f"input 8x8x3\n{UNEVEN}\n") == ["W0101"]
    assert codes(f'input 8x8x3\n{UNEVEN} @allow("W0101")\n') == []
    assert codes(f'input 8x8x3\n{UNEVEN} @allow("W0101")\nmaxpool 2x2 s=2\n') == ["W0101"]


def test_on_the_net_line() -> None:
    assert codes(f'net t @allow("W0101")\ninput 8x8x3\n{UNEVEN}\nmaxpool 2x2 s=2\n') == []
    assert codes(f'net t "Title" @allow("W0101", "W0104")\ninput 8x8x3\n{UNEVEN}\nconv 4 1x1 -> conv 4 1x1') == []


def test_what_a_line_says_itself_needs_no_allowance() -> None:
    assert codes("input 8x8x3\n[conv 4 1x1] x3\n") == ["W0104"]
    assert codes("input 8x8x3\nconv 4 1x1 linear -> conv 4 1x1\n") == []
    assert codes("input 8x8x3\nconv 4 1x1 -> bn\n") == ["W0103"]
    assert codes("input 8x8x3\nconv 4 1x1 bn bias=on\n") == []


@pytest.mark.parametrize(
    "line", ["b", f"[{UNEVEN}] x1", f"concat {{\n | {UNEVEN}\n | {UNEVEN}\n}}", "c: b -> relu => 3x3x8"]
)
def test_all_that_a_line_makes(line: str) -> None:
    spec = f"block b() {{\n{UNEVEN}\n}}\ninput 8x8x3\n{line}"
    assert set(codes(spec)) == {"W0101"}
    assert codes(f'{spec} @allow("W0101")') == []


def test_the_other_use_of_a_block_is_reported() -> None:
    spec = f'block b() {{\n{UNEVEN}\n}}\ninput 8x8x3\nfirst: b @allow("W0101")\nfrom image -> b\nconcat first'
    assert codes(spec) == ["W0101"]


@pytest.mark.parametrize("code", ["W0101", "W0103", "W9999", "E0401"])
def test_what_silences_nothing_is_a_warning(code: str) -> None:
    assert codes(f'input 9x9x3\n{UNEVEN} @allow("{code}")\n') == ["W0106"]
    assert codes(f'net t @allow("{code}")\ninput 9x9x3\n{UNEVEN}\n') == ["W0106"]
    assert codes(f'input 9x9x3 @allow("{code}")\n{UNEVEN}\n') == ["W0106"]
    assert codes(f'net t @allow("W0106")\ninput 9x9x3\n{UNEVEN} @allow("{code}")\n') == []


def test_errors_are_not_silenced() -> None:
    assert codes('net t @allow("E0406")\ninput 2x2x3\nconv 8 3x3 @allow("E0406")\n') == ["E0406"]


def test_with_other_settings_a_spec_may_need_its_allowances() -> None:
    spec = f'param n = 8\ninput (n, n, 3)\n{UNEVEN} @allow("W0101")\n'
    assert codes(spec) == []
    assert codes(spec, n=9) == []


def test_files_that_are_used_keep_their_allowances(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    allow = '@allow("W0101")'
    Path("blocks.spec").write_text(f"block b() {{\n{UNEVEN} {allow}\n}}\n")
    Path("trunk.spec").write_text(f"net trunk {allow}\ninput 8x8x3\n{UNEVEN}\n")
    for size in ("8x8x3", "9x9x3"):
        Path("a.spec").write_text(f'use "blocks.spec"\nuse "trunk.spec" as t\ninput {size}\nfrom image -> b\n')
        assert read("a.spec", {}).diagnostics == ()
        Path("a.spec").write_text(f'use "trunk.spec" as t\ninput {size}\nt\n')
        assert read("a.spec", {}).diagnostics == ()


@pytest.mark.parametrize("where", ['net t @note("x")\ninput 8x8x3\n', "net t @freeze\ninput 8x8x3\n"])
def test_nothing_else_stands_on_the_net_line(where: str) -> None:
    assert codes(where + "relu\n") == ["E0216"]
