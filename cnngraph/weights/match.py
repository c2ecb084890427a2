"""Which tensor of a file is which weight of a network: by name, by the user's names for it, by order and shape.

A layer's weights go together: what has to agree are the shapes of all of them, `Signature`. Sizes of one do not
count, so that PyTorch's 64x1x1 scale is the network's 64, and a fully connected layer a 1x1 convolution.

Weights that several layers of the network use are expected once, under the first one's name. A file may have them for
every use, as PyTorch's state dicts have modules that are tied: all are then to be equal.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from cnngraph.diagnostics import CnngraphError
from cnngraph.network import Layer, Network
from cnngraph.volume import product
from cnngraph.weights.arrange import arrange
from cnngraph.weights.readers.entry import FLOATS, Entry, natural

_COUNTER = "num_batches_tracked"
"""Kept by PyTorch's batch normalization for training; nothing at inference."""

_ROLES = {"weight": 0, "bias": 1, "running_mean": 2, "running_var": 3}
"""The order within a layer; files that are sorted by name have the bias first."""

MAX_EXAMPLES = 5

How = Literal["name", "rename", "order"]


@dataclass(frozen=True, slots=True)
class Match:
    """Which tensor of a file a weight is, and how that was found."""

    weight: str
    """Its key in the network: ``conv1.weight``."""
    entry: Entry
    how: How


@dataclass(frozen=True, slots=True)
class Matching:
    """All matches of a file and a network, and what is doubtful about them."""

    matches: tuple[Match, ...]
    """One for every weight of the network, in the network's order."""
    remarks: tuple[str, ...] = ()
    """What order and shape cannot tell, in words."""


Signature = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class _Layer:
    name: str
    weights: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    filed: str
    """The name that says where it stands among others."""

    @property
    def signature(self) -> Signature:
        return tuple(map(_squeezed, self.shapes))

    def __str__(self) -> str:
        own = (name.rpartition(".")[2] for name in self.weights)
        return f"{self.name or '(no layer)'}: " + ", ".join(
            f"{name} {shown(shape)}" for name, shape in zip(own, self.shapes, strict=True)
        )


def expected(network: Network, only: Collection[str] | None = None) -> dict[str, tuple[int, ...]]:
    """Shape of every weight of *network*, or of the layers called *only*, by its key."""
    return {
        f"{layer.name}.{name}": parameter.shape
        for layer in network.layers
        if only is None or layer.name in only
        for name, parameter in layer.parameters.items()
    }


def match(
    entries: Iterable[Entry],
    network: Network,
    renames: Mapping[str, str],
    file: str,
    *,
    only: Collection[str] | None = None,
    spare: int = 0,
) -> Matching:
    """A tensor for every weight of *network*, or of the layers called *only*, and none left over, but for those of as
    many layers as *spare* says.

    *renames* gives tensors, or all below a dotted prefix, other names; an empty one leaves them out. Raises
    `CnngraphError` with everything that is missing, unexpected or of another shape (E0704), or when only an order could
    tell what is what, and there is none (E0707).
    """
    wanted = expected(network, only)
    counted = [entry for entry in entries if not entry.name.endswith(_COUNTER)]
    if spare:
        counted = [entry for entry in counted if entry.name in wanted or entry.name not in expected(network)]
    counted, renames = _unwrapped(counted, renames, wanted)
    fewer = _without_made_up(counted)
    if len(fewer) < len(counted):
        # A layer of the network may do without them, too.
        try:
            return _match(counted, network, renames, file, wanted, spare)
        except CnngraphError as error:
            try:
                return _match(fewer, network, renames, file, wanted, spare)
            except CnngraphError:
                raise error from None
    return _match(counted, network, renames, file, wanted, spare)


_WRAPPERS = ("module.", "_orig_mod.")
"""What PyTorch puts before every name of a network that is trained on several processors, or compiled."""


def _unwrapped(
    entries: list[Entry], renames: Mapping[str, str], wanted: Collection[str]
) -> tuple[list[Entry], Mapping[str, str]]:
    """*entries* under the names that they had before PyTorch wrapped the network, or Keras took them; *renames* by
    these."""
    # In Keras, where a name has no dot, generated code has a - for each.
    dotted = {entry.name: entry.name.replace("-", ".") for entry in entries if "-" in entry.name}
    entries = [
        replace(entry, name=dotted[entry.name]) if dotted.get(entry.name) in wanted else entry for entry in entries
    ]
    while entries:
        prefix = next((each for each in _WRAPPERS if all(entry.name.startswith(each) for entry in entries)), "")
        if not prefix or any(name.startswith(prefix) for name in wanted):
            break
        entries = [replace(entry, name=entry.name.removeprefix(prefix)) for entry in entries]
        renames = {old.removeprefix(prefix): new for old, new in renames.items()}
    return entries, renames


