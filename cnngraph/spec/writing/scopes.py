"""The layers of a network in the scopes that a text has: the file, and each use of a block."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from cnngraph.layers.rearrange import Slice
from cnngraph.network import Layer, Network


@dataclass(eq=False, slots=True)
class Item:
    """What one step makes: a layer and its followers, all of a block, or the parts of a split."""

    name: str
    scope: Scope
    layers: list[Layer]
    """Of a step; of a split its parts; empty for a block."""
    inside: Scope | None = None
    is_split: bool = False

    @property
    def local(self) -> str:
        """Its name within its scope."""
        return self.name.removeprefix(f"{self.scope.path}.") if self.scope.path else self.name

    @property
    def inputs(self) -> tuple[str, ...]:
        """Layers whose tensors it takes; the first one flows into it."""
        return tuple(self.inside.given) if self.inside else self.layers[0].inputs

    @property
    def output(self) -> str:
        return self.inside.result if self.inside else self.layers[-1].name

    @property
    def on_shortcut(self) -> bool:
        return self.inside.on_shortcut if self.inside else self.layers[0].on_shortcut


@dataclass(eq=False, slots=True)
class Scope:
    """The file, or one use of a block."""

    path: str
    """Empty for the file."""
    block: str = ""
    """The name of the block."""
    parent: Scope | None = None
    use: Item | None = None
    """The item that it is, in the scope around it."""
    items: list[Item] = field(default_factory=list)
    given: dict[str, None] = field(default_factory=dict)
    """Tensors from outside, in the order of their first use."""
    result: str = ""
    """The tensor it gives back."""
    on_shortcut: bool = False
    """Whether all of it is on a shortcut."""
    vanished: deque[str] = field(default_factory=deque)
    """Paths of the shortcuts in it that needed no layer."""
    projected: frozenset[str] | None = None
    """The joins of which a skip that does nothing may be one of these; None for any."""

    @property
    def sums(self) -> list[Layer]:
        """The sums with skips in it, in order."""
        return [layer for item in self.items for layer in item.layers if layer.skips and layer.kind.adds_up]

    def has_shortcut(self, join: Layer) -> bool:
        """Whether a skip of *join* that does nothing may be one of the shortcuts that needed no layer."""
        return bool(self.vanished) and (self.projected is None or join.name in self.projected)

    def holds(self, path: str) -> bool:
        return not self.path or path == self.path or path.startswith(f"{self.path}.")


@dataclass(eq=False)
class Scopes:
    """All scopes of a network, from the file down."""

    network: Network
    top: Scope
    maker: dict[str, Item]
    """The step that makes each tensor."""

    def way(self, tensor: str, scope: Scope) -> list[Item]:
        """How a text in *scope* names *tensor*, made in it or in its blocks: by an item, or by one inside others."""
        found = [self.maker[tensor]]
        at = found[0].scope
        while at is not scope:
            assert at.parent is not None
            assert at.use is not None
            found = [at.use] if at.result == tensor else [at.use, *found]
            at = at.parent
        return found


def scopes(network: Network) -> Scopes:
    """In one pass over the layers; those of a block stand together."""
    by_path = {"": Scope("")}
    made = Scopes(network, by_path[""], {})
    for layer in network.layers:
        scope = _scope(layer.block, network, by_path)
        items = scope.items
        if items and not items[-1].inside and layer.unit == items[-1].layers[0].name != layer.name:
            items[-1].layers.append(layer)
        elif layer.inputs:
            items.append(Item(layer.name, scope, [layer]))
    for path, block in network.blocks.items():
        if path not in by_path and block.name == "shortcut" and block.parent in by_path:
            by_path[block.parent].vanished.append(path)
    for scope in by_path.values():
        scope.items = _with_splits(scope.items, network)
        for item in scope.items:
            made.maker.update((layer.name, item) for layer in item.layers)
    for scope in reversed(by_path.values()):  # blocks come behind those around them
        scope.on_shortcut = bool(scope.path) and all(item.on_shortcut for item in scope.items)
    _cross(network, by_path)
    _project(by_path.values())
    return made


def _project(scopes: Collection[Scope]) -> None:
    """Notes where shortcuts that needed no layer may be: where there are skips of sums, on one of these, and where
    other uses of the block have shortcuts with layers on enough others of them, on those."""
    own: dict[str, set[int]] = {}
    led: dict[str, set[int]] = {}
    for scope in scopes:
        shortcuts = {item.output for item in scope.items if item.inside and item.inside.block == "shortcut"}
        if shortcuts:
            own[scope.path] = {
                n for n, join in enumerate(scope.sums) if any(join.inputs[index] in shortcuts for index in join.skips)
            }
            led.setdefault(scope.block, set()).update(own[scope.path])
    for scope in scopes:
        if scope.vanished and (joins := scope.sums):
            numbers = led.get(scope.block, set()) - own.get(scope.path, set())
            is_any = len(numbers) < len(scope.vanished)
            scope.projected = frozenset(join.name for n, join in enumerate(joins) if is_any or n in numbers)


def _scope(path: str, network: Network, by_path: dict[str, Scope]) -> Scope:
    if path not in by_path:
        block = network.blocks[path]
        outer = _scope(block.parent, network, by_path)
        by_path[path] = scope = Scope(path, block.name, outer)
        scope.use = Item(path, outer, [], scope)
        outer.items.append(scope.use)
    return by_path[path]


def _with_splits(items: list[Item], network: Network) -> list[Item]:
    """Labelled slices of one tensor, one after the other and equal, are a split."""
    found: list[Item] = []
    at = 0
    while at < len(items):
        count = _parts(items, at, network)
        if count > 1:
            layers = [item.layers[0] for item in items[at : at + count]]
            found.append(Item(items[at].name, items[at].scope, layers, is_split=True))
        else:
            found.append(items[at])
        at += count
    return found


def _parts(items: list[Item], at: int, network: Network) -> int:
    """How many items from *at* on are the parts of a split; 1 when they are none."""
    if items[at].inside:
        return 1
    first = items[at].layers[0]
    kind = first.kind
    if not isinstance(kind, Slice) or items[at].local.startswith("slice"):
        return 1
    count, rest = divmod(int(str(network[first.inputs[0]].output.channels)), kind.stop)
    same = [item.layers[0] for item in items[at : at + count] if item.layers]
    wanted = [Slice(start=part * kind.stop, stop=(part + 1) * kind.stop) for part in range(count)]
    about = {(layer.inputs, layer.on_shortcut, layer.annotations) for layer in same}
    return count if not rest and [layer.kind for layer in same] == wanted and len(about) == 1 else 1


def _cross(network: Network, by_path: dict[str, Scope]) -> None:
    """Which tensors go into each block, and which one comes out."""
    place = {layer.name: (number, by_path[layer.block]) for number, layer in enumerate(network.layers)}
    leaving: dict[str, int] = {}

    def leave(tensor: str, used_in: Scope) -> None:
        number, at = place[tensor]
        while at.parent is not None and not at.holds(used_in.path):
            leaving[at.path] = max(leaving.get(at.path, 0), number)
            at = at.parent

    for layer in network.layers:
        for tensor in layer.inputs:
            user: Scope | None = by_path[layer.block]
            leave(tensor, by_path[layer.block])
            while user is not None and not user.holds(network[tensor].block):
                user.given.setdefault(tensor)
                user = user.parent
    for output in network.outputs:
        leave(output.layer, by_path[""])
    for path, scope in by_path.items():
        if path in leaving:
            scope.result = network.layers[leaving[path]].name
        elif path:
            scope.result = _last(scope).name


def _last(scope: Scope) -> Layer:
    last = scope.items[-1]
    return _last(last.inside) if last.inside else last.layers[-1]


def in_order(uses: Sequence[Scope]) -> list[list[Scope]]:
    """Uses of blocks by their block, those that are used in others first, else in the order of *uses*. Where blocks of
    one name lie in one another, those with as much inside are one block."""
    found = sorted_by(uses, {scope: scope.block for scope in uses})
    if found is None:
        depths: dict[Scope, int] = {}
        for scope in reversed(uses):
            depths.setdefault(scope, 0)
        for scope in sorted(uses, key=lambda each: each.path.count("."), reverse=True):
            if scope.parent in depths:
                depths[scope.parent] = max(depths[scope.parent], depths[scope] + 1)
        found = sorted_by(uses, {scope: (scope.block, depths[scope]) for scope in uses})
        assert found is not None
    return found


def sorted_by(uses: Sequence[Scope], keys: Mapping[Scope, Hashable]) -> list[list[Scope]] | None:
    """*uses* with equal *keys* together, those inside of others first; None where there is no such order."""
    alike: dict[Hashable, list[Scope]] = {}
    inner: dict[Hashable, dict[Hashable, None]] = {}
    for scope in uses:
        alike.setdefault(keys[scope], []).append(scope)
        if scope.parent is not None and scope.parent in keys:
            inner.setdefault(keys[scope.parent], {}).setdefault(keys[scope])
    done: dict[Hashable, None] = {}
    for key in alike:
        waiting = [key]
        while waiting:
            missing = [each for each in inner.get(waiting[-1], ()) if each not in done]
            if not missing:
                done.setdefault(waiting.pop())
            elif missing[0] in waiting:
                return None
            else:
                waiting.append(missing[0])
    return [alike[key] for key in done]
