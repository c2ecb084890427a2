"""A comparison in text: the verdict, what was changed, what follows from it in a line, and the totals."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from cnngraph.comparison.changes import INPUTS, VOLUME, WEIGHTS, Change
from cnngraph.plural import many
from cnngraph.repetition import repetition
from cnngraph.summary import operation
from cnngraph.titles import named_apart

if TYPE_CHECKING:
    from cnngraph.comparison.compare import Comparison, Row, Sort
    from cnngraph.units import Unit

SIGNS: dict[Sort, str] = {"added": "+", "removed": "-", "changed": "~"}
"""How the line of each cause begins."""
_WORDS: dict[Sort, str] = {
    "same": "the same", "changed": "changed", "added": "added", "removed": "removed", "follows": "follow",
}  # fmt: skip
_FEW, _FEW_NAMES = 6, 3
"""How many are named of what follows, and of what is called otherwise."""
_WIDEST = 40
"""Characters of a name up to which what is said of others stands to the right of it."""
_NUMBER = re.compile(r"(\d+)")


def lines(comparison: Comparison) -> Iterator[str]:
    """The report, a line at a time."""
    yield headline(comparison)
    if comparison.is_same:
        yield from _names(comparison)
        return
    yield from (f"~ {change}" for change in comparison.what)
    said = [(f"{SIGNS[rows[0].kind]} {called(rows)}", described(rows)) for rows in folded(comparison.causes)]
    width = max((len(name) for name, _ in said if len(name) <= _WIDEST), default=0)
    yield from (f"{name:<{width}}  {words}" for name, words in said)
    if following := comparison.of("follows"):
        yield f"follow  {_first((f'{called(rows)} {described(rows)}' for rows in folded(following)), _FEW)}"
    yield from _names(comparison)
    yield _totals(comparison)


def headline(comparison: Comparison) -> str:
    """The verdict, and how many units are what."""
    a, b = named_apart((comparison.a, comparison.b))
    return f"{a} and {b} are {outcome(comparison)}" if comparison.is_same else f"{a} → {b}: {outcome(comparison)}"


def outcome(comparison: Comparison) -> str:
    """The same without what the two are called."""
    if comparison.is_same:
        others = " under other names" if comparison.verdict == "renamed" else ""
        count = f"{many(len(comparison.rows), 'unit')}, {many(len(comparison.a), 'layer')}"
        return f"the same{others}: {count}, each proved"
    kind = "the same graph, other arguments" if comparison.verdict == "arguments" else "different"
    here, there = sum(bool(row.a) for row in comparison.rows), sum(bool(row.b) for row in comparison.rows)
    count = f"{many(here, 'unit')} each" if here == there else f"{here:,} and {many(there, 'unit')}"
    numbers = ((len(comparison.of(sort)), words) for sort, words in _WORDS.items())
    return f"{kind}; {count}: {', '.join(f'{number:,} {words}' for number, words in numbers if number)}"


def renamed(comparison: Comparison) -> list[tuple[str, str]]:
    """What is called otherwise, a layer of each unit, and outputs."""
    pairs = [row.renamed[0] for row in comparison.rows if row.renamed]
    if comparison.is_same:
        outputs = zip(comparison.a.outputs, comparison.b.outputs, strict=True)
        pairs += [
            (f"output {a.name}", b.name) for a, b in outputs if a.name != b.name and (a.name, b.name) not in pairs
        ]
    return pairs


def _names(comparison: Comparison) -> Iterator[str]:
    if pairs := renamed(comparison):
        yield f"called otherwise  {_first((f'{a} → {b}' for a, b in pairs), _FEW_NAMES)}"
    if words := worded(comparison):
        yield f"said otherwise  {_first(words, _FEW_NAMES)}"


def worded(comparison: Comparison) -> list[str]:
    """The labels and notes that differ, each with its layer."""
    return [f"{name} {change}" for _, name, change in comparison.wording]


def _first(words: Iterable[str], few: int) -> str:
    """The first *few*, and how many more there are."""
    found = list(words)
    if len(found) <= few + 1:
        return ", ".join(found)
    return f"{', '.join(found[:few])} and {len(found) - few:,} more"


def _totals(comparison: Comparison) -> str:
    a, b = comparison.a, comparison.b
    parts = [f"parameters {_from_to(a.params, b.params)}"]
    if a.macs is not None and b.macs is not None:
        parts.append(f"multiply-accumulates {_from_to(a.macs, b.macs)}")
    return ", ".join(parts)


def _from_to(a: int, b: int) -> str:
    if a == b:
        return f"{a:,} as before"
    share = f" ({100 * (b - a) / a:+.1f} %)" if a else ""
    return f"{a:,} → {b:,}{share}"


# What repeats, once --------------------------------------------------------------------------


def folded(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """*rows*, those together that say the same where a stretch of them repeats."""
    numbers: dict[object, int] = {}
    keys = [numbers.setdefault(_key(row), len(numbers)) for row in rows]
    at = 0
    while at < len(rows):
        period, times = repetition(keys, at)
        yield from ([*rows[at + offset : at + period * times : period]] for offset in range(period))
        at += period * times


def _key(row: Row) -> object:
    """Equal for rows that say the same, whatever the units are called and however wide they are."""
    of_names = (INPUTS, WEIGHTS)
    what = [
        (each.field, *map(_without_numbers, (each.a, each.b))) if each.field in of_names else each for each in row.what
    ]
    return row.kind, *map(operation, row.units), *what


def _without_numbers(name: str) -> str:
    return _NUMBER.sub("", name)


def called(rows: Sequence[Row]) -> str:
    """The units of rows that say the same, by their names."""
    a, b = (together([unit.name for unit in side]) for side in _sides(rows))
    name = a if a == b or not b else b if not a else f"{a} → {b}"
    return f"{name} ×{len(rows)}" if len(rows) > 1 else name


def _sides(rows: Sequence[Row]) -> tuple[list[Unit], list[Unit]]:
    return [row.one for row in rows if row.one], [row.other for row in rows if row.other]


def together(names: Sequence[str]) -> str:
    """Names that differ in numbers only, as one: ``stage1.residual{1..3}.conv2``."""
    if len(set(names)) < 2:
        return names[0] if names else ""
    parts = [_NUMBER.split(name) for name in names]
    columns = list(zip(*parts, strict=True)) if len({len(each) for each in parts}) == 1 else []
    varying = {column for column in columns if len(set(column)) > 1}
    if len(varying) != 1 or not next(iter(varying))[0].isdecimal():
        return f"{names[0]} … {names[-1]}"
    return "".join(_range([*map(int, column)]) if column in varying else column[0] for column in columns)


def _range(numbers: Sequence[int]) -> str:
    if len(numbers) > 2 and all(after == before + 1 for before, after in pairwise(numbers)):
        return f"{{{numbers[0]}..{numbers[-1]}}}"
    shown = [*map(str, numbers)] if len(numbers) < 5 else [*map(str, numbers[:2]), "…", str(numbers[-1])]
    return f"{{{','.join(shown)}}}"


def described(rows: Sequence[Row]) -> str:
    """What is said of rows that say the same."""
    row = rows[0]
    if row.kind == "follows":
        (change,) = row.what
        return f"{'' if change.field == VOLUME else 'takes '}{change.a} → {change.b}"
    if row.kind != "changed":
        units = [unit for row in rows for unit in row.units]
        unit = units[0]
        takes = f" of {' and '.join(unit.inputs)}" if len(unit.inputs) > 1 and len(rows) == 1 else ""
        volumes = dict.fromkeys(each.output.caption for each in units)
        counts = [" … ".join([*volumes][:: max(1, len(volumes) - 1)])]
        for numbers, what in (([each.params for each in units], "parameters"), ([each.macs for each in units], "MACs")):
            known = [number for number in numbers if number]
            counts += [f"{_counted(known)} {what}{_each(known)}"] if known else []
        return f"{operation(unit)}{takes}: {', '.join(counts)}"
    said = [str(Change(change.field, *_values(rows, at))) for at, change in enumerate(row.what)]
    for pairs, what in (([each.params for each in rows], "parameters"), ([each.macs for each in rows], "MACs")):
        counted = [(a, b) for a, b in pairs if a is not None and b is not None]
        if any(a != b for a, b in counted):
            before, after = ([pair[side] for pair in counted] for side in (0, 1))
            said.append(f"{_counted(before, counted)} → {_counted(after, counted)} {what}{_each(counted)}")
    return "; ".join(said)


def _counted(numbers: Sequence[int], together: Sequence[object] = ()) -> str:
    """The number of each, or the sum where these are not equal."""
    return f"{numbers[0] if len(set(together or numbers)) == 1 else sum(numbers):,}"


def _each(numbers: Sequence[object]) -> str:
    return "" if len(numbers) == 1 else " each" if len(set(numbers)) == 1 else " together"


def _values(rows: Sequence[Row], at: int) -> tuple[str, str]:
    """What a change leads from and to, in all of *rows*."""
    changes = [row.what[at] for row in rows]
    return together([change.a for change in changes]), together([change.b for change in changes])
