"""What a file says of its layers besides their numbers, compared with the spec: strides, padding, slopes, epsilons.

Weights fit by name and shape alone, and a network with another stride or slope answers otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cnngraph.layers import KINDS, Fault, Kind
from cnngraph.layers.values import Padding, show
from cnngraph.layers.window import Windowed
from cnngraph.network import Layer, Network
from cnngraph.weights.match import Match, layer_of

Said = tuple[str, Mapping[str, object]]
"""A layer in a file: what its library calls it, and its arguments by their keywords here."""


def differences(network: Network, matches: Iterable[Match]) -> Iterator[str]:
    """A remark on each argument that layers with weights have otherwise in the file; once for all that differ alike."""
    found: dict[tuple[str, str, object], dict[str, tuple[str, object]]] = {}
    for each in matches:
        layer = layer_of(network, each.weight.rpartition(".")[0])
        for keyword, value in each.entry.said.items():
            own = _own(layer, keyword, value)
            if own is not None:
                alike = found.setdefault((layer.kind.word, keyword, value), {})
                alike.setdefault(layer.name, (each.entry.name.rpartition(".")[0], own))
    for (word, keyword, value), layers in found.items():
        name, (other, own) = next(iter(layers.items()))
        more = f", as of {len(layers) - 1} more" if len(layers) > 1 else ""
        value = value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value
        written = value.mode if isinstance(value, Padding) else f"{keyword}={show(value)}"
        yield (
            f"the file says {written} of `{other}`, the spec {_shown(own)} of `{name}`{more}: "
            f"write  {f'default {word} {written}' if len(layers) > 1 or keyword == 'eps' else written}  "
            "for the same answers"
        )


def _own(layer: Layer, keyword: str, value: object) -> object:
    """What *layer* has instead of *value*; None if it is the same, or it has no such argument."""
    argument = next((each for each in layer.kind.arguments() if each.keyword == keyword), None)
    if argument is None:
        return None
    own = getattr(layer.kind, argument.field)
    match value:
        case Padding():
            return None if _pads_alike(layer, value) else own
        case tuple():
            # A sequence has one size where its layer here, one wide, has two.
            return None if own[: len(value)] == value else own
        case float():
            return None if abs(own - value) <= abs(value) * 1e-6 else own
    return None


def _pads_alike(layer: Layer, padding: Padding) -> bool:
    kind = layer.kind
    if not isinstance(kind, Windowed) or kind.spreads or kind.sliding is None:
        return True
    other: Any = replace(kind, padding=padding)  # type: ignore[call-arg]  # who slides a window has a padding
    try:
        return all(
            kind.border(axis, layer.input_volumes[0].dims[axis])
            == other.border(axis, layer.input_volumes[0].dims[axis])
            for axis in (0, 1)
        )
    except Fault:
        # With a free size it depends on the picture.
        return False


def activations(network: Network, said: Sequence[Said]) -> Iterator[str]:
    """Remarks where the file has activations that the network has not, or with another argument."""
    if not said:
        return
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


def _activation(said: Said) -> Kind | None:
    name, arguments = said
    kind = next((kind for kind in KINDS.values() if name in (kind.word, *kind.elsewhere)), None)
    if kind is None or kind.family != "activation":
        return None
    known = {each.keyword: each.field for each in kind.arguments()}
    return kind(**{known[key]: value for key, value in arguments.items() if key in known})


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


def _shown(value: object) -> str:
    if isinstance(value, Padding):
        return value.mode if value.mode != "given" else f"p={show(value.amounts)}"
    return show(value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value)
