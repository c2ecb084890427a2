"""Themes: text can be read, and what differs is seen to differ, also without colour vision or colours."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from itertools import chain, combinations, pairwise
from math import dist

import pytest

from cnngraph.figure.scene import Path, Picture, Scene, Text
from cnngraph.figure.styles.operation import operation
from cnngraph.figure.styles.strip import strip
from cnngraph.figure.styles.volumes import volumes
from cnngraph.figure.theme import COLORBLIND, PRINT, THEMES, Faces, Theme
from tests.networks import load

Linear = tuple[float, float, float]
KINDS = ("conv", "pool", "join", "dense", "norm", "other")
each_theme = pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)


def linear(color: str) -> Linear:
    """sRGB to linear light (IEC 61966-2-1)."""
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return decoded(red), decoded(green), decoded(blue)


def decoded(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def luminance(light: Linear) -> float:
    return 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2]


def contrast(first: str, second: str) -> float:
    """WCAG 2.1, contrast ratio: 4.5 is asked of text."""
    dark, bright = sorted((luminance(linear(first)), luminance(linear(second))))
    return (bright + 0.05) / (dark + 0.05)


def lab(light: Linear) -> tuple[float, float, float]:
    """CIE L*a*b* under D65; the first is the lightness, from 0 to 100."""
    red, green, blue = light
    x = (0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047
    z = (0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883
    fx, fy, fz = (
        v ** (1 / 3) if v > (6 / 29) ** 3 else v / (3 * (6 / 29) ** 2) + 4 / 29 for v in (x, luminance(light), z)
    )
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


VISION = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
    "full colour vision": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
}
"""What of linear RGB is seen, at severity 1: Machado, Oliveira & Fernandes 2009, "A physiologically-based model for
simulation of color vision deficiency", IEEE Transactions on Visualization and Computer Graphics 15(6), table 1."""


def seen(color: str, vision: str) -> Linear:
    light = linear(color)
    red, green, blue = (
        min(1.0, max(0.0, sum(a * b for a, b in zip(row, light, strict=True)))) for row in VISION[vision]
    )
    return red, green, blue


def difference(first: str, second: str, vision: str) -> float:
    """ΔE of CIE 1976: 2.3 is just noticeable side by side."""
    return dist(lab(seen(first, vision)), lab(seen(second, vision)))


def lightness(color: str) -> float:
    return lab(linear(color))[0]


def neighbours(theme: Theme) -> Iterator[tuple[str, str]]:
    """Colours that stand beside one another and mean different things."""
    yield from combinations((getattr(theme, kind) for kind in KINDS), 2)
    yield from pairwise((theme.stem, *theme.stages, theme.stages[0]))
    yield from pairwise(faces.front for faces in (*theme.branches, theme.branches[0]))
    yield from pairwise(theme.rgb)
    yield theme.volume.front, theme.filter.front
    assert theme.background is not None
    yield theme.volume.front, theme.background
    yield theme.filter.front, theme.paper
    yield from (pair for faces in (theme.volume, theme.filter) for pair in combinations(dataclasses.astuple(faces), 2))


def colors(value: object) -> Iterator[str]:
    """Every colour of a theme."""
    match value:
        case Theme() | Faces():
            fields = (
                getattr(value, field.name) for field in dataclasses.fields(value) if field.name not in ("name", "font")
            )
            yield from chain.from_iterable(map(colors, fields))
        case tuple():
            yield from chain.from_iterable(map(colors, value))
        case str():
            yield value


def test_the_formulas_are_the_published_ones() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert lightness("#777777") == pytest.approx(50.03, abs=0.05)
    for matrix in VISION.values():
        for row in matrix:
            assert sum(row) == pytest.approx(1, abs=1e-5)  # grey stays grey
    # A red and an olive: far apart, but not for a deuteranope.
    assert difference("#c43d37", "#6f6400", "full colour vision") > 4 * difference("#c43d37", "#6f6400", "deuteranopia")


@each_theme
def test_text_can_be_read_wherever_it_stands(theme: Theme) -> None:
    assert theme.background is not None
    for ground in (theme.background, theme.paper, theme.stem, *theme.stages):
        assert contrast(theme.ink, ground) >= 4.5, ground
    for ground in (theme.background, theme.paper):
        for color in (theme.faint, theme.added, theme.removed, theme.changed):
            assert contrast(color, ground) >= 4.5, (color, ground)
    for kind in KINDS:
        assert contrast(theme.on_box, getattr(theme, kind)) >= 4.5, kind


@each_theme
def test_neighbours_are_told_apart_in_full_colour(theme: Theme) -> None:
    for first, second in neighbours(theme):
        assert difference(first, second, "full colour vision") >= 5, (first, second)


@pytest.mark.parametrize("vision", VISION)
def test_the_colorblind_theme_is_told_apart_with_every_vision(vision: str) -> None:
    for first, second in neighbours(COLORBLIND):
        assert difference(first, second, vision) >= 10, (first, second)


def test_the_print_theme_is_grey_and_told_apart_by_lightness() -> None:
    for color in colors(PRINT):
        assert len({color[at : at + 2] for at in (1, 3, 5)}) == 1, color
    for first, second in neighbours(PRINT):
        assert abs(lightness(first) - lightness(second)) >= 8, (first, second)


@each_theme
def test_faces_are_lit_from_above_left(theme: Theme) -> None:
    for faces in (theme.volume, theme.filter, *theme.branches):
        assert lightness(faces.top) > lightness(faces.front) > lightness(faces.side)


@each_theme
def test_colors_are_written_in_full(theme: Theme) -> None:
    assert THEMES[theme.name] is theme
    for color in colors(theme):
        assert re.fullmatch("#[0-9a-f]{6}", color)


def scenes(theme: Theme) -> Iterator[Scene]:
    """Of every style, with all that it can draw."""
    yield volumes(load("lenet5"), width=960, theme=theme, title="LeNet-5")
    yield volumes(load("alexnet"), width=960, theme=theme)
    yield strip([load("plain34"), load("resnet", depth=34)], width=960, theme=theme)
    for network, layer in (("alexnet", "conv2"), ("lenet5", "avgpool1"), ("lenet5", "fc1")):
        yield operation(load(network), layer, width=960, theme=theme)


@each_theme
def test_figures_have_no_colour_that_is_not_the_themes(theme: Theme) -> None:
    known = set(colors(theme))
    for scene in scenes(theme):
        assert scene.background == theme.background
        for item in scene.primitives():
            fill = None if isinstance(item, Path | Picture) else item.fill
            stroke = None if isinstance(item, Text | Picture) else item.stroke
            assert fill is None or fill in known, item
            assert stroke is None or stroke.color in known, item
