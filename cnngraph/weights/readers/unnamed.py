"""darknet's ``.weights``: numbers without names or sizes, which only its ``.cfg`` tells apart (`cnngraph.fronts`)."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from cnngraph.weights.readers.entry import Unreadable


def read_unnamed(path: Path) -> NoReturn:
    """Raises `Unreadable`."""
    raise Unreadable(
        "a .weights does not say which numbers are whose",
        f"give it with the .cfg that it belongs to:  cnngraph run {path.stem}.cfg --weights {path}",
    )
