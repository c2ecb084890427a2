"""The language server as an editor sees it, over standard input and output."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lsprotocol import types as lsp

from tests.editor.client import Editor, editor


@pytest.fixture(scope="module")
def ed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    with editor(tmp_path_factory.mktemp("specs")) as made:
        yield made


def test_mistakes_come_while_typing_and_go_when_mended(ed: Editor) -> None:
    file = ed.open("input 8x8x3\nconv 8 3x3 smae\n")
    (found,) = file.mistakes()
    assert (found.code, found.severity, file.at(found.range)) == ("E0202", lsp.DiagnosticSeverity.Error, "smae")
    assert found.code_description is not None
    assert found.code_description.href.endswith("/pages/E0202.md")
    file.write("input 8x8x3\nconv 8 3x3 same\n")
    assert file.mistakes() == []


def test_a_hint_has_volume_and_parameters(ed: Editor) -> None:
    file = ed.open("input 8x8x3\nconv 8 3x3 same # remark\n")
    (hint,) = file.ask(lsp.TEXT_DOCUMENT_INLAY_HINT)
    assert (hint.position, hint.label) == (lsp.Position(1, 15), "8×8×8, 224 parameters")


def test_hovering_over_a_step_shows_its_arithmetic(ed: Editor) -> None:
    file = ed.open("input 8x8x3\nco^nv 8 3x3 same relu\n")
    text = file.ask(lsp.TEXT_DOCUMENT_HOVER).contents.value
    for row in (
        "**conv1**: 8×8×3 → 8×8×8",
        "| height, width | (8 + 2·1 − 3)/1 + 1 = 8 |",
        "| parameters | (3·3·3 + 1)·8 = 224 |",
        "| MACs | 8·8·8 · 3·3·3 = 13,824 |",
        "| receptive field | 3×3 |",
    ):
        assert row in text
