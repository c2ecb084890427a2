"""What differs between two units that are taken for one: in words, each thing by itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from cnngraph.comparison.side import Side
from cnngraph.layers.kind import Kind
from cnngraph.layers.values import Padding
from cnngraph.network import LABEL, LINE, NOTE, Annotation, Layer, Network
from cnngraph.spec.writing.annotated import in_words
from cnngraph.structure.paddings import explicit
from cnngraph.units import Unit
from cnngraph.volume import Volume

NONE = "none"
"""What is on the side that has no such thing."""
INPUTS, WEIGHTS, FOLLOWERS, VOLUME, TAKES = "inputs", "weights of", "followed by", "volume", "takes"
"""Fields that are no argument of a kind."""
_WORDING = frozenset({LABEL, NOTE, LINE})
"""Annotations that are for readers only."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is another."""

    field: str
    """An argument (``channels``, ``BN eps``), ``@freeze``, ``followed by``, ``inputs``, ``weights of``; of a unit that
    follows ``volume``, what it makes, or where that is the same ``takes``."""
    a: str
    b: str

    @property
    def is_of_argument(self) -> bool:
        """Whether the graph is the same with it."""
        return self.field not in (INPUTS, WEIGHTS, FOLLOWERS)

    def __str__(self) -> str:
        return f"{self.field} {self.a} → {self.b}"


def layer_pairs(one: Unit, other: Unit) -> list[tuple[Layer, Layer]]:
    """The layers of two units that are each other's: their leads, and behind these those of one kind, in order."""
    pairs = [(one.lead, other.lead)]
    left = list(other.layers[1:])
    for layer in one.layers[1:]:
        same = next((at for at, each in enumerate(left) if type(each.kind) is type(layer.kind)), None)
        if same is not None:
            pairs.append((layer, left[same]))
            left = left[same + 1 :]
    return pairs


def argument_changes(one: Unit, other: Unit) -> list[Change]:
    """What was changed in the two themselves, whatever flows in."""
    found: list[Change] = []
    pairs = layer_pairs(one, other)
    for a, b in pairs:
        about = "" if a is one.lead else f"{a.kind.caption().short} "
        volumes = (a.input_volumes[:1], b.input_volumes[:1])
        found += [Change(about + change.field, change.a, change.b) for change in _of_kinds(a.kind, b.kind, *volumes)]
        found += [Change(about + change.field, change.a, change.b) for change in _said(a.annotations, b.annotations)]
    if not len(pairs) == len(one.layers) == len(other.layers):
        found.append(Change(FOLLOWERS, _followers(one), _followers(other)))
    return found


def _followers(unit: Unit) -> str:
    return ", ".join(layer.kind.caption().short for layer in unit.layers[1:]) or NONE


@lru_cache(maxsize=4096)
def _of_kinds(one: Kind, other: Kind, mine: tuple[Volume, ...], theirs: tuple[Volume, ...]) -> tuple[Change, ...]:
    """The arguments of two kinds of one class, on what flows in, that differ. Paddings are what they come to."""
    if one == other or _explicit(one, mine) == _explicit(other, theirs):
        return ()
    one, other = one.settled(), other.settled()
    found = []
    keywords = {argument.field: argument.keyword for argument in one.arguments()}
    for field in dataclasses.fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if a == b:
            continue
        if getattr(_explicit(one, mine), field.name) == getattr(_explicit(other, theirs), field.name):
            continue
        keyword = keywords.get(field.name, "")
        found.append(Change(keyword if len(keyword) > 1 else field.name, _value(a), _value(b)))
    return tuple(found)


def _explicit(kind: Kind, volumes: tuple[Volume, ...]) -> Kind:
    return explicit(kind, volumes[0]) if volumes else kind


def _value(value: object) -> str:
    match value:
        case None:
            return "unsaid"
        case bool():
            return "yes" if value else "no"
        case Padding():
            return value.caption.removeprefix("p = ") or NONE
        case Volume():
            return value.caption
        case tuple():
            return "×".join(map(str, value))
    return str(value)


def _said(one: Sequence[Annotation], other: Sequence[Annotation]) -> Iterator[Change]:
    """The annotations that differ."""
    mine, theirs = _by_name(one), _by_name(other)
    for name in dict.fromkeys([*mine, *theirs]):
        a, b = mine.get(name, NONE), theirs.get(name, NONE)
        if a != b:
            yield Change(f"@{name}", a, b)
    if [*mine.values()] != [*theirs.values()] and mine == theirs:
        yield Change("annotations", " ".join(mine.values()), " ".join(theirs.values()))


def unworded(network: Network) -> Network:
    """*network* without the labels and notes of its layers."""
    if not any(each.name in _WORDING for layer in network for each in layer.annotations):
        return network
    layers = [
        replace(layer, annotations=tuple([each for each in layer.annotations if each.name not in _WORDING]))
        for layer in network.layers
    ]
    return replace(network, layers=tuple(layers))


