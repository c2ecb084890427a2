"""What a spec says of its own figure: ``@figure(style="text", width="page")`` on the `net` line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from cnngraph.figure.page import WIDTHS, points
from cnngraph.figure.typeface import WORDS
from cnngraph.layers import KINDS
from cnngraph.layers.kind import SILENT
from cnngraph.network import Annotation, Network

STYLES = ("auto", "volumes", "text", "units", "strip", "blocks", "overview", "slabs", "operation")
"""The words for styles; `cnngraph.figure.styles` has what each draws."""


THEMES = ("light", "dark", "print", "colorblind")
"""The words for colours; `cnngraph.figure.theme` has what each is."""
SHOWN = tuple(word for word, kind in KINDS.items() if kind.family in SILENT)
"""Words of the layers that are said in one breath with the one before, and in figures on request."""


def shown(words: str | Iterable[str]) -> tuple[str, ...]:
    """The silent layers that *words* name, ``"bn,relu"`` or one by one. Raises `ValueError` for one that is none."""
    listed = words.split(",") if isinstance(words, str) else list(words)
    found = tuple(dict.fromkeys(word.strip() for word in listed))
    for word in found:
        if word not in SHOWN:
            near = get_close_matches(word, SHOWN, n=1)
            known = f"did you mean {near[0]!r}?" if near else f"those that can be shown are {', '.join(SHOWN)}"
            raise ValueError(f"no layer that figures leave out is called {word!r}: {known}")
    return found


@dataclass(frozen=True, slots=True)
class Key:
    """One of the things that can be said, called like the option of `cnngraph render`."""

    about: str
    takes: str
    words: tuple[str, ...] = ()
    """What it may be; empty where that is no list of words."""
    sort: type | None = None
    """What else it may be."""

    def fits(self, value: object) -> bool:
        return value in self.words if self.sort is None else type(value) is self.sort


class _Width(Key):
    def fits(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return False
        try:
            points(value)
        except ValueError:
            return False
        return True


class _Shown(Key):
    def fits(self, value: object) -> bool:
        try:
            return isinstance(value, str) and bool(shown(value))
        except ValueError:
            return False


class _Count(Key):
    def fits(self, value: object) -> bool:
        return type(value) is int and value >= 0


def _one_of(about: str, words: Mapping[str, object] | tuple[str, ...]) -> Key:
    return Key(about, f"one of {', '.join(words)}", tuple(words))


KEYS: dict[str, Key] = {
    "style": _one_of("the style", STYLES),
    "width": _Width("how wide it is", f"{', '.join(WIDTHS)}, or a length such as 120mm, 7in or 340pt", tuple(WIDTHS)),
    "theme": _one_of("its colours", THEMES),
    "font": _one_of("the font of its text", WORDS),
    "fold": Key("whether what repeats is drawn once", "true or false", sort=bool),
    "depth": _Count("how many blocks around each other stay open", "a whole number from 0 on"),
    "names": Key("whether layers' names are written", "true or false", sort=bool),
    "show": _Shown("which silent layers are named", "layers such as bn,relu,dropout,lrn,softmax", SHOWN),
    "layer": Key("the layer that the style `operation` explains", "the name of a layer", sort=str),
}
"""What can be said of a figure, by the word for it."""


def said(network: Network) -> Annotation | None:
    """What *network* says of its figure, its keys being those of `KEYS`; None when it says nothing."""
    return next((each for each in network.annotations if each.name == "figure"), None)
