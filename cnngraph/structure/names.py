"""What blocks are called, by what they hold."""

from __future__ import annotations

from cnngraph.layers.window import Windowed
from cnngraph.structure.pieces import (
    SHORTCUT,
    Joint,
    Knot,
    Piece,
    Row,
    Rows,
    Step,
    Use,
    every_row,
    insides,
    last,
    units_of,
    weighted,
)


class Namer:
    """Gives the blocks in *found* their names, in the order in which the text uses them."""

    def __init__(self, found: Rows) -> None:
        self.found = found

    def rename(self) -> None:
        names: dict[str, str] = {}
        taken = {unit.lead.name for unit in units_of(self.found.main) if not unit.lead.inputs} | {SHORTCUT}
        uses = [piece for row in every_row(self.found) for piece in row if isinstance(piece, Use)]
        longest: dict[str, Row] = {}
        for use in uses:
            if use.name not in longest or _size(use.row) > _size(longest[use.name]):
                longest[use.name] = use.row
        for use in self.in_order():
            if use.name not in names:
                content = "tower" if use.is_tower else _content(longest[use.name])
                names[use.name] = name = _free(content, taken)
                taken.add(name)
        for use in uses:
            use.name = names[use.name]

    def in_order(self) -> list[Use]:
        found = []
        stack: list[Piece] = [piece for row in (self.found.main, *self.found.sides) for piece in row][::-1]
        while stack:
            piece = stack.pop()
            if isinstance(piece, Use):
                found.append(piece)
            stack += [inner for row in reversed(insides(piece)) for inner in reversed(row)]
        return found


def _size(row: Row) -> int:
    return sum(1 for _ in units_of(row))


def _free(name: str, taken: set[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free


def _content(row: Row) -> str:
    joints = [piece for piece in row if isinstance(piece, Joint)]
    if len(row) == 1 and isinstance(row[0], Knot):
        sizes = {last(inner[-1]).output.dims for inner in row[0].rows if inner[-1].leaks}
        return "exchange" if len(sizes) > 1 else "cell"
    if not joints or (len(row) > 1 and joints[-1].unit.lead.kind.word == "mul"):
        return _of_run(row)
    joint = joints[-1]
    word = joint.unit.lead.kind.word
    skips = [way for way in joint.ways if way.is_skip]
    if word == "mul" and skips:
        return "squeeze"
    if word == "add" and skips:
        (longest,) = [way for way in joint.ways if not way.is_skip][:1] or [joint.ways[0]]
        return _of_residual(longest.row)
    if word == "add" and any(way.begins is not None for way in joint.ways):
        return "fuse"
    if word == "concat":
        return "dense" if skips and len(joint.ways) == 2 else "inception" if len(joint.ways) > 2 else "fork"
    return "unit"


def _of_residual(row: Row) -> str:
    return _of_depthwise(row) or ("bottleneck" if weighted(row) == 3 else "residual")


def _of_depthwise(row: Row) -> str:
    """What is called after its depthwise convolution: between two of single pixels it is in more channels than around
    it."""
    words = [piece.unit.lead.kind.word for piece in row if isinstance(piece, Step) and piece.unit.weighted]
    if "dwconv" not in words:
        return ""
    return "separable" if "dwconv" in (words[0], words[-1]) else "inverted"


def _of_run(row: Row) -> str:
    steps = [piece.unit for piece in row if isinstance(piece, Step)]
    words = [unit.lead.kind.word for unit in steps]
    if name := _of_depthwise(row):
        return name
    if any(unit.lead.kind.spreads for unit in steps if isinstance(unit.lead.kind, Windowed)) or "upsample" in words:
        return "up"
    first, last = row[0], row[-1]
    if isinstance(last, Step) and last.unit.lead.kind.family == "pool":
        return "stage" if isinstance(first, Step) and first.unit.weighted else "transition"
    if isinstance(first, Step) and first.unit.lead.kind.family == "pool":
        return "down"
    return "stage" if isinstance(first, Step) and first.unit.weighted and len(steps) < len(row) else "unit"