def _without_made_up(entries: Sequence[Entry]) -> list[Entry]:
    """*entries* without the γ and β of layers that have neither."""
    made_up = Counter(entry.name.rpartition(".")[0] for entry in entries if entry.made_up)
    return [each for each in entries if not each.made_up or made_up[each.name.rpartition(".")[0]] < 2]


def _match(
    counted: list[Entry],
    network: Network,
    renames: Mapping[str, str],
    file: str,
    wanted: dict[str, tuple[int, ...]],
    spare: int,
) -> Matching:
    renamed = _renamed(counted, renames, file)
    firsts = _firsts(network, wanted)
    if not firsts:
        return _matched(counted, network, renamed, file, wanted, spare)
    once, also = _once(counted, renamed, firsts)
    try:
        matching = _matched(once, network, renamed, file, wanted, spare)
    except CnngraphError as error:
        place = {layer.name: number for number, layer in enumerate(network.layers)}
        shapes = [*wanted.items(), *((name, wanted[first]) for name, first in firsts.items())]
        every = dict(sorted(shapes, key=lambda each: place[each[0].rpartition(".")[0]]))
        try:
            matching = _matched(counted, network, renamed, file, every, spare)
        except CnngraphError:
            raise error from None
        also = [(firsts[each.weight], each.entry) for each in matching.matches if each.weight in firsts]
        matching = replace(matching, matches=tuple(each for each in matching.matches if each.weight in wanted))
    _need_equal(matching, also, network, file)
    return matching


def _firsts(network: Network, wanted: Collection[str]) -> dict[str, str]:
    """The key of the weight that is used, by the key that it would have for each later use of it."""
    return {
        f"{name}.{weight.rpartition('.')[2]}": weight
        for weight in wanted
        for name in network.shared.get(weight.rpartition(".")[0], ())
    }


def _once(
    entries: Iterable[Entry], renamed: dict[str, str], firsts: Mapping[str, str]
) -> tuple[list[Entry], list[tuple[str, Entry]]]:
    """*entries* without those that are another's weight once more, and these with the key of that; of a weight that the
    file has under the name of a later use only, the first is *renamed*."""
    entries = list(entries)
    there = {renamed.get(entry.name, entry.name) for entry in entries}
    once: list[Entry] = []
    also: list[tuple[str, Entry]] = []
    for entry in entries:
        first = firsts.get(renamed.get(entry.name, entry.name))
        if first in there and first is not None:
            also.append((first, entry))
            continue
        if first is not None:
            renamed[entry.name] = first
            there.add(first)
        once.append(entry)
    return once, also


def _need_equal(matching: Matching, also: Iterable[tuple[str, Entry]], network: Network, file: str) -> None:
    """Raises `CnngraphError` (E0704) when a file that has a weight for several uses has other numbers for one."""
    import numpy as np

    by_weight = {each.weight: each.entry for each in matching.matches}
    for weight, entry in also:
        first = by_weight[weight]
        alike = _squeezed(first.shape) == _squeezed(entry.shape)
        if not alike or not np.array_equal(first.read().reshape(-1), entry.read().reshape(-1), equal_nan=True):
            raise CnngraphError.of(
                "E0704",
                f"the weights in {file} are not those of {network.name}",
                reason=f"`{first.name}` and `{entry.name}` are unlike, and the network uses {weight} for both",
                help=f"without `again` each has weights of its own; --rename {entry.name}= leaves the second out",
            )


def _matched(
    entries: Iterable[Entry],
    network: Network,
    renamed: Mapping[str, str],
    file: str,
    wanted: Mapping[str, tuple[int, ...]],
    spare: int,
) -> Matching:
    """A tensor for every one of *wanted*, weights by keys with their shapes, and no more than *spare* left over."""
    found: dict[str, Match] = {}
    rest: list[Entry] = []
    for entry in entries:
        name = renamed.get(entry.name, entry.name)
        if name in wanted and name not in found and _squeezed(entry.shape) == _squeezed(wanted[name]):
            found[name] = Match(name, entry, "rename" if entry.name in renamed else "name")
        elif name:
            rest.append(entry)
    there = _layers(((entry.name, entry.shape) for entry in rest), {entry.name: entry.filed for entry in rest})
    here = _layers((name, shape) for name, shape in wanted.items() if name not in found)
    pairs, lacking, left = _paired(here, there, _signature, _signature)
    if lacking and left:
        more, lacking, left = _paired(lacking, left, _as_matrix, _as_window)
        pairs += more
    if lacking or len(left) > spare:
        fit = len(found) + sum(len(layer.weights) for layer, _ in pairs)
        raise _unfit(network, file, lacking, left, f"{fit} of the network's {len(wanted)} weights were found", renamed)
    there = [layer for layer in there if layer not in left]
    alike = {other.name: own.signature for own, other in pairs}
    pairs, remarks = _in_order(here, there, [alike[layer.name] for layer in there], network, file)
    by_name = {entry.name: entry for entry in rest}
    for own, other in pairs:
        for weight, name in zip(own.weights, other.weights, strict=True):
            found[weight] = Match(weight, by_name[name], "order")
    _need_floats(found.values(), file)
    matches = tuple(found[name] for name in wanted)
    return Matching(matches, tuple(remarks))


