"""The sum that one cell is, in a network's own numbers: a window of its input, the filter, and what comes of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnngraph.figure.colors import Color
from cnngraph.figure.live import Live
from cnngraph.figure.page import is_slide
from cnngraph.figure.ramp import Ramp
from cnngraph.figure.styles.equation import Part, Row
from cnngraph.figure.styles.example import Example
from cnngraph.figure.styles.numbers import Grid, Numbers, cell_for
from cnngraph.figure.theme import Theme
from cnngraph.network import Layer, Network
from cnngraph.units import units

if TYPE_CHECKING:
    from cnngraph.figure.live import Array

_MOST = 7
"""Up to so many cells a side a window's numbers are written."""
_SMALL = 0.8
"""How high numbers are, of the other text; but at least what can be read."""
_LEAST_TEXT = {True: 10.0, False: 6.5}
"""Points, on a slide and in print."""
_CLOSE = 1e-3
"""How far a sum may be from the one that onnxruntime made in another order, for the sum of its terms' sizes."""


@dataclass(frozen=True, slots=True)
class _Term:
    sign: str
    grid: Grid
    caption: tuple[str, ...]
    colors: Sequence[Sequence[Color]] = ()


def summed(
    network: Network, layer: Layer, shown: Example, live: Live, em: float, width: float, theme: Theme
) -> list[Row]:
    """How the marked cell of the first map that *layer* makes comes about, as a row; none where it is not what a window
    makes, or of too large a one. *width* is that of the page."""
    if shown.spreads or layer.kind.family not in ("conv", "pool") or max(shown.window) > _MOST:
        return []
    of = _pooled if layer.kind.family == "pool" else _convolved
    terms = list(of(layer, shown, live, Ramp(theme)))
    if not terms:
        return []
    terms += _behind(network, layer, shown, live)
    small = max(_LEAST_TEXT[is_slide(width)], _SMALL * em)
    cell = cell_for([term.grid for term in terms], small)
    parts = (
        Part(
            term.sign,
            Numbers(term.grid, (), (), cell, small, theme, term.colors),
            term.caption,
            f"{layer.name}.sum.{number}",
            "decoration",
            "numbers of the network",
            close=True,
        )
        for number, term in enumerate(terms, start=1)
    )
    return [Row(tuple(parts), em)]


def _pooled(layer: Layer, shown: Example, live: Live, ramp: Ramp) -> Iterator[_Term]:
    given = _given(layer, live)
    window = _windows(given[:1], shown)[0]
    grid = [[None if number != number else number for number in row] for row in window.tolist()]
    yield _Term(layer.kind.caption().sign, grid, _said(shown, len(given)), _colors(window, given, ramp))
    yield _Term("=", [[_cell(layer, shown, live)]], ("the cell",))


def _convolved(layer: Layer, shown: Example, live: Live, ramp: Ramp) -> Iterator[_Term]:
    """Nothing where the numbers do not come to what the layer made."""
    import numpy as np

    weight = live.weights.get("weight")
    if weight is None or weight.shape[2:] != shown.window:
        return
    given, made = _given(layer, live), _cell(layer, shown, live)
    windows = np.nan_to_num(_windows(given[: weight.shape[1]], shown))
    products = windows * weight[0].astype(np.float64)
    bias = float(live.weights["bias"][0]) if "bias" in live.weights else 0.0
    first, rest = float(products[0].sum()), float(products[1:].sum())
    if not abs(first + rest + bias - made) <= _CLOSE * (np.abs(products).sum() + abs(bias)):
        return
    filters = f"filter 1 of {len(weight)}" if len(weight) > 1 else "the filter"
    yield _Term("", windows[0].tolist(), _said(shown, len(given)), _colors(windows[0], given, ramp))
    yield _Term("∗", weight[0, 0].tolist(), (filters,), _colors(weight[0, 0], weight, ramp))
    others = len(products) - 1
    if others or "bias" in live.weights:
        yield _Term("=", [[first]], ())
    if others:
        yield _Term("+", [[rest]], (f"the other {others}" if others > 1 else "the other",))
    if "bias" in live.weights:
        yield _Term("+", [[bias]], ("bias",))
    yield _Term("=", [[made]], ("the cell",))


def _behind(network: Network, layer: Layer, shown: Example, live: Live) -> Iterator[_Term]:
    """What becomes of the cell in the layers that are said in one breath."""
    unit = next(unit for unit in units(network).units if layer.name in unit.names)
    after = unit.layers[unit.names.index(layer.name) + 1 :]
    if after and live.made[after[-1].name].shape == live.made[layer.name].shape:
        names = ", ".join(each.kind.caption().name for each in after if not each.kind.idle)
        yield _Term("→", [[_cell(after[-1], shown, live)]], (names,))


def _given(layer: Layer, live: Live) -> Array:
    return live.made.get(layer.inputs[0], live.fed)


def _cell(layer: Layer, shown: Example, live: Live) -> float:
    return float(live.made[layer.name][0, shown.rows.cell, shown.columns.cell])


def _windows(given: Array, shown: Example) -> Array:
    """The marked window on each map of *given*, as float64; no numbers where it is on none."""
    import numpy as np

    rows, columns = shown.rows.taps, shown.columns.taps
    found = np.full((len(given), len(rows), len(columns)), np.nan)
    down = [at for at, row in enumerate(rows) if 0 <= row < given.shape[1]]
    across = [at for at, column in enumerate(columns) if 0 <= column < given.shape[2]]
    places = np.ix_([rows[at] for at in down], [columns[at] for at in across])
    for channel, numbers in enumerate(given):
        found[channel][np.ix_(down, across)] = numbers[places]
    return found


def _colors(numbers: Array, of: Array, ramp: Ramp) -> list[list[Color]]:
    """Of *numbers*, some of those in *of*; padding has that of 0."""
    import numpy as np

    return ramp.colors(np.nan_to_num(numbers), float(np.nanmin(of)), float(np.nanmax(of)))


def _said(shown: Example, channels: int) -> tuple[str, ...]:
    size = f"{shown.window[0]}×{shown.window[1]}"
    return (size, f"channel 1 of {channels}") if channels > 1 else (size,)
