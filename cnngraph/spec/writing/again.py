"""Which steps and uses of blocks are said as `again`: those whose weights are an earlier one's.

A step is used again as a whole, with its normalization and activation, and so is a block: what shares weights in
another way cannot be said.
"""

from __future__ import annotations

from collections.abc import Iterator

from cnngraph.network import Layer
from cnngraph.spec.names import unlabelled, used_alike
from cnngraph.spec.writing.scopes import Item, Scope, Scopes


class Unsayable(Exception):
    """Blocks stand in the way of saying who shares weights."""


def used_again(whole: Scopes) -> dict[Item, Item]:
    """What each item does again, for those that have the weights of another. Raises `Unsayable`."""
    return dict(_found(whole.top, whole)) if whole.network.shared else {}


def _found(scope: Scope, whole: Scopes) -> Iterator[tuple[Item, Item]]:
    for item in scope.items:
        first = _first(item, whole)
        if first is not None:
            if not scope.holds(first.scope.path) or not _alike(item, first):
                raise Unsayable
            yield item, first
        elif item.inside:
            yield from _found(item.inside, whole)


def _first(item: Item, whole: Scopes) -> Item | None:
    """The item with the weights that *item* has from elsewhere: as deep in it as they lie in the other."""
    for layer in _layers(item):
        if not layer.shares:
            continue
        owner = whole.maker[layer.shares]
        if item.inside is None:
            return owner
        if item.inside.holds(owner.scope.path):
            continue
        at: Scope | None = whole.maker[layer.name].scope
        while at is not item.inside:
            at = at.parent if at else None
            if owner.scope.use is None:
                raise Unsayable
            owner = owner.scope.use
        if owner.scope.use is None:
            raise Unsayable
        return owner.scope.use
    return None


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
