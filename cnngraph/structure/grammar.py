"""What repeats, as uses of blocks: first what is used again with its weights (`towers`), then joins (`joins`), with
those that are like them but for a way (`ways`), residuals that are (`residuals`), what several tensors flow through
(`exchanges`), and runs of pieces (`runs`). At last a block that the text would use in one place only is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from cnngraph.structure.exchanges import exchanges
from cnngraph.structure.joins import joints
from cnngraph.structure.names import Namer
from cnngraph.structure.pieces import Row, Rows, Use, every_row, insides
from cnngraph.structure.places import Places
from cnngraph.structure.residuals import residuals
from cnngraph.structure.runs import runs
from cnngraph.structure.towers import towers
from cnngraph.structure.ways import ways


def find_blocks(found: Rows, scopes: Mapping[str, str], given_back: Collection[str]) -> None:
    """Puts uses of blocks into the rows in place of what repeats; *given_back* are the layers that are outputs."""
    there = Places(found, scopes, given_back)
    towers(there)
    joints(there)
    ways(there)
    residuals(there)
    exchanges(there)
    runs(there)
    _drop_needless(there)
    Namer(found).rename()


def _drop_needless(there: Places) -> None:
    """Puts back what is in blocks that the text would use in one place only."""
    while True:
        places = _places_in_text(there)
        needless = {name for name, count in places.items() if count < 2}
        if not needless:
            return
        for row in list(every_row(there.found)):
            at = 0
            while at < len(row):
                piece = row[at]
                if isinstance(piece, Use) and piece.name in needless:
                    piece.row[-1].leaks |= piece.leaks
                    row[at : at + 1] = piece.row
                else:
                    at += 1


def _places_in_text(there: Places) -> Counter[str]:
    """How often the text says each block: within another block as often as one use of that does."""
    inside: dict[str, Counter[str]] = {}
    stack: list[tuple[str, Row]] = [("", row) for row in (there.found.main, *there.found.sides)]
    top: Counter[str] = Counter()
    while stack:
        name, row = stack.pop()
        count: Counter[str] = Counter()
        rows = [row]
        while rows:
            for piece in rows.pop():
                if isinstance(piece, Use):
                    count[piece.name] += 1
                    stack.append((piece.name, piece.row))
                else:
                    rows += insides(piece)
        if name:
            inside[name] = inside.get(name, Counter()) | count
        else:
            top += count
    for count in inside.values():
        top += count
    return top
