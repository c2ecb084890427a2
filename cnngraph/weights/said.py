"""What a file says of its layers besides their numbers, compared with the spec: strides, padding, slopes, epsilons.

Weights fit by name and shape alone, and a network with another stride or slope answers otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cnngraph.layers import KINDS, Fault, Kind
from cnngraph.layers.values import Padding, show
from cnngraph.layers.window import Windowed
from cnngraph.network import Layer, Network
from cnngraph.weights.match import Match, layer_of
from cnngraph.weights.readers.entry import Said


@dataclass
class _Alike:
    """Layers that have one argument otherwise than the file, all in the same way."""

    tells: bool
    layers: dict[str, tuple[str, object]] = field(default_factory=dict)
    """By the network's name: the file's, and what the network has."""


_Found = dict[tuple[str, str, object], _Alike]
"""By the word of the kind, the keyword, and what the file says."""


def remarks(network: Network, matches: Iterable[Match], said: Sequence[Said] | None) -> Iterator[str]:
    """What a file says otherwise than *network*, one remark for all that differs alike, and what it leaves open.

    *said* is what it tells of layers without weights; None when it tells nothing of them.
    """
    found: _Found = {}
    doubts: dict[str, dict[str, None]] = {}
    others = _Others(network, said or ())
    for each in matches:
        layer, other = layer_of(network, each.weight.rpartition(".")[0]), each.entry.name.rpartition(".")[0]
        if each.entry.doubt:
            doubts.setdefault(each.entry.doubt, {})[other] = None
        for keyword, value, own in _unlike(layer, each.entry.said):
            if not others.gives_border(layer, value):
                alike = found.setdefault((layer.kind.word, keyword, value), _Alike(each.entry.tells))
                alike.layers.setdefault(layer.name, (other, own))
    if said is not None:
        yield from others.remarks(found)
    yield from _remarks(found)
    for doubt, layers in doubts.items():
        more = f", as of {len(layers) - 1} more" if len(layers) > 1 else ""
        yield f"`{next(iter(layers))}` {doubt}{more}"
    if said is not None:
        yield from _activations(network, said)
        if unknown := Counter(each.kind for each in said if _kind(each.kind) is None):
            yield f"the file has layers that are not compared with the network: {_counted(unknown)}"


class _Others:
    """The layers without weights that move numbers or make fewer, more or others of several: pools, joins, borders."""

    def __init__(self, network: Network, said: Sequence[Said]) -> None:
        kinds = [(each, _kind(each.kind)) for each in said]
        self._left = [(each, kind.word) for each, kind in kinds if kind is not None and kind.family in _COMPARED]
        """Those of the file that are none of the network's so far."""
        self._unlike = []
        self._bordered: set[str] = set()
        # Branches may stand in another order: what is alike goes together first, and only the rest by its order.
        for layer in network.layers:
            if layer.kind.family in _COMPARED and not layer.kind.idle:
                same = next(
                    (pair for pair in self._left if pair[1] == layer.kind.word and _is_alike(layer, pair[0])), None
                )
                if same is not None:
                    self._left.remove(same)
                else:
                    self._unlike.append(layer)

    def gives_border(self, layer: Layer, value: object) -> bool:
        """Whether *layer*, which has no border in the file, has that of a layer of the file's own in front of it."""
        if layer.name in self._bordered:
            return isinstance(value, Padding)
        if value != Padding("valid") or not isinstance(layer.kind, Windowed):
            return False
        around = [layer.kind.border(axis, layer.input_volumes[0].dims[axis]) for axis in (0, 1)]
        amounts = (around[0][0], around[1][0], around[0][1], around[1][1])
        for pair in self._left:
            if pair[0].border == amounts:
                self._left.remove(pair)
                self._bordered.add(layer.name)
                return True
        return False

    def remarks(self, found: _Found) -> Iterator[str]:
        """Adds to *found* what layers of one kind have otherwise; remarks on those that are on one side only."""
        here: Counter[str] = Counter()
        for layer in self._unlike:
            pair = next((pair for pair in self._left if pair[1] == layer.kind.word), None)
            if pair is None:
                here[layer.kind.word] += 1
                continue
            self._left.remove(pair)
            for keyword, value, own in _unlike(layer, pair[0].arguments):
                if not self.gives_border(layer, value):
                    alike = found.setdefault((layer.kind.word, keyword, value), _Alike(True))
                    alike.layers[layer.name] = (pair[0].name, own)
        there = Counter(word for _, word in self._left)
        if here or there:
            yield f"in the file alone: {_counted(there)}; in the network alone: {_counted(here)}"


_COMPARED = ("pool", "join", "reshape")
"""Families of kinds without weights, of which a file tells."""


