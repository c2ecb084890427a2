"""A network as blocks within blocks: of each the shape of what is in it, with the blocks within as one thing each.

What is in a block is decomposed by itself, so its shape is the same whatever else is open: a page that opens and closes
blocks only adds up sizes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from cnngraph.figure.lanes.ranked import Ranked
from cnngraph.figure.styles.parts import arcs_of, ways
from cnngraph.flow import Boxed, Chain, Element, Exit, Fork, Side, Tangle, flow, insides, units_of
from cnngraph.network import Output
from cnngraph.units import Unit, Units


@dataclass(frozen=True)
class Inside:
    """What is in a block that opens, or in the network."""

    path: str
    """A key of `Network.blocks`; empty for the network."""
    parent: int
    """Index of the block around it; -1 at top level."""
    units: tuple[Unit, ...]
    """All of them, also those of blocks within."""
    inputs: tuple[str, ...]
    """Names of the units outside whose tensors it takes."""
    chain: Chain
    """Begins with what stands for these, units of their names."""

    @cached_property
    def holds_shortcut(self) -> bool:
        """Whether a skip joins in it, within what it opens to."""
        return any(unit.lead.skips for unit in self.units)


def insides_of(whole: Units) -> tuple[Inside, tuple[Inside, ...]]:
    """The network, and its blocks, the outer before the inner. A block is one that can be one thing: of its tensors one
    is used outside. What is in others is in the block around them."""
    outer = Inside("", -1, whole.units, (), flow(whole, 0))
    found: list[Inside] = []
    waiting = [(box, -1) for box in _boxes(outer.chain)][::-1]
    while waiting:
        box, parent = waiting.pop()
        depth = _depth(box.path, whole)
        chain = flow(_within(whole, box), depth)
        found.append(Inside(box.path, parent, box.units, box.inputs, chain))
        waiting += [(inner, len(found) - 1) for inner in _boxes(chain)][::-1]
    return outer, tuple(found)


def _depth(path: str, whole: Units) -> int:
    """How many blocks are around what is in *path*."""
    depth = 0
    while path:
        path, depth = whole.network.blocks[path].parent, depth + 1
    return depth


def _boxes(chain: Iterable[Element]) -> Iterator[Boxed]:
    stack = list(chain)[::-1]
    while stack:
        element = stack.pop()
        if isinstance(element, Boxed):
            yield element
        stack += [inner for inside in reversed(insides(element)) for inner in reversed(inside)]


def _within(whole: Units, box: Boxed) -> Units:
    """The units of *box*, behind one for each tensor that it takes."""
    outside = [_stand_in(whole.by_name[name]) for name in box.inputs]
    inside = [replace(unit, inputs=whole.drawn[unit.name]) for unit in box.units]
    last = box.units[-1].layers[-1].name
    network = replace(whole.network, outputs=(Output(last, last),))
    return Units(network, (*outside, *inside), {last: box.units[-1].name})


def _stand_in(unit: Unit) -> Unit:
    """In no block, and behind nothing."""
    return Unit((replace(unit.lead, inputs=(), skips=(), block=""),), ())


# As data -------------------------------------------------------------------------------------


class Shapes:
    """Chains as JSON has them, units and blocks as their numbers."""

    def __init__(self, units: Mapping[str, int], blocks: Mapping[str, int]) -> None:
        """By the names of units and the paths of blocks."""
        self._unit, self._block = units, blocks

    def of(self, inside: Inside) -> list[Any]:
        """A list of elements: the number of a unit, or an object with one key: ``b`` the number of a block, ``p`` that
        of a unit outside whose tensor comes in, ``f`` a fork's branches, each with whether it is an arc and whether it
        has weights, ``s`` ways to outputs, ``o`` an output's name, ``t`` a tangle."""
        return self._chain(inside.chain, frozenset(inside.inputs))

    def _chain(self, chain: Chain, outside: frozenset[str]) -> list[Any]:
        return [self._element(element, outside) for element in ways(chain)]

    def _element(self, element: Element, outside: frozenset[str]) -> Any:
        match element:
            case Unit(name=name):
                return {"p": self._unit[name]} if name in outside else self._unit[name]
            case Boxed(path):
                return {"b": self._block[path]}
            case Exit(output):
                return {"o": output.label or output.name}
            case Side(chains):
                return {"s": [self._chain(each, outside) for each in chains]}
            case Fork(branches):
                weighs = [_weighs(branch.chain) for branch in branches]
                inner = [self._chain(branch.chain, outside) for branch in branches]
                return {"f": [list(each) for each in zip(map(int, arcs_of(element)), weighs, inner, strict=True)]}
            case Tangle(nodes, links):
                return {"t": [self._chain(node, outside) for node in nodes], **_ranked(Ranked(len(nodes), links))}
        raise TypeError(f"nothing repeats in what was not folded: {element}")


def _ranked(graph: Ranked) -> dict[str, Any]:
    """Its links, -1 for what comes from before it; the places of its columns from top to bottom, as node, column and
    whether they only let a tensor pass; by the places' numbers the way of each link, and its steps."""
    number = {place: at for at, place in enumerate(place for column in graph.order for place in column)}
    return {
        "links": [[-1 if link.source is None else link.source, link.target] for link in graph.links],
        "places": [[place.node, place.column, int(place.passes)] for place in number],
        "paths": [[number[place] for place in path] for path in graph.paths],
        "steps": [[number[here], number[there]] for here, there in graph.steps],
    }


def _weighs(chain: Chain) -> int:
    """1 where there are weights on the way."""
    return int(any(unit.params for unit in units_of(chain)))
