"""Letters in circles: one where a line breaks off, and the same where it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, product
from string import ascii_uppercase

from cnngraph.figure.lanes.part import Measure
from cnngraph.figure.scene import Circle, Primitive, Text
from cnngraph.figure.text import ascent


def alphabet() -> Iterator[str]:
    """A, B, … Z, AA, AB, …"""
    return ("".join(letters) for length in count(1) for letters in product(ascii_uppercase, repeat=length))


def letter_radius(measure: Measure, mark: str) -> float:
    """Points, of the circle around a letter, or several."""
    return (0.8 if len(mark) == 1 else 0.45 + 0.4 * len(mark)) * measure.em


def lettered(x: float, y: float, letter: str, measure: Measure) -> tuple[Primitive, ...]:
    """A letter in a circle: the same one stands where the line goes on."""
    em = measure.em
    x, y = (y, x) if measure.down else (x, y)
    baseline = y + (ascent("serif", em) - 0.1 * em) / 2
    return measure.upright((
        Circle(x, y, letter_radius(measure, letter), measure.theme.paper, measure.line),
        Text(x, baseline, letter, em, "serif", "middle", fill=measure.theme.ink),
    ))  # fmt: skip
