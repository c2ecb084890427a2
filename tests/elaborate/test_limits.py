"""What is allowed just reaches the limit, and one more is refused; files with mistakes are said where they are used."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnngraph.diagnostics import CnngraphError
from cnngraph.elaborate.record import MAX_DEPTH
from cnngraph.fronts import load, parse
from cnngraph.fronts.spec import read_source
from cnngraph.remarks import MAX_ALIKE
from cnngraph.source import Source


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


def test_what_makes_no_layer_counts_for_none() -> None:
    """A block is looked through before it is unrolled."""
    lines = "a: relu\nfrom a -> add {\n| skip\n| tanh\n}\n"
    text = f"net t\ninput 4\nblock b() {{\n[\n{lines}] x3\n}}\nb\n"
    assert len(parse(text, max_nodes=10)) == 10
    with pytest.raises(CnngraphError, match="E0501"):
        parse(text, max_nodes=9)


@pytest.mark.parametrize(
    ("inside", "remark"),
    [
        ("relu", "would make 1,048,576 nodes; the limit is 100,000 (--max-nodes)"),
        ("from in", "would run 3,145,726 lines; the limit follows --max-nodes"),
        (
            "add {\n    | relu\n    | relu -> tanh\n  }",
            "would make 3,145,728 nodes; the limit is 100,000 (--max-nodes)",
        ),
        ("[relu] x5", "would make 5,242,880 nodes; the limit is 100,000 (--max-nodes)"),
    ],
)
def test_blocks_that_double_each_other_are_counted_before(inside: str, remark: str) -> None:
    blocks = [f"block b0() {{\n  {inside}\n}}\n"]
    blocks += [f"block b{n}() {{\n  b{n - 1}\n  b{n - 1}\n}}\n" for n in range(1, 21)]
    with pytest.raises(CnngraphError, match="E0501") as caught:
        parse(f"net t\ninput 4\n{''.join(blocks)}b20\n")
    (mistake,) = caught.value.diagnostics
    assert mistake.label is not None
    assert mistake.label.text == remark


@pytest.mark.parametrize(
    ("number", "note"),
    [
        (MAX_ALIKE, ""),
        (MAX_ALIKE + 1, "there is 1 more W0101"),
        (MAX_ALIKE + 2, "there are 2 more W0101"),
    ],
)
def test_warnings_of_one_sort(number: int, note: str) -> None:
    lines = "".join("from image -> maxpool f=2 s=2 -> avgpool global -> flatten\n" for _ in range(number))
    reading = read_source(Source("t.spec", f"net t\ninput 7x7x1\n{lines}"), {})
    found = [each for each in reading.diagnostics if each.code == "W0101"]
    assert len(found) == MAX_ALIKE
    assert [note_ for each in found for note_ in each.notes] == ([note] if note else [])


def test_claims_may_leave_any_size_open_and_inputs_all_but_channels() -> None:
    parse("net t\ninput (?H, ?W, 3)\nconv 4 3x3 same => (?, ?, ?)\nconv 4 1x1 => (?H, ?W, 4)\n")
    parse("net t\ninput 8x6x3\nconv 4 3x3 same => (?, 6, ?)\n")
    with pytest.raises(CnngraphError, match="E0205"):
        parse("net t\ninput (?H, ?W, ?C)\nrelu\n")
    with pytest.raises(CnngraphError, match="E0205"):
        parse("net t\ninput (8, 8)\nrelu\n")


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


def test_a_network_used_as_a_block_makes_what_it_gives_back(tmp_path: Path) -> None:
    (tmp_path / "trunk.spec").write_text(
        "net trunk\nparam c = 3\ninput picture 4x4x2\na: conv c 1x1\nrelu\nb: conv 5 1x1\noutput a\n"
    )
    (tmp_path / "net.spec").write_text(
        'net t\nuse "trunk.spec"\ninput 4x4x2\nx: trunk\nend: tanh\ny: from image -> trunk 6\noutput end y\n'
    )
    network = load(tmp_path / "net.spec")
    assert [network[output.layer].output.channels for output in network.outputs] == [3, 6]
