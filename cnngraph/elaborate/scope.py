"""What names mean where: values, tensors, blocks, and the defaults in force."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cnngraph.source import Span
from cnngraph.spec.syntax import Arg, BlockParam, Statement
from cnngraph.volume import Dim, Volume

Value = int | float | bool | str | Dim | tuple["Value", ...]


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor that flows. One without a volume comes of a mistake already reported: nothing more is said of it."""

    layer: str
    volume: Volume | None
    span: Span
    """The text that made it."""
    inner: Mapping[str, Tensor] = field(default_factory=dict)
    """The labels inside the block that made it, as ``label.inner``."""


@dataclass(frozen=True, slots=True)
class Setting:
    """An argument of a `default` or a step, with its value where that is known already."""

    arg: Arg
    scope: Scope


Defaults = Mapping[str, tuple[Setting, ...]]
"""By the word of a layer kind."""


@dataclass(frozen=True, slots=True)
class BlockScope:
    """A block that can be used: its text, and the scope that it was written in."""

    name: str
    params: tuple[BlockParam, ...]
    body: tuple[Statement, ...]
    scope: Scope
    defaults: Defaults
    """Those that stand above the block."""
    span: Span
    input_name: str = ""
    """For a whole network used as a block: what it calls its input."""
    outputs: tuple[str, ...] = ()


@dataclass(eq=False, slots=True)
class Scope:
    parent: Scope | None
    path: str
    """Of the block: ``stage2.residual1``; empty at the top."""
    flow_in: Tensor | None
    """What `in` means."""
    defaults: Defaults
    values: dict[str, Value] = field(default_factory=dict)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    blocks: dict[str, BlockScope] = field(default_factory=dict)
    made_at: dict[str, Span] = field(default_factory=dict)
    """Where each name was given."""
    counts: Counter[str] = field(default_factory=Counter)
    """How many layers of each word the block has so far."""
    group: str = ""
    """Ending for labels inside a repetition: ``_2``."""

    def repetition(self, number: int, index: int) -> Scope:
        """The scope of one turn of ``[ … ] x3``: its labels and lets are its own, its numbering goes on."""
        inner = Scope(self, self.path, self.flow_in, self.defaults, group=f"{self.group}_{number}")
        inner.counts = self.counts
        inner.values["i"] = index
        return inner

    def chain(self) -> Iterator[Scope]:
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def value(self, name: str) -> Value | None:
        return next((scope.values[name] for scope in self.chain() if name in scope.values), None)

    def tensor(self, name: str) -> Tensor | None:
        return next((scope.tensors[name] for scope in self.chain() if name in scope.tensors), None)

    def block(self, name: str) -> BlockScope | None:
        return next((scope.blocks[name] for scope in self.chain() if name in scope.blocks), None)

    def given(self, name: str) -> Span | None:
        """Where *name* was given, in this scope or one around it."""
        return next((scope.made_at[name] for scope in self.chain() if name in scope.made_at), None)

    def names(self, kind: str) -> list[str]:
        """All names in scope of one kind (``values``, ``tensors``, ``blocks``)."""
        return sorted({name for scope in self.chain() for name in getattr(scope, kind)})
