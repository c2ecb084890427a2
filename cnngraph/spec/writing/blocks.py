"""Uses of a block that differ in numbers only share one definition, whose parameters are those numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from math import gcd

from cnngraph.spec.writing.phrases import Hole, Line

Column = tuple[str, ...]
"""What one hole holds in each use of a block."""
_Key = tuple[str, Column]
"""Holes of one keyword that always hold the same are one parameter."""


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of a block: a hole whose values differ between its uses."""

    name: str
    default: str
    """Empty when it has none."""
    at: int
    """A hole that holds just it."""


@dataclass(eq=False)
class Definition:
    """A block to be written once, and the values that its uses have."""

    name: str
    body: tuple[Line, ...]
    tensors: tuple[str, ...]
    """Names of the tensors it is given besides what flows."""
    holes: tuple[Hole, ...]
    taken: frozenset[str]
    """Names of tensors in it, which no parameter may have."""
    is_prelude: bool = False
    uses: list[tuple[str, ...]] = field(default_factory=list)
    """What the holes hold in each use."""

    @property
    def params(self) -> list[Param]:
        """Those without a default first: a use gives them by position."""
        return sorted(self._solution[0], key=lambda param: param.default != "")

    def value(self, at: int) -> str:
        """What the definition writes in hole *at*: a value, a parameter, or a multiple of one."""
        return self._solution[1][at]

    @cached_property
    def _solution(self) -> tuple[list[Param], list[str]]:
        columns: list[Column] = list(zip(*self.uses, strict=True))
        keys: list[_Key] = [(hole.keyword, column) for hole, column in zip(self.holes, columns, strict=True)]
        open_ = [key for key in keys if self.is_prelude or len(set(key[1])) > 1]
        base = _bases(open_)
        names = self._names(dict.fromkeys(base[key][0] for key in open_))
        defaults: dict[_Key, set[str]] = {}
        for key, hole in zip(keys, self.holes, strict=True):
            defaults.setdefault(key, set()).add(hole.default)
        params: dict[_Key, Param] = {}
        values = []
        for at, key in enumerate(keys):
            if key not in base:
                values.append(key[1][0])
                continue
            of, times = base[key]
            values.append(names[of] if times == 1 else f"{times}*{names[of]}")
            if times == 1:
                (default, *others) = defaults[key]
                params.setdefault(key, Param(names[of], "" if others else default, at))
        return list(params.values()), values

    def _names(self, keys: Iterable[_Key]) -> dict[_Key, str]:
        """A name for each parameter: its keyword, numbered where several have the same."""
        wanted = list(keys)
        several = Counter(keyword for keyword, _ in wanted)
        given = set(self.taken) | set(self.tensors)
        found = {}
        for key in wanted:
            number = 1 if several[key[0]] > 1 else 0
            while (name := f"{key[0]}{number or ''}") in given:
                number += 1
            given.add(name)
            found[key] = name
        return found


def _bases(keys: Iterable[_Key]) -> dict[_Key, tuple[_Key, int]]:
    """For each of *keys* the one it is a multiple of, and how many times: itself once, unless it is a number of
    channels that is the same multiple of a lower one in every use."""
    lowest: dict[tuple[str, Column], _Key] = {}
    wanted = list(dict.fromkeys(keys))
    for key in wanted:
        if key[0] == "c":
            way = (key[0], _direction(key[1]))
            lowest[way] = min(lowest.get(way, key), key, key=lambda each: int(each[1][0]))
    found = {}
    for key in wanted:
        low = lowest[key[0], _direction(key[1])] if key[0] == "c" else key
        whole = key[0] == "c" and int(key[1][0]) % int(low[1][0]) == 0
        found[key] = (low, int(key[1][0]) // int(low[1][0])) if whole else (key, 1)
    return found


def _direction(column: Column) -> Column:
    numbers = [int(value) for value in column]
    common = gcd(*numbers)
    return tuple(str(number // common) for number in numbers)
