"""What ships with the package: its folder, the networks in it, and the names of those that their params make."""

from __future__ import annotations

import os
import re
from pathlib import Path

PACKAGE = Path(__file__).parent
_SPECS = PACKAGE / "specs"

VARIANTS: dict[str, tuple[str, dict[str, str]]] = {
    **{f"resnet{depth}": ("resnet", {"depth": f"{depth}"}) for depth in (18, 34, 50, 101, 152)},
    **{f"densenet{depth}": ("densenet121", {"depth": f"{depth}"}) for depth in (169, 201)},
    "hrnet_w32": ("hrnet", {"w": "32"}),
    "vgg19": ("vgg16", {"depth": "19"}),
    "vgg16_bn": ("vgg16", {"norm": "true"}),
    "vgg19_bn": ("vgg16", {"depth": "19", "norm": "true"}),
}
"""Names of shipped specs with params set, as torchvision and timm have them."""


def shipped() -> dict[str, str]:
    """The names of the specs, each with the first line of comment in it."""
    found = {}
    for entry in sorted(_SPECS.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".spec"):
            first = entry.read_text(encoding="utf-8").partition("\n")[0]
            found[entry.name.removesuffix(".spec")] = first.lstrip("# ").strip()
    return found


def names() -> dict[str, str]:
    """All names that ship, `VARIANTS` among them, each with what it is."""
    variants = {
        name: f"{of} with {', '.join(f'{param} = {value}' for param, value in params.items())}"
        for name, (of, params) in VARIANTS.items()
    }
    return dict(sorted({**shipped(), **variants}.items()))


def shipped_text(name: str) -> str | None:
    """The spec called *name*, with or without its suffix; None when none ships under it.

    That of a variant is the spec it is made of with other defaults of its params.
    """
    if Path(name).name != name or Path(name).suffix not in ("", ".spec"):
        return None
    of, params = VARIANTS.get(stem := name.removesuffix(".spec"), (stem, {}))
    path = _SPECS / f"{of}.spec"
    if not os.path.isfile(path):
        return None
    text = path.read_text(encoding="utf-8")
    for param, value in params.items():
        text, found = re.subn(rf"^(param {param} = ).*$", rf"\g<1>{value}", text, flags=re.MULTILINE)
        assert found == 1, f"{of} has no param {param}"
    return text