def wording_changes(one: Layer, other: Layer) -> list[Change]:
    """The labels and notes that differ."""
    mine, theirs = ([each for each in layer.annotations if each.name in _WORDING] for layer in (one, other))
    return list(_said(sorted(mine, key=_name), sorted(theirs, key=_name)))


def _name(annotation: Annotation) -> str:
    return annotation.name


def _by_name(annotations: Sequence[Annotation]) -> dict[str, str]:
    found: dict[str, list[Annotation]] = {}
    for each in annotations:
        found.setdefault(each.name, []).append(each)
    return {name: in_words(several).removeprefix(f"@{name}") or "yes" for name, several in found.items()}


# In the graph --------------------------------------------------------------------------------


class Wiring:
    """Who takes what in two networks whose units are aligned. What was put in or taken out on the way to a tensor is a
    change of its own, and none of who takes it."""

    def __init__(self, one: Side, other: Side, pairs: Mapping[int, int]) -> None:
        self.one, self.other = one, other
        self.pairs = pairs
        self.back = {b: a for a, b in pairs.items()}
        self.layers = {
            a.name: b.name for at, to in pairs.items() for a, b in layer_pairs(one.units[at], other.units[to])
        }
        """By layers of the one network those of the other."""
        self._ways: dict[tuple[bool, int], frozenset[int]] = {}

    def of_units(self, a: int, b: int) -> list[Change]:
        """What the two of a pair take that is not the same, and whose weights they use."""
        found = []
        mine, theirs = self.one.inputs[a], self.other.inputs[b]
        if not self.alike(mine, theirs):
            found.append(Change(INPUTS, _names(self.one, mine), _names(self.other, theirs)))
        for one, other in layer_pairs(self.one.units[a], self.other.units[b]):
            if (one.shares or other.shares) and self._sharing(one, other):
                found.append(Change(WEIGHTS, one.shares or "its own", other.shares or "its own"))
        return found

    def of_networks(self) -> list[Change]:
        """The outputs and the order of inputs that differ."""
        found = []
        one, other = self.one, self.other
        if not self.alike(one.outputs, other.outputs):
            found.append(Change("outputs", _names(one, one.outputs), _names(other, other.outputs)))
        mine = [self.layers[layer.name] for layer in one.network.inputs if layer.name in self.layers]
        known = set(mine)
        theirs = [layer.name for layer in other.network.inputs if layer.name in known]
        if mine != theirs:
            found.append(Change("order of the inputs", ", ".join(mine), ", ".join(theirs)))
        return found

    def alike(self, mine: Sequence[int], theirs: Sequence[int]) -> bool:
        """Whether the tensors are the same, but for units that are in one of the networks only."""
        i = j = 0
        while i < len(mine) or j < len(theirs):
            if i < len(mine) and j < len(theirs) and self._meet(mine[i], theirs[j]):
                i, j = i + 1, j + 1
            elif j < len(theirs) and theirs[j] not in self.back:
                j += 1
            elif i < len(mine) and mine[i] not in self.pairs:
                i += 1
            else:
                return False
        return True

    def _meet(self, mine: int, theirs: int) -> bool:
        if mine in self.pairs and theirs in self.back:
            return self.pairs[mine] == theirs
        from_mine = {self.pairs[unit] for unit in self._way(True, mine)}
        return not from_mine.isdisjoint(self._way(False, theirs))

    def _way(self, is_one: bool, unit: int) -> frozenset[int]:
        """The nearest units with a partner that the tensor of *unit* comes from; itself if it has one."""
        side, partners = (self.one, self.pairs) if is_one else (self.other, self.back)
        found: set[int] = set()
        met = {unit}
        waiting = [unit]
        if (is_one, unit) not in self._ways:
            while waiting:
                at = waiting.pop()
                if at in partners:
                    found.add(at)
                    continue
                new = [source for source in side.inputs[at] if source not in met]
                met.update(new)
                waiting += new
            self._ways[is_one, unit] = frozenset(found)
        return self._ways[is_one, unit]

    def _sharing(self, one: Layer, other: Layer) -> bool:
        """Whether the two use weights together with others, as far as these have partners."""
        mine, theirs = _together(self.one.network, one), _together(self.other.network, other)
        partners = set(self.layers.values())
        return {self.layers[name] for name in mine if name in self.layers} != theirs & partners


def _together(network: Network, layer: Layer) -> set[str]:
    owner = layer.shares or layer.name
    return {owner, *network.shared.get(owner, ())}


def _names(side: Side, numbers: Sequence[int]) -> str:
    return ", ".join(side.units[number].name for number in numbers) or NONE
