"""The syntax tree: what was written, and where."""

from __future__ import annotations

from dataclasses import dataclass

from cnngraph.source import Source, Span

# Expressions ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text, ``true``/``false``, or sizes as in ``3x3`` (a tuple)."""

    span: Span
    value: int | float | bool | str | tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FreeSize:
    """``?H``, or ``?H/32`` for a multiple of 32; the name is empty for a bare ``?``."""

    span: Span
    name: str
    multiple: int = 1


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
    """``min(a, b)``"""

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
    """``match x { … }``"""

    span: Span
    subject: Expr
    arms: tuple[tuple[Expr, Expr], ...]


Expr = Literal | FreeSize | Ref | Group | Call | Index | Unary | Operation | Match

# Stages of a chain ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Annot:
    """``@name(arguments)``"""

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
    """``from tensor``, at the start of a line"""

    span: Span
    ref: Ref


@dataclass(frozen=True, slots=True)
class Skip:
    """``skip``, at the start of a branch"""

    span: Span


@dataclass(frozen=True, slots=True)
class Repeat:
    """``[ … ] x3``."""

    span: Span
    body: tuple[Statement, ...]
    count: Expr


@dataclass(frozen=True, slots=True)
class Branch:
    """``| …`` in a join"""

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
    """``let name = value``"""

    span: Span
    name: Ref
    value: Expr


@dataclass(frozen=True, slots=True)
class Default:
    """``default layer arguments``"""

    span: Span
    step: Step


Statement = Line | Let | Default


@dataclass(frozen=True, slots=True)
class BlockParam:
    """One parameter in a block's head: ``c``, ``s=1``, ``e: tensor``"""

    span: Span
    name: str
    type: str
    """``int``, ``float``, ``tensor``, or empty for any value."""
    default: Expr | None


@dataclass(frozen=True, slots=True)
class BlockDef:
    """``block name(params) { … }``"""

    span: Span
    name: Ref
    params: tuple[BlockParam, ...]
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Edition:
    """``edition 1``"""

    span: Span
    number: int


@dataclass(frozen=True, slots=True)
class Net:
    """``net name "title"``"""

    span: Span
    name: str
    title: str
    annotations: tuple[Annot, ...]


@dataclass(frozen=True, slots=True)
class Use:
    """``use "file" as alias``"""

    span: Span
    path: Literal
    alias: Ref | None


@dataclass(frozen=True, slots=True)
class Param:
    """``param name = default``"""

    span: Span
    name: Ref
    default: Expr


IMAGE = "image"
"""What an input without a name is called."""


@dataclass(frozen=True, slots=True)
class Input:
    """``input name volume``"""

    span: Span
    name: Ref | None
    volume: Expr
    annotations: tuple[Annot, ...]

    @property
    def called(self) -> str:
        """Its name, also when it is given none."""
        return self.name.names[0] if self.name else IMAGE


@dataclass(frozen=True, slots=True)
class OutputDecl:
    """``output tensor …``"""

    span: Span
    refs: tuple[Ref, ...]
    annotations: tuple[Annot, ...]


Item = Edition | Net | Use | Param | BlockDef | Input | OutputDecl | Statement


@dataclass(frozen=True, slots=True)
class File:
    """All of a text."""

    source: Source
    items: tuple[Item, ...]
