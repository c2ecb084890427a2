"""Writes the words of the language where they are listed: the reserved ones in docs/language.md, and the layers and
flags in the grammar of the VS Code extension.

python tools/build_words.py
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable
from pathlib import Path

from cnngraph.layers import KINDS
from cnngraph.spec.lexer import FLAGS, KEYWORDS

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "language.md"
GRAMMAR = ROOT / "editors" / "vscode" / "syntaxes" / "cnngraph.tmLanguage.json"

RESERVED = """\
The words of the language cannot be names of tensors, blocks or parameters: `{keywords}`, and the flags, normalizations
and activations that stand on a step: `{flags}`. `x` is special only right after `]`.
"""


def page() -> str:
    """docs/language.md with the words as they are."""
    text = RESERVED.format(keywords=" ".join(sorted(KEYWORDS)), flags=" ".join(sorted(FLAGS)))
    paragraph = textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)
    return re.sub(r"The words of the language cannot(.+\n)+", f"{paragraph}\n", PAGE.read_text(encoding="utf-8"))


def grammar() -> str:
    """The grammar with the words as they are."""
    rules = json.loads(GRAMMAR.read_text(encoding="utf-8"))
    rules["repository"]["layer"]["match"] = _one_of(KINDS)
    rules["repository"]["flag"]["match"] = _one_of(FLAGS - set(KINDS))
    return json.dumps(rules, indent=2, ensure_ascii=False) + "\n"


def _one_of(words: Iterable[str]) -> str:
    return rf"\b(?:{'|'.join(sorted(words))})\b"


if __name__ == "__main__":
    for path, text in ((PAGE, page()), (GRAMMAR, grammar())):
        path.write_text(text, encoding="utf-8")
        print(path)
