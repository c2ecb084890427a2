"""What a network makes of one picture: the maps of its layers, its answers, and where in the picture they come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cnngraph.figure.live import bars
from cnngraph.figure.ramp import pooled
from cnngraph.network import Layer, Network, Output
from cnngraph.plural import many
from cnngraph.preprocessing import Preprocessing
from cnngraph.runtime.answers import top
from cnngraph.runtime.feeds import PictureInput
from cnngraph.runtime.images import read
from cnngraph.runtime.session import Session
from cnngraph.units import Units
from cnngraph.viewer.pixels import GAP, Array, painted, places, tiled, url
from cnngraph.weights.source import Weight, Weights

_MOST_MAPS, _SIDE = 64, 28
"""Channels of a layer that are shown, and how high and wide."""
_CLASSES = 5
_HOTTEST = (200, 30, 30)


def with_all(network: Network) -> Network:
    """*network* with the tensor of every layer given back as well, under the layer's name."""
    names, given = ({getattr(output, what) for output in network.outputs} for what in ("name", "layer"))
    inside = (layer.name for layer in network.layers if layer.inputs and layer.name in network.live)
    more = (Output(name, name) for name in inside if name not in names | given)
    return replace(network, outputs=(*network.outputs, *more))


def live(
    whole: Units,
    session: Session,
    weights: Weights,
    image: Path,
    falls: Callable[[Mapping[str, Array]], Mapping[str, Array]] | None = None,
) -> dict[str, Any]:
    """What is seen when the picture at *image* goes through: *session* is of `with_all` the network, with *weights*.
    What in the picture answers come from is by class maps, or by how they fall (`occlusion.falls`).

    Raises `CnngraphError` when the picture cannot be read, or the network takes none.
    """
    network, exposed = whole.network, session.network
    assert exposed is not None
    pictures = PictureInput.of(session, session.done, "leave --image out")
    feed = pictures.feed(image)
    made = session.run(feed)
    tensors = {output.layer: made[output.name][0] for output in exposed.outputs}
    fallen = falls(feed) if falls else None
    answers: list[list[Any]] = []
    for output in network.outputs:
        vector = tensors[output.layer]
        if vector.ndim == 1:
            guesses = top(vector, _CLASSES, session.about.classes.get(output.name, ()))
            where: Callable[[int], Array] | None
            if fallen is not None:
                where = partial(_channel, fallen[output.name])
            else:
                where = class_maps(network, network[output.layer], tensors, weights)
            long = bars(vector)
            shown = [
                [
                    guess.label,
                    _number(guess.score),
                    _number(float(long[guess.index])),
                    where and _heat(where(guess.index)),
                    "" if fallen is None else _most(fallen[output.name][..., guess.index]),
                ]
                for guess in guesses
            ]
            answers.append([output.name, shown])
    shape = next(iter(feed.values())).shape
    return {
        "picture": {"url": _picture(image, shape), "wide": shape[3], "high": shape[2]},
        "sheets": [_sheet(tensors.get(unit.layers[-1].name)) for unit in whole.units],
        "answers": answers,
        "evidence": _BY_MAPS if fallen is None else _BY_FALLS,
    }


_BY_MAPS = "Red: what in the last maps speaks for the class (class activation map)."
_BY_FALLS = (
    "Red: where a grey window lowers the number of the class, the more the redder (occlusion). This goes together with "
    "the answer, and need not be its reason."
)


def _most(fall: Array) -> str:
    """Of falls that are drawn each by its own largest."""
    most = np.nan_to_num(fall).max()
    return f"It falls by up to {most:.2g}." if most > 0 else "It falls nowhere."


def _channel(maps: Array, number: int) -> Array:
    return maps[..., number]


def _number(value: float) -> float | None:
    return float(f"{value:.4g}") if np.isfinite(value) else None


def _picture(image: Path, shape: tuple[int, ...]) -> str:
    """As the network sees it, before its numbers are scaled."""
    from PIL import Image

    _, channels, high, wide = shape
    values = read(image, (high, wide), channels, Preprocessing())[0]
    shown = np.rint(values.transpose(1, 2, 0) * 255).astype(np.uint8)
    return url(Image.fromarray(shown[..., 0] if channels == 1 else shown), "JPEG", quality=85)


