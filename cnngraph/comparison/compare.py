"""Two networks compared, as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from cnngraph.comparison.alignment import align
from cnngraph.comparison.changes import (
    TAKES,
    VOLUME,
    Change,
    Wiring,
    argument_changes,
    layer_pairs,
    unworded,
    wording_changes,
)
from cnngraph.comparison.side import Side
from cnngraph.network import Network
from cnngraph.structure.proof import matching
from cnngraph.units import Unit

Verdict = Literal["same", "renamed", "arguments", "different"]
Sort = Literal["same", "changed", "follows", "added", "removed"]


@dataclass(frozen=True, slots=True)
class Row:
    """A unit of each network that are taken for one, or a unit that only one of them has."""

    kind: Sort
    """``changed`` by whoever made the other network, or only with other volumes, which ``follows`` from that."""
    one: Unit | None
    """Of the first network; None for one that was added."""
    other: Unit | None
    """Of the second; None for one that was removed."""
    what: tuple[Change, ...] = ()
    """What was changed; of what follows, the volumes."""

    @property
    def a(self) -> tuple[str, ...]:
        """The layers in the first network."""
        return self.one.names if self.one else ()

    @property
    def b(self) -> tuple[str, ...]:
        """The layers in the second."""
        return self.other.names if self.other else ()

    @property
    def units(self) -> tuple[Unit, ...]:
        """Those that there are, the first network's first."""
        return tuple([unit for unit in (self.one, self.other) if unit is not None])

    @property
    def layers(self) -> list[tuple[str, str]]:
        """The layers of both that are taken for one."""
        if self.one is None or self.other is None:
            return []
        return [(one.name, other.name) for one, other in layer_pairs(self.one, self.other)]

    @property
    def renamed(self) -> list[tuple[str, str]]:
        """Those of `layers` that are called otherwise."""
        return [(a, b) for a, b in self.layers if a != b]

    @property
    def params(self) -> tuple[int, int]:
        """In the first network and in the second; 0 where there is no such unit."""
        return self.one.params if self.one else 0, self.other.params if self.other else 0

    @property
    def macs(self) -> tuple[int | None, int | None]:
        """The same; None while a size is free that they depend on."""
        return self.one.macs if self.one else 0, self.other.macs if self.other else 0


@dataclass(frozen=True)
class Comparison:
    """What makes the network *b* of the network *a*."""

    a: Network
    b: Network
    verdict: Verdict
    """``same``; ``renamed``: the same under other names; ``arguments``: the same graph of the same kinds, and other
    arguments; ``different``. The first two are proved, layer by layer from the outputs back, and a network that is the
    same has none of the others: the proof needs no search."""
    rows: tuple[Row, ...]
    """Every unit of both, in the order of *b*; what was removed stands behind what it stood behind in *a*."""
    what: tuple[Change, ...] = ()
    """What was changed of the networks as such: their outputs, the order of their inputs."""

    @property
    def is_same(self) -> bool:
        """Whether they are one network, whatever its layers are called."""
        return self.verdict in ("same", "renamed")

    def of(self, *kinds: Sort) -> tuple[Row, ...]:
        return tuple([row for row in self.rows if row.kind in kinds])

    @property
    def causes(self) -> tuple[Row, ...]:
        """The rows that were changed, added and removed: from these the others follow."""
        return self.of("changed", "added", "removed")

    @property
    def layers(self) -> dict[str, str]:
        """By layers of *a* those of *b* that are taken for the same."""
        return {a: b for row in self.rows for a, b in row.layers}

    @property
    def wording(self) -> tuple[tuple[str, str, Change], ...]:
        """Labels and notes that differ, each with the layers of *a* and *b* that it is of."""
        pairs = self.layers.items()
        return tuple([(mine, its, each) for mine, its in pairs for each in wording_changes(self.a[mine], self.b[its])])

    def __str__(self) -> str:
        """As `cnngraph diff` prints it."""
        from cnngraph.comparison.report import lines

        return "\n".join(lines(self))


def compare(a: Network, b: Network) -> Comparison:
    """What was changed from *a* to *b*: every unit with its partner, causes apart from what follows from them. Labels
    and notes are for readers, and no part of what a network does: they are `Comparison.wording`."""
    plain = unworded(a), unworded(b)
    one, other = map(Side, plain)
    if (same := matching(*plain)) is not None:
        named = all(here == there for here, there in same.items())
        named = named and [each.name for each in a.outputs] == [each.name for each in b.outputs]
        return Comparison(a, b, "same" if named else "renamed", _as_matched(one, b, same))
    pairs = align(one, other)
    wiring = Wiring(one, other, pairs)
    rows = tuple(_rows(one, other, wiring))
    what = tuple(wiring.of_networks())
    changed = [row for row in rows if row.kind not in ("same", "follows")]
    is_one_graph = not what and all(
        row.kind == "changed" and all(each.is_of_argument for each in row.what) for row in changed
    )
    return Comparison(a, b, "arguments" if is_one_graph else "different", rows, what)


def _as_matched(one: Side, b: Network, same: Mapping[str, str]) -> tuple[Row, ...]:
    """The units of one network, and the layers of the other that were proved to be the same."""
    return tuple(
        Row("same", unit, replace(unit, layers=tuple([b[same[name]] for name in unit.names]))) for unit in one.units
    )


def _rows(one: Side, other: Side, wiring: Wiring) -> Iterator[Row]:
    removed: dict[int, list[int]] = {}
    """Behind which unit of the other network, by number, units of the one stood that it does not have."""
    before = -1
    for number in range(len(one.units)):
        if number in wiring.pairs:
            before = wiring.pairs[number]
        else:
            removed.setdefault(before, []).append(number)
    for number in range(-1, len(other.units)):
        if number in wiring.back:
            yield _row(wiring.back[number], number, one, other, wiring)
        elif number >= 0:
            yield Row("added", None, other.units[number])
        yield from (Row("removed", one.units[each], None) for each in removed.get(number, ()))


def _row(a: int, b: int, one: Side, other: Side, wiring: Wiring) -> Row:
    mine, theirs = one.units[a], other.units[b]
    if what := [*argument_changes(mine, theirs), *wiring.of_units(a, b)]:
        return Row("changed", mine, theirs, tuple(what))
    volumes = [[*unit.lead.input_volumes, unit.output] for unit in (mine, theirs)]
    if volumes[0] != volumes[1]:
        return Row("follows", mine, theirs, (_other_volume(mine, theirs),))
    return Row("same", mine, theirs)


def _other_volume(mine: Unit, theirs: Unit) -> Change:
    if mine.output != theirs.output:
        return Change(VOLUME, mine.output.caption, theirs.output.caption)
    a, b = (", ".join(volume.caption for volume in unit.lead.input_volumes) for unit in (mine, theirs))
    return Change(TAKES, a, b)
