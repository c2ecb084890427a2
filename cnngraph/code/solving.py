"""What says numbers that differ from use to use of a class: its parameters, and formulas of them.

A column has one value for each use. Columns are explained by those that are known already; where none does, a new
parameter is made. So code says nothing that is not so for every use, and the check that follows says so again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

Column = Sequence[object]
_Formula = tuple[str, tuple[str, ...]]
"""Code, and the parameters in it."""


class Unsuited(Exception):
    """Why the network cannot be said in classes for its blocks; the text says why."""


_LARGEST = 16
"""Factor or divisor of a formula."""
NAMES = {
    "in_channels": "inputs",
    "in_features": "inputs",
    "num_features": "c",
    "out_channels": "c",
    "out_features": "c",
    "kernel_size": "f",
    "stride": "s",
    "padding": "p",
    "dilation": "d",
}
"""What a parameter is called that says an argument of PyTorch's."""


@dataclass(frozen=True, slots=True)
class Word:
    """A value that stands in code as it is: ``nn.ReLU``."""

    text: str


def literal(value: object) -> str:
    """Code for *value*."""
    if isinstance(value, Word):
        return value.text
    if isinstance(value, float):
        if value in (float("inf"), float("-inf")):
            return f'float("{value}")'
        return repr(value).replace("e-0", "e-")
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        inner = ", ".join(map(literal, value))
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return repr(value)


@dataclass
class Solver:
    """The parameters of one class, found while its columns are explained."""

    uses: int
    known: dict[str, Column] = field(default_factory=dict)
    """What may be a parameter, in the order of preference."""
    names: Mapping[str, str] = field(default_factory=lambda: NAMES)
    """What a new parameter is called, by the argument that it says."""
    is_closed: bool = False
    """Whether there are no other parameters than those that are known."""
    given: dict[str, str] = field(default_factory=dict)
    """The parameters that code uses, with the arguments they say first."""

    def say(self, column: Column, argument: str, rows: Sequence[int] | None = None) -> str:
        """Code for the value that *argument* has in each use, or in those of number *rows*; others do not matter."""
        rows = range(self.uses) if rows is None else rows
        wanted = [column[row] for row in rows]
        if all(value == wanted[0] and type(value) is type(wanted[0]) for value in wanted):
            return literal(wanted[0])
        known = {name: [values[row] for row in rows] for name, values in self.known.items()}
        if NAMES.get(argument) == "inputs":
            known = dict(sorted(known.items(), key=lambda each: not each[0].startswith("inputs")))
        found = _same(wanted, known, self.given) or (next(_formulas(wanted, known), None) if _whole(wanted) else None)
        if found is None:
            return self.new(column, argument, rows)
        code, names = found
        for name in names:
            self.given.setdefault(name, argument)
        return code

    def same(self, column: Column, argument: str) -> str:
        """As `say`, but rather a parameter that is always the same than a number."""
        found = _same(list(column), self.known)
        return found[0] if found and found[0] in self.given else self.say(column, argument)

    def new(self, column: Column, argument: str, rows: Sequence[int] | None = None) -> str:
        """A parameter of its own; raises `Unsuited` where there can be none."""
        if self.is_closed:
            raise Unsuited(f"no formula says `{argument}` of the network")
        stem = self.names.get(argument, argument)
        name, number = stem, 1
        while name in self.known:
            number += 1
            name = f"{stem}{number}"
        any_row = (rows or (0,))[0]
        self.known[name] = [column[row] if rows is None or row in rows else column[any_row] for row in range(self.uses)]
        self.given[name] = argument
        return name

    def condition(self, column: Sequence[bool], argument: str) -> str:
        """Code for what holds in some uses and not in others."""
        for code, names, values in self._conditions():
            if values == list(column):
                for name in names:
                    self.given.setdefault(name, argument)
                return code
        return self.new(column, argument)

    def _conditions(self) -> Iterator[tuple[str, tuple[str, ...], list[bool]]]:
        whole = {
            name: [int(value) for value in values]  # type: ignore[call-overload]
            for name, values in self.known.items()
            if _whole(values)
        }
        for name, values in self.known.items():
            if all(isinstance(value, bool) for value in values):
                yield name, (name,), [bool(value) for value in values]
                yield f"not {name}", (name,), [not value for value in values]
        equal = [(a, b) for a, b in combinations(sorted(whole, key=lambda name: not name.startswith("inputs")), 2)]
        strides = [name for name in whole if name.startswith("s") and 1 in whole[name]]
        for s in strides:
            for a, b in equal:
                if s in (a, b):
                    continue
                same = [x == y for x, y in zip(whole[a], whole[b], strict=True)]
                still = [value == 1 for value in whole[s]]
                if still == same or not (set(still) - {True}):
                    continue
                both = [x and y for x, y in zip(still, same, strict=True)]
                yield f"{s} == 1 and {a} == {b}", (s, a, b), both
                yield f"{s} > 1 or {a} != {b}", (s, a, b), [not each for each in both]
        for a, b in equal:
            same = [x == y for x, y in zip(whole[a], whole[b], strict=True)]
            yield f"{a} == {b}", (a, b), same
            yield f"{a} != {b}", (a, b), [not each for each in same]
        for s in strides:
            yield f"{s} == 1", (s,), [value == 1 for value in whole[s]]
            yield f"{s} > 1", (s,), [value != 1 for value in whole[s]]
        for name, values in whole.items():
            for bound in sorted(set(values))[:-1]:
                yield f"{name} > {bound}", (name,), [value > bound for value in values]
                yield f"{name} <= {bound}", (name,), [value <= bound for value in values]


