"""What in a tangle is closed in itself: nodes between one of them, from which alone they come, and another, to which
alone they lead. Such a part is a fork, or a smaller tangle, on the way between the two, and what is left may be no
tangle any more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from heapq import heapify, heappop, heappush

from cnngraph.flow import Branch, Chain, Element, Fork, Link, Tangle
from cnngraph.units import Unit

_Node = int | None
"""A node of a tangle; None is what is before it."""


def untangled(chain: Chain) -> Iterator[Element]:
    """The elements of *chain*; of a tangle those that it is made of, if it is closed in itself as a whole."""
    for element in chain:
        if isinstance(element, Tangle):
            yield from _Nesting(element).chain()
        else:
            yield element


class _Nesting:
    def __init__(self, tangle: Tangle) -> None:
        self.chains = dict(enumerate(tangle.nodes))
        self.sources: dict[int, list[Link]] = {number: [] for number in self.chains}
        self.takers: defaultdict[_Node, list[int]] = defaultdict(list)
        """The nodes that take what a node makes, one as often as it takes it."""
        for link in tangle.links:
            self.sources[link.target].append(link)
            self.takers[link.source].append(link.target)

    def chain(self) -> Chain:
        for first in [*self.chains][::-1]:
            while first in self.chains and (part := self.part(first)) is not None:
                self.close(first, part)
        return self.closed(None, [*self.chains])

    def part(self, first: _Node) -> list[int] | None:
        """The nodes of the smallest part behind *first*, the last of them the one to which it leads; None where
        something in it leads elsewhere, or begins elsewhere."""
        inside: dict[int, None] = {}
        waiting = sorted(set(self.takers[first]))
        heapify(waiting)
        while waiting:
            node = heappop(waiting)
            if any(link.source != first and link.source not in inside for link in self.sources[node]):
                return None
            inside[node] = None
            if not waiting:
                return [*inside]
            for taker in set(self.takers[node]):
                if taker not in waiting:
                    heappush(waiting, taker)
        return None

    def close(self, first: int, part: list[int]) -> None:
        """Makes one node of *first* and the *part* behind it."""
        *between, last = part
        self.chains[first] = (*self.chains[first], *self.closed(first, part))
        self.takers[first] = self.takers.pop(last, [])
        for taker in set(self.takers[first]):
            self.sources[taker] = [
                replace(link, source=first) if link.source == last else link for link in self.sources[taker]
            ]
        for node in part:
            del self.chains[node], self.sources[node]
        for node in between:
            del self.takers[node]

    def closed(self, first: _Node, part: list[int]) -> Chain:
        """The *part* behind *first* as elements."""
        *between, last = part
        ways = self.sources[last]
        if len(ways) == 1 and not between:
            return self.chains[last]
        if all([link.source for link in self.sources[node]] == [first] for node in between) and all(
            self.takers[node] == [last] for node in between
        ):
            branches = (
                Branch(self.chains[link.source] if link.source in between else (), link.is_skip) for link in ways
            )
            return (Fork(tuple(branches)), *self.chains[last])
        # A node that one way leads to begins with that way, and a fork on it is closed by the unit behind it.
        chain = self.chains[last]
        end = next((at for at, element in enumerate(chain, 1) if isinstance(element, Unit)), len(chain))
        self.chains[last] = chain[:end]
        return (self.tangle(first, part), *chain[end:])

    def tangle(self, first: _Node, part: list[int]) -> Tangle:
        """Of the nodes in *part*, behind *first*."""
        place: dict[_Node, int | None] = {first: None, **{node: at for at, node in enumerate(part)}}
        links = [
            Link(place[link.source], at, link.is_skip) for at, node in enumerate(part) for link in self.sources[node]
        ]
        return Tangle(tuple(self.chains[node] for node in part), tuple(links))
