"""Paddings as a person says them: `same` where amounts are those of `same`. In a network of TensorFlow's, which pads by
what is missing, more of it at the end, it is `same_upper`.

The layers do the same as before: only what their padding is called changes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from cnngraph.layers.kind import Kind
from cnngraph.layers.values import VALID, Padding
from cnngraph.layers.window import Slide, Windowed
from cnngraph.network import Layer, Network
from cnngraph.volume import Volume

SAME, SAME_UPPER = Padding("same"), Padding("same_upper")
_Amounts = tuple[int, int, int, int]


def amounts(slide: Slide, volume: Volume) -> _Amounts | None:
    """What the padding of *slide* over *volume* comes to at the top, left, bottom and right; None where that hangs on a
    size that is free."""
    sizes = volume.dims[:2]
    if slide.padding.mode not in ("valid", "same", "given") and not all(isinstance(size, int) for size in sizes):
        return None
    (top, bottom), (left, right) = (slide.pads(axis, size) for axis, size in enumerate(sizes))
    return top, left, bottom, right


def explicit(kind: Kind, volume: Volume) -> Kind:
    """*kind* on *volume* with all that it leaves unsaid, its padding in numbers; equal for kinds that do the same
    there."""
    kind = kind.settled()
    slide = _slide(kind)
    if slide is None or not volume.is_map or _stretches(kind) or (found := amounts(slide, volume)) is None:
        return kind
    return padded(kind, Padding("given", found))


def said(network: Network) -> Network:
    """*network* with its paddings in words."""
    shared = {name for owner, others in network.shared.items() for name in (owner, *others)}
    usual = _word(network, shared)
    kinds: dict[tuple[Kind, Volume, Padding], Kind] = {}
    layers = []
    for layer in network.layers:
        slide = _slide(layer.kind)
        if slide is None:
            layers.append(layer)
            continue
        word = SAME if layer.name in shared and max(slide.stride) > 1 else usual
        key = layer.kind, layer.input_volumes[0], word
        if key not in kinds:
            needs = slide.window != (1, 1) and _pads(slide)
            kinds[key] = padded(layer.kind, word) if needs and _may_be(word, slide, layer) else without(layer.kind)
        layers.append(replace(layer, kind=kinds[key]))
    return replace(network, layers=tuple(layers))


def _word(network: Network, shared: Collection[str]) -> Padding:
    """How the network pads, by the strided windows for which the two ways differ. Layers that share their weights tell
    nothing: they have one padding at every size, and TensorFlow's hangs on it when there is a stride."""
    upper = 0
    for layer in network.layers:
        slide = _slide(layer.kind)
        if slide is not None and _pads(slide) and max(slide.stride) > 1 and layer.name not in shared:
            upper += _may_be(SAME_UPPER, slide, layer) - _may_be(SAME, slide, layer)
    return SAME_UPPER if upper > 0 else SAME


def _pads(slide: Slide) -> bool:
    """Whether there is any padding."""
    return slide.padding.mode not in ("valid", "given") or any(slide.padding.amounts)


def _may_be(word: Padding, slide: Slide, layer: Layer) -> bool:
    """Whether the padding of *layer* is as much as *word* would be."""
    volume = layer.input_volumes[0]
    if not volume.is_map or _stretches(layer.kind):
        return False
    if word == SAME and any(slide.extent(axis) % 2 == 0 for axis in (0, 1)):
        return False
    wanted = amounts(replace(slide, padding=word), volume)
    return wanted is not None and wanted == amounts(slide, volume)


def without(kind: Kind) -> Kind:
    """*kind*, which needs no padding, as if none were said."""
    slide = _slide(kind)
    if slide is None or (slide.padding.mode == "given" and any(slide.padding.amounts)):
        return kind
    return padded(kind, VALID) if slide.window == (1, 1) or slide.padding.mode == "given" else kind


def _stretches(kind: Kind) -> bool:
    """Whether *kind* cuts its padding off what it makes, and each word has a meaning of its own."""
    return isinstance(kind, Windowed) and kind.spreads


def is_point(kind: Kind) -> bool:
    """Whether *kind* looks at one pixel at a time, without any padding."""
    slide = _slide(kind)
    return slide is not None and slide.window == (1, 1) and slide.padding == VALID


def padded(kind: Kind, padding: Padding) -> Kind:
    """*kind* with another padding."""
    values = {argument.field: getattr(kind, argument.field) for argument in kind.arguments()}
    return type(kind)(**{**values, "padding": padding})


def _slide(kind: Kind) -> Slide | None:
    return kind.sliding if isinstance(kind, Windowed) else None
