"""Sums that take one tensor up again and again, with the same weights in front of each, as in recursive networks (DRRN,
Tai et al. 2017): each is in a branch of the next, which begins where its own do. A person writes a line for each, and
the tensor by its name. Residuals in residuals (RCAN, Zhang et al. 2018) begin at one tensor too, and are no such sums:
each has weights of its own, and holds something else."""

from __future__ import annotations

from cnngraph.structure.keys import Keys
from cnngraph.structure.pieces import Joint, Row, Rows, Step, insides, units_of

FEWEST = 3
"""Sums in one another, of which a person loses count."""


def unroll(found: Rows) -> None:
    """Puts such sums one behind the other, the outermost first."""
    keys = Keys(by_weights=True)
    waiting = [found.main, *found.sides]
    while waiting:
        row = waiting.pop()
        for at in reversed(range(len(row))):
            rounds = _rounds(row[at : at + 1], keys)
            if len(rounds) < FEWEST:
                continue
            for before in row[max(at - 1, 0) : at]:
                before.leaks = True
            row[at : at + 1] = [piece for pieces, joint in rounds for piece in (*pieces, Step(joint.unit, joint.leaks))]
        waiting += [inner for piece in row for inner in insides(piece)]


def _rounds(row: Row, keys: Keys) -> list[tuple[Row, Joint]]:
    """The sums in one another that *row* begins with, the innermost first, and what stands in front of each; those
    where it is alike."""
    found: list[tuple[Row, Joint]] = []
    while row and isinstance(joint := row[0], Joint):
        long = [way for way in joint.ways if way.row]
        if len(joint.ways) != 2 or len(long) != 1 or not joint.unit.lead.kind.adds_up or long[0].begins is not None:
            break
        if found and joint.unit.layers[0].kind != found[-1][1].unit.layers[0].kind:
            break
        row = long[0].row
        found.append((row[1:], joint))
    if not found:
        return []
    found[-1] = (row, found[-1][1])
    is_alike = len({keys.row(pieces) for pieces, _ in found}) == 1
    is_again = all(any(unit.tied for unit in units_of(pieces)) for pieces, _ in found)
    return found[::-1] if is_alike and is_again else []
