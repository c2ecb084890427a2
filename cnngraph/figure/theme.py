"""The colours of figures, as plain data: another look is another instance."""

from __future__ import annotations

from dataclasses import dataclass

from cnngraph.figure.scene import Color


@dataclass(frozen=True, slots=True)
class Faces:
    """The three visible sides of a cuboid, lit from above left."""

    front: Color
    top: Color
    side: Color


@dataclass(frozen=True, slots=True)
class Theme:
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

THEMES = {theme.name: theme for theme in (LIGHT,)}
