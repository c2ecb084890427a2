"""darknet's sections as layers: their options as `parse_network_cfg` in darknet's src/parser.c takes them, and what
`make_…_layer` and `forward_…_layer` make of them. Where versions of darknet differ it is AlexeyAB's that is meant.

Each function adds the layers of a section, and gives the tensor that the next section takes; None where that is not
known.
"""

from __future__ import annotations

from collections.abc import Callable

from cnngraph.fronts.darknet.activations import activated
from cnngraph.fronts.darknet.net import Made, Net, Weights
from cnngraph.fronts.darknet.sections import Section
from cnngraph.fronts.mistake import mistake
from cnngraph.fronts.padding import padding, pooling
from cnngraph.layers.activation import Sigmoid, Softmax
from cnngraph.layers.border import Crop
from cnngraph.layers.convolution import Conv, DwConv, UpConv
from cnngraph.layers.dense import Dropout, Fc, Flatten
from cnngraph.layers.join import Add, Mul
from cnngraph.layers.kind import Kind
from cnngraph.layers.normalization import BatchNorm, Lrn
from cnngraph.layers.pooling import AvgPool, MaxPool
from cnngraph.layers.rearrange import Reorg, Slice, Widen
from cnngraph.layers.resize import Upsample
from cnngraph.layers.scaling import Plus, Scale, Times
from cnngraph.layers.values import Padding, Pair
from cnngraph.volume import Volume, as_int


def sizes(volume: Volume) -> tuple[int, int, int]:
    """Height, width and channels; of a vector 1, 1 and its length, as darknet counts it."""
    return as_int(volume.height), as_int(volume.width), as_int(volume.channels)


