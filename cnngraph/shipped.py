"""What ships with the package: its folder, and the networks in it."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent
_SPECS = PACKAGE / "specs"


def shipped() -> dict[str, str]:
    """Their names, each with the first line of comment in its spec."""
    found = {}
    for entry in sorted(_SPECS.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".spec"):
            first = entry.read_text(encoding="utf-8").partition("\n")[0]
            found[entry.name.removesuffix(".spec")] = first.lstrip("# ").strip()
    return found


def shipped_text(name: str) -> str | None:
    """The spec called *name*, with or without its suffix; None when none ships under it."""
    if Path(name).name != name or Path(name).suffix not in ("", ".spec"):
        return None
    path = _SPECS / f"{name.removesuffix('.spec')}.spec"
    return path.read_text(encoding="utf-8") if path.is_file() else None
