"""Arithmetic as data: a term is a number together with how it comes about.

A layer kind says its sizes, parameters and multiply-accumulates as terms; the counts are their values, figures,
messages and the editor show their text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from cnngraph.volume import Dim, Free, Volume, caption

if TYPE_CHECKING:
    from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Term:
    """``+``, ``*`` and the quotients of what is in it; made by Python's operators from `number`."""

    op: Literal["number", "brief", "+", "-", "*", "× ×", "/", "⌊/⌋", "⌈/⌉"]
    """``× ×`` is a product of products, set apart; ``/`` is exact; ``brief`` is a number in messages, which have
    one line, and its arithmetic in figures."""
    parts: tuple[Term | Dim, ...]

    def __add__(self, other: Term | Dim) -> Term:
        return Term("+", (*self._parts_of("+"), other))

    def __radd__(self, other: Dim) -> Term:
        return Term("+", (other, self))

    def __sub__(self, other: Term | Dim) -> Term:
        return self + Term("-", (other,))

    def __mul__(self, other: Term | Dim) -> Term:
        return Term("*", (*self._parts_of("*"), other))

    def __truediv__(self, other: int) -> Term:
        return Term("/", (self, other))

    def __floordiv__(self, other: int) -> Term:
        return Term("⌊/⌋", (self, other))

    def ceildiv(self, other: int) -> Term:
        return Term("⌈/⌉", (self, other))

    def _parts_of(self, op: str) -> tuple[Term | Dim, ...]:
        return self.parts if self.op == op else (self,)

    @property
    def value(self) -> Dim | Fraction:
        first, *others = (part.value if isinstance(part, Term) else part for part in self.parts)
        match self.op:
            case "number" | "brief":
                return first
            case "-":
                return -1 * first
            case "+":
                for other in others:
                    first = first + other  # type: ignore[operator]
                return first
            case "*" | "× ×":
                for other in others:
                    first = first * other  # type: ignore[operator]
                return first
        (divisor,) = others
        assert isinstance(divisor, int)
        if self.op == "⌈/⌉":
            return (first + (divisor - 1)) // divisor
        if self.op == "⌊/⌋" or isinstance(first, Free):
            return first // divisor
        from fractions import Fraction

        exact = Fraction(first, divisor)
        return exact.numerator if exact.denominator == 1 else exact

    @property
    def count(self) -> int | None:
        """The value as a whole number; None while a size it depends on is free."""
        value = self.value
        return value if isinstance(value, int) else None

    @property
    def typeset(self) -> str:
        """For figures: ``⌊(224 + 2·3 − 7)/2⌋ + 1``; rounding is shown where something is rounded."""
        return _text(self, _TYPESET)

    @property
    def plain(self) -> str:
        """For messages: ``(224 + 6 - 7)/2 + 1``; what is not rounded yet can be seen in the value."""
        return _text(self, _PLAIN)


def number(value: Dim) -> Term:
    """A size as a term."""
    return Term("number", (value,))


def brief(term: Term) -> Term:
    """*term* as it is said where there is little room."""
    return Term("brief", (term,))


def product(*factors: Term | Dim) -> Term:
    """The factors multiplied."""
    return Term("*", factors)


def apart(a: Term, b: Term) -> Term:
    """The product of two products: ``55·55·96 · 11·11·3``."""
    return Term("× ×", (a, b))


def sizes(volume: Volume) -> Term:
    """How many numbers *volume* holds: ``55·55·96``."""
    return product(*volume.dims)


NOTHING = number(0)


# Text ------------------------------------------------------------------------------------------


class _Signs(NamedTuple):
    minus: str
    times: str
    full: bool
    """Whether what is brief is written in full, and rounding shown."""


_TYPESET, _PLAIN = _Signs("−", "·", True), _Signs("-", "*", False)


def _text(term: Term | Dim, signs: _Signs) -> str:
    if not isinstance(term, Term):
        return term.caption if signs.full and isinstance(term, Free) else str(term)
    match term.op:
        case "number":
            return _text(term.parts[0], signs)
        case "brief":
            return _text(term.parts[0], signs) if signs.full else str(term.value)
        case "+" | "-":
            text = ""
            for minus, part in _summands(term, False, signs.full):
                sign = signs.minus if minus else "+"
                text += f" {sign} {_text(part, signs)}" if text else (signs.minus if minus else "") + _text(part, signs)
            return text
        case "*":
            return signs.times.join(_factor(part, signs) for part in term.parts)
        case "× ×":
            return f" {signs.times} ".join(_text(part, signs) for part in term.parts)
    dividend, divisor = term.parts
    share = f"{_factor(dividend, signs)}/{divisor}"
    if term.op == "/" or not signs.full or not _rounds(dividend, divisor):
        return share
    return f"{term.op[0]}{share}{term.op[-1]}"


def _summands(term: Term | Dim, minus: bool, full: bool) -> Iterator[tuple[bool, Term | Dim]]:
    """Each with whether it is taken away; sums within a sum lose their brackets."""
    match term:
        case Term("+", parts):
            for part in parts:
                yield from _summands(part, minus, full)
        case Term("-", (part,)):
            yield from _summands(part, not minus, full)
        case Term("brief", (part,)) if full:
            yield from _summands(part, minus, full)
        case _:
            yield minus, term


def _factor(part: Term | Dim, signs: _Signs) -> str:
    """In brackets if it is a sum, also a free size that is one."""
    match part:
        case Term("brief", (inner,)) if signs.full:
            return _factor(inner, signs)
        case Term("number", (size,)):
            return _factor(size, signs)
    if signs.full and isinstance(part, Free):
        return caption(part)
    text = _text(part, signs)
    is_sum = part.op in ("+", "-", "× ×") if isinstance(part, Term) else _is_sum(part)
    return f"({text})" if is_sum else text


def _is_sum(size: Dim) -> bool:
    return isinstance(size, Free) and not str(size).isidentifier()


def _rounds(dividend: Term | Dim, divisor: Term | Dim) -> bool:
    assert isinstance(divisor, int)
    value = dividend.value if isinstance(dividend, Term) else dividend
    return divisor > 1 and (not isinstance(value, int) or value % divisor != 0)
