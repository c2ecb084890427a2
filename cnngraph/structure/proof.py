"""Whether two networks are the same, whatever their layers are called and in which order they stand.

Both are walked from their outputs back, side by side: what is met at one place in one has to be what is met there in
the other. Inputs have an order, so that no search is needed, and the walk is linear.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cnngraph.layers.kind import Kind
from cnngraph.network import Layer, Network
from cnngraph.structure.paddings import explicit
from cnngraph.volume import Volume


def differences(one: Network, other: Network) -> list[str]:
    """What is not the same in the two, a line on each thing; nothing when they are one network.

    The same are inputs and outputs in their order, and for every layer its kind with all arguments, what flows in, in
    order, what it makes, what is said of it, and the layers that it shares weights with. A padding is what it comes to:
    `same` is a padding of 1 for windows of 3 x 3. Names are no part of it, nor blocks, nor what is drawn as a skip.
    """
    return list(_Walk(one, other).found())


def matching(one: Network, other: Network) -> dict[str, str] | None:
    """For each layer of *one* the layer of *other* that is the same; None where the two differ."""
    walk = _Walk(one, other)
    return None if any(walk.found()) else walk.image


def loose(network: Network) -> Network:
    """*network* without blocks and skips, which are no part of what it does."""
    layers = tuple(replace(layer, block="", skips=(), on_shortcut=False) for layer in network.layers)
    return replace(network, layers=layers, blocks={})


class _Walk:
    def __init__(self, one: Network, other: Network) -> None:
        self.one = one
        self.other = other
        self.image: dict[str, str] = {}
        """For each layer of the one that was met its place in the other."""
        self.origin: dict[str, str] = {}
        self.kinds: dict[tuple[Kind, Volume], Kind] = {}

    def found(self) -> Iterator[str]:
        one, other = self.one, self.other
        for what, here, there in (
            ("layers", len(one), len(other)),
            ("inputs", len(one.inputs), len(other.inputs)),
            ("outputs", len(one.outputs), len(other.outputs)),
        ):
            if here != there:
                yield f"{here:,} {what} here, {there:,} there"
        ends = [(each.name, its.name) for each, its in zip(one.inputs, other.inputs, strict=False)]
        ends += [(each.layer, its.layer) for each, its in zip(one.outputs, other.outputs, strict=False)]
        yield from self.walk(ends)
        yield from self.walk(list(self.dead_ends()))
        if len(self.image) < min(len(one), len(other)):
            yield f"of {len(one):,} layers {len(one) - len(self.image):,} have none that is the same"
        for ours, theirs in self.image.items():
            owners = (one[ours].shares or ours), (other[theirs].shares or theirs)
            if self.image.get(owners[0]) != owners[1] and not self.share_alike(*owners):
                yield f"`{ours}` and `{theirs}` share their weights with others"

    def dead_ends(self) -> Iterator[tuple[str, str]]:
        """What leads to no output has no order: the ends of it that are made alike of what was met so far."""
        numbers: dict[object, int] = {}
        ours: dict[str, object] = {name: ("met", there) for name, there in self.image.items()}
        theirs: dict[str, object] = {name: ("met", name) for name in self.origin}
        for network, made in ((self.one, ours), (self.other, theirs)):
            for layer in network.layers:
                if layer.name not in made:
                    key = self.explicit(layer), tuple([made[name] for name in layer.inputs])
                    made[layer.name] = numbers.setdefault(key, len(numbers))
        waiting: dict[object, list[str]] = {}
        for name in reversed(_ends(self.other)):
            waiting.setdefault(theirs[name], []).append(name)
        for name in _ends(self.one):
            if name not in self.image and waiting.get(ours[name]):
                yield name, waiting[ours[name]].pop()

    def explicit(self, layer: Layer) -> Kind:
        """Its kind, equal for kinds that do the same."""
        if not layer.inputs:
            return layer.kind
        key = layer.kind, layer.input_volumes[0]
        if key not in self.kinds:
            self.kinds[key] = explicit(*key)
        return self.kinds[key]

    def share_alike(self, here: str, there: str) -> bool:
        """Whether those that use the weights of the layer *here* are those that use the weights of *there*: which of
        them comes first is no difference."""
        ours = {here, *self.one.shared.get(here, ())}
        return {self.image.get(name) for name in ours} == {there, *self.other.shared.get(there, ())}

    def walk(self, ends: list[tuple[str, str]]) -> Iterator[str]:
        waiting = ends[::-1]
        while waiting:
            here, there = waiting.pop()
            if here in self.image or there in self.origin:
                if self.image.get(here) != there:
                    yield f"`{here}` stands where `{self.origin.get(there, there)}` does"
                continue
            self.image[here], self.origin[there] = there, here
            one, other = self.one[here], self.other[there]
            if why := self.unlike(one, other):
                yield f"`{here}` is not `{there}`: {why}"
            waiting += list(zip(one.inputs, other.inputs, strict=False))[::-1]

    def unlike(self, one: Layer, other: Layer) -> str:
        if self.explicit(one) != self.explicit(other):
            return _unlike(one.kind, other.kind)
        if one.output != other.output:
            return f"it makes {one.output}, not {other.output}"
        if len(one.inputs) != len(other.inputs):
            return f"it takes {len(one.inputs)} tensors, not {len(other.inputs)}"
        if _annotations(one) != _annotations(other):
            return "what is said of it differs"
        return ""


def _ends(network: Network) -> list[str]:
    """The layers that nothing takes and that are not given back, in order."""
    taken = {name for layer in network.layers for name in layer.inputs}
    return [layer.name for layer in network.layers if layer.inputs and layer.name not in taken]


def _annotations(layer: Layer) -> list[object]:
    return [(each.name, each.arguments, each.named) for each in layer.annotations]


def _unlike(one: Kind, other: Kind) -> str:
    """What of the two is not the same, both as they are written."""
    if type(one) is not type(other):
        return f"{one.caption().name}, {other.caption().name}"
    values = ((each.field, getattr(one, each.field), getattr(other, each.field)) for each in one.arguments())
    return ", ".join(f"{field} {here}, not {there}" for field, here, there in values if here != there)
