"""Python code as lines, laid out as ruff does: what is too long stands in brackets over several lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

WIDTH = 88
"""Of ruff and black, unless they are told otherwise."""
_INDENT = "    "


@dataclass(frozen=True, slots=True)
class Brackets:
    """``head(a, b)tail``; with nothing before the bracket a tuple."""

    head: str
    parts: tuple[Expression, ...]
    tail: str = ")"
    """From the closing bracket on."""
    open: str = "("

    @property
    def is_collection(self) -> bool:
        """Whether it is no call: its parts never share a line of their own."""
        return not self.head

    def __str__(self) -> str:
        alone = "," if self.is_collection and self.open == "(" and len(self.parts) == 1 else ""
        return f"{self.head}{self.open}{', '.join(map(str, self.parts))}{alone}{self.tail}"


Expression = str | Brackets


@dataclass(frozen=True, slots=True)
class Line:
    """A statement: *before* is what stands left of the expression."""

    before: str
    expression: Expression
    depth: int = 0
    """How many levels deeper than the body around it."""


def call(function: str, *parts: Expression) -> Brackets:
    """``function(a, b)``"""
    return Brackets(function, parts)


def keyword(name: str, value: Expression) -> Expression:
    """``name=value``"""
    if isinstance(value, Brackets):
        return Brackets(f"{name}={value.head}", value.parts, value.tail)
    return f"{name}={value}"


def laid_out(lines: Sequence[Line | str], level: int) -> Iterator[str]:
    """*lines* as they stand in a file, *level* levels deep."""
    for line in lines:
        if isinstance(line, str):
            yield f"{_INDENT * level}{line}" if line else ""
        else:
            yield from _broken(line.expression, _INDENT * (level + line.depth), line.before, "")


def _broken(expression: Expression, indent: str, before: str, after: str) -> Iterator[str]:
    whole = f"{indent}{before}{expression}{after}"
    if len(whole) <= WIDTH or isinstance(expression, str) or not expression.parts:
        yield whole
        return
    inner = indent + _INDENT
    last = expression.tail.find("(")
    first = f"{indent}{before}{expression.head}{expression.open}{', '.join(map(str, expression.parts))}"
    if last > 0 and len(first) + last + 1 <= WIDTH:
        # What is called with the outcome of a call stands by itself.
        yield f"{first}{expression.tail[: last + 1]}"
        yield f"{inner}{expression.tail[last + 1 : -1]}"
        yield f"{indent}{expression.tail[-1]}{after}"
        return
    yield f"{indent}{before}{expression.head}{expression.open}"
    together = f"{inner}{', '.join(map(str, expression.parts))}"
    if len(together) <= WIDTH and not expression.is_collection:
        yield together
    elif len(expression.parts) == 1 and not expression.is_collection and isinstance(expression.parts[0], Brackets):
        yield from _broken(expression.parts[0], inner, "", "")
    else:
        for part in expression.parts:
            yield from _broken(part, inner, "", ",")
    yield f"{indent}{expression.tail}{after}"


def sum_of(name: str, operands: Sequence[Expression], sign: str, depth: int = 1) -> list[Line | str]:
    """A sum as the variable *name*, *depth* levels deep: over several lines where it is long."""
    whole = f" {sign} ".join(map(str, operands))
    if len(f"{name} = {whole}") + depth * len(_INDENT) <= WIDTH:
        return [Line(f"{name} = ", whole)]
    is_short = len(whole) + (depth + 1) * len(_INDENT) <= WIDTH
    rows = [whole] if is_short else [str(operands[0]), *(f"{sign} {each}" for each in operands[1:])]
    return [f"{name} = (", *(f"{_INDENT}{row}" for row in rows), ")"]
