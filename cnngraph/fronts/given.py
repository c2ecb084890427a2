"""The size of a network's input, as who reads it gives it."""

from __future__ import annotations

from collections.abc import Mapping

from cnngraph.diagnostics import CnngraphError

SIZES = ("H", "W", "C")
"""Height, width and channels, as settings call them."""


def given_sizes(settings: Mapping[str, object], file: str) -> dict[str, int]:
    """The sizes in *settings*, by `SIZES`. Raises `CnngraphError` for what is no size, and for other settings."""
    found = {}
    for key, value in settings.items():
        if key not in SIZES:
            raise CnngraphError.of(
                "E0210", f"--set {key}={value}: this file has no `{key}`", file=file,
                help=f"what can be set are the sizes of its input, {', '.join(SIZES)}",
            )  # fmt: skip
        size = int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 10 else value
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise CnngraphError.of("E0213", f"--set {key}={value}: a size is a whole number of at least 1", file=file)
        found[key] = size
    return found