def _same(column: list[object], known: Mapping[str, Column], used: Container[str] = ()) -> _Formula | None:
    """A *known* column that is *column*; of the items of a list the first that is not *used* yet."""
    names = [name for name, values in known.items() if list(values) == column]
    name = next((name for name in names if "[" not in name or name not in used), names[0] if names else None)
    return None if name is None else (name, (name,))


def _whole(column: Iterable[object]) -> bool:
    return all(isinstance(value, int) and not isinstance(value, bool) for value in column)


def _formulas(column: Column, known: Mapping[str, Column]) -> Iterator[_Formula]:
    """Formulas of one *known* column or two that make *column*, the plainest first."""
    wanted = [int(value) for value in column]  # type: ignore[call-overload]
    numbers = {name: [int(value) for value in values] for name, values in known.items() if _whole(values)}  # type: ignore[call-overload]
    varied = {name: values for name, values in numbers.items() if len(set(values)) > 1}
    for name, values in varied.items():
        factor = wanted[0] // values[0] if values[0] else 0
        if factor > 1 and wanted == [factor * value for value in values]:
            yield f"{factor} * {name}", (name,)
    for name, values in varied.items():
        for divisor in range(2, _LARGEST + 1):
            if wanted == [value // divisor for value in values]:
                yield f"{name} // {divisor}", (name,)
    for name, values in varied.items():
        (step, *others) = {mine - value for mine, value in zip(wanted, values, strict=True)}
        if not others:
            yield f"{name} {'-' if step < 0 else '+'} {abs(step)}", (name,)
    for name, values in varied.items():
        (low, at_low), (high, at_high) = min(zip(values, wanted, strict=True)), max(zip(values, wanted, strict=True))
        slope = (at_high - at_low) // (high - low)
        rest = at_low - slope * low
        if slope > 1 and wanted == [slope * value + rest for value in values]:
            yield f"{slope} * {name} {'-' if rest < 0 else '+'} {abs(rest)}", (name,)
    for a, b in combinations(numbers, 2):
        pairs = list(zip(numbers[a], numbers[b], strict=True))
        if wanted == [x * y for x, y in pairs]:
            yield f"{a} * {b}", (a, b)
        if wanted == [x + y for x, y in pairs]:
            yield f"{a} + {b}", (a, b)
        if wanted == [x - y for x, y in pairs]:
            yield f"{a} - {b}", (a, b)
        if wanted == [y - x for x, y in pairs]:
            yield f"{b} - {a}", (b, a)
        factor = wanted[0] // (pairs[0][0] * pairs[0][1]) if pairs[0][0] * pairs[0][1] else 0
        if factor > 1 and wanted == [factor * x * y for x, y in pairs]:
            yield f"{factor} * {a} * {b}", (a, b)
        for factor in range(2, _LARGEST + 1):
            if wanted == [x + factor * y for x, y in pairs]:
                yield f"{a} + {factor} * {b}", (a, b)
            if wanted == [y + factor * x for x, y in pairs]:
                yield f"{b} + {factor} * {a}", (b, a)
            if wanted == [(x + y) // factor for x, y in pairs]:
                yield f"({a} + {b}) // {factor}", (a, b)


DEFAULTED = ("stride", "padding", "dilation", "groups", "kernel_size", "act", "bias", "pad")
"""Arguments whose most frequent value need not be written."""


def default(column: Column, argument: str, name: str) -> object | None:
    """What a parameter is unless it is said: its most frequent value, for arguments that people leave out."""
    if argument not in DEFAULTED and name not in ("s", "bn") and not all(isinstance(each, bool) for each in column):
        return None
    values: Counter[object] = Counter(column)
    value, count = values.most_common(1)[0]
    return value if 2 * count >= len(column) else None