def _is_alike(layer: Layer, said: Said) -> bool:
    """Whether *layer* does what *said* does; a pool over the whole map may be said as a window of its size."""
    if not list(_unlike(layer, said.arguments)):
        return True
    whole = said.arguments.get("global") or said.arguments.get("f") == layer.input_volumes[0].dims[:2]
    return bool(whole) and layer.output.dims[:2] == (1, 1)


def _unlike(layer: Layer, said: Mapping[str, object]) -> Iterator[tuple[str, object, object]]:
    """What *layer* has otherwise than *said*: the keyword, what is said, what it has."""
    for keyword, value in said.items():
        own = _own(layer, keyword, value)
        if own is not None:
            yield keyword, value, own


def _remarks(found: _Found) -> Iterator[str]:
    for (word, keyword, value), alike in found.items():
        name, (other, own) = next(iter(alike.layers.items()))
        several = len(alike.layers) > 1
        more = f", as of {len(alike.layers) - 1} more" if several else ""
        written = keyword if value is True else _shown(value, keyword)
        written = written if isinstance(value, Padding | bool | str) else f"{keyword}={written}"
        says = f"the file says {written} of `{other}`, " if alike.tells else (
            f"the file does not say the {keyword} of `{other}`, which is {show(value)} unless it was made otherwise, "
        )  # fmt: skip
        yield (
            f"{says}the spec {_shown(own, keyword)} of `{name}`{more}: "
            f"write  {f'default {word} {written}' if several or keyword == 'eps' else written}  for the same answers"
        )


def _own(layer: Layer, keyword: str, value: object) -> object:
    """What *layer* has instead of *value*; None if it is the same, or it has no such argument."""
    argument = next((each for each in layer.kind.arguments() if each.keyword == keyword), None)
    if argument is None:
        return None
    own = getattr(layer.kind, argument.field)
    if own is None and isinstance(layer.kind, Windowed):
        # A stride that is the window's, or a pool without a window.
        own = getattr(layer.kind.sliding, argument.field, None)
    if own is None:
        return "none"
    match value:
        case Padding() if isinstance(layer.kind, Windowed):
            return None if _pads_alike(layer, layer.kind, value) else own
        case bool():
            return None if own == value else own or "none"
        case tuple() if isinstance(own, tuple):
            # A sequence has one size where its layer here, one wide, has two.
            return None if own[: len(value)] == value else own
        case int() | float() if isinstance(own, int | float):
            return None if abs(own - value) <= abs(value) * 1e-6 else own
    return None if own == value else own


def _pads_alike(layer: Layer, kind: Windowed, padding: Padding) -> bool:
    if kind.sliding is None:
        return True
    other: Any = replace(kind, padding=padding)  # type: ignore[call-arg]  # who slides a window has a padding
    sizes = layer.input_volumes[0].dims
    try:
        return all(kind.border(axis, sizes[axis]) == other.border(axis, sizes[axis]) for axis in (0, 1))
    except Fault:
        # With a free size it depends on the picture.
        return False


def _activations(network: Network, said: Sequence[Said]) -> Iterator[str]:
    there = [made for each in said if (made := _activation(each)) is not None]
    here = [layer.kind for layer in network.layers if layer.kind.family == "activation"]
    words, own_words = (Counter(kind.word for kind in kinds) for kinds in (there, here))
    if words != own_words:
        yield f"activations in the file: {_counted(words)}; in the network: {_counted(own_words)}"
    for word in words:
        if word in own_words:
            others, own = (Counter(kind for kind in kinds if kind.word == word) for kinds in (there, here))
            if set(others) != set(own):
                yield f"the file has {_written(others)}, the network {_written(own)}"


def _kind(name: str) -> type[Kind] | None:
    return next((kind for kind in KINDS.values() if name in (kind.word, *kind.elsewhere)), None)


def _activation(said: Said) -> Kind | None:
    kind = _kind(said.kind)
    if kind is None or kind.family != "activation":
        return None
    known = {each.keyword: each.field for each in kind.arguments()}
    return kind(**{known[key]: value for key, value in said.arguments.items() if key in known})


def _counted(words: Counter[str]) -> str:
    return ", ".join(f"{count} {word}" for word, count in sorted(words.items())) or "none"


def _written(kinds: Iterable[Kind]) -> str:
    return " and ".join(
        sorted(
            " ".join(
                (
                    f"`{kind.word}`",
                    *(f"{each.keyword}={_number(getattr(kind, each.field))}" for each in kind.arguments()),
                )
            )
            for kind in kinds
        )
    )


def _number(value: float | bool) -> str:
    return show(value) if isinstance(value, bool) else f"{value:g}"


def _shown(value: object, keyword: str) -> str:
    if isinstance(value, Padding):
        return value.mode if value.mode != "given" else f"{keyword}={show(value.amounts)}"
    if isinstance(value, str):
        return value
    return show(value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value)
