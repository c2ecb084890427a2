"""The networks that ship with the package."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def shipped() -> dict[str, str]:
    """Their names, each with the first line of comment in its spec."""
    found = {}
    for entry in sorted(files("cnngraph").joinpath("specs").iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".spec"):
            first = entry.read_text(encoding="utf-8").partition("\n")[0]
            found[entry.name.removesuffix(".spec")] = first.lstrip("# ").strip()
    return found


def shipped_text(name: str) -> str | None:
    """The spec called *name*, with or without its suffix; None when none ships under it."""
    if Path(name).name != name or Path(name).suffix not in ("", ".spec"):
        return None
    resource = files("cnngraph").joinpath("specs", f"{name.removesuffix('.spec')}.spec")
    return resource.read_text(encoding="utf-8") if resource.is_file() else None
