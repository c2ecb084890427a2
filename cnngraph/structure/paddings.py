"""Paddings as a person says them: `same` where amounts are those of `same`, also for windows of one pixel, which need
none, where the other windows of their kind are `same`.

The layers do the same as before: only what their padding is called changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace

from cnngraph.layers.kind import Kind
from cnngraph.layers.values import VALID, Padding
from cnngraph.layers.window import Slide, Windowed
from cnngraph.network import Network

SAME = Padding("same")


def amounts(slide: Slide) -> tuple[int, int, int, int] | None:
    """What the padding of *slide* comes to at the top, left, bottom and right; None where that hangs on the size."""
    if slide.padding.mode not in ("valid", "same", "given"):
        return None
    (top, bottom), (left, right) = (slide.pads(axis, 1) for axis in (0, 1))
    return top, left, bottom, right


def explicit(kind: Kind) -> Kind:
    """*kind* with its padding in numbers where that is the same; equal for kinds that do the same."""
    slide = _slide(kind)
    if slide is None or (found := amounts(slide)) is None:
        return kind
    return _padded(kind, Padding("given", found))


def said(network: Network) -> Network:
    """*network* with its paddings in words."""
    votes: Counter[str] = Counter()
    for layer in network.layers:
        slide = _slide(layer.kind)
        if slide is not None and slide.window != (1, 1):
            votes[layer.kind.word] += 1 if _is_same(slide) else -1
    same = {word for word, vote in votes.items() if vote > 0}
    kinds: dict[Kind, Kind] = {}
    for layer in network.layers:
        if layer.kind not in kinds:
            kinds[layer.kind] = _in_words(layer.kind, same)
    return replace(network, layers=tuple(replace(layer, kind=kinds[layer.kind]) for layer in network.layers))


def _in_words(kind: Kind, same: Collection[str]) -> Kind:
    """*kind* with its padding in words; those of *same* are `same` also where windows of one pixel need none."""
    slide = _slide(kind)
    if slide is not None and _is_same(slide) and (slide.window != (1, 1) or kind.word in same):
        return _padded(kind, SAME)
    return without(kind)


def without(kind: Kind) -> Kind:
    """*kind*, which needs no padding, as if none were said."""
    slide = _slide(kind)
    if slide is None or amounts(slide) != (0, 0, 0, 0):
        return kind
    return _padded(kind, VALID)


def _padded(kind: Kind, padding: Padding) -> Kind:
    values = {argument.field: getattr(kind, argument.field) for argument in kind.arguments()}
    return type(kind)(**{**values, "padding": padding})


def _slide(kind: Kind) -> Slide | None:
    return kind.sliding if isinstance(kind, Windowed) else None


def _is_same(slide: Slide) -> bool:
    """Whether `same` is as much padding as there is, and there is some, or none is needed."""
    if any(slide.extent(axis) % 2 == 0 for axis in (0, 1)):
        return False
    return amounts(slide) == amounts(replace(slide, padding=SAME))
