"""The order of a file's layers, where the file keeps none: that in which they are the network's, one after the other.

safetensors files are sorted by name, so that ``bn1`` stands before ``conv1`` and ``norm0`` behind ``denseblock4``. What
the names still say is which layers belong together (what stands before a dot), and the order of those that differ in a
number only. Among the rest, that order is looked for in which the shapes come as the network has them.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from cnngraph.weights.readers.entry import natural

_MOST_STEPS = 1_000_000
"""Tries before the search is given up."""


@dataclass(slots=True)
class _Node:
    """All names with one prefix."""

    leaf: int | None = None
    """The layer of just this name, by its place in the file."""
    children: dict[str, _Node] = field(default_factory=dict)
    families: list[list[_Node]] = field(default_factory=list)
    """Children whose names differ in numbers only stay in order; between families any order is tried."""

    def prepare(self) -> None:
        own: list[list[_Node]] = [[_Node(self.leaf)]] if self.leaf is not None and self.children else []
        families: dict[str, list[_Node]] = {}
        for name in sorted(self.children, key=natural):
            families.setdefault(re.sub(r"\d+", "#", name), []).append(self.children[name])
            self.children[name].prepare()
        # Where both ways are open, what stands alone goes first, as the normalization behind a stem does.
        self.families = own + sorted(families.values(), key=lambda family: bool(family[0].children))


class _Search:
    def __init__(self, wanted: Sequence[Hashable], found: Sequence[Hashable]) -> None:
        self.wanted = wanted
        self.found = found
        self.steps = 0
        self.doubts: list[tuple[int, int]] = []
        self.known: dict[tuple[int, int], list[int] | None] = {}

    def arranged(self, node: _Node, at: int) -> list[int] | None:
        """The layers below *node* so that they are those wanted from *at* on; None if there is no way."""
        if not node.families:
            assert node.leaf is not None
            fits = at < len(self.wanted) and self.wanted[at] == self.found[node.leaf]
            return [node.leaf] if fits else None
        key = (id(node), at)
        if key not in self.known:
            self.known[key] = self._arranged(node, at)
        return self.known[key]

    def _arranged(self, node: _Node, at: int) -> list[int] | None:
        families = node.families
        failed: set[tuple[int, ...]] = set()
        # Each entry: how many of each family are placed, the family to try next, and the layers placed last.
        stack: list[tuple[tuple[int, ...], int, list[int]]] = [((0,) * len(families), 0, [])]
        placed = 0
        first: list[int] = []
        leads_there: set[tuple[int, ...]] = set()
        while stack:
            taken, family, last = stack.pop()
            if all(count == len(each) for count, each in zip(taken, families, strict=True)):
                first = [layer for _, _, layers in stack for layer in layers] + last
                leads_there = {each for each, _, _ in stack} | {taken}
                placed -= len(last)
                continue
            for choice in range(family, len(families)):
                self.steps += 1
                if self.steps > _MOST_STEPS:
                    return first or None
                if taken[choice] == len(families[choice]):
                    continue
                after = (*taken[:choice], taken[choice] + 1, *taken[choice + 1 :])
                if after in failed:
                    continue
                layers = self.arranged(families[choice][taken[choice]], at + placed)
                if layers is None:
                    continue
                if after in leads_there:
                    # Another way to where the first one came by: the two orders are equally good.
                    self.doubts.append((first[placed], layers[0]))
                    return first
                stack += [(taken, choice + 1, last), (after, 0, layers)]
                placed += len(layers)
                break
            else:
                if taken not in leads_there:
                    failed.add(taken)
                placed -= len(last)
        return first or None


@dataclass(frozen=True, slots=True)
class Arranged:
    """An order of a file's layers that fits a network, and where another would have fitted too."""

    places: list[int]
    """Of the file's layers, in the network's order."""
    doubts: list[tuple[int, int]]
    """Pairs of places where the second would have done as well as the first."""


def arrange(wanted: Sequence[Hashable], names: Sequence[str], found: Sequence[Hashable]) -> Arranged | None:
    """The layers called *names*, with what they are in *found*, in the order of *wanted*; None without one."""
    if len(wanted) != len(found) or not wanted:
        return None
    root = _Node()
    for place, name in enumerate(names):
        node = root
        for part in name.split("."):
            node = node.children.setdefault(part, _Node())
        node.leaf = place
    root.prepare()
    search = _Search(wanted, found)
    places = search.arranged(root, 0)
    return None if places is None else Arranged(places, search.doubts)
