"""What most steps of a word say, once for all of them: the `default` lines of a text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction

from cnngraph.spec.writing.blocks import Definition
from cnngraph.spec.writing.phrases import Body, Hole, Joined, Repeated, Step, Word, holes
from cnngraph.spec.writing.steps import ACTIVATION, IDLE

Defaults = Mapping[str, Mapping[str, str]]
"""For each word what its steps say unless they say it themselves, by what it is about."""
_Said = dict[str, tuple[str, str]]
"""What a step says by what it is about: a value, and its text."""

_SHARE = Fraction(60, 100)
"""How many of a word's steps have to say the same."""
_GAIN = 2
"""How many times as long as its line what a default saves has to be."""
_CHANNELS, _WINDOW, _STRIDE, _ACTIVATION = "c", "f", "s", ACTIVATION
_POINT = "1x1"
"""A window that is no default: that a convolution sees one pixel is said where it is."""


def defaults(definitions: Iterable[Definition], body: Body) -> tuple[Defaults, list[str]]:
    """What the steps in blocks and *body* have in common, and the lines that say so."""
    steps: dict[str, list[_Said]] = {}
    for definition in definitions:
        for word, said in _steps(definition.body, iter(definition.values)):
            steps.setdefault(word, []).append(said)
    for word, said in _steps(body, iter([hole.value for line in body for hole in holes(line)])):
        steps.setdefault(word, []).append(said)
    found: dict[str, dict[str, str]] = {}
    lines = []
    for word, all_said in steps.items():
        common = _common(word, all_said)
        if common:
            found[word] = {slot: value for slot, (value, _) in common.items()}
            lines.append(f"default {word}{''.join(text for _, text in common.values())}")
    return found, lines


def _common(word: str, steps: Sequence[_Said]) -> _Said:
    """What is worth to be said once for *steps*: most say it, and the text is shorter for it."""
    found: _Said = {}
    saved = 0
    if any(_WINDOW not in said for said in steps) and any(_WINDOW in said for said in steps):
        return {}  # some have no window, as a global pool, and none of what a window has
    for slot in dict.fromkeys(slot for said in steps for slot in said):
        of_all = [said[slot] for said in steps if slot in said]
        (value, text), count = Counter(of_all).most_common(1)[0]
        # A default cannot be taken away from a step that has no such value, but where it is idle there.
        is_open = len(of_all) == len(steps) or slot in IDLE
        is_usual = value != _POINT and (slot != _STRIDE or not any(_ACTIVATION in said for said in steps))
        if text and count >= _SHARE * len(steps) and is_open and is_usual:
            found[slot] = value, text
            saved += count * len(text)
    line = len("default ") + len(word) + sum(len(text) for _, text in found.values())
    return found if saved >= _GAIN * line else {}


def _steps(body: Body, values: Iterator[str]) -> Iterator[tuple[str, _Said]]:
    for line in body:
        for stage in line.stages:
            match stage:
                case Step(parts, word):
                    said: _Said = {}
                    for part in parts:
                        if isinstance(part, Word):
                            said[part.slot] = part.value, part.text
                        elif isinstance(part, Hole):
                            value = next(values)
                            if part.keyword != _CHANNELS:
                                written = "" if value == part.default else f"{part.before}{value}"
                                said[part.keyword] = value, written if _is_literal(value) else ""
                    if word:
                        yield word, said
                case Joined(branches=branches):
                    for branch in branches:
                        yield from _steps(branch, values)
                case Repeated(inner):
                    yield from _steps(inner, values)
                    next(values)
                case _:
                    for _ in holes(stage):
                        next(values)


def _is_literal(value: str) -> bool:
    """Whether *value* hangs on no parameter."""
    return value[:1].isdigit()
