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
    """How the marked cell comes about that *layer* makes, as a row: on the map in which it is largest, and of the sum
    the channel that has the largest part in it; none where it is not what a window makes, or of too large a one.
    *width* is that of the page."""
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
    given, channel = _given(layer, live), _largest(layer, shown, live)
    window = _windows(given[channel : channel + 1], shown)[0]
    grid = [[None if number != number else number for number in row] for row in window.tolist()]
    yield _Term(layer.kind.caption().sign, grid, _said(shown, channel, len(given)), _colors(window, given, ramp))
    yield _Term("=", [[_cell(layer, shown, live, channel)]], _called(channel, len(given)))


def _convolved(layer: Layer, shown: Example, live: Live, ramp: Ramp) -> Iterator[_Term]:
    """Nothing where the numbers do not come to what the layer made."""
    import numpy as np

    weight = live.weights.get("weight")
    if weight is None or weight.shape[2:] != shown.window:
        return
    filter_ = _largest(layer, shown, live)
    given, made = _given(layer, live), _cell(layer, shown, live, filter_)
    groups = max(1, len(given) // weight.shape[1])
    first = filter_ * groups // len(weight) * weight.shape[1]
    windows = np.nan_to_num(_windows(given[first : first + weight.shape[1]], shown))
    products = windows * weight[filter_].astype(np.float64)
    bias = float(live.weights["bias"][filter_]) if "bias" in live.weights else 0.0
    parts = products.sum(axis=(1, 2))
    channel = int(np.abs(parts).argmax())
    part, rest = float(parts[channel]), float(np.delete(parts, channel).sum())
    if not abs(part + rest + bias - made) <= _CLOSE * (np.abs(products).sum() + abs(bias)):
        return
    filters = (f"filter {filter_ + 1} of {len(weight)}", "largest here") if len(weight) > 1 else ("the filter",)
    shown_channel = _said(shown, first + channel, len(given))
    yield _Term("", windows[channel].tolist(), shown_channel, _colors(windows[channel], given, ramp))
    yield _Term("∗", weight[filter_, channel].tolist(), filters, _colors(weight[filter_, channel], weight, ramp))
    others = len(products) - 1
    if others or "bias" in live.weights:
        yield _Term("=", [[part]], ())
    if others:
        yield _Term("+", [[rest]], (f"the other {others}" if others > 1 else "the other",))
    if "bias" in live.weights:
        yield _Term("+", [[bias]], ("bias",))
    yield _Term("=", [[made]], _called(filter_, len(weight)))


def _behind(network: Network, layer: Layer, shown: Example, live: Live) -> Iterator[_Term]:
    """What becomes of the cell in the layers that are said in one breath."""
    unit = next(unit for unit in units(network).units if layer.name in unit.names)
    after = unit.layers[unit.names.index(layer.name) + 1 :]
    if after and live.made[after[-1].name].shape == live.made[layer.name].shape:
        names = ", ".join(each.kind.caption().name for each in after if not each.kind.idle)
        yield _Term("→", [[_cell(after[-1], shown, live, _largest(layer, shown, live))]], (names,))


def _given(layer: Layer, live: Live) -> Array:
    return live.made.get(layer.inputs[0], live.fed)


def _cell(layer: Layer, shown: Example, live: Live, channel: int) -> float:
    return float(live.made[layer.name][channel, shown.rows.cell, shown.columns.cell])


def _largest(layer: Layer, shown: Example, live: Live) -> int:
    """The channel in which the cell is largest: others may be 0 behind a ReLU, whatever the picture."""
    import numpy as np

    numbers = live.made[layer.name][:, shown.rows.cell, shown.columns.cell]
    return int(np.where(np.isnan(numbers), -np.inf, numbers).argmax())


def _called(channel: int, of: int) -> tuple[str, ...]:
    """What the cell that comes about is."""
    return ("the cell", f"in map {channel + 1} of {of}") if of > 1 else ("the cell",)


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


def _said(shown: Example, channel: int, channels: int) -> tuple[str, ...]:
    size = f"{shown.window[0]}×{shown.window[1]}"
    return (size, f"channel {channel + 1} of {channels}") if channels > 1 else (size,)
