"""What names mean where: values, tensors, blocks, and the defaults in force."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from cnngraph.elaborate.mistake import Silent
from cnngraph.source import Span
from cnngraph.spec.syntax import (
    Annot,
    Arg,
    BlockDef,
    BlockParam,
    Branch,
    Joined,
    Line,
    OutputDecl,
    Repeat,
    Statement,
)
from cnngraph.volume import Dim, Volume

if TYPE_CHECKING:
    from cnngraph.elaborate.binding import Bound

Value = int | float | bool | str | Dim | tuple["Value", ...]


class Stretch(NamedTuple):
    """All that a line with a label made, one after the other: what `again` makes again."""

    name: str
    """The label, as tables and files show it: ``stage2.left_1``."""
    block: str
    """Path of the block that the line stands in."""
    flow: str
    """The layer whose tensor flowed into it; empty when none did."""
    layers: range
    """Numbers of its layers."""
    paths: range
    """Numbers of the uses of blocks in it."""
    on_shortcut: bool
    """Whether the line itself lies on a `skip -> …` branch."""


class Tensor(NamedTuple):
    """A tensor that flows. One without a volume comes of a mistake already reported: nothing more is said of it."""

    layer: str
    volume: Volume | None
    span: Span
    """The text that made it."""
    inner: Mapping[str, Tensor] = MappingProxyType({})
    """The labels inside the block that made it, as ``label.inner``."""
    stretch: Stretch | None = None
    """All that the line made; None for a tensor that no line labels."""


class Setting(NamedTuple):
    """An argument of a `default` or a step, with its value where that is known already."""

    arg: Arg
    scope: Scope


@dataclass(frozen=True, eq=False, slots=True)
class Defaults:
    """The settings in force, and what steps came to under them."""

    settings: Mapping[str, Mapping[str, Setting]] = field(default_factory=dict)
    """By the word of a layer kind, then by what is set."""
    unsteady: frozenset[str] = frozenset()
    """Words with settings that hang on values, and may come to something else where others are in reach."""
    steps: dict[str, Bound] = field(default_factory=dict)
    """By the text of the step, for steps that come to the same wherever they stand."""

    def of(self, word: str) -> Mapping[str, Setting]:
        return self.settings.get(word, {})

    def with_more(self, word: str, settings: Mapping[str, Setting], steady: bool) -> Defaults:
        unsteady = self.unsteady if steady else self.unsteady | {word}
        return Defaults({**self.settings, word: {**self.of(word), **settings}}, unsteady)


class BlockScope(NamedTuple):
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
    outputs: tuple[OutputDecl, ...] = ()
    annotations: tuple[Annot, ...] = ()
    """Those of its `net` line."""


@dataclass(eq=False, slots=True)
class Scope:
    """What names mean at one place: in the file, in a use of a block, in a turn of a repeat."""

    parent: Scope | None
    path: str
    """Of the block: ``stage2.residual1``; empty at the top."""
    flow_in: Tensor | None
    """What `in` means."""
    defaults: Defaults = field(default_factory=Defaults)
    values: dict[str, Value] = field(default_factory=dict)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    blocks: dict[str, BlockScope] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    """Names of values that could not be worked out; that has been reported."""
    lacks_blocks: bool = False
    """Whether a used file could not be read, and with it its blocks; that has been reported."""
    settings: Mapping[str, object] = field(default_factory=dict)
    """What was set from outside, by the name of the param or free size."""
    made_at: dict[str, Span] = field(default_factory=dict)
    """Where each name was given."""
    counts: Counter[str] = field(default_factory=Counter)
    """How many layers of each word the block has so far."""
    group: str = ""
    """Ending for labels inside a repetition: ``_2``."""
    body: Sequence[object] = ()
    """The statements of the file or block, to tell a name that comes later from one that never does."""
    is_block: bool = False
    """A block sees values and blocks around it, and no tensors but its input and those given to it."""

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

    def own(self) -> Iterator[Scope]:
        """This scope and those around it, as far as the block goes."""
        for scope in self.chain():
            yield scope
            if scope.is_block:
                return

    def value(self, name: str) -> Value | None:
        """The value called *name*; raises `Silent` when it could not be worked out."""
        for scope in self.chain():
            if name in scope.values:
                return scope.values[name]
            if name in scope.lost:
                raise Silent
        return None

    def tensor(self, name: str) -> Tensor | None:
        return next((scope.tensors[name] for scope in self.own() if name in scope.tensors), None)

    def block(self, name: str) -> BlockScope | None:
        return next((scope.blocks[name] for scope in self.chain() if name in scope.blocks), None)

    def given(self, name: str) -> Span | None:
        """Where *name* was given in this block."""
        return next((scope.made_at[name] for scope in self.own() if name in scope.made_at), None)

    def tensor_names(self) -> list[str]:
        return sorted({name for scope in self.own() for name in scope.tensors})

    def value_names(self) -> list[str]:
        return sorted({name for scope in self.chain() for name in scope.values})

    def block_names(self) -> list[str]:
        return sorted({name for scope in self.chain() for name in scope.blocks})

    def labelled(self, name: str) -> tuple[Line, bool] | None:
        """The line of the file or block that labels a tensor *name*, and whether it is inside a repeat."""
        bodies: list[tuple[object, bool]] = [(part, False) for scope in self.own() for part in scope.body]
        while bodies:
            part, repeated = bodies.pop()
            match part:
                case Line(labels=labels, stages=stages):
                    if any(label.names[0] == name for label in labels):
                        return part, repeated
                    bodies.extend((stage, repeated) for stage in stages)
                case Repeat(body=body):
                    bodies.extend((each, True) for each in body)
                case Branch(body=body):
                    bodies.extend((each, repeated) for each in body)
                case Joined(branches=branches):
                    bodies.extend((branch, repeated) for branch in branches)
        return None

    def block_defined(self, name: str) -> Span | None:
        """Where the file defines a block *name*, maybe further down."""
        parts = (part for scope in self.chain() for part in scope.body)
        return next(
            (part.name.span for part in parts if isinstance(part, BlockDef) and part.name.names == (name,)), None
        )
