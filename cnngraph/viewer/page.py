"""The page as one file of HTML: its modules joined, its data in it, and nothing taken from elsewhere.

Each module of the folder `page` becomes a function that gives back what it exports. So there is no build: what a module
may say of others is the one form ``import { a, b } from "./x.js";``, and it exports functions, classes and constants.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from cnngraph.figure.colors import mixed
from cnngraph.figure.theme import DARK, LIGHT, Theme

_FOLDER = Path(__file__).parent / "page"
_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async function|function\*?|class|const) (\w+))", re.MULTILINE)
_LEVELS = 12
"""Of the outline, which are moved in."""
_ROLES = ("conv", "pool", "dense", "norm", "join", "other")


def page(data: Mapping[str, Any], table: str, *, follows: bool = False) -> bytes:
    """The page of what `facts` says; *table* is HTML for who runs no scripts. One that *follows* asks the server that
    it came from for what is new."""
    script, style = _script(), _style()
    images = "img-src data: blob:" + ("; connect-src 'self'" if follows else "")
    parts = {
        "policy": f"default-src 'none'; script-src {_digest(script)}; style-src {_digest(style)}; {images}",
        "title": escape(str(data["title"])),
        "counts": escape(str(data["counts"])),
        "style": style,
        "table": table,
        "data": json_of({**data, "follows": True} if follows else data),
        "script": script,
    }
    template = (_FOLDER / "index.html").read_text("utf-8")
    return re.sub(r"\{(\w+)\}", lambda found: parts[found[1]], template).encode("utf-8")


def json_of(data: Mapping[str, Any]) -> str:
    """As it may stand in a script: nothing in it ends that, whatever names there are."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").encode("utf-8", "replace").decode("utf-8")


def _digest(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


@cache
def _script() -> str:
    texts = {path.stem: path.read_text("utf-8") for path in sorted(_FOLDER.glob("*.js"))}
    modules = "\n".join(_module(name, texts[name]) for name in _in_order(texts))
    return f'"use strict";\nconst $ = {{}};\n{modules}\n'


def _in_order(texts: Mapping[str, str]) -> Iterator[str]:
    """Every module behind those that it imports."""
    from graphlib import TopologicalSorter

    yield from TopologicalSorter({name: [each[1] for each in _IMPORT.findall(text)] for name, text in texts.items()}
                                 ).static_order()  # fmt: skip


def _module(name: str, text: str) -> str:
    names = ", ".join(found[2] for found in _EXPORT.finditer(text))
    inside = _EXPORT.sub(r"\1", _IMPORT.sub(r"const \1 = $.\2;", text))
    return f"$.{name} = (() => {{\n{inside}return {{ {names} }};\n}})();"


# Colours -------------------------------------------------------------------------------------


@cache
def _style() -> str:
    light, dark = _colors(LIGHT, 0.17), _colors(DARK, 0.34)
    return "\n".join(
        (
            f":root {{ color-scheme: light; {light} }}",
            f"@media (prefers-color-scheme: dark) {{ :root {{ color-scheme: dark; {dark} }} }}",
            f':root[data-theme="light"] {{ color-scheme: light; {light} }}',
            f':root[data-theme="dark"] {{ color-scheme: dark; {dark} }}',
            f"@media print {{ :root, :root[data-theme] {{ color-scheme: light; {light} }} }}",
            (_FOLDER / "page.css").read_text("utf-8"),
            *(f'.row[aria-level="{level}"] {{ padding-left: {14 * level - 8}px; }}' for level in range(2, _LEVELS)),
            *(f".bars .h{step} {{ height: {5 * step}%; }}" for step in range(21)),
            *(f".dot.{role} {{ background: var(--{role}); border-color: var(--{role}-edge); }}" for role in _DRAWN),
        )
    )


_DRAWN = (*_ROLES, "input", "idle", "block")
"""What boxes are of, as far as colours go."""


def _colors(theme: Theme, share: float) -> str:
    """Custom properties: of what boxes are a ground with a *share* of the theme's colour, their line, their words."""
    paper = theme.background or theme.paper
    fills: dict[str, str] = {role: getattr(theme, role) for role in _ROLES}
    fills |= {"input": theme.ink, "block": theme.norm}
    found = {
        "paper": paper,
        "ink": mixed(theme.ink, paper, 0.1),
        "soft": mixed(theme.faint, paper, 0.05),
        "ground": mixed(paper, theme.norm, 0.07),
        "line": mixed(paper, theme.norm, 0.25),
        "frame": mixed(paper, theme.norm, 0.5),
        "inside": mixed(paper, theme.norm, 0.1),
        "hover": mixed(paper, theme.norm, 0.12),
        "wire": mixed(theme.ink, paper, 0.35),
        "accent": mixed(theme.conv, theme.ink, 0.35 if theme is DARK else 0.0),
        "chosen": mixed(paper, theme.conv, 0.2),
        "on-mark": paper,
        **{sort: getattr(theme, sort) for sort in ("added", "removed", "changed")},
        "shadow": "0 4px 18px rgb(0 0 0 / .14)",
        "idle": paper,
        "idle-edge": mixed(paper, theme.norm, 0.5),
        "idle-ink": mixed(theme.faint, paper, 0.05),
    }
    for role, color in fills.items():
        some = share * {"input": 0.35, "other": 0.8}.get(role, 1.0)
        found |= {role: mixed(paper, color, some), f"{role}-edge": mixed(paper, color, 0.75), f"{role}-ink": theme.ink}
    return " ".join(f"--{name}: {value};" for name, value in found.items())
