"""A block that is written once: its parameters, and the values that its uses have."""

from __future__ import annotations

from dataclasses import dataclass

from cnngraph.spec.writing.phrases import Body, Hole


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of a block."""

    name: str
    keyword: str
    """What it is called where it is said in a block around: ``c``, also for ``c2``."""
    default: str
    """Empty when it has none."""


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """A block to be written once."""

    name: str
    body: Body
    tensors: tuple[str, ...]
    """Names of the tensors it is given besides what flows."""
    params: tuple[Param, ...]
    """Those without a default first: a use gives them by position."""
    values: tuple[str, ...]
    """What stands in each hole of the body: a value, a parameter, or what comes of one."""
    conditions: tuple[str, ...]
    """The conditions of its lines, by their numbers."""

    def given(self, arguments: tuple[str, ...]) -> tuple[Hole, ...]:
        """The holes of a use with these values of the parameters."""
        return tuple(
            Hole(param.keyword, value, default=param.default)
            for param, value in zip(self.params, arguments, strict=True)
        )
