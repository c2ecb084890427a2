"""What is allowed just reaches the limit, and one more is refused; files with mistakes are said where they are used."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnngraph.diagnostics import CnngraphError
from cnngraph.elaborate.record import MAX_DEPTH
from cnngraph.reading import load, parse


def nested(depth: int) -> str:
    blocks = ["block b0() {\n  relu\n}\n"]
    blocks += [f"block b{n}() {{\n  b{n - 1}\n}}\n" for n in range(1, depth)]
    return f"net t\ninput 4\n{''.join(blocks)}b{depth - 1}\n"


def test_blocks_in_blocks() -> None:
    assert len(parse(nested(MAX_DEPTH))) == 2
    with pytest.raises(CnngraphError, match="E050"):
        parse(nested(MAX_DEPTH + 1))


def test_layers() -> None:
    text = "net t\ninput 4\n[relu] x9\n"
    assert len(parse(text, max_nodes=10)) == 10
    with pytest.raises(CnngraphError, match="E0501"):
        parse(text, max_nodes=9)


def test_mistakes_in_a_used_file_are_told_at_the_use(tmp_path: Path) -> None:
    (tmp_path / "parts.spec").write_text("block b() {\n  relu relu relu\n  conv (\n}\n")
    (tmp_path / "net.spec").write_text('net t\nuse "parts.spec"\ninput 4x4x1\nb\n')
    with pytest.raises(CnngraphError) as caught:
        load(tmp_path / "net.spec")
    (mistake,) = caught.value.diagnostics
    assert (mistake.code, mistake.message) == ("E0211", '"parts.spec" has mistakes')
    assert mistake.label is not None
    assert mistake.label.span.line == 2
    assert mistake.label.text.startswith("E01")
    assert "parts.spec:" in mistake.label.text
    assert mistake.help.startswith("cnngraph check ")
    assert mistake.secondary
