"""Labels inside what an `again` makes are those of the block that was used first, also in text that cannot run."""

from __future__ import annotations

import pytest

from cnngraph.editor.document import Document

BLOCK = "block b() {\n  t: relu\n}\ninput 8x8x3\n"


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("y: b\nz: again y\nagain z.t", True),
        ("y: b\nz: again y -> relu\nagain z.t", False),
        ("a: again c\nc: again a\nagain a.t", False),
        ("a: again a.t\nagain a.t", False),
        ("a: again c.t.t.t\nc: again a.t.t.t\nagain c.t", False),
        ("y: b\nz: again y.t\nagain z.t", False),
    ],
)
def test_an_inner_label_is_found_through_again(lines: str, found: bool) -> None:
    text = BLOCK + lines + "\n"
    document = Document("file:///a.spec", text)
    at = document.names.at(len(text) - 1)
    assert (at is not None and at.name.text == "t" and at.name.span.line == 2) == found
