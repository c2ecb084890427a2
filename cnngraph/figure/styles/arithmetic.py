"""A layer's arithmetic in words: how its sizes, parameters and multiply-accumulates come about."""

from __future__ import annotations

from cnngraph.figure.styles.example import Windowed, sliding
from cnngraph.layers.convolution import Conv, DwConv, UpConv
from cnngraph.layers.dense import Fc
from cnngraph.layers.pooling import AvgPool, MaxPool
from cnngraph.network import Layer
from cnngraph.volume import Dim, Volume

Row = tuple[str, str]
"""What is counted, and how: ``("parameters", "(1·1·32 + 1)·16 = 528")``."""


def sentence(layer: Layer) -> str:
    """What the layer does, in one line."""
    kind, (source,) = layer.kind, layer.input_volumes
    match kind:
        case Conv(groups=1):
            return f"{_filters(kind.channels)} of {_window(kind)}×{source.channels}"
        case Conv(groups=groups):
            what = f"{_filters(kind.channels)} of {_window(kind)}×{source.channels // groups}"
            return f"{what} in {groups} groups, each for its own channels"
        case DwConv(multiplier=multiplier):
            each = "one" if multiplier == 1 else str(multiplier)
            return f"{_filters(source.channels * multiplier)} of {_window(kind)}×1, {each} for every channel"
        case UpConv():
            what = f"{_filters(kind.channels)} of {_window(kind)}×{source.channels // kind.groups}"
            return f"{what}; where windows of the output overlap they add up"
        case MaxPool():
            return f"the largest number of {_pooled(kind)}, in every channel"
        case AvgPool():
            return f"the mean of {_pooled(kind)}, in every channel"
        case Fc():
            return f"every output is a sum of all {source.channels:,} inputs with weights of its own"
    raise AssertionError(kind)


def arithmetic(layer: Layer) -> list[Row]:
    """The rows below the figure. The results are the network's own, the formulas those of `cnngraph.layers`."""
    rows = [] if isinstance(layer.kind, Fc) else _sizes(layer)
    if layer.params:
        rows.append(("parameters", f"{_parameters(layer)} = {layer.params:,}"))
    else:
        rows.append(("parameters", "none"))
    if layer.kind.family != "pool":
        result = "" if layer.macs is None else f" = {layer.macs:,}"
        rows.append(("MACs", _macs(layer) + result))
    return rows


def _filters(count: Dim) -> str:
    return "1 filter" if count == 1 else f"{count} filters"


def _window(kind: Conv | DwConv | UpConv) -> str:
    return f"{kind.window[0]}×{kind.window[1]}"


def _pooled(kind: MaxPool | AvgPool) -> str:
    if kind.everything:
        return "the whole map"
    if kind.to is not None:
        return f"each of {kind.to[0]}×{kind.to[1]} parts of the map"
    assert kind.window is not None
    return f"each {kind.window[0]}×{kind.window[1]} window"


def _sizes(layer: Layer) -> list[Row]:
    """``(227 + 2·0 − 11)/4 + 1 = 55`` for the height, and for the width where it is another."""
    kind, (source,) = layer.kind, layer.input_volumes
    assert isinstance(kind, Windowed)
    along = [
        _size(kind, axis, size, result)
        for axis, (size, result) in enumerate(zip(source.dims[:2], layer.output.dims[:2], strict=True))
    ]
    if along[0] == along[1]:
        return [("height, width", along[0])]
    return [("height", along[0]), ("width", along[1])]


def _size(kind: Windowed, axis: int, size: Dim, result: Dim) -> str:
    """Along one axis, with its result."""
    slide = sliding(kind)
    if slide is None:
        return f"{size} → {result}"
    window, stride, dilation = slide.window[axis], slide.stride[axis], slide.dilation[axis]
    extent = str(window) if dilation == 1 else f"{dilation}·({window} − 1) − 1"
    if isinstance(kind, UpConv):
        covered = str(window) if dilation == 1 else f"{dilation}·({window} − 1) + 1"
        more = f" + {kind.added(axis)}" if kind.added(axis) else ""
        return f"({size} − 1)·{stride} + {covered} − {_padded(*kind.cut(axis), '−')}{more} = {result}"
    before, after = slide.pads(axis, size)
    room = size + before + after - slide.extent(axis)
    share = f"({size} + {_padded(before, after, '+')} − {extent})/{stride}"
    if stride > 1 and (not isinstance(room, int) or room % stride):
        share = f"⌈{share}⌉" if slide.ceil else f"⌊{share}⌋"
    counted = (room + stride - 1) // stride + 1 if slide.ceil else room // stride + 1
    if counted == result:
        return f"{share} + 1 = {result}"
    # The rule of PyTorch and ONNX for `ceil`.
    return f"{share} + 1 = {counted}, but the last window would begin beyond the map: {result}"


def _padded(before: int, after: int, sign: str) -> str:
    return f"2·{before}" if before == after else f"{before} {sign} {after}"


def _each(layer: Layer) -> str:
    """The numbers of one filter without its bias: ``5·5·96/2``."""
    kind, (source,) = layer.kind, layer.input_volumes
    assert isinstance(kind, Conv | DwConv | UpConv)
    area = f"{kind.window[0]}·{kind.window[1]}"
    if isinstance(kind, DwConv):
        return area
    return f"{area}·{source.channels}" + (f"/{kind.groups}" if kind.groups > 1 else "")


def _parameters(layer: Layer) -> str:
    kind, (source,) = layer.kind, layer.input_volumes
    assert isinstance(kind, Conv | DwConv | UpConv | Fc)
    each = str(source.channels) if isinstance(kind, Fc) else _each(layer)
    return f"({each} + 1)·{layer.output.channels}" if kind.bias else f"{each}·{layer.output.channels}"


def _macs(layer: Layer) -> str:
    """A filter's work for every number that a convolution makes, or that a transposed one takes."""
    kind, (source,) = layer.kind, layer.input_volumes
    if isinstance(kind, Fc):
        return f"{source.channels}·{kind.units}"
    if isinstance(kind, UpConv):
        shared = f"/{kind.groups}" if kind.groups > 1 else ""
        return f"{_times(source)} · {kind.window[0]}·{kind.window[1]}·{kind.channels}{shared}"
    return f"{_times(layer.output)} · {_each(layer)}"


def _times(volume: Volume) -> str:
    """``55·55·96``; a free size that is a sum stands in brackets."""
    sizes = (f"{dim}" if isinstance(dim, int) or str(dim).isidentifier() else f"({dim})" for dim in volume.dims)
    return "·".join(sizes)
