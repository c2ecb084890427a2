"""Paddings as a person says them: `same` where amounts are those of `same`, also for windows of one pixel, which need
none, where the other windows of their kind are `same`.

The layers do the same as before: only what their padding is called changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from cnngraph.layers.kind import Kind
from cnngraph.layers.values import VALID, Padding
from cnngraph.layers.window import Slide, Windowed

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


class Paddings:
    """How a network's kinds say their paddings; *kinds* are all of them."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        votes: Counter[str] = Counter()
        for kind in kinds:
            slide = _slide(kind)
            if slide is not None and slide.window != (1, 1):
                votes[kind.word] += 1 if _is_same(slide) else -1
        self._same = {word for word, vote in votes.items() if vote > 0}
        self._said: dict[Kind, Kind] = {}

    def said(self, kind: Kind) -> Kind:
        if kind not in self._said:
            self._said[kind] = self._find(kind)
        return self._said[kind]

    def _find(self, kind: Kind) -> Kind:
        slide = _slide(kind)
        if slide is None:
            return kind
        if _is_same(slide) and (slide.window != (1, 1) or kind.word in self._same):
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
