"""The weights of layers in the page: how their numbers are spread, and the first filters as pictures."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from cnngraph.units import Units
from cnngraph.viewer.pixels import Array, painted, places, tiled, url
from cnngraph.weights.source import Weight, Weights

_BINS = 32
_MOST_FILTERS = 64
_FOLDER = re.compile(r"(\bweights (?:in|from) ).*[/\\]")
"""Of the file that weights are said to be from: it is nobody's business, and long."""


def weights_of(whole: Units, weights: Weights) -> dict[str, Any]:
    """By the unit's number and the tensor's place in it: least, greatest, mean and standard deviation, the share of
    zeros, and how many numbers are in each of as wide bins. And the filters that see the picture itself.

    Raises `CnngraphError` when the weights cannot be read.
    """
    wanted = [
        (number, Weight(f"{layer.name}.{name}", layer, parameter))
        for number, unit in enumerate(whole.units)
        for layer in unit.layers
        for name, parameter in layer.parameters.items()
    ]
    spread: dict[int, list[list[Any]]] = {}
    filters: dict[int, dict[str, Any]] = {}
    numbers = weights.all([weight for _, weight in wanted])
    for (number, weight), pieces in zip(wanted, numbers, strict=True):
        values = np.frombuffer(b"".join(pieces), "<f4").reshape(weight.parameter.shape)
        spread.setdefault(number, []).append(_spread(values))
        is_picture = values.ndim == 4 and values.shape[1] in (1, 3)
        if is_picture and weight.layer.kind.family == "conv" and _sees_input(whole, number):
            filters[number] = _filters(values)
    return {"about": _FOLDER.sub(r"\1", weights.about), "spread": spread, "filters": filters}


def _sees_input(whole: Units, number: int) -> bool:
    return all(not whole.by_name[name].lead.inputs for name in whole.units[number].inputs)


def _spread(values: Array) -> list[Any]:
    known = values[np.isfinite(values)].astype(np.float64)
    if not known.size:
        return [0.0, 0.0, 0.0, 0.0, 0.0, []]
    least, most = float(known.min()), float(known.max())
    counts = np.histogram(known, _BINS, (least, most))[0].tolist() if least < most else [known.size]
    measures = (least, most, float(known.mean()), float(known.std()), float((known == 0).mean()))
    return [*(float(f"{each:.4g}") for each in measures), counts]


def _filters(values: Array) -> dict[str, Any]:
    """The first filters: in colour of three channels, each between its own least and greatest; of one, on a ramp."""
    from PIL import Image

    shown = np.nan_to_num(values[:_MOST_FILTERS])
    said = f"{len(shown)} of {len(values)} filters" if len(shown) < len(values) else f"{len(values)} filters"
    if shown.shape[1] == 1:
        sheet = tiled(places(shown[:, 0], float(shown.min()), float(shown.max())))
        return {"url": painted(sheet), "wide": sheet.shape[1], "high": sheet.shape[0], "said": said}
    low = shown.min(axis=(1, 2, 3), keepdims=True)
    spans = np.maximum(shown.max(axis=(1, 2, 3), keepdims=True) - low, 1e-12)
    colored = np.rint((shown - low) / spans * 255).astype(np.uint8).transpose(0, 2, 3, 1)
    sheet = tiled(colored, 255)
    return {"url": url(Image.fromarray(sheet)), "wide": sheet.shape[1], "high": sheet.shape[0], "said": said}
