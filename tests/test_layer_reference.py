"""docs/layers.md is what the declarations say."""

from __future__ import annotations

import runpy
from pathlib import Path

from cnngraph.layers import KINDS

ROOT = Path(__file__).parent.parent


def test_page_is_up_to_date() -> None:
    page = runpy.run_path(str(ROOT / "tools" / "build_docs.py"))["page"]()
    assert (ROOT / "docs" / "layers.md").read_text(encoding="utf-8") == page, "run  make docs"


def test_every_kind_says_what_it_is_and_what_it_becomes() -> None:
    for word, kind in KINDS.items():
        assert kind.__doc__, word
        assert kind.onnx, word
        assert all(argument.doc for argument in kind.arguments()), word
