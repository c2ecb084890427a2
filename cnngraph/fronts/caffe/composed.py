"""Caffe's layers that several layers here do together."""

from __future__ import annotations

from collections.abc import Sequence

from cnngraph.fronts.caffe.layer import Layer
from cnngraph.fronts.caffe.net import Net
from cnngraph.fronts.padding import padding, pooling
from cnngraph.layers.activation import Abs, Power, Square
from cnngraph.layers.dense import Flatten
from cnngraph.layers.join import Add, Concat, Mul
from cnngraph.layers.normalization import InstanceNorm
from cnngraph.layers.pooling import AvgPool, MaxPool
from cnngraph.layers.resize import Upsample
from cnngraph.layers.scaling import Plus, Times
from cnngraph.layers.values import Pair
from cnngraph.volume import Volume, as_int

Made = str | None


def within_channel(net: Net, layer: Layer, tensor: str) -> str:
    """`LRNLayer::WithinChannelForward`: the numbers times ``(1 + alpha * mean of the squares about each)^-beta``."""
    options, side = layer.options("lrn_param"), layer.options("lrn_param").count("local_size", 5)
    border = (side - 1) // 2
    square = net.add(layer, Square(), [tensor], name=f"{layer.name}/square")
    about = AvgPool(window=(side, side), stride=(1, 1), padding=padding((side, side), *[(border, border)] * 2),
                    count_pad=True)  # fmt: skip
    mean = net.add(layer, about, [square], name=f"{layer.name}/mean")
    scaled = net.add(layer, Times(by=options.number("alpha", 1.0)), [mean], name=f"{layer.name}/alpha")
    more = net.add(layer, Plus(by=1.0), [scaled], name=f"{layer.name}/plus")
    power = net.add(layer, Power(p=-options.number("beta", 0.75)), [more], name=f"{layer.name}/beta")
    return net.add(layer, Mul(), [tensor, power])


def centred(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """`MVN`: each channel with a mean of 0 and, unless told otherwise, a variance of 1. That Caffe adds eps to the root
    comes to the same."""
    options, volume = layer.options("mvn_param"), net.volume(inputs[0])
    if options.flag("across_channels", False) or not volume.is_map:
        return net.opaque(layer, inputs[:1], volume)
    if options.flag("normalize_variance", True):
        eps = max(options.number("eps", 1e-9), 1e-12)
        return net.add(layer, InstanceNorm(eps=float(f"{eps**2:.12g}"), affine=False), inputs[:1])
    mean = net.add(layer, AvgPool(everything=True), inputs[:1], name=f"{layer.name}/mean")
    less = net.add(layer, Times(by=-1.0), [mean], name=f"{layer.name}/less")
    return net.add(layer, Add(spread=True), [inputs[0], less])


def pyramid(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """Pools of 1, 4, 16 … parts of the map, as one vector (He et al. 2014; `SPPLayer::GetPoolingParam`)."""
    options, volume = layer.options("spp_param"), net.volume(inputs[0])
    levels, is_max = options.count("pyramid_height", 1), options.text("pool", "MAX").upper() in ("MAX", "0")
    if not volume.is_map or levels > _MOST_LEVELS:
        return net.opaque(layer, inputs[:1], None)
    sizes = as_int(volume.height), as_int(volume.width)
    pools = [_part(sizes, 2**level) for level in range(levels)]
    if not is_max or None in pools:
        made = as_int(volume.channels) * sum(4**level for level in range(levels))
        return net.opaque(layer, inputs[:1], Volume((made,)))
    parts = []
    for level, pool in enumerate(filter(None, pools)):
        pooled = net.add(layer, pool, inputs[:1], name=f"{layer.name}/pool{level}")
        parts.append(net.add(layer, Flatten(), [pooled], name=f"{layer.name}/flatten{level}"))
    return net.add(layer, Concat(), parts) if len(parts) > 1 else parts[0]


_MOST_LEVELS = 12


def _part(sizes: Pair, count: int) -> MaxPool | None:
    """The pool that makes *count* times as many numbers of a map of *sizes*; None where one sees nothing."""
    if count == 1:
        return MaxPool(everything=True)
    high, wide = (-(-size // count) for size in sizes)
    down, across = ((side * count - size + 1) // 2 for side, size in zip((high, wide), sizes, strict=True))
    if down >= high or across >= wide:
        return None
    pads, ceil = pooling(sizes, (high, wide), (high, wide), (down, across), (count, count))
    return MaxPool(window=(high, wide), padding=pads, ceil=ceil)


_BEFORE = {"ASUM": Abs, "2": Abs, "SUMSQ": Square, "3": Square}


def reduction(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """One number of each channel, or of each picture: sum or mean, of the numbers, their squares, or without signs."""
    options, tensor, volume = layer.options("reduction_param"), inputs[0], net.volume(inputs[0])
    how, axis = options.text("operation", "SUM").upper(), options.whole("axis", 0)
    last = 4 if volume.is_map else 2
    axis = axis if axis >= 0 else axis + last
    if axis not in (1, 2)[: last - 1 if last == 2 else 2]:
        return net.opaque(layer, inputs[:1], None)
    if how in _BEFORE:
        tensor = net.add(layer, _BEFORE[how](), [tensor], name=f"{layer.name}/each")
    each = as_int(volume.channels)
    if not volume.is_map:
        tensor = net.upright(layer, tensor)
    else:
        tensor = net.add(layer, AvgPool(everything=True), [tensor], name=f"{layer.name}/mean")
    if axis == 1:
        tensor = net.add(layer, AvgPool(over_channels=True), [tensor], name=f"{layer.name}/channels")
    count = as_int(volume.size) // (each if axis == 2 else 1)
    by = options.number("coeff", 1.0) * (1 if how in ("MEAN", "4") else count)
    if by != 1:
        tensor = net.add(layer, Times(by=by), [tensor], name=f"{layer.name}/times")
    return net.add(layer, Flatten(), [tensor])


def tile(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """A map of one row, one column or one channel as many times as it says. What is only multiplied with another or
    added to one is spread there."""
    options, volume = layer.options("tile_param"), net.volume(inputs[0])
    axis, tiles = options.whole("axis", 1), options.count("tiles", 1)
    axis = axis if axis >= 0 else axis + 4
    if not volume.is_map or axis not in (1, 2, 3):
        return net.opaque(layer, inputs[:1], None)
    sizes = [as_int(dim) for dim in volume.dims]
    at = (axis + 1) % 3
    if tiles == 1:
        return inputs[0]
    if sizes[at] == 1 and (behind := net.behind(layer)) and all(map(_spreads, behind)):
        return inputs[0]
    if at == 2 and tiles <= _MOST_TILES:
        return net.add(layer, Concat(), [inputs[0]] * tiles)
    if sizes[at] != 1 or at == 2:
        return net.opaque(layer, inputs[:1], None)
    to = (tiles, sizes[1]) if at == 0 else (sizes[0], tiles)
    return net.add(layer, Upsample(to=to), inputs[:1])


_MOST_TILES = 4096


def _spreads(layer: Layer) -> bool:
    """Whether it takes two blobs, and they may be of unequal sizes here."""
    options = layer.options("eltwise_param")
    is_plain = options.text("operation", "SUM").upper() in ("PROD", "0", "SUM", "1") and "coeff" not in options
    return layer.type == "Eltwise" and len(layer.bottoms) == 2 and is_plain
