"""Annotations: what may stand behind ``@``, and how each is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cnngraph.elaborate.mistake import Mistake, did_you_mean
from cnngraph.elaborate.scope import Scope
from cnngraph.elaborate.values import evaluate
from cnngraph.elaborate.wording import filled, label
from cnngraph.network import LABEL, NOTE, Annotation
from cnngraph.source import Span
from cnngraph.spec import syntax as s


def _texts(arguments: tuple[object, ...]) -> bool:
    return bool(arguments) and all(isinstance(argument, str) for argument in arguments)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _numbers(value: object) -> bool:
    return all(map(_is_number, value)) if isinstance(value, tuple) else _is_number(value)


_LAYER: dict[str, tuple[str, Callable[[tuple[object, ...]], bool]]] = {
    "init": ('@init("he_normal")  or, with a seed of its own,  @init("he_normal", 7)',
             lambda a: len(a) in (1, 2) and _texts(a[:1]) and all(type(n) is int for n in a[1:])),
    "weights": ('@weights("file.npz:conv1")', lambda a: len(a) == 1 and _texts(a)),
    "freeze": ("@freeze", lambda a: not a),
    LABEL: ('@label("stem")', lambda a: len(a) == 1 and _texts(a)),
    NOTE: ('@note("as in the paper")', lambda a: len(a) == 1 and _texts(a)),
    "origin": ('@origin("features.0")  or, for a line of several layers,  @origin("features.0", "features.1")', _texts),
    "classes": ('@classes("imagenet")  or their names, in order,  @classes("cat", "dog")', _texts),
    "allow": ('@allow("W0101")', _texts),
}  # fmt: skip
_INPUT: dict[str, tuple[str, Callable[[tuple[object, ...]], bool]]] = {
    "bgr": ("@bgr", lambda a: not a),
    "invert": ("@invert", lambda a: not a),
    "scale": ("@scale(-1, 1)", lambda a: len(a) == 2 and all(map(_is_number, a))),
    "normalize": ("@normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))",
                  lambda a: len(a) == 2 and all(map(_numbers, a))),
    LABEL: _LAYER[LABEL],
    NOTE: _LAYER[NOTE],
    "origin": _LAYER["origin"],
    "allow": _LAYER["allow"],
}  # fmt: skip
_NET: dict[str, tuple[str, Callable[[tuple[object, ...]], bool]]] = {
    "allow": _LAYER["allow"],
    "figure": ('@figure(style="text")', lambda a: not a),
}
_OUTPUT: dict[str, tuple[str, Callable[[tuple[object, ...]], bool]]] = {
    "origin": _LAYER["origin"],
    LABEL: ('@label("mask")  or, for several outputs, in order,  @label("mask", "boxes")', _texts),
}  # fmt: skip
KNOWN = {"a line that makes a layer": _LAYER, "an `input`": _INPUT, "the `net` line": _NET, "an `output`": _OUTPUT}
"""By the place where they may stand: each annotation, how it is written, and whether arguments fit it."""


def annotations_of(
    annots: Sequence[s.Annot], scope: Scope, *, on: str = "a line that makes a layer"
) -> tuple[Annotation, ...]:
    """The annotations with their values; raises `Mistake` for one that does not exist or is written otherwise."""
    known = KNOWN[on]
    found: list[Annotation] = []
    for annot in annots:
        if annot.name not in known:
            places = [place for place, others in KNOWN.items() if annot.name in others]
            if places:
                raise Mistake("E0216", f"@{annot.name} belongs on {places[0]}", annot.span)
            hint, near = did_you_mean(annot.name, known)
            listed = ", ".join(f"@{name}" for name in known)
            raise Mistake(
                "E0216",
                f"there is no annotation @{annot.name}",
                annot.span,
                hint.replace("`", "`@", 1) if near else "",
                help=f"there are: {listed}",
            )
        arguments = tuple(evaluate(each.value, scope) for each in annot.arguments if not each.keyword)
        by_name = [each for each in annot.arguments if each.keyword]
        form, fits = known[annot.name]
        if not fits(arguments) or bool(by_name) is not (annot.name == "figure"):
            raise Mistake("E0216", f"@{annot.name} is not written like that", annot.span, help=form)
        if annot.name in (LABEL, NOTE):
            said = (filled(str(text), scope, annot.span, f"@{annot.name}") for text in arguments)
            arguments = tuple(label(text, annot.span) if annot.name == LABEL else text for text in said)
            if annot.name == LABEL and any(each.name == LABEL for each in found):
                raise Mistake("E0216", "a thing has one @label", annot.span)
        found.append(Annotation(annot.name, arguments, annot.span, _figure(by_name, scope) if by_name else ()))
    return tuple(found)


def _figure(arguments: Sequence[s.Arg], scope: Scope) -> tuple[tuple[str, object], ...]:
    """What an ``@figure`` says. Raises `Mistake` for all of it that it cannot, each at its argument."""
    found: dict[str, object] = {}
    mistakes: list[Mistake] = []
    for argument in arguments:
        try:
            value = _said_of_figure(argument, scope)
            if argument.keyword in found:
                raise Mistake("E0216", f"@figure says `{argument.keyword}` twice", argument.span)
            found[argument.keyword] = value
        except Mistake as mistake:
            mistakes.append(mistake)
    if mistakes:
        first, *others = mistakes
        first.others = tuple(each.diagnostic for each in others)
        raise first
    return tuple(found.items())


def _said_of_figure(argument: s.Arg, scope: Scope) -> object:
    """The value. Raises `Mistake` for a key that there is not, and a value that it does not take."""
    from cnngraph.look import KEYS

    word = argument.keyword
    if (key := KEYS.get(word)) is None:
        hint, near = did_you_mean(word, KEYS)
        at = Span(argument.span.source, argument.span.start, argument.span.start + len(word))
        raise Mistake(
            "E0216", f"@figure says nothing of `{word}`", at, hint, help=f"it says {', '.join(KEYS)}", replace=near
        )
    value = evaluate(argument.value, scope)
    if not key.fits(value):
        hint, _ = did_you_mean(value, key.words) if isinstance(value, str) else ("", "")
        raise Mistake("E0216", f"`{word}` of @figure is {key.takes}", argument.value.span, hint)
    return value
