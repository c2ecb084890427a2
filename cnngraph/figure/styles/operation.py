"""The style of the lecture's 1×1 convolution: one layer explained, input ∗ filter = output.

The window is marked on the one map and the cell that belongs to it on the other; below stands how the sizes, the
parameters and the multiply-accumulates come about.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure import shapes
from cnngraph.figure.scene import Circle, Group, Item, Line, Move, Path, Primitive, Scene, Stroke, Text
from cnngraph.figure.styles.arithmetic import arithmetic, sentence
from cnngraph.figure.styles.example import Example, Windowed, example
from cnngraph.figure.styles.maps import Filter, Map, Mark, scale_for
from cnngraph.figure.styles.stops import drawn_volumes
from cnngraph.figure.text import ascent, descent, fit, ink
from cnngraph.figure.text import width as text_width
from cnngraph.figure.theme import Theme
from cnngraph.layers.convolution import Conv, UpConv
from cnngraph.layers.dense import Fc
from cnngraph.layers.pooling import AvgPool, MaxPool
from cnngraph.network import Layer, Network
from cnngraph.units import Unit
from cnngraph.volume import Volume, as_int

_SLIDE_WIDTH, _SLIDE_TEXT, _LEAST_TEXT = 960.0, 14.0, 6.5
"""Points, as in the volumes style."""
_LARGEST, _PREFERRED, _SMALLEST = 12.0, 6.0, 4.0
"""Ems, the longest side of a front face: the most it grows to, the least before a row is added, the least at all."""
_MARGIN, _ROW_GAP, _LEADING = 0.9, 1.6, 1.25
"""Ems: the page's border, the air between rows, and from line to line."""
_SIGN, _AIR = 1.5, 0.75
"""Ems: the size of a sign such as ∗, and the air on either side of it."""
_CAPTION = 7.5
"""Ems after which a caption goes on in a second line."""
_LISTED = 12
"""How many layers a message lists."""
_SHOWN = (*Windowed.__args__, Fc)


def operation(network: Network, layer: str | None, *, width: float, theme: Theme, title: str | None = None) -> Scene:
    """The layer called *layer*, or the only convolution or pool, at most *width* points wide.

    Raises `CnngraphError` when there is no such layer (E0611), when it is of a kind that the style does not
    show (E0612), when none is named and several could be meant (E0613), and when the width is too small (E0604).
    """
    shown = chosen(network, layer)
    em = max(_LEAST_TEXT, _SLIDE_TEXT * width / _SLIDE_WIDTH)
    room = width - 2 * _MARGIN * em
    ...