def _sheet(values: Array | None) -> dict[str, Any] | None:
    """Pictures of a layer's maps: a sheet of those whose numbers are largest in the mean, and what is to be said of it;
    and the largest alone, the face. A vector is one row after the other."""
    if values is None or values.ndim not in (1, 3) or not values.size:
        return None
    if values.ndim == 1:
        across = min(len(values), 32)
        cells = np.full(-(-len(values) // across) * across, GAP, np.uint8)
        cells[: len(values)] = _places(values[None])[0]
        return {**_drawn(cells.reshape(-1, across)), "said": _said(many(len(values), "number"), values), "face": None}
    strength = np.abs(np.nan_to_num(values)).mean(axis=(1, 2))
    strongest = np.argsort(-strength, kind="stable")[:_MOST_MAPS]
    maps = np.stack([pooled(each, _SIDE) for each in values[np.sort(strongest)]])
    count = many(len(values), "map")
    what = f"the strongest {len(maps)} of {count}" if len(maps) < len(values) else count
    face = _drawn(_places(pooled(values[strongest[0]], _SIDE)))
    return {**_drawn(tiled(_places(maps))), "said": _said(what, maps), "face": face}


def _range(values: Array) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    return (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)


def _places(values: Array) -> Array:
    return places(values, *_range(values))


def _said(what: str, values: Array) -> str:
    least, most = _range(values)
    return f"{what}, from {least:.4g} to {most:.4g}; white is 0"


def _drawn(colors: Array) -> dict[str, Any]:
    high, wide = colors.shape
    return {"url": painted(colors), "wide": wide, "high": high}


# Where an answer comes from ----------------------------------------------------------------------


def class_maps(
    network: Network, layer: Layer, tensors: Mapping[str, Array], weights: Weights
) -> Callable[[int], Array] | None:
    """What of the last maps speaks for a class of *layer*'s, by the class's number: class activation maps (Zhou et al.
    2016), whose mean is the logit but for its bias. *tensors* are those of layers, by name.

    None unless the network ends in the mean of maps and a fully connected layer, or in that of a map for each class.
    """
    layer = _behind_idle(network, layer)
    matrix: Array | None = None
    if layer.kind.family == "dense" and not layer.shares:
        name, parameter = next((name, each) for name, each in layer.parameters.items() if len(each.shape) == 2)
        for pieces in weights.all([Weight(f"{layer.name}.{name}", layer, parameter)]):
            matrix = np.frombuffer(b"".join(pieces), "<f4").reshape(parameter.shape)
        layer = _behind_idle(network, network[layer.inputs[0]])
    if layer.kind.family != "pool" or len(layer.inputs) != 1:
        return None
    maps, pooled = tensors.get(layer.inputs[0]), tensors.get(layer.name)
    if maps is None or pooled is None or maps.ndim != 3 or pooled.size != len(maps):
        return None
    # Whether it is the mean is seen by its numbers.
    if not np.allclose(maps.mean(axis=(1, 2)), pooled.reshape(-1), rtol=1e-3, atol=1e-5):
        return None
    found, by_class = maps, matrix
    return lambda number: found[number] if by_class is None else np.tensordot(by_class[number], found, 1)


def _behind_idle(network: Network, layer: Layer) -> Layer:
    """The layer whose numbers come out of *layer*, but for what makes answers of them, or moves none."""
    while (layer.kind.answers or layer.kind.idle) and layer.inputs:
        layer = network[layer.inputs[0]]
    return layer


def _heat(values: Array) -> str:
    """What speaks for a class, from nothing, which is transparent, to the most."""
    from PIL import Image

    shares = np.clip(np.nan_to_num(values), 0, None)
    shares = shares / (shares.max() or 1.0)
    shown = np.empty((*shares.shape, 4), np.uint8)
    shown[..., :3], shown[..., 3] = _HOTTEST, np.rint(shares * 200)
    return url(Image.fromarray(shown))
