"""A network as the bodies of classes: what the file and each use of a block are made of, in the order they run.

A `Body` has `Member`s: steps and uses of blocks, with the tensors they take and make by their names in the network.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cnngraph.code.solving import Unsuited
from cnngraph.layers.code import Code
from cnngraph.network import Layer, Network
from cnngraph.spec.writing.scopes import Item, Scope, scopes
from cnngraph.volume import Volume


@dataclass(frozen=True, slots=True)
class Step:
    """A layer and those said in one breath with it."""

    layers: tuple[Layer, ...]
    codes: tuple[Code, ...]

    @property
    def lead(self) -> Layer:
        return self.layers[0]

    @property
    def code(self) -> Code:
        return self.codes[0]

    @property
    def is_plain(self) -> bool:
        """Whether it is one module of PyTorch's, or one function."""
        return len(self.codes) == 1 and self.code.before is None and self.code.after is None

    @property
    def is_activated(self) -> bool:
        """Whether it is a module, and a function of what that makes."""
        last, is_two = self.codes[-1], len(self.codes) == 2
        return (
            is_two and self.code.before is None and self.code.after is None and last.function != "" and not last.options
        )


@dataclass(eq=False, slots=True)
class Member:
    """A step or a use of a block in a body."""

    local: str
    """Its name in the body."""
    does: Step | Body
    inputs: list[str]
    outputs: list[str]
    shares: str = ""
    """The module that it is once more, from the body on: ``left.conv1``; empty for one of its own."""
    is_used: bool = True
    """Whether anything that leaves the body comes of it."""


@dataclass(eq=False, slots=True)
class Body:
    """What the file or one use of a block is made of."""

    path: str
    block: str
    scope: Scope
    arguments: dict[str, object]
    """What the spec's author gave it, by name."""
    inputs: list[str] = field(default_factory=list)
    volumes: list[Volume] = field(default_factory=list)
    """Of the inputs."""
    outputs: list[str] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)

    @property
    def is_chain(self) -> bool:
        """Whether each member takes what the one before made, and all are modules of their own."""
        if len(self.inputs) != 1 or len(self.outputs) != 1:
            return False
        at = self.inputs[0]
        for member in self.members:
            is_module = isinstance(member.does, Body) or member.does.code.module
            if member.inputs != [at] or len(member.outputs) != 1 or member.shares or not is_module:
                return False
            at = member.outputs[0]
        return at == self.outputs[0]


def body(network: Network, codes: Mapping[str, Code]) -> Body:
    """The body of the whole of *network*, those of its blocks in it; *codes* are what its layers are in the library
    that code is written for. Raises `Unsuited`."""
    return _Bodies(network, codes).whole()