def _convolutional(net: Net, section: Section, tensor: str) -> Made:
    size = section.count("size", 1)
    dilation = section.count("dilation", 1) if size > 1 else 1
    stride = _strides(section)
    for key in ("xnor", "binary", "antialiasing"):
        if section.whole(key, 0):
            net.note(section, f"its `{key}` is not kept", key)
    channels, groups = section.count("filters", 1), section.count("groups", 1)
    pads = _border(section, size, dilation)
    has = as_int(net.volume(tensor).channels)
    normed = bool(section.whole("batch_normalize", 0))
    kind: Kind
    if groups == has and groups > 1 and channels % has == 0:
        kind = DwConv(window=(size, size), stride=stride, padding=pads, dilation=(dilation, dilation),
                      multiplier=channels // has, bias=not normed)  # fmt: skip
    else:
        kind = Conv(channels=channels, window=(size, size), stride=stride, padding=pads,
                    dilation=(dilation, dilation), groups=groups, bias=not normed)  # fmt: skip
    return _weighed(net, section, tensor, kind, normed)


def _deconvolutional(net: Net, section: Section, tensor: str) -> Made:
    size, stride = section.count("size", 1), section.count("stride", 1)
    normed, pads = bool(section.whole("batch_normalize", 0)), _border(section, size)
    kind = UpConv(channels=section.count("filters", 1), window=(size, size), stride=(stride, stride), padding=pads,
                  bias=not normed)  # fmt: skip
    return _weighed(net, section, tensor, kind, normed)


def _border(section: Section, size: int, dilation: int = 1) -> Padding:
    """`pad` is a flag, with which there are so many pixels that an odd window keeps the size."""
    if section.whole("pad", 0):
        if size % 2:
            return Padding("same")
        border = size // 2 * dilation
    else:
        border = max(0, section.whole("padding", 0)) * dilation
    return padding((size, size), (border, border), (border, border), (dilation, dilation))


def _strides(section: Section) -> Pair:
    """Down and across."""
    across, down = section.whole("stride_x", 0), section.whole("stride_y", 0)
    both = section.count("stride", 1) if min(across, down) < 1 else 1
    return (down if down > 0 else both), (across if across > 0 else both)


def _weighed(net: Net, section: Section, tensor: str, kind: Kind, normed: bool) -> Made:
    """A convolution, its normalization and its activation. In the file of weights the shifts of the normalization stand
    where a bias would, and the filters last."""
    volume, norm = net.volume(tensor), BatchNorm()
    other, other_norm = _shared(net, section)
    own: Weights = {}
    shifts: Weights = {}
    if not other and _is_filed(net, section):
        if normed:
            made = kind.shape((volume,))
            shifts = net.take(section, norm, made, "bias", "weight", "running_mean", "running_var")
        else:
            own = net.take(section, kind, volume, "bias")
        flipped = bool(section.whole("flipped", 0))
        own = {**own, **net.take(section, kind, volume, "weight", transposed=flipped)}
    tensor = layer = net.add(section, kind, [tensor], weights=own, shares=other)
    if normed:
        tensor = net.add(section, norm, [tensor], weights=shifts, shares=other_norm)
    net.convolutions[section.index] = layer, tensor if normed else ""
    return activated(net, section, tensor, "logistic")


def _shared(net: Net, section: Section) -> tuple[str, str]:
    """The convolution whose weights this one uses, and its normalization; empty for its own."""
    if "share_index" not in section:
        return "", ""
    index = section.whole("share_index", 0)
    number = index if index >= 0 else section.index + index
    if number not in net.convolutions:
        raise mistake("E0201", f"layer {index} is no convolution before this one", section.place("share_index"))
    return net.convolutions[number]


def _is_filed(net: Net, section: Section) -> bool:
    """Whether a file of weights has those of *section*."""
    for key in ("dontload", "dontloadscales"):
        if section.whole(key, 0):
            net.note(section, f"with `{key}` a file of weights has not all of its numbers", key)
            return False
    return True


def _connected(net: Net, section: Section, tensor: str) -> Made:
    tensor = _flat(net, section, tensor)
    normed = bool(section.whole("batch_normalize", 0))
    kind, norm, volume = Fc(units=section.count("output", 1), bias=not normed), BatchNorm(), net.volume(tensor)
    own: Weights = {}
    shifts: Weights = {}
    if _is_filed(net, section):
        units = Volume((kind.units,))
        bias = net.take(section, norm, units, "bias") if normed else net.take(section, kind, volume, "bias")
        turned = net.numbers is not None and net.numbers.transposed
        own = net.take(section, kind, volume, "weight", transposed=turned)
        if normed:
            shifts = {**bias, **net.take(section, norm, units, "weight", "running_mean", "running_var")}
        else:
            own = {**own, **bias}
    tensor = net.add(section, kind, [tensor], weights=own)
    if normed:
        tensor = net.add(section, norm, [tensor], weights=shifts)
    return activated(net, section, tensor, "logistic")


def _flat(net: Net, section: Section, tensor: str) -> str:
    return net.add(section, Flatten(), [tensor]) if net.volume(tensor).is_map else tensor


def _batchnorm(net: Net, section: Section, tensor: str) -> Made:
    weights = net.take(section, BatchNorm(), net.volume(tensor), "bias", "weight", "running_mean", "running_var")
    return net.add(section, BatchNorm(), [tensor], weights=weights)


def _activation(net: Net, section: Section, tensor: str) -> Made:
    return activated(net, section, tensor, "linear")


def _maxpool(net: Net, section: Section, tensor: str) -> Made:
    if section.whole("maxpool_depth", 0):
        height, width, _ = sizes(net.volume(tensor))
        return net.opaque(section, "maxpool_depth", [tensor], Volume((height, width, section.count("out_channels", 1))))
    return _pool(net, section, tensor, mean=False)


def _local_avgpool(net: Net, section: Section, tensor: str) -> Made:
    return _pool(net, section, tensor, mean=True)


def _pool(net: Net, section: Section, tensor: str, *, mean: bool) -> Made:
    """The border has `padding` pixels in all, the smaller half of them before the map."""
    stride = section.count("stride", 1)
    strides = section.count("stride_y", stride), section.count("stride_x", stride)
    size = section.count("size", stride)
    border = max(0, section.whole("padding", size - 1))
    if section.whole("antialiasing", 0):
        net.note(section, "its `antialiasing` is not kept", "antialiasing")
    height, width, _ = sizes(net.volume(tensor))
    if min(height, width) + border < size:
        raise mistake("E0406", "the window is larger than what it slides over", section.place("size"),
                      f"{size}x{size}, on {height}x{width} with a border of {border}")  # fmt: skip
    down, across = ((whole + border - size) // step + 1 for whole, step in zip((height, width), strides, strict=True))
    before = border // 2, border // 2
    pads, ceil = pooling((height, width), (size, size), strides, before, (down, across))
    pool = AvgPool if mean else MaxPool
    return net.add(section, pool(window=(size, size), stride=strides, padding=pads, ceil=ceil), [tensor])


def _avgpool(net: Net, section: Section, tensor: str) -> Made:
    return net.add(section, AvgPool(everything=True), [tensor])


def _softmax(net: Net, section: Section, tensor: str) -> Made:
    volume = net.volume(tensor)
    if section.whole("groups", 1) != 1 or "tree" in section:
        return net.opaque(section, "softmax", [tensor], volume)
    temperature = section.number("temperature", 1.0)
    if temperature != 1 and temperature > 0:
        tensor = net.add(section, Times(by=1 / temperature), [tensor])
    return net.add(section, Softmax(), [tensor if section.whole("spatial", 0) else _flat(net, section, tensor)])


def _dropout(net: Net, section: Section, tensor: str) -> Made:
    return net.add(section, Dropout(p=section.number("probability", 0.5)), [tensor])


def _normalization(net: Net, section: Section, tensor: str) -> Made:
    """`forward_normalization_layer` has alpha times the sum of the squares, the kind alpha times their mean."""
    size = section.count("size", 5)
    kind = Lrn(n=size, alpha=section.number("alpha", 0.0001) * size, beta=section.number("beta", 0.75),
               k=section.number("kappa", 1.0))  # fmt: skip
    return net.add(section, kind, [tensor])


def _logistic(net: Net, section: Section, tensor: str) -> Made:
    return net.add(section, Sigmoid(), [tensor])


def _route(net: Net, section: Section, tensor: str) -> Made:
    parts = net.referred(section, "layers")
    if parts is None:
        return None
    groups, which = section.count("groups", 1), section.whole("group_id", 0)
    if groups > 1:
        if not 0 <= which < groups:
            raise mistake("E0208", f"there is no group {which} of {groups}", section.place("group_id"),
                          "they are counted from 0")  # fmt: skip
        parts = [_group(net, section, part, groups, which) for part in parts]
    return parts[0] if len(parts) == 1 else net.concat(section, parts)


def _group(net: Net, section: Section, tensor: str, groups: int, which: int) -> str:
    channels = as_int(net.volume(tensor).channels)
    each = channels // groups
    if channels % groups:
        raise mistake("E0412", f"{groups} groups do not divide the channels", section.place("groups"),
                      f"{channels} / {groups} = {channels / groups:g}")  # fmt: skip
    return net.add(section, Slice(start=which * each, stop=(which + 1) * each), [tensor])


def _shortcut(net: Net, section: Section, tensor: str) -> Made:
    """The sum of the current tensor and others, which are made to fit it."""
    others = net.referred(section, "from")
    if others is None:
        return None
    volume = net.volume(tensor)
    weighed, normed = section.text("weights_type", "none"), section.text("weights_normalization", "none")
    fitting = [_fitted(net, section, other, volume) for other in others]
    if None in fitting or weighed not in _WEIGHED or (weighed != "none" and normed != "none"):
        channels = as_int(volume.channels) if weighed == "per_channel" else 1
        numbers = channels * (1 + len(others)) if weighed != "none" else 0
        return net.opaque(section, "shortcut", [tensor, *others], volume, numbers=numbers)
    parts = [tensor, *(other for other in fitting if other is not None)]
    if (kind := _WEIGHED[weighed]) is not None:
        parts = [net.add(section, kind, [part], weights=net.take(section, kind, volume, "weight")) for part in parts]
    return activated(net, section, net.add(section, Add(), parts), "linear")


_WEIGHED = {
    "none": None,
    "per_feature": Times(by=None),
    "per_layer": Times(by=None),
    "per_channel": Scale(),
}


def _fitted(net: Net, section: Section, tensor: str, volume: Volume) -> str | None:
    """*tensor* as `shortcut_cpu` adds it to one of *volume*: of each so many rows and columns the first, of channels as
    many as there are; those it lacks add nothing. None for what there is no kind for."""
    if (own := net.volume(tensor)) == volume:
        return tensor
    if not own.is_map or not volume.is_map:
        return None
    (height, width, channels), (high, wide, wanted) = sizes(own), sizes(volume)
    step = max(1, width // wide)
    if (-(-height // step), -(-width // step)) != (high, wide):
        return None
    if step > 1 or channels < wanted:
        tensor = net.add(section, Widen(channels=max(channels, wanted), stride=(step, step)), [tensor])
    return net.add(section, Slice(start=0, stop=wanted), [tensor]) if channels > wanted else tensor


def _gate(net: Net, section: Section, tensor: str) -> Made:
    """[scale_channels] and [sam]: the layer `from`, which is the large one, times the current one."""
    large = net.referred(section, "from")
    if large is None:
        return None
    spread = section.name == "scale_channels" and bool(section.whole("scale_wh", 0))
    return activated(net, section, net.add(section, Mul(spread=spread), [large[0], tensor]), "linear")


def _upsample(net: Net, section: Section, tensor: str) -> Made:
    stride, factor = section.whole("stride", 2), section.number("scale", 1.0)
    if stride < 1:
        height, width, channels = sizes(net.volume(tensor))
        step = max(1, -stride)
        smaller = Volume((max(1, height // step), max(1, width // step), channels))
        return net.opaque(section, "upsample", [tensor], smaller)
    tensor = net.add(section, Upsample(n=stride), [tensor])
    return tensor if factor == 1 else net.add(section, Times(by=factor), [tensor])


def _reorg(net: Net, section: Section, tensor: str) -> Made:
    stride = section.count("stride", 1)
    height, width, channels = sizes(net.volume(tensor))
    if section.whole("reverse", 0):
        larger = Volume((height * stride, width * stride, channels // stride**2 or 1))
        return net.opaque(section, "reorg", [tensor], larger)
    if section.whole("flatten", 0):
        return net.opaque(section, "reorg", [tensor], Volume((height * width * channels,)))
    order = "by_pixel" if section.name == "reorg3d" else "as_darknet"
    return net.add(section, Reorg(n=stride, order=order), [tensor]) if stride > 1 else tensor


def _crop(net: Net, section: Section, tensor: str) -> Made:
    """Its middle, with values from -1 to 1 instead of 0 to 1, unless it is told not to. As the first section it is what
    happens to pictures before they are the input."""
    if section.index == 0:
        return tensor
    height, width, _ = sizes(net.volume(tensor))
    high, wide = section.count("crop_height", 1), section.count("crop_width", 1)
    if high > height or wide > width:
        raise mistake("E0414", f"[crop] cannot make {height}x{width} into {high}x{wide}", section.place("crop_height"))
    top, left = (height - high) // 2, (width - wide) // 2
    if (high, wide) != (height, width):
        border = Padding("given", (top, left, height - high - top, width - wide - left))
        tensor = net.add(section, Crop(n=border), [tensor])
    if not section.whole("noadjust", 0):
        tensor = net.add(section, Plus(by=-1.0), [net.add(section, Times(by=2.0), [tensor])])
    return tensor


def _local(net: Net, section: Section, tensor: str) -> Made:
    """A convolution with other filters at each place."""
    height, width, channels = sizes(net.volume(tensor))
    size, stride, made = section.count("size", 1), section.count("stride", 1), section.count("filters", 1)
    lost = 1 if section.whole("pad", 0) else size
    if min(height, width) < lost:
        raise mistake("E0406", "the window is larger than what it slides over", section.place("size"),
                      f"{size}x{size}, on {height}x{width}")  # fmt: skip
    high, wide = (height - lost) // stride + 1, (width - lost) // stride + 1
    numbers = high * wide * made * (1 + size * size * channels)
    inner = net.opaque(section, "local", [tensor], Volume((high, wide, made)), numbers=numbers)
    return None if inner is None else activated(net, section, inner, "logistic")


def _same(net: Net, section: Section, tensor: str) -> Made:
    return tensor


def _head(net: Net, section: Section, tensor: str) -> Made:
    net.heads.append((f"{section.name}_{section.index}", tensor))
    net.note(section, "an output of the network; boxes are made of it by whoever runs it")
    return tensor


def _of_its_size(net: Net, section: Section, tensor: str) -> Made:
    return net.opaque(section, section.name, [tensor], net.volume(tensor))


SECTIONS: dict[str, Callable[[Net, Section, str], Made]] = {
    "convolutional": _convolutional, "conv": _convolutional,
    "deconvolutional": _deconvolutional, "deconv": _deconvolutional,
    "connected": _connected, "conn": _connected,
    "batchnorm": _batchnorm,
    "activation": _activation,
    "maxpool": _maxpool, "max": _maxpool,
    "local_avgpool": _local_avgpool, "local_avg": _local_avgpool,
    "avgpool": _avgpool, "avg": _avgpool,
    "softmax": _softmax, "soft": _softmax,
    "dropout": _dropout,
    "normalization": _normalization, "lrn": _normalization,
    "logxent": _logistic,
    "route": _route,
    "shortcut": _shortcut,
    "scale_channels": _gate, "sam": _gate,
    "upsample": _upsample,
    "reorg": _reorg, "reorg3d": _reorg,
    "crop": _crop,
    "local": _local,
    "cost": _same, "contrastive": _same, "empty": _same, "silence": _same,
    "yolo": _head, "Gaussian_yolo": _head, "region": _head, "detection": _head, "iseg": _head,
    "l2norm": _of_its_size,
}  # fmt: skip
"""By name."""

RECURRENT = frozenset({"rnn", "crnn", "lstm", "conv_lstm", "gru", "history"})
"""Sections that go round in time."""
