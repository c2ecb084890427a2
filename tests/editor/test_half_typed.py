"""Texts as they are while one types: every question gets an answer, whatever stands there."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from lsprotocol import types as lsp

from cnngraph.editor import mistakes, references
from cnngraph.editor.completion import completions
from cnngraph.editor.document import Document
from cnngraph.editor.hints import inlay_hints
from cnngraph.editor.hover import hover
from cnngraph.editor.outline import document_symbols
from cnngraph.elaborate.prelude import PRELUDE
from cnngraph.shipped import shipped

SPECS = Path(__file__).parents[2] / "cnngraph" / "specs"
PIECES = ("{", "}", "(", ")", "[", "->", "=>", "|", "\n", "@", ".", '"', "x 2", "in", "from ", "block b(", "match ")
WHOLE = lsp.Range(lsp.Position(0, 0), lsp.Position(10_000, 0))


def answers(document: Document, position: lsp.Position) -> None:
    """Asks everything there is to ask."""
    mistakes.diagnostics(document)
    mistakes.code_actions(document, WHOLE)
    inlay_hints(document, WHOLE)
    document_symbols(document)
    hover(document, position)
    completions(document, position)
    references.definition(document, position)
    references.references(document, position, [], declaration=True)


@pytest.mark.parametrize("name", shipped())
def test_a_text_cut_off_or_torn_is_answered_for(name: str) -> None:
    file = SPECS / f"{name}.spec"
    text = file.read_text(encoding="utf-8")
    choose = random.Random(name)
    for _ in range(6):
        at = choose.randrange(len(text))
        for torn in (text[:at], text[:at] + choose.choice(PIECES) + text[at:]):
            document = Document(file.as_uri(), torn)
            answers(document, document.positions.position(at))


@pytest.mark.parametrize("name", shipped())
def test_every_name_in_what_ships_leads_somewhere(name: str) -> None:
    file = SPECS / f"{name}.spec"
    document = Document(file.as_uri(), file.read_text(encoding="utf-8"))
    for written in document.names.written:
        assert written.span.text == written.name.text.rpartition(".")[2]
        place = document.positions.position(written.span.start)
        assert references.definition(document, place) or written.name.span.source.name == PRELUDE


@pytest.mark.parametrize(
    "text",
    [
        "input 8x8x4\nblock b() {\n  con 8 1x1\n  c: conv 8 1x1\n  last: from c\n}\nfirst: b\noutput first.last\n",
        f'net t\nuse "{"a" * 300}"\ninput 8x8x4\nrelu\n',
        'net t\nuse "a\0b"\ninput 8x8x4\nrelu\n',
    ],
    ids=["an output of a wrong line", "a name too long for a file", "a name that no file has"],
)
def test_what_fuzzing_found_is_answered_for(text: str) -> None:
    document = Document("untitled:t", text)
    for at in range(0, len(text), 7):
        answers(document, document.positions.position(at))
    assert document.diagnostics
    assert document.reading.layers is not None