def _renamed(entries: Sequence[Entry], renames: Mapping[str, str], file: str) -> dict[str, str]:
    """New names of the tensors that *renames* speaks of; the longest of several prefixes holds."""
    new: dict[str, str] = {}
    used = set()
    for entry in entries:
        parts = entry.name.split(".")
        for end in range(len(parts), 0, -1):
            old = ".".join(parts[:end])
            if old in renames:
                used.add(old)
                new[entry.name] = ".".join((renames[old], *parts[end:])) if renames[old] else ""
                break
    if unused := [old for old in renames if old not in used]:
        from difflib import get_close_matches

        prefixes = {
            ".".join(parts[:end]) for entry in entries for parts in [entry.name.split(".")] for end in range(1, 9)
        }
        near = get_close_matches(unused[0], sorted(prefixes), 1, 0.5)
        help = f"the nearest name is {near[0]}" if near else "names are whole, or end before a dot: features.0"
        raise CnngraphError.of("E0706", f"--rename {unused[0]}: there is no such name in {file}", help=help)
    return new


def _layers(weights: Iterable[tuple[str, tuple[int, ...]]], filed: Mapping[str, str] | None = None) -> list[_Layer]:
    """Weights of one layer together: those with the same name but for its last part, which says their order."""
    layers: dict[str, list[tuple[str, tuple[int, ...]]]] = {}
    for name, shape in weights:
        layers.setdefault(name.rpartition(".")[0], []).append((name, shape))
    for held in layers.values():
        held.sort(key=lambda weight: _ROLES.get(weight[0].rpartition(".")[2], len(_ROLES)))
    made = []
    for name, held in layers.items():
        names, shapes = zip(*held, strict=True)
        made.append(_Layer(name, names, shapes, ((filed or {}).get(names[0]) or names[0]).rpartition(".")[0]))
    return made


def _paired(
    here: Sequence[_Layer],
    there: Sequence[_Layer],
    key_here: Callable[[_Layer], Hashable],
    key_there: Callable[[_Layer], Hashable],
) -> tuple[list[tuple[_Layer, _Layer]], list[_Layer], list[_Layer]]:
    """The first layer of each key with the first, the second with the second; and what is left on both sides."""
    waiting: dict[Hashable, list[_Layer]] = {}
    for layer in reversed(there):
        waiting.setdefault(key_there(layer), []).append(layer)
    pairs, lacking = [], []
    for layer in here:
        others = waiting.get(key_here(layer))
        if others:
            pairs.append((layer, others.pop()))
        else:
            lacking.append(layer)
    left = {layer.name for others in waiting.values() for layer in others}
    return pairs, lacking, [layer for layer in there if layer.name in left]


def _signature(layer: _Layer) -> Hashable:
    return layer.signature


def _as_matrix(layer: _Layer) -> Hashable:
    """What a fully connected layer has in common with a convolution over its whole input; else nothing with any."""
    return layer.signature if len(layer.shapes[0]) == 2 else None


def _as_window(layer: _Layer) -> Hashable:
    """The signature that a convolution over its whole input has as a fully connected layer."""
    first, *rest = layer.shapes
    return ((first[0], product(first[1:])), *rest) if len(first) == 4 else layer.name


