"""The colours of figures, as plain data: another look is another instance.

`COLORBLIND` is made of two palettes that stay apart for people who see no red, no green or no blue: that of
Okabe & Ito 2008, "Color universal design", and for fills under text the "light" scheme of Tol 2021, "Colour
schemes" (SRON/EPS/TN/09-002).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnngraph.figure.scene import Color


@dataclass(frozen=True, slots=True)
class Faces:
    """The three visible sides of a cuboid, lit from above left."""

    front: Color
    top: Color
    side: Color


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of a figure."""

    name: str
    background: Color
    ink: Color
    """Text and lines."""
    faint: Color
    """Remarks, brackets and what else should stand back."""
    paper: Color
    """Fill of what is only outlined: columns of circles, the frame of a picture, boxes of no stage."""
    edge: Color
    """Outline of boxes and cuboids."""
    volume: Faces
    """An activation."""
    filter: Faces
    """A filter, where one is drawn."""
    rgb: tuple[Color, Color, Color]
    """The channels of an input picture, front to back."""
    grid: Color
    """The lines between its cells."""
    stem: Color
    """Fill of the first layers of a strip, before the first stage."""
    stages: tuple[Color, ...]
    """Fills of a strip's stages, in turn."""
    conv: Color
    """Fill of boxes by what they do; their text is `on_box`."""
    pool: Color
    join: Color
    """Joins and previous activations."""
    dense: Color
    norm: Color
    other: Color
    on_box: Color
    branches: tuple[Faces, ...]
    """The segments of a concatenated volume, in turn."""


LIGHT = Theme(
    name="light",
    background="#ffffff",
    ink="#000000",
    faint="#595959",
    paper="#ffffff",
    edge="#1f3864",
    volume=Faces("#4472c4", "#7396d3", "#2f5597"),
    filter=Faces("#ffff4d", "#ffff99", "#d6d600"),
    rgb=("#e8001f", "#3fb950", "#47b5e8"),
    grid="#000000",
    stem="#fce4d6",
    stages=("#e4e0ef", "#e6efda", "#f4d6d9", "#dbe7f3", "#fdf0cc", "#d9efec"),
    conv="#3f6fd6",
    pool="#c43d37",
    join="#348050",
    dense="#7d55a8",
    norm="#5b7083",
    other="#6b6b6b",
    on_box="#ffffff",
    branches=(
        Faces("#43a857", "#5fc274", "#2f7d3f"),
        Faces("#35b0ee", "#66c7f6", "#1f86bd"),
        Faces("#7a3fa8", "#9a66c4", "#5a2b80"),
        Faces("#fbbf10", "#fdd04f", "#cc9a15"),
        Faces("#e0622f", "#ea8659", "#b04719"),
        Faces("#4472c4", "#7396d3", "#2f5597"),
    ),
)

DARK = Theme(
    name="dark",
    background="#15181e",
    ink="#f0f0f0",
    faint="#a3a9b5",
    paper="#20252e",
    edge="#0b1220",
    volume=Faces("#4f83d6", "#8db1ea", "#355fa6"),
    filter=Faces("#f7e64a", "#fff4a3", "#c9b51c"),
    rgb=("#e5384c", "#48b85a", "#52b7ea"),
    grid="#15181e",
    stem="#5c3d2a",
    stages=("#453f66", "#3a5230", "#66353d", "#2c4868", "#5c4a17", "#23544e"),
    conv="#3f6fd6",
    pool="#c43d37",
    join="#348050",
    dense="#7d55a8",
    norm="#5b7083",
    other="#6b6b6b",
    on_box="#ffffff",
    branches=(
        Faces("#4cb462", "#74cc86", "#358346"),
        Faces("#3fb3ee", "#75cbf6", "#2686bb"),
        Faces("#9560c2", "#b389d8", "#6f429a"),
        Faces("#fbc02d", "#fdd668", "#c4951e"),
        Faces("#e56f3e", "#ee956e", "#b14f24"),
        Faces("#4f83d6", "#8db1ea", "#355fa6"),
    ),
)

PRINT = Theme(
    name="print",
    background="#ffffff",
    ink="#000000",
    faint="#4a4a4a",
    paper="#ffffff",
    edge="#000000",
    volume=Faces("#d1d1d1", "#f0f0f0", "#a6a6a6"),
    filter=Faces("#7c7c7c", "#a6a6a6", "#5e5e5e"),
    rgb=("#8f8f8f", "#bbbbbb", "#e8e8e8"),
    grid="#000000",
    stem="#f6f6f6",
    stages=("#dddddd", "#c4c4c4", "#ababab", "#939393", "#7c7c7c"),
    conv="#c4c4c4",
    pool="#939393",
    join="#f6f6f6",
    dense="#7c7c7c",
    norm="#dddddd",
    other="#ababab",
    on_box="#000000",
    branches=(
        Faces("#e8e8e8", "#f6f6f6", "#c9c9c9"),
        Faces("#a6a6a6", "#c1c1c1", "#868686"),
        Faces("#d1d1d1", "#e8e8e8", "#b0b0b0"),
        Faces("#868686", "#a1a1a1", "#696969"),
        Faces("#bbbbbb", "#d6d6d6", "#9b9b9b"),
        Faces("#727272", "#8e8e8e", "#565656"),
    ),
)

COLORBLIND = Theme(
    name="colorblind",
    background="#ffffff",
    ink="#000000",
    faint="#595959",
    paper="#ffffff",
    edge="#1a2a3a",
    volume=Faces("#0072b2", "#4c9cc9", "#005686"),
    filter=Faces("#f0e442", "#faf5b8", "#b4ab32"),
    rgb=("#d55e00", "#009e73", "#56b4e9"),
    grid="#000000",
    stem="#dddddd",
    stages=("#77aadd", "#eedd88", "#ee8866", "#99ddff", "#ffaabb", "#44bb99"),
    conv="#56b4e9",
    pool="#e69f00",
    join="#009e73",
    dense="#cc79a7",
    norm="#f0e442",
    other="#bbbbbb",
    on_box="#000000",
    branches=(
        Faces("#009e73", "#4cbb9d", "#007656"),
        Faces("#56b4e9", "#89caf0", "#4087af"),
        Faces("#cc79a7", "#dba1c1", "#995b7d"),
        Faces("#f0e442", "#faf5b8", "#b4ab32"),
        Faces("#d55e00", "#e28e4c", "#a04600"),
        Faces("#0072b2", "#4c9cc9", "#005686"),
    ),
)

THEMES = {theme.name: theme for theme in (LIGHT, DARK, PRINT, COLORBLIND)}
