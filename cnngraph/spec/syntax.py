"""The syntax tree: what was written, and where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass

from cnngraph.source import Source, Span

# Expressions ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text, ``true``/``false``, or sizes as in ``3x3`` (a tuple)."""

    span: Span
    value: int | float | bool | str | tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FreeSize:
    """``?H``; the name is empty for a bare ``?``."""

    span: Span
    name: str


@dataclass(frozen=True, slots=True)
class Ref:
    """A dotted name: ``c``, ``in.c``, ``bb.c5``."""

    span: Span
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """``(a, b, c)``."""

    span: Span
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Call:
    span: Span
    function: str
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Index:
    """``n[0]``."""

    span: Span
    base: Expr
    index: Expr


@dataclass(frozen=True, slots=True)
class Unary:
    """``-a`` or ``not a``."""

    span: Span
    operator: str
    operand: Expr


@dataclass(frozen=True, slots=True)
class Operation:
    """Operators of one rank, taken from the left: ``a + b - c``. Flat, so that a long sum is not deep."""

    span: Span
    first: Expr
    rest: tuple[tuple[str, Expr], ...]


@dataclass(frozen=True, slots=True)
class Match:
    span: Span
    subject: Expr
    arms: tuple[tuple[Expr, Expr], ...]


Expr = Literal | FreeSize | Ref | Group | Call | Index | Unary | Operation | Match

# Stages of a chain ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Annot:
    span: Span
    name: str
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Arg:
    """``s=2`` or, without a keyword, ``64``, ``3x3``, ``same``."""

    span: Span
    keyword: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Step:
    """One layer or one use of a block: ``conv 64 3x3 same``."""

    span: Span
    name: Ref
    arguments: tuple[Arg, ...]
    annotations: tuple[Annot, ...]


@dataclass(frozen=True, slots=True)
class From:
    span: Span
    ref: Ref


@dataclass(frozen=True, slots=True)
class Skip:
    span: Span


@dataclass(frozen=True, slots=True)
class Repeat:
    """``[ … ] x3``."""

    span: Span
    body: tuple[Statement, ...]
    count: Expr


@dataclass(frozen=True, slots=True)
class Branch:
    span: Span
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Joined:
    """``add { | … | … }``."""

    span: Span
    word: Ref
    branches: tuple[Branch, ...]


Stage = Step | From | Skip | Repeat | Joined

# Statements ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """``label: stage -> stage => 28x28x6 if condition``."""

    span: Span
    labels: tuple[Ref, ...]
    stages: tuple[Stage, ...]
    claim: Expr | None
    guard: Expr | None
    annotations: tuple[Annot, ...]


@dataclass(frozen=True, slots=True)
class Let:
    span: Span
    name: Ref
    value: Expr


@dataclass(frozen=True, slots=True)
class Default:
    span: Span
    step: Step


Statement = Line | Let | Default


@dataclass(frozen=True, slots=True)
class BlockParam:
    span: Span
    name: str
    type: str
    """``int``, ``float``, ``tensor``, or empty for any value."""
    default: Expr | None


@dataclass(frozen=True, slots=True)
class BlockDef:
    span: Span
    name: Ref
    params: tuple[BlockParam, ...]
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Edition:
    span: Span
    number: int


@dataclass(frozen=True, slots=True)
class Net:
    span: Span
    name: str
    title: str
    annotations: tuple[Annot, ...]


@dataclass(frozen=True, slots=True)
class Use:
    span: Span
    path: Literal
    alias: Ref | None


@dataclass(frozen=True, slots=True)
class Param:
    span: Span
    name: Ref
    default: Expr


@dataclass(frozen=True, slots=True)
class Input:
    span: Span
    name: Ref | None
    volume: Expr
    annotations: tuple[Annot, ...]


@dataclass(frozen=True, slots=True)
class OutputDecl:
    span: Span
    refs: tuple[Ref, ...]
    annotations: tuple[Annot, ...]


Item = Edition | Net | Use | Param | BlockDef | Input | OutputDecl | Statement


@dataclass(frozen=True, slots=True)
class File:
    source: Source
    items: tuple[Item, ...]


def parts(node: object) -> Iterator[object]:
    """A piece of syntax tree and all that is in it."""
    yield node
    if isinstance(node, tuple) and not isinstance(node, Span):
        for part in node:
            yield from parts(part)
    elif is_dataclass(node):
        for field in fields(node):
            yield from parts(getattr(node, field.name))