def _in_order(
    here: Sequence[_Layer], there: Sequence[_Layer], alike: Sequence[Signature], network: Network, file: str
) -> tuple[list[tuple[_Layer, _Layer]], list[str]]:
    """The network's layers with those of the file, *alike* in shapes, in the file's order or one that its names allow.

    With them, remarks on what could be otherwise. Raises `CnngraphError` (E0707) when the shapes come in the network's
    order in neither.
    """
    wanted = [layer.signature for layer in here]
    if wanted == list(alike):
        pairs = list(zip(here, there, strict=True))
        return pairs, [*_side_by_side(network, here), *_told_by_order(network, pairs)]
    found = arrange(wanted, [layer.filed for layer in there], alike)
    if found is not None:
        pairs = [(own, there[place]) for own, place in zip(here, found.places, strict=True)]
        if found.doubts:
            first, second = (there[place].name for place in found.doubts[0])
            return pairs, [
                f"`{first}` and `{second}` have the same shapes, and the file does not say which comes first"
                + (f", nor for {len(found.doubts) - 1} more pairs" if len(found.doubts) > 1 else "")
                + ": --rename makes it certain"
            ]
        return pairs, [*_side_by_side(network, here), *_told_by_order(network, pairs)]
    if len(set(wanted)) == len(wanted):
        by_signature = dict(zip(alike, there, strict=True))
        return [(layer, by_signature[layer.signature]) for layer in here], []
    twins = [signature for signature, count in Counter(wanted).items() if count > 1]
    examples = [
        f"{_listed([own.name for own in here if own.signature == twin])} could each be "
        f"{_listed([other.name for other, like in zip(there, alike, strict=True) if like == twin])}"
        for twin in twins[:MAX_EXAMPLES]
    ]
    raise CnngraphError.of(
        "E0707",
        f"the weights in {file} have the shapes of those of {network.name}, and come in another order",
        reason="\n".join(
            (*examples, *([f"and {len(twins) - MAX_EXAMPLES} more"] if len(twins) > MAX_EXAMPLES else []))
        ),
        help="say what is what: --rename FROM=TO, or a file of such lines",
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" or {len(names) - 3} more" if len(names) > 3 else "")


def _unfit(
    network: Network, file: str, lacking: list[_Layer], left: list[_Layer], fit: str, renamed: Mapping[str, str]
) -> CnngraphError:
    lines = []
    defaults: dict[str, None] = {}
    for own in list(lacking):
        other = next((layer for layer in left if _but_for_bias(own, layer)), None)
        if other is not None:
            here, there = (len(own.shapes), len(other.shapes))
            switch = "off" if here > there else "on"
            lines.append(f"{'no' if here > there else 'a'} bias in the file: {own}; in the file {other}")
            defaults[f"default {layer_of(network, own.name).kind.word} bias={switch}"] = None
            lacking.remove(own)
            left.remove(other)
    for own in list(lacking):
        found = [(layer, said) for layer in left if (said := _flag_for(network, own, layer))]
        if found:
            other, said = found[0]
            lines.append(f"other weights: {own}; in the file {other}")
            defaults[f"default {said}"] = None
            lacking.remove(own)
            left.remove(other)
    for own in list(lacking):
        other = next((layer for layer in left if _like(own, layer)), None)
        if other is not None:
            lines.append(f"other shapes: {own}; in the file {other}")
            lacking.remove(own)
            left.remove(other)
    lines += [f"missing: {layer}" for layer in lacking]
    defaults |= {f"default {said}": None for layer in lacking if (said := _flag_for(network, layer, None))}
    for layer in left:
        names = sorted({renamed[weight].rpartition(".")[0] for weight in layer.weights if weight in renamed})
        lines.append(f"unexpected: {layer}" + (f", renamed to {', '.join(names)}" if names else ""))
    help = "--rename FROM=TO gives a tensor, or all below a prefix, another name; --rename FROM= leaves it out"
    if lacking and not left:
        help = (
            'where layers share a tensor, some files have it once: name it on the line of each,  @weights("FILE:NAME")'
        )
    if defaults:
        help = f"write  {'  and  '.join(defaults)}"
    return CnngraphError.of(
        "E0704",
        f"the weights in {file} are not those of {network.name}",
        reason="\n".join((*lines, fit)),
        help=help,
    )


def _but_for_bias(own: _Layer, other: _Layer) -> bool:
    """Whether one of the two has a bias and the other none, and they are equal otherwise."""
    more, fewer = (own, other) if len(own.shapes) > len(other.shapes) else (other, own)
    return (
        len(fewer.shapes) == 1
        and more.signature[:1] == fewer.signature
        and ([name.rpartition(".")[2] for name in more.weights[1:]] == ["bias"])
    )


def _flag_for(network: Network, own: _Layer, other: _Layer | None) -> str:
    """With which flag of its kind *own* has weights like those of *other*, or none: ``prelu shared``,
    ``bn affine=off``."""
    layer = layer_of(network, own.name)
    names = [name.rpartition(".")[2] for name in other.weights] if other else []
    signature = other.signature if other else ()
    for argument in layer.kind.arguments():
        if argument.type.is_flag:
            value = not getattr(layer.kind, argument.field)
            changed: Any = replace(layer.kind, **{argument.field: value})
            weights = changed.parameters(layer.input_volumes)
            if list(weights) == names and tuple(_squeezed(p.shape) for p in weights.values()) == signature:
                return f"{layer.kind.word} {argument.keyword}{'' if value else '=off'}"
    return ""


