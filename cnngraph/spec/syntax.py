"""The syntax tree: what was written, and where.

Named tuples: a text has many, and as classes they are made in a ninth of the time that dataclasses take.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cnngraph.source import Source, Span

# Expressions ---------------------------------------------------------------------------------


class Literal(NamedTuple):
    """A number, a text, ``true``/``false``, or sizes as in ``3x3`` (a tuple)."""

    span: Span
    value: int | float | bool | str | tuple[int, ...]


class FreeSize(NamedTuple):
    """``?H``, or ``?H/32`` for a multiple of 32; the name is empty for a bare ``?``."""

    span: Span
    name: str
    multiple: int = 1


class Ref(NamedTuple):
    """A dotted name: ``c``, ``in.c``, ``bb.c5``."""

    span: Span
    names: tuple[str, ...]


class Group(NamedTuple):
    """``(a, b, c)``."""

    span: Span
    items: tuple[Expr, ...]


class Call(NamedTuple):
    """``min(a, b)``"""

    span: Span
    function: str
    arguments: tuple[Expr, ...]


class Index(NamedTuple):
    """``n[0]``."""

    span: Span
    base: Expr
    item: Expr


class Unary(NamedTuple):
    """``-a`` or ``not a``."""

    span: Span
    operator: str
    operand: Expr


class Operation(NamedTuple):
    """Operators of one rank, taken from the left: ``a + b - c``. Flat, so that a long sum is not deep."""

    span: Span
    first: Expr
    rest: tuple[tuple[str, Expr], ...]


class Match(NamedTuple):
    """``match x { … }``"""

    span: Span
    subject: Expr
    arms: tuple[tuple[Expr, Expr], ...]


Expr = Literal | FreeSize | Ref | Group | Call | Index | Unary | Operation | Match

# Stages of a chain ---------------------------------------------------------------------------


class Arg(NamedTuple):
    """``s=2`` or, without a keyword, ``64``, ``3x3``, ``same``."""

    span: Span
    keyword: str
    value: Expr


class Annot(NamedTuple):
    """``@name(arguments)``"""

    span: Span
    name: str
    arguments: tuple[Arg, ...]


class Step(NamedTuple):
    """One layer or one use of a block: ``conv 64 3x3 same``."""

    span: Span
    name: Ref
    arguments: tuple[Arg, ...]
    annotations: tuple[Annot, ...]


class From(NamedTuple):
    """``from tensor``, at the start of a line"""

    span: Span
    ref: Ref


class Again(NamedTuple):
    """``again tensor``: what the line of that label does, with its weights"""

    span: Span
    ref: Ref


class Skip(NamedTuple):
    """``skip``, at the start of a branch"""

    span: Span


class Repeat(NamedTuple):
    """``[ … ] x3``."""

    span: Span
    body: tuple[Statement, ...]
    times: Expr


class Branch(NamedTuple):
    """``| …`` in a join"""

    span: Span
    body: tuple[Statement, ...]


class Joined(NamedTuple):
    """``add { | … | … }``, ``mul spread { | … | … }``."""

    span: Span
    word: Ref
    arguments: tuple[Arg, ...]
    """Words, such as ``spread``."""
    branches: tuple[Branch, ...]


Stage = Step | From | Again | Skip | Repeat | Joined

# Statements ----------------------------------------------------------------------------------


class Line(NamedTuple):
    """``label: stage -> stage => 28x28x6 if condition``."""

    span: Span
    labels: tuple[Ref, ...]
    stages: tuple[Stage, ...]
    claim: Expr | None
    guard: Expr | None
    annotations: tuple[Annot, ...]


class Let(NamedTuple):
    """``let name = value``"""

    span: Span
    name: Ref
    value: Expr


class Default(NamedTuple):
    """``default layer arguments``"""

    span: Span
    step: Step


Statement = Line | Let | Default


class BlockParam(NamedTuple):
    """One parameter in a block's head: ``c``, ``s=1``, ``e: tensor``"""

    span: Span
    name: str
    type: str
    """``int``, ``float``, ``tensor``, or empty for any value."""
    default: Expr | None


class BlockDef(NamedTuple):
    """``block name(params) { … }``"""

    span: Span
    name: Ref
    params: tuple[BlockParam, ...]
    body: tuple[Statement, ...]


class Edition(NamedTuple):
    """``edition 1``"""

    span: Span
    number: int


class Net(NamedTuple):
    """``net name "title"``"""

    span: Span
    name: str
    title: str
    annotations: tuple[Annot, ...]


class Use(NamedTuple):
    """``use "file" as alias``"""

    span: Span
    path: Literal
    alias: Ref | None


class Param(NamedTuple):
    """``param name = default``"""

    span: Span
    name: Ref
    default: Expr


IMAGE = "image"
"""What an input without a name is called."""


class Input(NamedTuple):
    """``input name volume``"""

    span: Span
    name: Ref | None
    volume: Expr
    annotations: tuple[Annot, ...]

    @property
    def called(self) -> str:
        """Its name, also when it is given none."""
        return self.name.names[0] if self.name else IMAGE


class OutputDecl(NamedTuple):
    """``output tensor … if condition``"""

    span: Span
    refs: tuple[Ref, ...]
    guard: Expr | None
    annotations: tuple[Annot, ...]


Item = Edition | Net | Use | Param | BlockDef | Input | OutputDecl | Statement


class File(NamedTuple):
    """All of a text."""

    source: Source
    items: tuple[Item, ...]


def parts(node: object) -> Iterator[object]:
    """A piece of syntax tree and all that is in it."""
    yield node
    if isinstance(node, tuple) and not isinstance(node, Span):
        for part in node:
            yield from parts(part)
