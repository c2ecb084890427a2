"""Modules that stand in a row under numbered names: which are a loop."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from cnngraph.code.calls import Made

_T = TypeVar("_T")
_FEW = 2
"""How many equal modules are written one by one."""


@dataclass(slots=True)
class Run:
    """Modules of one class that stand in a row, called alike but for their numbers."""

    stem: str
    first: int
    """The number of the first; 0 where the name has none."""
    type: str
    made: list[Made]

    def growth(self, at: int = 0, stop: int | None = None) -> list[tuple[int | None, ...]]:
        """By how much each argument grows from one module to the next, from number *at* on."""
        return [
            tuple(grown(value, two.arguments[name]) for name, value in one.arguments.items())
            for one, two in pairwise(self.made[at:stop])
        ]

    def is_even(self, at: int, stop: int | None = None) -> bool:
        """Whether from number *at* on all are alike, or their whole numbers grow evenly; two always do."""
        steps = set(self.growth(at, stop))
        if len(steps) > 1 or any(None in step for step in steps):
            return False
        return len(self.made) - at > 2 or not any(any(step) for step in steps)

    def stretches(self) -> list[range]:
        """Those that are all alike together."""
        found = [one(0)]
        for number, (before, here) in enumerate(pairwise(self.made), 1):
            if before.arguments == here.arguments:
                found[-1] = range(found[-1].start, number + 1)
            else:
                found.append(one(number))
        return found


def one(number: int) -> range:
    """The range of one number."""
    return range(number, number + 1)


def parts(runs: Sequence[Run]) -> list[range]:
    """Equally long runs in parts: each a loop over what is even in all of them, or one module."""
    count, found, at = len(runs[0].made), [], 0
    steps = list(zip(*(run.growth() for run in runs), strict=True))
    while at < count:
        stop = at + 1
        while stop < count and steps[stop - 1] == steps[at] and not any(None in step for step in steps[at]):
            stop += 1
        if stop - at <= _FEW:
            stop = at + 1
        found.append(range(at, stop))
        at = stop
    return found


def grown(before: object, behind: object) -> int | None:
    """By how much a whole number grows; 0 for what stays; None for what becomes something else."""
    if before == behind:
        return 0
    if type(before) is int and type(behind) is int:
        return behind - before
    return None


def filled(column: Mapping[int, _T], uses: int) -> list[_T]:
    """A column with a value for each use, those that do not matter too."""
    any_value = next(iter(column.values()))
    return [column.get(row, any_value) for row in range(uses)]


def numbered(local: str) -> tuple[str, int]:
    """A name and the number at its end; 0 for one without."""
    found = re.fullmatch(r"(.*?[^\d])([1-9]\d*)", local)
    return (found[1], int(found[2])) if found else (local, 0)