class _Bodies:
    def __init__(self, network: Network, codes: Mapping[str, Code]) -> None:
        self.network = network
        self.codes = codes
        self.scopes = scopes(network)
        self.place = {layer.name: number for number, layer in enumerate(network.layers)}
        self.taken: dict[str, list[Layer]] = {layer.name: [] for layer in network.layers}
        for layer in network.layers:
            for name in layer.inputs:
                self.taken[name].append(layer)
        self.given_back = {output.layer for output in network.outputs}
        self.members: dict[str, tuple[Body, Member]] = {}
        """The step that has each layer, and the body around it."""

    def whole(self) -> Body:
        top = self._body(self.scopes.top)
        top.inputs = [layer.name for layer in self.network.inputs]
        top.volumes = [layer.output for layer in self.network.inputs]
        top.outputs = list(dict.fromkeys(output.layer for output in self.network.outputs))
        waiting = [top]
        while waiting:
            each = waiting.pop()
            self._tie(each)
            waiting += [member.does for member in each.members if isinstance(member.does, Body) and not member.shares]
        waiting = [top]
        while waiting:
            each = waiting.pop()
            waiting += [member.does for member in each.members if isinstance(member.does, Body)]
            each.members = _in_order(each)
            _mark_used(each)
        return top

    def _body(self, scope: Scope) -> Body:
        block = self.network.blocks.get(scope.path)
        made = Body(scope.path, scope.block, scope, dict(block.arguments) if block else {})
        made.inputs = list(scope.given)
        made.volumes = [self.network[name].output for name in made.inputs]
        for item in scope.items:
            for member in self._item(item):
                made.members.append(member)
                if isinstance(member.does, Step):
                    for layer in member.does.layers:
                        self.members[layer.name] = (made, member)
        self._vanished(scope, made)
        if scope.path:
            made.outputs = self._leaving(scope, made)
        return made

    def _item(self, item: Item) -> Iterator[Member]:
        if item.inside:
            inner = self._body(item.inside)
            yield Member(item.local, inner, list(inner.inputs), list(inner.outputs))
        elif item.is_split:
            for layer in item.layers:
                local = layer.name.removeprefix(f"{item.scope.path}.") if item.scope.path else layer.name
                yield Member(local, self._step([layer]), list(layer.inputs), [layer.name])
        else:
            for layer in item.layers[:-1]:
                if len(self.taken[layer.name]) > 1 or layer.name in self.given_back:
                    raise Unsuited(f"`{layer.name}` is taken out of the middle of its step")
            yield Member(item.local, self._step(item.layers), list(item.layers[0].inputs), [item.layers[-1].name])

    def _step(self, layers: Sequence[Layer]) -> Step:
        made = Step(tuple(layers), tuple(self.codes[layer.name] for layer in layers))
        if not made.is_plain and not all(code.module for code in made.codes):
            raise Unsuited(f"`{made.lead.name}` is no module, and something is said in one breath with it")
        return made

    def _leaving(self, scope: Scope, made: Body) -> list[str]:
        """The tensors that others take of a block: first what flows on from it."""
        inside = [each for member in made.members for each in member.outputs]
        found = [
            name
            for name in inside
            if name in self.place
            and (name in self.given_back or any(not scope.holds(taker.block) for taker in self.taken[name]))
        ]
        return [scope.result, *(name for name in found if name != scope.result)]

    def _vanished(self, scope: Scope, made: Body) -> None:
        """A shortcut that needed no layer is there all the same, as one that has none: its block says when it has."""
        waiting = list(scope.vanished)
        for member in list(made.members):
            if not waiting or not isinstance(member.does, Step) or len(member.inputs) < 2:
                continue
            for index in member.does.lead.skips:
                source = member.inputs[index]
                if not waiting or self.network[source].on_shortcut or not scope.has_shortcut(member.does.lead):
                    continue
                path = waiting.pop(0)
                block = self.network.blocks[path]
                empty = Scope(path, block.name, scope)
                inner = Body(path, block.name, empty, dict(block.arguments), [source], [self.network[source].output])
                inner.outputs = [source]
                local = path.removeprefix(f"{scope.path}.") if scope.path else path
                member.inputs[index] = f"{path} "  # no layer is called so
                made.members.insert(made.members.index(member), Member(local, inner, [source], [f"{path} "]))

    # Weights used again ----------------------------------------------------------------------

    def _tie(self, each: Body) -> None:
        """Which members are others once more."""
        for member in each.members:
            firsts = {layer.shares for layer in _layers(member) if layer.shares}
            if not firsts:
                continue
            member.shares = self._same(member, each)

    def _same(self, member: Member, around: Body) -> str:
        """The module that *member* is once more, from *around* on. Raises `Unsuited`."""
        if isinstance(member.does, Step):
            first = self.members[next(layer.shares for layer in member.does.layers if layer.shares)][1]
            assert isinstance(first.does, Step)
            if [layer.kind for layer in first.does.layers] != [layer.kind for layer in member.does.layers]:
                raise Unsuited(f"`{member.does.lead.name}` shares the weights of another step")
            return _from(around, first.does.lead.name)
        own = _layers(member)
        lead = next(layer for layer in own if layer.shares)
        local = lead.name.removeprefix(f"{member.does.path}.")
        path = lead.shares.removesuffix(f".{local}")
        theirs = [f"{path}.{layer.name.removeprefix(f'{member.does.path}.')}" for layer in own]
        for layer, name in zip(own, theirs, strict=True):
            there = self.network.by_name.get(name)
            has_weights = layer.shares or layer.parameters
            if there is None or there.kind != layer.kind or (has_weights and layer.shares != name):
                raise Unsuited(f"`{member.does.path}` shares weights with several others")
        return _from(around, path)


def _from(around: Body, path: str) -> str:
    if around.path and not path.startswith(f"{around.path}."):
        raise Unsuited(f"a block around `{path}` shares its weights")
    return path.removeprefix(f"{around.path}.") if around.path else path


def _layers(member: Member) -> list[Layer]:
    if isinstance(member.does, Step):
        return list(member.does.layers)
    return [layer for each in member.does.members for layer in _layers(each)]


def _in_order(each: Body) -> list[Member]:
    """The members so that each stands behind those that it takes tensors of, else as they are. Raises `Unsuited`."""
    maker = {name: number for number, member in enumerate(each.members) for name in member.outputs}
    number_of = {member.local: number for number, member in enumerate(each.members)}
    after: dict[int, list[int]] = {}
    missing = {}
    for number, member in enumerate(each.members):
        before = {maker[name] for name in member.inputs if name in maker}
        if member.shares:
            before.add(number_of[member.shares.partition(".")[0]])
        before.discard(number)
        missing[number] = len(before)
        for other in before:
            after.setdefault(other, []).append(number)
    ready = [number for number, count in missing.items() if not count]
    found = []
    while ready:
        number = heapq.heappop(ready)
        found.append(each.members[number])
        for other in after.get(number, ()):
            missing[other] -= 1
            if not missing[other]:
                heapq.heappush(ready, other)
    if len(found) < len(each.members):
        around = f"in `{each.path}`" if each.path else "of the network"
        raise Unsuited(f"a block {around} runs in pieces, with something else in between")
    return found


def _mark_used(each: Body) -> None:
    needed = set(each.outputs)
    for member in reversed(each.members):
        member.is_used = any(name in needed for name in member.outputs)
        if member.is_used:
            needed.update(member.inputs)
