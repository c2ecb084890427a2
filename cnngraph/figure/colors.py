"""Colours as they are seen: how light, how far apart, also by people who see no red, no green or no blue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from math import dist

Color = str
"""``#rrggbb``."""
_Triple = tuple[float, float, float]
_VISIONS: tuple[tuple[_Triple, _Triple, _Triple], ...] = (
    ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
)
"""What linear light becomes without a deficiency, and with protanopia, deuteranopia and tritanopia (Machado, Oliveira,
Fernandes 2009, severity 1)."""
_XYZ: tuple[_Triple, _Triple, _Triple] = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
"""Linear sRGB to CIE XYZ under D65 (IEC 61966-2-1)."""
_WHITE = (0.95047, 1.0, 1.08883)
_APART = 20.0
"""A distance at which two areas are told apart without comparing; 2.3 is just seen."""
_MIXES = (("#ffffff", 0.55), ("#000000", 0.4))
"""What colours are mixed with, and how much of it, to be lighter or darker."""


def mixed(color: Color, other: Color, share: float) -> Color:
    """*color* with so large a *share* of *other*."""
    pairs = ((int(color[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in pairs)


def contrast(one: Color, other: Color) -> float:
    """From 1 to 21 (WCAG 2.2, "contrast ratio")."""
    lights = sorted(map(_luminance, (one, other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _luminance(color: Color) -> float:
    """Relative luminance (WCAG 2.2)."""
    red, green, blue = _linear(color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(color: Color) -> _Triple:
    parts = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return red, green, blue


def apart(one: Color, other: Color) -> float:
    """The least distance of two colours in CIE L*a*b*, whoever looks at them."""
    return min(map(dist, _seen(one), _seen(other)))


@cache
def _seen(color: Color) -> tuple[_Triple, ...]:
    """*color* in CIE L*a*b*, by everyone of `_VISIONS`."""
    light = _linear(color)
    return tuple(_lab(_turned(vision, light)) for vision in _VISIONS)


def _turned(matrix: tuple[_Triple, _Triple, _Triple], light: Sequence[float]) -> _Triple:
    one, two, three = (
        min(max(sum(weight * part for weight, part in zip(row, light, strict=True)), 0.0), 1.0) for row in matrix
    )
    return one, two, three


def _lab(light: _Triple) -> _Triple:
    x, y, z = (
        sum(weight * part for weight, part in zip(row, light, strict=True)) / white
        for row, white in zip(_XYZ, _WHITE, strict=True)
    )
    fx, fy, fz = (
        part ** (1 / 3) if part > (6 / 29) ** 3 else part / (3 * (6 / 29) ** 2) + 4 / 29 for part in (x, y, z)
    )
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def another(taken: Iterable[Color], wished: Sequence[Color]) -> Color:
    """A colour that is told from all that are *taken*: the first of *wished* that is, else of these and lighter and
    darker ones the one farthest from them."""
    taken = list(taken)

    def least(color: Color) -> float:
        return min((apart(color, other) for other in taken), default=_APART)

    for color in wished:
        if least(color) >= _APART:
            return color
    mixes = [mixed(color, other, share) for other, share in _MIXES for color in wished]
    return max([*wished, *mixes], key=least)
