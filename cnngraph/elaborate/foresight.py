"""How large a block is going to be at least, told from its text: twenty blocks, each of two of the one before, are a
million before the first of them is unrolled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cnngraph.elaborate.scope import BlockScope
from cnngraph.layers import KINDS
from cnngraph.spec import syntax as s

_DEEPEST = 60
"""Blocks in blocks, joins and repeats that are looked into; more of them nest in no network."""


class Least(NamedTuple):
    """What something makes and runs at the least."""

    nodes: int
    lines: int


class Foresight:
    """How much uses of blocks make at least, each block looked at once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[BlockScope, Least]] = {}

    def of(self, block: BlockScope, depth: int = 0) -> Least:
        """Of one use of *block*; each is looked at once."""
        if id(block) not in self._known:
            self._known[id(block)] = (block, Least(0, 0))  # for one that uses itself
            self._known[id(block)] = (block, self._body(block.body, block, depth))
        return self._known[id(block)][1]

    def _body(self, body: Iterable[s.Statement], block: BlockScope, depth: int) -> Least:
        found = Least(0, 0)
        for statement in body:
            if isinstance(statement, s.BlockDef):
                return Least(0, 0)  # names may mean others here than where the block stands
            if isinstance(statement, s.Line):
                inside = Least(0, 0) if statement.guard is not None else self._stages(statement.stages, block, depth)
                found = Least(found.nodes + inside.nodes, found.lines + inside.lines + 1)
        return found

    def _stages(self, stages: Sequence[s.Stage], block: BlockScope, depth: int) -> Least:
        parts = [self._stage(stage, block, depth) for stage in stages] if depth < _DEEPEST else []
        return Least(sum(each.nodes for each in parts), sum(each.lines for each in parts))

    def _stage(self, stage: s.Stage, block: BlockScope, depth: int) -> Least:
        match stage:
            case s.Repeat(body=body, times=s.Literal(value=int() as turns)):
                once = self._body(body, block, depth + 1)
                return Least(once.nodes * turns, once.lines * turns)
            case s.Joined(branches=branches):
                parts = [self._body(branch.body, block, depth + 1) for branch in branches]
                return Least(sum(each.nodes for each in parts), sum(each.lines for each in parts))
            case s.Step():
                word = ".".join(stage.name.names)
                if (used := block.scope.block(word)) is not None:
                    return self.of(used, depth + 1)
                return Least(int(word in KINDS), 0)
        return Least(0, 0)
