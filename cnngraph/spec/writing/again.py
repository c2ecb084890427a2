"""Which steps and uses of blocks are said as `again`: those whose weights are an earlier one's.

A step is used again as a whole, with its normalization and activation, and so is a block: what shares weights in
another way cannot be said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from cnngraph.network import Block, Layer, Network
from cnngraph.spec.names import unlabelled, used_alike
from cnngraph.spec.writing.scopes import Item, Scope, Scopes, scopes


@dataclass(frozen=True, slots=True)
class InTheWay:
    """A use of a block with which nobody could say that *layer* has the weights of *owner*."""

    block: Block
    layer: str
    owner: str


def without_what_stands_in_the_way(network: Network) -> tuple[Network, tuple[InTheWay, ...]]:
    """*network* without the uses of blocks that stand in the way of saying who shares weights, and these: what is in
    them stands where they stood."""
    opened: dict[str, InTheWay] = {}
    blocks = network.blocks
    while network.shared:
        found = {each.block.path: each for _, each in _found(scopes(network)) if isinstance(each, InTheWay)}
        if not found:
            break
        opened |= found
        network = _without(network, found)
    return network, tuple(opened[path] for path in blocks if path in opened)


def _without(network: Network, opened: Collection[str]) -> Network:
    def around(path: str) -> str:
        while path in opened:
            path = network.blocks[path].parent
        return path

    layers = tuple(replace(layer, block=around(layer.block)) for layer in network.layers)
    kept = {path: block for path, block in network.blocks.items() if path not in opened}
    blocks = {path: replace(block, parent=around(block.parent)) for path, block in kept.items()}
    return replace(network, layers=layers, blocks=blocks)


def used_again(whole: Scopes) -> dict[Item, Item]:
    """What each item does again, for those that have the weights of another; no block stands in the way."""
    return {item: first for item, first in _found(whole) if isinstance(first, Item)} if whole.network.shared else {}


def _found(whole: Scopes) -> Iterator[tuple[Item, Item | InTheWay]]:
    """Items that have the weights of another, each with that, or with each block that stands in the way."""
    waiting = [whole.top]
    while waiting:
        for item in waiting.pop().items:
            layer = next((each for each in _layers(item) if each.shares and _is_outside(whole, each, item)), None)
            if layer is None:
                waiting += [item.inside] if item.inside else []
                continue
            first = _first(item, layer, whole)
            blocking = [item.inside] if first is None else _blocking(item, first)
            for scope in blocking:
                if scope is not None:
                    yield item, InTheWay(whole.network.blocks[scope.path], layer.name, layer.shares)
            if first is not None and not blocking:
                yield item, first


def _is_outside(whole: Scopes, layer: Layer, item: Item) -> bool:
    """Whether the weights of *layer*, in *item*, are not those of a layer in it."""
    return item.inside is None or not item.inside.holds(whole.maker[layer.shares].scope.path)


def _first(item: Item, layer: Layer, whole: Scopes) -> Item | None:
    """The item with the weights that *item* has from elsewhere, for *layer* in it: as deep in it as they lie in the
    other. None where they do not lie as deep in any."""
    owner = whole.maker[layer.shares]
    if item.inside is None:
        return owner
    at: Scope | None = whole.maker[layer.name].scope
    while at is not item.inside:
        at = at.parent if at else None
        if owner.scope.use is None:
            return None
        owner = owner.scope.use
    return owner.scope.use


def _blocking(item: Item, first: Item) -> list[Scope]:
    """The blocks with which *item* cannot be said to be *first* used again."""
    if not item.scope.holds(first.scope.path):
        return [item.scope]
    return [] if _alike(item, first) else [each.inside for each in (item, first) if each.inside]


def _layers(item: Item) -> Iterator[Layer]:
    yield from item.layers
    if item.inside:
        for each in item.inside.items:
            yield from _layers(each)


def _alike(item: Item, first: Item) -> bool:
    """Whether *item* is what `again` makes of *first*."""
    here, there = list(_layers(item)), list(_layers(first))
    if len(here) != len(there) or _shape(item) != _shape(first):
        return False
    if any(unlabelled(each) != unlabelled(here[0]) for each in here):
        return False
    if item.inside is None:
        return all(map(used_alike, here, there))
    names = {first.inputs[0]: item.inputs[0]}
    for layer, other in zip(here, there, strict=True):
        names[other.name] = layer.name
    return (
        all(
            used_alike(layer, other)
            and layer.inputs == tuple(names.get(name, name) for name in other.inputs)
            and layer.skips == other.skips
            and layer.on_shortcut == (item.on_shortcut or (other.on_shortcut and not first.on_shortcut))
            for layer, other in zip(here, there, strict=True)
        )
        and names.get(first.output, first.output) == item.output
    )


def _shape(item: Item) -> object:
    """Equal for blocks that hold steps and blocks of the same names."""
    if item.inside is None:
        return len(item.layers)
    inside = item.inside
    vanished = tuple(path.removeprefix(f"{inside.path}.") for path in inside.vanished)
    return inside.block, vanished, tuple((each.local, _shape(each)) for each in inside.items)