def _like(own: _Layer, other: _Layer) -> bool:
    """Whether the two are the same kind of layer in another size."""
    return [len(shape) for shape in own.shapes] == [len(shape) for shape in other.shapes] and (
        [name.rpartition(".")[2] for name in own.weights] == [name.rpartition(".")[2] for name in other.weights]
    )


def _need_floats(matches: Iterable[Match], file: str) -> None:
    for each in matches:
        if each.entry.kind not in FLOATS:
            raise CnngraphError.of(
                "E0702",
                f"{file}: `{each.entry.name}` holds {each.entry.kind} numbers",
                help=f"weights are {', '.join(FLOATS)}; quantised ones are not read",
            )


def _side_by_side(network: Network, layers: Sequence[_Layer]) -> Iterable[str]:
    """A remark when layers of the same signature are in parallel, where the order in a file may be another's."""
    place = {layer.name: number for number, layer in enumerate(network.layers)}
    doubtful = [
        (before.name, layer.name)
        for before, layer in _twins(network, layers)
        if not _leads_to(network, place, before.name, layer.name)
    ]
    if doubtful:
        one = f"`{doubtful[0][0]}` and `{doubtful[0][1]}`"
        yield (
            f"{one} have the same shapes and stand side by side"
            + (f", as do {len(doubtful) - 1} more pairs" if len(doubtful) > 1 else "")
            + ": only the order in the file tells them apart; --rename makes it certain"
        )


def _told_by_order(network: Network, pairs: Sequence[tuple[_Layer, _Layer]]) -> Iterable[str]:
    """A remark when layers of the same signature run one after the other, and the file's names do not say so.

    A file has its layers as they were defined. Names that differ in numbers only say which comes first; others do not.
    """
    place = {layer.name: number for number, layer in enumerate(network.layers)}
    other = {own.name: there for own, there in pairs}
    against, open_ = [], []
    for before, after in _twins(network, [own for own, _ in pairs]):
        first, second = other[before.name], other[after.name]
        if not _leads_to(network, place, before.name, after.name):
            continue
        if _unnumbered(first.filed) != _unnumbered(second.filed):
            open_.append((first.name, second.name))
        elif natural(first.filed) > natural(second.filed):
            against.append((first.name, second.name))
    for doubtful, about in (
        (against, "stands before it in the file, and has the same shapes: they were taken in the file's order"),
        (open_, "have the same shapes, and only the order in the file says which runs first"),
    ):
        if doubtful:
            (first_name, second_name), more = doubtful[0], len(doubtful) - 1
            yield (
                (f"`{second_name}`: `{first_name}` " if doubtful is against else f"`{first_name}` and `{second_name}` ")
                + about
                + (f", as with {more} more pair{'s' if more > 1 else ''}" if more else "")
                + "; --rename makes it certain"
            )


def _unnumbered(name: str) -> str:
    return re.sub(r"\d+", "#", name)


def layer_of(network: Network, name: str) -> Layer:
    """The layer whose weights are called *name* and, behind a dot, what they are; some have parts with names of their
    own, ``sepconv1.pointwise``."""
    while name not in network.by_name and "." in name:
        name = name.rpartition(".")[0]
    return network[name]


def _twins(network: Network, layers: Iterable[_Layer]) -> Iterator[tuple[_Layer, _Layer]]:
    """Each layer with the last before it of the same signature."""
    last: dict[Signature, _Layer] = {}
    for layer in layers:
        if layer_of(network, layer.name).kind.follows == "norm":
            # It goes with its convolution.
            continue
        if layer.signature in last:
            yield last[layer.signature], layer
        last[layer.signature] = layer


def _leads_to(network: Network, place: Mapping[str, int], start: str, end: str) -> bool:
    start, end = layer_of(network, start).name, layer_of(network, end).name
    waiting, seen = [end], {end}
    while waiting:
        name = waiting.pop()
        if name == start:
            return True
        for before in network[name].inputs:
            if before not in seen and place[before] >= place[start]:
                seen.add(before)
                waiting.append(before)
    return False


def _squeezed(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(size for size in shape if size != 1)


def shown(shape: tuple[int, ...]) -> str:
    """A shape in messages: ``64x3x7x7``."""
    return "x".join(map(str, shape)) or "one number"
