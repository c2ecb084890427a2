"""The parameters of a block, found in the numbers of its uses; what else varies follows from them and what flows in.

A formula needs a reason: a number of channels is one in every use, of uses that are not alike, or it is a parameter of
its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from cnngraph.spec.lexer import RESERVED
from cnngraph.spec.writing.blocks import Param
from cnngraph.spec.writing.phrases import TURNS_BUT_ONE, Hole

Column = tuple[str | None, ...]
"""What one hole holds in each use of a block; None in a use that has no such hole."""

CHANNELS = frozenset({"c", "r", "first", "end"})
"""Keywords of numbers of channels."""
_GROUPS = frozenset({"groups", "g"})
"""Keywords of numbers of groups of channels."""
_RATIOS = frozenset(
    {Fraction(1), Fraction(2), Fraction(3), Fraction(4), Fraction(6), Fraction(8)}
    | {Fraction(1, each) for each in (2, 4, 8, 16)}
)
"""How many times another number of channels is one by intent."""
_ENDS = frozenset({"first", "end"})
"""Keywords of where parts of the channels end."""
_ALL = frozenset({Fraction(1)})
_SHARES = _RATIOS | {Fraction(part, parts) for parts in range(2, 9) for part in range(1, parts)}
"""How many times a number of channels is where a part of them ends."""
_WIDENING = "t"
"""Keyword of such a parameter of a block by which what flows in is widened."""
_MOST_WIDENINGS = 3
"""How many values a factor of widening has, as a parameter."""


@dataclass(frozen=True, slots=True)
class Solution:
    """How a block says what differs between its uses."""

    params: tuple[Param, ...]
    values: tuple[str, ...]
    """For each hole."""
    conditions: tuple[str, ...]
    arguments: tuple[tuple[str, ...], ...]
    """For each use the values of the parameters."""


def solved(
    holes: Sequence[Hole],
    columns: Sequence[Column],
    flowing: Sequence[int | None],
    conditions: Sequence[tuple[bool, ...]],
    taken: Collection[str],
    flags: Sequence[str],
) -> Solution:
    """The parameters of a block with *holes*, which hold *columns*, on *flowing* channels; and how it says
    *conditions*, each given by the uses in which it holds. One that hangs on nothing else is a parameter, called as
    *flags* say. No parameter has a name that is *taken*."""
    found = _Solver(flowing, taken)
    values = found.values(holes, columns)
    said = [found.condition(holds, flag) for holds, flag in zip(conditions, flags, strict=True)]
    found.give_names()
    order = sorted(found.params, key=lambda param: param.default != "")
    return Solution(
        tuple(Param(param.name, param.keyword, param.default) for param in order),
        tuple(value.text() for value in values),
        tuple(condition.text() for condition in said),
        tuple(tuple(param.at(use) for param in order) for use in range(len(flowing))),
    )


@dataclass(eq=False, slots=True)
class _Param:
    keyword: str
    column: Column
    default: str
    name: str = ""

    def at(self, use: int) -> str:
        value = self.column[use]
        return self.default if value is None else value

    def number(self, use: int) -> int:
        value = self.at(use)
        return int(value) if value.isdecimal() else -1


@dataclass(frozen=True, slots=True)
class _Value:
    """A text with parameters in it."""

    parts: tuple[str | _Param, ...]

    def text(self) -> str:
        return "".join(part if isinstance(part, str) else part.name for part in self.parts)


class _Solver:
    def __init__(self, flowing: Sequence[int | None], taken: Collection[str]) -> None:
        self.flowing = flowing
        self.taken = taken
        self.params: list[_Param] = []
        self.known: dict[tuple[str, Column], _Value] = {}
        self.flags: dict[tuple[bool, ...], _Param] = {}

    # Values ------------------------------------------------------------------------------------

    def values(self, holes: Sequence[Hole], columns: Sequence[Column]) -> list[_Value]:
        defaults: dict[tuple[str, Column], set[str]] = {}
        for hole, column in zip(holes, columns, strict=True):
            defaults.setdefault((hole.keyword, column), set()).add(hole.default)
        found = []
        for hole, column in zip(holes, columns, strict=True):
            key = hole.keyword, column
            if key not in self.known:
                said = [value for value in column if value is not None]
                default = defaults[key].copy().pop() if len(defaults[key]) == 1 else ""
                self.known[key] = self.value(hole.keyword, column, said, default)
            found.append(self.known[key])
        return found

    def value(self, keyword: str, column: Column, said: list[str], default: str) -> _Value:
        if len(set(said)) == 1:
            return _Value((said[0],))
        if all(value.isdecimal() for value in said):
            formula = None
            if keyword in CHANNELS:
                allowed = (_ALL, _SHARES) if keyword in _ENDS else (_RATIOS,)
                followed = (self.of_channels(column, ratios) for ratios in allowed)
                formula = next(filter(None, followed), None) or self.widened(column)
            elif keyword in _GROUPS:
                formula = self.of_groups(column)
            if formula is not None:
                return formula
        if keyword == TURNS_BUT_ONE:
            turns = tuple(str(int(value) + 1) if value else None for value in column)
            return _Value((*self.value("n", turns, said, default).parts, "-1"))
        if len(said) < len(column) and not default:
            default = Counter(said).most_common(1)[0][0]
        return _Value((self.param(keyword, column, default),))

    def param(self, keyword: str, column: Column, default: str) -> _Param:
        made = _Param(keyword, column, default)
        self.params.append(made)
        return made

    def of_channels(self, column: Column, ratios: Collection[Fraction]) -> _Value | None:
        """A number of channels that is one of *ratios* times what flows in, or times another."""
        everywhere = None not in column
        ratio = self.ratio(column, self.flowing, ratios)
        if ratio is not None and everywhere:
            return _times(ratio, "in.c")
        for param in self.params:
            if param.keyword in CHANNELS and None not in param.column:
                other = self.ratio(column, [int(number or 0) for number in param.column], ratios)
                if other is not None:
                    return _times(other, param)
        return None

    def of_groups(self, column: Column) -> _Value | None:
        """A number of groups of as many channels in every use that has it."""
        bases = [(_Value(("in.c",)), [number or 0 for number in self.flowing])]
        for each in self.params:
            if each.keyword in CHANNELS and None not in each.column:
                bases.append((_Value((each,)), [int(number or 0) for number in each.column]))
            elif each.keyword == _WIDENING:
                widened = [each.number(use) * (number or 0) for use, number in enumerate(self.flowing)]
                bases.append((_Value((each, "*in.c")), widened))
        for what, channels in bases:
            pairs = {(of, int(value)) for of, value in zip(channels, column, strict=True) if value is not None}
            widths = {Fraction(of, value) for of, value in pairs}
            if len(widths) == 1 and len(pairs) > 1 and (width := widths.pop()).denominator == 1 and width > 1:
                return _Value((*what.parts, f"//{width}"))
        return None

    def ratio(self, column: Column, base: Sequence[int | None], ratios: Collection[Fraction]) -> Fraction | None:
        """How many times *base* a number is in every use that has it, if that is one of *ratios*; None where it hangs
        on the use, or where the uses are too much alike to tell."""
        found: set[Fraction] = set()
        told = set()
        for value, of in zip(column, base, strict=True):
            if value is None:
                continue
            if not of or not value.isdecimal():
                return None
            found.add(Fraction(int(value), of))
            told.add(of)
        if len(found) != 1 or len(told) < 2:
            return None
        (ratio,) = found
        return ratio if ratio in ratios else None

    def widened(self, column: Column) -> _Value | None:
        """What flows in times a parameter of few values; 1 in a use that does not widen."""
        ratios = []
        for value, of in zip(column, self.flowing, strict=True):
            if value is None:
                ratios.append(1)
                continue
            if not of or int(value) % of or int(value) // of > 8:
                return None
            ratios.append(int(value) // of)
        several = {value for value in column if value is not None}
        if len(set(ratios)) > _MOST_WIDENINGS or (len(set(ratios)) >= len(several) and None not in column):
            return None
        if None in column and any(ratio == 1 for value, ratio in zip(column, ratios, strict=True) if value):
            return None
        if None not in column and Counter(ratios).most_common(1)[0][0] <= 2:
            return None  # as wide as before or twice as wide: so is any layer
        key = _WIDENING, tuple(map(str, ratios))
        if key not in self.known:
            usual, count = Counter(ratios).most_common(1)[0]
            self.known[key] = _Value((self.param(*key, str(usual) if 2 * count > len(ratios) else ""),))
        return _Value((*self.known[key].parts, "*in.c"))

    # Conditions --------------------------------------------------------------------------------

    def condition(self, holds: tuple[bool, ...], flag: str) -> _Value:
        """What is true in just those uses in which it *holds*."""
        for value, truth in self.truths():
            if truth == holds:
                return value
        if tuple(not each for each in holds) in self.flags:
            return _Value(("not ", self.flags[tuple(not each for each in holds)]))
        if holds not in self.flags:
            default = "true" if 2 * sum(holds) >= len(holds) else "false"
            column = tuple("true" if each else "false" for each in holds)
            self.flags[holds] = self.param(flag, column, default)
        return _Value((self.flags[holds],))

    def truths(self) -> Iterator[tuple[_Value, tuple[bool, ...]]]:
        """What can be said of a use, the simplest first, and in which uses it is true."""
        uses = range(len(self.flowing))
        atoms: list[tuple[_Value, tuple[bool, ...]]] = []
        for param in self.params:
            if param.keyword in (_WIDENING, "s"):
                atoms.append((_Value((param, " > 1")), tuple(param.number(use) > 1 for use in uses)))
                atoms.append((_Value((param, " == 1")), tuple(param.number(use) == 1 for use in uses)))
        equal = []
        for param in self.params:
            if param.keyword == "c" and None not in param.column:
                for times in (1, 4):
                    same = tuple(self.flowing[use] == times * param.number(use) for use in uses)
                    right = _times(Fraction(times), param).parts
                    equal.append((_Value(("in.c == ", *right)), same))
                    equal.append((_Value(("in.c != ", *right)), tuple(not each for each in same)))
        yield from atoms
        yield from equal
        for one, here in atoms:
            for other, there in equal:
                word = " and " if str(other.parts[0]).endswith("== ") else " or "
                truth = [a and b if word == " and " else a or b for a, b in zip(here, there, strict=True)]
                yield _Value((*one.parts, word, *other.parts)), tuple(truth)

    # Names -------------------------------------------------------------------------------------

    def give_names(self) -> None:
        """A name for each parameter: its keyword, numbered where several have the same."""
        several = Counter(param.keyword for param in self.params)
        given = set(self.taken) | RESERVED
        for param in self.params:
            number = 1 if several[param.keyword] > 1 else 0
            while (name := f"{param.keyword}{number or ''}") in given:
                number += 1
            given.add(name)
            param.name = name


def _times(ratio: Fraction, what: str | _Param) -> _Value:
    if ratio == 1:
        return _Value((what,))
    times = (f"{ratio.numerator}*",) if ratio.numerator > 1 else ()
    divided = (f"//{ratio.denominator}",) if ratio.denominator > 1 else ()
    return _Value((*times, what, *divided))
