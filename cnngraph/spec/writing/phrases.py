"""What a text is put together from: words, and holes for the numbers that may differ between uses of a block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnngraph.spec.writing.blocks import Definition


@dataclass(frozen=True, slots=True)
class Hole:
    """A place for a value."""

    keyword: str
    """What it is called where it becomes a block's parameter: ``c``, ``s``."""
    value: str
    before: str = " "
    """What stands in front of it: `` s=``."""
    default: str = ""
    """The value that need not be written."""


TURNS_BUT_ONE = "n-1"
"""The keyword of a number of turns behind one that is written by itself."""


@dataclass(frozen=True, slots=True)
class Word:
    """What a step says by a word, or by having none: its padding, normalization, activation or bias."""

    slot: str
    """What it is about; a step has one of each."""
    value: str
    """Equal for words that say the same."""
    text: str
    """As it is written where no default says another; empty where nothing needs to be."""
    over: str
    """As it is written over a default that says another."""


Part = str | Hole | Word


@dataclass(frozen=True, slots=True)
class Step:
    """One step: words and holes."""

    parts: tuple[Part, ...]
    word: str = ""
    """The word whose defaults it heeds; empty where there are none to be."""
    starts_line: bool = True
    """Whether it stands at the start of a line at top level, as what has weights does."""


@dataclass(frozen=True, slots=True)
class Call:
    """A use of a block, with the names of tensors it is given; there is a hole for each of its parameters."""

    definition: Definition
    tensors: tuple[str, ...]
    holes: tuple[Hole, ...]


@dataclass(frozen=True, slots=True)
class Joined:
    """``add { … }``"""

    word: str
    branches: tuple[tuple[Line, ...], ...]


@dataclass(frozen=True, slots=True)
class Repeated:
    """``[ … ] x3``"""

    body: tuple[Line, ...]
    count: Hole


Stage = Step | Call | Joined | Repeated


@dataclass(frozen=True, slots=True)
class Line:
    """Stages that follow one another, up to one that has a label or annotations."""

    stages: tuple[Stage, ...]
    label: str = ""
    begin: str = ""
    """``from e`` or ``skip``; empty when the line takes what flows."""
    volume: str = ""
    """What it makes, for a claim; empty when that cannot be written."""
    annotations: str = ""
    """Those of the whole line."""
    changes: bool = field(default=False, compare=False)
    """Whether the volume is another than before."""
    condition: int | None = None
    """The number of the condition that it stands under, of those that its block has."""


Body = tuple[Line, ...]
"""What a block holds."""


def holes(phrase: Stage | Line) -> Iterator[Hole]:
    """All holes, in the order of the text."""
    match phrase:
        case Line(stages=stages):
            for stage in stages:
                yield from holes(stage)
        case Step(parts):
            yield from (part for part in parts if isinstance(part, Hole))
        case Call(holes=inner):
            yield from inner
        case Joined(branches=branches):
            for branch in branches:
                for line in branch:
                    yield from holes(line)
        case Repeated(body, count):
            for line in body:
                yield from holes(line)
            yield count


def skeleton(phrase: Stage | Line) -> object:
    """Equal for phrases that differ in nothing but the values of their holes."""
    match phrase:
        case Line(stages, label, begin, volume, annotations):
            return label, begin, annotations and volume, annotations, *map(skeleton, stages)
        case Step(parts):
            return tuple(
                (part.keyword, part.before, part.default) if isinstance(part, Hole) else part for part in parts
            )
        case Call(definition, tensors):
            return definition, tensors
        case Joined(word, branches):
            return word, *(tuple(map(skeleton, branch)) for branch in branches)
        case Repeated(body):
            return "[", *map(skeleton, body)


def conditional(body: Body, count: int) -> list[str]:
    """For each of *count* conditions the word of the first stage that stands under it; ``skip`` for a skip alone."""
    words = [""] * count
    waiting = list(body)[::-1]
    while waiting:
        line = waiting.pop()
        if line.condition is not None and not words[line.condition]:
            words[line.condition] = _word(line.stages[0]) if line.stages else line.begin
        for stage in line.stages:
            if isinstance(stage, Joined):
                waiting += [inner for branch in reversed(stage.branches) for inner in reversed(branch)]
    return words


def _word(stage: Stage) -> str:
    match stage:
        case Step(parts):
            return str(parts[0])
        case Call(definition):
            return definition.name
        case Joined(word):
            return word.partition(" ")[0]
        case Repeated(body):
            return _word(body[0].stages[0])
