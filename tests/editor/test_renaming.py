"""Renaming is right when the network stays what it was: no place of a name is missed, none taken for another."""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path

import pytest
from lsprotocol import types as lsp

from cnngraph.editor.document import Document
from cnngraph.editor.references import Refused, rename
from cnngraph.shipped import shipped

ROOT = Path(__file__).parents[2]
SPECS = ROOT / "cnngraph" / "specs"
PAGE = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
TEXTS = {name: (SPECS / f"{name}.spec").read_text(encoding="utf-8") for name in shipped()} | {
    f"language.md-{number}": text
    for number, text in enumerate(re.findall(r"```spec\n(.*?)```", PAGE, re.DOTALL), start=1)
}


def changed(document: Document, edits: list[lsp.TextEdit]) -> str:
    text = document.source.text
    for start, end, new in sorted(
        ((document.positions.offset(e.range.start), document.positions.offset(e.range.end), e.new_text) for e in edits),
        reverse=True,
    ):
        text = text[:start] + new + text[end:]
    return text


def all_renamed(uri: str, text: str) -> str:
    """*text* with another name for everything that has one."""
    # Not ending in a digit: the fourth use of a block `other4` is called `other44` by itself.
    fresh = (f"other{number}_" for number in count())
    while True:
        document = Document(uri, text)
        for written in document.names.written:
            if written.span.text.startswith("other"):
                continue
            try:
                edit = rename(document, document.positions.position(written.span.start), next(fresh), [])
            except Refused:
                continue
            assert edit.changes is not None
            text = changed(document, list(edit.changes[uri]))
            break
        else:
            return text


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_network_stays_what_it_was_when_all_its_names_change(text: str) -> None:
    uri = (SPECS / "a.spec").as_uri()
    before = Document(uri, text)
    after = Document(uri, all_renamed(uri, text))
    assert [each.code for each in after.diagnostics] == [each.code for each in before.diagnostics]
    made = [
        [(layer.kind, layer.input_volumes, layer.output) for layer in document.reading.layers]
        for document in (before, after)
    ]
    assert made[0] == made[1]


def test_blocks_and_what_they_are_given_are_renamed() -> None:
    (text,) = (text for name, text in TEXTS.items() if name.startswith("language") and "block up(e" in text)
    after = all_renamed((SPECS / "a.spec").as_uri(), text)
    assert set(re.findall(r"\b(?:bottleneck|up|first|e|c)\b", text)) == {"bottleneck", "up", "first", "e", "c"}
    assert re.findall(r"\b(?:bottleneck|up|first|e|c)\b", after) == []
