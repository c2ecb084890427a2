"""The codes of mistakes and warnings, and the page on each.

A page is Markdown: the headline as its title, what it means, then ``## Wrong`` and ``## Right``. An example is a block
``spec``, or ``console`` where it takes a command to see the mistake.
"""

from __future__ import annotations

from pathlib import Path

FAMILIES = {
    "E01": "Text and files",
    "E02": "Names and values",
    "E03": "The graph",
    "E04": "Volumes",
    "E05": "Limits",
    "E06": "Figures",
    "E07": "Weights",
    "E08": "Running",
    "E09": "Output files",
    "W01": "Warnings",
}
"""What codes that begin alike are about."""

_PAGES = Path(__file__).parent / "pages"


def headlines() -> dict[str, str]:
    """What each code says in one line, in the order of the codes."""
    found = {}
    for entry in sorted(_PAGES.iterdir(), key=lambda entry: entry.name):
        code = entry.name.removesuffix(".md")
        if code[:3] in FAMILIES:
            with entry.open(encoding="utf-8") as lines:
                found[code] = lines.readline().removeprefix(f"# {code}: ").strip()
    return found


def page(code: str) -> str:
    """The page on *code*, one of `headlines`."""
    return _PAGES.joinpath(f"{code}.md").read_text(encoding="utf-8")
