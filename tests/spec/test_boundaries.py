"""Where one thing ends and the next begins: what the parser takes just inside a rule, and refuses just outside."""

from __future__ import annotations

import pytest

from cnngraph.diagnostics import Diagnostic
from cnngraph.fronts.spec import read_source
from cnngraph.source import Source

HEAD = "net t\ninput 8x8x4\n"


def mistakes(text: str) -> list[Diagnostic]:
    reading = read_source(Source("t.spec", HEAD + text), {})
    return [each for each in reading.diagnostics if each.code.startswith("E")]


def codes(text: str) -> list[str]:
    return [each.code for each in mistakes(text)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("add {\n | skip\n | relu\n}", []),
        ("add {\n | skip -> relu\n | relu\n}", []),
        ("add {\n | relu\n   skip\n | relu\n}", ["E0302"]),
        ("add {\n | relu -> skip\n | relu\n}", ["E0302"]),
        ("skip", ["E0302"]),
        ("[\n skip\n] x2", ["E0302"]),
        ("add {\n | [\n skip\n ] x2\n | relu\n}", ["E0302"]),
        ("add {\n | add {\n   | skip\n   | relu\n   }\n | skip\n}", []),
    ],
)  # fmt: skip
def test_skip_stands_first_in_a_branch_and_nowhere_else(text: str, wanted: list[str]) -> None:
    assert codes(text) == wanted


@pytest.mark.parametrize("second", ["relu", "from image", "[relu] x2", "add { | relu | skip }", "from image -> relu"])
@pytest.mark.parametrize("first", ["relu", "from image", "[relu] x2", "add { | relu | skip }"])
def test_a_name_is_given_once_whatever_its_line_makes(first: str, second: str) -> None:
    assert codes(f"a: {first}\na: {second}") == ["E0301"]
    assert codes(f"a: {first}\nb: {second}") == []


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        # What is closed at its own line's margin is closed; the one around it is open.
        ("block a() {\n  add {\n    | relu\n    | skip\n  }\n  relu\n\nblock b() {\n  relu\n}\n", 3, "{"),
        ("block a() {\n  [\n    relu\n  ] x2\n\nblock b() {\n  relu\n}\n", 3, "{"),
        # What is closed further left is likelier to be the open one.
        ("block a() {\n  add {\n    | relu\n    | skip\n  relu\n}\n\nblock b() {\n  relu\n}\n", 4, "{"),
        ("block a() {\n add {\n | relu\n | skip\n relu\n}\n\nblock b() {\n  relu\n}\n", 4, "{"),
        ("add {\n  | relu\n  | skip\n\nblock b() {\n  relu\n}\n", 3, "{"),
    ],
)  # fmt: skip
def test_the_bracket_that_is_open_is_the_one_blamed(text: str, line: int, word: str) -> None:
    (mistake,) = mistakes(text)
    assert mistake.label is not None
    spans = [mistake.label.span, *(label.span for label in mistake.secondary)]
    assert any((span.line, span.source.text[span.start : span.end]) == (line, word) for span in spans)


def test_a_closing_bracket_too_many_and_one_of_another_kind() -> None:
    assert codes("relu\n}") == ["E0100"]
    assert codes("[\n relu\n} x2") != []
    assert codes("[\n relu\n] x2") == []
