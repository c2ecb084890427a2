"""What has the same weights has the same letter, and a key says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from cnngraph.figure.lanes.circled import alphabet
from cnngraph.figure.scene import Group, Text
from cnngraph.figure.text import width as text_width
from cnngraph.figure.theme import Theme
from cnngraph.figure.typeface import Font
from cnngraph.fold import Weights, together

SAME_WEIGHTS = "same weights"
FONT: Font = "serif-italic"
"""Of a letter."""


def letters(weights: Weights) -> dict[str, str]:
    """By the names of what has *weights* a letter for those that several things have, in the order of the figure."""
    found = {name: together(turns) for name, turns in weights.items()}
    counts = Counter(filter(None, found.values()))
    several = [owners for owners, times in counts.items() if times > 1]
    letter = {owners: each.lower() for owners, each in zip(several, alphabet(), strict=False)}
    return {name: letter[owners] for name, owners in found.items() if owners in letter}


def key_width(given: Collection[str], em: float) -> float:
    """Of the key to the letters *given*, one after the other."""
    return text_width(_first_to_last(given), FONT, em) + 0.6 * em + text_width(SAME_WEIGHTS, "serif", em)


def key(given: Collection[str], x: float, baseline: float, em: float, theme: Theme) -> Group:
    """What the letters *given* are."""
    words = _first_to_last(given)
    behind = x + text_width(words, FONT, em) + 0.6 * em
    return Group("key-weights", "key", (
        Text(x, baseline, words, em, FONT, fill=theme.ink),
        Text(behind, baseline, SAME_WEIGHTS, em, "serif", fill=theme.ink),
    ))  # fmt: skip


def _first_to_last(given: Collection[str]) -> str:
    one, *others = dict.fromkeys(given)
    return f"{one} – {others[-1]}" if len(others) > 1 else ", ".join((one, *others))
