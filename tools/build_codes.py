"""Writes the index of the pages on mistakes and warnings, cnngraph/diagnostics/pages/README.md.

python tools/build_codes.py
"""

from __future__ import annotations

from pathlib import Path

from cnngraph.diagnostics.codes import FAMILIES, headlines

INDEX = Path(__file__).parent.parent / "cnngraph" / "diagnostics" / "pages" / "README.md"

HEAD = """\
# Mistakes and warnings

Every message has a code. Its page says what it means and why it matters, with an example that is wrong and one that is
right; `cnngraph explain E0401` shows it. The messages in the examples are what the commands say: a test takes care.
"""


def index() -> str:
    lines = [HEAD]
    for family, title in FAMILIES.items():
        lines += [f"## {title}\n", "| | |", "|---|---|"]
        lines += [f"| [{code}]({code}.md) | {says} |" for code, says in headlines().items() if code.startswith(family)]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    INDEX.write_text(index(), encoding="utf-8")
    print(INDEX)
