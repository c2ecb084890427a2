"""What the page knows of two networks that are compared: of both all that it knows of one, and what was changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cnngraph.comparison.compare import Comparison, Row
from cnngraph.comparison.report import called, described, folded, outcome, renamed, worded
from cnngraph.titles import named_apart
from cnngraph.viewer.facts import READABLE, Gathered, Part, measures_of, open_at_first


def compared(found: Comparison) -> dict[str, Any]:
    """The facts of both networks of a comparison as those of one, in which each is a block; and what was changed."""
    networks = found.a, found.b
    names = named_apart(networks)
    measures = [measures_of(network) for network in networks]
    gathered = Gathered([asked for asked in measures[0] if asked in measures[1]])
    sides: list[int] = []
    parts: list[Part] = []
    for network, name, costs in zip(networks, names, measures, strict=True):
        sides.append(len(gathered.blocks))
        gathered.blocks.append({})
        gathered.inside.append([])
        parts.append(gathered.add(network, costs, sides[-1]))
        gathered.inside[sides[-1]] = [*parts[-1].number.values()]
        gathered.blocks[sides[-1]] = _side(name, gathered, parts[-1])
    changed = _Changed(found, gathered, parts)
    return {
        "name": f"{found.a.name}-{found.b.name}",
        "title": f"{names[0]} → {names[1]}",
        "counts": outcome(found),
        **gathered.data,
        "chain": [{"s": [[{"b": side}] for side in sides]}],
        "sides": sides,
        "open": _open_at_first(gathered, sides),
        "changes": {
            "what": [str(change) for change in found.what],
            "causes": changed.causes,
            "follows": changed.follows,
            "renamed": [f"{a} → {b}" for a, b in renamed(found)],
            "worded": worded(found),
        },
    }


def _side(name: str, gathered: Gathered, part: Part) -> dict[str, Any]:
    units = gathered.units[-len(part.number) :]
    return {
        "path": name,
        "parent": -1,
        "words": [name],
        "volume": "",
        "takes": 0,
        "last": len(gathered.units) - 1,
        "count": len(units),
        "shortcut": False,
        "measures": [sum(each) for each in zip(*(unit["measures"] for unit in units), strict=True)],
        "chain": part.chain,
    }


class _Changed:
    """What was changed, by the numbers of units: each has its ``change``, of what kind it is, who is its partner, what
    is said of it, and which of the causes it is."""

    def __init__(self, found: Comparison, gathered: Gathered, parts: list[Part]) -> None:
        self._parts = parts
        for row in found.rows:
            sides = self._numbers((row,), 0), self._numbers((row,), 1)
            for mine, theirs in (sides, sides[::-1]):
                # A unit of the comparison that is in several blocks is several here: the first are partners.
                for number in mine:
                    change = {"kind": row.kind, "partner": theirs[0] if theirs else -1}
                    gathered.units[number]["change"] = change | {"said": [str(change) for change in row.what]}
        self.causes = [self._said(rows) for rows in folded(found.causes)]
        for at, rows in enumerate(folded(found.causes)):
            for number in self._numbers(rows, 0) + self._numbers(rows, 1):
                gathered.units[number]["change"]["cause"] = at
        self.follows = [self._said(rows) for rows in folded(found.of("follows"))]

    def _numbers(self, rows: Iterable[Row], side: int) -> list[int]:
        """The units that *rows* are about; none of what leads to no output."""
        part = self._parts[side]
        layers = [name for row in rows for name in (row.b if side else row.a)]
        names = dict.fromkeys(part.whole.of_layer[name] for name in layers if name in part.whole.of_layer)
        return [part.number[name] for name in names]

    def _said(self, rows: list[Row]) -> dict[str, Any]:
        units = self._numbers(rows, 1) or self._numbers(rows, 0)
        return {"kind": rows[0].kind, "called": called(rows), "said": described(rows), "units": units}


def _open_at_first(gathered: Gathered, sides: list[int]) -> list[int]:
    """Both networks, and in them what holds something that was changed, unless all of it was put in or taken out."""

    def worth(block: int) -> bool:
        kinds = {gathered.units[number]["change"]["kind"] for number in gathered.inside[block]}
        return block in sides or not (kinds <= {"same", "follows"} or kinds <= {"added"} or kinds <= {"removed"})

    found = open_at_first(gathered.blocks, len(gathered.units), worth, len(sides) * READABLE)
    return sorted({*sides, *found})
