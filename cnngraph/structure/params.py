"""How many parameters a block of alike pieces would have."""

from __future__ import annotations

from collections.abc import Sequence

from cnngraph.spec.writing.phrases import holes
from cnngraph.structure.keys import words_of
from cnngraph.structure.pieces import Joint, Piece, Row, Step, insides

MOST = 6
"""Parameters of a block that a person can use."""


def fits(uses: Sequence[Row], most: int = MOST) -> bool:
    """Whether a block of these pieces has at most so many parameters."""
    columns = zip(*map(_values, uses), strict=True)
    varying = {column for column in columns if len(set(column)) > 1}
    return len(varying) <= most


def _values(row: Row) -> list[str]:
    """What stands in the holes of the words of *row*, but on skips."""
    found: list[str] = []
    stack: list[Piece] = list(row)[::-1]
    while stack:
        piece = stack.pop()
        match piece:
            case Step(unit):
                found += [hole.value for hole in holes(words_of(unit))]
            case Joint(ways, unit):
                stack.append(Step(unit))
                stack += [inner for way in reversed(ways) if not way.is_skip for inner in reversed(way.row)]
            case _:
                stack += [inner for inside in reversed(insides(piece)) for inner in reversed(inside)]
    return found
