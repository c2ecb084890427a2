"""What a text says of layers by annotations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from cnngraph.network import LABEL, Annotation, Layer, Output
from cnngraph.spec.names import of_branches, quoted
from cnngraph.spec.writing.steps import annotation


def origin(made: Sequence[Layer] | Sequence[Output]) -> list[Annotation]:
    """What the layers or outputs of a line were called where they came from, if one of them was called otherwise."""
    if not any(each.origin for each in made):
        return []
    return [Annotation("origin", tuple(quoted(each.origin or each.name) for each in made))]


def label(*said: str) -> list[Annotation]:
    """What figures call a thing, or the outputs of a line, where that is said of one of them."""
    return [Annotation(LABEL, said)] if any(said) else []


def without(layer: Layer, given: int) -> Layer:
    """*layer* without the annotations that a line around it gives it."""
    return replace(layer, annotations=layer.annotations[: len(layer.annotations) - given]) if given else layer


def ends_with(layer: Layer, annotations: tuple[Annotation, ...], given: int) -> bool:
    """Whether *annotations* are the last of a layer's, but for those that a line around it gives it."""
    return of_branches(without(layer, given))[-len(annotations) :] == annotations


def in_words(annotations: Iterable[Annotation]) -> str:
    """As they stand on a line."""
    return " ".join(map(annotation, annotations))
