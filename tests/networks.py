"""Networks that ship, each read once for all tests of a process: a network does not change, and what is found of it is
kept with it. Tests of reading read for themselves."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from cnngraph import fronts
from cnngraph.network import Network
from cnngraph.shipped import shipped

NAMES = frozenset(shipped())


def load(file: str | Path, **params: object) -> Network:
    """As `cnngraph.fronts.load`."""
    if file not in NAMES:
        return fronts.load(file, **params)  # type: ignore[arg-type]
    return _shipped(str(file), tuple(sorted(params.items())))


def forget() -> None:
    """What was read is read again."""
    _shipped.cache_clear()


@cache
def _shipped(name: str, params: tuple[tuple[str, object], ...]) -> Network:
    return fronts.load(name, **dict(params))  # type: ignore[arg-type]
